"""The ranges of the formulas. What is outside is refused by the name of its parameter."""

import math
from collections.abc import Iterable
from numbers import Real
from typing import NoReturn

from lab_engine.authority.records import MAX_TTL
from lab_engine.errors import LabError


def not_negative(**values: float) -> None:
    """Take numbers from 0 to infinity, which is a rate or a lifetime like any other."""
    within(0, math.inf, **values)


def seconds(**values: float) -> None:
    """Take times from 0 to the longest TTL, 2^31 - 1."""
    within(0, MAX_TTL, **values)


def within(low: float, high: float, **values: float) -> None:
    """Take numbers from `low` to `high`, both included."""
    for name, value in values.items():
        if not (_is_number(value) and low <= value <= high):
            allowed = f"from {low}" if math.isinf(high) else f"from {low} to {high}"
            _refuse(name, value, f"a number {allowed}")


def positive(**values: float) -> None:
    """Take numbers above 0, also infinity."""
    for name, value in values.items():
        if not (_is_number(value) and value > 0):
            _refuse(name, value, "a number above 0")


def whole(low: int, high: int, **values: float) -> None:
    """Take whole numbers from `low` to `high`, both included."""
    for name, value in values.items():
        if not (_is_number(value) and low <= value <= high and value % 1 == 0):
            _refuse(name, value, f"a whole number from {low} to {high}")


def normal(shares: Iterable[float]) -> tuple[float, ...]:
    """Shares scaled to sum to 1: any sequence, a numpy array among them, of numbers from 0 on.

    At least one of them is not 0.
    """
    given = _several(shares)
    if not given:
        raise LabError("shares", "are none", "Give one for each cache or name.")
    for index, share in enumerate(given):
        if not (_is_number(share) and share >= 0):  # only then is its name worth making
            not_negative(**{f"share {index}": share})
    found = math.fsum(given)
    if not 0 < found < math.inf:
        raise LabError(
            "shares", f"sum to {found}", "Make one of them larger than 0, none infinite."
        )
    return tuple([share / found for share in given])


def _several(shares: Iterable[float]) -> tuple[float, ...]:
    try:
        return tuple(shares)
    except TypeError:
        raise LabError(
            f"shares {shares!r}", "are no sequence", "Give one for each cache or name."
        ) from None


def _is_number(value: object) -> bool:
    usual = type(value) in {float, int}  # seen sooner than by the abstract class
    return usual or (isinstance(value, Real) and not isinstance(value, bool))


def _refuse(name: str, value: object, what: str) -> NoReturn:
    if isinstance(value, Iterable) and not isinstance(value, str):
        remedy = f"Ask for one after the other: [f(each) for each in {name}]."
        raise LabError(name, "is several numbers, and the formula takes one", remedy)
    raise LabError(f"{name} {value!r}", f"is not {what}", f"Take {what}.")
