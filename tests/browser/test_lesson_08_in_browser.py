"""Lesson 08 as a learner meets it: run from top to bottom, played, contradicted and broken."""

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
    with lesson_page(pages, "08_capstone") as page:
        page.run_all()
        page.page.locator(".lab-tree").nth(2).wait_for()
        page.settle()
        yield page


def panel(lesson: harness.Notebook, number: int) -> Locator:
    """The first game day, the one with client subnets, or the playground."""
    return cells(lesson, ".lab-tree").nth(number)


def typed(place: Locator, label: str, value: str) -> None:
    """A number, into the box beside a slider."""
    box = place.get_by_role("spinbutton", name=label)
    box.fill(value)
    box.press("Enter")


def test_it_runs_without_an_error_and_asks_nobody_else(lesson):
    assert_quiet(lesson)


@pytest.mark.parametrize("theme", ["Dark", "Light"])
def test_axe_finds_nothing_in_what_is_ours(lesson, theme):
    wear(lesson, theme)

    assert violations(lesson.page, ".lab-live") == []


def test_a_ttl_by_keyboard_moves_the_bars(lesson):
    first = panel(lesson, 0)
    before = first.locator(".lab-words").inner_text()
    slider = first.get_by_role("slider", name="TTL")
    slider.focus()
    slider.press("ArrowLeft")

    expect(first.locator(".lab-words")).not_to_have_text(before)
    expect(first.locator(".lab-words")).to_contain_text("every drill is survived")


def test_a_contradiction_is_named_and_the_picture_stays(lesson):
    first = panel(lesson, 0)
    typed(first, "TTL", "60")
    expect(first.locator(".lab-words")).to_contain_text("p99 outage 84 of 120 s")
    typed(first, "TTL", "300")

    expect(first).to_contain_text("TTL 300: is above the SLA, 120 s")
    expect(first.locator(".lab-words")).to_contain_text("p99 outage 84 of 120 s")
    typed(first, "TTL", "60")


def test_a_pool_without_members_and_a_default_left_out_are_named_too(lesson):
    """Each by its own control; then the playground is as it was."""
    last = panel(lesson, 2)
    before = last.locator(".lab-words").inner_text()
    typed(last, "Servers in Rest", "0")
    expect(last).to_contain_text("Servers in Rest 0: leaves a pool without members")
    expect(last.locator(".lab-words")).to_have_text(before)
    typed(last, "Servers in Rest", "2")
    regions = last.get_by_label("Regions", exact=True)
    regions.select_option("Europe, America, Asia, no default")

    expect(last).to_contain_text("Regions 'europe, america, asia': leave out the default pool")
    expect(last.locator(".lab-words")).to_have_text(before)
    last.get_by_role("button", name="Reset").click()


def test_a_city_is_chosen_by_click_and_by_keyboard(lesson):
    first = panel(lesson, 0)
    first.get_by_role("radio", name="Paris").click()
    expect(first.locator(".lab-readout")).to_contain_text("Paris: branch europe")
    first.get_by_role("radio", name="Paris").press("ArrowDown")

    expect(first.locator(".lab-readout")).to_contain_text("New York: branch america")
    expect(first.locator("summary").last).to_have_text("Why New York is answered so")


def test_play_steps_from_the_death_to_the_answer_by_keyboard(lesson):
    first = panel(lesson, 0)
    typed(first, "TTL", "50")
    expect(first.locator(".lab-words")).not_to_contain_text("bill 489")
    # A quick picture has two drills; this one is in the full one only.
    first.locator(".lab-lane text").filter(has_text="default pool sick").wait_for()
    first.locator(".lab-chooser select").select_option("Tokyo")
    time = first.get_by_role("slider", name="Time")
    time.press("Home")
    expect(first.locator(".lab-clock")).to_have_text("calm, minute 0")
    expect(first.locator(".lab-readout")).to_contain_text("to C1")
    time.press("End")
    expect(first.locator(".lab-clock")).to_have_text("default pool sick, minute 19")
    for key in 3 * ["PageDown"] + 6 * ["ArrowRight"]:
        time.press(key)

    expect(first.locator(".lab-clock")).to_have_text("a pool goes dark, minute 6")
    expect(first.locator(".lab-readout")).to_contain_text("to D1")


def test_without_subnets_the_latency_is_not_kept(lesson):
    second = panel(lesson, 1)
    second.get_by_label("Client subnets (ECS)").focus()
    second.get_by_label("Client subnets (ECS)").press("Space")

    expect(second.locator(".lab-words")).to_contain_text("p95 latency 198 of 130 ms")


def test_each_goal_is_reached_by_moves_that_a_learner_might_make(lesson):
    goals = lesson.page.locator(".lab-card").filter(has_text="Goal")
    playground = panel(lesson, 2)
    expect(goals.filter(has_text="Reached")).to_have_count(0)
    playground.get_by_label("Goes dark", exact=True).select_option("Europe")
    goals.nth(0).filter(has_text="Reached with 1 move.").wait_for()
    typed(playground, "Servers in Rest", "3")
    typed(playground, "Servers in Asia", "2")
    goals.nth(1).filter(has_text="Reached with 3 moves.").wait_for()
    typed(playground, "TTL", "1")
    goals.nth(2).filter(has_text="Reached with 4 moves.").wait_for()

    expect(goals.filter(has_text="Reached")).to_have_count(3)


def test_its_page_can_be_read_and_heard(lesson):
    """At both widths, light and dark: nothing is cut or covered, and every control has a name."""
    assert_readable(lesson, "08_capstone")


def test_its_panel_is_in_view_after_shift_enter(lesson):
    """All of its controls, and where its picture begins."""
    assert_in_view(lesson, 0)
