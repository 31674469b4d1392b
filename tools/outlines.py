"""Draws the outlines of the kit's map: `python -m tools.outlines land-110m.json`.

The file is `land-110m.json` of the npm package world-atlas (2.0.2): Natural Earth's land at 1:110
million, which is in the public domain, as TopoJSON. It is simplified by Visvalingam's rule, the
point that matters least first, and written as one path into `lab_engine/views/page/land.js`.
"""

import json
import sys
from collections.abc import Iterator, Sequence
from itertools import accumulate, pairwise
from pathlib import Path
from typing import Any

from lab_engine.authority.geo import Point
from lab_engine.views.kit.land import SOUTH, project

PAGE = Path(__file__).parents[1] / "lab_engine" / "views" / "page" / "land.js"
LEAST = 8.0  # square units of the map: what adds less to a coast than this is left out
SMALLEST = 14.0  # likewise, of an island
HEAD = """\
// The outlines of all land, for the kit's map, in the units of kit/land.py. Made with Natural Earth
// (naturalearthdata.com), which is in the public domain, by tools/outlines.py.

export const land =
  "{path}";
"""

Dot = tuple[float, float]


def rings(topology: Any) -> Iterator[list[Dot]]:
    """The outer rings of all land, on the map."""
    arcs = [[*_degrees(arc, topology["transform"])] for arc in topology["arcs"]]
    for geometry in topology["objects"]["land"]["geometries"]:
        for polygon in geometry["arcs"]:
            yield [*_unbroken([dot for number in polygon[0] for dot in _arc(arcs, number)])]


def _degrees(arc: Sequence[Sequence[int]], transform: Any) -> Iterator[Dot]:
    (across, down), (left, top) = transform["scale"], transform["translate"]
    whole = accumulate(arc, lambda at, step: [at[0] + step[0], at[1] + step[1]])
    for x, y in whole:
        longitude, latitude = left + x * across, top + y * down
        yield longitude, latitude


def _unbroken(ring: Sequence[Dot]) -> Iterator[Dot]:
    """A ring that crosses the 180th meridian ends there: most of it is on one side."""
    joined = [ring[0]]
    for longitude, latitude in ring[1:]:
        turns = round((longitude - joined[-1][0]) / 360)
        joined.append((longitude - 360 * turns, latitude))
    home = 360 * round(sum(longitude for longitude, _ in joined) / len(joined) / 360)
    for longitude, latitude in joined:
        yield max(-180.0, min(180.0, longitude - home)), latitude


def _arc(arcs: Sequence[list[Dot]], number: int) -> list[Dot]:
    return arcs[number][:-1] if number >= 0 else arcs[~number][::-1][:-1]


def simplified(ring: Sequence[Dot]) -> list[Dot]:
    """Without the points that span the smallest triangles with their neighbours."""
    kept = list(ring)
    while len(kept) > 3:
        sizes = [
            _triangle(kept[i - 1], dot, kept[(i + 1) % len(kept)]) for i, dot in enumerate(kept)
        ]
        least = min(sizes)
        if least > LEAST:
            break
        del kept[sizes.index(least)]
    return kept


def _triangle(a: Dot, b: Dot, c: Dot) -> float:
    return abs((b[0] - a[0]) * (c[1] - a[1]) - (c[0] - a[0]) * (b[1] - a[1])) / 2


def size(ring: Sequence[Dot]) -> float:
    """What it encloses."""
    pairs = zip(ring, [*ring[1:], ring[0]], strict=True)
    return abs(sum(a[0] * b[1] - b[0] * a[1] for a, b in pairs)) / 2


def path(shapes: Sequence[Sequence[Dot]]) -> str:
    """Closed lines in whole units, each step told from the one before."""
    written = ""
    for ring in shapes:
        whole = [(round(x), round(y)) for x, y in ring]
        steps = [(b[0] - a[0], b[1] - a[1]) for a, b in pairwise(whole)]
        moves = "".join(
            f"{x}{y:+}" if x < 0 else f" {x}{y:+}" for x, y in steps if (x, y) != (0, 0)
        )
        written += f"M{whole[0][0]} {whole[0][1]}l{moves.strip()}z"
    return written.replace("+", " ")


def main(source: str) -> int:
    """Read the topology and write the page's module."""
    seen = []
    for ring in rings(json.loads(Path(source).read_text(encoding="utf-8"))):
        if all(latitude <= SOUTH for _, latitude in ring):
            continue
        flat = [project(Point(latitude, longitude)) for longitude, latitude in ring]
        small = simplified(flat)
        if size(small) >= SMALLEST:
            seen.append(small)
    PAGE.write_text(HEAD.replace("{path}", path(seen)), encoding="utf-8")
    print(f"{len(seen)} rings, {sum(map(len, seen))} points, {PAGE.stat().st_size} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
