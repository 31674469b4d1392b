"""The real HAProxy and nginx beside the simulated balancer, on the same list of requests.

A request takes a moment, so what counts is whom each one went to. HAProxy runs with one thread and
nginx with one worker: their turns are then as fixed as ours.
"""

import socket
import subprocess
import sys
import time
from collections import Counter
from contextlib import ExitStack
from pathlib import Path
from random import Random

import pytest

from lab_engine.live.balancers import balance
from lab_engine.live.webclient import WebClient
from lab_engine.live.webservers import webservers
from lab_engine.simulation.balancer import Balancer
from lab_engine.simulation.balancing import ALGORITHMS

from .programs import find

pytestmark = [pytest.mark.witness, pytest.mark.waits]

FOUR = [f"192.0.2.{n}" for n in range(1, 5)]
WEIGHTS = {FOUR[0]: 5, FOUR[1]: 3}
CYCLE = 5 + 3 + 1 + 1
EVERY = 1.0  # seconds between checks, and so is what a busy machine may be late
PROGRAMS = ["haproxy", "nginx"]


@pytest.fixture
def start():
    """Starts back ends and a real balancer before them; both are stopped at the end."""
    with ExitStack() as stack:

        def starting(balancer, program="haproxy", seconds=0.0):
            find(program)
            servers = stack.enter_context(webservers(FOUR, seconds))
            real = balance(balancer, servers.table, program=program)
            return servers, stack.enter_context(real)

        yield starting


def unchecked(**fields):
    """What both programs can do."""
    return Balancer(interval=0, **fields)


def simulated(balancer, requests, targets=FOUR):
    """Whom the lab's algorithm chooses, one request after the other."""
    weights = [balancer.weight(each) for each in targets]
    chooser = ALGORITHMS[balancer.algorithm](weights, Random(1))
    return [targets[chooser.choose(lambda _: 0, range(len(targets)))] for _ in range(requests)]


def asked(real, requests, path="/", **client):
    with WebClient(real.address, keeps=False, **client) as browser:
        return [browser.get(path) for _ in range(requests)]


def once(true, seconds=60):
    """Wait until something is true, for so long at most."""
    until = time.monotonic() + seconds
    while not true() and time.monotonic() < until:
        time.sleep(0.05)


def servers_of(got):
    assert all(each.good for each in got)
    return [each.server for each in got]


@pytest.mark.parametrize("program", PROGRAMS)
def test_round_robin_is_ours_within_one_request_per_back_end(start, program, tell):
    balancer = unchecked()
    _, real = start(balancer, program)

    counts, ours = Counter(servers_of(asked(real, 402))), Counter(simulated(balancer, 402))

    tell(f"{program}: round robin of 402 requests {dict(counts)}, ours {dict(ours)}")
    assert all(abs(counts[each] - ours[each]) <= 1 for each in FOUR)


@pytest.mark.parametrize("program", PROGRAMS)
def test_weighted_round_robin_is_ours_within_one_request_a_cycle(start, program):
    balancer = unchecked(weights=WEIGHTS)
    _, real = start(balancer, program)
    theirs, ours = servers_of(asked(real, 20 * CYCLE)), simulated(balancer, 20 * CYCLE)

    for first in range(0, len(theirs), CYCLE):
        one, other = (Counter(each[first : first + CYCLE]) for each in (theirs, ours))
        assert all(abs(one[each] - other[each]) <= 1 for each in FOUR)


def test_the_smooth_turn_is_nginxs_to_the_last_request(start):
    """Not only as often, but in the same order."""
    balancer = unchecked(weights=WEIGHTS)
    _, real = start(balancer, "nginx")

    assert servers_of(asked(real, 4 * CYCLE)) == simulated(balancer, 4 * CYCLE)


SEEN = {  # the check, and the intervals that each failed one takes
    "refused": ("HTTP", 0),
    "black hole": ("HTTP", 1),
    "silent": ("HTTP", 1),
    "half": ("HTTP", 1),
    "slow": ("HTTP", 1),
    "5xx": ("HTTP", 0),
    "wrong page": ("HTTP_STR_MATCH", 0),
    "closes": ("HTTP_STR_MATCH", 0),
}
UNSEEN = [
    ("silent", "TCP"),
    ("5xx", "TCP"),
    ("wrong page", "HTTP"),
    ("closes", "HTTP"),
    ("checks only", "HTTP_STR_MATCH"),
]


def checked(layer, check, patience=EVERY / 5):
    """A real and a simulated balancer that decide after three checks, and give up after so long."""
    return Balancer(layer, interval=EVERY, check=check, timeout=patience, connect_timeout=patience)


