"""How messages come and go: what an endpoint needs of sockets, or of what stands in their place.

`sockets` listens on loopback, for every program on this machine. `InProcess` carries the same
octets from call to call, for worlds that have no sockets; then only this process can ask. What the
octets mean is not known here.
"""

from collections.abc import Callable
from typing import Any, Protocol

Source = tuple[Any, ...]
"""Where a message came from, as sockets say it: address and port, for IPv6 two numbers more."""
Handler = Callable[[bytes, Source, bool], bytes | None]
"""Turns a message into the response, or None for silence; the flag tells a stream from a datagram.
Several threads call it, one of them for datagrams: it looks after itself."""
LAPTOP: Source = ("127.0.0.1", 0)
"""Who asks within the process: a client on this machine, as it would be over sockets."""


class Transport(Protocol):
    """Brings messages to a handler from `start` to `stop`.

    Attributes:
        host, port: where it listens; port 0 where there are no ports.
        address: both as one would tell somebody who wants to ask.
        failures: how many times the handler raised; the message then got no response.
    """

    host: str
    port: int
    failures: int

    @property
    def address(self) -> str:
        """As text."""

    def start(self) -> object:
        """Begin to answer; returns at once."""

    def stop(self) -> None:
        """Stop answering, and free what was taken. Safe to call again."""

    def carry(self, wire: bytes, *, stream: bool, timeout: float) -> bytes:
        """Bring a query to the handler as a client does, and the response back.

        Raises OSError where none comes; TimeoutError where it did not in so many seconds.
        """
        ...


Opener = Callable[[Handler, int, str], Transport]
"""Opens a transport: the handler, the port that is wanted (0 for any), and the host."""


def sockets(handler: Handler, port: int = 0, host: str = "127.0.0.1") -> Transport:
    """UDP and TCP on loopback. Raises ListenError for a port that cannot be had."""
    from lab_engine.wire.listener import Listener  # noqa: PLC0415  (a world may have no sockets)

    return Listener(handler, port, host)


class InProcess:
    """Calls the handler, in the thread of whoever asks. Takes no port, and needs no thread."""

    address = "this process"

    def __init__(self, handler: Handler, port: int = 0, host: str = "127.0.0.1") -> None:  # noqa: ARG002
        self._handler = handler
        self.host = host
        self.port = 0
        self.failures = 0

    def start(self) -> None:
        """It answers as soon as it is made."""

    def stop(self) -> None:
        """There is nothing to free."""

    def carry(
        self,
        wire: bytes,
        *,
        stream: bool,
        timeout: float,  # noqa: ARG002
        source: Source = LAPTOP,
    ) -> bytes:
        """As over sockets; where silence would follow, there is no need to wait for its end."""
        try:
            response = self._handler(wire, source, stream)
        except Exception:  # noqa: BLE001  (as a listener does: the message gets no response)
            self.failures += 1
            response = None
        if response is None:
            raise TimeoutError("it said nothing")
        return response


def address(host: str, port: int) -> str:
    """Host and port as one text, an IPv6 host in brackets."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
