"""The planner of TTLs: against published numbers, brute force, chains of copies and both engines.

The chains of copies are led on one by one, and share nothing with the planner's sums.
"""

import math
from itertools import accumulate, pairwise
from random import Random
from statistics import fmean

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lab_engine import (
    Clients,
    LabError,
    Resolvers,
    RRset,
    Scenario,
    ScheduledChange,
    Zone,
    plan_migration,
    run,
)
from lab_engine.simulation.theory import staircase_fills
from tests.counts import LONG, long_but

from .seeds import shifted

HOUR = 3600
FOUR_HOURS = 4 * HOUR
ROUND = [(0, HOUR), (3 * HOUR, 300), (4 * HOUR - 300, 60)]


def geometric(steps, old=FOUR_HOURS, low=60):
    """TTLs in even ratios, each set when the TTL before it is what is left."""
    ttls = [old * (low / old) ** (index / steps) for index in range(steps + 1)]
    return [(old - before, after) for before, after in pairwise(ttls)]


def ttl_at(stages, now):
    """What is published at a time; what changes at that time has changed."""
    return [ttl for at, ttl in stages if at <= now][-1]


def chain(stages, first, until, gap=lambda: 0.0):
    """When one cache asks: at `first`, and then each time that its copy has ended."""
    now = first
    while now < until:
        yield now
        now += ttl_at(stages, now) + gap()


# --- what it costs -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("stages", "fills", "digit"),
    [([(0, 60)], 121, 1), (ROUND, 10.0, 0.1), (geometric(8), 4.9, 0.1)],
)
def test_the_published_numbers(stages, fills, digit):
    """Of a busy cache, in the four hours before a move; as well as they were printed."""
    found = staircase_fills(FOUR_HOURS, stages, FOUR_HOURS)

    assert found == pytest.approx(fills, abs=digit / 2)


def test_a_ttl_that_is_the_time_left_costs_two_questions():
    """One when the old copy ends, and one in the minute of the move, if it changes each minute."""
    stages = [(at, FOUR_HOURS - at) for at in range(0, FOUR_HOURS, 60)]

    assert staircase_fills(FOUR_HOURS, stages, FOUR_HOURS + 60) == pytest.approx(2.0)


@pytest.mark.slow
@given(
    old=st.integers(2, 300),
    ttls=st.lists(st.integers(1, 300), min_size=1, max_size=4),
    rests=st.lists(st.integers(1, 100), min_size=4, max_size=4),
)
@settings(max_examples=60, deadline=None)
def test_fills_are_those_of_chains_led_on_one_by_one(old, ttls, rests):
    """In whole seconds nothing changes between two of them: one first fill in each is exact."""
    begins = [sum(rests[:index]) for index in range(len(ttls))]
    stages = list(zip(begins, ttls, strict=True))
    until = begins[-1] + rests[-1]
    mean = fmean(len(list(chain(stages, second + 0.5, until))) for second in range(old))

    assert staircase_fills(old, stages, until) == pytest.approx(mean, rel=1e-9, abs=1e-9)


def test_what_begins_after_the_end_counts_for_nothing():
    """However short the TTL before it: a second would be counted for each second until then."""
    stages = [(0, 300), (600, 1)]

    for until in (0, 500, 600, 3600):
        counted = staircase_fills(FOUR_HOURS, stages, until)
        assert staircase_fills(FOUR_HOURS, [*stages, (3653, 600)], until) == counted


@pytest.mark.slow
@pytest.mark.parametrize("rate", [1.0, 0.1, 0.01])
def test_gaps_at_random_cost_what_their_mean_does(rate):
    """Within 4 standard errors and 2 %: a cache that is asked as rarely as once in 100 s."""
    dice = Random(shifted(3))

    def counted():
        held = dice.random() < FOUR_HOURS / (FOUR_HOURS + 1 / rate)
        first = (dice.uniform(0, FOUR_HOURS) if held else 0.0) + dice.expovariate(rate)
        return len(list(chain(ROUND, first, FOUR_HOURS, lambda: dice.expovariate(rate))))

    sample = [counted() for _ in range(4000)]
    error = 4 * (sum((each - fmean(sample)) ** 2 for each in sample) / 4000**2) ** 0.5

    assert staircase_fills(FOUR_HOURS, ROUND, FOUR_HOURS, rate) == pytest.approx(
        fmean(sample), abs=error + 0.02 * fmean(sample)
    )