def reaction(servers, real, failure, patience):
    """Seconds from when a target fails so until no request fails; at most so many are waited."""
    servers.fail(FOUR[0], failure)
    died = failed = time.monotonic()
    while time.monotonic() < min(died + patience, failed + 3 * EVERY):
        if not all(each.good for each in asked(real, 4)):
            failed = time.monotonic()
        time.sleep(0.01)
    return failed - died


@pytest.mark.parametrize(
    ("failure", "layer"), [*((each, "L7") for each in SEEN), ("refused", "L4"), ("silent", "L4")]
)
def test_a_failure_is_noticed_within_one_interval_of_ours(start, failure, layer, tell):
    """Simulated, 2 to 3 intervals after it and three time-outs: `test_balanced_failures`."""
    check, takes = SEEN[failure]
    # Where the dead are not waited for, nor are the others given up on a busy machine.
    servers, real = start(checked(layer, check, EVERY / 2 if takes else EVERY))
    time.sleep(2 * EVERY)  # the first round of checks

    seconds = reaction(servers, real, failure, 12 * EVERY)

    tell(f"haproxy {layer}: {failure}, seen by {check} after {seconds:.2f} s, one every {EVERY} s")
    assert EVERY * (2 + 3 * takes - 1) <= seconds <= EVERY * (3 + 3 * takes + 1)


@pytest.mark.parametrize(("failure", "check"), UNSEEN)
def test_what_our_checks_do_not_see_haproxys_do_not(start, failure, check):
    servers, real = start(checked("L7", check))
    servers.fail(FOUR[0], failure)
    time.sleep(4 * EVERY)

    assert sum(each.good for each in asked(real, 12)) == 9


def test_a_return_is_noticed_within_one_interval_of_ours(start, tell):
    """Simulated, with the second check that passes: 1 to 2 intervals after it."""
    servers, real = start(Balancer("L7", interval=EVERY))
    servers.fail(FOUR[0])
    once(lambda: FOUR[0] not in servers_of([each for each in asked(real, 8) if each.good]))
    once(lambda: all(each.good for each in asked(real, 8)))
    servers.heal(FOUR[0])
    back = time.monotonic()

    once(lambda: FOUR[0] in servers_of(asked(real, 4)))

    seconds = time.monotonic() - back
    tell(f"haproxy L7: a return is noticed after {seconds:.2f} s, with a check every {EVERY} s")
    assert 0.9 * EVERY <= seconds <= EVERY * (2 + 1)


def test_a_pause_that_is_too_short_is_not_seen(start):
    """Of two intervals: three checks that time out, and what lies between them, are five."""
    servers, real = start(checked("L7", "HTTP"))
    time.sleep(2 * EVERY)
    servers.fail(FOUR[0], "silent")
    time.sleep(2 * EVERY)
    servers.heal(FOUR[0])

    assert Counter(servers_of(asked(real, 40))) == dict.fromkeys(FOUR, 10)


def test_connections_at_l4_outlive_the_verdict(start):
    """Who is connected stays with the errors; new ones go elsewhere."""
    servers, real = start(Balancer("L4", interval=1, fall=1))
    with WebClient(real.address) as browser:
        home = browser.get().server
        servers.fail(home, "5xx")
        once(lambda: home not in {each.server for each in asked(real, 8)})

        assert {browser.get().status for _ in range(3)} == {500}
    assert home not in servers_of(asked(real, 8))


def test_a_cookie_is_set_by_an_error_too(start):
    """So who is led to a target that answers checks alone stays there."""
    servers, real = start(Balancer(sticky="cookie"))
    servers.fail(FOUR[0], "checks only")
    seen = []
    for _ in FOUR:
        with WebClient(real.address, keeps=False) as browser:
            seen.append({browser.get().status for _ in range(5)})

    assert sorted(seen, key=str) == [{200}, {200}, {200}, {500}]


@pytest.mark.parametrize("program", PROGRAMS)
def test_a_retry_helps_where_no_connection_is_taken(start, program):
    servers, real = start(unchecked(retries=1, connect_timeout=0.2, timeout=5), program)
    for failure in ("refused", "black hole"):
        servers.fail(FOUR[0], failure)

        assert set(servers_of(asked(real, 8))) == set(FOUR[1:])


def test_a_retry_hides_a_death(start):
    servers, real = start(Balancer(interval=60, retries=2))
    servers.fail(FOUR[0])

    assert set(servers_of(asked(real, 40))) == set(FOUR[1:])


@pytest.mark.parametrize(("layer", "status"), [("L7", 503), ("L4", 0)])
def test_all_dead_is_503_at_l7_and_nothing_at_l4(start, layer, status):
    servers, real = start(Balancer(layer, interval=1, fall=1))
    for each in FOUR:
        servers.fail(each)
    once(lambda: {each.status for each in asked(real, 5)} == {status})

    assert {each.status for each in asked(real, 5)} == {status}


