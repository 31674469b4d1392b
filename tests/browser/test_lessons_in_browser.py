"""The lessons as a learner meets them: JupyterLab in Chromium, run, predicted, played, broken."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Locator, expect

from tests.counts import long_but

from . import harness
from .axe import violations
from .course import assert_quiet, cells, lesson_page, type_into
from .kit import wear
from .layout import assert_readable
from .pages import Pages

FIGURES = {"00_start_here": 0, "01_round_robin": 1, "extra/kubernetes": 0}


@pytest.fixture(scope="module", params=long_but(FIGURES, "00_start_here", "01_round_robin"))
def lesson(request, pages: Pages) -> Iterator[harness.Notebook]:
    """A lesson, opened and run from top to bottom."""
    with lesson_page(pages, request.param, fresh=bool(FIGURES[request.param])) as page:
        page.run_all(plots=FIGURES[request.param])
        page.name = request.param
        panels(page).first.wait_for()
        page.settle()
        yield page


def panels(lesson: harness.Notebook) -> Locator:
    """The panels with controls and tiles, in the order of the page."""
    return cells(lesson, ".lab-form", ".lab-tile")


def test_it_runs_without_an_error_and_asks_nobody_else(lesson):
    """And plotly comes once, and only for figures."""
    assert_quiet(lesson, plots=min(1, FIGURES[lesson.name]))


def test_every_control_has_a_name(lesson):
    nameless = lesson.page.evaluate(
        """() => Array.from(document.querySelectorAll('.lab-form input, .lab-form select,'
            + '.lab-card input, .lab-card button, .lab-picture button, .lab-picture input'))
            .filter(node => !(node.labels?.length || node.textContent.trim()
                || node.getAttribute('aria-labelledby') || node.getAttribute('aria-label')))
            .map(node => node.outerHTML)"""
    )

    assert nameless == []


def test_the_ttl_moves_the_tiles_by_keyboard(lesson):
    panel = panels(lesson).first
    words = panel.locator(".lab-words").first
    before = words.inner_text()
    panel.get_by_role("slider", name="TTL").press("ArrowLeft")

    expect(words).not_to_have_text(before)
    assert lesson.errors == []


def test_play_steps_by_keyboard(lesson):
    panel = panels(lesson).first
    readout = panel.locator(".lab-readout")
    before = readout.inner_text()
    panel.get_by_role("button", name="Step forward").press("Enter")

    expect(readout).not_to_have_text(before)


def test_the_other_panels_of_round_robin_move_by_keyboard(lesson):
    """Windows of a day by their slider, and who keeps one address by its list; rings are told."""
    if lesson.name != "01_round_robin":
        return
    cells = lesson.page.locator(".jp-CodeCell").filter(has=lesson.page.locator(".lab-form"))
    day = cells.filter(has=lesson.page.locator(".js-plotly-plot"))
    words = day.locator(".lab-plot-words")
    expect(words).to_contain_text("Windows of 60 s")
    day.get_by_role("slider", name="Window").press("ArrowRight")
    expect(words).to_contain_text("Windows of 300 s")
    keeps = panels(lesson).nth(1)
    before = keeps.locator(".lab-words").first.inner_text()
    keeps.get_by_label("A cache hands on").press("ArrowDown")
    expect(keeps.locator(".lab-words").first).not_to_have_text(before)
    for panel in (day, keeps):
        panel.get_by_role("button", name="Reset").press("Enter")

    expect(words).to_contain_text("Windows of 60 s")
    expect(keeps.locator(".lab-words").first).to_have_text(before)
    rings = lesson.page.locator(".jp-CodeCell").filter(has_text="rings(").get_by_role("img")
    expect(rings).to_have_accessible_name(re.compile(r"cyclic: \.1 25 %, \.2 0 %, \.3 50 %"))


def test_a_value_out_of_range_keeps_the_picture_and_says_why(lesson):
    panel = panels(lesson).first
    before = panel.locator(".lab-words").first.inner_text()
    type_into(panel, "TTL", "99999")
    status = panel.locator(".lab-status")
    status.filter(has_text="TTL goes from 0 to 3,600 s").wait_for()

    assert panel.locator(".lab-words").first.inner_text() == before
    panel.get_by_role("button", name="Reset").click()
    status.filter(has_not_text="TTL goes").wait_for(state="attached")


def test_a_result_that_nobody_predicted_is_said_so(lesson):
    """Everything was run at once: the cards are closed, and say what it was."""
    cards = lesson.page.locator(".lab-card").filter(has_text="Predict").all()

    assert cards
    for card in cards:
        assert "was run before you had committed to anything" in card.inner_text()


def test_each_goal_of_the_playground_is_reached(lesson):
    """By moves that a learner might make; each ticks itself and counts them."""
    goals = lesson.page.locator(".lab-card").filter(has_text="Goal")
    if lesson.name != "01_round_robin":
        assert goals.count() == 0
        return
    playground = panels(lesson).last
    expect(goals.filter(has_text="Reached")).to_have_count(0)
    playground.get_by_label("A cache hands on").select_option("the whole set, rotated each time")
    goals.nth(1).filter(has_text="Reached with 1 move.").wait_for()
    playground.get_by_label("Each client keeps").select_option("its answer for ever")
    goals.nth(2).filter(has_text="Reached with 2 moves.").wait_for()
    playground.get_by_role("button", name="Reset").click()
    lesson.settle(0.1)
    type_into(playground, "Skew", "2")
    type_into(playground, "TTL", "3600")
    goals.nth(0).filter(has_text=re.compile(r"Reached with \d moves?")).wait_for()

    expect(goals.filter(has_text="Reached")).to_have_count(3)


def test_a_word_of_the_glossary_says_what_it_means(lesson):
    """On hover by its title; on focus it stands in the line."""
    word = lesson.page.locator('.jp-RenderedMarkdown a[href*="glossary"][title]').first
    word.focus()
    lesson.page.keyboard.press("Shift+Tab")
    lesson.page.keyboard.press("Tab")
    said = word.evaluate("node => getComputedStyle(node, '::after').content")
    word.blur()

    assert word.get_attribute("title").endswith(".")
    assert word.get_attribute("title").removesuffix(".") in said


def test_its_page_can_be_read_and_heard(lesson):
    """At both widths, light and dark: nothing is cut or covered, and every control has a name."""
    assert_readable(lesson, lesson.name)


@pytest.mark.parametrize("theme", ["Dark", "Light"])
def test_nothing_keeps_people_out(lesson, theme):
    """axe finds nothing in cards, controls and pictures, dark and light."""
    wear(lesson, theme)

    assert violations(lesson.page, ".lab-live") == []


def test_answers_are_downloaded_and_restored_with_a_click_each(lesson, tmp_path):
    """What came about in the playground is an answer, too; a file without any is none."""
    with lesson.page.expect_download() as waiting:
        lesson.page.get_by_role("button", name="Download my answers").click()
    file = tmp_path / waiting.value.suggested_filename
    waiting.value.save_as(file)

    lesson.page.get_by_label("Restore my answers from a file").set_input_files(file)
    says = "Answers restored" if file.read_text() else "holds no answers"
    lesson.page.get_by_role("status").filter(has_text=says).wait_for()
