"""How a run begins: the law that both engines share. Each draws from it with its own dice.

A watch begins in the middle of things. Without an application cache that is exact: a copy is at
its resolver with probability H = λT/(1 + λT), its age uniform on [0, T], else the next request
fills it; a system cache has asked since that fill, or has not. Beginning all caches empty or full
at once would keep them in step for about (λT/2)² cycles.
"""

import math

from lab_engine.simulation.parts import Clients
from lab_engine.simulation.population.kinds import kinds


def fill_rate(clients: Clients) -> float:
    """Questions a second that one client's application passes on."""
    if math.isinf(clients.application_cache):
        return 0.0
    return clients.rate / (1 + clients.rate * clients.application_cache)


def warm_up(clients: Clients, ttl: float) -> float:
    """Seconds before the watch at which clients with a lifetime of their own begin to ask.

    Such caches begin as in the long run, too. But the phase of a resolver's copy against them has
    no closed form: it begins as if the questions were Poisson, and has this time to forget that.
    A cache that never asks again has no long run: it begins empty, with the watch.
    """
    own = [max(kind.application, kind.floor) for kind in kinds(clients)]
    longest = max((each for each in own if 0 < each < math.inf), default=0.0)
    return 2 * (longest + ttl) if longest else 0.0
