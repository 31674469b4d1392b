"""How the caches of the event engine begin: in the middle of things, each at a phase of its own.

`start` says what is known of the long run. A cache before the authority is a renewal process where
its questions are Poisson, whatever its clock: its last fetch was as long ago as the chance says
that none has come since. Where all behind it ends with its copy, each client has asked since then
or has not, and that is all. Other crowds begin before the watch: with such copies, and with caches
that have a time of their own holding nothing until a moment within it.
"""

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from operator import itemgetter
from random import Random
from typing import NamedTuple

from lab_engine.authority.plan import replies
from lab_engine.authority.records import Client, Reply
from lab_engine.caches.clientprofiles import ClientProfile
from lab_engine.caches.recursives import RecursiveProfile
from lab_engine.caches.resolver import Answer, Kept, Resolver
from lab_engine.caches.scoped import Place as Entry
from lab_engine.caches.scoped import Scopes
from lab_engine.simulation.asking import planned
from lab_engine.simulation.events.proxies import Proxy
from lab_engine.simulation.events.stacks import Crowd, Stacks
from lab_engine.simulation.parts import Arrivals
from lab_engine.simulation.scenario import Scenario
from lab_engine.simulation.start import CYCLES, memory, own_life
from lab_engine.simulation.strata import askers
from lab_engine.simulation.travel import member_of

Asks = Callable[[float], object]
"""One client asks, at a time."""


class Group(NamedTuple):
    """Those behind a resolver for whom it keeps one answer.

    Attributes:
        client: whom it tells the authority of; None where it tells nothing.
        asks: how each of them asks, where that matters.
        rates: requests a second of each of these.
        rate: questions a second while it holds nothing; about, where they have caches of their own.
        lives: seconds for which it keeps each of the replies that they may get.
    """

    client: Client | None
    asks: list[Asks]
    rates: list[float]
    rate: float
    lives: frozenset[int]


class Copy(NamedTuple):
    """The last fetch of one cache before the authority.

    Attributes:
        at: when.
        crowd: whose; of several that share the cache, the first.
        group: for whom.
        fragment: in which of its caches.
    """

    at: float
    crowd: Crowd
    group: Group
    fragment: int


def wake(stacks: Stacks, scenario: Scenario, rng: Random) -> None:
    """Set when each crowd begins, bring every cache into its state then, and forget the counts."""
    waking = _Waking(scenario, rng)
    copies = [copy for island in stacks.islands for copy in waking.begun(island)]
    for copy in sorted(copies, key=itemgetter(0)):
        waking.take(copy)
    stacks.forget_counts()


def mean_begin(scenario: Scenario) -> float:
    """When the earliest crowds begin on average: to tell how much there is to do."""
    early = [0.0]
    for _, name, peer in askers(scenario):
        profile = scenario.known_profiles.recursive(name)
        lives = _lives(scenario, profile, peer)
        if not _known(scenario, profile, lives):
            found = memory(scenario, max(lives))
            early.append(found.own + CYCLES * found.cycle)
    return -max(early)


