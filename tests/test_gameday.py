"""A game day: what each drill does to a design, and what is measured."""

import math

import pytest

from lab_engine import Design, LabError, game_day, run, zipf_shares
from lab_engine.simulation import supports
from lab_engine.simulation.gameday import (
    BIN,
    CROWD,
    DRILLS,
    RATE,
    Drilled,
    coarse,
    drill_scenario,
)
from lab_engine.views.kit.tree import FRAMES_A_DRILL, Tree


@pytest.fixture(scope="module")
def reference():
    """The day of the design that the lesson begins with."""
    return game_day(Design())


@pytest.fixture(scope="module")
def dark():
    """The same, with Europe dark."""
    return game_day(Design(dark="europe"))


def drill(day, key):
    return next(each for each in day.drills if each.drill.key == key)


@pytest.mark.parametrize("key", [each.key for each in DRILLS])
def test_every_drill_is_for_the_engine_that_adds_up(key):
    """Requests would be too many to play one by one."""
    assert supports(drill_scenario(Design(), key)) == ()


@pytest.mark.slow
def test_the_reference_keeps_every_promise_and_survives_every_drill(reference):
    assert reference.broken == ()
    assert reference.lost == ()


@pytest.mark.slow
def test_the_reference_does_not_survive_that_its_largest_pool_goes_dark(dark):
    """And no measure tells."""
    assert dark.broken == ()
    assert [each.key for each in dark.lost] == ["region"]


def test_what_is_refused_is_what_the_second_has_no_room_for(dark):
    """580 requests a second meet room for 500; where one of two is fuller, it refuses more.

    The median of the half minutes: 80, or 40 and by how much one is above its half, 4 sigma at most
    where each of Europe's caches holds one of the two.
    """
    region = drill(dark, "region")
    counts = sorted(count for count in region.refused(250.0) if count)
    usual = counts[len(counts) // 2] / BIN
    sigma = 440 * math.hypot(*zipf_shares(440, 1)) / 2

    assert 80 - 4 * (580 / BIN) ** 0.5 <= usual <= 40 + 4 * sigma


@pytest.mark.slow
@pytest.mark.parametrize(
    ("path", "value", "broken"),
    [
        ("ttl", 120, "outage"),
        ("interval", 30, "outage"),
        ("interval", 0, "outage"),
        ("ecs", False, "latency"),
        pytest.param("ttl", 5, "bill", marks=pytest.mark.long),
        ("asia.servers", 5, "bill"),
    ],
)
def test_each_promise_is_broken_by_what_it_is_about(path, value, broken):
    assert game_day(Design().set(path, value)).broken == (broken,)


@pytest.mark.slow
def test_a_server_from_where_there_is_room_mends_it():
    moved = Design(dark="europe").set("rest.servers", 3).set("asia.servers", 2)
    day = game_day(moved)

    assert day.lost == day.broken == ()
    assert day.bill.total < 500


@pytest.mark.slow
def test_a_canary_takes_room_from_its_pool():
    assert [each.key for each in game_day(Design().set("europe.canary", 5)).lost] == ["crowd"]


def test_the_bill_is_the_sum_of_its_parts(reference):
    bill = reference.bill

    assert bill.total == pytest.approx(bill.servers + bill.queries + bill.checks + bill.zone)
    assert bill.servers == 11 * 40
    assert bill.checks == pytest.approx(11 * 1.75)
    assert bill.zone == 0.5


def test_an_outage_lasts_at_least_as_long_as_detection_and_at_most_a_ttl_more(reference):
    region = drill(reference, "region")
    (one, *_) = region.outcome.outages

    assert one.published <= region.outage <= one.published + 60 + 1e-6


def test_a_crowd_asks_half_as_much_again(reference):
    calm, crowd = (drill(reference, key).outcome.total for key in ("calm", "crowd"))
    expected = CROWD * RATE * 1200

    assert abs(crowd - expected) < 4 * expected**0.5
    assert abs(calm - RATE * 1200) < 4 * (RATE * 1200) ** 0.5


@pytest.mark.slow
def test_the_same_design_has_the_same_day(reference):
    assert game_day(Design()).measures == reference.measures


@pytest.mark.slow
def test_a_coarse_day_has_two_drills_and_the_same_numbers_for_them(reference):
    quick = game_day(coarse(Design()))

    assert [each.drill.key for each in quick.drills] == ["calm", "region"]
    assert quick.bill == reference.bill
    assert drill(quick, "region").outage == drill(reference, "region").outage


def test_an_unknown_drill_is_refused():
    with pytest.raises(LabError, match="is no drill"):
        game_day(Design(drills=("earthquake",)))


@pytest.mark.long
def test_what_is_above_capacity_is_about_what_servers_refuse():
    """The engine that plays each request, with queues, on a small crowd behind few caches."""
    scenario = drill_scenario(Design(dark="europe"), "region")
    few = scenario.set("clients.count", 1000).set("clients.rate", 0.1)
    few = few.set("resolvers.count", 100).set("resolvers.skew", 0.0)
    open_ = run(few, "population")
    counted = sum(Drilled(DRILLS[4], few, open_, ()).refused(25.0))
    limited = few
    for backend in few.backends:
        limited = limited.set(f"backends.{backend.address}.capacity", 25.0)
        limited = limited.set(f"backends.{backend.address}.queue", 25)
    refused = sum(run(limited, "events").refused)

    # Both have luck of their own: the shares of two servers, from 44 caches, change each minute.
    assert refused == pytest.approx(counted, abs=0.02 * open_.total)
    assert min(refused, counted) > 0.01 * open_.total


# --- the picture ----------------------------------------------------------------------------------


def test_ribbons_of_every_column_carry_all_answers(reference):
    tree = Tree(reference)

    for state in tree.states:
        for column in range(3):
            wide = sum(each[4] for each in state["ribbons"] if each[0] == column)
            assert wide == pytest.approx(0.42, abs=0.002)


def test_frames_count_every_request(reference):
    tree = Tree(reference)
    calm = tree.loads[:FRAMES_A_DRILL, :-2].sum() * BIN

    # Each of the loads is rounded to a whole request a second.
    assert calm == pytest.approx(drill(reference, "calm").outcome.total, abs=0.5 * BIN * 440)
    assert len(tree.frames()) == 2 * tree.loads.size


def test_the_sentence_says_what_was_measured_and_what_was_lost(reference, dark):
    assert Tree(reference).sentence.startswith("On the game day: p95 latency 120 of 130 ms")
    assert Tree(reference).sentence.endswith("every drill is survived.")
    assert Tree(dark).sentence.endswith("not survived: a pool goes dark.")


def test_a_pool_that_is_not_in_use_is_not_said_to_have_gone_dark():
    alone = Design(drills=("region",)).set("rest.servers", 9).set("regions", ("rest",))

    assert Tree(game_day(alone)).sentence.endswith("(Asia is not in use: no pool goes dark).")


def test_ribbons_follow_the_checks_and_not_the_death(reference):
    """A dead server that is not found out is still answered."""
    tree = Tree(reference)
    region = [each["key"] for each in tree.still()["drills"]].index("region")
    died = region * FRAMES_A_DRILL + 6
    state = tree.states[tree.state_at(died)]

    assert state["dead"]
    assert not state["sick"]
    assert "C1" in state["words"][2]
    assert "to D1" in tree.states[tree.state_at(died + 6)]["words"][2]


def test_the_twin_has_every_server_and_the_verdicts(dark):
    drawn = Tree(dark, chosen="Paris").svg()

    assert drawn.count("not survived") == 1
    assert all(f">{name}<" in drawn for name in ("A1", "B2", "C3", "D2"))
