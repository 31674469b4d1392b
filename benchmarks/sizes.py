"""What a run of each engine costs, against the number of caches: for a plot."""

from statistics import median
from time import perf_counter

from lab_engine.authority.records import RRset
from lab_engine.authority.zone import Zone
from lab_engine.simulation import Clients, Resolvers, Scenario, run

SIZES = {
    "population": tuple(10**power for power in range(3, 8)),
    "events": (10**3, 10**4),
}
REPEATED = 10**6  # sizes up to here are run several times, by the faster engine


def measured(engine: str) -> list[tuple[int, float]]:
    """Caches and seconds: independent ones with a request every 10 s each, TTL 300 s, an hour."""
    return [(size, _seconds(engine, size)) for size in SIZES[engine]]


def _seconds(engine: str, size: int) -> float:
    zone = Zone.of("shop.example", [RRset.of("www", "A", ["192.0.2.1", "192.0.2.2"], 300)])
    watched = Scenario(
        zone, "www", clients=Clients(size, 0.1), resolvers=Resolvers(size, 0, "frozen")
    )
    often = 5 if size <= REPEATED and engine == "population" else 1
    return median(_timed(watched, engine) for _ in range(often))


def _timed(watched: Scenario, engine: str) -> float:
    begin = perf_counter()
    run(watched, engine)
    return perf_counter() - begin


if __name__ == "__main__":
    for name in SIZES:
        for caches, seconds in measured(name):
            print(f"{name:<12}{caches:>12,} caches {seconds:8.3f} s")
