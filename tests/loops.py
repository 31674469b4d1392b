"""Event loops whose time passes in no time: they jump to where something is to happen.

With real sockets of the same process the clock stands while anything comes over them, however long
that takes, and jumps once nothing has come for a moment: a limit then strikes where the scene is
silent, and never because the machine was busy.
"""

import asyncio
import selectors

A_MOMENT = 0.05  # seconds for octets to come over loopback, where it takes microseconds


class Skipping(selectors.DefaultSelector):
    """Jumps instead of waiting, once nothing has come for `moment` seconds."""

    now = 0.0

    def __init__(self, moment=0.0):
        super().__init__()
        self._moment = moment

    def select(self, timeout=None):
        events = super().select(min(timeout, self._moment) if timeout else timeout)
        self.now += 0 if events else timeout or 0
        return events


class Simulated(asyncio.SelectorEventLoop):
    """A loop by such a clock."""

    def __init__(self, moment=0.0):
        self.clock = Skipping(moment)
        super().__init__(self.clock)

    def time(self):
        return self.clock.now


def with_sockets():
    """A loop for servers and clients of one process."""
    return Simulated(A_MOMENT)
