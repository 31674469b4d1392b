"""A lesson of the course in a real JupyterLab, and what is asked of every one of them."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from playwright.sync_api import Locator

from .harness import Notebook
from .kit import activate, active, scrolled
from .pages import Pages

LESSONS: Final = Path(__file__).parents[2] / "lessons"


@contextmanager
def lesson_page(pages: Pages, name: str, **how: Any) -> Iterator[Notebook]:
    """A lesson, opened from a copy of the course and not yet run."""
    shutil.copytree(LESSONS, pages.lab.files / "lessons", dirs_exist_ok=True)
    with pages.page(**how) as page:
        yield page.open(f"lessons/{name}.ipynb")


def cells(page: Notebook, *holding: str) -> Locator:
    """The code cells that hold what each of these selectors finds, in the order of the page."""
    found = page.page.locator(".jp-CodeCell")
    for selector in holding:
        found = found.filter(has=page.page.locator(selector))
    return found


def type_into(panel: Locator, name: str, value: str, *, exact: bool = False) -> None:
    """Put a number into a box by keyboard."""
    box = panel.get_by_role("spinbutton", name=name, exact=exact)
    box.fill(value)
    box.press("Enter")


def reset_all(page: Notebook) -> None:
    """Reset every panel, and wait until all of them are as at first."""
    for button in page.page.get_by_role("button", name="Reset").all():
        button.click()
    page.settle()


def assert_in_view(page: Notebook, number: int) -> None:
    """Run a panel's cell by Shift+Enter: its controls and the head of its picture are in view."""
    cell = page.page.locator(".jp-CodeCell").filter(has=page.page.locator(".lab-form")).nth(number)
    place = int(cell.get_attribute("data-windowed-list-index") or "-1")
    page.page.set_viewport_size({"width": 1280, "height": 900})
    activate(page, place)
    page.page.keyboard.press("Shift+Enter")
    scrolled(page)
    assert active(page) == place + 1
    room = page.page.locator(".jp-WindowedPanel-outer").bounding_box()
    form = cell.locator(".lab-form").bounding_box()
    head = cell.locator(".lab-title:visible, .js-plotly-plot:visible").first.bounding_box()
    assert room is not None
    assert form is not None
    assert head is not None

    assert form["y"] >= room["y"] - 1
    assert head["y"] + 20 <= room["y"] + room["height"]


def assert_quiet(page: Notebook, *, plots: int = 0) -> None:
    """No exception, nothing on the console, nothing from elsewhere; plotly once or not at all."""
    assert (found := page.cell_errors()) == [], found
    assert page.errors == [], page.errors
    assert page.foreign == [], page.foreign
    assert page.big_frames == plots
