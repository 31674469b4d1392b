"""One client with its own caches, its connections, and the way to the caches it shares.

For the event engine, where clients differ or the run must know what each was led by.
"""

from collections.abc import Callable, Container, Hashable, Iterator, Mapping, Sequence
from functools import partial
from ipaddress import IPv4Interface, IPv6Interface, ip_interface, ip_network
from itertools import accumulate, takewhile
from math import inf
from random import Random
from typing import NamedTuple

from lab_engine.authority.records import Client, Question, Reply
from lab_engine.caches.clientprofiles import ClientProfile, Use
from lab_engine.caches.clients import Ask, ClientCache, first_alive
from lab_engine.caches.dialers import Dialer
from lab_engine.caches.resolver import Answer, Resolver
from lab_engine.simulation.events.layers import Turn
from lab_engine.simulation.events.proxies import Cache
from lab_engine.simulation.events.trace import Journal
from lab_engine.simulation.parts import Mix, Place
from lab_engine.simulation.strata import profile_of
from lab_engine.simulation.travel import member_of

SORTING = (Use.RFC_6724, Use.RFC_6724_V6)
Chain = tuple[ClientProfile, ...]
Source = IPv4Interface | IPv6Interface


class Line:
    """The way of some clients to the first cache they share, and on to the authority.

    Args:
        name: of the resolver.
        caches: on this way, the nearest first.
        hops_ms: the round trip to each of them from the one before, and last to the authority.
        question: what is asked.
        journal: where it is written down.
        turns: of caches that are on other ways, too.

    Attributes:
        waited_ms: what the last question took.
        caches: on this way, the nearest first.
        nearest: the first of them.
    """

    def __init__(  # noqa: PLR0913, PLR0917  (all that a way is made of)
        self,
        name: str,
        caches: list[Cache],
        hops_ms: list[float],
        question: Question,
        journal: Journal,
        turns: Sequence[Turn] = (),
    ) -> None:
        self.waited_ms = 0.0
        self.name = name
        self.caches = tuple(caches)
        self.nearest, *self._others = caches
        self._question = question
        self._until_ms = [*accumulate(hops_ms)]
        self._turns = turns
        self._journal = journal

    @property
    def sends_networks(self) -> bool:
        """Whether the first of the caches tells others where its clients are."""
        return isinstance(self.nearest, Resolver) and self.nearest.profile.ecs is not None

    def places(self, client: Client | None) -> Iterator[Hashable]:
        """Where the first cache may hold answers for a client."""
        return self.nearest.places(self._question, client if self.sends_networks else None)

    def ask(self, client: Client | None, now: float) -> Answer:
        """What the first cache says. It takes a trip to it, and one more for each that missed."""
        if self._journal.on:
            return self._told(client, now)
        return self._answered(client, now)

    def _answered(self, client: Client | None, now: float) -> Answer:
        first, others = self.nearest, self._others
        for turn in self._turns:
            turn.take()
        misses = first.cache.misses
        before = [each.cache.misses for each in others] if others else ()
        answer = first.answer(self._question, now, client)
        missed = int(first.cache.misses > misses)
        if missed and others:
            asked = zip(others, before, strict=True)
            missed += sum(1 for _ in takewhile(lambda pair: pair[0].cache.misses > pair[1], asked))
        self.waited_ms = self._until_ms[missed]
        return answer

    def _told(self, client: Client | None, now: float) -> Answer:
        """The same, with a line in the journal where it is an answer that had expired."""
        caches = (self.nearest, *self._others)
        stale = sum(each.stale for each in caches)
        answer = self._answered(client, now)
        if sum(each.stale for each in caches) > stale:
            self._journal.note(now, "stale", self.name, " ".join(answer.addresses))
        return answer


class Own(NamedTuple):
    """The caches that one client has to itself.

    Attributes:
        ask: how it gets an answer.
        caches: those there are, the nearest first.
        systems: its system's, where that keeps anything.
        applications: its application's, likewise.
    """

    ask: Ask
    caches: list[ClientCache]
    systems: list[ClientCache]
    applications: list[ClientCache]

    @property
    def keeping(self) -> ClientCache | None:
        """The nearest that keeps anything."""
        return next(iter((*self.applications, *self.systems)), None)


def own_caches(
    chain: Chain, ask: Ask, name: str, source: Callable[[], Source], journal: Journal
) -> Own:
    """The caches of such a client before whatever `ask` leads to."""
    caches: list[ClientCache] = []
    levels: tuple[list[ClientCache], list[ClientCache]] = ([], [])
    for profile in reversed(chain):
        if profile.plain:
            continue
        outer = profile is chain[0] and (len(chain) > 1 or profile.lifetime is not None)
        who = f"{name} {'application' if outer else 'system'}"
        noted = journal.filling(ask, who, partial(until, profile))
        cache = ClientCache(noted, profile, source() if profile.use in SORTING else None)
        caches.insert(0, cache)
        if profile.lifetime != 0 or profile.failure:
            levels[outer].append(cache)
        ask = cache.answer
    return Own(ask, caches, *levels)


def until(profile: ClientProfile, answer: Answer, now: float) -> float:
    """Until when a client of this profile keeps an answer."""
    return profile.expiry(answer.expires, now, empty=not answer.addresses)


