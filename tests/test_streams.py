"""Many connections in one thread: turns, limits and its end, by counts and not by clocks."""

import socket
import struct
import threading
from contextlib import ExitStack

import dns.message
import pytest

from lab_engine import RRset, Zone, serve
from lab_engine.wire import streams
from lab_engine.wire.listener import Listener
from tests.counts import LONG

PIPELINED = 300 if LONG else 120  # answers, or 18 and 7 MB
LARGE = Zone.of(
    "shop.example",
    [
        RRset.of("www", "A", ["192.0.2.1"], 60),
        RRset.of("big", "TXT", ["x" * 250 + f"{i:03}" for i in range(228)]),  # 60 KB
    ],
)


def frame(wire):
    return struct.pack("!H", len(wire)) + wire


def question(name, number, rdtype="TXT"):
    return frame(dns.message.make_query(f"{name}.shop.example", rdtype, id=number).to_wire())


def read_frame(connection):
    (length,) = struct.unpack("!H", exactly(connection, 2))
    return exactly(connection, length)


def exactly(connection, count):
    data = b""
    while len(data) < count:
        data += connection.recv(count - len(data)) or pytest.fail("closed")
    return data


class Handler:
    """Says what it was told to; holds the first message until it is let go."""

    def __init__(self, answer=lambda wire: wire):
        self.answer = answer
        self.asked = []
        self.begun, self.go = threading.Event(), threading.Event()

    def __call__(self, wire, source, stream):
        self.begun.set()
        assert self.go.wait(60)
        self.asked.append(wire)
        return self.answer(wire)


def connected(listener):
    return socket.create_connection(("127.0.0.1", listener.port), timeout=60)


def test_one_message_a_turn_whoever_sent_how_many():
    """A thousand in one write do not come before one that another sent after them."""
    handler = Handler()
    with Listener(handler) as listener, connected(listener) as greedy, connected(listener) as other:
        greedy.sendall(b"".join(frame(b"g%04d" % number) for number in range(1_000)))
        assert handler.begun.wait(60)  # the first of them, and all are there
        other.sendall(frame(b"other"))
        handler.go.set()
        assert read_frame(other) == b"other"
        turns = handler.asked.index(b"other")
        assert [read_frame(greedy) for _ in range(1_000)] == handler.asked[:turns] + [
            each for each in handler.asked[turns:] if each != b"other"
        ]

    assert turns == 1


def test_who_does_not_read_is_not_answered_nor_read_from_beyond_the_limit():
    """What waits for a client is its limit and one answer more, however many it asks."""
    handler = Handler(lambda wire: wire * 60_000)
    handler.go.set()
    with Listener(handler) as listener, connected(listener) as greedy, connected(listener) as other:
        greedy.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        greedy.sendall(frame(b"g") * 5_000)
        stream = waiting(listener, lambda each: len(each.unsent) > streams.MAX_UNSENT)
        for _ in range(3):  # turns in which nothing more is done for it
            other.sendall(frame(b"o"))
            assert len(read_frame(other)) == 60_000
        asked = handler.asked.count(b"g")

        assert len(stream.unsent) <= streams.MAX_UNSENT + 60_002
        assert len(stream._received) <= 65_535 + 65_537
        assert asked < 200
        assert stream not in listener._streams._due


def waiting(listener, holds):
    """The connection of which something holds, as soon as it does."""
    while True:
        for each in [*listener._streams._streams.values()]:
            if holds(each):
                return each


@pytest.mark.slow
def test_all_of_a_large_pipeline_is_answered_in_its_order():
    """In the end, and to one who reads while it still writes."""
    with serve(LARGE) as server, connected(server) as client:
        asked = b"".join(question("big", number) for number in range(PIPELINED))
        writing = threading.Thread(target=client.sendall, args=[asked])
        writing.start()
        ids = [struct.unpack("!H", read_frame(client)[:2])[0] for _ in range(PIPELINED)]
        writing.join()

    assert ids == [*range(PIPELINED)]


def test_what_was_asked_before_the_end_of_a_stream_is_answered():
    """One that will send no more may still read (RFC 7766 section 6.2.4 has the server wait)."""
    thousandfold = Listener(lambda wire, source, stream: wire * 1_000)
    with thousandfold as listener, connected(listener) as client:
        client.sendall(frame(b"x" * 60) * 20 + b"\0")
        client.shutdown(socket.SHUT_WR)
        for _ in range(20):
            assert len(read_frame(client)) == 60_000
        assert client.recv(1) == b""


def test_to_stop_takes_one_message_at_most():
    """Thousands that wait are not answered first."""
    handler = Handler()
    with ExitStack() as stack:
        listener = stack.enter_context(Listener(handler))
        for _ in range(5):
            stack.enter_context(connected(listener)).sendall(frame(b"x" * 60) * 1_000)
        assert handler.begun.wait(60)
        stopping = threading.Thread(target=listener.stop)
        stopping.start()
        while not listener._streams._stopping:
            pass
        handler.go.set()
        stopping.join(60)
        assert not stopping.is_alive()

    assert len(handler.asked) == 1


@pytest.mark.slow
def test_the_memory_of_a_pipeline_is_bounded():
    """Of 1,900 answers of 60 KB, 115 MB, a few are kept; the log keeps none whole."""
    with serve(LARGE) as server, connected(server) as greedy:
        greedy.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        greedy.sendall(b"".join(question("big", number) for number in range(1_900)))
        stream = waiting(server._transport, lambda each: len(each.unsent) > streams.MAX_UNSENT)
        assert server.ask("www.shop.example").rcode == "NOERROR"
        kept = [note[3] for note in server.log._notes]

        assert len(stream.unsent) + len(stream._received) < 400_000
        assert not any(
            leaf.tails or leaf._pieces for leaf in kept if leaf.query.question.type == 16
        )


def test_a_connection_that_takes_its_answers_slowly_is_not_idle(monkeypatch):
    """To read is a sign of life, as well as to write."""
    with Listener(lambda wire, source, stream: wire) as listener, connected(listener) as client:
        client.sendall(frame(b"a"))
        assert read_frame(client) == b"a"
        (stream,) = listener._streams._streams.values()
        before, stream.unsent = stream.heard, bytearray(frame(b"late"))
        client.sendall(b"\0")  # half a length: it is looked at
        assert read_frame(client) == b"late"

    assert stream.heard > before


def test_one_that_is_dropped_for_another_is_not_looked_at_any_more(monkeypatch):
    """Even where it has much to do, and something has just come from it."""
    monkeypatch.setattr(streams, "MAX_CONNECTIONS", 1)
    handler = Handler(lambda wire: wire * 1_000)
    with Listener(handler) as listener, connected(listener) as first:
        first.sendall(frame(b"x" * 60) * 500)
        assert handler.begun.wait(60)
        with connected(listener) as second:
            second.sendall(frame(b"o"))
            first.sendall(frame(b"x" * 60))
            handler.go.set()
            assert read_frame(second) == b"o" * 1_000

    assert handler.asked.count(b"x" * 60) < 500
