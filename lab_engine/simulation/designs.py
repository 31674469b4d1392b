"""A design of a global service: pools in Regions, and the tree of records that leads to them.

Geolocation at the top, failover in the middle, weights at the leaves: the client's place decides,
then health, then a die. It is a value: it compiles to a zone, and `gameday` puts it to the test.
Not here: who asks, and what fails.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, replace
from functools import cached_property
from typing import Any, Final, Self

from lab_engine.authority.elements import nearest
from lab_engine.authority.geo import REGIONS
from lab_engine.authority.policies import CONTINENTS, Failover, Geolocation, Weighted
from lab_engine.authority.recordset import RecordSet
from lab_engine.authority.zone import Zone
from lab_engine.control.writing import as_batch
from lab_engine.errors import ScenarioError
from lab_engine.simulation.values import fix, must, number, whole

ORIGIN: Final = "shop.example"
NAME: Final = "www"
FULL: Final = 100  # the weight of a server that is no canary
MOST_SERVERS: Final = 9
INTERVALS: Final = (10, 30)
LABEL: Final = r"(?!www$)(?!.*-pool$)[a-z][a-z0-9-]{0,50}(?<!-)"
"""What a pool may be called: a part of domain names, and none that another record has."""
MOST_POOLS: Final = 24  # each has ten addresses of one /24


@dataclass(frozen=True)
class Pool:
    """Servers that stand side by side in one Region.

    Attributes:
        name: in the names of records; the learner reads it with a capital.
        region: the AWS Region it is in.
        weights: of its servers, 0 to 255 each.
        continent: whose clients it is for first, as `EU`; empty for nobody's but the rest's.
        unchecked: servers without a health check, counted from 1.
    """

    name: str
    region: str
    weights: tuple[int, ...]
    continent: str = ""
    unchecked: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        fine = isinstance(self.name, str) and re.fullmatch(LABEL, self.name) is not None
        rule = "is no name that records can have beside www and the pools' own"
        must(fine, "Name of a pool", self.name, rule, 'Write "europe", say.')
        title = self.name.capitalize()
        known = isinstance(self.region, str) and self.region in REGIONS
        must(known, f"{title}'s Region", self.region, "is no AWS Region", "Write eu-west-1, say.")
        known, remedy = self.continent in ("", *CONTINENTS), f"Choose of {', '.join(CONTINENTS)}."
        must(known, f"Continent of {title}", self.continent, "is no continent's code", remedy)
        for listed in ("weights", "unchecked"):
            given = getattr(self, listed)
            fine = isinstance(given, list | tuple)
            must(fine, f"{listed.capitalize()} in {title}", given, "is no list", "Write [100, 5].")
            fix(self, listed, tuple(given))
        servers = f"Servers in {title}"
        rule = "leaves a pool without members, to which clients are still led"
        must(
            len(self.weights) > 0, servers, len(self.weights), rule, "Give it one server at least."
        )
        whole(servers, len(self.weights), 1, MOST_SERVERS)
        for weight in self.weights:
            whole(f"Weights in {title}", weight, 0, 255)
        rule = "are all zero, which to Route 53 means that all are alike"
        remedy = "Give one of them a weight."
        must(any(self.weights), f"Weights in {title}", self.weights, rule, remedy)
        for each in self.unchecked:
            whole(f"Unchecked in {title}", each, 1, len(self.weights))

    @property
    def servers(self) -> tuple[str, ...]:
        """What its servers are called, and so are their record sets and health checks."""
        return tuple(f"{self.name}-{index}" for index in range(1, len(self.weights) + 1))

    def share(self, index: int) -> float:
        """The part of the pool's requests that a server is meant to get, 0 to 1."""
        return self.weights[index] / sum(self.weights)


