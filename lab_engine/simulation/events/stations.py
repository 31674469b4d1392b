"""What stands behind the addresses: servers that serve so much, let some wait, and refuse more.

One queue and one worker each: requests are served in the order they came, for times that are
exponential with mean 1/capacity. With Poisson requests that is the M/M/1/K of the textbooks, K =
queue + 1. One that falls over at a full queue loses what waits, and refuses all until it is back.
No time passes here: a server keeps the times at which those it accepted will be done.
"""

import math
from collections import deque
from collections.abc import Callable, Iterable
from math import log
from random import Random

from lab_engine.simulation.parts import Backend


class Station:
    """One server with a capacity.

    Attributes:
        refused: how many requests found no room.
        lost: how many it had taken in when it died.
        tells: where set, is called with when a served request came, and the milliseconds it took.
    """

    def __init__(self, server: Backend, rng: Random) -> None:
        self.refused = self.lost = 0
        self.tells: Callable[[float, float], object] | None = None
        self._server = server
        self._rng = rng
        self._done: deque[float] = deque()
        self._came: deque[tuple[float, float]] = deque()
        self._back = -math.inf

    def busy(self, now: float) -> int:
        """The requests that are served or wait."""
        done = self._done
        while done and done[0] <= now:
            self._finish()
        return len(done)

    def room(self, now: float) -> bool:
        """Whether one more request could be served or wait."""
        return self.busy(now) <= self._server.queue and self.stands(now)

    def stands(self, now: float) -> bool:
        """Whether it is there, and has not fallen over."""
        return now >= self._back

    def wait(self, now: float) -> float:
        """Seconds that one more request would wait for its turn."""
        return max(0.0, self._done[-1] - now) if self._done else 0.0

    def accepts(self, now: float, waited_ms: float = 0.0) -> bool:
        """Take a request in, or refuse it; one that falls over at a full queue then restarts.

        What it has waited elsewhere counts, too.
        """
        done = self._done
        if not self.room(now):
            self.refused += 1
            if self._server.restart and self.stands(now):
                self._back = now + self._server.restart
                self.clear(now)
            return False
        begun = done[-1] if done else now
        done.append(begun - log(1 - self._rng.random()) / self._server.capacity)
        self._came.append((now, waited_ms))
        return True

    @property
    def until(self) -> float:
        """When the last of those it accepted will be done."""
        return self._done[-1] if self._done else -math.inf

    def finish(self) -> None:
        """Nobody asks any more: those it accepted are served."""
        while self._done:
            self._finish()

    def clear(self, now: float) -> None:
        """It died: whatever waited is gone."""
        self.lost += self.busy(now)
        self._done.clear()
        self._came.clear()

    def _finish(self) -> None:
        done, (came, waited_ms) = self._done.popleft(), self._came.popleft()
        if self.tells is not None:
            self.tells(came, waited_ms + (done - came) * 1000)


def stations(servers: Iterable[Backend], rng: Random) -> dict[str, Station]:
    """The servers that have a limit, by address."""
    limited = (server for server in servers if not math.isinf(server.capacity))
    return {server.address: Station(server, rng) for server in limited}
