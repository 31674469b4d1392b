"""The listener, the server and the forwarder, with real sockets on loopback."""

import contextlib
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
from pathlib import Path

import dns.message
import dns.query
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lab_engine import LabError, RecordSet, RRset, Zone, ask, forward, serve
from lab_engine.authority.policies import Failover
from lab_engine.wire import streams
from lab_engine.wire.client import parse_address
from lab_engine.wire.listener import Listener
from tests.commands import here
from tests.counts import LONG, long_but

ZONE = Zone.of(
    "shop.example",
    [
        RRset.of("www", "A", ["192.0.2.1", "192.0.2.2", "192.0.2.3"], 60),
        RRset.of("big", "TXT", ["x" * 250 + f"{i:02}" for i in range(10)]),
    ],
)


@pytest.fixture
def server():
    with serve(ZONE, order="cyclic", seed=1) as running:
        yield running


@pytest.fixture
def echo():
    with Listener(lambda wire, source, stream: wire[::-1] if wire != b"boom" else 1 / 0) as running:
        yield running


def frame(wire):
    return struct.pack("!H", len(wire)) + wire


def read_frame(connection):
    head = b""
    while len(head) < 2:
        head += connection.recv(2 - len(head)) or pytest.fail("closed")
    (length,) = struct.unpack("!H", head)
    body = b""
    while len(body) < length:
        body += connection.recv(length - len(body)) or pytest.fail("closed")
    return body


def test_five_questions_go_round(server):
    firsts = [server.ask("www.shop.example").values[0] for _ in range(5)]

    assert firsts == ["192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.1", "192.0.2.2"]


def test_dnspythons_resolver_is_pointed_at_the_server(server):
    answers = [server.resolver().resolve("www.shop.example")[0].to_text() for _ in range(2)]

    assert answers == ["192.0.2.1", "192.0.2.2"]


def test_a_large_answer_comes_over_tcp(server):
    exchange = server.ask("big.shop.example", "TXT")

    assert (exchange.transport, len(exchange.values)) == ("tcp", 10)


def test_the_log_keeps_question_and_reply(server):
    server.ask("www.shop.example")
    server.ask("gone.shop.example")

    lines = [str(entry) for entry in server.log]
    assert lines[0].endswith("127.0.0.1 udp www.shop.example. A -> 192.0.2.1 192.0.2.2 192.0.2.3")
    assert lines[1].endswith("gone.shop.example. A -> NXDOMAIN")


def test_the_zone_is_swapped_between_two_answers(server):
    server.zone = server.zone.replaced(RRset.of("www", "A", "192.0.2.9"))

    assert server.ask("www.shop.example").values == ("192.0.2.9",)


def test_the_same_seed_gives_the_same_answers():
    def answers():
        with serve(ZONE, seed=5) as running:
            return [running.ask("www.shop.example").values for _ in range(6)]

    assert answers() == answers()


def test_a_taken_port_is_replaced_and_said(server):
    said = []
    with serve(ZONE, port=server.port, say=said.append) as second:
        assert second.port != server.port
        assert second.ask("www.shop.example").rcode == "NOERROR"

    assert said == [f"port {server.port} is taken; listening on {second.address} instead."]


@pytest.mark.parametrize("kind", [socket.SOCK_DGRAM, socket.SOCK_STREAM])
def test_half_of_a_pair_is_not_enough(kind):
    """A port whose UDP or TCP side another program holds is taken."""
    said = []
    with socket.socket(socket.AF_INET, kind) as other:
        other.bind(("127.0.0.1", 0))
        if kind == socket.SOCK_STREAM:
            other.listen()
        serve(ZONE, port=other.getsockname()[1], say=said.append).stop()

    assert "is taken" in said[0]


def test_a_stopped_server_frees_its_port(server):
    server.stop()
    server.stop()
    said = []
    with serve(ZONE, port=server.port, say=said.append) as again:
        assert again.port == server.port

    assert said == []


def test_a_stopped_server_says_so_and_what_to_do():
    """Also to who asks by way of a resolver, a cache, or a client that was made before."""
    with serve(ZONE, api=True) as server:
        client = server.client()

    asking = (lambda: server.ask("www.shop.example"), server.resolver, lambda: forward(server))
    for asks in (*asking, client.list_hosted_zones):
        with pytest.raises(LabError, match="has stopped"):
            asks()


