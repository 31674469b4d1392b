"""The still twin of queues: what page/queues.js draws at the end of the watch."""

import math
from collections.abc import Iterator
from typing import Final

from lab_engine.views.theme import PALETTE, SYMBOLS, sign

from .picture import Ghost
from .queues import HIGH_MS, LOW_MS, SAYS, TICKS, WIDTH, Queues
from .svg import element, picture

_MARGIN, _HEAD = 8, 46
_LANE, _BAR = 20, 24  # where the lane of DNS begins below the head, and how high it is
_BOX, _WORLDS = 74, 92  # the heads of the worlds, and where their buckets begin
_BUCKET, _FOOT = 170, 42
_ROWS, _ROW = 28, 20  # below the buckets: the axis
_LABEL, _RIGHT = 54, 30
GAP: Final = 18


def queues_svg(queues: Queues) -> str:
    """The lane of DNS, three worlds of buckets, and what a request took."""
    top = _HEAD + _WORLDS + _BUCKET + _FOOT + _ROWS
    parts = [
        element("text", queues.title, x=_MARGIN, y=20, class_="b", font_size=15),
        element("text", queues.hint, x=_MARGIN, y=37, class_="f"),
        *_dns(queues),
        *(part for index in range(len(queues.worlds)) for part in _world(queues, index)),
        *_took(queues, top),
    ]
    height = top + _ROW * len(queues.worlds) + 30
    return picture(WIDTH + 2 * _MARGIN, height, parts, len(queues.servers))


def _dns(queues: Queues) -> Iterator[str]:
    """What each cache holds at the end."""
    yield element(
        "text",
        "DNS, the same for all three: a box is a cache, as wide as its part of the requests, and "
        "the letter is the server it hands on",
        x=_MARGIN,
        y=_HEAD + 14,
        class_="f",
    )
    time = queues.duration * (1 - 1e-9)
    y = _HEAD + _LANE
    for cache, (left, right) in enumerate(queues.spans()):
        x, width = _MARGIN + left * WIDTH, max(1.0, (right - left) * WIDTH - 1.5)
        if cache == len(queues.caches):
            yield element("rect", x=x, y=y, width=width, height=_BAR, class_="o", rx=2)
            yield element("text", queues.rest_says, x=x + 6, y=y + 16)
            continue
        mix = queues.holds(cache, time)
        yield element("rect", x=x, y=y, width=width, height=_BAR, class_="r", rx=2)
        if not mix and width > 62:
            yield element("text", "no copy", x=x + 7, y=y + 16, class_="f")
        for server, part in mix:
            wide = width * part
            yield element("rect", x=x, y=y, width=wide, height=_BAR, class_=f"s{server}")
            if wide > 14:
                letter = {"x": x + wide / 2, "y": y + 16, "text_anchor": "middle"}
                yield element("text", sign(server).letter, class_=f"l i{server}", **letter)
            x += wide


def _world(queues: Queues, index: int) -> Iterator[str]:
    world, wide = queues.worlds[index], (WIDTH - 2 * GAP) / 3
    left, top = _MARGIN + index * (wide + GAP), _HEAD + _WORLDS
    yield element("text", SAYS[world.name], x=left, y=_HEAD + _BOX, class_="b")
    counts = world.waiting(queues.duration * (1 - 1e-9), len(queues.servers))
    place = wide / len(counts)
    for server, count in enumerate(counts):
        x, w = left + server * place + 3, place - 6
        dead = any(each == server for each, _ in queues.deaths)
        sides = f"M{x:.1f} {top}v{_BUCKET}h{w:.1f}v-{_BUCKET}"
        yield element("path", d=sides, class_="r", style="stroke-dasharray:none")
        dots = "".join(f"M{a:.1f} {b:.1f}h.01" for a, b in stacked(count, queues.room, x, top, w))
        look = f"stroke:{sign(server).colour};stroke-width:{5.2};stroke-linecap:round"
        yield element("path", d=dots or "M0 0", style=f"fill:none;{look}")
        mark = {"x": x + w / 2, "text_anchor": "middle"}
        name = f"{sign(server).letter} dead" if dead else sign(server).letter
        yield element("text", name, y=top + _BUCKET + 16, class_="l", **mark)
        yield element("text", f"{count}", y=top + _BUCKET + 32, class_="f", **mark)


def stacked(
    count: int, room: int, x: float, top: float, width: float
) -> Iterator[tuple[float, float]]:
    """Where so many marks lie in a bucket that is full with `room` of them."""
    across = max(1, round(math.sqrt(room * width / _BUCKET)))
    rows = math.ceil(room / across)
    for mark in range(min(count, room)):
        row, column = divmod(mark, across)
        yield x + (column + 0.5) * width / across, top + _BUCKET - (row + 0.5) * _BUCKET / rows


def _took(queues: Queues, top: float) -> Iterator[str]:
    """A row of three marks for each world, on an axis of ratios."""
    left, right = _MARGIN + _LABEL, _MARGIN + WIDTH - _RIGHT

    def scale(ms: float) -> float:
        part = math.log(min(max(ms, LOW_MS), HIGH_MS) / LOW_MS) / math.log(HIGH_MS / LOW_MS)
        return left + part * (right - left)

    words = (
        "What a request took: half of them at most ● (p50), 95 of 100 ■ (p95), 99 of 100 ◆ (p99)"
    )
    yield element("text", words, x=_MARGIN, y=top - 10, class_="f")
    bottom = top + _ROW * len(queues.worlds)
    for ms, said in TICKS:
        yield element("line", x1=scale(ms), x2=scale(ms), y1=top, y2=bottom, class_="g")
        yield element("text", said, x=scale(ms), y=bottom + 16, class_="f", text_anchor="middle")
    for row, world in enumerate(queues.worlds):
        y = top + (row + 0.5) * _ROW
        yield element("text", world.name, x=_MARGIN, y=y + 4, class_="b")
        yield from _dots([scale(ms) for ms in world.quantiles], y)
    for ghost in queues.ghosts:
        yield _ghost(ghost, scale(ghost.value), top + 0.5 * _ROW)


def _dots(places: list[float], y: float) -> Iterator[str]:
    known = [(index, x) for index, x in enumerate(places) if not math.isnan(x)]
    if not known:
        return
    yield element("line", x1=known[0][1], x2=known[-1][1], y1=y, y2=y, class_="r")
    for index, x in known:
        yield element("path", d=glyph(index, x, y), style=f"fill:{PALETTE[index]}")


def glyph(index: int, x: float, y: float) -> str:
    """A circle, a square or a diamond."""
    shape = SYMBOLS[index]
    if shape == "circle":
        return f"M{x - 5:.1f} {y}a5 5 0 1 0 10 0a5 5 0 1 0 -10 0Z"
    if shape == "square":
        return f"M{x - 4.5:.1f} {y - 4.5}h9v9h-9Z"
    return f"M{x - 6:.1f} {y}l6 -6l6 6l-6 6Z"


def _ghost(ghost: Ghost, x: float, y: float) -> str:
    mark = element("path", d=f"M{x - 7:.1f} {y}l7 -7l7 7l-7 7Z", class_="d" if ghost.said else "t")
    return mark + element("text", ghost.label, x=x + 10, y=y - 8, class_="l h")
