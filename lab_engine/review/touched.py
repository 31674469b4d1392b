"""Which questions two zones may answer otherwise: what `diff` need ask, and no more.

A name's way is looked up in both zones at once: the name itself, a wildcard, a cut or a DNAME above
it, and wherever CNAMEs, DNAMEs and aliases lead from there. Where the two ways part, the name is
asked. Names that neither zone holds are many; one stands for all of them below a name: a star.
Nobody is asked here.
"""

from collections.abc import Iterable, Iterator

from dns.name import Name
from dns.rdatatype import RdataType

from lab_engine.authority.lookup import Found, Renamed, find, renamed
from lab_engine.authority.records import Labels, Reply, folded
from lab_engine.authority.recordset import Group, RecordSet
from lab_engine.authority.tree import Tree
from lab_engine.authority.zone import Zone

OF_ZONES = frozenset({RdataType.SOA, RdataType.NS})
"""Types of a zone's own: what brings them in from elsewhere brings all others, too."""
MOST_RENAMED = 8  # DNAMEs one behind the other, as an answer follows them

Key = tuple[Name, RdataType]
Both = tuple[Zone, Zone]


def keys(before: Zone, after: Zone) -> list[Key]:
    """The names and types that may be answered otherwise, in their order."""
    zones = before, after
    held = {(folded(each.name), each.type): each.name for zone in zones for each in zone}
    names = {name: known for (name, _), known in held.items()}
    for more in (_between, _beneath, _renamed):
        names |= {name: Name(name) for name in more(names, zones) if name not in names}
    if _negative_ttl(before) == _negative_ttl(after):  # else any name may tell somebody nothing
        names = {name: known for name, known in names.items() if _parts(name, zones)}
    kinds = {kind for _, kind in held} - OF_ZONES
    own = {(names[name], kind) for name, kind in held if name in names}
    brought = {
        (known, kind) for name, known in names.items() if _brings(name, zones) for kind in kinds
    }
    return sorted(own | brought)


def _negative_ttl(zone: Zone) -> int | None:
    return Reply(authority=(zone.soa,)).ttl


def _between(names: Iterable[Labels], zones: Both) -> set[Labels]:
    """The names that stand above these."""
    found: set[Labels] = set()
    for each in names:
        name = each
        while len(name) > len(zones[0].origin.labels) and name not in found:
            found.add(name)
            name = name[1:]
    return found


def _beneath(names: Iterable[Labels], zones: Both) -> Iterator[Labels]:
    """A star for all names below those at which the zones differ in what lies below."""
    parting = {name for name in names if len({_below(zone.tree, name) for zone in zones}) > 1}
    for name in names if parting else ():
        if _fits((b"*", *name)) and any(name[at:] in parting for at in range(len(name))):
            yield (b"*", *name)


def _below(tree: Tree, name: Labels) -> object:
    """What decides on all names below one: that it exists, a cut, a DNAME."""
    cut = tree.group((name, RdataType.NS)) if tree.is_cut(name) else ()
    return tree.exists(name), cut, tree.group((name, RdataType.DNAME))


def _renamed(names: Iterable[Labels], zones: Both) -> set[Labels]:
    """What stands below a DNAME for the names below its target."""
    ways = {
        (folded(each.name), folded(target))
        for zone in zones
        for each in zone
        if each.type is RdataType.DNAME
        for target in _to(each)
    }
    found, new = set[Labels](), {*names, *((b"*", *target) for _, target in ways)}
    for _ in range(MOST_RENAMED if ways else 0):
        made = (
            (*name[: -len(target)], *owner)
            for name in new
            for owner, target in ways
            if len(name) > len(target) and name[-len(target) :] == target
        )
        new = {name for name in made if _fits(name)} - found
        found |= new
    return found


def _fits(name: Labels) -> bool:
    return sum(map(len, name)) + len(name) <= 255


def _brings(name: Labels, zones: Both) -> bool:
    """Whether a name may answer types of which it has no record of its own, in either zone."""
    for zone in zones:
        found = find(zone.tree, name, RdataType.A)
        if not isinstance(found, Found) or found.source != name or not found.node:
            return True
        if RdataType.CNAME in found.node:
            return True
    return False


def _parts(name: Labels, zones: Both) -> bool:
    """Whether the ways that begin at a name lead over something else in the two zones."""
    seen, waiting = {name}, [name]
    while waiting:
        here = waiting.pop()
        ways = [_step(here, zone) for zone in zones]
        if ways[0] != ways[1]:
            return True
        onward = [each for each in _onward(here, zones[0]) if each not in seen]
        seen.update(onward)
        waiting += onward
        if len(seen) > 1_000:  # DNAMEs that lead back make ever new names
            return True
    return False


def _step(name: Labels, zone: Zone) -> object:
    """What a zone says of a name, whatever type is asked for."""
    if not zone.tree.contains(name):
        return None
    return [find(zone.tree, name, kind) for kind in (RdataType.A, RdataType.DS)]


def _onward(name: Labels, zone: Zone) -> Iterator[Labels]:
    found = find(zone.tree, name, RdataType.A) if zone.tree.contains(name) else None
    if isinstance(found, Renamed):
        for target in _targets(found.group):
            new = renamed(Name(name), found.owner, target)
            if new is not None:
                yield folded(new)
    elif isinstance(found, Found):
        for group in found.node.values():
            yield from map(folded, _targets(group))


def _targets(group: Group) -> Iterator[Name]:
    return (target for each in group for target in _to(each))


def _to(record_set: RecordSet) -> Iterator[Name]:
    """Where an alias, a CNAME or a DNAME leads."""
    if record_set.alias is not None:
        yield record_set.alias.name
    elif record_set.type in (RdataType.CNAME, RdataType.DNAME) and record_set.records is not None:
        yield from (value.target for value in record_set.records.values)  # type: ignore[attr-defined]
