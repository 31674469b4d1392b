"""A response as dig writes it, to the tab (BIND 9.18, without its first line).

Not here: what dig is asked, and what +short prints (`exchange`).
"""

from collections.abc import Iterator

import dns.edns
import dns.flags
import dns.opcode
import dns.rcode
import dns.rdatatype
from dns.message import Message
from dns.rrset import RRset as WireRRset

TAB = 8
COLUMNS = (24, 32, 40, 48)  # where TTL, class, type and value begin
IN_QUESTION = COLUMNS[1:3]


def blocks(response: Message) -> Iterator[str]:
    """Header and sections; an empty line stands between two."""
    yield _header(response)
    asked = [f";{columns(IN_QUESTION, str(q.name), 'IN', kind(q))}" for q in response.question]
    yield "\n".join((*_options(response), ";; QUESTION SECTION:", *asked))
    for title, section in (
        ("ANSWER", response.answer),
        ("AUTHORITY", response.authority),
        ("ADDITIONAL", response.additional),
    ):
        if section:
            yield "\n".join((f";; {title} SECTION:", *lines(section)))


def lines(section: list[WireRRset]) -> list[str]:
    """A line for each record."""
    return [
        columns(COLUMNS, str(rrset.name), str(rrset.ttl), "IN", kind(rrset), value.to_text())
        for rrset in section
        for value in rrset
    ]


def kind(rrset: WireRRset) -> str:
    """The type as text."""
    return dns.rdatatype.to_text(rrset.rdtype)


def subnet(option: dns.edns.ECSOption) -> str:
    """A client subnet with its source and its scope, such as 198.51.100.0/24/16."""
    return f"{option.address}/{option.srclen}/{option.scopelen}"


def columns(starts: tuple[int, ...], first: str, *others: str) -> str:
    """Words, each at its column, or behind what reaches beyond it."""
    line, at = first, len(first)
    for start, word in zip(starts, others, strict=True):
        to = max(start, at + 1)
        tabs = to // TAB - at // TAB
        line += "\t" * tabs + " " * (to % TAB if tabs else to - at) + word
        at = to + len(word)
    return line


def _header(response: Message) -> str:
    flags = dns.flags.to_text(response.flags).lower()
    counts = zip(
        ("QUERY", "ANSWER", "AUTHORITY", "ADDITIONAL"),
        (*map(_count, response.sections[:3]), _count(response.additional) + (response.edns >= 0)),
        strict=True,
    )
    opcode = dns.opcode.to_text(response.opcode())
    status = dns.rcode.to_text(response.rcode())
    refused = response.flags & dns.flags.RD and not response.flags & dns.flags.RA
    return (
        f";; Got answer:\n;; ->>HEADER<<- opcode: {opcode}, status: {status}, id: {response.id}\n"
        f";; flags: {flags}; "
        + ", ".join(f"{name}: {count}" for name, count in counts)
        + "\n;; WARNING: recursion requested but not available" * bool(refused)
    )


def _count(section: list[WireRRset]) -> int:
    return sum(len(rrset) or 1 for rrset in section)


def _options(response: Message) -> Iterator[str]:
    """What EDNS said, where it was spoken."""
    if response.edns < 0:
        return
    flags = dns.flags.edns_to_text(response.ednsflags).lower()
    head = f"; EDNS: version: {response.edns}, flags:{' ' * bool(flags)}{flags}"
    yield f";; OPT PSEUDOSECTION:\n{head}; udp: {response.payload}"
    for option in response.options:
        told = isinstance(option, dns.edns.ECSOption)
        yield f"; CLIENT-SUBNET: {subnet(option)}" if told else f"; {option.to_text()}"
