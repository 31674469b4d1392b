"""A zone: the record sets at and below one origin, checked together.

Reading files is the part of `masterfile` and `awsjson`, checking that of `checks`, names and what
they hold that of `tree`. A zone never changes. An edit makes another zone, and whoever serves it
swaps one for the other, so that nobody sees half a change.
"""

import gc
from collections.abc import Callable, Iterable, Iterator, Mapping
from copy import copy
from functools import cached_property, wraps
from operator import itemgetter
from pathlib import Path
from types import MappingProxyType
from typing import Any, ParamSpec, Self, TypeVar, cast

import dns.name
from dns.name import Name
from dns.rdatatype import RdataType

from lab_engine.authority import awsjson, cidr, masterfile, memory
from lab_engine.authority.aliases import Aliases
from lab_engine.authority.checks import problems
from lab_engine.authority.edited import Edited, edited
from lab_engine.authority.files import file_text
from lab_engine.authority.records import Labels, RRset, as_name, folded
from lab_engine.authority.recordset import Group, RecordSet, as_record_set
from lab_engine.authority.tree import EMPTY, Node, Tree, nodes_of
from lab_engine.errors import Choice, ZoneError, ZoneProblemsError

P = ParamSpec("P")
Z = TypeVar("Z")
SOA_TTL = 900  # Route 53's own default, and so its negative TTL
NS_TTL = 172800
Key = tuple[Labels, RdataType, str]
"""What makes a record set unique, as `RecordSet.key` does, but quick to hash."""
Numbered = tuple[int, RecordSet]
"""A record set and its place among the others."""


class Forgiving(Choice):
    """What a server does that has loaded a CNAME beside other data, which the RFCs forbid."""

    EXACT_FIRST = "exact_first"
    """Answers the type asked for where it is there, and the CNAME for every other."""
    RFC_1034 = "rfc1034"
    """Answers the CNAME whatever is asked: section 4.3.2 step 3a, taken by the letter."""


def _undisturbed(load: Callable[P, Z]) -> Callable[P, Z]:
    """Load without looks for cyclic garbage: nearly all that is made stays, and each look sees all.

    A quarter of the time of loading 100,000 record sets; garbage is collected afterwards as ever.
    """

    @wraps(load)
    def loading(*args: P.args, **kwargs: P.kwargs) -> Z:
        was_on = gc.isenabled()
        try:  # no context manager: an interrupt between its beginning and this would leave it off
            gc.disable()
            return load(*args, **kwargs)
        finally:
            if was_on:
                gc.enable()

    return loading


