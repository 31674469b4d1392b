"""A response cut into pieces that may be joined in any order of its records (see `compiled`)."""

import struct
from itertools import pairwise
from typing import NamedTuple

import dns.wire
from dns.flags import TC
from dns.rdata import Rdata

from lab_engine.authority.records import Reply
from lab_engine.wire.messages import HEADER, TCP_MAX, Query, skip_name, write

COUNT = struct.Struct("!H")
PIECE = 48  # octets that Python takes for each besides what is in it


class Pieces(NamedTuple):
    """A response behind its id, cut around each record of the answer's last RRset."""

    head: bytes
    records: list[bytes]
    end: bytes

    @property
    def octets(self) -> int:
        """How many it takes."""
        parts = (self.head, *self.records, self.end)
        return sum(map(len, parts)) + PIECE * len(parts)


def cut(query: Query, reply: Reply, limit: int) -> Pieces | None:
    """A response in pieces that may be joined in any order, and in any choice that `reply` allows.

    None where they may not: where a name in one record points into another (RFC 1035 section
    4.1.4), where something follows that might, or where some choice of them is too long.
    """
    values = reply.answer[-1].values if reply.answer else ()
    wire = write(query, reply, limit)
    truncated = HEADER.unpack_from(wire)[1] & TC
    if len(values) < 2 or (truncated and reply.sample is None):
        return Pieces(wire[2:], [b""] * len(values), b"")  # the same, however they are ordered
    if reply.authority or reply.additional:
        return None
    whole = write(query, reply, TCP_MAX)
    cuts = _ends(whole)[-len(values) - 1 :]
    records = [whole[start:end] for start, end in pairwise(cuts)]
    sent = min(reply.sample or len(values), len(values))
    longest = cuts[0] + sum(sorted(map(len, records))[-sent:]) + len(whole) - cuts[-1]
    if longest > limit or not _independent(records, values):
        return None
    answers = COUNT.pack(len(reply.answer) - 1 + sent)
    return Pieces(whole[2:6] + answers + whole[8 : cuts[0]], records, whole[cuts[-1] :])


def _ends(wire: bytes) -> list[int]:
    """Where the question ends, and each record of the answer."""
    parser = dns.wire.Parser(wire, HEADER.size)
    skip_name(parser)
    parser.get_struct("!HH")
    ends = [parser.current]
    for _ in range(HEADER.unpack_from(wire)[3]):
        skip_name(parser)
        *_, length = parser.get_struct("!HHIH")
        parser.get_bytes(length)
        ends.append(parser.current)
    return ends


def _independent(records: list[bytes], values: tuple[Rdata, ...]) -> bool:
    """Whether every record is spelled out, with the same words before its value."""
    if len(records) != len(values):
        return False
    plain = [COUNT.pack(len(data)) + data for data in (value.to_wire() or b"" for value in values)]
    spelled = all(map(bytes.endswith, records, plain))
    owners = {record[: -len(data)] for record, data in zip(records, plain, strict=True)}
    return spelled and len(owners) == 1
