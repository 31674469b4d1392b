"""The aliases of a zone as a graph: which lead to a group, and how far and wide they lead on.

So a change is judged by what it touches: whoever leads there, through however many others, is
looked at again, and nobody else. Not here: the words for what is wrong (`checks`).
"""

from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import NamedTuple

from lab_engine.authority.lookup import alias_source
from lab_engine.authority.records import Labels, folded
from lab_engine.authority.recordset import Group, RecordSet
from lab_engine.authority.tree import EMPTY, Key, Tree

MAX_ALIASES = 32  # in a row; [design], so that every walk ends soon


class Aliases:
    """Which groups have aliases to a group. Never changes; a changed tree has another."""

    def __init__(self, leading: Mapping[Key, tuple[Key, ...]] = MappingProxyType({})) -> None:
        self._leading = leading

    def unsettled(self, before: Tree, after: Tree, names: Iterable[Labels]) -> list[Key]:
        """The groups from which aliases may lead elsewhere, or further on elsewhere, than before.

        Args:
            before: where all is well.
            after: the same, but for what these names hold.
            names: those that hold something else now.
        """
        keys = [key for name in names for key in self._bent(before, after, name)]
        if self._leading:
            keys += self._overshadowed(before, after, names)
            keys += self._cut_off(before, after, names)
        found: dict[Key, None] = {}
        for key in keys:  # which grows meanwhile
            if key not in found:
                found[key] = None
                keys += self._leading.get(key, ())
        return list(found)

    def filed(self, keys: Iterable[Key], before: Tree, after: Tree) -> "Aliases":
        """These of the tree after: those of the groups `keys` lead where they do there."""
        less: dict[Key, set[Key]] = {}
        more: dict[Key, list[Key]] = {}
        for key in keys:
            for end in _ends(before.group(key), before):
                less.setdefault(end, set()).add(key)
            for end in dict.fromkeys(_ends(after.group(key), after)):
                more.setdefault(end, []).append(key)
        leading = {**self._leading}
        for end in {**less, **more}:
            gone, come = less.get(end, ()), more.get(end, ())
            leading[end] = (*(key for key in leading.get(end, ()) if key not in gone), *come)
            if not leading[end]:
                del leading[end]
        return Aliases(leading)

    def _bent(self, before: Tree, after: Tree, name: Labels) -> Iterator[Key]:
        """The groups of a name that lead elsewhere, or that others lead to and find another."""
        for rdtype in {**before.nodes.get(name, EMPTY), **after.nodes.get(name, EMPTY)}:
            key = (name, rdtype)
            was, now = (_shape(tree.group(key)) for tree in (before, after))
            if was != now and (any(was) or any(now) or key in self._leading):
                yield key

    def _overshadowed(self, before: Tree, after: Tree, names: Iterable[Labels]) -> Iterator[Key]:
        """The groups that lead to a wildcard, and now to a name that begins to exist beside it."""
        reached = {before.reached(name) for name in names}
        begun = {at for at in reached if after.exists(at) and not before.exists(at)}
        for source in {(b"*", *at[1:]) for at in begun}:
            for rdtype in before.nodes.get(source, EMPTY):
                for key in self._leading.get((source, rdtype), ()):
                    ends = filter(None, _shape(before.group(key)))
                    if any(end[-len(source) :] in begun for end in ends):
                        yield key

    def _cut_off(self, before: Tree, after: Tree, names: Iterable[Labels]) -> Iterator[Key]:
        """The groups that others lead to, hidden now by a cut or a DNAME at or above them."""
        cuts = {name for name in names if after.hides(name) and not before.hides(name)}
        depths = {len(cut) for cut in cuts}
        for key in self._leading if cuts else ():
            if any(key[0][-depth:] in cuts for depth in depths):
                yield key


def _shape(group: Group) -> list[Labels | None]:
    """Where each member leads; None for values of its own."""
    return [None if each.alias is None else folded(each.alias.name) for each in group]


def _ends(group: Group, tree: Tree) -> list[Key]:
    """The groups that the members lead to; nothing for those with values of their own."""
    keys = [(alias_source(member, tree), member.type) for member in group]
    return [(name, rdtype) for name, rdtype in keys if name and tree.group((name, rdtype))]


class Extent(NamedTuple):
    """How far aliases lead on from a group, and to how many record sets.

    Attributes:
        row: the most aliases that follow one another, this group's own included.
        ways: the ends a walk can have.
    """

    row: int
    ways: int


class Extents:
    """The extents of a tree's groups, each computed once."""

    def __init__(self, tree: Tree) -> None:
        self.tree = tree
        self._known: dict[Key, Extent] = {}
        self._ends: dict[Key, list[Key]] = {}

    def of(self, key: Key) -> Extent | None:
        """The extent of a group; None where more than `MAX_ALIASES` follow one another."""
        return self._within(key, MAX_ALIASES)

    def winding(self, member: RecordSet) -> list[str]:
        """The names from an alias round to its own, or on for too long; none for an honest way."""
        start = (folded(member.name), member.type)
        ways: list[tuple[tuple[Key, ...], list[Key]]] = [((start,), _ends((member,), self.tree))]
        seen: set[Key] = set()
        while ways:
            path, ends = ways.pop()
            for end in ends:
                step = (*path, end)
                if end == start or len(step) > MAX_ALIASES + 1:
                    return [str(self.tree.group(key)[0].name) for key in step]
                if end not in seen:
                    seen.add(end)
                    ways.append((step, self._ends_of(end)))
        return []

    def _within(self, key: Key, most: int) -> Extent | None:
        if most < 0:
            return None
        if key not in self._known:
            found = self._computed(key, most)
            if found is None:
                return None
            self._known[key] = found
        known = self._known[key]
        return known if known.row <= most else None

    def _computed(self, key: Key, most: int) -> Extent | None:
        ends = self._ends_of(key)
        row, ways = 0, len(self.tree.group(key)) - len(ends)
        for end in ends:
            onward = self._within(end, most - 1)
            if onward is None:
                return None
            row, ways = max(row, onward.row + 1), ways + onward.ways
        return Extent(row, ways)

    def _ends_of(self, key: Key) -> list[Key]:
        if key not in self._ends:
            self._ends[key] = _ends(self.tree.group(key), self.tree)
        return self._ends[key]
