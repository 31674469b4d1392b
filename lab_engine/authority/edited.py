"""A dictionary with a few entries changed: the many that stay are not even copied.

So a zone of which little has changed costs little. All together is made when it is asked for.
"""

from collections.abc import Iterable, Iterator, Mapping, ValuesView
from functools import cached_property
from typing import TypeVar

K = TypeVar("K")
V = TypeVar("V")
MOST = 64  # changes on top of one dictionary; with more, or of a smaller one, another is made
PART = 256  # of a large one, such a part of its size


class Edited(Mapping[K, V]):
    """What `edited` gives: a dictionary that nobody changes, and what differs from it.

    Args:
        base: the dictionary.
        changes: what stands there instead, and None for what is gone.
    """

    def __init__(self, base: dict[K, V], changes: dict[K, V | None]) -> None:
        self._base = base
        self._changes = changes

    def parts(self) -> tuple[dict[K, V], dict[K, V | None]]:
        """What lies below, and a copy of the changes."""
        return self._base, self._changes.copy()

    def __getitem__(self, key: K) -> V:
        if key not in self._changes:
            return self._base[key]
        found = self._changes[key]
        if found is None:
            raise KeyError(key)
        return found

    def __iter__(self) -> Iterator[K]:
        return iter(self._whole)

    def __contains__(self, key: object) -> bool:
        if key in self._changes:
            return self._changes[key] is not None
        return key in self._base

    def __len__(self) -> int:
        known = [key in self._base for key in self._changes]
        there = [value is not None for value in self._changes.values()]
        return len(self._base) - sum(known) + sum(there)

    def values(self) -> ValuesView[V]:
        """Those of the dictionary in their order, then the new ones in theirs."""
        return self._whole.values()

    @cached_property
    def _whole(self) -> dict[K, V]:
        return _joined(self._base, self._changes)


def edited(
    known: dict[K, V] | Edited[K, V], gone: Iterable[K], new: Mapping[K, V]
) -> dict[K, V] | Edited[K, V]:
    """The same without some and with others: in the place of the old, or behind all."""
    base, changes = known.parts() if isinstance(known, Edited) else (known, {})
    if any(key in changes and changes[key] is None for key in new):
        base, changes = _joined(base, changes), {}  # what comes back stands behind all
    for key in gone:
        if key in base:
            changes[key] = None
        else:
            changes.pop(key, None)
    changes |= new
    few = len(changes) <= max(MOST, len(base) // PART)
    return Edited(base, changes) if few and len(base) > MOST else _joined(base, changes)


def _joined(base: dict[K, V], changes: dict[K, V | None]) -> dict[K, V]:
    whole = base.copy()
    for key, value in changes.items():
        if value is None:
            whole.pop(key, None)
        else:
            whole[key] = value
    return whole
