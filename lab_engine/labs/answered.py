"""Reading what was answered: what a call gave back, numbers in a range, and values shown short.

What a lab alone asks of an answer stands in its judge.
"""

from typing import Any, Final, TypeGuard

from lab_engine.errors import LabError

from .lab import Result

SHOWN: Final = 40  # characters of a value, in an error


def returned(name: str, result: Any) -> Any:
    """What a call gave back.

    Args:
        name: of the function.
        result: of the call, or whatever stands in its place.

    Raises:
        LabError: there was no call, or it gave nothing back.
    """
    if not isinstance(result, Result):
        raise LabError(name, "is no function that was called", f"Write def {name}(…).")
    if result.problem:
        why = result.problem.removesuffix(".")
        raise LabError(f"{name}(…)", f"gave nothing back: {why}", "Try it by hand.")
    return result.value


def is_number(value: Any) -> TypeGuard[int | float]:
    """Whether it is a number; a truth value is none here."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def whole(name: str, value: Any, low: int, high: int) -> int:
    """A whole number in a range, ends included; 60.0 is one.

    Raises:
        LabError: it is none.
    """
    if not (is_number(value) and low <= value <= high and value % 1 == 0):
        rule = f"is no whole number from {low:,} to {high:,}"
        raise LabError(f"{name} {short(value)}", rule, "Round it, and keep it in that range.")
    return int(value)


def short(value: Any) -> str:
    """A value as Python writes it, up to 40 characters."""
    text = repr(value)
    return text if len(text) <= SHOWN else f"{text[: SHOWN - 1]}…"
