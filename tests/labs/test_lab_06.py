"""Lab 06: its table of answers, and the laws behind its marks against runs."""

import math
from itertools import product
from statistics import fmean

import pytest
from hypothesis import given, settings

from lab_engine.authority.policies import Failover
from lab_engine.authority.recordset import RecordSet
from lab_engine.authority.zone import Zone
from lab_engine.labs.judging import lab
from lab_engine.labs.judging.seventy_five_seconds_cases import (
    INTERVALS,
    PROMISE,
    SELDOM,
    SHORTEST,
    THRESHOLDS,
    TOGETHER,
    Case,
    Settings,
    best,
)
from lab_engine.labs.lab import Result
from lab_engine.simulation import Clients, Resolvers, Scenario, run, theory
from lab_engine.simulation.failing import Failure
from lab_engine.simulation.parts import Backend, Checkers, ScheduledChange
from tests.counts import LONG, long_but
from tests.labs.junk import junk
from tests.labs.tables import Tabled, score, unseen

pytestmark = pytest.mark.slow

NAME = "lab_06_seventy_five_seconds"
LAB = lab(NAME)
RUNS = 2000 if LONG else 60
OLD, NEW = "192.0.2.1", "192.0.2.2"


class TestTable(Tabled):
    name = NAME


def unseen_cases(seed):
    return [Case(*case) for world in unseen(NAME, seed) for case in world["cases"]]


def test_hidden_cases_are_decisions():
    """Both intervals can keep the promises, and whoever takes the other one pays a tenth more."""
    for case in unseen_cases(3):
        chosen = best(case)
        other = best(case._replace(fee=-1e6 if chosen.interval == max(INTERVALS) else 1e6))

        assert other.interval != chosen.interval
        assert other.ttl >= SHORTEST
        assert case.outage(other) <= PROMISE
        assert case.tripped(other) <= SELDOM
        assert case.bill(other) > 1.1 * case.bill(chosen)


def test_hidden_cases_come_in_threes():
    """Two differ from a third in one number each, and what is best for it is nothing for them."""
    cases = unseen_cases(2)
    assert len(cases) == 30

    for case, *others in (cases[start : start + TOGETHER] for start in range(0, 30, TOGETHER)):
        pauses = [(each, best(each)) for each in (case, *others)]
        for other in others:
            theirs = {"cases": [list(other)], "together": 1}
            *_, bill = LAB.judge(theirs, given_of(best(case)._asdict()))

            assert sum(one != two for one, two in zip(case, other, strict=True)) == 1
            assert bill.credit == 0
        assert any(0 < each.tripped(chosen) <= SELDOM for each, chosen in pauses)
        assert any(
            SELDOM < each.tripped(chosen._replace(threshold=chosen.threshold - 1)) < 1
            for each, chosen in pauses
            if chosen.threshold > 1
        )


def test_no_constant_wins():
    """The best of all constants earns less than a fifth of what unseen cases are worth."""
    worlds = unseen(NAME, 3)

    def earns(chosen):
        code = f"def settings(*case):\n    return {chosen._asdict()}\n"
        return score(LAB, code, worlds)

    constants = (
        Settings(interval, threshold, ttl)
        for interval, threshold in ((10, 1), (10, 2), (10, 3), (10, 4), (30, 1), (30, 2))
        for ttl in range(7, 66, 1 if LONG else 8)
    )
    assert max(map(earns, constants)) < 20


# --- the numbers of the judge, another way --------------------------------------------------------


def hanging(case, chosen, lasts, *, clients):
    """The primary hangs at 5 s, for so long; each client is behind a busy cache of its own."""
    how = (OLD, Failover("PRIMARY"), "hc"), (NEW, Failover("SECONDARY"), "")
    sets = [
        RecordSet.of(
            "www", "A", [each], chosen.ttl, policy=role, set_identifier=each, health_check_id=check
        )
        for each, role, check in how
    ]
    longest = math.ceil(5 + max(case.law(chosen).outage.longest, case.pause)) + 1
    return Scenario(
        Zone.of("shop.example", sets),
        "www",
        clients=Clients(clients, 10),
        resolvers=Resolvers(clients, 0),
        backends=(Backend(OLD, fails=Failure.SILENT, lasts=lasts),),
        checkers=Checkers(chosen.interval, chosen.threshold, response_timeout=case.timeout),
        schedule=(ScheduledChange(5.0, "down", [OLD]),),
        duration=longest,
        bin=longest,
        window=longest,
    )


VISIBLE = [Case(*case) for world in LAB.visible for case in world["cases"]]
PAUSED = [Settings(10, 1, 60), Settings(10, 2, 50), Settings(30, 1, 40)]


