"""What the XML schema has against a request, and what to do about it: said once for all doors."""

import pytest

from lab_engine.authority.forms import UNBOUNDED, Flag, Number, Text
from lab_engine.control.xsd import advice


@pytest.mark.parametrize(
    ("value", "form", "help_"),
    [
        ("yes", Flag(), "Give It as true or false."),
        (8, Number("N", 0, 7), "Give It as a whole number, 0 to 7."),
        (0, Number("N", 1, UNBOUNDED), "Give It as a whole number, at least 1."),
        (7, Text("T"), "Give It as text."),
        ("c", Text("T", choices=("a", "b")), "Choose It among a, b."),
        ("abcd", Text("T", 3, 1), "Give It 1 to 3 characters; it has 4."),
        ("", Text("T", UNBOUNDED, 1), "Give It at least 1 characters; it has 0."),
        ("7", Text("T", pattern="[a-z]+"), "Give It as the pattern [a-z]+ allows."),
        (
            "/hostedzone/Z1",
            Text("ResourceId", 9),
            "It takes the id alone: write Z1, without /hostedzone/.",
        ),
    ],
)
def test_the_help_for_a_broken_facet_says_what_the_form_takes(value, form, help_):
    assert advice(value, form, "It") == help_
