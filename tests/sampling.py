"""Whether the mean of a few independent values is what it should be, at four sigma.

The spread is estimated from the values themselves, so what is compared follows Student's t. Of few
values, 4 of their standard errors are far less than 4 sigma: of six, one right sample in a hundred
lies beyond them. `limit` is the number of standard errors beyond which lie as few right samples as
beyond 4 sigma of a known spread: 1 in 15,787.
"""

import math
from collections.abc import Sequence
from functools import cache
from statistics import NormalDist, fmean, stdev

OUTSIDE = 2 * NormalDist().cdf(-4)
STEPS = 2_000  # of Simpson's rule


def standard_error(sample: Sequence[float]) -> float:
    """Of the mean of independent values."""
    return stdev(sample) / math.sqrt(len(sample))


@cache
def limit(size: int) -> float:
    """How many standard errors the mean of so many values may be off: t at four sigma's chance.

    >>> round(limit(6), 2), round(limit(12), 2), round(limit(100), 2)
    (12.28, 6.24, 4.18)
    """
    low, high = 4.0, 1e5
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if outside(middle, size - 1) > OUTSIDE else (low, middle)
    return high


def outside(t: float, freedom: int) -> float:
    """The chance of a Student's t beyond ±t: Simpson's rule over its angle, x = √n·tan(a).

    There its density is that of cos^(n - 1), which is as easily integrated for any freedom n.
    """
    start, end = math.atan(t / math.sqrt(freedom)), math.pi / 2
    part = (end - start) / STEPS
    heights = [max(0.0, math.cos(start + n * part)) ** (freedom - 1) for n in range(STEPS + 1)]
    tail = part / 3 * (heights[0] + 4 * sum(heights[1::2]) + 2 * sum(heights[2:-1:2]) + heights[-1])
    whole = math.exp(math.lgamma(freedom / 2) - math.lgamma((freedom + 1) / 2)) * math.sqrt(math.pi)
    return 2 * tail / whole


def agrees(sample: Sequence[float], expected: float) -> bool:
    """Whether the mean of independent values is within four sigma of what it should be."""
    allowed = limit(len(sample)) * standard_error(sample)
    return abs(fmean(sample) - expected) <= allowed + 1e-9
