"""Plain data: what an answer is reduced to before anybody looks at it.

None, truth values, whole numbers, finite floats, text, lists and dicts with keys of text, of
bounded depth and size; what is shared counts each time. A tuple becomes a list, a numpy number a
number. Whatever else has methods of its own, `__eq__` among them, and is refused.
"""

import json
import math
from itertools import count
from typing import Any, Final

from lab_engine.errors import LabError

DEPTH: Final = 20
OCTETS: Final = 1_000_000
DIGITS: Final = 300  # as many as the largest float has


def plain(value: Any) -> Any:
    """A copy of the value that holds plain data only.

    Raises:
        LabError: something in it is no plain data, or it is too deep or too large.
    """
    copy = _copied(value, DEPTH, count(1))
    _small(len(json.dumps(copy)))
    return copy


def _copied(value: Any, depth: int, parts: "count[int]") -> Any:
    kind = type(value)
    _small(next(parts))  # each part is an octet at least
    if kind is int and abs(value) >= 10**DIGITS:
        raise LabError("a whole number", f"has more than {DIGITS} digits", "Give a smaller one.")
    if value is None or kind in (bool, int, str):
        return value
    if kind is float or (kind.__module__ == "numpy" and hasattr(value, "item")):
        return _number(value)
    if depth == 0:
        raise LabError("an answer", f"is nested more than {DEPTH} deep", "Make it flatter.")
    if kind in (list, tuple):
        return [_copied(each, depth - 1, parts) for each in value]
    if kind is dict:
        return {_key(key): _copied(each, depth - 1, parts) for key, each in value.items()}
    remedy = "Give numbers, text, lists and dicts of them."
    raise LabError(kind.__name__, "is no plain data", remedy)


def _small(octets: int) -> None:
    if octets > OCTETS:
        rule = "are too many for an answer"
        raise LabError(f"{octets:,} octets", rule, f"Keep below {OCTETS:,}.")


def _number(value: Any) -> Any:
    try:
        number = value if type(value) is float else value.item()
    except Exception:  # noqa: BLE001 - an array, or somebody's own idea of a number
        remedy = "Give one number, not an array."
        raise LabError(type(value).__name__, "is no plain data", remedy) from None
    if type(number) is float and not math.isfinite(number):
        raise LabError(str(number), "is no number to calculate with", "Give a finite one.")
    if type(number) not in (bool, int, float, str):
        raise LabError(type(value).__name__, "is no plain data", "Give one number, not an array.")
    return number


def _key(key: Any) -> str:
    if type(key) is not str:
        raise LabError(repr(key), "cannot be a key", "Keys of a dict are text here.")
    return key
