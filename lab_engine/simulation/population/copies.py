"""What a resolver may store, and where it then leads: read from the replies of a plan, no dice.

A copy is one order of one reply. In it a resolver answers one of several orders again, and each of
those leads a client to one server under each of the circumstances (`Column`) of a run. Copies that
lead alike are one.
"""

import math
from collections.abc import Iterable, Iterator
from itertools import combinations, permutations
from typing import NamedTuple, Self

from lab_engine.authority.order import Order
from lab_engine.authority.plan import Share
from lab_engine.caches.clients import first_alive
from lab_engine.caches.orders import SetOrder, each_order, order_count
from lab_engine.caches.recursives import RecursiveProfile
from lab_engine.simulation.asking import MESSAGE_IDS
from lab_engine.simulation.scenario import Scenario

MOST_ORDERS = 50_000  # listed for one reply: a tenth of a second
MOST_COPIES = 5_000
NOBODY = ""
Addresses = tuple[str, ...]
Lead = tuple[str, ...]
"""The server reached in each column; `NOBODY` where all is in vain."""


class Column(NamedTuple):
    """Circumstances under which a client uses an answer.

    Attributes:
        down: the dead addresses that connect nobody.
        tries_next: whether it goes on to the next address.
        failing: those that connect it, and fail then.
    """

    down: frozenset[str]
    tries_next: bool = True
    failing: frozenset[str] = frozenset()

    @classmethod
    def of(cls, scenario: Scenario, *, tries_next: bool = True) -> Self:
        """Those of a scenario, as things stand at first."""
        down, connecting = frozenset(scenario.down), scenario.connecting
        return cls(down - connecting, tries_next, down & connecting)

    def leads(self, order: Addresses) -> str:
        """Where the client goes."""
        found = first_alive(order if self.tries_next else order[:1], self.down)
        return NOBODY if found is None or found in self.failing else found

    def decided(self, prefix: Addresses) -> bool:
        """Whether what follows these addresses does not matter."""
        tried = prefix if self.tries_next else prefix[:1]
        return bool(prefix) and (not self.tries_next or first_alive(tried, self.down) is not None)


class Copy(NamedTuple):
    """What one fill may bring.

    Attributes:
        probability: at a fill.
        first: the address in front as the authority sent it; `NOBODY` where there is none.
        ttl: seconds that the resolver tells its clients, as stored.
        leads: where its orders lead, with probabilities that sum to 1; in a fixed order.
    """

    probability: float
    first: str
    ttl: int
    leads: tuple[tuple[float, Lead], ...]


def copies(
    found: Iterable[Share], order: Order, profile: RecursiveProfile, columns: tuple[Column, ...]
) -> list[Copy]:
    """All copies of some replies, equal ones merged.

    Args:
        found: replies with probabilities.
        order: the authority's.
        profile: the resolver's.
        columns: all circumstances that matter.
    """
    merged: dict[tuple[str, int, tuple[tuple[float, Lead], ...]], float] = {}
    for chance, reply in found:
        ttl = profile.limits.applied(reply).ttl or 0
        for part, first, leads in _stored(reply.addresses, order, reply.sample, profile, columns):
            merged[first, ttl, leads] = merged.get((first, ttl, leads), 0.0) + chance * part
    return [Copy(chance, *key) for key, chance in merged.items()]


def in_turns(
    values: Addresses, ttl: int, profile: RecursiveProfile, columns: tuple[Column, ...]
) -> list[Copy]:
    """The copies of the one reply of a cyclic authority, in the order in which it sends them."""
    turns = [values[start:] + values[:start] for start in range(len(values))]
    return [
        Copy(1 / len(turns), turn[0], ttl, _led(turn, profile.order, columns)) for turn in turns
    ]


def listable(
    found: Iterable[Share], order: Order, profile: RecursiveProfile, columns: tuple[Column, ...]
) -> bool:
    """Whether `copies` has not too much to list."""
    return all(
        _effort(reply.addresses, order, reply.sample, profile, columns) <= MOST_ORDERS
        for _, reply in found
    )


def _effort(
    values: Addresses,
    order: Order,
    sample: int | None,
    profile: RecursiveProfile,
    columns: tuple[Column, ...],
) -> int:
    """How many orders have to be looked at."""
    count, again = len(values), order_count(profile.order, len(values))
    touched = any(column.down.intersection(values) for column in columns)
    if sample is not None and sample < count:
        some = math.comb(count, sample) * sample
        return MOST_ORDERS + 1 if touched or some > MOST_COPIES else some
    if profile.order in (SetOrder.SHUFFLE, SetOrder.SHUFFLED_ONCE):
        return count
    if order is not Order.SHUFFLE:
        return count * again
    if profile.order is SetOrder.FROZEN or not touched:
        return count
    return math.factorial(count) * again


