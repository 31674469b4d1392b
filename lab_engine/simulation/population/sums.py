"""What a run of the population engine comes to: sums by server, time and audience; the outcome."""

import math
from collections import Counter
from functools import cached_property

import numpy as np

from lab_engine.simulation.epochs import Epoch, downs, minds, verdicts
from lab_engine.simulation.outcome import Level, Levels, Outcome
from lab_engine.simulation.population.book import Book
from lab_engine.simulation.population.outages import Deaths
from lab_engine.simulation.population.tally import NEAR, Bins, Floats, Ints
from lab_engine.simulation.scenario import Scenario
from lab_engine.simulation.travel import trips


class Sums:
    """Requests by server, audience and age of what led them; look-ups by level.

    Attributes:
        requests: of shape (servers + 1, cells); the last row failed.
        queries: of the authority, of shape (rows, cells).
        application, os: look-ups and misses; None where there is no such cache.
    """

    def __init__(
        self, scenario: Scenario, found: tuple[Epoch, ...], book: Book, bins: Bins
    ) -> None:
        self._scenario, self._found, self._book, self._bins = scenario, found, book, bins
        self._epochs = book.epochs(bins.middles)
        self._changes = [at for at, _ in scenario.steps[1:]]
        audiences, servers = len(book.audiences), len(book.servers) + 1
        self.requests = np.zeros((servers, bins.cells), np.int64)
        self._stale = np.zeros((len(self._changes), bins.cells), np.int64)
        self._reached = np.zeros((audiences, servers), np.int64)
        self._asked = np.zeros((audiences, 2), np.int64)
        self.queries = np.zeros((len(book), bins.cells), np.int64)
        self.application: Level | None = None
        self.os: Level | None = None

    def add_copies(self, taken: Ints, passed_on: Floats) -> Ints:
        """Requests led by copies in resolvers: of shape (rows, cells). Returns them by audience."""
        book = self._book
        audiences = book.audience[book.pool]
        found = np.zeros(len(self._reached), np.int64)
        for audience in range(len(found)):
            for origin in np.unique(book.origin).tolist():
                rows = np.flatnonzero((audiences == audience) & (book.origin == origin))
                led = self._led(rows, taken, passed_on)
                self._add(audience, origin, led)
                found[audience] += led.sum()
        return found

    def _led(self, rows: Ints, taken: Ints, passed_on: Floats) -> Ints:
        parts = [(cells, shares[rows]) for cells, shares in self._shares]
        expected = np.zeros(self.requests.shape)
        for cells, part in parts:
            expected[:, cells] = part.T @ passed_on[rows, cells]
        led = self._book.rng.poisson(expected)
        for index, row in enumerate(rows.tolist()):
            for cells, part in parts:
                led[:, cells] += self._book.rng.multinomial(taken[row, cells], part[index]).T
        return led

    @cached_property
    def _shares(self) -> list[tuple[slice, Floats]]:
        """The cells of each epoch, which stand beside each other, and where its rows lead."""
        found, first = np.unique(self._epochs, return_index=True)
        cells = map(slice, first.tolist(), [*first[1:].tolist(), len(self._epochs)])
        return [
            (some, self._book.shares(at)) for some, at in zip(cells, found.tolist(), strict=True)
        ]

    def add_ways(self, counts: Ints, kinds: int, tries_next: list[bool]) -> Ints:
        """Requests led by clients' own copies: (audiences x kinds x epochs x ways, cells).

        Returns them by audience and kind.
        """
        book = self._book
        by_way = counts.reshape(-1, kinds, len(book.starts), len(book.lead), self._bins.cells)
        for audience, of_audience in enumerate(by_way):
            for kind, of_kind in enumerate(of_audience):
                for origin, led_by in enumerate(of_kind):
                    if led_by.any():
                        led = self._by_server(led_by, tries_next=tries_next[kind])
                        self._add(audience, origin, led)
        found: Ints = by_way.sum(axis=(2, 3, 4))
        return found

    def _by_server(self, led_by: Ints, *, tries_next: bool) -> Ints:
        led = np.zeros(self.requests.shape, np.int64)
        for epoch in np.unique(self._epochs).tolist():
            cells = np.flatnonzero(self._epochs == epoch)
            server = self._book.lead[:, self._book.column(epoch, tries_next=tries_next)]
            np.add.at(led, (server[:, None], cells[None, :]), led_by[:, cells])
        return led

    def _add(self, audience: int, origin: int, led: Ints) -> None:
        self.requests += led
        self._reached[audience] += led.sum(axis=1)
        altered = self._book.audiences[audience].altered
        for change, at in enumerate(self._changes):
            if self._book.starts[origin] < at and altered[change]:
                later = self._bins.middles > at
                self._stale[change, later] += led[:, later].sum(axis=0)

    def add_look_ups(self, audience: int, asked: int, misses: int) -> None:
        """Questions to the resolvers of an audience, and those for which these had to ask."""
        self._asked[audience] += asked, misses

    def _by_place(self, counts: Ints) -> Ints:
        """Sums over the audiences of each place."""
        found = np.zeros((len(self._scenario.places), *counts.shape[1:]), np.int64)
        np.add.at(found, [each.place for each in self._book.audiences], counts)
        return found

    @property
    def _cuts(self) -> tuple[tuple[int, int], ...]:
        """The bin of each change, and how many of its requests came before it."""
        counts, bins = self.requests.sum(axis=0), self._bins
        places = [int(at / bins.width + NEAR) for at in self._changes]
        edges = [min(at, bins.count) * bins.width for at in places]
        before = [
            int(counts[(bins.middles > edge) & (bins.middles < at)].sum())
            for edge, at in zip(edges, self._changes, strict=True)
        ]
        return tuple((min(at, bins.count), n) for at, n in zip(places, before, strict=True))

    def outcome(
        self, deaths: Deaths, ended: float, notes: tuple[str, ...], *, partial: bool
    ) -> Outcome:
        """The outcome; what lies behind `ended` is left out where that is a number."""
        scenario, bins, servers = self._scenario, self._bins, self._book.servers
        until = bins.end if math.isnan(ended) else min(ended, bins.end)
        if until < bins.end:
            self._forget_after(until)
        rows, failed = np.split(bins.by_bin(self.requests), [len(servers)])
        firsts = np.bincount(self._book.first, self.queries.sum(axis=1), len(servers) + 1)
        asked, misses = self._asked.sum(axis=0).tolist()
        reached = self._by_place(self._reached).tolist()
        named = [dict(zip(servers, each, strict=False)) for each in reached]
        return Outcome(
            addresses=servers,
            down=self._found[0].scenario.down,
            bin=scenario.bin,
            window=scenario.window,
            requests=tuple(map(tuple, rows.tolist())),
            failed=tuple(failed[0].tolist()),
            answers=tuple(firsts[:-1].astype(int).tolist()),
            queries=tuple(bins.by_bin(self.queries.sum(axis=0)).tolist()),
            levels=Levels(
                self.application or Level(), self.os or Level(), Level(asked - misses, misses)
            ),
            engine="population",
            seed=scenario.seed,
            stale=tuple(map(tuple, bins.by_bin(self._stale).tolist())),
            cuts=self._cuts,
            refused=(0,) * bins.count,
            verdicts=verdicts(self._found, until),
            minds=minds(self._found, until),
            downs=downs(self._found, until),
            lookups=self._look_ups(),
            waits=self._waits(),
            trips=trips(scenario, named),
            outages=deaths.outages(until),
            partial=partial,
            ended=until,
            notes=notes,
        )

    def _forget_after(self, ended: float) -> None:
        """Bins that are not complete hold nothing."""
        begun = self._bins.middles > ended // self._bins.width * self._bins.width
        self.requests[:, begun] = self._stale[:, begun] = self.queries[:, begun] = 0

    def _waits(self) -> tuple[tuple[float, int], ...]:
        """What requests lost at slow servers; they lose nothing else here."""
        waited: Counter[float] = Counter()
        for address, delay in self._scenario.delays.items():
            slow = [at for at, epoch in enumerate(self._found) if address in epoch.failing]
            if address in self._book.servers and delay:
                row = self.requests[self._book.servers.index(address)]
                waited[delay] += int(row[np.isin(self._epochs, slow)].sum())
        return tuple(sorted((seconds, count) for seconds, count in waited.items() if count))

    def _look_ups(self) -> tuple[tuple[float, int], ...]:
        """What requests waited: nothing, for the resolver, or for the authority as well."""
        waited: Counter[float] = Counter()
        for place, reached, (asked, misses) in zip(
            self._scenario.places,
            self._by_place(self._reached).sum(axis=1).tolist(),
            self._by_place(self._asked).tolist(),
            strict=True,
        ):
            waited[0.0] += reached - asked
            waited[place.resolver_ms] += asked - misses
            waited[place.resolver_ms + place.authority_ms] += misses
        return tuple(sorted((ms, count) for ms, count in waited.items() if count))
