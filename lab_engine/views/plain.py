"""A figure as plain data, made small, and what changed between two of them.

Not here: sending anything. `plain` gives what JSON can carry and plotly.js understands;
`difference` gives only the attributes that changed, so that whatever stays the same (map outlines,
names, axes) crosses to the page once.
"""

import base64
import datetime as dt
import math
from collections.abc import Iterable, Mapping
from typing import Any, Final

import numpy as np
import plotly.graph_objects as go

from .theme import TEMPLATE

Json = dict[str, Any]

# Below this many numbers JSON is as short as packed bytes, and it can be read.
_PACK_FROM: Final = 16
# A screen cannot show more than the 7 digits of 32 bits; f8 would double each update.
_PACKED_FLOAT: Final = ("f4", np.float32)
_PACKED_INT: Final = ("i4", np.int32)
_INT_LIMIT: Final = 2**31


def plain(figure: go.Figure | Mapping[str, Any]) -> Json:
    """`{"data": [...], "layout": {...}}` of a figure, with the course's template.

    Long lists of numbers become plotly's packed arrays, floats with 32 bits; NaN and infinity,
    which JSON lacks, become gaps. A template the figure brought along is replaced.

    Raises:
        TypeError: the figure holds something that cannot be put in words of JSON.
    """
    # A go.Figure is unpacked by hand: its own to_dict packs floats with 64 bits.
    parts = figure if isinstance(figure, Mapping) else _parts(figure)
    layout = {**_clean(parts.get("layout", {})), "template": TEMPLATE}
    return {"data": [_clean(trace) for trace in parts.get("data", ())], "layout": layout}


def difference(base: Json, new: Json) -> Json:
    """What must be laid over `base` to get `new`; both come from `plain`.

    `{"count": traces in new, "data": {index: changed attributes}, "layout": changed attributes}`.
    An attribute that is gone is None. Indices are text, as JSON has it.
    """
    changed = {}
    for index, trace in enumerate(new["data"]):
        before = base["data"][index] if index < len(base["data"]) else {}
        if attributes := _changed(before, trace):
            changed[str(index)] = attributes
    layout = _changed(base["layout"], new["layout"])
    return {"count": len(new["data"]), "data": changed, "layout": layout}


def _parts(figure: go.Figure) -> Json:
    # `_props` is the only view of a figure that neither copies nor packs.
    traces = [{"type": trace.type, **trace._props} for trace in figure.data]  # noqa: SLF001
    return {"data": traces, "layout": figure.layout._props or {}}  # noqa: SLF001


def _changed(before: Json, after: Json) -> Json:
    gone = dict.fromkeys(before.keys() - after.keys())
    return gone | {key: value for key, value in after.items() if before.get(key) != value}


def _clean(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _clean(item) for key, item in value.items() if item is not None}
    if isinstance(value, np.ndarray):
        return _clean_array(value)
    if isinstance(value, list | tuple | range):
        return _clean_list(value)
    return _clean_scalar(value)


def _clean_array(array: np.ndarray[Any, Any]) -> Any:
    if array.ndim == 1 and len(array) >= _PACK_FROM and array.dtype.kind in "iuf":
        return _pack(array)
    return [_clean(item) for item in array.tolist()]


def _clean_list(items: Iterable[Any]) -> Any:
    items = list(items)
    if len(items) >= _PACK_FROM and all(type(item) in (int, float) for item in items):
        return _clean_array(np.asarray(items))
    return [_clean(item) for item in items]


def _pack(array: np.ndarray[Any, Any]) -> Any:
    whole = array.dtype.kind in "iu" and bool(np.abs(array).max() < _INT_LIMIT)
    name, dtype = _PACKED_INT if whole else _PACKED_FLOAT
    packed = array.astype(np.dtype(dtype).newbyteorder("<"))
    return {"dtype": name, "bdata": base64.b64encode(packed.tobytes()).decode("ascii")}


def _clean_scalar(value: Any) -> Any:
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dt.date):
        return value.isoformat()
    if value is None or isinstance(value, str | int):
        return value
    raise TypeError(f"{value!r}: a figure holds numbers, text, dates and lists of them")
