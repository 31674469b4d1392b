"""The form of parameters, checked as Route 53's XML schema checks it, in a validator's words.

Only form: which elements there are, their lengths, ranges and choices (`authority.forms`). What
passes can be read without surprises; what it means is judged elsewhere, and so is what a pattern
bars: those who read such a value have better words.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from lab_engine.authority.forms import Flag, Form, Items, Number, Structure, Text, breach
from lab_engine.control.refusal import Fault
from lab_engine.control.xsd import IN_XML, advice, incomplete, said, too_many, unexpected


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
        case Number() | Flag() | Text():
            broken = breach(value, form)
            if broken is not None and broken[0] != "pattern":
                text = said(IN_XML, *broken, value, form, name)
                yield Fault(text, advice(value, form, name))


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
    elif len(value) < form.least:
        yield incomplete(name, [form.name])
    elif len(value) > form.most:
        yield too_many(form.name, form.most)
    else:
        for each in value:
            yield from faults(each, form.form, form.name)


def _datatype(value: Any, kind: str, help_: str) -> Fault:
    # clients turn such values away before they become XML
    return Fault(IN_XML.type.format(value=value, limit=kind), help_)
