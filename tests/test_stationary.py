"""Stationary from the first second: a watch begins in the middle of things, whatever is in it.

A table of scenarios in which every two of their parts meet; for each the queries in 80 bins over
eight TTLs, and each bin against the mean of all. Each row is watched some dozens of times, and with
LAB_LONG=full until a bin that is 10 % off would be rejected with probability .9.
"""

import math
from collections.abc import Iterator
from functools import lru_cache
from ipaddress import ip_network
from typing import NamedTuple

import numpy as np
import pytest

from lab_engine.authority.policies import CidrLocation, IpBased
from lab_engine.authority.records import RRset
from lab_engine.authority.recordset import RecordSet
from lab_engine.authority.zone import Zone
from lab_engine.simulation import Clients, Resolvers, Scenario, supports
from lab_engine.simulation.parts import Layer, Place
from lab_engine.simulation.strata import strata
from lab_engine.simulation.travel import member_of
from tests.counts import FULL, LONG
from tests.watches import (
    Counts,
    critical,
    enough,
    freedom,
    from_law,
    pairwise,
    unevenness,
    watched,
    worst,
)

pytestmark = pytest.mark.slow
TTL, TTLS, BINS = 10, 8, 80
FEW, BATCH, MOST = 24, 200, 20_000

PROFILES = {
    "eager": {"like": "ideal", "prefetch_share": 0.2},
    "short": {"like": "fixed", "lifetime": 4},
    "long": {"like": "fixed", "lifetime": 25},
    "capped": {"like": "os-cache", "floor": 2, "cap": 4, "negative": 5, "shared": True},
    "linked": {"like": "firefox", "lifetime": 4, "grace": 3, "idle": 4},
    "polling": {"like": "haproxy", "lifetime": 4},
    "edge": {"like": "cdn-pop", "cap": 6},
}
RESOLVERS = ("ideal", "unbound", "bind", "eager", "google-like")
LAYERS = {
    "no layer": (),
    "routers": (("router", "ideal", 3),),
    "whole seconds": (("router", "unbound", 3),),
    "nodes": (("node", "capped", 3),),
    "two": (("router", "ideal", 2), ("edge", "edge", 3)),
}
CLIENTS = ("none", "os-cache", "short", "long", "short/os-cache", "capped", "linked", "polling")
ARRIVALS = ("poisson", "h2", "deterministic")
PLACES = ("one place", "two places", "shared")
SUBNETS = ("one subnet", "for everybody", "told apart")
NETWORKS = ("198.51.100.0/22", "198.18.0.0/22")
PLAIN = Zone.of("shop.example", [RRset.of("www", "A", ["192.0.2.1", "192.0.2.2"], TTL)])


def told_apart() -> Zone:
    """Another answer for each /24."""
    blocks = [block for text in NETWORKS for block in ip_network(text).subnets(new_prefix=24)]
    sets = [
        RecordSet.of(
            "www",
            "A",
            [f"192.0.2.{index + 1}"],
            TTL,
            policy=IpBased(CidrLocation("c", f"l{index}", (block,))),
            set_identifier=f"l{index}",
        )
        for index, block in enumerate(blocks)
    ]
    return Zone.of("shop.example", sets)


APART = told_apart()


def places(kind: str, subnets: str) -> tuple[Place, ...]:
    """Where clients are; in the third kind, those of two places share their resolver."""
    length = 24 if subnets == "one subnet" else 22
    here, there = (text.replace("/22", f"/{length}") for text in NETWORKS)
    if kind == "one place":
        return (Place(here),)
    if kind == "two places":
        return (Place(here, 3), Place(there, 1))
    return (
        Place(here, 1, resolver="isp", egress="192.0.2.53"),
        Place(there, 1, resolver="isp", egress="192.0.2.53"),
        Place(here, 10, name="others"),
    )


class Row(NamedTuple):
    """One line of the table."""

    engine: str
    resolvers: str
    clients: str
    layers: str = "no layer"
    arrivals: str = "poisson"
    places: str = "one place"
    subnets: str = "one subnet"

    def __str__(self) -> str:
        return "-".join(self)

    def scenario(self) -> Scenario:
        """Clients behind a third as many resolvers, some of which are busy and some idle."""
        many = 1 if self.engine == "events" else 20
        return Scenario(
            APART if self.subnets == "told apart" else PLAIN,
            "www",
            clients=Clients(72 * many, 0.1, self.clients, self.arrivals),
            resolvers=Resolvers(24 * many, 1, self.resolvers),
            layers=tuple(
                Layer(name, profile, 24 * count) for name, profile, count in LAYERS[self.layers]
            ),
            profiles={name: PROFILES[name] for name in PROFILES},
            places=places(self.places, self.subnets),
            duration=TTLS * TTL,
            bin=TTL * TTLS / BINS,
            window=TTL,
        )


