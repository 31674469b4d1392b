"""The sequence strip as data: what it refuses, how the playhead stops, and its still picture."""

import json
from xml.etree import ElementTree as ET

import pytest

from lab_engine.errors import LabError
from lab_engine.views.kit.picture import Ghost
from lab_engine.views.kit.strip import Arrow, Bar, Dot, Lamps, Lane, Mark, Moment, Strip

A, B = "192.0.2.1", "192.0.2.2"
LANES = (Lane("checkers", rows=16), Lane("authority"), Lane("client"))


def strip(*marks: Mark, end: float = 180.0) -> Strip:
    """A strip of the three lanes."""
    return Strip("Title", LANES, marks, end, "What it shows.", servers=(A, B))


EVERYTHING = strip(
    *(Dot("checkers", 10 * row, "bad", row=row, words=f"checker {row}") for row in range(16)),
    Bar("checkers", 100, 180, "bad", row=3),
    Dot("client", 5, A),
    Dot("client", 6, "bad", "cross"),
    Dot("client", 7, "good", "ring", label="back"),
    Dot("authority", 8, "plain", "tick"),
    Bar("authority", 0, 107, A, "answers .1"),
    Bar("authority", 107, 180, "dead", "gone"),
    Arrow("client", "authority", 20, 40, "plain", "A?", "a packet"),
    Moment("checkers", "client", 107, "14 of 16 agree: 107 s"),
)


@pytest.mark.parametrize(
    ("mark", "why"),
    [
        (Bar("cache", 0, 1), "cache: is no lane of this strip. Choose of checkers, authority"),
        (Arrow("client", "cache", 0, 1), "cache: is no lane"),
        (Dot("checkers", 0, row=16), "16: is no row of the lane checkers. Count rows from 0 to 15"),
        (Dot("client", 0, row=1), "1: is no row of the lane client"),
        (Bar("client", 0, 1, "red"), r"red: is neither a server of this strip nor a tone"),
    ],
)
def test_an_authors_mistake_is_told_at_once(mark: Mark, why: str) -> None:
    """A mark in a lane that is not there, or with a look that nobody knows."""
    with pytest.raises(LabError, match=why):
        strip(mark)


def test_a_strip_needs_an_end_after_its_start() -> None:
    """No time, no strip."""
    with pytest.raises(LabError, match=r"0.*is no end of a strip"):
        strip(end=0)


def test_the_playhead_stops_where_something_happens() -> None:
    """At each beginning and end within the axis, once each, and at the end of the axis."""
    made = strip(Bar("client", -5, 30), Dot("client", 30), Arrow("client", "authority", 20, 200))

    assert made.times == (20, 30, 180)


def test_the_keyboard_visits_marks_in_the_order_of_time() -> None:
    """In whatever order they were given."""
    made = strip(Dot("client", 9), Dot("authority", 3), Dot("checkers", 9))
    marks = made.still()["marks"]

    assert [mark["span"][0] for mark in marks] == [3, 9, 9]
    assert [mark["lane"] for mark in marks] == ["authority", "checkers", "client"]


@pytest.mark.parametrize(
    ("end", "last", "words"),
    [(180, 180, "180 s"), (3600, 3500, "3,500 s"), (0.04, 0.04, "40 ms"), (7, 7, "7 s")],
)
def test_an_axis_has_round_ticks(end: float, last: float, words: str) -> None:
    """Nine steps of 1, 2 or 5 at the most; seconds, or milliseconds where they are short."""
    axis = strip(end=end).axis

    assert len(axis) <= 10
    assert axis[0] == (0, "0 s")
    assert axis[-1] == (pytest.approx(last), words)


def test_what_crosses_is_plain() -> None:
    """JSON without empty words; no frames, since the page uncovers what it has drawn."""
    still = EVERYTHING.still()

    assert json.loads(json.dumps(still)) == still
    assert EVERYTHING.frames() == b""
    assert all(value != "" for mark in still["marks"] for value in mark.values())


def test_sixteen_checkers_cross_in_a_few_kilobytes() -> None:
    """A lane of 16 rows with six looks each, and sixty requests."""
    looks = [Dot("checkers", 30 * k + r, "bad", row=r) for r in range(16) for k in range(6)]
    requests = [Dot("client", 3 * second, "bad", "cross") for second in range(60)]

    assert len(json.dumps(strip(*looks, *requests, end=200).still())) < 20_000


def test_the_still_picture_shows_all_of_it() -> None:
    """Well-formed; lanes, labels, verdict and ticks are there to be read."""
    drawn = EVERYTHING.svg()
    texts = [text.text for text in ET.fromstring(drawn).iter("{http://www.w3.org/2000/svg}text")]

    assert {"Title", "checkers", "authority", "client", "0 s", "180 s"} <= set(texts)
    assert {"A answers .1", "gone", "A?", "back", "14 of 16 agree: 107 s"} <= set(texts)


def lamps(begin: float | None = None) -> Strip:
    """Four checkers of which two turn dark at 10 and 20 s, as lamps."""
    bars = [Bar("checkers", 0, 10 * (row + 1), "good", row=row) for row in range(4)]
    bars += [Bar("checkers", 10 * (row + 1), 40, "dead", row=row) for row in range(2)]
    row = Lamps("checkers", "dead", "{} of 4 are dark")
    return Strip("T", (Lane("checkers", 4),), tuple(bars), 40, "S", lamps=(row,), begin=begin)


@pytest.mark.parametrize(
    ("time", "dark"), [(0, 0), (10, 1), (19.9, 1), (20, 2), (39.9, 2), (40, 2)]
)
def test_lamps_are_what_their_rows_are_at_a_time(time: float, dark: int) -> None:
    """At the end, too, where the last bars end; a row without a bar is neither."""
    looks = lamps().lit(lamps().lamps[0], time)

    assert looks.count("dead") == dark
    assert looks[2] == ("good" if time < 30 else "")


@pytest.mark.parametrize(("begin", "says"), [(15, "1 of 4 are dark"), (None, "2 of 4 are dark")])
def test_the_still_picture_counts_lamps_where_the_playhead_begins(
    begin: float | None, says: str
) -> None:
    """Without such a place at the end."""
    assert says in lamps(begin).svg()
    assert lamps(begin).still()["begin"] == begin


def test_lamps_need_a_lane_with_rows() -> None:
    """One row is a bar, and has no lamps."""
    with pytest.raises(LabError, match="has no rows to be lamps"):
        Strip("T", (Lane("a"),), (), 9, "S", lamps=(Lamps("a", "dead", "{}"),))


def test_the_still_picture_holds_no_packet() -> None:
    """Their ids, ports and times are new at every run, and a notebook's output may not be."""
    assert "a packet" not in EVERYTHING.svg()


def test_a_prediction_stands_on_the_axis_of_time() -> None:
    """In the still picture, too."""
    made = EVERYTHING.marked([Ghost(150, "you said 150 s")])

    assert made.still()["ghosts"][0]["ends"] == [150]
    assert ">you said 150 s<" in made.svg()


def test_by_itself_it_tells_its_sentence() -> None:
    """Where there is no page to draw on."""
    assert repr(EVERYTHING) == "Picture. What it shows."
