"""The event engine against a bare simpy loop with as many processes and as many timeouts."""

from collections.abc import Iterator
from statistics import median
from time import perf_counter

import simpy

from lab_engine.authority.records import RRset
from lab_engine.authority.zone import Zone
from lab_engine.caches.crowds import head_counts, zipf_shares
from lab_engine.simulation import Clients, Resolvers, Scenario, run
from lab_engine.simulation.events.waking import mean_begin

from .__main__ import Row

PAIRS = 9
LEAST = 0.4
TTL = 300
CLIENTS = {
    "no client caches": Clients(1000, 0.1),
    "system caches": Clients(1000, 0.1, "os-cache"),
    "application caches, 30 s": Clients(1000, 0.1, "fixed"),
}


def rows() -> list[Row]:
    """Speed for clients with and without caches, TTL 300 s, 1,000 clients, 20 resolvers."""
    return [_row(name, _scenario(clients)) for name, clients in CLIENTS.items()]


def _scenario(clients: Clients) -> Scenario:
    zone = Zone.of("shop.example", [RRset.of("www", "A", ["192.0.2.1", "192.0.2.2"], TTL)])
    return Scenario(zone, "www", clients=clients, resolvers=Resolvers(20), duration=1200)


def _row(name: str, scenario: Scenario) -> Row:
    pairs = [(_bare(scenario), _engine(scenario)) for _ in range(PAIRS)]
    ratio = median(bare for bare, _ in pairs) / median(engine for _, engine in pairs)
    timeouts = sum(rate * _seconds(scenario) for rate in _rates(scenario))
    speed = timeouts / median(engine for _, engine in pairs)
    return {
        "what": f"events, {name}: speed against a bare simpy loop",
        "measured": f"{ratio:.2f} ({speed / 1e3:.0f} k requests/s)",
        "budget": f">= {LEAST}",
        "ok": ratio >= LEAST,
    }


def _engine(scenario: Scenario) -> float:
    begin = perf_counter()
    run(scenario, "events")
    return perf_counter() - begin


def _bare(scenario: Scenario) -> float:
    """As many processes, each with the mean gap of one crowd; nothing but timeouts."""
    env = simpy.Environment()
    for rate in _rates(scenario):
        env.process(_ticking(env, 1 / rate))
    begin = perf_counter()
    env.run(until=_seconds(scenario))
    return perf_counter() - begin


def _ticking(env: simpy.Environment, gap: float) -> Iterator[simpy.Event]:
    while True:
        yield env.timeout(gap)


def _rates(scenario: Scenario) -> list[float]:
    shares = zipf_shares(scenario.resolvers.count, scenario.resolvers.skew)
    heads = head_counts(scenario.clients.count, shares)
    return [count * scenario.clients.rate for count in heads if count]


def _seconds(scenario: Scenario) -> float:
    """With the time before the watch, on average, whose timeouts count, too."""
    return scenario.duration - mean_begin(scenario)
