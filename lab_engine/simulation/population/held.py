"""Caches of resolvers before clients that remember nothing, stepped from fill to fill. numpy only.

All caches are stepped together, each at most once a step. Where one kind of copy is held for one
time on a continuous clock, a cache is stepped many times at once.
"""

from collections.abc import Iterator

import numpy as np

from lab_engine.simulation.population.book import Book
from lab_engine.simulation.population.outages import Deaths
from lab_engine.simulation.population.pools import Crowds
from lab_engine.simulation.population.renewals import State, begin
from lab_engine.simulation.population.stop import Stop
from lab_engine.simulation.population.tally import Bins, Floats, Ints, RenewalTally, Tally
from lab_engine.simulation.population.watched import Watch

Step = tuple[Floats, Floats]
BLOCK = 20_000  # caches stepped together: they fit the processor's own caches
BATCH = BLOCK // 2  # fills counted together: smaller steps are gathered first


class Held:
    """What comes of the caches that are stepped.

    Attributes:
        asked: queries to the authority, of shape (rows, cells).
        taken: requests that came at such a query, by the row that led them.
        passed_on: requests to expect besides.
        renewed: queries that no client waited for, by pool.
    """

    def __init__(  # noqa: PLR0913  (what is noted, and by whom)
        self, book: Book, bins: Bins, deaths: Deaths, watch: Watch, *, stop: Stop, caches: int
    ) -> None:
        self._watch, self._caches = watch, caches
        self._book, self._bins, self._deaths, self._stop = book, bins, deaths, stop
        self._hold = self._one_hold()
        self._tally: Tally | RenewalTally = Tally(len(book), bins)
        if self._hold:
            self._tally = RenewalTally(len(book), bins, self._hold)
        self._queries = Tally(len(book), bins) if book.renew.any() else None
        self.renewed = np.zeros(len(book.pools), np.int64)
        self._direct = np.zeros((len(book), bins.cells), np.int64)
        self.steps = 0

    def _one_hold(self) -> float:
        """Seconds for which every copy is held on a continuous clock; 0 where they differ."""
        book = self._book
        one = np.ptp(book.life) == 0 and not book.whole.any() and not book.renew.any()
        return float(book.life[0]) if one and not self._bins.cuts else 0.0

    @property
    def asked(self) -> Ints:
        """See `Held`."""
        return (self._queries or self._tally).taken() + self._direct

    @property
    def taken(self) -> Ints:
        """See `Held`."""
        return self._tally.taken() + self._direct

    @property
    def passed_on(self) -> Floats:
        """See `Held`."""
        return self._tally.passed_on()

    def add(self, crowds: Crowds, rate: float, pool: int | Ints) -> None:
        """Step the caches of these crowds, whose clients make so many requests a second.

        Where turns are taken, all of a run at once. `pool` is theirs, or that of each cache.
        """
        book = self._book
        if isinstance(pool, int) and not book.life[book.pool == pool].any():
            self._ask(crowds, rate, pool)
            return
        count, most = len(crowds.heads), int(crowds.spread.max(initial=1))
        size = count if book.in_turn else max(1, BLOCK // most)
        for start in range(0, count, size):
            some = crowds.some(slice(start, start + size))
            self._deaths.open(some)
            rates = some.rates(rate)
            self._step(rates, pool)
            self._deaths.close()
            self.steps += len(rates)
            self._watch.first += len(rates)
            self._stop.passed(self.steps, self._caches)
            if self._stop.asked:
                return

    def _ask(self, crowds: Crowds, rate: float, pool: int) -> None:
        """Nothing is kept: each request is a question to the authority."""
        bins, heads = self._bins, crowds.heads.sum(keepdims=True)
        asked = self._book.rng.poisson(float(heads[0]) * rate * bins.widths, bins.cells)
        self._direct += self._book.split(asked, pool, self._book.epochs(bins.middles))
        self._deaths.open(Crowds(heads, np.ones(1, np.int64)))
        self._deaths.note_unkept(pool)
        self._deaths.close()
        self._watch.first += int(crowds.spread.sum())

    def _step(self, rates: Floats, pool: int | Ints) -> None:
        alone = self._hold and len(self._book.pools) == 1 and len(self._book.starts) == 1
        noted = self._deaths or self._watch.any_of(len(rates))
        if alone and isinstance(self._tally, RenewalTally) and not noted:
            self._step_alike(rates)
        elif self._queries is None:
            self._step_one_by_one(rates, pool)
        else:
            self._step_renewing(rates, pool, self._queries)

    def _step_alike(self, rates: Floats) -> None:
        """One kind of copies, held for one time."""
        book, end = self._book, self._bins.end
        fills = _in_step if book.in_turn or len(rates) > BLOCK // 2 else _ahead
        for at, rate in _batches(fills(book, rates, self._hold, end)):
            self._tally.add(at, rate, book.draw(at, 0))  # type: ignore[call-arg]
            if book.in_turn and self._stop.asked:
                self._stop.at = float(at.min())
                return

    def _step_one_by_one(self, rates: Floats, pool: int | Ints) -> None:
        """Copies that end before the next is taken."""
        book, end = self._book, self._bins.end
        state = begin(book, pool, rates)
        there = np.flatnonzero(state.expires > 0)
        self._add(state.opened[there], state.expires[there], rates[there], state.row[there], there)
        step = self._longest_step() if book.in_turn else np.inf
        due, several = state.due, isinstance(pool, np.ndarray)
        while (first := due.min()) < end and not self._stops(first):
            filled = np.flatnonzero(due < min(first + step, end))
            at, rate = due[filled], rates[filled]
            row = book.draw(at, pool[filled] if several else pool)  # type: ignore[index]
            until = book.expires(at, row)
            self._add(at, until, rate, row, filled)
            due[filled] = until + book.rng.standard_exponential(len(at)) / rate

    def _add(self, at: Floats, until: Floats, rate: Floats, row: Ints, who: Ints) -> None:
        if isinstance(self._tally, RenewalTally):
            self._tally.add(at, rate, row)
        else:
            self._tally.add(at, until, rate, row)
        self._deaths.note_requests(who, at, row)
        self._note(who, at, until, row)

    def _note(self, who: Ints, at: Floats, until: Floats, row: Ints) -> None:
        """Copies that are over, for those who want to know."""
        self._deaths.note_copies(who, at, until, row)
        self._watch.note(who, at, until, row)

    def _longest_step(self) -> float:
        """No cache fills twice within it."""
        shortest: float = (self._book.hold - self._book.whole).min()
        return shortest

    def _stops(self, first: float) -> bool:
        """Whether to end here; where all caches are in step, the counts up to now are whole."""
        if self._book.in_turn and self._stop.asked:
            self._stop.at = first
            return True
        return False

    def _step_renewing(self, rates: Floats, pool: int | Ints, queries: Tally) -> None:
        """Copies that a request may replace while they last, and which lead that request."""
        book, end, tally = self._book, self._bins.end, self._tally
        assert isinstance(tally, Tally)  # noqa: S101
        state = begin(book, pool, rates)
        step = self._longest_step() if book.in_turn else np.inf
        while (first := state.due.min()) < end and not self._stops(first):
            filled = np.flatnonzero(state.due < min(first + step, end))
            at, rate, old = state.due[filled], rates[filled], state.row[filled]
            pools = pool[filled] if isinstance(pool, np.ndarray) else pool
            row = book.draw(at, pools)
            kept = state.expires[filled] > at
            self._end(state, filled, rates, at)
            led_by = np.where(kept, old, row)
            queries.count(at, row)
            tally.count(at, led_by)
            self._deaths.note_requests(filled, at, led_by)
            renewed = row[kept & (at >= 0)]
            self.renewed += np.bincount(book.pool[renewed], minlength=len(self.renewed))
            until = book.expires(at, row)
            state.row[filled], state.opened[filled], state.expires[filled] = row, at, until
            gaps = book.rng.standard_exponential(len(at)) / rate
            state.due[filled] = np.maximum(until - book.renew[row], at) + gaps
        self._end(state, np.arange(len(rates)), rates, np.full(len(rates), np.inf))

    def _end(self, state: State, who: Ints, rates: Floats, replaced: Floats) -> None:
        """Copies whose time is over: while one could be renewed, no request has come but the last.

        So requests are passed on from it only until then.
        """
        at, until, row = state.opened[who], state.expires[who], state.row[who]
        quiet = np.maximum(until - self._book.renew[row], at)
        self._tally.hold(at, quiet, rates[who], row)  # type: ignore[union-attr]
        self._note(who, at, np.minimum(until, replaced), row)


def _in_step(book: Book, rates: Floats, ttl: float, end: float) -> Iterator[Step]:
    """Times and request rates of fills, at most one of each cache in a step, in steps of time."""
    due = _first_fills(book, rates, ttl)
    while (first := due.min()) < end:
        filled = np.flatnonzero(due < min(first + ttl, end))
        at, rate = due[filled], rates[filled]
        yield at, rate
        due[filled] = at + ttl + book.rng.standard_exponential(len(at)) / rate


def _ahead(book: Book, rates: Floats, ttl: float, end: float) -> Iterator[Step]:
    """The same for fewer caches, whose order in time does not matter: many fills of each."""
    due, enough = _first_fills(book, rates, ttl), int(end / ttl) + 2
    while (going := due < end).any():
        due, rates = due[going], rates[going]
        gaps = book.rng.standard_exponential((len(due), min(enough, BLOCK // len(due))))
        gaps /= rates[:, None]
        later = due[:, None] + np.cumsum(ttl + gaps, axis=1)
        at = np.hstack([due[:, None], later[:, :-1]])
        yield at[at < end], np.broadcast_to(rates[:, None], at.shape)[at < end]
        due = later[:, -1]


def _first_fills(book: Book, rates: Floats, ttl: float) -> Floats:
    """As in the long run: a copy is there with probability H, its age uniform; or a gap is."""
    rng = book.rng
    present = rng.random(len(rates)) < rates * ttl / (1 + rates * ttl)
    return np.where(
        present, -ttl * rng.random(len(rates)), rng.standard_exponential(len(rates)) / rates
    )


def _batches(steps: Iterator[Step]) -> Iterator[Step]:
    """The same fills, still in the order of steps, in fewer pieces: counting has a fixed cost."""
    gathered: list[Step] = []
    waiting = 0
    for step in steps:
        gathered.append(step)
        waiting += len(step[0])
        if waiting >= BATCH:
            yield _joined(gathered)
            gathered, waiting = [], 0
    if gathered:
        yield _joined(gathered)


def _joined(steps: list[Step]) -> Step:
    if len(steps) == 1:
        return steps[0]
    at, rate = (np.concatenate(column) for column in zip(*steps, strict=True))
    return at, rate
