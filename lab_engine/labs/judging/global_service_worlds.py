"""Briefs of a global service, the days it is put to, and a design that a good engineer would make.

A day is a calm drill and some in which something breaks. Feasible for `reference` by how limits are
set: from what it reaches by its own arithmetic, with room for luck.
"""

import math
from collections.abc import Mapping, Sequence
from itertools import product
from random import Random
from typing import Any, Final

from lab_engine.caches.crowds import zipf_shares
from lab_engine.simulation.travel import rtt_ms

CITIES: Final = {  # -> its network and continent
    "Paris": ("198.18.1.0/24", "EU"),
    "New York": ("198.19.0.0/24", "NA"),
    "Tokyo": ("198.18.32.0/24", "AS"),
    "Mumbai": ("198.18.33.0/24", "AS"),
    "São Paulo": ("198.19.16.0/24", "SA"),
    "Cape Town": ("198.18.16.0/24", "AF"),
}
REGIONS: Final = (
    "eu-west-1",
    "eu-central-1",
    "us-east-1",
    "us-west-2",
    "ap-southeast-1",
    "ap-south-1",
    "ap-northeast-1",
    "sa-east-1",
)
OWN: Final = (
    "EU",
    "NA",
    "AS",
)  # the continents whose pools the reference makes; the rest's is SA's
ROOM: Final = 0.72  # of a server's capacity, that luck with large resolvers leaves to plan with
DETECTED: Final = {
    10: 30.0,
    30: 93.0,
}  # seconds until three failures in a row are known, by interval
RESOLVERS: Final = 1_000
MONTH: Final = 30 * 86_400
SPARE: Final = 1.05  # what the limit of the bill leaves beyond the reference's

CHEAP: Final = 0.5, 2.0  # USD more for a fast check: less than the queries of a short TTL
DEAR: Final = 14.0, 20.0  # more than these, mostly

Brief = Mapping[str, Any]


def brief(rng: Random, fast: tuple[float, float]) -> dict[str, Any]:
    """What a customer asks for, in plain data; a fast check costs from so much to so much."""
    parts = {
        "Paris": rng.randint(360, 520),
        "New York": rng.randint(140, 240),
        "Tokyo": rng.randint(80, 150),
        "Mumbai": rng.randint(80, 150),
        "São Paulo": rng.randint(40, 75),
        "Cape Town": rng.randint(15, 30),
    }
    crowd = rng.choice((1.2, 1.3))
    made: dict[str, Any] = {
        "requests": parts,
        "continents": {city: continent for city, (_, continent) in CITIES.items()},
        "rtt_ms": times(),
        "capacity": math.ceil(parts["Paris"] * crowd / ROOM / 3.6 / 10) * 10,  # Europe wants four
        "crowd": crowd,
        "canary": round(rng.uniform(0.01, 0.03), 3),
        "usd": {region: rng.randint(30, 60) for region in REGIONS},
        "usd_check": 0.75,
        "usd_fast": round(rng.uniform(*fast), 2),
        "usd_million": round(rng.uniform(1.6, 2.4), 2),
        "limits": {
            "latency": rng.choice((102, 112, 125)),
            "outage": rng.choice((110, 120, 130)),
            "imbalance": 1.5,
            "unserved": 0.01,
            "canary": 0.2,
        },
    }
    bill = usd(made, reference(made))
    return made | {"limits": made["limits"] | {"bill": round(SPARE * bill, 2)}}


def usd(given: Brief, design: Mapping[str, Any]) -> float:
    """A month of a design by arithmetic alone."""
    servers = [(pool["region"], len(pool["weights"])) for pool in design["pools"]]
    count = sum(each for _, each in servers)
    check = given["usd_check"] + (given["usd_fast"] if design["interval"] == 10 else 0)
    asked = queries(given, design["ttl"]) / 1e6 * given["usd_million"]
    rent = sum(each * given["usd"][region] for region, each in servers)
    return float(rent + count * check + asked)


def times() -> dict[str, dict[str, int]]:
    """Round trips from each city to each Region, milliseconds."""
    return {
        city: {region: round(rtt_ms(network, region)) for region in REGIONS}
        for city, (network, _) in CITIES.items()
    }


