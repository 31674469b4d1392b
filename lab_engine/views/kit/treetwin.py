"""The still twin of the tree of a design: what page/tree.js draws, at the moment it begins at."""

from collections.abc import Iterator
from typing import Any, Final

from lab_engine.views.theme import sign

from .svg import element, picture
from .tree import AXIS, Tree

_PAGE, _MARGIN = 920, 8
_TOP, _HEAD, _TALL, _NODE, _NAMES = 44, 24, 300, 9, 78
_LANE, _ROW = 62, 26
_BAD, _DEAD = "fill:var(--bad)", "fill:var(--dead-line)"
_LAST: Final = 0.7 * _PAGE
_X: Final = (
    _NAMES,
    _NAMES + (_LAST - _NAMES) * 0.34,
    _NAMES + (_LAST - _NAMES) * 0.68,
    _LAST,
    _LAST + 34.0,
)


def tree_svg(tree: Tree) -> str:
    """The tree, the lane of the day, and the bars."""
    still = tree.still()
    frame = still["begin"]
    state = tree.states[tree.state_at(frame)]
    lane = _TOP + _HEAD + _TALL + 62
    bars = lane + _LANE + 62
    parts = [
        element("text", tree.title, x=_MARGIN, y=20, class_="b", font_size=15),
        element("text", tree_hint(still, frame), x=_MARGIN, y=38, class_="f"),
        *_tree(still, state, tree.loads[frame]),
        element("text", state["words"][still["chosen"]], x=_MARGIN, y=_TOP + _HEAD + _TALL + 38),
        *_lane(tree, still, lane),
        *_bars(still, bars),
    ]
    height = bars + _ROW * len(still["bars"]) + 12
    return picture(_PAGE + 2 * _MARGIN, height, parts, len(still["pools"]))


