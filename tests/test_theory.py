"""Closed forms against published or independently computed values, and against tiny simulations.

The simulations share nothing with the formulas or the engines. Each is compared by the mean of a
fixed-seed sample of independent values, within 4 of its standard errors.
"""

import doctest
import math
from bisect import bisect
from importlib import import_module
from inspect import signature
from itertools import accumulate, pairwise
from pkgutil import iter_modules
from random import Random
from statistics import fmean, stdev

import numpy as np
import pytest

from lab_engine.authority.health import aggregate
from lab_engine.caches.crowds import zipf_shares
from lab_engine.errors import LabError
from lab_engine.simulation import theory

MODULES = [f"{theory.__name__}.{module.name}" for module in iter_modules(theory.__path__)]


@pytest.fixture
def dice():
    return Random(7)


def off(sample, value):
    """How many standard errors the sample's mean is from the value."""
    error = stdev(sample) / math.sqrt(len(sample))
    return abs(fmean(sample) - value) / max(error, 1e-9)


# --- the texts -----------------------------------------------------------------------------------


@pytest.mark.parametrize("module", MODULES)
def test_the_examples_in_the_text_are_true(module):
    assert doctest.testmod(import_module(module)).failed == 0


CLOSED_FORMS = [name for name in theory.__all__ if callable(getattr(theory, name))]


@pytest.mark.parametrize("name", CLOSED_FORMS)
def test_every_closed_form_has_an_example(name):
    found = doctest.DocTestFinder().find(getattr(theory, name))

    assert any(test.examples for test in found)


# --- one cache -----------------------------------------------------------------------------------


def hits_per_copy(gap, lifetime, *, copies=20_000, renewed=False):
    """How many requests each copy answers, the first of them `gap()` after the one that fetched."""
    hits = [0] * copies
    for copy in range(copies):
        now, end = gap(), lifetime
        while now < end:
            hits[copy] += 1
            end = now + lifetime if renewed else end
            now += gap()
    return hits


def per_copy(ratio):
    """The hits per copy that a hit ratio means."""
    return ratio / (1 - ratio)


def bursts(dice, variation):
    """Gaps of mean 1: two exponentials with balanced means."""
    short = (1 + math.sqrt((variation - 1) / (variation + 1))) / 2
    return lambda: dice.expovariate(2 * (short if dice.random() < short else 1 - short))


@pytest.mark.parametrize(("ttl", "ratio"), [(0.1, 0.0909), (1, 0.5), (3, 0.75), (10, 0.9091)])
def test_hit_ratio_of_poisson_requests(dice, ttl, ratio):
    """Jung, Berger and Balakrishnan 2003."""
    sample = hits_per_copy(lambda: dice.expovariate(1), ttl)

    assert theory.hit_ratio(1, ttl) == pytest.approx(ratio, abs=5e-5)
    assert off(sample, per_copy(theory.hit_ratio(1, ttl))) < 4


@pytest.mark.slow
@pytest.mark.parametrize("ttl", [1, 3])
def test_the_other_formula_is_for_copies_that_hits_renew(dice, ttl):
    """1 - e^(-λT) is rejected for the copies that DNS has, and fits the others."""
    other = 1 - math.exp(-ttl)

    assert off(hits_per_copy(lambda: dice.expovariate(1), ttl), per_copy(other)) > 20
    renewed = hits_per_copy(lambda: dice.expovariate(1), ttl, renewed=True)
    assert off(renewed, per_copy(other)) < 4


@pytest.mark.slow
@pytest.mark.parametrize("ttl", [0.3, 3])
def test_hit_ratios_of_other_arrivals(dice, ttl):
    for gap, renewals in [
        (lambda: dice.gammavariate(2, 0.5), theory.erlang_renewals(1, ttl)),
        (bursts(dice, 4), theory.hyperexponential_renewals(1, ttl, variation=4)),
        (bursts(dice, 25), theory.hyperexponential_renewals(1, ttl, variation=25)),
        (lambda: 0.4, theory.periodic_renewals(0.4, ttl)),
    ]:
        assert off(hits_per_copy(gap, ttl, copies=30_000), renewals) < 4


