"""Cache tiles: which server each cache holds, how long still, and the load that makes, over time.

A tile is a cache and its area the clients behind it. Below stands the load at that moment: what the
copies lead to, and, of caches without one, what the authority would answer them.
"""

import math
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Final

import numpy as np

from lab_engine.errors import LabError
from lab_engine.simulation import Outcome, Scenario
from lab_engine.simulation.holders import CLIENTS, RESOLVERS
from lab_engine.views.theme import clock, number, percent, sign

from .frames import EMPTY, Frames, Mix, frames
from .mosaic import Box, squarify
from .picture import Drawn, Ghost
from .scales import PERCENT, between, said

TILES: Final = 200
WIDTH, HEIGHT = 920, 208
# A rest larger than this would leave no room for the tiles it is the rest of.
LARGEST_REST: Final = 0.25


@dataclass(frozen=True)
class Tile:
    """A cache: its name, its place where there are several, and its part of the clients."""

    name: str
    place: str
    share: float


@dataclass(frozen=True)
class Aim:
    """What one server should get, where the others do not share alike."""

    server: int
    share: float
    called: str


@dataclass(frozen=True, repr=False)
class Tiles(Drawn):
    """The picture of the caches of one run.

    Attributes:
        title, hint: what stands above it.
        servers: addresses; the first is A.
        down: those that are dead.
        tiles: the largest caches, largest first.
        others: how many caches have no tile, and `rest`, their part of the clients.
        moving: what each holds, at each moment.
        spread: the part of the authority's answers that lead to each server.
        capacities: of the servers, as parts of all requests; infinite where there is no limit.
        duration: of the watch, seconds.
        begin: the frame shown at first.
        says: the sentence, where it is not about balance; then no fair share is marked.
        turns: (frame, spread) from which on the authority's answers lead elsewhere.
        aim: what one of the servers should get; None where all alike would be fair.
        why: the tree of the authority's answer, in lines of text; empty where none is shown.
    """

    title: str
    hint: str
    servers: tuple[str, ...]
    down: tuple[str, ...]
    tiles: tuple[Tile, ...]
    others: int
    rest: float
    moving: Frames = field(repr=False)
    spread: Mix
    capacities: tuple[float, ...]
    duration: float
    begin: int = 0
    says: str = ""
    turns: tuple[tuple[int, Mix], ...] = ()
    ghosts: tuple[Ghost, ...] = ()
    aim: Aim | None = None
    why: str = ""

    kind = "tiles"

    def frames(self) -> bytes:
        """Packed, for the page."""
        return self.moving.packed()

    @cached_property
    def _weights(self) -> np.ndarray[Any, np.dtype[np.float64]]:
        """Frames x mixes: the part of the shown caches' clients behind each mix."""
        return self.moving.weigh([tile.share for tile in self.tiles]) / self._shown

    def held(self, frame: int) -> Mix:
        """The part of the shown caches' clients that copies lead to each server."""
        return self._of(self._weights[frame], 0.0, self.spread)

    def unheld(self, frame: int) -> float:
        """The part of the shown caches' clients whose cache holds nothing."""
        return float(self._weights[frame, 0])

    def loads(self, frame: int) -> Mix:
        """The part of the requests that each server gets: by copies, and by asking anew."""
        spread = next((mix for begin, mix in reversed(self.turns) if begin <= frame), self.spread)
        return self._of(self._weights[frame], self.unheld(frame), spread)

    def _of(self, weights: Sequence[float], empty: float, spread: Mix) -> Mix:
        pairs = list(zip(weights, self.moving.mixes, strict=True))[1:]  # the first holds nothing
        return tuple(
            float(sum(weight * mix[server] for weight, mix in pairs) + empty * again)
            for server, again in enumerate(spread)
        )

    @cached_property
    def _shown(self) -> float:
        return math.fsum(tile.share for tile in self.tiles)

    @property
    def fair(self) -> float:
        """What is intended: of the aim, or an equal share of those servers that are alive."""
        if self.aim is not None:
            return self.aim.share
        return 1 / max(1, len(self.servers) - len(self.down))

    @property
    def fair_says(self) -> str:
        """What stands at the line of what is intended."""
        return f"{'fair share' if self.aim is None else 'intended'} {percent_short(self.fair)}"

    @cached_property
    def sentence(self) -> str:
        """What the whole run shows, in words."""
        if self.says:
            return self.says
        frames = range(len(self.moving.times))
        if self.aim is not None:
            its = [self.loads(frame)[self.aim.server] for frame in frames]
            share = between(100 * min(its), 100 * max(its))
            aim = f"{percent_short(self.fair)} was intended"
            return f"At a time {self.aim.called} has {share} of the requests; {aim}."
        most = [max(self.loads(frame), default=0.0) for frame in frames]
        least, largest = percent_whole(min(most)), percent_whole(max(most))
        range_ = least if least == largest else f"{least} to {largest}"
        return (
            f"{_caches(len(self.tiles) + self.others)}, the largest with "
            f"{percent_short(self.tiles[0].share)} of the clients. The busiest of "
            f"{number(len(self.servers))} servers has {range_} of the load at a time; "
            f"{percent_whole(self.fair)} would be fair."
        )

    def moment(self, frame: int) -> str:
        """What one frame shows, in words."""
        loads = ", ".join(
            f"{sign(index).letter} {percent_whole(load)}"
            for index, load in enumerate(self.loads(frame))
        )
        empty = sum(self.moving.mix(frame, cache) == EMPTY for cache in range(len(self.tiles)))
        holds = "holds" if empty == 1 else "hold"
        without = f"; {empty} of {_caches(len(self.tiles))} {holds} nothing" if empty else ""
        return f"At {clock(self.moving.times[frame], self.duration)}: {loads}{without}."

    def boxes(self) -> list[Box]:
        """Where the tiles lie, then the tile of the others if there are any; 920 wide."""
        right = WIDTH * min(self.rest, LARGEST_REST) if self.others else 0.0
        left = squarify([tile.share for tile in self.tiles], Box(0, 0, WIDTH - right, HEIGHT))
        return [*left, Box(WIDTH - right, 0, right, HEIGHT)] if self.others else left

    @property
    def others_say(self) -> str:
        """What the tile of the others says."""
        if not self.others:
            return ""
        scale = " (not to scale)" if self.rest > LARGEST_REST else ""
        return f"and {number(self.others)} more: {percent(self.rest)} of the clients{scale}"

    def still(self) -> dict[str, Any]:
        """Everything but the frames, in words of JSON."""
        return {
            "title": self.title,
            "hint": self.hint,
            "servers": [self._server(index) for index in range(len(self.servers))],
            "names": [" ".join(filter(None, (t.name, t.place))) for t in self.tiles],
            "shares": [float(f"{tile.share:.4g}") for tile in self.tiles],
            "others": self.others_say,
            "size": [WIDTH, HEIGHT],
            "boxes": [round(each, 1) for box in self.boxes() for each in box],
            "count": len(self.moving.times),
            "step": self.moving.times[1] if len(self.moving.times) > 1 else self.duration,
            "duration": self.duration,
            "mixes": [[round(part, 6) for part in mix] for mix in self.moving.mixes],
            "longest": self.moving.longest,
            "fair": None if self.says else self.fair,
            "fairSays": self.fair_says,
            "begin": self.begin,
            "turns": [[frame, [round(part, 6) for part in mix]] for frame, mix in self.turns],
            "ghosts": [ghost.still() for ghost in self.ghosts],
            "why": [[line, self._named(line)] for line in self.why.splitlines()],
        }

    def _named(self, line: str) -> list[int]:
        """The servers whose address is an answer in this line of the tree."""
        words = line.replace(",", " ").split() if "-> " in line else []
        return [index for index, address in enumerate(self.servers) if address in words]

    def _server(self, index: int) -> dict[str, Any]:
        letter, colour, ink, pattern = sign(index)
        capacity = self.capacities[index]
        return {
            "name": self.servers[index],
            "letter": letter,
            "colour": colour,
            "ink": ink,
            "pattern": pattern,
            "spread": round(self.spread[index], 6),
            "capacity": capacity if math.isfinite(capacity) else None,
            "dead": self.servers[index] in self.down,
        }

    def marked(self, ghosts: Sequence[Ghost]) -> "Tiles":
        """The same picture with these values beside its load bars, in percent."""
        return replace(self, ghosts=tuple(ghosts))

    def svg(self) -> str:
        """The frame it begins at."""
        from .twin import tiles_svg  # noqa: PLC0415  (the drawing knows the picture)

        return tiles_svg(self)


