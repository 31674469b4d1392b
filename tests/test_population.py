"""The population engine: counting held copies, laws that always hold, and published imbalance."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lab_engine.authority.records import RRset
from lab_engine.authority.zone import Zone
from lab_engine.caches.crowds import head_counts, zipf_shares
from lab_engine.simulation import Clients, Resolvers, Scenario, run, theory
from lab_engine.simulation.population.answers import fills
from lab_engine.simulation.population.cases import Cases
from lab_engine.simulation.population.tally import Bins, RenewalTally, Tally
from tests.counts import LONG, long_but

DAY = 86_400


def scenario(servers=3, ttl=300, **fields):
    addresses = [f"192.0.2.{host + 1}" for host in range(servers)]
    zone = Zone.of("shop.example", [RRset.of("www", "A", addresses, ttl)])
    return Scenario(zone, "www", **fields)


# --- counting ------------------------------------------------------------------------------------

EIGHTHS = st.integers(-640, 799).map(lambda eighths: eighths / 8)  # not an ulp before a bin ends
COPIES = st.lists(
    st.tuples(EIGHTHS, st.floats(0, 200), st.floats(0.01, 50), st.integers(0, 1)),
    min_size=1,
    max_size=20,
)


def by_hand(copies, bins):
    """Copies taken, and rate x time held, by row and bin, one copy and bin at a time."""
    taken, passed_on = np.zeros((2, bins.count)), np.zeros((2, bins.count))
    for start, held, rate, row in copies:
        if start >= 0:
            taken[row, math.floor(start / bins.width)] += 1
        for index in range(bins.count):
            low, high = index * bins.width, (index + 1) * bins.width
            overlap = min(start + held, high) - max(start, low)
            passed_on[row, index] += rate * max(0, overlap)
    return taken, passed_on


@pytest.mark.slow
@given(COPIES)
def test_held_copies_are_summed_exactly(copies):
    bins = Bins(10, 10.0)
    start, held, rate, row = map(np.array, zip(*copies, strict=True))
    tally = Tally(2, bins)
    tally.add(start, start + held, rate, row)

    taken, passed_on = by_hand(copies, bins)

    assert np.array_equal(tally.taken(), taken)
    assert np.allclose(tally.passed_on(), passed_on, atol=1e-8)


@pytest.mark.slow
@given(COPIES, st.sampled_from([1, 7, 10, 20, 33, 300]))
def test_copies_held_for_one_time_are_summed_from_their_starts(copies, ttl):
    bins = Bins(10, 10.0)
    copies = [(start, ttl, rate, row) for start, _, rate, row in copies]
    start, _, rate, row = map(np.array, zip(*copies, strict=True))
    tally = RenewalTally(2, bins, ttl)
    tally.add(start, rate, row)

    taken, passed_on = by_hand(copies, bins)

    assert np.array_equal(tally.taken(), taken)
    assert np.allclose(tally.passed_on(), passed_on, atol=1e-8)


# --- what a fill can bring -----------------------------------------------------------------------


@pytest.mark.parametrize("order", ["shuffle", "cyclic", "by_id", "fixed"])
@pytest.mark.parametrize("cached", ["ideal", "frozen"])
@pytest.mark.parametrize("down", [(), ("192.0.2.1",), ("192.0.2.1", "192.0.2.3")])
@pytest.mark.parametrize("servers", [3, 4])
def test_cases_are_a_distribution(order, cached, down, servers):
    found = fills(scenario(servers, order=order, down=down, resolvers=Resolvers(profile=cached)))

    assert math.fsum(case.probability for case in found.cases) == pytest.approx(1)
    for case in found.cases:
        assert math.fsum(case.shares) == pytest.approx(1)
        dead = [
            share
            for server, share in zip(found.servers, case.shares[:-1], strict=True)
            if server in down
        ]
        assert not any(dead)


def test_a_random_id_is_not_quite_even_over_three():
    chances = [case.probability for case in fills(scenario(order="by_id")).cases]

    assert chances == [21846 / 65536, 21845 / 65536, 21845 / 65536]


def test_turns_are_taken_in_the_order_of_time():
    cases = Cases(fills(scenario(order="cyclic")), np.random.default_rng(1))

    late, early, middle, next_step = *cases.draw(np.array([3.0, 1.0, 2.0])), *cases.draw([4.0])

    assert [middle, late, next_step] == [(early + turn) % 3 for turn in (1, 2, 3)]


@pytest.mark.parametrize("counts", [[0, 0, 0], [1, 5, 0, 2, 9], [3, 3, 3]])
def test_turns_are_taken_across_bins(counts):
    cases = Cases(fills(scenario(order="cyclic")), np.random.default_rng(1))
    begin = int(cases.split(np.array([1])).argmax()) + 1

    split = cases.split(np.array(counts))

    turns = iter((begin + turn) % 3 for turn in range(sum(counts)))
    expected = [[next(turns) for _ in range(count)] for count in counts]
    assert split.T.tolist() == [[turns.count(case) for case in range(3)] for turns in expected]


# --- laws ----------------------------------------------------------------------------------------

OWN = {
    f"for-{name}": {"like": "fixed", "lifetime": lifetime}
    for name, lifetime in (("1", 1), ("30", 30), ("ever", math.inf))
}
KEPT = tuple(OWN)
SCENARIOS = st.builds(
    lambda servers, ttl, down, **fields: scenario(servers, ttl, **fields).set(
        "down", [f"192.0.2.{host}" for host in range(1, min(down, servers) + 1)]
    ),
    servers=st.integers(1, 5),
    ttl=st.sampled_from([0, 1, 7, 60, 300, DAY]),
    down=st.integers(0, 2),
    order=st.sampled_from(["shuffle", "cyclic", "by_id", "fixed"]),
    resolvers=st.builds(
        Resolvers,
        st.integers(1, 40),
        st.sampled_from([0, 1, 2.5]),
        st.sampled_from(["ideal", "frozen"]),
    ),
    clients=st.builds(
        Clients,
        st.integers(1, 60),
        st.sampled_from([0.001, 0.1, 3]),
        st.sampled_from(["none", "os-cache", *KEPT, *(f"{name}/os-cache" for name in KEPT)]),
    ),
    profiles=st.just(OWN),
    duration=st.sampled_from([100, 333.3]),
    bin=st.sampled_from([1, 7.5, 33.0]),
    seed=st.integers(0, 2**32),
)


@pytest.mark.slow
@settings(max_examples=60 if LONG else 40, deadline=None)
@given(SCENARIOS)
def test_nothing_is_lost_or_invented(any_scenario):
    outcome = run(any_scenario, "population")

    levels = outcome.levels
    asked = outcome.total
    for level, exists in [
        (levels.application, "for-" in any_scenario.clients.profile[0][0]),
        (levels.os, "os-cache" in any_scenario.clients.profile[0][0]),
        (levels.resolver, True),
    ]:
        assert min(level) >= 0
        assert sum(level) == (asked if exists else 0)
        asked = level.misses if exists else asked
    assert outcome.authority_queries == levels.resolver.misses == sum(outcome.answers)
    assert len(outcome.queries) == len(outcome.failed) == any_scenario.bins
    assert all(len(row) == any_scenario.bins for row in outcome.requests)
    assert min(map(min, (*outcome.requests, outcome.failed))) >= 0
    served = sum(map(sum, outcome.requests))
    assert math.fsum(outcome.shares()) == pytest.approx(1 if served else 0)
    for server, row in zip(outcome.addresses, outcome.requests, strict=True):
        assert server not in outcome.down or sum(row) == 0
    if any_scenario.resolvers.profile[0][0] == "frozen":
        assert sum(outcome.failed) in (0, outcome.total)


@pytest.mark.slow
@settings(max_examples=20, deadline=None)
@given(SCENARIOS)
def test_the_same_seed_gives_the_same_outcome(any_scenario):
    assert run(any_scenario, "population") == run(any_scenario, "population")


@pytest.mark.slow
def test_all_requests_are_poisson():
    """Whatever is cached: mean and variance of a bin's total are rate x width, within 4 sigma."""
    for profile in ("none", "os-cache", "fixed"):
        usual = scenario(clients=Clients(500, 0.2, profile), duration=DAY)
        outcome = run(usual, "population")

        totals = np.sum(outcome.requests, axis=0)
        mean, count = 500 * 0.2 * 60, len(totals)
        assert totals.mean() == pytest.approx(mean, abs=4 * math.sqrt(mean / count))
        assert totals.var() == pytest.approx(mean, rel=4 * math.sqrt(2 / count))


