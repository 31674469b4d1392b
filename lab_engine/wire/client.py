"""A client: one question to one server, and the exchange printed as dig prints it."""

import time
from dataclasses import dataclass
from datetime import UTC, datetime
from ipaddress import ip_address
from typing import Protocol

import dns.edns
import dns.exception
import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
from dns.message import Message
from dns.name import Name
from dns.rdatatype import RdataType
from dns.rrset import RRset as WireRRset

from lab_engine.authority.records import as_name, as_type
from lab_engine.errors import ListenError
from lab_engine.wire.transport import address

TIMEOUT = 5.0  # seconds, as dig waits
PAYLOAD = 1232


@dataclass(frozen=True)
class Exchange:
    """A question and what came back.

    Attributes:
        response: as dnspython read it.
        server: the address that was asked, `host:port`.
        transport: `udp`, or `tcp` where the first response was truncated.
        rtt_ms: milliseconds from question to response.
        at: when it was asked.
    """

    response: Message
    server: str
    transport: str
    rtt_ms: float
    at: datetime

    @property
    def rcode(self) -> str:
        """The response code as text, such as NOERROR or NXDOMAIN."""
        return dns.rcode.to_text(self.response.rcode())

    @property
    def values(self) -> tuple[str, ...]:
        """The values of the answer, in the order in which they came, CNAMEs left out."""
        kinds = {question.rdtype for question in self.response.question}
        return tuple(
            value.to_text()
            for rrset in self.response.answer
            if rrset.rdtype in kinds
            for value in rrset
        )

    @property
    def ttl(self) -> int | None:
        """Seconds: the least TTL in the answer, None without one."""
        return min((rrset.ttl for rrset in self.response.answer), default=None)

    @property
    def answer(self) -> str:
        """The answer section alone, as `dig +noall +answer` prints it: always the same text."""
        return "\n".join(_lines(self.response.answer)) or f"; {self.rcode}, no answer"

    def __str__(self) -> str:
        """All of it, as dig prints it."""
        blocks = [_header(self.response), *_sections(self.response), self._footer()]
        return "\n\n".join(blocks)

    def __repr__(self) -> str:
        return self.answer

    def _footer(self) -> str:
        host, colon, port = self.server.rpartition(":")
        server = f"{host.strip('[]')}#{port}" if colon else self.server
        return "\n".join(
            (
                f";; Query time: {self.rtt_ms:.0f} msec",
                f";; SERVER: {server} ({self.transport.upper()})",
                f";; WHEN: {self.at:%a %b %d %H:%M:%S UTC %Y}",
                f";; MSG SIZE  rcvd: {len(self.response.wire or b'')}",
            )
        )


class Asked(Protocol):
    """A server that carries messages itself: one of this process."""

    @property
    def address(self) -> str:
        """What to call it."""

    def carry(self, wire: bytes, *, stream: bool, timeout: float) -> bytes:
        """The response to a message. Raises OSError where there is none, and LabError."""
        ...


def ask(
    name: str | Name,
    rdtype: str | RdataType,
    server: str | Asked,
    *,
    recurse: bool = False,
    timeout: float = TIMEOUT,
) -> Exchange:
    """Ask `server` over UDP, and again over TCP where the response was truncated.

    Args:
        name: what to ask for.
        rdtype: the record type, such as `A` or `AAAA`.
        server: one of this process, or an address: `127.0.0.1:5353`, `[::1]:5353`.
        recurse: whether to set RD, as one does to a resolver.
        timeout: seconds to wait for the response.

    Raises:
        LabError: a bad name, type or address, or no response in time.
    """
    asked = There(*parse_address(server)) if isinstance(server, str) else server
    query = dns.message.make_query(as_name(name), as_type(rdtype), use_edns=0, payload=PAYLOAD)
    if not recurse:
        query.flags &= ~dns.flags.RD
    at, begun = datetime.now(UTC), time.perf_counter()
    try:
        response, stream = _exchanged(query, asked, timeout)
    except ConnectionRefusedError as wrong:
        remedy = "Start the server; it may have had another port when it last ran."
        raise ListenError(asked.address, "is an address where nobody listens", remedy) from wrong
    except (dns.exception.DNSException, OSError) as wrong:
        what = type(wrong).__name__ if not str(wrong) else str(wrong)
        raise ListenError(
            asked.address, f"did not answer: {what}", "Is a server running there?"
        ) from wrong
    rtt_ms = (time.perf_counter() - begun) * 1000
    return Exchange(response, asked.address, "tcp" if stream else "udp", rtt_ms, at)


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


def _header(response: Message) -> str:
    flags = dns.flags.to_text(response.flags).lower()
    counts = zip(
        ("QUERY", "ANSWER", "AUTHORITY", "ADDITIONAL"),
        (*map(_count, response.sections[:3]), _count(response.additional) + (response.edns >= 0)),
        strict=True,
    )
    opcode = dns.opcode.to_text(response.opcode())
    status = dns.rcode.to_text(response.rcode())
    return (
        f";; ->>HEADER<<- opcode: {opcode}, status: {status}, id: {response.id}\n"
        f";; flags: {flags}; " + ", ".join(f"{name}: {count}" for name, count in counts)
    )


def _count(section: list[WireRRset]) -> int:
    return sum(len(rrset) or 1 for rrset in section)


def _sections(response: Message) -> list[str]:
    blocks = []
    if response.edns >= 0:
        flags = dns.flags.edns_to_text(response.ednsflags).lower()
        head = f"; EDNS: version: {response.edns}, flags:{' ' * bool(flags)}{flags}; "
        lines = [
            f"{head}udp: {response.payload}",
            *(f"; {opt.to_text()}" for opt in response.options),
        ]
        blocks.append("\n".join((";; OPT PSEUDOSECTION:", *lines)))
    asked = [f";{q.name}\t\tIN\t{dns.rdatatype.to_text(q.rdtype)}" for q in response.question]
    blocks.append("\n".join((";; QUESTION SECTION:", *asked)))
    for title, section in (
        ("ANSWER", response.answer),
        ("AUTHORITY", response.authority),
        ("ADDITIONAL", response.additional),
    ):
        if section:
            blocks.append("\n".join((f";; {title} SECTION:", *_lines(section))))
    return blocks


def _lines(section: list[WireRRset]) -> list[str]:
    return [
        f"{rrset.name}\t{rrset.ttl}\tIN\t{dns.rdatatype.to_text(rrset.rdtype)}\t{value.to_text()}"
        for rrset in section
        for value in rrset
    ]
