"""Small scenarios of every kind that both engines know, from dice.

Few clients and a short watch, so that nothing averages out: policies, profiles, places with rates,
mixes, subnets and resolvers of their own or together, schedules, checkers.
"""

import math
from collections import Counter
from collections.abc import Iterator
from ipaddress import ip_network
from random import Random

from dns.rdatatype import RdataType

from lab_engine.authority.policies import (
    CidrLocation,
    Failover,
    Geolocation,
    Geoproximity,
    IpBased,
    Latency,
    Multivalue,
    Weighted,
)
from lab_engine.authority.records import RRset, as_name, folded
from lab_engine.authority.recordset import RecordSet
from lab_engine.authority.zone import Zone
from lab_engine.errors import ScenarioError
from lab_engine.simulation import Clients, Outcome, Resolvers, Scenario, supports
from lab_engine.simulation.failing import Failure
from lab_engine.simulation.parts import Backend, Checkers, Place, ScheduledChange

ADDRESSES = tuple(f"192.0.2.{host}" for host in range(1, 5))
MOVED = "192.0.2.9"
TTLS = (0, 1, 2, 5, 12, 30, 100)
ORDERS = ("shuffle", "cyclic", "by_id", "fixed")
RESOLVERS = (
    "ideal",
    "frozen",
    "unbound",
    "unbound-1.25",
    "powerdns",
    "bind",
    "coredns",
    "knot",
    "google-like",
    "subnets",
    "eager",
)
CLIENTS = (
    "none",
    "none",
    "os-cache",
    "os-cache",
    "glibc",
    "musl",
    "jvm",
    "systemd-resolved",
    "macos",
    "windows",
    "short",
    "hasty",
    "for-ever",
    "short/os-cache",
    "jvm/os-cache",
)
OWN = {
    "subnets": {"like": "ideal", "ecs": (26, 56)},
    "eager": {"like": "ideal", "prefetch": 2},
    "short": {"like": "fixed", "lifetime": 4},
    "hasty": {"like": "fixed", "lifetime": 6, "tries_next": False},
    "for-ever": {"like": "fixed", "lifetime": math.inf},
}
NETWORKS = (
    "198.18.0.0/22",  # three countries, a /24 each, and a part that is nowhere known
    "198.18.1.0/24",
    "198.18.16.0/24",
    "198.18.32.0/23",
    "198.18.48.0/22",
    "192.0.2.128/25",  # nowhere known
)
EGRESSES = ("", "", "", "198.18.0.7", "198.18.32.1")


def zone_of(dice: Random) -> Zone:
    """One name with one of the policies; some members are checked."""
    ttl = dice.choice(TTLS)
    members = list(ADDRESSES[: dice.choice([2, 3, 4])])
    kinds = {
        "simple": None,
        "weighted": [Weighted(dice.choice([0, 1, 2, 5])) for _ in members],
        "failover": [Failover("PRIMARY"), Failover("SECONDARY")],
        "multivalue": [Multivalue() for _ in members],
        "latency": [Latency(region) for region in ("eu-west-3", "us-west-1", "sa-east-1")],
        "geolocation": [
            Geolocation(ContinentCode="EU"),
            Geolocation(CountryCode="US"),
            Geolocation(CountryCode="*"),
        ],
        "geoproximity": [
            Geoproximity(AWSRegion=region, Bias=dice.choice([-40, 0, 40]))
            for region in ("eu-central-1", "us-west-1", "af-south-1")
        ],
        "ip": [
            IpBased(CidrLocation("c", "one", (ip_network("198.18.1.0/24"),))),
            IpBased(CidrLocation("c", "two", (ip_network("198.18.0.0/24"),))),
            IpBased(CidrLocation("c", "*")),
        ],
    }
    kind = dice.choice(["simple", *kinds])
    policies = kinds[kind]
    if policies is None:
        return Zone.of("shop.example", [RRset.of("www", "A", members, ttl)])
    one_ttl = kind in ("weighted", "multivalue") or dice.random() < 0.5
    return Zone.of(
        "shop.example",
        [
            RecordSet.of(
                "www",
                "A",
                [address],
                ttl if one_ttl else dice.choice(TTLS),
                policy=policy,
                set_identifier=f"set-{number}",
                health_check_id=f"hc-{number}" if kind == "failover" or dice.random() < 0.5 else "",
            )
            for number, (address, policy) in enumerate(zip(ADDRESSES, policies, strict=False))
            if policy is not None
        ],
    )


def mix(dice: Random, names: tuple[str, ...]) -> dict[str, float]:
    """One or two of them."""
    return {name: dice.choice([1, 3]) for name in dice.sample(names, dice.choice([1, 1, 2]))}


def place(dice: Random, network: str, name: str) -> Place:
    """One that differs from the scenario in some ways."""
    egress = dice.choice(EGRESSES)
    shared = dice.random() < 0.3
    return Place(
        network,
        dice.choice([1, 2, 3]),
        egress="" if shared else egress,
        resolver_ms=dice.choice([0, 4, 10]),
        authority_ms=50 if shared else dice.choice([9, 50]),
        name=name,
        resolver="one" if shared else "",
        rate=dice.choice([None, None, 0.05, 0.4]),
        client_profile=dice.choice([(), mix(dice, CLIENTS)]),
        resolver_profile=(
            dice.choice(["ideal", "subnets"]) if shared else dice.choice([(), mix(dice, RESOLVERS)])
        ),
        subnets=dice.choice([(), (), (3, 1), (0, 1, 0, 2)]),
    )


