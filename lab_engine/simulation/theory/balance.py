"""Balance: how evenly caches spread over servers, and how well a small share is met.

Every cache keeps one address for a TTL, and brings all its clients' requests to it.
"""

import math
from collections.abc import Sequence

from lab_engine.simulation.theory.ranges import normal, not_negative, positive, whole, within

MOST = 10**9


def effective_count(shares: Sequence[float]) -> float:
    """How many equal caches scatter as much as these: 1 / Σw², for shares w that sum to 1.

    >>> effective_count([0.25] * 4)
    4.0
    >>> from lab_engine.caches.crowds import zipf_shares
    >>> [round(effective_count(zipf_shares(caches, 1)), 1) for caches in (10, 100, 1000)]
    [5.5, 16.5, 34.1]
    """
    return 1 / math.fsum([share**2 for share in normal(shares)])


def imbalance_floor(servers: int, shares: Sequence[float]) -> float:
    """The least max/mean while every cache keeps one address: max(1, k·w1).

    Whoever gets the largest cache gets at least its share; no assignment does better. Holds for
    the mean load, in a window within which no cache changes its address.

    >>> imbalance_floor(4, [0.5, 0.3, 0.2])
    2.0
    """
    whole(1, MOST, servers=servers)
    return max(1.0, servers * max(normal(shares)))


def expected_imbalance(servers: int, caches: float) -> float:
    """E[max/mean] when each cache goes to a random server: 1 + sqrt(2 k ln k / N).

    Raab and Steger, RANDOM 1998, leading order; for unequal caches N is `effective_count`. Valid
    for N >> k ln k: it overshoots by 9-23 % at N = 10 to 100, by less than 5 % from N = 1000. For
    caches by Zipf's law over 10 servers it falls a little short.

    >>> round(expected_imbalance(3, 1000), 3)
    1.081
    """
    whole(1, MOST, servers=servers)
    positive(caches=caches)
    return 1 + math.sqrt(2 * servers * math.log(servers) / caches)


def rotation_imbalance(servers: int, caches: int) -> float:
    """max/mean when N equal caches take k servers strictly in turn: k·ceil(N/k) / N.

    >>> rotation_imbalance(3, 10)
    1.2
    """
    whole(1, MOST, servers=servers, caches=caches)
    return servers * math.ceil(caches / servers) / caches


def canary_error(share: float, shares: Sequence[float], ttl: float, watched: float) -> float:
    """The standard deviation of the share that a canary gets over a time.

    sqrt(p(1 - p) · Σw² · g(τ/T)), where g(r) is 1 - r/3 up to 1, then 1/r - 1/(3r²). For busy
    caches at random phases, each drawing anew whenever its copy ends. The law is skewed for rare
    canaries: show quantiles, since two of these below the mean may be less than nothing.

    Args:
        share: p, what the canary should get.
        shares: w, of the caches in the requests; scaled to sum to 1.
        ttl: T, above 0.
        watched: τ, the seconds over which its requests are counted; 0 for a moment.

    >>> from lab_engine.caches.crowds import zipf_shares
    >>> round(canary_error(0.05, zipf_shares(100, 1), ttl=60, watched=600), 4)
    0.0167
    """
    within(0, 1, share=share)
    positive(ttl=ttl)
    not_negative(watched=watched)
    variance = share * (1 - share) / effective_count(shares)
    return math.sqrt(variance * _remaining_variance(watched / ttl))


def _remaining_variance(lifetimes: float) -> float:
    """What the mean over so many lifetimes leaves of the variance of a moment."""
    if lifetimes < 1:
        return 1 - lifetimes / 3
    return 1 / lifetimes - 1 / (3 * lifetimes**2)
