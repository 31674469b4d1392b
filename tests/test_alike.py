"""The comparison of two laws: it errs as seldom as it says, and it finds what it must."""

import math
from random import Random

import pytest

from tests.alike import chance, spread_chance
from tests.seeds import shifted

LAWS = {
    "even": lambda dice: dice.random(),
    "count": lambda dice: float(sum(dice.random() < 0.1 for _ in range(30))),
    "rare": lambda dice: float(dice.random() < 0.02),
    "heavy": lambda dice: (1 - dice.random()) ** -2.0,
    "constant": lambda _: 7.0,
    "rare and heavy": lambda dice: (1 - dice.random()) ** -2.0 * (dice.random() < 0.05),
}


@pytest.mark.slow
@pytest.mark.parametrize("law", LAWS)
@pytest.mark.parametrize("test", [chance, spread_chance])
def test_one_law_is_rejected_no_more_often_than_said(law, test):
    """2,000 comparisons of 30 runs at one in ten: 200 at most, and 4 sigma."""
    dice, draw = Random(shifted(1)), LAWS[law]
    rejected = sum(
        test([draw(dice) for _ in range(30)], [draw(dice) for _ in range(30)]) < 0.1
        for _ in range(2000)
    )

    assert rejected <= 200 + 4 * math.sqrt(200)


@pytest.mark.parametrize(
    ("law", "changed"),
    [
        ("even", lambda x: x + 0.7),
        ("count", lambda x: x * 2),
        ("rare", lambda x: 1.0),
        ("constant", lambda x: 7.5),
    ],
)
def test_another_law_is_rejected(law, changed):
    """At one in a million, with 100 runs."""
    dice, draw = Random(shifted(2)), LAWS[law]

    apart = chance([draw(dice) for _ in range(100)], [changed(draw(dice)) for _ in range(100)])
    assert apart < 1e-6


def test_a_law_of_the_same_mean_is_told_by_its_spread():
    dice = Random(shifted(3))
    narrow, wide = [[scale * dice.gauss() for _ in range(100)] for scale in (1, 3)]

    assert chance(narrow, wide) > 1e-6
    assert spread_chance(narrow, wide) < 1e-6


def test_signs_are_counted_exactly():
    """Nine to none, both ways: 2 in 512."""
    assert chance([1.0] * 9 + [0.0] * 51, [0.0] * 60) == pytest.approx(2 / 512)
    assert chance([0.0] * 60, [0.0] * 60) == 1
