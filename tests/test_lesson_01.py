"""What lesson 01 says in words and on its cards, against the laws."""

from math import floor
from pathlib import Path
from statistics import mean

import nbformat
import pytest

from lab_engine import Clients, Resolvers, RRset, Scenario, Zone, cache_tiles, sweep
from lab_engine.caches.crowds import zipf_shares
from lab_engine.course.datafile import load
from lab_engine.simulation import theory

from .seeds import shifted

LESSON = Path(__file__).parents[1] / "lessons" / "01_round_robin.ipynb"
SHEET = load("01_round_robin")
CONTROLS = ("ttl", "resolvers", "skew", "keeps", "remembers", "authority", "down")
WHOLE = {"resolvers.profile": "the whole set, rotated each time"}
MOVES = {
    "majority": {"resolvers.skew": 2.0},
    "level": WHOLE,
    "deaf": WHOLE | {"clients.profile": "its answer for ever"},
}


def playground():
    """The panel of the lesson's end, as the learner finds it."""
    www = RRset.of("www", "A", ["192.0.2.1", "192.0.2.2", "192.0.2.3"], 300)
    crowd = {"clients": Clients(100_000, rate=0.01)}
    caches = Resolvers(20, skew=1.0, profile="frozen")
    shop = Scenario(Zone.of("shop.example", [www]), "www", resolvers=caches, **crowd)
    return cache_tiles(shop, *CONTROLS)


def test_the_largest_of_a_thousand_resolvers_are_as_large_as_is_said():
    first, second, *_ = zipf_shares(1000, 1.0)

    assert f"{100 * first:.0f} % of the users, the second {100 * second:.0f} %" in (
        SHEET.predict["more"].below
    )


def test_a_thousand_resolvers_spread_like_as_many_as_is_said():
    count = theory.effective_count(zipf_shares(1000, 1.0))

    assert f"like {floor(count + 0.5)} equal ones" in SHEET.quiz["effective"].why


def test_the_floor_that_is_asked_for_is_the_law():
    assert SHEET.later["floor"].right == pytest.approx(10 * 0.2)


def test_the_largest_resolver_turns_as_many_users_as_is_said():
    """A quarter and more: 28 %, and the floor of seven servers."""
    shares = zipf_shares(20, 1.0)

    assert f"{100 * shares[0]:.1f}" == "27.8"
    assert f"{theory.imbalance_floor(7, shares):.2f}" == "1.95"


@pytest.mark.slow
def test_three_times_for_five_minutes_takes_a_moment():
    """Behind 20 resolvers, in windows of 300 s: half of 200 runs show less than about 2.5 times."""
    www = RRset.of("www", "A", ["192.0.2.1", "192.0.2.2", "192.0.2.3"], 300)
    crowd, caches = Clients(100_000, rate=0.01), Resolvers(20, skew=1.0, profile="frozen")
    shop = Scenario(Zone.of("shop.example", [www]), "www", clients=crowd, resolvers=caches)
    window = shop.set("bin", 300).set("window", 300).set("duration", 300)
    runs = sweep(window.set("seed", shifted(1)), {}, 200)[0].outcomes
    below = [run.max_over_min()[0] < 2.5 for run in runs]
    told = " ".join(each.source for each in nbformat.read(LESSON, as_version=4).cells)

    assert mean(below) == pytest.approx(0.5, abs=4 * 0.5 / 200**0.5)
    assert "counted over five minutes, it is about 2.5" in told


@pytest.mark.parametrize("key", MOVES)
def test_each_goal_can_be_reached_and_none_is_at_the_start(key):
    """By moves that a learner might make, with the panel's own dice."""
    panel, goal = playground(), SHEET.goals[key]
    at_first = goal.standing(panel.scenario, panel.outcome)
    for path, value in MOVES[key].items():
        panel.set(path, value)

    assert not at_first.reached, at_first.now
    assert goal.standing(panel.scenario, panel.outcome).reached
