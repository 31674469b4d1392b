"""Quantiles of values that weigh differently."""

import math
from bisect import bisect_left
from collections.abc import Iterable
from itertools import accumulate


def weighted_quantiles(
    sample: Iterable[tuple[float, float]], levels: Iterable[float]
) -> tuple[float, ...]:
    """The least value below or at which these parts of the weight lie; NaN of nothing.

    Args:
        sample: (value, weight) in any order.
        levels: 0 to 1.
    """
    ordered = sorted((value, weight) for value, weight in sample if weight > 0)
    if not ordered:
        return tuple(math.nan for _ in levels)
    return tuple(ordered[each][0] for each in places((weight for _, weight in ordered), levels))


def places(weights: Iterable[float], levels: Iterable[float]) -> tuple[int, ...]:
    """The first of some, in their order, up to which these parts of their weight lie.

    Args:
        weights: above 0, of one at least.
        levels: 0 to 1.
    """
    sums = [*accumulate(weights)]
    found = (bisect_left(sums, level * sums[-1] * (1 - 1e-12)) for level in levels)
    return tuple(min(each, len(sums) - 1) for each in found)
