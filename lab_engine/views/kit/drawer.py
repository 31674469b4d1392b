"""The cache drawer: what one cache holds, row by row, and which row answered the last question.

A row is an entry: its key (name and type), what it says, and the TTL that is left. Entries that are
kept for a part of the clients (EDNS Client Subnet) are blocks inside the block of their key, a /24
within its /16. Not here: any cache; `drawers` reads one.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Any, Final, Literal, NamedTuple

import numpy as np

from lab_engine.errors import LabError
from lab_engine.views.theme import number

from .picture import Drawn, Ghost

Mark = Literal["", "answered", "new"]
MARKS: Final[tuple[Mark, ...]] = ("", "answered", "new")
HINT: Final = "A row is an entry; its bar is the TTL that is left"
EMPTY: Final = "nothing"


class Spot(NamedTuple):
    """Where an entry lies: one row of the drawer.

    Attributes:
        name: absolute, such as `shop.example.`
        type: `A` and the like.
        network: the clients it is for, such as `198.18.0.0/16`; empty for everybody.
        exact: whether only for those who name this very network, and nobody inside it.
        copy: which of the cache's independent copies it lies in, from 0.
    """

    name: str
    type: str
    network: str = ""
    exact: bool = False
    copy: int = 0

    @property
    def label(self) -> str:
        """What the row is called."""
        if self.network:
            return f"for {self.network}{' exactly' if self.exact else ''}"
        return f"{self.name} {self.type}{f', copy {self.copy + 1}' if self.copy else ''}"

    @property
    def key(self) -> "Spot":
        """The same for everybody: the block that this one lies in."""
        return self._replace(network="", exact=False)

    def covers(self, other: "Spot") -> bool:
        """Whether the other's clients are some of this one's, and it is not the same."""
        if self == other or self.key != other.key or self.exact:
            return False
        return not self.network or (bool(other.network) and _inside(other.network, self.network))


@dataclass(frozen=True)
class Row:
    """One entry at one moment.

    Attributes:
        spot: where it lies.
        value: what it says.
        left: seconds until it is forgotten.
        life: seconds it had at first.
        negative: whether it says that there is nothing.
        mark: whether it answered the last question, or came with its answer.
    """

    spot: Spot
    value: str
    left: float
    life: float
    negative: bool = False
    mark: Mark = ""


@dataclass(frozen=True)
class Look:
    """What a cache holds at one moment.

    Attributes:
        said: what has just happened, in a sentence.
        rows: in any order, one for each spot.
        when: a short name of the moment, such as `after 30 s`.
    """

    said: str
    rows: tuple[Row, ...]
    when: str = ""


@dataclass(frozen=True, repr=False)
class Drawer(Drawn):
    """A picture of one cache at one or more moments.

    Attributes:
        title: what stands above it.
        looks: in the order of time; the last is shown first.
        hint: a second, fainter line under the title.
    """

    title: str
    looks: tuple[Look, ...]
    hint: str = HINT

    kind = "drawer"

    def __post_init__(self) -> None:
        if not self.looks:
            raise LabError("No look", "makes no drawer", "Look into a cache at least once.")

    @property
    def sentence(self) -> str:
        """What it holds at last, and what has just happened."""
        last = self.looks[-1]
        held = ", ".join(_told(row) for row in sorted(last.rows, key=self._place)) or EMPTY
        many = f" {number(len(last.rows))} entries:" if len(last.rows) > 1 else ""
        return f"{last.said} The cache holds{many} {held}.".strip()

    @cached_property
    def spots(self) -> tuple[Spot, ...]:
        """Every row there ever is, each behind the one it lies in: keys as they first appeared."""
        found = dict.fromkeys(row.spot for look in self.looks for row in look.rows)
        keys = dict.fromkeys(spot.key for spot in found)
        every = list(dict.fromkeys((*keys, *found)))
        return tuple(spot for key in keys for spot in _below(key, every))

    def parent(self, spot: Spot) -> Spot | None:
        """The row it lies in, None for a key."""
        around = [each for each in self.spots if each.covers(spot)]
        return max(around, key=_length, default=None)

    def depth(self, spot: Spot) -> int:
        """In how many blocks it lies."""
        around = self.parent(spot)
        return 0 if around is None else 1 + self.depth(around)

    def shown(self, look: Look) -> Iterator[tuple[Spot, Row | None]]:
        """The rows of a moment in order; a block that holds no entry of its own is None."""
        rows = {row.spot: row for row in look.rows}
        for spot in self.spots:
            if spot in rows or any(spot.covers(each) for each in rows):
                yield spot, rows.get(spot)

    def still(self) -> dict[str, Any]:
        """All of it but what each row says when, in words of JSON."""
        place = {spot: index for index, spot in enumerate(self.spots)}
        around = [self.parent(spot) for spot in self.spots]
        return {
            "title": self.title,
            "hint": self.hint,
            "labels": [spot.label for spot in self.spots],
            "parents": [-1 if each is None else place[each] for each in around],
            "values": [[value, negative] for value, negative in self._values],
            "looks": [[look.said, look.when] for look in self.looks],
            "most": max(sum(1 for _ in self.shown(look)) for look in self.looks),
        }

    def frames(self) -> bytes:
        """Look by look and row by row: 1 + the position of its value, its mark, left and life."""
        cell = np.dtype([("value", "<u2"), ("mark", "<u2"), ("left", "<f4"), ("life", "<f4")])
        cells = np.zeros((len(self.looks), len(self.spots)), cell)
        values = {value: index for index, value in enumerate(self._values)}
        for index, look in enumerate(self.looks):
            for row in look.rows:
                value = 1 + values[row.value, row.negative]
                at = index, self._place(row)
                cells[at] = value, MARKS.index(row.mark), row.left, row.life
        return cells.tobytes()

    def marked(self, ghosts: Sequence[Ghost]) -> "Drawer":  # noqa: ARG002  (it has no axis)
        """The same picture."""
        return self

    def svg(self) -> str:
        """The last moment."""
        from .drawertwin import drawer_svg  # noqa: PLC0415  (the drawing knows the picture)

        return drawer_svg(self)

    @cached_property
    def _values(self) -> tuple[tuple[str, bool], ...]:
        found = ((row.value, row.negative) for look in self.looks for row in look.rows)
        return tuple(dict.fromkeys(found))

    def _place(self, row: Row) -> int:
        return self.spots.index(row.spot)


def _told(row: Row) -> str:
    network = f" for {row.spot.network}" * bool(row.spot.network)
    return f"{row.spot.key.label}{network}: {row.value}, {number(row.left)} s left"


def _below(spot: Spot, every: Sequence[Spot]) -> Iterator[Spot]:
    """A row and those inside it, each behind the one it lies in, by their addresses."""
    yield spot
    within = [each for each in every if spot.covers(each)]
    for each in sorted(within, key=_order):
        if not any(other.covers(each) for other in within):
            yield from _below(each, every)


def _order(spot: Spot) -> tuple[int, int, int, bool]:
    network = ip_network(spot.network)
    return network.version, int(network.network_address), network.prefixlen, spot.exact


def _length(spot: Spot) -> int:
    return ip_network(spot.network).prefixlen if spot.network else -1


@lru_cache(maxsize=4096)
def _inside(one: str, other: str) -> bool:
    small, large = ip_network(one), ip_network(other)
    match small, large:
        case (IPv4Network(), IPv4Network()):
            return small.subnet_of(large)
        case (IPv6Network(), IPv6Network()):
            return small.subnet_of(large)
    return False
