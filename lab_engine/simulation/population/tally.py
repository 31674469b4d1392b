"""Counting in bins, and requests from the times for which copies were held. numpy only.

A cache that holds a copy from a to b passes on rate x (b - a) requests on average, and given those
times their number in each bin is Poisson and independent of all else. So a whole population needs
one draw for each server and bin, from the sum of its caches' rates.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating[Any]]
Ints = NDArray[np.integer[Any]]
Bools = NDArray[np.bool_]


NEAR = 1e-9  # of a bin: a change so near to its edge is at it


@dataclass(frozen=True)
class Bins:
    """Equal bins from 0 on, cut into cells; what happens before or after them is not counted.

    Attributes:
        count: of the bins.
        width: seconds of each.
        times: at which something changes: there bins are cut, unless they end there anyway.
    """

    count: int
    width: float
    times: tuple[float, ...] = ()

    @property
    def end(self) -> float:
        """Seconds at which the last bin ends."""
        return self.count * self.width

    @cached_property
    def cuts(self) -> tuple[float, ...]:
        """The times that lie within a bin."""
        inside = (time for time in self.times if 0 < time < self.end)
        return tuple(t for t in inside if abs(t / self.width - round(t / self.width)) > NEAR)

    @cached_property
    def edges(self) -> Floats:
        """Where cells begin and end."""
        found: Floats = np.unique([*(np.arange(self.count + 1) * self.width), *self.cuts])
        return found

    @property
    def cells(self) -> int:
        """How many there are."""
        return self.count + len(set(self.cuts))

    @cached_property
    def widths(self) -> Floats:
        """Seconds of each cell."""
        return np.diff(self.edges) if self.cuts else np.full(self.count, self.width)

    @property
    def middles(self) -> Floats:
        """A time within each cell."""
        return self.edges[:-1] + self.widths / 2

    def places(self, at: Floats) -> Floats:
        """The cell of each time, and behind the point how far into it."""
        inside = np.minimum(np.maximum(at, 0), self.end)  # sooner than `np.clip`
        if not self.cuts:
            return inside * (1 / self.width)
        cell = np.minimum(np.searchsorted(self.edges, inside, "right"), self.cells) - 1
        found: Floats = cell + (inside - self.edges[cell]) / self.widths[cell]
        return found

    def by_bin(self, counts: Ints) -> Ints:
        """The sums over the cells of each bin: shape (..., cells) -> (..., bins)."""
        if not self.cuts:
            return counts
        first = np.searchsorted(self.edges, np.arange(self.count) * self.width)
        return np.add.reduceat(counts, first, axis=-1)


class Tally:
    """Copies that caches took and held, by row and bin."""

    def __init__(self, rows: int, bins: Bins) -> None:
        self._bins = bins
        self._width = bins.cells + 2  # of a row: two cells for what lies at its end
        self._taken = np.zeros(rows * self._width, np.int64)
        self._steps = np.zeros(rows * self._width)

    def add(self, start: Floats, end: Floats, rate: Floats, row: Ints) -> None:
        """Copies taken at `start`, held until `end` by caches with these request rates."""
        first = row * self._width
        cell = self._step(start, rate, first)
        counted = cell if (start >= 0).all() else cell[start >= 0]
        self._taken += np.bincount(counted, minlength=len(self._taken))
        self._step(end, -rate, first)

    def hold(self, start: Floats, end: Floats, rate: Floats, row: Ints) -> None:
        """The same for copies whose taking is counted elsewhere."""
        first = row * self._width
        self._step(start, rate, first)
        self._step(end, -rate, first)

    def count(self, at: Floats, row: Ints) -> None:
        """Single requests; those before 0 or after the end are left out."""
        inside = (at >= 0) & (at < self._bins.end)
        cell = self._bins.places(at[inside]).astype(np.int64) + row[inside] * self._width
        self._taken += np.bincount(cell, minlength=len(self._taken))

    def _step(self, at: Floats, rate: Floats, first: Ints) -> Ints:
        """`rate` more from `at` on: in what is left of that cell, and in all later ones."""
        place = self._bins.places(at)
        cell = place.astype(np.int64)
        place -= cell
        cell += first
        late = np.bincount(cell, place * rate, len(self._steps))
        self._steps += np.bincount(cell, rate, len(self._steps))
        self._steps -= late
        self._steps[1:] += late[:-1]
        return cell

    def taken(self) -> Ints:
        """Copies, of shape (rows, cells); those taken before 0 are left out."""
        return self._taken.reshape(-1, self._width)[:, :-2]

    def passed_on(self) -> Floats:
        """Requests to expect from them while they were held, of shape (rows, cells)."""
        held = np.cumsum(self._steps.reshape(-1, self._width), axis=1)[:, :-2]
        return np.maximum(held * self._bins.widths, 0)  # rounding may leave a zero negative


class RenewalTally:
    """The same for copies that are all held for one time, in uncut bins: only starts are looked at.

    A bin is cut where a copy taken later ends one bin later, so that all copies of a half end in
    the same bin, and the sums over starts give those over ends.
    """

    def __init__(self, rows: int, bins: Bins, hold: float) -> None:
        self._bins = bins
        self._hold = hold
        self._early = Tally(rows, bins)
        self._shape = (rows, bins.count + 1, 2)
        cells = rows * (bins.count + 1) * 2
        self._taken = np.zeros(cells, np.int64)
        self._rates, self._lates = np.zeros(cells), np.zeros(cells)

    def add(self, start: Floats, rate: Floats, row: Ints) -> None:
        """Copies taken at `start`, before the end, by caches with these request rates."""
        if (early := start < 0).any():
            began = start[early]
            self._early.add(began, began + self._hold, rate[early], row[early])
            start, rate, row = start[~early], rate[~early], row[~early]
        place = start * (1 / self._bins.width)
        cell = place.astype(np.int64)
        place -= cell
        cell += row * (self._bins.count + 1)
        cell *= 2
        cell += place >= 1 - self._hold / self._bins.width % 1
        place *= rate
        self._taken += np.bincount(cell, minlength=len(self._taken))
        self._rates += np.bincount(cell, rate, len(self._rates))
        self._lates += np.bincount(cell, place, len(self._lates))

    def taken(self) -> Ints:
        """See `Tally`."""
        halves = self._taken.reshape(self._shape)[:, :-1]
        return halves[..., 0] + halves[..., 1]

    def passed_on(self) -> Floats:
        """See `Tally`."""
        rate, late = self._rates.reshape(self._shape), self._lates.reshape(self._shape)
        whole, part = divmod(self._hold / self._bins.width, 1)
        steps = np.zeros((self._shape[0], self._bins.count))
        for half in (0, 1):
            shift, ending = int(whole) + half, late[..., half] + (part - half) * rate[..., half]
            _deposit(steps, 0, rate[..., half], late[..., half])
            _deposit(steps, shift, -rate[..., half], -ending)
        held = np.cumsum(steps, axis=1) * self._bins.width
        return np.maximum(held, 0) + self._early.passed_on()


def _deposit(steps: Floats, shift: int, rate: Floats, late: Floats) -> None:
    """Add a change of rate to the bin in which it falls, and what comes too late to the next."""
    for offset, change in ((shift, rate - late), (shift + 1, late)):
        kept = max(0, steps.shape[1] - offset)
        steps[:, steps.shape[1] - kept :] += change[:, :kept]
