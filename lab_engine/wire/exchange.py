"""A question and what came back: for programs, for readers of dig, and for the page of a notebook.

What a notebook stores is the same at every run: ids, ports and times are for `print` alone.
"""

from dataclasses import dataclass
from datetime import datetime
from html import escape

import dns.edns
import dns.flags
import dns.rcode
from dns.message import Message
from dns.rcode import Rcode
from dns.rdatatype import NS, SOA

from lab_engine.wire.digtext import blocks, kind, lines, subnet

MEANINGS = {
    Rcode.NXDOMAIN: "{name} does not exist, with any type. Is it spelled as in the zone?",
    Rcode.REFUSED: "This server has no zone for {name}. Is the name written in full, "
    "like www.shop.example?",
    Rcode.SERVFAIL: "The server could not find out: whomever it asked was silent, or failed.",
}
NODATA = "{name} exists, but has no record of type {type}."
REFERRAL = "Other servers answer for {name}; print(…) shows which."
CELL = ' style="text-align:left"'  # numbers are what pages align to the right


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
        return "\n".join(lines(self.response.answer)) or f"; {self.rcode}, no answer"

    @property
    def subnet(self) -> str:
        """The client subnet that came back, with its source and its scope; "" without one."""
        told = (o for o in self.response.options if isinstance(o, dns.edns.ECSOption))
        return next(map(subnet, told), "")

    @property
    def meaning(self) -> str:
        """What it means that there is no such record, in a sentence; "" where there is one."""
        question, chain = self.response.question[:1], self.response.answer[-1:]
        asked, found = [*map(kind, question)], [*map(kind, chain)]
        if not question or (found and (found != ["CNAME"] or asked[0] in ("CNAME", "ANY"))):
            return ""
        name = chain[0][0].target if chain else question[0].name
        return self._lacking.format(name=name.to_text(omit_final_dot=True), type=asked[0])

    @property
    def _lacking(self) -> str:
        if self.rcode != "NOERROR":
            return MEANINGS.get(self.response.rcode(), "")
        told = {rrset.rdtype for rrset in self.response.authority}
        if NS in told and SOA not in told:
            return REFERRAL
        # a CNAME with nothing behind it leads out of the zone: it is for others to go on
        return NODATA if told or not self.response.answer else ""

    def short(self) -> str:
        """The values of all records of the answer, a line each, as `dig +short` prints them."""
        return "\n".join(value.to_text() for rrset in self.response.answer for value in rrset)

    def __str__(self) -> str:
        """All of it, as dig prints it."""
        return "\n\n".join((*blocks(self.response), self._footer()))

    def __repr__(self) -> str:
        meaning = self.meaning
        return f"{self.answer}\n; {meaning}" if meaning else self.answer

    def _repr_html_(self) -> str:
        """A table, in which a page takes no name for a link."""
        asked = " ".join(f"{q.name} {kind(q)}" for q in self.response.question)
        head = "".join(
            f'<th scope="col"{CELL}>{title}</th>' for title in ("name", "TTL", "type", "value")
        )
        rows = "".join(
            f"<tr>{''.join(f'<td{CELL}>{escape(str(cell))}</td>' for cell in row)}</tr>"
            for rrset in self.response.answer
            for row in ((rrset.name, rrset.ttl, kind(rrset), v.to_text()) for v in rrset)
        )
        table = f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"
        told = f", client subnet {self.subnet}" * bool(self.subnet)
        meaning = f"<p>{escape(self.meaning)}</p>" if self.meaning else ""
        title = f"<p><b>{escape(asked)}</b>: {self.rcode}{told}</p>"
        return f"{title}{table if rows else ''}{meaning}"

    def _footer(self) -> str:
        host, colon, port = self.server.rpartition(":")
        host = host.strip("[]")
        server = f"{host}#{port}({host})" if colon else self.server
        return "\n".join(
            (
                f";; Query time: {self.rtt_ms:.0f} msec",
                f";; SERVER: {server} ({self.transport.upper()})",
                f";; WHEN: {self.at:%a %b %d %H:%M:%S UTC %Y}",
                f";; MSG SIZE  rcvd: {len(self.response.wire or b'')}",
            )
        )