class _Waking:
    """The caches of one run at its beginning."""

    def __init__(self, scenario: Scenario, rng: Random) -> None:
        self._scenario = scenario
        self._question = scenario.question
        self._rng = rng
        self._lives: dict[tuple[str, Client], frozenset[int]] = {}

    # --- when, and what there is ------------------------------------------------------------------

    def begun(self, island: list[Crowd]) -> Iterator[Copy]:
        """Set when crowds that share a cache begin, and say what their resolvers hold then."""
        by_resolver: dict[int, list[Crowd]] = {}
        for crowd in island:
            by_resolver.setdefault(id(crowd.resolver), []).append(crowd)
        found = [(crowds[0], self._groups(crowds)) for crowds in by_resolver.values()]
        lives = frozenset().union(*(group.lives for _, groups in found for group in groups))
        if len(found) > 1 or not _known(self._scenario, island[0].resolver.profile, lives):
            begin = -memory(self._scenario, max(lives)).before(self._rng.gauss())
            for crowd in island:
                crowd.begin = begin
            self._hold_nothing(island, max(lives))
        shared = (each for crowd in island for each in crowd.shared)
        if any(isinstance(each, Proxy) and each.sleeps for each in shared):
            for crowd in island:
                crowd.begin = 0.0  # what never asks twice begins empty, with the watch
            return
        for first, groups in found:
            yield from self._copies(first, groups)

    def _copies(self, first: Crowd, groups: list[Group]) -> Iterator[Copy]:
        """The last fetches of one resolver, by the first of the crowds behind it."""
        profile = first.resolver.profile
        for group in groups:
            for fragment in range(profile.fragments):
                ago = self._last_fetch(profile, max(group.lives), group.rate / profile.fragments)
                if ago is not None:
                    begin = math.floor(first.begin) if profile.whole_seconds else first.begin
                    yield Copy(begin - ago, first, group, fragment)

    def _last_fetch(self, profile: RecursiveProfile, life: float, rate: float) -> float | None:
        """How long ago a cache asked that is asked at this rate; None where that is over.

        Its next fetch is the first question after `hold`: so many seconds ago is as likely as that
        this one has not come. On a clock of whole seconds, so is the second of the last fetch.
        """
        if not life or not rate:
            return None
        hold = max(0.0, life - profile.renewal(int(life) - profile.grace))
        gap = self._rng.expovariate(rate)
        if not profile.whole_seconds:
            held = self._rng.random() * (rate * hold + 1) < rate * hold
            ago = self._rng.random() * hold if held else hold + gap
            return ago if ago < life else None
        whole = math.floor(hold)
        idle = math.exp(-rate * (whole + 1 - hold)) / -math.expm1(-rate)
        held = self._rng.random() * (whole + idle) < whole
        second = self._rng.randint(1, whole) if held else whole + 1 + math.floor(gap)
        within = (hold + self._rng.expovariate(rate)) % 1
        return second - within if second < life else None

    def _groups(self, island: list[Crowd]) -> list[Group]:
        """Those behind a resolver, by the answers it keeps for them."""
        first, profile = island[0], island[0].resolver.profile
        nobody = Group(None, [], [], 0.0, self._kept(profile, self._peer(first)))
        if not first.members:
            (chain,) = self._scenario.chains.values()
            rates = [first.rate] * len(first.asks)
            rate = first.heads * self._passed(chain, first.rate)
            return [nobody._replace(asks=[*first.asks], rates=rates, rate=rate)]
        told = _Told(self._scenario, profile)
        found: dict[Client | None, Group] = {}
        awake = (
            (c, i, each) for c in island for i, each in enumerate(c.members) if not each.sleeps
        )
        for crowd, index, member in awake:
            client = told.of(crowd, index)
            if client not in found:
                lives = nobody.lives if client is None else self._kept(profile, client)
                found[client] = Group(client, [], [], 0.0, lives)
            group = found[client]
            group.asks.append(member.ask)
            group.rates.append(crowd.rate)
            passed = self._passed(member.chain, crowd.rate)
            found[client] = group._replace(rate=group.rate + passed)
        return [*found.values()] or [nobody]

    def _peer(self, crowd: Crowd) -> Client:
        return self._scenario.places[crowd.place].peer

    def _kept(self, profile: RecursiveProfile, asker: Client) -> frozenset[int]:
        key = profile.name, asker
        if key not in self._lives:
            self._lives[key] = _lives(self._scenario, profile, asker)
        return self._lives[key]

    def _passed(self, chain: tuple[ClientProfile, ...], rate: float) -> float:
        """Questions a second of one client, of those that its own times let through."""
        spans = [each.lifetime or 0.0 for each in chain]
        if math.isinf(max(spans)):
            return 0.0
        return 1 / max(spans) if chain[0].polls else rate / (1 + rate * max(spans))

    # --- what caches hold ------------------------------------------------------------------------

    def take(self, copy: Copy) -> None:
        """Fetch it. Where nothing outlasts it, those who have asked since then did so."""
        at, crowd, group, fragment = copy
        if crowd.begin < 0 or not _remember(self._scenario):
            crowd.resolver.look_up(self._question, at, group.client, fragment)
            return
        (first,) = self._rng.choices(range(len(group.asks)), group.rates)
        for index, (ask, rate) in enumerate(zip(group.asks, group.rates, strict=True)):
            if index == first or self._rng.random() < -math.expm1(at * rate):
                ask(at)

    def _hold_nothing(self, island: list[Crowd], ttl: float) -> None:
        """Caches with a time of their own hold nothing until a moment within it."""
        shared = {id(each): (each, crowd) for crowd in island for each in crowd.shared}
        for each, crowd in shared.values():
            if isinstance(each, Resolver):
                self._hold_in(each, crowd, ttl)
        held = [(each.cache, crowd) for each, crowd in shared.values() if isinstance(each, Proxy)]
        held += [(each, crowd) for crowd in island for each in crowd.applications + crowd.systems]
        for cache, crowd in held:
            cache.held = Answer((), self._until(crowd, own_life(cache.profile, ttl)))

    def _hold_in(self, shared: Resolver, crowd: Crowd, ttl: float) -> None:
        profile, begin = shared.profile, crowd.begin
        keys = [Entry(self._question, fragment) for fragment in range(profile.fragments)]
        for key in keys if profile.ecs or profile.fragments > 1 else [self._question]:
            until = self._until(crowd, own_life(profile, ttl))
            if until > begin:
                nothing = Kept(Reply(), (), until, -math.inf)
                shared.cache.put(key, nothing, begin, until - begin)

    def _until(self, crowd: Crowd, life: float) -> float:
        """Until when a cache holds what it has, if it keeps each for so long."""
        load = crowd.rate * life
        if not life or math.isinf(life) or self._rng.random() * (1 + load) >= load:
            return -math.inf
        return crowd.begin + self._rng.random() * life


