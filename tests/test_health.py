"""Health checks: what a checker says, what a check is, and how it is read and set."""

import json
from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab_engine.authority import healthfile
from lab_engine.authority.health import (
    CHECKERS,
    Checker,
    HealthCheck,
    HealthChecks,
    aggregate,
    status,
    verdict,
)
from lab_engine.errors import LabError, ZoneError

FILE = Path(__file__).parent / "policies" / "health_checks.json"
results = st.lists(st.booleans(), max_size=60)
thresholds = st.integers(1, 10)


def history(text):
    return [each == "+" for each in text]


# One checker


@pytest.mark.parametrize(
    ("seen", "threshold", "expected"),
    [
        ("", 3, True),
        ("--", 3, True),
        ("---", 3, False),
        ("--+--", 3, True),
        ("---++", 3, False),
        ("---+++", 3, True),
        ("---++-+++", 3, True),
        ("-", 1, False),
        ("-+", 1, True),
        ("-" * 9, 10, True),
        ("-" * 10, 10, False),
    ],
)
def test_it_takes_as_many_in_a_row_both_ways(seen, threshold, expected):
    assert verdict(history(seen), threshold) is expected


@given(results, thresholds)
def test_a_mind_changes_only_after_a_run(seen, threshold):
    """The definition, read backwards: the last run of at least the threshold decides."""
    expected, run = True, 0
    for index, passed in enumerate(seen):
        run = run + 1 if index and passed is seen[index - 1] else 1
        if run >= threshold:
            expected = passed

    assert verdict(seen, threshold) is expected


@given(results, results, thresholds)
def test_history_may_be_told_in_parts(first, second, threshold):
    checker = Checker()
    for passed in (*first, *second):
        checker = checker.after(passed, threshold)

    assert checker.healthy is verdict(first + second, threshold)
    assert checker.against < threshold


# Their sum


@pytest.mark.parametrize(
    ("checkers", "healthy", "expected"),
    [
        (16, 16, True),
        (16, 3, True),
        (16, 2, False),
        (16, 0, False),
        (15, 3, True),
        (15, 2, False),
        (50, 9, False),
        (50, 10, True),
        (100, 18, False),
        (100, 19, True),
        (1, 1, True),
        (0, 0, True),
    ],
)
def test_strictly_more_than_18_percent(checkers, healthy, expected):
    assert aggregate([True] * healthy + [False] * (checkers - healthy)) is expected


def test_of_16_it_takes_14_to_go_down_and_3_to_come_back():
    """Fail slow, recover fast."""
    assert [aggregate([False] * n + [True] * (CHECKERS - n)) for n in (13, 14)] == [True, False]


@given(st.lists(st.booleans(), min_size=1, max_size=40))
def test_more_healthy_checkers_never_make_it_worse(verdicts):
    if aggregate(verdicts):
        assert aggregate([*verdicts[1:], True])


# One check


@pytest.mark.parametrize(
    ("options", "verdicts", "expected"),
    [
        ({}, [], True),
        ({"inverted": True}, [], False),
        ({}, [False] * 16, False),
        ({"inverted": True}, [False] * 16, True),
        ({"inverted": True}, [True] * 3 + [False] * 13, False),
        ({"disabled": True}, [False] * 16, True),
        ({"disabled": True, "inverted": True}, [True] * 16, False),
    ],
)
def test_new_inverted_and_disabled_checks(options, verdicts, expected):
    assert status(HealthCheck("hc", **options), verdicts) is expected


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"request_interval": 20}, "RequestInterval 20: is not offered. Choose 10 or 30."),
        ({"failure_threshold": 0}, "FailureThreshold 0"),
        ({"failure_threshold": 11}, "Use 1 to 10"),
        ({"type": "PING"}, "Type 'PING'"),
        ({"regions": ("us-east-1",)}, "at least 3"),
        ({"regions": ("us-east-1", "eu-west-1", "mars-1")}, "at least 3"),
        ({"children": ("a",)}, "stands in a check of type HTTP"),
        ({"type": "CALCULATED", "children": ("a",) * 256}, "more than 255"),
        ({"type": "CALCULATED", "health_threshold": 257}, "Use 0 to 256"),
    ],
)
def test_a_check_that_cannot_be(options, message):
    with pytest.raises(LabError) as refused:
        HealthCheck("hc", **options)

    assert message in str(refused.value)


# Calculated checks


