"""DNS over TCP: many connections in one thread, each in its turn.

RFC 7766: pipelining, an idle time-out, length and message in one write. In a turn each connection
has one message answered, so that one who asks a thousand things at once waits for itself alone. Who
does not take what was answered is not read from either, until it does or is idle too long.

Not here: the port, datagrams and threads (`listener`), and what the bytes mean.
"""

import contextlib
import selectors
import socket
import time
from collections.abc import Callable
from typing import Any

from lab_engine.wire.descriptors import NO_ROOM, PAUSE, STREAMS, share
from lab_engine.wire.ours import ours
from lab_engine.wire.sockets import LENGTH

IDLE_SECONDS = 10.0  # RFC 7766 section 6.2.3: "order of seconds"
MAX_CONNECTIONS = 100
MAX_UNSENT = 1 << 16  # octets that wait for a client; with more than that, it is answered no more
READ, WRITE = selectors.EVENT_READ, selectors.EVENT_WRITE

Peer = tuple[Any, ...]
"""Where a connection comes from, as sockets say it."""
Respond = Callable[[bytes, Peer], bytes | None]
"""Answers a message, or says nothing; raises nothing."""


class Streams:
    """The connections that come to a listening socket."""

    def __init__(self, accepting: socket.socket, respond: Respond) -> None:
        """Nothing is served yet. Raises OSError where there is no descriptor left."""
        self._accepting, self._respond = accepting, respond
        self._most = share(STREAMS, MAX_CONNECTIONS)
        self._streams: dict[socket.socket, _Stream] = {}
        self._due: dict[_Stream, None] = {}  # whose next message is there, in their order
        self._paused = 0.0  # when to accept again; 0 where that goes on
        self._stopping = False
        with contextlib.ExitStack() as undo:
            self._selector = undo.enter_context(selectors.DefaultSelector())
            self._waker, self._woken = (undo.enter_context(ours(s)) for s in socket.socketpair())
            for source in (accepting, self._woken):
                source.settimeout(0)
                self._selector.register(source, READ)
            undo.pop_all()

    def serve(self) -> None:
        """Answer until `stop`."""
        while not self._stopping:
            waiting = 0 if self._due else PAUSE if self._paused else 1.0
            for key, _ in self._selector.select(waiting):
                if key.fileobj is self._accepting:
                    self._accept()
                elif key.data is not None:
                    self._move(key.data)
            self._take_turns()
            self._look_at_the_clock()

    def stop(self) -> None:
        """End `serve` after the message it is at. Another thread says so."""
        self._stopping = True
        self._waker.send(b".")

    def close(self) -> None:
        """Close all connections, when nobody serves them any more."""
        for stream in [*self._streams.values()]:
            self._drop(stream)
        self._selector.close()
        self._waker.close()
        self._woken.close()

    def _take_turns(self) -> None:
        """One message of each that has one; who has just come need not wait for who has many."""
        for stream in [*reversed(self._due)]:
            if self._stopping:
                return
            wire = stream.message()
            response = None if wire is None else self._respond(wire, stream.source)
            if response is not None:
                stream.unsent += LENGTH.pack(len(response)) + response
            self._move(stream, reading=False)

    def _move(self, stream: "_Stream", *, reading: bool = True) -> None:
        """Read what has come, unless there is enough to do; write what fits; see what is next."""
        if reading and not stream.whole and not stream.ended:
            stream.receive()
        stream.send()
        if stream.ended and not stream.unsent and not stream.whole:
            self._drop(stream)
            return
        full = len(stream.unsent) > MAX_UNSENT
        if stream.whole and not full:
            self._due[stream] = None
        else:
            self._due.pop(stream, None)
        wanted = (0 if full or stream.ended else READ) | (WRITE if stream.unsent else 0)
        if (wanted or READ) != stream.wanted:
            stream.wanted = wanted or READ
            self._selector.modify(stream.connection, stream.wanted, stream)

    def _accept(self) -> None:
        try:
            connection, source = self._accepting.accept()
        except OSError as wrong:
            if wrong.errno in NO_ROOM:  # it would be asked again at once, and again
                self._selector.unregister(self._accepting)
                self._paused = time.monotonic() + PAUSE
            return
        if len(self._streams) >= self._most:
            self._drop(min(self._streams.values(), key=lambda stream: stream.heard))
        connection.settimeout(0)
        stream = _Stream(ours(connection), source)
        self._streams[connection] = stream
        self._selector.register(connection, READ, stream)
        self._move(stream)  # most come with a message

    def _look_at_the_clock(self) -> None:
        now = time.monotonic()
        for stream in [s for s in self._streams.values() if now - s.heard > IDLE_SECONDS]:
            self._drop(stream)
        if self._paused and now > self._paused:
            self._paused = 0.0
            self._selector.register(self._accepting, READ)

    def _drop(self, stream: "_Stream") -> None:
        stream.end()  # it may be among those that are looked at in this turn
        self._due.pop(stream, None)
        if self._streams.pop(stream.connection, None) is not None:
            self._selector.unregister(stream.connection)
            with contextlib.suppress(OSError):  # the client is told even where a child has a copy
                stream.connection.shutdown(socket.SHUT_RDWR)
            stream.connection.close()


class _Stream:
    """One connection: what has arrived and what is still to be sent.

    Attributes:
        heard: when something last went either way.
        unsent: octets that the client has still to take.
        ended: whether no more will come.
        wanted: what the selector looks for.
    """

    def __init__(self, connection: socket.socket, source: Peer) -> None:
        self.connection = connection
        self.source = source
        self.heard = time.monotonic()
        self.unsent = bytearray()
        self.ended = False
        self.wanted = READ
        self._received = bytearray()

    @property
    def whole(self) -> bool:
        """Whether a whole message waits for its answer."""
        return len(self._received) >= LENGTH.size and len(self._received) >= self._end

    @property
    def _end(self) -> int:
        return LENGTH.size + int(LENGTH.unpack_from(self._received)[0])

    def message(self) -> bytes | None:
        """The next whole message, once."""
        if not self.whole:
            return None
        end = self._end
        wire = bytes(self._received[LENGTH.size : end])
        del self._received[:end]
        return wire

    def receive(self) -> None:
        """Take what is there."""
        try:
            data = self.connection.recv(65_535)
        except BlockingIOError:
            return
        except OSError:
            self.end()
            return
        self.ended = not data
        self._received += data
        self.heard = time.monotonic()

    def send(self) -> None:
        """Write what the connection takes."""
        try:
            while self.unsent:
                del self.unsent[: self.connection.send(self.unsent)]
                self.heard = time.monotonic()
        except BlockingIOError:
            pass
        except OSError:
            self.end()

    def end(self) -> None:
        """Nothing more comes or goes."""
        self.ended = True
        self.unsent.clear()
        self._received.clear()
