"""Few descriptors: what is open stays within the limit, and what cannot be tried says nothing."""

import asyncio
import errno
import resource
import socket
import subprocess
import sys
from contextlib import ExitStack, contextmanager
from datetime import timedelta

import pytest

from lab_engine import LabError, RRset, Zone, serve
from lab_engine.wire import descriptors, probing
from lab_engine.wire.listener import Listener
from lab_engine.wire.targets import Target
from tests.counts import long_but

from .test_probes import BAD, EPOCH, GOOD, check, make, simulated

ZONE = Zone.of("shop.example", [RRset.of("www", "A", ["192.0.2.1"], 60)])
MACOS, LINUX = 256, 1_024


@contextmanager
def descriptors_up_to(number):
    """This process may have no more than these from now on; those there are stay open."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (number, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)


@pytest.mark.parametrize("most", [MACOS, LINUX, 4_096])
def test_the_parts_of_a_server_leave_a_quarter_to_others(most):
    with descriptors_up_to(most):
        parts = [
            descriptors.share(part, 10_000)
            for part in (descriptors.PROBES, descriptors.STREAMS, descriptors.REQUESTS)
        ]

        assert sum(parts) == 3 * most // 4
        assert descriptors.share(descriptors.PROBES, 7) == 7


@pytest.mark.slow
@pytest.mark.parametrize(("limit", "checks"), long_but([(MACOS, 40), (LINUX, 100)], (MACOS, 40)))
def test_no_more_probes_are_open_than_half_of_the_limit(limit, checks):
    """Of an endpoint that never accepts: 40 checks would take 640 descriptors, 100 take 1,600.

    All have their turn, and all fail as they should: a checker may be late, but is not wrong.
    """
    now, most, asked = 0, 0, 0

    async def ask(loop):
        nonlocal now, most, asked
        now += 1
        asked += 1
        most = max(most, now)
        await asyncio.sleep(4)
        now -= 1
        return BAD

    with descriptors_up_to(limit):
        watched = [check(f"hc-{number}", interval=10) for number in range(checks)]
        reports, _ = simulated(ask, watched, 300, room=None)

    assert most == limit // 2
    assert asked > 3 * 16 * checks
    assert [healthy for _, healthy, _ in reports].count(False) == checks


def test_what_cannot_be_tried_is_no_verdict():
    """One in three probes finds no descriptor; the check passes all along, and so it says."""
    asked = 0

    async def ask(loop):
        nonlocal asked
        asked += 1
        return None if loop.time() > 100 and asked % 3 else GOOD

    reports, seen = simulated(ask, [check(threshold=1)], 1_000)

    assert [healthy for _, healthy, _ in reports] == [True]
    assert {each.failure for each in seen["hc-1"]} == {None}


def test_a_dead_endpoint_stays_dead_while_nothing_can_be_tried():
    async def ask(loop):
        return BAD if loop.time() < 200 else None

    reports, seen = simulated(ask, [check()], 1_000)

    assert [healthy for _, healthy, _ in reports] == [True, False]
    assert max(each.at for each in seen["hc-1"]) < EPOCH + timedelta(seconds=200)


def test_a_probe_without_a_descriptor_is_none(loop):
    with socket.create_server(("127.0.0.1", 0)) as server, no_descriptor_left():
        target = Target("127.0.0.1", server.getsockname()[1])
        result = loop.run_until_complete(probing.probe(target))

    assert result is None


@pytest.fixture
def loop():
    """There before descriptors are used up."""
    made = asyncio.SelectorEventLoop()
    yield made
    made.close()


@contextmanager
def no_descriptor_left():
    """All that the process may have are taken."""
    with ExitStack() as stack, descriptors_up_to(MACOS):
        try:
            while True:
                stack.enter_context(socket.socket())
        except OSError as full:
            assert full.errno == errno.EMFILE  # noqa: PT017
        yield


@pytest.mark.parametrize("number", sorted(descriptors.NO_PLACE | descriptors.NO_ROOM))
def test_what_the_system_says_of_us_is_none(monkeypatch, loop, number):
    async def connect(*_):
        raise OSError(number, "not there, but here")

    monkeypatch.setattr(probing, "_connect", connect)

    assert loop.run_until_complete(probing.probe(Target("127.0.0.1", 1))) is None


STARTS = {
    "a server": lambda: serve(ZONE),
    "with an API": lambda: serve(ZONE, api=True),
    "at a port": lambda: serve(ZONE, 5353),
    "a prober": lambda: make().start(),
}


@pytest.mark.parametrize("start", STARTS.values(), ids=STARTS)
def test_what_finds_no_descriptor_is_refused_and_does_not_hang(start):
    serve(ZONE, api=True).stop()  # all that is imported is there

    with no_descriptor_left(), pytest.raises(LabError, match=r"Too many open files.*ulimit -n"):
        start()


def test_a_prober_that_finds_no_loop_undoes_the_server(monkeypatch):
    """It is the last to need one: what was opened before is closed again."""

    def none(whose):
        raise descriptors.lacking(whose, OSError(errno.EMFILE, "Too many open files"))

    monkeypatch.setattr("lab_engine.wire.probes.event_loop", none)
    said = []
    with serve(ZONE, say=said.append) as server:
        port = server.port

    with pytest.raises(LabError, match="The prober: cannot be opened: Too many open files"):
        serve(ZONE, port, api=True)
    with serve(ZONE, port, say=said.append):
        assert said == []


def test_a_listener_that_has_no_descriptor_waits_and_then_accepts():
    """It does not ask again and again: a turn each time it looks, and not a thousand."""
    with Listener(lambda wire, source, stream: wire) as listener:
        turns = []
        really = listener._streams._selector.select

        def select(seconds):
            turns.append(seconds)
            return really(seconds)

        listener._streams._selector.select = select
        knocking = socket.socket()
        with knocking, no_descriptor_left():
            knocking.settimeout(30)
            knocking.connect(("127.0.0.1", listener.port))
            knocking.sendall(b"\0\1x")
            while descriptors.PAUSE not in turns:
                pass
            seen = len(turns)
        with knocking:
            pass
        assert seen < 20


SCRIPT = """
import logging, resource, socket, sys, time, http.client
from contextlib import suppress
from lab_engine import RRset, Zone, serve
zone = Zone.of("shop.example", [RRset.of("www", "A", ["192.0.2.1"], 60)])
with serve(zone, api=True) as server:
    server.client().list_hosted_zones()
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    spare = [socket.socket() for _ in range(4)]
    resource.setrlimit(resource.RLIMIT_NOFILE, (64, hard))
    taken = []
    with suppress(OSError):
        while True:
            taken.append(socket.socket())
    one, other = spare[:2]
    for each, port in ((one, server.port), (other, server.api.port)):
        each.settimeout(60)
        each.connect(("127.0.0.1", port))
    time.sleep(1)
    for each in taken:
        each.close()
    other.sendall(b"GET /2013-04-01/hostedzone HTTP/1.1\\r\\nHost: localhost\\r\\n\\r\\n")
    print(other.recv(12))
    one.sendall(b"\\0\\1x")
    one.shutdown(socket.SHUT_WR)
    print(one.recv(1))
"""


@pytest.mark.slow
def test_connections_that_came_meanwhile_are_served_and_no_traceback_is_printed():
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT], capture_output=True, text=True, timeout=300, check=True
    )

    assert done.stdout.splitlines() == ["b'HTTP/1.1 200'", "b''"]
    assert done.stderr == ""
