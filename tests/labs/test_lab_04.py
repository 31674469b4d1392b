"""Lab 04: its table of answers, and what its judge counts, in other ways."""

import math
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lab_engine.authority.records import RRset
from lab_engine.authority.zone import Zone
from lab_engine.labs.judging import lab
from lab_engine.labs.judging.no_straggler import GOALS
from lab_engine.labs.judging.no_straggler_worlds import (
    HOLD,
    PUBLICATION,
    WATCHED,
    Plan,
    fills,
    ladder,
    straggling,
    unavoidable,
)
from lab_engine.labs.lab import Result
from lab_engine.simulation.parts import Clients, Resolvers, ScheduledChange
from lab_engine.simulation.run import run
from lab_engine.simulation.scenario import Scenario
from lab_engine.simulation.theory import plan_migration
from tests.labs.junk import JUNK
from tests.labs.tables import SEEDS, Tabled

pytestmark = pytest.mark.slow

NAME = "lab_04_no_straggler"
LAB = lab(NAME)
MOVE = LAB.visible[0]
CACHES = 2000


class TestTable(Tabled):
    name = NAME


@pytest.mark.parametrize("seed", SEEDS)
def test_half_of_the_moves_are_approved_too_late(seed):
    """Of the others, one is approved not a second earlier than it must be."""
    pairs = [world["pair"] for world in LAB.unseen(Random(seed))]
    moves = [(move["old_ttl"], move["latest_start"]) for pair in pairs for move in pair]

    assert sum(start < old_ttl for old_ttl, start in moves) == len(moves) / 2
    assert any(start == old_ttl for old_ttl, start in moves)


# --- the numbers of the judge, another way --------------------------------------------------------

PLANS = st.builds(
    lambda old_ttl, start, changes, restore: (
        old_ttl,
        start,
        Plan(
            tuple(sorted({min(at, start): ttl for at, ttl in changes}.items(), reverse=True)),
            restore,
            0,
        ),
    ),
    st.integers(60, 2000),
    st.integers(120, 3000),
    st.lists(st.tuples(st.integers(0, 3000), st.integers(1, 2000)), min_size=1, max_size=6),
    st.integers(0, 4000),
)


@settings(max_examples=40, deadline=None)
@given(PLANS)
def test_caches_followed_one_by_one_agree_with_what_is_counted(planned):
    """A cache for each second that its first copy may end in: both numbers are exact."""
    old_ttl, start, plan = planned
    asked, left = 0, 0
    for first in range(old_ttl):
        fetches, held = followed(first, old_ttl, start, plan)
        asked += fetches
        left += held

    assert straggling(old_ttl, start, plan) == pytest.approx(left / old_ttl, abs=1e-9)
    # A fetch anywhere in a second counts as one at its beginning; but the ends are whole seconds.
    assert fills(old_ttl, start, plan) == pytest.approx(asked / old_ttl, rel=1e-9)


def followed(first, old_ttl, start, plan):
    """How often one cache asks, and whether it goes to the old server a minute after the move."""
    seen = [(start - ahead + PUBLICATION, ttl) for ahead, ttl in plan.changes]
    seen.append((start + plan.restore + PUBLICATION, old_ttl))
    fetches, stale, now = 0, first >= start + 60, first
    while now < start + WATCHED:
        ttl = next((ttl for at, ttl in reversed(seen) if at <= now), old_ttl)
        fetches += 1
        stale |= now < start and now + ttl >= start + 60
        now += ttl
    return fetches, stale


