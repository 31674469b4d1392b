"""How a run begins: in the middle of things, as in the long run, whatever is in it.

Where everything that clients remember ends with their resolver's copy, the law of the long run is
known, and each engine draws from it. Where caches have times of their own, it is not, and only time
finds it: a crowd, a resolver with all that is behind it, begins before the watch. But time alone
does not: copies that are taken as soon as they may be come at the same phases again and again, for
some (λT/2)² cycles. So each crowd begins at a time of its own, normal about two cycles before the
watch. Whatever its cycle is, up to the one that is reckoned with, what is left of the beginning in
the rate of its questions is a wave of at most 2 exp(-2π² 0.6²) = 0.2 % of it.
"""

import math
from typing import NamedTuple

from lab_engine.caches.clientprofiles import ClientProfile
from lab_engine.caches.recursives import RecursiveProfile
from lab_engine.simulation.parts import Arrivals
from lab_engine.simulation.scenario import Scenario
from lab_engine.simulation.strata import rate_of

CYCLES, SPREAD = 2.0, 0.6
"""Mean and standard deviation of the time before the watch; at most twice the mean."""


class Memory(NamedTuple):
    """For how long a crowd remembers how it began. Seconds.

    Attributes:
        cycle: from one fetch of its resolver to the next, at most, while somebody asks.
        own: for which a client or a layer holds on to what it has, if not for ever.
    """

    cycle: float
    own: float

    def before(self, normal: float) -> float:
        """How long before the watch it begins, given a standard normal throw."""
        return self.own + self.cycle * min(max(0.0, CYCLES + SPREAD * normal), 2 * CYCLES)


def memory(scenario: Scenario, ttl: float) -> Memory:
    """Of the crowds whose resolvers keep an answer for so long."""
    known = scenario.known_profiles
    layers = (known.layer(layer.profile) for layer in scenario.layers)
    everyone = [*layers, *(each for chain in scenario.chains.values() for each in chain)]
    spans = [_span(each, ttl) for each in everyone]
    own = max((each for each in spans if math.isfinite(each)), default=0.0)
    lowest = min(rate_of(scenario, place) for place in scenario.peopled)
    regular = scenario.clients.arrivals is not Arrivals.POISSON
    gap = max(own, 1 / lowest if regular else 0.0)
    return Memory(ttl + min(gap, ttl), own)


def _span(profile: ClientProfile | RecursiveProfile, ttl: float) -> float:
    """Seconds for which it holds on to an answer, or to a connection."""
    life = own_life(profile, ttl)
    if isinstance(profile, RecursiveProfile):
        return life
    open_for = min(profile.idle, profile.age)
    return life + profile.grace + (0.0 if math.isinf(open_for) else open_for)


def own_life(profile: ClientProfile | RecursiveProfile, ttl: float) -> float:
    """Seconds for which it keeps an answer for reasons of its own.

    0 where it keeps none, or keeps it as long as it is told to.
    """
    if isinstance(profile, RecursiveProfile):
        return float(profile.limits.cap) if profile.limits.cap < ttl else 0.0
    if profile.lifetime is not None:
        return profile.lifetime
    bent = min(max(ttl, profile.floor), profile.cap)
    return bent if bent != ttl else 0.0
