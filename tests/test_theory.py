"""Closed forms against published or independently computed values (validation sheet)."""

import doctest
import math

import pytest

from lab_engine.caches.crowds import zipf_shares
from lab_engine.errors import LabError
from lab_engine.simulation import theory


def test_the_examples_in_the_text_are_true():
    found = doctest.testmod(theory)

    assert found.attempted >= 8
    assert found.failed == 0


@pytest.mark.parametrize(("ttl", "ratio"), [(0.1, 0.0909), (1, 0.5), (3, 0.75), (10, 0.9091)])
def test_hit_ratio_of_poisson_requests(ttl, ratio):
    """Jung, Berger and Balakrishnan 2003; not 1 - e^(-λT)."""
    assert theory.hit_ratio(1, ttl) == pytest.approx(ratio, abs=5e-5)
    assert abs(1 - math.exp(-ttl) - ratio) > 0.004


def test_hits_and_upstream_queries_share_the_requests():
    for rate, ttl in [(0.2, 30), (5, 300), (1e6, 86_400), (3, 0)]:
        asked = theory.upstream_rate(rate, ttl)

        assert asked == pytest.approx(rate * (1 - theory.hit_ratio(rate, ttl)), rel=1e-6)


def test_a_cache_that_never_expires_always_hits():
    assert theory.hit_ratio(1, math.inf) == 1
    assert theory.upstream_rate(1, math.inf) == 0


@pytest.mark.parametrize(
    ("rate", "grace", "ratio"), [(0.2, 0, 0.4746), (1, 0, 0.8209), (0.2, 1, 0.5246), (1, 1, 0.8481)]
)
def test_whole_second_clocks(rate, grace, ratio):
    """TTL 5: BIND and PowerDNS (0), Unbound up to 1.24.2 (1); packets agree within 1 sigma."""
    assert theory.whole_second_hit_ratio(rate, 5, grace) == pytest.approx(ratio, abs=5e-5)


def test_whole_seconds_do_not_matter_for_long_ttls():
    exact = theory.whole_second_hit_ratio(0.1, 3600)

    assert exact == pytest.approx(theory.hit_ratio(0.1, 3600), abs=1e-5)


def test_whole_seconds_at_extreme_rates():
    assert theory.whole_second_hit_ratio(1e6, 5) == pytest.approx(1 - 1 / 5e6)
    assert theory.whole_second_hit_ratio(1, 0) == 0


@pytest.mark.parametrize(("count", "effective"), [(10, 5.5), (20, 8.1), (100, 16.5), (1000, 34.1)])
def test_few_of_many_zipf_resolvers_count(count, effective):
    assert theory.effective_count(zipf_shares(count, 1)) == pytest.approx(effective, abs=0.05)


@pytest.mark.parametrize(
    ("servers", "count", "floor"), [(3, 10, 1.024), (4, 20, 1.112), (7, 20, 1.946), (3, 100, 1.0)]
)
def test_the_largest_resolver_sets_a_floor(servers, count, floor):
    shares = zipf_shares(count, 1)

    assert theory.imbalance_floor(servers, shares) == pytest.approx(floor, abs=5e-4)


@pytest.mark.parametrize(
    ("servers", "count", "simulated"),
    [(3, 10, 1.477), (3, 100, 1.148), (4, 20, 1.475), (7, 100, 1.370), (10, 100, 1.511)],
)
def test_the_leading_order_overshoots_for_few_caches(servers, count, simulated):
    """By the 9 to 23 % that the text states; simulated with 20,000 trials."""
    assert 1.09 <= theory.expected_imbalance(servers, count) / simulated <= 1.23


@pytest.mark.parametrize(("servers", "simulated"), [(3, 1.046), (7, 1.114)])
def test_the_leading_order_fits_many_caches(servers, simulated):
    assert 1 <= theory.expected_imbalance(servers, 1000) / simulated <= 1.05


def test_strict_rotation_is_even_where_it_divides():
    assert [theory.rotation_imbalance(3, count) for count in (3, 4, 300)] == [1, 1.5, 1]


@pytest.mark.parametrize(
    "call",
    [
        lambda: theory.hit_ratio(-1, 5),
        lambda: theory.hit_ratio(1, -5),
        lambda: theory.hit_ratio(math.nan, 5),
        lambda: theory.upstream_rate(1, -1),
        lambda: theory.whole_second_hit_ratio(0, 5),
        lambda: theory.effective_count([]),
        lambda: theory.effective_count([0, 0]),
        lambda: theory.imbalance_floor(0, [1]),
        lambda: theory.imbalance_floor(3, []),
        lambda: theory.expected_imbalance(3, 0),
        lambda: theory.rotation_imbalance(0, 3),
    ],
)
def test_values_outside_a_formula_are_refused(call):
    with pytest.raises(LabError):
        call()
