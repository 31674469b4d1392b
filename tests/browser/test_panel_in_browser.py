"""A panel as a learner meets it: moved by the keyboard, refused, reset, reloaded."""

import re

import pytest

from .conftest import Open
from .harness import Notebook, until

SET_UP = "from toy import *"
ONE = [SET_UP, "panel = toy_panel()\npanel"]


@pytest.fixture(scope="module")
def shared(open_notebook: Open) -> Notebook:
    """A notebook with one panel."""
    return open_notebook(ONE)


@pytest.fixture
def panel(shared: Notebook) -> Notebook:
    """A panel just created and drawn, in a page where nothing has been said yet."""
    shared.forget()
    shared.command("notebook:clear-all-cell-outputs")
    return shared.run_all(plots=1)


def press(panel: Notebook, name: str, *keys: str) -> None:
    """Put the focus on a slider and press keys."""
    panel.page.get_by_role("slider", name=name).first.focus()
    for key in keys:
        panel.page.keyboard.press(key)


def type_number(panel: Notebook, name: str, text: str) -> None:
    """Type into a number box and press Enter."""
    box = panel.page.get_by_role("spinbutton", name=name).first
    box.press("Control+a")  # real keys, as `fill` is not typing
    box.press("Backspace")
    panel.page.keyboard.type(text)
    box.press("Enter")


def wait_status(panel: Notebook, text: str) -> None:
    """Wait until the status line holds `text`; empty text waits for an empty line."""
    status = panel.page.get_by_role("status").and_(panel.page.locator(".lab-status"))
    wanted = re.compile(re.escape(text) if text else "^$")
    status.filter(has_text=wanted).wait_for(state="visible" if text else "attached")


def test_panel_appears_drawn_and_quiet(panel: Notebook) -> None:
    """A first run draws the plot, says nothing on the console and asks no host but this one."""
    assert panel.title() == "5 waves a day, 360 points"
    assert [len(trace["y"]) for trace in panel.traces()] == [360, 360, 360]
    assert panel.traces()[0]["y"][18] == pytest.approx(100, rel=1e-3)
    assert panel.cell_errors() == []
    assert panel.errors == []
    assert panel.foreign == []


def test_arrow_key_redraws(panel: Notebook) -> None:
    """ArrowRight on the slider moves the scenario, the box, the picture and its words."""
    press(panel, "Waves", "ArrowRight")
    panel.wait_title("6 waves")

    assert panel.page.get_by_role("spinbutton", name="Waves").input_value() == "6"
    panel.page.get_by_role("img", name="Three servers with 6 waves").wait_for()
    panel.page.locator("p[aria-live=polite]", has_text="with 6 waves").wait_for()
    assert panel.kernel_text("print(panel.scenario.rate, panel.outcome.toy.rate)") == "6 6"


def test_stops_are_what_the_slider_visits(panel: Notebook) -> None:
    """A slider of choices goes 100, 200, 500 and tells its value, not its position."""
    press(panel, "Height", "ArrowRight", "ArrowRight")
    panel.page.get_by_role("img", name="height 500").wait_for()

    slider = panel.page.get_by_role("slider", name="Height")
    assert slider.get_attribute("aria-valuetext") == "500 requests/s"


def test_every_control_is_reached_and_moved_by_keyboard(panel: Notebook) -> None:
    """Tab visits slider, box, slider, box, list, check box, Reset; each answers to keys."""
    page = panel.page
    press(panel, "Waves", "Home", "Tab", "ArrowUp", "Tab", "End", "Tab", "Tab")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    page.get_by_role("img", name="with 2 waves a day of height 10000").wait_for()

    panel.settle()
    assert panel.kernel_text("print(panel.scenario.shape, panel.scenario.mirrored)") == "cos True"

    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    panel.wait_title("5 waves")
    panel.settle()
    assert panel.kernel_text("print(panel.scenario == Toy())") == "True"


@pytest.mark.parametrize(
    ("typed", "why"),
    [
        ("99", "99: Waves goes from 1 to 30 per day. Type a number"),
        ("-1", "-1: Waves goes from 1 to 30"),
        ("2.5", "2.5: Waves is a whole number"),
        ("", "Waves needs a number"),
        ("13", "could not be computed (ZeroDivisionError: thirteen)"),
    ],
)
def test_bad_number_keeps_the_picture_and_says_why(panel: Notebook, typed: str, why: str) -> None:
    """A refused value stays in its box; picture and scenario are the last that worked."""
    type_number(panel, "Waves", typed)
    wait_status(panel, why)

    assert panel.page.get_by_role("spinbutton", name="Waves").input_value() == typed
    assert panel.title() == "5 waves a day, 360 points"
    assert panel.kernel_text("print(panel.scenario.rate)") == "5"
    assert panel.errors == []
    assert panel.cell_errors() == []


