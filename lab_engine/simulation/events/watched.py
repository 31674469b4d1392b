"""Who held what, in the event engine: caches that note what they store, and until when."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from math import inf
from typing import NamedTuple

from lab_engine.authority.records import Client, Question
from lab_engine.caches.cache import Cache, Entry
from lab_engine.caches.clients import ClientCache, first_alive
from lab_engine.caches.dialers import TURNING
from lab_engine.caches.orders import SetOrder, each_order, order_count
from lab_engine.caches.resolver import Answer, Kept, Key, Resolver
from lab_engine.caches.scoped import Place
from lab_engine.simulation.holders import Seat, Watched, told
from lab_engine.simulation.outcome import Downs, Holding, Outcome, Shares

MOST_ORDERS = 5_040  # listed for one copy; of more, all addresses are taken for alike


class _Copy(NamedTuple):
    """What was stored, from when until when."""

    kept: Kept | Answer
    addresses: tuple[str, ...]
    start: float
    end: float


class Watch:
    """The copies of some of a run's caches.

    Args:
        question: what all are asked.
        holders: whose caches they are: see `run`.
        connecting: addresses that connect clients even while they are dead.
    """

    def __init__(
        self, question: Question, holders: str, connecting: frozenset[str] = frozenset()
    ) -> None:
        self.holders = holders
        self._connecting = connecting
        self._question = question
        self._watched: Sequence[Watched] = ()
        self._holder: dict[Seat, int] = {}
        self._resolvers: set[int] = set()
        self._orders: dict[int, SetOrder] = {}
        self._held: dict[int, _Copy] = {}
        self._over: list[tuple[int, tuple[str, ...], float, float]] = []

    def begin(self, watched: Sequence[Watched]) -> None:
        """These are watched from now on."""
        self._watched = watched
        self._holder = {each.seat: index for index, each in enumerate(watched)}
        self._resolvers = {each.seat.resolver for each in watched}

    def watches(self, resolver: int) -> bool:
        """Whether any cache of this resolver is."""
        return resolver in self._resolvers

    def note(self, number: int, resolver: "Noting", key: Key, entry: Entry[Kept]) -> None:
        """The resolver of this number has stored something."""
        now, order = resolver.now, resolver.order
        place = key if isinstance(key, Place) else Place(key)
        holder = self._holder.get(Seat(number, place.fragment, place.network))
        if holder is None or place.question != self._question:
            return
        before = self._held.get(holder)
        if before is None or before.kept is not entry.value:  # else it was only marked as renewed
            self._orders[holder] = order
            addresses = entry.value.reply.addresses
            self._store(holder, _Copy(entry.value, addresses, now, entry.expires))

    def listen(self, number: int, cache: ClientCache) -> None:
        """A cache of one answer, such as clients and proxies have, is that of this seat."""
        holder = self._holder[Seat(number)]
        turns = cache.profile.use in TURNING
        self._orders[holder] = SetOrder.ROTATE if turns else SetOrder.FROZEN
        cache.tells = partial(self._hear, holder)

    def _hear(self, holder: int, held: Answer, now: float) -> None:
        self._store(holder, _Copy(held, held.addresses, now, held.expires))

    def _store(self, holder: int, copy: _Copy) -> None:
        self._end(holder, copy.start)
        self._held[holder] = copy

    def _end(self, holder: int, now: float) -> None:
        """What a cache held is over, or is replaced."""
        if holder in self._held:
            _, addresses, start, end = self._held.pop(holder)
            if min(end, now) > max(start, 0.0):
                self._over.append((holder, addresses, start, min(end, now)))

    def told_in(self, outcome: Outcome, downs: Downs) -> Outcome:
        """The outcome of the run, with who held what; nobody is found at those that are down."""
        holders = tuple(each.holder for each in self._watched)
        holdings = self._holdings(downs, outcome.ended)
        return replace(outcome, holders=holders, holdings=holdings)

    def _holdings(self, downs: Downs, ended: float) -> tuple[Holding, ...]:
        """What was noted, by holder and time."""
        for holder in [*self._held]:
            self._end(holder, inf)
        known: dict[tuple[object, ...], Shares] = {}
        return tuple(
            holding
            for copy in sorted(self._over, key=lambda each: (each[0], each[2]))
            for holding in self._told(copy, downs, known)
            if holding.start < ended
        )

    def _told(
        self,
        copy: tuple[int, tuple[str, ...], float, float],
        downs: Downs,
        known: dict[tuple[object, ...], Shares],
    ) -> Iterator[Holding]:
        holder, addresses, start, end = copy
        order, hasty = self._orders[holder], self._watched[holder].hasty
        connecting = self._connecting

        def shares(dead: tuple[str, ...]) -> Shares:
            key = addresses, order, hasty, dead
            if key not in known:
                known[key] = _shares(addresses, (order, hasty), dead, connecting)
            return known[key]

        return told(holder, start, end, downs, shares)


class Noting(Resolver):
    """A resolver that tells a watch what it stores, and when."""

    _now = -inf

    def watched_as(self, watch: Watch, number: int) -> None:
        """From now on `watch` is told, of the resolver of this number."""
        self.cache = _NotingCache(self, watch, number)

    @property
    def now(self) -> float:
        """When it was last asked."""
        return self._now

    def look_up(
        self,
        question: Question,
        now: float,
        client: Client | None = None,
        fragment: int | None = None,
    ) -> Entry[Kept]:
        """As other resolvers do."""
        self._now = now
        return super().look_up(question, now, client, fragment)


class _NotingCache(Cache[Key, Kept]):
    """Its cache."""

    def __init__(self, owner: Noting, watch: Watch, number: int) -> None:
        super().__init__()
        self._owner, self._watch, self._number = owner, watch, number

    def put(
        self, key: Key, value: Kept, now: float, lifetime: float, due: float = inf
    ) -> Entry[Kept]:
        """As other caches do."""
        entry = super().put(key, value, now, lifetime, due)
        self._watch.note(self._number, self._owner, key, entry)
        return entry


def _shares(
    addresses: tuple[str, ...],
    how: tuple[SetOrder, float],
    dead: tuple[str, ...],
    connecting: frozenset[str],
) -> Shares:
    """What part of the requests each address gets of a copy; nobody the rest."""
    (order, hasty), parts = how, dict.fromkeys([*addresses, ""], 0.0)
    unreachable = tuple(address for address in dead if address not in connecting)
    patient, firsts = _orders(addresses, order, unreachable), _orders(addresses, order, ())
    for several, part in ((patient, 1 - hasty), ([each[:1] for each in firsts], hasty)):
        for each in several:
            found = first_alive(each, unreachable)
            parts["" if found is None or found in dead else found] += part / len(several)
    return tuple((address, part) for address, part in parts.items() if part)


def _orders(
    addresses: tuple[str, ...], order: SetOrder, dead: tuple[str, ...]
) -> tuple[tuple[str, ...], ...]:
    """The orders in which a copy is answered, all as likely, as far as the first alive goes."""
    if order_count(order, len(addresses)) <= MOST_ORDERS:
        return each_order(order, addresses)
    alive = tuple(address for address in addresses if address not in dead)
    return each_order(SetOrder.ROTATE, alive)  # of so many, each comes first as often
