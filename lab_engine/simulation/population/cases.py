"""Drawing from what a fill can bring (`answers.Fills`), for many fills at once. numpy only."""

import numpy as np

from lab_engine.simulation.population.answers import Fills
from lab_engine.simulation.population.tally import Floats, Ints

Rng = np.random.Generator


class Cases:
    """Draws cases, at random or in turn.

    Attributes:
        in_turn: whether the order of fills in time matters.
        rng: the dice of the run.
    """

    def __init__(self, found: Fills, rng: Rng) -> None:
        self.in_turn = found.in_turn
        self._chances = np.array([case.probability for case in found.cases])
        self._upto = np.cumsum(self._chances)
        self._upto /= self._upto[-1]
        self._even = np.allclose(self._chances, self._chances[0], rtol=1e-12)
        self._turn = int(rng.integers(len(self._chances)))  # others have asked before
        self.rng = rng

    def __len__(self) -> int:
        return len(self._chances)

    def draw(self, at: Floats) -> Ints:
        """The case of each fill at these times."""
        if self.in_turn:
            return self.turns(at) % len(self)
        if self._even:
            return self.rng.integers(len(self), size=len(at))
        # as `rng.choice` with these chances does, which sums them each time
        return self._upto.searchsorted(self.rng.random(len(at)), "right")

    def turns(self, at: Floats) -> Ints:
        """The number that the counter has at each of these times; it goes on behind them."""
        numbers = np.empty(len(at), np.int64)
        numbers[np.argsort(at)] = self._turn + np.arange(len(at))
        self._turn += len(at)
        return numbers

    def split(self, fills: Ints) -> Ints:
        """So many fills of each bin, by case: shape (bins,) -> (cases, bins)."""
        if not self.in_turn:
            return self.rng.multinomial(fills, self._chances).T
        upto = self._turn + np.concatenate([[0], np.cumsum(fills)])
        self._turn = int(upto[-1])
        first = len(self) - 1 - np.arange(len(self))[:, None]
        return np.diff((upto + first) // len(self), axis=1)