class Zone:
    """The record sets at and below one origin, indexed by name.

    Attributes:
        origin: the apex, absolute.
        forgiving: how a CNAME beside other data is answered; None refuses to load it.
        tree: the names that exist, and what they hold.
        left_out: how many records of a file are not served, by their types: those of signed zones.
    """

    left_out: Mapping[RdataType, int] = MappingProxyType({})

    def __init__(
        self,
        origin: Name,
        record_sets: Iterable[RecordSet | RRset],
        forgiving: Forgiving | str | None = None,
    ) -> None:
        self.origin = origin
        self.forgiving = None if forgiving is None else Forgiving(forgiving)
        self.record_sets = tuple(as_record_set(each) for each in record_sets)
        self.tree = Tree(origin)
        self._last = len(self.record_sets)
        self._aliases = Aliases()
        self._take(nodes_of(self.record_sets))

    @classmethod
    def of(
        cls,
        origin: str | Name,
        record_sets: Iterable[RecordSet | RRset],
        forgiving: Forgiving | str | None = None,
    ) -> Self:
        """A zone from Python. Relative names are completed; a missing SOA or NS is supplied.

        Raises:
            ZoneError: records that may not stand in this zone; all of them are listed.
        """
        apex = as_name(origin)
        given = [as_record_set(each).completed(apex) for each in record_sets]
        if not given:
            raise ZoneError(str(apex), "holds no record", "Give it at least one record set.")
        held = _held(apex, given)
        return cls(apex, [*(_default(apex, held)), *given], forgiving)

    @classmethod
    @_undisturbed
    def from_text(
        cls,
        text: str,
        origin: str | Name | None = None,
        source: str = "zone",
        forgiving: Forgiving | str | None = None,
    ) -> Self:
        """A zone from the text of a master file (RFC 1035 section 5).

        Args:
            text: the records; `$INCLUDE` is refused.
            origin: the apex; without it the owner of the first SOA.
            source: what errors call the text.
            forgiving: loads what the RFCs forbid, to show why they do.

        Raises:
            ZoneError: with the line number, what is wrong and what to do.
        """
        apex = None if origin is None else as_name(origin)
        memory.check(text.count("\n"), source)
        reading = masterfile.read(text, apex, source)
        zone = cls(reading.origin, reading.rrsets, forgiving)
        zone.left_out = reading.left_out
        return zone

    @classmethod
    def from_file(
        cls,
        path: str | Path,
        origin: str | Name | None = None,
        forgiving: Forgiving | str | None = None,
        cidr_blocks: str | Mapping[str, Any] | None = None,
    ) -> Self:
        """A zone from a master file, or from the AWS CLI's JSON: its first character tells.

        Raises ZoneError, also where the file cannot be read. The arguments are those of
        `from_text` and `from_json`.
        """
        text = file_text(path)
        if text.lstrip().startswith(("{", "[")):
            return cls.from_json(text, origin, str(path), cidr_blocks)
        return cls.from_text(text, origin, str(path), forgiving)

    @classmethod
    @_undisturbed
    def from_json(
        cls,
        given: str | Mapping[str, Any],
        origin: str | Name | None = None,
        source: str = "",
        cidr_blocks: str | Mapping[str, Any] | None = None,
    ) -> Self:
        """A zone from a change batch, or from what `aws route53 list-resource-record-sets` prints.

        A batch is read, not applied: CREATE and UPSERT give a record set, DELETE is refused. A
        missing SOA or NS is supplied.

        Args:
            given: JSON text, or the object it stands for.
            origin: the apex; without it the SOA's name, or the longest end common to all names.
            source: what errors call it.
            cidr_blocks: the blocks of IP-based routing, as `cidr.read` takes them.

        Raises:
            ZoneError: every mistake, each with its element; nothing is loaded.
        """
        known = cidr.read(cidr_blocks)
        memory.check(given.count('"Type"') if isinstance(given, str) else 0, source)
        reading = awsjson.read(given, None if origin is None else as_name(origin), source, known)
        apex, sets = reading.origin, reading.record_sets
        held = _held(apex, sets)
        whole = [*map(as_record_set, _default(apex, held)), *sets]
        if reading.problems:
            raise ZoneProblemsError([*reading.problems, *_further(apex, whole, reading.unread)])
        return cls(apex, whole)

    def __iter__(self) -> Iterator[RecordSet]:
        return iter(self.record_sets)

    def __repr__(self) -> str:
        return f"<Zone {self.origin} with {self.size} record sets>"

    @cached_property
    def record_sets(self) -> tuple[RecordSet, ...]:
        """Every one, in the order given; those that came later behind them."""
        return tuple(each for _, each in self._by_key.values())

    @cached_property
    def _by_key(self) -> dict[Key, Numbered] | Edited[Key, Numbered]:
        return {key_of(each): (number, each) for number, each in enumerate(self.record_sets)}

    @cached_property
    def addresses(self) -> frozenset[str]:
        """Every address that an A or AAAA record set holds, as it is written."""
        return _addresses(self.record_sets)

    @cached_property
    def by_client(self) -> bool:
        """Whether some answers depend on where the client is."""
        return _by_client(self.record_sets)

    @cached_property
    def by_peer(self) -> bool:
        """Whether some depend on where a question comes from, whomever it is for."""
        return _by_peer(self.record_sets)

    @cached_property
    def check_ids(self) -> frozenset[str]:
        """The ids of the health checks that record sets name."""
        return _check_ids(self.record_sets)

    @cached_property
    def alias_sets(self) -> tuple[RecordSet, ...]:
        """The record sets that are aliases."""
        return _alias_sets(self.record_sets)

    @property
    def size(self) -> int:
        """How many record sets there are."""
        return len(self._by_key)

    def node(self, name: Name) -> Node | None:
        """What `name` holds: empty for an empty non-terminal, None where it does not exist."""
        return self.tree.node(folded(name))

    def contains(self, name: Name) -> bool:
        """Whether `name` is at or below the origin."""
        return self.tree.contains(folded(name))

    @property
    def groups(self) -> Iterator[Group]:
        """The record sets of each name and type, in the order of their first."""
        for each in self.record_sets:
            group = self.tree.group((folded(each.name), each.type))
            if group[0] is each:
                yield group

    @property
    def soa(self) -> RRset:
        """The start of authority, as the apex holds it."""
        return self._soa

    def replaced(self, *record_sets: RecordSet | RRset) -> "Zone":
        """Another zone, with these record sets in the place of those with the same keys, if any.

        Raises:
            ZoneError: the records may not stand together; this zone is as it was.
        """
        return self.changed(
            (), (as_record_set(each).completed(self.origin) for each in record_sets)
        )

    def changed(self, removed: Iterable[RecordSet], added: Iterable[RecordSet]) -> "Zone":
        """Another zone without some record sets and with others: what they touch is checked anew.

        Args:
            removed: their keys alone count; what this zone does not hold is passed over.
            added: with absolute names. One with the key of another takes its place, also where
                that is removed; of several with one key the last. The others come last.

        Raises:
            ZoneError: the records may not stand together; this zone is as it was.
        """
        new = {key_of(each): each for each in added}
        gone = [key for key in map(key_of, removed) if key not in new]
        names = dict.fromkeys(name for name, *_ in (*gone, *new))
        before = {key_of(each): each for each in self._at(names)}
        after = edited(before, gone, new)
        zone: Zone = copy(self)
        zone._last += len(new)
        numbered = enumerate(new.items(), self._last + 1)
        placed = {key: (self._number(key, number), each) for number, (key, each) in numbered}
        zone._by_key = edited(self._by_key, gone, placed)
        vars(zone).pop("record_sets", None)
        for fact, of in FACTS.items():
            if of(before.values()) != of(after.values()):
                vars(zone).pop(fact, None)
        zone._take({**dict.fromkeys(names, EMPTY), **nodes_of(after.values())})
        return zone

    def _at(self, names: Iterable[Labels]) -> list[RecordSet]:
        """What some names hold, in the order of the zone."""
        groups = (group for name in names for group in self.tree.nodes.get(name, EMPTY).values())
        placed = (self._by_key[key_of(member)] for group in groups for member in group)
        return [each for _, each in sorted(placed, key=itemgetter(0))]

    def _number(self, key: Key, new: int) -> int:
        """The number of a record set that stands in the place of another, or a new one."""
        known = self._by_key.get(key)
        return new if known is None else known[0]

    def _take(self, nodes: Mapping[Labels, Node]) -> None:
        """Become the zone of other record sets: `nodes` are those that differ from now."""
        before, self.tree = self.tree, self.tree.changed(nodes)
        keys = self._aliases.unsettled(before, self.tree, nodes)
        found = problems(self.tree, nodes, keys, forgiving=self.forgiving is not None)
        if found:
            raise ZoneProblemsError(found)
        self._aliases = self._aliases.filed(keys, before, self.tree)
        self._soa = cast("RRset", self.tree.group((folded(self.origin), RdataType.SOA))[0].records)

    def to_text(self) -> str:
        """The zone as a master file, its policies in comments (`control.writing.untold`)."""
        return masterfile.written(self.origin, self.record_sets)


