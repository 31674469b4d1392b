"""What holds at each time of a run of the event engine: epochs, and what health makes of load.

It tells the authority, the checkers and the outages, and writes changes into the journal.
"""

import math
from collections.abc import Callable, Generator, Mapping
from dataclasses import replace
from itertools import takewhile
from random import Random

import simpy

from lab_engine.authority.plan import alike, replies
from lab_engine.authority.records import Client
from lab_engine.simulation.asking import planned
from lab_engine.simulation.epochs import Epoch, epochs, minds
from lab_engine.simulation.events.blackouts import Blackouts
from lab_engine.simulation.events.feedback import LiveCheckers, with_failing
from lab_engine.simulation.events.members import Member
from lab_engine.simulation.events.stations import Station
from lab_engine.simulation.events.trace import Journal
from lab_engine.simulation.events.upstream import Upstream
from lab_engine.simulation.outcome import Mind, Verdict
from lab_engine.simulation.scenario import Scenario


class World:
    """The present of one run.

    Args:
        scenario: all of it.
        found: its epochs.
        upstream: the authority.
        stations: servers with a capacity, by address.
        journal: where changes are written down.
        entering: told when something else holds, what, and who fails: a balancer, where there is
            one.

    Attributes:
        now: what holds, without changes.
        down: addresses that are dead.
        unreachable: those of them that connect nobody.
        failing: those of them that do.
        delays: whether requests may lose time at servers that vanish or are slow.
        changed: how many of the scenario's changes have come; those of one time are one.
        times: of these changes.
        verdicts: what the authority has learned from health checkers since the watch began.
        history: what held from when on.
        blackouts: how long clients are led to what has died.
    """

    def __init__(  # noqa: PLR0913, PLR0917  (all that the present is made of)
        self,
        scenario: Scenario,
        found: tuple[Epoch, ...],
        upstream: Upstream,
        stations: Mapping[str, Station],
        journal: Journal,
        entering: Callable[[float, Scenario, frozenset[str]], object] | None = None,
    ) -> None:
        self.now = found[0].scenario
        self._connecting = scenario.connecting
        self._delays = scenario.delays
        self.changed = 0
        self.times = [at for at, _ in scenario.steps[1:]]
        self.verdicts: list[Verdict] = []
        self.history = [found[0]]
        self.blackouts = Blackouts(())
        self._changes: list[tuple[Scenario, Scenario]] = []
        self._altered: dict[tuple[int, Client], bool] = {}
        self._scenario = scenario
        self._epochs = found
        self._upstream = upstream
        self._stations = stations
        self._journal = journal
        self._entering = entering
        self._failing: set[str] = set()
        self._checkers: LiveCheckers | None = None
        self._epoch = found[0]
        self._kill(self.now.down)

    def begin(self, env: simpy.Environment, rng: Random, changing: Callable[[], object]) -> None:
        """Let time bring what it will; `changing` is called at each change of the scenario."""
        if self._scenario.checkers is not None and self._stations:
            self._checkers = LiveCheckers(env, self._scenario, self._stations, rng, self._said)
            self._checkers.enter(self._scenario, self._epoch.failing)
            self._checkers.begin()
        if len(self._epochs) > 1:
            env.process(self._passing(env, changing))

    def _passing(
        self, env: simpy.Environment, changing: Callable[[], object]
    ) -> Generator[simpy.Event]:
        for epoch in self._epochs[1:]:
            yield env.timeout(epoch.start - env.now)
            self._epoch, before = epoch, self.now
            self.verdicts += epoch.learned
            for change in self._scenario.schedule:
                if change.at == epoch.start:
                    self._journal.note(env.now, "change", change.path, _told(change.value))
            self._enter(env.now, epoch.learned)
            if epoch.change:
                self.changed += 1
                self._changes.append((before, self.now))
                changing()

    @property
    def minds(self) -> tuple[Mind, ...]:
        """Which checker changed its mind since the watch began, and when."""
        if self._checkers is not None:
            return tuple(self._checkers.minds)
        return minds(self._epochs, math.inf)

    def altered(self, change: int, client: Client) -> bool:
        """Whether a change of the past altered what this client of the authority is told."""
        key = change, client
        if key not in self._altered:
            before, after = (replies(planned(each, client)) for each in self._changes[change])
            self._altered[key] = not alike(before, after)
        return self._altered[key]

    def _said(self, now: float, check: str, healthy: bool) -> None:  # noqa: FBT001
        """The authority learns of one check's verdict."""
        verdict = Verdict(now, check, healthy)
        if now > 0:
            self.verdicts.append(verdict)
        (self._failing.discard if healthy else self._failing.add)(check)
        self._enter(now, (verdict,))

    def _kill(self, down: tuple[str, ...]) -> None:
        dead = frozenset(down)
        self.down = down
        self.unreachable, self.failing = dead - self._connecting, dead & self._connecting
        slow = self._epoch.failing.intersection(self._delays)
        self._costly = (self.unreachable & self._scenario.hanging, slow)
        self.delays = any(self._costly)

    def waited(self, member: Member, server: str) -> float:
        """Seconds that a request lost before this server served it."""
        vanished, slow = self._costly
        lost = self._delays[server] if server in slow else 0.0
        if not vanished or not member.told:
            return lost
        before = takewhile(server.__ne__, member.attempts)
        return lost + member.chain[0].gap * sum(address in vanished for address in before)

    def _enter(self, now: float, learned: tuple[Verdict, ...]) -> None:
        before, step = self.now, self._epoch.scenario
        self.now = with_failing(step, self._failing) if self._failing else step
        self.history.append(Epoch(now, self.now, learned))
        self._kill(self.now.down)
        self._note_verdicts(now, set(before.unhealthy), set(self.now.unhealthy))
        self._upstream.set(self.now)
        if self._entering is not None:
            self._entering(now, self.now, self._epoch.failing)
        if self._checkers is not None:
            self._checkers.enter(self.now, self._epoch.failing)
        died, back = set(self.down) - set(before.down), set(before.down) - set(self.down)
        for address in died & set(self._stations):
            self._stations[address].clear(now)
        if self._entering is not None:
            return  # a balancer meets the dead, and its clients do not
        if back:
            self.blackouts.revived(now, self.down)
        if died:
            self.blackouts.died(now, died, self.down)

    def _note_verdicts(self, now: float, before: set[str], after: set[str]) -> None:
        for check in sorted(before ^ after):
            self._journal.note(now, "verdict", check, "fails" if check in after else "passes")


def epochs_of(scenario: Scenario, rng: Random, *, live: bool) -> tuple[Epoch, ...]:
    """The epochs known beforehand: without health where checkers look while it goes on."""
    return epochs(replace(scenario, checkers=None) if live else scenario, rng)


def _told(value: object) -> str:
    text = str(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
