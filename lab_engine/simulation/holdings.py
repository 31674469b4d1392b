"""The holdings of a run as a sequence in arrays; who the holders are is in `holders`. numpy.

A run of caches that keep an answer for a second has hundreds of thousands of them.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lab_engine.simulation.outcome import Holding, Shares


class Holdings(Sequence[Holding]):
    """A sequence of holdings, equal to the tuple of the same.

    Args:
        holder: of each, its position in `Outcome.holders`.
        start, end: of each, seconds of the watch.
        leads: of each, the position in `shares` of what it led to.
        shares: what occurs, each once.
    """

    def __init__(
        self,
        holder: NDArray[np.integer[Any]],
        start: NDArray[np.floating[Any]],
        end: NDArray[np.floating[Any]],
        leads: NDArray[np.integer[Any]],
        shares: Iterable[Shares],
    ) -> None:
        self.holder, self.leads = np.asarray(holder, np.int32), np.asarray(leads, np.int32)
        self.start, self.end = np.asarray(start, float), np.asarray(end, float)
        self.shares = tuple(shares)

    @classmethod
    def of(cls, holdings: Iterable[Holding]) -> "Holdings":
        """The same holdings in arrays."""
        if isinstance(holdings, cls):
            return holdings
        shares: dict[Shares, int] = {}
        rows = [(*each[:3], shares.setdefault(each.shares, len(shares))) for each in holdings]
        holder, start, end, leads = np.array(rows, float).reshape(-1, 4).T
        return cls(holder.astype(int), start, end, leads.astype(int), shares)

    def where(self, some: NDArray[np.bool_]) -> "Holdings":
        """Those for which it is true."""
        holder, start, end = self.holder[some], self.start[some], self.end[some]
        return Holdings(holder, start, end, self.leads[some], self.shares)

    def __len__(self) -> int:
        return len(self.holder)

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            return tuple(self[each] for each in range(*index.indices(len(self))))
        holder, start, end = (each[index].item() for each in (self.holder, self.start, self.end))
        return Holding(holder, start, end, self.shares[self.leads[index]])

    def __iter__(self) -> Iterator[Holding]:
        columns = (each.tolist() for each in (self.holder, self.start, self.end, self.leads))
        for holder, start, end, leads in zip(*columns, strict=True):
            yield Holding(holder, start, end, self.shares[leads])

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Holdings | tuple):
            return NotImplemented
        return len(self) == len(other) and all(a == b for a, b in zip(self, other, strict=True))

    def __hash__(self) -> int:
        return hash(tuple(self))

    def __repr__(self) -> str:
        return repr(tuple(self))
