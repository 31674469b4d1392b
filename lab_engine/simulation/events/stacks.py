"""The caches of a scenario as real objects, and how they are stacked.

For the event engine. A client asks its own caches, they ask those of the layers, the last of these
a resolver, and that whatever `upstream` is; caches that the scenario does not have are left out.
How they begin is in `waking`.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from itertools import chain
from random import Random
from typing import Any, NamedTuple

from lab_engine.authority.records import Client, Question, Reply
from lab_engine.caches.clientprofiles import ClientProfile
from lab_engine.caches.clients import Ask, ClientCache
from lab_engine.caches.crowds import head_counts
from lab_engine.caches.recursives import RecursiveProfile
from lab_engine.caches.resolver import Answer, Resolver
from lab_engine.simulation.events.members import (
    Line,
    Member,
    Setting,
    member,
    own_caches,
    source_of,
    until,
)
from lab_engine.simulation.events.proxies import Cache, Down, Proxy
from lab_engine.simulation.events.trace import Journal
from lab_engine.simulation.events.upstream import Asker
from lab_engine.simulation.outcome import Level, Levels
from lab_engine.simulation.parts import Mix
from lab_engine.simulation.scenario import Scenario
from lab_engine.simulation.strata import Stratum, profile_of, strata
from lab_engine.simulation.travel import member_of

Upstream = Callable[..., Reply | None]
"""Answers an `Asker`: a question, when it asks, and for which client if it tells."""


class Shared(NamedTuple):
    """A cache that several clients share.

    Attributes:
        resolver: the cache.
        heads: how many clients stand behind it.
        parent: the cache that it asks; None for a resolver of the authority.
    """

    resolver: Cache
    heads: int
    parent: "Shared | None" = None

    def line(self) -> list[Cache]:
        """This cache and those it asks, the nearest first."""
        return [self.resolver, *(self.parent.line() if self.parent else [])]


@dataclass
class Crowd:
    """The clients of one place behind one resolver.

    Attributes:
        place: which of the scenario's places they are in.
        resolver: theirs; it may be that of another crowd, too.
        heads: how many they are.
        rate: requests a second of each.
        mix: of their profiles.
        layers: the caches between, nearest to the clients first.
        asks: how each gets an answer at a time; a single entry where they remember nothing. Empty
            where there are members.
        members: the clients one by one, where they are not all of the plain kind.
        systems: their system caches, or none.
        applications: their application caches, or none.
        begin: when they begin to ask: at 0 with the watch, or before.
    """

    place: int
    resolver: Resolver
    heads: int
    rate: float
    mix: Mix
    layers: tuple[tuple[Shared, ...], ...] = ()
    asks: list[Ask] = field(default_factory=list)
    members: list[Member] = field(default_factory=list)
    systems: list[ClientCache] = field(default_factory=list)
    applications: list[ClientCache] = field(default_factory=list)
    begin: float = 0.0

    @property
    def shared(self) -> list[Cache]:
        """The caches of all layers."""
        return [each.resolver for layer in self.layers for each in layer]


class Stacks:
    """All crowds of a scenario.

    Attributes:
        crowds: those with clients, by place and profile, the largest first.
        islands: the same, those together that share a cache.
        one_by_one: whether their clients are members, and not merely ways to ask.
    """

    def __init__(  # noqa: PLR0913  (what all caches are made with)
        self,
        scenario: Scenario,
        upstream: Upstream,
        rng: Random,
        journal: Journal,
        *,
        one_by_one: bool,
        down: Down,
    ) -> None:
        self.one_by_one = one_by_one
        self._down = down
        self._known = scenario.known_profiles
        self._chains = scenario.chains
        self._scenario = scenario
        self._upstream = upstream
        self._rng = rng
        self._journal = journal
        self._resolvers: dict[int, Resolver] = {}
        self.crowds = list(self._crowds())
        by_resolver: dict[int, list[Crowd]] = {}
        for crowd in self.crowds:
            by_resolver.setdefault(id(crowd.resolver), []).append(crowd)
        self.islands = [*by_resolver.values()]

    def _crowds(self) -> Iterator[Crowd]:
        first = 0
        for stratum in strata(self._scenario):
            shares = tuple(heads / self._scenario.clients.count for heads in stratum.heads)
            dealt = [head_counts(layer.count, shares) for layer in self._scenario.layers]
            start = first
            for index, (heads, number) in enumerate(
                zip(stratum.heads, stratum.resolvers, strict=True)
            ):
                name = stratum.name or f"resolver {number}"
                resolver = self._resolver(name, number, stratum)
                crowd = Crowd(stratum.position, resolver, heads, stratum.rate, stratum.mix)
                counts = [min(heads, max(1, each[index])) for each in dealt]
                crowd.layers = self._layers(crowd, name, counts)
                members = range(first, first + heads)
                if self.one_by_one:
                    self._add_members(crowd, name, members, start)
                else:
                    self._add_asks(crowd, name, members, start)
                yield crowd
                first += heads

    def _resolver(self, name: str, number: int, stratum: Stratum) -> Resolver:
        if number not in self._resolvers:
            kind = self._known.recursive(stratum.profile)
            asker = Asker(name, kind.limits, stratum.peer)
            self._resolvers[number] = self._cache(partial(self._upstream, asker), kind, name)
        return self._resolvers[number]

    def _layers(self, crowd: Crowd, name: str, counts: list[int]) -> tuple[tuple[Shared, ...], ...]:
        """The caches of each layer before one resolver, each dealt to those above it in turn."""
        place = self._scenario.places[crowd.place]
        above: tuple[Shared, ...] = (Shared(crowd.resolver, crowd.heads),)
        found: list[tuple[Shared, ...]] = []
        for layer, count in reversed([*zip(self._scenario.layers, counts, strict=True)]):
            here = []
            for index in range(count):
                parent = above[index % len(above)]
                asking = _Asking(parent.resolver, member_of(place, index))
                who = f"{layer.name} {index} of {name}"
                kind = self._known.layer(layer.profile)
                cache: Cache = (
                    self._cache(asking, kind, who)
                    if isinstance(kind, RecursiveProfile)
                    else self._proxy(asking, kind, who)
                )
                here.append(Shared(cache, len(range(index, crowd.heads, count)), parent))
            above = tuple(here)
            found.insert(0, above)
        return tuple(found)

    def _proxy(self, asking: "_Asking", kind: ClientProfile, name: str) -> Proxy:
        ask = partial(asking.answer, self._scenario.question)
        noted = self._journal.filling(ask, name, partial(until, kind))
        return Proxy(noted, kind, self._rng, self._down)

    def _cache(
        self, upstream: Callable[..., Reply | None], profile: RecursiveProfile, name: str
    ) -> Resolver:
        if not self._journal.on:
            return Resolver(upstream, self._rng, profile)
        telling = _Telling(upstream, name, self._journal)
        telling.cache = Resolver(telling, self._rng, profile)
        return telling.cache

    # --- clients as ways to ask: those that only remember, as things stand ------------------------

    def _add_asks(self, crowd: Crowd, name: str, members: range, start: int) -> None:
        ask: Ask = partial(crowd.resolver.answer, self._scenario.question)
        down, place = self._scenario.down, self._scenario.places[crowd.place]
        if all(each.plain for chain in self._chains.values() for each in chain):
            crowd.asks.append(self._journal.requesting(ask, f"via {name}", down))
            return
        for number in members:
            who = f"client {number}"
            chain = self._chains[profile_of(number - start, crowd.mix)]
            source = source_of(member_of(place, number - start), place)
            own = own_caches(chain, ask, who, source, self._journal)
            crowd.systems += own.systems
            crowd.applications += own.applications
            crowd.asks.append(self._journal.requesting(own.ask, who, down))

    # --- clients one by one -----------------------------------------------------------------------

    def _add_members(self, crowd: Crowd, name: str, members: range, start: int) -> None:
        nearest = crowd.layers[0] if crowd.layers else (Shared(crowd.resolver, crowd.heads),)
        place = self._scenario.places[crowd.place]
        layers_ms = [layer.ms for layer in self._scenario.layers]
        hops_ms = [*layers_ms, place.resolver_ms, place.authority_ms]
        lines = [
            Line(name, shared.line(), hops_ms, self._scenario.question, self._journal)
            for shared in nearest
        ]
        setting = Setting(crowd.mix, self._chains, place, self._rng, self._journal)
        for index, number in enumerate(members):
            made = member(f"client {number}", number - start, lines[index % len(lines)], setting)
            crowd.members.append(made)
            crowd.systems += made.own.systems
            crowd.applications += made.own.applications

    # --- counts -----------------------------------------------------------------------------------

    def forget_counts(self) -> None:
        """Set hits and misses of every cache to 0."""
        for cache in chain.from_iterable(self._levels()):
            cache.hits = cache.misses = 0

    def levels(self) -> Levels:
        """Hits and misses of each level, since they were forgotten."""
        counted = [
            Level(sum(cache.hits for cache in level), sum(cache.misses for cache in level))
            for level in self._levels()
        ]
        return Levels(counted[0], counted[1], counted[2], tuple(counted[3:]))

    def _levels(self) -> list[list[Any]]:
        """The caches of each level: applications, systems, resolvers, and those of the layers."""
        return [
            [cache for crowd in self.crowds for cache in crowd.applications],
            [cache for crowd in self.crowds for cache in crowd.systems],
            [resolver.cache for resolver in self._resolvers.values()],
            *(
                [shared.resolver.cache for crowd in self.crowds for shared in crowd.layers[index]]
                for index in range(len(self._scenario.layers))
            ),
        ]


class _Asking:
    """How a cache of a layer asks the one above it: as one of that place's clients."""

    def __init__(self, above: Cache, me: Client) -> None:
        self._above = above
        self._me = me

    def __call__(self, question: Question, now: float, client: Client | None = None) -> Reply:
        return self._above.resolve(question, now, client or self._me)

    def answer(self, question: Question, now: float) -> Answer:
        """What a client's cache uses of it."""
        return self._above.answer(question, now, self._me)


class _Telling:
    """An upstream that notes in the journal where a cache asks before it must."""

    cache: Resolver

    def __init__(self, upstream: Callable[..., Reply | None], name: str, journal: Journal) -> None:
        self._upstream = upstream
        self._name = name
        self._journal = journal
        self._told = 0

    def __call__(self, question: Question, now: float, *client: Client | None) -> Reply | None:
        if self.cache.prefetched > self._told:
            self._told = self.cache.prefetched
            self._journal.note(now, "prefetch", self._name, "to renew what it holds")
        return self._upstream(question, now, *client)
