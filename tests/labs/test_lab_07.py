"""Lab 07: its table of scores, what cannot be won, and its measures against closed forms."""

import json
from collections import defaultdict
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lab_engine.caches.crowds import zipf_shares
from lab_engine.labs.judging import lab
from lab_engine.labs.judging.eight_workloads_measures import DAY, POLICIES, RESOLVERS, TTL, measured
from lab_engine.labs.lab import Result
from lab_engine.simulation import theory
from tests.counts import LONG
from tests.labs.junk import JUNK
from tests.labs.tables import MOST, Tabled, unseen

pytestmark = pytest.mark.slow

LABS = Path(__file__).parents[2] / "labs"
NAME = "lab_07_eight_workloads"
LAB = lab(NAME)


def row_of(kind):
    return next(r for r in LAB.visible[0]["rows"] if r["workload"]["kind"] == kind)


class TestTable(Tabled):
    name = NAME
    dear = True
    most = MOST | {"wrong": 85}


def test_each_hidden_list_has_all_sides_of_each_kind():
    """So of each kind with two sides the same answer is wrong of one of them."""
    for world in unseen(NAME, 5):
        cheapest = defaultdict(set)
        for row in world["rows"]:
            cheapest[row["workload"]["kind"]].add(row["cheapest"])

        assert cheapest["batch API"] == cheapest["WebSocket"] == cheapest["static site"]
        assert cheapest["batch API"] == {"DNS", "L4"}
        assert cheapest["canary 1 %"] == {"DNS", "L4", "L7"}
        assert cheapest["cart"] == cheapest["gRPC"] == {"L4", "L7"}


def test_the_notebook_shows_the_rows_that_are_judged():
    """Its rows are those of the visible world, as `choose` is given them."""
    notebook = json.loads((LABS / f"{NAME}.ipynb").read_text())
    cell = next(each for each in notebook["cells"] if each["id"] == "rows")
    shown = {}
    exec("".join(cell["source"]), shown)

    assert shown["workloads"] == [row["workload"] for row in LAB.visible[0]["rows"]]


CHOICES = st.fixed_dictionaries({"world": JUNK, "policy": JUNK})
RESULTS = st.builds(Result, JUNK | CHOICES) | st.builds(Result, problem=st.text(min_size=1))


@settings(max_examples=100 if LONG else 40)
@given(st.lists(RESULTS, min_size=8, max_size=8) | JUNK, JUNK)
def test_junk_earns_nothing_and_raises_nothing(choose, reasons):
    """Whatever is given, there is a finding for each goal, with a word about what is wrong."""
    found = LAB.judge(LAB.visible[0], {"choose": choose, "reasons": reasons})

    assert [each.goal for each in found] == [goal.key for goal in LAB.goals]
    assert all(each.credit == 0 and each.turn for each in found)


@pytest.mark.parametrize("world", POLICIES)
def test_a_policy_of_another_world_is_refused_with_those_it_has(world):
    """The value, the rule and the remedy."""
    others = {each for several in POLICIES.values() for each in several} - {*POLICIES[world]}
    for policy in others:
        given_ = {"choose": [Result({"world": world, "policy": policy})] * 8, "reasons": {}}
        found = LAB.judge(LAB.visible[0], given_)

        assert policy in found[0].turn
        assert POLICIES[world][0] in found[0].turn


@pytest.mark.long  # test_farms has as much of another layer
def test_round_robin_takes_as_long_as_the_formula_says():
    """p99 of a G/M/1 with Erlang gaps, a look-up of 10 ms and a hop of 1; within 8 %: 4 sigma."""
    row = row_of("batch API")
    work, load = row["workload"]["work_ms"], row["workload"]["load"]
    mean = theory.round_robin_response(row["workload"]["servers"], load)

    found = measured({**row, "watch_s": 400.0}, "L4", "round robin")["p99_ms"]

    assert found == pytest.approx(11 + work * theory.response_quantile(0.99, mean), rel=0.08)


def test_a_canary_strays_by_dns_as_the_formula_says():
    """In a day within 4 standard deviations, which are well within the limit."""
    row = row_of("canary 1 %")
    sigma = 100 * theory.canary_error(0.01, zipf_shares(RESOLVERS, 1), TTL, DAY)

    found = measured(row, "DNS", "weighted")["canary_points"]

    assert found < 4 * sigma < row["workload"]["limits"]["canary_points"] * 1.05


def test_a_death_lasts_as_checks_and_copies_say():
    """By DNS three checks every 30 s and a TTL at most; by a balancer three every 2 s."""
    row = row_of("legacy TCP")

    by_dns = measured(row, "DNS", "weighted")["errors_s"]
    by_l4 = measured(row, "L4", "least connections")["errors_s"]

    assert 60 < by_dns <= 90 + TTL + 1
    assert 0 < by_l4 <= 7
