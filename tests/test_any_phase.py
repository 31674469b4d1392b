"""A change at any moment of a watch is followed as the line says: no phase of a TTL is special.

In both engines, with and without layers, on continuous clocks and on those of whole seconds.
"""

import numpy as np
import pytest

from lab_engine.authority.records import RRset
from lab_engine.authority.zone import Zone
from lab_engine.simulation import Clients, Resolvers, Scenario, theory
from lab_engine.simulation.parts import Layer, ScheduledChange
from tests.counts import FULL, LONG, long_but
from tests.watches import critical, watched

pytestmark = pytest.mark.slow
WATCHES = 400 if FULL else 60 if LONG else 20
HEADS, RATE = 3, 0.3  # clients behind each resolver
PHASES = (0.0, 2.5, 5.0, 7.5)
ROUTERS, PROVIDERS = Layer("router", "ideal", 60), Layer("provider", "ideal", 45)
CASES = {
    "events": ("events", ()),
    "population": ("population", ()),
    "a layer": ("events", (ROUTERS,)),
    "two layers": ("events", (ROUTERS, PROVIDERS)),
}
USUAL = [case for name, case in CASES.items() if name != "a layer"]  # two are harder
COMPARISONS = len(CASES) * len(PHASES) * 5 + 12


def changing(ttl, at, profile="ideal", **fields):
    """A record that moves at some time, before 30 resolvers with their clients."""

    def zone(address):
        return Zone.of("shop.example", [RRset.of("www", "A", address, ttl)])

    return Scenario(
        zone("192.0.2.1"),
        "www",
        clients=Clients(30 * HEADS, RATE),
        resolvers=Resolvers(30, 0, profile),
        schedule=(ScheduledChange(at, "zone", zone("192.0.2.2")),),
        duration=40,
        **({"bin": 2.5, "window": 2.5} | fields),
    )


def stale(outcome):
    """Stale requests, and all of them, in each bin."""
    totals = np.sum([*outcome.requests, outcome.failed], axis=0)
    return [*outcome.stale[0], *totals]


def apart(scenario, engine, at, expected):
    """How far the stale requests of each bin after a change are from these parts, in errors."""
    found = watched(scenario, engine, range(WATCHES), stale)
    counts, totals = np.split(found, 2, axis=1)
    first = round(at / scenario.bin)
    bins = slice(first, first + len(expected))
    differences = counts[:, bins] - totals[:, bins] * expected
    errors = differences.std(axis=0, ddof=1) / np.sqrt(WATCHES)
    return np.abs(differences.mean(axis=0) / np.maximum(errors, 1e-9))


@pytest.mark.parametrize("phase", long_but(PHASES, 2.5))
@pytest.mark.parametrize(("engine", "layers"), long_but(CASES.values(), *USUAL), ids=CASES)
def test_a_change_is_followed_as_the_line_says(engine, layers, phase):
    """S(t) = r (T - t) / (1 + r T), whatever caches of decrementing TTLs stand before: T = 10."""
    at = 20 + phase
    middles = 1.25 + 2.5 * np.arange(5)
    expected = np.array([theory.stale_fraction(t, 10, HEADS * RATE) for t in middles])

    off = apart(changing(10, at, layers=layers), engine, at, expected)

    assert off.max() < critical(COMPARISONS, WATCHES - 1)


@pytest.mark.parametrize("engine", ["events", "population"])
def test_on_a_clock_of_whole_seconds_it_is_followed_in_steps(engine):
    """Unbound before 1.25, T = 5: of the seconds in which copies may be taken, 5, 4, 3, 2, 1."""
    cycle = 6 + 1 / np.expm1(HEADS * RATE)
    expected = np.array([5, 4, 3, 2, 1, 0]) / cycle

    off = apart(changing(5, 20, "unbound", bin=1, window=1), engine, 20, expected)

    assert off.max() < critical(COMPARISONS, WATCHES - 1)
