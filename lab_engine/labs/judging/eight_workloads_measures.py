"""What a choice comes to: a workload, run in the world that was chosen for it.

All is measured by the event engine, but for a canary that has a day by DNS, which the population
engine counts. What a balancer at L7 sees depends on the protocol: of a WebSocket only how it
begins, and of plain TCP nothing at all.
"""

import json
import math
from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from typing import Any, Final

from lab_engine.authority.policies import Geolocation, Policy, Weighted
from lab_engine.authority.recordset import RecordSet
from lab_engine.authority.zone import Zone
from lab_engine.simulation.balancer import Algorithm, Balancer, OsiLayer, Stickiness
from lab_engine.simulation.cities import CITIES
from lab_engine.simulation.outcome import Outcome
from lab_engine.simulation.parts import (
    Backend,
    Checkers,
    Clients,
    Place,
    Resolvers,
    ScheduledChange,
)
from lab_engine.simulation.profiles import own
from lab_engine.simulation.run import run
from lab_engine.simulation.scenario import Scenario

Row = Mapping[str, Any]
"""A workload, with what its judge knows besides."""

POLICIES: Final = {
    "DNS": ("weighted", "geolocation"),
    "L4": ("round robin", "least connections", "address"),
    "L7": ("round robin", "least connections", "cookie", "paths"),
}
REGIONS: Final = {
    "EU": ("eu-west-1", Geolocation(ContinentCode="EU")),
    "NA": ("us-east-1", Geolocation(CountryCode="*")),
    "AS": ("ap-southeast-1", Geolocation(ContinentCode="AS")),
}
CANARY: Final = 0.01
API: Final = "/api"
TTL: Final = 60
RESOLVERS: Final = 20
DAY: Final = 86_400
HOP_MS: Final = 1.0
NOTICED: Final = (6.0, 90.0 + TTL)  # seconds, at most: by a balancer's checks, and by DNS
DIES, SEEN, CALM = 10.0, 20.0, 4.0  # when a server dies; seconds watched beyond; requests a second


def measured(row: Row, world: str, policy: str) -> dict[str, float]:
    """What a choice reaches of all that a workload's limits are about, under their names.

    NaN where the world cannot serve the workload at all.

    Args:
        row: as `eight_workloads_rows` draws it.
        world: one of `POLICIES`.
        policy: one that this world has there.
    """
    return _measured(json.dumps(row, sort_keys=True), world, policy)


@lru_cache(maxsize=512)
def _measured(row: str, world: str, policy: str) -> dict[str, float]:
    return Trial(json.loads(row), world, policy).readings()


