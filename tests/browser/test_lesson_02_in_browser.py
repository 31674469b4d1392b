"""Lesson 02 as a learner meets it: run, predicted, played, broken, by keyboard, light and dark."""

import re
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


@pytest.fixture(scope="module")
def lesson(pages: Pages) -> Iterator[Notebook]:
    """The lesson, opened and run from top to bottom."""
    with lesson_page(pages, "02_weights") as page:
        page.run_all()
        panels(page).nth(2).locator(".lab-handle").wait_for()
        page.settle()
        page.start = [words(panel).inner_text() for panel in panels(page).all()]
        yield page


def panels(lesson: Notebook) -> Locator:
    """The three panels, in the order of the page."""
    return cells(lesson, ".lab-form", ".lab-together")


def words(panel: Locator) -> Locator:
    """The sentence under the dots: it changes with every sample."""
    return panel.locator(".lab-part-dots .lab-words")


def restore(lesson: Notebook, number: int) -> None:
    """Reset a panel, and wait for its full picture, the one it was first drawn with."""
    panel = panels(lesson).nth(number)
    panel.get_by_role("button", name="Reset").click()
    lesson.settle(0.1)
    expect(words(panel)).to_have_text(lesson.start[number])
    expect(panel.locator(".lab-status")).to_have_text("")
    lesson.settle(0.1)


def test_it_runs_without_an_error_and_asks_nobody_else(lesson: Notebook) -> None:
    """No traceback, nothing on the console, no plotly.js, which it does not need."""
    assert_quiet(lesson)


def test_a_result_that_nobody_predicted_is_said_so(lesson: Notebook) -> None:
    """Everything was run at once: all four cards are closed, and say what it was."""
    cards = lesson.page.locator(".lab-card").filter(has_text="Predict")

    assert cards.count() == 4
    for card in cards.all():
        assert "was run before you had committed to anything" in card.inner_text()


def test_the_band_says_what_the_card_says(lesson: Notebook) -> None:
    """One quantity, one value: on the card, at the fan, under the dots, and in the panel."""
    card = lesson.page.locator(".lab-card").filter(has_text="In 9 of 10 runs the canary gets")
    said = re.search(r"9 of 10 runs gave it ([\d.]+ to [\d.]+ %)", card.inner_text())
    assert said is not None

    assert lesson.page.get_by_text(f"it was {said[1]}", exact=True).count() >= 2
    fan = panels(lesson).nth(1).locator(".lab-part-fan .lab-words")
    assert f"gave the canary {said[1]}" in fan.inner_text()


@pytest.mark.parametrize(
    ("panel", "slider"),
    [
        (0, "Resolvers"),
        (1, "Watch for"),
        (1, "Resolvers"),
        (2, "Canary's weight"),
        (2, "TTL"),
        (2, "Skew"),
    ],
)
def test_each_control_moves_its_panel_by_keyboard(
    lesson: Notebook, panel: int, slider: str
) -> None:
    """Another sample, another sentence; Reset brings the first one back."""
    one = panels(lesson).nth(panel)
    one.get_by_role("slider", name=slider).press("ArrowRight")
    expect(words(one)).not_to_have_text(lesson.start[panel])
    restore(lesson, panel)

    assert lesson.errors == []


def test_play_moves_tiles_and_fan(lesson: Notebook) -> None:
    """From the beginning, until it is stopped."""
    panel = panels(lesson).first
    readouts = panel.locator(".lab-readout")
    before = readouts.all_inner_texts()
    panel.get_by_role("button", name="Play").press("Enter")
    expect(readouts.nth(1)).not_to_have_text(before[1])
    panel.get_by_role("button", name="Pause").press("Enter")

    assert readouts.first.inner_text() != before[0]


def test_play_counts_the_harmed(lesson: Notebook) -> None:
    """From none on, at the line of this run and in the sentence below it."""
    panel = panels(lesson).nth(1)
    says = panel.locator(".lab-part-fan .lab-strong").first
    time = panel.get_by_role("slider", name="Time")
    time.press("End")
    expect(says).to_contain_text(re.compile(r"this run \S+ %, [1-9]\d* harmed"))
    expect(panel.locator(".lab-part-fan .lab-readout")).to_contain_text("harmed if 2 % fail.")
    time.press("Home")

    expect(says).to_be_empty()
    time.press("End")


