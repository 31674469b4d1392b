"""A recursive resolver: it asks upstream once, answers from its cache, and lets the answer age.

What it does besides is its profile (`caches.profiles`), interpreted here. A query takes no time,
so a stale answer comes as soon as upstream has failed, with no client-response timer. Queries to
the several authorities of a delegation and DNSSEC are not here.

An answer to the very question comes first. Without one, a CNAME that is held for the name answers
every type (RFC 1034 section 3.6.2, RFC 2181 section 10.1), until its own TTL has run down, and only
its target is asked for; so do Unbound, BIND and PowerDNS Recursor. [design] What came with a CNAME
is taken with it, and no further question asked; what upstream refuses to know stays unknown.
"""

import math
from collections.abc import Callable, Iterator
from dataclasses import replace
from random import Random
from typing import Any, NamedTuple

from dns.name import Name
from dns.rcode import Rcode
from dns.rdata import Rdata
from dns.rdatatype import RdataType

from lab_engine.authority.records import Client, Question, Reply, RRset
from lab_engine.caches.cache import Cache, Entry
from lab_engine.caches.orders import SetOrder, arranged, each_order, order_count, shuffled
from lab_engine.caches.profiles import recursive
from lab_engine.caches.recursives import Limits, RecursiveProfile
from lab_engine.caches.scoped import Place, Scopes

__all__ = ["Answer", "Kept", "Key", "Limits", "Resolver", "Upstream"]

Upstream = Callable[..., Reply | None]
"""Answers a question at a time, in seconds; None where nobody could be reached.

It is called with (question, now); by a resolver that sends client subnets, with (question, now,
client), where the client's network is cut to what is sent and None tells nothing."""
MAX_LINKS = 8  # CNAMEs that are followed, as an authority does
LISTED = 24  # orders of a set that are made ready for the hits; more are drawn when asked for
SERVFAIL = Reply(Rcode.SERVFAIL, authoritative=False)
Key = Question | Place
"""Where an entry lies in a resolver's cache."""


class Answer(NamedTuple):
    """What a client holds.

    Attributes:
        addresses: in the order to try them.
        expires: when it must ask again.
        reply: what it was made of, where a resolver made it.
        told: when it should have been asked for again, where that is not when it is.
    """

    addresses: tuple[str, ...]
    expires: float
    reply: Reply | None = None
    told: float | None = None

    @property
    def told_until(self) -> float:
        """The end of the TTL that came with it."""
        return self.expires if self.told is None else self.told


class Kept(NamedTuple):
    """What a resolver's cache holds.

    Attributes:
        reply: with TTLs as of storing.
        answers: every answer made of it, ready for its hits; none where they are too many.
        expires: when its TTL has run down for a client.
        stale_until: until when it may serve in place of a failure.
    """

    reply: Reply
    answers: tuple[Answer, ...]
    expires: float
    stale_until: float