def calculated(threshold, *children, name="sum", **options):
    return HealthCheck(name, "CALCULATED", children=children, health_threshold=threshold, **options)


A, B = HealthCheck("a"), HealthCheck("b")


@pytest.mark.parametrize(
    ("threshold", "down", "expected"),
    [
        (0, "ab", True),
        (1, "a", True),
        (1, "ab", False),
        (2, "", True),
        (2, "a", False),
        (3, "", False),
    ],
)
def test_a_calculated_check_counts_its_children(threshold, down, expected):
    checks = HealthChecks.of(calculated(threshold, "a", "b"), A, B)

    assert checks.statuses(dict.fromkeys(down, False))["sum"] is expected


def test_a_calculated_check_may_be_inverted_disabled_or_overruled():
    said = {"a": False}

    assert HealthChecks.of(calculated(1, "a", inverted=True), A).statuses(said)["sum"]
    assert HealthChecks.of(calculated(1, "a", disabled=True), A).statuses(said)["sum"]
    assert HealthChecks.of(calculated(1, "a"), A).statuses({**said, "sum": True})["sum"]


def test_a_deleted_child_counts_as_healthy():
    assert HealthChecks.of(calculated(1, "gone")).statuses()["sum"]


def test_calculated_checks_may_count_each_other_at_any_depth():
    """The order in which they are given does not matter, nor does a depth of 5,000."""
    chain = [calculated(1, f"c{i + 1}", name=f"c{i}") for i in range(5_000)]
    Random(1).shuffle(chain)
    checks = HealthChecks.of(*chain, HealthCheck("c5000"))

    assert len(checks.unhealthy({"c5000": False})) == 5_001
    assert checks.unhealthy() == frozenset()


def test_a_circle_is_refused():
    with pytest.raises(LabError, match="is a circle of checks that count each other"):
        HealthChecks.of(calculated(1, "y", name="x"), calculated(1, "x", name="y"), A)
    with pytest.raises(LabError, match="sum -> sum: is a circle"):
        HealthChecks.of(calculated(1, "sum"))


def test_an_id_belongs_to_one_check():
    with pytest.raises(LabError, match="is the id of two health checks"):
        HealthChecks.of(A, A)


# From files


def test_the_output_of_list_health_checks_is_read():
    heard = healthfile.read(FILE.read_text())

    assert heard.ids == {"hc-1", "hc-2", "hc-all"}
    assert heard.checks.checks["hc-2"] == HealthCheck(
        "hc-2", "TCP", 10, 1, regions=("us-east-1", "eu-west-1", "sa-east-1")
    )
    assert heard.unhealthy == frozenset()


def test_what_is_said_of_one_reaches_those_that_count_it():
    heard = healthfile.read(FILE.read_text()).also(healthfile.read('{"hc-1": false}'))

    assert heard.unhealthy == {"hc-1", "hc-all"}


def config(**changes):
    return {"HealthChecks": [{"Id": "x", "HealthCheckConfig": {"Type": "HTTP", **changes}}]}


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"hc-1": "unhealthy"}, "hc-1: has another form. Give it as true or false."),
        ({"HealthChecks": 5}, "HealthChecks: has another form"),
        ({"HealthChecks": [{}]}, "HealthChecks[0].Id: is missing"),
        (config(Typo=1), "HealthChecks[0].HealthCheckConfig.Typo: is not known here"),
        (config(FailureTreshold=1), "Did you mean FailureThreshold?"),
        (config(RequestInterval=20), "RequestInterval 20 is not offered"),
        (config(Regions=[1, 2, 3]), "Give it as a list of texts"),
        (config(Type="CALCULATED"), "HealthThreshold: is missing"),
        (config(Type="CALCULATED", HealthThreshold=1, ChildHealthChecks=["x"]), "is a circle"),
        ({"HealthChecks": [], "NextToken": "x"}, "more checks follow"),
        ("nonsense", "is not JSON"),
    ],
)
def test_a_mistake_in_a_health_file(given, message):
    with pytest.raises(ZoneError) as refused:
        healthfile.read(given, "health.json")

    assert message in str(refused.value)
    assert str(refused.value).startswith("health.json: ")


def test_every_mistake_in_a_health_file_is_listed():
    given = {"HealthChecks": [{"Id": 1, "HealthCheckConfig": 2}, {"Foo": 1}]}

    with pytest.raises(ZoneError) as refused:
        healthfile.read(json.dumps(given))
    assert str(refused.value).count("\n") >= 4
