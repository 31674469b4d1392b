"""A page with one of each picture of the kit, and what several tests do with it."""

from typing import Final

import pytest
from playwright.sync_api import Locator, expect

from tests.counts import long_but

from .harness import Notebook

SET_UP: Final = """
from caches import *
from lab_engine import Zone, serve
from lab_engine.views import cache_tiles
from lab_engine.views.kit.log import asked
from lab_engine.views.kit.strips import packets
server = serve(Zone.from_text(ZONE), order="cyclic")
"""
CELLS: Final = (
    SET_UP,
    'panel = cache_tiles(shop(), "ttl", run=watched)\npanel',
    "ran = 'the cell below'",
    'packets([server.ask("www.shop.example") for _ in range(5)])',
    "asked(server.log)",
)
BOTH_WAYS: Final = [(theme, width) for theme in ("Light", "Dark") for width in (1280, 800)]
LOOKS: Final = pytest.mark.parametrize(
    ("theme", "width"), long_but(BOTH_WAYS, ("Light", 1280), ("Dark", 800))
)
"""Light and dark, wide and narrow; of the four, two meet each of these once."""
REDRAWN: Final = (1000, 1280, 1000, 1280)
LOOKS_AT_MEMORY: Final = 3
_KEPT: Final = """function() {
    const nodes = this.filter(each => !Object.hasOwn(each, "constructor")); // no prototypes
    return nodes.filter(node => !node.isConnected && node.matches('[class^="lab-"]')).length;
}"""
_NOTEBOOK: Final = "window.jupyterapp.shell.currentWidget.content"


def picture(page: Notebook, number: int) -> Locator:
    """The picture of the panel, of the packets, or of the log: 0, 1, 2."""
    return page.page.locator(".lab-picture").nth(number)


def afresh(page: Notebook) -> Notebook:
    """The page as it was first drawn: wide, light, the panel at its start, the strip at its end."""
    page.page.bring_to_front()  # another file's page may lie over it
    page.page.emulate_media(reduced_motion="no-preference")
    page.page.set_viewport_size({"width": 1280, "height": 900})
    wear(page, "Light")
    if page.page.get_by_role("spinbutton", name="TTL").input_value() != "300":
        page.kernel_text("panel.reset()")
        expect(page.page.get_by_role("spinbutton", name="TTL")).to_have_value("300")
        page.settle(0.2)
    for number, key in ((0, "Home"), (1, "End")):
        picture(page, number).get_by_role("slider", name="Time").press(key)
    page.page.mouse.move(0, 0)
    page.forget()
    return page


def wear(page: Notebook, theme: str) -> None:
    """Change JupyterLab's theme, Light or Dark, while everything stands."""
    light = "true" if theme == "Light" else "false"
    if page.page.locator(f'body[data-jp-theme-light="{light}"]').count():
        return
    page.page.evaluate(
        "theme => window.jupyterapp.commands.execute('apputils:change-theme', { theme })",
        f"JupyterLab {theme}",
    )
    page.page.locator(f'body[data-jp-theme-light="{light}"]').wait_for(state="attached")
    page.rest()  # its style sheet takes hold a moment later


def activate(page: Notebook, cell: int) -> None:
    """Make a cell the active one, in command mode, as a click beside it does."""
    page.page.evaluate(
        f"cell => {{ {_NOTEBOOK}.activeCellIndex = cell; {_NOTEBOOK}.mode = 'command';"
        f" {_NOTEBOOK}.activate(); }}",
        cell,
    )


def scrolled(page: Notebook) -> None:
    """Wait until what was run has been answered and the notebook scrolls no more."""
    page.settle(0.2)
    page.steady("document.querySelector('.jp-WindowedPanel-outer')?.scrollTop")


def active(page: Notebook) -> int:
    """Which cell is the active one."""
    return int(page.page.evaluate(f"{_NOTEBOOK}.activeCellIndex"))


def left_behind(page: Notebook, mark: str) -> int:
    """How many more parts of pictures hang nowhere, and are kept, after keys and redrawing.

    At each of the widths of REDRAWN a key is pressed in a mark before. JupyterLab keeps that key's
    event, as all since the last of its own shortcuts; so one is pressed at first.
    """
    activate(page, 0)
    page.page.locator(".jp-Notebook .jp-Cell").first.press("ArrowDown")
    page.page.wait_for_function(f"{_NOTEBOOK}.activeCellIndex === 1")
    before = _kept(page)
    for width in REDRAWN:
        page.page.locator(mark).first.press("ArrowRight")
        page.page.locator(f"svg:has({mark})").first.evaluate("svg => svg.dataset.old = true")
        page.page.set_viewport_size({"width": width, "height": 900})
        page.page.locator("[data-old]").wait_for(state="detached")
    page.rest()
    return _kept(page) - before


def _kept(page: Notebook) -> int:
    """How many parts of pictures stay in the page's memory, and not in the page.

    The least of a few looks: what is still under way holds some, and lets them go.
    """
    return min(_look(page) for _ in range(LOOKS_AT_MEMORY))


def _look(page: Notebook) -> int:
    page.settle()
    session = page.page.context.new_cdp_session(page.page)
    there = session.send("Runtime.evaluate", {"expression": "SVGElement.prototype"})
    prototype = {"prototypeObjectId": there["result"]["objectId"]}
    objects = session.send("Runtime.queryObjects", prototype)["objects"]["objectId"]
    counting = {"objectId": objects, "functionDeclaration": _KEPT, "returnByValue": True}
    kept = int(session.send("Runtime.callFunctionOn", counting)["result"]["value"])
    session.detach()
    return kept