def key_of(record_set: RecordSet) -> Key:
    """The key of a record set."""
    return folded(record_set.name), record_set.type, record_set.set_identifier


def _addresses(record_sets: Iterable[RecordSet]) -> frozenset[str]:
    held = (each.texts for each in record_sets if each.type in (RdataType.A, RdataType.AAAA))
    return frozenset[str]().union(*held)


def _by_client(record_sets: Iterable[RecordSet]) -> bool:
    return any(each.policy.by_place or each.policy.by_network for each in record_sets)


def _by_peer(record_sets: Iterable[RecordSet]) -> bool:
    return any(each.policy.by_peer for each in record_sets)


def _check_ids(record_sets: Iterable[RecordSet]) -> frozenset[str]:
    return frozenset(each.health_check_id for each in record_sets if each.health_check_id)


def _alias_sets(record_sets: Iterable[RecordSet]) -> tuple[RecordSet, ...]:
    return tuple(each for each in record_sets if each.alias is not None)


FACTS: Mapping[str, Callable[[Iterable[RecordSet]], object]] = {
    "addresses": _addresses,
    "by_client": _by_client,
    "by_peer": _by_peer,
    "check_ids": _check_ids,
    "alias_sets": _alias_sets,
}
"""What a zone knows of all its record sets: forgotten only where a change has to do with it."""


def _further(
    apex: Name, record_sets: Iterable[RecordSet], unread: Iterable[RecordSet]
) -> list[ZoneError]:
    """What is wrong besides, where some record sets could not be read: an alias may lead there."""
    if apex == dns.name.root:
        return []
    known = tuple(record_sets)
    there = {(each.name, each.type) for each in known}
    absent = {key: each for each in unread if (key := (each.name, each.type)) not in there}
    nodes = nodes_of((*known, *absent.values()))
    before, tree = Tree(apex), Tree(apex).changed(nodes)
    return problems(tree, nodes, Aliases().unsettled(before, tree, nodes), forgiving=False)


def _held(apex: Name, record_sets: Iterable[RecordSet]) -> set[RdataType]:
    needed = (each for each in record_sets if each.type in (RdataType.SOA, RdataType.NS))
    return {each.type for each in needed if each.name == apex}


def _default(apex: Name, held: set[RdataType]) -> Iterator[RRset]:
    if RdataType.SOA not in held:
        names = f"{_below(apex, b'ns1')} {_below(apex, b'hostmaster')}"
        yield RRset.of(apex, "SOA", f"{names} 1 7200 900 1209600 86400", SOA_TTL)
    if RdataType.NS not in held:
        yield RRset.of(apex, "NS", str(_below(apex, b"ns1")), NS_TTL)


def _below(apex: Name, label: bytes) -> Name:
    try:
        return Name([label]).concatenate(apex)
    except dns.name.NameTooLong as wrong:
        rule = "leaves no room for the name of a server below it"
        raise ZoneError(str(apex), rule, "Give the zone an SOA and an NS of its own.") from wrong