class Resolver:
    """A cache in front of an upstream.

    Args:
        upstream: whom it asks.
        rng: its dice.
        profile: what it is like, or the name of one of `RECURSIVES`.
        limits: other limits on TTLs than the profile's.

    Attributes:
        profile: with these limits.
        cache: with its counts of hits and misses.
        prefetched: how many hits asked upstream all the same, to renew an entry.
        stale: how many misses could only be answered with what had expired.

    Raises:
        LabError: an unknown profile.
    """

    def __init__(
        self,
        upstream: Upstream,
        rng: Random,
        profile: RecursiveProfile | str = "ideal",
        limits: Limits | None = None,
    ) -> None:
        chosen = recursive(profile)
        self.profile = chosen if limits is None else replace(chosen, limits=limits)
        self.cache: Cache[Key, Kept] = Cache()
        self.prefetched = 0
        self.stale = 0
        self._upstream = upstream
        self._rng = rng
        self._scopes = Scopes(chosen.ecs) if chosen.ecs else None
        self._one_copy = self._scopes is None and chosen.fragments == 1
        self._has_links = False

    @property
    def order(self) -> SetOrder:
        """What happens to the order of a cached set."""
        return self.profile.order

    def answer(self, question: Question, now: float, client: Client | None = None) -> Answer:
        """The same as `resolve`, reduced to what a client uses: addresses, and until when."""
        entry = self.cache.held(question)  # most hits need no more, and are most of a simulation
        if entry is None or now >= entry.due:
            entry = self.look_up(question, now, client)
        else:
            self.cache.hits += 1
        kept = entry.value
        answers = kept.answers
        if answers:
            return answers[int(self._rng.random() * len(answers))]
        addresses = arranged(self.order, kept.reply.addresses, self._rng)
        return Answer(addresses, kept.expires, kept.reply)

    def resolve(self, question: Question, now: float, client: Client | None = None) -> Reply:
        """The reply for a client: aged on this resolver's clock, its values in order."""
        entry = self.look_up(question, now, client)
        aged = entry.value.reply.aged(self.profile.clock(now) - entry.stored)
        answer = tuple(self._arranged(rrset) for rrset in aged.answer)
        return replace(aged, authoritative=False, answer=answer)

    def look_up(
        self,
        question: Question,
        now: float,
        client: Client | None = None,
        fragment: int | None = None,
    ) -> Entry[Kept]:
        """The cached reply, asked for upstream where there is none; its TTLs are as of storing.

        Args:
            question: what is asked.
            now: when, in seconds; never before the last time.
            client: whose network an upstream is told, if the profile does that.
            fragment: which of the profile's caches is asked; without it, a random one.
        """
        key = question if self._one_copy else self._place(question, now, client, fragment)
        entry = self.cache.get(key, now)
        if entry is None:
            return self._missed(key, now, client)
        if now >= entry.due:
            self._renew(key, entry, now, client)
        return entry

    @property
    def state(self) -> object:
        """The same as long as it holds the same entries, dead or alive."""
        return self.cache.misses + self.prefetched

    def copies(self, now: float) -> Iterator[tuple[Key, tuple[tuple[str, ...], ...], float]]:
        """Where it holds a live entry, how its addresses may be answered, and until when.

        Where there are too many orders to list them, each address comes first in one.
        """
        for key, entry in self.cache.live(now):
            kept = entry.value
            orders = tuple(each.addresses for each in kept.answers)
            yield key, orders or each_order(SetOrder.ROTATE, kept.reply.addresses), entry.expires

    def places(self, question: Question, client: Client | None = None) -> Iterator[Key]:
        """Where answers for this client may lie, in any of the profile's caches."""
        if self._one_copy:
            yield question
            return
        for fragment in range(self.profile.fragments):
            yield from self._covering(Place(question, fragment), client)

    def _missed(
        self, key: Key, now: float, client: Client | None, seen: tuple[Name, ...] = ()
    ) -> Entry[Kept]:
        """What there is to say without an entry for this question.

        Args:
            key: where the entry would lie.
            now: when.
            client: who asks.
            seen: the names whose CNAMEs led here.
        """
        entry = self._link(key, now, client) or self._fetched(key, now, client)
        target = _beyond(entry.value.reply, _question(key))
        if target is None:
            return entry
        beyond = _at(key, replace(_question(key), name=target))
        if target in seen or len(seen) == MAX_LINKS:
            return self._joined(key, (entry,), now, client)
        behind = self._live(beyond, now, client)
        if behind is None:
            behind = self._missed(beyond, now, client, (*seen, _question(key).name))
        known = behind.value.reply.rcode is not Rcode.REFUSED
        return self._joined(key, (entry, behind) if known else (entry,), now, client)

    def _link(self, key: Key, now: float, client: Client | None) -> Entry[Kept] | None:
        """The CNAME that is held for a name, if one is."""
        if not self._has_links:  # nearly always, and questions are slow to make
            return None
        question = Question(_question(key).name, RdataType.CNAME)
        held = self._live(_at(key, question), now, client)
        return held if held and held.value.reply.answer else None

    def _live(self, near: Key, now: float, client: Client | None) -> Entry[Kept] | None:
        """The good entry for a question; it is not counted."""
        for place in self._covering(near, client):
            held = self.cache.held(place)
            if held is not None and now < held.expires:
                return held
        return None

    def _joined(
        self, key: Key, parts: tuple[Entry[Kept], ...], now: float, client: Client | None
    ) -> Entry[Kept]:
        """An answer in parts: kept until the first expires, and as old as the oldest is."""
        clock = self.profile.clock(now)
        replies = [each.value.reply.aged(clock - each.stored) for each in parts]
        last = replies[-1]
        if _failed(last):
            return self._keep(key, last, now, client)
        oldest = min(parts, key=lambda each: each.stored)
        reply = replace(
            oldest.value.reply,
            rcode=last.rcode,
            answer=tuple(rrset for each in replies for rrset in each.answer),
            authority=last.authority,
            additional=last.additional,
            scope=max(each.scope for each in replies),
            elapsed=min(replies, key=lambda each: (each.ttl or 0) - each.elapsed).elapsed,
        )
        expires = min(each.value.expires for each in parts)
        kept = self._kept(reply, expires, min(each.value.stale_until for each in parts))
        lifetime = min(each.expires for each in parts) - clock
        due = min(each.due for each in parts)
        return self.cache.put(self._scoped(key, client, reply), kept, clock, lifetime, due)

    def _place(
        self, question: Question, now: float, client: Client | None, fragment: int | None
    ) -> Key:
        """Where the answer lies, or for everybody where there is none."""
        if fragment is None:
            fragments = self.profile.fragments
            fragment = self._rng.randrange(fragments) if fragments > 1 else 0
        base = Place(question, fragment)
        for place in self._covering(base, client):
            held = self.cache.held(place)
            if held is not None and now < held.expires:
                return place
        return base

    def _covering(self, key: Key, client: Client | None) -> Iterator[Key]:
        """Where an answer for this client may lie, the nearest to it first."""
        if self._scopes and client and isinstance(key, Place):
            return self._scopes.covering(key, client.network)
        return iter((key,))

    def _fetched(self, key: Key, now: float, client: Client | None) -> Entry[Kept]:
        """A new reply, kept; where upstream fails, an expired one if the profile has it so."""
        reply = self._ask(key, now, client)
        if _failed(reply):
            for place in self._covering(key, client):
                held = self.cache.held(place)
                if held is not None and now < held.value.stale_until:
                    return self._revived(place, held.value, now)
        return self._keep(key, reply, now, client)

    def _renew(self, key: Key, entry: Entry[Kept], now: float, client: Client | None) -> None:
        """Ask before the entry expires, once: it stays where upstream fails."""
        self.prefetched += 1
        self.cache.put(key, entry.value, entry.stored, entry.expires - entry.stored)
        reply = self._ask(key, now, client)
        if not _failed(reply):
            self._keep(key, reply, now, client)

    def _ask(self, key: Key, now: float, client: Client | None) -> Reply:
        question = _question(key)
        if self._scopes is None:
            reply = self._upstream(question, now)
        else:
            sent = client and Client(self._scopes.sent(client.network), "ecs")
            reply = self._upstream(question, now, sent)
        return self.profile.limits.applied(SERVFAIL if reply is None else reply)

    def _keep(self, key: Key, reply: Reply, now: float, client: Client | None) -> Entry[Kept]:
        if any(rrset.type is RdataType.CNAME for rrset in reply.answer):
            self._keep_links(key, reply, now, client)
        key = self._scoped(key, client, reply)
        if self.order is SetOrder.SHUFFLED_ONCE:
            answer = tuple(
                _with(rrset, shuffled(rrset.values, self._rng)) for rrset in reply.answer
            )
            reply = replace(reply, answer=answer)
        stored, ttl = self.profile.clock(now), reply.ttl or 0
        if reply.elapsed:  # another cache had it: the TTLs are those of a moment ago
            stored -= 0.0 if self.profile.whole_seconds else reply.elapsed
            reply = replace(reply, elapsed=0.0)
        if _failed(reply):
            return self.cache.put(key, self._kept(reply, now, -math.inf), now, self.profile.failure)
        lifetime = self.profile.lifetime(ttl)
        stale_until = stored + lifetime + self.profile.serve_stale if ttl else -math.inf
        kept = self._kept(reply, stored + ttl, stale_until)
        renewal = self.profile.renewal(ttl)
        due = stored + lifetime - renewal if renewal else math.inf
        return self.cache.put(key, kept, stored, lifetime, due)

    def _keep_links(self, key: Key, reply: Reply, now: float, client: Client | None) -> None:
        """Each CNAME of an answer by itself, unless it is what was asked for."""
        if _question(key).type is RdataType.CNAME:
            self._has_links = True
            return
        for rrset in reply.answer:
            if rrset.type is RdataType.CNAME:
                alone = replace(reply, rcode=Rcode.NOERROR, answer=(rrset,), authority=())
                self._keep(_at(key, Question(rrset.name, rrset.type)), alone, now, client)

    def _scoped(self, key: Key, client: Client | None, reply: Reply) -> Key:
        """Where a reply belongs that was asked for under `key`."""
        if self._scopes and client and isinstance(key, Place):
            return self._scopes.place(key, client.network, reply.scope)
        return key

    def _revived(self, key: Key, kept: Kept, now: float) -> Entry[Kept]:
        """An expired entry, good again for as long as its answer says (RFC 8767 section 4)."""
        self.stale += 1
        ttl = self.profile.stale_ttl
        reply = _timed(kept.reply, ttl)
        again = self._kept(reply, now + ttl, kept.stale_until)
        stored = self.profile.clock(now)
        until = min(stored + ttl, kept.stale_until)
        return self.cache.put(key, again, stored, until - stored)

    def _kept(self, reply: Reply, expires: float, stale_until: float) -> Kept:
        addresses = reply.addresses
        answers: tuple[Answer, ...] = ()
        if self.order is SetOrder.ROTATE or order_count(self.order, len(addresses)) <= LISTED:
            orders = each_order(self.order, addresses)
            answers = tuple(Answer(each, expires, reply) for each in orders)
        return Kept(reply, answers, expires, stale_until)

    def _arranged(self, rrset: RRset) -> RRset:
        return _with(rrset, arranged(self.order, rrset.values, self._rng))


