"""Still twins: what the page draws of a picture at one moment, for readers without a kernel.

The page's own drawing is page/mosaic.js and page/loads.js; this follows it.
"""

import math
from collections.abc import Iterator

from lab_engine.views.theme import percent, sign

from .mosaic import Box
from .picture import Ghost
from .svg import element, picture
from .tiles import HEIGHT, WIDTH, Tiles, percent_whole

_MARGIN, _HEAD, _GAP = 8, 46, 1.5
_ROW, _BAR, _LABEL, _RIGHT = 24, 16, 128, 16
_LETTER = 6.6  # pixels of width, about


def tiles_svg(tiles: Tiles) -> str:
    """The tiles and the load at the frame they begin with."""
    top = _HEAD + HEIGHT + 52
    bottom = top + _ROW * len(tiles.servers)
    parts = [
        element("text", tiles.title, x=_MARGIN, y=20, class_="b", font_size=15),
        element("text", tiles.hint, x=_MARGIN, y=37, class_="f"),
        *_mosaic(tiles),
        element("text", tiles.moment(tiles.begin), x=_MARGIN, y=_HEAD + HEIGHT + 17),
        *_loads(tiles, top, bottom),
    ]
    return picture(WIDTH + 2 * _MARGIN, bottom + 26, parts, len(tiles.servers))


def _mosaic(tiles: Tiles) -> Iterator[str]:
    boxes = tiles.boxes()
    for cache in range(len(tiles.tiles)):
        yield from _tile(tiles, cache, _inner(boxes[cache]))
    if tiles.others:
        x, y, width, height = _inner(boxes[-1])
        yield element("rect", x=x, y=y, width=width, height=height, rx=3, class_="o")
        for row, line in enumerate(_wrapped(tiles.others_say, int((width - 12) / _LETTER))):
            yield element("text", line, x=x + 7, y=y + 18 + 16 * row)


def _inner(box: Box) -> Box:
    width, height = max(1.0, box.width - 2 * _GAP), max(1.0, box.height - 2 * _GAP)
    return Box(_MARGIN + box.x + _GAP, _HEAD + box.y + _GAP, width, height)


def _tile(tiles: Tiles, cache: int, box: Box) -> Iterator[str]:
    x, y, width, height = box
    mix = tiles.moving.mix(tiles.begin, cache)
    if not mix:
        yield element("rect", x=x, y=y, width=width, height=height, rx=3, class_="r")
        if width > 62 and height > 22:
            yield element("text", "no copy", x=x + 7, y=y + 17, class_="f")
        return
    left = x
    for server, part in enumerate(mix):
        if part:
            yield from _slice(server, Box(left, y, part * width, height))
            left += part * width
    first = next(server for server, part in enumerate(mix) if part)
    yield from _numbers(tiles, cache, box, sign(first).ink)
    yield from _edge(tiles, cache, box)


def _slice(server: int, box: Box) -> Iterator[str]:
    x, y, width, height = box
    yield element("rect", x=x, y=y, width=width, height=height, rx=3, fill=f"url(#s{server})")
    size = min(16.0, max(8.0, 0.42 * min(width, height)))
    if width > size + 1 and height > size + 6:
        left, down = min(7, (width - 0.7 * size) / 2), size + min(5, (height - size) / 4)
        letter, _, ink, _ = sign(server)
        style = f"fill:{ink};font-size:{size:.1f}px"
        yield element("text", letter, x=x + left, y=y + down, class_="l", style=style)


def _numbers(tiles: Tiles, cache: int, box: Box, ink: str) -> Iterator[str]:
    x, y, width, height = box
    share = percent(tiles.tiles[cache].share)
    if width > 46 and height > 44:
        words = f"{share} of the clients" if width > 122 else share
        yield element("text", words, x=x + 7, y=y + 37, style=f"fill:{ink}")
    if width > 62 and height > 60:
        seconds = tiles.moving.seconds_left(tiles.begin, cache)
        left = "for ever" if math.isinf(seconds) else f"{seconds:.0f} s left"
        yield element("text", left, x=x + 7, y=y + 53, style=f"fill:{ink}")


