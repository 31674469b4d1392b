"""Outcomes: the few numbers that are read from counts, checked by hand."""

import math

import pytest

from lab_engine.errors import ScenarioError
from lab_engine.simulation import Event, Level, Levels, Outcome

LEVELS = Levels(Level(), Level(30, 10), Level(7, 3))
ROWS = ((4, 2, 0, 6, 9), (1, 1, 0, 0, 9), (1, 3, 0, 0, 9))


def outcome(**changes):
    values = {
        "addresses": ("192.0.2.1", "192.0.2.2", "192.0.2.3"),
        "down": (),
        "bin": 60.0,
        "window": 120.0,
        "requests": ROWS,
        "failed": (0, 0, 0, 5, 0),
        "answers": (2, 1, 0),
        "queries": (1, 1, 0, 1, 0),
        "levels": LEVELS,
        "engine": "events",
        "seed": 1,
    }
    return Outcome(**(values | changes))


def test_totals_count_failures_and_shares_do_not():
    assert outcome().total == 50
    assert outcome().authority_queries == 3
    assert outcome().shares() == (21 / 45, 11 / 45, 13 / 45)


def test_windows_are_fixed_and_only_whole_ones_count():
    assert outcome().windows() == ((6, 2, 4), (6, 0, 0))
    assert outcome().windows(300) == ((21, 11, 13),)
    assert outcome().windows(360) == ()


def test_balance_is_judged_in_each_window():
    assert outcome().max_over_mean() == (1.5, 3.0)
    assert outcome().max_over_min() == (3.0, math.inf)


def test_a_window_without_requests_has_no_balance():
    quiet = outcome().max_over_mean(60)[2], outcome().max_over_min(60)[2]

    assert all(math.isnan(ratio) for ratio in quiet)


def test_the_dead_are_left_out_where_balance_is_judged():
    dead = outcome(down=("192.0.2.3",))

    assert dead.max_over_min() == (3.0, math.inf)
    assert dead.max_over_mean() == (1.5, 2.0)
    assert outcome(down=dead.addresses).max_over_mean() == ()


TRIO = ("192.0.2.1", "192.0.2.2", "192.0.2.3")


@pytest.mark.parametrize(
    ("downs", "ratios"),
    [
        (((0, ()),), (1.5, 3.0)),
        (((0, ()), (60, TRIO[2:])), (2.0,)),  # within the first window
        (((0, ()), (120, TRIO[2:])), (1.5, 2.0)),  # between the two
        (((0, TRIO[2:]), (120, ())), (1.5, 3.0)),
        (((0, ()), (120, TRIO[2:]), (180, ())), (1.5,)),
        (((0, ()), (130, TRIO), (290, ())), (1.5,)),
        (((0, ()), (240, TRIO)), (1.5, 3.0)),  # after both
    ],
)
def test_balance_is_that_of_the_servers_alive_all_through_a_window(downs, ratios):
    """A window in which one dies or comes back is left out, as is one in which nobody lives."""
    assert outcome(downs=downs).max_over_mean() == ratios


def test_a_death_at_the_edge_of_a_window_is_not_within_it():
    """Where floats fall a little beside it, too: 3 x 0.1 is not 0.3."""
    tenths = outcome(bin=0.1, window=0.1, downs=((0, ()), (0.3, TRIO[2:])))

    assert tenths.max_over_mean()[:3] == pytest.approx((2.0, 1.5, math.nan), nan_ok=True)
    assert tenths.max_over_mean()[3:] == (2.0, 1.0)


def test_what_is_stale_is_counted_from_the_change_on():
    """Of the 9 requests in the fourth bin that reached a server 5 came before, and 5 failed."""
    stale = outcome(stale=((0, 0, 0, 3, 9),), cuts=((3, 5),)).stale_fraction()

    assert stale == pytest.approx((0, 0, math.nan, 3 / 6, 9 / 27), nan_ok=True)


def test_a_change_after_the_last_bin_leaves_nothing_stale():
    assert outcome(stale=((0,) * 5,), cuts=((5, 0),)).stale_fraction()[4] == 0


@pytest.mark.parametrize("window", [90, 30, 0, -60, math.inf, math.nan])
def test_a_window_that_is_no_multiple_of_the_bin_is_refused(window):
    with pytest.raises(ScenarioError, match="multiple of the bin, 60 s"):
        outcome().windows(window)


def test_hit_ratios_are_of_all_look_ups():
    assert (LEVELS.application.hit_ratio, LEVELS.os.hit_ratio) == (0.0, 0.75)


def test_an_outcome_prints_as_a_table():
    assert str(outcome()).splitlines() == [
        "server                  requests   share  first in answers",
        "192.0.2.1                     21   46.7%                 2",
        "192.0.2.2                     11   24.4%                 1",
        "192.0.2.3                     13   28.9%                 0",
        "(failed)                       5",
        "os caches answered 75.0% of 40",
        "resolver caches answered 70.0% of 10",
        "the authority answered 3",
    ]


def test_an_event_prints_as_a_line():
    event = Event(1.5, "connect", "client 7", "192.0.2.1")

    assert str(event) == "     1.500 s  connect  client 7       192.0.2.1"