def test_bursts_are_hits_more_often_and_regular_requests_less():
    smooth, bursty = (
        theory.erlang_renewals(1, 3),
        theory.hyperexponential_renewals(1, 3, variation=4),
    )

    assert smooth < 3 < bursty
    assert theory.hyperexponential_renewals(1, 3, variation=1) == 3
    assert theory.renewal_hit_ratio(theory.periodic_renewals(1, 2.5)) == pytest.approx(2 / 3)


def test_hits_and_upstream_queries_share_the_requests():
    for rate, ttl in [(0.2, 30), (5, 300), (1e6, 86_400), (3, 0)]:
        asked = theory.upstream_rate(rate, ttl)

        assert asked == pytest.approx(rate * (1 - theory.hit_ratio(rate, ttl)), rel=1e-6)


def test_fills_are_not_poisson(dice):
    gaps = [5 + dice.expovariate(0.2) for _ in range(10_000)]
    squares = [(gap - 10) ** 2 / 10**2 for gap in gaps]

    assert off(gaps, 1 / theory.upstream_rate(0.2, 5)) < 4
    assert off(squares, theory.miss_variation(0.2, 5)) < 4
    assert theory.miss_variation(0.2, 5) == 0.25


def test_the_ends_of_the_range():
    assert theory.hit_ratio(1, math.inf) == theory.hit_ratio(math.inf, 1) == 1
    assert theory.hit_ratio(0, math.inf) == theory.hit_ratio(math.inf, 0) == 0
    assert theory.upstream_rate(1, math.inf) == theory.upstream_rate(0, 5) == 0
    assert theory.upstream_rate(math.inf, 5) == 0.2
    assert theory.periodic_renewals(math.inf, math.inf) == 0
    assert theory.prefetch_miss_ratio(0.5, 20, 0) == pytest.approx(1 - theory.hit_ratio(0.5, 20))
    assert theory.prefetch_fetch_ratio(0.5, math.inf, math.inf) == 1


# --- clocks of whole seconds, and prefetch -------------------------------------------------------


@pytest.mark.parametrize(
    ("rate", "grace", "ratio"), [(0.2, 0, 0.4746), (1, 0, 0.8209), (0.2, 1, 0.5246), (1, 1, 0.8481)]
)
def test_whole_second_clocks(dice, rate, grace, ratio):
    """TTL 5: BIND and PowerDNS (0), Unbound up to 1.24.2 (1); packets agree within 1 sigma."""
    now, end, fetches, hits = 0.0, 0, [], []
    while len(fetches) < 10_000:
        now += dice.expovariate(rate)
        if math.floor(now) < end:
            hits[-1] += 1
        else:
            end = math.floor(now) + 5 + grace
            fetches.append(math.floor(now))
            hits.append(0)

    found = theory.whole_second_hit_ratio(rate, 5, grace)
    assert found == pytest.approx(ratio, abs=5e-5)
    assert off(hits[:-1], per_copy(found)) < 4
    between = [later - earlier for earlier, later in pairwise(fetches)]
    assert off(between, theory.whole_second_cycle(rate, 5, grace)) < 4


def test_whole_seconds_do_not_matter_for_long_ttls():
    exact = theory.whole_second_hit_ratio(0.1, 3600)

    assert exact == pytest.approx(theory.hit_ratio(0.1, 3600), abs=1e-5)


def test_whole_seconds_at_extreme_rates():
    assert theory.whole_second_hit_ratio(1e6, 5) == pytest.approx(1 - 1 / 5e6)
    assert theory.whole_second_hit_ratio(math.inf, 5) == 1
    assert theory.whole_second_hit_ratio(1, 0) == theory.whole_second_hit_ratio(math.inf, 0) == 0
    assert theory.whole_second_cycle(0.5, 0) == 2


def test_prefetch(dice):
    end, now, requests, waited = 0.0, 0.0, [], []
    while len(requests) < 20_000:
        now += dice.expovariate(0.5)
        if now >= end - 2:
            requests.append(0)
            waited.append(now >= end)
            end = now + 20
        requests[-1] += 1

    fetched, missed = (
        form(0.5, 20, window=2)
        for form in (theory.prefetch_fetch_ratio, theory.prefetch_miss_ratio)
    )
    assert off(requests[:-1], 1 / fetched) < 4
    assert off(waited, missed / fetched) < 4


