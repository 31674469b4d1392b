"""Where the record sets of a zone lead, and whether that can fail: what lint rules ask."""

from collections.abc import Iterator

from dns.name import Name
from dns.rdatatype import RdataType

from lab_engine.authority.endpoints import ENDPOINT_TTL
from lab_engine.authority.groups import target_group
from lab_engine.authority.recordset import RecordSet
from lab_engine.authority.zone import Zone


def never_fails(member: RecordSet, zone: Zone) -> bool:
    """Whether it is healthy in every state of the world."""
    if member.health_check_id:
        return False
    if member.alias is None or not member.alias.evaluate_target_health:
        return True
    return any(never_fails(each, zone) for each in target_group(member, zone))


def culprits(member: RecordSet, zone: Zone) -> Iterator[RecordSet]:
    """The records behind an alias that keep it healthy for ever."""
    for each in target_group(member, zone):
        if never_fails(each, zone):
            evaluated = each.alias is not None and each.alias.evaluate_target_health
            yield from culprits(each, zone) if evaluated else (each,)


def leaves(member: RecordSet, zone: Zone) -> Iterator[RecordSet]:
    """The record sets with values that a member leads to."""
    if member.alias is None:
        yield member
    for each in target_group(member, zone):
        yield from leaves(each, zone)


def ttls(member: RecordSet, zone: Zone) -> set[int]:
    """Of the answers a member leads to; those of AWS endpoints are known."""
    found = {leaf.ttl for leaf in leaves(member, zone) if leaf.ttl is not None}
    return found or {ENDPOINT_TTL}


def values(member: RecordSet, zone: Zone) -> Iterator[str]:
    """What a member leads to. An AWS endpoint counts as several: AWS keeps it alive."""
    found = list(leaves(member, zone))
    if not found:
        yield from ("one AWS endpoint", "another")
    for leaf in found:
        yield from leaf.texts


def branches(zone: Zone) -> frozenset[tuple[Name, RdataType]]:
    """The names and types of the groups that an alias among several leads to."""
    return frozenset(
        (target.name, target.type)
        for group in zone.groups
        for member in group
        if len(group) > 1
        for target in target_group(member, zone)
    )