def table() -> Iterator[Row]:
    """Both engines' rows; the population engine's are of what it takes."""
    parts = {"resolvers": RESOLVERS, "clients": CLIENTS, "places": PLACES, "subnets": SUBNETS}
    every = parts | {"layers": tuple(LAYERS), "arrivals": ARRIVALS}
    yield from (Row("events", **row) for row in pairwise(every))
    parts |= {"clients": CLIENTS[:-2], "places": PLACES[:-1]}
    yield from (Row("population", **row) for row in pairwise(parts))


EVERY = tuple(table())
COMPARISONS = len(EVERY) * (BINS + 1)
EVENTS = tuple(row for row in EVERY if row.engine == "events")
# Of the population engine every fifth: six kinds of clients alternate, so that all come.
ROWS = EVERY if LONG else (*EVENTS[::60], *EVERY[len(EVENTS) :: 5])


@lru_cache(maxsize=len(ROWS))
def counted(row: Row) -> Counts:
    """The queries in the bins of some watches: as few as will do, where the counts are full."""
    scenario = row.scenario()
    counts = watched(scenario, row.engine, range(BATCH if FULL else FEW))
    while FULL and not enough(counts, COMPARISONS) and len(counts) < MOST:
        more = range(len(counts), len(counts) + BATCH)
        counts = np.vstack([counts, watched(scenario, row.engine, more)])
    return counts


def law(row: Row) -> float | None:
    """Queries of a whole watch, where that has a closed form: what asks again asks at random."""
    profile = row.scenario().known_profiles.recursive(row.resolvers)
    alone = profile.fragments == 1 and not profile.prefetch and not profile.prefetch_share
    forgets = row.clients == "none" and row.layers == "no layer"
    ends_with_copy = row.clients in ("none", "os-cache") and alone
    smooth = row.layers == "no layer" or (row.layers == "routers" and not profile.whole_seconds)
    if row.arrivals != "poisson" or not (forgets or (ends_with_copy and smooth)):
        return None
    life = profile.lifetime(max(TTL, profile.limits.floor))
    hold = life - profile.renewal(TTL)
    apart = row.subnets == "told apart" and profile.ecs is not None
    rates = [rate / profile.fragments for rate in entries(row.scenario(), apart=apart)]
    idle = [1 / (math.expm1(rate) if profile.whole_seconds else rate) for rate in rates]
    return TTLS * TTL * profile.fragments * math.fsum(1 / (hold + each) for each in idle)


def entries(scenario: Scenario, *, apart: bool) -> list[float]:
    """Questions a second for each answer that some resolver keeps for some of its clients."""
    rates: dict[tuple[int, str], float] = {}
    for stratum in strata(scenario):
        index = 0
        for heads, resolver in zip(stratum.heads, stratum.resolvers, strict=True):
            for _ in range(heads):
                network = member_of(stratum.place, index).network.supernet(new_prefix=24)
                key = resolver, str(network) if apart else ""
                rates[key] = rates.get(key, 0.0) + stratum.rate
                index += 1
    return [*rates.values()]


def test_every_two_parts_meet():
    """The population engine takes all of its rows."""
    for row in EVERY:
        assert row.engine == "events" or supports(row.scenario()) == (), row
    drawn = [row for row in ROWS if row.engine == "population"]
    assert {row.resolvers for row in drawn} == {*RESOLVERS}
    assert {row.clients for row in drawn} == {*CLIENTS[:-2]}
    assert {(row.layers, row.clients) for row in EVERY if row.engine == "events"} == {
        (layer, client) for layer in LAYERS for client in CLIENTS
    }


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_every_bin_is_like_every_other(row):
    counts = counted(row)

    assert worst(counts) < critical(COMPARISONS, freedom(counts))
    assert enough(counts, COMPARISONS) or not FULL


@pytest.mark.parametrize("row", [row for row in ROWS if law(row) is not None], ids=str)
def test_the_mean_rate_is_that_of_its_closed_form(row):
    counts = counted(row)

    assert from_law(counts.sum(axis=1), law(row)) < critical(COMPARISONS, len(counts) - 1)


@pytest.mark.parametrize("engine", ["events", "population"])
def test_all_rows_together_begin_like_they_go_on(engine):
    """What would begin all of them alike is seen in few watches of each."""
    found = [unevenness(counted(row)) for row in ROWS if row.engine == engine]
    apart, errors = (np.array(column) for column in zip(*found, strict=True))

    together = np.abs(apart.sum(axis=0)) / np.sqrt((errors**2).sum())
    assert together.max() < critical(2 * BINS, 10 * FEW)
