"""Failover elsewhere: gdnsd's simplefo, PowerDNS's ifurlup and the lab, in each state of health."""

import time
from contextlib import ExitStack
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from lab_engine import Zone, serve
from lab_engine.authority.policies import Failover
from lab_engine.authority.recordset import RecordSet
from lab_engine.authority.state import State

from .asking import addresses, query, send

pytestmark = pytest.mark.witness

# Whether primary and secondary are up (H) or down (U), and who answers: semantics of Route 53.
TABLE = {"HH": "primary", "HU": "primary", "UH": "secondary", "UU": "primary"}
LUA = "enable-lua-records=yes\nlua-health-checks-interval=1"
APEX = """\
$ORIGIN shop.example.
$TTL 60
@ IN SOA ns1 hostmaster 1 7200 900 1209600 120
@ IN NS ns1
ns1 IN A 192.0.2.53
"""


def answered(server, states):
    return addresses(send(server, query(f"{states}.shop.example")))


def lab(primary, secondary):
    """A name for each row of the table, each with health checks of its own."""
    members = [
        RecordSet.of(
            states,
            "A",
            address,
            60,
            policy=Failover(role),
            set_identifier=role,
            health_check_id=f"{states}-{role}",
        )
        for states in TABLE
        for role, address in (("PRIMARY", primary), ("SECONDARY", secondary))
    ]
    server = serve(Zone.of("shop.example", members), seed=1)
    server.authority.state = State().with_unhealthy(
        *(f"{states}-PRIMARY" for states in TABLE if states[0] == "U"),
        *(f"{states}-SECONDARY" for states in TABLE if states[1] == "U"),
    )
    return server


def test_simplefo_answers_as_the_lab_does(peers):
    pairs = {states: (f"192.0.2.{i}1", f"192.0.2.{i}2") for i, states in enumerate(TABLE, 1)}
    server = peers.authority(
        "gdnsd",
        APEX + "".join(f"{states} 60 DYNA simplefo!{states}\n" for states in TABLE),
        plugins="simplefo => {\n"
        + "".join(
            f"  {states} => {{ primary => {p}, secondary => {s} }}\n"
            for states, (p, s) in pairs.items()
        )
        + "}",
        states="".join(
            f"{address}/up => DOWN\n"
            for states, pair in pairs.items()
            for state, address in zip(states, pair, strict=True)
            if state == "U"
        ),
    )

    with lab("192.0.2.1", "192.0.2.2") as ours:
        for states, role in TABLE.items():
            index = 0 if role == "primary" else 1
            assert answered(server, states) == (pairs[states][index],), states
            assert answered(ours.address, states) == (f"192.0.2.{index + 1}",), states


class Well(BaseHTTPRequestHandler):
    """A back end that is well, and says nothing of it."""

    def do_GET(self):
        self.send_response(200)
        self.end_headers()

    def log_message(self, *arguments):
        pass


@pytest.fixture
def ports():
    """A port for each row of the table, at which those that are up answer HTTP."""
    with ExitStack() as stack:
        yield {states: _pair(states, stack) for states in TABLE}


def _pair(states, stack):
    """Primary and secondary at 127.0.0.1 and 127.0.0.2; what is down is bound and refuses."""
    port = 0
    for state, host in zip(states, ("127.0.0.1", "127.0.0.2"), strict=True):
        server = ThreadingHTTPServer((host, port), Well, bind_and_activate=False)
        stack.callback(server.server_close)
        server.server_bind()
        port = server.server_port
        if state == "H":
            server.server_activate()
            Thread(target=server.serve_forever, args=(0.05,)).start()
            stack.callback(server.shutdown)
    return port


def test_ifurlup_answers_as_the_lab_does_while_somebody_is_up(peers, ports):
    """PowerDNS really asks, and before its first round of checks it takes all as down.

    With both down 4.7 draws among all, where Route 53 and gdnsd return to the primary.
    """
    records = "".join(
        f"""{states} 1 IN LUA A "ifurlup('http://shop.example:{port}/',"""
        f""" {{{{'127.0.0.1'}}, {{'127.0.0.2'}}}})"\n"""
        for states, port in ports.items()
    )
    server = peers.authority("pdns_server", APEX + records, settings=LUA)
    for states in TABLE:
        answered(server, states)
    deadline = time.monotonic() + 60
    while not _settled(server) and time.monotonic() < deadline:
        time.sleep(0.2)

    with lab("127.0.0.1", "127.0.0.2") as ours:
        for states in ("HH", "HU", "UH"):
            drawn = {answered(server, states) for _ in range(20)}
            assert drawn == {answered(ours.address, states)}, states
        assert {answered(server, "UU") for _ in range(60)} == {("127.0.0.1",), ("127.0.0.2",)}


def _settled(server):
    """Whether the checks have found who is up: until then each answer is drawn among both."""
    return all(
        len({answered(server, states) for _ in range(20)}) == 1 for states in ("HH", "HU", "UH")
    )
