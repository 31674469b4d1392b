"""A move of a slider: `get` and `set` in a zone of 10,000 names, as a ratio to one of ten."""

from collections.abc import Iterator
from statistics import median
from time import perf_counter

from benchmarks.__main__ import Row
from benchmarks.targets import hosts
from lab_engine.simulation import Scenario

MANY, FEW = 10_000, 10
NAME = "host-000000"
PAIRS, MOVES = 31, 100
SLIDERS = (("clients.rate", 0.2), (f"zone.{NAME}.ttl", 30))


def rows() -> Iterator[Row]:
    """A row for each slider."""
    large, small = (Scenario(hosts(names), NAME) for names in (MANY, FEW))
    for path, value in SLIDERS:
        ratio, took = _ratio(large, small, path, value)
        yield {
            "what": f"`get` and `set` of `{path}`, zone of {MANY:,} names",
            "measured": f"{ratio:.2f} of a zone of {FEW} ({took * 1e3:.2f} ms)",
            "budget": f"<= 1.5 of a zone of {FEW}",
            "ok": ratio <= 1.5,
        }


def _ratio(large: Scenario, small: Scenario, path: str, value: float) -> tuple[float, float]:
    """The median ratio of interleaved pairs, and seconds of one move in the large zone."""
    pairs = [(_moves(large, path, value), _moves(small, path, value)) for _ in range(PAIRS)]
    return median(one / other for one, other in pairs), median(one for one, _ in pairs) / MOVES


def _moves(scenario: Scenario, path: str, value: float) -> float:
    begun = perf_counter()
    for _ in range(MOVES):
        scenario.get(path)
        scenario.set(path, value)
    return perf_counter() - begun