# --- imbalance (validation 1.8) ------------------------------------------------------------------


def one_draw_a_window(servers, resolvers, skew, days):
    """Requests of each server in 3 seconds, one TTL apart: each resolver drew once for each.

    At a million requests a second and client, a resolver asks again as soon as it may, and noise
    is far below the imbalance. Within the 3 seconds 1 % of them change their address.
    """
    busy = scenario(
        servers,
        300,
        resolvers=Resolvers(resolvers, skew, "frozen"),
        clients=Clients(10**6, 10.0),
        duration=DAY,
        bin=3,
    )
    runs = [run(busy.set("seed", seed), "population") for seed in range(days)]
    return np.vstack([np.array(outcome.requests).T[::100] for outcome in runs])


DAYS = 40 if LONG else 10
WINDOWS = 6000 if LONG else 250


@pytest.mark.slow
@pytest.mark.parametrize(
    ("servers", "resolvers", "skew", "expected"),
    [
        (3, 10, 0, 1.477),
        pytest.param(3, 10, 1, 1.704, marks=pytest.mark.long),
        pytest.param(3, 100, 1, 1.404, marks=pytest.mark.long),
        pytest.param(3, 1000, 0, 1.046, marks=pytest.mark.long),
        pytest.param(3, 1000, 1, 1.281, marks=pytest.mark.long),
        (4, 20, 1, 1.858),
        pytest.param(7, 20, 1, 2.687, marks=pytest.mark.long),
        pytest.param(7, 100, 0, 1.370, marks=pytest.mark.long),
        pytest.param(7, 1000, 1, 1.812, marks=pytest.mark.long),
    ],
)
def test_imbalance_of_one_random_address_a_window(servers, resolvers, skew, expected):
    """T2(a), ±1.5 %: 2,880 windows, so that 4 sigma of their mean lie within the tolerance."""
    counts = one_draw_a_window(servers, resolvers, skew, DAYS)
    ratios = counts.max(axis=1) / counts.mean(axis=1)

    sigma = ratios.std() / math.sqrt(len(ratios))
    assert 4 * sigma < 0.015 * expected
    assert ratios.mean() == pytest.approx(expected, rel=0.015)
    floor = theory.imbalance_floor(servers, zipf_shares(resolvers, skew))
    assert ratios.min() > 0.99 * floor


