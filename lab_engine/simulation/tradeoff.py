"""What a TTL buys and costs: the outage of a failover, the bill, and how long look-ups take.

Closed forms alone, for one record behind equal caches whose clients keep to its TTL.
"""

import math
from bisect import bisect_right
from dataclasses import dataclass
from functools import cached_property

from lab_engine.authority.records import MAX_TTL
from lab_engine.simulation import theory
from lab_engine.simulation.knobs import Knobs
from lab_engine.simulation.parts import MAX_COUNT, MAX_MS, MAX_RATE
from lab_engine.simulation.prices import MILLION, MONTH, QUERIES
from lab_engine.simulation.values import number, whole

LEVELS = (0.5, 0.95, 0.99)


@dataclass(frozen=True)
class Tradeoff(Knobs):
    """A record with a failover, and what is asked of it.

    Attributes:
        ttl: seconds.
        rate: requests a second at each cache.
        caches: how many, 1 to 10^7.
        resolver_ms: the round trip from a client to its cache, milliseconds.
        authority_ms: from a cache to the authority.
        interval: of the health checks, seconds; refused connections, 16 checkers.
        threshold: results in a row that change a checker's mind.
        sla: the outage that must be over in 99 of 100 cases, seconds.
        price: of a million questions, in US dollars.
    """

    ttl: int = 60
    rate: float = 1.0
    caches: int = 1000
    resolver_ms: float = 10.0
    authority_ms: float = 150.0
    interval: float = 30.0
    threshold: int = 3
    sla: float = 180.0
    price: float = QUERIES["failover"]

    def __post_init__(self) -> None:
        whole("ttl", self.ttl, 0, MAX_TTL)
        number("rate", self.rate, 1 / MAX_RATE, MAX_RATE)
        whole("caches", self.caches, 1, MAX_COUNT)
        number("resolver_ms", self.resolver_ms, 0, MAX_MS)
        number("authority_ms", self.authority_ms, 0, MAX_MS)
        number("interval", self.interval, 0.001, MAX_TTL)
        whole("threshold", self.threshold, 1, 10)
        number("sla", self.sla, 0, MAX_TTL)
        number("price", self.price, 0, MAX_COUNT)

    def outage(self, ttl: int) -> float:
        """Seconds within which 99 of 100 failovers are over."""
        held = theory.hit_ratio(self.rate, ttl)
        failover = theory.Failover(self.interval, self.threshold, ttl, held=held)
        return failover.outage.quantile(0.99)

    def bill(self, ttl: int) -> float:
        """US dollars for a month of questions."""
        asked = self.caches * theory.upstream_rate(self.rate, ttl) * MONTH
        return asked / MILLION * self.price

    def lookup(self, ttl: int, level: float) -> float:
        """Milliseconds within which this part of the look-ups is answered.

        A hit takes the way to the cache, a miss the way to the authority as well.
        """
        hits = theory.hit_ratio(self.rate, ttl)
        return self.resolver_ms + (self.authority_ms if hits < level else 0.0)

    @cached_property
    def knee(self) -> int | None:
        """The largest TTL that meets the SLA; None where not even 0 does."""
        if self.outage(0) > self.sla:
            return None
        end = math.floor(self.sla) + 1  # an outage is no shorter than most of a TTL
        while self.outage(end) <= self.sla:
            end *= 2
        return bisect_right(range(end), self.sla, key=self.outage) - 1
