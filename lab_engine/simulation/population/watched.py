"""Who held what, in the population engine: the copies of a few caches, noted as they end. numpy."""

from collections.abc import Iterator, Sequence

import numpy as np

from lab_engine.simulation.holders import Shares, Watched, told
from lab_engine.simulation.outcome import Downs, Holding
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
        self._holder = np.argsort(numbers, kind="stable")
        self._numbers = numbers[self._holder]
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
            self._noted.append((self._holder[place[some]], at[some], until[some], row[some]))

    def holdings(self, watched: Sequence[Watched], downs: Downs) -> tuple[Holding, ...]:
        """What was noted, by holder and time."""
        if not self._noted:
            return ()
        holder, at, until, row = map(np.concatenate, zip(*self._noted, strict=True))
        order = np.lexsort((at, holder))
        columns = zip(*(each[order].tolist() for each in (holder, at, until, row)), strict=True)
        leads = _Leads(self._book, downs)
        return tuple(
            holding
            for who, start, end, which in columns
            for holding in leads.of(which, watched[who].hasty, (who, start, end))
        )


class _Leads:
    """Where the copies of each row lead, while these or those are dead."""

    def __init__(self, book: Book, downs: Downs) -> None:
        self._book, self._downs = book, downs
        starts = np.array([at for at, _ in downs])
        epochs = book.epochs(starts).tolist()
        self._epoch = {dead: epoch for (_, dead), epoch in zip(downs, epochs, strict=True)}
        self._known: dict[tuple[int, float, tuple[str, ...]], Shares] = {}

    def of(self, row: int, hasty: float, held: tuple[int, float, float]) -> Iterator[Holding]:
        """One copy."""

        def shares(dead: tuple[str, ...]) -> Shares:
            key = row, hasty, dead
            if key not in self._known:
                self._known[key] = self._shares(row, hasty, self._epoch[dead])
            return self._known[key]

        return told(*held, self._downs, shares)

    def _shares(self, row: int, hasty: float, epoch: int) -> Shares:
        book = self._book
        parts = (1 - hasty) * book.shares(epoch)[row]
        if hasty:
            parts += hasty * book.shares(epoch, tries_next=False)[row]
        names = (*book.servers, "")
        return tuple((name, part) for name, part in zip(names, parts.tolist(), strict=True) if part)
