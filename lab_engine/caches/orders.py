"""The order in which a resolver answers a set of records again from its cache.

It decides whether round robin survives the cache. `each_order` lists what can come, all equally
likely; `arranged` draws one. The authority's own order is `authority.order`.
"""

import math
from functools import cache
from itertools import permutations
from random import Random
from typing import TypeVar

from lab_engine.errors import Choice

T = TypeVar("T")


class SetOrder(Choice):
    """What happens to a set at each answer from the cache."""

    ROTATE = "rotate"
    """It starts one random step further on: Unbound and Knot by the query's ID, BIND 9.21.14 on."""
    FROZEN = "frozen"
    """It stays as the authority sent it."""
    SHUFFLED_ONCE = "shuffled-once"
    """Shuffled when it comes, then frozen: PowerDNS's packet cache repeats the same bytes."""
    ONE_SEED = "one-seed"
    """Shuffled with one number for all swaps: BIND's `random`, the default until 9.21.13."""
    SHUFFLE = "shuffle"
    """Every permutation alike: CoreDNS's `loadbalance`."""


def order_count(order: SetOrder, count: int) -> int:
    """How many orders a set of `count` values comes in from one cache entry."""
    if order is SetOrder.ROTATE:
        return max(1, count)
    if order is SetOrder.ONE_SEED:
        return math.lcm(*range(1, count + 1))  # the remainders of its seed by 1 to count
    return math.factorial(count) if order is SetOrder.SHUFFLE else 1


def each_order(order: SetOrder, values: tuple[T, ...]) -> tuple[tuple[T, ...], ...]:
    """Every order that can come from one cache entry, all equally likely.

    They are `order_count` many: count before you list.
    """
    if order is SetOrder.ROTATE:
        return tuple(values[start:] + values[:start] for start in range(max(1, len(values))))
    return tuple(
        tuple(values[index] for index in indices) for indices in _indices(order, len(values))
    )


def arranged(order: SetOrder, values: tuple[T, ...], rng: Random) -> tuple[T, ...]:
    """`values` as one answer has them."""
    count = len(values)
    if count < 2 or order in (SetOrder.FROZEN, SetOrder.SHUFFLED_ONCE):
        return values
    if order is SetOrder.SHUFFLE:
        return shuffled(values, rng)
    if order is SetOrder.ONE_SEED:
        return _one_seed(values, rng.getrandbits(32))
    start = int(rng.random() * count)
    return values[start:] + values[:start]


def shuffled(values: tuple[T, ...], rng: Random) -> tuple[T, ...]:
    """`values` in any order, each as likely."""
    return tuple(rng.sample(values, len(values)))


@cache
def _indices(order: SetOrder, count: int) -> tuple[tuple[int, ...], ...]:
    plain = tuple(range(count))
    if order is SetOrder.ONE_SEED:
        return tuple(_one_seed(plain, seed) for seed in range(order_count(order, count)))
    return tuple(permutations(plain)) if order is SetOrder.SHUFFLE else (plain,)


def _one_seed(values: tuple[T, ...], seed: int) -> tuple[T, ...]:
    """BIND 9.20's loop over an rdataset: swap element j with element j + seed mod (n - j)."""
    turned = list(values)
    for at in range(len(turned)):
        other = at + seed % (len(turned) - at)
        turned[at], turned[other] = turned[other], turned[at]
    return tuple(turned)
