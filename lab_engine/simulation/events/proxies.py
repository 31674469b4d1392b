"""A client's profile that serves many: a proxy, a node's cache, an edge, as a layer of a scenario.

It stands where a resolver could stand, between those behind it and those before it. What it does
with addresses is done here, so those behind it get them as it would try them; where it keeps a
connection open, they get the address of that one.
"""

import math
from collections.abc import Callable, Container, Hashable, Iterator
from dataclasses import replace
from random import Random
from typing import Protocol

from dns.rcode import Rcode

from lab_engine.authority.records import Client, Question, Reply, RRset
from lab_engine.caches.clientprofiles import ClientProfile
from lab_engine.caches.clients import Ask, ClientCache
from lab_engine.caches.dialers import Dialer
from lab_engine.caches.resolver import SERVFAIL, Answer

Down = Callable[[], Container[str]]
"""What is dead at present."""
MOST = 2**31 - 1  # seconds; for ever has no TTL


class Counts(Protocol):
    """Look-ups of one cache."""

    hits: int
    misses: int


class Cache(Protocol):
    """What every shared cache can do: a `Resolver`, or a `Proxy`."""

    stale: int

    @property
    def cache(self) -> Counts:
        """Its counts."""

    def answer(self, question: Question, now: float, client: Client | None = None) -> Answer:
        """What a client uses of an answer."""

    def resolve(self, question: Question, now: float, client: Client | None = None) -> Reply:
        """The reply, as another cache gets it."""

    @property
    def state(self) -> object:
        """The same as long as it holds the same."""

    def copies(self, now: float) -> Iterator[tuple[Hashable, tuple[tuple[str, ...], ...], float]]:
        """Where it holds something, how that may be answered, and until when."""

    def places(self, question: Question, client: Client | None = None) -> Iterator[Hashable]:
        """Where it may hold something for this client."""


class Proxy:
    """One client cache that serves many, with its connection where it keeps one.

    Args:
        ask: the next cache towards the authority.
        profile: what it is like.
        rng: its dice.
        down: what is dead at present.

    Attributes:
        cache: with its counts, and what it holds.
        stale: always 0; it serves what has expired only in its grace.
        polls: seconds from one question to the next that it asks of its own accord, or 0.
        sleeps: whether nobody asks it before the watch begins, as it never asks twice.
    """

    def __init__(self, ask: Ask, profile: ClientProfile, rng: Random, down: Down) -> None:
        self.stale = 0
        self.cache = ClientCache(ask, profile)
        self.polls = (profile.lifetime or 0.0) if profile.polls else 0.0
        self.sleeps = profile.lifetime == math.inf
        self._profile = profile
        self._dialer = Dialer(self.cache, rng)
        self._down = down

    def poll(self, now: float) -> None:
        """Ask of its own accord."""
        self.cache.poll(now)

    def answer(self, _question: Question, now: float, _client: Client | None = None) -> Answer:
        """What those behind it use."""
        if not self._profile.idle:
            return self._handed_on(self.cache.answer(now))
        dialled = self._dialer.dial(now, self._down())
        held = self.cache.held
        return held if dialled.address is None else held._replace(addresses=(dialled.address,))

    def _handed_on(self, held: Answer) -> Answer:
        addresses = self._dialer.ordered(held.addresses)
        return held._replace(addresses=addresses if self._profile.tries_next else addresses[:1])

    def resolve(self, question: Question, now: float, client: Client | None = None) -> Reply:
        """The same as a reply: for as long as it keeps it."""
        answer = self.answer(question, now, client)
        reply = answer.reply or SERVFAIL
        if reply.rcode not in (Rcode.NOERROR, Rcode.NXDOMAIN):
            return reply
        exact = max(0.0, min(answer.expires - now, MOST))
        left = math.ceil(exact)
        kept = [_narrowed(rrset, answer.addresses, left) for rrset in reply.answer]
        return replace(
            reply,
            elapsed=left - exact,
            answer=tuple(kept),
            authority=tuple(replace(rrset, ttl=min(rrset.ttl, left)) for rrset in reply.authority),
            authoritative=False,
        )

    @property
    def state(self) -> object:
        """The same as long as it holds the same."""
        return self.cache.held

    def copies(self, now: float) -> Iterator[tuple[None, tuple[tuple[str, ...], ...], float]]:
        """What it holds, if it does: all that it may hand on of it, and until when."""
        held = self.cache.held
        if now < held.expires:
            yield None, self._dialer.orders(held.addresses), held.expires

    def places(self, _question: Question, _client: Client | None = None) -> Iterator[None]:
        """It holds one answer for everybody."""
        yield None


def _narrowed(rrset: RRset, addresses: tuple[str, ...], ttl: int) -> RRset:
    """A set in the order and the number in which it is handed on; others keep their values."""
    by_text = dict(zip(rrset.texts, rrset.values, strict=True))
    if not addresses or not set(addresses) <= set(by_text):
        return replace(rrset, ttl=ttl)
    return replace(rrset, ttl=ttl, values=tuple(by_text[address] for address in addresses))
