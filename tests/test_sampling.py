"""What the statistics of other tests rest on: Student's t at the chance of four sigma."""

from random import Random

import pytest

from .sampling import OUTSIDE, agrees, limit, outside
from .seeds import shifted


@pytest.mark.parametrize(
    ("freedom", "t", "chance"),
    [(1, 12.706, 0.05), (5, 2.571, 0.05), (10, 3.169, 0.01), (100, 3.391, 0.001)],
)
def test_the_chances_of_t_are_those_of_the_tables(freedom, t, chance):
    assert outside(t, freedom) == pytest.approx(chance, rel=2e-3)


def test_the_fewer_the_values_the_further_off_they_may_be():
    limits = [limit(size) for size in (6, 12, 100, 10_000)]

    assert limits == sorted(limits, reverse=True)
    assert limits == pytest.approx([12.28, 6.24, 4.18, 4.0], abs=0.01)
    assert outside(limit(6), 5) == pytest.approx(OUTSIDE)


def test_a_right_mean_agrees_and_a_wrong_one_does_not():
    rng = Random(shifted(1))
    sample = [rng.gauss(5, 1) for _ in range(40)]

    assert agrees(sample, 5)
    assert not agrees(sample, 7)
