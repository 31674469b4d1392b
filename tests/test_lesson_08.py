"""What lesson 08 says in words is what the engine has: numbers that no cell of it computes."""

from itertools import product
from pathlib import Path

import nbformat
import pytest

from lab_engine import Design, game_day
from lab_engine.course.datafile import load
from lab_engine.course.designgoals import lost_within_limits
from lab_engine.simulation.designs import NEEDS, Limits
from lab_engine.simulation.gameday import CLIENTS, DRILLS, PLACES, RATE, RESOLVERS, SERVER
from lab_engine.views.designs import TTLS
from tests.counts import long_but
from tools.glossary import plain

LESSON = Path(__file__).parents[1] / "lessons" / "08_capstone.ipynb"


@pytest.fixture(scope="module")
def prose():
    """The lesson's text, without marks and links to the glossary."""
    cells = nbformat.read(LESSON, as_version=4).cells
    texts = (plain(cell.source) for cell in cells if cell.cell_type == "markdown")
    return " ".join(texts).replace("*", "")


@pytest.fixture(scope="module")
def day():
    """The reference's."""
    return game_day(Design())


def test_the_promises_of_the_table_are_those_of_the_design(prose):
    limits = Limits()

    assert f"p95 latency | {limits.latency:g} ms" in prose
    assert f"p99 outage | {limits.outage:g} s" in prose
    assert f"imbalance | {limits.imbalance:g} |" in prose
    assert f"bill | {limits.bill:g} USD" in prose


def test_the_world_of_the_game_day_is_as_is_said(prose):
    assert len(PLACES) == len(DRILLS) == 6
    assert f"{CLIENTS:,} clients behind {RESOLVERS:,} resolvers, {RATE:,.0f} requests" in prose
    assert f"A server takes {Design().capacity:g} requests a second" in prose
    assert f"A server costs {SERVER:g} USD" in prose


@pytest.mark.slow
def test_caches_answer_98_in_100_of_2_6_billion(prose, day):
    ratio = day.calm.outcome.levels.resolver.hit_ratio

    assert f"{RATE * 30 * 86_400 / 1e9:.1f} billion a month" in prose
    assert f"{100 * ratio:.0f} in 100 are answered by caches" in prose


def test_what_the_default_pool_gets_and_takes(prose):
    assert f"Europe's {NEEDS['EU']:g} requests a second on top of its own {NEEDS['']:g}" in prose
    assert "Its two servers take 500." in prose


@pytest.mark.slow
def test_three_servers_in_europe_are_not_enough():
    moved = Design(dark="europe").set("rest.servers", 3).set("europe.servers", 3)

    assert [each.key for each in game_day(moved).lost] == ["crowd"]


@pytest.mark.long
@pytest.mark.slow
def test_what_quick_is_worth_and_costs(prose):
    quick = game_day(Design(ttl=5))
    thrifty = game_day(Design(ttl=20, interval=30))
    said = f"{quick.outage:.0f} s instead of {thrifty.outage:.0f} s"

    assert said in prose
    assert f"costs {quick.bill.total - thrifty.bill.total:.0f} USD a month" in prose


@pytest.mark.slow
def test_the_ttl_that_checks_every_30_s_leave_room_for(prose):
    short, long = (game_day(Design(interval=30, ttl=ttl)) for ttl in (30, 60))

    assert f"back in {short.outage:.0f} s. With 60 s it takes them {long.outage:.0f} s" in prose
    assert short.broken == ()


@pytest.mark.slow
def test_it_is_the_longest_of_the_sliders():
    longer = TTLS[TTLS.index(30) + 1]

    assert game_day(Design(interval=30, ttl=longer)).broken == ("outage",)


@pytest.mark.slow
@pytest.mark.parametrize("region", long_but(["ap-northeast-1", "ap-south-1"], "ap-south-1"))
def test_the_region_of_asia_moves_no_bar_that_sao_paulo_rules(prose, day, region):
    moved = game_day(Design().set("asia.region", region))

    assert "Asia's Region moves no bar" in prose
    assert moved.latency == day.latency
    assert moved.broken == moved.lost == ()


def test_the_resolvers_of_the_canary_are_europes_part():
    assert NEEDS["EU"] / RATE * RESOLVERS == 440


@pytest.mark.long
@pytest.mark.slow
def test_the_failure_is_found_by_the_pool_that_goes_dark_alone():
    """In the reference, and in no other design that happens to be too small."""
    found = {
        dark: lost_within_limits(Design(dark=dark), game_day(Design(dark=dark))).reached
        for dark in ("asia", "america", "europe")
    }
    other = Design(dark="europe").set("asia.servers", 2)

    assert found == {"asia": False, "america": False, "europe": True}
    assert not lost_within_limits(other, game_day(other)).reached


@pytest.mark.long
def test_half_of_the_bill_is_dns_at_the_ttl_that_the_tempting_answer_names():
    assert round(100 * game_day(Design(ttl=2)).bill.dns) == 50
    assert "TTL of 2 s" in load("08_capstone").predict["dns"].wrong[50]


def test_two_questions_of_each_former_lesson_are_recalled():
    lessons = [name.partition(".")[0] for name in load("08_capstone").recall]

    assert {lessons.count(each) for each in lessons} == {2}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("dark", "seed"),
    long_but(product(["asia", "america", "europe"], [2, 3]), ("europe", 3)),
)
def test_the_mended_design_comes_through_the_unseen_days(dark, seed):
    mended = Design(dark=dark, seed=seed).set("rest.servers", 3).set("asia.servers", 2)
    unseen = game_day(mended)

    assert unseen.lost == unseen.broken == ()
