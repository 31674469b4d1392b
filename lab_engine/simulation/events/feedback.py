"""Health that reacts to load: checkers that look while a run goes on.

`epochs` finds out beforehand what checkers make of servers that die at known times. Where servers
have a capacity that cannot be known, so their checkers live on the simulated clock. A probe passes
where any address behind its check is up and has room for one more request; it takes no room.
"""

from collections.abc import Callable, Generator, Iterator, Mapping
from dataclasses import replace
from random import Random

import simpy

from lab_engine.authority.health import Checker, aggregate
from lab_engine.simulation.events.stations import Station
from lab_engine.simulation.parts import Checkers
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
        scenario: what holds now; set another when it changes.
    """

    def __init__(
        self,
        env: simpy.Environment,
        scenario: Scenario,
        stations: Mapping[str, Station],
        rng: Random,
        said: Said,
    ) -> None:
        self.scenario = scenario
        self._env = env
        self._checkers = scenario.checkers or Checkers()
        self._stations = stations
        self._rng = rng
        self._said = said
        self._minds: dict[str, list[bool]] = {}
        self._verdicts: dict[str, bool] = {}

    def begin(self) -> None:
        """Every checker starts at a time of its own; what is down has been found out before."""
        checks = {check for _, step in self.scenario.steps for check in step.zone.check_ids}
        for check in sorted(checks):
            healthy = self._up(check)
            self._minds[check] = [healthy] * self._checkers.count
            self._verdicts[check] = healthy
            if not healthy:
                self._said(self._env.now, check, False)
            for index in range(self._checkers.count):
                self._env.process(self._looking(check, index, Checker(healthy)))

    def _looking(self, check: str, index: int, mind: Checker) -> Generator[simpy.Event]:
        yield self._env.timeout(self._rng.random() * self._checkers.interval)
        while True:
            passed = self._passes(check)
            if not self._up(check):
                yield self._env.timeout(self._checkers.timeout)
            mind = mind.after(passed, self._checkers.threshold)
            self._minds[check][index] = mind.healthy
            self._judge(check)
            yield self._env.timeout(self._checkers.interval)

    def _judge(self, check: str) -> None:
        healthy = aggregate(self._minds[check])
        if healthy is not self._verdicts[check]:
            self._verdicts[check] = healthy
            self._env.process(self._publishing(check, healthy=healthy))

    def _publishing(self, check: str, *, healthy: bool) -> Generator[simpy.Event]:
        yield self._env.timeout(self._checkers.publication)
        self._said(self._env.now, check, healthy)

    def _passes(self, check: str) -> bool:
        addresses = list(self._addresses(check))
        return not addresses or any(self._takes(address) for address in addresses)

    def _takes(self, address: str) -> bool:
        station = self._stations.get(address)
        up = address not in self.scenario.down
        return up and (station is None or station.room(self._env.now))

    def _up(self, check: str) -> bool:
        addresses = list(self._addresses(check))
        return not addresses or any(each not in self.scenario.down for each in addresses)

    def _addresses(self, check: str) -> Iterator[str]:
        for each in self.scenario.zone:
            if each.health_check_id == check:
                yield from each.texts


def with_failing(scenario: Scenario, failing: set[str]) -> Scenario:
    """The same with the checks failing that the zone still names, besides those it had."""
    known = failing & scenario.zone.check_ids
    return replace(scenario, unhealthy=tuple(sorted({*scenario.unhealthy, *known})))
