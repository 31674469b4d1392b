"""Record sets in the AWS CLI's JSON: a change batch, or what `list-resource-record-sets` prints.

Read like a master file: the apex and the record sets come out, and `Zone` indexes and checks them.
So `zone` imports this module and `changes`, which edits zones, may import both; were reading a part
of `changes`, the arrow between it and `zone` would point both ways. How names and values are
written: see `apitext`.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import MISSING, Field, dataclass, fields
from typing import Any

import dns.name
from dns.name import Name
from dns.rdata import Rdata
from dns.rdatatype import RdataType

from lab_engine.authority.apitext import name_of, text_of, value_of
from lab_engine.authority.cidr import Collections
from lab_engine.authority.declared import by_element
from lab_engine.authority.elements import Element, nearest, parsed
from lab_engine.authority.forms import choices, structure
from lab_engine.authority.geo import Point
from lab_engine.authority.policies import CidrLocation, Policy, Simple
from lab_engine.authority.records import RRset, as_type, distinct
from lab_engine.authority.recordset import AliasTarget, RecordSet
from lab_engine.errors import LabError, ZoneError

PAGING = ("IsTruncated", "NextToken", "NextRecordName", "NextRecordType", "NextRecordIdentifier")
_COORDINATE = re.compile(r"[-+]?[0-9]{1,3}(\.[0-9]{0,2})?")


@dataclass(frozen=True)
class Reading:
    """What a file holds, and what is wrong with it so far.

    Attributes:
        origin: the apex.
        record_sets: those that could be read, with absolute names.
        problems: the mistakes of the others.
        unread: the others, empty: only the name and type of each, as far as they can be told.
    """

    origin: Name
    record_sets: tuple[RecordSet, ...]
    problems: tuple[ZoneError, ...]
    unread: tuple[RecordSet, ...]


def read(
    given: str | Mapping[str, Any],
    origin: Name | None = None,
    source: str = "",
    collections: Collections | None = None,
) -> Reading:
    """The record sets of a JSON text or object.

    Args:
        given: with `Changes`, each CREATE or UPSERT; or with `ResourceRecordSets`.
        origin: the apex; without it the SOA's name, and without one the longest name common to all.
        source: what errors call the file.
        collections: the blocks of IP-based routing.

    Raises:
        ZoneError: nothing can be read at all. Any lesser mistake is in the reading.
    """
    problems: list[ZoneError] = []
    top = Element(parsed(given, source or "the file"), source, problems, ": ")
    elements = _record_elements(top)
    if not elements and not problems:
        raise ZoneError(source or "the file", "holds no record set", "Give it at least one.")
    reader = Reader(collections or Collections())
    made = [found for each in elements if (found := reader.record_set(each)) is not None]
    apex = origin or _origin([*made, *reader.unread])
    if apex is None and not problems:
        rule = "does not say which zone it is: its names have no end in common"
        raise ZoneError(source or "the file", rule, "Name the origin.")
    return Reading(apex or dns.name.root, tuple(made), tuple(problems), tuple(reader.unread))


def _record_elements(top: Element) -> list[Element]:
    if "Changes" in top:
        top.only("Comment", "Changes")
        return [_changed(change) for change in top.elements("Changes")]
    if "ResourceRecordSets" not in top:
        rule = "has neither Changes nor ResourceRecordSets"
        top.wrong(rule, "Give a change batch or the output of list-resource-record-sets.")
        return []
    top.only("ResourceRecordSets", "MaxItems", *PAGING)
    if "NextToken" in top or ("IsTruncated" in top and top.flag("IsTruncated")):
        top.wrong("says that more record sets follow", "List the whole zone.", "ResourceRecordSets")
    return top.elements("ResourceRecordSets")


def _changed(change: Element) -> Element:
    """The record set of a change. To read is not to apply: there is nothing to delete from."""
    change.only("Action", "ResourceRecordSet")
    action = change.text("Action")
    if action == "DELETE":
        rule = "is DELETE, and a file read as a zone has nothing to delete from"
        change.wrong(rule, "Leave it out, or apply the batch to a zone.", "Action")
    elif action not in ("", "CREATE", "UPSERT"):
        change.wrong(f"is {action!r}", nearest(action, ("CREATE", "UPSERT")), "Action")
    return change.inner("ResourceRecordSet")


def _origin(sets: Sequence[RecordSet]) -> Name | None:
    """The SOA's name, or the longest that all others end in; None where that is the root."""
    for each in sets:
        if each.type is RdataType.SOA:
            return each.name
    if not sets:
        return None
    common = sets[0].name
    while not all(each.name.is_subdomain(common) for each in sets):
        common = common.parent()
    # A zone's apex is no CNAME and no wildcard, so the zone begins above these.
    held = {each.type for each in sets if each.name == common}
    if common != dns.name.root and (RdataType.CNAME in held or common.labels[0] == b"*"):
        common = common.parent()
    return None if common == dns.name.root else common


