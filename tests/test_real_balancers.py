"""Real back ends, and what real balancers are told; the programs themselves are for witnesses."""

import socket

import pytest

from lab_engine.errors import LabError
from lab_engine.live import balancers, haproxy, nginx, programs
from lab_engine.live.settings import HEALTH
from lab_engine.live.webclient import WebClient
from lab_engine.live.webservers import webservers
from lab_engine.simulation.balancer import Balancer
from lab_engine.simulation.failing import Failure

TWO = ["192.0.2.1", "192.0.2.2"]
TABLE = {"192.0.2.1": ("127.0.0.1", 8001), "192.0.2.2": ("127.0.0.1", 8002)}


@pytest.fixture(scope="module")
def servers():
    with webservers(TWO) as running:
        yield running


@pytest.fixture
def one(servers):
    """The first of them, healed afterwards."""
    servers.heal(TWO[0])
    yield servers[TWO[0]]
    servers.heal(TWO[0])


def asked(server, path="/", timeout=30):
    with WebClient(f"127.0.0.1:{server.port}", timeout=timeout) as client:
        return client.get(path)


def test_a_server_says_who_it_is(servers):
    """Over one connection as often as it is asked; and it counts, checks left out."""
    before = servers.hits()
    with WebClient(f"127.0.0.1:{servers[TWO[1]].port}") as client:
        got = [client.get("/a?b") for _ in range(3)] + [client.get(HEALTH)]

    assert [(each.status, each.server) for each in got] == [(200, TWO[1])] * 4
    assert servers.hits()[TWO[1]] - before[TWO[1]] == 3
    assert servers[TWO[1]].hits[-1].path == "/a"


@pytest.mark.parametrize(
    ("failure", "status", "check"),
    [
        ("refused", 0, 0),
        ("black hole", 0, 0),
        ("silent", 0, 0),
        ("half", 0, 0),
        ("closes", 0, 0),
        ("slow", 0, 0),
        ("5xx", 500, 500),
        ("wrong page", 200, 200),
        ("checks only", 500, 200),
    ],
)
def test_each_failure_is_what_a_client_and_a_check_meet(servers, one, failure, status, check):
    servers.fail(one.address, failure)

    waits = ("black hole", "silent", "half", "slow")  # the others answer, or end at once
    patience = 0.5 if failure in waits else 30
    got = asked(one, "/", patience)
    assert got.status == status
    assert not got.good
    assert asked(one, HEALTH, patience).status == check


def test_every_way_of_the_simulation_can_be_real(servers, one):
    for failure in Failure:
        servers.fail(one.address, failure)

        assert one.failure is failure
        assert not asked(one, timeout=0.1).good
    servers.heal(one.address)
    assert asked(one).good


def test_a_black_hole_takes_no_connection_and_refuses_none(servers, one):
    servers.fail(one.address, "black hole")

    with socket.socket() as probe:
        probe.settimeout(0.3)
        with pytest.raises(TimeoutError):
            probe.connect(("127.0.0.1", one.port))


def test_a_slow_server_answers_late_and_checks_wait_as_long(servers, one):
    servers.fail(one.address, "slow", delay=0.2)

    for path in ("/", HEALTH):
        got = asked(one, path, timeout=5)
        assert got.good
        assert got.seconds >= 0.2


def test_who_heals_is_found_at_the_same_port(servers, one):
    port = one.port
    servers.fail(one.address)
    servers.heal(one.address)

    assert one.port == port
    assert asked(one).good


def test_a_connection_that_was_open_breaks_when_its_server_dies(servers, one):
    with WebClient(f"127.0.0.1:{one.port}") as client:
        first = client.get()
        servers.fail(one.address)

        assert (first.status, client.get().status) == (200, 0)


def test_nonsense_is_no_request_and_harms_nobody(servers, one):
    with socket.create_connection(("127.0.0.1", one.port)) as odd:
        odd.sendall(b"\x00\xff nonsense\r\n\r\n")
        assert odd.recv(100) == b""

    assert asked(one).good


