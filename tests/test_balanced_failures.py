"""Targets that fail in other ways than by dying, behind L4 and L7: what checks see, and clients.

Checks come every 2 s, three decide. One without an answer takes 2 s more, as HAProxy's do;
`tests/witnesses/test_balancers.py` holds the real one beside this.
"""

import math

import pytest

from lab_engine.authority.records import RRset
from lab_engine.authority.zone import Zone
from lab_engine.simulation import Clients, Resolvers, Scenario, run
from lab_engine.simulation.balancer import Balancer
from lab_engine.simulation.failing import Failure
from lab_engine.simulation.parts import Backend, ScheduledChange
from tests.counts import long_but

from .seeds import shifted

FOUR = [f"192.0.2.{n}" for n in range(1, 5)]
FIRST = FOUR[0]
EVERY, FALL, DIES = 2.0, 3, 60
CHECKS = ("HTTP", "HTTP_STR_MATCH", "TCP")
NEVER = math.inf
FOUND_OUT = {  # seconds that each failed check takes
    "refused": (0, 0, 0),
    "black hole": (EVERY, EVERY, EVERY),
    "silent": (EVERY, EVERY, NEVER),
    "half": (EVERY, EVERY, NEVER),
    "closes": (NEVER, 0, NEVER),
    "slow": (EVERY, EVERY, NEVER),
    "5xx": (0, 0, NEVER),
    "wrong page": (NEVER, 0, NEVER),
    "checks only": (NEVER, NEVER, NEVER),
}
LAYERS = pytest.mark.parametrize("layer", ["L4", "L7"])


def shop(failure, layer="L7", *, backend=None, schedule=None, **balancer):
    """Twenty requests a second at four targets, the first of which fails so from 60 s on."""
    return Scenario(
        Zone.of("shop.example", [RRset.of("www", "A", FOUR, 60)]),
        "www",
        resolvers=Resolvers(20),
        clients=Clients(50, 0.4),
        backends=(Backend(FIRST, fails=failure, delay=6, **(backend or {})),),
        balancer=Balancer(layer, interval=EVERY, fall=FALL, **balancer),
        schedule=schedule or (ScheduledChange(DIES, "down", [FIRST]),),
        duration=120,
        bin=0.5,
        window=20,
        seed=shifted(1),
    )


def kept(scenario):
    """The same, where clients keep their connections for good."""
    own = {"k": {"like": "fixed", "lifetime": 60, "idle": 3600}}
    return (
        scenario.set("profiles", own).set("clients.profile", "k").set("balancer.keep_alive", 3600)
    )


def failing(outcome):
    """From when to when requests failed, in seconds."""
    bins = [index * 0.5 for index, count in enumerate(outcome.failed) if count]
    return (min(bins), max(bins) + 0.5) if bins else None


def said(scenario):
    """What clients were told whose requests failed."""
    return {each.detail for each in run(scenario, trace=True).trace if each.kind == "fail"}


def test_every_way_to_fail_has_its_row():
    assert set(FOUND_OUT) == {*Failure}


@pytest.mark.slow
@LAYERS
@pytest.mark.parametrize("failure", FOUND_OUT)
@pytest.mark.parametrize("check", range(len(CHECKS)))
def test_checks_see_what_haproxys_do(failure, check, layer):
    """Three in a row: 2 to 3 intervals, and three time-outs where no answer comes."""
    takes = FOUND_OUT[failure][check]

    first, last = failing(run(shop(failure, layer, check=CHECKS[check])))

    assert DIES <= first < DIES + 1
    if takes == NEVER:
        assert last > 118
    else:
        least = DIES + (FALL - 1) * EVERY + FALL * takes
        assert least - 1 <= last <= least + EVERY + 0.5


@pytest.mark.slow
@pytest.mark.parametrize(
    ("failure", "at_l4", "at_l7"),
    [
        ("refused", "the target closed the connection", "503 from the balancer"),
        ("black hole", "the target closed the connection", "503 from the balancer"),
        ("silent", f"no answer from {FIRST}", f"504 from the balancer: no answer from {FIRST}"),
        ("half", f"no answer from {FIRST}", f"504 from the balancer: no answer from {FIRST}"),
        ("slow", f"no answer from {FIRST}", f"504 from the balancer: no answer from {FIRST}"),
        ("closes", f"half a page from {FIRST}", f"half a page from {FIRST}"),
        ("5xx", f"an error from {FIRST}", f"an error from {FIRST}"),
        ("checks only", f"an error from {FIRST}", f"an error from {FIRST}"),
        ("wrong page", f"an error from {FIRST}", f"an error from {FIRST}"),
    ],
)
def test_what_clients_get(failure, at_l4, at_l7):
    assert said(shop(failure, "L4")) == {at_l4}
    assert said(shop(failure, "L7")) == {at_l7}


