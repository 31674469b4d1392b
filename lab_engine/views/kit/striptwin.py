"""The still twin of a strip: what page/strip.js draws of it once everything has happened."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from lab_engine.views.theme import sign

from .picture import Ghost
from .strip import Arrow, Bar, Dot, Lamps, Mark, Moment, Strip
from .svg import element, picture

_WIDTH, _MARGIN, _HEAD = 920, 8, 46
_LABEL, _RIGHT, _BAR, _LANE, _ROW = 118, 22, 18, 42, 7
_LAMP, _LAMPS = 24, 50  # from lamp to lamp, and from one row of lamps to the next
_CHARACTER = 6.9  # pixels of width, about


@dataclass(frozen=True)
class _Place:
    """Where a lane lies."""

    top: float
    bottom: float
    rows: int

    @property
    def middle(self) -> float:
        return (self.top + self.bottom) / 2


@dataclass(frozen=True)
class _Pen:
    """What drawing a mark needs to know."""

    strip: Strip
    places: dict[str, _Place]

    def x(self, time: float) -> float:
        part = (time - self.strip.start) / (self.strip.end - self.strip.start)
        return _MARGIN + _LABEL + part * (_WIDTH - _LABEL - _RIGHT)

    def look(self, look: str) -> tuple[str, str, str, str]:
        """Fill, line and ink as styles, and the letter, of a look."""
        if look not in self.strip.servers:
            return f"var(--{look})", f"var(--{look}-line)", f"var(--{look}-ink)", ""
        index = self.strip.servers.index(look)
        letter, colour, ink, _ = sign(index)
        return f"url(#s{index})", colour, ink, letter


def strip_svg(strip: Strip) -> str:
    """All lanes, with all that happened in them."""
    places = dict(_places(strip))
    bottom = max(place.bottom for place in places.values())
    pen = _Pen(strip, places)
    parts = [
        element("text", strip.title, x=_MARGIN, y=20, class_="b", font_size=15),
        element("text", strip.hint, x=_MARGIN, y=37, class_="f"),
        *_axis(pen, bottom),
    ]
    now = strip.end if strip.begin is None else strip.begin
    ordered = [
        each for kind in (Bar, Dot, Arrow, Moment) for each in strip.marks if type(each) is kind
    ]
    over = [each for each in ordered if isinstance(each, Moment) and each.at <= now]
    parts += _thin(
        [each for each in ordered if isinstance(each, Bar) and each.row is not None], pen
    )
    thick = [each for each in ordered if not isinstance(each, Bar) or each.row is None]
    parts += [piece for each in thick if each not in over for piece in _draw(each, pen)]
    if strip.begin is not None:
        parts += _later(strip.begin, pen, bottom)
    parts += [piece for each in over for piece in _draw(each, pen)]
    for ghost in strip.ghosts:
        parts += _ghost(ghost, pen, bottom)
    for row, lamps in enumerate(strip.lamps):
        parts += _lamps(lamps, pen, bottom + 46 + _LAMPS * row)
    height = bottom + 28 + _LAMPS * len(strip.lamps)
    return picture(_WIDTH + 2 * _MARGIN, height, parts, len(strip.servers))


def _later(begin: float, pen: _Pen, bottom: float) -> Iterator[str]:
    """A veil over what comes after the playhead, and the playhead."""
    top = min(place.top for place in pen.places.values())
    x, end = pen.x(begin), float(_WIDTH + _MARGIN)
    veil: dict[str, Any] = {
        "x": x,
        "y": top,
        "width": end - x,
        "height": bottom - top,
        "class_": "p",
    }
    yield element("rect", **veil, opacity=".65")
    yield element("line", x1=x, x2=x, y1=top, y2=bottom, class_="c")


def _lamps(lamps: Lamps, pen: _Pen, y: float) -> Iterator[str]:
    """A row of lamps as they are at the playhead: squares for servers, circles for the rest."""
    looks = pen.strip.lit(lamps, pen.strip.end if pen.strip.begin is None else pen.strip.begin)
    yield element("text", f"{lamps.lane} now", x=_MARGIN, y=y + 4)
    for number, look in enumerate(looks):
        x = _MARGIN + _LABEL + _LAMP * (number + 0.5)
        fill, _, ink, letter = pen.look(look or "plain")
        if letter:
            box: dict[str, Any] = {"x": x - 10, "y": y - 10, "width": 20, "height": 20, "rx": 3}
            yield element("rect", **box, style=f"fill:{fill}")
            style = f"fill:{ink};font-weight:700"
            yield element("text", letter, x=x, y=y + 4.5, style=style, text_anchor="middle")
        else:
            yield element("circle", cx=x, cy=y, r=8, style=f"fill:{fill}")
        if look == "dead":
            cross = f"M{x - 4:.1f},{y - 4:.1f} l8,8 m0,-8 l-8,8"
            yield element("path", d=cross, style=f"stroke:{ink};stroke-width:2")
    says = lamps.says.replace("{}", str(looks.count(lamps.look)))
    yield element("text", says, x=_MARGIN + _LABEL, y=y + 26, class_="f")


def _places(strip: Strip) -> Iterator[tuple[str, _Place]]:
    top = float(_HEAD if strip.hint else _HEAD - 16)
    for lane in strip.lanes:
        bottom = top + (lane.rows * _ROW + 14 if lane.rows > 1 else _LANE)
        yield lane.name, _Place(top, bottom, lane.rows)
        top = bottom


def _axis(pen: _Pen, bottom: float) -> Iterator[str]:
    top = min(place.top for place in pen.places.values())
    for at, words in pen.strip.axis:
        x = pen.x(at)
        yield element("line", x1=x, x2=x, y1=top, y2=bottom, class_="g")
        yield element("text", words, x=x, y=bottom + 16, class_="f", text_anchor="middle")
    tied = {name for m in pen.strip.marks if isinstance(m, Arrow) for name in (m.lane, m.to)}
    for name, place in pen.places.items():
        y = place.middle
        if name in tied:
            start, end = pen.x(pen.strip.start), pen.x(pen.strip.end)
            yield element("line", x1=start, x2=end, y1=y, y2=y, class_="g")
        yield element("text", name, x=_MARGIN, y=y + 4)


def _draw(mark: Mark, pen: _Pen) -> Iterator[str]:
    match mark:
        case Bar():
            yield from _bar(mark, pen)
        case Dot():
            yield from _dot(mark, pen)
        case Arrow():
            yield from _arrow(mark, pen)
        case Moment():
            yield from _moment(mark, pen)


def _thin(bars: Sequence[Bar], pen: _Pen) -> Iterator[str]:
    """Bars in rows: those of one look as one path, since there are hundreds."""
    lines: dict[str, str] = {}
    for bar in bars:
        y = pen.places[bar.lane].top + 7 + _ROW * ((bar.row or 0) + 0.5)
        x, width = pen.x(bar.start), max(1.0, pen.x(bar.end) - pen.x(bar.start) - 1)
        lines[bar.look] = lines.get(bar.look, "") + f"M{x:.0f} {y:g}h{width:.0f}"
    for look, path in lines.items():
        fill, line, _, letter = pen.look(look)  # what is no server's has no pattern to be seen by
        stroke = f"stroke:{fill if letter else line};stroke-width:2.5"
        yield element("path", d=path, style=stroke)


def _bar(bar: Bar, pen: _Pen) -> Iterator[str]:
    place = pen.places[bar.lane]
    fill, _, ink, letter = pen.look(bar.look)
    x, width = pen.x(bar.start), pen.x(bar.end) - pen.x(bar.start)
    box: dict[str, Any] = {
        "x": x,
        "y": place.middle - _BAR / 2,
        "width": max(1.0, width - 1),
        "height": _BAR,
    }
    yield element("rect", **box, rx=2, style=f"fill:{fill}")
    words = f"{letter} {bar.label}".strip()
    fits = next((t for t in (words, letter) if t and _CHARACTER * len(t) + 8 < width), "")
    if fits:
        weight = ";font-weight:700" if letter else ""
        yield element("text", fits, x=x + 5, y=place.middle + 4.5, style=f"fill:{ink}{weight}")


def _dot(dot: Dot, pen: _Pen) -> Iterator[str]:
    place = pen.places[dot.lane]
    _, line, ink, letter = pen.look(dot.look)
    many = place.rows > 1
    lettered = letter and not many and dot.shape == "point"
    x, size = pen.x(dot.at), 3.2 if many else 7.0 if lettered else 4.5
    y = place.top + 7 + _ROW * (dot.row + 0.5) if many else place.middle
    yield _glyph(dot.shape, x, y, size, line)
    if lettered:
        style = f"fill:{ink};font-size:10px;font-weight:700"
        yield element("text", letter, x=x, y=y + 3.6, style=style, text_anchor="middle")
    if dot.label:
        yield element("text", dot.label, x=x + 8, y=y + 4, class_="h")


def _glyph(shape: str, x: float, y: float, size: float, line: str) -> str:
    stroke = f"stroke:{line};stroke-width:2;fill:none"
    if shape == "cross":
        down = f"M{x - size:.1f},{y - size:.1f} l{2 * size},{2 * size}"
        return element("path", d=f"{down} m0,{-2 * size} l{-2 * size},{2 * size}", style=stroke)
    if shape == "tick":
        return element("line", x1=x, x2=x, y1=y - 9, y2=y + 9, style=stroke)
    if shape == "ring":
        return element("circle", cx=x, cy=y, r=size, class_="p", style=f"stroke:{line}")
    return element("circle", cx=x, cy=y, r=size, style=f"fill:{line}")


def _arrow(arrow: Arrow, pen: _Pen) -> Iterator[str]:
    _, line, _, _ = pen.look(arrow.look)
    x1, x2 = pen.x(arrow.start), pen.x(arrow.end)
    y1, y2 = pen.places[arrow.lane].middle, pen.places[arrow.to].middle
    yield element("line", x1=x1, x2=x2, y1=y1, y2=y2, style=f"stroke:{line};stroke-width:2")
    angle = math.degrees(math.atan2(y2 - y1, x2 - x1))
    turned = f"translate({x2:.1f},{y2:.1f}) rotate({angle:.1f})"
    head = "M1,0 L-9,-4.5 L-9,4.5 Z"
    yield element("path", d=head, style=f"fill:{line}", transform=turned)
    if arrow.label:
        anchor, by = ("end", -7) if y2 > y1 else ("start", 7)
        at = {"x": (x1 + x2) / 2 + by, "y": (y1 + y2) / 2 + 4}
        yield element("text", arrow.label, class_="f h", text_anchor=anchor, **at)


def _moment(moment: Moment, pen: _Pen) -> Iterator[str]:
    _, line, _, _ = pen.look(moment.look)
    first, last, x = pen.places[moment.lane], pen.places[moment.to], pen.x(moment.at)
    dashed = f"stroke:{line};stroke-width:2;stroke-dasharray:4 3"
    yield element("line", x1=x, x2=x, y1=first.top + 2, y2=last.middle, style=dashed)
    late = x + 7.2 * len(moment.label) > pen.x(pen.strip.end)
    anchor, by = ("end", -6) if late else ("start", 6)
    y = first.bottom + 5
    yield element("text", moment.label, x=x + by, y=y, class_="b h", text_anchor=anchor)


def _ghost(ghost: Ghost, pen: _Pen, bottom: float) -> Iterator[str]:
    top = min(place.top for place in pen.places.values())
    ends = [pen.x(end) for end in ghost.still()["ends"]]
    for x in ends:
        yield element("line", x1=x, x2=x, y1=top, y2=bottom, class_="k")
        shape = f"M{x - 7:.1f},{bottom:.1f} l7,-7 l7,7 l-7,7 Z"
        yield element("path", d=shape, class_="d" if ghost.said else "d t")
    yield element("text", ghost.label, x=ends[-1] + 10, y=bottom - 4, class_="b h")
