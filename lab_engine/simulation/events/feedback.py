"""Health that reacts to load: checkers that look while a run goes on.

`epochs` finds out beforehand what checkers make of servers that fail at known times. Where servers
have a capacity that cannot be known, so their checkers live on the simulated clock. A probe passes
where any address behind its check is well, has room for one more request, and would answer in time,
which a TCP check does not wait for; it takes no room.
"""

from collections.abc import Callable, Generator, Mapping
from dataclasses import replace
from functools import partial
from random import Random

import simpy

from lab_engine.authority.health import Checker, aggregate
from lab_engine.simulation.events.probing import Changes
from lab_engine.simulation.events.stations import Station
from lab_engine.simulation.failing import WELL, Look
from lab_engine.simulation.outcome import Mind
from lab_engine.simulation.parts import Checkers
from lab_engine.simulation.probes import best, seen
from lab_engine.simulation.scenario import Scenario

Said = Callable[[float, str, bool], None]
"""Told when the authority learns of a check, which one, and whether it is healthy."""


class LiveCheckers:
    """All checkers of one run.

    Args:
        env: the clock.
        scenario: with its checkers, by which they look, and its zone.
        stations: servers with a capacity, by address.
        rng: the dice of their phases.
        said: whom they tell.

    Attributes:
        minds: which of them changed its mind when.
    """

    def __init__(
        self,
        env: simpy.Environment,
        scenario: Scenario,
        stations: Mapping[str, Station],
        rng: Random,
        said: Said,
    ) -> None:
        self.minds: list[Mind] = []
        self._scenario = scenario
        self._failing: frozenset[str] = frozenset()
        self._env = env
        self._changes = Changes(env)
        self._checkers = scenario.checkers or Checkers()
        self._stations = stations
        self._rng = rng
        self._said = said
        self._says: dict[str, list[bool]] = {}
        self._verdicts: dict[str, bool] = {}

    def enter(self, scenario: Scenario, failing: frozenset[str]) -> None:
        """Something else holds now, or others fail."""
        self._scenario, self._failing = scenario, failing
        self._changes.come()

    def begin(self) -> None:
        """Every checker starts at a time of its own; what is down has been found out before."""
        checks = {check for _, step in self._scenario.steps for check in step.zone.check_ids}
        for check in sorted(checks):
            healthy = self._met(check, at_rest=True).passes
            self._says[check] = [healthy] * self._checkers.count
            self._verdicts[check] = healthy
            if not healthy:
                self._said(self._env.now, check, False)
            for index in range(self._checkers.count):
                if not healthy:
                    self.minds.append(Mind(0.0, check, index, healthy=False))
                self._env.process(self._looking(check, index, Checker(healthy)))

    def _looking(self, check: str, index: int, mind: Checker) -> Generator[simpy.Event]:
        yield self._env.timeout(self._rng.random() * self._checkers.interval)
        while True:
            again = partial(self._met, check, at_rest=True)
            passed = yield from self._changes.probed(self._met(check), again)
            mind = mind.after(passed, self._checkers.threshold)
            if mind.healthy is not self._says[check][index]:
                self._says[check][index] = mind.healthy
                self.minds.append(Mind(max(0.0, self._env.now), check, index, mind.healthy))
                self._judge(check)
            yield self._env.timeout(self._checkers.interval)

    def _judge(self, check: str) -> None:
        healthy = aggregate(self._says[check])
        if healthy is not self._verdicts[check]:
            self._verdicts[check] = healthy
            self._env.process(self._publishing(check, healthy=healthy))

    def _publishing(self, check: str, *, healthy: bool) -> Generator[simpy.Event]:
        yield self._env.timeout(self._checkers.publication)
        self._said(self._env.now, check, healthy)

    def _met(self, check: str, *, at_rest: bool = False) -> Look:
        """What a probe meets now; at rest, whatever the load."""
        known = seen(self._scenario, self._failing, self._checkers)

        def looked(address: str) -> Look:
            station, found = self._stations.get(address), known(address)
            return found if at_rest or station is None or found != WELL else self._loaded(station)

        return best(self._scenario.zone, check, looked)

    def _loaded(self, station: Station) -> Look:
        """What a probe meets at a server that serves."""
        if not station.room(self._env.now):
            return Look(passes=False)
        if self._checkers.type == "TCP":
            return WELL
        wait = station.wait(self._env.now)
        return Look(wait <= self._checkers.response, min(wait, self._checkers.response))


def with_failing(scenario: Scenario, failing: set[str]) -> Scenario:
    """The same with the checks failing that the zone still names, besides those it had."""
    known = failing & scenario.zone.check_ids
    return replace(scenario, unhealthy=tuple(sorted({*scenario.unhealthy, *known})))
