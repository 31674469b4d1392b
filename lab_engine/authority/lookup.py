"""Finding a name in a zone: RFC 1034 section 4.3.2, with wildcards as RFC 4592 has them."""

from dataclasses import dataclass

import dns.name
from dns.name import Name
from dns.rdatatype import RdataType

from lab_engine.authority.recordset import Group
from lab_engine.authority.zone import Node, Zone

_ASTERISK = dns.name.Name([b"*"])


@dataclass(frozen=True, slots=True)
class Found:
    """The name exists, or a wildcard stands in for it; `node` is empty for a non-terminal."""

    node: Node
    wildcard: Name | None = None


@dataclass(frozen=True, slots=True)
class Delegated:
    """The name lies at or below a zone cut; `servers` is the NS group there."""

    servers: Group


def find(zone: Zone, name: Name, rdtype: RdataType) -> Found | Delegated | None:
    """What the zone says about a name within it; None where the name does not exist."""
    for ancestor in _downwards(zone.origin, name):
        node = zone.node(ancestor)
        if node is None:
            return _wildcard(zone, ancestor.parent())
        if _is_cut(node, ancestor, zone) and not (ancestor == name and rdtype is RdataType.DS):
            return Delegated(node[RdataType.NS])
    return Found(zone.node(name) or {})


def _downwards(origin: Name, name: Name) -> list[Name]:
    """Every name from the origin down to `name`, both included."""
    return [name.split(depth)[1] for depth in range(len(origin), len(name) + 1)]


def _is_cut(node: Node, name: Name, zone: Zone) -> bool:
    return RdataType.NS in node and name != zone.origin


def _wildcard(zone: Zone, encloser: Name) -> Found | None:
    """The source of synthesis is `*` below the closest encloser, and no other (RFC 4592 3.3.1)."""
    try:
        source = _ASTERISK.concatenate(encloser)
    except dns.name.NameTooLong:
        return None
    node = zone.node(source)
    return None if node is None else Found(node, source)
