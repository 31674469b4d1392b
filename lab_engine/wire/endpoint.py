"""Something that answers DNS: a handler behind a transport, and the ways to ask it."""

import shlex
from collections.abc import Callable
from contextlib import ExitStack
from html import escape
from types import TracebackType
from typing import TYPE_CHECKING, Protocol, Self, TypeVar

from dns.rdatatype import RdataType

from lab_engine.authority.records import Question
from lab_engine.errors import ListenError
from lab_engine.wire.client import ask
from lab_engine.wire.ecs import Network
from lab_engine.wire.exchange import Exchange
from lab_engine.wire.interrupts import Entered, Unbroken
from lab_engine.wire.transport import Handler, InProcess, Opener, Source, sockets

if TYPE_CHECKING:
    import dns.resolver

E = TypeVar("E", bound="Located")
Say = Callable[[str], None]
"""Takes one line for a person to read, such as `print`."""


class Located(Protocol):
    """Something that says where it listens."""

    @property
    def address(self) -> str:
        """Such as `127.0.0.1:5353`."""


class Endpoint(Entered):
    """Answers with `handler` until it is stopped: use it in a `with`, or call `stop()`.

    Attributes:
        host, port: where it listens; `address` is both as text.
    """

    recursive = False
    """Whether `ask` sets RD, as one does to a resolver."""

    def __init__(
        self,
        handler: Handler,
        port: int = 0,
        host: str = "127.0.0.1",
        transport: Opener = sockets,
    ) -> None:
        self._transport = transport(handler, port, host)
        self._within = InProcess(handler)
        self.host = host
        self.port = self._transport.port
        self.address = self._transport.address
        self._beside = ExitStack()
        self._stopped = False

    def start(self) -> Self:
        """Begin to answer; returns at once."""
        self._transport.start()
        return self

    def beside(self, stop: Callable[[], object]) -> None:
        """Call this, too, when it stops; the last one comes first."""
        self._beside.callback(stop)

    def stop(self) -> None:
        """Stop answering and free the port. Safe to call again."""
        try:
            with Unbroken():
                self._close()
        except BaseException:  # an interrupt that came first must not leave it running
            self._close()
            raise

    def _close(self) -> None:
        self._stopped = True
        self._transport.stop()
        self._beside.close()

    def carry(
        self, wire: bytes, *, stream: bool, timeout: float, source: Source | None = None
    ) -> bytes:
        """Bring a message here as a client does, and the response back.

        Args:
            wire: the message, without a stream's length.
            stream: whether over TCP.
            timeout: seconds.
            source: in whose name. A packet on loopback comes from loopback, whatever one says; so
                with this it is no packet: the same octets are handed over within the process.

        Raises:
            OSError: there is no response.
            LabError: this has stopped.
        """
        self.refuse_if_stopped()
        if source is not None:
            return self._within.carry(wire, stream=stream, timeout=timeout, source=source)
        return self._transport.carry(wire, stream=stream, timeout=timeout)

    def ask(self, name: str, rdtype: str = "A", *, subnet: str | Network | None = None) -> Exchange:
        """Ask this server one question over the wire, for a client's network if one is named."""
        return ask(name, rdtype, self, subnet=subnet, recurse=self.recursive)

    @property
    def example(self) -> Question | None:
        """Something to ask it; None where it does not know."""
        return None

    @property
    def dig(self) -> str:
        """What asks it in a terminal, or why nothing does."""
        if self._stopped:
            return "it has stopped"
        if not self.port:
            return "it answers this process alone: server.ask(…)"
        words = ["dig", f"@{self.host}", "-p", str(self.port)]
        if self.example is not None:
            kind = RdataType.to_text(self.example.type)
            words += [self.example.name.to_text(omit_final_dot=True), *[kind] * (kind != "A")]
        return shlex.join(words)

    @property
    def about(self) -> str:
        """What it is, in words."""
        return type(self).__name__

    def __repr__(self) -> str:
        return f"<{self.about}: {self.dig}>"

    def _repr_html_(self) -> str:
        """What it is, and a line to copy."""
        return f"<p>{escape(self.about)}</p><pre>{escape(self.dig)}</pre>"

    def resolver(self) -> "dns.resolver.Resolver":
        """Dnspython's resolver, pointed here and nowhere else. It has no cache of its own.

        Raises LabError where there is no port, or where this has stopped.
        """
        import dns.resolver  # noqa: PLC0415  (a world may have no sockets)

        self.refuse_if_stopped()
        if not self.port:
            raise ListenError(self.address, "has no port for a resolver to ask", "Use ask().")
        resolver = dns.resolver.Resolver(configure=False)
        resolver.nameservers = [self.host]
        resolver.port = self.port
        return resolver

    def refuse_if_stopped(self) -> None:
        """Raises LabError where this has stopped."""
        if self._stopped:
            remedy = "Start another, in a notebook by running its cell again, and ask that."
            raise ListenError(self.address, "has stopped", remedy)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()


def open_or_move(opened: Callable[[int], E], port: int, say: Say) -> E:
    """What `opened` makes at `port`, or at a free port, said aloud, where that cannot be had.

    Raises:
        ListenError: a port that is no port, or a host that is not loopback.
    """
    try:
        return opened(port)
    except ListenError as wrong:
        if port == 0 or not isinstance(wrong.__cause__, OSError):
            raise
        endpoint = opened(0)
        say(f"{wrong.value} {wrong.rule}; listening on {endpoint.address} instead.")
        return endpoint