def test_servers_that_are_stopped_are_gone():
    with webservers(TWO) as running:
        port = running[TWO[0]].port
    running.stop()

    with pytest.raises(OSError, match="refused"):
        socket.create_connection(("127.0.0.1", port))


@pytest.mark.parametrize(
    ("addresses", "seconds", "said"),
    [([], 0, "no addresses"), ("192.0.2.1", 0, "no addresses"), (TWO, -1, "no time")],
)
def test_what_cannot_be_served_is_refused(addresses, seconds, said):
    with pytest.raises(LabError, match=said):
        webservers(addresses, seconds)


def test_an_unknown_server_or_failure_is_refused(servers):
    with pytest.raises(LabError, match=r"192\.0\.2\.9.*no back end"):
        servers.fail("192.0.2.9")
    with pytest.raises(LabError, match="no Failure"):
        servers.fail(TWO[0], "tired")
    with pytest.raises(LabError, match="no time to be late"):
        servers.fail(TWO[0], "slow", delay=-1)
    assert servers[TWO[0]].failure is None


# --- what programs are told ---------------------------------------------------------------------


def test_haproxy_is_told_all_of_it():
    balancer = Balancer(
        weights={TWO[0]: 3},
        sticky="cookie",
        paths={"/api": TWO[1:]},
        retries=2,
        interval=0.5,
        timeout=2,
        connect_timeout=0.2,
    )

    text = haproxy.configuration(balancer, TABLE, 8080, "/tmp/admin")

    for line in (
        "bind 127.0.0.1:8080",
        "use_backend path0 if { path_beg '/api' }",
        "balance roundrobin",
        "cookie LAB insert indirect nocache",
        "default-server check inter 500ms fall 3 rise 2",
        "server 192.0.2.1 127.0.0.1:8001 weight 3 cookie 192.0.2.1",
        "option redispatch 1",
        "timeout connect 200ms",
        "timeout server 2000ms",
    ):
        assert f"    {line}\n" in text


@pytest.mark.parametrize(
    ("check", "asks", "looks"), [("TCP", 0, 0), ("HTTP", 1, 0), ("HTTP_STR_MATCH", 1, 1)]
)
def test_haproxy_is_told_what_passes_a_check(check, asks, looks):
    text = haproxy.configuration(Balancer(check=check), TABLE, 8080)

    assert text.count("option httpchk GET /health") == asks
    assert text.count('http-check expect string "is well"') == looks


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"layer": "L4", "interval": 0}, "layer L4"),
        ({"interval": 2}, "interval 2"),
        ({"sticky": "cookie", "interval": 0}, "sticky cookie"),
        ({"weights": {TWO[0]: 1.5}, "interval": 0}, "no whole number"),
    ],
)
def test_nginx_says_what_it_cannot(fields, said, tmp_path):
    with pytest.raises(LabError, match=said):
        nginx.configuration(Balancer(**fields), TABLE, 8080, tmp_path)


def test_a_program_that_is_not_there_is_said_plainly(monkeypatch):
    monkeypatch.setattr(programs.shutil, "which", lambda *_, **__: None)

    with pytest.raises(LabError, match=r"haproxy: is not installed.*apt-get install haproxy"):
        balancers.balance(Balancer(), TABLE)


@pytest.mark.parametrize(
    ("balancer", "table", "program", "said"),
    [
        (Balancer(), TABLE, "apache", "no balancer"),
        (Balancer(weights={"192.0.2.9": 2}), TABLE, "haproxy", "not in the table"),
        (Balancer(), {"192.0.2.1": ("198.51.100.1", 80)}, "haproxy", "not on loopback"),
    ],
)
def test_what_it_cannot_start_is_refused(balancer, table, program, said):
    with pytest.raises(LabError, match=said):
        balancers.balance(balancer, table, program=program)