@pytest.mark.parametrize(
    ("fault", "program", "status"),
    [
        ("refused", "haproxy", 503),
        ("black hole", "haproxy", 503),
        ("black hole", "nginx", 504),
        ("slow", "haproxy", 504),
        ("slow", "nginx", 504),
        ("silent", "haproxy", 504),
        ("silent", "nginx", 504),
        ("half", "haproxy", 504),
        ("half", "nginx", 504),
        ("closes", "haproxy", 0),
        ("closes", "nginx", 0),
        ("checks only", "haproxy", 500),
        ("5xx", "nginx", 500),
    ],
)
def test_what_clients_get_of_a_sick_back_end(start, fault, program, status):
    """Silence ends with the balancer's time-out; half a body is handed on as it came."""
    waits = fault in ("black hole", "silent", "half", "slow")
    patience = 1.0 if waits else 30.0
    servers, real = start(unchecked(timeout=patience, connect_timeout=patience), program)
    servers.fail(FOUR[0], fault)

    assert sorted(each.status for each in asked(real, 4)) == sorted([status, 200, 200, 200])


def test_who_answers_checks_only_is_taken_for_healthy(start):
    """And who gives 500 to checks is not."""
    servers, real = start(Balancer(interval=1, fall=1))
    servers.fail(FOUR[0], "checks only")
    servers.fail(FOUR[1], "5xx")
    once(lambda: FOUR[1] not in {each.server for each in asked(real, 8)})

    got = Counter((each.status, each.server) for each in asked(real, 30))

    assert got[500, FOUR[0]] == 10
    assert (500, FOUR[1]) not in got


def test_cookies_stick_at_l7(start):
    _, real = start(Balancer(sticky="cookie"))
    for _ in range(4):
        with WebClient(real.address, keeps=False) as browser:
            assert len({browser.get().server for _ in range(10)}) == 1


@pytest.mark.parametrize("program", PROGRAMS)
def test_addresses_stick(start, program):
    _, real = start(unchecked(sticky="address"), program)
    homes = set()
    for host in range(1, 25):
        with WebClient(real.address, keeps=False, source=f"127.0.0.{host}") as browser:
            found = {browser.get().server for _ in range(5)}
        assert len(found) == 1
        homes |= found

    assert len(homes) > 1


@pytest.mark.parametrize("program", PROGRAMS)
def test_the_longest_path_that_fits_counts(start, program):
    rules = {"/api": FOUR[2:], "/api/v2": FOUR[3:]}
    _, real = start(unchecked(paths=rules), program)

    found = {path: set(servers_of(asked(real, 8, path))) for path in ("/", "/api/a", "/api/v2/a")}

    assert found == {"/": set(FOUR), "/api/a": set(FOUR[2:]), "/api/v2/a": set(FOUR[3:])}


def test_a_connection_is_one_back_end_at_l4_and_none_at_l7(start):
    for layer, homes in (("L4", 1), ("L7", 4)):
        _, real = start(unchecked(layer=layer))
        with WebClient(real.address) as browser:
            assert len({browser.get().server for _ in range(8)}) == homes


def test_what_drains_gets_nothing_new_and_keeps_what_it_has(start):
    """By cookie; who comes without one goes elsewhere."""
    _, real = start(Balancer(sticky="cookie"))
    with WebClient(real.address, keeps=False) as browser:
        home = browser.get().server
        real.drain(home)

        assert browser.get().server == home
        assert home not in servers_of([asked(real, 1)[0] for _ in range(8)])
        real.ready(home)
        assert home in servers_of([asked(real, 1)[0] for _ in range(8)])


def test_the_program_ends_with_the_with(start):
    find("haproxy")
    with webservers(FOUR) as servers:
        with balance(Balancer(), servers.table) as real:
            assert asked(real, 1)[0].good
        real.stop()

        assert asked(real, 1)[0].status == 0


ENDING = """
import os
from lab_engine import Balancer, balance, webservers
real = balance(Balancer(), webservers(["192.0.2.1"]).table)
print(real._folder.name, real.address, flush=True)
os._exit(1)  # as a kernel that is killed: nothing is cleaned up
"""


def test_the_program_ends_with_its_process():
    """And what it wrote is gone."""
    find("haproxy")
    done = subprocess.run(
        [sys.executable, "-c", ENDING], capture_output=True, text=True, timeout=120, check=False
    )
    folder, address = done.stdout.split()
    host, _, port = address.rpartition(":")

    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and Path(folder).exists():
        time.sleep(0.05)
    assert not answers(host, int(port))
    assert not Path(folder).exists()


def answers(host, port):
    """Whether anybody takes connections there."""
    with socket.socket() as probe:
        return probe.connect_ex((host, port)) == 0
