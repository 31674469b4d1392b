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
DEAR: Final = 60.0, 80.0  # more than these, and than what a pool without room would save
DEAR_ONCE: Final = 14.0, 20.0  # more than the queries, where the promise leaves a longer TTL
LARGE: Final = "Paris", "New York", "Tokyo", "Mumbai"  # one of these has the most requests
HIDDEN_OUTAGES, SHOWN_OUTAGES = (104, 107, 110), (130,)  # its limit, in seconds
HIDDEN_USD, SHOWN_USD = (20, 90), (30, 60)  # a server costs from so much to so much

Brief = Mapping[str, Any]


def brief(
    rng: Random,
    fast: tuple[float, float],
    outage: Sequence[int] = HIDDEN_OUTAGES,
    server: tuple[int, int] = HIDDEN_USD,
    most: str = "Paris",
) -> dict[str, Any]:
    """What a customer asks for, in plain data.

    Args:
        rng: the dice.
        fast: a fast check costs from so much to so much.
        outage: its limit is one of these.
        server: costs from so much to so much, by Region.
        most: the city with the most requests.
    """
    parts = {
        "Paris": rng.randint(360, 520),
        "New York": rng.randint(140, 240),
        "Tokyo": rng.randint(80, 150),
        "Mumbai": rng.randint(80, 150),
        "São Paulo": rng.randint(40, 75),
        "Cape Town": rng.randint(15, 30),
    }
    parts["Paris"], parts[most] = parts[most], parts["Paris"]
    crowd = rng.choice((1.2, 1.3))
    made: dict[str, Any] = {
        "requests": parts,
        "continents": {city: continent for city, (_, continent) in CITIES.items()},
        "rtt_ms": times(),
        "capacity": math.ceil(max(_needs(parts).values()) * crowd / ROOM / 3.6 / 10) * 10,
        # so that the largest pool wants four servers
        "crowd": crowd,
        "canary": round(rng.uniform(0.01, 0.03), 3),
        "usd": {region: rng.randint(*server) for region in REGIONS},
        "usd_check": 0.75,
        "usd_fast": round(rng.uniform(*fast), 2),
        "usd_million": round(rng.uniform(1.6, 2.4), 2),
        "limits": {
            "latency": rng.choice((102, 112, 125)),
            "outage": rng.choice(outage),
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
    needs = _needs(given["requests"])
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


def _needs(requests: Mapping[str, int]) -> dict[str, float]:
    """Requests a second of each pool's own clients."""
    needs = dict.fromkeys((*OWN, ""), 0.0)
    for city, rate in requests.items():
        continent = CITIES[city][1]
        needs[continent if continent in needs else ""] += rate
    return needs


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

Drills = Sequence[Mapping[str, str]]
CALM: Final = {"key": "calm"}
CROWD: Final = {"key": "crowd"}
MILD: Final = (CALM, {"key": "dark", "where": "AS"})
LARGEST: Final = "the largest"  # in place of a continent: the one with the most requests


def _drill(key: str, where: str = LARGEST) -> dict[str, str]:
    return {"key": key, "where": where}


DAYS: Final[Sequence[tuple[tuple[float, float], Drills]]] = (
    (CHEAP, [_drill("dark"), _drill("resolver", "AS")]),
    (DEAR, [_drill("dark+resolver", "AS"), _drill("resolver"), CROWD]),
    (CHEAP, [_drill("dark", ""), _drill("dark"), CROWD]),
    (DEAR, [_drill("dark"), _drill("resolver", "EU")]),
    (CHEAP, [_drill("dark+resolver"), _drill("resolver", "AS")]),
    (DEAR, [_drill("dark"), _drill("resolver", "NA"), CROWD]),
)


def world(rng: Random) -> dict[str, Any]:
    """Six briefs, each with a day that is not mild: fast checks are cheap and dear by turns."""
    return {"services": [_service(rng, fast, day) for fast, day in DAYS]}


def _service(rng: Random, fast: tuple[float, float], day: Drills) -> dict[str, Any]:
    made = brief(rng, fast, most=rng.choice(LARGE))
    needs = _needs(made["requests"])
    largest = max(OWN, key=lambda where: needs[where])
    drills = [
        each | {"where": largest} if each.get("where") == LARGEST else each
        for each in map(dict, day)
    ]
    return {"brief": made, "day": [CALM, *drills], "seed": rng.randrange(1, 10**6)}


def shown(rng: Random) -> dict[str, Any]:
    """The visible world: one brief, with a mild day."""
    made = brief(rng, DEAR_ONCE, SHOWN_OUTAGES, SHOWN_USD)
    return {"services": [{"brief": made, "day": [*MILD], "seed": 1}]}
