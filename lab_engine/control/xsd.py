"""What Route 53's XML schema has against a request, in the words of the validator that it runs.

Its messages are those of Apache Xerces (`XMLSchemaMessages`). The lab says the same of requests
that never were XML.
"""

from collections.abc import Iterable
from typing import Any, NamedTuple

from lab_engine.authority.forms import UNBOUNDED, Flag, Number, Scalar, Text
from lab_engine.control.pasted import bare
from lab_engine.control.refusal import Fault

IDS = ("ResourceId", "HealthCheckId", "UUID", "TagResourceId")
SHOWN = 200  # characters of a wrong value that are said again
NAMESPACE = "https://route53.amazonaws.com/doc/2013-04-01/"


class Words(NamedTuple):
    """How the breach of a facet is said. Fields: value, length, limit, type, name."""

    type: str
    enum: str
    least: str
    most: str
    shortest: str
    longest: str
    pattern: str


_XML = "Invalid XML ; cvc-{0}-valid: Value '{{value}}' is not facet-valid with respect to {0} "
_XML_LENGTH = _XML.replace("'{{value}}'", "'{{value}}' with length = '{{length}}'")
_OF_TYPE = "'{limit}' for type '{type}'."
IN_XML = Words(
    # unverified: all but enum and longest, though of the same validator
    type="Invalid XML ; cvc-datatype-valid.1.2.1: '{value}' is not a valid value for '{limit}'.",
    enum=_XML.format("enumeration") + "'[{limit}]'. It must be a value from the enumeration.",
    least=_XML.format("minInclusive") + _OF_TYPE,
    most=_XML.format("maxInclusive") + _OF_TYPE,
    shortest=_XML_LENGTH.format("minLength") + _OF_TYPE,
    longest=_XML_LENGTH.format("maxLength") + _OF_TYPE,
    pattern=_XML.format("pattern") + _OF_TYPE,
)


def said(  # noqa: PLR0913, PLR0917  (each is in the words)
    words: Words, facet: str, limit: object, value: Any, form: Scalar, name: str
) -> str:
    """How a value breaks a facet of its form, in these words."""
    shown = value if not isinstance(value, str) or len(value) <= SHOWN else value[:SHOWN] + "..."
    length = len(value) if isinstance(value, str) else 0
    about = {"value": shown, "length": length, "limit": limit, "name": name}
    text: str = getattr(words, facet)
    return text.format(**about, type="" if isinstance(form, Flag) else form.type)


def advice(value: Any, form: Scalar, name: str) -> str:
    """What to do about a value that breaks a facet of its form."""
    match form:
        case Flag():
            return f"Give {name} as true or false."
        case Number():
            return f"Give {name} as a whole number, {_range(form.low, form.high)}."
    if not isinstance(value, str):
        return f"Give {name} as text."
    if form.choices:
        return f"Choose {name} among {', '.join(form.choices)}."
    return (form.type in IDS and bare(name, value)) or _text_advice(value, form, name)


def _text_advice(value: str, form: Text, name: str) -> str:
    length, lengths = len(value), _range(form.shortest, form.longest)
    if form.shortest <= length <= form.longest:
        return f"Give {name} as the pattern {form.pattern} allows."
    return f"Give {name} {lengths} characters; it has {length}."


def _range(low: int, high: int) -> str:
    return f"{low} to {high}" if high < UNBOUNDED else f"at least {low}"


def incomplete(name: str, missing: Iterable[str]) -> Fault:
    """An element lacks some of what it must have."""
    named = [*missing]
    text = f"cvc-complex-type.2.4.b: The content of element '{name}' is not complete."
    return invalid(f"{text} {_expected(named)}", f"Give {name} its {', '.join(named)}.")


def unexpected(name: str, expected: Iterable[str], help_: str) -> Fault:
    """An element stands where others may."""
    # unverified: which of those that may follow are named
    text = f"cvc-complex-type.2.4.a: Invalid content was found starting with element '{name}'."
    return invalid(f"{text} {_expected(expected)}", help_)


def too_many(item: str, most: int) -> Fault:
    """A list has more items than it may."""
    # unverified
    text = f"cvc-complex-type.2.4.f: '{item}' can occur a maximum of '{most}' times in the current"
    text = f"{text} sequence. This limit was exceeded. No child element is expected at this point."
    return invalid(text, f"Give up to {most} {item}.")


def invalid(text: str, help_: str) -> Fault:
    """What the validator says, and what to do."""
    return Fault(f"Invalid XML ; {text}", help_)


def _expected(names: Iterable[str]) -> str:
    named = ", ".join(f'"{NAMESPACE}":{name}' for name in names)
    return f"One of '{{{named}}}' is expected."