def _question(key: Key) -> Question:
    return key.question if isinstance(key, Place) else key


def _at(near: Key, question: Question) -> Key:
    """The key of another question in the same fragment."""
    return near._replace(question=question) if isinstance(near, Place) else question


def _beyond(reply: Reply, question: Question) -> Name | None:
    """The name that an answer leads to and says nothing of; None where it says all."""
    if not reply.answer or reply.answer[-1].type is not RdataType.CNAME:
        return None
    if question.type in (RdataType.CNAME, RdataType.ANY) or reply.authority or reply.rcode:
        return None
    record: Any = reply.answer[-1].values[0]  # dnspython types it as any Rdata
    target: Name = record.target
    return target


def _failed(reply: Reply) -> bool:
    """Whether it says nothing about the name (RFC 8767 section 4)."""
    return reply.rcode not in (Rcode.NOERROR, Rcode.NXDOMAIN)


def _with(rrset: RRset, values: tuple[Rdata, ...]) -> RRset:
    return replace(rrset, values=values)


def _timed(reply: Reply, ttl: int) -> Reply:
    def timed(section: tuple[RRset, ...]) -> tuple[RRset, ...]:
        return tuple(replace(rrset, ttl=ttl) for rrset in section)

    return replace(reply, answer=timed(reply.answer), authority=timed(reply.authority))
