"""What lesson 04 says in words is what the engine has: numbers that no cell of it computes."""

import math
from dataclasses import replace
from pathlib import Path

import nbformat
import pytest

from lab_engine import Clock, Move, RRset, Tradeoff, Zone, forward, plan_migration, serve
from lab_engine.caches.profiles import CLIENTS, RECURSIVES
from lab_engine.course.datafile import load
from lab_engine.simulation import theory
from tools.glossary import plain

LESSON = Path(__file__).parents[1] / "lessons" / "04_ttl.ipynb"
HOUR, DAY = 3600, 86_400


@pytest.fixture(scope="module")
def prose():
    """The lesson's text, without marks and links to the glossary."""
    cells = nbformat.read(LESSON, as_version=4).cells
    texts = (plain(cell.source) for cell in cells if cell.cell_type == "markdown")
    return " ".join(texts).replace("*", "")


@pytest.mark.parametrize(
    ("words", "seconds", "said"),
    [
        ("Knot Resolver keeps nothing for less than 5 s", RECURSIVES["knot"].limits.floor, 5),
        ("Chrome's own resolver, 60 s", CLIENTS["chrome-builtin"].floor, 60),
        ("Unbound keeps nothing for more than a day", RECURSIVES["unbound"].limits.cap, DAY),
        ("NodeLocal DNSCache for more than 30 s", RECURSIVES["nodelocal"].limits.cap, 30),
        ("a Java program 30 s", CLIENTS["jvm"].lifetime, 30),
        ("curl 60 s", CLIENTS["curl"].lifetime, 60),
        ("nginx with a name written out", CLIENTS["nginx-literal"].lifetime, math.inf),
    ],
)
def test_who_does_not_keep_to_ttls(prose, words, seconds, said):
    assert words in prose
    assert seconds == said


def test_the_negative_ttl_and_that_of_ns_records_are_those_of_the_zone(prose):
    zone = Zone.of("shop.example", [RRset.of("www", "A", "192.0.2.1", 60)])
    ttls = {each.type.name: each.ttl for each in zone}
    minimum = int(zone.soa.values[0].to_text().split()[-1])

    assert min(ttls["SOA"], minimum) == 900
    assert ttls["NS"] == 172_800
    assert "900 s at Route 53" in prose
    assert "172,800 s" in prose


def test_what_the_quiz_asks_follows_from_the_laws():
    sheet = load("04_ttl")
    left = theory.stale_fraction(18 * HOUR + 60, DAY)

    assert sheet.quiz["sunday"].right == f"{100 * left:.0f} %"
    assert 15 * HOUR + 18 * HOUR - DAY == 9 * HOUR  # fetched by then, a copy ends in the 18 hours
    assert "of Saturday 15:00 to Sunday 09:00 ended in the 18 hours" in sheet.quiz["sunday"].why
    assert sheet.quiz["ninth"].right == round(100 * (1 - theory.hit_ratio(9, 1)))
    assert sheet.later["hour"].right == 100 * (1 - theory.stale_fraction(HOUR / 2, HOUR))


def test_what_the_predictions_say_follows_from_the_laws():
    sheet = load("04_ttl")
    one = theory.staircase_fills(4 * HOUR, [(0, 60)], 4 * HOUR)

    assert sheet.predict["memo"].right == f"{100 * theory.stale_fraction(600, HOUR):.0f} %"
    assert sheet.predict["half"].right == f"{100 * theory.hit_ratio(1, 1):.0f} %"
    assert f"{100 * (1 - math.exp(-1)):.0f} %" in sheet.predict["half"].wrong
    assert f"{one:.1f} questions" in sheet.predict["cheaper"].ask


def test_a_ttl_lowered_too_late_costs_as_many_times_more_as_is_said(prose):
    """Questions in the two hours after the move, as the cell above the sentence counts them."""
    two_hours, kept = 2 * HOUR, 2 * HOUR / (HOUR + 1)
    lowered = 1 + (two_hours - HOUR / 2) / 61

    assert f"asked about {lowered / kept:.0f} times as often" in prose


@pytest.mark.parametrize(("serves", "said"), [(0, "SERVFAIL"), (86_400, "192.0.2.1")])
def test_what_a_silent_authority_leaves_in_packets(serves, said):
    """With serve-stale a copy that has ended comes back, without it nothing does."""
    keeps = replace(RECURSIVES["ideal"], serve_stale=serves)
    server, clock = serve(Zone.of("shop.example", [RRset.of("www", "A", "192.0.2.1", 60)])), Clock()
    with forward(server, profile=keeps, clock=clock) as cache:
        cache.ask("www.shop.example")
        server.stop()
        clock.wait(360)
        late = cache.ask("www.shop.example")

    assert (late.short() or late.rcode) == said


def test_a_ladder_made_by_hand_costs_what_is_said(prose):
    """An hour, five minutes and a minute ahead of a move in four hours."""
    ladder = [(0, HOUR), (3 * HOUR, 300), (4 * HOUR - 300, 60)]
    fills = theory.staircase_fills(4 * HOUR, ladder, 4 * HOUR)

    assert f"1 h, 5 min, 1 min, costs {fills:.1f}" in prose


@pytest.mark.parametrize(("ttl", "slow"), [(20, (95, 99)), (300, (99,)), (3600, ())])
def test_the_table_of_look_ups_follows_from_the_hit_ratio(ttl, slow):
    """A percentile takes the way to the authority where more than the rest of 100 are misses."""
    misses = 1 - theory.hit_ratio(0.1, ttl)

    assert tuple(p for p in (50, 95, 99) if misses > 1 - p / 100) == slow


def test_the_plan_of_the_table_is_that_of_the_figure_but_for_busy_caches(prose):
    plan = plan_migration(4 * HOUR, 5 * HOUR, caches=50)
    said = f"{plan.queries:,.0f} questions, not {Move().planned:,.0f}"

    assert [step.ttl for step in plan.steps] == [step.ttl for step in Move().plan.steps]
    assert said in prose


def test_a_minute_of_ttl_leaves_room_in_an_outage_of_five(prose):
    """As the table of TTLs has it, with checks of 30 s that must fail three times."""
    assert "public API that cannot be out for 5 minutes | 30-60 s" in prose
    assert Tradeoff().outage(60) < 300 < Tradeoff().outage(300)


@pytest.mark.parametrize(("key", "when"), [("clean", "60 s"), ("revenant", "300 s")])
def test_a_goal_says_when_so_many_are_still_at_the_old_server(key, when):
    """What is left behind is so at a time, and each goal looks at another."""
    late = Move(lead=HOUR, steps=1)
    now = load("04_ttl").goals[key].standing(late, late.run()).now

    assert f"still at the old server {when} after the move" in now
