"""Writing SVG: elements as text, and a style that follows the page from light to dark."""

from collections.abc import Sequence
from html import escape
from typing import Final

from lab_engine.views.theme import INK, PAPER, sign

# An <img> follows the colour scheme of the element that shows it, so both are in one file.
STYLE: Final = """\
svg{color-scheme:light dark;font:12px system-ui,sans-serif;--good:#00805d;--bad:#d55e00;--dead:#444;
--plain:#e3e3e3;--good-line:#00805d;--bad-line:#d55e00;--dead-line:#444;--plain-line:#222;
--good-ink:#fff;--bad-ink:#000;--dead-ink:#fff;--plain-ink:#222}
.p{fill:#fff}text{fill:#222}.f{fill:#5f5f5f}.b{font-weight:600}.l{font-weight:700}
.g{stroke:#d9d9d9}.r{stroke:#767676;fill:none;stroke-dasharray:4 3}.o{fill:#ececec}
.k{stroke:#222;stroke-width:1.5;stroke-dasharray:4 3}.c{stroke:#222;stroke-width:3}
.d{fill:#fff;stroke:#222;stroke-width:2}.t{fill:#222}.h{paint-order:stroke;stroke:#fff;stroke-width:4px}
.e{fill:#000;fill-opacity:.55}.w{fill:#fff}
@media (prefers-color-scheme:dark){svg{--good:#00b386;--good-line:#00b386;--good-ink:#000;
--bad:#f0803c;--bad-line:#f0803c;--dead-line:#8c8c8c;--plain:#3a3a3a;--plain-line:#e4e4e4;
--plain-ink:#e4e4e4}.p{fill:#1c1c1c}text{fill:#e4e4e4}.f{fill:#adadad}
.g{stroke:#444}.r{stroke:#8c8c8c}.o{fill:#2f2f2f}.k,.c{stroke:#e4e4e4}
.d{fill:#1c1c1c;stroke:#e4e4e4}.t{fill:#e4e4e4}.h{stroke:#1c1c1c}}
"""
_MARKS: Final = {
    "/": "M-2,2 L2,-2 M-2,10 L10,-2 M6,10 L10,6",
    ".": "M2,2 h0.01 M6,6 h0.01",
    "x": "M0,0 L8,8 M8,0 L0,8",
    "-": "M0,4 h8",
    "|": "M4,0 v8",
}


def element(tag: str, text: str = "", **attributes: object) -> str:
    """An element; `class_` is class, `x1` is x1, `text_anchor` is text-anchor."""
    named = "".join(
        f' {name.rstrip("_").replace("_", "-")}="{escape(short(value))}"'
        for name, value in attributes.items()
    )
    return f"<{tag}{named}>{escape(text)}</{tag}>" if text else f"<{tag}{named}/>"


def picture(width: float, height: float, parts: Sequence[str], servers: int) -> str:
    """A whole SVG on paper of its own; classes `s0` and `i0` are a server's fill and ink."""
    size = f'viewBox="0 0 {short(width)} {short(height)}" width="{short(width)}"'
    fills = "".join(_fill(index) for index in range(servers))
    paper = element("rect", width=width, height=height, class_="p")
    looks = "".join(f".s{i}{{fill:url(#s{i})}}.i{i}{{fill:{sign(i).ink}}}" for i in range(servers))
    body = "".join((f"<style>{STYLE}{looks}</style><defs>{fills}</defs>", paper, *parts))
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size}>{body}</svg>'


def _fill(index: int) -> str:
    _, colour, ink, pattern = sign(index)
    ground = element("rect", width=8, height=8, fill=colour)
    stroke = PAPER if ink == INK else INK
    look = f"fill:none;stroke:{stroke};stroke-opacity:.45;stroke-width:1.6;stroke-linecap:round"
    marks = element("path", d=_MARKS[pattern], style=look) if pattern else ""
    head = f'<pattern id="s{index}" width="8" height="8" patternUnits="userSpaceOnUse">'
    return f"{head}{ground}{marks}</pattern>"


def short(value: object) -> str:
    """A number to a tenth of a pixel, anything else as it is."""
    return f"{round(value, 1):g}" if isinstance(value, float) else str(value)
