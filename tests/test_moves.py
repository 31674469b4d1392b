"""A move, and what a TTL buys and costs: what they lead to, and what they refuse."""

import math
from functools import cache

import pytest

from lab_engine import LabError, Move, Tradeoff
from lab_engine.course.datafile import load
from lab_engine.simulation.moves import NEW, OLD
from lab_engine.simulation.prices import MONTH
from lab_engine.simulation.theory import Failover, hit_ratio, staircase_fills
from tests.counts import LONG

from .sampling import agrees
from .seeds import shifted

RUNS = 16 if LONG else 8
STALE = {"silent": 900, "serve_stale": True, "caches": 20}

# --- a move --------------------------------------------------------------------------------------


def test_a_plan_in_time_leaves_nobody_behind():
    """A low TTL after the move every request goes to the new server, and stays there."""
    result = Move(seed=shifted(1)).run()

    assert result.move.plan.straggling == 0
    assert result.stale(0) > 0.1
    assert [result.stale(after) for after in (60, 120, 600)] == [0, 0, 0]


@pytest.mark.slow
def test_an_hour_ahead_of_four_leaves_three_quarters_less_what_has_ended_since():
    """Over many caches of one size, within 4 sigma: by the law of the last old copies."""
    shares = [
        Move(lead=3600, steps=1, caches=1000, seed=shifted(seed)).run().stale(600)
        for seed in range(8)
    ]
    # 3540 s are left when it is made, and the minute looked at is half over.
    expected = 1 - (3600 + 600 + 30) / 14_400
    # Zipf's sizes: 1000 caches weigh as much as 34 equal ones.
    error = 4 * math.sqrt(expected * (1 - expected) / (34 * len(shares)))

    assert sum(shares) / len(shares) == pytest.approx(expected, abs=error)


def test_lowered_at_the_moment_of_the_move_it_is_as_if_nothing_had_been_done():
    result = Move(lead=0, seed=shifted(1)).run()

    assert result.move.plan.straggling == 1
    assert result.stale(600) > 0.5


@pytest.mark.slow
@pytest.mark.parametrize("steps", [1, 3])
def test_a_run_asks_as_often_as_planned(steps):
    """The caches' phases are what scatters."""
    moves = [Move(steps=steps, caches=200, seed=shifted(seed)) for seed in range(RUNS)]

    asked = [move.run().asked for move in moves]

    assert agrees(asked, moves[0].planned)


def test_who_never_asks_again_is_left_for_good():
    result = Move(deaf=0.1, seed=shifted(1)).run()
    end = result.scenario.duration - result.move.move_at - 60

    assert result.stale(end) == pytest.approx(0.1, abs=0.05)


@pytest.mark.long  # test_ttl_panels has a panel's
@pytest.mark.parametrize("serve_stale", [False, True])
def test_an_authority_out_of_reach_fails_requests_or_brings_the_old_address_back(serve_stale):
    result = Move(3600, silent=300, serve_stale=serve_stale, caches=20, seed=shifted(1)).run()
    failed = sum(result.outcome.failed)

    assert (failed > 0, result.stale(180) > 0.9) == (not serve_stale, serve_stale)


def test_the_servers_are_the_old_and_the_new_in_this_order():
    """The first is A in pictures."""
    assert Move().run().outcome.addresses == (OLD, NEW)


def test_starting_earlier_than_need_be_costs_more_and_helps_nobody():
    due, early = Move(), Move(lead=86_400)

    assert early.planned > due.planned
    assert early.plan.straggling == due.plan.straggling == 0


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("old_ttl", -1, "old_ttl -1: is not a whole number"),
        ("low_ttl", -1, "low_ttl -1: is not a whole number"),
        ("low_ttl", 14_400, "is not below the old TTL"),
        ("lead", -1, "lead -1"),
        ("steps", 9, "steps 9: is not a whole number from 1 to 8"),
        ("deaf", 2, "deaf 2: is not a number from 0 to 1"),
        ("silent", 0.5, "silent 0.5"),
        ("serve_stale", "yes", "serve_stale 'yes': is no switch"),
        ("lend", 5, "lend: can be set nowhere here. Did you mean lead"),
    ],
)
def test_what_a_move_refuses(path, value, message):
    with pytest.raises(LabError, match=message):
        Move().set(path, value)


@pytest.mark.parametrize("after", [-1, 10**6])
def test_a_time_outside_the_watch_is_refused(after):
    with pytest.raises(LabError, match="is not within the watch"):
        Move().run().stale(after)


@cache
def moved_by(**moved):
    return Move(seed=shifted(1), **moved).run()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("key", "moved", "reached"),
    [
        ("clean", {}, True),
        ("clean", {"steps": 1}, False),
        ("clean", {"lead": 3600}, False),
        ("deaf", {"deaf": 0.1}, True),
        ("deaf", {"lead": 3600}, False),
        pytest.param("deaf", STALE, False, marks=pytest.mark.long),
        ("revenant", STALE, True),
        pytest.param("revenant", {"silent": 900}, False, marks=pytest.mark.long),
        ("revenant", {"lead": 0}, False),
    ],
)
def test_each_goal_of_the_lesson_takes_what_it_names(key, moved, reached):
    result = moved_by(**moved)
    standing = load("04_ttl").goals[key].standing(result.move, result)

    assert standing.reached == reached
    assert "after the move" in standing.now


# --- what a TTL buys and costs -------------------------------------------------------------------


@pytest.mark.parametrize(("sla", "interval"), [(150, 30.0), (180, 30.0), (75, 10.0), (3600, 30.0)])
def test_the_knee_is_the_largest_ttl_that_meets_the_sla(sla, interval):
    trade = Tradeoff(sla=sla, interval=interval)
    knee = trade.knee

    assert knee is not None
    assert trade.outage(knee) <= sla < trade.outage(knee + 1)


def test_no_ttl_meets_an_sla_that_detection_alone_breaks():
    assert Tradeoff(sla=60).knee is None


def test_outage_and_bill_are_those_of_the_closed_forms():
    trade = Tradeoff(rate=0.5, caches=100, price=0.4)
    held = hit_ratio(0.5, 60)
    fills = staircase_fills(60, [(0, 60)], MONTH, 0.5)

    assert trade.outage(60) == Failover(30, 3, 60, held=held).outage.quantile(0.99)
    assert trade.bill(60) == pytest.approx(100 * fills / 1e6 * 0.4, rel=1e-4)


@pytest.mark.parametrize(("ttl", "waits"), [(20, (10, 160, 160)), (300, (10, 10, 160))])
def test_a_look_up_waits_for_the_authority_as_often_as_it_misses(ttl, waits):
    """Ten seconds between requests: two thirds and 97 % are hits."""
    trade = Tradeoff(rate=0.1)

    assert tuple(trade.lookup(ttl, level) for level in (0.5, 0.95, 0.99)) == waits


@pytest.mark.parametrize(
    ("path", "value"),
    [("ttl", -1), ("rate", 0), ("caches", 0), ("sla", -5), ("price", -1), ("authority_ms", -1)],
)
def test_what_a_trade_off_refuses(path, value):
    with pytest.raises(LabError, match=f"{path} {value}: is not a"):
        Tradeoff().set(path, value)
