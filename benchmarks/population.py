"""The population engine against its own dice, against the event engine, and in milliseconds.

Each size runs in a process of its own, so that its memory is its own, too.
"""

import json
import resource
import subprocess
import sys
from collections.abc import Iterator
from random import Random
from statistics import median
from time import perf_counter
from typing import Any

import numpy as np
import simpy

from lab_engine.authority.policies import Weighted
from lab_engine.authority.records import RRset
from lab_engine.authority.recordset import RecordSet
from lab_engine.authority.zone import Zone
from lab_engine.simulation import Clients, Resolvers, Scenario, run
from lab_engine.simulation.parts import ScheduledChange

from .__main__ import Row

PAIRS = 7
BLOCK = 100_000


def rows() -> list[Row]:
    """Speed and memory of 10^6 and 10^7 caches, and how fast a panel's scenario steps."""
    million, epochs, tens = _apart("million"), _apart("epochs"), _apart("tens")
    own = _apart("own")["seconds"]
    return [
        _row("population, 10^6 caches, 1 h, TTL 60: time of its dice", million["ratio"], "x", 5),
        _row("the same: memory", million["mb"], " MB", 300),
        _row("unequal rates, weights and 4 epochs: time of its dice", epochs["ratio"], "x", 12),
        _row("the same: memory", epochs["mb"], " MB", 300),
        _faster("the same: per request against plain simpy", million["faster"], 400),
        _row("population, 10^7 resolvers, 1 h, TTL 300: time", tens["seconds"], " s", 15),
        _row("the same: memory", tens["mb"], " MB", 1000),
        _row(
            "population, 10^6 clients with caches of their own, 10^4 resolvers, 1 h", own, " s", 3
        ),
        *(_panel(ttl) for ttl in (60, 300)),
        _watching(),
    ]


def _row(what: str, measured: float, unit: str, most: float) -> Row:
    return {
        "what": what,
        "measured": f"{measured:.3g}{unit}",
        "budget": f"<= {most}{unit}",
        "ok": measured <= most,
    }


def _faster(what: str, measured: float, least: float) -> Row:
    shown = f"{measured:,.0f}x"
    return {"what": what, "measured": shown, "budget": f">= {least}x", "ok": measured >= least}


def _panel(ttl: int) -> Row:
    """A slider's scenario; the median of many runs."""
    usual = _scenario(1000, ttl, clients=100_000, skew=1)
    times = [_seconds(usual) for _ in range(31)]
    what = f"population, 10^5 clients behind 10^3 resolvers, 1 h, TTL {ttl}: one run"
    return _row(what, 1e3 * median(times), " ms", 15)


def _watching() -> Row:
    """The same told who held what in the 200 largest caches, some 12,000 copies, and not told."""
    usual = _scenario(1000, 60, clients=100_000, skew=1)
    pairs = [(_seconds(usual, holdings=200), _seconds(usual)) for _ in range(31)]
    told, plain = (median(column) for column in zip(*pairs, strict=True))
    what = "the same, TTL 60, with the holdings of the 200 largest caches: time of one without"
    return _row(what, told / plain, "x", 15)


def _scenario(resolvers: int, ttl: int, *, clients: int, skew: float = 0) -> Scenario:
    addresses = ["192.0.2.1", "192.0.2.2", "192.0.2.3"]
    zone = Zone.of("shop.example", [RRset.of("www", "A", addresses, ttl)])
    return Scenario(
        zone, "www", clients=Clients(clients, 0.1), resolvers=Resolvers(resolvers, skew, "frozen")
    )


def _seconds(scenario: Scenario, holdings: int = 0) -> float:
    begin = perf_counter()
    run(scenario, "population", holdings=holdings)
    return perf_counter() - begin


def _apart(name: str) -> dict[str, Any]:
    """What one of the functions below measures, in another process."""
    command = [sys.executable, "-m", "benchmarks.population", name]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def _million() -> dict[str, float]:
    """The engine and its dice in turn, then plain simpy on a thousandth of it."""
    whole = _scenario(10**6, 60, clients=10**6)
    fills = run(whole, "population").authority_queries
    mb = _megabytes()
    pairs = [(_seconds(whole), _dice(fills)) for _ in range(PAIRS)]
    engine = median(seconds for seconds, _ in pairs)
    plain = median(_plain(1000, 60) for _ in range(PAIRS))
    return {
        "ratio": engine / median(dice for _, dice in pairs),
        "mb": mb,
        "faster": 1000 * plain / engine,
    }


def _epochs() -> dict[str, float]:
    """A million unequal resolvers and a canary whose weight grows three times."""
    weights = {"192.0.2.1": 90, "192.0.2.2": 9, "192.0.2.3": 1}
    sets = [
        RecordSet.of("www", "A", [address], 60, policy=Weighted(weight), set_identifier=address)
        for address, weight in weights.items()
    ]
    changes = [
        ScheduledChange(at, "zone.www.192.0.2.3.weight", weight)
        for at, weight in ((900.0, 5), (1800.0, 25), (2700.0, 100))
    ]
    canary = Scenario(
        Zone.of("shop.example", sets),
        "www",
        clients=Clients(10**7, 0.01),
        resolvers=Resolvers(10**6, 0.3, "frozen"),
        schedule=tuple(changes),
    )
    fills = run(canary, "population").authority_queries
    mb = _megabytes()
    pairs = [(_seconds(canary), _dice(fills)) for _ in range(PAIRS)]
    engine, dice = (median(column) for column in zip(*pairs, strict=True))
    return {"ratio": engine / dice, "mb": mb}


def _dice(fills: int) -> float:
    """Seconds to draw a gap and an address for each fill."""
    rng = np.random.default_rng(1)
    begin = perf_counter()
    for _ in range(fills // BLOCK):
        rng.standard_exponential(BLOCK)
        rng.integers(3, size=BLOCK)
    return perf_counter() - begin


def _plain(caches: int, ttl: int) -> float:
    """Seconds for the same with a process for each cache and nothing of ours."""
    env, dice, counts = simpy.Environment(), Random(1), [0, 0, 0]

    def asking() -> Iterator[simpy.Event]:
        expires, server = 0.0, 0
        while True:
            yield env.timeout(dice.expovariate(0.1))
            if env.now >= expires:
                expires, server = env.now + ttl, int(dice.random() * 3)
            counts[server] += 1

    for _ in range(caches):
        env.process(asking())
    begin = perf_counter()
    env.run(until=3600)
    return perf_counter() - begin


def _tens() -> dict[str, float]:
    seconds = _seconds(_scenario(10**7, 300, clients=10**7))
    return {"seconds": seconds, "mb": _megabytes()}


def _own() -> dict[str, float]:
    """Each client keeps its answer, too, as long as its TTL says."""
    many = _scenario(10**4, 300, clients=10**6).set("clients.profile", "os-cache")
    return {"seconds": median(_seconds(many.set("clients.rate", 0.001)) for _ in range(3))}


def _megabytes() -> float:
    """The most that this process has held; Linux counts in KiB, macOS in bytes."""
    held = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return held / (2**20 if sys.platform == "darwin" else 2**10)


if __name__ == "__main__":
    sizes = {"million": _million, "epochs": _epochs, "tens": _tens, "own": _own}
    print(json.dumps(sizes[sys.argv[1]]()))
