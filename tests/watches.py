"""Many watches of one scenario, and what they say of its bins: for tests of whole distributions.

Bins of one watch are not independent, since what is cached comes again at the same phases. So
whatever is judged here is judged by its variance between watches, which are.
"""

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import combinations
from statistics import NormalDist
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lab_engine.simulation import Outcome, Scenario, run
from tests.seeds import shifted

FAMILY = 1e-3  # how often one of all comparisons of a table may be wrong
POWER = 0.9
Counts = NDArray[np.floating[Any]]
"""Of shape (watches, bins)."""


def watched(
    scenario: Scenario,
    engine: str,
    seeds: Iterable[int],
    read: Callable[[Outcome], Sequence[float]] = lambda outcome: outcome.queries,
) -> Counts:
    """What is read of each of some watches, by default the queries in each bin."""
    return np.array([read(run(scenario.set("seed", shifted(n)), engine)) for n in seeds], float)


def critical(comparisons: int, freedom: int) -> float:
    """Standard errors beyond which one of so many comparisons is wrong; two-sided, Student's t.

    The expansion is that of Abramowitz and Stegun, 26.7.5.
    """
    z, n = NormalDist().inv_cdf(1 - FAMILY / comparisons / 2), freedom
    terms = (
        z,
        (z**3 + z) / 4 / n,
        (5 * z**5 + 16 * z**3 + 3 * z) / 96 / n**2,
        (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384 / n**3,
        (79 * z**9 + 776 * z**7 + 1482 * z**5 - 1920 * z**3 - 945 * z) / 92160 / n**4,
    )
    return math.fsum(terms)


def unevenness(counts: Counts) -> tuple[Counts, float]:
    """How far each bin is from the mean of all, and the standard error of that; parts of the mean.

    Where all is stationary the error is the same for every bin, so it is taken from all of them.
    """
    apart = counts - counts.mean(axis=1, keepdims=True)
    error = math.sqrt(apart.var(axis=0, ddof=1).mean() / len(counts))
    return apart.mean(axis=0) / counts.mean(), max(error, 1e-9) / float(counts.mean())


def worst(counts: Counts) -> float:
    """The bin that is furthest from the mean of all, in standard errors."""
    apart, error = unevenness(counts)
    return float(np.abs(apart).max() / error)


def enough(counts: Counts, comparisons: int, off: float = 0.1) -> bool:
    """Whether one bin that is so far off would be rejected with the power above."""
    error = unevenness(counts)[1]
    return off > error * (critical(comparisons, freedom(counts)) + NormalDist().inv_cdf(POWER))


def freedom(counts: Counts) -> int:
    """Degrees of freedom of that error, at the least: the bins of a TTL are ten or more."""
    return 10 * (len(counts) - 1)


def from_law(sums: Counts, law: float) -> float:
    """How far the mean of independent sums is from a law, in standard errors."""
    error = max(sums.std(ddof=1) / math.sqrt(len(sums)), 1e-9)
    return float(abs(sums.mean() - law) / error)


def pairwise(factors: Mapping[str, Sequence[str]]) -> list[dict[str, str]]:
    """Rows in which every two values of every two factors meet at least once.

    Greedy, and so the same each time: each row begins with a pair that is still missing.
    """
    missing = [pair for two in combinations(factors, 2) for pair in _pairs(factors, *two)]
    rows = []
    while missing:
        row = dict(missing[0])
        for name, values in factors.items():
            if name not in row:
                row[name] = max(values, key=lambda value: _met(row | {name: value}, missing))
        missing = [pair for pair in missing if not all(row[name] == v for name, v in pair)]
        rows.append({name: row[name] for name in factors})
    return rows


Pair = tuple[tuple[str, str], tuple[str, str]]


def _pairs(factors: Mapping[str, Sequence[str]], one: str, other: str) -> Iterator[Pair]:
    yield from (((one, a), (other, b)) for a in factors[one] for b in factors[other])


def _met(row: Mapping[str, str], missing: Sequence[Pair]) -> int:
    return sum(all(row.get(name) == value for name, value in pair) for pair in missing)
