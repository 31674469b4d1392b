"""The order of the values within one answer: separate from which answer is drawn.

Four systems, four habits. Most clients take the first address, so the order is the steering.
"""

from collections.abc import Hashable
from random import Random
from typing import TypeVar

from lab_engine.errors import Choice

T = TypeVar("T")
MAX_COUNTERS = 10_000  # names under a wildcard are without number; the oldest counter goes first


class Order(Choice):
    """How the values of an RRset are ordered."""

    SHUFFLE = "shuffle"
    """Every permutation equally likely: Route 53's "random order", PowerDNS."""
    CYCLIC = "cyclic"
    """One further at each answer, by a counter for each RRset: BIND's `cyclic`."""
    BY_ID = "by_id"
    """Rotated by the message ID modulo the count: Unbound, BIND from 9.21.14."""
    FIXED = "fixed"
    """As the zone has them: Knot without `answer-rotation`."""


class Ordering:
    """Puts values in order. It owns the counters and holds the dice; the plan has neither."""

    def __init__(self, order: Order | str, rng: Random) -> None:
        self.order = Order(order)
        self._rng = rng
        self._next: dict[Hashable, int] = {}

    def arrange(self, values: tuple[T, ...], key: Hashable, message_id: int) -> tuple[T, ...]:
        """`values` in the order of this answer.

        Args:
            values: as the zone has them.
            key: whose counter `cyclic` advances, such as a name and a type.
            message_id: of the query, 0 to 65535; only `by_id` looks at it.
        """
        if len(values) < 2 or self.order is Order.FIXED:
            return values
        if self.order is Order.SHUFFLE:
            return tuple(self._rng.sample(values, len(values)))
        start = self._advance(key) if self.order is Order.CYCLIC else message_id
        start %= len(values)
        return values[start:] + values[:start]

    def _advance(self, key: Hashable) -> int:
        turn = self._next.pop(key, 0)
        if len(self._next) >= MAX_COUNTERS:
            del self._next[next(iter(self._next))]
        self._next[key] = turn + 1
        return turn
