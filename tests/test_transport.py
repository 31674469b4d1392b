"""Endpoints without sockets: the same octets, from call to call."""

import json
import subprocess
import sys
import threading

import dns.message
import pytest

from lab_engine import LabError, RRset, Zone, ask, forward, serve
from lab_engine.wire.endpoint import Endpoint
from lab_engine.wire.transport import InProcess

ZONE = Zone.of(
    "shop.example",
    [
        RRset.of("www", "A", ["192.0.2.1", "192.0.2.2", "192.0.2.3"], 60),
        RRset.of("big", "TXT", ["x" * 250 + f"{i:02}" for i in range(10)]),
    ],
)


@pytest.fixture
def server():
    with serve(ZONE, order="cyclic", transport=InProcess) as running:
        yield running


def test_the_octets_are_those_of_sockets(server):
    """Header, EDNS, order and truncation: what comes is what would have come over UDP and TCP."""
    with serve(ZONE, order="cyclic") as listening:
        pairs = [
            [one.ask(*question) for one in (server, listening)]
            for question in (("www.shop.example",), ("big.shop.example", "TXT"), ("no.example",))
        ]

    for here, there in pairs:
        assert here.response.wire[2:] == there.response.wire[2:]
        assert here.transport == there.transport


def test_no_thread_and_no_port_is_taken():
    before = threading.active_count()
    with serve(ZONE, transport=InProcess) as running:
        assert (threading.active_count(), running.port) == (before, 0)


def test_a_server_is_asked_by_itself_and_says_where_it_is(server):
    exchange = ask("www.shop.example", "A", server)

    assert exchange.values[0] == "192.0.2.1"
    assert ";; SERVER: this process (UDP)" in str(exchange)
    assert str(server.log[-1].peer.address) == "127.0.0.1"


def test_a_forwarder_may_stand_before_it(server):
    with forward(server, transport=InProcess, seed=1) as cache:
        for _ in range(5):
            cache.ask("www.shop.example")

    assert len(server.log) == 1


def test_its_words_are_no_address(server):
    with pytest.raises(LabError, match="this process: is not HOST:PORT"):
        ask("www.shop.example", "A", server.address)


def test_dnspythons_resolver_has_no_port_to_ask(server):
    with pytest.raises(LabError, match="this process: has no port"):
        server.resolver()


def test_a_stopped_one_says_so(server):
    server.stop()
    with pytest.raises(LabError, match="this process: has stopped"):
        server.ask("www.shop.example")


@pytest.mark.parametrize("silent", [lambda *_: None, lambda *_: 1 / 0])
def test_silence_and_failure_are_no_answer(silent):
    with (
        Endpoint(silent, transport=InProcess) as endpoint,
        pytest.raises(LabError, match="this process: did not answer: it said nothing"),
    ):
        endpoint.ask("www.shop.example")


def test_another_transport_is_as_good():
    """One that is written elsewhere: whatever opens, starts, carries and stops."""

    class Telegraph:
        host, port, address, failures = "office", 0, "the office", 0

        def __init__(self, handler, port, host):
            self.handler, self.seen = handler, []

        def start(self):
            self.seen.append("start")

        def stop(self):
            self.seen.append("stop")

        def carry(self, wire, *, stream, timeout):
            self.seen.append(dns.message.from_wire(wire).question[0].name.to_text())
            return self.handler(wire, ("198.51.100.7", 53), stream)

    with serve(ZONE, transport=Telegraph) as server:
        values = server.ask("www.shop.example").values
        seen = server._transport.seen

    assert len(values) == 3
    assert seen == ["start", "www.shop.example.", "stop"]
    assert server.log[-1].peer.address == "198.51.100.7"


def test_answers_are_made_without_sockets():
    """What needs sockets, their loops or their libraries is imported by those who open some."""
    command = """
import json, sys
from random import Random
import lab_engine.live.forwarder, lab_engine.wire.server
from lab_engine import RRset, Zone
from lab_engine.authority.server import Authority
from lab_engine.wire.compiled import Answers
from lab_engine.wire.server import serve
from lab_engine.wire.transport import InProcess
zone = Zone.of("shop.example", [RRset.of("www", "A", "192.0.2.1")])
Answers(Authority(zone, Random(1)), Random(1), print, lambda: 0.0)
with serve(zone, transport=InProcess) as server:
    server.ask("www.shop.example")
print(json.dumps(sorted(sys.modules)))
"""
    done = subprocess.run(
        [sys.executable, "-c", command], capture_output=True, text=True, check=True
    )

    barred = {"h11", "tornado", "botocore", "ssl", "asyncio", "dns.query", "dns.resolver"}
    barred |= {f"lab_engine.wire.{name}" for name in ("api", "listener", "probes", "sockets")}
    assert barred & set(json.loads(done.stdout)) == set()
