"""How requests follow a change, what that costs, and what is astray when it is taken back.

A part of requests is of those whom the change concerns. Runs with other seeds are added up, since
in one of them the few largest caches decide.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from lab_engine.rehearsal import laws
from lab_engine.rehearsal.asking import (
    Asked,
    asked,
    concerned,
    kept_together,
    led_elsewhere,
)
from lab_engine.rehearsal.cases import Case
from lab_engine.rehearsal.curves import LEVELS, Curve, Times, beginning, curve, times
from lab_engine.rehearsal.populations import Population, neutral
from lab_engine.rehearsal.series import Series, series
from lab_engine.rehearsal.steps import Steps
from lab_engine.simulation import theory
from lab_engine.simulation.outcome import Outcome
from lab_engine.simulation.parts import WEEK, ScheduledChange
from lab_engine.simulation.scenario import Scenario

LEAD = 300.0  # seconds that are watched ahead of the first change
LEAST = 60  # seconds: a browser keeps answers so long, whatever their TTL
TAIL = 900.0  # seconds beyond the last TTL, where clients keep answers longer
SETTLED = 5  # TTLs after a change until caches know nothing of it


@dataclass(frozen=True)
class Followed:
    """How one population follows one change of a name.

    Attributes:
        change: which one, from 0.
        at: when it is made, seconds from now.
        population: its name.
        concerned: the part of its requests that are told something else from then on.
        curve: the part of those that still goes by an older answer.
        times: seconds until this part has followed, at each of `LEVELS`.
        law: the same by the closed form; None where there is none.
        watched: seconds from the change to the end of the watch.
        caches: that were followed in all runs together: of few, times are rough.
    """

    change: int
    at: float
    population: str
    concerned: float
    curve: Curve
    times: Times
    law: Times | None
    watched: float
    caches: int


@dataclass(frozen=True)
class RolledBack:
    """What is astray when all changes are taken back.

    Attributes:
        after: seconds from the last change until then.
        population: its name.
        curve: the part of the concerned requests that still goes by an answer of the changed zone.
        times: seconds until this part is back, at each of `LEVELS`.
        law: the same for caches that are asked all the time; None where there is no closed form.
        longest: the longest TTL of those answers, after which no cache that keeps to it has one.
        watched: seconds from then to the end of the watch.
    """

    after: float
    population: str
    curve: Curve
    times: Times
    law: Times | None
    longest: int
    watched: float

    @property
    def at_once(self) -> float:
        """The part that is astray at first."""
        return beginning(self.curve)


@dataclass(frozen=True, eq=False)
class Watch:
    """One case before one population.

    Attributes:
        case: what changes.
        steps: the zone, and its changes.
        population: who asks.
        back: seconds from the last change until all is taken back; None for never.
        unhealthy: ids of health checks that fail all the while.
        seed: of the dice.
    """

    case: Case
    steps: Steps
    population: Population
    back: float | None = None
    unhealthy: tuple[str, ...] = ()
    seed: int = 1

    def series(self, budget: float) -> Series:
        """The runs that a budget of requests allows."""
        return series(self.population, self._scenario, budget)

    @property
    def _duration(self) -> float:
        begun = LEAD + self.steps.changes[-1][0] + (self.back or 0.0)
        reach = max(self.case.longest_ttl, LEAST)
        return min(WEEK, begun + 1.1 * reach + TAIL)

    def _scenario(self, population: Population) -> Scenario:
        zones = [(LEAD + at, zone) for at, zone in self.steps.changes]
        if self.back is not None:
            zones.append((zones[-1][0] + self.back, self.steps.before))
        changes = [ScheduledChange(at, "zone", zone) for at, zone in zones]
        if self.unhealthy:
            changes += [
                ScheduledChange(at, "unhealthy", sorted({*self.unhealthy} & zone.check_ids))
                for at, zone in zones
            ]
        return population.scenario(
            self.steps.before,
            self.case.name,
            self.case.type,
            schedule=tuple(changes),
            unhealthy=self.unhealthy,
            duration=self._duration,
            seed=self.seed,
        )

    # --- what came of it --------------------------------------------------------------------------

    def followed(self, ran: Series, outcomes: Sequence[Outcome]) -> tuple[Followed, ...]:
        """How each change that concerns this name is followed."""
        whole = [step for step, found in enumerate(self.case.steps) if found]
        return tuple(
            found for step in whole if (found := self._followed(step, ran.scenario, outcomes))
        )

    def _followed(
        self, step: int, scenario: Scenario, outcomes: Sequence[Outcome]
    ) -> Followed | None:
        part = concerned(scenario, step, step + 1)
        if not part:
            return None
        at = LEAD + self.steps.changes[step][0]
        found = curve(outcomes, at, step, led_elsewhere(scenario, step, step + 1), part)
        law = self._law(step, scenario) if math.isclose(part, 1) else None
        name, watched = self.population.name, scenario.duration - at
        caches = len(outcomes) * sum(laws.rates(scenario).values())
        return Followed(step, at - LEAD, name, part, found, times(found), law, watched, caches)

    def _law(self, step: int, scenario: Scenario) -> Times | None:
        ttl = self.case.ttl_before(step)
        kept_whole = kept_together(scenario, step)
        if ttl is None or not (kept_whole and neutral(scenario) and self._settled(step, ttl)):
            return None
        rates = laws.rates(scenario)
        return tuple(
            laws.falls_to(lambda after: laws.stale(after, ttl, rates), 1 - level, ttl)
            for level in LEVELS
        )

    def _settled(self, step: int, ttl: int) -> bool:
        """Whether caches are as in the long run when a change comes."""
        at = self.steps.changes[step][0]
        before = [index for index in range(step) if self.case.steps[index]]
        return all(
            at - self.steps.changes[index][0]
            >= (self.case.ttl_before(index) or WEEK) + SETTLED * ttl
            for index in before
        )

    def rolled_back(self, ran: Series, outcomes: Sequence[Outcome]) -> RolledBack | None:
        """What is astray; None where no address changes, so that nobody can be."""
        moved, back = self.case.moves, len(self.steps.changes)
        part = concerned(ran.scenario, back, 0)
        if moved is None or self.back is None or not part:
            return None
        at = LEAD + self.steps.changes[-1][0] + self.back
        led = led_elsewhere(ran.scenario, back, 0, right_again=moved)
        found = curve(outcomes, at, back, led, part)
        longest = max((t for each in self.case.steps[moved] for t in each.after.ttls), default=0)
        law, watched = self._law_of_return(moved), ran.scenario.duration - at
        name = self.population.name
        return RolledBack(self.back, name, found, times(found), law, longest, watched)

    def _law_of_return(self, moved: int) -> Times | None:
        old, new = self.case.ttl_before(moved), self.case.ttl_after(moved)
        alone = sum(map(bool, self.case.steps)) == 1
        scenario = self._scenario(self.population)
        whole = kept_together(scenario, 0, len(self.steps.changes))
        if old is None or not new or not (alone and whole and neutral(scenario)):
            return None
        kept = self.back or 0.0
        return tuple(
            laws.falls_to(
                lambda after: theory.rolled_back_fraction(after, kept, old, new), 1 - level, new
            )
            for level in LEVELS
        )

    def asked(self, ran: Series, outcomes: Sequence[Outcome]) -> Asked:
        """What it costs in questions to the authority."""
        scenario = ran.scenario
        stepped = [index for index, found in enumerate(self.case.steps) if found]
        ttls = self.case.ttl_before(stepped[0]), self.case.ttl_after(stepped[-1])
        first = LEAD + self.steps.changes[stepped[0]][0]
        last = LEAD + self.steps.changes[stepped[-1]][0] + max(self.case.longest_ttl, LEAST)
        exact = neutral(scenario) and kept_together(scenario, 0, len(self.steps.changes))
        known = ttls if exact else (None, None)
        return asked(scenario, outcomes, (first, last), known, ttls[1])
