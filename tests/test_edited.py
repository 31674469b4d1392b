"""Dictionaries with a few changes on top: to whoever reads them, dictionaries."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lab_engine.authority.edited import MOST, Edited, edited

KEYS = st.integers(0, 9)
MANY = dict.fromkeys(range(100, 101 + MOST), 1)  # so many that they are not copied
CHANGES = st.lists(
    st.tuples(st.frozensets(KEYS, max_size=3), st.dictionaries(KEYS, st.integers(1), max_size=3)),
    max_size=12,
)


@pytest.mark.slow
@settings(deadline=None)
@given(st.sampled_from([{}, MANY]), st.dictionaries(KEYS, st.integers(1), max_size=6), CHANGES)
def test_it_reads_like_a_dictionary_with_the_same_changes(more, start, changes):
    """Also in its order: what is changed keeps its place, what comes or comes back stands last."""
    plain, layered = {**start, **more}, {**start, **more}
    for gone, new in changes:
        layered = edited(layered, gone - new.keys(), new)
        for key in gone - new.keys():
            plain.pop(key, None)
        plain.update(new)

        assert len(layered) == len(plain)
        assert [key in layered for key in range(10)] == [key in plain for key in range(10)]
        assert [(key, layered[key]) for key in layered] == list(plain.items())
        assert list(layered.values()) == list(plain.values())
        assert [layered.get(key) for key in range(10)] == [plain.get(key) for key in range(10)]


def test_what_was_changed_stays_as_it_was():
    start = {1: "a", 2: "b"}

    once = edited(start, [1], {3: "c"})
    again = edited(once, [3], {2: "d"})
    assert dict(start) == {1: "a", 2: "b"}
    assert dict(once) == {2: "b", 3: "c"}
    assert dict(again) == {2: "d"}


def test_many_changes_are_no_longer_carried_along():
    few = edited(MANY, (), dict.fromkeys(range(MOST), 0))
    many = edited(few, (), {MOST: 0})

    assert isinstance(few, Edited)
    assert many == {**MANY, **dict.fromkeys(range(MOST + 1), 0)}
    assert isinstance(many, dict)


def test_few_entries_are_copied():
    assert edited({1: "a"}, (), {2: "b"}) == {1: "a", 2: "b"}
    assert isinstance(edited({1: "a"}, (), {2: "b"}), dict)
