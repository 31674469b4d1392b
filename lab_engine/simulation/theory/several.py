"""Several caches or names: one cache behind another, many behind one address, and a catalogue."""

import math
from collections.abc import Sequence
from itertools import count

from lab_engine.errors import LabError
from lab_engine.simulation.theory.hits import hit_ratio, renewal_hit_ratio
from lab_engine.simulation.theory.ranges import normal, not_negative, seconds, whole

MOST_LIFETIMES = 10**5
NEGLIGIBLE = 1e-17


def chain_hit_ratio(rate: float, lifetime: float, ttl: float) -> float:
    """The hit ratio of a resolver behind a single application cache with a lifetime of its own.

    Such caches (JVM, curl, Chrome) restart their lifetime T1 whatever the answer's remaining TTL
    is. They ask after T1 and an exponential gap, so of M(T2) = Σ_k P(Erlang(k, λ) <= T2 - k·T1),
    for k·T1 < T2. For Poisson requests and one client; a resolver shared by many sees something
    closer to `hit_ratio`.

    Args:
        rate: λ at the application cache; `math.inf` for a busy one.
        lifetime: T1. At 0 there is no such cache.
        ttl: T2. The resolver may be asked 100,000 times in it, on average.

    >>> round(chain_hit_ratio(0.2, 5, 30), 4), round(chain_hit_ratio(1, 30, 60), 4)
    (0.7241, 0.5)
    """
    not_negative(rate=rate)
    seconds(lifetime=lifetime, ttl=ttl)
    if lifetime == 0 or rate == 0:
        return hit_ratio(rate, ttl)
    if ttl > MOST_LIFETIMES * (lifetime + 1 / rate):
        remedy = f"Take at most {MOST_LIFETIMES} times the lifetime; the hit ratio is nearly 1."
        raise LabError(f"ttl {ttl!r}", "is too long to sum its refills", remedy)
    renewals = 0.0
    for refills in count(1):
        remaining = ttl - refills * lifetime
        if remaining <= 0:
            break
        chance = _at_least(refills, rate * remaining)
        renewals += chance
        if chance < NEGLIGIBLE:
            break
    return renewal_hit_ratio(renewals)


def fragmented_misses(caches: int, queries: int) -> float:
    """Misses expected when q queries fall on b independent empty caches: b·(1 - (1 - 1/b)^q).

    A public resolver is many caches behind one address. Holds within one TTL, with each query sent
    to any of them alike. One mechanism that fits the clients for whom caching does not work (about
    30 %, Moura et al., IMC 2018); no proof of it.

    >>> fragmented_misses(2, 3), round(fragmented_misses(4, 6) / 6, 2)
    (1.75, 0.55)
    """
    whole(1, 10**9, caches=caches)
    whole(0, 10**9, queries=queries)
    if caches == 1:
        return float(queries > 0)
    return -caches * math.expm1(queries * math.log1p(-1 / caches))


def catalogue_hit_ratio(shares: Sequence[float], rate: float, ttl: float) -> float:
    """The hit ratio of one cache over a catalogue of names: Σ p·x / (1 + x), x = Λ·p·T.

    For independent Poisson requests to each name, and a cache with room for all. Traces have
    bursts of requests for a name, hence more hits: with Zipf's law this does not reach the 80 % at
    15 minutes that Jung et al. measured, except for small or busy catalogues.

    Args:
        shares: of the names in the requests; scaled to sum to 1.
        rate: Λ, of all requests.
        ttl: T, of every name.

    >>> from lab_engine.caches.crowds import zipf_shares
    >>> [round(catalogue_hit_ratio(zipf_shares(1000, 1), 1, ttl), 3) for ttl in (60, 900, 3600)]
    [0.362, 0.702, 0.85]
    """
    parts = normal(shares)
    not_negative(rate=rate, ttl=ttl)
    return math.fsum(part * hit_ratio(rate * part, ttl) for part in parts if part)


def _at_least(events: int, mean: float) -> float:
    """P(N >= events) of a Poisson number; also P(Erlang(events, λ) <= mean / λ).

    Summed from the boundary outwards, where the terms shrink, until they do not matter.
    """
    if mean == 0 or math.isinf(mean):
        return float(mean > 0)
    upper = events > mean
    number = events if upper else events - 1
    term = math.exp(number * math.log(mean) - mean - math.lgamma(number + 1))
    tail = 0.0
    while term > NEGLIGIBLE * tail:
        tail += term
        number += 1 if upper else -1
        term *= mean / number if upper else (number + 1) / mean
    return tail if upper else 1 - tail
