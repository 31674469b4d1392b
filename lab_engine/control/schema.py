"""The form of a change batch, checked as Route 53's XML schema checks it, in a validator's words.

Only form: which elements there are, their lengths, ranges and choices. A batch that passes can be
read without surprises; what it means is judged in `changes`. Forms and limits are those of the API
reference (2013-04-01).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from lab_engine.authority.availability import LEVELS
from lab_engine.authority.awsjson import TYPES
from lab_engine.authority.geo import REGIONS
from lab_engine.authority.records import MAX_TTL
from lab_engine.control.pasted import bare
from lab_engine.control.refusal import Fault
from lab_engine.control.xsd import IN_XML, incomplete, unexpected


@dataclass(frozen=True)
class Text:
    """Characters: a length, or a choice of few."""

    type: str
    longest: int = 1024
    shortest: int = 0
    choices: tuple[str, ...] = ()


@dataclass(frozen=True)
class Number:
    """A whole number in a range."""

    type: str
    low: int
    high: int


@dataclass(frozen=True)
class Flag:
    """True or false."""


@dataclass(frozen=True)
class Anything:
    """What is judged elsewhere."""


@dataclass(frozen=True)
class Items:
    """A list of one or more."""

    name: str
    form: "Form"


@dataclass(frozen=True)
class Structure:
    """Elements by name, of which some must be there."""

    fields: Mapping[str, "Form"]
    required: tuple[str, ...] = ()


Form = Text | Number | Flag | Anything | Items | Structure

_NAME = Text("DNSName")
_IDS = ("ResourceId", "HealthCheckId", "UUID", "TagResourceId")
_COORDINATES = Structure({"Latitude": Text("Latitude", 6, 1), "Longitude": Text("Longitude", 7, 1)})
RECORD_SET = Structure(
    {
        "Name": _NAME,
        "Type": Text("RRType", choices=TYPES),
        "SetIdentifier": Text("ResourceRecordSetIdentifier", 128, 1),
        "Weight": Number("ResourceRecordSetWeight", 0, 255),
        "Region": Text("ResourceRecordSetRegion", choices=tuple(REGIONS)),
        "GeoLocation": Structure(
            {
                "ContinentCode": Text("GeoLocationContinentCode", 2, 2),
                "CountryCode": Text("GeoLocationCountryCode", 2, 1),
                "SubdivisionCode": Text("GeoLocationSubdivisionCode", 3, 1),
            }
        ),
        "Failover": Text("ResourceRecordSetFailover", choices=("PRIMARY", "SECONDARY")),
        "MultiValueAnswer": Flag(),
        "TTL": Number("TTL", 0, MAX_TTL),
        "ResourceRecords": Items(
            "ResourceRecord", Structure({"Value": Text("RData", 4000)}, ("Value",))
        ),
        "AliasTarget": Structure(
            {
                "HostedZoneId": Text("ResourceId", 32),
                "DNSName": _NAME,
                "EvaluateTargetHealth": Flag(),
            },
            ("HostedZoneId", "DNSName", "EvaluateTargetHealth"),
        ),
        "HealthCheckId": Text("HealthCheckId", 64),
        "TrafficPolicyInstanceId": Text("TrafficPolicyInstanceId", 36, 1),
        "CidrRoutingConfig": Structure(
            {
                "CollectionId": Text("UUID"),
                "LocationName": Text("CidrLocationNameDefaultAllowed", 16, 1),
            },
            ("CollectionId", "LocationName"),
        ),
        "GeoProximityLocation": Structure(
            {
                "AWSRegion": Text("AWSRegion", 64, 1),
                "LocalZoneGroup": Text("LocalZoneGroup", 64, 1),
                "Coordinates": _COORDINATES,
                "Bias": Number("Bias", -99, 99),
            }
        ),
        "AZAffinity": Structure(
            {
                "LocationType": Text("AZAffinityLocationType", choices=tuple(LEVELS)),
                "LocationId": Text("AZAffinityLocationId", 64, 1),
            },
            ("LocationType", "LocationId"),
        ),
    },
    ("Name", "Type"),
)
CHANGE_BATCH = Structure(
    {
        "Comment": Text("ResourceDescription", 256),
        "Changes": Items(
            "Change",
            Structure(
                {
                    "Action": Text("ChangeAction", choices=("CREATE", "DELETE", "UPSERT")),
                    "ResourceRecordSet": RECORD_SET,
                },
                ("Action", "ResourceRecordSet"),
            ),
        ),
    },
    ("Changes",),
)


def faults(value: Any, form: Form, name: str) -> Iterator[Fault]:
    """What is wrong with the form of a value.

    Args:
        value: as JSON or boto3 gives it.
        form: what it should be.
        name: of the element that holds it.
    """
    match form:
        case Structure():
            yield from _structure_faults(value, form, name)
        case Items():
            yield from _items_faults(value, form, name)
        case Number():
            yield from _number_faults(value, form, name)
        case Flag():
            if not isinstance(value, bool):
                yield _datatype(value, "boolean", f"Give {name} as true or false.")
        case Text():
            yield from _text_faults(value, form, name)


def _structure_faults(value: Any, form: Structure, name: str) -> Iterator[Fault]:
    if not isinstance(value, Mapping):
        yield _datatype(value, name, f"Give {name} as an object in braces.")
        return
    for key in value:
        if key not in form.fields:
            yield unexpected(key, form.fields, f"{name} knows no {key}: leave it out.")
    for key in form.required:
        if key not in value:
            yield incomplete(name, [key])
    for key, inner in form.fields.items():
        if key in value:
            yield from faults(value[key], inner, key)


def _items_faults(value: Any, form: Items, name: str) -> Iterator[Fault]:
    if not isinstance(value, list | tuple):
        yield _datatype(value, name, f"Give {name} as a list.")
    elif not value:
        yield incomplete(name, [form.name])
    else:
        for each in value:
            yield from faults(each, form.form, form.name)


def _number_faults(value: Any, form: Number, name: str) -> Iterator[Fault]:
    advice = f"Give {name} as a whole number from {form.low} to {form.high}."
    if not isinstance(value, int) or isinstance(value, bool):
        yield _datatype(value, "integer", advice)
    elif value > form.high:
        yield Fault(IN_XML.most.format(value=value, limit=form.high, type=form.type), advice)
    elif value < form.low:
        yield Fault(IN_XML.least.format(value=value, limit=form.low, type=form.type), advice)


def _text_faults(value: Any, form: Text, name: str) -> Iterator[Fault]:
    if not isinstance(value, str):
        yield _datatype(value, "string", f"Give {name} as text.")
        return
    if form.choices:
        if value not in form.choices:
            choices = ", ".join(form.choices)
            text = IN_XML.enum.format(value=value, limit=choices)
            yield Fault(text, f"Choose {name} among {choices}.")
        return
    about = {"value": value, "length": len(value), "type": form.type}
    pasted = bare(name, value) if form.type in _IDS else ""
    advice = pasted or f"Give {name} {form.shortest} to {form.longest} characters."
    if len(value) > form.longest:
        yield Fault(IN_XML.longest.format(limit=form.longest, **about), advice)
    elif len(value) < form.shortest:
        yield Fault(IN_XML.shortest.format(limit=form.shortest, **about), advice)


def _datatype(value: Any, kind: str, advice: str) -> Fault:
    # clients turn such values away before they become XML
    return Fault(IN_XML.type.format(value=value, limit=kind), advice)