def test_a_tile_shows_the_tree_that_gave_its_answer(lesson: Notebook) -> None:
    """Opened by keyboard; what the tile under the focus holds is marked in it."""
    panel = panels(lesson).first
    panel.locator(".lab-tile").first.focus()
    why = panel.locator(".lab-why")
    why.locator("summary").press("Enter")
    tree = why.locator("pre")

    expect(tree).to_contain_text("www.shop.example. A (weighted)")
    expect(tree).to_contain_text(re.compile(r"-> A 192\.0\.2\.[12], TTL 60 s +◀ held"))
    why.locator("summary").press("Enter")


def test_a_value_stands_in_front_of_what_was_intended(lesson: Notebook) -> None:
    """The line at 1 % crosses the value of a canary that has less: the value stays legible."""
    in_front = (
        panels(lesson)
        .nth(2)
        .evaluate(
            """panel => [...panel.querySelectorAll('.lab-loads text.lab-strong')].slice(1)
            .map(value => !!(panel.querySelector('.lab-fair').compareDocumentPosition(value)
                & Node.DOCUMENT_POSITION_FOLLOWING))"""
        )
    )

    assert in_front == [True, True]


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("Canary's weight", "300", "Canary's weight goes from 1 to 255"),
        ("TTL", "-1", "TTL goes from 0 to 3,600 s"),
    ],
)
def test_a_bad_value_keeps_the_picture_and_says_why(
    lesson: Notebook, name: str, value: str, says: str
) -> None:
    """In one or two sentences, in the status line."""
    playground = panels(lesson).nth(2)
    restore(lesson, 2)
    before = words(playground).inner_text()
    type_into(playground, name, value)
    status = playground.locator(".lab-status")
    status.filter(has_text=says).wait_for()

    assert words(playground).inner_text() == before
    restore(lesson, 2)


def test_each_goal_is_reached(lesson: Notebook) -> None:
    """By moves that a learner might make; each ticks itself and counts them."""
    goals = lesson.page.locator(".lab-card").filter(has_text="Goal")
    playground = panels(lesson).nth(2)
    restore(lesson, 2)
    expect(goals.filter(has_text="Reached")).to_have_count(0)

    type_into(playground, "TTL", "30")
    type_into(playground, "Watch for", "1800")
    goals.nth(2).filter(has_text="Reached with 2 moves.").wait_for()
    restore(lesson, 2)
    type_into(playground, "Resolvers", "20")
    type_into(playground, "TTL", "300")
    goals.nth(1).filter(has_text="Reached with 2 moves.").wait_for()
    restore(lesson, 2)
    type_into(playground, "Resolvers", "1")
    type_into(playground, "TTL", "20")
    type_into(playground, "Watch for", "3600")
    goals.nth(0).filter(has_text=re.compile(r"Reached with \d moves?")).wait_for()

    expect(goals.filter(has_text="Reached")).to_have_count(3)
    restore(lesson, 2)


@LOOKS
def test_nothing_keeps_people_out(lesson: Notebook, theme: str, width: int) -> None:
    """axe finds nothing in cards, controls and pictures, and nothing sticks out of its cell."""
    wear(lesson, theme)
    lesson.page.set_viewport_size({"width": width, "height": 900})
    lesson.rest()

    assert violations(lesson.page, ".lab-live") == []
    assert sticking_out(lesson.page) == []


def test_its_page_can_be_read_and_heard(lesson: Notebook) -> None:
    """At both widths, light and dark: nothing is cut or covered, and every control has a name."""
    assert_readable(lesson, "02_weights")


def test_its_panel_is_in_view_after_shift_enter(lesson: Notebook) -> None:
    """All of its controls, and where its picture begins."""
    assert_in_view(lesson, 1)