Stored = Iterator[tuple[float, str, tuple[tuple[float, Lead], ...]]]


def _stored(
    values: Addresses,
    order: Order,
    sample: int | None,
    profile: RecursiveProfile,
    columns: tuple[Column, ...],
) -> Stored:
    """Copies of one reply: probability, first address, leads."""
    if not values:
        yield 1.0, NOBODY, ((1.0, (NOBODY,) * len(columns)),)
    elif sample is not None and sample < len(values):
        subsets = list(combinations(values, sample))
        for subset in subsets:  # drawn in any order, so its authority's order does not matter
            for part, first, leads in _arrived(subset, Order.SHUFFLE, profile.order, columns):
                yield part / len(subsets), first, leads
    else:
        yield from _arrived(values, order, profile.order, columns)


def _arrived(
    values: Addresses, order: Order, again: SetOrder, columns: tuple[Column, ...]
) -> Stored:
    """Copies of one set of addresses."""
    if again in (SetOrder.SHUFFLE, SetOrder.SHUFFLED_ONCE):
        yield from _mixed(values, order, again, columns)
    elif order is Order.SHUFFLE:
        yield from _from_any(values, again, columns)
    else:
        for part, sent in _sent(values, order):
            yield part, sent[0], _led(sent, again, columns)


def _mixed(values: Addresses, order: Order, again: SetOrder, columns: tuple[Column, ...]) -> Stored:
    """The resolver shuffles whatever comes: at each answer, or once."""
    anyhow = _summed((part, _lead(begun, columns)) for part, begun in _begun((), values, columns))
    for part, sent in _sent(values, order):
        if again is SetOrder.SHUFFLE:
            yield part, sent[0], anyhow
            continue
        for chance, lead in anyhow:
            yield part * chance, sent[0], ((1.0, lead),)


def _from_any(values: Addresses, again: SetOrder, columns: tuple[Column, ...]) -> Stored:
    """The authority shuffles, and the resolver turns that or leaves it."""
    touched = any(column.down.intersection(values) for column in columns)
    if again is SetOrder.FROZEN:
        for part, begun in _begun((), values, columns):
            yield part, begun[0], ((1.0, _lead(begun, columns)),)
    elif not touched:  # each comes first as often, whatever was stored
        anyhow = _summed((1 / len(values), _lead((value,), columns)) for value in values)
        for first in values:
            yield 1 / len(values), first, anyhow
    else:
        orders = list(permutations(values))
        for each in orders:
            yield 1 / len(orders), each[0], _led(each, again, columns)


def _sent(values: Addresses, order: Order) -> Iterator[tuple[float, Addresses]]:
    """The orders in which an authority answers, as far as it turns them."""
    count = len(values)
    if count < 2 or order is Order.FIXED:
        yield 1.0, values
        return
    for start in range(count):
        ids = len(range(start, MESSAGE_IDS, count))
        chance = ids / MESSAGE_IDS if order is Order.BY_ID else 1 / count
        yield chance, values[start:] + values[:start]


def _begun(
    prefix: Addresses, values: Addresses, columns: tuple[Column, ...]
) -> Iterator[tuple[float, Addresses]]:
    """How a random order of all values may begin, as far as that matters."""
    waiting = [column.down for column in columns if not column.decided(prefix)]
    following = [
        value
        for value in values
        if value not in prefix and (not prefix or any(value not in down for down in waiting))
    ]
    if not following:
        yield 1.0, prefix
    for value in following:
        for part, begun in _begun((*prefix, value), values, columns):
            yield part / len(following), begun


def _led(
    stored: Addresses, again: SetOrder, columns: tuple[Column, ...]
) -> tuple[tuple[float, Lead], ...]:
    orders = each_order(again, stored)
    return _summed((1 / len(orders), _lead(order, columns)) for order in orders)


def _lead(order: Addresses, columns: tuple[Column, ...]) -> Lead:
    return tuple(column.leads(order) for column in columns)


def _summed(leads: Iterable[tuple[float, Lead]]) -> tuple[tuple[float, Lead], ...]:
    parts: dict[Lead, list[float]] = {}
    for part, lead in leads:
        parts.setdefault(lead, []).append(part)
    return tuple((math.fsum(parts[lead]), lead) for lead in sorted(parts))
