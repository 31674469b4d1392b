"""The forms of requests: the model's, with what policies declare and where the lab differs."""

import json
from collections import Counter

import pytest

from lab_engine.authority import forms
from lab_engine.authority.forms import DIFFERENT, Flag, Items, Number, Structure, Text, breach
from lab_engine.control.forms import parameters
from lab_engine.control.operations import OPERATIONS
from tools import requests


def every(form):
    """A form and all within it."""
    yield form
    for inner in form.fields.values() if isinstance(form, Structure) else ():
        yield from every(inner)
    if isinstance(form, Items):
        yield from every(form.form)


def test_the_table_is_that_of_the_model_that_is_installed():
    """Else `python -m tools.requests` writes it anew, as `make lock` does."""
    assert requests.TABLE.read_text() == requests.written(requests.table(requests.model()))


@pytest.mark.parametrize(
    ("shape", "name"), [(shape, name) for shape, facets in DIFFERENT.items() for name in facets]
)
def test_where_the_lab_differs_there_is_something_to_differ_from(shape, name):
    """Of each facet: JSON has lists where the lab has tuples."""
    model = json.loads(requests.TABLE.read_text())["shapes"][shape].get(name)
    lab = DIFFERENT[shape][name]

    assert model != (list(lab) if isinstance(lab, tuple) else lab)


@pytest.mark.parametrize("operation", sorted(OPERATIONS))
def test_every_parameter_has_a_form_and_every_place_a_parameter(operation):
    form = forms.request(operation)

    assert form.places.keys() <= form.fields.keys()
    assert set(form.required) <= form.fields.keys()
    assert {where for where, _ in form.places.values()} <= {"uri", "querystring"}
    assert form.fields.keys() == parameters(operation).fields.keys()


def test_all_kinds_of_forms_are_there():
    found = Counter(type(each) for name in OPERATIONS for each in every(forms.request(name)))

    assert found.keys() == {Structure, Items, Text, Number, Flag}


def test_ids_may_have_their_path_where_they_are_asked_for_in_python():
    wire, python = (each("GetHostedZone").fields["Id"] for each in (forms.request, parameters))

    assert (wire.longest, python.longest) == (32, 64)


@pytest.mark.parametrize(
    ("value", "form", "found"),
    [
        ("abc", Text("T", 3), None),
        ("abcd", Text("T", 3), ("longest", 3)),
        ("", Text("T", 3, 1), ("shortest", 1)),
        ("c", Text("T", choices=("a", "b")), ("enum", "a, b")),
        ("7", Text("T", pattern="[a-z]+"), ("pattern", "[a-z]+")),
        (7, Text("T"), ("type", "string")),
        (7, Number("N", 0, 7), None),
        (8, Number("N", 0, 7), ("most", 7)),
        (-1, Number("N", 0, 7), ("least", 0)),
        (True, Number("N", 0, 7), ("type", "integer")),
        ("7", Number("N", 0, 7, "long"), ("type", "long")),
        (True, Flag(), None),
        ("true", Flag(), ("type", "boolean")),
    ],
)
def test_a_value_keeps_its_form_or_breaks_one_facet(value, form, found):
    assert breach(value, form) == found