def changes(dice: Random, zone: Zone, duration: float) -> list[ScheduledChange]:
    """Up to four, each at a time of its own or at one that is even."""
    checks, held = sorted(zone.check_ids), sorted(zone.addresses)
    simple = zone.tree.group((folded(as_name("www", zone.origin)), RdataType.A))
    other = Zone.of("shop.example", [RRset.of("www", "A", [MOVED, *held[:1]], 10)])

    def at() -> float:
        return dice.choice([dice.uniform(1, duration - 1), float(dice.randrange(10, 50, 10))])

    possible = [
        lambda: ScheduledChange(at(), "zone.www.ttl", dice.choice(TTLS)),
        lambda: ScheduledChange(at(), "down", dice.sample(held, dice.randint(1, len(held)))),
        lambda: ScheduledChange(at(), "down", dice.sample(held, dice.randint(0, len(held)))),
        lambda: ScheduledChange(at(), "down", []),
    ]
    if checks:
        possible.append(lambda: ScheduledChange(at(), "unhealthy", dice.sample(checks, 1)))
    if len(simple) == 1:
        possible.append(lambda: ScheduledChange(at(), "zone", other))
    weights = [each.set_identifier for each in zone if isinstance(each.policy, Weighted)]
    if weights:
        path = f"zone.www.{dice.choice(weights)}.weight"
        possible.append(lambda: ScheduledChange(at(), path, dice.choice([0, 3])))
    return [make() for make in dice.sample(possible, dice.choice([0, 1, 2, 3, 4]))]


def backends(dice: Random, zone: Zone) -> Iterator[Backend]:
    """How some of the addresses fail, should they; some come back, and some of these fail again."""
    for address in ADDRESSES[:2]:
        if address in zone.addresses and dice.random() < 0.5:
            lasts, recurs = dice.choice([(math.inf, math.inf), (9, math.inf), (9, 14)])
            fails = dice.choice([*Failure])
            delay = dice.choice([0.5, 3])
            yield Backend(address, fails=fails, delay=delay, lasts=lasts, recurs=recurs)


def drawn(dice: Random) -> Scenario:
    """One, whether or not both engines can run it. Raises ScenarioError for what is impossible."""
    zone, duration = zone_of(dice), 60
    networks = dice.sample(NETWORKS, dice.choice([1, 1, 2, 3]))
    return Scenario(
        zone,
        "www",
        order=dice.choice(ORDERS),
        resolvers=Resolvers(dice.randint(1, 7), dice.choice([0, 1.0, 2.0]), mix(dice, RESOLVERS)),
        clients=Clients(dice.randint(4, 24), dice.choice([0.05, 0.1, 0.3]), mix(dice, CLIENTS)),
        profiles=OWN,
        places=[place(dice, network, f"p{at}") for at, network in enumerate(networks)],
        checkers=dice.choice(
            [
                None,
                None,
                Checkers(
                    dice.choice([3, 8]),
                    dice.choice([1, 2]),
                    dice.choice([1, 5]),
                    connect_timeout=1,
                    response_timeout=1,
                    publication=2,
                ),
            ]
        ),
        backends=[*backends(dice, zone)],
        down=dice.choice([(), (), (), ADDRESSES[:1]]) if ADDRESSES[0] in zone.addresses else (),
        schedule=changes(dice, zone, duration),
        duration=duration,
        bin=10,
        window=20,
    )


def scenario(seed: object) -> Scenario:
    """The first of these dice that both engines take."""
    dice = Random(f"of every kind {seed}")
    while True:
        try:
            found = drawn(dice)
            if not supports(found):
                return found
        except ScenarioError:
            continue


def sums(outcome: Outcome) -> dict[str, float]:
    """Every sum of an outcome, by name: engines may find servers in another order."""
    found = Counter({"total": outcome.total, "failed": sum(outcome.failed)})
    for at, (queries, failed) in enumerate(zip(outcome.queries, outcome.failed, strict=True)):
        found.update({f"queries in bin {at}": queries, f"failed in bin {at}": failed})
    for address, row, first in zip(
        outcome.addresses, outcome.requests, outcome.answers, strict=True
    ):
        found[f"first in answers: {address}"] = first
        found.update({f"{address} in bin {at}": count for at, count in enumerate(row)})
    for name, level in outcome.levels.named():
        found.update({f"{name} hits": level.hits, f"{name} misses": level.misses})
    for trip in outcome.trips:
        found[f"{trip.place} to {trip.server}"] += trip.requests
    for lost, count in outcome.waits:
        found[f"lost {lost:g} s"] += count
    for ms, count in outcome.lookups:
        found[f"waited {ms:g} ms"] += count
    found.update(of_changes(outcome))
    return {name: round(value, 6) for name, value in found.items()}  # sums have their own order


def of_changes(outcome: Outcome) -> dict[str, float]:
    """What came of changes: who was stale, who was led to the dead and how long, and verdicts."""
    found = Counter({"outages": len(outcome.outages)})
    for change, row in enumerate(outcome.stale):
        found.update({f"stale after {change} in bin {at}": count for at, count in enumerate(row)})
    for change, (_, before) in enumerate(outcome.cuts):
        found[f"before change {change} in its bin"] = before
    for verdict in outcome.verdicts:
        found[f"verdicts on {verdict.check}, {verdict.healthy}"] += verdict.at
    for death, outage in enumerate(outcome.outages):
        found.update(
            {
                f"outage {death}": sum(seconds * weight for seconds, weight in outage.lasted),
                f"outage {death} longest": max((s for s, _ in outage.lasted), default=0),
                f"outage {death} led": sum(weight for seconds, weight in outage.lasted if seconds),
                f"outage {death} open": outage.open,
            }
        )
        for part, seconds in outage.mean_parts()._asdict().items():
            found[f"outage {death} {part}"] = 0.0 if math.isnan(seconds) else seconds
    for mind in outcome.minds:
        found[f"checker {mind.checker} of {mind.check} says {mind.healthy}"] += mind.at
    return found