def test_good_number_after_a_bad_one(panel: Notebook) -> None:
    """The complaint goes when the value is mended, also when it is the one shown before."""
    box = panel.page.get_by_role("spinbutton", name="Waves")
    type_number(panel, "Waves", "99")
    wait_status(panel, "99: Waves")
    assert box.get_attribute("aria-invalid") == "true"

    type_number(panel, "Waves", "5")
    wait_status(panel, "")

    assert box.get_attribute("aria-invalid") is None


def test_reset_mends_an_empty_box(panel: Notebook) -> None:
    """Reset returns controls and picture to the start, whatever was typed."""
    type_number(panel, "Waves", "7")
    panel.wait_title("7 waves")
    type_number(panel, "Waves", "")
    wait_status(panel, "needs a number")
    panel.page.get_by_role("button", name="Reset").click()
    panel.wait_title("5 waves")

    wait_status(panel, "")
    assert panel.page.get_by_role("spinbutton", name="Waves").input_value() == "5"


def test_controls_say_that_their_kernel_was_restarted(panel: Notebook) -> None:
    """They can still be moved, and nobody hears it."""
    kernel = "window.jupyterapp.shell.currentWidget.sessionContext.session.kernel"
    panel.page.evaluate(f"{kernel}.restart().then(() => 0)")
    status = panel.page.locator(".lab-status").filter(has_text="The kernel was restarted")
    status.wait_for()

    assert "from the top" in status.inner_text()


def test_accessible_names(panel: Notebook) -> None:
    """What a screen reader finds in a panel, in order."""
    output = panel.page.locator(".jp-OutputArea-output", has=panel.page.locator(".lab-form"))
    snapshot = output.aria_snapshot()

    roles = re.findall(
        r"(slider|spinbutton|combobox|checkbox|button|group|img) \"(.+?)\"", snapshot
    )
    assert roles == [
        ("group", "Waves"),
        ("slider", "Waves"),
        ("spinbutton", "Waves"),
        ("slider", "Height"),
        ("spinbutton", "Height"),
        ("combobox", "Shape"),
        ("checkbox", "Upside down"),
        ("button", "Reset"),
        ("img", "Three servers with 5 waves a day of height 100."),
    ]
    assert "- status" in snapshot
    assert "- paragraph: Three servers with 5 waves a day of height 100." in snapshot


@pytest.mark.long
def test_slow_runs_show_a_coarse_picture_first(notebook: Open) -> None:
    """Once runs are slow, keys pressed in a row lead to coarse pictures and one full run."""
    count_runs = """
import toy
runs, real = [], toy.run
def run(toy):
    runs.append((toy.rate, toy.points))
    return real(toy)
"""
    make = """
import asyncio, itertools, threading
quiet, slow = threading.Event(), itertools.count().__next__
async def settled():
    while not quiet.is_set():
        await asyncio.sleep(0.01)
how = dict(coarse=coarse, settled=settled, clock=slow)
panel = Panel(Toy(), CONTROLS, run, figure, summary, **how)
panel
"""
    panel = notebook([SET_UP, count_runs, make]).run_all(plots=1)
    press(panel, "Waves", "ArrowRight", "ArrowRight", "ArrowRight")
    panel.wait_title("8 waves a day, 36 points")
    wait_status(panel, "A quick, coarse picture")
    panel.kernel_text("quiet.set()")  # the pause is over now, however long a key took
    panel.wait_title("8 waves a day, 360 points")

    wait_status(panel, "")
    runs = eval(panel.kernel_text("print(runs)"))  # a list of pairs that this test wrote
    assert [run for run in runs if run[1] == 360] == [(5, 360), (8, 360)]


def test_plot_waits_for_a_busy_kernel(notebook: Open) -> None:
    """With Run All, plotly.js is asked for behind the other cells; the plot says so, then draws."""
    panel = notebook([*ONE, until("waited")], fresh=True)
    panel.page.evaluate("void window.jupyterapp.commands.execute('notebook:run-all-cells')")
    panel.page.get_by_text("Waiting for the kernel.").wait_for()
    (panel.lab.files / "waited").touch()
    panel.wait_drawn()
    press(panel, "Waves", "ArrowRight")
    panel.wait_title("6 waves")

    assert panel.errors == []


def test_panel_moves_while_a_cell_awaits(notebook: Open) -> None:
    """A cell that awaits lets the sliders move meanwhile."""
    panel = notebook([*ONE, until("moved", "await asyncio.sleep") + "\nprint('awaited')"])
    panel.page.evaluate("void window.jupyterapp.commands.execute('notebook:run-all-cells')")
    panel.wait_drawn()
    press(panel, "Waves", "ArrowRight")
    panel.wait_title("6 waves")

    awaited = panel.page.locator(".jp-OutputArea-output", has_text="awaited")
    assert awaited.count() == 0
    (panel.lab.files / "moved").touch()
    awaited.wait_for()
