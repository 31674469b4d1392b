"""Lesson 06 as a learner meets it: strip and lamps, Play, the goals, the live drill, axe."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Locator, expect

from .axe import sticking_out, violations
from .course import assert_in_view, assert_quiet, cells, lesson_page, type_into
from .harness import Notebook
from .kit import LOOKS, wear
from .layout import assert_readable
from .pages import Pages

pytestmark = pytest.mark.long  # of the lessons, 00 and 01 are played each time

TUNE, DEATHS, PLAYGROUND = range(3)


@pytest.fixture(scope="module")
def lesson(pages: Pages) -> Iterator[Notebook]:
    """The lesson, opened and run from top to bottom."""
    with lesson_page(pages, "06_failover") as page:
        page.run_all()
        panels(page).nth(PLAYGROUND).locator(".lab-handle").wait_for()
        page.settle()
        page.start = [words(panel).inner_text() for panel in panels(page).all()]
        yield page


def panels(lesson: Notebook) -> Locator:
    """The panels with controls, in the order of the page."""
    return cells(lesson, ".lab-form", ".lab-together")


def first(lesson: Notebook) -> Locator:
    """The picture that has no controls but Play."""
    return lesson.page.locator(".lab-together").first


def words(panel: Locator) -> Locator:
    """The sentence under the part bars: it changes with every sample."""
    return panel.locator(".lab-part-drawn .lab-words")


def choose(panel: Locator, name: str, option: str) -> None:
    """Pick from a list."""
    panel.get_by_role("combobox", name=name).select_option(option)


def restore(lesson: Notebook, number: int) -> None:
    """Reset a panel, and wait for its full picture, the one it was first drawn with."""
    panel = panels(lesson).nth(number)
    panel.get_by_role("button", name="Reset").click()
    expect(words(panel)).to_have_text(lesson.start[number])
    expect(panel.locator(".lab-form .lab-status")).to_have_text("")


def test_it_runs_without_an_error_and_asks_nobody_else(lesson: Notebook) -> None:
    """No traceback, nothing on the console, no plotly.js, which it does not need."""
    assert_quiet(lesson)


def test_it_begins_where_the_authority_knows_and_the_caches_do_not(lesson: Notebook) -> None:
    """Fourteen dark lamps, and twelve tiles that hold the dead."""
    strip = first(lesson).locator(".lab-part-strip")

    assert strip.locator(".lab-lamp").count() == 16 + 12
    expect(strip.get_by_text("14 of 16 say unhealthy; 14 must")).to_be_visible()
    expect(strip.get_by_text("0 of 12 hold B")).to_be_visible()


def test_the_playhead_moves_lamps_and_veil_by_keyboard(lesson: Notebook) -> None:
    """From nobody knows to everybody follows; a screen reader hears the counts."""
    strip = first(lesson).locator(".lab-part-strip")
    time = strip.get_by_role("slider", name="Time")
    time.press("Home")
    expect(strip.get_by_text("0 of 16 say unhealthy")).to_be_visible()
    time.press("End")
    expect(strip.get_by_text("12 of 12 hold B")).to_be_visible()

    said = time.get_attribute("aria-valuetext") or ""
    assert "300 s of 300 s; 16 of 16 say unhealthy; 14 must; 12 of 12 hold B" in said
    assert strip.locator(".lab-veil").get_attribute("width") == "22"


def test_play_runs_in_the_page(lesson: Notebook) -> None:
    """From the beginning, until it is stopped."""
    strip = first(lesson).locator(".lab-part-strip")
    strip.get_by_role("slider", name="Time").press("Home")
    before = strip.locator(".lab-clock").inner_text()
    strip.get_by_role("button", name="Play").press("Enter")
    expect(strip.locator(".lab-clock")).not_to_have_text(before)
    strip.get_by_role("button", name="Pause").press("Enter")

    assert lesson.errors == []


def test_the_line_of_the_promise_moves_by_keys(lesson: Notebook) -> None:
    """It counts the outages that are shorter."""
    line = first(lesson).locator(".lab-handle")
    line.press("Home")
    expect(line).to_have_attribute("aria-valuetext", "0 of 50 show less than 0 s")
    line.press("End")

    expect(line).to_have_attribute("aria-valuetext", "50 of 50 show less than 300 s")


def test_each_control_moves_its_panel(lesson: Notebook) -> None:
    """A slider by keyboard, a list; Reset brings the first picture back."""
    tune = panels(lesson).nth(TUNE)
    tune.get_by_role("slider", name="Failures in a row").press("ArrowLeft")
    expect(words(tune)).not_to_have_text(lesson.start[TUNE])
    restore(lesson, TUNE)
    deaths = panels(lesson).nth(DEATHS)
    choose(deaths, "The primary", "lets packets vanish (a black hole)")
    expect(words(deaths)).not_to_have_text(lesson.start[DEATHS])
    restore(lesson, DEATHS)

    assert lesson.errors == []


def test_a_bad_value_keeps_the_picture_and_says_why(lesson: Notebook) -> None:
    """In a sentence or two, in the status line."""
    tune = panels(lesson).nth(TUNE)
    type_into(tune, "TTL", "-1")
    tune.locator(".lab-status").filter(has_text="TTL goes from 0 to 300 s").wait_for()

    expect(words(tune)).to_have_text(lesson.start[TUNE])
    restore(lesson, TUNE)


def test_each_goal_is_reached(lesson: Notebook) -> None:
    """By moves that a learner might make; each ticks itself."""
    goals = lesson.page.locator(".lab-card").filter(has_text="Goal")
    playground = panels(lesson).nth(PLAYGROUND)
    expect(goals.filter(has_text="Reached")).to_have_count(0)
    choose(playground, "Checked every", "10 s")
    type_into(playground, "Failures in a row", "2")
    type_into(playground, "TTL", "30")
    goals.nth(2).filter(has_text="Reached with 3 moves.").wait_for()
    type_into(playground, "Failures in a row", "1")
    choose(playground, "The primary", "takes connections and is silent")
    choose(playground, "It is back", "after 12 s")
    goals.nth(0).filter(has_text="Reached").wait_for()
    restore(lesson, PLAYGROUND)
    choose(playground, "Checked every", "10 s")
    choose(playground, "The secondary can serve", "60 % of it")
    goals.nth(1).filter(has_text="Reached").wait_for()

    expect(goals.filter(has_text="Reached")).to_have_count(3)
    restore(lesson, PLAYGROUND)


@LOOKS
def test_nothing_keeps_people_out(lesson: Notebook, theme: str, width: int) -> None:
    """axe finds nothing in cards, controls and pictures, and nothing sticks out of its cell."""
    wear(lesson, theme)
    lesson.page.set_viewport_size({"width": width, "height": 900})
    lesson.page.wait_for_timeout(300)

    assert violations(lesson.page, ".lab-live") == []
    assert sticking_out(lesson.page) == []


def test_its_page_can_be_read_and_heard(lesson: Notebook) -> None:
    """At both widths, light and dark: nothing is cut or covered, and every control has a name."""
    assert_readable(lesson, "06_failover")


def test_its_panel_is_in_view_after_shift_enter(lesson: Notebook) -> None:
    """All of its controls, and where its picture begins."""
    assert_in_view(lesson, TUNE)
