"""The mosaic fills its box: areas are the shares, nothing overlaps, nothing sticks out."""

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab_engine.caches.crowds import zipf_shares
from lab_engine.views.kit.mosaic import Box, squarify

BOX = Box(10, 20, 900, 200)
shares = st.lists(st.floats(1e-4, 1), min_size=1, max_size=40).map(
    lambda found: sorted(found, reverse=True)
)


def overlap(one: Box, other: Box) -> float:
    """The area that two boxes share."""
    wide = min(one.x + one.width, other.x + other.width) - max(one.x, other.x)
    high = min(one.y + one.height, other.y + other.height) - max(one.y, other.y)
    return max(0.0, wide) * max(0.0, high)


@given(shares)
def test_areas_are_the_shares(given: list[float]) -> None:
    """Each box has its part of the whole, whatever the parts are."""
    whole = sum(given)
    areas = [box.width * box.height for box in squarify(given, BOX)]

    assert areas == pytest.approx([share / whole * 900 * 200 for share in given])


@given(shares)
def test_boxes_lie_side_by_side_in_the_box(given: list[float]) -> None:
    """No two overlap, and none sticks out."""
    boxes = squarify(given, BOX)

    assert max((overlap(*pair) for pair in combinations(boxes, 2)), default=0) < 1e-6
    assert min(box.x for box in boxes) >= 10
    assert max(box.x + box.width for box in boxes) <= 910 + 1e-6
    assert max(box.y + box.height for box in boxes) <= 220 + 1e-6


def test_boxes_are_near_to_squares() -> None:
    """Of 200 Zipf shares in a wide box, none but the largest is more than twice as long as wide."""
    boxes = squarify([float(share) for share in zipf_shares(200, 1.0)], BOX)
    ratios = [max(box.width / box.height, box.height / box.width) for box in boxes]

    assert max(ratios[1:]) < 2


@pytest.mark.parametrize("given", [[], [0.0, 0.0], [1.0, 0.0]])
def test_shares_of_nothing_take_no_room(given: list[float]) -> None:
    """A share of 0 has a box without an area, and no share none."""
    boxes = squarify(given, BOX)

    assert len(boxes) == len(given)
    assert sum(box.width * box.height for box in boxes) == pytest.approx(180_000 * sum(given))
