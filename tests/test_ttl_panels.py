"""The panels of lesson 04: what they draw of what they are given, and what they keep and say."""

import json
import math

import pytest

from lab_engine import LabError, Move, Tradeoff, migration, ttl_tradeoff
from lab_engine.views.controls import Slider
from lab_engine.views.ttl_figures import (
    LONGEST,
    SHORTEST,
    span,
    staircase,
    staircase_summary,
    tradeoff,
    tradeoff_summary,
)
from lab_engine.views.ttl_panels import MOVE, TRADEOFF
from tests.counts import long_but


def named(figure, name):
    """The traces of that name."""
    return [trace for trace in figure.data if trace.name == name]


def texts(figure):
    return [note.text for note in figure.layout.annotations]


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(60, "1 min"), (14_460, "4 h 1 min"), (2601, "43 min 21 s"), (86_400, "1 d"), (0, "0 s")],
)
def test_times_are_said_as_people_set_ttls(seconds, said):
    assert span(seconds) == said


def test_the_outage_rises_and_the_bill_falls():
    figure = tradeoff(Tradeoff())
    (outage,), (bill,) = named(figure, "outage"), named(figure, "bill")

    assert list(outage.y) == sorted(outage.y)
    assert list(bill.y) == sorted(bill.y, reverse=True)


def test_the_region_ends_at_the_knee_which_is_marked_on_both_curves():
    trade = Tradeoff(sla=150)
    figure = tradeoff(trade)
    (region,) = [shape for shape in figure.layout.shapes if shape.type == "rect"]

    assert (region.x0, region.x1) == (1, trade.knee)
    assert [list(knee.x) for knee in named(figure, "knee")] == [[trade.knee]] * 2
    assert {"meets the SLA", f"knee {span(trade.knee)}"} <= set(texts(figure))


def test_without_a_knee_the_figure_says_why():
    figure = tradeoff(Tradeoff(sla=60))

    assert named(figure, "knee") == []
    assert "no TTL meets it: detection alone takes 89 s" in texts(figure)
    assert "no TTL does" in tradeoff_summary(Tradeoff(sla=60))


@pytest.mark.parametrize("trade", [Tradeoff(), Tradeoff(ttl=86_400, rate=100.0, caches=100_000)])
def test_scales_are_fixed(trade):
    """A move of a control moves what is drawn, and not the paper."""
    axes = tradeoff(trade).layout
    first = tradeoff(Tradeoff()).layout

    assert [axes[name].range for name in ("xaxis", "yaxis", "yaxis2")] == [
        first[name].range for name in ("xaxis", "yaxis", "yaxis2")
    ]


def test_the_trade_off_is_told_in_a_sentence():
    said = tradeoff_summary(Tradeoff(sla=150))

    assert "TTL 1 min: 99 of 100 outages are over in 146 s, which meets the SLA of 150 s" in said
    assert "the largest TTL that meets it is 1 min 4 s" in said
    assert "17.00 USD a month" in said


def test_the_ladder_stays_below_the_wedge_until_the_last_ttl():
    """Corners of the published TTL: none outlives the time left, except by the low TTL."""
    (published,) = named(staircase(Move().run()), "published")

    assert all(ttl <= left or ttl == 60 for left, ttl in zip(published.x, published.y, strict=True))
    assert (published.x[0], published.x[-1]) == (LONGEST, SHORTEST)


@pytest.mark.parametrize(("lead", "late"), [(14_460, False), (3600, True), (0, True)])
def test_what_starts_too_late_is_drawn_as_too_long(lead, late):
    """From where the old TTL is the time left, to where it is lowered."""
    (long,) = named(staircase(Move(lead=lead).run()), "too long")
    drawn = [left for left, ttl in zip(long.x, long.y, strict=True) if ttl is not None]

    assert bool(drawn) == late
    assert not late or (max(drawn), min(drawn)) == (14_400, max(lead, SHORTEST))


def test_planned_and_counted_questions_stand_against_the_budget():
    result = Move(budget=500).run()
    figure = staircase(result)
    counts = {trace.text[0] for trace in figure.data if trace.mode == "markers+text"}

    assert counts == {f"{result.move.planned:,.0f}", f"{result.asked:,}"}
    assert "budget 500" in texts(figure)
    assert "over the budget of 500" in staircase_summary(result)


