"""The form of every operation's parameters, as the lab is asked for them in Python.

That of Route 53 (`authority.forms`), but that ids may have their path before them, as boto3 takes
them, and that a change batch may be text: it is judged where it is read (`reading`).
"""

from dataclasses import replace
from functools import cache

from lab_engine.authority.forms import Anything, Form, Structure, Text, request

LONGEST_ID = 64  # 32 and the path


@cache
def parameters(operation: str) -> Structure:
    """The form of an operation's parameters. Raises KeyError for what is none of Route 53's."""
    found = request(operation)
    return replace(found, fields={name: _lax(form) for name, form in found.fields.items()})


def _lax(form: Form) -> Form:
    match form:
        case Text(type="ResourceId"):
            return replace(form, longest=LONGEST_ID)
        case Structure(type="ChangeBatch"):
            return Anything()
    return form
