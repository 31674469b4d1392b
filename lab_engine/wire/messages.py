"""From bytes to a question, and from a reply to bytes.

EDNS (RFC 6891), truncation, and the errors of the format belong here, and the decision of what
to answer does not. Not here: TSIG, DNSSEC, dynamic update.
"""

import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import dns.edns
import dns.exception
import dns.rdataset
import dns.renderer
import dns.wire
from dns.flags import AA, QR, RA, RD, TC, EDNSFlag
from dns.message import Message
from dns.opcode import QUERY
from dns.rcode import Rcode
from dns.rdataclass import RdataClass
from dns.rdatatype import OPT, RdataType
from dns.rrset import RRset as WireRRset

from lab_engine.authority.records import MAX_TTL, Question, Reply, RRset
from lab_engine.wire import ecs
from lab_engine.wire.ecs import ClientSubnet

HEADER = struct.Struct("!HHHHHH")
RR_FIXED = struct.Struct("!HHIH")
PLAIN_UDP = 512  # RFC 1035 section 4.2.1, without EDNS
OUR_PAYLOAD = 1232  # fits every path without fragments: the DNS flag day of 2020
OPT_SIZE = 11
TCP_MAX = 65_535


@dataclass(frozen=True, slots=True)
class Edns:
    """What the OPT record of a query says (RFC 6891 section 6.1)."""

    payload: int
    version: int
    dnssec_ok: bool
    subnet: ClientSubnet | None = None


@dataclass(frozen=True, slots=True)
class Query:
    """A message that was understood, at least as far as its header.

    Attributes:
        id: 0 to 65535.
        flags: the header's 16 bits, opcode included.
        rcode: NOERROR where it can be answered; else how to refuse it.
        question: None where there is not exactly one.
        edns: None where there is no OPT.
    """

    id: int
    flags: int
    rcode: Rcode = Rcode.NOERROR
    question: Question | None = None
    edns: Edns | None = None

    @property
    def opcode(self) -> int:
        """Bits 1 to 4 of the flags; 0 is QUERY."""
        return (self.flags >> 11) & 15

    @property
    def subnet(self) -> ClientSubnet | None:
        """The client subnet, where one was sent."""
        return self.edns.subnet if self.edns else None


def respond(
    wire: bytes,
    decide: Callable[[Query, Question], Reply],
    *,
    stream: bool,
    recursive: bool = False,
    subnets: bool = True,
) -> bytes | None:
    """The response to one message; `decide` is asked only where there is a sound question.

    Args:
        wire: the message, without TCP's length.
        decide: says what to reply.
        stream: whether it came over TCP, where nothing is truncated.
        recursive: whether to set RA, as a resolver does.
        subnets: whether client subnets are understood; else they are passed over, and not returned.
    """
    query = read(wire)
    if query is not None and query.edns is not None and not subnets:
        query = replace(query, edns=replace(query.edns, subnet=None))
    if query is None or query.question is None or query.rcode:
        return refusal(query)
    reply = decide(query, query.question)
    return write(query, reply, size_limit(query, stream=stream), RA if recursive else 0)


def refusal(query: Query | None) -> bytes | None:
    """The response to a message that asks nothing sound; silence to one that is no query."""
    if query is None:
        return None
    return write(query, Reply(query.rcode, authoritative=False), PLAIN_UDP)


def read(wire: bytes) -> Query | None:
    """The query in a datagram, or None where nothing may be said: too short, or itself a reply."""
    if len(wire) < HEADER.size:
        return None
    message_id, flags, *counts = HEADER.unpack_from(wire)
    if flags & QR:
        return None  # answering an answer would let two servers talk for ever
    header = Query(message_id, flags)
    if header.opcode != QUERY:
        return Query(message_id, flags, Rcode.NOTIMP)
    try:
        return _read_body(dns.wire.Parser(wire, HEADER.size), header, counts)
    except (dns.exception.DNSException, struct.error, ValueError):
        return Query(message_id, flags, Rcode.FORMERR)


def _read_body(parser: dns.wire.Parser, header: Query, counts: list[int]) -> Query:
    if counts[0] != 1:
        return Query(header.id, header.flags, Rcode.FORMERR)
    name = parser.get_name()
    rdtype, rdclass = parser.get_struct("!HH")
    question = Question(name, RdataType.make(rdtype), RdataClass.make(rdclass))
    opts = _read_records(parser, counts)
    malformed = len(opts) > 1 or parser.remaining() > 0  # RFC 6891 section 6.1.1
    edns, rcode = opts[0] if opts else (None, Rcode.NOERROR)
    return Query(header.id, header.flags, Rcode.FORMERR if malformed else rcode, question, edns)


def _read_records(parser: dns.wire.Parser, counts: list[int]) -> list[tuple[Edns, Rcode]]:
    """Skip every record behind the question, keeping the OPTs of the additional section."""
    opts = []
    first_additional = counts[1] + counts[2]
    for index in range(sum(counts[1:])):
        at_root = skip_name(parser)
        rdtype, rdclass, ttl, length = parser.get_struct("!HHIH")
        rdata = parser.get_bytes(length)
        if rdtype == OPT:
            if index < first_additional or not at_root:
                raise dns.exception.FormError
            opts.append(_read_opt(rdclass, ttl, rdata))
    return opts