class Trial:
    """A workload in the world, and under the policy, that was chosen for it."""

    def __init__(self, row: Row, world: str, policy: str) -> None:
        self._workload: Mapping[str, Any] = row["workload"]
        self._row, self._world, self._policy = row, world, policy
        self._addresses = [f"192.0.2.{1 + each}" for each in range(self._workload["servers"])]

    def readings(self) -> dict[str, float]:
        """Each measure that has a limit."""
        limits = self._workload["limits"]
        if self._workload["protocol"] == "TCP" and self._world == "L7":
            return dict.fromkeys(limits, math.nan)
        calm = self.calm()
        seen = run(calm, "events", served=True)
        ways = {
            "p99_ms": lambda: seen.latency_ms(0.99)[0],
            "near_ms": lambda: seen.rtt_ms(0.5)[0],
            "sticky": lambda: seen.service.stickiness,
            "misled": lambda: self._misled(seen),
            "canary_points": lambda: self._strays(calm, seen),
            "errors_s": lambda: _errors(calm),
        }
        return {name: ways[name]() for name in limits}

    # --- the world ------------------------------------------------------------------------------

    def calm(self) -> Scenario:
        """The scenario in which nothing happens."""
        workload = self._workload
        part = workload["api"]
        each = workload["requests"] / workload["clients"]
        return Scenario(
            self._zone(),
            "www",
            clients=Clients(
                workload["clients"],
                each,
                (("keeps", 1.0),),
                paths=(("/", 1 - part), (API, part)) if part else (("/", 1.0),),
            ),
            resolvers=Resolvers(RESOLVERS),
            profiles=own({"keeps": {"like": "none", "idle": workload["keep_s"]}}),
            places=self._places(),
            backends=tuple(self._backends()),
            balancer=None if self._world == "DNS" else self._balancer(),
            duration=self._row["watch_s"],
            bin=1.0,
            window=self._row["watch_s"],
            seed=self._row["seed"],
        )

    @property
    def _spread(self) -> bool:
        """Whether its users, and its servers, are on several continents."""
        return len(self._workload["continents"]) > 1

    @property
    def _others(self) -> int:
        """What a server weighs that is not the canary, against its 1."""
        if not self._workload["canary_s"]:
            return 1
        return round((1 / CANARY - 1) / (len(self._addresses) - 1))

    def _backends(self) -> list[Backend]:
        regions = [REGIONS[each][0] for each in self._workload["continents"]]
        capacity = 1000 / self._workload["work_ms"]
        return [
            Backend(address, regions[index] if self._spread else "", capacity, 10**6)
            for index, address in enumerate(self._addresses)
        ]

    def _places(self) -> tuple[Place, ...]:
        if self._spread:
            shares = self._row["cities"]
            return tuple(replace(e, share=shares[e.name]) for e in CITIES if e.name in shares)
        bits = math.ceil(math.log2(self._workload["addresses"]))
        return (Place(f"198.18.0.0/{32 - bits}"),)

    def _zone(self) -> Zone:
        """A record set for each server, each with a health check."""
        by_place = self._spread and self._policy == "geolocation"
        sets = []
        for index, address in enumerate(self._addresses):
            steered: Policy = Weighted(self._others if index else 1)
            if by_place:
                steered = REGIONS[self._workload["continents"][index]][1]
            how = {"set_identifier": address, "health_check_id": f"check-{address}"}
            sets.append(RecordSet.of("www", "A", address, TTL, policy=steered, **how))
        return Zone.of("shop.example", sets)

    def _balancer(self) -> Balancer:
        sees = self._world == "L7" and self._workload["protocol"] != "WebSocket"
        sticky = Stickiness.ADDRESS if self._policy == "address" else Stickiness.NONE
        if self._policy == "cookie" and sees:
            sticky = Stickiness.COOKIE
        ruled = self._policy == "paths" and sees and self._workload["api"]
        in_turn = self._policy == "round robin"
        *web, api = self._addresses
        return Balancer(
            layer=OsiLayer.L7 if sees else OsiLayer.L4,
            algorithm=Algorithm.ROUND_ROBIN if in_turn else Algorithm.LEAST_CONNECTIONS,
            weights=tuple((each, self._others) for each in self._addresses[1:]),
            sticky=sticky,
            paths=((API, (api,)), ("/", tuple(web))) if ruled else (),
            keep_alive=self._workload["keep_s"],
            hop_ms=HOP_MS,
        )

    # --- what is read from it -------------------------------------------------------------------

    def _misled(self, seen: Outcome) -> float:
        """The part of the requests that reached a server which has not what they ask for."""
        if self._policy == "paths" and self._workload["protocol"] != "WebSocket":
            return 0.0
        api, last = self._workload["api"], seen.shares()[-1]
        return float(api * (1 - last) + (1 - api) * last)

    def _strays(self, calm: Scenario, seen: Outcome) -> float:
        """How far the canary's share is from 1 % in the time it has, in points of a per cent."""
        if calm.balancer is None and self._workload["canary_s"] == DAY:
            asking = Clients(calm.clients.count, min(calm.clients.rate, 100 / calm.clients.count))
            plain = replace(calm, backends=(), profiles=(), clients=asking)
            seen = run(replace(plain, duration=float(DAY), bin=3600.0))
        return 100 * abs(seen.shares()[0] - CANARY)


def _errors(calm: Scenario) -> float:
    """Seconds from the death of the first server to the end of the last one with an error."""
    lasts = DIES + SEEN + NOTICED[calm.balancer is None]
    rate = min(calm.clients.rate, CALM / calm.clients.count)
    died = replace(
        calm,
        clients=replace(calm.clients, rate=rate),
        checkers=Checkers(),
        schedule=(ScheduledChange(DIES, "down", [calm.backends[0].address]),),
        duration=lasts,
        window=lasts,
    )
    outcome = run(died, "events", served=True)
    bad = [sum(pair) for pair in zip(outcome.failed, outcome.service.lost, strict=True)]
    return max((second + 1 - DIES for second, count in enumerate(bad) if count), default=0.0)
