"""What may die: the endpoints behind health checks, or whatever a word means that is given."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from dns.name import Name
from dns.rdatatype import RdataType

from lab_engine.authority.elements import nearest
from lab_engine.authority.records import as_name
from lab_engine.authority.recordset import RecordSet
from lab_engine.authority.zone import Zone
from lab_engine.errors import LabError

STEERING = (RdataType.A, RdataType.AAAA)


@dataclass(frozen=True)
class Endpoint:
    """Something that may die, and a name whose clients would notice.

    Attributes:
        addresses: that die together.
        check: the id of the health check that watches them, or several; empty for none.
        name: asked for, absolute.
        type: A or AAAA, as text.
    """

    addresses: tuple[str, ...]
    check: str
    name: str
    type: str

    def __str__(self) -> str:
        watched = f"check {self.check}" if self.check else "which no check watches"
        return f"{' '.join(self.addresses)} ({watched}), asked as {self.name} {self.type}"


def checked(zone: Zone, names: Iterable[tuple[str, str]]) -> tuple[Endpoint, ...]:
    """The endpoints of the health checks that some names (with their types) are steered by."""
    found: dict[tuple[str, str], Endpoint] = {}
    for name, kind in names:
        sets = [*behind(zone, as_name(name), RdataType[kind])]
        for check in dict.fromkeys(each.health_check_id for each in sets):
            watched = _addresses(each for each in sets if each.health_check_id == check)
            if check and watched:
                found.setdefault((check, kind), Endpoint(watched, check, name, kind))
    return tuple(found.values())


def killed(zone: Zone, text: str, names: Sequence[tuple[str, str]]) -> tuple[Endpoint, ...]:
    """What a word means that is to be killed: an address, a health check, an identifier, a name.

    Args:
        zone: that is served then.
        text: the word.
        names: asked for by preference, with their types.

    Raises:
        LabError: nothing of the zone is called so.
    """
    dying = [each for each in zone if each.type in STEERING and _is_called(each, text, zone)]
    addresses = {address for each in dying for address in each.texts}
    if text in zone.addresses:
        addresses = {text}
    if not addresses:
        known = {*zone.addresses, *zone.check_ids, *(e.set_identifier for e in zone)} - {""}
        remedy = nearest(text, sorted(known)) if known else "The zone has no address."
        raise LabError(text, "is no address, health check, identifier or name here", remedy)
    others = ((str(each.name), each.type.name) for each in zone if each.type in STEERING)
    found: dict[str, Endpoint] = {}
    for name, kind in dict.fromkeys((*names, *others)):
        sets = [*behind(zone, as_name(name), RdataType[kind])]
        hit = [each for each in sets if addresses.intersection(each.texts)]
        if hit and kind not in found:
            dead = tuple(each for each in _addresses(hit) if each in addresses)
            checks = dict.fromkeys(each.health_check_id for each in hit if each.health_check_id)
            check = ", ".join(checks)
            found[kind] = Endpoint(dead, check, name, kind)
    return tuple(found.values())


def _is_called(each: RecordSet, text: str, zone: Zone) -> bool:
    if text in (each.health_check_id, each.set_identifier):
        return True
    try:
        return each.name in (as_name(text), as_name(text, zone.origin))
    except LabError:
        return False


def _addresses(sets: Iterable[RecordSet]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(text for each in sets for text in each.texts))


def behind(zone: Zone, name: Name, kind: RdataType) -> Iterator[RecordSet]:
    """The record sets with addresses that a name leads to."""
    return (each for each in followed(zone, name, kind) if each.type is kind and each.texts)


def followed(zone: Zone, name: Name, kind: RdataType) -> Iterator[RecordSet]:
    """All record sets that a name leads to, its own first: by CNAMEs, and by aliases."""
    seen: set[Name] = set()
    waiting = [name]
    while waiting:
        here = waiting.pop(0)
        seen.add(here)
        node = zone.node(here) or {}
        for member in node.get(kind) or node.get(RdataType.CNAME, ()):
            yield member
            waiting += [to for to in _to(member) if to not in seen]


def _to(member: RecordSet) -> Iterator[Name]:
    if member.alias is not None:
        yield member.alias.name
    elif member.type is RdataType.CNAME and member.records is not None:
        yield from (value.target for value in member.records.values)  # type: ignore[attr-defined]
