"""A UDP and TCP listener on loopback, in background threads, for any handler.

Goals: it survives any bytes; one decision function behind both transports; a free pair of ports;
it ends when it is told to. Not here: what the bytes mean, the turns of connections (`streams`), and
the client's side (`sockets`).

Datagrams have a thread of their own that blocks until one comes: to ask a selector first whether
there is one, or to hold a lock meanwhile, would show in the number of answers a second.
"""

import contextlib
import errno
import socket
import threading
from ipaddress import ip_address
from types import TracebackType
from typing import Self

from lab_engine.errors import ListenError
from lab_engine.wire import sockets
from lab_engine.wire.descriptors import NO_ROOM, lacking
from lab_engine.wire.ours import Home, ours
from lab_engine.wire.streams import MAX_CONNECTIONS, Streams
from lab_engine.wire.transport import Handler, Source, address

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
        self._home = Home()
        self._datagrams, self._accepting = _bind_pair(host, port)
        self.host = host
        self.port: int = self._datagrams.getsockname()[1]
        self.failures = 0
        self.lost = 0
        self._stopping = False
        try:
            self._streams = Streams(self._accepting, self._respond)
        except OSError as wrong:
            self._datagrams.close()
            self._accepting.close()
            raise _explained(self.port, wrong) from wrong
        self._threads = [
            threading.Thread(target=work, name=f"dns-{self.port}", daemon=True)
            for work in (self._answer_datagrams, self._streams.serve)
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
        """Stop answering and free the port. Safe to call again, and in a child of this process."""
        if self._stopping or not self._home:
            return
        self._stopping = True
        if self._threads[0].ident is not None:
            self._wake()
            for thread in self._threads:
                thread.join()
        self._streams.close()
        self._datagrams.close()
        self._accepting.close()

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
        self._streams.stop()
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

    def _respond(self, wire: bytes, source: Source) -> bytes | None:
        try:
            return self._handler(wire, source, True)
        except Exception:  # noqa: BLE001  (one bad message must not silence all others)
            self.failures += 1
            return None


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
        ours(datagrams).bind((host, port))
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
    return ours(accepting)


def _family(host: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in host else socket.AF_INET


def _explained(port: int, wrong: OSError) -> ListenError:
    """Why a port, or what it needs, cannot be had."""
    if wrong.errno in NO_ROOM:
        return lacking(f"port {port}", wrong)
    reasons = {
        errno.EACCES: "needs more rights than this user has",
        errno.EADDRINUSE: "is taken",
    }
    rule = reasons.get(wrong.errno or 0, f"cannot be opened: {wrong.strerror}")
    return ListenError(f"port {port}", rule, "Choose another from 1024 up, or 0 for any free one.")
