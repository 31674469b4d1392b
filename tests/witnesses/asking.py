"""What the witnesses ask and how they compare the answers."""

from collections import Counter
from dataclasses import dataclass, fields
from ipaddress import ip_network

import dns.edns
import dns.flags
import dns.message
import dns.query
import dns.rcode
import dns.rdatatype
from dns.rdatatype import RdataType

from lab_engine.wire.client import parse_address


def query(name, rdtype="A", subnet=None, *, recurse=False, edns=True):
    """A query; with `subnet`, asked for that network."""
    network = ip_network(subnet) if subnet else None
    options = (
        [dns.edns.ECSOption(str(network.network_address), network.prefixlen)] if network else None
    )
    made = dns.message.make_query(name, rdtype, use_edns=0 if edns else None, options=options)
    if not recurse:
        made.flags &= ~dns.flags.RD
    return made


def send(server, message, *, tcp=False):
    """The response as it came: a truncated one is not asked for again."""
    host, port = parse_address(server)
    return (dns.query.tcp if tcp else dns.query.udp)(message, host, 5.0, port)


def scope(response):
    """The SCOPE of the response's client subnet; None without the option."""
    options = (o for o in response.options if isinstance(o, dns.edns.ECSOption))
    return next((option.scopelen for option in options), None)


def addresses(response):
    """The A and AAAA values of the answer, in their order."""
    return tuple(
        value.to_text()
        for rrset in response.answer
        if rrset.rdtype in (RdataType.A, RdataType.AAAA)
        for value in rrset
    )


def counted(server, name, times, rdtype="A"):
    """How often each set of addresses was answered to so many equal questions."""
    message = query(name, rdtype, edns=False)
    return Counter(tuple(sorted(addresses(send(server, message)))) for _ in range(times))


@dataclass(frozen=True)
class Said:
    """What a response says, free of order, case and what is optional.

    Attributes:
        rcode: as text; TC where it was truncated.
        authoritative: the AA bit.
        answer: every record as (owner, type, TTL, value).
        authority: the SOA of a negative answer, the NS of a referral.
        glue: the addresses of a referral.
    """

    rcode: str
    authoritative: bool
    answer: frozenset
    authority: frozenset
    glue: frozenset

    @classmethod
    def of(cls, response):
        """Records in their canonical form; the authority section only where it is obligatory."""
        authoritative = bool(response.flags & dns.flags.AA)
        referred = not response.answer and not authoritative
        kinds = {RdataType.SOA, RdataType.NS} if referred else {RdataType.SOA}
        truncated = response.flags & dns.flags.TC
        return cls(
            "TC" if truncated else dns.rcode.to_text(response.rcode()),
            authoritative,
            _records(response.answer),
            _records(r for r in response.authority if r.rdtype in kinds),
            _records(response.additional if referred else ()),
        )

    def differs(self, other):
        """The names of the parts in which two responses differ."""
        names = [field.name for field in fields(self)]
        return {name for name in names if getattr(self, name) != getattr(other, name)}


def _records(section):
    return frozenset(
        (rrset.name.canonicalize(), dns.rdatatype.to_text(rrset.rdtype), rrset.ttl, value.to_text())
        for rrset in section
        for value in rrset
    )
