"""Lesson 03 as a learner meets it: run from top to bottom, predicted, played and broken."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Locator, expect

from . import harness
from .axe import violations
from .course import assert_in_view, assert_quiet, cells, lesson_page
from .kit import wear
from .layout import assert_readable
from .pages import Pages

pytestmark = pytest.mark.long  # of the lessons, 00 and 01 are played each time


@pytest.fixture(scope="module")
def lesson(pages: Pages) -> Iterator[harness.Notebook]:
    """The lesson, opened and run from top to bottom."""
    with lesson_page(pages, "03_places") as page:
        page.run_all()
        page.page.locator(".lab-world").nth(1).wait_for()
        page.settle()
        yield page


def panel(lesson: harness.Notebook, number: int) -> Locator:
    """The first map, or the playground."""
    return cells(lesson, ".lab-world").nth(number)


def test_it_runs_without_an_error_and_asks_nobody_else(lesson):
    assert_quiet(lesson)


@pytest.mark.parametrize("theme", ["Dark", "Light"])
def test_axe_finds_nothing_in_what_is_ours(lesson, theme):
    wear(lesson, theme)

    assert violations(lesson.page, ".lab-live") == []


def test_subnets_bring_paris_home_by_keyboard(lesson):
    first = panel(lesson, 0)
    told = first.get_by_label("The authority sees")
    expect(first.locator(".lab-about .lab-readout")).to_contain_text("to B in Virginia, 98 ms")
    told.focus()
    told.press("ArrowDown")

    expect(first.locator(".lab-about .lab-readout")).to_contain_text("to A in Dublin, 17 ms")


def test_the_result_stands_on_the_axis_of_round_trips(lesson):
    """Full where it was, since nobody had said anything."""
    assert panel(lesson, 0).locator(".lab-trips .lab-true").count() == 1


def test_play_steps_through_the_first_hour_by_keyboard(lesson):
    playground = panel(lesson, 1)
    time = playground.get_by_role("slider", name="Time")
    time.press("Home")
    before = playground.locator(".lab-readout").last.inner_text()
    playground.get_by_role("button", name="Step forward").press("Enter")

    expect(playground.locator(".lab-readout").last).not_to_have_text(before)


def test_each_goal_is_reached_by_moves_that_a_learner_might_make(lesson):
    goals = lesson.page.locator(".lab-card").filter(has_text="Goal")
    playground = panel(lesson, 1)
    expect(goals.filter(has_text="Reached")).to_have_count(0)
    playground.get_by_label("The authority sees").select_option("client subnet /24 (ECS)")
    playground.get_by_label("Default record").select_option("as for Asia")
    goals.nth(1).filter(has_text="Reached with 2 moves.").wait_for()
    playground.get_by_role("button", name="Reset").click()
    lesson.settle(0.1)
    playground.get_by_label("The authority sees").select_option("client subnet /24 (ECS)")
    playground.get_by_label("Default record").select_option("none")
    box = playground.get_by_role("spinbutton", name="TTL")
    box.fill("60")
    box.press("Enter")
    goals.nth(0).filter(has_text="Reached with").wait_for()

    expect(goals.filter(has_text="Reached")).to_have_count(2)


def test_the_drawer_of_the_tourist_steps_back_to_a_paris_that_is_served(lesson):
    tourist = lesson.page.locator(".lab-picture").filter(has_text="that Paris and Cape Town share")
    time = tourist.get_by_role("slider", name="Time")
    time.press("Home")
    time.press("ArrowRight")

    expect(tourist.locator(".lab-drawer")).to_contain_text("for 198.18.0.0/23")


def test_its_page_can_be_read_and_heard(lesson):
    """At both widths, light and dark: nothing is cut or covered, and every control has a name."""
    assert_readable(lesson, "03_places")


def test_its_panel_is_in_view_after_shift_enter(lesson):
    """All of its controls, and where its picture begins."""
    assert_in_view(lesson, 0)