class Member:
    """One client.

    Attributes:
        name: such as `client 7`.
        line: its way to the shared caches.
        client: its address.
        chain: what it remembers.
        own: the caches that it has to itself.
        reply: what the last answer that led it was made of.
        attempts: the addresses that its last request was ready to try.
        failed: the server that connected its last request, and did not serve it; or None.
        told: whether its last request looked for a server, and did not go on with its connection.
        waited_ms: how long its last request waited for DNS.
        ask: how it gets an answer.
        cache: the nearest of its own that keeps anything, or None.
        asked, dialer: how it finds its servers, where it has a way of its own with addresses.
        sleeps: whether it asks nothing before the watch begins, as it never asks twice.
        polls: seconds from one question to the next that it asks of its own accord, or 0.
    """

    __slots__ = (
        "_waits",
        "ask",
        "asked",
        "attempts",
        "cache",
        "chain",
        "client",
        "dialer",
        "failed",
        "line",
        "name",
        "own",
        "polls",
        "reply",
        "sleeps",
        "told",
        "waited_ms",
    )

    def __init__(self, name: str, line: Line, client: Client, chain: Chain, own: Own) -> None:
        self.name = name
        self.line = line
        self.client = client
        self.chain = chain
        self.own = own
        self.ask: Ask = own.ask
        self.reply: Reply | None = None
        self.attempts: tuple[str, ...] = ()
        self.failed: str | None = None
        self.waited_ms = 0.0
        self.cache = own.keeping
        self.asked: ClientCache | None = None
        self.dialer: Dialer | None = None
        self.told = True
        self.sleeps = False
        self.polls = 0.0
        # An old answer that is renewed at its use keeps nobody waiting.
        self._waits = [cache for cache in own.caches if cache.profile.grace]

    def poll(self, now: float) -> None:
        """Ask of its own accord."""
        if self.asked is not None:
            self.asked.poll(now)

    def request(self, now: float, down: Container[str], failing: Container[str] = ()) -> str | None:
        """The server that serves a request of this client; None for none.

        Args:
            now: seconds.
            down: addresses that connect nobody.
            failing: those that do, and serve nobody.
        """
        self.line.waited_ms = 0.0
        misses = [cache.misses for cache in self._waits] if self._waits else ()
        if self.dialer is None or self.asked is None:
            answer = self.ask(now)
            self.reply, self.attempts = answer.reply, answer.addresses
            found = first_alive(answer.addresses, down)
        else:
            dialled = self.dialer.dial(now, down)
            self.told, found = not dialled.reused, dialled.address
            if self.told:
                self.reply, self.attempts = self.asked.held.reply, self.dialer.attempts
            if found is not None and found not in failing:
                self.dialer.hung = None
            elif found is not None:
                self.dialer.fails(now)
        self.waited_ms = self.line.waited_ms
        if misses and any(c.misses == old for c, old in zip(self._waits, misses, strict=True)):
            self.waited_ms = 0.0
        self.failed = found if found in failing else None
        return None if self.failed else found

    def refused(self, now: float) -> None:
        """The server it reached did not take its request."""
        if self.dialer is not None:
            self.dialer.broken(now)

    def kept(self, now: float) -> tuple[tuple[str, ...], ...]:
        """The orders in which it may try the answer that it keeps; none where it keeps none."""
        if self.cache is None or now >= self.cache.held.expires:
            return ()
        held = self.cache.held.addresses
        return (held,) if self.dialer is None else self.dialer.orders(held)

    def offered(self, addresses: tuple[str, ...]) -> tuple[tuple[str, ...], ...]:
        """Those in which it may try an answer that comes."""
        return (addresses,) if self.dialer is None else self.dialer.offered(addresses)

    @property
    def connected(self) -> str | None:
        """The server of its open connection."""
        return None if self.dialer is None else self.dialer.address

    @property
    def told_until(self) -> float:
        """The end of the TTL of the answer that it keeps."""
        return self.cache.held.told_until if self.cache else -inf

    @property
    def expires(self) -> float:
        """Until when it keeps that answer."""
        return self.cache.held.expires if self.cache else -inf

    @property
    def shared(self) -> Cache | None:
        """The cache whose answers it follows where it keeps none."""
        return self.line.nearest if self.cache is None else None

    def places(self) -> Iterator[Hashable]:
        """Where that cache may hold an answer for it."""
        return self.line.places(self.client)


class Setting(NamedTuple):
    """What the clients of one place have in common."""

    mix: Mix
    chains: Mapping[str, Chain]
    place: Place
    rng: Random
    journal: Journal
    hanging: frozenset[str] = frozenset()


def member(name: str, index: int, line: Line, setting: Setting) -> Member:
    """One client, the `index`-th of its stratum, which decides its profile and its address."""
    mix, chains, place, rng, journal, hanging = setting
    chain, client = chains[profile_of(index, mix)], member_of(place, index)
    ask: Ask = partial(line.ask, client if line.sends_networks else None)
    own = own_caches(chain, ask, name, partial(source_of, place, index), journal)
    made = Member(name, line, client, chain, own)
    nearest = chain[0]
    if not nearest.only_remembers:
        made.asked = own.caches[0]
        made.dialer = Dialer(made.asked, rng, hanging)
    made.polls = (nearest.lifetime or 0.0) if nearest.polls else 0.0
    made.sleeps = any(each.lifetime == float("inf") for each in chain)
    return made


def source_of(place: Place, index: int) -> Source:
    """A client's own address in its subnet, for profiles that sort by it."""
    length, client = ip_network(place.network).prefixlen, member_of(place, index)
    return ip_interface(f"{client.network.network_address}/{length}")
