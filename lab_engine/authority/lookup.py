"""Finding a name in a zone: RFC 1034 section 4.3.2, with wildcards as RFC 4592 has them.

And with DNAMEs as RFC 6672 does: whatever stands below one is not seen.
"""

from dataclasses import dataclass

import dns.name
from dns.name import Name
from dns.rdatatype import RdataType

from lab_engine.authority.records import Labels, folded
from lab_engine.authority.recordset import Group, RecordSet
from lab_engine.authority.tree import Node, Tree


@dataclass(frozen=True, slots=True)
class Found:
    """The name exists, or a wildcard stands in for it; `node` is empty for a non-terminal.

    Attributes:
        node: what it holds.
        source: whose node that is: the name's own or the wildcard's.
    """

    node: Node
    source: Labels


@dataclass(frozen=True, slots=True)
class Delegated:
    """The name lies at or below a zone cut; `servers` is the NS group there."""

    servers: Group


@dataclass(frozen=True, slots=True)
class Renamed:
    """The name lies below a DNAME; `group` is what its owner holds of them."""

    group: Group

    @property
    def owner(self) -> Name:
        """The name of the DNAME, as the zone writes it."""
        return self.group[0].name


def find(tree: Tree, name: Labels, rdtype: RdataType) -> Found | Delegated | Renamed | None:
    """What a zone says about a name within it; None where the name does not exist."""
    at = tree.reached(name)
    node = tree.node(at)
    if node is None:
        return _wildcard(tree, at[1:])
    if tree.is_cut(at) and not (at == name and rdtype is RdataType.DS):
        return Delegated(node[RdataType.NS])
    return Found(node, name) if at == name else Renamed(node[RdataType.DNAME])


def renamed(name: Name, owner: Name, target: Name) -> Name | None:
    """The name that a DNAME puts in the place of one below it; None where it would be too long."""
    try:
        return Name((*name.labels[: -len(owner.labels)], *target.labels))
    except dns.name.NameTooLong:
        return None


def _wildcard(tree: Tree, encloser: Labels) -> Found | None:
    """The source of synthesis is `*` below the closest encloser, and no other (RFC 4592 3.3.1)."""
    source = (b"*", *encloser)
    node = tree.node(source)
    return None if node is None else Found(node, source)


def alias_group(member: RecordSet, tree: Tree) -> Group:
    """The group an alias leads to within its zone; empty where there is none."""
    source = alias_source(member, tree)
    return () if source is None else tree.group((source, member.type))


def alias_source(member: RecordSet, tree: Tree) -> Labels | None:
    """Whose group of its type an alias leads to within its zone; None for nobody's."""
    if member.alias is None:
        return None
    name = folded(member.alias.name)
    found = find(tree, name, member.type) if tree.contains(name) else None
    return found.source if isinstance(found, Found) else None
