"""A figure of a rehearsal: what still goes by older answers, in seconds after a change.

A line for each population, told apart by colour, dash and a label of its own, and the law as dots.
It is drawn like the pictures of the kit that do not move, and follows a page from light to dark.
"""

from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from lab_engine.rehearsal.curves import FALLEN, LEVELS, Curve, Times, beginning
from lab_engine.views.kit.strip import round_ticks
from lab_engine.views.kit.svg import element, picture

_WIDTH, _LEFT, _RIGHT, _TOP, _PLOT = 760, 56, 24, 66, 220
_BOTTOM: Final = _TOP + _PLOT
_LINE: Final = 20
_LOOKS: Final = """<style>.y{fill:none;stroke-width:2.5}.y0{stroke:#0072b2}.y1{stroke:#b34700}
.y2{stroke:#00704f}.m{fill:#fff;stroke-width:2}
@media (prefers-color-scheme:dark){.y0{stroke:#56b4e9}.y1{stroke:#f0803c}.y2{stroke:#00b386}
.m{fill:#1c1c1c}}
</style>"""
_DASHES: Final = ("none", "9 4", "2 4")


class Line(NamedTuple):
    """One line of the figure.

    Attributes:
        name: of the population.
        curve: seconds, and the part that is not yet where it will be.
        times: when half, 90 % and 99 % are.
        law: the same by the closed form; None where there is none.
    """

    name: str
    curve: Curve
    times: Times
    law: Times | None


def sentence(lines: Sequence[Line], verb: str = "have followed") -> str:
    """What the figure shows, in words."""
    parts = []
    for line in lines:
        times = ", ".join(
            f"{level:.0%} after {time:.0f} s" if time is not None else f"{level:.0%} not in time"
            for level, time in zip(LEVELS, line.times, strict=True)
        )
        parts.append(f"{line.name}: {times}")
    return f"Of the requests, these {verb}: {'; '.join(parts)}."


def svg(title: str, axis: str, lines: Sequence[Line]) -> str:
    """The figure, 760 wide.

    Args:
        title: what stands above it.
        axis: what its height is.
        lines: one for each population, at least one point each.
    """
    end = max(_end(line) for line in lines)
    parts = [_LOOKS, element("text", title, x=8, y=20, class_="b", font_size=15)]
    parts += [element("text", axis, x=8, y=40, class_="f"), *_grid(end)]
    for index, line in enumerate(lines):
        parts += [*_drawn(index, line, end), *_key(index, line)]
    return picture(_WIDTH, _BOTTOM + 40 + _LINE * len(lines), parts, 0)


def _end(line: Line) -> float:
    """Where a line has come down to nothing, with some room behind it."""
    last = next((time for time, part in line.curve if part <= FALLEN), line.curve[-1][0])
    return max(1.0, last * 1.08)


def _x(time: float, end: float) -> float:
    return _LEFT + min(1.0, time / end) * (_WIDTH - _LEFT - _RIGHT)


def _y(part: float) -> float:
    return _BOTTOM - part * _PLOT


def _grid(end: float) -> Iterator[str]:
    for part in (0.0, 0.1, 0.5, 1.0):
        y = _y(part)
        yield element("line", x1=_LEFT, x2=_WIDTH - _RIGHT, y1=y, y2=y, class_="g")
        yield element("text", f"{part:.0%}", x=_LEFT - 6, y=y + 4, class_="f", text_anchor="end")
    for at, words in round_ticks(0, end):
        x = _x(at, end)
        yield element("line", x1=x, x2=x, y1=_TOP, y2=_BOTTOM, class_="g")
        yield element("text", words, x=x, y=_BOTTOM + 16, class_="f", text_anchor="middle")


def _drawn(index: int, line: Line, end: float) -> Iterator[str]:
    first = (0.0, beginning(line.curve))
    inside = [first, *(point for point in line.curve if point[0] <= end)]
    points = " ".join(f"{_x(time, end):.1f},{_y(part):.1f}" for time, part in inside)
    look = f"y y{index % 3}"
    dash = _DASHES[index % 3]
    yield element("polyline", points=points, class_=look, stroke_dasharray=dash)
    for level, time in zip(LEVELS, line.law or (), strict=False):
        if time is not None and time <= end:
            x, y = _x(time, end), _y(1 - level)
            yield element("circle", cx=x, cy=y, r=4.5, class_=f"m y{index % 3}")


def _key(index: int, line: Line) -> Iterator[str]:
    y = _BOTTOM + 38 + _LINE * index
    look = {"class_": f"y y{index % 3}", "stroke_dasharray": _DASHES[index % 3]}
    yield element("line", x1=_LEFT, x2=_LEFT + 34, y1=y - 4, y2=y - 4, **look)
    law = "; circles: by the law" if line.law is not None else ""
    yield element("text", f"{line.name}{law}", x=_LEFT + 42, y=y, class_="b")
