"""Ctrl-C in the middle of a run whose part is wanted: asked at any time, taken between two steps.

The numbers of a step belong together, so the run itself looks whether it was asked to stop. Where
nobody wants a part, Ctrl-C is what it always is.
"""

import math
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

Progress = Callable[[float, float], object]
"""Called with how much is done, and of how much."""


class Stop:
    """Whether somebody asked.

    Args:
        progress: told how far the run is; a KeyboardInterrupt of it asks.

    Attributes:
        asked: so far.
        at: seconds up to which everything is counted; NaN where that has no such end.
    """

    def __init__(self, progress: Progress | None = None) -> None:
        self.asked = False
        self.at = math.nan
        self._partial = False
        self._progress = progress

    def passed(self, done: float, total: float) -> None:
        """The run has come so far."""
        if self._progress is None:
            return
        try:
            self._progress(done, total)
        except KeyboardInterrupt:
            if not self._partial:
                raise
            self.asked = True

    def ask(self, _signal: int = 0, _frame: FrameType | None = None) -> None:
        """End the run at its next step. Who asks twice does not want to wait."""
        if self.asked:
            raise KeyboardInterrupt
        self.asked = True

    def takes_parts(self) -> None:
        """From now on a KeyboardInterrupt asks, and is no longer raised."""
        self._partial = True


@contextmanager
def stopping(progress: Progress | None, *, partial: bool) -> Iterator[Stop]:
    """While inside, Ctrl-C asks for a part, where one is wanted; in another thread nobody can."""
    stop = Stop(progress)
    if not partial:
        yield stop
        return
    stop.takes_parts()
    try:
        before = signal.signal(signal.SIGINT, stop.ask)
    except ValueError:
        yield stop
        return
    try:
        yield stop
    finally:
        signal.signal(signal.SIGINT, before)
