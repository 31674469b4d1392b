"""Lab 08: its table of scores, what cannot be won, and junk."""

import json
from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab_engine.labs.judging import lab
from lab_engine.labs.judging.global_service_days import measured
from lab_engine.labs.judging.global_service_worlds import DETECTED, reference, usd
from lab_engine.labs.lab import Result
from tests.counts import long_but
from tests.labs.junk import JUNK
from tests.labs.tables import Tabled

pytestmark = pytest.mark.slow

LABS = Path(__file__).parents[2] / "labs"
NAME = "lab_08_global_service"
LAB = lab(NAME)


class TestTable(Tabled):
    name = NAME
    dear = True


def test_the_notebook_shows_the_brief_that_is_judged():
    """Its brief is that of the visible world."""
    notebook = json.loads((LABS / f"{NAME}.ipynb").read_text())
    cell = next(each for each in notebook["cells"] if each["id"] == "brief")
    shown = {}
    exec("".join(cell["source"]), shown)

    assert shown["brief"] == LAB.visible[0]["services"][0]["brief"]


@pytest.mark.long
def test_no_design_of_checks_is_right_in_all_briefs():
    """Fast checks are the cheaper way in every other, and slow ones in the rest."""
    for seed in range(50):
        (world,) = LAB.unseen(Random(seed))
        ways = [reference(each["brief"])["interval"] for each in world["services"]]
        assert ways == [10, 30] * 3


@pytest.mark.parametrize(("change", "short"), [("servers", "the service"), ("ttl", "the bill")])
def test_nothing_counts_for_more_than_the_service_and_the_bill(change, short):
    """Too few servers refuse, a short TTL is dear: what is reached says why it counts less."""
    (world,) = LAB.visible
    design = reference(world["services"][0]["brief"])
    if change == "ttl":
        design["ttl"] = 10
    else:
        for pool in design["pools"]:
            pool["weights"] = pool["weights"][:1]
    found = {each.goal: each for each in LAB.judge(world, {"design": [Result(design)]})}

    assert found["latency"].credit < 1
    assert found["outage"].credit < 1
    assert found["latency"].turn == found["outage"].turn
    assert short in found["latency"].turn


@pytest.mark.parametrize("at", long_but(range(3), 0, 1))
def test_the_engine_and_arithmetic_agree(at):
    """Renewals of Zipf's caches make the bill, round trips the latency; the clock bounds outages.

    Queries are Poisson-like, about 70,000 in a drill: within 4 standard deviations, 1.5 %, and they
    are less than half of the bill.
    """
    (hidden,) = LAB.unseen(Random(1))
    world = (*LAB.visible[0]["services"], *hidden["services"])[at]
    brief, calm = world["brief"], world | {"day": [{"key": "calm"}, {"key": "dark", "where": "AS"}]}
    design = reference(brief)
    found = measured(calm, design)
    region = {pool["continent"]: pool["region"] for pool in design["pools"]}
    trips = sorted(
        (brief["rtt_ms"][city][region.get(brief["continents"][city], region[""])], rate)
        for city, rate in brief["requests"].items()
    )
    below = sum(rate for ms, rate in trips if ms < found.latency - 0.5) / sum(r for _, r in trips)
    within = sum(rate for ms, rate in trips if ms < found.latency + 0.5) / sum(r for _, r in trips)

    assert found.bill == pytest.approx(usd(brief, design), rel=0.0075)
    assert below < 0.95 <= within
    assert DETECTED[design["interval"]] / 2 < found.outage
    assert found.outage <= DETECTED[design["interval"]] + design["ttl"]


@pytest.mark.parametrize(
    ("key", "value"), [("ttl", 9), ("ttl", 86_401), ("ttl", 60.0), ("servers", 6), ("servers", 0)]
)
def test_what_would_take_too_long_is_refused(key, value):
    """The engine follows every order in which a pool's servers may die: 9! of them are too many."""
    world = LAB.visible[0]
    design = reference(world["services"][0]["brief"])
    if key == "servers":
        design["pools"][1]["weights"] = [255] * value
    else:
        design[key] = value
    found = LAB.judge(world, {"design": [Result(design)]})

    assert all(each.credit == 0 and each.turn for each in found)


POOLS = st.fixed_dictionaries(
    {
        "name": JUNK | st.just("eu"),
        "continent": JUNK | st.just("EU"),
        "region": JUNK | st.just("eu-west-1"),
        "weights": JUNK,
    }
)
DESIGNS = st.fixed_dictionaries(
    {
        "pools": JUNK | st.lists(POOLS, max_size=3),
        "default": JUNK,
        "ttl": JUNK | st.just(60),
        "interval": JUNK | st.just(10),
        "ecs": JUNK,
    }
)
RESULTS = st.builds(Result, JUNK | DESIGNS) | st.builds(Result, problem=st.text(min_size=1))


@given(st.lists(RESULTS, max_size=1) | JUNK)
def test_junk_earns_nothing_and_raises_nothing(design):
    """Whatever is given, there is a finding for each goal, with a word about what is wrong."""
    found = LAB.judge(LAB.visible[0], {"design": design})

    assert [each.goal for each in found] == [goal.key for goal in LAB.goals]
    assert all(each.credit == 0 and each.turn for each in found)