def test_what_the_axis_does_not_reach_stands_at_its_edge_under_its_own_number():
    """Lowered at the move itself: few questions, no room at the right."""
    result = Move(lead=0).run()
    figure = staircase(result)
    counts = {trace.text[0]: trace.x[0] for trace in figure.data if trace.mode == "markers+text"}
    (rung,) = [note for note in figure.layout.annotations if note.text == "1 min"]

    assert result.asked < 10
    assert counts[f"{result.asked}"] == 10
    assert rung.xanchor == "right"


def test_every_figure_is_json_and_has_no_number_that_is_none():
    for figure in (tradeoff(Tradeoff(ttl=1)), staircase(Move(lead=0).run())):
        json.dumps(json.loads(figure.to_json()), allow_nan=False)


def test_a_ttl_of_minus_one_is_told_and_the_last_good_picture_stays():
    panel = ttl_tradeoff(Tradeoff(), "ttl", "sla")
    before = panel.summary
    panel.set("ttl", -1)

    assert "-1: TTL goes from 1 to 86,400 s" in panel.status
    assert panel.summary == before
    assert panel.scenario == Tradeoff()


@pytest.mark.slow
def test_two_values_that_do_not_fit_are_told_and_the_last_good_picture_stays():
    panel = migration(Move(), "old_ttl", "low_ttl")
    before = panel.summary
    panel.set("old_ttl", 30)

    assert panel.status.startswith("Low TTL 60: is not below the old TTL, 30 s.")
    assert panel.summary == before
    panel.set("low_ttl", 20)
    assert panel.status == ""
    assert panel.scenario.old_ttl == 30


def test_the_tiles_begin_when_the_low_ttl_has_passed_and_mark_no_fair_share():
    panel = migration(Move(), "lead")
    tiles = panel.picture
    begins = tiles.moving.times[tiles.begin]
    step = tiles.moving.times[1]

    assert 0 <= begins - (panel.scenario.move_at + 60) < step
    assert tiles.loads(tiles.begin) == pytest.approx((0, 1))
    assert tiles.loads(0) == pytest.approx((1, 0))
    assert tiles.still()["fair"] is None
    assert "fair share" not in tiles.svg()
    assert "0 % of the requests still go to A" in panel.summary


@pytest.mark.slow
@pytest.mark.parametrize(("serve_stale", "old"), long_but([(False, 0.0), (True, 1.0)], (True, 1.0)))
def test_while_the_authority_is_silent_nobody_is_led_to_the_new_server(serve_stale, old):
    """Caches without a copy get no answer, or give the old one; afterwards they ask anew."""
    drawn = migration(Move(silent=900, serve_stale=serve_stale, caches=20)).picture
    last = len(drawn.moving.times) - 1

    assert drawn.loads(drawn.begin) == pytest.approx((old, 0.0), abs=1e-9)
    assert drawn.loads(last) == pytest.approx((0.0, 1.0), abs=1e-9)


def test_both_stills_stand_in_the_twin():
    """The figure's file, then the picture of the kit with all of the words."""
    twin = migration(Move(), "lead", still="pictures/04_staircase.svg").twin()

    assert twin.index('src="pictures/04_staircase.svg"') < twin.index("data:image/svg+xml")
    assert twin.count("<img") == 2


@pytest.mark.parametrize(("table", "kind"), [(TRADEOFF, Tradeoff), (MOVE, Move)])
def test_every_stop_of_every_slider_is_possible(table, kind):
    for name, control in table.items():
        if isinstance(control, Slider):
            for stop in control.choices or (control.low, control.high):
                room = kind(old_ttl=86_400) if kind is Move and name == "low_ttl" else kind()
                if (name, stop) == ("old_ttl", 60):
                    room = room.set("low_ttl", 30)
                assert math.isclose(
                    room.set(control.path, control.read(stop)).get(control.path), stop
                )


def test_parts_and_questions_say_what_they_are_of():
    assert (MOVE["deaf"].unit, MOVE["budget"].unit) == ("of all", "questions")


def test_a_control_that_is_none_is_refused():
    with pytest.raises(LabError, match="lade: is no control"):
        migration(Move(), "lade")
