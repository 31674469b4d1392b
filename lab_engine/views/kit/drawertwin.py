"""The still twin of a drawer: the rows that page/drawer.js shows, at the last moment."""

from collections.abc import Iterator
from typing import Final

from lab_engine.views.theme import number

from .drawer import Drawer, Row, Spot
from .svg import element, picture

_WIDTH, _MARGIN, _HEAD, _ROW, _INDENT = 920, 8, 46, 26, 14
_VALUE, _BAR, _LEFT, _MARK = 306, 650, 738, 832
_LETTER: Final = 6.6  # pixels of width, about
_SIGNS: Final = {"answered": "◀ answered", "new": "+ new", "": ""}


def drawer_svg(drawer: Drawer) -> str:
    """All rows that are held at the last look."""
    look = drawer.looks[-1]
    rows = list(drawer.shown(look))
    bottom = _HEAD + _ROW * max(1, len(rows)) + 8
    parts = [
        element("text", drawer.title, x=_MARGIN, y=20, class_="b", font_size=15),
        element("text", drawer.hint, x=_MARGIN, y=37, class_="f"),
    ]
    for index, (spot, row) in enumerate(rows):
        below = 1
        while index + below < len(rows) and drawer.depth(rows[index + below][0]) > drawer.depth(
            spot
        ):
            below += 1
        parts += _block(drawer, spot, row, _HEAD + _ROW * index, below)
    if not rows:
        parts.append(element("text", "(nothing)", x=_MARGIN, y=_HEAD + 17, class_="f"))
    said = element("text", look.said, x=_MARGIN, y=bottom + 14)
    return picture(_WIDTH + 2 * _MARGIN, bottom + 26, [*parts, said], 0)


def _block(drawer: Drawer, spot: Spot, row: Row | None, y: float, below: int) -> Iterator[str]:
    """A row, framed together with those that lie in it."""
    depth = drawer.depth(spot)
    x = _MARGIN + _INDENT * depth
    answered = row is not None and row.mark == "answered"
    look = "c" if answered else "g"
    width, height = _WIDTH - 2 * _INDENT * depth, _ROW * below - 3.0 - 2 * depth
    yield element("rect", x=x, y=y, width=width, height=height, rx=3, class_=look, fill="none")
    key = _cut(spot.label, _VALUE - x - 16)
    yield element("text", key, x=x + 8, y=y + 16, class_="b" if not depth else "")
    if row is None:
        yield element("text", "no entry of its own", x=_VALUE, y=y + 16, class_="f")
        return
    value = f"∅ {row.value}" if row.negative else row.value
    yield element("text", _cut(value, _BAR - _VALUE - 8), x=_VALUE, y=y + 16)
    part = min(1.0, row.left / row.life) if row.life else 0.0
    yield element("rect", x=_BAR, y=y + 8, width=76, height=7, class_="o")
    yield element("rect", x=_BAR, y=y + 8, width=76 * part, height=7, class_="t")
    yield element("text", f"{number(row.left)} s left", x=_LEFT, y=y + 16)
    if row.mark:
        yield element("text", _SIGNS[row.mark], x=_MARK, y=y + 16, class_="b")


def _cut(text: str, room: float) -> str:
    most = int(room / _LETTER)
    return text if len(text) <= most else f"{text[: most - 1]}…"
