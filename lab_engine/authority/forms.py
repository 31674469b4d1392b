"""The forms of Route 53's requests: what there may be, and its lengths, ranges and choices.

One description for all who read requests or files: `requests.json`, a table of botocore's model
that `make lock` writes; what the classes of policies declare beside it; and the few places where
the lab differs. No words: those for the API are in `control`, those for files in `elements`.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import MISSING, dataclass, field, fields, replace
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any

from lab_engine.authority import policies
from lab_engine.authority.declared import numbers
from lab_engine.authority.policies import Policy

NOTHING: Mapping[str, Any] = MappingProxyType({})
DIFFERENT: Mapping[str, Mapping[str, Any]] = {
    "UUID": {"max": 1024, "pattern": ""},  # a file's owner chooses the ids of collections
    "VPCRegion": {"enum": ()},  # the lab does not care which there are
    "CloudWatchRegion": {"enum": ()},
    "AZAffinity": {"required": ("LocationType", "LocationId")},
    "Tag": {"required": ("Key",)},
    "TagKey": {"min": 1},
}
"""Where the lab has another facet than the model, by shape."""
UNBOUNDED = 2**63 - 1


@dataclass(frozen=True)
class Text:
    """Characters: a length, a choice of few, a pattern. `type` is the name of the shape."""

    type: str
    longest: int = UNBOUNDED
    shortest: int = 0
    choices: tuple[str, ...] = ()
    pattern: str = ""


@dataclass(frozen=True)
class Number:
    """A whole number in a range; its kind is `integer` or `long`."""

    type: str
    low: int
    high: int
    kind: str = "integer"


@dataclass(frozen=True)
class Flag:
    """True or false."""


@dataclass(frozen=True)
class Anything:
    """What is judged elsewhere."""


@dataclass(frozen=True)
class Items:
    """A list; `name` is that of its items."""

    name: str
    form: "Form"
    least: int = 1
    most: int = UNBOUNDED


@dataclass(frozen=True)
class Structure:
    """Elements by name, of which some must be there.

    Attributes:
        type: the name of the shape.
        fields: in the order of the schema.
        required: those that must be there.
        places: of a request, what does not stand in the body: where, and as what.
    """

    type: str
    fields: Mapping[str, "Form"]
    required: tuple[str, ...] = ()
    places: Mapping[str, tuple[str, str]] = field(default_factory=lambda: NOTHING)


Scalar = Text | Number | Flag
Form = Scalar | Anything | Items | Structure


@cache
def _table() -> Mapping[str, Mapping[str, Any]]:
    """The model's, as it was written down."""
    text = (files(__package__) / "requests.json").read_text(encoding="utf-8")
    found: Mapping[str, Mapping[str, Any]] = json.loads(text)
    return found


def request(operation: str) -> Structure:
    """The form of an operation's parameters. Raises KeyError for what is none of Route 53's."""
    return _request(operation, policies.POLICIES)


def structure(shape: str) -> Structure:
    """The form of a structure by its name in the model."""
    return _structure(shape, policies.POLICIES)


@cache
def choices(shape: str) -> tuple[str, ...]:
    """What a text may be, by its name in the model."""
    return tuple(_table()["shapes"][shape]["enum"])


@cache
def _request(operation: str, kinds: tuple[type[Policy], ...]) -> Structure:
    row = _table()["operations"][operation]
    places = {name: (where, called) for name, (where, called) in row["places"].items()}
    return replace(_structure(row["shape"], kinds), places=places)


@cache
def _structure(shape: str, kinds: tuple[type[Policy], ...]) -> Structure:
    row = _row(shape)
    members = {name: _form(inner, kinds) for name, inner in row["members"].items()}
    if shape == "ResourceRecordSet":
        members |= _declared(kinds, members)
    return Structure(shape, members, tuple(row.get("required", ())))


def _row(shape: str) -> Mapping[str, Any]:
    return {**_table()["shapes"][shape], **DIFFERENT.get(shape, NOTHING)}


def _form(shape: str, kinds: tuple[type[Policy], ...]) -> Form:
    """The form of a shape, with the elements of these policies."""
    row = _row(shape)
    match row["type"]:
        case "structure":
            return _structure(shape, kinds)
        case "list":
            least, most = row.get("min", 0), row.get("max", UNBOUNDED)
            return Items(row["item"], _form(row["member"], kinds), least, most)
        case "boolean":
            return Flag()
        case "integer" | "long":
            low, high = row.get("min", -UNBOUNDED), row.get("max", UNBOUNDED)
            return Number(shape, low, high, row["type"])
    longest, shortest = row.get("max", UNBOUNDED), row.get("min", 0)
    return Text(shape, longest, shortest, tuple(row.get("enum", ())), row.get("pattern", ""))


def _declared(kinds: Sequence[type[Policy]], known: Mapping[str, Form]) -> dict[str, Form]:
    """The elements of policies that the model does not have."""
    unknown = (kind for kind in kinds if kind.element and kind.element not in known)
    return {kind.element: _of_policy(kind) for kind in unknown}


def _of_policy(kind: type[Policy]) -> Form:
    """The form of a policy's element by what its class declares."""
    items = {item.name: _of_field(kind, item.name) for item in fields(kind)}
    needed = tuple(item.name for item in fields(kind) if item.default is MISSING)
    return items.get(kind.element, Structure(kind.element, items, needed) if items else Flag())


def _of_field(kind: type[Policy], name: str) -> Form:
    bounds = numbers(kind).get(name)
    return Number(f"ResourceRecordSet{name}", *bounds) if bounds else Text(name, 1024)


def breach(value: Any, form: Scalar) -> tuple[str, object] | None:
    """The facet that a value breaks and its limit, or None.

    The facets: type, enum, least, most, shortest, longest, pattern.
    """
    match form:
        case Flag():
            return None if isinstance(value, bool) else ("type", "boolean")
        case Number():
            return _number_breach(value, form)
        case Text():
            return _text_breach(value, form)


def _number_breach(value: Any, form: Number) -> tuple[str, object] | None:
    if not isinstance(value, int) or isinstance(value, bool):
        return "type", form.kind
    if value > form.high:
        return "most", form.high
    return ("least", form.low) if value < form.low else None


def _text_breach(value: Any, form: Text) -> tuple[str, object] | None:
    if not isinstance(value, str):
        return "type", "string"
    if form.choices:
        return None if value in form.choices else ("enum", ", ".join(form.choices))
    if len(value) > form.longest:
        return "longest", form.longest
    if len(value) < form.shortest:
        return "shortest", form.shortest
    fits = not form.pattern or _pattern(form.pattern).fullmatch(value)
    return None if fits else ("pattern", form.pattern)


def _pattern(text: str) -> re.Pattern[str]:
    """A pattern of the model, whose language is Java's. `re` keeps the last ones compiled."""
    return re.compile(text.replace(r"\p{ASCII}", r"[\x00-\x7f]"))
