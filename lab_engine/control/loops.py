"""Ways round: CNAMEs and aliases that lead back to where they began.

Route 53 refuses to make one, by a CNAME as by an alias. Only what a batch brings is started from;
a name that answers by a wildcard is followed for aliases, as they are.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from dns.rdatatype import RdataType

from lab_engine.authority.lookup import alias_source
from lab_engine.authority.records import folded
from lab_engine.authority.tree import Key, Tree

Way = dict[Key, Iterator[Key]]
"""The groups on a walk, in its order, each with those that it has still to go on to."""


def loops(starts: Iterable[Key], tree: Tree) -> set[Key]:
    """The groups that lie on a way round which can be reached from these."""
    done: set[Key] = set()
    found: set[Key] = set()
    for start in starts:
        way: Way = {}
        at: Key | None = start
        while at is not None:
            if at in way:
                met = [*way]
                found.update(met[met.index(at) :])
            elif at not in done:
                way[at] = _onward(at, tree)
            at = _step(way, done)
    return found


def _step(way: Way, done: set[Key]) -> Key | None:
    """Where a walk goes next, back out of its dead ends; None where it is over."""
    while way:
        last = next(reversed(way))
        onward = next(way[last], None)
        if onward is not None:
            return onward
        done.add(last)
        del way[last]
    return None


def _onward(key: Key, tree: Tree) -> Iterator[Key]:
    """The groups that the members of a group lead to."""
    rdtype = key[1]
    for member in tree.group(key):
        source = alias_source(member, tree)
        if source is not None:
            yield source, rdtype
        if rdtype is RdataType.CNAME and member.records is not None:
            values: Iterable[Any] = member.records.values  # dnspython types them as any Rdata
            yield from ((folded(value.target), rdtype) for value in values)
