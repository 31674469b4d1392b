"""Balancers against the queues of the textbooks: bare servers first, then the event engine.

Means of independent runs with fixed seeds; so few that 4 sigma is what Student's t makes of it.
"""

from functools import partial
from random import Random
from statistics import fmean

import pytest

from lab_engine.authority.records import RRset
from lab_engine.authority.zone import Zone
from lab_engine.errors import LabError
from lab_engine.simulation import Clients, Resolvers, Scenario, run, theory
from lab_engine.simulation.balancer import Algorithm, Balancer
from lab_engine.simulation.balancing import ALGORITHMS
from lab_engine.simulation.events.stations import Station
from lab_engine.simulation.parts import Backend
from tests.counts import LONG, long_but

from .sampling import agrees, limit, standard_error
from .seeds import shifted

ENDLESS = 10**7
RUNS = 20
REQUESTS, OF_MANY = (16_000, 60_000) if LONG else (8_000, 20_000)


def responses(algorithm, servers, load, requests, seed):
    """The mean response at bare servers of capacity 1, once their queues have settled."""
    rng = Random(shifted(seed))
    found = []
    stations = [Station(Backend(f"{n}", capacity=1.0, queue=ENDLESS), rng) for n in range(servers)]
    now, settled = 0.0, requests / 4 / (servers * load)
    for station in stations:
        station.tells = lambda came, ms: found.append(ms / 1000) if came > settled else None
    chooser = ALGORITHMS[algorithm]([1.0] * servers, rng)
    willing = range(servers)
    for _ in range(requests):
        now += rng.expovariate(servers * load)
        chosen = chooser.choose(lambda target: stations[target].busy(now), willing)  # noqa: B023
        stations[chosen].accepts(now)
    for station in stations:
        station.finish()
    return fmean(found)


def several(algorithm, servers, load, requests=REQUESTS):
    return [responses(algorithm, servers, load, requests, seed) for seed in range(RUNS)]


def above(sample, value):
    """Whether the mean is more than chance makes it above a value."""
    return fmean(sample) - value > limit(len(sample)) * standard_error(sample)


@pytest.mark.slow
@pytest.mark.parametrize("load", long_but([0.5, 0.8], 0.8))
def test_at_random_each_server_is_a_queue_of_its_own(load):
    sample = several(Algorithm.RANDOM, 4, load)

    assert agrees(sample, theory.single_queue_response(load))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("servers", "load"), long_but([(2, 0.8), (4, 0.8), (4, 0.5)], (2, 0.8), (4, 0.5))
)
def test_round_robin_makes_gaps_smoother(servers, load):
    sample = several(Algorithm.ROUND_ROBIN, servers, load)

    assert agrees(sample, theory.round_robin_response(servers, load))


@pytest.mark.slow
@pytest.mark.parametrize("load", long_but([0.5, 0.7, 0.9], 0.7))
def test_two_choices_follow_the_supermarket_model(load):
    """Of 300 servers the mean is still a little above that of servers without number."""
    sample = several(Algorithm.TWO_CHOICES, 300, load, requests=OF_MANY)

    expected = theory.supermarket_response(load)
    error = limit(RUNS) * standard_error(sample)
    assert fmean(sample) == pytest.approx(expected, abs=error + 0.003 * expected)
    assert fmean(sample) < theory.single_queue_response(load) - error


def shorter_of_two(load, room=60):
    """The mean response of the shorter of two queues: the Markov chain itself, by iteration.

    Independent of the engine and of any published table: states are both queues' lengths.
    """
    size = room + 1
    chances = [[0.0] * size for _ in range(size)]
    chances[0][0] = 1.0
    arrivals = 2 * load
    scale = arrivals + 2
    for _ in range(12_000):
        after = [[0.0] * size for _ in range(size)]
        for one, row in enumerate(chances):
            for other, chance in enumerate(row):
                if chance < 1e-14:
                    continue
                share = chance / scale
                for a, b, rate in moves(one, other, arrivals, room):
                    after[a][b] += share * rate
        change = max(
            abs(x - y)
            for r, s in zip(chances, after, strict=True)
            for x, y in zip(r, s, strict=True)
        )
        chances = after
        if change < 1e-10:
            break
    waiting = sum((a + b) * p for a, row in enumerate(chances) for b, p in enumerate(row))
    return waiting / arrivals  # Little's law


