"""Closed forms: what a simulation should give, with the source and the range of each.

Rates are requests a second at one cache, times are seconds. Nothing here is simulated, and no
formula is used by an engine except the hit ratio, with which a run begins.
"""

import math
from collections.abc import Sequence

from lab_engine.errors import LabError


def hit_ratio(rate: float, ttl: float) -> float:
    """The part of requests that a TTL cache answers: λT / (1 + λT).

    Jung, Berger and Balakrishnan, "Modeling TTL-based Internet caches", INFOCOM 2003: H = M/(1+M)
    for renewal arrivals with renewal function M(T), which is λT for Poisson ones. Hits do not renew
    the entry, as DNS has it. The often quoted 1 - e^(-λT) is for the cache whose hits do. Also the
    part of the time in which a copy is present.

    >>> hit_ratio(1, 3)
    0.75
    """
    _check(rate >= 0 and ttl >= 0, (rate, ttl), "a rate and a TTL are not negative")
    load = rate * ttl
    return 1.0 if math.isinf(load) else load / (1 + load)


def upstream_rate(rate: float, ttl: float) -> float:
    """Fills a second: λ / (1 + λT), for Poisson arrivals. The fills are not Poisson.

    >>> upstream_rate(1, 9)
    0.1
    """
    _check(rate >= 0 and ttl >= 0, (rate, ttl), "a rate and a TTL are not negative")
    return rate / (1 + rate * ttl)


def whole_second_hit_ratio(rate: float, ttl: int, grace: int = 0) -> float:
    """The hit ratio of a resolver whose clock has whole seconds: BIND, PowerDNS, Unbound.

    An entry fetched in second f is good while now < f + T + d, so a cycle lasts
    T + d + 1/(e^λ - 1) on average. Derived for this course and confirmed with packets; Poisson
    arrivals.

    Args:
        rate: λ, above 0.
        ttl: T, whole seconds.
        grace: d; 1 for Unbound up to 1.24.2, else 0.

    >>> round(whole_second_hit_ratio(0.2, 5), 4), round(whole_second_hit_ratio(0.2, 5, grace=1), 4)
    (0.4746, 0.5246)
    """
    _check(rate > 0 and ttl >= 0 and grace >= 0, (rate, ttl, grace), "needs λ > 0, T and d >= 0")
    gap = math.exp(-rate) / -math.expm1(-rate)
    cycle = ttl + grace + gap
    return max(0.0, 1 - 1 / (rate * cycle)) if cycle else 0.0


def effective_count(shares: Sequence[float]) -> float:
    """How many equal caches scatter as much as these: 1 / Σw².

    >>> effective_count([0.25] * 4)
    4.0
    >>> round(effective_count([0.7, 0.1, 0.1, 0.1]), 2)
    1.92
    """
    total = math.fsum(shares)
    _check(bool(shares) and min(shares) >= 0 and total > 0, shares, "shares are positive")
    return total**2 / math.fsum(share**2 for share in shares)


def imbalance_floor(servers: int, shares: Sequence[float]) -> float:
    """The least max/mean while every cache keeps one address: max(1, k·w1).

    Whoever gets the largest cache gets at least its share; no assignment does better. Holds for
    the mean load, in a window within which no cache changes its address.

    >>> imbalance_floor(4, [0.5, 0.3, 0.2])
    2.0
    """
    _check(servers >= 1 and bool(shares), servers, "needs a server and a cache")
    return max(1.0, servers * max(shares) / math.fsum(shares))


def expected_imbalance(servers: int, caches: float) -> float:
    """E[max/mean] when each cache goes to a random server: 1 + sqrt(2 k ln k / N).

    Raab and Steger, RANDOM 1998, leading order; for unequal caches N is `effective_count`. Valid
    for N >> k ln k: it overshoots by 9-23 % at N = 10 to 100, by less than 5 % from N = 1000.

    >>> round(expected_imbalance(3, 1000), 3)
    1.081
    """
    _check(servers >= 1 and caches > 0, (servers, caches), "needs a server and a cache")
    return 1 + math.sqrt(2 * servers * math.log(servers) / caches)


def rotation_imbalance(servers: int, caches: int) -> float:
    """max/mean when N equal caches take k servers strictly in turn: k·ceil(N/k) / N.

    >>> rotation_imbalance(3, 10)
    1.2
    """
    _check(servers >= 1 and caches >= 1, (servers, caches), "needs a server and a cache")
    return servers * math.ceil(caches / servers) / caches


def _check(good: bool, value: object, rule: str) -> None:  # noqa: FBT001  (reads as an assertion)
    if not good:
        raise LabError(value, rule, "Choose other values.")
