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
    sums = [*accumulate(weight for _, weight in ordered)]
    if not sums:
        return tuple(math.nan for _ in levels)
    places = (bisect_left(sums, level * sums[-1] * (1 - 1e-12)) for level in levels)
    return tuple(ordered[min(place, len(ordered) - 1)][0] for place in places)
