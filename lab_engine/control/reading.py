"""Change batches, read: from JSON to changes whose record sets are whole.

First the form (`schema`), then what a change must have beside what, then how large the batch is,
then the names and values. Each of these finds all of its faults; nothing here looks at a zone.
"""

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from dns.rdata import Rdata
from dns.rdatatype import RdataType

from lab_engine.authority.apitext import value_of
from lab_engine.authority.awsjson import Reader
from lab_engine.authority.cidr import Collections
from lab_engine.authority.declared import by_element
from lab_engine.authority.elements import Element, parsed
from lab_engine.authority.forms import structure
from lab_engine.authority.policies import CidrLocation
from lab_engine.authority.records import as_type
from lab_engine.authority.recordset import RecordSet
from lab_engine.control.account import MAX_RECORD_SETS
from lab_engine.control.refusal import Fault, Refusal
from lab_engine.control.schema import faults
from lab_engine.control.values import duplicate_fault, is_plain, name_fault, value_fault
from lab_engine.errors import ZoneError

MAX_RECORDS = 1000  # ResourceRecord elements of a batch; an alias counts as one, UPSERT doubles
MAX_CHARACTERS = 32_000  # of all values of a batch; UPSERT doubles
_CONTENT = "[AliasTarget, all of [TTL, and ResourceRecords], or TrafficPolicyInstanceId]"


@dataclass(frozen=True)
class Known:
    """What is known around a zone when a batch is judged.

    Attributes:
        zone_id: its own id, as aliases name it; empty where it has none, and none is judged.
        health_checks: ids of the health checks there are; None judges none.
        collections: CIDR collections, with their blocks.
        max_record_sets: how many the zone may hold.
    """

    zone_id: str = ""
    health_checks: Container[str] | None = None
    collections: Collections | None = None
    max_record_sets: int = MAX_RECORD_SETS


class Change(NamedTuple):
    """One change of a batch.

    Attributes:
        action: CREATE, UPSERT or DELETE.
        record_set: what is made, or what is to go.
    """

    action: str
    record_set: RecordSet


def read(batch: str | Mapping[str, Any], known: Known | None = None) -> tuple[Change, ...]:
    """The changes of a batch.

    Args:
        batch: JSON text, or the object it stands for, as the AWS CLI and boto3 take it; also with
            `HostedZoneId` and `ChangeBatch` around it.
        known: for the blocks of IP-based routing.

    Raises:
        Refusal: InvalidInput for its form, InvalidChangeBatch for its size, names and values.
    """
    body_ = body(batch)
    refuse("InvalidInput", faults(body_, structure("ChangeBatch"), "ChangeBatch"))
    changes: Sequence[Mapping[str, Any]] = body_["Changes"]
    refuse("InvalidInput", (fault for each in changes for fault in _request_faults(each)))
    refuse("InvalidChangeBatch", _size_faults(changes))
    found: list[Fault] = []
    collections = (known or Known()).collections or Collections()
    made = [_change(each, collections, found) for each in changes]
    refuse("InvalidChangeBatch", found)
    return tuple(each for each in made if each)


def refuse(code: str, found: Iterable[Fault]) -> None:
    """Raise a refusal, unless nothing was found."""
    all_of_them = tuple(found)
    if all_of_them:
        raise Refusal(code, all_of_them)


def body(batch: str | bytes | bytearray | Mapping[str, Any]) -> Mapping[str, Any]:
    """A batch as an object, without what may be around it. Raises Refusal where it is none."""
    if isinstance(batch, bytes | bytearray):
        raise Refusal("InvalidInput", [Fault("the change batch is octets", "Decode it first.")])
    try:
        outer = parsed(batch, "the change batch")
    except ZoneError as wrong:  # clients turn such text away themselves
        raise Refusal("InvalidInput", [_told(wrong)]) from wrong
    inner = outer.get("ChangeBatch")
    return inner if isinstance(inner, Mapping) else outer


def _request_faults(change: Mapping[str, Any]) -> Iterator[Fault]:
    """What a change must have exactly one of, and what goes with it."""
    given = change["ResourceRecordSet"]
    identifier = given.get("SetIdentifier", "null")
    where = (
        f"in Change with [Action={change['Action']}, Name={given['Name']}, "
        f"Type={given['Type']}, SetIdentifier={identifier}]"
    )
    content = _number_found(_contents(given))
    if content:
        text = f"Invalid request: Expected exactly one of {_CONTENT}, but found {content} {where}"
        yield Fault(text, "Give either AliasTarget, or TTL together with ResourceRecords.")
    known = [*by_element()]
    policies = [name for name in known if given.get(name, False) is not False]
    if policies and "SetIdentifier" not in given:
        text = f"Invalid request: Missing field 'SetIdentifier' {where}"
        yield Fault(text, "Give it a SetIdentifier that no other of its group has.")
    policy = _number_found([True] * len(policies)) if policies or "SetIdentifier" in given else ""
    if policy:
        choice = f"[{', '.join(known[:-1])}, or {known[-1]}]"
        text = f"Invalid request: Expected exactly one of {choice}, but found {policy} {where}"
        yield Fault(text, "A SetIdentifier goes with one routing policy.")


