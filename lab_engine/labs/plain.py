"""Plain data: what an answer is reduced to before anybody looks at it.

None, truth values, whole numbers, finite floats, text, lists and dicts with keys of text, of
bounded depth and size. A tuple becomes a list, a numpy number a number. Whatever else has methods
of its own, `__eq__` among them, and is refused.
"""

import json
import math
from typing import Any, Final

from lab_engine.errors import LabError

DEPTH: Final = 20
OCTETS: Final = 1_000_000


def plain(value: Any) -> Any:
    """A copy of the value that holds plain data only.

    Raises:
        LabError: something in it is no plain data, or it is too deep or too large.
    """
    copy = _copied(value, DEPTH)
    size = len(json.dumps(copy))
    if size > OCTETS:
        raise LabError(f"{size:,} octets", "are too many for an answer", f"Keep below {OCTETS:,}.")
    return copy


def _copied(value: Any, depth: int) -> Any:
    kind = type(value)
    if value is None or kind in (bool, int, str):
        return value
    if kind is float or (kind.__module__ == "numpy" and hasattr(value, "item")):
        return _number(value)
    if depth == 0:
        raise LabError("an answer", f"is nested more than {DEPTH} deep", "Make it flatter.")
    if kind in (list, tuple):
        return [_copied(each, depth - 1) for each in value]
    if kind is dict:
        return {_key(key): _copied(each, depth - 1) for key, each in value.items()}
    remedy = "Give numbers, text, lists and dicts of them."
    raise LabError(kind.__name__, "is no plain data", remedy)


def _number(value: Any) -> Any:
    number = value if type(value) is float else value.item()
    if type(number) is float and not math.isfinite(number):
        raise LabError(str(number), "is no number to calculate with", "Give a finite one.")
    if type(number) not in (bool, int, float, str):
        raise LabError(type(value).__name__, "is no plain data", "Give one number, not an array.")
    return number


def _key(key: Any) -> str:
    if type(key) is not str:
        raise LabError(repr(key), "cannot be a key", "Keys of a dict are text here.")
    return key
