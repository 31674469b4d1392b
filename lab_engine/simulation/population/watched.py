"""Who held what, in the population engine: the copies of a few caches, noted as they end. numpy."""

from collections.abc import Iterator, Sequence
from functools import cache, partial
from math import inf

import numpy as np

from lab_engine.simulation.holders import Watched, told
from lab_engine.simulation.holdings import Holdings
from lab_engine.simulation.outcome import Downs, Holding, Shares
from lab_engine.simulation.population.book import Book
from lab_engine.simulation.population.tally import Floats, Ints


class Watch:
    """The copies of some of a run's caches.

    Args:
        book: with the rows and where they lead.
        caches: those that are watched, by their numbers in the order in which all are stepped; -1
            for one that is not there.
        end: of the watch, seconds.

    Attributes:
        first: the number of the first of those that are stepped at present.
    """

    def __init__(self, book: Book, caches: Sequence[int], end: float) -> None:
        self.first = 0
        self._book, self._end = book, end
        numbers = np.array(caches, np.int64)
        order = np.argsort(numbers, kind="stable")
        self._holder, self._numbers = order.astype(np.int32), numbers[order]
        self._noted: list[tuple[Ints, Floats, Floats, Ints]] = []

    def __bool__(self) -> bool:
        return len(self._numbers) > 0

    def any_of(self, count: int) -> bool:
        """Whether one of the next so many caches is watched."""
        low, high = np.searchsorted(self._numbers, [self.first, self.first + count])
        return bool(high > low)

    def note(self, cache: Ints, at: Floats, until: Floats, row: Ints) -> None:
        """These caches, of those that are stepped at present, held copies of these rows."""
        if not self:
            return
        number = self.first + cache
        place = np.minimum(np.searchsorted(self._numbers, number), len(self._numbers) - 1)
        seen = (self._numbers[place] == number) & (until > np.maximum(at, 0)) & (at < self._end)
        if seen.any():
            some = np.flatnonzero(seen)
            holder, rows = self._holder[place[some]], row[some].astype(np.int32)
            self._noted.append((holder, at[some], until[some], rows))

    def holdings(self, watched: Sequence[Watched], downs: Downs, ended: float) -> Holdings:
        """What was noted and began before the end of the run, by holder and time."""
        if not self._noted:
            return Holdings.of(())
        holder, at, until, row = map(np.concatenate, zip(*self._noted, strict=True))
        self._noted.clear()
        hasty = np.array([each.hasty for each in watched])[holder]
        leads, shares = _Leads(self._book, downs), dict[Shares, int]()
        parts = []
        for copies in _alike(row, hasty):
            first = copies[0]
            for _, since, over, led in leads.of(int(row[first]), float(hasty[first])):
                start, end = np.maximum(at[copies], since), np.minimum(until[copies], over)
                some = start < np.minimum(end, ended)
                where = np.full(some.sum(), shares.setdefault(led, len(shares)), np.int32)
                parts.append((holder[copies[some]], start[some], end[some], where))
        holder, start, end, led_to = map(np.concatenate, zip(*parts, strict=True))
        del parts, at, until, row, hasty  # where there are many, these are as large as the rest
        order = np.lexsort((start, holder))
        return Holdings(holder[order], start[order], end[order], led_to[order], shares)


def _alike(row: Ints, hasty: Floats) -> list[Ints]:
    """Copies, by their positions: together those that lead alike at any time."""
    order = np.lexsort((hasty, row))
    other = (np.diff(row[order]) != 0) | (np.diff(hasty[order]) != 0)
    return np.split(order, 1 + np.flatnonzero(other))


class _Leads:
    """Where the copies of each row lead, while these or those are dead."""

    def __init__(self, book: Book, downs: Downs) -> None:
        self._book, self._downs = book, downs
        epochs = book.epochs(np.array([at for at, _ in downs])).tolist()
        self._epoch = {dead: epoch for (_, dead), epoch in zip(downs, epochs, strict=True)}

    def of(self, row: int, hasty: float) -> Iterator[Holding]:
        """A copy that is held for ever."""
        return told(-1, -inf, inf, self._downs, cache(partial(self._shares, row, hasty)))

    def _shares(self, row: int, hasty: float, dead: tuple[str, ...]) -> Shares:
        book, epoch = self._book, self._epoch[dead]
        parts = (1 - hasty) * book.shares(epoch)[row]
        if hasty:
            parts += hasty * book.shares(epoch, tries_next=False)[row]
        names = (*book.servers, "")
        return tuple((name, part) for name, part in zip(names, parts.tolist(), strict=True) if part)
