"""Lab 04: its table of answers, and what its judge counts, in other ways."""

import math
from random import Random

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from lab_engine.authority.records import RRset
from lab_engine.authority.zone import Zone
from lab_engine.labs.judging import lab
from lab_engine.labs.judging.no_straggler import GOALS
from lab_engine.labs.judging.no_straggler_worlds import (
    HOLD,
    LOW,
    MOST_CHANGES,
    WATCHED,
    Move,
    Plan,
    after_move,
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
from tests.counts import LONG, long_but
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
    moves = [moved(each) for pair in pairs for each in pair]

    assert sum(move.longest < move.old_ttl for move in moves) == len(moves) / 2
    assert any(move.longest == move.old_ttl for move in moves)


@pytest.mark.parametrize("seed", SEEDS)
def test_grace_and_publication_do_not_make_up_for_each_other(seed):
    """In each pair, who leaves both out foretells it wrong by more than is forgiven."""
    for pair in (world["pair"] for world in LAB.unseen(Random(seed))):
        late = [move for move in map(moved, pair) if move.longest < move.old_ttl]
        off = [100 * (move.grace - move.publication) / move.old_ttl for move in late]

        assert all(abs(each) > 3 for each in off)


def moved(world):
    return Move(*(world[name] for name in Move._fields))


# --- the numbers of the judge, another way --------------------------------------------------------


@st.composite
def planned(draw):
    """A move and any plan for it."""
    start, publication = draw(st.integers(120, 3000)), draw(st.integers(1, 300))
    move = Move(draw(st.integers(60, 2000)), start, publication, draw(st.integers(1, 900)))
    drawn = st.tuples(st.integers(0, 3000), st.integers(1, 2000))
    made = draw(st.lists(drawn, min_size=1, max_size=MOST_CHANGES))
    changes = sorted({min(at, start): ttl for at, ttl in made}.items(), reverse=True)
    return move, Plan(tuple(changes), draw(st.integers(0, 4000)), 0)


@settings(max_examples=40, deadline=None)
@given(planned())
@example((Move(880, 195, 187, 195), Plan(((195, 222), (0, 1)), 3466, 0)))  # restored after the end
def test_caches_followed_one_by_one_agree_with_what_is_counted(planned):
    """A cache for each second that its first copy may end in: both numbers are exact."""
    move, plan = planned
    asked, left = 0, 0
    for first in range(move.old_ttl):
        fetches, held = followed(first, move, plan)
        asked += fetches
        left += held

    assert straggling(move, plan) == pytest.approx(left / move.old_ttl, abs=1e-9)
    # A fetch anywhere in a second counts as one at its beginning; but the ends are whole seconds.
    assert fills(move, plan) == pytest.approx(asked / move.old_ttl, rel=1e-9)


def followed(first, move, plan):
    """How often one cache asks, and whether it goes to the old server when that goes."""
    start, gone = move.latest_start, move.latest_start + move.grace
    seen = [(start - ahead + move.publication, ttl) for ahead, ttl in plan.changes]
    seen.append((start + plan.restore + move.publication, move.old_ttl))
    fetches, stale, now = 0, first >= gone, first
    while now < start + WATCHED:
        ttl = next((ttl for at, ttl in reversed(seen) if at <= now), move.old_ttl)
        fetches += 1
        stale |= now < start and now + ttl >= gone
        now += ttl
    return fetches, stale


@pytest.mark.parametrize(
    ("changes", "longest"),
    [
        (((3600, 600), (60, 60)), 60),
        (((3600, 600), (59, 60)), 600),  # seen a second after the move
        (((3600, 60), (0, 600)), 600),
        (((0, 60),), 7200),
        (((3600, 600), (600, 30)), 30),
    ],
)
def test_a_ttl_counts_from_when_it_is_seen(changes, longest):
    """From the move to the restore: the way back of the fourth goal."""
    assert after_move(Move(7200, 7200, 60, 600), Plan(changes, HOLD, 0)) == longest


@pytest.mark.parametrize("late", [False, True])
def test_an_engine_agrees_with_what_is_counted(late):
    """2,000 caches that are asked twice a second: who is left, and what they ask."""
    move = Move(3600, 2160 if late else 3600, 120, 240)
    plan = ladder(move)
    begin = 60  # of the watch, before the approval
    at = begin + move.latest_start
    changes = [
        ScheduledChange(at - ahead + move.publication, "zone.www.ttl", ttl)
        for ahead, ttl in plan.changes[:-1]
    ]
    # The last change is seen at the move itself.
    assert plan.changes[-1] == (move.publication, LOW)
    changes.append(ScheduledChange(at, "zone", www("192.0.2.9", LOW)))
    changes.append(ScheduledChange(at + HOLD + move.publication, "zone.www.ttl", move.old_ttl))
    outcome = run(
        Scenario(
            www("192.0.2.1", move.old_ttl),
            "www",
            clients=Clients(CACHES, 2.0),
            resolvers=Resolvers(CACHES, skew=0),
            schedule=tuple(changes),
            duration=at + WATCHED,
            bin=60,
            window=60,
        )
    )
    times = sorted({change.at for change in changes})
    stale = outcome.stale_fraction(times.index(at))[(at + move.grace) // 60]
    asked = sum(outcome.queries[begin // 60 :]) / CACHES

    # Bins are of a minute, in which old copies go on ending: half a minute of them is 1 point. A
    # share of 2,000 caches has a standard deviation of 0.011 at most, 4 sigma are 0.044.
    assert stale == pytest.approx(unavoidable(move), abs=0.01 + 0.044)
    # A cache waits half a second for its next request, each time.
    assert asked == pytest.approx(fills(move, plan), rel=0.02)


def www(address, ttl):
    return Zone.of("shop.example", [RRset.of("www", "A", address, ttl)])


@pytest.mark.parametrize("old_ttl", long_but([600, 3600, 14_400, 86_400], 600, 86_400))
def test_even_ratios_cost_hardly_more_than_the_cheapest_ladder(old_ttl):
    """So a budget of 8 % more than theirs is one that a planner keeps, too."""
    grace = min(3_000, max(90, old_ttl // 20))  # restored while it is still counted
    move = Move(old_ttl, old_ttl, grace, grace)
    best = plan_migration(old_ttl, old_ttl, low_ttl=grace, steps=3, publication=0, hold=0)
    steps = tuple((old_ttl - step.at, step.ttl) for step in best.steps)
    cheapest = Plan((*steps, (grace, LOW)), HOLD, 0)

    assert straggling(move, cheapest) == pytest.approx(0)
    assert fills(move, ladder(move)) == pytest.approx(fills(move, cheapest), rel=0.08)


# --- what is given --------------------------------------------------------------------------------

NEAR = st.fixed_dictionaries(
    {
        "changes": JUNK | st.lists(st.lists(st.integers(0, 400) | JUNK, max_size=3), max_size=7),
        "restore": JUNK | st.integers(0, 4000),
        "stragglers": JUNK | st.floats(0, 100),
    }
)


@settings(max_examples=150 if LONG else 40, deadline=None)
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
        ({"changes": []}, "is not a list of 1 to 4 changes"),
        ({"changes": [[9000 - n, 60] for n in range(5)]}, "is not a list of 1 to 4 changes"),
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


def test_where_only_the_price_is_missing_only_the_price_is_told():
    """60 s an old TTL ahead leaves nobody: nothing is to be mended but what it costs."""
    findings = LAB.judge(MOVE, {"plan": [Result(GOOD)]})
    nobody, budget, forecast, back = (each.turn for each in findings)

    assert nobody == forecast == back
    assert nobody.startswith("All goals count less, since questions are ")
    assert budget.startswith("A low TTL is paid for as long as it lasts")


def test_what_was_refused_is_told_in_whole_sentences():
    (first, *_) = LAB.judge(
        MOVE, {"plan": [Result(problem="A budget of 5: is small. Allow more.")]}
    )

    assert first.turn.endswith("is small. Allow more. Try it by hand.")