# --- several caches or names ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rate", "lifetime", "ttl", "ratio"),
    [(1, 2, 10, 0.7427), (0.2, 5, 30, 0.7241), (0.05, 60, 300, 0.7669), (1, 30, 60, 0.5)],
)
def test_a_resolver_behind_one_application_cache(dice, rate, lifetime, ttl, ratio):
    """The law of Poisson requests, at the rate of the fills, is rejected."""

    def refill():
        gap = 0.0
        while gap < lifetime:
            gap += dice.expovariate(rate)
        return gap

    sample = hits_per_copy(refill, ttl, copies=5000)
    found = theory.chain_hit_ratio(rate, lifetime, ttl)
    assert found == pytest.approx(ratio, abs=5e-5)
    assert off(sample, per_copy(found)) < 4
    assert off(sample, theory.upstream_rate(rate, lifetime) * ttl) > 4


@pytest.mark.slow
@pytest.mark.parametrize(("rate", "ttl"), [(1, 10), (0.01, 5), (3, 3000)])
def test_a_chain_without_its_first_cache_is_one_cache(rate, ttl):
    barely = theory.chain_hit_ratio(rate, 1e-9, ttl)

    assert barely == pytest.approx(theory.hit_ratio(rate, ttl), abs=1e-6)
    assert theory.chain_hit_ratio(rate, 0, ttl) == theory.hit_ratio(rate, ttl)


def test_a_busy_application_asks_whenever_its_lifetime_ends():
    """At 20, 40 and 60 s, of which the resolver's 50 s answer two."""
    assert theory.chain_hit_ratio(math.inf, 20, 50) == theory.renewal_hit_ratio(2)
    assert theory.chain_hit_ratio(5e-324, 20, 50) == pytest.approx(0)


def test_a_long_chain_counts_its_refills():
    """90,000 of them, each 1 s and a rare gap of 1/1000 s."""
    missed = 1 - theory.chain_hit_ratio(1000, 1, 90_090)

    assert missed == pytest.approx(1 / 90_000, rel=1e-4)


@pytest.mark.parametrize(
    ("caches", "queries", "missed"), [(2, 3, 0.58), (2, 6, 0.33), (4, 6, 0.55)]
)
def test_fragmented_resolvers(dice, caches, queries, missed):
    sample = [len({dice.randrange(caches) for _ in range(queries)}) for _ in range(5000)]

    found = theory.fragmented_misses(caches, queries)
    assert found / queries == pytest.approx(missed, abs=0.005)
    assert off(sample, found) < 4


def test_one_cache_misses_once_and_many_always():
    assert [theory.fragmented_misses(1, queries) for queries in (0, 1, 9)] == [0, 1, 1]
    assert theory.fragmented_misses(10**9, 10) == pytest.approx(10)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("names", "skew", "ratios"),
    [(1000, 1, {60: 0.362, 300: 0.567, 1000: 0.715}), (10_000, 0.91, {60: 0.170, 900: 0.427})],
)
def test_a_catalogue_by_zipfs_law(names, skew, ratios):
    for ttl, ratio in ratios.items():
        found = theory.catalogue_hit_ratio(zipf_shares(names, skew), 1, ttl)

        assert found == pytest.approx(ratio, abs=5e-4)


def test_a_catalogue_request_by_request(dice):
    shares, sample = zipf_shares(8, 1), []
    for _ in range(300):
        now, ends, hits = 0.0, [0.0] * 8, []
        for name in dice.choices(range(8), shares, k=600):
            now += dice.expovariate(1)
            hits.append(now < ends[name])
            ends[name] = ends[name] if hits[-1] else now + 10
        sample.append(fmean(hits[200:]))

    assert off(sample, theory.catalogue_hit_ratio([3 * share for share in shares], 1, 10)) < 4


# --- a record changes ----------------------------------------------------------------------------


def copies(dice, ttl, rate):
    """When one cache fetches, over a long time, and random times of a change in it."""
    gaps = (ttl + (0 if math.isinf(rate) else dice.expovariate(rate)) for _ in range(30_000))
    starts = list(accumulate(gaps))
    return starts, [dice.uniform(starts[9], starts[-9]) for _ in range(10_000)]


def stale(starts, ttl, changed, asked):
    """Whether a request is answered by a copy from before the change, or comes before it."""
    start = starts[bisect(starts, asked) - 1]
    return asked < changed or (start < changed and asked < start + ttl)


