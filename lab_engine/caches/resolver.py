"""A recursive resolver: it asks upstream once, answers from its cache, and lets the answer age.

What it does to the *order* of a cached set decides whether round robin survives it, so that is
its one setting besides the limits on the TTL:

- `rotate`: each answer starts one random step further on, as Unbound and BIND do by default;
- `frozen`: each answer repeats the first, as PowerDNS Recursor's packet cache does.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from random import Random
from typing import NamedTuple, TypeVar

from lab_engine.authority.records import Question, Reply, RRset
from lab_engine.caches.cache import Cache, Entry
from lab_engine.errors import Choice

T = TypeVar("T")
Upstream = Callable[[Question, float], Reply]
"""Answers a question at a time, in seconds."""


class Answer(NamedTuple):
    """What a client holds: addresses in the order to try them, and when it must ask again."""

    addresses: tuple[str, ...]
    expires: float


class Kept(NamedTuple):
    """What a resolver's cache holds: a reply, and every answer made of it, ready for its hits."""

    reply: Reply
    answers: tuple[Answer, ...]


class CachedOrder(Choice):
    """The order in which a cached set is answered again."""

    ROTATE = "rotate"
    FROZEN = "frozen"


@dataclass(frozen=True, slots=True)
class Limits:
    """What a resolver does to TTLs: seconds, 0 <= floor <= cap. Unbound's defaults."""

    floor: int = 0
    cap: int = 86_400
    negative_cap: int = 3_600

    def applied(self, reply: Reply) -> Reply:
        """`reply` with every TTL of a positive answer between floor and cap, else capped."""
        low, high = (self.floor, self.cap) if reply.answer else (0, self.negative_cap)

        def limited(section: tuple[RRset, ...]) -> tuple[RRset, ...]:
            return tuple(replace(rr, ttl=min(max(rr.ttl, low), high)) for rr in section)

        return replace(reply, answer=limited(reply.answer), authority=limited(reply.authority))


class Resolver:
    """A cache in front of an upstream.

    Attributes:
        cache: with its counts of hits and misses.
    """

    def __init__(
        self,
        upstream: Upstream,
        rng: Random,
        order: CachedOrder | str = CachedOrder.ROTATE,
        limits: Limits = Limits(),
    ) -> None:
        self.cache: Cache[Question, Kept] = Cache()
        self.order = CachedOrder(order)
        self.limits = limits
        self._upstream = upstream
        self._rng = rng

    def look_up(self, question: Question, now: float) -> Entry[Kept]:
        """The cached reply, asked for upstream where there is none; its TTLs are as of storing."""
        entry = self.cache.get(question, now)
        if entry is not None:
            return entry
        reply = self.limits.applied(self._upstream(question, now))
        lifetime = reply.ttl or 0
        kept = Kept(reply, self._answers(reply.addresses, now + lifetime))
        return self.cache.put(question, kept, now, lifetime)

    def _answers(self, addresses: tuple[str, ...], expires: float) -> tuple[Answer, ...]:
        count = 1 if self.order is CachedOrder.FROZEN else max(1, len(addresses))
        return tuple(
            Answer(addresses[start:] + addresses[:start], expires) for start in range(count)
        )

    def resolve(self, question: Question, now: float) -> Reply:
        """The reply for a client: aged by whole seconds in the cache, its values in order."""
        entry = self.look_up(question, now)
        aged = entry.value.reply.aged(int(now - entry.stored))
        return replace(
            aged, authoritative=False, answer=tuple(self._rotated(rrset) for rrset in aged.answer)
        )

    def answer(self, question: Question, now: float) -> Answer:
        """The same as `resolve`, reduced to what a client uses: addresses, and until when."""
        answers = self.look_up(question, now).value.answers
        return answers[int(self._rng.random() * len(answers))]

    def _rotated(self, rrset: RRset) -> RRset:
        return replace(rrset, values=self._turned(rrset.values))

    def _turned(self, values: tuple[T, ...]) -> tuple[T, ...]:
        if len(values) < 2 or self.order is CachedOrder.FROZEN:
            return values
        start = int(self._rng.random() * len(values))
        return values[start:] + values[:start]
