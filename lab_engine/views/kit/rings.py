"""Rings: who inherits the load of a server that died, one ring for each way of ordering answers.

The servers stand on a ring; an arrow leads from the dead one to each server that got more than
before, as wide as what it got. Nothing moves, so it is a still picture and no widget.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from lab_engine.errors import LabError
from lab_engine.simulation import Outcome
from lab_engine.views.display import still_html
from lab_engine.views.theme import sign

from .svg import element, picture
from .tiles import percent_whole

_WIDTH, _HEIGHT, _HEAD = 300, 262, 44
_RADIUS, _NODE = 80, 24
_LEAST: Final = 0.01  # of all requests: what is less is luck


@dataclass(frozen=True)
class Rings:
    """The shares before and after a death.

    Attributes:
        title: the question it answers.
        servers: their addresses, in the order of the ring.
        dead: the one that died.
        shares: by way of ordering, the part of the requests that each server got afterwards.
    """

    title: str
    servers: tuple[str, ...]
    dead: str
    shares: Mapping[str, Sequence[float]]

    def __post_init__(self) -> None:
        if self.dead not in self.servers:
            remedy = f"Use one of {', '.join(self.servers)}."
            raise LabError(self.dead, "is no server of the ring", remedy)
        for way, shares in self.shares.items():
            if len(shares) != len(self.servers):
                rule = f"are the shares of {way}, but {len(self.servers)} servers are there"
                raise LabError(list(shares), rule, "Give one share for each server.")

    @property
    def before(self) -> float:
        """The part that each had while all lived."""
        return 1 / len(self.servers)

    @property
    def sentence(self) -> str:
        """What it shows, in words."""
        return " ".join(f"{way}: {self._heirs(way)}." for way in self.shares)

    def _heirs(self, way: str) -> str:
        names = {
            short(server): share
            for server, share in zip(self.servers, self.shares[way], strict=True)
        }
        return ", ".join(f"{name} {percent_whole(share)}" for name, share in names.items())

    def gained(self, way: str) -> tuple[float, ...]:
        """What each server got more than before, as a part of all requests; 0 for less."""
        more = (share - self.before for share in self.shares[way])
        return tuple(part if part > _LEAST else 0.0 for part in more)

    def svg(self) -> str:
        """The rings side by side."""
        parts = [element("text", self.title, x=8, y=20, class_="b", font_size=15)]
        for index, way in enumerate(self.shares):
            parts += self._ring(way, 8 + index * _WIDTH)
        return picture(16 + _WIDTH * len(self.shares), _HEAD + _HEIGHT, parts, len(self.servers))

    def _ring(self, way: str, left: float) -> Iterator[str]:
        centre = (left + _WIDTH / 2, _HEAD + 26 + _RADIUS + _NODE)
        yield element("text", way, x=left + _WIDTH / 2, y=_HEAD, class_="b", text_anchor="middle")
        yield element("circle", cx=centre[0], cy=centre[1], r=_RADIUS, class_="g", fill="none")
        gone = self.servers.index(self.dead)
        for heir, more in enumerate(self.gained(way)):
            if more:
                yield from _arrow(self._at(gone, centre), self._at(heir, centre), more)
        for index in range(len(self.servers)):
            yield from self._node(index, centre, self.shares[way][index])

    def _at(self, index: int, centre: tuple[float, float]) -> tuple[float, float]:
        angle = 2 * math.pi * index / len(self.servers) - math.pi / 2
        return centre[0] + _RADIUS * math.cos(angle), centre[1] + _RADIUS * math.sin(angle)

    def _node(self, index: int, centre: tuple[float, float], share: float) -> Iterator[str]:
        x, y = self._at(index, centre)
        letter, _, ink, _ = sign(index)
        dead = self.servers[index] == self.dead
        look = {"class_": "r"} if dead else {"fill": f"url(#s{index})"}
        yield element("circle", cx=x, cy=y, r=_NODE, **look)
        style = {} if dead else {"style": f"fill:{ink}"}
        yield element("text", letter, x=x, y=y - 2, class_="l", text_anchor="middle", **style)
        says = "dead" if dead else percent_whole(share)
        yield element("text", says, x=x, y=y + 12, class_="l", text_anchor="middle", **style)
        outward = -1 if x < centre[0] - 1 else 1
        anchor = "end" if outward < 0 else "start"
        at = {"x": x + outward * (_NODE + 6), "y": y + 4, "text_anchor": anchor}
        yield element("text", short(self.servers[index]), **at)

    def _repr_html_(self) -> str:
        return still_html(self.svg(), self.sentence)

    def __repr__(self) -> str:
        return self.sentence


def rings(title: str, dead: str, outcomes: Mapping[str, Outcome]) -> Rings:
    """The rings of runs in which one server is dead, by how the authority orders its answers.

    Raises:
        LabError: a run knows no such server.
    """
    servers = next(iter(outcomes.values())).addresses
    return Rings(title, servers, dead, {way: each.shares() for way, each in outcomes.items()})


def _arrow(start: tuple[float, float], end: tuple[float, float], more: float) -> Iterator[str]:
    """From edge to edge of two nodes, as wide as the part of all requests that it carries."""
    away = math.dist(start, end)
    step = ((end[0] - start[0]) / away, (end[1] - start[1]) / away)
    head = max(9.0, 60 * more)
    tail = (start[0] + step[0] * (_NODE + 2), start[1] + step[1] * (_NODE + 2))
    tip = (end[0] - step[0] * (_NODE + 2), end[1] - step[1] * (_NODE + 2))
    neck = (tip[0] - step[0] * head, tip[1] - step[1] * head)
    style = f"stroke-width:{max(2.0, 60 * more):.1f}px"
    yield element("line", x1=tail[0], y1=tail[1], x2=neck[0], y2=neck[1], class_="c", style=style)
    wing = (-step[1] * head * 0.8, step[0] * head * 0.8)
    corners = [tip, (neck[0] + wing[0], neck[1] + wing[1]), (neck[0] - wing[0], neck[1] - wing[1])]
    points = " ".join(f"{x:.1f},{y:.1f}" for x, y in corners)
    yield element("polygon", points=points, class_="t")
    beside = 12 + 30 * more
    x, y = (tail[0] + neck[0]) / 2 + step[1] * beside, (tail[1] + neck[1]) / 2 - step[0] * beside
    anchor = "end" if step[1] < 0 else "start" if step[1] > 0 else "middle"
    yield element("text", f"+{more:.0%}", x=x, y=y + 4, class_="b h", text_anchor=anchor)


def short(address: str) -> str:
    """The last part of an address, as lessons call a server: `.2`."""
    return f".{address.rpartition('.')[2]}" if "." in address else address