@pytest.mark.parametrize("rate", [1, 0.05, math.inf])
def test_stale_requests_behind_one_cache(dice, rate):
    starts, changes = copies(dice, 20, rate)

    for after in (0, 5, 10, 15, 20):
        sample = [stale(starts, 20, change, change + after) for change in changes]
        assert off(sample, theory.stale_fraction(after, 20, rate)) < 4


@pytest.mark.slow
@pytest.mark.parametrize("rate", [0.1, math.inf])
@pytest.mark.parametrize("life", [8, 20, 50])
def test_stale_requests_on_kept_connections(dice, rate, life):
    starts, changes = copies(dice, 20, rate)

    for after in (0, 5, 15, 25, 45):
        opened = [change + after - dice.uniform(0, life) for change in changes]
        sample = [stale(starts, 20, *each) for each in zip(changes, opened, strict=True)]
        assert off(sample, theory.pinned_stale_fraction(after, 20, life, rate)) < 4


@pytest.mark.parametrize(("first", "second"), [(20, 20), (30, 300), (60, 20)])
def test_stale_requests_behind_two_whole_lifetimes(dice, first, second):
    """The last refill of the first, and before it of the second, at random phases."""
    for part in (0, 0.1, 0.4, 0.6, 0.9, 1):
        after, sample = part * (first + second), []
        for _ in range(5000):
            refill = after - (after - dice.uniform(0, first)) % first
            sample.append(refill - (refill - dice.uniform(0, second)) % second < 0)
        assert off(sample, theory.two_level_stale_fraction(after, first, second)) < 4


@pytest.mark.parametrize(("kept", "old", "new"), [(600, 300, 60), (75, 300, 60), (45, 20, 120)])
def test_copies_of_a_change_that_was_taken_back(dice, kept, old, new):
    """The first fetch after the change at a random phase, then one each new TTL."""
    for part in (0, 0.2, 0.5, 0.8, 0.99):
        after, sample = part * new, []
        for _ in range(5000):
            met = dice.uniform(0, old)
            ends = met + math.ceil(max(0.0, kept - met) / new) * new
            sample.append(met < kept and ends > kept + after)
        assert off(sample, theory.rolled_back_fraction(after, kept, old, new)) < 4


def test_two_levels_of_which_one_is_none_or_endless():
    assert theory.two_level_stale_fraction(5, 0, 20) == theory.stale_fraction(5, 20)
    assert theory.two_level_stale_fraction(5, math.inf, 20) == 1
    assert theory.pinned_stale_fraction(5, 20, 0, rate=1) == theory.stale_fraction(5, 20, rate=1)
    assert theory.stale_fraction(0, 0) == theory.two_level_stale_fraction(0, 0, 0) == 0


def test_who_never_asks_again_stays_stale():
    mix = {20: 90, math.inf: 10}

    assert theory.mixed_stale_fraction(10, mix) == pytest.approx(0.55)
    assert theory.mixed_stale_fraction(10**6, mix) == pytest.approx(0.1)


# --- numpy ---------------------------------------------------------------------------------------

FUNCTIONS = {name: getattr(theory, name) for name in theory.__all__ if name.islower()}
NUMBERS = [
    (name, parameter)
    for name, function in FUNCTIONS.items()
    for parameter in signature(function).parameters
    if parameter not in ("shares", "mix", "stages", "caches")
]
SHARED = [
    name for name, function in FUNCTIONS.items() if "shares" in signature(function).parameters
]


def arguments(function):
    """Some that are allowed."""
    usual = {"shares": [0.5, 0.3, 0.2], "mix": {60: 1}, "stages": [(0, 1)]}
    return {name: usual.get(name, 1) for name in signature(function).parameters}


@pytest.mark.parametrize("given", [np.array([1.0, 2.0]), np.array([]), [1, 2]])
@pytest.mark.parametrize(("name", "parameter"), NUMBERS)
def test_a_formula_of_one_number_says_so_to_an_array(name, parameter, given):
    function = FUNCTIONS[name]

    with pytest.raises(LabError, match=f"^{parameter}: is several numbers") as refused:
        function(**arguments(function) | {parameter: given})
    assert "for each in" in refused.value.remedy


