"""A client: one question to one server."""

import time
from dataclasses import dataclass
from datetime import UTC, datetime
from ipaddress import ip_address
from typing import Protocol

import dns.edns
import dns.exception
import dns.flags
import dns.message
from dns.message import Message
from dns.name import Name
from dns.rdatatype import RdataType

from lab_engine.authority.records import as_name, as_type
from lab_engine.errors import ListenError, raise_interrupt
from lab_engine.wire.ecs import Network, network_of
from lab_engine.wire.exchange import Exchange
from lab_engine.wire.transport import address

TIMEOUT = 5.0  # seconds, as dig waits
PAYLOAD = 1232


class Asked(Protocol):
    """A server that carries messages itself: one of this process."""

    @property
    def address(self) -> str:
        """What to call it."""

    def carry(self, wire: bytes, *, stream: bool, timeout: float) -> bytes:
        """The response to a message. Raises OSError where there is none, and LabError."""
        ...


def ask(  # noqa: PLR0913  (each is one thing a user may want to say)
    name: str | Name,
    rdtype: str | RdataType,
    server: str | Asked,
    *,
    subnet: str | Network | None = None,
    recurse: bool = False,
    timeout: float = TIMEOUT,
) -> Exchange:
    """Ask `server` over UDP, and again over TCP where the response was truncated.

    Args:
        name: what to ask for.
        rdtype: the record type, such as `A` or `AAAA`.
        server: one of this process, or an address: `127.0.0.1:5353`, `[::1]:5353`.
        subnet: the client's network, told as a resolver tells it: EDNS Client Subnet (RFC 7871).
            Bits beyond its prefix are dropped; 0.0.0.0/0 asks for privacy.
        recurse: whether to set RD, as one does to a resolver.
        timeout: seconds to wait for the response.

    Raises:
        LabError: a bad name, type, network or address, or no response in time.
    """
    asked = There(*parse_address(server)) if isinstance(server, str) else server
    told = [] if subnet is None else [_option(network_of(subnet))]
    query = dns.message.make_query(
        as_name(name), as_type(rdtype), use_edns=0, payload=PAYLOAD, options=told
    )
    if not recurse:
        query.flags &= ~dns.flags.RD
    at, begun = datetime.now(UTC), time.perf_counter()
    try:
        response, stream = _exchanged(query, asked, timeout)
    except ConnectionRefusedError as wrong:
        remedy = "Start the server; it may have had another port when it last ran."
        raise ListenError(asked.address, "nobody listens there", remedy) from wrong
    except (dns.exception.DNSException, OSError) as wrong:
        raise_interrupt(wrong)
        what = type(wrong).__name__ if not str(wrong) else str(wrong)
        raise ListenError(
            asked.address, f"did not answer: {what}", "Is a server running there?"
        ) from wrong
    rtt_ms = (time.perf_counter() - begun) * 1000
    return Exchange(response, asked.address, "tcp" if stream else "udp", rtt_ms, at)


def _option(network: Network) -> dns.edns.Option:
    return dns.edns.ECSOption(str(network.network_address), network.prefixlen)


def _exchanged(query: Message, asked: Asked, timeout: float) -> tuple[Message, bool]:
    """The response, and whether it had to come over a stream."""
    wire = query.to_wire()
    received = asked.carry(wire, stream=False, timeout=timeout)
    stream = bool(int.from_bytes(received[2:4]) & dns.flags.TC) and received[:2] == wire[:2]
    if stream:
        received = asked.carry(wire, stream=True, timeout=timeout)
    response = dns.message.from_wire(received)
    if not query.is_response(response):
        raise OSError("that was no response to the question")
    return response, stream


@dataclass(frozen=True)
class There:
    """Whoever listens at an address."""

    host: str
    port: int

    @property
    def address(self) -> str:
        """`127.0.0.1:5353`, or `[::1]:5353`."""
        return address(self.host, self.port)

    def carry(self, wire: bytes, *, stream: bool, timeout: float) -> bytes:
        """Over UDP or TCP."""
        from lab_engine.wire import sockets  # noqa: PLC0415  (a world may have no sockets)

        return sockets.carry(self.host, self.port, wire, stream=stream, timeout=timeout)


def parse_address(server: str) -> tuple[str, int]:
    """Host and port of `127.0.0.1:5353` or `[::1]:5353`. Raises ListenError for anything else."""
    host, colon, port = server.rpartition(":")
    if not colon or not port.isascii() or not port.isdigit() or not 0 < int(port) <= 65_535:
        raise ListenError(server, "is not HOST:PORT", "Write it as 127.0.0.1:5353.")
    host = host.strip("[]")
    try:
        ip_address(host)
    except ValueError as wrong:
        raise ListenError(server, "has no IP address", "Write it as 127.0.0.1:5353.") from wrong
    return host, int(port)