def tiles(  # noqa: PLR0913  (each is one thing an author may want to say)
    scenario: Scenario,
    outcome: Outcome,
    *,
    title: str = "Which server does each cache hold right now?",
    at: float = 0.0,
    most: int = TILES,
    says: str = "",
    turns: Sequence[tuple[float, Mix]] = (),
    ghosts: Sequence[Ghost] = (),
    aim: Aim | None = None,
    holders: str = RESOLVERS,
    why: str = "",
) -> Tiles:
    """The picture of a run that was watched: `run(scenario, holdings=200)`.

    Args:
        scenario: what was run.
        outcome: of it, with its holders and holdings.
        title: the question it answers.
        at: the second of the watch shown at first.
        most: how many caches get a tile; the others share one.
        says: its sentence, where balance is not what it is about.
        turns: (seconds, part of the answers that lead to each server from then on), where the
            authority changes its mind; else all its answers are taken together.
        ghosts: values beside the load bars, in percent.
        aim: what one of the servers should get, instead of all alike.
        holders: whose caches were watched, as the run was told.
        why: the tree of the authority's answer, if a tile that is looked at is to tell it.

    Raises:
        LabError: the outcome has no holders.
    """
    if not outcome.holders:
        raise LabError("holders", "are not in this outcome", "Run it with holdings=200.")
    shown = outcome.holders[:most]
    moving = frames(outcome.holdings, outcome.addresses, len(shown), scenario.duration)
    rest = max(0.0, 1 - math.fsum(holder.share for holder in shown))
    others = max(_count(scenario, holders), len(outcome.holders)) - len(shown) if rest > 1e-9 else 0
    rate = scenario.clients.count * scenario.clients.rate
    capacity = {backend.address: backend.capacity / rate for backend in scenario.backends}
    picture = Tiles(
        title=title,
        hint="",
        servers=outcome.addresses,
        down=tuple(server for server in outcome.addresses if server in outcome.down),
        tiles=tuple(Tile(*holder) for holder in shown),
        others=others,
        rest=rest,
        moving=moving,
        spread=_spread(outcome),
        capacities=tuple(capacity.get(server, math.inf) for server in outcome.addresses),
        duration=scenario.duration,
        begin=min(range(len(moving.times)), key=lambda index: abs(moving.times[index] - at)),
        says=says,
        turns=tuple((bisect_left(moving.times, time), mix) for time, mix in turns),
        ghosts=tuple(ghosts),
        aim=aim,
        why=why,
    )
    return replace(picture, hint=_hint(picture))


def _count(scenario: Scenario, holders: str) -> int:
    """How many such caches there are, at most."""
    by_layer = {layer.name: layer.count for layer in scenario.layers}
    counts = {RESOLVERS: scenario.resolvers.count, CLIENTS: scenario.clients.count}
    return {**by_layer, **counts}[holders]


def _hint(picture: Tiles) -> str:
    largest = "the largest " if picture.others else ""
    whose = "its" if len(picture.tiles) == 1 else "their"
    shown = f"{largest}{_caches(len(picture.tiles))}, area = {whose} clients"
    return f"{shown[0].upper()}{shown[1:]}; the bright part of the edge is the TTL that is left"


def _spread(outcome: Outcome) -> Mix:
    total = sum(outcome.answers)
    if not total:
        return tuple(1 / len(outcome.addresses) for _ in outcome.addresses)
    return tuple(count / total for count in outcome.answers)


def _caches(count: int) -> str:
    return f"{number(count)} cache{'' if count == 1 else 's'}"


def percent_whole(share: float) -> str:
    """A share as it stands on a bar: whole percents."""
    return f"{100 * share:.0f} %"


def percent_short(share: float) -> str:
    """A share as it stands on a tile: whole percents, or two digits below 10."""
    return said(100 * share, PERCENT)
