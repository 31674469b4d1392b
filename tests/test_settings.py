"""No dead setting: for every path of a scenario, a case in which it changes what comes out."""

import math
from functools import cache
from typing import NamedTuple

import pytest

from lab_engine.authority.policies import AzAffinity, Failover, Geolocation
from lab_engine.authority.records import RRset
from lab_engine.authority.recordset import RecordSet
from lab_engine.authority.zone import Zone
from lab_engine.errors import LabError
from lab_engine.simulation import Clients, Resolvers, Scenario, run
from lab_engine.simulation.balancer import Balancer
from lab_engine.simulation.parts import Backend, Checkers, Layer, Place, ScheduledChange
from lab_engine.simulation.sites import Site

HERE, THERE = "198.18.1.0/24", "198.19.1.0/24"
ONE, TWO, THREE = "192.0.2.1", "192.0.2.2", "192.0.2.3"


def policy_set(name, address, policy, check=""):
    return RecordSet.of(
        name, "A", [address], 20, policy=policy, set_identifier=address, health_check_id=check
    )


ZONE = Zone.of(
    "shop.example",
    [
        RRset.of("www", "A", [ONE, TWO, THREE], 20),
        RRset.of("www", "AAAA", ["2001:db8::1", "2001:db8::2"], 20),
        policy_set("over", ONE, Failover("PRIMARY"), "hc"),
        policy_set("over", TWO, Failover("SECONDARY")),
        policy_set("geo", ONE, Geolocation(CountryCode="FR")),
        policy_set("geo", TWO, Geolocation(CountryCode="*")),
        policy_set("geo", THREE, Geolocation(CountryCode="US", SubdivisionCode="CA")),
        policy_set("zonal", ONE, AzAffinity("AvailabilityZoneGroup", "us-east-1-zg-2")),
        policy_set("zonal", TWO, AzAffinity("Global", "global")),
    ],
)
WEIGHTED = Zone.from_json(
    {
        "ResourceRecordSets": [
            {
                "Name": "www.shop.example.",
                "Type": "A",
                "TTL": 20,
                "SetIdentifier": each,
                "Weight": 1,
                "ResourceRecords": [{"Value": each}],
            }
            for each in (ONE, TWO)
        ]
    },
    "shop.example",
)
GONE = Zone.of("shop.example", [RRset.of("www", "TXT", '"gone"', 20)])
BASE = Scenario(
    ZONE,
    "www",
    resolvers=Resolvers(4, profile="r"),
    clients=Clients(20, 0.3, "c"),
    profiles={"r": {"like": "ideal"}, "c": {"like": "fixed", "lifetime": 7}},
    places=[Place(HERE, name="here")],
    checkers=Checkers(10, 2, 3),
    duration=240,
    bin=20,
    window=60,
)
FIRST_DIES = ("schedule", [ScheduledChange(60, "down", [ONE])])
AWAY = (
    "schedule",
    [ScheduledChange(60, "reachable", False), ScheduledChange(150, "reachable", True)],
)
NAME_GOES = ("schedule", [ScheduledChange(60, "zone", GONE), ScheduledChange(150, "zone", ZONE)])
FAILS_OVER = [("name", "over"), FIRST_DIES]
ABROAD = ("places", [Place(HERE), Place(THERE, egress="198.18.1.1")])
FOR_EVER = ("profiles.c.lifetime", math.inf)
NO_CACHE = ("clients.profile", "none")
OBEYS = ("profiles.c.lifetime", None)
GEO = ("name", "geo")
ZONAL = ("name", "zonal")
ECS = ("profiles.r.ecs", (24, 56))
TWO_PLACES = ("places", [Place(HERE, name="here"), Place(THERE, resolver_ms=3)])
EDGE = ("layers", [Layer("edge", count=4)])
SERVER = ("backends", [Backend(ONE, "eu-west-1", capacity=0.5)])
SLOW = ("backends", [Backend(ONE, fails="slow")])
VANISHES = ("backends", [Backend(ONE, fails="black hole")])
SILENT = ("backends", [Backend(ONE, fails="silent")])
ERRS = ("backends", [Backend(ONE, fails="5xx")])
KNOWN = ("atlas", [Site(HERE, "FR", latitude=48.9, longitude=2.4)])
IN_A_ZONE = ("atlas", [Site(HERE, "FR", availability_zone="use1-az1")])
OPEN = [("clients.rate", 0.05), ("profiles.c.idle", 20)]
BALANCED = [("balancer", Balancer(interval=5))]
STUCK = [*BALANCED, ("balancer.sticky", "cookie")]
BACK_AGAIN = ("schedule", [ScheduledChange(30, "down", [ONE]), ScheduledChange(90, "down", [])])
DRAINED = ("schedule", [ScheduledChange(60, "balancer.draining", [ONE])])


