"""One client with its own caches, its connections, and the way to the caches it shares.

For the event engine, where clients differ or the run must know what each was led by.
"""

from functools import partial
from ipaddress import IPv4Interface, IPv6Interface, ip_interface, ip_network
from random import Random
from typing import NamedTuple

from lab_engine.authority.records import Client, Question, Reply
from lab_engine.caches.clientprofiles import ClientProfile, Use
from lab_engine.caches.clients import Ask, ClientCache, first_alive
from lab_engine.caches.dialers import Dialer
from lab_engine.caches.profiles import CLIENTS
from lab_engine.caches.resolver import Answer, Resolver
from lab_engine.simulation.events.trace import Journal, Until
from lab_engine.simulation.parts import Clients, Place
from lab_engine.simulation.strata import profile_of
from lab_engine.simulation.travel import member_of

SORTING = (Use.RFC_6724, Use.RFC_6724_V6)


class Line:
    """The way of some clients to the first cache they share, and on to the authority.

    Attributes:
        waited_ms: what the last question took.
        held: the last answer that came.
    """

    def __init__(
        self, name: str, caches: list[Resolver], question: Question, place: Place, journal: Journal
    ) -> None:
        self.waited_ms = 0.0
        self.held = Answer((), float("-inf"))
        self.name = name
        self._first, *self._others = caches
        self._question = question
        self._near_ms = place.resolver_ms
        self._far_ms = place.resolver_ms + place.authority_ms
        self._journal = journal

    @property
    def sends_networks(self) -> bool:
        """Whether the first of the caches tells others where its clients are."""
        return self._first.profile.ecs is not None

    def ask(self, client: Client | None, now: float) -> Answer:
        """What the first cache says. It takes a trip to it, and one more where all have missed."""
        if self._journal.on:
            return self._told(client, now)
        return self._answered(client, now)

    def _answered(self, client: Client | None, now: float) -> Answer:
        first, others = self._first, self._others
        misses = first.cache.misses
        before = [each.cache.misses for each in others] if others else ()
        self.held = first.answer(self._question, now, client)
        missed = first.cache.misses > misses and all(
            each.cache.misses > old for each, old in zip(others, before, strict=True)
        )
        self.waited_ms = self._far_ms if missed else self._near_ms
        return self.held

    def _told(self, client: Client | None, now: float) -> Answer:
        """The same, with a line in the journal where it is an answer that had expired."""
        caches = (self._first, *self._others)
        stale = sum(each.stale for each in caches)
        answer = self._answered(client, now)
        if sum(each.stale for each in caches) > stale:
            self._journal.note(now, "stale", self.name, " ".join(answer.addresses))
        return answer


class Member:
    """One client.

    Attributes:
        name: such as `client 7`.
        line: its way to the shared caches.
        client: its address, where a resolver is to know it.
        reply: what the last answer that led it was made of.
        told: whether its last request looked for a server, and did not go on with its connection.
        waited_ms: how long its last request waited for DNS.
        systems: its system's cache, or none.
        applications: its application's cache, or none.
        cache: the nearest of its own that keeps anything, or None.
        asked, dialer: how one that has a profile finds its servers; None for the others.
        sleeps: whether it asks nothing before the watch begins, as it never asks twice.
        polls: seconds from one question to the next that it asks of its own accord, or 0.
    """

    __slots__ = (
        "applications",
        "ask",
        "asked",
        "cache",
        "client",
        "dialer",
        "line",
        "name",
        "polls",
        "reply",
        "sleeps",
        "systems",
        "told",
        "waited_ms",
    )

    def __init__(self, name: str, line: Line, ask: Ask) -> None:
        self.name = name
        self.line = line
        self.ask = ask
        self.client: Client | None = None
        self.reply: Reply | None = None
        self.waited_ms = 0.0
        self.systems: list[ClientCache] = []
        self.applications: list[ClientCache] = []
        self.cache: ClientCache | None = None
        self.asked: ClientCache | None = None
        self.dialer: Dialer | None = None
        self.told = True
        self.sleeps = False
        self.polls = 0.0

    def poll(self, now: float) -> None:
        """Ask of its own accord."""
        if self.asked is not None:
            self.asked.poll(now)

    def request(self, now: float, down: tuple[str, ...]) -> str | None:
        """The server that a request of this client reaches; None for none."""
        self.line.waited_ms = 0.0
        if self.dialer is None or self.asked is None:
            answer = self.ask(now)
            self.reply, self.waited_ms = answer.reply, self.line.waited_ms
            return first_alive(answer.addresses, down)
        cache, misses = self.asked, self.asked.misses
        found = self.dialer.dial(now, down)
        self.told = not found.reused
        if self.told:
            self.reply = cache.held.reply
        self.waited_ms = self.line.waited_ms if cache.misses > misses else 0.0
        return found.address

    def refused(self, now: float) -> None:
        """The server it reached did not take its request."""
        if self.dialer is not None:
            self.dialer.broken(now)

    @property
    def holder(self) -> "Line | ClientCache":
        """Whose answers it follows: its own cache, or what it was last told."""
        return self.cache or self.line


