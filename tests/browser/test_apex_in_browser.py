"""Lesson 05 as a learner meets it: run, read by keyboard, played, broken, mended."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Locator, expect

from . import harness
from .axe import violations
from .course import assert_in_view, assert_quiet, cells, lesson_page
from .kit import LOOKS, wear
from .layout import assert_readable
from .pages import Pages

pytestmark = pytest.mark.long  # of the lessons, 00 and 01 are played each time


@pytest.fixture(scope="module")
def lesson(pages: Pages) -> Iterator[harness.Notebook]:
    """The lesson, opened and run from top to bottom."""
    with lesson_page(pages, "05_apex") as page:
        page.run_all()
        page.page.locator(".lab-matrix").nth(1).wait_for()
        page.settle()
        yield page


def panel(lesson: harness.Notebook, number: int = 1) -> Locator:
    """The first panel, or the playground."""
    return cells(lesson, ".lab-matrix").nth(number)


def cell(lesson: harness.Notebook, row: str, column: int, number: int = 1) -> Locator:
    """A cell of the matrix, by its row and the number of its way out."""
    head = lesson.page.get_by_role("rowheader", name=row, exact=True)
    return panel(lesson, number).locator("tr", has=head).locator("td").nth(column)


def head(lesson: harness.Notebook, number: int = 1) -> Locator:
    """The playhead's range."""
    return panel(lesson, number).get_by_role("slider", name="Time")


def reset(lesson: harness.Notebook) -> None:
    """The playground as it was at first, everything asked."""
    panel(lesson).get_by_role("button", name="Reset").click()
    lesson.settle(0.3)
    head(lesson).press("End")


def test_it_runs_without_an_error_and_asks_nobody_else(lesson: harness.Notebook) -> None:
    """No exception, nothing on the console, nothing from elsewhere, and no plotly."""
    assert_quiet(lesson)


def test_every_control_has_a_name(lesson: harness.Notebook) -> None:
    """Inputs and buttons alike."""
    nameless = lesson.page.evaluate(
        """() => Array.from(document.querySelectorAll('.lab-form input, .lab-form select,'
            + '.lab-card input, .lab-card button, .lab-picture button, .lab-picture input'))
            .filter(node => !(node.labels?.length || node.textContent.trim()
                || node.getAttribute('aria-labelledby') || node.getAttribute('aria-label')))
            .map(node => node.outerHTML)"""
    )

    assert nameless == []


def test_a_choice_moves_the_matrix_by_keyboard(lesson: harness.Notebook) -> None:
    """The first panel: another order of questions, and mail comes through."""
    expect(cell(lesson, "mail server", 0, 0)).to_contain_text("✗ no")
    panel(lesson, 0).get_by_label("Asked first").press("M")
    head(lesson, 0).press("End")

    expect(cell(lesson, "MX", 0, 0)).to_contain_text("✓ right")
    expect(cell(lesson, "MX", 1, 0)).to_contain_text("↷ redirected")
    expect(cell(lesson, "mail server", 0, 0)).to_contain_text("✓ right")
    panel(lesson, 0).get_by_role("button", name="Reset").click()


def test_cells_and_packets_are_read_by_keyboard(lesson: harness.Notebook) -> None:
    """Each is one stop for Tab; arrows go on; what was answered is shown below."""
    lesson.page.mouse.move(0, 0)  # what lies under the pointer is read, too
    packet = panel(lesson).locator(".lab-packet")
    panel(lesson).locator('.lab-matrix td[tabindex="0"]').focus()
    expect(packet).to_contain_text("shop.cdn.example.")
    lesson.page.keyboard.press("ArrowRight")
    focused = lesson.page.locator(".lab-matrix td:focus")
    assert focused.get_attribute("aria-describedby") == packet.get_attribute("id")
    panel(lesson).locator('.lab-mark[tabindex="0"]').focus()
    lesson.page.keyboard.press("ArrowRight")

    expect(packet).to_contain_text("shop.example.")


def test_play_goes_from_question_to_question(lesson: harness.Notebook) -> None:
    """Cells fill, packets appear, rows arrive."""
    reset(lesson)
    head(lesson).press("Home")
    expect(cell(lesson, "MX", 0)).to_have_text("")
    expect(panel(lesson).locator(".lab-entry:visible")).to_have_count(0)
    panel(lesson).get_by_role("combobox", name="Speed").select_option("4")
    panel(lesson).get_by_role("button", name="Play", exact=True).click()
    panel(lesson).get_by_role("button", name="Play", exact=True).wait_for()
    panel(lesson).get_by_role("combobox", name="Speed").select_option("1")

    expect(cell(lesson, "MX", 0)).to_contain_text("✓ right")
    expect(panel(lesson).locator(".lab-readout")).to_contain_text("Question 7")


