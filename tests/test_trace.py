"""The trace: stepped through and filtered."""

import pytest

from lab_engine.simulation.events.trace import Trace
from lab_engine.simulation.outcome import Event

EVENTS = (
    Event(0.5, "request", "client 1", ""),
    Event(0.5, "query", "resolver 0", "192.0.2.1"),
    Event(0.5, "fill", "client 1 system", "192.0.2.1 until 1.500 s"),
    Event(0.5, "connect", "client 1", "192.0.2.1"),
    Event(2.0, "request", "client 11", ""),
    Event(2.0, "connect", "client 11", "192.0.2.1"),
)


@pytest.mark.parametrize(
    ("wanted", "places"),
    [
        ({}, [0, 1, 2, 3, 4, 5]),
        ({"kind": "request"}, [0, 4]),
        ({"kind": ("query", "fill")}, [1, 2]),
        ({"who": "client 1"}, [0, 2, 3]),
        ({"between": (0.5, 2.0)}, [0, 1, 2, 3]),
        ({"kind": "request", "between": (1, 3)}, [4]),
        ({"who": "nobody"}, []),
    ],
)
def test_a_trace_is_filtered(wanted, places):
    found = Trace(EVENTS).of(**wanted)

    assert list(found) == [EVENTS[place] for place in places]


def test_a_trace_is_stepped_through_request_by_request():
    steps = list(Trace(EVENTS).steps())

    assert [len(step) for step in steps] == [4, 2]
    assert list(Trace().steps()) == []


def test_a_trace_prints_a_line_for_each_event():
    lines = str(Trace(EVENTS)).splitlines()

    assert lines == [str(event) for event in EVENTS]
    assert Trace(EVENTS).kinds == {"request": 2, "query": 1, "fill": 1, "connect": 2}


def test_a_part_of_a_trace_is_a_trace():
    assert isinstance(Trace(EVENTS)[1:3], Trace)
    assert Trace(EVENTS)[1].kind == "query"
