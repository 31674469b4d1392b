"""Still twins: what the page draws of a picture at one moment, for readers without a kernel.

The page's own drawing is page/mosaic.js and page/loads.js; this follows it.
"""

import math
from collections.abc import Iterator, Sequence
from textwrap import wrap

from lab_engine.views.theme import sign

from .frames import Mix
from .mosaic import Box
from .picture import Ghost
from .svg import element, picture, short
from .tiles import HEIGHT, WIDTH, Tiles, percent_short, percent_whole

_MARGIN, _HEAD, _GAP = 8, 46, 1.5
_ROW, _BAR, _LABEL, _RIGHT, _LINE = 24, 16, 128, 16, 17
_LETTER = 6.6  # pixels of width, about
_SMALLEST = 9  # pixels of a letter that can be read in a picture that is shrunk to its page
_LAYERS = "sroew"  # servers' areas, then nothing held, the others, edges, what is left


def tiles_svg(tiles: Tiles) -> str:
    """The tiles and the load at the frame they begin with."""
    top = _HEAD + HEIGHT + 60
    bottom = top + _ROW * len(tiles.servers)
    parts = [
        element("text", tiles.title, x=_MARGIN, y=20, class_="b", font_size=15),
        element("text", tiles.hint, x=_MARGIN, y=37, class_="f"),
        *_mosaic(tiles),
        element("text", tiles.moment(tiles.begin), x=_MARGIN, y=_HEAD + HEIGHT + 17),
        *_loads(tiles, top, bottom),
    ]
    height = bottom + _LINE * len(tiles.ghosts) + (32 if tiles.ghosts else 26)
    return picture(WIDTH + 2 * _MARGIN, height, parts, len(tiles.servers))


def _mosaic(tiles: Tiles) -> Iterator[str]:
    """All areas of one look as one path, since there may be hundreds; then the texts on them."""
    boxes = [_inner(box) for box in tiles.boxes()]
    shown = list(zip(range(len(tiles.tiles)), boxes, strict=False))
    areas: dict[str, list[Box]] = {}
    for look, box in (area for cache, at in shown for area in _areas(tiles, cache, at)):
        areas.setdefault(look, []).append(box)
    if tiles.others:
        areas["o"] = [boxes[-1]]
    for look in sorted(areas, key=lambda look: _LAYERS.index(look[0])):
        yield element("path", d=_path(areas[look]), class_=look)
    for cache, at in shown:
        yield from _texts(tiles, cache, at)
    if tiles.others:
        x, y, width, _ = boxes[-1]
        most = max(4, int((width - 12) / _LETTER))
        lines = wrap(tiles.others_say, most, break_long_words=False, break_on_hyphens=False)
        for row, line in enumerate(lines):
            yield element("text", line, x=x + 7, y=y + 18 + 16 * row)


def _inner(box: Box) -> Box:
    width, height = max(1.0, box.width - 2 * _GAP), max(1.0, box.height - 2 * _GAP)
    return Box(_MARGIN + box.x + _GAP, _HEAD + box.y + _GAP, width, height)


def _path(boxes: Sequence[Box]) -> str:
    """All of them, each told from where the one before it began: most are neighbours."""
    drawn, left, top = "", 0.0, 0.0
    for x, y, *size in ((round(each, 1) for each in box) for box in boxes):
        width, height = map(short, size)
        drawn += f"m{short(x - left)} {short(y - top)}h{width}v{height}h-{width}z"
        left, top = x, y
    return drawn


def _areas(tiles: Tiles, cache: int, box: Box) -> Iterator[tuple[str, Box]]:
    """What is filled of a tile, with its look: servers, nothing, plate, edge and what is left."""
    x, y, width, height = box
    mix = tiles.moving.mix(tiles.begin, cache)
    left = x
    for server, part in enumerate(mix):
        if part:
            yield f"s{server}", Box(left, y, part * width, height)
            left += part * width
    if x + width - left > 0.5:
        yield "r", Box(left, y, x + width - left, height)
    if not mix:
        return
    rows, words = _numbers(tiles, cache, box)
    if rows and _ink(mix) is None:
        plate = max(66 if rows == 2 else 0, 6.4 * len(words[0]) + 8)
        yield "e", Box(x + 3, y + 24, plate, 2 + 16 * rows)
    if height >= 16:
        inset, high, below = (4, 4.0, 4) if width >= 24 and height >= 26 else (1, 2.5, 1)
        room = max(1.0, width - 2 * inset)
        life = tiles.moving.seconds_left(tiles.begin, cache) / (tiles.moving.longest or 1)
        edge = Box(x + inset, y + height - high - below, room, high)
        yield "e", edge
        yield "w", edge._replace(width=room * min(1.0, life))


def _ink(mix: Mix) -> str | None:
    """Of a tile of one server; over several colours no one ink stands out."""
    only = next((server for server, part in enumerate(mix) if part == 1), None)
    return None if only is None else f"i{only}"


def _texts(tiles: Tiles, cache: int, box: Box) -> Iterator[str]:
    x, y, width, height = box
    mix = tiles.moving.mix(tiles.begin, cache)
    if not mix:
        if width > 62 and height > 22:
            yield element("text", "no copy", x=x + 7, y=y + 17, class_="f")
        return
    left = x
    for server, part in enumerate(mix):
        if part:
            yield from _letter(server, Box(left, y, part * width, height))
            left += part * width
    rows, words = _numbers(tiles, cache, box)
    for row, line in enumerate(words[:rows]):
        yield element("text", line, x=x + 7, y=y + 37 + 16 * row, class_=_ink(mix) or "w")


