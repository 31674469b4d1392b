"""The targets of a balancer: how each of them fails now, and whom its checks take for healthy.

Checks are processes on the simulated clock. They meet what those of Route 53 would, and one without
an answer fails after an interval, as HAProxy's do. Load they see only where a target has fallen
over.
"""

from collections import deque
from collections.abc import Callable, Generator, Mapping, Sequence
from functools import partial
from random import Random

import simpy

from lab_engine.simulation.balancer import Balancer
from lab_engine.simulation.balancing import targets
from lab_engine.simulation.epochs import Epoch
from lab_engine.simulation.events.probing import Changes
from lab_engine.simulation.events.stations import Station
from lab_engine.simulation.failing import WELL, Failure, Look, look
from lab_engine.simulation.parts import Backend


class Targets:
    """Those of one run, counted from 0.

    Args:
        epochs: what holds from when on; the targets are those of any of them.
        stations: targets with a capacity, by address.
        rng: the dice of the checks' phases.

    Attributes:
        addresses: of the targets.
        healthy: whether each is, as its checks say.
    """

    def __init__(
        self, epochs: Sequence[Epoch], stations: Mapping[str, Station], rng: Random
    ) -> None:
        self.addresses = targets([epoch.scenario for epoch in epochs])
        self.healthy = [True] * len(self.addresses)
        known = {each.address: each for epoch in epochs for each in epoch.scenario.backends}
        self._backends = [known.get(each, Backend(each)) for each in self.addresses]
        self._stations = [stations.get(each) for each in self.addresses]
        self._hanging: list[deque[float]] = [deque() for _ in self.addresses]
        self._failing: frozenset[int] = frozenset()
        self._changes: Changes | None = None
        self._rng = rng

    def enter(self, failing: frozenset[str]) -> frozenset[int]:
        """These fail now; which of them have just begun to refuse connections."""
        before = self._failing
        named = enumerate(self.addresses)
        self._failing = frozenset(target for target, address in named if address in failing)
        if self._changes is not None:
            self._changes.come()
        began = self._failing - before
        return frozenset(each for each in began if self.failure(each) is Failure.REFUSED)

    def begin(
        self, env: simpy.Environment, balancer: Balancer, changed: Callable[[], object]
    ) -> None:
        """Let them be checked, each at a time of its own; `changed` is called at each verdict."""
        self._changes = Changes(env)
        for target in range(len(self.addresses)):
            env.process(self._checking(env, balancer, target, self._changes, changed))

    def settle(self, balancer: Balancer) -> None:
        """What fails from the beginning has been found out before, where there are checks."""
        if balancer.interval:
            every = range(len(self.addresses))
            self.healthy = [self._met(balancer, target).passes for target in every]

    def _checking(
        self,
        env: simpy.Environment,
        balancer: Balancer,
        target: int,
        changes: Changes,
        changed: Callable[[], object],
    ) -> Generator[simpy.Event]:
        against, again = 0, partial(self._met, balancer, target)
        yield env.timeout(self._rng.random() * balancer.interval)
        while True:
            found = again() if self.stands(env.now, target) else Look(passes=False)
            passed = yield from changes.probed(found, again)
            against = 0 if passed is self.healthy[target] else against + 1
            if against >= (balancer.rise if passed else balancer.fall):
                self.healthy[target], against = passed, 0
                changed()
            yield env.timeout(balancer.interval)

    def _met(self, balancer: Balancer, target: int) -> Look:
        """What a check of one meets, load left out."""
        failure = self.failure(target)
        if failure is None:
            return WELL
        delay, patience = self._backends[target].delay, balancer.interval
        return look(failure, delay, balancer.check, patience, patience)

    def failure(self, target: int) -> Failure | None:
        """How one fails now; None where it does not."""
        return self._backends[target].fails if target in self._failing else None

    def delay(self, target: int) -> float:
        """Seconds that each of its answers takes besides: of a slow one."""
        return self._backends[target].delay if self.failure(target) is Failure.SLOW else 0.0

    def stands(self, now: float, target: int) -> bool:
        """Whether it takes connections: it neither refuses them nor has fallen over."""
        station = self._stations[target]
        refuses = self.failure(target) is Failure.REFUSED
        return not refuses and (station is None or station.stands(now))

    def hold(self, target: int, until: float) -> None:
        """A request of its is open until then, besides what waits in its queue."""
        self._hanging[target].append(until)

    def busy(self, now: float, target: int) -> int:
        """The requests that it has: that wait, are served, or hang."""
        station, hanging = self._stations[target], self._hanging[target]
        while hanging and hanging[0] <= now:
            hanging.popleft()
        return max(0 if station is None else station.busy(now), len(hanging))

    def until(self, now: float, target: int) -> float:
        """When the last that it has taken in will be served."""
        station = self._stations[target]
        return now if station is None else max(now, station.until)