def _edge(tiles: Tiles, cache: int, box: Box) -> Iterator[str]:
    x, y, width, height = box
    inset, high, below = (4, 4.0, 4) if width >= 24 and height >= 26 else (1, 2.5, 1)
    room = max(1.0, width - 2 * inset)
    life = tiles.moving.seconds_left(tiles.begin, cache) / (tiles.moving.longest or 1)
    top = y + height - high - below
    for long, look in ((room, "e"), (room * min(1.0, life), "w")):
        yield element("rect", x=x + inset, y=top, width=long, height=high, rx=high / 2, class_=look)


def _loads(tiles: Tiles, top: float, bottom: float) -> Iterator[str]:
    yield element("text", "Load now", x=_MARGIN, y=top - 20, class_="b", font_size=13)
    for tick in (0, 25, 50, 75, 100):
        x = _scale(tick)
        yield element("line", x1=x, x2=x, y1=top - 4, y2=bottom, class_="g")
        yield element("text", f"{tick} %", x=x, y=bottom + 14, class_="f", text_anchor="middle")
    held, loads = tiles.held(tiles.begin), tiles.loads(tiles.begin)
    for server, name in enumerate(tiles.servers):
        y = top + _ROW * server
        yield from _label(server, f"{name} dead" if name in tiles.down else name, y)
        start, middle, end = _scale(0), _scale(100 * held[server]), _scale(100 * loads[server])
        fill = f"url(#s{server})"
        yield element("rect", x=start, y=y, width=middle - start, height=_BAR, fill=fill)
        if end - middle > 1:
            yield element("rect", x=middle, y=y, width=end - middle, height=_BAR, class_="r")
        if tiles.capacities[server] <= 1:
            x = _scale(100 * tiles.capacities[server])
            yield element("line", x1=x, x2=x, y1=y - 3, y2=y + _BAR + 3, class_="c")
            yield element("text", "capacity", x=x + 4, y=y + 12.5, class_="f h")
        late = end > _scale(100) - 40
        at = {"x": end - 6 if late else end + 6, "text_anchor": "end" if late else "start"}
        yield element("text", percent_whole(loads[server]), y=y + 12.5, class_="b h", **at)
    x = _scale(100 * tiles.fair)
    fair = f"fair share {percent_whole(tiles.fair)}"
    yield element("line", x1=x, x2=x, y1=top - 10, y2=bottom, class_="k")
    yield element("text", fair, x=x, y=top - 14, class_="f h", text_anchor="middle")
    for ghost in tiles.ghosts:
        yield from _ghost(tiles, ghost, top)


def _label(server: int, name: str, y: float) -> Iterator[str]:
    letter, _, ink, _ = sign(server)
    yield element("rect", x=_MARGIN, y=y, width=_BAR, height=_BAR, rx=2, fill=f"url(#s{server})")
    at = {"x": _MARGIN + _BAR / 2, "y": y + 12, "text_anchor": "middle"}
    yield element("text", letter, **at, class_="l", style=f"fill:{ink}")
    yield element("text", name, x=_MARGIN + _BAR + 7, y=y + 12.5)


def _ghost(tiles: Tiles, ghost: Ghost, top: float) -> Iterator[str]:
    ends = [_scale(end) for end in ghost.still()["ends"]]
    rows = [row for row, name in enumerate(tiles.servers) if ghost.on in ("", name)]
    for row in rows:
        y = top + _ROW * row + _BAR / 2
        if len(ends) > 1:
            yield element("line", x1=ends[0], x2=ends[-1], y1=y, y2=y, class_="c")
        for x in ends:
            shape = f"M{x - 7:.1f},{y:.1f} l7,-7 l7,7 l-7,7 Z"
            yield element("path", d=shape, class_="d" if ghost.said else "d t")
    y = top + _ROW * (rows[0] if rows else 0) + _BAR / 2 + 4.5
    late = ends[-1] > _scale(100) - 110
    at = {"x": ends[0] - 12, "text_anchor": "end"} if late else {"x": ends[-1] + 12}
    yield element("text", ghost.label, y=y, class_="b h", **at)


def _scale(per_cent: float) -> float:
    room = WIDTH - _LABEL - _RIGHT
    return _MARGIN + _LABEL + min(100.0, per_cent) / 100 * room


def _wrapped(text: str, most: int) -> list[str]:
    lines = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".strip()
        if len(longer) > most and lines[-1]:
            lines.append(word)
        else:
            lines[-1] = longer
    return lines