@dataclass(frozen=True)
class Limits:
    """What was promised.

    Attributes:
        latency: milliseconds within which 95 of 100 requests get to a server and back.
        outage: seconds in which 99 of 100 clients are led right again after a death (the SLA).
        imbalance: the busiest server of a pool against its fair share, in five minutes.
        bill: US dollars a month.
    """

    latency: float = 130.0
    outage: float = 120.0
    imbalance: float = 1.35
    bill: float = 560.0

    def __post_init__(self) -> None:
        for each in fields(self):
            number(f"Limit of {each.name}", getattr(self, each.name), 0.001, 10**7)


POOLS: Final = (
    Pool("europe", "eu-west-1", (FULL,) * 4, "EU"),
    Pool("america", "us-east-1", (FULL,) * 2, "NA"),
    Pool("asia", "ap-southeast-1", (FULL,) * 3, "AS"),
    Pool("rest", "us-east-1", (FULL,) * 2),
)
NEEDS: Final = {"EU": 440.0, "NA": 180.0, "AS": 240.0, "": 140.0}
"""Requests a second of each continent's clients on a calm day; under no name, of the rest."""


@dataclass(frozen=True)
class Design:
    """A service, as its owner would write it down.

    Attributes:
        pools: all there are.
        regions: the names of those in use.
        default: the pool for clients whom no other is for, and each other pool's second; the first
            of the others in use is second to it.
        ttl: of every record, seconds.
        interval: between the looks of a health checker, 10 or 30 s; 0 for no checks at all.
        threshold: looks in a row that change its mind.
        ecs: whether resolvers tell the client's subnet, and the authority heeds it.
        capacity: requests a second of each server.
        dark: the pool that goes dark on the game day.
        drills: what the game day has (`gameday.DRILLS`); all, if none is named.
        limits: what was promised.
        seed: of the dice.
    """

    pools: tuple[Pool, ...] = POOLS
    regions: tuple[str, ...] = ("europe", "america", "asia", "rest")
    default: str = "rest"
    ttl: int = 60
    interval: int = 10
    threshold: int = 3
    ecs: bool = True
    capacity: float = 250.0
    dark: str = "asia"
    drills: tuple[str, ...] = ()
    limits: Limits = Limits()
    seed: int = 1

    def __post_init__(self) -> None:
        for name, such_as in (
            ("pools", "[Pool(…)]"),
            ("regions", '["rest"]'),
            ("drills", '["calm"]'),
        ):
            given = getattr(self, name)
            listed = isinstance(given, list | tuple)
            must(listed, name.capitalize(), given, "is no list", f"Write {such_as}.")
            fix(self, name, tuple(given))
        must(isinstance(self.limits, Limits), "Limits", self.limits, "are no Limits", "Make them.")
        self._check_pools()
        whole("TTL", self.ttl, 0, 86_400)
        rule = f"is above the SLA, {self.limits.outage:g} s: a copy alone may outlast the promise"
        remedy = f"Take {self.limits.outage:g} s or less."
        must(self.ttl <= self.limits.outage, "TTL", self.ttl, rule, remedy)
        remedy = "Choose 10 or 30 s, or no checks."
        known = self.interval in (0, *INTERVALS)
        must(known, "Checked every", self.interval, "is no interval", remedy)
        whole("Failures in a row", self.threshold, 1, 10)
        number("Capacity", self.capacity, 1, 10**6)
        switch = isinstance(self.ecs, bool)
        must(switch, "Client subnets", self.ecs, "is no switch", "Take True or False.")
        whole("Seed", self.seed, 0, 2**31)
        self._check_capacities()

    def _check_pools(self) -> None:
        """Names that are there, once each, and one pool for everybody."""
        for pool in self.pools:
            must(isinstance(pool, Pool), "Pools", pool, "is no Pool", "Make one.")
        whole("Number of pools", len(self.pools), 1, MOST_POOLS)
        names = [pool.name for pool in self.pools]
        of_these = f"Choose one of {', '.join(names)}."
        for where, listed in (("Pools", names), ("Regions", self.regions)):
            for each in listed:
                must(each in names, where, each, "is none of the pools", of_these)
                must(listed.count(each) == 1, where, each, "is there twice", "Take one of them.")
        must(self.default in names, "Default pool", self.default, "is none of the pools", of_these)
        must(self.dark in names, "Goes dark", self.dark, "is none of the pools", of_these)
        rule = f"leave out the default pool, {self.default}: "
        rule += "clients whom no other pool is for would get no answer"
        remedy = f"Take {self.default} in, or make another the default pool."
        must(self.default in self.regions, "Regions", ", ".join(self.regions), rule, remedy)
        self._check_continents()

    def _check_continents(self) -> None:
        """A place leads to one pool, and no pool stands where no place leads."""
        taken: dict[str, str] = {}
        for pool in self.used:
            where = f"Continent of {pool.name.capitalize()}"
            if pool.name != self.default:
                rule = f"is for nobody, since the default pool is {self.default}"
                remedy = "Give it a continent, or leave it out of the regions."
                must(pool.continent != "", where, pool.continent, rule, remedy)
                rule = f"is {taken.get(pool.continent, '').capitalize()}'s already"
                remedy = "Give each continent one pool."
                must(pool.continent not in taken, where, pool.continent, rule, remedy)
                taken[pool.continent] = pool.name

    def _check_capacities(self) -> None:
        """A calm day at least must be within every pool's capacity."""
        for pool in self.used:
            room, needs = len(pool.weights) * self.capacity, self.needs(pool)
            rule = f"serve {room:g} requests/s, and its own clients ask {needs:g} on a calm day"
            where, remedy = f"Servers in {pool.name.capitalize()}", "Add servers."
            must(room >= needs, where, len(pool.weights), rule, remedy)

    # --- what is where --------------------------------------------------------------------------

    @cached_property
    def used(self) -> tuple[Pool, ...]:
        """The pools in use, in the order of `pools`."""
        return tuple(pool for pool in self.pools if pool.name in self.regions)

    def pool(self, name: str) -> Pool:
        """The pool of a name. Raises LabError if there is none."""
        names = [pool.name for pool in self.pools]
        must(name in names, "Pool", name, "is none of the pools", nearest(name, names))
        return self.pools[names.index(name)]

    def needs(self, pool: Pool) -> float:
        """Requests a second of the clients whom a pool is for, on a calm day."""
        if pool.name != self.default:
            return NEEDS.get(pool.continent, 0.0)
        served = {each.continent for each in self.used if each.name != self.default}
        return sum(rate for continent, rate in NEEDS.items() if continent not in served)

    def second(self, pool: Pool) -> Pool | None:
        """Who stands in for a pool; None where there is no other."""
        if pool.name != self.default:
            return self.pool(self.default)
        others = sorted(
            (each for each in self.used if each is not pool),
            key=lambda each: each.region != pool.region,
        )
        return next(iter(others), None)

    def addresses(self, pool: Pool) -> tuple[str, ...]:
        """Those of a pool's servers."""
        first = 10 * (self.pools.index(pool) + 1) + 1
        return tuple(f"192.0.2.{first + index}" for index in range(len(pool.weights)))

    # --- what it compiles to --------------------------------------------------------------------

    @cached_property
    def zone(self) -> Zone:
        """The records: `www` by place, each branch by health, each pool by weight."""
        return Zone.of(ORIGIN, [*self._records()])

    def batch(self, zone_id: str, checks: Mapping[str, str]) -> dict[str, Any]:
        """The change batch that makes these records in a hosted zone that has others of its own.

        Args:
            zone_id: of that hosted zone.
            checks: the ids of its health checks, by the names they have in `zone`.
        """
        batch = as_batch(self.zone, zone_id=zone_id)
        sets = (change["ResourceRecordSet"] for change in batch["Changes"])
        made = [
            each | {"HealthCheckId": checks[each["HealthCheckId"]]}
            if "HealthCheckId" in each
            else each
            for each in sets
            if each["Type"] == "A"
        ]
        return {"Changes": [{"Action": "CREATE", "ResourceRecordSet": each} for each in made]}

    def _records(self) -> Iterator[RecordSet]:
        for pool in self.used:
            yield from self._leaves(pool)
            yield from self._branch(pool)
            to = f"{pool.name}.{ORIGIN}."
            yield RecordSet.alias_to(NAME, "A", to, policy=self._place(pool), **_named(pool.name))

    def _leaves(self, pool: Pool) -> Iterator[RecordSet]:
        listed = zip(pool.servers, self.addresses(pool), pool.weights, strict=True)
        for index, (server, address, weight) in enumerate(listed, 1):
            check = server if self.interval and index not in pool.unchecked else ""
            yield RecordSet.of(
                f"{pool.name}-pool",
                "A",
                address,
                self.ttl,
                policy=Weighted(weight),
                set_identifier=server,
                health_check_id=check,
            )

    def _branch(self, pool: Pool) -> Iterator[RecordSet]:
        second = self.second(pool)
        if second is None:
            yield RecordSet.alias_to(
                pool.name, "A", f"{pool.name}-pool.{ORIGIN}.", evaluate_target_health=True
            )
            return
        for how, to in ((Failover("PRIMARY"), pool), (Failover("SECONDARY"), second)):
            target, name = f"{to.name}-pool.{ORIGIN}.", how.Failover.lower()
            yield RecordSet.alias_to(pool.name, "A", target, policy=how, **_named(name))

    def _place(self, pool: Pool) -> Geolocation:
        if pool.name == self.default:
            return Geolocation(CountryCode="*")
        return Geolocation(ContinentCode=pool.continent)

    # --- how a panel moves it -------------------------------------------------------------------

    def get(self, path: str) -> Any:
        """A field's value; `europe.servers` and `europe.weights` are a pool's."""
        owner, _, item = str(path).partition(".")
        if not item:
            return getattr(self, self._known(path))
        pool = self.pool(owner)
        if item == "servers":
            return len(pool.weights)
        return pool.weights[-1] if item == "canary" else getattr(pool, _field(item))

    def set(self, path: str, value: Any) -> Self:
        """Another design with one value changed. Raises LabError if it cannot be."""
        owner, _, item = str(path).partition(".")
        if not item:
            moved: dict[str, Any] = {self._known(path): value}
            return replace(self, **moved)
        pool = self.pool(owner)
        if item == "servers":
            if value != 0:  # which a pool itself refuses, since it is what a slider can say
                whole(f"Servers in {pool.name.capitalize()}", value, 1, MOST_SERVERS)
            # The canary, if the last one is, stays the last one.
            weights = (FULL,) * (value - 1) + pool.weights[-1:] if value else ()
            rule = "leaves nobody but the last one, whose weight is 0"
            remedy = "Give it one server more, or the last one a weight."
            fine = value == 0 or any(weights)
            must(fine, f"Servers in {pool.name.capitalize()}", value, rule, remedy)
            changed = replace(pool, weights=weights)
        elif item == "canary":
            where = f"Weight of {pool.name.capitalize()}'s last"
            whole(where, value, 0, 255)
            rule, remedy = "leaves nobody in the pool with a weight", "Give it one."
            must(value > 0 or any(pool.weights[:-1]), where, value, rule, remedy)
            changed = replace(pool, weights=(*pool.weights[:-1], value))
        else:
            changed = replace(pool, **{_field(item): value})
        return replace(self, pools=tuple(changed if each is pool else each for each in self.pools))

    def _known(self, path: str) -> str:
        names = [each.name for each in fields(self)]
        if path not in names:
            raise ScenarioError(f"{path}", "can be set nowhere here", nearest(f"{path}", names))
        return path


def _named(name: str) -> dict[str, Any]:
    return {"set_identifier": name, "evaluate_target_health": True}


def _field(item: str) -> str:
    names = [each.name for each in fields(Pool)]
    if item not in names:
        raise ScenarioError(item, "is nothing that a pool has", nearest(item, names))
    return item