@pytest.mark.parametrize("late", [False, True])
def test_an_engine_agrees_with_what_is_counted(late):
    """2,000 caches that are asked twice a second: who is left, and what they ask."""
    old_ttl, start = (3600, 2160) if late else (3600, 3600)
    plan = ladder(old_ttl, start)
    begin = 60  # of the watch, before the approval
    moved = begin + start
    changes = [
        ScheduledChange(moved - ahead + PUBLICATION, "zone.www.ttl", ttl)
        for ahead, ttl in plan.changes[:-1]
    ]
    # The last change is seen at the move itself.
    changes.append(ScheduledChange(moved - plan.changes[-1][0] + 60, "zone.www.ttl", 60))
    changes.append(ScheduledChange(moved, "zone", www("192.0.2.9", 60)))
    changes.append(ScheduledChange(moved + HOLD + PUBLICATION, "zone.www.ttl", old_ttl))
    outcome = run(
        Scenario(
            www("192.0.2.1", old_ttl),
            "www",
            clients=Clients(CACHES, 2.0),
            resolvers=Resolvers(CACHES, skew=0),
            schedule=tuple(changes),
            duration=begin + start + WATCHED,
            bin=60,
            window=60,
        )
    )
    times = sorted({change.at for change in changes})
    stale = outcome.stale_fraction(times.index(moved))[(moved + 60) // 60]
    asked = sum(outcome.queries[begin // 60 :]) / CACHES

    # Bins are of a minute, in which old copies go on ending: half a minute of them is 1 point. A
    # share of 2,000 caches has a standard deviation of 0.011 at most, 4 sigma are 0.044.
    assert stale == pytest.approx(unavoidable(old_ttl, start), abs=0.01 + 0.044)
    # A cache waits half a second for its next request, each time.
    assert asked == pytest.approx(fills(old_ttl, start, plan), rel=0.02)


def www(address, ttl):
    return Zone.of("shop.example", [RRset.of("www", "A", address, ttl)])


@pytest.mark.parametrize("old_ttl", [600, 3600, 14_400, 86_400])
def test_even_ratios_cost_hardly_more_than_the_cheapest_ladder(old_ttl):
    """So a budget of 8 % more than theirs is one that a planner keeps, too."""
    best = plan_migration(old_ttl, old_ttl, steps=6, publication=0)
    cheapest = Plan(tuple((old_ttl - step.at, step.ttl) for step in best.steps), HOLD, 0)

    assert straggling(old_ttl, old_ttl, cheapest) == 0
    costs = fills(old_ttl, old_ttl, ladder(old_ttl, old_ttl))
    assert costs == pytest.approx(fills(old_ttl, old_ttl, cheapest), rel=0.05)


# --- what is given --------------------------------------------------------------------------------

NEAR = st.fixed_dictionaries(
    {
        "changes": JUNK | st.lists(st.lists(st.integers(0, 400) | JUNK, max_size=3), max_size=7),
        "restore": JUNK | st.integers(0, 4000),
        "stragglers": JUNK | st.floats(0, 100),
    }
)


@settings(max_examples=150, deadline=None)
@given(JUNK | NEAR)
def test_whatever_is_given_is_judged(value):
    for given_ in ({"plan": [Result(value)]}, {"plan": value}):
        findings = LAB.judge(LAB.visible[1], given_)

        assert [each.goal for each in findings] == [goal.key for goal in GOALS]
        assert all(0 <= each.credit <= 1 for each in findings)


GOOD = {"changes": [[14_400, 60]], "restore": 300, "stragglers": 0}


@pytest.mark.parametrize(
    ("broken", "said"),
    [
        (None, "is no plan"),
        ({"changes": []}, "is not a list of 1 to 6 changes"),
        ({"changes": [[9000 - n, 60] for n in range(7)]}, "is not a list of 1 to 6 changes"),
        ({"changes": [14_400, 60]}, "are not pairs"),
        ({"changes": [[43_201, 60]]}, "is ahead of the approval"),
        ({"changes": [[-1, 60]]}, "is no whole number"),
        ({"changes": [[14_400, 0]]}, "is no whole number"),
        ({"changes": [[14_400, 60.5]]}, "is no whole number"),
        ({"changes": [[3600, 300], [14_400, 60]]}, "are not in the order of time"),
        ({"restore": None}, "is no whole number"),
        ({"restore": math.inf}, "is no whole number"),
        ({"stragglers": 101}, "is no percentage"),
        ({"stragglers": True}, "is no percentage"),
    ],
)
def test_what_cannot_be_a_plan_is_told_why(broken, said):
    value = None if broken is None else {**GOOD, **broken}
    findings = LAB.judge(MOVE, {"plan": [Result(value)]})

    assert all(each.credit == 0 for each in findings)
    assert said in findings[0].turn


def test_an_error_of_the_learner_is_told():
    (first, *_) = LAB.judge(MOVE, {"plan": [Result(problem="NameError: ttl")]})

    assert "NameError: ttl" in first.turn
