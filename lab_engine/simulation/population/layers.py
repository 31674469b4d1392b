"""Clients that remember, for the population engine: caches in the system and in the application.

A client asks its resolver only when its own copy has expired, and requests in between go where
that copy says. So each client is stepped from one such time to the next, together with the
windows of its resolver, which open at the first question after the last one closed:

- a system cache holds what is left of the TTL, so it expires with the window it was filled in;
- an application cache holds a fixed lifetime, and its fills do not depend on the resolver at all;
- clients that remember nothing are one crowd at each resolver, which asks without a pause.
"""

from dataclasses import dataclass

import numpy as np

from lab_engine.simulation.population.book import Book
from lab_engine.simulation.population.kinds import Kind
from lab_engine.simulation.population.outages import Deaths
from lab_engine.simulation.population.pools import Crowds
from lab_engine.simulation.population.renewals import begin
from lab_engine.simulation.population.stop import Stop
from lab_engine.simulation.population.tally import Bins, Bools, Floats, Ints, Tally
from lab_engine.simulation.population.watched import Watch

MOMENT = 1e-9
BLOCK = 16_384  # clients answered together: they fit the processor's own caches


@dataclass
class People:
    """Clients and the caches of resolvers before them.

    Attributes:
        pool: of each cache.
        crowd: clients that remember nothing, at each cache.
        home: the cache of each other client; ascending.
        kind: of each of these, an index.
        spread: caches from the first one on of which each question meets a random one.
        resolver: which of the resolvers' each cache is, ascending: one may have several.
    """

    pool: Ints
    crowd: Floats
    home: Ints
    kind: Ints
    spread: Ints
    resolver: Ints

    @property
    def crowds(self) -> Crowds:
        """Those that remember nothing, by the caches that they share."""
        at = np.arange(len(self.spread))
        changes = np.flatnonzero(np.diff(self.spread, prepend=0))
        stretch = changes[np.searchsorted(changes, at, "right") - 1]
        first = (at - stretch) % self.spread == 0
        heads = np.rint(self.crowd * self.spread).astype(np.int64)
        return Crowds(heads[first], self.spread[first])


