"""The names of a zone as a tree: what each holds, and which exist for what lies below them.

Names are kept as their labels in lower case, since dnspython's hash and compare letter by letter. A
tree never changes; another one takes over what did not.
"""

from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType

from dns.name import Name
from dns.rdatatype import RdataType

from lab_engine.authority.edited import Edited, edited
from lab_engine.authority.records import Labels, folded
from lab_engine.authority.recordset import Group, RecordSet

Node = Mapping[RdataType, Group]
"""The groups at one name, in the order of their first record sets."""
Key = tuple[Labels, RdataType]
"""Where a group stands."""
EMPTY: Node = MappingProxyType({})


class Tree:
    """The nodes at and below one origin; of names outside it only that they are given.

    Attributes:
        origin: the apex, absolute.
        nodes: every owner with what it holds.
    """

    def __init__(self, origin: Name) -> None:
        self.origin = origin
        self.nodes: dict[Labels, Node] | Edited[Labels, Node] = {}
        self._apex = folded(origin)
        self._owners: (
            dict[Labels, int] | Edited[Labels, int]
        ) = {}  # how many stand at or below each name that exists
        self._cuts: frozenset[Labels] = frozenset()
        self._hiding: frozenset[Labels] = frozenset()  # these, and the owners of DNAMEs

    def changed(self, nodes: Mapping[Labels, Node]) -> "Tree":
        """Another tree where these names hold this instead; an empty node takes its name away."""
        tree = Tree(self.origin)
        held = {name: node for name, node in nodes.items() if node}
        tree.nodes = edited(self.nodes, nodes.keys() - held.keys(), held)
        cuts = {name for name, node in held.items() if RdataType.NS in node and name != self._apex}
        tree._cuts = self._cuts - nodes.keys() | cuts
        renaming = {name for name, node in held.items() if RdataType.DNAME in node}
        tree._hiding = self._hiding - nodes.keys() | cuts | renaming
        owners: dict[Labels, int] = {}
        for name in nodes:
            more = (name in held) - (name in self.nodes)
            for above in self._downwards(name) if more else ():
                owners[above] = owners.get(above, self._owners.get(above, 0)) + more
        gone = [name for name, count in owners.items() if not count]
        left = {name: count for name, count in owners.items() if count}
        tree._owners = edited(self._owners, gone, left) if owners else self._owners
        return tree

    def contains(self, name: Labels) -> bool:
        """Whether `name` is at or below the origin."""
        return name[-len(self._apex) :] == self._apex

    def exists(self, name: Labels) -> bool:
        """Whether `name` holds something or stands above one that does (RFC 4592 2.2.2)."""
        return name in self._owners

    def node(self, name: Labels) -> Node | None:
        """What `name` holds: empty for an empty non-terminal, None where it does not exist."""
        return self.nodes.get(name) or (EMPTY if name in self._owners else None)

    def group(self, key: Key) -> Group:
        """The record sets of a name and type; none for most."""
        name, rdtype = key
        return self.nodes.get(name, EMPTY).get(rdtype, ())

    def is_cut(self, name: Labels) -> bool:
        """Whether another zone begins here: NS below the apex."""
        return name in self._cuts

    def hides(self, name: Labels) -> bool:
        """Whether nothing below is seen: for a cut, or a DNAME."""
        return name in self._hiding

    def reached(self, name: Labels) -> Labels:
        """How far one comes on the way to `name`: a cut, a DNAME, where nothing is, or its end."""
        for at in self._downwards(name):
            if at not in self._owners or at in self._hiding:
                return at
        return name

    def _downwards(self, name: Labels) -> Iterator[Labels]:
        """Every name from the origin down to `name`, both included; none outside the origin."""
        if self.contains(name):
            for depth in range(len(name) - len(self._apex), -1, -1):
                yield name[depth:]


def nodes_of(record_sets: Iterable[RecordSet]) -> dict[Labels, dict[RdataType, Group]]:
    """The nodes that record sets make up, in the order in which they first appear."""
    lists: dict[Labels, dict[RdataType, list[RecordSet]]] = {}
    for each in record_sets:
        lists.setdefault(folded(each.name), {}).setdefault(each.type, []).append(each)
    return {
        name: {rdtype: tuple(members) for rdtype, members in node.items()}
        for name, node in lists.items()
    }
