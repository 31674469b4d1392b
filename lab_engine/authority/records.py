"""The nouns: a question, who asks it, an RRset, and the reply.

All are values: frozen, compared by content, built from dnspython's `Name`, `Rdata` and
`RdataType`. Terms follow RFC 9499. Bytes, EDNS and truncation belong to `wire`.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Any, Literal, Self

import dns.exception
import dns.name
import dns.rdata
import dns.rdatatype
from dns.name import Name
from dns.rcode import Rcode
from dns.rdata import Rdata
from dns.rdataclass import IN, RdataClass
from dns.rdatatype import RdataType

from lab_engine.authority import obsolete
from lab_engine.errors import LabError, ZoneError, raise_interrupt

MAX_TTL = 2**31 - 1  # RFC 2181 section 8: a TTL is 31 bits; dnspython allows 32
_PLAIN = re.compile(r"[-\w*]+(\.[-\w*]+)*\.?", re.ASCII)
Labels = tuple[bytes, ...]
"""A name's labels in lower case, the root's empty one last."""


@dataclass(frozen=True)
class Question:
    """A name and a type, in a class that is nearly always IN."""

    name: Name
    type: RdataType
    rdclass: RdataClass = IN

    @classmethod
    def of(cls, name: str | Name, rdtype: str | RdataType = "A") -> Self:
        """`Question.of("www.example.com", "AAAA")`. Raises LabError for a bad name or type."""
        return cls(as_name(name), as_type(rdtype))

    @cached_property
    def _hash(self) -> int:
        return hash((self.name, self.type, self.rdclass))

    def __hash__(self) -> int:  # a name's own is a loop over its letters, and caches ask often
        return self._hash

    def __str__(self) -> str:
        return f"{self.name} {dns.rdatatype.to_text(self.type)}"


@dataclass(frozen=True, slots=True)
class Client:
    """The network a question is answered for.

    Attributes:
        network: an address with its prefix length; a whole address is a /32 or a /128.
        source: `peer` when it is the address the packet came from, `ecs` when the packet said so.
        resolver: then the address it came from; None where that is not known.
    """

    network: IPv4Network | IPv6Network
    source: Literal["peer", "ecs"] = "peer"
    resolver: IPv4Network | IPv6Network | None = None

    @property
    def peer(self) -> IPv4Network | IPv6Network | None:
        """Where the question came from, whoever it is for; None where that is not known."""
        return self.network if self.source == "peer" else self.resolver

    def by(self, resolver: "Client") -> "Client":
        """The same client, asked for by a resolver."""
        return self if self.source == "peer" else Client(self.network, "ecs", resolver.peer)

    @classmethod
    def at(cls, address: str) -> Self:
        """The client at one address: `Client.at("198.51.100.7")`."""
        try:
            return cls(ip_network(address))
        except ValueError as wrong:
            raise LabError(
                address, "is not an IP address", "Write one such as 192.0.2.1."
            ) from wrong


@dataclass(frozen=True)
class RRset:
    """Records of one name and type, with the one TTL they share (RFC 2181 section 5.2).

    Attributes:
        name: the owner, absolute.
        type: the type of every value.
        ttl: seconds, 0 to 2^31 - 1.
        values: at least one, each once.
        written: of values that came in other words than the lab's own, these words: Route 53 lists
            a value as it was given.
    """

    name: Name
    type: RdataType
    ttl: int
    values: tuple[Rdata, ...]
    written: tuple[tuple[Rdata, str], ...] = field(default=(), compare=False)

    def __post_init__(self) -> None:
        check_ttl(self.ttl, lambda: f"{self.name} {dns.rdatatype.to_text(self.type)}")
        if not self.values:
            raise ZoneError(str(self.name), "has no value", "Give at least one, or leave it out.")

    @classmethod
    def of(
        cls, name: str | Name, rdtype: str | RdataType, values: str | Iterable[str], ttl: int = 300
    ) -> Self:
        """Build one from text: `RRset.of("www", "A", ["192.0.2.1", "192.0.2.2"], ttl=60)`.

        A name without its last dot is relative: `Zone.of` completes it with the zone's own.

        Raises:
            ZoneError: a bad name, type, value or TTL.
        """
        kind = as_type(rdtype)
        texts = [values] if isinstance(values, str) else list(values)
        rdatas = distinct([as_rdata(kind, text) for text in texts])
        return cls(as_name(name, origin=None), kind, ttl, rdatas)

    def with_name(self, name: Name) -> "RRset":
        """The same records under another owner, as a wildcard synthesises them."""
        return replace(self, name=name)

    @cached_property
    def texts(self) -> tuple[str, ...]:
        """The values in master-file form."""
        return tuple(value.to_text() for value in self.values)


@dataclass(frozen=True)
class Reply:
    """What an authority says to a question, before it is bytes."""

    rcode: Rcode = Rcode.NOERROR
    answer: tuple[RRset, ...] = ()
    authority: tuple[RRset, ...] = ()
    additional: tuple[RRset, ...] = ()
    authoritative: bool = True
    sample: int | None = None
    """How many values of the last RRset are sent, drawn anew each time; None sends them all."""
    scope: int = 0
    """The prefix length around the client for which it holds; 0 for everybody."""
    elapsed: float = 0.0
    """The part of a second that is over of its TTLs: these are whole, as on the wire."""

    @cached_property
    def addresses(self) -> tuple[str, ...]:
        """The A and AAAA values of the answer, in their order."""
        return tuple(
            text
            for rrset in self.answer
            if rrset.type in (RdataType.A, RdataType.AAAA)
            for text in rrset.texts
        )

    @cached_property
    def ttl(self) -> int | None:
        """Seconds a cache may keep this, or None where it must not.

        An answer lives as long as its shortest RRset; a negative answer as long as the lesser of
        its SOA's TTL and MINIMUM, and without an SOA it is not kept (RFC 2308 section 5). Behind
        CNAMEs both hold.
        """
        if self.rcode not in (Rcode.NOERROR, Rcode.NXDOMAIN):
            return None
        lifetimes = [rrset.ttl for rrset in self.answer]
        for soa in self.authority:
            if soa.type is RdataType.SOA:
                start: Any = soa.values[0]  # dnspython types it as any Rdata
                lifetimes += [soa.ttl, int(start.minimum)]
        return min(lifetimes, default=None)

    def aged(self, seconds: float) -> "Reply":
        """This reply with every TTL lowered by the whole seconds, never below 0.

        What is over of one more second is in `elapsed`.
        """
        whole, elapsed = divmod(self.elapsed + seconds, 1)

        def older(section: tuple[RRset, ...]) -> tuple[RRset, ...]:
            return tuple(replace(rrset, ttl=max(0, rrset.ttl - int(whole))) for rrset in section)

        return replace(
            self,
            answer=older(self.answer),
            authority=older(self.authority),
            additional=older(self.additional),
            elapsed=elapsed,
        )


def check_ttl(ttl: int, where: Callable[[], str]) -> None:
    """Raise ZoneError unless 0 <= ttl <= 2^31 - 1 (RFC 2181 section 8); dnspython does not.

    `where` says whose TTL it is; names are slow to write, and nearly all TTLs are right.
    """
    if not isinstance(ttl, int) or not 0 <= ttl <= MAX_TTL:
        raise ZoneError(
            f"{where()}: TTL {ttl}",
            f"a TTL lies between 0 and {MAX_TTL} seconds",
            "Choose one in that range; 300 is common.",
        )


def as_name(name: str | Name, origin: Name | None = dns.name.root) -> Name:
    """A `Name` from text. Raises LabError where RFC 1035 section 3.1 forbids it.

    `origin` completes a name without its last dot; None leaves it relative.
    """
    if isinstance(name, Name):
        return name
    try:
        return plain_name(name, origin) or dns.name.from_text(name, origin)
    except (dns.exception.DNSException, UnicodeError, TypeError) as wrong:
        text = str(name)
        shown = text if len(text) <= 60 else f"{text[:57]}..."
        raise ZoneError(
            shown,
            f"is not a domain name: {wrong}",
            "A label has 1 to 63 octets, a whole name at most 255.",
        ) from wrong


def plain_name(text: str, origin: Name | None) -> Name | None:
    """A name in which nothing is escaped; None for others, which dnspython reads letter by letter.

    Raises what dnspython raises for a label or a name that is too long.
    """
    if not _PLAIN.fullmatch(text):
        return None
    *labels, last = text.encode().split(b".")
    return Name([*labels, last] if origin is None or not last else [*labels, last, *origin.labels])


def folded(name: Name) -> Labels:
    """A name as a key: equal for names that are, and far quicker to hash and compare."""
    return tuple([label.lower() for label in name.labels])


def as_type(rdtype: str | RdataType) -> RdataType:
    """A record type from text such as "AAAA". Raises LabError for an unknown one."""
    if isinstance(rdtype, RdataType):
        return rdtype
    try:
        return dns.rdatatype.from_text(rdtype)
    except (dns.exception.DNSException, ValueError, AttributeError) as wrong:
        raise LabError(
            rdtype, "is not a record type", "Write one such as A, AAAA, MX or TYPE65280."
        ) from wrong


def as_rdata(rdtype: RdataType, text: str, origin: Name | None = None) -> Rdata:
    """A value from master-file form. Raises ZoneError where it is none of that type.

    `origin` completes names without their last dots; None leaves them relative.
    """
    if rdtype in obsolete.NAMES:
        obsolete.known()
    try:
        return dns.rdata.from_text(IN, rdtype, text, origin, relativize=False)
    except (dns.exception.DNSException, ValueError) as wrong:
        raise_interrupt(wrong)
        undescribed = str(wrong) == dns.exception.SyntaxError.__doc__
        raise ZoneError(
            f"{dns.rdatatype.to_text(rdtype)} {text}",
            "is not a value of that type" + (f": {wrong}".rstrip(".") if not undescribed else ""),
            "Write it as a master file would.",
        ) from wrong


def distinct(values: Sequence[Rdata]) -> tuple[Rdata, ...]:
    """Each value once. To tell them apart they are written out, which one alone is spared."""
    return tuple(dict.fromkeys(values) if len(values) > 1 else values)