class Setting(NamedTuple):
    """What the clients of one place have in common."""

    clients: Clients
    place: Place
    rng: Random
    journal: Journal


def member(name: str, index: int, line: Line, setting: Setting) -> Member:
    """One client, the `index`-th of its stratum, which decides its profile and its address."""
    clients, place, rng, journal = setting
    address = member_of(place, index)
    ask: Ask = partial(line.ask, address if line.sends_networks else None)
    profile = profile_of(index, clients.profile)
    if profile == "none":
        made = _plain_member(name, line, ask, clients, journal)
        made.client = address
        return made
    kind = CLIENTS[profile]
    noted = journal.filling(ask, name, _kept(kind))
    cache = ClientCache(noted, kind, _source(kind, address, place))
    made = Member(name, line, cache.answer)
    made.client = address
    made.asked, made.dialer = cache, Dialer(cache, rng)
    made.polls = (kind.lifetime or 0.0) if kind.polls else 0.0
    made.sleeps = kind.lifetime == float("inf")
    if kind.lifetime != 0:
        made.cache = cache
        (made.systems if kind.lifetime is None else made.applications).append(cache)
    return made


def _plain_member(name: str, line: Line, ask: Ask, clients: Clients, journal: Journal) -> Member:
    system, application = plain(ask, clients, name, journal)
    nearest = application or system
    made = Member(name, line, nearest.answer if nearest else ask)
    made.systems = [system] if system else []
    made.applications = [application] if application else []
    made.cache = nearest
    made.sleeps = clients.application_cache == float("inf")
    return made


def plain(
    ask: Ask, clients: Clients, name: str, journal: Journal
) -> tuple[ClientCache | None, ClientCache | None]:
    """The system's cache and the application's of a client of the profile `none`."""
    system = application = None
    lifetime = clients.application_cache
    if clients.os_cache:
        system = ClientCache(journal.filling(ask, f"{name} system", _as_told))
        ask = system.answer
    if lifetime:
        noted = journal.filling(ask, f"{name} application", lambda _, now: now + lifetime)
        application = ClientCache(noted, lifetime)
    return system, application


def _as_told(answer: Answer, _now: float) -> float:
    return answer.expires


def _kept(profile: ClientProfile) -> Until:
    """Until when a client of this profile keeps an answer."""
    return lambda answer, now: profile.expiry(answer.expires, now, empty=not answer.addresses)


def _source(
    profile: ClientProfile, client: Client, place: Place
) -> IPv4Interface | IPv6Interface | None:
    """Its own address in its subnet, for profiles that sort by it."""
    if profile.use not in SORTING:
        return None
    length = ip_network(place.network).prefixlen
    return ip_interface(f"{client.network.network_address}/{length}")
