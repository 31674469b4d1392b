"""Children of this process: what they do to a server is nothing, and they keep nothing of it."""

import os
import socket
import threading

import pytest

from lab_engine import RRset, Zone, drill, forward, serve
from lab_engine.authority.policies import Failover
from lab_engine.authority.recordset import RecordSet
from lab_engine.live.webservers import webservers
from lab_engine.wire.listener import Listener
from lab_engine.wire.ours import is_ours, ours

ZONE = Zone.of("shop.example", [RRset.of("www", "A", ["192.0.2.1"], 60)])
CHECKED = Zone.of(
    "shop.example",
    [
        RecordSet.of(
            "www",
            "A",
            f"192.0.2.{i}",
            1,
            policy=Failover(role),
            set_identifier=role,
            health_check_id=f"hc-{i}",
        )
        for i, role in enumerate(("PRIMARY", "SECONDARY"), 1)
    ],
)
STARTED = {
    "a server": lambda: serve(ZONE),
    "with an API": lambda: serve(ZONE, api=True),
    "with checkers": lambda: serve(CHECKED, table={"192.0.2.1": ("127.0.0.1", 1)}),
    "a forwarder": lambda: forward("127.0.0.1:53"),
    "web servers": lambda: webservers(["192.0.2.1"]),
}


class Child:
    """A child of this process that does something, and then lives on as long as the `with`."""

    def __init__(self, act=lambda: None):
        told, tell = os.pipe()
        leave, self._leave = os.pipe()
        self._process = os.fork()
        if not self._process:
            os.close(self._leave)
            try:
                act()
                os.write(tell, b".")
            finally:
                os.close(tell)
                os.read(leave, 1)  # until the parent closes its end
                os._exit(0)
        os.close(tell)
        os.close(leave)
        self.done = os.read(told, 1) == b"."
        os.close(told)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        os.close(self._leave)
        os.waitpid(self._process, 0)


def ports(started):
    """Where it listens over TCP."""
    if hasattr(started, "table"):
        return [place[1] for place in started.table.values()]
    api = getattr(started, "api", None)
    return [started.port, *([api.port] if api else [])]


@pytest.mark.parametrize("start", STARTED.values(), ids=STARTED)
def test_a_child_keeps_no_port(start):
    """A worker of a pool lives on when the server is stopped; the ports are free all the same."""
    started = start()
    taken = ports(started)
    with Child() as child:
        started.stop()
        for port in taken:
            for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
                with socket.socket(socket.AF_INET, kind) as again:
                    again.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, kind == 1)
                    again.bind(("127.0.0.1", port))

    assert child.done


@pytest.mark.parametrize("start", STARTED.values(), ids=STARTED)
def test_to_stop_in_a_child_does_nothing(start):
    """Nor to leave its `with`; the parent's threads wait as before, and its clients are served."""
    started = start()
    try:
        with Child(started.stop) as child:
            pass
        threads = [each.name for each in threading.enumerate()]
        for port in ports(started):
            socket.create_connection(("127.0.0.1", port), 30).close()
        if started.__class__.__name__ == "Server":
            assert started.ask("www.shop.example").rcode == "NOERROR"
    finally:
        started.stop()

    assert child.done
    assert len(threads) > 1


def test_a_child_that_stops_a_server_leaves_the_parents_thread_waiting():
    """It does not spin: as many turns as there were events, and not one for each look."""
    turns = []
    with Listener(lambda wire, source, stream: wire) as listener:
        really = listener._streams._selector.select

        def select(seconds):
            turns.append(seconds)
            return really(seconds)

        listener._streams._selector.select = select
        with socket.create_connection(("127.0.0.1", listener.port), timeout=30) as client:
            with Child(listener.stop) as child:
                pass
            for _ in range(20):
                client.sendall(b"\0\1x")
                assert client.recv(3) == b"\0\1x"

    assert child.done
    assert len(turns) < 200


def test_a_connection_ends_with_its_server_even_if_a_child_has_it_too():
    with serve(ZONE) as server:
        client = socket.create_connection(("127.0.0.1", server.port), timeout=30)
        client.sendall(b"\0")
        server.ask("www.shop.example")
        with Child():
            server.stop()
            assert client.recv(1) == b""
        client.close()


def test_a_child_leaves_a_drill_alone():
    with drill(CHECKED, rate=5) as running:
        with Child(running.stop) as child:
            pass
        assert running.server.ask("www.shop.example").values == ("192.0.2.1",)

    assert child.done


def test_ports_of_ours_are_those_that_something_of_ours_is_bound_to():
    with (
        ours(socket.create_server(("127.0.0.1", 0))) as mine,
        socket.create_server(("127.0.0.1", 0)) as others,
    ):
        mine_at, others_at = mine.getsockname()[1], others.getsockname()[1]
        client = ours(socket.create_connection(("127.0.0.1", others_at)))
        with client:
            assert is_ours("127.0.0.1", mine_at)
            assert not is_ours("127.0.0.2", mine_at)
            assert not is_ours("127.0.0.1", others_at)
            assert not is_ours("127.0.0.1", client.getsockname()[1])
    assert not is_ours("127.0.0.1", mine_at)