class Reader:
    """From elements to record sets.

    Attributes:
        collections: the blocks of IP-based routing.
        unread: the record sets that had a mistake, without their content.
    """

    def __init__(self, collections: Collections) -> None:
        self.collections = collections
        self.unread: list[RecordSet] = []
        self._policies = by_element()
        self._form = structure("ResourceRecordSet")

    def record_set(self, element: Element) -> RecordSet | None:
        """The record set of an element; None where a mistake was noted."""
        before, element = len(element.problems), element.of(self._form)
        element.only()
        name, kind = _name(element, "Name"), _type(element)
        identifier = element.text("SetIdentifier", "")
        check = element.text("HealthCheckId", "")
        policy = self._policy(element)
        records, alias = _content(element, name, kind)
        if len(element.problems) > before:
            if name != dns.name.root:
                self.unread.append(RecordSet(name, kind, where=element.where))
            return None
        return RecordSet(name, kind, records, alias, policy, identifier, check, element.where)

    def _policy(self, element: Element) -> Policy:
        """The policy whose element is there; its fields are those that the class declares."""
        given = [
            name
            for name, kind in self._policies.items()
            if name in element and (fields(kind) or element.flag(name))
        ]
        if len(given) > 1:
            element.wrong(f"has {' and '.join(given)}", "A record set has one routing policy.")
        if len(given) != 1:
            return Simple()
        kind = self._policies[given[0]]
        declared = fields(kind)
        if not declared:
            return kind()
        if declared[0].name == given[0]:
            return kind(**{given[0]: self._field(element, declared[0])})
        inner = element.inner(given[0])
        inner.only(*(item.name for item in declared))
        needed = (i for i in declared if i.name in inner or i.default is MISSING)
        return kind(**{i.name: self._field(inner, i) for i in needed})

    def _field(self, element: Element, item: Field[Any]) -> Any:
        """The value of one declared field: a location, a point, a whole number or text."""
        if item.name == "CidrRoutingConfig":
            return self._location(element.inner(item.name))
        if item.name == "Coordinates":
            return _point(element.inner(item.name))
        return element.number(item.name) if item.metadata["range"] else element.text(item.name)

    def _location(self, element: Element) -> CidrLocation:
        element.only()
        collection, name = element.text("CollectionId"), element.text("LocationName")
        try:
            if collection and name:
                return self.collections.location(collection, name)
        except ZoneError as wrong:
            element.wrong(f"{wrong.value} {wrong.rule}", wrong.remedy)
        return CidrLocation(collection, name)


def _content(
    element: Element, name: Name, kind: RdataType
) -> tuple[RRset | None, AliasTarget | None]:
    """Records or an alias: exactly one of them."""
    has_records = "TTL" in element or "ResourceRecords" in element
    if has_records == ("AliasTarget" in element):
        found = "both" if has_records else "neither"
        rule = f"has {found} of AliasTarget and TTL with ResourceRecords"
        remedy = "Give exactly one of them."
        if "TrafficPolicyInstanceId" in element and not has_records:
            rule = "is made by a traffic policy, which the lab does not evaluate"
            remedy = "Give the record sets that the policy makes, without it."
        element.wrong(rule, remedy)
    if has_records:
        return _records(element, name, kind), None
    return None, _alias(element.inner("AliasTarget")) if "AliasTarget" in element else None


def _records(element: Element, name: Name, kind: RdataType) -> RRset | None:
    ttl = element.number("TTL")
    found: list[tuple[Rdata, str]] = []
    for each in element.elements("ResourceRecords"):
        each.only()
        text = each.text("Value")
        try:
            if text:
                found.append((value_of(kind, text), text))
        except LabError as wrong:
            each.wrong(f"{wrong.value}: {wrong.rule}", wrong.remedy)
    if not element.items("ResourceRecords") and "ResourceRecords" in element:
        element.wrong("is empty", "Give at least one value.", "ResourceRecords")
    if not found:
        return None
    written = tuple(
        (value, text)
        for value, text in found
        if text.isascii() and text != text_of(value)  # others could not be sent again
    )
    try:
        return RRset(name, kind, ttl, distinct([value for value, _ in found]), written)
    except ZoneError as wrong:
        element.wrong(f"{wrong.value}: {wrong.rule}", wrong.remedy, "TTL")
        return None


def _alias(element: Element) -> AliasTarget:
    element.only()
    zone = element.text("HostedZoneId", shortest=0)  # empty for this zone
    target = _name(element, "DNSName")
    return AliasTarget(target, element.flag("EvaluateTargetHealth"), zone)


def _name(element: Element, field: str) -> Name:
    text = element.text(field)
    try:
        return name_of(text)
    except LabError as wrong:
        element.wrong(f"{wrong.value!r} {wrong.rule}", wrong.remedy, field)
        return dns.name.root


def _type(element: Element) -> RdataType:
    text, known = element.text("Type"), choices("RRType")
    if text in known:
        return as_type(text)
    if text:
        element.wrong(f"{text!r} is no type that Route 53 has", nearest(text, known), "Type")
    return RdataType.A


def _point(element: Element) -> Point | None:
    element.only()
    latitude, longitude = element.text("Latitude"), element.text("Longitude")
    for name, text in (("Latitude", latitude), ("Longitude", longitude)):
        if text and not _COORDINATE.fullmatch(text):
            element.wrong(
                f"{text!r} is not in degrees", "Give up to two decimals, such as 48.86.", name
            )
            return None
    return Point(float(latitude), float(longitude)) if latitude and longitude else None
