"""Pictures in which nothing moves, on a page: seen whole, told once, light and dark."""

import base64

import pytest
from playwright.sync_api import Browser, Page, expect

from lab_engine.simulation.outages import Outage
from lab_engine.views.kit.live import LivePicture
from lab_engine.views.kit.partbars import part_bars
from lab_engine.views.widget import front_source

from .axe import violations

DRAW = """([source, still, frames, summary]) => {
    const module = { exports: {} };
    new Function("module", source)(module);
    const view = packed => new DataView(
        Uint8Array.from(atob(packed), letter => letter.charCodeAt(0)).buffer);
    const values = { _still: view(still), _frames: view(frames), _summary: summary };
    const el = document.body.appendChild(
        Object.assign(document.createElement("div"), { className: "lab-live" }));
    module.exports.drawn({ model: { get: name => values[name], on() {}, send() {} }, el });
}"""
OUTAGE = Outage(0.0, ((60.0, 1.0), (145.0, 1.0)), 0.0, 84.7, 89.7, (0.0, 0.0))


def drawn(browser: Browser, width: int) -> Page:
    """A page of nobody's with the part bars on it."""
    page = browser.new_page(viewport={"width": width, "height": 600})
    page.set_content("<!doctype html><title>Bars</title>")
    state = LivePicture(part_bars(OUTAGE, sla=120)).get_state()
    packed = [base64.b64encode(state[name]).decode() for name in ("_still", "_frames")]
    page.evaluate(DRAW, [front_source(), *packed, state["_summary"]])
    page.wait_for_function("document.querySelector('.lab-drawn')?.naturalWidth > 0")
    return page


@pytest.mark.parametrize("width", [400, 800, 1280])
def test_the_drawing_fits_its_page(chromium: Browser, width: int) -> None:
    """Shrunk where the page is narrow, and never wider than it is drawn."""
    page = drawn(chromium, width)

    box = page.locator(".lab-drawn").bounding_box()
    assert box is not None
    assert box["x"] + box["width"] <= width
    assert box["width"] <= 760
    page.close()


def test_its_title_and_its_sentence_stand_around_it(chromium: Browser) -> None:
    """Once each: the picture itself is passed over by a screen reader."""
    page = drawn(chromium, 800)

    expect(page.locator(".lab-title")).to_have_text("How long, and whose seconds")
    expect(page.locator(".lab-words")).to_contain_text("Outage by its parts: mean 102 s")
    assert page.locator(".lab-drawn").get_attribute("alt") == ""
    assert violations(page, ".lab-live") == []
    page.close()


def test_it_follows_a_dark_page(chromium: Browser) -> None:
    """An image takes the colour scheme of the element that shows it."""
    schemes = []
    for theme in ("light", "dark"):
        page = drawn(chromium, 800)
        page.evaluate(f"document.documentElement.setAttribute('theme', '{theme}')")
        schemes.append(
            page.locator(".lab-drawn").evaluate("node => getComputedStyle(node).colorScheme")
        )
        page.close()

    assert schemes == ["light", "dark"]