def test_a_step_says_which_row_answered(lesson: harness.Notebook) -> None:
    """In the line below the matrix, for a screen reader, and on the row."""
    reset(lesson)
    panel(lesson).get_by_label("Asked first").select_option("A")
    panel(lesson).get_by_label("Asked second").select_option("MX")
    expect(cell(lesson, "MX", 0)).to_contain_text("↷ redirected")
    head(lesson).press("Home")
    for _ in range(2):
        panel(lesson).get_by_role("button", name="Step forward").press("Enter")
    said = "Question 2, redirected: shop.example. MX? The row shop.example. CNAME answers"

    expect(panel(lesson).locator(".lab-readout")).to_contain_text(said)
    assert said in head(lesson).get_attribute("aria-valuetext")
    expect(panel(lesson).locator(".lab-answered")).to_contain_text("shop.example. CNAME")


def test_a_long_ttl_in_the_cache_is_written_as_elsewhere(lesson: harness.Notebook) -> None:
    """With a comma for thousands, as its twin and the controls have it."""
    reset(lesson)
    panel(lesson).get_by_label("Way out").select_option("Route 53 alias")

    rows = panel(lesson).locator(".lab-entry").filter(has_text="86,400 s left")
    expect(rows).to_have_count(1)
    reset(lesson)


def test_asked_directly_there_is_no_cache_below(lesson: harness.Notebook) -> None:
    """And the first column looks fine."""
    reset(lesson)
    panel(lesson).get_by_label("Who is asked").select_option("the authority itself")
    expect(panel(lesson).locator(".lab-drawer")).to_be_hidden()

    expect(cell(lesson, "mail server", 0)).to_contain_text("✓ right")
    reset(lesson)
    expect(panel(lesson).locator(".lab-drawer")).to_be_visible()


def test_a_bad_ttl_keeps_the_picture_and_says_why(lesson: harness.Notebook) -> None:
    """The last good picture stays."""
    before = panel(lesson).locator(".lab-words").last.inner_text()
    box = panel(lesson).get_by_role("spinbutton", name="TTL of CNAME or ALIAS")
    box.fill("-1")
    box.press("Enter")
    says = "TTL of CNAME or ALIAS goes from 0 to 3,600 s"
    panel(lesson).locator(".lab-status").filter(has_text=says).wait_for()

    assert panel(lesson).locator(".lab-words").last.inner_text() == before
    reset(lesson)


def test_each_goal_is_reached(lesson: harness.Notebook) -> None:
    """By moves that a learner might make; each ticks itself and counts them."""
    goals = lesson.page.locator(".lab-card").filter(has_text="Goal")
    reset(lesson)
    play = panel(lesson)
    play.get_by_role("spinbutton", name="All once more after").fill("120")
    play.get_by_role("spinbutton", name="All once more after").press("Enter")
    goals.nth(1).filter(has_text=re.compile(r"Reached with \d move")).wait_for()
    play.get_by_label("Way out").select_option("Cloudflare flattening")
    play.get_by_label("It passes the client's network on (ECS)").check()
    goals.nth(2).filter(has_text=re.compile(r"Reached with \d moves")).wait_for()
    reset(lesson)
    play.get_by_label("Asked first").select_option("A")
    play.get_by_label("Asked second").select_option("MX")
    goals.nth(0).filter(has_text="Reached with 2 moves.").wait_for()

    expect(goals.filter(has_text="Reached")).to_have_count(3)
    reset(lesson)


@LOOKS
def test_it_can_be_read_light_and_dark_wide_and_narrow(
    lesson: harness.Notebook, theme: str, width: int
) -> None:
    """Axe finds nothing in panels and drawers, and no cell is cut."""
    lesson.page.set_viewport_size({"width": width, "height": 900})
    wear(lesson, theme)
    lesson.rest()
    found = violations(lesson.page, ".lab-live")
    cut = lesson.page.evaluate(
        """() => [...document.querySelectorAll('.lab-matrix :is(td, th), .lab-drawer *')]
            .filter(node => node.clientWidth && node.scrollWidth > node.clientWidth + 1)
            .map(node => node.textContent)"""
    )
    wear(lesson, "Light")
    lesson.page.set_viewport_size({"width": 1280, "height": 900})

    assert found == []
    assert cut == []


def test_its_page_can_be_read_and_heard(lesson: harness.Notebook) -> None:
    """At both widths, light and dark: nothing is cut or covered, and every control has a name."""
    assert_readable(lesson, "05_apex")


def test_its_panel_is_in_view_after_shift_enter(lesson: harness.Notebook) -> None:
    """All of its controls, and where its picture begins."""
    assert_in_view(lesson, 0)
