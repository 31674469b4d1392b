"""How the caches of the event engine begin: in the middle of things, each at a time of its own.

`start` has the law for neutral resolvers and clients of the profile `none`, which is exact or
nearly so. The others begin by the same law with their own lifetimes, and have some time before the
watch to forget that. Beginning all of them at once would keep them in step for many cycles.
"""

import math
from collections.abc import Iterator
from operator import itemgetter
from random import Random
from typing import NamedTuple

from lab_engine.authority.records import Client, Question, Reply
from lab_engine.caches.clientprofiles import ClientProfile
from lab_engine.caches.profiles import CLIENTS, RECURSIVES
from lab_engine.caches.recursives import RecursiveProfile
from lab_engine.caches.resolver import Answer, Resolver
from lab_engine.caches.scoped import Scopes
from lab_engine.simulation.events.members import Member
from lab_engine.simulation.events.stacks import Crowd, Stacks
from lab_engine.simulation.parts import Arrivals, Clients
from lab_engine.simulation.scenario import Scenario
from lab_engine.simulation.start import fill_rate, warm_up
from lab_engine.simulation.theory import hit_ratio

NEUTRAL = ("ideal", "rotate", "frozen")


def longest_ttl(scenario: Scenario, replies: list[Reply]) -> int:
    """Seconds for which a resolver of the scenario keeps a reply at most."""
    profiles = [RECURSIVES[name] for name, _ in scenario.resolvers.profile]
    return max(_lifetime(profile, reply) for profile in profiles for reply in replies)


def begins(scenario: Scenario, ttl: int) -> float:
    """When clients begin to ask: 0 or a time before, so that all is settled when the watch begins.

    Args:
        scenario: what will be watched.
        ttl: seconds for which its resolvers keep an answer.
    """
    spans = [_span(name, scenario.clients, ttl) for name, _ in scenario.clients.profile]
    neutral = all(name in NEUTRAL for name, _ in scenario.resolvers.profile)
    poisson = scenario.clients.arrivals is Arrivals.POISSON
    if _plain(scenario) and neutral and poisson:
        return -warm_up(scenario.clients, ttl)
    longest = max(spans)
    settle = 2 * (longest + ttl) if longest or scenario.layers else ttl
    return -(settle + len(scenario.layers) * ttl + 1.0)


def wake(
    stacks: Stacks, scenario: Scenario, replies: list[Reply], begin: float, rng: Random
) -> None:
    """Bring every cache into the state it has at the beginning, and forget the counts."""
    waking = _Waking(stacks, scenario, replies, begin, rng)
    if stacks.one_by_one:
        waking.members()
    else:
        waking.crowds()
    stacks.forget_counts()


