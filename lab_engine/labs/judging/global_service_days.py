"""A design on its day: what the population engine measures of it, drill by drill.

Minutes and bins are the game day's (`simulation.gameday`); who asks, from where, and what breaks
are the world's.
"""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, Final, NamedTuple

from lab_engine.labs.judging.global_service_worlds import CITIES, MONTH, RESOLVERS
from lab_engine.simulation.cities import FIRM_EGRESS
from lab_engine.simulation.designs import NAME, Design, Limits, Pool
from lab_engine.simulation.gameday import BIN, BREAKS, LASTS, MENDED, PLACES, WINDOW
from lab_engine.simulation.outcome import Outcome
from lab_engine.simulation.parts import Backend, Checkers, Clients, Resolvers, ScheduledChange
from lab_engine.simulation.run import run
from lab_engine.simulation.scenario import Scenario

CLIENTS: Final = 100_000
PARIS_EGRESS: Final = "198.18.1.53"
WELL: Final = 10**6  # servers without a limit: what is refused is counted here


def designed(given: Mapping[str, Any]) -> Design:
    """The design that an answer describes. Raises LabError if it cannot be."""
    pools = tuple(
        Pool(each["name"], each["region"], tuple(each["weights"]), each["continent"])
        for each in given["pools"]
    )
    return Design(
        pools=pools,
        regions=tuple(pool.name for pool in pools),
        default=given["default"],
        ttl=given["ttl"],
        interval=given["interval"],
        ecs=given["ecs"],
        dark=given["default"],
        capacity=WELL,
        limits=Limits(outage=86_400),
    )


class Measured(NamedTuple):
    """What came of a day: ms, seconds, a factor, a part, US dollars a month, percentage points."""

    latency: float
    outage: float
    imbalance: float
    unserved: float
    bill: float
    canary: float


def measured(world: Mapping[str, Any], given: Mapping[str, Any]) -> Measured:
    """Put a design through the day of a world. Raises LabError if it is none."""
    return _measured(json.dumps(world, sort_keys=True), json.dumps(given, sort_keys=True))


@lru_cache(maxsize=64)
def _measured(world: str, given: str) -> Measured:
    found = json.loads(world)
    return Day(found, designed(json.loads(given))).measured()


@dataclass(frozen=True)
class Drill:
    """One of a day's, and what came of it."""

    key: str
    outcome: Outcome

    @property
    def deadly(self) -> bool:
        """Whether servers died in it."""
        return bool(self.outcome.outages)


class Day:
    """A design, and the drills of a world."""

    def __init__(self, world: Mapping[str, Any], design: Design) -> None:
        self._brief, self._design, self._seed = world["brief"], design, world["seed"]
        self._drills = [Drill(each["key"], run(self._scenario(each))) for each in world["day"]]

    def measured(self) -> Measured:
        """All of it."""
        return Measured(
            max(e.outcome.rtt_ms(0.95)[0] for e in self._drills if not e.deadly),
            max(each.quantiles(0.99)[0] for e in self._drills for each in e.outcome.outages),
            self._imbalance(),
            max(self._unserved(each) for each in self._drills),
            self._bill(),
            self._canary(),
        )

    # --- the drills -----------------------------------------------------------------------------

    def _scenario(self, drill: Mapping[str, str]) -> Scenario:
        design, parts = self._design, self._brief["requests"]
        where = drill.get("where", "")
        rate = sum(parts.values()) * (self._brief["crowd"] if drill["key"] == "crowd" else 1)
        calm = Scenario(
            design.zone,
            NAME,
            clients=Clients(CLIENTS, rate / CLIENTS),
            resolvers=Resolvers(RESOLVERS, profile=(("ecs" if design.ecs else "ideal", 1.0),)),
            places=tuple(
                replace(
                    each,
                    share=parts[each.name],
                    egress=self._egress(each.name, where) if "resolver" in drill["key"] else "",
                )
                for each in PLACES
            ),
            backends=tuple(
                Backend(address, pool.region)
                for pool in design.used
                for address in design.addresses(pool)
            ),
            checkers=Checkers(design.interval, 3) if design.interval else None,
            duration=LASTS,
            bin=BIN,
            window=WINDOW,
            seed=self._seed,
        )
        dead = self._dead(drill["key"], where)
        times = ((BREAKS, dead), (MENDED, ()))
        changes = tuple(ScheduledChange(at, "down", list(those)) for at, those in times)
        return calm.set("schedule", changes) if dead else calm

    def _egress(self, city: str, where: str) -> str:
        """From where a city's resolvers ask on a day on which a continent's ask from afar."""
        afar = FIRM_EGRESS if where != "NA" else PARIS_EGRESS
        return afar if CITIES[city][1] == where else ""

    def _dead(self, key: str, where: str) -> tuple[str, ...]:
        design = self._design
        own = [p for p in design.used if p.continent == where and p.name != design.default]
        addresses = design.addresses(own[0] if where and own else design.pool(design.default))
        return addresses if "dark" in key else ()

    # --- what is read from them -----------------------------------------------------------------

    def _imbalance(self) -> float:
        """The busiest server of a pool against its fair share, the mean of the calm windows."""
        calm = self._drills[0].outcome
        rows = [dict(zip(calm.addresses, row, strict=True)) for row in calm.windows(WINDOW)]
        return math.fsum(max(self._excess(row)) for row in rows) / len(rows)

    def _excess(self, counts: Mapping[str, int]) -> list[float]:
        found = [1.0]
        for pool in self._design.used:
            got = [counts.get(each, 0) for each in self._design.addresses(pool)]
            full = max(pool.weights)
            found += [
                count / (sum(got) * pool.share(index))
                for index, count in enumerate(got)
                if pool.weights[index] == full and any(got)
            ]
        return found

    def _unserved(self, drill: Drill) -> float:
        """The part of the requests refused, or led to the dead once the promise has run out."""
        outcome = drill.outcome
        late = int((BREAKS + self._brief["limits"]["outage"]) / BIN) + 1
        most = self._brief["capacity"] * BIN
        refused = math.fsum(max(0.0, count - most) for row in outcome.requests for count in row)
        dead = math.fsum(outcome.failed[late:])
        return (refused + dead) / outcome.total

    def _bill(self) -> float:
        """A month like the calm drill, by the brief's price list."""
        given, design = self._brief, self._design
        asked = self._drills[0].outcome.authority_queries * MONTH / LASTS
        fast = given["usd_fast"] if design.interval == 10 else 0.0
        checks = len(design.zone.check_ids) * (given["usd_check"] + fast)
        servers = sum(len(pool.weights) * given["usd"][pool.region] for pool in design.used)
        return float(servers + checks + asked / 1e6 * given["usd_million"])

    def _canary(self) -> float:
        """How far what Europe's last server is to get is from what was asked for, in points."""
        pools = [each for each in self._design.used if each.continent == "EU"]
        share = pools[0].share(len(pools[0].weights) - 1) if pools else 0.0
        wanted: float = self._brief["canary"]
        return 100 * abs(share - wanted)
