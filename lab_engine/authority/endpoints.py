"""Stand-ins for the AWS endpoints that an alias may name: load balancers, CloudFront, S3 websites.

Route 53 answers such an alias from what it knows of the endpoint, not from DNS. So does the lab:
addresses and health are set by hand, and change when they are set again.
"""

import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network
from types import MappingProxyType

from dns.name import Name
from dns.rdatatype import RdataType

from lab_engine.authority.endpointnames import is_misplaced, kinds_of, service_of, zone_ids
from lab_engine.authority.records import RRset, as_name
from lab_engine.authority.recordset import RecordSet
from lab_engine.errors import LabError

ENDPOINT_TTL = 60  # seconds: what Route 53 answers for an alias to a load balancer
STAND_IN_HTTPS = "1 . alpn=h2,h3"  # [design]: what a distribution with HTTP/3 may well say


@dataclass(frozen=True)
class Endpoint:
    """One endpoint at one moment.

    Attributes:
        name: absolute, such as `lb-1.eu-west-1.elb.amazonaws.com.`
        service: as `service_of` names it, such as `elb`.
        hosted_zone_id: the id an alias must give.
        addresses: by type, A and AAAA; for CloudFront HTTPS, too.
        healthy: whether a target stands behind it.
    """

    name: Name
    service: str
    hosted_zone_id: str
    addresses: Mapping[RdataType, RRset] = field(default_factory=lambda: MappingProxyType({}))
    healthy: bool = True

    @classmethod
    def of(  # noqa: PLR0913  (each is one thing that an endpoint has)
        cls,
        name: str,
        hosted_zone_id: str,
        ipv4: tuple[str, ...] = (),
        ipv6: tuple[str, ...] = (),
        https: tuple[str, ...] = (),
        *,
        healthy: bool = True,
    ) -> "Endpoint":
        """An endpoint from text; its service is read from its name.

        Raises:
            LabError: the name is of no AWS service the lab stands in for, or the zone is wrong.
        """
        owner = as_name(name)
        service = service_of(owner)
        if service is None:
            raise LabError(
                name,
                "is not the name of an AWS endpoint",
                "Name a load balancer, a CloudFront distribution or an S3 website.",
            )
        if is_misplaced(owner, hosted_zone_id):
            known = " or ".join(zone_ids(owner))
            raise LabError(hosted_zone_id, f"is not the hosted zone of {name}", f"Give {known}.")
        given = {RdataType.A: ipv4, RdataType.AAAA: ipv6, RdataType.HTTPS: https}
        sets = {t: RRset.of(owner, t, v, ENDPOINT_TTL) for t, v in given.items() if v}
        return cls(owner, service, hosted_zone_id, MappingProxyType(sets), healthy)


# RFC 1112 section 4: reserved; RFC 3849: for documentation
NOBODYS_IPV4, NOBODYS_IPV6 = IPv4Network("240.0.0.0/8"), IPv6Network("2001:db8:f::/96")
NOBODYS = f"{NOBODYS_IPV4} and {NOBODYS_IPV6}"


def stand_ins(record_sets: Iterable[RecordSet]) -> Mapping[Name, Endpoint]:
    """An endpoint for every AWS name that aliases lead to, healthy, at addresses that are nobody's.

    What AWS would answer is not known here. The addresses depend on the name alone, so that the
    same endpoint looks the same in two zones.
    """
    aliases = {each.alias.name: each.alias for each in record_sets if each.alias is not None}
    return {
        name: _stand_in(name, service, alias.hosted_zone_id)
        for name, alias in aliases.items()
        if (service := service_of(name)) is not None
    }


def _stand_in(name: Name, service: str, hosted_zone_id: str) -> Endpoint:
    number = zlib.crc32(name.to_text().lower().encode())
    ipv4, ipv6 = NOBODYS_IPV4[number % 2**24], NOBODYS_IPV6[number]
    values = {RdataType.A: str(ipv4), RdataType.AAAA: str(ipv6), RdataType.HTTPS: STAND_IN_HTTPS}
    types = {rdtype for kind in kinds_of(name) for rdtype in kind.types}
    sets = {t: RRset.of(name, t, text, ENDPOINT_TTL) for t, text in values.items() if t in types}
    return Endpoint(name, service, hosted_zone_id, MappingProxyType(sets))
