"""A zone: the names that exist, and what they hold.

Reading files is the part of `masterfile` and `awsjson`, checking records together that of `checks`;
here they are indexed. A zone never changes. An edit makes another zone, and whoever serves it swaps
one for the other, so that nobody sees half a change.
"""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, Self, cast

import dns.name
from dns.name import Name
from dns.rdatatype import RdataType

from lab_engine.authority import awsjson, cidr, masterfile
from lab_engine.authority.checks import problems
from lab_engine.authority.elements import text_of
from lab_engine.authority.records import RRset, as_name
from lab_engine.authority.recordset import Group, RecordSet, as_record_set
from lab_engine.errors import Choice, ZoneError, ZoneProblemsError

SOA_TTL = 900  # Route 53's own default, and so its negative TTL
NS_TTL = 172800
Node = Mapping[RdataType, Group]


class Forgiving(Choice):
    """What a server does that has loaded a CNAME beside other data, which the RFCs forbid."""

    EXACT_FIRST = "exact_first"
    """Answers the type asked for where it is there, and the CNAME for every other."""
    RFC_1034 = "rfc1034"
    """Answers the CNAME whatever is asked: section 4.3.2 step 3a, taken by the letter."""


class Zone:
    """The record sets at and below one origin, indexed by name.

    Attributes:
        origin: the apex, absolute.
        record_sets: every one, in the order given.
        forgiving: how a CNAME beside other data is answered; None refuses to load it.
    """

    def __init__(
        self,
        origin: Name,
        record_sets: Iterable[RecordSet | RRset],
        forgiving: Forgiving | str | None = None,
    ) -> None:
        self.origin = origin
        self.forgiving = None if forgiving is None else Forgiving(forgiving)
        self.record_sets = tuple(as_record_set(each) for each in record_sets)
        self._nodes = _index(self.record_sets)
        found = problems(origin, self._nodes, forgiving=forgiving is not None)
        if found:
            raise ZoneProblemsError(found)
        self._soa = cast("RRset", self._nodes[origin][RdataType.SOA][0].records)
        self._names = _existing_names(origin, self._nodes)

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
        held = {each.type for each in given if each.name == apex}
        return cls(apex, [*(_default(apex, held)), *given], forgiving)

    @classmethod
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
            origin: the apex, unless the text begins with `$ORIGIN`.
            source: what errors call the text.
            forgiving: loads what the RFCs forbid, to show why they do.

        Raises:
            ZoneError: with the line number, what is wrong and what to do.
        """
        apex, found = masterfile.read(text, None if origin is None else as_name(origin), source)
        return cls(apex, found, forgiving)

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
        text = text_of(path)
        if text.lstrip().startswith(("{", "[")):
            return cls.from_json(text, origin, str(path), cidr_blocks)
        return cls.from_text(text, origin, str(path), forgiving)

    @classmethod
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
        reading = awsjson.read(given, None if origin is None else as_name(origin), source, known)
        apex, sets = reading.origin, reading.record_sets
        held = {each.type for each in sets if each.name == apex}
        whole = [*map(as_record_set, _default(apex, held)), *sets]
        if reading.problems:
            raise ZoneProblemsError([*reading.problems, *_further(apex, whole, reading.unread)])
        return cls(apex, whole)

    def __iter__(self) -> Iterator[RecordSet]:
        return iter(self.record_sets)

    def __repr__(self) -> str:
        return f"<Zone {self.origin} with {len(self.record_sets)} record sets>"

    def node(self, name: Name) -> Node | None:
        """What `name` holds: empty for an empty non-terminal, None where it does not exist."""
        held = self._nodes.get(name)
        if held is not None:
            return held
        return _EMPTY if name in self._names else None

    def contains(self, name: Name) -> bool:
        """Whether `name` is at or below the origin."""
        return name.is_subdomain(self.origin)

    @property
    def groups(self) -> Iterator[Group]:
        """The record sets of each name and type, in the order of their first."""
        return (group for node in self._nodes.values() for group in node.values())

    @property
    def soa(self) -> RRset:
        """The start of authority, as the apex holds it."""
        return self._soa

    def replaced(self, *record_sets: RecordSet | RRset) -> "Zone":
        """Another zone, with these record sets in the place of those with the same keys, if any.

        Raises:
            ZoneError: the records may not stand together; this zone is as it was.
        """
        mine = {e.key: e for e in (as_record_set(r).completed(self.origin) for r in record_sets)}
        kept = [mine.pop(each.key, each) for each in self.record_sets]
        return Zone(self.origin, [*kept, *mine.values()], self.forgiving)

    def to_text(self) -> str:
        """The zone as a master file, which knows no policies: see `untold` for what it leaves."""
        lines = [f"$ORIGIN {self.origin}"]
        for each in self.record_sets:
            kind = RdataType.to_text(each.type)
            lines += [f"{each.name} {each.ttl} IN {kind} {text}" for text in each.texts]
        return "\n".join(lines) + "\n"


_EMPTY: Node = MappingProxyType({})


def _index(record_sets: tuple[RecordSet, ...]) -> dict[Name, dict[RdataType, Group]]:
    lists: dict[Name, dict[RdataType, list[RecordSet]]] = {}
    for each in record_sets:
        lists.setdefault(each.name, {}).setdefault(each.type, []).append(each)
    return {
        name: {rdtype: tuple(members) for rdtype, members in node.items()}
        for name, node in lists.items()
    }


def _existing_names(origin: Name, nodes: Mapping[Name, Node]) -> frozenset[Name]:
    """Every owner and every empty non-terminal above one (RFC 4592 section 2.2.2)."""
    names: set[Name] = set()
    for owner in nodes:
        name = owner
        while name not in names:
            names.add(name)
            if name == origin:
                break
            name = name.parent()
    return frozenset(names)


def _further(
    apex: Name, record_sets: Iterable[RecordSet], unread: Iterable[RecordSet]
) -> list[ZoneError]:
    """What is wrong besides, where some record sets could not be read: an alias may lead there."""
    if apex == dns.name.root:
        return []
    known = tuple(record_sets)
    there = {(each.name, each.type) for each in known}
    absent = {key: each for each in unread if (key := (each.name, each.type)) not in there}
    return problems(apex, _index((*known, *absent.values())), forgiving=False)


def _default(apex: Name, held: set[RdataType]) -> Iterator[RRset]:
    server, mailbox = (Name([label]).concatenate(apex) for label in (b"ns1", b"hostmaster"))
    if RdataType.SOA not in held:
        yield RRset.of(apex, "SOA", f"{server} {mailbox} 1 7200 900 1209600 86400", SOA_TTL)
    if RdataType.NS not in held:
        yield RRset.of(apex, "NS", str(server), NS_TTL)