class Case(NamedTuple):
    """Settings before, and the value to set."""

    value: object
    before: tuple = ()


CASES = {
    "zone": Case(WEIGHTED),
    "name": Case("geo"),
    "type": Case("AAAA"),
    "order": Case("fixed", [("profiles.r.order", "frozen")]),
    "layers": Case([Layer("edge", count=4)]),
    "profiles": Case({"r": {"like": "frozen"}, "c": {"like": "none"}}),
    "places": Case([Place(HERE, authority_ms=3)]),
    "backends": Case([Backend(ONE, capacity=0.5, queue=0)]),
    "places.here.network": Case(THERE, [GEO]),
    "places.here.share": Case(3, [TWO_PLACES]),
    "places.here.egress": Case("198.19.1.5", [GEO]),
    "places.here.resolver_ms": Case(3),
    "places.here.authority_ms": Case(3),
    "places.here.resolver": Case("google"),
    "places.here.rate": Case(0.2),
    "places.here.client_profile": Case("os-cache"),
    "places.here.resolver_profile": Case("frozen"),
    "places.here.subnets": Case([0, 1], [GEO, ECS, ("places.here.network", "198.18.0.0/22")]),
    "layers.edge.profile": Case("frozen", [EDGE]),
    "layers.edge.count": Case(8, [EDGE]),
    "layers.edge.ms": Case(7, [EDGE]),
    "atlas": Case([Site(HERE, "US")], [GEO]),
    f"atlas.{HERE}.country": Case("US", [GEO, KNOWN]),
    f"atlas.{HERE}.subdivision": Case("CA", [GEO, ("atlas", [Site(HERE, "US")])]),
    f"atlas.{HERE}.latitude": Case(10, [SERVER, KNOWN]),
    f"atlas.{HERE}.longitude": Case(10, [SERVER, KNOWN]),
    f"atlas.{HERE}.availability_zone": Case("euw1-az2", [SERVER, IN_A_ZONE]),
    f"atlas.{HERE}.zone_group": Case("us-east-1-zg-2", [ZONAL, IN_A_ZONE]),
    f"backends.{ONE}.region": Case("us-east-1", [SERVER]),
    f"backends.{ONE}.capacity": Case(5, [SERVER]),
    f"backends.{ONE}.queue": Case(0, [SERVER]),
    f"backends.{ONE}.restart": Case(9, [SERVER]),
    f"backends.{ONE}.fails": Case("5xx", [SERVER, FIRST_DIES]),
    f"backends.{ONE}.delay": Case(1, [SLOW, *FAILS_OVER]),
    f"backends.{ONE}.lasts": Case(20, [SERVER, FIRST_DIES]),
    f"backends.{ONE}.recurs": Case(20, [(SERVER[0], [Backend(ONE, lasts=20)]), FIRST_DIES]),
    "down": Case([ONE]),
    "unhealthy": Case(["hc"], [("name", "over")]),
    "checkers": Case(None, FAILS_OVER),
    "balancer": Case(Balancer()),
    "balancer.layer": Case("L4", [*BALANCED, ("profiles.c.idle", 20)]),
    "balancer.algorithm": Case("random", BALANCED),
    "balancer.weights": Case({ONE: 3}, BALANCED),
    "balancer.sticky": Case("address", BALANCED),
    "balancer.paths": Case({"/": [TWO]}, BALANCED),
    "balancer.interval": Case(30, [*BALANCED, FIRST_DIES]),
    "balancer.fall": Case(9, [*BALANCED, FIRST_DIES]),
    "balancer.rise": Case(9, [*BALANCED, BACK_AGAIN]),
    "balancer.check": Case("TCP", [*BALANCED, ERRS, FIRST_DIES]),
    "balancer.connect_timeout": Case(3, [("balancer", Balancer(retries=1)), VANISHES, FIRST_DIES]),
    "balancer.timeout": Case(1, [*BALANCED, SLOW, FIRST_DIES]),
    "balancer.retries": Case(1, [*BALANCED, FIRST_DIES]),
    "balancer.draining": Case([ONE], BALANCED),
    "balancer.drain_timeout": Case(5, [*STUCK, DRAINED]),
    "balancer.keep_alive": Case(1, [*BALANCED, ("balancer.layer", "L4"), *OPEN]),
    "balancer.hop_ms": Case(3, BALANCED),
    "clients.paths": Case("/api", [*BALANCED, ("balancer.paths", {"/api": [TWO]})]),
    "reachable": Case(value=False),
    "schedule": Case([ScheduledChange(60, "down", [ONE])]),
    "duration": Case(300),
    "bin": Case(30),
    "window": Case(120),
    "seed": Case(2),
    "resolvers.count": Case(2),
    "resolvers.skew": Case(0.0),
    "resolvers.profile": Case("frozen"),
    "resolvers.volumes": Case([9, 1]),
    "clients.count": Case(10),
    "clients.rate": Case(0.2),
    "clients.profile": Case("os-cache"),
    "clients.arrivals": Case("h2"),
    "checkers.interval": Case(30, FAILS_OVER),
    "checkers.threshold": Case(5, FAILS_OVER),
    "checkers.count": Case(16, FAILS_OVER),
    "checkers.type": Case("TCP", [*FAILS_OVER, SLOW]),
    "checkers.connect_timeout": Case(9, [*FAILS_OVER, VANISHES]),
    "checkers.response_timeout": Case(9, [*FAILS_OVER, SLOW]),
    "checkers.publication": Case(30, FAILS_OVER),
    "zone.www.ttl": Case(60),
    "zone.over.ttl": Case(60, [("name", "over")]),
    "zone.geo.ttl": Case(60, [("name", "geo")]),
    "zone.zonal.ttl": Case(60, [ZONAL]),
    f"zone.www.{ONE}.weight": Case(9, [("zone", WEIGHTED)]),
    f"zone.www.{TWO}.weight": Case(9, [("zone", WEIGHTED)]),
    "profiles.r.floor": Case(60),
    "profiles.r.cap": Case(5),
    "profiles.r.negative_cap": Case(10, [NAME_GOES]),
    "profiles.r.whole_seconds": Case(value=True),
    "profiles.r.grace": Case(1, [("profiles.r.whole_seconds", True)]),
    "profiles.r.prefetch": Case(5),
    "profiles.r.prefetch_share": Case(0.5),
    "profiles.r.prefetch_from": Case(100, [("profiles.r.prefetch", 5)]),
    "profiles.r.serve_stale": Case(600, [AWAY]),
    "profiles.r.stale_ttl": Case(60, [AWAY, ("profiles.r.serve_stale", 600)]),
    "profiles.r.failure": Case(9, [AWAY, NO_CACHE]),
    "profiles.r.order": Case("frozen"),
    "profiles.r.ecs": Case((24, 56), [("name", "geo"), ABROAD]),
    "profiles.r.fragments": Case(4),
    "profiles.c.lifetime": Case(30),
    "profiles.c.floor": Case(30, [OBEYS]),
    "profiles.c.cap": Case(3, [OBEYS]),
    "profiles.c.grace": Case(5),
    "profiles.c.negative": Case(2, [NAME_GOES]),
    "profiles.c.failure": Case(9, [AWAY]),
    "profiles.c.hold": Case(60, [AWAY]),
    "profiles.c.polls": Case(value=True),
    "profiles.c.asks_after_failure": Case(5, [*FAILS_OVER, FOR_EVER]),
    "profiles.c.keeps": Case(1, [FIRST_DIES]),
    "profiles.c.use": Case("in turn"),
    "profiles.c.tries_next": Case(False, [FIRST_DIES]),
    "profiles.c.happy_eyeballs": Case(True, [VANISHES, FIRST_DIES]),
    "profiles.c.patience": Case(1, [("profiles.c.idle", 60), SILENT, FIRST_DIES]),
    "profiles.c.idle": Case(20),
    "profiles.c.age": Case(5, OPEN),
}
REFUSED = {"profiles.c.shared": (True, [("clients.profile", "c/os-cache")], "has c, which serves")}