@pytest.mark.parametrize("name", SHARED)
def test_shares_may_be_an_array(name):
    function = FUNCTIONS[name]
    given = arguments(function)

    assert function(**given | {"shares": np.array(given["shares"])}) == function(**given)


@pytest.mark.parametrize("name", SHARED)
@pytest.mark.parametrize("given", [np.array([]), np.array([[0.5], [0.5]]), np.array(3.0), None, 1])
def test_shares_that_are_no_shares_are_refused(name, given):
    function = FUNCTIONS[name]

    with pytest.raises(LabError, match="share"):
        function(**arguments(function) | {"shares": given})


def test_a_mix_that_is_no_mapping_is_refused():
    with pytest.raises(LabError, match="is no mix of lifetimes"):
        theory.mixed_stale_fraction(1, np.array([60.0, 1.0]))


# --- failover ------------------------------------------------------------------------------------

FOLKLORE = {"interval": 30, "threshold": 1, "ttl": 30, "publication": 5}
DEFAULT = {"interval": 30, "threshold": 3}
LAB = {"interval": 5, "threshold": 3, "timeout": 2, "publication": 1, "ttl": 20}
OUTAGES = [  # mean, sd, quantiles of 0.05, 0.5, 0.95, 0.99, by a million draws; the range
    (FOLKLORE, 1, (35.0, 12.24, 14.5, 35.0, 55.5, 60.7), (5, 65)),
    (FOLKLORE, 16, (44.7, 9.05, 30.6, 44.7, 59.0, 61.6), (5, 65)),
    (DEFAULT | {"ttl": 30}, 1, (90.0, 12.25, 69.5, 90.0, 110.5, 115.7), (60, 120)),
    (DEFAULT | {"ttl": 30}, 16, (99.7, 9.07, 85.6, 99.7, 114.0, 116.6), (60, 120)),
    (DEFAULT, 1, (105.0, 19.37, 73.4, 105.0, 136.6, 144.1), (60, 150)),
    (DEFAULT, 16, (114.7, 17.55, 87.6, 114.7, 142.0, 145.7), (60, 150)),
    (DEFAULT | {"timeout": 4}, 1, (117.0, 19.36, 85.5, 117.0, 148.6, 156.0), (72, 162)),
    (DEFAULT | {"timeout": 4}, 16, (126.7, 17.55, 99.6, 126.7, 154.0, 157.7), (72, 162)),
    (DEFAULT | {"interval": 10}, 1, (55.0, 17.54, 27.8, 55.0, 82.2, 86.5), (20, 90)),
    (DEFAULT | {"interval": 10}, 16, (58.2, 17.36, 31.2, 58.2, 85.2, 87.9), (20, 90)),
    (LAB, 1, (29.5, 5.96, 20.2, 29.5, 38.8, 40.6), (17, 42)),
    (LAB, 16, (31.1, 5.79, 22.1, 31.1, 40.1, 41.1), (17, 42)),
]


@pytest.mark.parametrize(("case", "checkers", "drawn", "ends"), OUTAGES)
def test_outages_as_drawn(case, checkers, drawn, ends):
    outage = theory.Failover(**case, checkers=checkers).outage

    assert (outage.mean, outage.sd) == pytest.approx(drawn[:2], rel=0.01)
    found = [outage.quantile(chance) for chance in (0.05, 0.5, 0.95, 0.99)]
    assert found == pytest.approx(drawn[2:], rel=0.02)
    assert (outage.shortest, outage.longest) == ends
    assert (outage.quantile(0), outage.quantile(1)) == pytest.approx(ends)


def change_of_mind(dice, case, passing, waits):
    """Seconds until the check does, checker by checker and probe by probe."""
    times = []
    for _ in range(case.checkers):
        now = dice.uniform(0, case.interval)
        for _ in range(case.threshold - 1):
            now += waits + case.interval
        times.append(now + waits)
    for changed, time in enumerate(sorted(times), start=1):
        if aggregate([passing] * changed + [not passing] * (case.checkers - changed)) is passing:
            return time
    raise AssertionError


