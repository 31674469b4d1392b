"""A farm in three worlds: the same requests, told one by one, and what the queues make of them."""

from dataclasses import replace

import pytest

from lab_engine.errors import LabError
from lab_engine.simulation import theory
from lab_engine.simulation.balancer import Algorithm
from lab_engine.simulation.farms import NAMES, Farm
from lab_engine.simulation.run import run
from tests.counts import long_but
from tests.seeds import shifted

SMALL = Farm(duration=30.0)


@pytest.fixture(scope="module")
def lanes():
    return SMALL.run()


def test_the_same_requests_come_at_the_same_times_in_all_worlds(lanes):
    """Who serves is the only difference: nothing fails here, so that each is told."""
    came = [[visit.at for visit in lane.visits() if visit.at >= 0] for lane in lanes.each]

    assert came[0] == came[1] == came[2]
    assert len(came[0]) == lanes.each[0].outcome.total


def test_every_request_that_was_served_is_told_with_its_server(lanes):
    for lane in lanes.each:
        told = [visit for visit in lane.visits() if visit.at >= 0]
        counts = [sum(visit.server == place for visit in told) for place in range(4)]

        assert counts == [sum(row) for row in lane.outcome.requests]


def test_a_server_works_on_one_request_at_a_time_in_their_order(lanes):
    """What comes later to a server is done later, and none before it came."""
    for lane in lanes.each:
        for place in range(4):
            visits = [visit for visit in lane.visits() if visit.server == place]
            done = [visit.done for visit in visits]

            assert done == sorted(done)
            assert all(visit.done >= visit.at for visit in visits)


def test_what_a_request_took_is_its_look_up_and_the_time_at_its_server(lanes):
    """The median of the visits and that of the outcome differ by the look-up of 10 ms, at L7."""
    lane = lanes.lane("L7")
    times = sorted(visit.done - visit.at for visit in lane.visits() if visit.at >= 0)

    assert lane.latency_ms[0] == pytest.approx(1000 * times[len(times) // 2] + 10, abs=5)


@pytest.mark.slow
def test_who_waits_when_the_watch_begins_is_told_with_a_time_before_it():
    farm = Farm(one=False, clients=5, keep_alive=60.0)
    waiting = [visit for visit in farm.run().lane("L4").visits() if visit.at < 0]

    assert waiting
    assert all(visit.done >= 0 for visit in waiting)


@pytest.mark.slow
def test_what_a_server_had_is_lost_when_it_dies():
    """Those are done at that moment, and counted as failed; nobody comes to it afterwards."""
    lane = replace(SMALL, dies=10.0, load=0.95).run().lane("L7")
    lost = [visit for visit in lane.visits() if visit.lost]

    assert len(lost) == sum(lane.outcome.service.lost)
    assert {(visit.server, visit.done) for visit in lost} == {(0, 10.0)}
    assert not [v for v in lane.visits() if v.server == 0 and v.at > 10.0]


@pytest.mark.slow
def test_a_request_that_nobody_took_is_told_without_a_server():
    lane = replace(SMALL, dies=10.0, load=0.95).run().lane("L7")
    failed = [visit for visit in lane.visits() if visit.server < 0]

    assert len(failed) == sum(lane.outcome.failed)
    assert lane.failed == len(failed) + sum(lane.outcome.service.lost)


@pytest.mark.slow
def test_few_busy_connections_overload_a_server_at_l4_and_not_at_l7():
    """Five connections over four servers: two at one, which can do five sixteenths of it all."""
    lanes = Farm(one=False, clients=5, keep_alive=60.0).run()
    shares = {lane.name: max(lane.outcome.shares()) for lane in lanes.each}

    assert shares["L4"] > 5 / 16
    assert shares["L7"] == pytest.approx(0.25, abs=0.01)
    assert lanes.lane("L4").latency_ms[2] > 10 * lanes.lane("L7").latency_ms[2]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("algorithm", "mean"),
    long_but(
        [
            (Algorithm.ROUND_ROBIN, theory.round_robin_response(4, 0.8)),
            (Algorithm.RANDOM, theory.single_queue_response(0.8)),
        ],
        (Algorithm.ROUND_ROBIN, theory.round_robin_response(4, 0.8)),
    ),
)
def test_a_long_watch_of_l7_has_the_p99_of_the_closed_form(algorithm, mean):
    """Within 10 %: four deviations of a p99 of 96,000 requests in queues of some memory."""
    farm = Farm(capacity=100, queue=10**6, clients=400, algorithm=algorithm, duration=300)
    (slow,) = run(replace(farm, seed=shifted(1)).world("L7"), "events").latency_ms(0.99)

    assert slow == pytest.approx(10 + 10 * theory.response_quantile(0.99, mean), rel=0.1)


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("load", 3, "load"),
        ("algorithm", "best", "algorithm"),
        ("one", 1, "is no switch"),
        ("dies", -1, "dies"),
        ("dies", 60, "is not in the watch"),
        ("servers", 1, "servers"),
        ("colour", 1, "can be set nowhere here"),
    ],
)
def test_what_cannot_be_is_refused(path, value, message):
    with pytest.raises(LabError, match=message):
        Farm().set(path, value)


def test_checks_need_an_address_an_answer():
    with pytest.raises(LabError, match="needs an address an answer"):
        Farm(one=False, checked=True)


def test_more_requests_than_can_be_told_are_refused_before_anything_runs():
    with pytest.raises(LabError, match="too many to follow"):
        Farm(capacity=1000, duration=60.0).run()


def test_another_world_is_refused():
    with pytest.raises(LabError, match="none of the three"):
        Farm().world("L5")

    assert [Farm().world(name).balancer is None for name in NAMES] == [True, False, False]