@pytest.mark.slow
@pytest.mark.parametrize(
    ("resolvers", "median", "above_3"),
    long_but(
        [(20, 3.1, 0.53), (100, 2.1, 0.17), (1000, 1.7, 0.003)], (20, 3.1, 0.53), (100, 2.1, 0.17)
    ),
)
def test_the_lesson_for_one_draw_a_window(resolvers, median, above_3):
    """k=3, Zipf(1), one address a fill: median max/min, and how often it reaches 3."""
    counts = one_draw_a_window(3, resolvers, 1, DAYS)
    least = np.maximum(counts.min(axis=1), 1e-9)
    ratios = counts.max(axis=1) / least

    sigma = math.sqrt(0.25 / len(ratios))
    assert np.mean(ratios < median + 0.05) > 0.5 - 4 * sigma
    assert np.mean(ratios < median - 0.05) < 0.5 + 4 * sigma
    assert np.mean(ratios >= 3) == pytest.approx(above_3, abs=4 * sigma)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("order", "resolvers", "median", "above_3"),
    [
        ("shuffle", 20, 2.42, 0.33),
        pytest.param("shuffle", 100, 1.82, 0.05, marks=pytest.mark.long),
        pytest.param("shuffle", 1000, 1.52, 0.0, marks=pytest.mark.long),
        ("cyclic", 20, 1.84, 0.02),
    ],
)
def test_the_lesson_in_fixed_windows(order, resolvers, median, above_3):
    """The same, TTL 300, in fixed windows of 300 s: each cuts across two copies and averages them.

    Hence less than with one draw a window. One window of each run: the phase of a busy resolver
    hardly moves, so that the windows of one run are far from independent.
    """
    window = scenario(
        order=order,
        resolvers=Resolvers(resolvers, 1, "frozen"),
        clients=Clients(10_000, 0.1),
        duration=300,
        bin=300,
    )

    runs = [run(window.set("seed", seed)).max_over_min() for seed in range(WINDOWS)]

    ratios, sigma = np.hstack(runs), math.sqrt(0.25 / len(runs))
    assert np.mean(ratios < median + 0.05) > 0.5 - 4 * sigma
    assert np.mean(ratios < median - 0.05) < 0.5 + 4 * sigma
    assert np.mean(ratios >= 3) == pytest.approx(above_3, abs=4 * sigma)


def test_over_a_day_it_evens_out_and_in_no_single_window():
    day = scenario(
        resolvers=Resolvers(20, 1, "frozen"), clients=Clients(10_000, 0.1), duration=DAY, bin=300
    )

    outcome = run(day)

    assert max(outcome.shares()) * 3 < 1.1
    assert np.median(outcome.max_over_mean()) > 1.3


def test_rotating_resolvers_spread_even_one_giant():
    giant = scenario(clients=Clients(10_000, 0.1), resolvers=Resolvers(1), bin=300)

    assert max(run(giant).max_over_mean()) < 1.02
    assert min(run(giant.set("resolvers.profile", "frozen")).max_over_mean()) > 1.5


@pytest.mark.parametrize("order", ["shuffle", "cyclic"])
def test_no_window_in_which_all_copies_stay_is_below_the_floor(order):
    """k·w1: TTL of a day, and only windows in which no resolver asks. Noise is below 0.1 %."""
    floor = theory.imbalance_floor(7, head_counts(10_000, zipf_shares(20, 1)))
    held = scenario(
        7,
        DAY,
        order=order,
        resolvers=Resolvers(20, 1, "frozen"),
        clients=Clients(10_000, 100.0),
        bin=300,
    )

    ratios = []
    for seed in range(30):
        outcome = run(held.set("seed", seed))
        pairs = zip(outcome.max_over_mean(), outcome.queries, strict=True)
        ratios += [ratio for ratio, queries in pairs if queries == 0]

    assert len(ratios) > 200
    assert min(ratios) > 0.999 * floor
