"""Rings: who inherits a dead server's load, and what the picture says of it."""

import base64
import re

import pytest

from lab_engine import RRset, Scenario, Zone, run
from lab_engine.errors import LabError
from lab_engine.views.kit.rings import Rings, rings

FOUR = tuple(f"192.0.2.{number}" for number in (1, 2, 3, 4))
SHARES = {"cyclic": (0.25, 0.0, 0.5, 0.25), "shuffle": (0.336, 0.0, 0.331, 0.333)}


def ring(**changes):
    given = {"title": "Who?", "servers": FOUR, "dead": FOUR[1], "shares": SHARES}
    return Rings(**(given | changes))


def test_an_heir_is_who_got_more_than_before():
    """A rotation has one, a shuffle has them all; a tenth of a percent more is luck."""
    picture = ring(shares={**SHARES, "luck": (0.2505, 0.0, 0.4995, 0.25)})

    assert picture.gained("cyclic") == (0, 0, 0.25, 0)
    assert picture.gained("shuffle") == pytest.approx((0.086, 0, 0.081, 0.083))
    assert picture.gained("luck") == (0, 0, 0.2495, 0)


def test_each_heir_has_an_arrow_with_what_it_got():
    svg = ring().svg()

    assert svg.count("<polygon") == 4
    assert re.findall(r"\+\d+%", svg) == ["+25%", "+9%", "+8%", "+8%"]


def test_the_sentence_has_the_numbers():
    assert ring().sentence == (
        "cyclic: .1 25 %, .2 0 %, .3 50 %, .4 25 %. shuffle: .1 34 %, .2 0 %, .3 33 %, .4 33 %."
    )
    assert repr(ring()) == ring().sentence


def test_a_page_without_scripts_shows_it_with_its_sentence():
    """The picture is an image with alternative text; the first line previews nothing."""
    html = ring()._repr_html_()

    packed = re.search(r"base64,([^\"]+)", html)
    assert base64.b64decode(packed[1]).decode() == ring().svg()
    assert f'alt="{ring().sentence}"' in html
    assert html.splitlines()[0].strip() == ""


def test_rings_are_made_of_runs():
    zone = Zone.of("shop.example", [RRset.of("www", "A", list(FOUR), 0)])
    scenario = Scenario(zone, "www", order="cyclic", down=[FOUR[1]])

    picture = rings("Who?", FOUR[1], {"cyclic": run(scenario)})

    assert picture.servers == FOUR
    assert picture.shares["cyclic"] == pytest.approx((0.25, 0, 0.5, 0.25), abs=0.01)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"dead": "192.0.2.9"}, "192.0.2.9: is no server of the ring"),
        ({"shares": {"cyclic": (0.5, 0.5)}}, "are the shares of cyclic, but 4 servers are there"),
    ],
)
def test_what_does_not_fit_is_refused(wrong, said):
    with pytest.raises(LabError, match=said):
        ring(**wrong)
