"""The lessons as a learner meets them: JupyterLab in Chromium, run, and moved by keyboard."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from . import harness

LESSONS = Path(__file__).parents[2] / "lessons"
DRAWN = {"00_start_here": 1, "01_round_robin": 7}


@pytest.fixture(scope="module")
def course(lab: harness.Lab) -> harness.Lab:
    """The lessons, copied into the folder JupyterLab serves."""
    shutil.copytree(LESSONS, lab.files / "lessons")
    lab.theme("light")
    return lab


@pytest.fixture(scope="module", params=DRAWN)
def lesson(request, chromium: Browser, course: harness.Lab) -> Iterator[harness.Notebook]:
    """A lesson, opened and run from top to bottom."""
    with harness.Notebook(chromium, course) as page:
        page.open(f"lessons/{request.param}.ipynb")
        page.run_all(plots=DRAWN[request.param])
        page.name = request.param
        yield page


def test_it_runs_without_an_error_and_asks_nobody_else(lesson):
    lesson.settle()

    assert lesson.cell_errors() == []
    assert lesson.errors == []
    assert lesson.foreign == []


def test_plotlyjs_comes_once(lesson):
    assert lesson.big_frames == 1


def test_the_ttl_slider_moves_the_plot_by_keyboard(lesson):
    words = lesson.page.locator(".lab-plot-words").first
    before, said = lesson.traces()[0]["y"], words.inner_text()
    slider = lesson.page.get_by_role("slider", name="TTL").first
    slider.focus()
    slider.press("ArrowRight")
    lesson.page.wait_for_function(
        "before => JSON.stringify(Array.from(document.querySelector('.js-plotly-plot')"
        "._fullData[0].y)) !== before",
        arg=json.dumps(before, separators=(",", ":")),
    )

    assert lesson.traces()[0]["y"] != before
    assert words.inner_text() != said
    assert lesson.errors == []


def test_every_control_has_a_name(lesson):
    nameless = lesson.page.evaluate(
        """() => Array.from(document.querySelectorAll('.lab-form input, .lab-form select,'
            + '.lab-card input, .lab-card button'))
            .filter(node => !(node.labels?.length || node.textContent.trim()
                || node.getAttribute('aria-labelledby') || node.getAttribute('aria-label')))
            .map(node => node.outerHTML)"""
    )

    assert nameless == []


def test_a_value_out_of_range_keeps_the_picture_and_says_why(lesson):
    lesson.settle()
    before = lesson.traces()[0]["y"]
    box = lesson.page.get_by_role("spinbutton", name="TTL").first
    box.fill("99999")
    box.press("Enter")
    status = lesson.page.locator(".lab-status").first
    status.filter(has_text="TTL goes from 0 to 3,600 s").wait_for()

    assert lesson.traces()[0]["y"] == before
    lesson.page.get_by_role("button", name="Reset").first.click()
    status.filter(has_not_text="TTL goes").wait_for(state="attached")


def test_what_was_run_before_a_prediction_cannot_be_predicted_any_more(lesson):
    card = lesson.page.locator(".lab-card").first
    card.get_by_role("status").filter(has_text="before you had committed").wait_for()

    assert card.get_by_role("radio").first.is_disabled()


def test_answers_are_downloaded_with_a_click(lesson, tmp_path):
    with lesson.page.expect_download() as waiting:
        lesson.page.get_by_role("button", name="Download my answers").click()
    file = tmp_path / waiting.value.suggested_filename
    waiting.value.save_as(file)
    assert file.name == f"{lesson.name}-answers.jsonl"
