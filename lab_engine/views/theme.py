"""How the course looks: colours, dashes, markers, one small plotly template, numbers with units.

Not here: any figure, and the colours of a dark page. `TEMPLATE` is drawn for white paper, which is
what a static picture needs; the live plot repaints its text, grid and paper in the colours of the
page it stands on (page/plot.js).

The palette is Okabe and Ito's (2008, "Color Universal Design"), in an order that puts the colours
with the best contrast on both white and near-black first. Its black would vanish on a dark page
and is a mid grey here. Nothing may be told by colour alone, so a series also has a dash, a marker
and, for bars, a pattern; their cycles differ in length, so that two series rarely share two.
"""

import math
from typing import Any, Final, NamedTuple, TypedDict

import plotly.graph_objects as go

BLUE: Final = "#0072B2"
VERMILLION: Final = "#D55E00"
GREEN: Final = "#009E73"
PURPLE: Final = "#CC79A7"
ORANGE: Final = "#E69F00"
SKY: Final = "#56B4E9"
GREY: Final = "#7F7F7F"
YELLOW: Final = "#F0E442"

PALETTE: Final = (BLUE, VERMILLION, GREEN, PURPLE, ORANGE, SKY, GREY, YELLOW)
DASHES: Final = ("solid", "dash", "dot", "dashdot", "longdash")
SYMBOLS: Final = ("circle", "square", "diamond", "triangle-up", "x", "cross", "star")
PATTERNS: Final = ("", "/", ".", "x", "-", "|")

TEXT: Final = "#222222"
GRID: Final = "#DDDDDD"
LINE: Final = "#767676"
PAPER: Final = "#FFFFFF"
INK: Final = "#000000"

_AXIS: Final = {
    "automargin": True,
    "gridcolor": GRID,
    "linecolor": LINE,
    "showline": True,
    "ticks": "outside",
    "tickcolor": LINE,
    "title": {"standoff": 8, "font": {"size": 13}},
    "zerolinecolor": GRID,
}

TEMPLATE: Final[dict[str, Any]] = {
    "layout": {
        "colorway": list(PALETTE),
        "font": {"color": TEXT, "size": 13},
        "hoverlabel": {"align": "left"},
        "legend": {"orientation": "h", "x": 0, "xanchor": "left", "y": 1.02, "yanchor": "bottom"},
        "margin": {"l": 8, "r": 16, "t": 72, "b": 8},
        "paper_bgcolor": PAPER,
        "plot_bgcolor": PAPER,
        # At the very top, so that a legend of two lines has room below it.
        "title": {"x": 0, "xref": "paper", "xanchor": "left", "y": 0.99, "yanchor": "top"}
        | {"font": {"size": 15}},
        "xaxis": _AXIS,
        "yaxis": _AXIS,
    },
}


class SeriesStyle(TypedDict):
    """What tells one series from another: plotly's words for line, marker and bar."""

    color: str
    dash: str
    symbol: str
    pattern: str


def series_style(index: int) -> SeriesStyle:
    """The style of series number `index` (0 is the first), the same in every figure."""
    return {
        "color": PALETTE[index % len(PALETTE)],
        "dash": DASHES[index % len(DASHES)],
        "symbol": SYMBOLS[index % len(SYMBOLS)],
        "pattern": PATTERNS[index % len(PATTERNS)],
    }


def line_and_marker(index: int) -> dict[str, Any]:
    """The style of series `index` as arguments of `go.Scatter`."""
    style = series_style(index)
    return {
        "line": {"color": style["color"], "dash": style["dash"], "width": 2},
        "marker": {"color": style["color"], "symbol": style["symbol"], "size": 7},
    }


class Sign(NamedTuple):
    """What tells one server from another where areas are filled: never colour alone.

    Attributes:
        letter: `A` for the first.
        colour: of the area, `#rrggbb`.
        ink: of text on it, black or white, whichever stands out more; never below 4.5 (WCAG 1.4.3).
        pattern: one of `PATTERNS`; drawn in the other of black and white, faintly, so that it only
            adds to the contrast of the text.
    """

    letter: str
    colour: str
    ink: str
    pattern: str


def sign(index: int) -> Sign:
    """The sign of server number `index` (0 is the first), the same in every picture."""
    letter = chr(ord("A") + index) if index < 26 else str(index + 1)
    colour = PALETTE[index % len(PALETTE)]
    ink = max((INK, PAPER), key=lambda tone: contrast(tone, colour))
    return Sign(letter, colour, ink, PATTERNS[index % len(PATTERNS)])


def contrast(one: str, other: str) -> float:
    """How far two colours `#rrggbb` stand apart, 1 to 21, as WCAG 2.2 defines it."""
    low, high = sorted((_luminance(one), _luminance(other)))
    return (high + 0.05) / (low + 0.05)


def _luminance(colour: str) -> float:
    parts = (int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5))
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def new_figure(*traces: Any, **layout: Any) -> go.Figure:
    """A figure with the course's template instead of plotly's, which weighs 6.5 KB."""
    # Without a title, what stands above the plot is a legend of two lines at most.
    room = {} if "title" in layout else {"margin": {"t": 44}}
    return go.Figure(data=list(traces), layout={"template": TEMPLATE, **room, **layout})


def seconds(value: float) -> str:
    """A time in seconds, as a reader would say it: `90 s`, `1.5 s`, `20 ms`, `86,400 s`."""
    if not math.isfinite(value):
        return "unknown"
    if 0 < abs(value) < 1:
        return f"{number(value * 1000)} ms"
    return f"{number(value)} s"


def clock(time: float, whole: float) -> str:
    """A time of a watch of `whole` seconds: `107 s`, or `20:00` and `1:20:00` in longer ones."""
    if whole <= 300:
        return seconds(time)
    minutes, rest = divmod(round(time), 60)
    hours, minutes = divmod(minutes, 60)
    if whole > 3600:
        return f"{hours}:{minutes:02}:{rest:02}"
    return f"{60 * hours + minutes}:{rest:02}"


def percent(share: float) -> str:
    """A share between 0 and 1 in percent, three digits: `12.5 %`."""
    return f"{number(share * 100)} %"


def number(value: float) -> str:
    """A number with three digits that count, or all of them when it is whole."""
    if not math.isfinite(value):
        return "unknown"
    if float(value).is_integer():
        return f"{int(value):,}"
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{float(f'{value:.3g}'):,.10g}"
