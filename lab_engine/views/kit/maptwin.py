"""The still twin of a map: what page/map.js and page/flow.js draw, for the user looked at first."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from lab_engine.views.theme import sign

from .flow import BINS, DOTS
from .land import HEIGHT, WIDTH, outlines
from .map import FARTHEST_MS, Map
from .picture import Ghost
from .svg import element, picture

_PAGE, _MARGIN, _HEAD, _GAP = 920, 8, 46, 14
_MAP = 566
_SCALE = _MAP / WIDTH
_HIGH = HEIGHT * _SCALE
_TALL = max(_HIGH, 190.0) - 22  # of the flow
_NODE, _NAMES, _PLACES = 9, 74, 96
_LABEL, _RIGHT, _ROOM, _DOT, _LINE = 118, 100, 68, 13, 17
_USER, _SERVER, _LETTER = 7, 18, 7.2
_FAINT = "opacity:.45"
_NONE = "\N{MULTIPLICATION SIGN}"

Mark = tuple[float, float]


@dataclass
class _Room:
    """Where labels are already."""

    taken: list[tuple[float, float, float, float]] = field(default_factory=list)

    def keep(self, at: Mark, half: float) -> None:
        self.taken.append((at[0] - half, at[1] - half, 2 * half, 2 * half))

    def find(self, words: str, at: Mark, off: float) -> tuple[float, float, str] | None:
        """Where a label has room beside a mark, first to the right; None if nowhere."""
        (x, y), wide = at, _LETTER * len(words)
        ways = (
            (x + off, y + 4, "start", x + off),
            (x - off, y + 4, "end", x - off - wide),
            (x, y - off - 2, "middle", x - wide / 2),
            (x, y + off + 10, "middle", x - wide / 2),
        )
        for left, base, anchor, edge in ways:
            if self._clear(edge, base - 11, wide):
                self.taken.append((edge, base - 11, wide, 14))
                return left, base, anchor
        return None

    def _clear(self, x: float, y: float, wide: float) -> bool:
        inside = x >= _MARGIN and x + wide <= _MARGIN + _MAP
        return inside and all(
            x >= a + c or x + wide <= a or y >= b + d or y + 14 <= b for a, b, c, d in self.taken
        )


def map_svg(map_: Map) -> str:
    """The map with the flow beside it, and the rows of round trips below."""
    still = map_.still()
    top = _HEAD + max(_HIGH, 200) + 10
    floor = top + 20 + (_ROOM + _LINE) * len(still["rows"])
    ghosts = len(still["ghosts"])
    parts = [
        element("text", map_.title, x=_MARGIN, y=20, class_="b", font_size=15),
        element("text", map_.hint, x=_MARGIN, y=37, class_="f"),
        *_world(still),
        *_flow(still),
        *_rows(still, top, floor),
    ]
    looked = still["users"][still["chosen"]]["words"]
    end = floor + 24 + _LINE * ghosts
    parts.append(element("text", looked, x=_MARGIN, y=end + 16))
    for index, ghost in enumerate(map_.ghosts):
        parts += _ghost(ghost, top + 20, floor, floor + 22 + _LINE * index)
    return picture(_PAGE + 2 * _MARGIN, end + 26, parts, len(map_.servers))


def _on(at: Sequence[float]) -> Mark:
    return _MARGIN + at[0] * _SCALE, _HEAD + at[1] * _SCALE


def _world(still: Any) -> Iterator[str]:
    move = f"translate({_MARGIN},{_HEAD}) scale({_SCALE:.3f})"
    yield element("path", d=outlines(), transform=move, class_="o")
    for index, user in enumerate(still["users"]):
        yield from _lines(user, still, looked=index == still["chosen"])
    room = _Room()
    marks = [_on(user["at"]) for user in still["users"]]
    for mark in marks:
        room.keep(mark, _USER)
    for server in still["servers"]:
        room.keep(_on(server["at"]), _SERVER / 2)
    few = len(still["resolvers"]) <= 3
    for resolver in still["resolvers"]:
        x, y = _on(resolver["at"])
        yield element("path", d=f"M{x - 6:.1f},{y:.1f} l6,-6 l6,6 l-6,6 Z", class_="d")
        if few:
            room.keep((x, y), 6)
            yield from _label(resolver["name"], room.find(resolver["name"], (x, y), 9), "h")
    for index, server in enumerate(still["servers"]):
        yield from _server(index, server, room)
    for index, (user, mark) in enumerate(zip(still["users"], marks, strict=True)):
        yield from _user(user, mark, room, looked=index == still["chosen"])


def _lines(user: Any, still: Any, *, looked: bool) -> Iterator[str]:
    start = _on(user["at"])
    shade = "" if looked else _FAINT
    to = _on(still["resolvers"][user["resolver"]]["at"])
    yield element("path", d=_bow(start, to), class_="k", style=f"fill:none;{shade}")
    for server, share in user["ways"]:
        if server >= 0:
            wide = 3.0 if looked else 1 + 1.5 * share
            style = f"fill:none;stroke:{sign(server).colour};stroke-width:{wide:.1f};{shade}"
            yield element("path", d=_bow(start, _on(still["servers"][server]["at"])), style=style)


def _bow(start: Mark, end: Mark) -> str:
    (x1, y1), (x2, y2) = start, end
    far = ((x2 - x1) ** 2 + (y2 - y1) ** 2) ** 0.5
    top = (y1 + y2) / 2 - 0.16 * far
    return f"M{x1:.1f},{y1:.1f} Q{(x1 + x2) / 2:.1f},{top:.1f} {x2:.1f},{y2:.1f}"


def _server(index: int, server: Any, room: _Room) -> Iterator[str]:
    x, y = _on(server["at"])
    half = _SERVER / 2
    box = {"x": x - half, "y": y - half, "width": _SERVER, "height": _SERVER, "rx": 3}
    yield element("rect", "", class_=f"s{index}", **box)
    at = {"x": x, "y": y + 4.5, "text_anchor": "middle", "font_size": 13}
    yield element("text", server["letter"], class_=f"l i{index}", **at)
    words = server["place"] or server["name"]
    yield from _label(words, room.find(words, (x, y), half + 4), "b h")


def _user(user: Any, mark: Mark, room: _Room, *, looked: bool) -> Iterator[str]:
    x, y = mark
    main, _ = max(user["ways"], key=lambda way: way[1], default=(-1, 0))
    yield from _disc(x, y, _USER, main, looked=looked)
    found = room.find(user["name"], mark, _USER + 4)
    if looked and found is None:
        found = (x + _USER + 4, y + 4, "start")
    yield from _label(user["name"], found, "b h" if looked else "h")


def _disc(x: float, y: float, r: float, server: int, *, looked: bool) -> Iterator[str]:
    ring = ";stroke-width:2.5" if looked else ""
    if server < 0:
        yield element("circle", cx=x, cy=y, r=r, class_="p r", style=f"fill-opacity:1{ring}")
    else:
        style = f"fill:{sign(server).colour}{ring}"
        yield element("circle", cx=x, cy=y, r=r, class_="d" if looked else "", style=style)
    at = {"x": x, "y": y + 3.4, "text_anchor": "middle", "font_size": 10 if r > 6.5 else 9}
    yield element("text", sign(server).letter if server >= 0 else _NONE, class_=_ink(server), **at)


def _ink(server: int) -> str:
    return f"l i{server}" if server >= 0 else "l"


def _label(words: str, found: tuple[float, float, str] | None, look: str) -> Iterator[str]:
    if found:
        x, y, anchor = found
        yield element("text", words, x=x, y=y, text_anchor=anchor, class_=look)


@dataclass(frozen=True)
class _Stream:
    """Where the three columns of the flow lie, and how parts of their height become pixels."""

    columns: tuple[float, float, float]

    def down(self, part: float) -> float:
        return _HEAD + 20 + part * _TALL

    def ribbon(self, column: int, start: float, end: float, wide: float) -> str:
        left, right = self.columns[column] + _NODE, self.columns[column + 1]
        bend = (left + right) / 2
        ends = (start, end, end + wide, start + wide)
        a, b, c, d = (f"{self.down(part):.1f}" for part in ends)
        there = f"M{left:.1f},{a} C{bend:.1f},{a} {bend:.1f},{b} {right:.1f},{b}"
        return f"{there} V{c} C{bend:.1f},{c} {bend:.1f},{d} {left:.1f},{d} Z"


def _flow(still: Any) -> Iterator[str]:
    first = float(_MARGIN + _MAP + _GAP + _NAMES)
    last = float(_MARGIN + _PAGE - _PLACES - _NODE)
    stream = _Stream((first, (first + last) / 2, last))
    for column, user, server, start, end, wide in still["flow"]["ribbons"]:
        known = column == 1 and server >= 0
        look = f"fill:{sign(server).colour};" if known else "fill:#8c8c8c;"
        shade = "" if user == still["chosen"] else _FAINT
        yield element("path", d=stream.ribbon(column, start, end, wide), style=look + shade)
    for column, nodes in enumerate(still["flow"]["columns"]):
        names = [*_names(still, column)]
        x, by = stream.columns[column], (-5.0, _NODE / 2, _NODE + 5.0)[column]
        head = ("users", f"{len(nodes)} resolvers" if len(nodes) > 3 else "resolver", "servers")
        at = {"x": x + _NODE / 2, "y": _HEAD + 12, "text_anchor": "middle", "class_": "f"}
        yield element("text", head[column], **at)
        for (top, part), (name, look) in zip(nodes, names, strict=True):
            if not part:
                continue
            box = {"x": x, "y": stream.down(top), "width": _NODE, "height": part * _TALL}
            yield element("rect", class_=look, **box)
            y = stream.down(top) - 4 if column == 1 else stream.down(top + part / 2) + 4
            strong = "b" if column == 2 else "h"
            label = {"x": x + by, "y": y, "text_anchor": _ANCHORS[column], "class_": strong}
            yield element("text", name, **label) if name else ""


_ANCHORS: Final = ("end", "middle", "start")


def _names(still: Any, column: int) -> Iterator[tuple[str, str]]:
    """What stands at each node of a column, and its look."""
    if column == 0:
        yield from ((user["name"], "t") for user in still["users"])
    elif column == 1:
        few = len(still["resolvers"]) <= 3
        yield from ((each["name"] * few, "t") for each in still["resolvers"])
    else:
        for index, server in enumerate(still["servers"]):
            yield f"{server['letter']} {server['place'] or server['name']}", f"s{index}"
        if still["flow"]["lost"]:
            yield "no answer", "r"


def _ms(value: float) -> float:
    room = _PAGE - _LABEL - _RIGHT
    return _MARGIN + _LABEL + min(FARTHEST_MS, value) / FARTHEST_MS * room


def _rows(still: Any, top: float, floor: float) -> Iterator[str]:
    words = f"Round trips: each dot is {100 / DOTS:g} % of the requests"
    yield element("text", words, x=_MARGIN, y=top + 12, class_="b", font_size=13)
    for tick in range(0, int(FARTHEST_MS) + 1, 50):
        x = _ms(tick)
        yield element("line", x1=x, x2=x, y1=top + 20, y2=floor + 3, class_="g")
        at = {"x": x, "y": floor + 16, "text_anchor": "middle"}
        yield element("text", f"{tick} ms", class_="f", **at)
    end = float(_MARGIN + _PAGE - 30)
    if any(dot[0] == BINS for row in still["rows"] for dot in row["dots"]):
        at = {"x": end, "y": floor + 16, "text_anchor": "middle"}
        yield element("text", "no answer", class_="f", **at)
    for index, row in enumerate(still["rows"]):
        yield from _row(row, still, top + 20 + (_ROOM + _LINE) * (index + 1) - 6, end)


def _row(row: Any, still: Any, floor: float, end: float) -> Iterator[str]:
    step = min(_DOT, _ROOM / (1 + max(dot[1] for dot in row["dots"])))
    yield element("text", row["name"], x=_MARGIN, y=floor - 34, class_="b", font_size=13)
    for words, key, up in (("△ half", "half", 19), ("▲ 95 %", "most", 4)):
        if key in row:
            says = f"{words} ≤ {row[key]:.0f} ms"
            yield element("text", says, x=_MARGIN, y=floor - up, class_="f")
            tip = f"M{_ms(row[key]):.1f},{floor + 2:.1f} l-4,7 h8 Z"
            yield element("path", d=tip, class_="d" if key == "half" else "d t")
    line = {"x1": _ms(0), "x2": _ms(FARTHEST_MS), "y1": floor + 1, "y2": floor + 1}
    yield element("line", "", class_="g", **line)
    for place, level, user, server in row["dots"]:
        x = end if place == BINS else _ms((place + 0.5) / BINS * FARTHEST_MS)
        yield from _disc(x, floor - 7 - step * level, 6.3, server, looked=user == still["chosen"])


def _ghost(ghost: Ghost, top: float, floor: float, below: float) -> Iterator[str]:
    ends = [_ms(end) for end in ghost.still()["ends"]]
    for x in ends:
        yield element("line", x1=x, x2=x, y1=top, y2=below, class_="k")
        shape = f"M{x - 6:.1f},{floor:.1f} l6,-6 l6,6 l-6,6 Z"
        yield element("path", d=shape, class_="d" if ghost.said else "d t")
    far = ends[-1] > _ms(0.7 * FARTHEST_MS)
    at = {"x": ends[-1] + (-6 if far else 6), "y": below + 9}
    anchor = "end" if far else "start"
    yield element("text", ghost.label, class_="b h", text_anchor=anchor, **at)
