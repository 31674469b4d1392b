"""Whether two lists of runs follow one law: a test that holds for any law, however rare its events.

If they do, each pair of runs could as well stand the other way round, and the difference of a sum
has either sign with the same chance. That alone bounds how far all differences may add up (that is
Hoeffding's inequality, and needs no central limit), and gives the exact chance where most of them
are zero. So thousands of sums may be held together to one in a thousand, with few runs of each.
"""

import math
from collections.abc import Sequence
from statistics import fmean


def chance(ones: Sequence[float], others: Sequence[float]) -> float:
    """At most the probability of lists that lie so far apart, if they follow one law.

    P(|Σd| > t √Σd²) <= 2 exp(-t²/2) over the signs of the differences d; where a sum is zero in
    most runs, the sign test of those that are not.
    """
    apart = [one - other for one, other in zip(ones, others, strict=True)]
    if 2 * sum(map(bool, (*ones, *others))) < len(ones) + len(others):
        return _of_signs(sum(d > 0 for d in apart), sum(d < 0 for d in apart))
    squares = math.fsum(d * d for d in apart)
    return min(1.0, 2 * math.exp(-(math.fsum(apart) ** 2) / squares / 2)) if squares else 1.0


def spread_chance(ones: Sequence[float], others: Sequence[float]) -> float:
    """The same for how far a sum scatters around the mean of all runs."""
    middle = fmean([*ones, *others])
    return chance([abs(x - middle) for x in ones], [abs(x - middle) for x in others])


def _of_signs(plus: int, minus: int) -> float:
    """The exact chance of so unequal a number of signs."""
    tosses, fewer = plus + minus, min(plus, minus)
    return min(1.0, 2 * sum(math.comb(tosses, heads) for heads in range(fewer + 1)) / 2**tosses)