@pytest.mark.parametrize("port", [-1, 65_536])
def test_a_port_that_is_none_is_refused(port):
    with pytest.raises(LabError, match=f"{port}: is not a port"):
        serve(ZONE, port=port)


def test_only_loopback_is_listened_on():
    with pytest.raises(LabError, match=r"0\.0\.0\.0: is not a loopback address"):
        serve(ZONE, host="0.0.0.0")


@pytest.mark.parametrize("address", ["localhost:53", "a b:53", "[]:53"])
def test_a_server_is_named_by_its_address(address):
    with pytest.raises(LabError, match="has no IP address"):
        parse_address(address)


def test_a_host_that_is_no_address_is_refused():
    with pytest.raises(LabError, match="localhost: is not a loopback address"):
        serve(ZONE, host="localhost")


def test_ipv6_loopback_is_served():
    try:
        running = serve(ZONE, host="::1")
    except LabError as no_ipv6:
        pytest.skip(f"no IPv6 here: {no_ipv6}")
    with running:
        assert running.address.startswith("[::1]:")
        assert running.ask("www.shop.example").rcode == "NOERROR"


def test_nobody_there_is_an_error_that_says_so():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{silent.getsockname()[1]}"
        with pytest.raises(LabError, match=r"did not answer.*Is a server running there"):
            ask("www.shop.example", "A", address, timeout=0.2)


@pytest.mark.parametrize(
    "address", ["", "127.0.0.1", "127.0.0.1:", "127.0.0.1:0", "h:99999", "a:b"]
)
def test_an_address_is_host_and_port(address):
    with pytest.raises(LabError, match="is not HOST:PORT"):
        parse_address(address)


def test_a_handler_that_raises_silences_only_its_message(echo):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.settimeout(30)
        for wire in (b"boom", b"abc"):
            client.sendto(wire, ("127.0.0.1", echo.port))
        assert client.recv(100) == b"cba"

    assert echo.failures == 1


def test_tcp_is_pipelined(echo):
    """RFC 7766 section 6.2.1.1: several questions before the first answer."""
    with socket.create_connection(("127.0.0.1", echo.port), timeout=30) as client:
        client.sendall(frame(b"abc") + frame(b"") + frame(b"def"))
        assert [read_frame(client) for _ in range(3)] == [b"cba", b"", b"fed"]


def test_tcp_waits_for_the_rest_of_a_message(echo):
    """RFC 7766 section 8: a message may come an octet at a time."""
    with socket.create_connection(("127.0.0.1", echo.port), timeout=30) as client:
        for octet in frame(b"abc"):
            client.sendall(bytes([octet]))
            time.sleep(0.01)
        assert read_frame(client) == b"cba"


def test_an_idle_connection_is_closed(echo, monkeypatch):
    monkeypatch.setattr(streams, "IDLE_SECONDS", 0.2)
    with socket.create_connection(("127.0.0.1", echo.port), timeout=30) as client:
        assert client.recv(1) == b""


def test_more_connections_than_allowed_close_the_quietest(echo):
    with contextlib.ExitStack() as stack:
        clients = [
            stack.enter_context(socket.create_connection(("127.0.0.1", echo.port), timeout=30))
            for _ in range(streams.MAX_CONNECTIONS + 5)
        ]
        clients[-1].sendall(frame(b"abc"))
        assert read_frame(clients[-1]) == b"cba"
        assert clients[0].recv(1) == b""


def test_a_client_that_never_reads_is_dropped(echo, monkeypatch):
    """It is read from no more, and so it is idle."""
    monkeypatch.setattr(streams, "IDLE_SECONDS", 0.2)
    flood = frame(b"x" * 60_000) * 2_000
    with (
        socket.create_connection(("127.0.0.1", echo.port), timeout=30) as client,
        pytest.raises(OSError, match=r"reset|Broken pipe"),
    ):
        client.sendall(flood)


def test_a_connection_reset_harms_nobody(echo):
    with socket.create_connection(("127.0.0.1", echo.port), timeout=30) as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        client.sendall(frame(b"abc")[:3])
    with socket.create_connection(("127.0.0.1", echo.port), timeout=30) as client:
        client.sendall(frame(b"abc"))
        assert read_frame(client) == b"cba"


