"""The tree of a design: from clients by place, health and weight to servers, as ribbons of answers.

A ribbon is as wide as its part of what the authority answers now; the bars beside the servers are
the requests that reach them, which follow as copies run out. Below, the lane of a game day has what
failed or was refused, and four bars stand against their limits. Frames cross once: a state of the
tree for each time the answers changed, and the loads of every half minute.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final, NamedTuple

import numpy as np

from lab_engine.review.explain import explain
from lab_engine.simulation.epochs import Epoch
from lab_engine.simulation.gameday import BIN, LASTS, PLACES, Drilled, GameDay, Led, answer
from lab_engine.views.theme import number, percent, sign

from .picture import Drawn, Ghost

HINT: Final = "a ribbon is what is answered now; a bar is what still comes, in requests/s"
SCALE: Final = 0.42  # of the height of the tree: all answers together
ROOM: Final = 0.8  # of a server's row, for its ribbons
AXIS: Final = 1.8  # times the capacity: the end of a server's bar, and of a measure's its limit
MEASURES: Final = {
    "latency": ("p95 latency", "ms"),
    "outage": ("p99 outage", "s"),
    "imbalance": ("imbalance", "times a fair share"),
    "bill": ("bill", "USD a month"),
}
FRAMES_A_DRILL: Final = round(LASTS / BIN)
BEGIN: Final = 20
"""The frame of a drill that is seen first: what broke has been found out."""

Floats = np.ndarray[Any, np.dtype[np.float64]]
Key = tuple[int, int, int, int, int]  # column, place, pool (for the colour), from, to


class Bar(NamedTuple):
    """A measure against its limit.

    Attributes:
        key: of `MEASURES`.
        value, limit: in the same unit.
        words: both, in words.
    """

    key: str
    value: float
    limit: float
    words: str


@dataclass(frozen=True, repr=False)
class Tree(Drawn):
    """A game day of a design.

    Attributes:
        day: what came of it.
        title: the question it answers.
        chosen: the city looked at first.
    """

    day: GameDay
    title: str = "Who is led where, and what is kept of the promise?"
    chosen: str = "Tokyo"
    kind = "tree"

    @property
    def sentence(self) -> str:
        """What was measured against what was promised, and what was not survived."""
        said = ", ".join(f"{MEASURES[bar.key][0]} {bar.words}" for bar in self.bars)
        lost = [each.name for each in self.day.lost]
        drills = f"not survived: {', '.join(lost)}" if lost else "every drill is survived"
        design = self.day.design
        unused = f" ({design.dark.capitalize()} is not in use: no pool goes dark)"
        idle = unused if design.dark not in design.regions else ""
        return f"On the game day: {said}; {drills}{idle}."

    @cached_property
    def bars(self) -> tuple[Bar, ...]:
        """The measures, in their order."""
        return tuple(
            Bar(key, value, limit, _against(value, limit, MEASURES[key][1]))
            for key, (value, limit) in self.day.measures.items()
        )

    # --- the tree ---------------------------------------------------------------------------------

    @cached_property
    def servers(self) -> tuple[tuple[int, int, str], ...]:
        """Pool, number and address of each, both counted from 0."""
        design = self.day.design
        return tuple(
            (position, index, address)
            for position, pool in enumerate(design.used)
            for index, address in enumerate(design.addresses(pool))
        )

    @cached_property
    def epochs(self) -> tuple[tuple[int, Epoch], ...]:
        """Those of all drills, each with the frame it begins in."""
        return tuple(
            (index * FRAMES_A_DRILL + math.ceil(epoch.start / BIN - 1e-9), epoch)
            for index, drilled in enumerate(self.day.drills)
            for epoch in drilled.found
        )

    @cached_property
    def states(self) -> tuple[dict[str, Any], ...]:
        """What the tree looks like in each epoch, without its texts."""
        return tuple(self._state(epoch) for _, epoch in self.epochs)

    def _state(self, epoch: Epoch) -> dict[str, Any]:
        now = epoch.scenario
        checks = [server for pool in self.day.design.used for server in pool.servers]
        led = self.day.led(epoch)
        return {
            "ribbons": [*self._ribbons(led)],
            "dead": [i for i, (_, _, address) in enumerate(self.servers) if address in now.down],
            "sick": [i for i, check in enumerate(checks) if check in now.unhealthy],
            "words": [self._words(index, led) for index in range(len(PLACES))],
        }

    def _words(self, index: int, led: Sequence[Led]) -> str:
        mine = [each for each in led if each.place == index]
        whole = math.fsum(each.share for each in mine)
        parts = []
        for each in mine:
            name, part = self.called(each.pool, each.server), percent(round(each.share / whole, 3))
            parts.append(f"{part} to {name}")
        branch = mine[0].branch
        return f"{PLACES[index].name}: branch {branch}; {', '.join(parts)}."

    def called(self, pool: str, index: int) -> str:
        """A server's letter and number."""
        names = [each.name for each in self.day.design.used]
        return f"{sign(names.index(pool)).letter}{index + 1}"

    def _ribbons(self, led: Sequence[Led]) -> Iterator[list[float]]:
        """Column, place, pool, top and width at the one end, top and width at the other."""
        streams: dict[Key, float] = {}
        names = [each.name for each in self.day.design.used]
        rows = {(pool, index): row for row, (pool, index, _) in enumerate(self.servers)}
        for each in led:
            branch, pool = names.index(each.branch), names.index(each.pool)
            for key in (
                (0, each.place, pool, each.place, branch),
                (1, each.place, pool, branch, pool),
                (2, each.place, pool, pool, rows[pool, each.server]),
            ):
                streams[key] = streams.get(key, 0.0) + each.share
        for column in range(3):
            own = {key: share for key, share in streams.items() if key[0] == column}
            starts = self._tops(column, own, end=False)
            ends = self._tops(column + 1, own, end=True)
            for key in sorted(own):
                wide = own[key] * SCALE
                narrow = wide * self._shrink(own, key[4]) if column == 2 else wide
                ends_at = [starts[key], wide, ends[key], narrow]
                yield [*key[:3], *(round(each, 4) for each in ends_at)]

    def _shrink(self, streams: dict[Key, float], row: int) -> float:
        """How much narrower the ribbons to a server become, so that they fit into its row."""
        whole = SCALE * math.fsum(share for key, share in streams.items() if key[4] == row)
        return min(1.0, ROOM / len(self.servers) / whole)

    def _tops(self, column: int, streams: dict[Key, float], *, end: bool) -> dict[Key, float]:
        """Where each stream meets a column: one below the other, about the middle of its node."""
        tops: dict[Key, float] = {}
        at = 4 if end else 3
        for node in {key[at] for key in streams}:
            mine = sorted(key for key in streams if key[at] == node)
            wide = [streams[key] * SCALE for key in mine]
            if column == 3:
                wide = [each * self._shrink(streams, node) for each in wide]
            top = self.middle(column, node) - math.fsum(wide) / 2
            for key, each in zip(mine, wide, strict=True):
                tops[key] = top
                top += each
        return tops

    def middle(self, column: int, node: int) -> float:
        """How far down the tree the middle of a node is, 0 to 1."""
        counts = (len(PLACES), len(self.day.design.used), len(self.day.design.used))
        count = counts[column] if column < 3 else len(self.servers)
        if column:
            return (node + 0.5) / count
        # Cities are as high as their parts, with the same air between all.
        shares = [place.share / sum(each.share for each in PLACES) for place in PLACES]
        air = (1 - SCALE) / count
        return math.fsum(shares[:node]) * SCALE + air * (node + 0.5) + shares[node] * SCALE / 2

    # --- what crosses -----------------------------------------------------------------------------

    def still(self) -> dict[str, Any]:
        """All but the loads, in words of JSON."""
        used = self.day.design.used
        texts = [[explain(answer(epoch, place)) for place in PLACES] for _, epoch in self.epochs]
        known = list(dict.fromkeys(text for several in texts for text in several))
        return {
            "title": self.title,
            "hint": HINT,
            "places": [
                {"name": place.name, "at": round(self.middle(0, index), 4)}
                | {"high": round(SCALE * place.share / sum(each.share for each in PLACES), 4)}
                for index, place in enumerate(PLACES)
            ],
            "chosen": [place.name for place in PLACES].index(self.chosen),
            "pools": [
                {"name": pool.name, "region": pool.region, "at": round(self.middle(1, index), 4)}
                | _look(index)
                for index, pool in enumerate(used)
            ],
            "servers": [
                {"name": f"{sign(pool).letter}{index + 1}", "pool": pool}
                | {"at": round(self.middle(3, row), 4)}
                for row, (pool, index, _) in enumerate(self.servers)
            ],
            "capacity": self.day.design.capacity,
            "axis": AXIS,
            "states": [
                {**state, "why": [known.index(text) for text in several]}
                for state, several in zip(self.states, texts, strict=True)
            ],
            "texts": known,
            "from": [frame for frame, _ in self.epochs],
            "frames": FRAMES_A_DRILL,
            "begin": self.begin,
            "bin": BIN,
            "drills": [self._drill(each) for each in self.day.drills],
            "bars": [
                {"name": MEASURES[bar.key][0], "value": round(bar.value / bar.limit, 4)}
                | {"words": bar.words}
                for bar in self.bars
            ],
        }

    @property
    def begin(self) -> int:
        """The frame to begin at: the drill of the dark pool, if there is one, when it is known."""
        keys = [each.drill.key for each in self.day.drills]
        return (keys.index("region") if "region" in keys else 0) * FRAMES_A_DRILL + BEGIN

    def state_at(self, frame: int) -> int:
        """Which of the states holds in a frame."""
        return max(i for i, (first, _) in enumerate(self.epochs) if first <= frame)

    def _drill(self, drilled: Drilled) -> dict[str, Any]:
        part = self.day.refused(drilled)
        lost = drilled.drill in self.day.lost
        outage = f", 99 of 100 back in {drilled.outage:.0f} s" if not drilled.alive else ""
        says = f"{drilled.drill.says}; {_part(part)} refused{outage}"
        return {"key": drilled.drill.key, "name": drilled.drill.name, "says": says, "lost": lost}

    @cached_property
    def loads(self) -> np.ndarray[Any, np.dtype[np.uint16]]:
        """Frames x (servers, then failed, then refused): requests a second."""
        rows = [self._loads(each) for each in self.day.drills]
        return np.concatenate(rows).round().clip(0, 65_535).astype(np.uint16)

    def _loads(self, drilled: Drilled) -> Floats:
        outcome = drilled.outcome
        listed = dict(zip(outcome.addresses, outcome.requests, strict=True))
        none = (0,) * len(outcome.failed)
        counts = np.array([listed.get(address, none) for _, _, address in self.servers], float)
        failed = np.array(outcome.failed, float)
        refused = drilled.refused(self.day.design.capacity)
        return np.vstack([counts + self._led_astray(drilled, failed), failed, refused]).T / BIN

    def _led_astray(self, drilled: Drilled, failed: Floats) -> Floats:
        """The requests that failed, at the dead servers: they came by weight, as all do."""
        weights = [self.day.design.used[pool].weights[index] for pool, index, _ in self.servers]
        parts = np.zeros((len(self.servers), len(failed)))
        for at, dead in drilled.outcome.downs:
            of = [address in dead for _, _, address in self.servers]
            share = np.array(weights, float) * of
            parts[:, math.floor(at / BIN + 1e-9) :] = (share / max(1.0, share.sum()))[:, None]
        return parts * failed

    def frames(self) -> bytes:
        """The loads, 16 bits each, column by column."""
        return self.loads.T.astype("<u2").tobytes()

    def marked(self, ghosts: Sequence[Ghost]) -> "Tree":  # noqa: ARG002
        """The same picture: it has no axis that a prediction could stand on."""
        return self

    def svg(self) -> str:
        """The moment it begins at."""
        from .treetwin import tree_svg  # noqa: PLC0415  (the drawing knows the picture)

        return tree_svg(self)


def _part(share: float) -> str:
    return "nothing" if not share else percent(round(share, 3)) if share >= 0.001 else "hardly any"


def _against(value: float, limit: float, unit: str) -> str:
    near = f"{value:.2f}" if value < 10 else f"{value:,.0f}"
    return f"{near} of {number(limit)} {unit}"


def _look(index: int) -> dict[str, str]:
    letter, colour, ink, pattern = sign(index)
    return {"letter": letter, "colour": colour, "ink": ink, "pattern": pattern}
