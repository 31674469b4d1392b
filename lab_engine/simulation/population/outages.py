"""How long caches lead to dead servers, for the population engine. numpy only.

From a death, a cache counts until the last copy that leads to dead servers only is over, or leads
elsewhere because they are back.
"""

import numpy as np

from lab_engine.simulation.epochs import Epoch
from lab_engine.simulation.outcome import Outage
from lab_engine.simulation.population.book import Book
from lab_engine.simulation.population.tally import Floats, Ints

MOST = 10_000  # entries of an outage: more are joined with their neighbours


class Deaths:
    """Every change that kills servers, and until when each cache leads to them.

    Args:
        book: with the rows and where they lead.
        epochs: of the run.
        end: of the watch, seconds.
    """

    def __init__(self, book: Book, epochs: tuple[Epoch, ...], end: float) -> None:
        self._book, self._epochs, self._end = book, epochs, end
        downs = [set(epoch.scenario.down) for epoch in epochs]
        killing = [at for at in range(1, len(epochs)) if downs[at] - downs[at - 1]]
        self._times = [epochs[at].start for at in killing]
        self._ways = [self._dead_until(at) for at in killing]
        self._rows = [self._of_rows(until) for until in self._ways]
        self._last = np.zeros((len(killing), 0))
        self._lasted: list[list[Floats]] = [[] for _ in killing]
        self._weights: list[Floats] = []

    def __bool__(self) -> bool:
        return bool(self._times)

    def _dead_until(self, death: int) -> Floats:
        """For each way that leads to the dead from this epoch on: until when; 0 for others."""
        book, nobody = self._book, len(self._book.servers)
        columns = [book.column(at) for at in range(len(self._epochs))]
        dead = book.lead[:, columns] == nobody
        until = np.full(len(dead), self._end)
        for at in reversed(range(death, len(columns))):
            until[~dead[:, at]] = self._epochs[at].start
        return np.where(dead[:, death] & ~dead[:, death - 1], until, 0.0)

    def _of_rows(self, until: Floats) -> Floats:
        """The same for rows all of whose ways lead there."""
        possible = self._book.ways > 0
        found: Floats = np.where(possible, until, np.inf).min(axis=1)
        return found

    def open(self, count: int) -> None:
        """From now on, so many other caches are noted."""
        self._last = np.zeros((len(self._times), count))

    def note(self, who: Ints, at: Floats, until: Floats, row: Ints) -> None:
        """Caches held copies of these rows."""
        for index, ends in enumerate(self._rows):
            self._note(index, who, at, np.minimum(until, ends[row]))

    def note_ways(self, who: Ints, at: Floats, until: Floats, way: Ints) -> None:
        """Clients held single orders that lead these ways."""
        for index, ends in enumerate(self._ways):
            self._note(index, who, at, np.minimum(until, ends[way]))

    def _note(self, index: int, who: Ints, at: Floats, until: Floats) -> None:
        death = self._times[index]
        led = np.flatnonzero(until > np.maximum(at, death))
        np.maximum.at(self._last[index], who[led], until[led] - death)

    def close(self, weights: Floats) -> None:
        """That is all of these caches, which have these request rates."""
        if self:
            self._weights.append(weights)
            for found, last in zip(self._lasted, self._last, strict=True):
                found.append(last)

    def outages(self) -> tuple[Outage, ...]:
        """One for each death."""
        if not self._weights:
            return tuple(Outage(at, ()) for at in self._times)
        weights = np.concatenate(self._weights)
        return tuple(
            Outage(at, _joined(np.concatenate(lasted), weights))
            for at, lasted in zip(self._times, self._lasted, strict=True)
        )


def _joined(lasted: Floats, weights: Floats) -> tuple[tuple[float, float], ...]:
    """Seconds with their weights; where they are too many, means of neighbours."""
    order = np.argsort(lasted)
    lasted, weights = lasted[order], weights[order]
    if len(lasted) > MOST:
        first = np.linspace(0, len(lasted), MOST, endpoint=False).astype(int)
        sums = np.add.reduceat(lasted * weights, first)
        weights = np.add.reduceat(weights, first)
        lasted = sums / weights
    return tuple(zip(lasted.tolist(), weights.tolist(), strict=True))
