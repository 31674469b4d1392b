"""A probe on the simulated clock: it waits as it must, or until its server is well again."""

from collections.abc import Callable, Generator

import simpy

from lab_engine.simulation.failing import Look


class Changes:
    """What may come while a probe waits: that others fail, or no longer.

    Args:
        env: the clock.
    """

    def __init__(self, env: simpy.Environment) -> None:
        self._env = env
        self._next = env.event()

    def come(self) -> None:
        """Something else holds now."""
        self._next.succeed()
        self._next = self._env.event()

    def probed(
        self, found: Look, again: Callable[[], Look]
    ) -> Generator[simpy.Event, object, bool]:
        """Whether a probe passes, after the time that it takes: also where that is well meanwhile.

        Args:
            found: what it meets.
            again: what one would meet after a change.
        """
        if not found.takes:
            return found.passes
        over = self._env.timeout(found.takes)
        while True:
            yield over | self._next
            if over.processed:
                return found.passes
            if not found.passes and again().passes:
                return True
