"""Frames: what each of the largest caches holds at evenly spaced moments, packed.

Sent to the page once; the page moves through them without the kernel. Of each cache and frame two
things are told: which of a few mixes of servers it leads to, and until when. Both stay the same for
as long as a copy lives, so that they deflate well.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from lab_engine.errors import LabError
from lab_engine.simulation.holdings import Holdings
from lab_engine.simulation.outcome import Holding

FEWEST, MOST = 60, 600
TILE_FRAMES: Final = 12_000  # tiles times frames: 60 KB, before they are packed
_SHORT = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5)
_LONG = (1, 2, 5, 10, 15, 20, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 21_600, 86_400)
MIXES: Final = 255

Mix = tuple[float, ...]
"""The part of a cache's requests that each server gets, in the order of the servers."""
EMPTY: Final[Mix] = ()
Positions = np.ndarray[Any, np.dtype[np.uint8]]


@dataclass(frozen=True)
class Frames:
    """What every cache held at every moment.

    Attributes:
        times: of the frames, seconds of the watch; evenly spaced from 0 on.
        mixes: those that occur; the first is `EMPTY`, a cache without a copy.
        longest: the longest life of a copy, seconds; what a full TTL bar stands for.
        states: frames x caches, the position in `mixes` of what each holds.
        ends: frames x caches, the second at which that copy dies; infinite for one kept for ever,
            0 without one.
    """

    times: tuple[float, ...]
    mixes: tuple[Mix, ...]
    longest: float
    states: Positions
    ends: np.ndarray[Any, np.dtype[np.float32]]

    def packed(self) -> bytes:
        """The states, a byte each, then the ends, 32 bits each, cache by cache."""
        return self.states.T.tobytes() + self.ends.T.astype("<f4").tobytes()

    def mix(self, frame: int, cache: int) -> Mix:
        """What a cache leads to in a frame."""
        return self.mixes[self.states[frame, cache]]

    def weigh(self, shares: Sequence[float]) -> np.ndarray[Any, np.dtype[np.float64]]:
        """Frames x mixes: the sum of the shares of those caches that hold each mix."""
        weights = np.asarray(shares, float)
        return np.stack([(self.states == mix) @ weights for mix in range(len(self.mixes))], axis=1)

    def seconds_left(self, frame: int, cache: int) -> float:
        """Of the copy that a cache holds in a frame; 0 without one, infinite for ever."""
        return max(0.0, float(self.ends[frame, cache]) - self.times[frame])


def frames(
    holdings: Sequence[Holding], servers: Sequence[str], caches: int, duration: float
) -> Frames:
    """The frames of a watch.

    Args:
        holdings: of caches 0 to `caches` - 1; others are left out.
        servers: addresses, in their order.
        caches: how many have a tile.
        duration: of the watch, seconds.

    Raises:
        LabError: a holding leads to an address that is none of the servers.
    """
    times = moments(duration, caches)
    step = times[1] if len(times) > 1 else duration
    held = Holdings.of(holdings)
    kept = held.where(held.holder < caches)
    lives = (kept.end - kept.start)[np.isfinite(kept.end)]
    longest = float(lives.max(initial=0.0))
    mixes, leads = _mixes(kept, servers)
    states = np.zeros((len(times), caches), np.uint8)
    ends = np.zeros((len(times), caches), np.float32)
    # All at once, since there are thousands: the frames each holding covers, one after another.
    first = np.ceil(np.maximum(0.0, kept.start) / step - 1e-9)
    last = np.minimum(np.ceil(kept.end / step - 1e-9), len(times))
    covered = np.maximum(last - first, 0).astype(int)
    before = np.repeat(np.cumsum(covered) - covered, covered)
    at = np.repeat(first, covered).astype(int) + np.arange(covered.sum()) - before
    whose = np.repeat(kept.holder, covered)
    states[at, whose] = np.repeat(leads, covered)
    ends[at, whose] = np.repeat(kept.end, covered)
    return Frames(times, mixes, longest, states, ends)


def moments(duration: float, caches: int) -> tuple[float, ...]:
    """Evenly spaced times from 0 on: as fine as the number of caches lets them be sent.

    The end of the watch is none of them, since nothing is known of what is held from then on.
    """
    most = min(MOST, max(FEWEST, TILE_FRAMES // max(1, caches)))
    step = next((each for each in (*_SHORT, *_LONG) if duration / each <= most), duration / most)
    return tuple(round(index * step, 6) for index in range(math.ceil(duration / step - 1e-9)))


def _mixes(held: Holdings, servers: Sequence[str]) -> tuple[tuple[Mix, ...], Positions]:
    """The mixes that occur, and of each holding which it is; numbered in the order of holdings."""
    numbers, mixes = np.zeros(len(held.shares), np.uint8), _Mixes(servers)
    occurring, first = np.unique(held.leads, return_index=True)
    for each in occurring[np.argsort(first)].tolist():
        numbers[each] = mixes.position(held.shares[each])
    return tuple(mixes.found), numbers[held.leads]


class _Mixes:
    """Numbers the mixes that occur, at most 255: one more becomes the nearest of those before."""

    def __init__(self, servers: Sequence[str]) -> None:
        self.found: dict[Mix, int] = {EMPTY: 0}
        self._servers = tuple(servers)
        self._known: dict[tuple[tuple[str, float], ...], int] = {}

    def position(self, shares: tuple[tuple[str, float], ...]) -> int:
        if shares not in self._known:
            mix = self._mix(dict(shares))
            if mix not in self.found and len(self.found) > MIXES:
                mix = min(list(self.found)[1:], key=lambda other: math.dist(mix, other))
            self._known[shares] = self.found.setdefault(mix, len(self.found))
        return self._known[shares]

    def _mix(self, shares: dict[str, float]) -> Mix:
        if unknown := shares.keys() - {*self._servers, ""}:  # "" leads nobody anywhere
            rule = "is held by a cache, and is none of the servers"
            raise LabError(min(unknown), rule, f"Name it beside {', '.join(self._servers)}.")
        return tuple(shares.get(server, 0.0) for server in self._servers)
