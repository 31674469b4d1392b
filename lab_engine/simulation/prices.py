"""What an authority's queries cost, and a balancer: a dated price list, and the bill of a month.

Route 53's list prices, for a public hosted zone and up to 10^9 queries a month. They were written
down from memory on the date that stands with them: look at the provider's price page before a
decision rests on one. Not here: tiers beyond, taxes, options of health checks, and that queries for
an alias to an AWS endpoint are free.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from dns.rdatatype import RdataType

from lab_engine.authority.recordset import RecordSet
from lab_engine.simulation.outcome import Outcome
from lab_engine.simulation.scenario import Scenario

MONTH = 30 * 86_400
MILLION = 1e6
# unverified: every price
QUERIES = {
    "simple": 0.40,
    "weighted": 0.40,
    "failover": 0.40,
    "multivalue": 0.40,
    "latency": 0.60,
    "geolocation": 0.70,
    "geoproximity": 0.70,
    "IP-based": 0.80,
    "AZ-affinity": 0.40,  # nor remembered: taken for a standard one
}
# Network and Application Load Balancers: an hour of one, an hour of a capacity unit, and the new
# connections a second that a unit is enough for. Octets, open connections and rules are not seen.
BALANCERS = {"L4": (0.0225, 0.006, 800.0), "L7": (0.0225, 0.008, 25.0)}
HOUR = 3600


@dataclass(frozen=True)
class Prices:
    """A price list, in US dollars.

    Attributes:
        as_of: when it was written down.
        zone: of one hosted zone a month.
        queries: of a million queries, by the routing policy of what is asked for; one that is not
            listed costs what the simple one does.
        health_check: of one health check of a target outside AWS, a month, without options.
        balancers: by their layer, of an hour of one and of an hour of a capacity unit, and the new
            connections a second of a unit.
        caveat: what to know before it is believed.
    """

    as_of: str = "2026-11"
    zone: float = 0.50
    queries: Mapping[str, float] = field(default_factory=lambda: MappingProxyType(QUERIES))
    health_check: float = 0.75
    balancers: Mapping[str, tuple[float, float, float]] = field(
        default_factory=lambda: MappingProxyType(BALANCERS)
    )
    caveat: str = "from memory; check the price page"

    def query(self, policy: str) -> float:
        """Of a million queries for a policy."""
        return self.queries.get(policy, self.queries["simple"])


@dataclass(frozen=True)
class Bill:
    """A month of a scenario, in US dollars.

    Attributes:
        queries: that reach the authority in 30 days, if all of them are like the watch.
        for_queries, for_zone, for_checks, for_balancer: what each part costs.
        prices: the list.
    """

    queries: float
    for_queries: float
    for_zone: float
    for_checks: float
    prices: Prices
    for_balancer: float = 0.0

    @property
    def total(self) -> float:
        """All of it."""
        return self.for_queries + self.for_zone + self.for_checks + self.for_balancer

    def __str__(self) -> str:
        balancer = f", balancer {self.for_balancer:,.2f}" if self.for_balancer else ""
        prices = f"prices of {self.prices.as_of}, {self.prices.caveat}"
        return (
            f"{self.total:,.2f} USD a month: {self.queries / MILLION:,.2f} million queries "
            f"{self.for_queries:,.2f}, zone {self.for_zone:.2f}, health checks "
            f"{self.for_checks:,.2f}{balancer} ({prices})"
        )


def bill(scenario: Scenario, outcome: Outcome, prices: Prices | None = None) -> Bill:
    """What the authority of a run would cost in a month of such traffic.

    The dearest policy among the record sets asked for sets the price of a query, at the beginning
    of the watch; so do the health checks that the zone names.
    """
    listed = prices or Prices()
    whole = len(outcome.queries) * outcome.bin
    watched = whole if math.isnan(outcome.ended) else outcome.ended
    queries = outcome.authority_queries * MONTH / watched if watched else 0.0
    price = query_price(scenario, listed)
    checks = len(scenario.zone.check_ids) * listed.health_check
    connections = outcome.service.connections / watched if watched else 0.0
    balancer = _balancer(scenario, connections, listed)
    return Bill(queries, queries / MILLION * price, listed.zone, checks, listed, balancer)


def query_price(scenario: Scenario, prices: Prices) -> float:
    """Of a million queries for what a scenario asks: its dearest policy's."""
    return max(prices.query(each.policy.name) for each in _asked(scenario))


def _balancer(scenario: Scenario, connections: float, prices: Prices) -> float:
    """A month of the balancer, if there is one, at so many new connections a second."""
    if scenario.balancer is None:
        return 0.0
    hour, unit, each = prices.balancers[scenario.balancer.layer]
    return MONTH / HOUR * (hour + unit * connections / each)


def _asked(scenario: Scenario) -> Iterable[RecordSet]:
    """What answers the question; all of the zone where a wildcard stands in."""
    held = scenario.zone.node(scenario.question.name) or {}
    return held.get(scenario.question.type) or held.get(RdataType.CNAME) or scenario.zone
