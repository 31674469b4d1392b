"""Which questions two zones may answer otherwise: what `diff` need ask, and no more.

That is what differs in its own record sets, and what leads to such a name: by a CNAME, an alias, a
wildcard that a name hides or hides no longer, a delegation above. Nobody is asked here.
"""

from collections.abc import Collection, Iterator
from itertools import takewhile

from dns.name import Name
from dns.rdatatype import RdataType

from lab_engine.authority.records import Reply
from lab_engine.authority.recordset import RecordSet
from lab_engine.authority.zone import Zone

ALONE = frozenset({RdataType.CNAME, RdataType.SOA, RdataType.NS})
"""Types that no CNAME and no wildcard brings in from elsewhere, or only with all others."""

Key = tuple[Name, RdataType]


def keys(before: Zone, after: Zone) -> list[Key]:
    """The names and types that may be answered otherwise, in their order."""
    zones = before, after
    held = {(each.name, each.type) for zone in zones for each in zone}
    names = {name for name, _ in held}
    if _negative_ttl(before) != _negative_ttl(after):
        near = names  # any name may have clients to whom it tells nothing
    else:
        touched = {name for name in names if before.node(name) != after.node(name)}
        near = {name for name in names if _may_differ(name, touched, zones)}
    kinds = {kind for _, kind in held} - ALONE
    own = {(name, kind) for name, kind in held if name in near}
    brought = {(name, kind) for name in near if _brings(name, zones) for kind in kinds}
    return sorted(own | brought)


def _negative_ttl(zone: Zone) -> int | None:
    return Reply(authority=(zone.soa,)).ttl


def _brings(name: Name, zones: tuple[Zone, Zone]) -> bool:
    """Whether a name may answer types of which it has no record: by a CNAME, or a wildcard."""
    nodes = [zone.node(name) for zone in zones]
    return None in nodes or any(RdataType.CNAME in (node or {}) for node in nodes)


def _may_differ(name: Name, touched: Collection[Name], zones: tuple[Zone, Zone]) -> bool:
    origin = zones[0].origin
    above = takewhile(lambda each: each != origin, _upwards(name))
    if name in touched or any(each in touched for each in above):
        return True
    return any(_leads_to(touched, name, zone) for zone in zones)


def _upwards(name: Name) -> Iterator[Name]:
    """A name, and those that it lies below."""
    yield name
    while len(name) > 1:
        name = name.parent()
        yield name


def _leads_to(touched: Collection[Name], name: Name, zone: Zone) -> bool:
    """Whether chains of CNAMEs and aliases that begin at a name may lead to one of these."""
    seen, waiting = {name}, [name]
    while waiting:
        here = waiting.pop()
        node = zone.node(here)
        if here in touched or (node is None and zone.contains(here)):
            return bool(touched)  # a name that is not there may be a wildcard's
        members = (each for group in (node or {}).values() for each in group)
        targets = {target for each in members for target in _to(each)} - seen
        seen |= targets
        waiting += targets
    return False


def _to(record_set: RecordSet) -> Iterator[Name]:
    """Where an alias or a CNAME leads."""
    if record_set.alias is not None:
        yield record_set.alias.name
    elif record_set.type is RdataType.CNAME and record_set.records is not None:
        yield from (value.target for value in record_set.records.values)  # type: ignore[attr-defined]
