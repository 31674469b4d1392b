"""What crosses to the page, and how often; what stands there after a reload or in the dark."""

import json
from pathlib import Path

import pytest

from tests.counts import long_but

from .conftest import Open
from .harness import Notebook
from .test_panel_in_browser import ONE, SET_UP, press

FURTHER_PANEL = 50_000
UPDATE = 20_000


def run_cell(notebook: Notebook, code: str, *, plots: int) -> None:
    """Add a cell at the end, run it and wait for the plots."""
    notebook.command("notebook:insert-cell-below")
    notebook.page.evaluate(
        "code => window.jupyterapp.shell.currentWidget.content.activeCell.model.sharedModel"
        ".setSource(code)",
        code,
    )
    notebook.command("notebook:run-cell")
    notebook.wait_drawn(plots)
    notebook.settle()


def test_plotlyjs_crosses_once_and_panels_are_small(notebook: Open) -> None:
    """Two panels, one plotly.js; the second costs kilobytes, an update fewer."""
    page = notebook(ONE, fresh=True).run_all(plots=1)
    page.settle()
    assert page.big_frames == 1

    before = page.received
    run_cell(page, "toy_panel()", plots=2)
    further = page.received - before

    before = page.received
    press(page, "Waves", "ArrowRight")
    page.wait_title("6 waves")
    page.settle()
    update = page.received - before

    assert page.big_frames == 1
    assert further <= FURTHER_PANEL
    assert update <= UPDATE


@pytest.mark.long
def test_two_panels_of_one_cell_share_plotlyjs(notebook: Open) -> None:
    """Also when both are drawn before plotly.js has come."""
    page = notebook([SET_UP, "display(toy_panel()); display(toy_panel())"], fresh=True).run_all(
        plots=2
    )

    assert page.big_frames == 1


@pytest.mark.long
def test_one_panel_shown_twice_moves_in_both_places(notebook: Open) -> None:
    """The controls and the pictures of all views of a panel agree."""
    page = notebook([*ONE, "panel"], fresh=True).run_all(plots=2)
    press(page, "Waves", "ArrowRight")
    page.wait_title("6 waves", plot=0)
    page.wait_title("6 waves", plot=1)

    assert page.page.get_by_role("spinbutton", name="Waves").nth(1).input_value() == "6"


@pytest.mark.long
def test_two_notebooks_in_one_page_share_plotlyjs(notebook: Open) -> None:
    """The second notebook has a kernel of its own and is not asked for plotly.js."""
    page = notebook(ONE, fresh=True).run_all(plots=1)
    other = page.lab.write(
        f"other-{Path(page.path).name}", ["from toy import *\ntoy_panel(Toy(9))"]
    )
    page.switch(other)
    page.run_all()
    page.wait_title("9 waves", plot=1)

    assert page.big_frames == 1
    assert page.errors == []


def test_reload_draws_again_from_the_live_kernel(notebook: Open) -> None:
    """After a reload of a saved notebook the present state is there, and the panel moves."""
    page = notebook(ONE, fresh=True).run_all(plots=1)
    press(page, "Waves", "ArrowRight")
    page.wait_title("6 waves")
    page.save()
    page.reload()
    page.wait_title("6 waves")
    press(page, "Waves", "ArrowRight")
    page.wait_title("7 waves")

    assert page.big_frames == 2  # once a page, and this is the second
    page.run_all()
    page.wait_title("5 waves")
    assert page.big_frames == 2


MUTE = """
from lab_engine.views.plot import LivePlot
class Mute(LivePlot):
    def _answer(self, *_): pass
Mute(figure(run(Toy())), "never drawn")
"""


@pytest.mark.long
def test_kernel_that_never_answers(notebook: Open) -> None:
    """The plot says what it waits for, and a kernel that does answer still serves the page."""
    page = notebook([SET_UP, MUTE], fresh=True).run_all()
    page.page.get_by_text("Waiting for the kernel.").wait_for()
    other = page.lab.write(
        f"other-{Path(page.path).name}", ["from toy import *\ntoy_panel(Toy(9))"]
    )
    page.switch(other)
    page.run_all(plots=2)

    assert page.big_frames == 1
    assert page.errors == []


@pytest.mark.long
def test_saved_notebook_is_small_and_holds_no_widget_state(notebook: Open) -> None:
    """On disk there is the summary and a reference, no figure and no plotly.js."""
    page = notebook(ONE).run_all(plots=1)
    saved = page.save().read_text()

    assert len(saved) < 5_000
    stored = json.loads(saved)
    assert "widgets" not in stored["metadata"]
    text = stored["cells"][1]["outputs"][1]["data"]["text/plain"]
    assert "".join(text) == "Panel. Three servers with 5 waves a day of height 100."


