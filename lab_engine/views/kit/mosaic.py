"""A mosaic: rectangles in a given box whose areas are given shares (a squarified treemap).

Bruls, Huizing and van Wijk, "Squarified Treemaps" (2000): rows are filled along the shorter side as
long as that keeps the worst rectangle from growing longer. Deterministic; no drawing.
"""

from collections.abc import Sequence
from typing import NamedTuple


class Box(NamedTuple):
    """A rectangle: its upper left corner, its width and its height."""

    x: float
    y: float
    width: float
    height: float

    @property
    def turned(self) -> "Box":
        """Mirrored on the diagonal: across becomes down."""
        return Box(self.y, self.x, self.height, self.width)


def squarify(shares: Sequence[float], box: Box) -> list[Box]:
    """One box for each share, largest first, as near to squares as that allows.

    Args:
        shares: 0 or more, in falling order; only their proportions count.
        box: what they fill together, without gaps.
    """
    whole = sum(shares)
    if whole <= 0:
        return [Box(box.x, box.y, 0, 0) for _ in shares]
    areas = [share * box.width * box.height / whole for share in shares]
    boxes: list[Box] = []
    while len(boxes) < len(areas):
        row = _row(areas[len(boxes) :], min(box.width, box.height))
        laid, box = _lay(row, box)
        boxes += laid
    return boxes


def _row(areas: Sequence[float], side: float) -> Sequence[float]:
    """As many of the first areas as make the best row along a side."""
    count = 1
    while count < len(areas) and _worst(areas[: count + 1], side) <= _worst(areas[:count], side):
        count += 1
    return areas[:count]


def _worst(row: Sequence[float], side: float) -> float:
    """The largest ratio of length to width in a row along a side."""
    total, least = sum(row), min(row)
    if side <= 0 or least <= 0:
        return float("inf")
    return max(side**2 * max(row) / total**2, total**2 / (side**2 * least))


def _lay(row: Sequence[float], box: Box) -> tuple[list[Box], Box]:
    """The boxes of a row along the shorter side of a box, and what of the box is left."""
    if box.width < box.height:
        laid, rest = _lay(row, box.turned)
        return [each.turned for each in laid], rest.turned
    depth = _part(sum(row), box.height)
    laid, top = [], box.y
    for area in row:
        height = _part(area, depth)
        laid.append(Box(box.x, top, depth, height))
        top += height
    return laid, Box(box.x + depth, box.y, max(0.0, box.width - depth), box.height)


def _part(area: float, length: float) -> float:
    return area / length if length else 0.0
