"""What clients remember, as the population engine needs it: a few numbers for each profile."""

import math
from typing import NamedTuple

import numpy as np

from lab_engine.caches.profiles import client
from lab_engine.simulation.parts import Clients, Mix
from lab_engine.simulation.population.tally import Ints
from lab_engine.simulation.strata import GOLDEN


class Kind(NamedTuple):
    """One kind of client. Times are seconds.

    Attributes:
        application: for which its application keeps an answer; 0 has no such cache.
        os: whether its system keeps one for what is left of the TTL.
        floor, cap: limits on that.
        negative: at most for which an answer without addresses is kept.
        failure: for which one is kept that may not be kept.
        tries_next: whether it goes on to the next address when one is dead.
    """

    application: float = 0.0
    os: bool = False
    floor: float = 0.0
    cap: float = math.inf
    negative: float = math.inf
    failure: float = 0.0
    tries_next: bool = True

    @property
    def remembers(self) -> bool:
        """Whether it has to be stepped by itself; others are one crowd."""
        return self.application > 0 or self.os or not self.tries_next

    def fill_rate(self, rate: float) -> float:
        """Questions a second that it passes on when it makes so many requests; at most."""
        kept = max(self.application, self.floor)
        return 0.0 if math.isinf(kept) else rate / (1 + rate * kept)


def kinds(clients: Clients) -> tuple[Kind, ...]:
    """Those of a scenario, in the order of its mix."""
    return tuple(_kind(name, clients) for name, _ in clients.profile)


def _kind(name: str, clients: Clients) -> Kind:
    if name == "none":
        own = clients.application_cache
        return Kind(own, clients.os_cache, failure=own)
    known = client(name)
    negative = math.inf if known.negative is None else known.negative
    obeys = known.lifetime is None
    return Kind(
        known.lifetime or 0.0,
        obeys,
        known.floor,
        known.cap,
        negative,
        known.failure,
        known.tries_next and known.keeps != 1,
    )


def kind_of(members: Ints, mix: Mix) -> Ints:
    """The place in the mix of each member of a stratum: `strata.profile_of`, for many."""
    edges = np.cumsum([part for _, part in mix])
    found = np.searchsorted(edges, (members + 0.5) * GOLDEN % 1, "right")
    return np.minimum(found, len(mix) - 1)