def reference(given: Brief) -> dict[str, Any]:
    """A design for a brief: near, large enough for what may fall upon it, and no dearer."""
    needs = dict.fromkeys((*OWN, ""), 0.0)
    for city, rate in given["requests"].items():
        continent = given["continents"][city]
        needs[continent if continent in needs else ""] += rate
    regions = _regions(given, needs)
    sizes = _sizes(given, needs, regions)
    pools = [
        {
            "name": where.lower() or "rest",
            "continent": where,
            "region": regions[where],
            "weights": [100] * sizes[where],
        }
        for where in needs
    ]
    share, full = given["canary"], pools[0]["weights"]
    pools[0]["weights"] = [255] * len(full) + [round(share / (1 - share) * 255 * len(full))]
    interval, ttl = _clock(given, sum(len(pool["weights"]) for pool in pools))
    return {"pools": pools, "default": "rest", "ttl": ttl, "interval": interval, "ecs": True}


def _sizes(given: Brief, needs: Mapping[str, float], regions: Mapping[str, str]) -> dict[str, int]:
    def servers(rate: float) -> int:
        room: float = ROOM * given["capacity"]
        return math.ceil(rate / room)

    others = [where for where in needs if where]
    second = next((where for where in others if regions[where] == regions[""]), others[0])
    falls = dict.fromkeys(others, 0.0) | {second: needs[""], "": max(needs[e] for e in others)}
    return {
        where: max(servers(given["crowd"] * rate), servers(rate) + 1, servers(rate + falls[where]))
        for where, rate in needs.items()
    }


def _regions(given: Brief, needs: Mapping[str, float]) -> dict[str, str]:
    """The cheapest Regions from which 95 of 100 requests are within the limit."""
    best: tuple[float, dict[str, str]] | None = None
    for chosen in product(given["usd"], repeat=len(needs)):
        regions = dict(zip(needs, chosen, strict=True))
        sizes = _sizes(given, needs, regions)
        usd = sum(sizes[where] * given["usd"][regions[where]] for where in needs)
        if (best is None or usd < best[0]) and _p95(given, regions) <= given["limits"]["latency"]:
            best = usd, regions
    return best[1] if best else {}


def _p95(given: Brief, regions: Mapping[str, str]) -> float:
    """Milliseconds of 96 of 100 requests: a point of room for luck."""
    trips = sorted(
        (given["rtt_ms"][city][regions.get(given["continents"][city], regions[""])], rate)
        for city, rate in given["requests"].items()
    )
    left = 0.04 * sum(rate for _, rate in trips)
    for trip, rate in reversed(trips):
        left -= rate
        if left < 0:
            return float(trip)
    return 0.0


def _clock(given: Brief, servers: int) -> tuple[int, int]:
    """The cheaper of two: fast checks and a long TTL, or slow ones and a short TTL."""
    ways = []
    for interval, seen in DETECTED.items():
        ttl = int(given["limits"]["outage"] - seen)
        if ttl > 0:
            fast = given["usd_fast"] * servers if interval == 10 else 0.0
            ways.append((fast + queries(given, ttl) / 1e6 * given["usd_million"], interval, ttl))
    _, interval, ttl = min(ways)
    return interval, ttl


def queries(given: Brief, ttl: float) -> float:
    """What reaches the authority in a month: each cache asks anew once its copy has run out."""
    total = sum(given["requests"].values())
    each_second: float = sum(
        1 / (ttl + 1 / (rate * share))
        for rate in given["requests"].values()
        for share in zipf_shares(max(1, round(RESOLVERS * rate / total)), 1)
    )
    return MONTH * each_second


# --- days -----------------------------------------------------------------------------------------

CALM: Final = {"key": "calm"}
CROWD: Final = {"key": "crowd"}
MILD: Final = (CALM, {"key": "dark", "where": "AS"})


def worlds(rng: Random) -> Sequence[dict[str, Any]]:
    """Five briefs with a day each, of which none is mild."""
    days: tuple[list[dict[str, str]], ...] = (
        [{"key": "dark", "where": "EU"}, {"key": "resolver", "where": "AS"}],
        [{"key": "dark+resolver", "where": "AS"}, {"key": "resolver", "where": "EU"}, CROWD],
        [{"key": "dark", "where": ""}, {"key": "dark", "where": "EU"}, CROWD],
        [{"key": "dark", "where": "EU"}, {"key": "resolver", "where": "EU"}],
        [{"key": "dark+resolver", "where": "EU"}, {"key": "resolver", "where": "AS"}],
    )
    return [
        {
            "brief": brief(rng, DEAR if at % 2 else CHEAP),
            "day": [CALM, *day],
            "seed": rng.randrange(1, 10**6),
        }
        for at, day in enumerate(days)
    ]


def shown(rng: Random) -> dict[str, Any]:
    """The visible world: a brief with a mild day."""
    return {"brief": brief(rng, DEAR), "day": [*MILD], "seed": 1}