def moves(one, other, arrivals, room):
    """Where a state leads, at what rate; both servers work at rate 1, idle or not."""
    yield max(0, one - 1), other, 1.0
    yield one, max(0, other - 1), 1.0
    shorter = [(min(room, one + 1), other)] if one <= other else []
    shorter += [(one, min(room, other + 1))] if other <= one else []
    for a, b in shorter:
        yield a, b, arrivals / len(shorter)


@pytest.mark.slow
@pytest.mark.parametrize("load", long_but([0.5, 0.7], 0.5))
def test_least_connections_of_two_is_the_shorter_queue(load):
    sample = several(Algorithm.LEAST_CONNECTIONS, 2, load)

    assert agrees(sample, shorter_of_two(load, room=30))


@pytest.mark.slow
def test_least_connections_are_not_better_than_one_queue_for_all():
    """And better than two choices, as soon as there are more than two servers."""
    least, two = (
        several(algorithm, 4, 0.8)
        for algorithm in (Algorithm.LEAST_CONNECTIONS, Algorithm.TWO_CHOICES)
    )

    assert above(least, theory.common_queue_response(4, 0.8))
    assert above([b - a for a, b in zip(least, two, strict=True)], 0)


# --- the engine -----------------------------------------------------------------------------------

FOUR = [f"192.0.2.{n}" for n in range(1, 5)]
SHOP = Scenario(
    Zone.of("shop.example", [RRset.of("www", "A", FOUR, 60)]),
    "www",
    resolvers=Resolvers(50),
    clients=Clients(1000, 0.32, "os-cache"),
    backends=tuple(Backend(each, capacity=100, queue=ENDLESS) for each in FOUR),
    balancer=Balancer(hop_ms=0),
    duration=40,
    bin=10,
    window=10,
)


def served_ms(scenario, seed):
    """The mean time at the servers: what applications waited for DNS is taken off."""
    outcome = run(scenario.set("seed", shifted(seed)), "events")
    total = sum(count for _, count in outcome.service.latencies)
    took = sum(ms * count for ms, count in outcome.service.latencies)
    waited = sum(ms * count for ms, count in outcome.lookups)
    return (took - waited) / total


@pytest.mark.long  # test_farms has the p99 of an engine's round robin
@pytest.mark.parametrize(
    ("algorithm", "expected"),
    [
        ("random", partial(theory.single_queue_response, 0.8)),
        ("round robin", partial(theory.round_robin_response, 4, 0.8)),
    ],
)
def test_the_engine_queues_as_the_closed_forms_say(algorithm, expected):
    scenario = SHOP.set("balancer.algorithm", algorithm)

    sample = [served_ms(scenario, seed) for seed in range(RUNS)]

    assert agrees(sample, 10 * expected())


# --- the closed forms -----------------------------------------------------------------------------


def test_two_choices_published_values():
    """Mitzenmacher (2001): the fixed point for two choices."""
    found = [theory.supermarket_response(load) for load in (0.5, 0.7, 0.9)]

    assert found == pytest.approx([1.2657, 1.6145, 2.6141], abs=5e-5)


def test_one_queue_for_all_and_one_server_are_the_same_queue():
    for load in (0.0, 0.3, 0.95):
        one = theory.single_queue_response(load)

        assert theory.common_queue_response(1, load) == pytest.approx(one)
        assert theory.round_robin_response(1, load) == pytest.approx(one)
        assert theory.supermarket_response(load, choices=1) == pytest.approx(one)


@pytest.mark.parametrize("load", [0.2, 0.8, 0.99])
def test_the_order_of_the_worlds(load):
    """One queue for all is best, then round robin, then chance."""
    one, turn = theory.common_queue_response(4, load), theory.round_robin_response(4, load)

    assert 1 <= one <= turn <= theory.single_queue_response(load)


@pytest.mark.parametrize("load", [-0.1, 1, 1.5, "much"])
def test_a_load_without_an_end_is_refused(load):
    with pytest.raises(LabError, match="load"):
        theory.supermarket_response(load)
