"""A record changes: the part of requests that still follow the old one, t seconds later.

Every copy counts from when it was fetched, and the change is seen by the authority at once.
"""

import math
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from lab_engine.errors import LabError
from lab_engine.simulation.theory.hits import hit_ratio
from lab_engine.simulation.theory.ranges import normal, not_negative, positive, seconds, within


def effective_ttl(ttl: float, floor: float = 0.0, cap: float = math.inf) -> float:
    """The TTL that a cache with a floor and a cap keeps to.

    >>> effective_ttl(20, floor=60), effective_ttl(86_400, cap=3600)
    (60, 3600)
    """
    positive(cap=cap)
    within(0, cap, floor=floor)
    not_negative(ttl=ttl)
    return min(max(ttl, floor), cap)


def stale_fraction(after: float, ttl: float, rate: float = math.inf) -> float:
    """Stale requests behind one cache: λ(T - t) / (1 + λT) until T, then none.

    A busy cache (λ without end): 1 - t/T. Also behind two caches whose second keeps to what is left
    of the TTL. For Poisson requests; a request that fetches is not stale.

    Args:
        after: t, up to 2^31 - 1.
        ttl: T, with the cache's floor and cap; `math.inf` for one that never asks again.
        rate: λ at the cache.

    >>> [round(stale_fraction(t, 20, rate=1), 4) for t in (0, 5, 10, 15)]
    [0.9524, 0.7143, 0.4762, 0.2381]
    """
    seconds(after=after)
    not_negative(ttl=ttl, rate=rate)
    return hit_ratio(rate, ttl) * _left(after, ttl)


def two_level_stale_fraction(after: float, first: float, second: float) -> float:
    """Stale requests behind two busy caches, each with its whole lifetime: P(U1 + U2 > t).

    U1, U2 are uniform up to T1 and T2. So the worst case is T1 + T2, not the larger of them.

    Args:
        after: t, up to 2^31 - 1.
        first: T1, such as the lifetime of an application cache.
        second: T2, the resolver's TTL. Either may be 0 or `math.inf`.

    >>> [two_level_stale_fraction(t, 20, 20) for t in (10, 20, 30, 40)]
    [0.875, 0.5, 0.125, 0.0]
    """
    seconds(after=after)
    not_negative(first=first, second=second)
    short, long = sorted((first, second))
    if short == 0 or math.isinf(long):
        return _left(after, long)
    # Twice the area of {u1 + u2 <= t} in the rectangle: a corner, less what sticks out of it.
    outside = max(0.0, after - short) ** 2 + max(0.0, after - long) ** 2
    fresh = after**2 - outside + max(0.0, after - short - long) ** 2
    return min(1.0, max(0.0, 1 - fresh / (2 * short * long)))


def pinned_stale_fraction(after: float, ttl: float, life: float, rate: float = math.inf) -> float:
    """Stale requests on connections that are kept for L seconds: P(R + U > t).

    A connection stays with the address it was opened to, and the next is opened when it ends: its
    age is uniform up to L. R is how long its cache would have stayed stale: uniform up to T with
    probability H, else 0.

    Args:
        after: t, up to 2^31 - 1.
        ttl: T.
        life: L, the same for all connections. 0 keeps none, `math.inf` never lets go.
        rate: λ at the cache: of the openings, not of the requests.

    >>> pinned_stale_fraction(30, ttl=20, life=20), pinned_stale_fraction(5, ttl=0, life=20)
    (0.125, 0.75)
    """
    not_negative(ttl=ttl, life=life, rate=rate)
    held = hit_ratio(rate, ttl)
    both = two_level_stale_fraction(after, ttl, life)
    return held * both + (1 - held) * _left(after, life)


def rolled_back_fraction(after: float, kept: float, old_ttl: float, new_ttl: float) -> float:
    """Requests of busy caches that still follow a change t seconds after it was taken back.

    A cache meets the change at its next fetch, u uniform up to T, and from then on fetches every T'
    seconds. Where it was met before the change was taken back, N seconds after it was made, its
    last copy of it ends when the next fetch is due. So of x = N - u, from N - T to N and above 0,
    those count whose rest of a cycle, T' - x mod T', is above t.

    Args:
        after: t, up to 2^31 - 1.
        kept: N, likewise.
        old_ttl: T, before the change; 0 for copies that nobody kept.
        new_ttl: T', with it.

    >>> [rolled_back_fraction(t, kept=600, old_ttl=300, new_ttl=60) for t in (0, 30, 60)]
    [1.0, 0.5, 0.0]
    >>> rolled_back_fraction(0, kept=75, old_ttl=300, new_ttl=60)
    0.25
    """
    seconds(after=after, kept=kept, old_ttl=old_ttl, new_ttl=new_ttl)
    if after >= new_ttl:
        return 0.0
    if old_ttl == 0:
        return float(new_ttl - kept % new_ttl > after)

    def longer(until: float) -> float:
        """How many of the seconds up to there have so much of a cycle left."""
        cycles, rest = divmod(until, new_ttl)
        return cycles * (new_ttl - after) + min(rest, new_ttl - after)

    return (longer(kept) - longer(max(0.0, kept - old_ttl))) / old_ttl


MICROSOFT_2014: Final[Mapping[float, float]] = MappingProxyType({60: 0.883, 300: 0.077, 1800: 0.04})
"""Lifetimes, seconds, and how many of the busy caches keep to each; see `mixed_stale_fraction`."""


def mixed_stale_fraction(after: float, mix: Mapping[float, float]) -> float:
    """Stale requests of busy caches that keep to different lifetimes: Σ q·(1 - t/T).

    Flavel, Mani and Maltz, LANMAN 2014, saw 90 % of requests follow a TTL of 20 s within 60 s, and
    2 % not after 15 minutes. `MICROSOFT_2014` is calibrated to both; it predicts neither.

    Args:
        after: t, up to 2^31 - 1.
        mix: share by lifetime, scaled to sum to 1; `math.inf` for those who never ask again.

    >>> [round(mixed_stale_fraction(t, MICROSOFT_2014), 3) for t in (60, 300, 900)]
    [0.1, 0.033, 0.02]
    """
    if not isinstance(mix, Mapping):
        raise LabError(f"mix {mix!r}", "is no mix of lifetimes", "Write {60: 0.9, 300: 0.1}, say.")
    parts = zip(mix, normal(mix.values()), strict=True)
    return math.fsum(part * stale_fraction(after, ttl) for ttl, part in parts)


def _left(after: float, ttl: float) -> float:
    """P(U > t) for U uniform up to T."""
    return max(0.0, 1 - after / ttl) if ttl else 0.0
