"""The closed forms beside the simulated numbers, for populations that keep to TTLs.

Each is a mixture over the resolvers of a scenario, by the requests that come by way of them. None
where no closed form holds: then the simulation stands alone.
"""

from collections import Counter
from collections.abc import Callable

from lab_engine.simulation import theory
from lab_engine.simulation.scenario import Scenario
from lab_engine.simulation.strata import strata

HALVINGS = 40
Rates = Counter[float]
"""How many resolvers are asked so often a second."""


def rates(scenario: Scenario) -> Rates:
    """Requests a second at each resolver."""
    found: dict[int, float] = {}
    for stratum in strata(scenario):
        for resolver, heads in zip(stratum.resolvers, stratum.heads, strict=True):
            found[resolver] = found.get(resolver, 0.0) + heads * stratum.rate
    return Counter(found.values())


def mixed(at: Callable[[float], float], asked: Rates) -> float:
    """The mean of a function of a resolver's rate, by requests."""
    whole = sum(rate * count for rate, count in asked.items())
    return sum(rate * count * at(rate) for rate, count in asked.items()) / whole


def stale(after: float, ttl: float, asked: Rates) -> float:
    """The part of requests that follows the old answer, so many seconds after a change."""
    return mixed(lambda rate: theory.stale_fraction(after, ttl, rate), asked)


def queries(ttl: float, asked: Rates) -> float:
    """Questions to the authority a second."""
    return sum(count * theory.upstream_rate(rate, ttl) for rate, count in asked.items())


def falls_to(curve: Callable[[float], float], part: float, end: float) -> float:
    """When a curve that falls is no more than this: seconds from 0 to `end`, by bisection."""
    low, high = 0.0, end
    if curve(0.0) <= part:
        return 0.0
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        low, high = (low, middle) if curve(middle) <= part else (middle, high)
    return high


def outage(failover: Callable[[float], theory.Delay], asked: Rates, level: float) -> float:
    """A quantile of the outage, over all requests: `failover` gives the law behind one resolver."""
    delays = {rate: failover(rate) for rate in asked}
    end = max(delay.longest for delay in delays.values())
    if level == 1:
        return end
    return falls_to(lambda t: 1 - mixed(lambda rate: delays[rate].cdf(t), asked), 1 - level, end)
