"""Bytes that a page receives over its WebSocket: for plotly.js, each panel, each update.

Counted as the browser receives them, with everything JupyterLab and the kernel say around them.

    python -m benchmarks.page_bytes                           the toy panel of the browser tests
    python -m benchmarks.page_bytes "from x import y" "y()" "Resolvers"     any panel, its slider
"""

import shutil
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Final

from benchmarks.slider import PANELS, TOY, Row, Subject
from tests.browser import toy
from tests.browser.harness import Lab, Notebook, browser

FURTHER_PANEL: Final = 60_000
UPDATE: Final = 20_000
FRAMES: Final = 100_000
UPDATES: Final = 10


def rows() -> list[Row]:
    """What the README's table says of the lessons' panels."""
    return [row for subject in PANELS for row in main(subject)]


def main(subject: Subject = TOY) -> list[Row]:
    """Count; rows for the benchmark table.

    Raises:
        NoBrowserError: no Chromium was found.
    """
    with tempfile.TemporaryDirectory() as folder, Lab(Path(folder)) as lab, browser() as chromium:
        shutil.copy(Path(toy.__file__), lab.files)
        lab.write("bytes.ipynb", [subject.set_up, subject.show])
        with Notebook(chromium, lab) as page:
            page.open("bytes.ipynb")
            return _count(page, subject)


def _count(page: Notebook, subject: Subject) -> list[Row]:
    def run() -> None:
        page.run_all(plots=subject.plots)
        page.page.locator(subject.watch).wait_for()

    name = subject.name
    first, again = _received(page, run), _received(page, run)
    further = _row(
        f"bytes for each further panel, cells run again included: {name}", again, FURTHER_PANEL
    )
    updates = [_received(page, partial(_step, page, subject, turn)) for turn in range(UPDATES)]
    if not subject.plots:
        # An update brings all frames anew: 60 of 200 tiles, with all that stands beside them.
        what = f"bytes of the largest of {UPDATES} updates, all frames of Play included: {name}"
        return [
            further,
            _row(what, max(updates), FRAMES),
        ]
    return [
        _row(f"plotly.js in a page with two panels of {name}", page.big_frames, 1, "times"),
        _row(f"bytes to open a page with one {name}, plotly.js included", first, None),
        further,
        _row(f"bytes of the largest of {UPDATES} updates, {name}", max(updates), UPDATE),
    ]


def _received(page: Notebook, act: Callable[[], object]) -> int:
    page.settle()
    before = page.received
    act()
    page.settle()
    return page.received - before


def _step(page: Notebook, subject: Subject, turn: int) -> None:
    page.page.get_by_role("slider", name=subject.slider, exact=True).focus()
    page.page.keyboard.press("ArrowRight" if turn % 2 == 0 else "ArrowLeft")


def _row(what: str, measured: int, budget: int | None, unit: str = "bytes") -> Row:
    return {
        "what": what,
        "measured": f"{measured:,} {unit}",
        "budget": "" if budget is None else f"<= {budget:,}",
        "ok": budget is None or measured <= budget,
    }


if __name__ == "__main__":
    given = Subject(*sys.argv[1:4], name="panel given") if len(sys.argv) == 4 else TOY
    for row in main(given):
        print(row)
