"""Lesson 07 as a learner meets it: queues by keyboard, Play, the table, the goals, and axe."""

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

ANSWER, LOADED, BUSY, PLAYGROUND = range(4)


@pytest.fixture(scope="module")
def lesson(pages: Pages) -> Iterator[harness.Notebook]:
    """The lesson, opened and run from top to bottom."""
    with lesson_page(pages, "07_balancers") as page:
        page.run_all()
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


def table(lesson: harness.Notebook) -> Locator:
    """The card with the eight jobs."""
    return lesson.page.locator(".lab-card").filter(has=lesson.page.locator(".card-table"))


def choose(panel: Locator, name: str, option: str) -> None:
    """Choose of a list, as by keyboard."""
    panel.get_by_role("combobox", name=name, exact=True).select_option(option)


def test_it_runs_without_an_error_and_asks_nobody_else(lesson):
    assert_quiet(lesson)


def test_all_addresses_an_answer_mend_dns(lesson):
    """The queue at the end is gone, and the sentence says so."""
    cell = panel(lesson, ANSWER)
    words = cell.locator(".lab-words")
    expect(words).to_contain_text("DNS: p50 2.7 s, p99 16 s")
    choose(cell, "An answer holds", "all addresses")

    expect(words).to_contain_text("DNS: p50 380 ms, p99 1.8 s")


def test_the_load_moves_by_keyboard_and_the_queues_follow(lesson):
    cell = panel(lesson, LOADED)
    words = cell.locator(".lab-words")
    before = words.inner_text()
    cell.get_by_role("slider", name="Load", exact=True).press("ArrowRight")

    expect(words).not_to_have_text(before)
    expect(cell.locator(".lab-hint")).to_contain_text("at 85 % load")


def test_the_playhead_goes_back_to_the_first_request(lesson):
    cell = panel(lesson, ANSWER)
    time = cell.get_by_role("slider", name="Time")
    readout = cell.locator(".lab-readout")
    expect(readout).to_contain_text("At 60 s there wait: DNS 229, L4 24, L7 24.")
    time.press("Home")
    expect(readout).to_contain_text("At 0 s there wait: DNS 1, L4 1, L7 1.")
    time.press("ArrowRight")

    expect(readout).to_contain_text("At 1 s there wait")


def test_play_moves_on_and_pauses(lesson):
    cell = panel(lesson, ANSWER)
    time = cell.get_by_role("slider", name="Time")
    time.press("Home")
    cell.get_by_role("button", name="Play").click()
    expect(time).not_to_have_value("0")
    cell.get_by_role("button", name="Pause").click()

    expect(cell.get_by_role("button", name="Play")).to_be_visible()


def test_a_dead_server_is_named_so(lesson):
    cell = panel(lesson, LOADED)
    choose(cell, "Server A dies", "at 10 s")

    expect(cell.locator("svg").get_by_text("A dead")).to_have_count(3)


def test_few_busy_clients_break_l4(lesson):
    cell = panel(lesson, BUSY)
    words = cell.locator(".lab-words")
    expect(words).to_contain_text("L4: p50 11 s")
    type_into(cell, "Clients", "500", exact=True)

    expect(words).not_to_contain_text("L4: p50 11 s")


def test_a_load_of_seven_is_told_and_the_picture_stays(lesson):
    cell = panel(lesson, LOADED)
    before = cell.locator(".lab-words").inner_text()
    type_into(cell, "Load", "7", exact=True)
    cell.locator(".lab-status").filter(has_text="Load goes from 0.1 to 1.2").wait_for()

    assert cell.locator(".lab-words").inner_text() == before


def test_a_row_of_the_table_is_committed_by_keyboard_and_stays(lesson):
    """All rows were revealed by Run All; asked again, each can be answered, and is kept."""
    lesson.page.evaluate(
        """() => { const view = window.jupyterapp.shell.currentWidget.content;
            view.activeCellIndex = view.widgets.findIndex(
                each => each.model.sharedModel.getSource().startsWith('lesson.table('));
            view.deselectAll();
            return window.jupyterapp.commands.execute('notebook:run-cell').then(() => 0); }"""
    )
    row = table(lesson).get_by_role("row").filter(has_text="lead users to a near region")
    select = row.get_by_role("combobox")
    expect(select).to_be_enabled()
    select.select_option("DNS")
    select.press("Enter")

    expect(select).to_be_disabled()
    expect(row.get_by_role("status")).to_contain_text("You said “DNS”")


def test_each_goal_is_reached_by_moves_that_a_learner_might_make(lesson):
    goals = lesson.page.locator(".lab-card").filter(has_text="Goal")
    playground = panel(lesson, PLAYGROUND)
    expect(goals.filter(has_text="Reached")).to_have_count(0)
    choose(playground, "An answer holds", "one address")
    goals.nth(0).filter(has_text="Reached with 1 move.").wait_for()
    choose(playground, "An answer holds", "all addresses")
    type_into(playground, "Clients", "5", exact=True)
    choose(playground, "Clients keep connections", "a minute unused")
    goals.nth(1).filter(has_text="Reached").wait_for()
    type_into(playground, "Load", "1.2", exact=True)
    goals.nth(2).filter(has_text="Reached").wait_for()

    expect(goals.filter(has_text="Reached")).to_have_count(3)


@pytest.mark.parametrize("theme", ["Light", "Dark"])
def test_nothing_of_it_keeps_anybody_out(lesson, theme):
    """What axe knows of WCAG 2.2 AA, over panels and cards alike."""
    wear(lesson, theme)
    found = violations(lesson.page, ".lab-live")
    wear(lesson, "Light")

    assert found == []


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
    assert_readable(lesson, "07_balancers")


def test_its_panel_is_in_view_after_shift_enter(lesson):
    """All of its controls, and where its picture begins."""
    assert_in_view(lesson, LOADED)
