"""A UDP and TCP listener on loopback, in background threads, for any handler.

Goals: it survives any bytes; one decision function behind both transports; a free pair of ports;
it ends when it is told to. TCP follows RFC 7766: pipelining, an idle time-out, length and message
in one write. Not here: what the bytes mean, and the client's side (`sockets`).

Datagrams have a thread of their own that blocks until one comes: to ask a selector first whether
there is one, or to hold a lock meanwhile, would show in the number of answers a second.
"""

import contextlib
import errno
import selectors
import socket
import threading
import time
from ipaddress import ip_address
from types import TracebackType
from typing import Self

from lab_engine.errors import ListenError
from lab_engine.wire import sockets
from lab_engine.wire.sockets import LENGTH
from lab_engine.wire.transport import Handler, Source, address

IDLE_SECONDS = 10.0  # RFC 7766 section 6.2.3: "order of seconds"
MAX_CONNECTIONS = 100
MAX_UNSENT = 1 << 20  # octets a client may leave unread before it is dropped
PAIR_ATTEMPTS = 50
LARGEST = 65_535  # octets: no datagram has more
DGRAM = socket.SOCK_DGRAM


class Listener:
    """Serves `handler` on one port of a loopback address, over UDP and TCP.

    Attributes:
        host, port: where it listens.
        failures: how many times the handler raised; the message then got no response.
        lost: how many datagrams the system would not take or give.
    """

    def __init__(self, handler: Handler, port: int = 0, host: str = "127.0.0.1") -> None:
        self._handler = handler
        self._datagrams, self._accepting = _bind_pair(host, port)
        self.host = host
        self.port: int = self._datagrams.getsockname()[1]
        self.failures = 0
        self.lost = 0
        self._streams: dict[socket.socket, _Stream] = {}
        self._selector = selectors.DefaultSelector()
        self._waker, self._woken = socket.socketpair()
        for source in (self._accepting, self._woken):
            source.settimeout(0)
            self._selector.register(source, selectors.EVENT_READ)
        self._stopping = False
        self._threads = [
            threading.Thread(target=work, name=f"dns-{self.port}", daemon=True)
            for work in (self._answer_datagrams, self._serve_streams)
        ]

    @property
    def address(self) -> str:
        """`127.0.0.1:5353`, or `[::1]:5353`."""
        return address(self.host, self.port)

    def start(self) -> Self:
        """Begin to answer; returns at once."""
        for thread in self._threads:
            thread.start()
        return self

    def stop(self) -> None:
        """Stop answering and free the port. Safe to call again."""
        if self._stopping:
            return
        self._stopping = True
        if self._threads[0].ident is not None:
            self._wake()
            for thread in self._threads:
                thread.join()
        self._close()

    def carry(self, wire: bytes, *, stream: bool, timeout: float) -> bytes:
        """Ask, as any client on this machine does."""
        return sockets.carry(self.host, self.port, wire, stream=stream, timeout=timeout)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    def _wake(self) -> None:
        """Make both threads look up; a datagram that finds a full queue is not needed."""
        self._waker.send(b".")
        with contextlib.suppress(OSError), socket.socket(self._datagrams.family, DGRAM) as waker:
            waker.sendto(b"", self._datagrams.getsockname())

    def _answer_datagrams(self) -> None:
        receive, send, handle = self._datagrams.recvfrom, self._datagrams.sendto, self._handler
        while True:
            try:
                wire, source = receive(LARGEST)
                if self._stopping:
                    return
                try:  # as `_respond` does, without its call: this is the inner loop
                    response = handle(wire, source, False)
                except Exception:  # noqa: BLE001
                    self.failures += 1
                    continue
                if response is not None:
                    send(response, source)
            except OSError:  # a full buffer or an ICMP error loses datagrams, as networks do
                self.lost += 1

    def _serve_streams(self) -> None:
        while not self._stopping:
            for key, _ in self._selector.select(timeout=1.0):
                if key.fileobj is self._accepting:
                    self._accept()
                elif key.data is not None:
                    self._continue(key.data)
            self._drop_idle()

    def _respond(self, wire: bytes, source: Source, stream: bool) -> bytes | None:  # noqa: FBT001
        try:
            return self._handler(wire, source, stream)
        except Exception:  # noqa: BLE001  (one bad message must not silence all others)
            self.failures += 1
            return None

    def _accept(self) -> None:
        try:
            connection, source = self._accepting.accept()
        except OSError:
            return
        if len(self._streams) >= MAX_CONNECTIONS:
            self._drop(min(self._streams.values(), key=lambda stream: stream.heard))
        connection.settimeout(0)
        stream = _Stream(connection, source, time.monotonic())
        self._streams[connection] = stream
        self._selector.register(connection, selectors.EVENT_READ, stream)

    def _continue(self, stream: "_Stream") -> None:
        """Read what has come, answer what is whole, write what fits."""
        if not stream.receive():
            self._drop(stream)
            return
        for wire in stream.messages():
            response = self._respond(wire, stream.source, True)
            if response is not None:
                stream.unsent += LENGTH.pack(len(response)) + response
        if not stream.send() or len(stream.unsent) > MAX_UNSENT:
            self._drop(stream)
            return
        wanted = selectors.EVENT_READ | (selectors.EVENT_WRITE if stream.unsent else 0)
        self._selector.modify(stream.connection, wanted, stream)

    def _drop_idle(self) -> None:
        now = time.monotonic()
        for stream in [s for s in self._streams.values() if now - s.heard > IDLE_SECONDS]:
            self._drop(stream)

    def _drop(self, stream: "_Stream") -> None:
        if self._streams.pop(stream.connection, None) is not None:
            self._selector.unregister(stream.connection)
            stream.connection.close()

    def _close(self) -> None:
        for stream in list(self._streams.values()):
            self._drop(stream)
        self._selector.close()
        for source in (self._datagrams, self._accepting, self._waker, self._woken):
            source.close()


