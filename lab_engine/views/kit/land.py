"""Where a place is on the map of the kit, and the outlines of the land on it.

An equirectangular projection with straight parallels and meridians, true to scale at 30 degrees,
from 76 degrees north to 56 degrees south: nobody of the course lives beyond. The outlines are
Natural Earth's (public domain), made by tools/outlines.py; they stand in page/land.js, since they
cross to a page with its front end, once.
"""

import math
import re
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Final

from lab_engine.authority.geo import Point

WIDTH: Final = 1000
NORTH, SOUTH = 76.0, -56.0
_SCALE: Final = WIDTH / 360
_TALL: Final = _SCALE / math.cos(math.radians(30))
HEIGHT: Final = round((NORTH - SOUTH) * _TALL)
_OUTLINES: Final = Path(__file__).parents[1] / "page" / "land.js"


def project(point: Point) -> tuple[float, float]:
    """Across and down on the map, 0 to `WIDTH` and 0 to `HEIGHT`; polar places lie at its edge."""
    latitude = min(NORTH, max(SOUTH, point.latitude))
    return (point.longitude + 180) * _SCALE, (NORTH - latitude) * _TALL


Mark = tuple[float, float]


def apart(marks: Sequence[Mark], fixed: Sequence[Mark], least: float) -> list[Mark]:
    """Marks hardly nearer than `least` to each other or to what is fixed; they move as they must.

    Always the same way for the same marks. Where there is no room at all, some stay too near.
    """
    moved = [*marks]
    for _ in range(60):
        for index, mark in enumerate(moved):
            others = [*fixed, *moved[:index], *moved[index + 1 :]]
            near = [other for other in others if math.dist(mark, other) < least]
            if near:
                moved[index] = _away(mark, near, least, index)
    return moved


def _away(mark: Mark, near: Sequence[Mark], least: float, index: int) -> Mark:
    """A step away from the nearest, in a direction of its own where both are at one place."""
    x, y = min(near, key=lambda other: math.dist(mark, other))
    far = math.dist(mark, (x, y))
    turn = math.atan2(mark[1] - y, mark[0] - x) if far > 0.1 else index * 2.4
    step = (least - far) / 2 + 0.5
    return mark[0] + step * math.cos(turn), mark[1] + step * math.sin(turn)


@cache
def outlines() -> str:
    """All land, as the `d` of one path of SVG in the map's own units."""
    found = re.search(r'"(M[^"]+)"', _OUTLINES.read_text(encoding="utf-8"))
    return found[1] if found else ""
