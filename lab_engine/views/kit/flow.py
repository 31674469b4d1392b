"""What stands beside the map: ribbons from users by resolvers to servers, and rows of round trips.

Geometry only, in parts of a whole; page/flow.js and maptwin.py draw it.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from lab_engine.simulation.quantiles import weighted_quantiles

if TYPE_CHECKING:
    from .map import Map

DOTS: Final = 20
"""In a row of round trips; each is a twentieth of the requests."""
BINS: Final = 30
"""Places on the axis, side by side, so that dots of one lie upon each other."""
GAP: Final = 0.3  # of the height of the flow, all gaps of a column together


@dataclass(frozen=True)
class Journey:
    """From a user to a server.

    Attributes:
        server: its address; empty where there was no answer.
        share: of the user's requests, 0 to 1.
        rtt_ms: a round trip; NaN where there was no answer, or one of the two is nowhere known.
        km: how far that is; likewise, and NaN where nobody said.
    """

    server: str
    share: float = 1.0
    rtt_ms: float = math.nan
    km: float = math.nan


class Dot(NamedTuple):
    """A part of the requests: where on the axis, how high, whose, and to which server.

    Attributes:
        place: which of `BINS`; that many where there was no answer, or it is not known how far.
        level: 0 lies on the axis.
        user, server: counted from 0; a server of -1 is none.
    """

    place: int
    level: int
    user: int
    server: int


class Node(NamedTuple):
    """A part of a column: from top to bottom, 0 to 1."""

    top: float
    height: float


class Ribbon(NamedTuple):
    """A stream from one column to the next: 0 to 1 down, at both ends, and how wide it is."""

    column: int
    user: int
    server: int
    start: float
    end: float
    width: float


@dataclass(frozen=True)
class Flow:
    """Three columns, and what goes between them."""

    users: tuple[Node, ...]
    resolvers: tuple[Node, ...]
    servers: tuple[Node, ...]
    lost: Node | None
    ribbons: tuple[Ribbon, ...]

    def still(self) -> dict[str, Any]:
        """In words of JSON."""
        columns = (self.users, self.resolvers, (*self.servers, *filter(None, [self.lost])))
        return {
            "columns": [[[_short(x) for x in node] for node in each] for each in columns],
            "lost": self.lost is not None,
            "ribbons": [[*each[:3], *(_short(x) for x in each[3:])] for each in self.ribbons],
        }


def flow(picture: "Map") -> Flow:
    """The flow of what a map shows now."""
    names = [stop.name for stop in picture.resolvers]
    through = [names.index(user.resolver) for user in picture.users]
    journeys = [(i, picture.number(way.server), way.share) for i, way in picture.journeys(0)]
    users = _column([user.share for user in picture.users])
    resolvers = _column(_sums(((through[i], share) for i, _, share in journeys), len(names)))
    ends = _sums(((server, share) for _, server, share in journeys), len(picture.servers) + 1)
    has_lost = ends[-1] > 0  # -1 is the last, too
    servers = _column(ends if has_lost else ends[:-1])
    tops = [[node.top for node in each] for each in (users, resolvers, resolvers, servers)]
    ribbons = [*_first(journeys, through, tops)]
    # On the other side of the resolvers in the order of the servers, so that few ribbons cross.
    onward = sorted(journeys, key=lambda each: (each[1] % (len(picture.servers) + 1), each[0]))
    ribbons += _second(onward, through, tops)
    known = servers[:-1] if has_lost else servers
    return Flow(users, resolvers, known, servers[-1] if has_lost else None, tuple(ribbons))


Each = tuple[int, int, float]


def _first(
    journeys: Sequence[Each], through: Sequence[int], tops: list[list[float]]
) -> Iterator[Ribbon]:
    for user, server, share in journeys:
        width = share * (1 - GAP)
        yield Ribbon(0, user, server, tops[0][user], tops[1][through[user]], width)
        tops[0][user] += width
        tops[1][through[user]] += width


def _second(
    journeys: Sequence[Each], through: Sequence[int], tops: list[list[float]]
) -> Iterator[Ribbon]:
    for user, server, share in journeys:
        width = share * (1 - GAP)
        yield Ribbon(1, user, server, tops[2][through[user]], tops[3][server], width)
        tops[2][through[user]] += width
        tops[3][server] += width


def _column(shares: Sequence[float]) -> tuple[Node, ...]:
    """One node upon the other, with equal gaps; each as high as its part of the whole."""
    gap = GAP / max(1, len(shares) - 1)
    top, nodes = (GAP / 2 if len(shares) == 1 else 0.0), []
    for share in shares:
        nodes.append(Node(top, share * (1 - GAP)))
        top += share * (1 - GAP) + gap
    return tuple(nodes)


def _sums(pairs: Iterator[tuple[int, float]], count: int) -> list[float]:
    sums = [0.0] * count
    for index, share in pairs:
        sums[index] += share
    return sums


def quantile(journeys: Sequence[tuple[int, Journey]], level: float) -> float:
    """Milliseconds within which this part of the requests that were served lies; NaN for none."""
    known = ((way.rtt_ms, way.share) for _, way in journeys if not math.isnan(way.rtt_ms))
    return weighted_quantiles(known, [level])[0]


def dots(picture: "Map", row: int, farthest: float) -> list[Dot]:
    """`DOTS` equal parts of the requests, nearest first; those without an answer come last."""
    journeys = sorted(picture.journeys(row), key=lambda each: _far(each[1]))
    total = math.fsum(way.share for _, way in journeys)
    found: list[Dot] = []
    levels: dict[int, int] = {}
    for number in range(DOTS if total else 0):
        user, way = _at(journeys, total * (number + 0.5) / DOTS)
        place = BINS if math.isnan(way.rtt_ms) else min(BINS - 1, int(way.rtt_ms / farthest * BINS))
        found.append(Dot(place, levels.get(place, 0), user, picture.number(way.server)))
        levels[place] = levels.get(place, 0) + 1
    return found


def _far(way: Journey) -> float:
    return math.inf if math.isnan(way.rtt_ms) else way.rtt_ms


def _at(journeys: Sequence[tuple[int, Journey]], share: float) -> tuple[int, Journey]:
    """Whose journey it is that lies so far in all requests."""
    for user, way in journeys:
        share -= way.share
        if share <= 0:
            return user, way
    return journeys[-1]


def _short(value: float) -> float:
    return round(value, 4)
