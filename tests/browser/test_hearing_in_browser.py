"""Widgets hear their kernel where their code came later than anywidget waits for it."""

import shutil
from pathlib import Path

from playwright.sync_api import Browser, expect

from .harness import Lab, Notebook

HERE = Path(__file__).parent
# Of the two seconds that anywidget waits, nothing is left: all code comes too late.
LATE = """const timeout = AbortSignal.timeout.bind(AbortSignal);
window.shortened = 0;
AbortSignal.timeout = milliseconds => {
    window.shortened += milliseconds === 2000;
    return timeout(milliseconds === 2000 ? 0 : milliseconds);
};"""
CELLS = (
    "from toy_cards import *\nlesson = toy_lesson()",
    'lesson.ask("second")',
    'lesson.reveal("second", "192.0.2.2")',
    "from toy import *\npanel = toy_panel()\npanel",
)


def test_cards_and_panels_hear_their_kernel_though_their_code_came_late(
    chromium: Browser, lab: Lab
) -> None:
    """What was said before the code was there is asked for; what is said later is heard."""
    shutil.copy(HERE / "toy_cards.py", lab.files)
    with Notebook(chromium, lab) as page:
        page.page.add_init_script(LATE)
        page.open(lab.write("late.ipynb", CELLS)).run_all(plots=1)
        expect(page.page.locator(".lab-card.lab-live")).to_contain_text("192.0.2.2 came first.")
        page.page.get_by_role("slider", name="Waves").press("ArrowRight")
        page.wait_title("6 waves")

        assert page.page.evaluate("window.shortened") > 1
        assert page.errors == []
