"""Still twins of fan and dots: what page/fan.js and page/dots.js draw of them."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from lab_engine.views.theme import sign

from .dots import Dots
from .fan import Fan
from .picture import Ghost
from .svg import element, picture

_FAN, _DOTS = 560, 376  # widths, pixels
_HEAD, _PLOT, _FOOT = 60, 190, 24
_BOTTOM: Final = _HEAD + _PLOT
_LEFT, _RIGHT, _GHOSTS = 48, 16, 172
_SIDE, DOT, _LINE = 14, 12.0, 17
_LETTER = 7.2  # pixels of width, about
LOOKS: Final = """<style>.a{stroke:#767676;stroke-width:1.5}.x{fill:none}
.q{stroke:#005a8f;stroke-width:10;stroke-linecap:round}.n{stroke:#fff;stroke-width:7}
.m{stroke:#5f5f5f;stroke-width:2;stroke-dasharray:1 4;fill:none}
@media (prefers-color-scheme:dark){.q{stroke:#56b4e9}.n{stroke:#1c1c1c}.m{stroke:#adadad}}
</style>"""


@dataclass(frozen=True)
class _Axes:
    """From time or value to pixels."""

    left: float
    right: float
    across: float
    up: float = 1.0

    def x(self, value: float) -> float:
        return self.left + min(1.0, value / self.across) * (self.right - self.left)

    def y(self, value: float) -> float:
        return _BOTTOM - min(1.0, value / self.up) * _PLOT


def fan_svg(fan: Fan) -> str:
    """The fan over the whole watch, 560 wide."""
    axes = _Axes(_LEFT, _FAN - (_GHOSTS if fan.ghosts else _RIGHT), fan.duration, fan.top)
    parts = [LOOKS, *_heading(fan.title, fan.hint), *_grid(fan, axes), *_lines(fan, axes)]
    for ghost, y in _apart(fan.ghosts, axes):
        parts += _at_the_end(ghost, axes, y)
    return picture(_FAN, _BOTTOM + _FOOT, parts, 0)


def dots_svg(dots: Dots) -> str:
    """The dots with the line where it stands at first, 376 wide."""
    axes = _Axes(_SIDE, _DOTS - _SIDE, dots.high)
    at = axes.x(dots.line)
    parts = [
        LOOKS,
        *_heading(dots.title, dots.hint),
        element("line", x1=_SIDE, x2=_DOTS - _SIDE, y1=_BOTTOM, y2=_BOTTOM, class_="a"),
        *_stacked(dots),
        element("line", x1=at, x2=at, y1=_HEAD - 6, y2=_BOTTOM, class_="k"),
        _aside(dots.count(dots.line), at, _HEAD + 4),
        *_values(dots, axes),
    ]
    for row, ghost in enumerate(dots.ghosts):
        parts += _below(ghost, axes, _BOTTOM + _FOOT + 8 + _LINE * (row + 1))
    return picture(_DOTS, _BOTTOM + _FOOT + 12 + _LINE * len(dots.ghosts), parts, 0)


def stacks(values: Sequence[float], high: float, columns: int) -> list[tuple[int, int]]:
    """Column and row of each dot, the lowest row first; the last column has what lies beyond."""
    heights = [0] * columns
    places = []
    for value in values:
        column = min(columns - 1, int(value / high * columns))
        places.append((column, heights[column]))
        heights[column] += 1
    return places


def _heading(title: str, hint: str) -> Iterator[str]:
    yield element("text", title, x=8, y=20, class_="b", font_size=15)
    yield element("text", hint, x=8, y=37, class_="f")


def _grid(fan: Fan, axes: _Axes) -> Iterator[str]:
    still = fan.still()
    for value, words in still["ticks"]:
        y = axes.y(value)
        yield element("line", x1=_LEFT, x2=axes.right, y1=y, y2=y, class_="g")
        yield element("text", words, x=_LEFT - 6, y=y + 4, class_="f", text_anchor="end")
    for time, words in still["axis"]:
        last = time > 0.95 * fan.duration
        at = {"x": axes.x(time), "y": _BOTTOM + 16, "text_anchor": "end" if last else "middle"}
        yield element("text", words, **at, class_="f")


def _lines(fan: Fan, axes: _Axes) -> Iterator[str]:
    low, middle, high = (_along(fan.times, curve, axes) for curve in zip(*fan.band, strict=True))
    line = _along(fan.times, fan.line, axes)
    colour = sign(fan.index).colour
    steps = [*_steps(fan, axes)]
    yield element("polygon", points=_points([*high, *reversed(low)]), class_="o")
    yield element("polyline", points=_points(middle), class_="m")
    yield element("polyline", points=_points(steps), class_="k x")
    look = f"fill:none;stroke:{colour};stroke-width:2.5"
    yield element("polyline", points=_points(line), style=look)
    yield element("circle", cx=line[-1][0], cy=line[-1][1], r=4.5, style=f"fill:{colour}")
    yield element("text", fan.now(-1), x=axes.right, y=_HEAD - 6, class_="b h", text_anchor="end")
    # On the side of the step where this run is not.
    aside = 15 if fan.line[-1] > fan.intended[-1][1] else -6
    beside = {"x": axes.right - 6, "y": min(steps[-1][1] + aside, _BOTTOM - 4.0)}
    yield element("text", fan.aim, **beside, class_="h", text_anchor="end")


def _along(
    times: Sequence[float], values: Sequence[float], axes: _Axes
) -> list[tuple[float, float]]:
    return [(axes.x(time), axes.y(value)) for time, value in zip(times, values, strict=True)]


def _steps(fan: Fan, axes: _Axes) -> Iterator[tuple[float, float]]:
    until = [*(since for since, _ in fan.intended[1:]), fan.duration]
    for (since, percent), end in zip(fan.intended, until, strict=True):
        yield axes.x(since), axes.y(percent)
        yield axes.x(end), axes.y(percent)


def _points(places: Iterable[tuple[float, float]]) -> str:
    return " ".join(f"{x:.0f},{round(y, 1):g}" for x, y in places)


def _apart(ghosts: Sequence[Ghost], axes: _Axes) -> Iterator[tuple[Ghost, float]]:
    """Each with where its label stands: beside its middle, below that of the one above it."""
    free = 0.0
    for ghost in sorted(ghosts, key=lambda ghost: -ghost.still()["ends"][-1]):
        ends = ghost.still()["ends"]
        free = max(free + _LINE, axes.y((ends[0] + ends[-1]) / 2))
        yield ghost, free


def _at_the_end(ghost: Ghost, axes: _Axes, y: float) -> Iterator[str]:
    ends = [axes.y(end) for end in ghost.still()["ends"]]
    x = axes.right + (10 if ghost.said else 26)
    yield element("line", x1=x, x2=x, y1=ends[0], y2=ends[-1], class_="c")
    for end in ends:
        yield _diamond(x, end, ghost)
    yield element("text", ghost.label, x=axes.right + 38, y=y + 4, class_="b h", font_size=11)


def _below(ghost: Ghost, axes: _Axes, y: float) -> Iterator[str]:
    ends = [axes.x(end) for end in ghost.still()["ends"]]
    yield element("line", x1=ends[0], x2=ends[-1], y1=y - 4, y2=y - 4, class_="c")
    for end in ends:
        yield _diamond(end, y - 4, ghost)
    wide = 12 + _LETTER * len(ghost.label)
    anchor, at = "middle", (ends[0] + ends[-1]) / 2
    if ends[-1] + wide < _DOTS:
        anchor, at = "start", ends[-1] + 12
    elif ends[0] > wide:
        anchor, at = "end", ends[0] - 12
    yield element("text", ghost.label, x=at, y=y, text_anchor=anchor, class_="b h")


def _diamond(x: float, y: float, ghost: Ghost) -> str:
    return element(
        "path", d=f"M{x - 6:.1f},{y:.1f} l6,-6 l6,6 l-6,6 Z", class_="d" if ghost.said else "d t"
    )


def _aside(words: str, x: float, y: float) -> str:
    """Beside the line, on the side of the middle; where that is too narrow, across it."""
    late, wide = x > _DOTS / 2, _LETTER * len(words)
    at = {"x": x + (-6 if late else 6), "y": y, "text_anchor": "end" if late else "start"}
    if not (wide < x - 6 if late else x + 6 + wide < _DOTS):
        at = {"x": max(0.0, _DOTS - _SIDE - wide), "y": y}
    return element("text", words, **at, class_="b h")


def _stacked(dots: Dots) -> Iterator[str]:
    """All dots of one look as one path of points, with round ends as wide as a dot."""
    room = _DOTS - 2 * _SIDE
    columns = int(room // DOT)
    places = stacks(dots.values, dots.high, columns)
    rise = min(DOT, (_PLOT - 30) / (1 + max(row for _, row in places)))
    points: dict[bool, str] = {True: "", False: ""}
    for value, (column, row) in zip(dots.values, places, strict=True):
        cx = _SIDE + (column + 0.5) * room / columns
        cy = _BOTTOM - 3 - DOT / 2 - row * rise
        points[value < dots.line] += f"M{cx:.1f} {cy:.1f}h0"
    for below, path in points.items():
        yield element("path", d=path, class_="q")
        yield element("path", d=path, class_="q" if below else "q n")


def _values(dots: Dots, axes: _Axes) -> Iterator[str]:
    for value, words in dots.still()["ticks"]:
        anchor = "end" if value == dots.high else "start" if value == 0 else "middle"
        at = {"x": axes.x(value), "y": _BOTTOM + 26, "text_anchor": anchor, "class_": "f"}
        yield element("text", words, **at)
    if dots.this is not None:
        yield element("path", d=f"M{axes.x(dots.this):.1f},{_BOTTOM + 3} l5,9 h-10 Z", class_="t")
