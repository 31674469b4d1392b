"""What is plain data, and what went wrong in a call, whatever learners return or raise."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lab_engine.errors import LabError
from lab_engine.labs.exporting import apart
from lab_engine.labs.plain import plain
from lab_engine.labs.trying import called
from tests.counts import LONG

DATA = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**299), 10**299)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@pytest.mark.slow
@settings(max_examples=100 if LONG else 40)
@given(DATA)
def test_plain_data_is_copied_and_crosses_as_json(value):
    assert plain(value) == value
    assert json.loads(json.dumps(plain(value))) == value


def test_tuples_and_numbers_of_numpy_become_plain():
    found = plain((np.float64(0.5), np.int64(3), np.bool_(True)))

    assert found == [0.5, 3, True]
    assert [type(each) for each in found] == [float, int, bool]


class Spoof(float):
    """Says that it is numpy's, and gives back something that is none."""

    __module__ = "numpy"

    def item(self):
        return object()


SHARED = []
for _ in range(15):
    SHARED = [SHARED] * 100
CIRCLE = []
CIRCLE.append(CIRCLE)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("value", "words"),
    [
        (float("nan"), "is no number to calculate with"),
        (10**400, "has more than 300 digits"),
        (10 ** (10**5), "has more than 300 digits"),
        (Spoof(1), "is no plain data"),
        (np.ones(3), "ndarray: is no plain data. Give one number, not an array"),
        ({1: 2}, "cannot be a key"),
        ({1, 2}, "is no plain data"),
        ("x" * 1_000_001, "are too many for an answer"),
        (SHARED, "are too many for an answer"),
        (CIRCLE, "is nested more than 20 deep"),
    ],
    ids=lambda _: "",
)
def test_anything_else_is_refused(value, words):
    with pytest.raises(LabError, match=words):
        plain(value)


class WordlessError(Exception):
    """An error whose words raise another."""

    def __str__(self):
        raise ValueError


def raising(error):
    raise error


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (ValueError("no"), "ValueError: no"),
        (WordlessError(), "WordlessError"),
        (ValueError("x" * 9999), "ValueError: x"),
        (LabError("a", "b", "c."), "a: b. c."),
    ],
)
def test_what_a_call_raises_is_told_in_few_words(error, words):
    result = called(lambda: raising(error), ())

    assert result.problem.startswith(words)
    assert len(result.problem) <= 500


@pytest.mark.parametrize(
    ("function", "said"),
    [
        (lambda n: n + 1, {"value": 2}),
        (None, {"problem": "NoneType: is no function. Write one with `def`."}),
        (lambda n: raising(SystemExit(0)), {"problem": "It ended its process. Let it return."}),
        (lambda n: 1 / 0, {"problem": "ZeroDivisionError: division by zero"}),
        (
            lambda n: {n},
            {"problem": "set: is no plain data. Give numbers, text, lists and dicts of them."},
        ),
    ],
)
def test_a_call_apart_says_what_came_of_it(function, said):
    assert apart(function, [1], 60) == said
