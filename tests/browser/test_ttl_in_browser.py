"""Lesson 04 as a learner meets it: its panels by keyboard, Play, the goals, and what axe finds."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Locator, expect

from . import harness
from .axe import violations
from .course import assert_in_view, assert_quiet, cells, lesson_page, reset_all, type_into
from .kit import wear
from .layout import assert_readable
from .pages import Pages

pytestmark = pytest.mark.long  # of the lessons, 00 and 01 are played each time

TRADE, STAIRCASE, PLAYGROUND = range(3)


@pytest.fixture(scope="module")
def lesson(pages: Pages) -> Iterator[harness.Notebook]:
    """The lesson, opened and run from top to bottom."""
    with lesson_page(pages, "04_ttl", fresh=True) as page:
        page.run_all(plots=3)
        page.settle()
        yield page


@pytest.fixture(autouse=True)
def _reset(lesson: harness.Notebook) -> Iterator[None]:
    """Each test leaves every panel as it found it."""
    yield
    reset_all(lesson)


def panel(lesson: harness.Notebook, number: int) -> Locator:
    """The cell of a panel, in the order of the page."""
    return cells(lesson, ".lab-form").nth(number)


def words(panel: Locator) -> Locator:
    """The sentence under the figure."""
    return panel.locator(".lab-plot-words")


def trace(lesson: harness.Notebook, plot: int, name: str) -> dict:
    """What is drawn under that name."""
    return next(each for each in lesson.traces(plot) if each["name"] == name)


def test_it_runs_without_an_error_and_asks_nobody_else(lesson):
    assert_quiet(lesson, plots=1)


def test_the_ttl_moves_by_keyboard_and_the_knee_by_the_sla(lesson):
    trade = panel(lesson, TRADE)
    expect(words(trade)).to_contain_text("TTL 1 min")
    trade.get_by_role("slider", name="TTL", exact=True).press("ArrowRight")
    expect(words(trade)).to_contain_text("TTL 2 min: 99 of 100 outages are over in 204 s")
    knee = trace(lesson, TRADE, "knee")["x"]
    type_into(trade, "SLA: p99 outage", "300", exact=True)
    expect(words(trade)).to_contain_text("meets the SLA of 300 s")

    assert trace(lesson, TRADE, "knee")["x"] > knee


def test_a_ttl_of_minus_one_is_told_and_the_picture_stays(lesson):
    trade = panel(lesson, TRADE)
    before = words(trade).inner_text()
    type_into(trade, "TTL", "-1", exact=True)
    status = trade.locator(".lab-status")
    status.filter(has_text="-1: TTL goes from 1 to 86,400 s").wait_for()

    assert words(trade).inner_text() == before
    assert lesson.errors == []


def test_a_later_start_moves_the_ladder_into_the_wedge(lesson):
    stairs = panel(lesson, STAIRCASE)
    assert any(trace(lesson, STAIRCASE, "too long")["y"]) is False
    type_into(stairs, "First change ahead", "3600", exact=True)
    expect(words(stairs)).to_contain_text("the first change 1 h ahead")

    assert max(filter(None, trace(lesson, STAIRCASE, "too long")["y"])) == 14_400
    expect(stairs.locator(".lab-words")).not_to_contain_text("move 0 %")


def test_more_steps_draw_more_rungs_by_keyboard(lesson):
    stairs = panel(lesson, STAIRCASE)
    before = len(trace(lesson, STAIRCASE, "published")["x"])
    stairs.get_by_role("slider", name="Changes at most").press("ArrowRight")
    expect(words(stairs)).to_contain_text("1 h 7 min")

    assert len(trace(lesson, STAIRCASE, "published")["x"]) > before


def test_play_steps_back_to_before_the_move(lesson):
    """It begins after the move, where all is with the new server."""
    stairs = panel(lesson, STAIRCASE)
    readout = stairs.locator(".lab-readout")
    expect(readout).to_contain_text("A 0 %, B 100 %")
    stairs.get_by_role("slider", name="Time").press("Home")

    expect(readout).to_contain_text("A 100 %, B 0 %")


def test_another_plan_is_seen_from_when_its_low_ttl_has_passed(lesson):
    """And not from wherever the playhead stood in a watch of another length."""
    stairs = panel(lesson, STAIRCASE)
    stairs.get_by_role("slider", name="Time").press("Home")
    type_into(stairs, "First change ahead", "3600", exact=True)

    expect(stairs.locator(".lab-readout")).to_contain_text("At 1:02:00: A 7")


def test_each_goal_is_reached_by_moves_that_a_learner_might_make(lesson):
    goals = lesson.page.locator(".lab-card").filter(has_text="Goal")
    playground = panel(lesson, PLAYGROUND)
    expect(goals.filter(has_text="Reached")).to_have_count(0)
    type_into(playground, "First change ahead", "14460", exact=True)
    type_into(playground, "Changes at most", "3", exact=True)
    goals.nth(0).filter(has_text="Reached with 2 moves.").wait_for()
    type_into(playground, "Clients that never ask again", "0.1", exact=True)
    goals.nth(1).filter(has_text="Reached with 3 moves.").wait_for()
    type_into(playground, "Clients that never ask again", "0", exact=True)
    type_into(playground, "Authority silent from the move", "900", exact=True)
    playground.get_by_label("Caches serve stale").check()
    goals.nth(2).filter(has_text="Reached").wait_for()

    expect(goals.filter(has_text="Reached")).to_have_count(3)


@pytest.mark.parametrize(
    ("number", "name"),
    [
        (TRADE, "Requests"),
        (TRADE, "Authority's round trip"),
        (TRADE, "A million questions"),
        (PLAYGROUND, "Old TTL"),
        (PLAYGROUND, "Low TTL"),
        (PLAYGROUND, "Restored after"),
        (PLAYGROUND, "Budget"),
        (PLAYGROUND, "Clients that never ask again"),
        (PLAYGROUND, "Authority silent from the move"),
    ],
)
def test_each_further_slider_moves_its_panel_by_keyboard(lesson, number, name):
    moved = panel(lesson, number)
    before = words(moved).inner_text()
    moved.get_by_role("slider", name=name).press("ArrowRight")

    expect(words(moved)).not_to_have_text(before)


def test_the_interval_of_checks_moves_the_knee_by_keyboard(lesson):
    trade = panel(lesson, TRADE)
    before = words(trade).inner_text()
    trade.get_by_label("Checked every").press("ArrowDown")

    expect(words(trade)).not_to_have_text(before)


@pytest.mark.parametrize("theme", ["Dark", "Light"])
def test_nothing_of_it_keeps_anybody_out(lesson, theme):
    """What axe knows of WCAG 2.2 AA, over panels and cards alike, dark and light."""
    wear(lesson, theme)

    assert violations(lesson.page, ".lab-live") == []


@pytest.mark.parametrize("width", [800, 1280])
def test_no_panel_is_wider_than_the_page(lesson, width):
    lesson.page.set_viewport_size({"width": width, "height": 900})
    lesson.settle()
    outside = lesson.page.evaluate(
        """() => Array.from(document.querySelectorAll('.lab-live'))
            .filter(node => node.scrollWidth > node.clientWidth + 1 && node.clientWidth)
            .map(node => node.className)"""
    )

    assert outside == []


def test_its_page_can_be_read_and_heard(lesson):
    """At both widths, light and dark: nothing is cut or covered, and every control has a name."""
    assert_readable(lesson, "04_ttl")


def test_its_panel_is_in_view_after_shift_enter(lesson):
    """All of its controls, and where its picture begins."""
    assert_in_view(lesson, 1)
