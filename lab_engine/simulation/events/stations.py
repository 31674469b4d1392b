"""What stands behind the addresses: servers that serve so much, let some wait, and refuse more.

One queue and one worker each: requests are served in the order they came, for times that are
exponential with mean 1/capacity. With Poisson requests that is the M/M/1/K of the textbooks, K =
queue + 1. One that falls over at a full queue loses what waits, and refuses all until it is back.
No time passes here: a server keeps the times at which those it accepted will be done.
"""

import math
from collections import deque
from collections.abc import Iterable
from math import log
from random import Random

from lab_engine.simulation.parts import Backend


class Station:
    """One server with a capacity.

    Attributes:
        refused: how many requests found no room.
    """

    def __init__(self, server: Backend, rng: Random) -> None:
        self.refused = 0
        self._server = server
        self._rng = rng
        self._done: deque[float] = deque()
        self._back = -math.inf

    def room(self, now: float) -> bool:
        """Whether one more request could be served or wait."""
        done = self._done
        while done and done[0] <= now:
            done.popleft()
        return len(done) <= self._server.queue and now >= self._back

    def wait(self, now: float) -> float:
        """Seconds that one more request would wait for its turn."""
        return max(0.0, self._done[-1] - now) if self._done else 0.0

    def accepts(self, now: float) -> bool:
        """Take a request in, or refuse it; one that falls over at a full queue then restarts."""
        if not self.room(now):
            self.refused += 1
            if self._server.restart and now >= self._back:
                self._back = now + self._server.restart
                self.clear()
            return False
        begun = self._done[-1] if self._done else now
        self._done.append(begun - log(1 - self._rng.random()) / self._server.capacity)
        return True

    def clear(self) -> None:
        """It died: whatever waited is gone."""
        self._done.clear()


def stations(servers: Iterable[Backend], rng: Random) -> dict[str, Station]:
    """The servers that have a limit, by address; of several with one address, the last."""
    limited = (server for server in servers if not math.isinf(server.capacity))
    return {server.address: Station(server, rng) for server in limited}
