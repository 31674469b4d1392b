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


def test_the_summary_names_each_replay_and_what_it_failed_of():
    report = SimpleNamespace(nodeid="tests/a.py::test_a", longreprtext="E  TimeoutError")
    told = Told(rerun=[report])
    conftest.pytest_terminal_summary(told)

    assert told.lines[1:] == ["PLAYED AGAIN tests/a.py::test_a", "E  TimeoutError"]
