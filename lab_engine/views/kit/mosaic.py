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
    total = sum(row)
    if box.width >= box.height:
        depth = total / box.height if box.height else 0
        tops = _starts(row, box.y, depth)
        laid = [
            Box(box.x, top, depth, area / depth if depth else 0)
            for area, top in zip(row, tops, strict=True)
        ]
        return laid, Box(box.x + depth, box.y, max(0, box.width - depth), box.height)
    depth = total / box.width
    lefts = _starts(row, box.x, depth)
    laid = [
        Box(left, box.y, area / depth if depth else 0, depth)
        for area, left in zip(row, lefts, strict=True)
    ]
    return laid, Box(box.x, box.y + depth, box.width, max(0, box.height - depth))


def _starts(row: Sequence[float], begin: float, depth: float) -> list[float]:
    starts = [begin]
    for area in row[:-1]:
        starts.append(starts[-1] + (area / depth if depth else 0))
    return starts
