"""When one client asks: gaps between its requests, for each kind of arrivals, from given dice.

All are renewal processes of one mean rate; the first gap is drawn from the time that is left of a
gap in the long run, so that a watch begins in the middle of things. Poisson arrivals of a crowd
are those of one client with the sum of their rates; of the other kinds that is not true.
"""

from collections.abc import Callable, Iterator
from math import log, sqrt
from random import Random

from lab_engine.simulation.parts import Arrivals

VARIATION = 4.0  # c² of the gaps of H2
SHORT = (1 + sqrt((VARIATION - 1) / (VARIATION + 1))) / 2  # the part of short ones: balanced means
SHAPE = 1.5  # of Pareto gaps: a mean, and no variance


def gaps(kind: Arrivals, rate: float, rng: Random) -> Iterator[float]:
    """Seconds to the first request, and from each to the next, without end.

    Args:
        kind: of arrivals.
        rate: requests a second, above 0.
        rng: the dice.
    """
    first, later = KINDS[kind]
    yield first(rng, 1 / rate)
    while True:
        yield later(rng, 1 / rate)


def _exponential(rng: Random, mean: float) -> float:
    return -log(1 - rng.random()) * mean


def _erlang(rng: Random, mean: float) -> float:
    return _exponential(rng, mean / 2) + _exponential(rng, mean / 2)


def _erlang_rest(rng: Random, mean: float) -> float:
    """One of the two phases is running, each as likely."""
    return _exponential(rng, mean / 2) if rng.random() < 0.5 else _erlang(rng, mean)


def _h2(rng: Random, mean: float) -> float:
    return _h2_of(rng, mean, SHORT if rng.random() < SHORT else 1 - SHORT)


def _h2_rest(rng: Random, mean: float) -> float:
    """Balanced means: as much time passes in long gaps as in short ones."""
    return _h2_of(rng, mean, SHORT if rng.random() < 0.5 else 1 - SHORT)


def _h2_of(rng: Random, mean: float, part: float) -> float:
    return _exponential(rng, mean / (2 * part))


def _same(_rng: Random, mean: float) -> float:
    return mean


def _phase(rng: Random, mean: float) -> float:
    return rng.random() * mean


def _pareto(rng: Random, mean: float) -> float:
    return _least(mean) * float((1 - rng.random()) ** (-1 / SHAPE))


def _pareto_rest(rng: Random, mean: float) -> float:
    """Density P(gap > x) / mean: flat up to the least gap, then Pareto with one power less."""
    if rng.random() < _least(mean) / mean:
        return _least(mean) * rng.random()
    return _least(mean) * float((1 - rng.random()) ** (-1 / (SHAPE - 1)))


def _least(mean: float) -> float:
    return mean * (SHAPE - 1) / SHAPE


Draw = Callable[[Random, float], float]
KINDS: dict[Arrivals, tuple[Draw, Draw]] = {
    Arrivals.POISSON: (_exponential, _exponential),
    Arrivals.ERLANG_2: (_erlang_rest, _erlang),
    Arrivals.H2: (_h2_rest, _h2),
    Arrivals.DETERMINISTIC: (_phase, _same),
    Arrivals.PARETO: (_pareto_rest, _pareto),
}
