"""The cheat sheet: every figure on it comes from the engine, and its formulas give the same."""

import math
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab_engine.simulation.theory import Failover, canary_error, expected_imbalance
from tools import cheat_sheet

TEXT = (cheat_sheet.HERE / "cheat_sheet.md").read_text(encoding="utf-8")
settings = st.tuples(
    st.sampled_from([10.0, 30.0]),
    st.integers(1, 10),
    st.floats(0, 3600),
    st.sampled_from([0.0, 2.0, 4.0, 10.0]),
    st.floats(0, 60),
)


def test_the_page_is_what_the_engine_says():
    """`python -m tools.cheat_sheet` mends a page that is not."""
    assert cheat_sheet.SHEET.read_text(encoding="utf-8") == cheat_sheet.page()


def test_each_figure_stands_on_the_page_once():
    assert sorted(re.findall(r"\{(\w+)\}", TEXT)) == sorted(cheat_sheet.FIGURES)


def test_no_example_has_a_result_of_its_own():
    """What follows the colon of an example is a figure, never a number that was typed."""
    rows = [line.split("|") for line in TEXT.splitlines() if re.search(r"\| 0\d \|$", line)]
    results = [part for row in rows for part in re.findall(r": ([^;]*)", row[4])]

    assert rows
    assert all("{" in each for each in results), results


@given(settings)
def test_the_outage_is_by_the_formula_on_the_page(chosen):
    """14/17 I + (K - 1) I + Kτ + P + T/2."""
    interval, threshold, ttl, timeout, publication = chosen
    check = Failover(interval, threshold, ttl, timeout, publication)

    told = 14 / 17 * interval + (threshold - 1) * interval + threshold * timeout
    assert check.outage.mean == pytest.approx(told + publication + ttl / 2)


@given(settings)
def test_the_way_back_is_by_the_formula_on_the_page(chosen):
    """3/17 I + (K - 1) I + P + T/2."""
    interval, threshold, ttl, _, publication = chosen
    check = Failover(interval, threshold, ttl, publication=publication)

    told = 3 / 17 * interval + (threshold - 1) * interval + publication + ttl / 2
    assert check.recovery.mean == pytest.approx(told)


@given(settings, st.floats(0, 400))
def test_a_pause_is_by_the_formula_on_the_page(chosen, lasts):
    """Binomial(14 of 16) with q = (L - τ - (K - 1)(I + τ)) / I."""
    interval, threshold, _, timeout, _ = chosen
    q = (lasts - timeout - (threshold - 1) * (interval + timeout)) / interval
    q = min(1.0, max(0.0, q))

    told = math.fsum(math.comb(16, n) * q**n * (1 - q) ** (16 - n) for n in (14, 15, 16))
    found = Failover(interval, threshold, timeout=timeout).tripped_by(lasts)
    assert found == pytest.approx(told, abs=1e-12)


def test_shares_are_by_the_formulas_on_the_page():
    """√(p (1 - p) g / N) with g = 1/r - 1/(3r²), and 1 + √(2 k ln k / N)."""
    weight = sum(share**2 for share in cheat_sheet.CACHES)
    told = math.sqrt(0.05 * 0.95 * (1 / 10 - 1 / 300) * weight)

    assert canary_error(0.05, cheat_sheet.CACHES, ttl=60, watched=600) == pytest.approx(told)
    assert expected_imbalance(3, 1000) == pytest.approx(1 + math.sqrt(6 * math.log(3) / 1000))
