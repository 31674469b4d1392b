"""The caches of a scenario as real objects, and how they are stacked.

For the event engine. A client asks its own caches, they ask those of the layers, the last of these
a resolver, and that whatever `upstream` is; caches that the scenario does not have are left out.
How they begin is in `waking`.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial
from itertools import chain
from random import Random
from typing import Any, NamedTuple, TypeVar

from lab_engine.authority.records import Client, Question, Reply
from lab_engine.caches.clientprofiles import ClientProfile
from lab_engine.caches.clients import Ask, ClientCache
from lab_engine.caches.recursives import RecursiveProfile
from lab_engine.caches.resolver import Resolver
from lab_engine.simulation.events.layers import Asking, Layers, dealt, ways
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
from lab_engine.simulation.events.watched import Noting, Watch
from lab_engine.simulation.outcome import Level, Levels
from lab_engine.simulation.parts import Layer, Mix, Place
from lab_engine.simulation.scenario import Scenario
from lab_engine.simulation.strata import Stratum, profile_of, strata

R = TypeVar("R", bound=Resolver)
Upstream = Callable[..., Reply | None]
"""Answers an `Asker`: a question, when it asks, and for which client if it tells."""


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
    layers: Layers = ()
    asks: list[Ask] = field(default_factory=list)
    members: list[Member] = field(default_factory=list)
    systems: list[ClientCache] = field(default_factory=list)
    applications: list[ClientCache] = field(default_factory=list)
    begin: float = 0.0

    @property
    def shared(self) -> list[Cache]:
        """The caches of all layers."""
        return [each.cache for layer in self.layers for each in layer]


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
        watch: Watch | None = None,
    ) -> None:
        self.one_by_one = one_by_one
        self._watch = watch
        self._down = down
        self._known = scenario.known_profiles
        self._chains = scenario.chains
        self._scenario = scenario
        self._upstream = upstream
        self._rng = rng
        self._journal = journal
        self._resolvers: dict[int, Resolver] = {}
        self.crowds = list(self._crowds())
        self.islands = _islands(self.crowds)

    def _crowds(self) -> Iterator[Crowd]:
        seats = [*_seats(self._scenario)]
        behind = Counter(seat.number for seat in seats)
        heads = [len(seat.members) for seat in seats]
        names = [seat.name(alone=behind[seat.number] == 1) for seat in seats]
        layers = dealt(self._scenario.layers, heads, names, self._layer)
        for seat, name, of_crowd in zip(seats, names, layers, strict=True):
            stratum = seat.stratum
            resolver = self._resolver(seat)
            crowd = Crowd(
                stratum.position, resolver, len(seat.members), stratum.rate, stratum.mix, of_crowd
            )
            if self.one_by_one:
                self._add_members(crowd, name, seat)
            else:
                self._add_asks(crowd, name, seat)
            yield crowd

    def _resolver(self, seat: "_Seat") -> Resolver:
        number, stratum = seat.number, seat.stratum
        if number not in self._resolvers:
            kind, name = self._known.recursive(stratum.profile), seat.name(alone=True)
            upstream = partial(self._upstream, Asker(name, kind.limits, stratum.peer))
            if self._watch is not None and self._watch.watches(number):
                noting = self._cache(upstream, kind, name, Noting)
                noting.watched_as(self._watch, number)
                self._resolvers[number] = noting
            else:
                self._resolvers[number] = self._cache(upstream, kind, name, Resolver)
        return self._resolvers[number]

    def _layer(self, layer: Layer, asking: Asking, name: str) -> Cache:
        kind = self._known.layer(layer.profile)
        if isinstance(kind, RecursiveProfile):
            told = self._watch is not None and self._watch.holders == layer.name
            return self._cache(asking, kind, name, Noting if told else Resolver)
        return self._proxy(asking, kind, name)

    def _proxy(self, asking: Asking, kind: ClientProfile, name: str) -> Proxy:
        ask = partial(asking.answer, self._scenario.question)
        noted = self._journal.filling(ask, name, partial(until, kind))
        return Proxy(noted, kind, self._rng, self._down)

    def _cache(
        self,
        upstream: Callable[..., Reply | None],
        profile: RecursiveProfile,
        name: str,
        make: type[R],
    ) -> R:
        if not self._journal.on:
            return make(upstream, self._rng, profile)
        telling = _Telling(upstream, name, self._journal)
        telling.cache = cache = make(telling, self._rng, profile)
        return cache

    # --- clients as ways to ask: those that only remember, as things stand ------------------------

    def _add_asks(self, crowd: Crowd, name: str, seat: "_Seat") -> None:
        ask: Ask = partial(crowd.resolver.answer, self._scenario.question)
        down, place = self._scenario.down, seat.stratum.place
        if all(each.plain for chain in self._chains.values() for each in chain):
            crowd.asks.append(self._journal.requesting(ask, f"via {name}", down))
            return
        for number in seat.members:
            who = f"client {number}"
            chain = self._chains[profile_of(number - seat.start, crowd.mix)]
            source = partial(source_of, place, number - seat.start)
            own = own_caches(chain, ask, who, source, self._journal)
            crowd.systems += own.systems
            crowd.applications += own.applications
            crowd.asks.append(self._journal.requesting(own.ask, who, down))

    # --- clients one by one -----------------------------------------------------------------------

    def _add_members(self, crowd: Crowd, name: str, seat: "_Seat") -> None:
        place = seat.stratum.place
        lines = self._lines(crowd, name, place)
        setting = Setting(
            crowd.mix, self._chains, place, self._rng, self._journal, self._scenario.hanging
        )
        for index, number in enumerate(seat.members):
            line = lines[index % len(lines)]
            made = member(f"client {number}", number - seat.start, line, setting)
            crowd.members.append(made)
            crowd.systems += made.own.systems
            crowd.applications += made.own.applications

    def _lines(self, crowd: Crowd, name: str, place: Place) -> list[Line]:
        """One for each cache of the nearest layer, to which the clients are dealt in turn."""
        layers_ms = [layer.ms for layer in self._scenario.layers]
        hops_ms = [*layers_ms, place.resolver_ms, place.authority_ms]
        question, journal = self._scenario.question, self._journal
        if not crowd.layers:
            return [Line(name, [crowd.resolver], hops_ms, question, journal)]
        return [
            Line(name, caches, hops_ms, question, journal, turns)
            for caches, turns in ways(crowd.layers, crowd.resolver, place)
        ]

    def polling(self) -> Iterator[tuple[Member | Proxy, float]]:
        """Whoever asks of its own accord, and from when on."""
        shared = {id(each): (each, crowd) for crowd in self.crowds for each in crowd.shared}
        members = ((each, crowd) for crowd in self.crowds for each in crowd.members)
        for asking, crowd in (*members, *shared.values()):
            if isinstance(asking, Member | Proxy) and asking.polls:
                yield asking, crowd.begin

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
                _each_once(s.cache.cache for crowd in self.crowds for s in crowd.layers[index])
                for index in range(len(self._scenario.layers))
            ),
        ]


class _Seat(NamedTuple):
    """Where one crowd is.

    Attributes:
        stratum: its.
        number: of its resolver.
        members: the numbers of its clients among all.
        start: the number of the first client of the stratum.
    """

    stratum: Stratum
    number: int
    members: range
    start: int

    def name(self, *, alone: bool) -> str:
        """What the trace calls the resolver, or where it is not alone the crowd before it."""
        resolver = self.stratum.name or f"resolver {self.number}"
        return resolver if alone else f"{resolver} in {self.stratum.place.label}"


def _seats(scenario: Scenario) -> Iterator[_Seat]:
    """One for each resolver of each stratum."""
    first = 0
    for stratum in strata(scenario):
        start = first
        for number, heads in zip(stratum.resolvers, stratum.heads, strict=True):
            yield _Seat(stratum, number, range(first, first + heads), start)
            first += heads


def _islands(crowds: list[Crowd]) -> list[list[Crowd]]:
    """The crowds, those together that share a cache, directly or by others."""
    found: dict[int, list[Crowd]] = {}
    for crowd in crowds:
        caches = [id(crowd.resolver), *map(id, crowd.shared)]
        near = {id(island): island for cache in caches if (island := found.get(cache)) is not None}
        joined = [*chain.from_iterable(near.values()), crowd]
        for each in joined:
            found |= dict.fromkeys([id(each.resolver), *map(id, each.shared)], joined)
    return [*{id(island): island for island in found.values()}.values()]


def _each_once(caches: Iterable[Any]) -> list[Any]:
    return [*{id(cache): cache for cache in caches}.values()]


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