class _Waking:
    """The caches of one run at its beginning."""

    def __init__(
        self, stacks: Stacks, scenario: Scenario, replies: list[Reply], begin: float, rng: Random
    ) -> None:
        self._stacks = stacks
        self._clients = scenario.clients
        self._question: Question = scenario.question
        self._replies = replies
        self._ttl = longest_ttl(scenario, replies)
        self._lifetimes: dict[str, float] = {}
        self._begin = begin
        self._rng = rng

    def _lifetime(self, resolver: Resolver) -> float:
        """Seconds, on average, from a fetch until a request sets off the next one."""
        profile = resolver.profile
        if profile.name not in self._lifetimes:
            kept = max(_lifetime(profile, reply) for reply in self._replies)
            early = profile.renewal(kept - profile.grace) + 0.5 * profile.whole_seconds
            self._lifetimes[profile.name] = max(0.0, kept - early)
        return self._lifetimes[profile.name]

    def crowds(self) -> None:
        """Clients of the profile `none` behind their resolvers."""
        clients = self._clients
        if math.isinf(clients.application_cache):
            return
        self._wake_applications(clients)
        for at, crowd in sorted(self._copies(clients), key=itemgetter(0)):
            crowd.resolver.look_up(self._question, at)
            if not clients.application_cache:
                self._wake_systems(crowd, at)

    def _wake_applications(self, clients: Clients) -> None:
        held = hit_ratio(clients.rate, clients.application_cache)
        for crowd in self._stacks.crowds:
            for cache in crowd.applications:
                if self._rng.random() < held:
                    left = self._rng.random() * clients.application_cache
                    cache.held = Answer((), self._begin + left)

    def _copies(self, clients: Clients) -> Iterator[tuple[float, Crowd]]:
        """The resolvers that hold a copy at the beginning, and since when."""
        for crowd in self._stacks.crowds:
            lifetime = self._lifetime(crowd.resolver)
            if self._rng.random() < hit_ratio(crowd.heads * fill_rate(clients), lifetime):
                yield self._begin - self._rng.random() * lifetime, crowd

    def _wake_systems(self, crowd: Crowd, at: float) -> None:
        """One client filled its resolver; the others have asked since then, or have not."""
        asked = -math.expm1((at - self._begin) * self._clients.rate)
        filler = self._rng.randrange(crowd.heads)
        for index, cache in enumerate(crowd.systems):
            if index == filler or self._rng.random() < asked:
                cache.answer(at)

    def members(self) -> None:
        """Clients one by one, and whatever they share."""
        copies = [copy for crowd in self._stacks.crowds for copy in self._shared_copies(crowd)]
        for copy in sorted(copies, key=itemgetter(0)):
            copy.resolver.look_up(self._question, copy.at, copy.client, copy.fragment)
        for crowd in self._stacks.crowds:
            for member in crowd.members:
                self._wake_member(member)

    def _shared_copies(self, crowd: Crowd) -> Iterator["_Copy"]:
        for shared in (shared for layer in crowd.layers for shared in layer):
            yield from self._copies_of(shared.resolver, [(None, shared.heads)])
        scopes = Scopes(crowd.resolver.profile.ecs) if crowd.resolver.profile.ecs else None
        told: dict[Client | None, int] = {}
        for member in crowd.members:
            client = None
            if scopes is not None and member.client is not None:
                client = Client(scopes.sent(member.client.network))
            told[client] = told.get(client, 0) + 1
        yield from self._copies_of(crowd.resolver, [*told.items()])

    def _copies_of(
        self, resolver: Resolver, crowds: list[tuple[Client | None, int]]
    ) -> Iterator["_Copy"]:
        """Which copies a shared cache holds for clients in so many places and numbers."""
        fragments = resolver.profile.fragments
        lifetime = self._lifetime(resolver)
        for client, heads in crowds:
            rate = heads * self._clients.rate / fragments
            for fragment in range(fragments):
                if self._rng.random() < hit_ratio(rate, lifetime):
                    at = self._begin - self._rng.random() * lifetime
                    yield _Copy(at, resolver, client, fragment)

    def _wake_member(self, member: Member) -> None:
        """A cache that restarts a lifetime of its own at each fill holds something, or does not."""
        if member.cache is None or member.sleeps:
            return
        span = _own_lifetime(member.cache.profile, self._ttl)
        if span and self._rng.random() < hit_ratio(self._clients.rate, span):
            member.cache.held = Answer((), self._begin + self._rng.random() * span)


class _Copy(NamedTuple):
    """A copy that is there at the beginning: since when, where, for whom, in which fragment."""

    at: float
    resolver: Resolver
    client: Client | None
    fragment: int


def _plain(scenario: Scenario) -> bool:
    return not scenario.layers and [name for name, _ in scenario.clients.profile] == ["none"]


def _lifetime(profile: RecursiveProfile, reply: Reply) -> int:
    return profile.lifetime(profile.limits.applied(reply).ttl or 0)


def _span(name: str, clients: Clients, ttl: int) -> float:
    """Seconds for which a client may hold on to an answer; 0 where it never lets go."""
    if name == "none":
        times = [clients.application_cache]
    else:
        profile = CLIENTS[name]
        times = [_own_lifetime(profile, ttl) + profile.grace, min(profile.idle, profile.age)]
    return sum(time for time in times if not math.isinf(time))


def _own_lifetime(profile: ClientProfile, ttl: int) -> float:
    """Seconds it keeps an answer for reasons of its own; 0 where it obeys the TTL or keeps none."""
    if profile.lifetime is not None:
        return profile.lifetime
    bent = min(max(ttl, profile.floor), profile.cap)
    return bent if bent != ttl else 0.0