@pytest.mark.parametrize("checkers", [1, 3, 15, 16])
@pytest.mark.parametrize("passing", [False, True])
def test_failover_probe_by_probe(dice, checkers, passing):
    case = theory.Failover(30, 2, 40, timeout=4, publication=3, checkers=checkers, held=0.7)
    delay = case.recovery if passing else case.outage

    sample = [
        change_of_mind(dice, case, passing, waits=0 if passing else 4)
        + 3
        + (dice.uniform(0, 40) if dice.random() < 0.7 else 0)
        for _ in range(4000)
    ]

    assert off(sample, delay.mean) < 4
    assert off([(value - delay.mean) ** 2 for value in sample], delay.sd**2) < 4
    for chance in (0.05, 0.25, 0.5, 0.75, 0.95):
        limit = delay.quantile(chance)
        assert off([value <= limit for value in sample], chance) < 4


def test_it_fails_slowly_and_recovers_fast():
    """Without a TTL: 84.7 and 65.3 s with 16 checkers."""
    check = theory.Failover(30, 3, ttl=0)

    assert check.outage.mean == pytest.approx(60 + 30 * 14 / 17)
    assert check.recovery.mean == pytest.approx(60 + 30 * 3 / 17)


def test_a_short_ttl_is_as_good_as_none():
    none, *short = (theory.Failover(30, 3, ttl).outage for ttl in (0, 1e-4, 1e-6, 1e-12))

    for chance in (0.01, 0.5, 0.99):
        limit = none.quantile(chance)
        assert [each.quantile(chance) for each in short] == pytest.approx([limit] * 3, abs=1e-3)


def test_many_checkers_agree_on_one_moment():
    outage = theory.Failover(30, 3, ttl=0, checkers=1000).outage

    assert outage.quantile(0.5) == pytest.approx(60 + 30 * 0.82, abs=0.1)
    assert outage.sd < 0.5


# --- balance -------------------------------------------------------------------------------------


@pytest.mark.parametrize(("count", "effective"), [(10, 5.5), (20, 8.1), (100, 16.5), (1000, 34.1)])
def test_few_of_many_zipf_resolvers_count(count, effective):
    assert theory.effective_count(zipf_shares(count, 1)) == pytest.approx(effective, abs=0.05)


@pytest.mark.parametrize(
    ("servers", "count", "floor"), [(3, 10, 1.024), (4, 20, 1.112), (7, 20, 1.946), (3, 100, 1.0)]
)
def test_the_largest_resolver_sets_a_floor(servers, count, floor):
    shares = zipf_shares(count, 1)
    places = np.random.default_rng(7).integers(servers, size=(500, count))
    loads = [np.bincount(row, shares, servers).max() * servers for row in places]

    assert theory.imbalance_floor(servers, shares) == pytest.approx(floor, abs=5e-4)
    assert min(loads) >= theory.imbalance_floor(servers, shares) - 1e-9


@pytest.mark.parametrize(
    ("servers", "count", "simulated"),
    [(3, 10, 1.477), (3, 100, 1.148), (4, 20, 1.475), (7, 100, 1.370), (10, 100, 1.511)],
)
def test_the_leading_order_overshoots_for_few_caches(servers, count, simulated):
    """By the 9 to 23 % that the text states; simulated with 20,000 trials."""
    assert 1.09 <= theory.expected_imbalance(servers, count) / simulated <= 1.23


@pytest.mark.parametrize(("servers", "simulated"), [(3, 1.046), (7, 1.114)])
def test_the_leading_order_fits_many_caches(servers, simulated):
    equal = np.full(servers, 1 / servers)
    loads = np.random.default_rng(7).multinomial(1000, equal, size=2000).max(axis=1)

    assert fmean(loads) * servers / 1000 == pytest.approx(simulated, abs=0.005)
    assert 1 <= theory.expected_imbalance(servers, 1000) / simulated <= 1.05


