"""A cache whose entries live for their TTL and are not renewed by hits (RFC 1034 section 3.6)."""

import math
from collections.abc import Hashable, Iterator
from dataclasses import dataclass
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")
MAX_ENTRIES = 100_000


@dataclass(frozen=True, slots=True)
class Entry(Generic[V]):
    """A value and its times, in seconds of the owner's clock.

    Attributes:
        value: what is remembered.
        stored: when.
        expires: from when it is no hit.
        due: from when a hit should have it renewed; at its expiry, for most.
    """

    value: V
    stored: float
    expires: float
    due: float


class Cache(Generic[K, V]):
    """Remembers values until they expire; `hits` and `misses` count the look-ups.

    An entry is good while `now < expires`. When it is full, the entry stored longest ago goes.
    """

    def __init__(self, max_entries: int = MAX_ENTRIES) -> None:
        self.hits = 0
        self.misses = 0
        self._entries: dict[K, Entry[V]] = {}
        self._max_entries = max_entries

    def __len__(self) -> int:
        return len(self._entries)

    def get(self, key: K, now: float) -> Entry[V] | None:
        """The live entry for `key`, or None."""
        entry = self._entries.get(key)
        if entry is not None and now < entry.expires:
            self.hits += 1
            return entry
        self.misses += 1
        return None

    def held(self, key: K) -> Entry[V] | None:
        """The entry for `key`, dead or alive, where it is still there; not counted."""
        return self._entries.get(key)

    def live(self, now: float) -> Iterator[tuple[K, Entry[V]]]:
        """Every entry that would be a hit; not counted."""
        return ((key, entry) for key, entry in self._entries.items() if now < entry.expires)

    def put(self, key: K, value: V, now: float, lifetime: float, due: float = math.inf) -> Entry[V]:
        """Remember `value` for `lifetime` seconds; a lifetime of 0 is never a hit."""
        expires = now + lifetime
        entry = Entry(value, now, expires, min(due, expires))
        self._entries.pop(key, None)
        if len(self._entries) >= self._max_entries:
            del self._entries[next(iter(self._entries))]
        self._entries[key] = entry
        return entry

    def clear(self) -> None:
        """Forget every entry; the counts stay."""
        self._entries.clear()