# --- the cheapest --------------------------------------------------------------------------------


def schedules(old, low, steps, dice, count):
    """Schedules without stragglers, at random: changes when they must be made, or sooner."""
    for _ in range(count):
        tries = [dice.uniform(math.log(low), math.log(old)) for _ in range(steps - 1)]
        lefts = sorted(map(math.exp, tries), reverse=True)
        slack = dice.choice([0.0, 0.3])
        ttls = [max(1, int(left * (1 - dice.uniform(0, slack)))) for left in lefts] + [low]
        begins = [0.0, *(old - left for left in lefts)]
        yield list(zip(begins, ttls, strict=True))


@pytest.mark.slow
@pytest.mark.parametrize(("old", "low"), [(14_400, 60), (86_400, 60), (3600, 30), (1000, 20)])
@pytest.mark.parametrize("steps", [1, 2, 3, 4])
def test_no_schedule_at_random_is_cheaper(old, low, steps):
    plan = plan_migration(old, old, low_ttl=low, steps=steps, publication=0, hold=0)
    found = [
        staircase_fills(old, stages, old)
        for stages in schedules(old, low, steps, Random(shifted(steps)), 1500 if LONG else 500)
    ]

    assert plan.fills <= min(found) + 1e-9


@pytest.mark.slow
@pytest.mark.parametrize(("old", "low"), [(14_400, 60), (3600, 60)])
def test_no_schedule_of_a_grid_is_cheaper(old, low):
    """Three changes: each TTL of a grid, each made when it must be."""
    plan = plan_migration(old, old, low_ttl=low, publication=0, hold=0)
    grid = range(low, old, old // 90)
    found = [
        staircase_fills(old, [(0, one), (old - one, two), (old - two, low)], old)
        for one in grid
        for two in grid
        if two <= one
    ]

    assert plan.fills <= min(found) + 1e-9


def test_more_steps_never_cost_more():
    found = [plan_migration(14_400, 20_000, steps=steps).fills for steps in range(1, 7)]

    assert found == sorted(found, reverse=True)


# --- nobody is left behind -----------------------------------------------------------------------


@pytest.mark.slow
@given(
    old=st.integers(120, 90_000),
    low=st.integers(5, 100),
    steps=st.integers(1, 4),
    late=st.lists(st.floats(0, 60), min_size=4, max_size=4),
    first=st.floats(0, 1),
)
@settings(max_examples=60 if LONG else 25, deadline=None)
def test_no_earlier_copy_outlives_the_move_however_late_a_change_is_seen(
    old, low, steps, late, first
):
    """Each change is seen at any time of the minute that it may take."""
    plan = plan_migration(old, old + 100, low_ttl=low, steps=steps)
    # A change replaces the ones before it, so none of those is seen after it.
    times = accumulate((step.at + wait for step, wait in zip(plan.steps, late, strict=False)), max)
    seen = [(time, step.ttl) for time, step in zip(times, plan.steps, strict=True)]
    # The first copy of the old TTL that ends after the first change was seen.
    stages = [(-math.inf, old), *seen]
    fills = list(chain(stages, seen[0][0] - first * old, plan.move_at))

    assert fills[-1] + ttl_at(stages, fills[-1]) <= plan.move_at + low + 1e-6
    assert all(at + ttl_at(stages, at) <= plan.move_at or ttl_at(stages, at) == low for at in fills)


def test_each_change_is_a_minute_early_and_the_last_start_is_an_old_ttl_and_a_minute_ahead():
    plan = plan_migration(86_400, move_at=100_000, steps=1)

    assert plan.steps == ((100_000 - 86_400 - 60, 60),)
    assert plan.latest_start == 100_000 - 86_400 - 60
    assert plan.restore == (100_600, 86_400)


def test_what_is_tolerated_is_left_behind_and_makes_it_cheaper():
    strict = plan_migration(14_400, 20_000)
    lax = plan_migration(14_400, 20_000, tolerated=0.25)

    assert (strict.straggling, lax.straggling) == (0, 0.25)
    assert lax.fills < strict.fills
    assert lax.steps[0].at == 20_000 - 0.75 * 14_400 - 60


def test_a_plan_shows_each_change_and_what_it_costs():
    plan = plan_migration(14_400, 20_000, caches=50, tolerated=0.25)
    lines = [line.split() for line in str(plan).splitlines()]

    assert lines[0][-2:] == ["TTL,", "s"]
    assert [line[0] for line in lines[1:6]] == ["lower"] * 3 + ["move", "restore"]
    assert lines[4] == ["move", "20,000", "0", "60"]
    assert lines[5] == ["restore", "20,600", "-600", "14,400"]
    assert "25 % of the busy caches hold an older copy at the move" in repr(plan)
    assert f"all together {plan.queries:,.0f}" in plan._repr_html_()


# --- as the engines have it ----------------------------------------------------------------------


def rehearsal(plan, rate, caches, seed):
    """The plan as a scenario: the TTLs, then the move, then the restore."""

    def www(address, ttl):
        return Zone.of("shop.example", [RRset.of("www", "A", address, ttl)])

    ttls = [ScheduledChange(step.at, "zone.www.ttl", step.ttl) for step in plan.steps]
    moved = ScheduledChange(plan.move_at, "zone", www("192.0.2.9", plan.steps[-1].ttl))
    restore = ScheduledChange(plan.restore.at, "zone.www.ttl", plan.old_ttl)
    return Scenario(
        www("192.0.2.1", plan.old_ttl),
        "www",
        clients=Clients(caches, rate),
        resolvers=Resolvers(caches, skew=0),
        schedule=(*ttls, moved, restore),
        duration=plan.restore.at + 60,
        bin=60,
        window=60,
        seed=seed,
    )


@pytest.mark.slow
@pytest.mark.parametrize(
    ("engine", "caches", "rate"),
    long_but([("population", 3000, 1.0), ("events", 60, 0.5)], ("population", 3000, 1.0)),
)
def test_a_run_asks_as_often_as_planned_and_leaves_nobody_behind(engine, caches, rate):
    """Within 4 standard errors of the caches' counts, whose sd is below that of Poisson counts."""
    plan = plan_migration(3600, 4200, caches=[rate] * caches)
    outcome = run(rehearsal(plan, rate, caches, shifted(5)), engine)
    first, last = plan.steps[0].at // 60, plan.restore.at // 60
    asked = sum(outcome.queries[first:last])

    move = len(plan.steps)
    stale = outcome.stale[move]
    moved = int(plan.move_at // 60)

    assert asked == pytest.approx(plan.queries, abs=4 * math.sqrt(plan.queries))
    assert sum(stale[moved : moved + 1]) > 0
    assert sum(stale[moved + 1 :]) == 0


# --- what was given ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given_", "message"),
    [
        ({"old_ttl": -1}, "old_ttl -1: is not a whole number from 1"),
        ({"old_ttl": 60}, "is not above the low TTL, 60 s"),
        ({"low_ttl": 0}, "low_ttl 0: is not a whole number"),
        ({"move_at": -5}, "move_at -5: is not a number from 0"),
        ({"move_at": 3600}, "leaves 75 % of the busy caches .* no sooner than in 14460 s"),
        ({"budget": 3}, "A budget of 3: is less than the 20 questions"),
        ({"budget": math.nan}, "budget nan"),
        ({"steps": 0}, "steps 0: is not a whole number from 1 to 8"),
        ({"tolerated": 1.5}, "tolerated 1.5: is not a number from 0 to 1"),
        ({"caches": 0}, "caches 0: is not a whole number"),
        ({"caches": []}, "caches: are none"),
        ({"caches": [1.0, -1.0]}, "rate -1.0 .*: is not a number above 0"),
        ({"hold": -1}, "hold -1: is not"),
        ({"publication": math.inf}, "publication inf"),
    ],
)
def test_what_cannot_be_planned_is_said_with_what_would_do(given_, message):
    with pytest.raises(LabError, match=message):
        plan_migration(**{"old_ttl": 14_400, "move_at": 20_000} | given_)


@pytest.mark.parametrize("stages", [[], [(5, 60)], [(0, 60), (9, 30), (3, 20)]])
def test_stages_begin_at_once_and_go_on(stages):
    with pytest.raises(LabError, match="do not begin at 0"):
        staircase_fills(100, stages, 50)
