"""The caches of a scenario as real objects: how they are stacked, and how they begin.

For the event engine. A client asks its application's cache, that its system's, that the resolver,
and that whatever `upstream` is; caches that the scenario does not have are left out.
"""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from itertools import chain
from operator import itemgetter
from random import Random
from typing import Any

from lab_engine.authority.records import Question, Reply
from lab_engine.caches.clients import Ask, ClientCache
from lab_engine.caches.crowds import head_counts, zipf_shares
from lab_engine.caches.resolver import Answer, Resolver
from lab_engine.simulation.outcome import Level, Levels
from lab_engine.simulation.scenario import Clients, Scenario
from lab_engine.simulation.start import fill_rate, warm_up
from lab_engine.simulation.theory import hit_ratio
from lab_engine.simulation.trace import Journal

Upstream = Callable[[str, Question, float], Reply]
"""Answers a resolver, by its name, at a time."""


@dataclass
class Crowd:
    """The clients behind one resolver.

    Attributes:
        resolver: theirs.
        heads: how many they are.
        asks: how each gets an answer at a time; a single entry where they remember nothing.
        systems: their system caches, or none.
        applications: their application caches, or none.
    """

    resolver: Resolver
    heads: int
    asks: list[Ask] = field(default_factory=list)
    systems: list[ClientCache] = field(default_factory=list)
    applications: list[ClientCache] = field(default_factory=list)


class Stacks:
    """All crowds of a scenario.

    Attributes:
        crowds: those with clients, the largest first.
        begin: when clients begin to ask, in seconds; at 0 the watch begins.
    """

    def __init__(
        self, scenario: Scenario, ttl: int, upstream: Upstream, rng: Random, journal: Journal
    ) -> None:
        self.begin = -warm_up(scenario.clients, ttl)
        self._scenario = scenario
        self._ttl = ttl
        self._upstream = upstream
        self._rng = rng
        self._journal = journal
        self.crowds = list(self._crowds())

    def _crowds(self) -> Iterator[Crowd]:
        shares = zipf_shares(self._scenario.resolvers.count, self._scenario.resolvers.skew)
        first = 0
        for index, heads in enumerate(head_counts(self._scenario.clients.count, shares)):
            if heads:
                yield self._crowd(f"resolver {index}", range(first, first + heads))
            first += heads

    def _crowd(self, name: str, members: range) -> Crowd:
        upstream = partial(self._upstream, name)
        resolver = Resolver(upstream, self._rng, self._scenario.resolvers.order)
        crowd = Crowd(resolver, len(members))
        ask = partial(resolver.answer, self._scenario.question)
        down = self._scenario.down
        if not self._scenario.clients.remember:
            crowd.asks.append(self._journal.requesting(ask, f"via {name}", down))
            return crowd
        for member in members:
            nearest = self._client(crowd, ask, f"client {member}")
            crowd.asks.append(self._journal.requesting(nearest, f"client {member}", down))
        return crowd

    def _client(self, crowd: Crowd, ask: Ask, name: str) -> Ask:
        """Put one client's own caches before its resolver."""
        lifetime = self._scenario.clients.application_cache
        if self._scenario.clients.os_cache:
            crowd.systems.append(ClientCache(self._journal.filling(ask, f"{name} system")))
            ask = crowd.systems[-1].answer
        if lifetime:
            noted = self._journal.filling(ask, f"{name} application", lifetime)
            crowd.applications.append(ClientCache(noted, lifetime))
            ask = crowd.applications[-1].answer
        return ask

    def wake(self) -> None:
        """Bring every cache into the state it has at the beginning, and forget the counts."""
        clients = self._scenario.clients
        if not math.isinf(clients.application_cache):
            self._wake_applications(clients)
            for at, crowd in sorted(self._copies(clients), key=itemgetter(0)):
                crowd.resolver.look_up(self._scenario.question, at)
                if not clients.application_cache:
                    self._wake_systems(crowd, at)
        self.forget_counts()

    def _wake_applications(self, clients: Clients) -> None:
        held = hit_ratio(clients.rate, clients.application_cache)
        for crowd in self.crowds:
            for cache in crowd.applications:
                if self._rng.random() < held:
                    left = self._rng.random() * clients.application_cache
                    cache.held = Answer((), self.begin + left)

    def _copies(self, clients: Clients) -> Iterator[tuple[float, Crowd]]:
        """The resolvers that hold a copy at the beginning, and since when."""
        for crowd in self.crowds:
            if self._rng.random() < hit_ratio(crowd.heads * fill_rate(clients), self._ttl):
                yield self.begin - self._rng.random() * self._ttl, crowd

    def _wake_systems(self, crowd: Crowd, at: float) -> None:
        """One client filled its resolver; the others have asked since then, or have not."""
        asked = -math.expm1((at - self.begin) * self._scenario.clients.rate)
        filler = self._rng.randrange(crowd.heads)
        for index, cache in enumerate(crowd.systems):
            if index == filler or self._rng.random() < asked:
                cache.answer(at)

    def forget_counts(self) -> None:
        """Set hits and misses of every cache to 0."""
        for cache in chain.from_iterable(self._levels()):
            cache.hits = cache.misses = 0

    def levels(self) -> Levels:
        """Hits and misses of each level, since they were forgotten."""
        return Levels(
            *(
                Level(sum(cache.hits for cache in level), sum(cache.misses for cache in level))
                for level in self._levels()
            )
        )

    def _levels(self) -> tuple[list[Any], list[Any], list[Any]]:
        """The caches of each level, nearest to the client first."""
        return (
            [cache for crowd in self.crowds for cache in crowd.applications],
            [cache for crowd in self.crowds for cache in crowd.systems],
            [crowd.resolver.cache for crowd in self.crowds],
        )
