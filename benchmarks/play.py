"""How many frames a second the page draws while Play runs, in Chromium, without the kernel.

Twenty tiles at four times the speed change at every frame of the screen. Two hundred are stepped at
every frame instead, since their sixty moments would be over too soon.
"""

import shutil
import tempfile
from pathlib import Path
from typing import Any, Final

from tests.browser import caches
from tests.browser.harness import Lab, Notebook, browser

LEAST: Final = 30.0
SECONDS: Final = 1.5
RESOLVERS: Final = (20, 200)
CELLS: Final = (
    "from caches import *\nfrom lab_engine.views import cache_tiles",
    *(f"cache_tiles(shop({count}), run=watched)" for count in RESOLVERS),
)
# Counts the frames of the screen in which the clock of a picture has changed.
COUNT: Final = """
([picture, step, seconds]) => new Promise(resolve => {
    const root = document.querySelectorAll(".lab-picture")[picture];
    root.scrollIntoView();
    const clock = root.querySelector(".lab-clock");
    const press = name => root.querySelector(`[aria-label="${name}"]`).click();
    root.querySelector("select").value = "4";
    let drawn = 0;
    let before = "";
    let way = "Step forward";
    const started = performance.now();
    const look = now => {
        if (clock.textContent === before) way = "Step back"; // at the end of the watch
        else drawn++;
        before = clock.textContent;
        if (now - started > 1000 * seconds) return resolve(drawn / (now - started) * 1000);
        if (step) press(way);
        requestAnimationFrame(look);
    };
    if (!step) press("Play");
    requestAnimationFrame(look);
})
"""


def rows() -> list[dict[str, Any]]:
    """Frames a second of each number of tiles."""
    with tempfile.TemporaryDirectory() as folder, Lab(Path(folder)) as lab, browser() as chromium:
        shutil.copy(Path(caches.__file__), lab.files)
        lab.write("play.ipynb", CELLS)
        with Notebook(chromium, lab) as page:
            page.open("play.ipynb").run_all()
            page.page.locator(".lab-picture").nth(1).locator(".lab-tile").first.wait_for()
            return [_measured(page, index) for index in range(len(RESOLVERS))]


def _measured(page: Notebook, index: int) -> dict[str, Any]:
    stepped = index > 0
    fps = float(page.page.evaluate(COUNT, [index, stepped, SECONDS]))
    how = "stepped at every frame" if stepped else "played at four times the speed"
    return {
        "what": f"frames a second, {RESOLVERS[index]} cache tiles {how}",
        "measured": f"{fps:.0f}",
        "budget": f">= {LEAST:.0f}",
        "ok": fps >= LEAST,
    }
