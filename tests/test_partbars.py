"""Part bars: what they say against the outages they were made from, and their drawing."""

import json
import math
from xml.etree import ElementTree as ET

import pytest

from lab_engine.errors import LabError
from lab_engine.simulation.outages import Outage, Parts, pooled, split
from lab_engine.views.kit.partbars import PartBars, part_bars
from lab_engine.views.kit.picture import Ghost

SVG = "{http://www.w3.org/2000/svg}"
ONE = Outage(0.0, ((40.0, 3.0), (100.0, 1.0)), 0.0, 60.0, 65.0, (0.0, 20.0))
OTHER = Outage(0.0, ((150.0, 1.0),), 0.0, 90.0, 90.0, (0.0,))


def texts(svg):
    return [node.text for node in ET.fromstring(svg).iter(f"{SVG}text")]


def test_each_bar_is_made_of_the_parts_of_its_client():
    rows = dict(part_bars([ONE, OTHER]).rows)

    assert rows["worst"] == rows["p99"] == Parts(90.0, 0.0, 60.0, 0.0)
    assert rows["mean"] == pytest.approx(((3 * 40 + 60 + 90) / 5, 1, (15 + 60) / 5, 4))


def test_one_outage_is_a_pool_of_its_own():
    assert part_bars(ONE) == part_bars([ONE])
    assert split(pooled([ONE]), 0.5) == Parts(40.0, 0.0, 0.0, 0.0)


def test_nobody_makes_no_bars():
    with pytest.raises(LabError, match="Let a server die"):
        part_bars(Outage(1.0, ()))
    assert all(map(math.isnan, split(())))


@pytest.mark.parametrize("end", [0, -5, math.inf])
def test_an_axis_needs_an_end(end):
    with pytest.raises(LabError, match="is no end of an axis"):
        part_bars(ONE, end=end)


def test_the_sentence_says_what_is_drawn():
    bars = part_bars(OTHER, sla=120)

    assert bars.sentence == (
        "Outage by its parts: mean 150 s (detection 90.0 s, cache 60.0 s); "
        "p99 150 s (detection 90.0 s, cache 60.0 s); worst 150 s (detection 90.0 s, cache 60.0 s). "
        "The promise of 120 s is broken: mean, p99, worst."
    )
    assert part_bars(OTHER, sla=200).sentence.endswith("The promise of 200 s is kept by all.")


def test_the_drawing_has_a_key_a_value_a_part_and_the_promise():
    said = texts(part_bars(ONE, sla=80).svg())

    assert {"detection", "publication", "cache", "client"} <= set(said)
    assert {"How long, and whose seconds", "mean", "p99", "worst", "promised 80 s"} <= set(said)
    assert said.count("100 s") >= 2
    assert "60.0 s" in said


def test_no_part_is_told_by_colour_alone():
    """Each has a pattern of its own, and the same in every bar."""
    tree = ET.fromstring(part_bars(ONE).svg())
    rows = [node.get("class") for node in tree.iter(f"{SVG}rect")]

    assert [each for each in rows if each and each.startswith("s")][:4] == ["s0", "s1", "s2", "s3"]
    assert len(tree.findall(f".//{SVG}pattern")) == 4


def test_bars_end_where_the_axis_does():
    """What is longer than a given axis is cut, and its number is not."""
    bars = part_bars(OTHER, end=100)
    areas = [node for node in ET.fromstring(bars.svg()).iter(f"{SVG}rect") if node.get("x")]

    assert max(float(node.get("x")) + float(node.get("width")) for node in areas) <= 760
    assert "150 s" in texts(bars.svg())


def test_a_prediction_stands_below_on_the_same_axis():
    marked = part_bars(ONE, end=200).marked([Ghost(90, "you said 90 s"), Ghost(50, "no", to=70)])

    assert {"you said 90 s", "no"} <= set(texts(marked.svg()))
    assert isinstance(marked, PartBars)
    assert marked.rows == part_bars(ONE).rows


def test_a_page_gets_the_drawing_without_its_title():
    still = part_bars(ONE).still()

    assert json.loads(json.dumps(still)) == still
    assert still["title"] not in texts(still["svg"])
    assert part_bars(ONE).frames() == b""


def test_named_worlds_have_a_bar_each():
    """The mean of each, in the order given, under one axis."""
    bars = part_bars({"checks": [ONE, ONE], "a person": OTHER})

    assert [name for name, _ in bars.rows] == ["checks", "a person"]
    assert dict(bars.rows)["checks"] == split(pooled([ONE]))
    assert "a person 150 s (detection 90.0 s, cache 60.0 s)" in bars.sentence


def test_worlds_without_an_outage_make_no_bars():
    with pytest.raises(LabError, match="Let a server die"):
        part_bars({"checks": ONE, "nobody": ()})


def test_narrow_bars_have_a_key_of_names_on_one_line():
    """Without what each part is: there is no room for it, and the sentence says it."""
    wide, narrow = part_bars(ONE), part_bars(ONE, width=540)

    assert "until checkers know" in texts(wide.svg())
    assert "until checkers know" not in texts(narrow.svg())
    assert {"detection", "publication", "cache", "client"} <= set(texts(narrow.svg()))
    assert 'width="540"' in narrow.svg()