def test_strict_rotation_is_even_where_it_divides():
    assert [theory.rotation_imbalance(3, count) for count in (3, 4, 300)] == [1, 1.5, 1]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("shares", "share", "ttl", "watched", "error"),
    [
        (zipf_shares(100, 0), 0.01, 60, 600, 0.0031),
        (zipf_shares(100, 0), 0.10, 60, 60, 0.0245),
        (zipf_shares(100, 1), 0.05, 60, 600, 0.0167),
        (zipf_shares(100, 1), 0.01, 60, 600, 0.0076),
        (zipf_shares(20, 1), 0.05, 300, 300, 0.0625),
        (zipf_shares(20, 1), 0.30, 300, 240, None),
        (zipf_shares(1000, 1), 0.10, 60, 600, 0.0160),
    ],
)
def test_what_a_canary_gets(shares, share, ttl, watched, error):
    """Each cache draws for each of its copies, whose phases are random."""
    dice, copies = np.random.default_rng(7), math.ceil(watched / ttl) + 1
    trials = max(1000, 400_000 // (copies * len(shares)))
    starts = dice.uniform(-ttl, 0, (trials, len(shares), 1)) + ttl * np.arange(copies)
    seen = np.clip(starts + ttl, 0, watched) - np.clip(starts, 0, watched)
    drawn = dice.random(seen.shape) < share
    sample = (seen * drawn).sum(axis=2) @ np.array(shares) / watched

    found = theory.canary_error(share, shares, ttl, watched)
    assert error is None or found == pytest.approx(error, abs=5e-5)
    assert off(sample, share) < 4
    assert off((sample - share) ** 2, found**2) < 4


# --- what is refused -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "call",
    [
        lambda: theory.hit_ratio(-1, 5),
        lambda: theory.hit_ratio(1, -5),
        lambda: theory.hit_ratio(math.nan, 5),
        lambda: theory.hit_ratio("1", 5),
        lambda: theory.hit_ratio(True, 5),
        lambda: theory.upstream_rate(1, -1),
        lambda: theory.miss_variation(1, -1),
        lambda: theory.renewal_hit_ratio(-1),
        lambda: theory.erlang_renewals(-1, 5),
        lambda: theory.hyperexponential_renewals(1, 5, 0.5),
        lambda: theory.hyperexponential_renewals(1, 5, math.inf),
        lambda: theory.periodic_renewals(0, 5),
        lambda: theory.whole_second_hit_ratio(0, 5),
        lambda: theory.whole_second_hit_ratio(1, 5.5),
        lambda: theory.whole_second_cycle(1, 5, grace=-1),
        lambda: theory.prefetch_fetch_ratio(1, 5, 6),
        lambda: theory.prefetch_miss_ratio(1, 5, -1),
        lambda: theory.chain_hit_ratio(1, math.inf, 30),
        lambda: theory.chain_hit_ratio(1000, 0.1, 86_400),
        lambda: theory.fragmented_misses(0, 5),
        lambda: theory.fragmented_misses(2, 0.5),
        lambda: theory.catalogue_hit_ratio([], 1, 5),
        lambda: theory.effective_ttl(5, cap=0),
        lambda: theory.effective_ttl(5, floor=60, cap=30),
        lambda: theory.stale_fraction(-1, 5),
        lambda: theory.stale_fraction(math.inf, 5),
        lambda: theory.two_level_stale_fraction(1, -1, 5),
        lambda: theory.pinned_stale_fraction(1, 5, -1),
        lambda: theory.mixed_stale_fraction(1, {}),
        lambda: theory.mixed_stale_fraction(1, {5: -1, 6: 2}),
        lambda: theory.Failover(interval=0),
        lambda: theory.Failover(threshold=11),
        lambda: theory.Failover(ttl=math.inf),
        lambda: theory.Failover(checkers=0),
        lambda: theory.Failover(held=1.1),
        lambda: theory.Failover().outage.cdf(math.nan),
        lambda: theory.Failover().outage.quantile(95),
        lambda: theory.effective_count([]),
        lambda: theory.effective_count([0, 0]),
        lambda: theory.effective_count([math.inf]),
        lambda: theory.imbalance_floor(0, [1]),
        lambda: theory.imbalance_floor(3, []),
        lambda: theory.expected_imbalance(3, 0),
        lambda: theory.rotation_imbalance(0, 3),
        lambda: theory.canary_error(5, [1], 60, 60),
        lambda: theory.canary_error(0.05, [1], 0, 60),
    ],
)
def test_values_outside_a_formula_are_refused(call):
    with pytest.raises(LabError):
        call()


def test_a_refusal_names_the_value_the_rule_and_the_remedy():
    with pytest.raises(LabError, match=r"window 30: is not a number from 0 to 20\. Take a number"):
        theory.prefetch_fetch_ratio(0.5, 20, window=30)