def _contents(given: Mapping[str, Any]) -> list[bool]:
    """Of each way to have content, whether it is there and whole."""
    ways = (("AliasTarget",), ("TTL", "ResourceRecords"), ("TrafficPolicyInstanceId",))
    begun = [way for way in ways if any(name in given for name in way)]
    return [len(begun) > 1 or all(name in given for name in way) for way in begun]


def _number_found(found: Sequence[bool]) -> str:
    number = sum(found)
    return "none" if number == 0 else "more than one" if number > 1 else ""


def _size_faults(changes: Sequence[Mapping[str, Any]]) -> Iterator[Fault]:
    records = characters = 0
    for change in changes:
        values = change["ResourceRecordSet"].get("ResourceRecords", [{"Value": ""}])
        times = 2 if change["Action"] == "UPSERT" else 1
        records += times * len(values)
        characters += times * sum(len(each["Value"]) for each in values)
    advice = "Split the batch; what is UPSERTed counts twice."
    if records > MAX_RECORDS:
        yield Fault(f"Number of records limit of {MAX_RECORDS} exceeded.", advice)
    if characters > MAX_CHARACTERS:
        yield Fault(f"RDATA character limit of {MAX_CHARACTERS} exceeded.", advice)


def _change(
    change: Mapping[str, Any], collections: Collections, found: list[Fault]
) -> Change | None:
    """A change with its record set; None where a fault was found."""
    given, action = change["ResourceRecordSet"], change["Action"]
    problems: list[ZoneError] = []
    reader = Reader(_AnyLocation() if action == "DELETE" else collections)
    made = reader.record_set(Element(given, f"{given['Name']} {given['Type']}", problems))
    if made is not None and _as_route_53_writes(given, made):
        return Change(action, replace(_lower_case(made), where=""))
    wrong = [*_text_faults(given), *_location_faults(given, reader.collections)]
    found += wrong or [_told(problem) for problem in problems]
    return None


def _as_route_53_writes(given: Mapping[str, Any], made: RecordSet) -> bool:
    """Whether Route 53 takes all that could be read: plain characters, and none twice."""
    texts = [each["Value"] for each in given.get("ResourceRecords", ())]
    names = [given["Name"], given.get("AliasTarget", {}).get("DNSName", "")]
    plain = all(map(is_plain, names)) and all(is_plain(text, " ") for text in texts)
    held = len(made.records.values) if made.records else 0
    return plain and held == len(texts)


class _AnyLocation(Collections):
    """For what is to go: its blocks do not matter, and its collection may be gone."""

    def location(self, collection_id: str, name: str) -> CidrLocation:
        """The location, without blocks."""
        return CidrLocation(collection_id, name)


def _lower_case(record_set: RecordSet) -> RecordSet:
    """The same with names in lower case, as Route 53 keeps them."""
    name, records, alias = record_set.name.canonicalize(), record_set.records, record_set.alias
    return replace(
        record_set,
        name=name,
        records=records and replace(records, name=name),
        alias=alias and replace(alias, name=alias.name.canonicalize()),
    )


def _text_faults(given: Mapping[str, Any]) -> Iterator[Fault]:
    """What is wrong with the names and values of a record set."""
    names = [given["Name"]]
    if "AliasTarget" in given:
        names.append(given["AliasTarget"]["DNSName"])
    for name in names:
        fault = name_fault(name)
        if fault is not None:
            yield fault
    texts = [each["Value"] for each in given.get("ResourceRecords", ())]
    yield from _value_faults(as_type(given["Type"]), texts)


def _value_faults(kind: RdataType, texts: Sequence[str]) -> Iterator[Fault]:
    seen: set[Rdata] = set()
    for text in texts:
        fault = value_fault(kind, text)
        if fault is not None:
            yield fault
            continue
        value = value_of(kind, text)
        if value in seen:
            yield duplicate_fault(text)
        seen.add(value)


def _location_faults(given: Mapping[str, Any], collections: Collections) -> Iterator[Fault]:
    """What is wrong with the location of IP-based routing that a record set names."""
    named = given.get("CidrRoutingConfig")
    if named is None:
        return
    try:
        collections.location(named["CollectionId"], named["LocationName"])
    except ZoneError as wrong:  # unverified: Route 53's words
        advice = "Create the collection and give the location its blocks first."
        yield Fault(f"{wrong.value} {wrong.rule}", advice)


def _told(wrong: ZoneError) -> Fault:
    # unverified: what the readers of files have against it
    return Fault(f"{wrong.value}: {wrong.rule}", wrong.remedy)
