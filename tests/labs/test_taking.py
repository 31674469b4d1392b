"""Taking answers from notebooks of any kind: by id, then by what a cell sets."""

import contextlib
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lab_engine.grading import taking
from lab_engine.grading.catalogue import Sheet
from lab_engine.grading.taking import Ungradable
from tests.counts import LONG

SHEET = Sheet(
    "lab_00_sample",
    (("setup", "work = 1"), ("answer-ttl", "ttl = None"), ("check-ttl", "work")),
    frozenset({"title", "setup", "answer-ttl", "check-ttl"}),
)
ANSWERS = {"answer-ttl": "ttl"}


def book(*cells, **more):
    """A notebook of cells, each `(id, source)` with a type if it is not code."""
    written = [
        {"id": each[0], "source": each[1], "cell_type": (*each, "code")[2]} for each in cells
    ]
    for cell in written:
        if cell["id"] is None:
            del cell["id"]
    return json.dumps({"nbformat": 4, "nbformat_minor": 5, "cells": written, **more}).encode()


def taken(*cells):
    """What is taken of them."""
    return taking.taken(taking.read(book(*cells)), SHEET, ANSWERS)


def test_an_answer_is_found_by_its_id_whatever_it_is_and_wherever_it_stands():
    found = taken(("x", "ttl = 1"), ("answer-ttl", "ttl = 60", "markdown"), ("setup", ""))

    assert found == taking.Taken({"answer-ttl": "ttl = 60"}, (), untouched=False)


def test_the_last_of_two_counts_and_is_said():
    found = taken(("answer-ttl", "ttl = 1"), ("answer-ttl", "ttl = 2"))

    assert found.answers == {"answer-ttl": "ttl = 2"}
    assert "stands there 2 times: the last one counts" in found.warnings[0]


def test_without_its_id_the_last_cell_that_sets_it_is_taken_and_said():
    found = taken((None, "ttl = 1"), (None, "ttl = 2"), (None, "ttl == 3"))

    assert found.answers == {"answer-ttl": "ttl = 2"}
    assert "the last cell that sets ttl was taken" in found.warnings[0]


def test_a_cell_in_pieces_is_joined_but_not_with_what_was_handed_out():
    found = taken(
        ("setup", "ttl = 1"), ("p1", "half = 30"), ("answer-ttl", "half"), ("p2", "ttl = half * 2")
    )

    assert found.answers == {"answer-ttl": "half = 30\nhalf\nttl = half * 2"}
    assert "has been split" in found.warnings[0]


def test_an_answer_of_several_statements_or_magics_is_whole():
    for source in (
        "if True:\n    ttl = 60",
        "%time x = 1\nttl = 60",
        "ttl: int = 60",
        "for ttl in [1]: pass",
    ):
        assert taken(("answer-ttl", source), ("x", "ttl = 3")).answers == {"answer-ttl": source}


def test_what_was_not_touched_is_known():
    assert taken(("answer-ttl", "ttl = None\n")).untouched


def test_nothing_to_take_is_refused():
    with pytest.raises(Ungradable, match="holds none of the answer cells answer-ttl"):
        taken(("x", "other = 1"))


def test_an_answer_that_is_a_book_is_left_out_and_said():
    with pytest.raises(Ungradable):
        taken(("answer-ttl", "ttl = 1\n" * 10_000))


@pytest.mark.parametrize(
    ("cells", "name", "metadata"),
    [
        ([("setup", "work = Worksheet('lab_00_sample')")], "x.ipynb", {}),
        ([("a", "")], "x.ipynb", {"lab_engine": {"from": "labs/lab_00_sample.ipynb"}}),
        ([("a", "")], "ada_lab_00_sample-2.ipynb", {}),
    ],
)
def test_the_lab_is_told_by_set_up_metadata_or_name(cells, name, metadata):
    read = taking.read(book(*cells, metadata=metadata))

    assert taking.lab_of(read, name, ["lab_00_sample"]) == "lab_00_sample"
    assert taking.lab_of(read, name, ["lab_01_other"]) is None


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)
KEYS = ("cells", "nbformat", "nbformat_minor", "metadata", "worksheets", "source", "id", "input")
NOTEBOOKS = st.recursive(
    JSON, lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(KEYS), inner)
)


@pytest.mark.slow
@settings(deadline=None, max_examples=100 if LONG else 30)
@given(NOTEBOOKS)
def test_any_json_is_taken_or_refused(value):
    data = json.dumps(value).encode()
    with contextlib.suppress(Ungradable):
        found = taking.read(data)
        taking.lab_of(found, "x.ipynb", ["lab_00_sample"])
        assert taking.taken(found, SHEET, ANSWERS).answers.keys() == ANSWERS.keys()


@given(st.binary())
def test_any_octets_are_refused(data):
    with pytest.raises(Ungradable):
        taking.read(data)
