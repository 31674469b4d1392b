"""EDNS Client Subnet (RFC 7871): whose network a resolver asks for, and the option in both ways."""

import struct
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_network

import dns.edns
import dns.exception

from lab_engine.authority.records import Client
from lab_engine.errors import Choice, LabError

Network = IPv4Network | IPv6Network
ECS = 8
FAMILY_BITS = {1: 32, 2: 128}
FIXED = struct.Struct("!HBB")
# RFC 1918 and RFC 4193, as RFC 7871 section 10 names them.
PRIVATE = tuple(map(ip_network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7")))


class PrivateEcs(Choice):
    """What a private address in a client subnet stands for."""

    ORDINARY = "ordinary"
    """A client like any other: the lessons' networks are private."""
    RESOLVER = "resolver"
    """The resolver that sent it, as RFC 7871 section 10 advises servers on the Internet."""


@dataclass(frozen=True, slots=True)
class ClientSubnet:
    """The option of a query.

    Attributes:
        family: 1 for IPv4, 2 for IPv6; 0 only with a source of 0.
        source: the prefix length that was sent; 0 asks for privacy.
        address: as many octets as the source needs.
    """

    family: int
    source: int
    address: bytes

    @property
    def network(self) -> Network | None:
        """The client's network; None where none was told."""
        if not self.source:
            return None
        bits = FAMILY_BITS[self.family]
        number = int.from_bytes(self.address.ljust(bits // 8, b"\0"), "big")
        return (
            IPv4Network((number, self.source)) if bits == 32 else IPv6Network((number, self.source))
        )

    @property
    def private(self) -> Network | None:
        """The private block the client's network lies in, if any."""
        mine = self.network
        if mine is None:
            return None
        inside = (b for b in PRIVATE if b.version == mine.version and mine.subnet_of(b))  # type: ignore[arg-type]
        return next(inside, None)

    def reply(self, scope: int) -> dns.edns.Option:
        """The option of the response: FAMILY, SOURCE and ADDRESS as they came (section 7.2.1)."""
        data = FIXED.pack(self.family, self.source, scope) + self.address
        return dns.edns.GenericOption(dns.edns.OptionType.ECS, data)


def read(data: bytes) -> ClientSubnet:
    """The option of a query.

    Raises:
        dns.exception.FormError: an unknown family, too many or too few octets, a prefix longer
            than an address, bits beyond it, or a SCOPE, which in a query must be 0 (section 6).
    """
    if len(data) < FIXED.size:
        raise dns.exception.FormError
    family, source, scope = FIXED.unpack_from(data)
    address = data[FIXED.size :]
    bits = FAMILY_BITS.get(family, 0 if family == 0 else -1)
    if scope or source > bits or len(address) != (source + 7) // 8:
        raise dns.exception.FormError
    if source % 8 and address[-1] & (0xFF >> source % 8):
        raise dns.exception.FormError
    return ClientSubnet(family, source, address)


def network_of(subnet: str | Network) -> Network:
    """The network of a client; bits beyond the prefix are dropped, as dig drops them.

    Args:
        subnet: such as `198.18.1.0/24` or `2001:db8:1::/48`; an address alone is all of itself.

    Raises:
        LabError: it is neither.
    """
    try:
        return ip_network(subnet, strict=False)
    except ValueError as wrong:
        remedy = "Write one such as 198.18.1.0/24 or 2001:db8:1::/48."
        raise LabError(subnet, "is not a network", remedy) from wrong


def asker(subnet: ClientSubnet | None, address: str, private: PrivateEcs) -> tuple[Client, int]:
    """Whom a query is asked for, and the length of the private block that was passed over, if any.

    A SOURCE of 0 asks for privacy: then the resolver is the client, as with Route 53 and gdnsd.

    Args:
        subnet: the option of the query, if it had one.
        address: where the query came from.
        private: what to make of private networks.
    """
    network = subnet.network if subnet else None
    if subnet is None or network is None:
        return Client.at(address), 0
    if private is PrivateEcs.RESOLVER and subnet.private is not None:
        return Client.at(address), subnet.private.prefixlen
    return Client(network, "ecs", ip_network(address)), 0