def skip_name(parser: dns.wire.Parser) -> bool:
    """Go past a name, perhaps compressed, and say whether it is the root, spelled out.

    Pointers are not followed: one into the header would make the rest depend on the id.
    """
    start = parser.current
    length = parser.get_uint8()
    while 0 < length < 64:
        parser.get_bytes(length)
        length = parser.get_uint8()
    if length >= 192:
        parser.get_uint8()  # RFC 1035 section 4.1.4: a pointer ends a name
    elif length:
        raise dns.exception.FormError
    return parser.current == start + 1


def _read_opt(payload: int, ttl: int, rdata: bytes) -> tuple[Edns, Rcode]:
    """An OPT, and what is wrong with it: the reply to a bad one has an OPT, too (RFC 6891 7)."""
    version, dnssec_ok = (ttl >> 16) & 0xFF, bool(ttl & EDNSFlag.DO)
    plain = Edns(payload, version, dnssec_ok)
    if version > 0:
        return plain, Rcode.BADVERS  # of a later version nothing else is understood
    try:
        subnets = [ecs.read(data) for code, data in _options(rdata) if code == ecs.ECS]
    except dns.exception.DNSException:
        return plain, Rcode.FORMERR
    if len(subnets) > 1:
        return plain, Rcode.FORMERR
    return Edns(payload, version, dnssec_ok, subnets[0] if subnets else None), Rcode.NOERROR


def _options(rdata: bytes) -> Iterator[tuple[int, bytes]]:
    parser = dns.wire.Parser(rdata)
    while parser.remaining() > 0:
        code, length = parser.get_struct("!HH")
        yield code, parser.get_bytes(length)


def size_limit(query: Query, *, stream: bool) -> int:
    """Octets the response may have: a stream's 65535, else what the query allows and we send."""
    if stream:
        return TCP_MAX
    if query.edns is None:
        return PLAIN_UDP
    return min(max(query.edns.payload, PLAIN_UDP), OUR_PAYLOAD)


def write(query: Query, reply: Reply, limit: int, more_flags: int = 0) -> bytes:
    """The response in at most `limit` octets; what does not fit sets TC (RFC 2181 section 9)."""
    flags = (
        QR | more_flags | (query.flags & (0x7800 | RD))
    )  # opcode and RD are copied, Z and AD never
    if query.opcode != QUERY:
        flags &= ~RD
    if reply.authoritative and reply.rcode in (Rcode.NOERROR, Rcode.NXDOMAIN, Rcode.YXDOMAIN):
        flags |= AA
    sections = (reply.answer, reply.authority, reply.additional)
    try:
        return _render(query, reply, flags, sections, limit)
    except dns.exception.TooBig:
        return _render(query, reply, flags | TC, ((), (), ()), limit)


Sections = tuple[tuple[RRset, ...], tuple[RRset, ...], tuple[RRset, ...]]


def _render(query: Query, reply: Reply, flags: int, sections: Sections, limit: int) -> bytes:
    options = _reply_options(query, reply.scope)
    room = limit - (
        OPT_SIZE + sum(4 + len(o.to_wire() or b"") for o in options) if query.edns else 0
    )
    renderer: Any = dns.renderer.Renderer(query.id, flags | (reply.rcode & 15), room)  # type: ignore[no-untyped-call]
    if query.question is not None:
        asked = query.question
        renderer.add_question(asked.name, asked.type, asked.rdclass)
    for section, rrsets in enumerate(sections, start=dns.renderer.ANSWER):
        for rrset in rrsets:
            rdataset = dns.rdataset.from_rdata_list(rrset.ttl, rrset.values)
            # the order was decided by the authority; dnspython would shuffle once more
            renderer.add_rdataset(section, rrset.name, rdataset, want_shuffle=False)
    if query.edns is not None:
        renderer.max_size = limit
        # RFC 3225 section 3: DO is copied; every other flag, and the version, are ours
        extended = (reply.rcode >> 4) << 24 | (EDNSFlag.DO if query.edns.dnssec_ok else 0)
        renderer.add_edns(0, extended, OUR_PAYLOAD, options)
    renderer.write_header()
    wire: bytes = renderer.get_wire()
    return wire


def _reply_options(query: Query, scope: int) -> list[dns.edns.Option]:
    """A client subnet that was received is returned, used or not (RFC 7871 section 7.2.1)."""
    if query.subnet is None:
        return []
    return [query.subnet.reply(scope if query.subnet.source else 0)]


def to_reply(response: Message) -> Reply:
    """What a server upstream said, as a value; of its OPT only for whom it holds."""
    told = (o for o in response.options if isinstance(o, dns.edns.ECSOption))
    return Reply(
        rcode=response.rcode(),
        answer=_to_rrsets(response.answer),
        authority=_to_rrsets(response.authority),
        additional=_to_rrsets(response.additional),
        authoritative=bool(response.flags & AA),
        scope=next((option.scopelen for option in told), 0),
    )


def _to_rrsets(section: list[WireRRset]) -> tuple[RRset, ...]:
    return tuple(
        RRset(rrset.name, rrset.rdtype, min(rrset.ttl, MAX_TTL), tuple(rrset))
        for rrset in section
        if len(rrset) > 0
    )
