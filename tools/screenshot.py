"""Takes the README's screenshot: the first lesson's panel in JupyterLab, as a learner sees it.

`python -m tools.screenshot` writes lessons/pictures/screenshot.png.
"""

import shutil
import sys
import tempfile
from pathlib import Path

from tests.browser.harness import Lab, Notebook, browser
from tools.pictures import LESSONS, PICTURES

LESSON = "01_round_robin.ipynb"
WIDTH, HEIGHT = 1280, 700
PANEL = 0  # the one with three sliders


def main() -> int:
    """Open the lesson in a JupyterLab of its own, run it, scroll to a panel, and take a picture."""
    with tempfile.TemporaryDirectory() as root, Lab(Path(root)) as lab, browser() as chromium:
        shutil.copytree(LESSONS, lab.files / "lessons")
        with Notebook(chromium, lab, width=WIDTH, height=HEIGHT) as page:
            page.open(f"lessons/{LESSON}").run_all(plots=1)
            panel = page.page.locator(".lab-form").nth(PANEL)
            panel.evaluate("node => node.closest('.jp-Cell').scrollIntoView({block: 'start'})")
            page.picture(PICTURES / "screenshot.png", width=WIDTH, height=HEIGHT)
    return 0


if __name__ == "__main__":
    sys.exit(main())