def shown(scenario):
    """What a run of the event engine shows of a scenario."""
    outcome = run(scenario, "events")
    return (
        outcome.requests,
        outcome.failed,
        outcome.queries,
        outcome.levels,
        outcome.stale,
        outcome.lookups,
        outcome.waits,
        outcome.service,
        outcome.trips,
        outcome.outages,
        outcome.max_over_mean(),
    )


@cache
def shown_without(path):
    """What a run shows before a setting is made: many settings have the same there."""
    return shown(prepared(CASES[path].before))


def prepared(before):
    scenario = BASE
    for path, value in before:
        scenario = scenario.set(path, value)
    return scenario


def test_every_path_has_a_case():
    """Of a scenario with all parts, with both kinds of own profiles, and with every lever."""
    bases = [BASE, BASE.set("zone", WEIGHTED), prepared([EDGE, SERVER, KNOWN, *BALANCED])]

    assert {path for base in bases for path in base.paths()} == {*CASES, *REFUSED}


@pytest.mark.slow
@pytest.mark.parametrize("path", CASES)
def test_a_setting_changes_what_comes_out(path):
    value, before = CASES[path]
    first = next(each for each, case in CASES.items() if case.before == before)

    assert shown(prepared(before).set(path, value)) != shown_without(first)


@pytest.mark.parametrize("path", REFUSED)
def test_a_setting_that_changes_nothing_decides_what_is_refused(path):
    value, before, said = REFUSED[path]

    with pytest.raises(LabError, match=said):
        prepared(before).set(path, value)
