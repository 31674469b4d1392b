"""What breaks the layout of a page: geometry, and no pixels."""

from itertools import product
from pathlib import Path
from typing import Final

from tests.counts import LONG

from .axe import unnamed
from .harness import Notebook
from .kit import wear

WIDTHS: Final = (1280, 800)
THEMES: Final = ("Light", "Dark")
SCREENSHOTS: Final = Path(__file__).parents[2] / "build" / "screenshots"
MOST_PX: Final = 16_000  # of height: Chromium draws no more at once

# Goes to the top; the height of a window that shows the notebook from its first cell to its last.
WHOLE: Final = f"""() => {{
    const panel = document.querySelector('.jp-Notebook');
    const outer = panel.querySelector('.jp-WindowedPanel-outer') ?? panel;
    outer.scrollTop = 0;
    return Math.min({MOST_PX}, innerHeight + outer.scrollHeight - outer.clientHeight);
}}"""

BREAKS: Final = """() => {
    const room = document.querySelector('.jp-Notebook');
    const areas = [...room.querySelectorAll('.jp-OutputArea-output, .jp-MarkdownOutput')];
    const seen = node => node.checkVisibility({ opacityProperty: true, visibilityProperty: true });
    const told = node => `${(node.textContent.trim() || node.outerHTML).slice(0, 60)}`;
    const found = [];
    const scrolls = node => {
        const style = getComputedStyle(node);
        return /auto|scroll/.test(style.overflowX) && node.scrollWidth > node.clientWidth + 1;
    };
    for (const node of [room, ...document.querySelectorAll('.jp-WindowedPanel-outer')])
        if (scrolls(node)) found.push(`the notebook scrolls sideways`);
    for (const area of areas) {
        const frame = area.getBoundingClientRect();
        if (!frame.width) continue;
        const within = [area, ...area.querySelectorAll('*')].filter(node =>
            !node.closest('mjx-container, .js-plotly-plot defs, clipPath') && seen(node));
        for (const node of within) {
            if (node instanceof SVGElement && !node.matches('svg, text')) continue;
            const box = node.getBoundingClientRect();
            if (!box.width || !box.height) continue;
            if (box.right > frame.right + 1 || box.left < frame.left - 1)
                found.push(`wider than its area: ${told(node)}`);
            if (node.matches('svg text')) {
                const svg = node.ownerSVGElement, edge = svg.getBoundingClientRect();
                const cut = getComputedStyle(svg).overflow === 'hidden';
                const by = box.height / 5; // of a line's height, which holds more than its letters
                if (cut && (box.right > edge.right + 1 || box.left < edge.left - 1
                    || box.bottom - by > edge.bottom + 1 || box.top + by < edge.top - 1))
                    found.push(`text cut: ${told(node)}`);
                continue;
            }
            if (scrolls(node)) found.push(`scrolls sideways: ${told(node)}`);
            const style = getComputedStyle(node);
            const [x, y] = [style.overflowX, style.overflowY].map(how => /hidden|clip/.test(how));
            if (node.clientWidth > 1 && node.textContent.trim()
                && ((x && node.scrollWidth > node.clientWidth + 1)
                    || (y && node.scrollHeight > node.clientHeight + 1)))
                found.push(`text cut: ${told(node)}`);
        }
        // JupyterLab breaks a line of an error that is too long for it wherever it ends.
        for (const said of area.querySelectorAll('[data-mime-type$="jupyter.stderr"] pre')) {
            const walk = document.createTreeWalker(said, NodeFilter.SHOW_TEXT);
            for (let text; (text = walk.nextNode()); ) {
                const top = index => {
                    const range = document.createRange();
                    range.setStart(text, index);
                    range.setEnd(text, index + 1);
                    return range.getBoundingClientRect().top;
                };
                for (const { index } of text.data.matchAll(/(?<=\\p{L})\\p{L}/gu))
                    if (top(index) > top(index - 1) + 2)
                        found.push(`word broken: ${text.data.slice(index - 9, index + 9)}`);
            }
        }
        const texts = [];
        const walk = document.createTreeWalker(area, NodeFilter.SHOW_TEXT);
        for (let text; (text = walk.nextNode()); ) {
            const holder = text.parentElement;
            // Marks on a picture, as crosses and arrows, may meet; words and numbers may not.
            if (!/[\\p{L}\\p{N}]/u.test(text.data) || !seen(holder)) continue;
            if (holder.closest('mjx-container, style, script, title, desc, option, defs')) continue;
            const range = document.createRange();
            range.selectNodeContents(text);
            for (const { left, right, top, bottom } of range.getClientRects()) {
                const by = (bottom - top) / 5;
                if (right - left > 1)
                    texts.push({ text, left, right, top: top + by, bottom: bottom - by });
            }
        }
        texts.sort((one, other) => one.top - other.top);
        texts.forEach((one, index) => {
            for (let next = index + 1; next < texts.length; next++) {
                const other = texts[next];
                if (other.top >= one.bottom - 1) break;
                if (one.text !== other.text && other.left < one.right - 2
                    && one.left < other.right - 2)
                    found.push(`text over text: ${one.text.data.trim().slice(0, 40)} | `
                        + other.text.data.trim().slice(0, 40));
            }
        });
    }
    return [...new Set(found)];
}"""


def assert_readable(page: Notebook, name: str) -> None:
    """Nothing is cut, too wide or upon other text, at both widths, light and dark; all is named.

    Args:
        page: a notebook that was run; it is left light and wide.
        name: what it is called where it fails, and its pictures in the long run.
    """
    found = {}
    for theme, width in product(THEMES, WIDTHS):
        wear(page, theme)
        page.page.set_viewport_size({"width": width, "height": 900})
        page.settle(0.2)
        page.rest()
        found[theme, width] = page.page.evaluate(BREAKS)
        if LONG:
            kept = f"{name.replace('/', '-')}-{theme.lower()}-{width}.png"
            page.picture(SCREENSHOTS / kept, width=width, height=page.page.evaluate(WHOLE))
    wear(page, "Light")
    page.page.set_viewport_size({"width": 1280, "height": 900})

    nameless = unnamed(page.page, ".lab-live")
    broken = {where: wrong for where, wrong in found.items() if wrong}
    assert not nameless, f"{name}: {nameless}"
    assert not broken, f"{name}: {broken}"
