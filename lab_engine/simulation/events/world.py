"""What holds at each time of a run of the event engine: epochs, and what health makes of load.

It tells the authority, the checkers and the outages, and writes changes into the journal.
"""

from bisect import bisect_right
from collections.abc import Generator, Mapping
from dataclasses import replace
from random import Random

import simpy

from lab_engine.simulation.epochs import Epoch, epochs
from lab_engine.simulation.events.blackouts import Blackouts
from lab_engine.simulation.events.feedback import LiveCheckers, with_failing
from lab_engine.simulation.events.stations import Station
from lab_engine.simulation.events.trace import Journal
from lab_engine.simulation.events.upstream import Upstream
from lab_engine.simulation.scenario import Scenario


class World:
    """The present of one run.

    Attributes:
        now: what holds, without changes.
        down: addresses that are dead.
        changed: how many of the scenario's changes have come; those of one time are one.
        times: of these changes.
        blackouts: how long caches lead to what has died.
    """

    def __init__(
        self,
        scenario: Scenario,
        found: tuple[Epoch, ...],
        upstream: Upstream,
        stations: Mapping[str, Station],
        journal: Journal,
    ) -> None:
        self.now = found[0].scenario
        self.down = self.now.down
        self.changed = 0
        self.times = [at for at, _ in scenario.steps[1:]]
        self.blackouts = Blackouts(())
        self._scenario = scenario
        self._epochs = found
        self._upstream = upstream
        self._stations = stations
        self._journal = journal
        self._failing: set[str] = set()
        self._checkers: LiveCheckers | None = None
        self._step = self.now

    def begin(self, env: simpy.Environment, rng: Random) -> None:
        """Let time bring what it will."""
        if self._scenario.checkers is not None and self._stations:
            self._checkers = LiveCheckers(env, self._scenario, self._stations, rng, self._said)
            self._checkers.begin()
        if len(self._epochs) > 1:
            env.process(self._passing(env))

    def _passing(self, env: simpy.Environment) -> Generator[simpy.Event]:
        for epoch in self._epochs[1:]:
            yield env.timeout(epoch.start - env.now)
            self._step = epoch.scenario
            self.changed = bisect_right(self.times, epoch.start)
            for change in self._scenario.schedule:
                if change.at == epoch.start:
                    self._journal.note(env.now, "change", change.path, _told(change.value))
            self._enter(env.now)

    def _said(self, now: float, check: str, healthy: bool) -> None:  # noqa: FBT001
        """The authority learns of one check's verdict."""
        (self._failing.discard if healthy else self._failing.add)(check)
        self._enter(now)

    def _enter(self, now: float) -> None:
        before = self.now
        self.now = with_failing(self._step, self._failing) if self._failing else self._step
        self.down = self.now.down
        self._note_verdicts(now, set(before.unhealthy), set(self.now.unhealthy))
        self._upstream.set(self.now)
        if self._checkers is not None:
            self._checkers.scenario = self.now
        died, back = set(self.down) - set(before.down), set(before.down) - set(self.down)
        for address in died & set(self._stations):
            self._stations[address].clear()
        if back:
            self.blackouts.revived(now, self.down)
        if died:
            self.blackouts.died(now, self.down)

    def _note_verdicts(self, now: float, before: set[str], after: set[str]) -> None:
        for check in sorted(before ^ after):
            self._journal.note(now, "verdict", check, "fails" if check in after else "passes")


def epochs_of(scenario: Scenario, rng: Random, *, live: bool) -> tuple[Epoch, ...]:
    """The epochs known beforehand: without health where checkers look while it goes on."""
    return epochs(replace(scenario, checkers=None) if live else scenario, rng)


def _told(value: object) -> str:
    text = str(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
