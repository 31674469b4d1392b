"""How long clients are led to dead servers, for the population engine: `Outage` says what counts.

Clients that keep nothing of their own are led by the copies in the caches that they share; where
these keep nothing, either, by each request, and only the last one of each client is drawn.
numpy only.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np

from lab_engine.simulation.epochs import Epoch
from lab_engine.simulation.outages import Outage, outage
from lab_engine.simulation.population.book import Book
from lab_engine.simulation.population.pools import Crowds
from lab_engine.simulation.population.tally import Floats, Ints
from lab_engine.simulation.stages import stages

MOST = 10_000  # entries of an outage: more are joined with their neighbours
NONE: Ints = np.zeros(0, np.int64)
NOBODY = Crowds(np.zeros(0, np.int64), np.zeros(0, np.int64))


@dataclass
class _Death:
    """One change that kills servers. Ends are seconds since then, 0 where there is none.

    Attributes:
        at: when.
        ways: by manner and way, until when it leads to what has been dead ever since; 0 for others.
            Clients that try no second address have the manner 1, others 0.
        rows: the same by manner and copy, where all of its ways do.
        known: seconds until it was noticed, and until no answer held what died.
        own: when the last answer ended that led there, of clients that are stepped by themselves.
        told: until when these were told to keep it.
        shared: the same of the copies in each cache, by manner.
        asked: the same of answers that nobody kept, for each of these others.
        lasted: ends of clients that are done, until when they were told, and their weights.
    """

    at: float
    ways: Floats
    rows: Floats
    known: tuple[float, float]
    own: Floats = field(default_factory=lambda: np.zeros(0))
    told: Floats = field(default_factory=lambda: np.zeros(0))
    shared: Floats = field(default_factory=lambda: np.zeros((1, 0)))
    asked: Floats = field(default_factory=lambda: np.zeros(0))
    lasted: list[Floats] = field(default_factory=list)
    lasted_as_told: list[Floats] = field(default_factory=list)
    weights: list[Floats] = field(default_factory=list)


class Deaths:
    """Every change that kills servers, and until when each client is led to the dead.

    Args:
        book: with the rows and where they lead.
        epochs: of the run.
        end: of the watch, seconds.
        rate: requests a second of each client.
        publication: seconds from a verdict to its answers.
    """

    def __init__(
        self, book: Book, epochs: tuple[Epoch, ...], end: float, rate: float, publication: float
    ) -> None:
        self._book, self._end, self._rate = book, end, rate
        self._epochs, self._publication = epochs, publication
        self._crowds, self._first = NOBODY, np.zeros(0, np.int64)
        downs = [self._downs(at) for at in range(1, len(epochs))]
        killing = [at for at, (now, before) in enumerate(downs, 1) if now - before]
        self._deaths = [self._death(at) for at in killing if epochs[at].start < end]

    def __bool__(self) -> bool:
        return bool(self._deaths)

    def _death(self, epoch: int) -> _Death:
        book = self._book
        manners = (True, False) if book.hasty else (True,)
        ways = np.array([self._led_until(epoch, tries_next=each) for each in manners])
        rows = np.where(book.ways > 0, ways[:, None, :], np.inf).min(axis=2)
        at, now, before = float(book.starts[epoch]), *self._downs(epoch)
        known = stages(self._epochs, at, now - before, self._publication)
        return _Death(at, ways, np.where(book.empty, 0.0, rows), known)

    def _downs(self, epoch: int) -> tuple[set[str], set[str]]:
        """Who is dead in an epoch, and who was in the one before."""
        return set(self._epochs[epoch].scenario.down), set(self._epochs[epoch - 1].scenario.down)

    def _led_until(self, epoch: int, *, tries_next: bool) -> Floats:
        """For each way, the start of the first epoch from this one on in which it leads to life."""
        book, nobody = self._book, len(self._book.servers)
        later = range(epoch, len(book.starts))
        dead = book.lead[:, [book.column(at, tries_next=tries_next) for at in later]] == nobody
        ends = np.append(book.starts[epoch:], np.inf)
        alive = np.where(dead.all(axis=1), dead.shape[1], dead.argmin(axis=1))
        found: Floats = np.where(dead[:, 0], ends[alive], 0.0)
        return found

    # --- noting ----------------------------------------------------------------------------------

    def open(self, crowds: Crowds, alone: int = 0) -> None:
        """From now on, so many clients are noted by themselves, and others in these crowds."""
        self._crowds, self._first = crowds, np.cumsum(crowds.heads) - crowds.heads
        for death in self._deaths:
            death.own, death.told = np.zeros(alone), np.full(alone, np.inf)
            death.shared = np.zeros((len(death.ways), int(crowds.spread.sum())))
            unkept = bool(((death.rows[0] > 0) & (self._book.life == 0)).any())
            death.asked = np.zeros(int(crowds.heads.sum()) if unkept else 0)

    def note_copies(self, cache: Ints, at: Floats, until: Floats, row: Ints) -> None:
        """These caches held copies of these rows, from when until when; if at all."""
        for death in self._deaths:
            for shared, rows in zip(death.shared, death.rows, strict=True):
                ends = np.where(until > at, rows[row], 0.0)
                led, lasted = self._lasted(death.at, at, until, ends)
                np.maximum.at(shared, cache[led], lasted)

    def note_ways(
        self, who: Ints, kept: tuple[Floats, Floats, Floats], way: Ints, manner: Ints
    ) -> None:
        """These clients, each once, got orders that lead these ways.

        Args:
            who: they are.
            kept: when they came, until when they are kept, which is not at all where both are one
                time, and until when the clients were told to.
            way: of each.
            manner: of each client.
        """
        at, until, told = kept
        for death in self._deaths:
            led, lasted = self._lasted(death.at, at, until, death.ways[manner, way])
            later = lasted > death.own[who[led]]
            some = who[led[later]]
            death.own[some], death.told[some] = lasted[later], told[led[later]] - death.at

    def _lasted(self, died: float, at: Floats, until: Floats, ends: Floats) -> tuple[Ints, Floats]:
        """Which answers led to the dead, and for how long: endlessly if longer than the watch."""
        led = np.flatnonzero((until > died) & (at < ends))
        over = np.minimum(until[led], ends[led])
        return led, np.where(over > self._end, np.inf, over - died)

    def note_requests(self, cache: Ints, at: Floats, row: Ints) -> None:
        """A client of these caches, any of each, was led by an answer of this row."""
        for death in self._deaths:
            led = (at > death.at) & (at < death.rows[0, row]) & (self._book.life[row] == 0)
            if led.any():
                crowd = self._crowds.crowd[cache[led]]
                who = self._book.rng.integers(self._crowds.heads[crowd])
                np.maximum.at(death.asked, self._first[crowd] + who, at[led] - death.at)

    def note_unkept(self, pool: int) -> None:
        """Every request of these clients was led by an answer of its own, of this pool."""
        for death in self._deaths:
            self._draw(death, [*self._unkept(death, pool)])

    def _unkept(self, death: _Death, pool: int) -> Iterator[tuple[float, float, float]]:
        """(from, to, part of the requests that is led there) after a death, in their order."""
        book = self._book
        ends = {float(end) for end in death.rows[0] if 0 < end < self._end}
        edges = sorted({death.at, self._end, *ends, *book.starts[book.starts < self._end]})
        for start, end in pairwise(edges[edges.index(death.at) :]):
            rows = book.rows(pool, int(book.epochs(np.array([start]))[0]))
            share = float(book.chance[rows] @ (death.rows[0, rows] >= end))
            if share:
                yield start - death.at, end - death.at, share

    def _draw(self, death: _Death, led: list[tuple[float, float, float]]) -> None:
        """The last of each client's requests: going back, an exponential number is in between."""
        if not led:
            return
        start, end, share = np.array(led).T
        expected = np.append(0.0, np.cumsum((end - start) * share * self._rate))
        back = expected[-1] - self._book.rng.standard_exponential(len(death.asked))
        who = np.flatnonzero(back > 0)
        part = np.searchsorted(expected, back[who], "right") - 1
        left = (expected[part + 1] - back[who]) / (share[part] * self._rate)
        death.asked[who] = end[part] - left

    def close(self, following: Ints = NONE, cache: Ints = NONE, manner: Ints = NONE) -> None:
        """That is all of these clients.

        Those that are `following` keep nothing, though they are stepped by themselves: of them the
        copies count in the cache that each asks, or in all of its crowd.
        """
        heads, spread = self._crowds
        firsts = np.cumsum(spread) - spread
        for death in self._deaths:
            crowds = (
                np.maximum.reduceat(death.shared, firsts, axis=1) if len(firsts) else death.shared
            )
            if len(following):
                theirs = crowds[np.minimum(manner, len(crowds) - 1), self._crowds.crowd[cache]]
                death.own[following] = np.maximum(death.own[following], theirs)
                death.told[following] = np.inf
            ends, weights = crowds[0], heads * self._rate
            if len(death.asked):
                ends = np.maximum(np.repeat(ends, heads), death.asked)
                weights = np.full(len(ends), self._rate)
            death.lasted += [death.own, ends]
            death.lasted_as_told += [death.told, np.full(len(ends), np.inf)]
            death.weights += [np.full(len(death.own), self._rate), weights]

    # --- reading ---------------------------------------------------------------------------------

    def outages(self, ended: float) -> tuple[Outage, ...]:
        """One for each death, as far as it was watched."""
        return tuple(self._outage(death, ended) for death in self._deaths if death.at < ended)

    def _outage(self, death: _Death, ended: float) -> Outage:
        lasted, weights = np.concatenate(death.lasted), np.concatenate(death.weights)
        told = np.concatenate(death.lasted_as_told)
        known = np.flatnonzero(weights > 0)
        order = known[np.argsort(lasted[known], kind="stable")]
        lasted, told, weights = lasted[order], told[order], weights[order]
        seen = ended - death.at
        closed = int(np.searchsorted(lasted, seen, "right"))
        lasted = np.minimum(lasted, seen)
        overdue = lasted - np.clip(told, 0.0, lasted)
        found = [
            *_joined(lasted[:closed], overdue[:closed], weights[:closed]),
            *_joined(lasted[closed:], overdue[closed:], weights[closed:]),
        ]
        return outage(death.at, found, float(weights[closed:].sum()), death.known)


def _joined(lasted: Floats, overdue: Floats, weights: Floats) -> list[tuple[float, float, float]]:
    """Seconds, those of them beyond a TTL, and weights; where they are many, neighbours' means."""
    if len(lasted) > MOST:
        first = np.linspace(0, len(lasted), MOST, endpoint=False).astype(int)
        sums = [np.add.reduceat(each * weights, first) for each in (lasted, overdue)]
        weights = np.add.reduceat(weights, first)
        lasted, overdue = (each / weights for each in sums)
    return list(zip(lasted.tolist(), overdue.tolist(), weights.tolist(), strict=True))
