"""The picture of queues says what its run had, and no more."""

import json
import math
import zlib
from dataclasses import replace
from xml.etree import ElementTree as ET

import numpy as np
import pytest

from lab_engine import farm_queues
from lab_engine.errors import LabError
from lab_engine.simulation.farms import Farm, Visit
from lab_engine.views.farms import shorter
from lab_engine.views.kit.picture import Ghost
from lab_engine.views.kit.queues import NOBODY, Queueing, queues, said_ms
from lab_engine.views.kit.queuestwin import stacked

KILOBYTE = 1024


@pytest.fixture(scope="module")
def lanes():
    return Farm(dies=30.0, load=0.95).run()


@pytest.fixture(scope="module")
def picture(lanes):
    return queues(lanes)


def test_who_waits_is_who_came_and_is_not_done():
    visits = (Visit(-1.0, 0, 2.0), Visit(0.5, 1, 0.7), Visit(1.0, 0, 3.0), Visit(1.5, -1, 1.5))
    world = Queueing("DNS", visits, (1.0, 2.0, 3.0), 1)

    assert world.waiting(0.6, 2) == (1, 1)
    assert world.waiting(1.2, 2) == (2, 0)
    assert world.waiting(2.5, 2) == (1, 0)


@pytest.mark.slow
def test_what_is_sent_is_what_the_run_had(picture):
    """Times to a part of 65,535 of the watch, servers exactly, those before it at its beginning."""
    sent, start = picture.frames(), 0
    for world in picture.worlds:
        count = len(world.visits)
        at = np.frombuffer(sent, "<u2", count, start) / 65_535 * picture.duration
        server = np.frombuffer(sent, np.uint8, count, start + 4 * count)
        start += 5 * count

        assert at == pytest.approx([max(0, visit.at) for visit in world.visits], abs=0.001)
        assert list(server) == [v.server if v.server >= 0 else NOBODY for v in world.visits]
    assert start == len(sent)


def test_a_dead_server_has_an_empty_bucket(picture):
    assert picture.deaths == ((0, 30.0),)
    for world in picture.worlds[1:]:
        assert world.waiting(29.9, 4)[0] > 0
        assert world.waiting(30.1, 4)[0] == 0


def test_the_sentence_has_the_numbers_of_the_outcome(lanes, picture):
    for lane in lanes.each:
        half, _, slow = map(said_ms, lane.latency_ms)

        assert f"{lane.name}: p50 {half}, p99 {slow}" in picture.sentence


def test_a_panel_sends_at_most_60_kb(picture):
    sent = zlib.compress(picture.frames()) + zlib.compress(json.dumps(picture.still()).encode())

    assert len(sent) <= 60 * KILOBYTE


def test_the_caches_fill_the_lane_and_lead_to_known_servers(picture):
    spans = picture.spans()

    assert spans[0][0] == 0
    assert spans[-1][1] == pytest.approx(1)
    for cache in range(len(picture.caches)):
        held = picture.holds(cache, 10.0)
        assert not held or math.isclose(sum(part for _, part in held), 1)


def test_a_full_bucket_has_room_for_all_its_marks():
    """Each has a place of its own within the bucket."""
    places = [*stacked(201, 201, 10.0, 100.0, 70.0)]

    assert len({*places}) == 201
    assert all(10 <= x <= 80 and 100 <= y <= 270 for x, y in places)
    assert len([*stacked(500, 201, 10.0, 100.0, 70.0)]) == 201


def test_the_twin_is_a_picture_with_the_counts_of_the_end(picture):
    """A bucket's number is what waits in it when the watch ends."""
    words = {text.text for text in ET.fromstring(picture.svg()).iter() if text.text}
    end = picture.duration * (1 - 1e-9)

    assert "A dead" in words
    for world in picture.worlds:
        assert {str(count) for count in world.waiting(end, 4)} <= words


def test_a_prediction_stands_on_the_axis_of_what_a_request_took(picture):
    marked = picture.marked([Ghost(35.0, "you said 35 ms")])

    assert "you said 35 ms" in marked.svg()
    assert marked.still()["ghosts"][0]["ends"] == [35.0]


@pytest.mark.slow
def test_a_panel_moves_the_farm_and_keeps_the_last_picture_that_worked():
    panel = farm_queues(Farm(), "answer", "load")
    panel.set("one", "all addresses")
    even = panel.outcome.lane("DNS").latency_ms[2]
    panel.set("load", 7)

    assert panel.scenario == replace(Farm(), one=False)
    assert "goes from 0.1 to 1.2" in panel.status
    assert panel.outcome.lane("DNS").latency_ms[2] == even


@pytest.mark.slow
def test_a_coarse_picture_is_the_first_quarter_of_the_watch():
    """The same requests as far as it goes, and no death that comes later."""
    farm = Farm(dies=30.0)
    short = shorter(farm)
    visits = [list(each.run().lane("L7").visits()) for each in (short, farm)]

    assert (short.duration, short.dies) == (15.0, 0.0)
    assert shorter(Farm(dies=10.0)).dies == 10.0
    assert [v.at for v in visits[0]] == [v.at for v in visits[1] if v.at < 15.0]


def test_a_control_that_is_none_is_refused():
    with pytest.raises(LabError, match="is no control"):
        farm_queues(Farm(), "colour")


@pytest.mark.slow
def test_the_worst_of_every_control_can_be_told():
    """Above full load, with a death: still no more than a trace holds."""
    panel = farm_queues(Farm(), "load", "dies", "clients", "keep_alive")
    for path, value in (("load", 1.2), ("dies", "at 10 s"), ("keep_alive", "a minute unused")):
        panel.set(path, value)

    assert panel.status == ""
    assert panel.scenario.load == 1.2