@pytest.mark.slow
@settings(
    max_examples=5_000 if LONG else 200,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(wire=st.binary(max_size=600))
def test_any_bytes_leave_the_server_answering(server, wire):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.sendto(wire, ("127.0.0.1", server.port))
    query = dns.message.make_query("www.shop.example", "A")

    assert len(dns.query.udp(query, "127.0.0.1", 5, server.port).answer[0]) == 3
    assert server._transport.failures == 0


def test_a_server_leaves_no_thread_behind():
    before = threading.active_count()
    with serve(ZONE):
        assert threading.active_count() > before

    assert threading.active_count() == before


@pytest.mark.slow
def test_a_flooded_server_still_stops():
    """The datagram that wakes it may find a full queue; then there are others to wake it."""
    ended = threading.Event()

    def flood(port):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
            while not ended.is_set():
                with contextlib.suppress(OSError):
                    client.sendto(b"x" * 40, ("127.0.0.1", port))

    with serve(ZONE) as running:
        flooding = threading.Thread(target=flood, args=(running.port,))
        flooding.start()
        time.sleep(0.2)
        running.stop()
        ended.set()
        flooding.join()

    assert not any(thread.name == f"dns-{running.port}" for thread in threading.enumerate())


def test_datagrams_are_answered_while_a_stream_waits(server):
    """Half a message over TCP holds nobody up."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=30) as client:
        client.sendall(b"\0")
        assert server.ask("www.shop.example").rcode == "NOERROR"


class Clock:
    """Seconds that pass when told to."""

    now = 1000.0

    def __call__(self):
        return self.now


def test_a_forwarder_asks_once_for_each_ttl(server):
    clock = Clock()
    with forward(server, clock=clock, seed=1) as cache:
        ttls = []
        for clock.now in (1000, 1000.4, 1029, 1059.9, 1060):
            ttls.append(cache.ask("www.shop.example").ttl)

    assert ttls == [60, 60, 31, 1, 60]
    assert len(server.log) == 2


def test_a_frozen_forwarder_pins_one_address(server):
    with forward(server, profile="frozen") as cache:
        firsts = {cache.ask("www.shop.example").values[0] for _ in range(20)}

    assert len(firsts) == 1


def test_a_rotating_forwarder_spreads_the_set(server):
    with forward(server, profile="ideal", seed=1) as cache:
        firsts = {cache.ask("www.shop.example").values[0] for _ in range(40)}

    assert len(firsts) == 3
    assert len(server.log) == 1


def test_a_flushed_forwarder_asks_again(server):
    with forward(server) as cache:
        for _ in range(2):
            cache.ask("www.shop.example")
            cache.flush()

    assert len(server.log) == 2


def test_a_forwarder_without_its_upstream_says_servfail():
    with serve(ZONE) as gone:
        pass
    with forward(gone.address) as cache:
        assert cache.ask("www.shop.example").rcode == "SERVFAIL"


# The command line


def command(*arguments, **options):
    return subprocess.Popen(
        [sys.executable, "-m", "lab_engine", *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **options,
    )


@pytest.fixture
def zone_file(tmp_path):
    file = tmp_path / "shop.zone"
    file.write_text(ZONE.to_text())
    return file


@pytest.mark.slow
@pytest.mark.parametrize("stop", long_but([signal.SIGINT, signal.SIGTERM], signal.SIGINT))
def test_serve_says_where_answers_logs_and_stops_cleanly(zone_file, stop):
    with command("serve", zone_file, "--order", "cyclic", "--log") as running:
        line = running.stdout.readline()
        address = next(word for word in line.split() if word.startswith("127.0.0.1:"))
        asked = command("ask", "www.shop.example", "--server", address)
        printed, _ = asked.communicate(timeout=120)
        running.send_signal(stop)
        log, errors = running.communicate(timeout=120)

    assert asked.returncode == 0
    assert "www.shop.example.\t60\tIN\tA\t192.0.2.1" in printed
    assert "status: NOERROR" in printed
    assert "www.shop.example. A -> 192.0.2.1" in log
    assert (running.returncode, errors) == (0, "")


@pytest.mark.slow
@pytest.mark.parametrize("token", ["--token", "--token=of-our-own"])
def test_serve_says_the_token_that_its_api_asks_for(zone_file, token):
    with command("serve", zone_file, "--api-port", "0", token) as running:
        said = [running.stdout.readline() for _ in range(4)]
        running.send_signal(signal.SIGTERM)
        running.communicate(timeout=120)

    assert "its token is the access key id:" in said[1]
    key = said[3].split("AWS_ACCESS_KEY_ID=")[1].split()[0]
    assert key == "of-our-own" if "=" in token else len(key) == 48


@pytest.mark.slow
def test_a_token_opens_the_api_to_the_servers_own_client(server):
    with serve(ZONE, api=True, token="of-our-own") as running:
        assert running.client().list_hosted_zones()["HostedZones"]
    with pytest.raises(LabError, match="A token: needs an API"):
        serve(ZONE, token="of-our-own")


@pytest.mark.slow
def test_serve_twice_on_one_port_moves_the_second(zone_file, server):
    with command("serve", zone_file, "--port", server.port) as running:
        said = running.stderr.readline()
        line = running.stdout.readline()
        running.send_signal(signal.SIGTERM)
        running.communicate(timeout=120)

    assert f"port {server.port} is taken; listening on 127.0.0.1:" in said
    assert "127.0.0.1:" in line
    assert running.returncode == 0


@pytest.mark.slow
def test_serve_refuses_in_one_line():
    """In a process of its own: it takes over the signals."""
    refused = command("serve", "no-such.zone")
    _, errors = refused.communicate(timeout=120)

    assert refused.returncode == 1
    assert "no-such.zone: cannot be read" in errors
    assert errors.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["ask", "www.shop.example", "--server", "nowhere"], "nowhere: is not HOST:PORT"),
        (["ask", "x" * 64, "--server", "127.0.0.1:1"], "is not a domain name"),
        (["ask", "www.shop.example", "NOTATYPE", "--server", "127.0.0.1:1"], "not a record type"),
    ],
)
def test_ask_refuses_in_one_line(arguments, message, tmp_path):
    refused = here(*arguments, folder=tmp_path)

    assert refused.returncode == 1
    assert message in refused.stderr
    assert refused.stderr.count("\n") == 1


@pytest.mark.slow
def test_serve_refuses_a_broken_zone_file(tmp_path):
    file = tmp_path / "broken.zone"
    text = ZONE.to_text()
    file.write_text(text + "www A oops\n")
    refused = command("serve", file)
    printed, errors = refused.communicate(timeout=120)

    assert (refused.returncode, printed) == (1, "")
    assert f"{file}:{text.count(chr(10)) + 1}: is not a record" in errors


UNPRIVILEGED = Path("/proc/sys/net/ipv4/ip_unprivileged_port_start")


@pytest.mark.slow
@pytest.mark.skipif(
    not UNPRIVILEGED.exists() or int(UNPRIVILEGED.read_text()) <= 53,
    reason="this system lets everyone have every port",
)
def test_a_privileged_port_is_replaced_and_said():
    """As a user without rights to it: root gives its rights up first."""
    script = (
        "import os\n"
        "from lab_engine import RRset, Zone, serve\n"
        "import lab_engine.wire.server, dns.rdtypes.IN.A, dns.rdtypes.ANY.SOA, dns.rdtypes.ANY.NS\n"
        "zone = Zone.of('a.example', [RRset.of('www', 'A', '192.0.2.1')])\n"
        "if os.geteuid() == 0: os.setgid(65534); os.setuid(65534)\n"
        "with serve(zone, port=53) as server: print(server.port > 1023)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=30, check=True
    )

    assert "port 53 needs more rights than this user has; listening on 127.0.0.1:" in done.stdout
    assert done.stdout.endswith("True\n")


def test_health_is_set_by_hand(tmp_path):
    zone = Zone.of(
        "shop.example",
        [
            RecordSet.of(
                "www",
                "A",
                f"192.0.2.{i}",
                policy=Failover(role),
                set_identifier=role,
                health_check_id=f"hc-{i}",
            )
            for i, role in enumerate(("PRIMARY", "SECONDARY"), 1)
        ],
    )
    with serve(zone) as running:
        before = running.ask("www.shop.example").values
        running.health["hc-1"] = False
        during = running.ask("www.shop.example").values
        running.health["hc-1"] = True
        after = running.ask("www.shop.example").values

    assert (before, during, after) == (("192.0.2.1",), ("192.0.2.2",), ("192.0.2.1",))


def test_an_unknown_health_check_names_the_nearest(server):
    with pytest.raises(LabError, match="is the id of no health check here"):
        server.health["hc-9"] = False