def _letter(server: int, box: Box) -> Iterator[str]:
    x, y, width, height = box
    size = min(16.0, max(8.0, 0.42 * min(width, height)))
    if size >= _SMALLEST and width > size + 1 and height > size + 6:
        left, down = min(7, (width - 0.7 * size) / 2), size + min(5, (height - size) / 4)
        look = f"l i{server}"
        letter = sign(server).letter
        yield element("text", letter, x=x + left, y=y + down, class_=look, font_size=size)


def _numbers(tiles: Tiles, cache: int, box: Box) -> tuple[int, tuple[str, str]]:
    """How many lines a tile has room for, and the two it would have: share and seconds left."""
    share = percent_short(tiles.tiles[cache].share)
    seconds = tiles.moving.seconds_left(tiles.begin, cache)
    left = "for ever" if math.isinf(seconds) else f"{seconds:.0f} s left"
    rows = 2 if box.width > 68 and box.height > 66 else int(box.width > 46 and box.height > 50)
    return rows, (f"{share} of the clients" if box.width > 128 else share, left)


def _loads(tiles: Tiles, top: float, bottom: float) -> Iterator[str]:
    yield element("text", "Load now", x=_MARGIN, y=top - 20, class_="b", font_size=13)
    foot = bottom + _LINE * len(tiles.ghosts) + (6 if tiles.ghosts else 0)
    for tick in (0, 25, 50, 75, 100):
        x = _scale(tick)
        yield element("line", x1=x, x2=x, y1=top - 4, y2=foot, class_="g")
        yield element("text", f"{tick} %", x=x, y=foot + 14, class_="f", text_anchor="middle")
    for server in range(len(tiles.servers)):
        yield from _bar(tiles, server, top + _ROW * server)
    if not tiles.says:
        x = _scale(100 * tiles.fair)
        anchor = "start" if tiles.fair < 0.1 else "middle"
        yield element("line", x1=x, x2=x, y1=top - 10, y2=bottom, class_="k")
        yield element("text", tiles.fair_says, x=x, y=top - 14, class_="f h", text_anchor=anchor)
    if tiles.unheld(tiles.begin) > 0:
        legend = "dashed: caches without a copy, which ask anew"
        end = WIDTH + _MARGIN
        yield element("text", legend, x=end, y=top - 20, class_="f", text_anchor="end")
    for index, ghost in enumerate(tiles.ghosts):
        yield from _ghost(tiles, ghost, top, bottom + 2 + _LINE * index)


def _bar(tiles: Tiles, server: int, y: float) -> Iterator[str]:
    name, load = tiles.servers[server], tiles.loads(tiles.begin)[server]
    yield from _label(server, f"{name} dead" if name in tiles.down else name, y)
    start, middle, end = (
        _scale(100 * share) for share in (0, tiles.held(tiles.begin)[server], load)
    )
    yield element("rect", x=start, y=y, width=middle - start, height=_BAR, class_=f"s{server}")
    if end - middle > 1:
        yield element("rect", x=middle, y=y, width=end - middle, height=_BAR, class_="r")
    if tiles.capacities[server] <= 1:
        x = _scale(100 * tiles.capacities[server])
        yield element("line", x1=x, x2=x, y1=y - 3, y2=y + _BAR + 3, class_="c")
        yield element("text", "capacity", x=x + 4, y=y + 12.5, class_="f h")
    late = end > _scale(100) - 40
    anchor, by = ("end", -6) if late else ("start", 6)
    words = percent_whole(load)
    yield element("text", words, x=end + by, y=y + 12.5, class_="b h", text_anchor=anchor)


def _label(server: int, name: str, y: float) -> Iterator[str]:
    letter = sign(server).letter
    yield element("rect", x=_MARGIN, y=y, width=_BAR, height=_BAR, rx=2, class_=f"s{server}")
    at = {"x": _MARGIN + _BAR / 2, "y": y + 12, "text_anchor": "middle"}
    yield element("text", letter, **at, class_=f"l i{server}")
    yield element("text", name, x=_MARGIN + _BAR + 7, y=y + 12.5)


def _ghost(tiles: Tiles, ghost: Ghost, top: float, below: float) -> Iterator[str]:
    ends = [_scale(end) for end in ghost.still()["ends"]]
    rows = [row for row, name in enumerate(tiles.servers) if ghost.on in ("", name)]
    middles = [top + _ROW * row + _BAR / 2 for row in rows] or [top]
    yield element("line", x1=ends[-1], x2=ends[-1], y1=middles[0], y2=below + 2, class_="k")
    for y in middles:
        if len(ends) > 1:
            yield element("line", x1=ends[0], x2=ends[-1], y1=y, y2=y, class_="c")
        for x in ends:
            shape = f"M{x - 7:.1f},{y:.1f} l7,-7 l7,7 l-7,7 Z"
            yield element("path", d=shape, class_="d" if ghost.said else "d t")
    anchor, by = ("end", -5) if ends[-1] > _scale(75) else ("start", 5)
    at = ends[-1] + by
    yield element("text", ghost.label, x=at, y=below + 12, class_="b h", text_anchor=anchor)


def _scale(per_cent: float) -> float:
    room = WIDTH - _LABEL - _RIGHT
    return _MARGIN + _LABEL + min(100.0, per_cent) / 100 * room
