"""What lesson 07 says in words is what the engine has: numbers that no cell of it computes."""

import math
from dataclasses import replace
from pathlib import Path

import nbformat
import pytest

from lab_engine.course.datafile import load
from lab_engine.simulation.balancer import Balancer
from lab_engine.simulation.farms import Farm
from lab_engine.simulation.parts import Checkers
from lab_engine.simulation.run import run
from lab_engine.simulation.worlds import worlds
from tools.glossary import plain

pytestmark = pytest.mark.slow  # worlds are run for all of them

LESSON = Path(__file__).parents[1] / "lessons" / "07_balancers.ipynb"
FARM = Farm(capacity=100, queue=10**6, clients=400, ttl=60, duration=300, seed=23)
SHOP = Farm(load=0.5, checked=True, queue=10**6, ttl=60, duration=600)


@pytest.fixture(scope="module")
def prose():
    """The lesson's text, without marks and links to the glossary."""
    cells = nbformat.read(LESSON, as_version=4).cells
    texts = (plain(cell.source) for cell in cells if cell.cell_type == "markdown")
    return " ".join(texts).replace("*", "")


@pytest.fixture(scope="module")
def found():
    """The three worlds of part 6."""
    return worlds(SHOP.world("L7"))


def test_the_shares_are_fair_and_the_median_is_over_a_hundred_times_that_of_a_balancer(prose):
    dns, l7 = (run(FARM.world(name), "events") for name in ("DNS", "L7"))
    half = [outcome.latency_ms(0.5)[0] for outcome in (dns, l7)]

    assert all(abs(share - 0.25) < 0.04 for share in dns.shares())
    assert "within four points of a quarter" in load("07_balancers").predict["median"].ask
    assert half[0] > 100 * half[1]
    assert sum(dns.failed) == 0
    assert "Over 100 times slower, and no request failed." in prose
    assert 35 in load("07_balancers").predict["median"].wrong
    assert half[1] == pytest.approx(35, rel=0.1)


@pytest.mark.long
def test_that_the_median_of_dns_takes_seconds_is_no_luck_of_these_dice():
    """At a tenth of the size, with other dice: more than a second in seven of eight runs."""
    small = Farm(duration=300, ttl=60, queue=10**6)
    runs = [run(replace(small, seed=dice).world("DNS"), "events") for dice in range(1, 9)]
    slow = [outcome.latency_ms(0.5)[0] > 1000 for outcome in runs]

    assert sum(slow) >= 7


def test_what_a_server_can_take(prose):
    assert f"can take {100 / (0.8 * 4):.0f} % of all requests" in prose


def test_the_farm_of_the_panels_is_a_tenth_of_that_of_the_opening(prose):
    assert Farm().capacity == FARM.capacity / 10
    assert f"TTL {Farm().ttl} s" in prose


def test_checks_are_those_that_the_text_names(prose):
    balancer, checkers = Balancer(), Checkers()

    assert (balancer.interval, balancer.fall) == (2, 3)
    assert (checkers.interval, checkers.threshold) == (30, 3)
    assert "every 2 s, and three must fail" in prose
    least, most = balancer.interval * (balancer.fall - 1), balancer.interval * balancer.fall
    assert f"so {least:g} to {most:g} s" in prose


def test_errors_by_dns_end_within_detection_and_ttl():
    """Which the right option calls 2 minutes: the mean is 115 s, the worst case 150 s."""
    quiet = Farm(load=0.3, checked=True, dies=60, ttl=60, duration=300)
    lasts = []
    for seed in range(1, 6):
        outcome = run(replace(quiet, seed=seed).world("DNS"), "events")
        lasts.append(max(second for second, count in enumerate(outcome.failed) if count) - 59)

    assert all(60 < last <= 150 for last in lasts)
    assert load("07_balancers").predict["dies"].right.startswith("2 minutes")


@pytest.mark.long
def test_the_canary_is_off_by_as_much_as_is_said(prose, found):
    errors = [100 * world.canary_error for world in (found.dns, found.l7)]

    assert f"off by {errors[0]:.0f} points, the balancer's by {errors[1]:.2f}" in prose


@pytest.mark.long
def test_so_many_come_back_by_dns(prose, found):
    assert f"{100 * found.dns.stickiness:.0f} % came back" in prose


@pytest.mark.long
def test_draining_takes_as_long_as_is_said(prose, found):
    kept = worlds(replace(SHOP, keep_alive=60.0).world("L7"))

    assert f"took DNS {found.dns.drained:.0f} s, and balancers no time" in prose
    assert (found.l4.drained, found.l7.drained) == (0, 0)
    assert [each.drained for each in kept.each] == [math.inf, math.inf, 0]
    assert kept.dns.drain.ended - kept.dns.at == 300


@pytest.mark.long
def test_the_quiz_has_the_numbers_of_the_algorithms():
    """To the five milliseconds that `about` leaves."""
    shorter = replace(FARM, duration=150, seed=1)
    slow = {}
    for name in ("least connections", "two choices", "round robin", "random"):
        farm = replace(shorter, algorithm=name)
        (slow[name],) = run(farm.world("L7"), "events").latency_ms(0.99)

    assert [5 * round(each / 5) for each in slow.values()] == [95, 105, 160, 255]
    sheet = load("07_balancers")
    assert (
        "About 95 ms against 105 for two choices, 160 for round robin" in sheet.quiz["eighty"].why
    )
    assert sheet.predict["algorithms"].right == "about 95 ms"


def test_the_quiz_has_the_counts_of_the_office():
    office = Farm(resolvers=1, keep_alive=5, load=0.3, ttl=60, duration=600)
    outcome = run(office.world("L7"), "events", served=True)

    assert round(outcome.total, -3) == 7000
    assert round(outcome.service.connections, -3) == 4000
    assert outcome.authority_queries == 10
    assert "10 answers, 4,000 connections, 7,000 requests" in load("07_balancers").quiz["per"].why


def test_the_playground_begins_with_no_goal_reached_and_each_is_in_reach():
    """One move for DNS, two for L4, one for L7."""
    goals = load("07_balancers").goals
    start = Farm(one=False)
    ways = {
        "dns": replace(start, one=True),
        "l4": replace(start, clients=5, keep_alive=60.0),
        "l7": replace(start, load=1.2),
    }

    before = start.run()
    assert not any(goal.standing(start, before).reached for goal in goals.values())
    assert all(goals[key].standing(farm, farm.run()).reached for key, farm in ways.items())


def test_that_dns_begins_ahead_at_p99_is_luck(prose):
    """Of one minute: with other dice round robin is ahead in most, and at p50 in all."""
    runs = [Farm(one=False, seed=dice) for dice in range(1, 10)]
    pairs = [[run(farm.world(name), "events") for name in ("DNS", "L7")] for farm in runs]
    half = [[outcome.latency_ms(0.5) for outcome in pair] for pair in pairs]
    slow = [[outcome.latency_ms(0.99) for outcome in pair] for pair in pairs]

    assert f"p99 of a minute hangs on {pairs[0][0].total // 100} requests" in prose
    assert slow[0][0] < slow[0][1]
    assert sum(dns < l7 for dns, l7 in slow) <= 3
    assert all(dns > l7 for dns, l7 in half)
