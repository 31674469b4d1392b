"""How many clients stand behind each resolver. A few resolvers serve most of the world."""

import math

from lab_engine.errors import LabError


def zipf_shares(count: int, skew: float) -> tuple[float, ...]:
    """The share of each of `count` resolvers, largest first; they sum to 1.

    The share of rank i is proportional to i^-skew: 0 makes all equal, 1 is Zipf's law, which fits
    the head of the measured distribution (Chen et al., SIGCOMM 2015).

    Raises:
        LabError: fewer than 1 resolver, or a negative or infinite skew.
    """
    if count < 1:
        raise LabError(count, "is not a number of resolvers", "Take at least 1.")
    if not 0 <= skew < math.inf:
        raise LabError(skew, "is not a skew", "Take 0 for equal shares, 1 for Zipf's law.")
    if skew == 0:
        return (1 / count,) * count
    weights = [rank**-skew for rank in range(1, count + 1)]
    total = math.fsum(weights)
    return tuple([weight / total for weight in weights])


def head_counts(clients: int, shares: tuple[float, ...]) -> tuple[int, ...]:
    """`clients` split by `shares` into whole numbers, by the largest remainder."""
    exact = [clients * share for share in shares]
    counts = [math.floor(part) for part in exact]
    if sum(counts) == clients:
        return tuple(counts)
    by_remainder = sorted(range(len(exact)), key=lambda i: counts[i] - exact[i])
    for index in by_remainder[: clients - sum(counts)]:
        counts[index] += 1
    return tuple(counts)
