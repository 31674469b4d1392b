"""Which tests are played again when they fail, and that every one of them is named."""

from types import SimpleNamespace

import pytest

from . import conftest


class Told:
    """As much of pytest's reporter as the summary needs."""

    def __init__(self, **stats):
        self.stats, self.lines = stats, []

    def section(self, title):
        self.lines.append(title)

    def write_line(self, line, **_colours):
        self.lines.append(line)


class Item:
    """A collected test with some marks."""

    def __init__(self, *names):
        self.marks = [getattr(pytest.mark, name).mark for name in names]

    def iter_markers(self):
        return iter(self.marks)

    def get_closest_marker(self, name):
        return next((mark for mark in self.marks if mark.name == name), None)

    def add_marker(self, decorator):
        self.marks.append(decorator.mark)


@pytest.mark.parametrize("mark", ["browser", "notebooks", "clients", "witness"])
def test_what_needs_other_peoples_programs_is_played_once_more(mark):
    item = Item("slow", mark)
    conftest.pytest_collection_modifyitems([item])

    assert item.get_closest_marker("flaky").kwargs == {"reruns": 1}


@pytest.mark.parametrize("marks", [(), ("slow",), ("waits",), ("long", "slow")])
def test_nothing_else_is(marks):
    item = Item(*marks)
    conftest.pytest_collection_modifyitems([item])

    assert item.get_closest_marker("flaky") is None


def test_who_says_so_is_not_played_again():
    """And keeps the time that it asks for."""
    marks = [
        pytest.mark.browser.mark,
        pytest.mark.flaky(reruns=0).mark,
        pytest.mark.timeout(9).mark,
    ]
    item = Item()
    item.marks = [*marks]
    conftest.pytest_collection_modifyitems([item])

    assert item.marks == marks


def test_whatever_waits_for_nobody_ends_in_time():
    """Without a setting of pyproject.toml, which learners' pytest would have to know."""
    item = Item()
    conftest.pytest_collection_modifyitems([item])

    assert item.get_closest_marker("timeout").args == (conftest.TIMEOUT_S,)


def test_the_summary_names_each_replay_what_it_failed_of_and_what_pages_showed():
    sections = [("Captured stdout call", "a word"), ("page cards", "a picture's path and words")]
    report = SimpleNamespace(
        nodeid="tests/a.py::test_a", longreprtext="E  TimeoutError", sections=sections
    )
    told = Told(rerun=[report])
    conftest.pytest_terminal_summary(told)

    assert told.lines[1:] == [
        "PLAYED AGAIN tests/a.py::test_a",
        "E  TimeoutError",
        "page cards: a picture's path and words",
    ]