class Layers:
    """One run of them.

    `due`, `way`, `told`, `os_until` have an entry for each client: the time of its next question,
    where its last answer leads, until when that was said to hold, and until when its system knows
    it. `closes`, `row`, `expires` have one for each cache: when the next question is passed on,
    what it holds, and until when.

    Attributes:
        filled: queries to the authority, by row.
        crowd: what the crowds were led by, by row.
        held: what the others were led by, by audience, kind, epoch and way.
        answers, asks: of each audience and kind: answers to applications, questions to resolvers.
        renewed: queries that no client waited for, by audience.
        now: how far it has come; seconds.
    """

    def __init__(  # noqa: PLR0913, PLR0917  (what is noted, and by whom)
        self,
        book: Book,
        people: People,
        kinds: tuple[Kind, ...],
        bins: Bins,
        deaths: Deaths,
        watch: Watch,
    ) -> None:
        self.book, self.kinds, self.bins, self.rng = book, kinds, bins, book.rng
        self.people, self.deaths, self.watch = people, deaths, watch
        count, caches = len(people.home), len(people.pool)
        self.audience = book.audience[people.pool]
        self.cache = people.home.copy()
        self.first = np.flatnonzero(np.diff(people.home, prepend=-1))
        self.dealt = bool((people.spread > 1).any())
        self.firsts = np.flatnonzero(np.diff(people.resolver, prepend=-1))
        self.group = self.audience[people.home] * len(kinds) + people.kind
        self.due = np.empty(count)
        self.way, self.origin = np.zeros(count, np.int64), np.zeros(count, np.int64)
        self.empty = np.zeros(count, bool)
        self.os_until, self.told = np.full(count, -np.inf), np.full(count, -np.inf)
        self.closes, self.expires = np.full(caches, -np.inf), np.full(caches, -np.inf)
        self.says, self.opened = np.full(caches, -np.inf), np.full(caches, -np.inf)
        self.row = np.zeros(caches, np.int64)
        self.crowd_due = np.full(caches, np.inf)
        self._read_kinds()
        groups = len(book.audiences) * len(kinds)
        self.answers, self.asks = np.zeros(groups, np.int64), np.zeros(groups, np.int64)
        self.renewed = np.zeros(len(book.audiences), np.int64)
        self.filled, self.crowd = Tally(len(book), bins), Tally(len(book), bins)
        self.held = Tally(groups * len(book.starts) * len(book.lead), bins)
        self.deaths.open(people.crowds, alone=count)
        self.now = 0.0

    def _read_kinds(self) -> None:
        kind, kinds = self.people.kind, self.kinds
        self.application = np.array([each.application for each in kinds])[kind]
        self.os = np.array([each.os for each in kinds])[kind]
        self.both = self.os & (self.application > 0)
        self.floor = np.array([each.floor for each in kinds])[kind]
        self.cap = np.array([each.cap for each in kinds])[kind]
        self.negative = np.array([each.negative for each in kinds])[kind]
        self.failure = np.array([each.failure for each in kinds])[kind]
        self.hasty = np.array([not each.tries_next for each in kinds], np.int64)[kind]

    def run(self, rate: float, early: Floats | None, stop: Stop) -> None:
        """To the end of the watch, with the requests of each client.

        Args:
            rate: requests a second of each.
            early: when each cache and those behind it begin, before the watch in whole seconds;
                None where the law of the long run is known.
            stop: whether to go on.
        """
        self.rate = rate
        self.step, self.again = self._step(), self._again()
        self._begin(early)
        self.fill_clients()
        while self.open_windows():
            self.fill_clients()
            stop.passed(min(max(0.0, self.now), self.bins.end), self.bins.end)
            if stop.asked:
                stop.at = max(0.0, float(self._opening().min()))
                break
        self._end(np.arange(len(self.row)), np.full(len(self.row), np.inf))
        forgetful = np.flatnonzero(~self.os & (self.application == 0))
        self.deaths.close(forgetful, self.people.home[forgetful], self.hasty[forgetful])

    def _step(self) -> float:
        """Turns need the order of time: no resolver opens two windows within this step."""
        if not self.book.in_turn:
            return np.inf
        hold = float((self.book.hold - self.book.whole).min())
        return max(hold if hold > 0 else float(self.application.min()), MOMENT)

    def _again(self) -> float:
        """Seconds from one question of a client to its next, at least."""
        book = self.book
        if book.renew.any() or book.empty.any() or not len(self.due):
            return 0.0
        told = np.minimum(float((book.ttl - book.whole).min()), self.cap)
        own = np.where(self.application > 0, self.application, np.where(self.os, told, 0.0))
        return max(0.0, float(own.min()))

    def _gaps(self, count: int) -> Floats:
        return self.rng.standard_exponential(count) / self.rate

    # --- how it begins ---------------------------------------------------------------------------

    def _begin(self, early: Floats | None) -> None:
        endless = np.isinf(self.application)
        if endless.all() and not self.people.crowd.any():
            self.due[:] = self._gaps(len(self.due))
        elif early is None:
            self._begin_in_windows(endless)
        else:
            self._begin_early(early, endless)
        self._deal(np.arange(len(self.due)))

    def _begin_in_windows(self, endless: Ints) -> None:
        """Before the watch, only the windows opened that are still open at 0: exact."""
        heads = np.bincount(self.people.home[~endless], minlength=len(self.closes))
        everyone = heads + self.people.crowd
        opened = self._opened(everyone * self.rate)
        self.due[:] = self._gaps(len(self.due)) + np.where(endless, 0.0, opened[self.people.home])
        if endless.all():
            return
        finite = np.flatnonzero(~endless)
        chosen = (self.rng.random(len(opened)) * everyone) if self.people.crowd.any() else None
        pick = self.rng.integers(np.maximum(heads, 1)) if chosen is None else chosen.astype(int)
        inside = np.flatnonzero((opened < 0) & (pick < heads))
        start = np.cumsum(heads) - heads
        fillers = finite[start[inside] + pick[inside]]
        self.due[fillers] = opened[inside]

    def _begin_early(self, early: Floats, endless: Ints) -> None:
        """Caches before the authority as in the long run, were it not for what is behind them.

        Those that have a time of their own hold nothing until a moment within it.
        """
        people, count = self.people, len(self.due)
        longest = self.book.longest[people.pool[people.home]]
        bent = np.clip(longest, self.floor, self.cap)
        own = np.where(self.application > 0, self.application, np.where(self.os, bent, 0.0))
        own[endless | (self.os & (self.application == 0) & (bent == longest))] = 0.0
        load = self.rate * own
        present = self.rng.random(count) * (1 + load) < load
        begin = np.where(endless, 0.0, early[people.home])
        self.due[:] = begin + self._gaps(count) + present * own * self.rng.random(count)
        passed = np.where(endless, 0.0, self.rate / (1 + load))
        rates = np.bincount(people.home, passed, len(early))
        together = np.repeat(rates[self.firsts], np.diff(self.firsts, append=len(early)))
        self._opened(together / people.spread + people.crowd * self.rate, early)

    def _opened(self, rates: Floats, early: Floats | None = None) -> Floats:
        """Put the copies of the long run into the caches; when they came, 0 where there is none.

        Without `early`, times are those before the watch; else those before each cache's beginning.
        """
        if self.book.even and not self.people.crowd.any():
            return self._opened_evenly(rates, early)
        opened, begins = np.zeros(len(rates)), np.zeros(len(rates)) if early is None else early
        who, pools = np.flatnonzero(rates > 0), self.people.pool
        in_turn = self.book.in_turn
        parts = [who] if in_turn else [who[pools[who] == pool] for pool in np.unique(pools[who])]
        for part in parts:
            state = begin(self.book, pools[part] if in_turn else int(pools[part[0]]), rates[part])
            there = (state.expires > 0) & (self.book.life[state.row] > 0)
            cache = part[there]
            opened[cache] = state.opened[there]
            self._store(cache, state.opened[there], state.row[there], begins[cache])
        crowd = np.flatnonzero(self.people.crowd)
        gaps = self.rng.standard_exponential(len(crowd)) / (self.people.crowd[crowd] * self.rate)
        self.crowd_due[crowd] = np.maximum(self.closes[crowd], begins[crowd]) + gaps
        return opened

    def _opened_evenly(self, rates: Floats, early: Floats | None) -> Floats:
        """The same where a copy is there with probability H, its age uniform."""
        life = float(self.book.life[0])
        present = self.rng.random(len(rates)) < rates * life / (1 + rates * life)
        opened = np.where(present, -life * self.rng.random(len(rates)), 0.0)
        if early is not None:  # else the client that asked then opens the window
            cache = np.flatnonzero(opened < 0)
            row = self.book.draw(opened[cache], int(self.people.pool[0]))
            self._store(cache, opened[cache], row, early[cache])
        return opened

    def _store(self, cache: Ints, opened: Floats, row: Ints, later: Floats | float = 0.0) -> None:
        """A window opens: from then on this cache answers from this row."""
        at = opened + later
        expires = self.book.expires(opened, row) + later
        closes = np.maximum(expires - self.book.renew[row], np.nextafter(at, np.inf))
        self._end(cache, at)
        self.opened[cache], self.row[cache] = at, row
        self.expires[cache], self.closes[cache] = expires, closes
        self.says[cache] = self.book.told_until(opened, row) + later
        crowd = self.people.crowd[cache]
        if crowd.any():
            rate = crowd * self.rate
            self.crowd.hold(at, closes, rate, row)

    def _end(self, cache: Ints, at: Floats) -> None:
        """What these caches hold is over, or is replaced."""
        if not self.deaths and not self.watch:
            return
        until = np.minimum(self.expires[cache], at)
        held = cache, self.opened[cache], until, self.row[cache]
        self.deaths.note_copies(*held)
        self.watch.note(*held)

    # --- how it goes on --------------------------------------------------------------------------

    def _opening(self) -> Floats:
        """When the next question reaches each cache."""
        if len(self.due) == 0:
            return self.crowd_due
        opening = self.crowd_due.copy()
        if self.dealt:
            np.minimum.at(opening, self.cache, self.due)
        else:
            caches = self.people.home[self.first]
            soonest = np.minimum.reduceat(self.due, self.first)
            opening[caches] = np.minimum(opening[caches], soonest)
        return opening

    def open_windows(self) -> bool:
        """Open the next window of every resolver where that is within a step of the first."""
        opening = self._opening()
        self.now = float(opening.min())
        limit = min(opening.min() + self.step, self.bins.end)
        possible = (opening < limit) & (opening >= self.closes)
        opens = np.flatnonzero(possible & self._in_order(opening) if self.dealt else possible)
        at = opening[opens]
        kept = at < self.expires[opens]
        self._renew(opens[kept], at[kept])
        row = self.book.draw(at, self.people.pool[opens])
        crowd = np.flatnonzero(self.crowd_due[opens] == at)
        led_by = np.where(kept, self.row[opens], row)[crowd]
        self.crowd.count(at[crowd], led_by)
        self.deaths.note_requests(opens[crowd], at[crowd], led_by)
        self.filled.count(at, row)
        self._store(opens, at, row)
        asking = opens[self.people.crowd[opens] > 0]
        gaps = self.rng.standard_exponential(len(asking)) / (self.people.crowd[asking] * self.rate)
        self.crowd_due[asking] = self.closes[asking] + gaps
        return bool(opening.min() < self.bins.end)

    def _in_order(self, opening: Floats) -> Bools:
        """Which caches nobody can ask earlier who is asking another of the same resolver now."""
        first = np.minimum.reduceat(opening, self.firsts)
        first = np.repeat(first, np.diff(self.firsts, append=len(opening)))
        found: Bools = (opening <= first) | (opening < first + self.again)
        return found

    def _renew(self, caches: Ints, at: Floats) -> None:
        """Questions that are answered from a copy which they renew."""
        if not len(caches):
            return
        self.renewed += np.bincount(self.audience[caches], at >= 0, len(self.renewed)).astype(int)
        moment = np.full(len(self.closes), np.nan)
        moment[caches] = at
        self._answer(np.flatnonzero(self.due == moment[self.cache]))

    def fill_clients(self) -> None:
        """Answer every client that asks within the present window of its resolver."""
        limits = np.minimum(self.closes, self.bins.end)
        for start in range(0, len(self.due), BLOCK):
            block = slice(start, start + BLOCK)
            due = self.due[block]
            while len(asking := np.flatnonzero(due < self._answered_until(block, limits))):
                self._answer(start + asking)

    def _answered_until(self, block: slice, limits: Floats) -> Floats:
        """Until when these clients are answered without a new window.

        Another of the caches behind an address may be met next, and its window may be closed while
        a client's system still knows what it had from the last one.
        """
        until: Floats = limits[self.cache[block]]
        if not self.dealt:
            return until
        known = np.where(self.both[block], self.os_until[block], -np.inf)
        return np.maximum(until, np.minimum(known, self.bins.end))

    def _answer(self, who: Ints) -> None:
        at = self.due[who]
        counted = at >= 0
        self.answers += np.bincount(self.group[who[counted]], minlength=len(self.answers))
        asks = ~self.both[who] | (at >= self.os_until[who])
        self._ask(who[asks], at[asks])
        self._keep(who, at)

    def _ask(self, who: Ints, at: Floats) -> None:
        """These have no answer of their own, and ask the resolver."""
        self.asks += np.bincount(self.group[who[at >= 0]], minlength=len(self.asks))
        cache = self.cache[who]
        row = self.row[cache]
        self.told[who] = self.os_until[who] = self.says[cache]
        self.way[who] = self.book.led(row)
        self.origin[who] = self.book.origin[row]
        self.empty[who] = self.book.empty[row]

    def _keep(self, who: Ints, at: Floats) -> None:
        """From the answer on, requests go to its server, until the client must ask again."""
        until = self._until(who, at)
        row = (self.group[who] * len(self.book.starts) + self.origin[who]) * len(self.book.lead)
        self.held.add(at, until, np.full(len(who), self.rate), row + self.way[who])
        if self.deaths:
            led = np.flatnonzero(~self.empty[who])
            some = who[led]
            kept = at[led], until[led], self.told[some]
            self.deaths.note_ways(some, kept, self.way[some], self.hasty[some])
        self.due[who] = until + self._gaps(len(who))
        self._deal(who)

    def _until(self, who: Ints, at: Floats) -> Floats:
        """Until when each keeps its answer."""
        told, lifetime = self.told[who], self.application[who]
        obeyed = np.minimum(np.maximum(told, at + self.floor[who]), at + self.cap[who])
        until = np.where(lifetime > 0, at + lifetime, np.where(self.os[who], obeyed, at))
        empty = self.empty[who]
        if empty.any():
            until = np.where(empty, np.minimum(until, at + self.negative[who]), until)
            until = np.where(empty & (told <= at), at + self.failure[who], until)
        return np.maximum(until, at)

    def _deal(self, who: Ints) -> None:
        """Each question meets one of the caches behind its resolver's address."""
        if self.dealt:
            home = self.people.home[who]
            self.cache[who] = home + self.rng.integers(self.people.spread[home])
