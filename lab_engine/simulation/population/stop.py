"""Ctrl-C in the middle of a run: asked for at any time, taken between two steps.

The numbers of a step belong together, so the run itself looks whether it was asked to stop.
"""

import math
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


class Stop:
    """Whether somebody asked.

    Attributes:
        asked: so far.
        at: seconds up to which everything is counted; NaN where that has no such end.
    """

    def __init__(self) -> None:
        self.asked = False
        self.at = math.nan

    def ask(self, _signal: int = 0, _frame: FrameType | None = None) -> None:
        """End the run at its next step. Who asks twice does not want to wait."""
        if self.asked:
            raise KeyboardInterrupt
        self.asked = True


@contextmanager
def stopping() -> Iterator[Stop]:
    """While inside, Ctrl-C asks; in another thread than the main one nobody can."""
    stop = Stop()
    try:
        before = signal.signal(signal.SIGINT, stop.ask)
    except ValueError:
        yield stop
        return
    try:
        yield stop
    finally:
        signal.signal(signal.SIGINT, before)
