"""The matrix as data, and the panel of the apex that fills it."""

import json
from xml.etree import ElementTree as ET

import pytest

from lab_engine import Apex, LabError, apex_ways
from lab_engine.live.apex import TYPES, WAYS
from lab_engine.views.apex import CONTROLS, ROWS
from lab_engine.views.kit.drawer import Drawer, Look
from lab_engine.views.kit.matrix import SYMBOLS, Cell, Matrix


def matrix(*cells, said=("one", "two"), **more):
    return Matrix(
        "Title", ("A", "MX"), ("x", "y"), cells, ("A",) * len(said), said, "x", "", **more
    )


def test_a_cell_is_what_it_was_last_asked():
    first, second = Cell("A", "x", 1, "right"), Cell("A", "x", 2, "redirected")
    made = matrix(first, second)

    assert made.at("A", "x", 0) is None
    assert made.at("A", "x", 1) is first
    assert made.at("A", "x") is second


@pytest.mark.parametrize(
    ("cell", "why"),
    [
        (Cell("TXT", "x", 1, "right"), "TXT: is none of this matrix. Use A, MX"),
        (Cell("A", "z", 1, "right"), "z: is none of this matrix. Use x, y"),
        (Cell("A", "x", 3, "right"), "3: is no step of this matrix. Count from 1 to 2"),
    ],
)
def test_an_authors_mistake_is_told_at_once(cell, why):
    with pytest.raises(LabError, match=why):
        matrix(cell)


def test_a_drawer_has_a_look_before_the_first_step_and_after_each():
    with pytest.raises(LabError, match="2: are the looks of a drawer for 2 steps"):
        matrix(drawer=Drawer("", (Look("", ()), Look("", ()))))


def test_every_state_has_a_word_and_a_symbol_of_its_own():
    assert len(set(SYMBOLS.values())) == len(SYMBOLS)
    assert str(Cell("A", "x", 1, "redirected", "CDN")) == "↷ redirected CDN"


@pytest.fixture(scope="module")
def panel():
    return apex_ways(Apex(), *CONTROLS)


def test_every_cell_of_the_panel_was_asked(panel):
    picture = panel.picture

    assert picture.columns == WAYS
    for row in ROWS:
        assert all(picture.at(row, way) is not None for way in WAYS)
    assert {picture.at(kind, way).state for kind in TYPES for way in WAYS} == {
        "right",
        "redirected",
        "empty",
    }


def test_packets_and_cache_are_those_of_the_chosen_way(panel):
    panel.reset()
    lost = panel.picture
    panel.set("way", "Route 53 alias")

    assert "CNAME" in str(lost.drawer.sentence)
    assert "CNAME" not in str(panel.picture.drawer.sentence)
    assert panel.picture.strip.title == "Packets: Route 53 alias"
    assert len(lost.drawer.looks) == len(lost.said) + 1
    panel.reset()


def test_the_sentence_says_who_is_lost(panel):
    panel.reset()

    assert panel.summary == (
        "Mail is lost with CNAME, exact type first and CNAME by the letter; curl does not arrive "
        "with HTTPS AliasMode alone and www with a redirect. CNAME, exact type first: MX, TXT, NS, "
        "SOA are redirected."
    )


def test_only_the_ways_named_stand_side_by_side():
    """So that a lesson can ask about the others before it shows them."""
    picture = apex_ways(Apex(ways=WAYS[:2])).picture

    assert picture.columns == WAYS[:2]
    assert {cell.column for cell in picture.cells} == set(WAYS[:2])
    assert "curl always arrives" in picture.sentence


def test_what_is_read_of_a_cell_says_whose_it_is(panel):
    """The pointer may rest on another column than the framed one."""
    picture = panel.picture

    assert all(cell.words.startswith(f"{cell.column}: ") for cell in picture.cells)
    assert picture.at("curl", "HTTPS AliasMode alone").words == (
        "HTTPS AliasMode alone: curl does not get there."
    )


def test_asked_directly_there_is_no_cache_to_look_into(panel):
    panel.set("through", "the authority itself")

    assert panel.picture.drawer is None
    assert [lane.name for lane in panel.picture.strip.lanes] == ["answer", "client", "authority"]
    panel.reset()


def test_a_ttl_out_of_range_keeps_the_picture(panel):
    panel.reset()
    before = panel.summary
    panel.set("own_ttl", -1)

    assert panel.status.startswith("-1: TTL of CNAME or ALIAS goes from 0 to 3,600 s")
    assert panel.summary == before
    panel.reset()


def test_no_such_control():
    with pytest.raises(LabError, match=r"ttl: is no control\. Choose of way, asks"):
        apex_ways(Apex(), "ttl")


def test_the_picture_is_data_and_small(panel):
    """All frames of fourteen questions, with every packet that can be read."""
    panel.set("again", 120)
    still = json.dumps(panel.picture.still(), allow_nan=False)

    assert len(still) + len(panel.picture.frames()) <= 100_000
    panel.reset()


def test_the_twin_shows_every_state_in_words(panel):
    texts = [node.text for node in ET.fromstring(panel.picture.svg()).iter() if node.text]

    assert {"✓ right", "↷ redirected", "∅ empty", "✗ no"} <= set(texts)
