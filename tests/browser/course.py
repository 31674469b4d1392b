"""A lesson of the course in a real JupyterLab, and what is asked of every one of them."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from playwright.sync_api import Browser

from .harness import Lab, Notebook

LESSONS: Final = Path(__file__).parents[2] / "lessons"


@contextmanager
def lesson_page(chromium: Browser, lab: Lab, name: str) -> Iterator[Notebook]:
    """A lesson, opened from a copy of the course and not yet run."""
    shutil.copytree(LESSONS, lab.files / "lessons", dirs_exist_ok=True)
    lab.theme("light")
    with Notebook(chromium, lab) as page:
        yield page.open(f"lessons/{name}.ipynb")


def assert_quiet(page: Notebook, *, plots: int = 0) -> None:
    """No exception, nothing on the console, nothing from elsewhere; plotly once or not at all."""
    assert page.cell_errors() == []
    assert page.errors == []
    assert page.foreign == []
    assert page.big_frames == plots
