"""What one value of a scenario may be: each is refused with the path at which it was given."""

from collections.abc import Callable
from enum import StrEnum
from typing import Any

from lab_engine.errors import LabError, ScenarioError


def whole(where: str, value: object, low: int, high: int) -> None:
    """Refuse all but the whole numbers of a range."""
    good = isinstance(value, int) and not isinstance(value, bool) and low <= value <= high
    rule = f"is not a whole number from {low} to {high}"
    must(good, where, value, rule, "Choose one in that range.")


def number(where: str, value: object, low: float, high: float) -> None:
    """Refuse all but the numbers of a range."""
    good = isinstance(value, int | float) and not isinstance(value, bool) and low <= value <= high
    rule = f"is not a number from {low:g} to {high:g}"
    must(good, where, value, rule, "Choose one in that range.")


def choice(where: str, value: Any, kind: type[StrEnum]) -> StrEnum:
    """The member of that name."""
    try:
        return kind(value)
    except LabError as wrong:
        raise ScenarioError(f"{where} {value!r}", wrong.rule, wrong.remedy) from wrong


def address(where: str, given: object, read: Callable[[str], object], such_as: str) -> None:
    """Refuse all but what can be read as an address or a network."""
    must(isinstance(given, str), where, given, "is no text", f'Write "{such_as}".')
    try:
        read(str(given))
    except ValueError as wrong:
        rule, remedy = f"is refused: {wrong}", f'Write "{such_as}".'
        raise ScenarioError(f"{where} {given!r}", rule, remedy) from wrong


def must(good: bool, where: str, value: object, rule: str, remedy: str) -> None:  # noqa: FBT001
    """Refuse a value that is not good."""
    if not good:
        raise ScenarioError(f"{where} {value!r}", rule, remedy)


def fix(self: object, name: str, value: object) -> None:
    """Store the normal form of a value in a frozen instance, as dataclasses suggest."""
    object.__setattr__(self, name, value)
