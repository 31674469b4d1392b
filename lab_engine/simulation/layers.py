"""Clients that remember, for the population engine: caches in the system and in the application.

A client asks its resolver only when its own copy has expired, and requests in between go where
that copy says. So each client is stepped from one such time to the next, together with the
windows of its resolver, which open at the first question after the last one closed:

- a system cache holds what is left of the TTL, so it expires with the window it was filled in;
- an application cache holds a fixed lifetime, and its fills do not depend on the resolver at all.
"""

import math

import numpy as np

from lab_engine.simulation.cases import Cases
from lab_engine.simulation.scenario import Clients
from lab_engine.simulation.start import fill_rate, warm_up
from lab_engine.simulation.tally import Bins, Counts, Floats, Ints, Tally


def run(clients: Clients, ttl: int, heads: Ints, cases: Cases, bins: Bins) -> Counts:
    """Counts for crowds of these sizes, each behind one resolver."""
    crowds = _Crowds(clients, ttl, heads, cases, bins)
    crowds.fill_clients()
    while crowds.open_windows():
        crowds.fill_clients()
    return crowds.counts()


BLOCK = 16_384  # clients answered together: they fit the processor's own caches


class _Crowds:
    """Clients and their resolvers.

    `due`, `server`, `os_until` have an entry for each client: the time of its next question, the
    server it was sent to, and until when its system knows. `closes`, `case` have one for each
    resolver: the end of its window, and the case it holds.
    """

    def __init__(self, clients: Clients, ttl: int, heads: Ints, cases: Cases, bins: Bins) -> None:
        if ttl == 0:  # a resolver that keeps nothing does not bind its clients together
            heads = np.ones(clients.count, np.int64)
        self.clients, self.ttl, self.bins = clients, ttl, bins
        self.cases, self.rng = cases, cases.rng
        self.first = np.cumsum(heads) - heads
        self.resolver = np.repeat(np.arange(len(heads)), heads)
        self.due = np.empty(clients.count)
        self.server = np.zeros(clients.count, np.int64)
        self.os_until = np.full(clients.count, -np.inf)
        self.closes = np.full(len(heads), -np.inf)
        self.case = np.zeros(len(heads), np.int64)
        # Turns need the order of time: no resolver opens two windows within this step.
        self.step = (ttl or clients.application_cache) if cases.in_turn else math.inf
        self.misses = {"application": 0, "os": 0}
        servers = cases.shares.shape[1]
        self.filled = Tally(len(cases), bins)
        self.held = Tally(servers, bins)
        self._begin(heads)

    def _gaps(self, count: int) -> Floats:
        return self.rng.standard_exponential(count) / self.clients.rate

    def _begin(self, heads: Ints) -> None:
        lifetime = self.clients.application_cache
        if not lifetime:
            self._begin_in_windows(heads)
        elif math.isinf(lifetime):
            self.due[:] = self._gaps(len(self.due))
        else:
            self._begin_early(heads, lifetime)

    def _begin_in_windows(self, heads: Ints) -> None:
        """Before the watch, only the windows opened that are still open at 0: exact."""
        opened = self._opened(heads * self.clients.rate)
        self.due[:] = self._gaps(len(self.due)) + opened[self.resolver]
        fillers = self.first + self.rng.integers(heads)
        inside = opened < 0
        self.due[fillers[inside]] = opened[inside]

    def _begin_early(self, heads: Ints, lifetime: float) -> None:
        """Applications as in the long run, resolvers nearly so: see `warm_up`."""
        begin = -warm_up(self.clients, self.ttl)
        count, load = len(self.due), self.clients.rate * lifetime
        present = self.rng.random(count) < load / (1 + load)
        self.due[:] = begin + self._gaps(count) + present * lifetime * self.rng.random(count)
        opened = self._opened(heads * fill_rate(self.clients))
        self.closes[:] = begin
        held = np.flatnonzero(opened < 0)
        self.closes[held] += opened[held] + self.ttl
        self.case[held] = self.cases.draw(opened[held])

    def _opened(self, rates: Floats) -> Floats:
        """When windows opened that are open at 0: negative times; 0 where there is none."""
        present = self.rng.random(len(rates)) < rates * self.ttl / (1 + rates * self.ttl)
        return np.where(present, -self.ttl * self.rng.random(len(rates)), 0.0)

    def open_windows(self) -> bool:
        """Open the next window of every resolver where that is within a step of the first."""
        opening = np.minimum.reduceat(self.due, self.first)
        limit = min(opening.min() + self.step, self.bins.end)
        opens = np.flatnonzero((opening < limit) & (opening >= self.closes))
        at = opening[opens]
        self.case[opens] = self.cases.draw(at)
        self.closes[opens] = np.maximum(at + self.ttl, np.nextafter(at, np.inf))
        self.filled.add(at, at, np.zeros(len(at)), self.case[opens])
        return bool(opening.min() < self.bins.end)

    def fill_clients(self) -> None:
        """Answer every client that asks within the present window of its resolver."""
        limits = np.minimum(self.closes, self.bins.end)
        for start in range(0, len(self.due), BLOCK):
            due = self.due[start : start + BLOCK]
            limit = limits[self.resolver[start : start + BLOCK]]
            while len(asking := np.flatnonzero(due < limit)):
                self._answer(start + asking)

    def _answer(self, who: Ints) -> None:
        at, resolver = self.due[who], self.resolver[who]
        self._ask(who, at, resolver)
        self._keep(who, at, self.closes[resolver])

    def _keep(self, who: Ints, at: Floats, closes: Floats) -> None:
        """From the answer on, requests go to its server, until the client must ask again."""
        lifetime = self.clients.application_cache
        until = at + lifetime if lifetime else closes
        rate = np.full(len(who), self.clients.rate)
        self.held.add(at, until, rate, self.server[who])
        self.due[who] = until + self._gaps(len(who))

    def _ask(self, who: Ints, at: Floats, resolver: Ints) -> None:
        """Clients look into the system's cache, then ask the resolver."""
        self.misses["application"] += int(np.count_nonzero(at >= 0))
        if self.clients.os_cache and self.clients.application_cache:
            asks = at >= self.os_until[who]
            who, at, resolver = who[asks], at[asks], resolver[asks]
            self.os_until[who] = self.closes[resolver]
        self.misses["os"] += int(np.count_nonzero(at >= 0))
        self.server[who] = self.cases.servers(self.case[resolver])

    def counts(self) -> Counts:
        """What is known when the last window has been stepped."""
        requests = self.held.taken() + self.rng.poisson(self.held.passed_on())
        return Counts(
            requests,
            self.filled.taken(),
            self.misses["application"] if self.clients.application_cache else None,
            self.misses["os"] if self.clients.os_cache else None,
        )
