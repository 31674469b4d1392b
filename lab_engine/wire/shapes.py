"""Route 53's XML, both ways: requests are read by their forms, responses written by their shapes.

A form (`authority.forms`) says what an element holds: a structure, a list, or text with facets.
What breaks it is refused in the words of `control.xsd`; values that come in a URL have the same
facets and other words.

Elements of a structure may come in any order: boto3 sends them in the order of its caller's dict.
Not here: URLs, headers and status codes; see `rest`.
"""

import re
from collections.abc import Collection, Mapping
from datetime import UTC
from typing import Any, Protocol
from xml.etree.ElementTree import Element, ParseError, TreeBuilder, XMLParser
from xml.sax.saxutils import escape

from lab_engine.authority.declared import by_element
from lab_engine.authority.forms import Flag, Form, Items, Number, Scalar, Structure, Text, breach
from lab_engine.control import xsd
from lab_engine.control.account import Response
from lab_engine.control.refusal import Refusal, refused
from lab_engine.control.xsd import NAMESPACE, Words

DEEPEST = 16  # elements within each other; the model's requests have at most 8
_NAMED = f"{{{NAMESPACE}}}"
_WHOLE = re.compile(r"[-+]?[0-9]{1,18}")
_BOOLEANS: Mapping[str, bool | str] = {"true": True, "1": True, "false": False, "0": False}
_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class Shape(Protocol):
    """What is used of `botocore.model.Shape`."""

    name: str
    type_name: str
    serialization: Mapping[str, Any]
    members: Mapping[str, "Shape"]
    member: "Shape"


_URL = "1 validation error detected: Value '{value}' at '{name}' failed to satisfy constraint: "
IN_URL = Words(
    # unverified: all but longest
    type=_URL + "Member must be of type {limit}",
    enum=_URL + "Member must satisfy enum value set: [{limit}]",
    least=_URL + "Member must have value greater than or equal to {limit}",
    most=_URL + "Member must have value less than or equal to {limit}",
    shortest=_URL + "Member must have length greater than or equal to {limit}",
    longest=_URL + "Member must have length less than or equal to {limit}",
    pattern=_URL + "Member must satisfy regular expression pattern: {limit}",
)


def parsed(body: bytes) -> Element:
    """The root element of a request's body.

    Raises:
        Refusal: it is not well-formed, declares a document type, or is nested too deep.
    """
    parser = XMLParser(target=_Builder())  # noqa: S314  (`_Builder` says what may not come in)
    try:
        parser.feed(body)
        root: Element = parser.close()
    except (ParseError, ValueError, LookupError) as wrong:
        help_ = f"The body cannot be read as XML: {wrong}."
        raise refused("MalformedInput", "Could not parse XML", help_) from wrong
    return root


class _Builder(TreeBuilder):
    """Builds elements, but no document types: with them come entities, and with those, bombs."""

    def __init__(self) -> None:
        super().__init__()
        self._depth = 0

    def start(self, tag: Any, attrs: dict[Any, Any], /) -> Element:
        self._depth += 1
        if self._depth > DEEPEST:
            raise ValueError("its elements are nested too deep")
        return super().start(tag, attrs)

    def end(self, tag: str, /) -> Element:
        self._depth -= 1
        return super().end(tag)

    def doctype(self, *_: str | None) -> None:
        raise ValueError("it declares a document type, which is not accepted")


def local(element: Element) -> str:
    """The name without Route 53's namespace; that of another namespace stays as it is."""
    return element.tag.removeprefix(_NAMED)


def read(element: Element, form: Form) -> Any:
    """What an element holds, as boto3 has it: a dict, a list, text, a number, or true or false.

    Raises:
        Refusal: it is not as the form wants it.
    """
    if element.attrib:
        name = next(iter(element.attrib))
        # unverified
        text = f"cvc-complex-type.3.2.2: Attribute '{name}' is not allowed to appear in element"
        raise _invalid(f"{text} '{local(element)}'.", f"Leave out the attribute {name}.")
    match form:
        case Structure():
            return structure(element, form)
        case Items():
            return _list(element, form)
        case Text() | Number() | Flag():
            return _value(element, form)
    raise ValueError(f"{local(element)} has no form: a mistake of the lab")


def _value(element: Element, form: Scalar) -> Any:
    if len(element):
        # unverified
        text = f"cvc-type.3.1.2: Element '{local(element)}' is a simple type, so it must have no"
        help_ = f"Give {local(element)} as text."
        raise _invalid(f"{text} element information item [children].", help_)
    return scalar(element.text or "", form, local(element), xsd.IN_XML)


def scalar(text: str, form: Scalar, name: str, words: Words) -> Any:
    """The value of a text: itself, a whole number, or true or false.

    Raises:
        Refusal: InvalidInput; a facet of the form is broken.
    """
    value = _typed(text, form)
    broken = breach(value, form)
    if broken is None:
        return value
    told = value if isinstance(value, str) else text
    said = xsd.said(words, *broken, told, form, name)
    raise refused("InvalidInput", said, xsd.advice(value, form, name))


