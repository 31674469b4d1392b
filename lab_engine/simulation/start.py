"""How a run begins: the law that both engines share. Each draws from it with its own dice.

A watch begins in the middle of things. Without an application cache that is exact: a copy is at
its resolver with probability H = λT/(1 + λT), its age uniform on [0, T], else the next request
fills it; a system cache has asked since that fill, or has not. Beginning all caches empty or full
at once would keep them in step for about (λT/2)² cycles.
"""

import math

from lab_engine.simulation.scenario import Clients


def fill_rate(clients: Clients) -> float:
    """Questions a second that one client's application passes on."""
    if math.isinf(clients.application_cache):
        return 0.0
    return clients.rate / (1 + clients.rate * clients.application_cache)


def warm_up(clients: Clients, ttl: int) -> float:
    """Seconds before the watch at which clients with an application cache begin to ask.

    Such caches begin as in the long run, too. But the phase of a resolver's copy against them has
    no closed form: it begins as if the questions were Poisson, and has this time to forget that.
    A cache that never asks again has no long run: it begins empty, with the watch.
    """
    lifetime = clients.application_cache
    return 0.0 if lifetime in (0, math.inf) else 2 * (lifetime + ttl)