class _Stream:
    """One TCP connection: what has arrived and what is still to be sent."""

    def __init__(self, connection: socket.socket, source: Source, now: float) -> None:
        self.connection = connection
        self.source = source
        self.heard = now
        self.unsent = bytearray()
        self._received = bytearray()

    def receive(self) -> bool:
        """Take what is there; False when the client has closed or failed."""
        try:
            data = self.connection.recv(65_535)
        except BlockingIOError:
            return True
        except OSError:
            return False
        self.heard = time.monotonic()
        self._received += data
        return bool(data)

    def messages(self) -> list[bytes]:
        """The whole messages received so far; a partial one stays."""
        whole = []
        while len(self._received) >= LENGTH.size:
            end = LENGTH.size + LENGTH.unpack_from(self._received)[0]
            if len(self._received) < end:
                break
            whole.append(bytes(self._received[LENGTH.size : end]))
            del self._received[:end]
        return whole

    def send(self) -> bool:
        """Write what the connection takes; False when it has failed."""
        try:
            while self.unsent:
                del self.unsent[: self.connection.send(self.unsent)]
        except BlockingIOError:
            return True
        except OSError:
            return False
        return True


def listening(host: str, port: int) -> socket.socket:
    """A TCP socket that listens on loopback, for other protocols than DNS; port 0 takes any.

    Raises:
        ListenError: a host that is not loopback, or a port that cannot be had.
    """
    _check(host, port)
    try:
        return _bind_stream(host, port)
    except OSError as wrong:
        raise _explained(port, wrong) from wrong


def _check(host: str, port: int) -> None:
    try:
        loopback = ip_address(host).is_loopback
    except ValueError:
        loopback = False
    if not loopback:
        raise ListenError(host, "is not a loopback address", "Listen on 127.0.0.1 or ::1.")
    if not 0 <= port <= 65_535:
        raise ListenError(port, "is not a port", "Choose one from 1024 to 65535, or 0 for any.")


def _bind_pair(host: str, port: int) -> tuple[socket.socket, socket.socket]:
    """A UDP and a TCP socket on the same port; port 0 takes any that is free for both."""
    _check(host, port)
    attempts = PAIR_ATTEMPTS if port == 0 else 1
    for attempt in range(attempts):
        try:
            return _bind(host, port)
        except OSError as wrong:
            if attempt == attempts - 1:
                raise _explained(port, wrong) from wrong
    raise AssertionError  # pragma: no cover


def _bind(host: str, port: int) -> tuple[socket.socket, socket.socket]:
    with contextlib.ExitStack() as undo:
        datagrams = undo.enter_context(socket.socket(_family(host), DGRAM))
        datagrams.bind((host, port))
        accepting = _bind_stream(host, datagrams.getsockname()[1])
        undo.pop_all()
    return datagrams, accepting


def _bind_stream(host: str, port: int) -> socket.socket:
    with contextlib.ExitStack() as undo:
        accepting = undo.enter_context(socket.socket(_family(host), socket.SOCK_STREAM))
        # a connection lingering in TIME_WAIT must not keep the port
        accepting.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        accepting.bind((host, port))
        accepting.listen(MAX_CONNECTIONS)
        undo.pop_all()
    return accepting


def _family(host: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in host else socket.AF_INET


def _explained(port: int, wrong: OSError) -> ListenError:
    reasons = {
        errno.EACCES: "needs more rights than this user has",
        errno.EADDRINUSE: "is taken",
    }
    rule = reasons.get(wrong.errno or 0, f"cannot be opened: {wrong.strerror}")
    return ListenError(f"port {port}", rule, "Choose another from 1024 up, or 0 for any free one.")