@pytest.mark.slow
@pytest.mark.parametrize("failure", FOUND_OUT)
def test_a_retry_helps_where_no_connection_is_taken(failure):
    """One that vanishes costs the time-out of a connection; an error is an answer."""
    outcome = run(shop(failure, retries=1, connect_timeout=0.5))

    hidden = failure in ("refused", "black hole")
    assert (sum(outcome.failed) == 0) is hidden
    assert [seconds for seconds, _ in outcome.waits] == ([0.5] if failure == "black hole" else [])


def test_a_slow_target_serves_within_the_time_out_and_is_taken_out():
    """Its 6 s are late for the checks; nobody is lost, and some wait."""
    outcome = run(shop("slow", timeout=7))

    ((seconds, count),) = outcome.waits
    assert sum(outcome.failed) == 0
    assert seconds == 6
    assert 20 * 10 / 4 / 2 < count < 20 * 12 / 4 * 1.5
    assert outcome.latency_ms(1)[0] >= 6000


def test_a_slow_target_that_checks_bear_keeps_its_part():
    outcome = run(shop("slow", timeout=7, check="TCP"))

    assert outcome.shares()[0] == pytest.approx(0.25, abs=0.01)


@pytest.mark.slow
def test_a_target_that_errs_at_once_draws_whom_least_connections_send():
    """It is never busy; one that is silent is always busy."""
    servers = tuple(Backend(each, capacity=8, queue=1000) for each in FOUR[1:])

    def lost(failure):
        scenario = shop(failure, check="TCP", algorithm="least connections")
        own = (*servers, Backend(FIRST, capacity=8, queue=1000, fails=failure))
        outcome = run(scenario.set("backends", own))
        return sum(outcome.failed) / (20 * 60)

    assert lost("5xx") > 0.3
    assert lost("silent") < 0.1


def test_a_cookie_sticks_to_errors_that_no_check_sees():
    """A quarter of the clients fails for good; by turns, a quarter of each one's requests."""
    outcome = run(shop("checks only", sticky="cookie"))

    assert outcome.service.moved == 0
    assert 0.1 < sum(outcome.failed) / (20 * 60) < 0.4


@pytest.mark.slow
@pytest.mark.parametrize(
    ("failure", "ends"),
    long_but([("5xx", False), ("silent", True), ("closes", True)], ("silent", True)),
)
def test_connections_at_l4_outlive_the_verdict_of_the_checks(failure, ends):
    """Errors come to who is connected for as long as they stay; a silence closes what it meets."""
    _, last = failing(run(kept(shop(failure, "L4", check="HTTP_STR_MATCH"))))

    assert (last < 90) is ends


@LAYERS
def test_a_pause_that_is_shorter_than_the_checks_need_is_seen_by_clients_alone(layer):
    """Of 4 s: three checks of 2 s, 2 s apart, take 10 s at least."""
    outcome = run(shop("silent", layer, backend={"lasts": 4}))

    assert failing(outcome)[1] == pytest.approx(DIES + 4, abs=0.5)
    assert outcome.shares()[0] > 0.24


@LAYERS
def test_a_longer_pause_takes_it_out_and_it_comes_back(layer):
    """Of 20 s: out after 10 to 12, and two checks bring it back."""
    outcome = run(shop("silent", layer, backend={"lasts": 20}))

    first = outcome.requests[0]
    assert DIES + 9 <= failing(outcome)[1] <= DIES + 12.5
    assert sum(first[2 * (DIES + 13) : 2 * (DIES + 20)]) == 0
    assert sum(first[2 * (DIES + 25) :]) > 0


def test_what_flaps_faster_than_checks_decide_is_never_taken_out():
    """Three seconds well, three dead: it is never three checks in a row."""
    outcome = run(shop("refused", backend={"lasts": 3, "recurs": 3}))

    lost = sum(outcome.failed[2 * DIES :]) / (20 * 60)
    assert failing(outcome)[1] > 113
    assert lost == pytest.approx(0.25 / 2, abs=4 * math.sqrt(0.125 / (20 * 60)))


@pytest.mark.slow
@pytest.mark.parametrize("failure", FOUND_OUT)
def test_all_that_are_found_out_leave_a_503(failure):
    """A string is looked for; who answers checks alone is never found out."""
    scenario = shop(failure, check="HTTP_STR_MATCH").set("schedule", []).set("down", FOUR)
    everybody = tuple(Backend(each, fails=failure, delay=6) for each in FOUR)

    told = said(scenario.set("backends", everybody))

    if failure == "checks only":
        assert told == {f"an error from {each}" for each in FOUR}
    else:
        assert told == {"503 from the balancer: no target is healthy"}
