"""A zone: the names that exist, and what they hold.

Reading master files is `masterfile`'s part; here the records are checked together and indexed.
A zone never changes. An edit makes another zone, and whoever serves it swaps one for the other,
so that nobody sees half a change.
"""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Self

import dns.name
import dns.rdata
from dns.name import Name
from dns.rdataclass import IN
from dns.rdatatype import RdataType

from lab_engine.authority import masterfile
from lab_engine.authority.records import RRset, as_name
from lab_engine.errors import ZoneError

SOA_TTL = 900  # Route 53's own default, and so its negative TTL
NS_TTL = 172800
Node = Mapping[RdataType, RRset]


class Zone:
    """The records at and below one origin, indexed by name.

    Attributes:
        origin: the apex, absolute.
        rrsets: every RRset, in the order given.
    """

    def __init__(self, origin: Name, rrsets: Iterable[RRset]) -> None:
        self.origin = origin
        self.rrsets = tuple(rrsets)
        self._nodes = _index(origin, self.rrsets)
        _check(origin, self._nodes)
        self._names = _existing_names(origin, self._nodes)

    @classmethod
    def of(cls, origin: str | Name, rrsets: Iterable[RRset]) -> Self:
        """A zone from Python. Relative names are completed; a missing SOA or NS is supplied.

        Raises:
            ZoneError: a record outside the zone, a duplicate, or one that RFC 1034 forbids.
        """
        apex = as_name(origin)
        given = [_completed(rrset, apex) for rrset in rrsets]
        if not given:
            raise ZoneError(str(apex), "holds no record", "Give it at least one RRset.")
        held = {rrset.type for rrset in given if rrset.name == apex}
        return cls(apex, [*(_default(apex, held)), *given])

    @classmethod
    def from_text(cls, text: str, origin: str | Name | None = None, source: str = "zone") -> Self:
        """A zone from the text of a master file (RFC 1035 section 5).

        Args:
            text: the records; `$INCLUDE` is refused.
            origin: the apex, unless the text begins with `$ORIGIN`.
            source: what errors call the text.

        Raises:
            ZoneError: with the line number, what is wrong and what to do.
        """
        apex, rrsets = masterfile.read(text, None if origin is None else as_name(origin), source)
        return cls(apex, rrsets)

    @classmethod
    def from_file(cls, path: str | Path, origin: str | Name | None = None) -> Self:
        """A zone from a master file. Raises ZoneError, also where the file cannot be read."""
        try:
            text = Path(path).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as wrong:
            raise ZoneError(
                str(path), f"cannot be read: {wrong}", "Name a readable UTF-8 text file."
            ) from wrong
        return cls.from_text(text, origin, source=str(path))

    def __iter__(self) -> Iterator[RRset]:
        return iter(self.rrsets)

    def __repr__(self) -> str:
        return f"<Zone {self.origin} with {len(self.rrsets)} RRsets>"

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
    def soa(self) -> RRset:
        """The start of authority, as the apex holds it."""
        return self._nodes[self.origin][RdataType.SOA]

    def replaced(self, rrset: RRset) -> "Zone":
        """Another zone, with this RRset instead of the one of the same name and type, if any."""
        mine = _completed(rrset, self.origin)
        key = (mine.name, mine.type)
        rest = [other for other in self.rrsets if (other.name, other.type) != key]
        return Zone(self.origin, [*rest, mine])

    def to_text(self) -> str:
        """The zone as a master file that `from_text` reads back equal."""
        lines = [f"$ORIGIN {self.origin}"]
        for rrset in self.rrsets:
            kind = RdataType.to_text(rrset.type)
            lines += [f"{rrset.name} {rrset.ttl} IN {kind} {text}" for text in rrset.texts]
        return "\n".join(lines) + "\n"


_EMPTY: Node = MappingProxyType({})


def _index(origin: Name, rrsets: tuple[RRset, ...]) -> dict[Name, dict[RdataType, RRset]]:
    nodes: dict[Name, dict[RdataType, RRset]] = {}
    for rrset in rrsets:
        if not rrset.name.is_subdomain(origin):
            raise ZoneError(
                str(rrset.name), f"lies outside the zone {origin}", "Load it with its own zone."
            )
        node = nodes.setdefault(rrset.name, {})
        if rrset.type in node:
            raise ZoneError(
                f"{rrset.name} {RdataType.to_text(rrset.type)}",
                "is given twice",
                "Put all its values into one RRset.",
            )
        node[rrset.type] = rrset
    return nodes


def _check(origin: Name, nodes: Mapping[Name, Node]) -> None:
    apex = nodes.get(origin, _EMPTY)
    for needed in (RdataType.SOA, RdataType.NS):
        if needed not in apex:
            raise ZoneError(
                str(origin),
                f"has no {RdataType.to_text(needed)} record at its apex",
                "Every zone begins with one SOA and at least one NS (RFC 1035 section 5.2).",
            )
    for name, node in nodes.items():
        for kind in (RdataType.SOA, RdataType.CNAME):
            if kind in node and len(node[kind].values) > 1:
                raise ZoneError(
                    f"{name} {RdataType.to_text(kind)}",
                    "has more than one value",
                    "A name has one SOA or one CNAME at most (RFC 2181 section 10.1).",
                )
        if RdataType.CNAME in node and len(node) > 1:
            others = ", ".join(sorted(RdataType.to_text(t) for t in node if t != RdataType.CNAME))
            raise ZoneError(
                f"{name} CNAME",
                f"stands beside {others}",
                "A CNAME allows nothing else at its name (RFC 1034 section 3.6.2).",
            )


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


def _default(apex: Name, held: set[RdataType]) -> Iterator[RRset]:
    if RdataType.SOA not in held:
        text = f"ns1.{apex} hostmaster.{apex} 1 7200 900 1209600 86400"
        yield RRset.of(apex, "SOA", text, SOA_TTL)
    if RdataType.NS not in held:
        yield RRset.of(apex, "NS", f"ns1.{apex}", NS_TTL)


def _completed(rrset: RRset, origin: Name) -> RRset:
    """`rrset` with its owner, and the names in its values, made absolute."""
    try:
        name = rrset.name.derelativize(origin)
    except dns.name.NameTooLong as wrong:
        raise ZoneError(
            str(rrset.name), "is over 255 octets under this zone", "Shorten it."
        ) from wrong
    values = tuple(
        dns.rdata.from_text(IN, rrset.type, value.to_text(), origin, relativize=False)
        for value in rrset.values
    )
    return RRset(name, rrset.type, rrset.ttl, values)
