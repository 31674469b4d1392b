"""The front end on pages that are not JupyterLab's: VS Code, Colab, and a dark page of nobody's."""

import base64
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from lab_engine.views.kit.live import LivePicture
from lab_engine.views.kit.tiles import Tiles, tiles
from lab_engine.views.widget import PageWidget, front_source

from .caches import shop, watched

# What such a page says of itself, and the colours it stands in.
PAGES = {
    "VS Code": '<body class="vscode-dark" style="background:#1e1e1e;color:#ccc">',
    "Colab": '<html theme="dark"><body style="background:#383838;color:#eee">',
    "a dark page": '<body style="background:#000;color:#ddd">',
    "a light page": '<body style="background:#fff;color:#000">',
}
DRAW = """([source, still, frames, summary, specs]) => {
    const module = { exports: {} };
    new Function("module", source)(module);
    const view = packed => new DataView(
        Uint8Array.from(atob(packed), letter => letter.charCodeAt(0)).buffer);
    const model = values => ({ get: name => values[name], on() {}, send() {} });
    const place = () => document.body.appendChild(
        Object.assign(document.createElement("div"), { className: "lab-live" }));
    const shown = { _still: view(still), _frames: view(frames), _summary: summary };
    module.exports.tiles({ model: model(shown), el: place() });
    const form = { label: "Controls", specs, values: { ttl: 300 }, start: {} };
    const said = { status: "Wait.", wrong: [] };
    module.exports.form({ model: model({ ...form, ...said }), el: place() });
}"""
CONTRAST = """() => {
    const parse = colour => colour.match(/[\\d.]+/g).map(Number);
    const light = ([r, g, b]) => [r, g, b].map(c => c / 255)
        .map(c => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
        .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
    const ground = at => {
        const colour = parse(getComputedStyle(at).backgroundColor);
        return colour[3] === 0 ? ground(at.parentElement) : colour;
    };
    const ratio = (a, b) => {
        const [low, high] = [light(a), light(b)].sort((x, y) => x - y);
        return (high + 0.05) / (low + 0.05);
    };
    const texts = [...document.querySelectorAll(
        ".lab-live p, .lab-live label, .lab-live input[type=number], .lab-live button," +
        ".lab-live select, .lab-status, .lab-clock, .lab-loads .lab-tick, .lab-loads .lab-text")];
    return texts.map(node => {
        const style = getComputedStyle(node);
        const ink = node instanceof SVGElement ? style.fill : style.color;
        return [node.className.baseVal ?? node.className, ratio(parse(ink), ground(node))];
    });
}"""
TTL = {"kind": "slider", "path": "ttl", "label": "TTL", "low": 0, "high": 3600, "unit": "s"} | {
    "step": 1,
    "choices": [],
}


BEGIN = """async ([code, managers]) => {
    const url = URL.createObjectURL(new Blob([code], { type: "text/javascript" }));
    const { initialize } = (await import(url)).default;
    for (const widget_manager of managers.map(text => (0, eval)(text)))
        initialize({ model: { get: () => "none", on() {}, widget_manager } });
    await new Promise(resolve => setTimeout(resolve));
}"""
MANAGERS = (
    "undefined",
    "({})",
    "({ get_model() { throw new Error('model not found'); } })",
    "({ get_model: () => Promise.reject(new Error('model not found')) })",
    "({ get_model: async () => undefined })",
    "({ get_model: async () => ({}) })",
)


@pytest.fixture(scope="module")
def drawn() -> Tiles:
    """An hour of twenty caches."""
    return tiles(shop(), watched(shop()))


@pytest.fixture(params=PAGES)
def page(request: pytest.FixtureRequest, chromium: Browser, drawn: Tiles) -> Iterator[Page]:
    """Form and tiles on a page without one of JupyterLab's variables."""
    page = chromium.new_page(viewport={"width": 900, "height": 800})
    page.set_content(f"<!doctype html>{PAGES[request.param]}")
    state = LivePicture(drawn).get_state()
    packed = [base64.b64encode(state[name]).decode() for name in ("_still", "_frames")]
    page.evaluate(DRAW, [front_source(), *packed, drawn.sentence, [TTL]])
    page.locator(".lab-tile").first.wait_for()
    yield page
    page.close()


def test_everything_can_be_read(page: Page) -> None:
    """At least 4.5 to 1 for every text, on whatever ground it stands (WCAG 1.4.3)."""
    found = page.evaluate(CONTRAST)

    assert len(found) > 15
    assert [each for each in found if each[1] < 4.5] == []


def test_a_widget_begins_quietly_whatever_manages_it(chromium: Browser) -> None:
    """Nobody, somebody without models, or one that does not find it: nothing is said of that."""
    page = chromium.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.evaluate(BEGIN, [PageWidget._esm, MANAGERS])
    page.close()

    assert errors == []
