"""What `make test` does a part of, and `make long` all: counts and cases.

LAB_LONG=full asks for samples that take hours, as one does of one file after a change.
"""

import os
from collections.abc import Iterable
from typing import Any, Final

import pytest

LONG: Final = "LAB_LONG" in os.environ
FULL: Final = os.environ.get("LAB_LONG") == "full"


def long_but(values: Iterable[Any], *always: Any) -> list[Any]:
    """Values of a parameter, or tuples of those of several: all but some for the long run alone."""
    return [value if value in always else _long(value) for value in values]


def _long(value: Any) -> Any:
    each = value if isinstance(value, tuple) else (value,)
    return pytest.param(*each, marks=pytest.mark.long)