CONTRAST = """plot => {
    const parse = colour => colour.match(/[\\d.]+/g).map(Number);
    const over = ([r, g, b, a = 1], under) => [r, g, b].map((c, i) => c * a + under[i] * (1 - a));
    const light = colour => {
        const [r, g, b] = colour.map(c => c / 255)
            .map(c => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const ratio = (a, b) => {
        const [low, high] = [light(a), light(b)].sort((x, y) => x - y);
        return (high + 0.05) / (low + 0.05);
    };
    const opaque = at => {
        if (!at) return null;  // a page between two themes has no ground
        const colour = parse(getComputedStyle(at).backgroundColor);
        return colour[3] === 0 ? opaque(at.parentElement) : colour;
    };
    const paper = opaque(plot?.closest('.lab-plot')?.parentElement);
    if (!paper || !plot.querySelector('text') || !plot.querySelector('.js-line')) return [0, 0];
    const texts = [...plot.querySelectorAll('text')]
        .map(text => [getComputedStyle(text).fill, getComputedStyle(text).fillOpacity])
        .map(([fill, opacity]) => over([...parse(fill).slice(0, 3), Number(opacity)], paper));
    const lines = [...plot.querySelectorAll('.js-line')]
        .map(line => parse(getComputedStyle(line).stroke).slice(0, 3));
    return [texts, lines].map(all => Math.min(...all.map(one => ratio(one, paper))));
}"""


@pytest.mark.parametrize("theme", long_but(["light", "dark"], "dark"))
def test_text_and_lines_stand_out(notebook: Open, theme: str) -> None:
    """Text has a contrast of 4.5 with the page, lines 3, in either theme (WCAG 1.4.3, 1.4.11)."""
    page = notebook(ONE, theme=theme).run_all(plots=1)
    text, line = page.plots().first.evaluate(CONTRAST)

    assert text >= 4.5
    assert line >= 3


@pytest.mark.long
def test_theme_changed_while_the_plot_stands(notebook: Open) -> None:
    """The plot repaints itself when the learner changes JupyterLab's theme."""
    page = notebook(ONE).run_all(plots=1)
    page.page.evaluate(
        "window.jupyterapp.commands.execute('apputils:change-theme', { theme: 'JupyterLab Dark' })"
    )

    # The page looks for a new theme once in a while.
    plot = "document.querySelector('.js-plotly-plot')"
    page.page.wait_for_function(f"({CONTRAST})({plot})[0] >= 4.5")


@pytest.mark.parametrize("width", long_but([1280, 800], 800))
def test_plot_fits_its_cell(notebook: Open, width: int) -> None:
    """The picture is as wide as the cell allows, and no control hangs over the edge."""
    page = notebook(ONE, width=width).run_all(plots=1)
    page.settle()
    cell = page.page.locator(".jp-OutputArea-output", has=page.page.locator(".lab-plot"))
    room = cell.bounding_box()
    svg = page.plots().first.locator(".main-svg").first.bounding_box()
    inputs = [each.bounding_box() for each in page.page.locator(".lab-form input").all()]

    assert room is not None
    assert svg is not None
    assert room["width"] - 40 <= svg["width"] <= room["width"]
    right = room["x"] + room["width"]
    assert all(box and box["x"] + box["width"] <= right for box in inputs)


@pytest.mark.long
def test_plot_follows_the_width_of_its_cell(notebook: Open) -> None:
    """A page that grows narrower, as when a side bar opens, takes the plot along."""
    page = notebook(ONE).run_all(plots=1)
    page.page.set_viewport_size({"width": 700, "height": 900})

    wide = "document.querySelector('.js-plotly-plot .main-svg')?.getBoundingClientRect().width"
    page.page.wait_for_function(f"{wide} < 640")


@pytest.mark.long
def test_map_asks_no_other_host(notebook: Open) -> None:
    """plotly.js fetches map outlines from its makers' site unless told otherwise."""
    code = """
from lab_engine.views.plot import LivePlot
LivePlot({"data": [{"type": "scattergeo", "lon": [2, 5], "lat": [48, 50]}],
          "layout": {"geo": {"visible": False}}}, "Two places")
"""
    page = notebook([code]).run_all()
    page.page.locator(".js-plotly-plot .geo").first.wait_for()
    page.settle()

    assert page.foreign == []