def _typed(text: str, form: Scalar) -> Any:
    """The value; the text itself where it has not the form's type."""
    match form:
        case Flag():
            return _BOOLEANS.get(text.strip(), text)
        case Number():
            return int(text) if _WHOLE.fullmatch(text.strip()) else text
    return text


def structure(element: Element, form: Structure) -> dict[str, Any]:
    """The fields of a structure that stand within an element; those of the URL stand elsewhere."""
    names = [name for name in form.fields if name not in form.places]
    found: dict[str, Any] = {}
    _no_text(element)
    for child in element:
        name = local(child)
        if name not in names or name in found:
            raise _unexpected(child, [each for each in names if each not in found])
        found[name] = read(child, form.fields[name])
    missing = [name for name in names if name in form.required and name not in found]
    if missing:
        raise _incomplete(element, missing)
    return found


def _list(element: Element, form: Items) -> list[Any]:
    _no_text(element)
    for place, child in enumerate(element):
        if local(child) != form.name:
            raise _unexpected(child, [form.name] if place < form.most else [])
        if place >= form.most:
            raise Refusal("InvalidInput", [xsd.too_many(form.name, form.most)])
    if len(element) < form.least:
        raise _incomplete(element, [form.name])
    return [read(child, form.form) for child in element]


def _no_text(element: Element) -> None:
    between = (element.text or "") + "".join(child.tail or "" for child in element)
    if between.strip():
        # unverified
        text = f"cvc-complex-type.2.3: Element '{local(element)}' cannot have character [children],"
        text += " because the type's content type is element-only."
        raise _invalid(text, f"There is text in {local(element)}, which holds only elements.")


def _unexpected(element: Element, expected: Collection[str]) -> Refusal:
    name = local(element)
    if not expected:
        text = f"cvc-complex-type.2.4.d: Invalid content was found starting with element '{name}'."
        text = f"{text} No child element is expected at this point."
        return _invalid(text, f"Leave out {name}, or give fewer of them.")
    advice = f"{name} does not belong here, or stands here twice."
    advice = f"{advice} Choose from {', '.join(expected)}."
    return Refusal("InvalidInput", [xsd.unexpected(name, expected, advice)])


def _incomplete(element: Element, missing: Collection[str]) -> Refusal:
    return Refusal("InvalidInput", [xsd.incomplete(local(element), missing)])


def _invalid(text: str, help_: str) -> Refusal:
    return Refusal("InvalidInput", [xsd.invalid(text, help_)])


def elements_of(shape: Shape) -> dict[str, str]:
    """The members of a structure that stand in the XML, in their order, by their element."""
    return {
        member.serialization.get("name", name): name
        for name, member in shape.members.items()
        if "location" not in member.serialization
    }


def document(name: str, content: str) -> bytes:
    """A whole XML document with one root."""
    root = f'<{name} xmlns="{NAMESPACE}">{content}</{name}>'
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{root}'.encode()


def written(value: Any, shape: Shape) -> str:
    """The inside of an element: what is None or absent is left out.

    Raises:
        ValueError: a structure has a field that its shape does not know: a mistake of the lab.
    """
    match shape.type_name:
        case "structure":
            return _structure_written(value, shape)
        case "list":
            name = shape.member.serialization.get("name", "member")
            return "".join(tagged(name, written(each, shape.member)) for each in value)
        case "boolean":
            return "true" if value else "false"
        case "timestamp":
            return str(value.astimezone(UTC).isoformat()).replace("+00:00", "Z")
        case _:
            return plain(str(value))


def _structure_written(value: Response, shape: Shape) -> str:
    further = by_element() if shape.name == "ResourceRecordSet" else {}
    unknown = value.keys() - shape.members.keys()
    if unknown - further.keys():
        raise ValueError(f"{shape.name} has no {', '.join(sorted(unknown))}")
    known = (
        tagged(element, written(value[name], shape.members[name]))
        for element, name in elements_of(shape).items()
        if value.get(name) is not None
    )
    return "".join((*known, *(_undescribed(name, value[name]) for name in sorted(unknown))))


def _undescribed(name: str, value: Any) -> str:
    """The element of a policy that the model does not know."""
    match value:
        case bool():
            return tagged(name, "true" if value else "false")
        case Mapping():
            return tagged(name, "".join(_undescribed(*each) for each in value.items()))
    return tagged(name, plain(str(value)))


def tagged(name: str, content: str) -> str:
    """An element with content that is XML already."""
    return f"<{name}>{content}</{name}>"


def plain(text: str) -> str:
    """Text as XML; a character that XML cannot say becomes U+FFFD."""
    # a parser would make a line feed of a bare carriage return; clients that take the XML apart
    # with expressions look for quotation marks in the form in which Route 53 writes them
    return escape(_NO_XML.sub("\ufffd", text), {"\r": "&#13;", '"': "&quot;"})