def tree_hint(still: Any, frame: int) -> str:
    """What it shows, and when."""
    drill = still["drills"][frame // still["frames"]]
    minute = frame % still["frames"] * still["bin"] / 60
    return f"{drill['name']}, minute {minute:.0f}: {still['hint']}"


def _x(at: float) -> float:
    return _MARGIN + at


def _y(part: float) -> float:
    return _TOP + _HEAD + part * _TALL


def _tree(still: Any, state: Any, loads: Any) -> Iterator[str]:
    heads = ("clients", "by place", "by health", "by weight")
    for column, words in enumerate(heads):
        at = {"x": _x(_X[column] + _NODE), "y": _TOP + 12, "class_": "f"}
        yield element("text", words, text_anchor="end", **at)
    yield element("text", "requests/s", x=_x(_X[4]), y=_TOP + 12, class_="f")
    most = _scale(still, still["capacity"])
    yield element("line", x1=most, x2=most, y1=_y(0) - 4, y2=_y(1), class_="k")
    says = f"capacity {still['capacity']:g}"
    yield element("text", says, x=most, y=_y(1) + 13, class_="f", text_anchor="middle")
    for ribbon in state["ribbons"]:
        yield _ribbon(ribbon, chosen=ribbon[1] == still["chosen"])
    for index, pool in enumerate(still["pools"]):
        for column in (1, 2):
            x, y, look = _x(_X[column]), _y(pool["at"]), f"s{index} h"
            yield element("rect", x=x, y=y - 11, width=_NODE, height=22, rx=2, class_=look)
            words = pool["name"] if column == 1 else f"{pool['letter']}: {pool['name']}-pool"
            at = {"x": x + _NODE / 2, "y": y - 16, "text_anchor": "middle"}
            yield element("text", words, class_="h", **at)
    for place in still["places"]:
        top, high = _y(place["at"] - place["high"] / 2), place["high"] * _TALL
        yield element("rect", class_="t", x=_x(_X[0]), y=top, width=_NODE, height=high)
        at = {"x": _x(_X[0] - 6), "y": _y(place["at"]) + 4, "text_anchor": "end"}
        yield element("text", place["name"], **at)
    for row, server in enumerate(still["servers"]):
        dead, sick = row in state["dead"], row in state["sick"]
        yield from _server(server, still, int(loads[row]), dead=dead, sick=sick)


def _scale(still: Any, load: float) -> float:
    room = _PAGE - _X[4] - 36
    part = load / float(still["capacity"]) / AXIS
    return _x(_X[4] + min(1.0, part) * room)


def _ribbon(ribbon: Any, *, chosen: bool) -> str:
    column, _, pool, start, wide, end, narrow = ribbon
    left, right = _x(_X[column] + _NODE / 2), _x(_X[column + 1] + _NODE / 2)
    bend = (left + right) / 2
    a, b, c, d = (f"{_y(part):.1f}" for part in (start, end, end + narrow, start + wide))
    there = f"M{left:.1f},{a} C{bend:.1f},{a} {bend:.1f},{b} {right:.1f},{b}"
    path = f"{there} V{c} C{bend:.1f},{c} {bend:.1f},{d} {left:.1f},{d} Z"
    shade = 0.9 if chosen else 0.35
    return element("path", d=path, style=f"fill:{sign(pool).colour};opacity:{shade}")


def _server(server: Any, still: Any, load: int, *, dead: bool, sick: bool) -> Iterator[str]:
    y = _y(server["at"])
    high = min(18.0, 0.72 * _TALL / len(still["servers"]))
    box: dict[str, Any] = {"y": y - high / 2, "height": high}
    look = f"s{server['pool']}"
    yield element("rect", class_=look, x=_x(_X[3]), width=_NODE, **box)
    end, most, zero = _scale(still, load), _scale(still, still["capacity"]), _x(_X[4])
    kept = zero if dead else min(end, most)
    yield element("rect", class_=look, x=zero, width=kept - zero, **box)
    yield element("rect", style=_DEAD if dead else _BAD, x=kept, width=end - kept, **box)
    yield element("text", server["name"], x=_x(_X[3] + _NODE + 4), y=y + 4.5, class_="b h")
    says = f"{load}{' (sick)' if sick else ''}"
    if dead:
        says = f"{load or ''} ✕ dead{'' if sick else ', unnoticed'}".strip()
    yield element("text", says, x=end + 4, y=y + 4.5, class_="h")


def _lane(tree: Tree, still: Any, top: float) -> Iterator[str]:
    left, right = _x(38), _x(_PAGE - 2)
    frames, drills = still["frames"], still["drills"]
    count, floor = frames * len(drills), top + _LANE
    wide = (right - left) / count
    for index, drill in enumerate(drills):
        x = left + index * frames * wide
        box = {"x": x, "y": top, "width": frames * wide, "height": _LANE}
        yield element("rect", class_="o" if index % 2 else "p", **box)
        at = {"x": x + frames * wide / 2, "text_anchor": "middle"}
        yield element("text", drill["name"], y=top - 7, class_="b" if drill["lost"] else "", **at)
        verdict = "✕ not survived" if drill["lost"] else "✓"
        yield element("text", verdict, y=floor + 14, class_="b" if drill["lost"] else "f", **at)
    yield element("text", "50 %", x=left - 6, y=top + 8, class_="f", text_anchor="end")
    yield element("text", "0", x=left - 6, y=floor, class_="f", text_anchor="end")
    for frame, row in enumerate(tree.loads.tolist()):
        *served, failed, refused = row
        whole, base = max(1, sum(served)), floor
        for part, look in ((failed, _DEAD), (refused, _BAD)):
            high = min(1.0, 2 * part / whole) * _LANE
            if high >= 0.5:
                base -= high
                x = left + frame * wide
                yield element("rect", style=look, x=x, y=base, width=wide, height=high)
    at = left + (still["begin"] + 0.5) * wide
    yield element("line", x1=at, x2=at, y1=top - 2, y2=floor + 2, class_="c")
    for x, look, says in (
        (left, _DEAD, "failed: led to a dead server"),
        (left + 190, _BAD, "refused: above its capacity"),
    ):
        yield element("rect", x=x, y=floor + 22, width=10, height=10, style=look)
        yield element("text", says, x=x + 15, y=floor + 31, class_="f")


def _bars(still: Any, top: float) -> Iterator[str]:
    left, right = _x(92), _x(_PAGE - 230)

    def scale(part: float) -> float:
        return left + min(1.0, part / AXIS) * (right - left)

    for index, bar in enumerate(still["bars"]):
        y, bad = top + _ROW * index, bar["value"] > 1
        yield element("text", bar["name"], x=left - 8, y=y + 13, text_anchor="end")
        yield element("rect", x=left, y=y, width=scale(1) - left, height=18, class_="o")
        look = _BAD if bad else "fill:var(--good)"
        width = scale(bar["value"]) - left
        yield element("rect", style=look, x=left, y=y + 4, width=width, height=10)
        yield element("line", x1=scale(1), x2=scale(1), y1=y - 2, y2=y + 20, class_="k")
        says = f"{'✕' if bad else '✓'} {bar['words']}"
        yield element("text", says, x=right + 8, y=y + 13, class_="b" if bad else "")