@pytest.mark.parametrize(
    "case",
    [VISIBLE[0], *(pytest.param(each, marks=pytest.mark.long) for each in VISIBLE[1:])],
    ids=["one", "two", "three"],
)
def test_one_in_a_hundred_is_away_longer_in_runs(case):
    """The part of the runs' clients beyond the law's p99 is 1 %, within 4 standard errors."""
    chosen = best(case)
    limit = case.outage(chosen)
    scenario = hanging(case, chosen, math.inf, clients=20)

    beyond = [
        sum(weight for lasted, weight in outage.lasted if lasted > limit)
        / sum(weight for _, weight in outage.lasted)
        for outage in (
            run(scenario.set("seed", seed), "population").outages[0] for seed in range(RUNS)
        )
    ]

    error = math.sqrt(fmean((each - 0.01) ** 2 for each in beyond) / RUNS)
    assert fmean(beyond) == pytest.approx(0.01, abs=4 * max(error, 0.01 / math.sqrt(RUNS)))


@pytest.mark.parametrize(
    ("case", "chosen"),
    long_but(
        product(VISIBLE[:2], PAUSED),
        (VISIBLE[1], PAUSED[0]),
        (VISIBLE[0], PAUSED[1]),
        (VISIBLE[0], PAUSED[2]),
    ),
)
def test_pauses_are_taken_for_deaths_as_often_in_runs(case, chosen):
    """The part of the runs in which the check fails, within 4 sigma."""
    expected = case.tripped(chosen)
    scenario = hanging(case, chosen, float(case.pause), clients=1)

    seen = fmean(
        bool(run(scenario.set("seed", seed), "population").verdicts) for seed in range(RUNS)
    )

    assert seen == pytest.approx(
        expected, abs=4 * math.sqrt(expected * (1 - expected) / RUNS) + 1e-9
    )


def test_the_bill_is_the_theorys():
    """Queries are the fills of busy caches, ten requests a second at each."""
    for ttl in (1, 9, 46):
        part = theory.upstream_rate(10, ttl) / theory.upstream_rate(10, 60)

        assert Case(10, 2, 20, 0).bill(Settings(30, 1, ttl)) == pytest.approx(20 * 0.4 * part)
    assert Case(10, 2, 20, 5).bill(Settings(10, 1, 60)) == 13


def test_the_best_is_the_best_of_all():
    """Whatever stands the pause and is cheaper is too late, its shortest such TTL already."""
    for case in VISIBLE:
        for interval in INTERVALS:
            for threshold in THRESHOLDS:
                settings = (Settings(interval, threshold, ttl) for ttl in range(200))
                cheaper = (each for each in settings if case.bill(each) < case.bill(best(case)))
                first = next(cheaper, None)

                late = first is None or case.outage(first) > PROMISE
                assert late or case.tripped(first) > SELDOM


# --- junk -----------------------------------------------------------------------------------------

JUNK = junk(*Settings._fields, "more")


def given_of(value):
    return {"settings": [Result(value)]}


@settings(max_examples=500 if LONG else 60, deadline=None)
@given(JUNK)
def test_junk_earns_nothing_or_little_and_never_raises(value):
    for answer in (given_of(value), {"settings": value}, {}, {"settings": [value]}):
        findings = LAB.judge(LAB.visible[0], answer)

        assert [each.goal for each in findings] == [goal.key for goal in LAB.goals]
        assert all(0 <= each.credit <= 1 for each in findings)


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (None, "which is no dict"),
        ([30, 1, 45], "which is no dict"),
        ({"interval": 30, "threshold": 1}, "gave back no ttl"),
        ({"interval": 20, "threshold": 1, "ttl": 45}, "interval 20: is not 10 or 30"),
        ({"interval": 30, "threshold": 0, "ttl": 45}, "threshold 0: is not"),
        ({"interval": 30, "threshold": True, "ttl": 45}, "threshold True: is not"),
        ({"interval": 30, "threshold": 1, "ttl": -1}, "ttl -1: is not"),
        ({"interval": 30, "threshold": 1, "ttl": 45.5}, "ttl 45.5: is not"),
        ({"interval": 30, "threshold": 1, "ttl": "45"}, "ttl '45': is not"),
        ({"interval": 30, "threshold": 1, "ttl": 10**40}, "is not a whole number from 0"),
        ({"interval": 30, "threshold": 1, "ttl": 45, "tll": 3}, "'tll': which is no setting"),
    ],
)
def test_malformed_settings_are_told_apart(value, told):
    for finding in LAB.judge(LAB.visible[0], given_of(value)):
        assert finding.credit == 0
        assert told in finding.turn


def test_what_a_call_raised_is_said():
    problem = Result(problem="ZeroDivisionError: division by zero")

    assert "division by zero" in LAB.judge(LAB.visible[0], {"settings": [problem]})[0].turn


def test_one_bad_case_costs_its_three():
    world = unseen(NAME, 1)[0]
    fine = [Result(best(Case(*case))._asdict()) for case in world["cases"]]

    findings = LAB.judge(world, {"settings": [Result(problem="no"), *fine[1:]]})

    assert [each.credit for each in findings] == pytest.approx([0.5] * 3)
    assert findings[0].measured.startswith("met in 5 of 6 cases")


def test_findings_never_tell_a_parameter():
    """Of hidden worlds only measures are told, and which way to turn."""
    world = unseen(NAME, 1)[0]
    answers = [Result({"interval": 30, "threshold": 3, "ttl": 60})] * len(world["cases"])

    for finding in LAB.judge(world, {"settings": answers}):
        assert "fee=" not in str(finding)
        assert "pause=" not in str(finding)