class _Told:
    """Whom a resolver keeps answers for: one of those for whom an answer is the same."""

    def __init__(self, scenario: Scenario, profile: RecursiveProfile) -> None:
        self._scenario = scenario
        self._scopes = Scopes(profile.ecs) if profile.ecs else None
        self._of_entry: dict[Entry, Client] = {}
        self._scope_of: dict[Client, int] = {}

    def of(self, crowd: Crowd, index: int) -> Client | None:
        """For the clients whose answer is that of a crowd's client of this index."""
        if self._scopes is None:
            return None
        client, place = crowd.members[index].client, self._scenario.places[crowd.place]
        if crowd.layers and not crowd.members[index].line.sends_networks:
            client = member_of(place, index % len(crowd.layers[-1]))
        client = Client(client.network, "ecs").by(place.peer)
        sent = replace(client, network=self._scopes.sent(client.network))
        if sent not in self._scope_of:
            self._scope_of[sent] = planned(self._scenario, sent).scope
        base = Entry(self._scenario.question)
        entry = self._scopes.place(base, client.network, self._scope_of[sent])
        return self._of_entry.setdefault(entry, client)


# --- what is known of the long run ----------------------------------------------------------------


def _known(scenario: Scenario, profile: RecursiveProfile, lives: frozenset[int]) -> bool:
    """Whether the long run of such resolvers and all behind them is known."""
    if scenario.clients.arrivals is not Arrivals.POISSON or not scenario.reachable:
        return False
    ttl = max(lives)
    chains = [each for chain in scenario.chains.values() for each in chain]
    layers = [scenario.known_profiles.layer(layer.profile) for layer in scenario.layers]
    if len(lives) > 1 or not all(_ends_with_copy(each, ttl) for each in chains):
        return False
    if not _remember(scenario):
        return True
    smooth = (*layers, profile) if layers else ()
    return _alone(profile) and all(
        isinstance(each, RecursiveProfile) and _exact(each, ttl) for each in smooth
    )


def _ends_with_copy(profile: ClientProfile, ttl: float) -> bool:
    """Whether a client keeps nothing beyond its resolver's copy; or for ever."""
    if not profile.only_remembers or profile.grace:
        return False
    obeys = profile.lifetime is None and not profile.floor and profile.cap >= ttl
    return obeys or profile.lifetime in (0.0, math.inf)


def _remember(scenario: Scenario) -> bool:
    """Whether anything stands before the resolvers that holds answers as long as they are told."""
    own = (each.lifetime is None for chain in scenario.chains.values() for each in chain)
    return bool(scenario.layers) or any(own)


def _alone(profile: RecursiveProfile) -> bool:
    """Whether a resolver has one copy for each client, which nobody renews before its end."""
    return profile.fragments == 1 and not profile.prefetch and not profile.prefetch_share


def _exact(profile: RecursiveProfile, ttl: float) -> bool:
    """Whether a layer's copy ends at the very moment at which that before it does."""
    limits = profile.limits
    tells = profile.ecs is not None or profile.whole_seconds
    return _alone(profile) and not tells and not limits.floor and limits.cap >= ttl


def _lives(scenario: Scenario, profile: RecursiveProfile, asker: Client) -> frozenset[int]:
    """Seconds for which a resolver keeps each of the replies that it may get, and their CNAMEs."""
    found: Iterable[Reply] = (share.reply for share in replies(planned(scenario, asker)))
    kept = [profile.limits.applied(each) for each in found]
    links = (rrset.ttl for each in kept for rrset in each.answer[:-1])
    return frozenset(map(profile.lifetime, (*(each.ttl or 0 for each in kept), *links)))
