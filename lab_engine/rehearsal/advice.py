"""How the same change would be made so that nobody who keeps to TTLs is left behind."""

from collections.abc import Iterable
from dataclasses import dataclass

from lab_engine.errors import LabError
from lab_engine.rehearsal import laws
from lab_engine.rehearsal.cases import Case
from lab_engine.rehearsal.populations import Population
from lab_engine.simulation.scenario import Scenario
from lab_engine.simulation.theory import Staircase, plan_migration

LOW_TTL, PUBLICATION, STEPS = 60, 60, 3


@dataclass(frozen=True)
class Advice:
    """A schedule of TTLs ahead of a move.

    Attributes:
        names: that it is for.
        population: whose questions are counted.
        plan: the schedule; its move is made where the change is.
        straggling: the part of busy caches with an older answer a low TTL after the change as it
            is given, 0 to 1; nobody with the schedule.
    """

    names: tuple[str, ...]
    population: str
    plan: Staircase
    straggling: float


def advice(found: Iterable[Case], population: Population, at_rest: Scenario) -> tuple[Advice, ...]:
    """A schedule for each TTL that is in the way of a change.

    Args:
        found: what changes.
        population: who asks.
        at_rest: the same before some name: how often each of its resolvers is asked.
    """
    names: dict[int, list[str]] = {}
    for case in found:
        ttl = _in_the_way(case)
        if ttl is not None:
            names.setdefault(ttl, []).extend((case.name, *case.alike))
    asked = laws.rates(at_rest)
    rates = [rate for rate, count in asked.items() for _ in range(count)]
    return tuple(
        Advice(tuple(several), population.name, plan, 1 - LOW_TTL / ttl)
        for ttl, several in sorted(names.items())
        if (plan := _plan(ttl, rates)) is not None
    )


def _in_the_way(case: Case) -> int | None:
    """The TTL of the copies out there when it moves, or when its TTL changes; None if it is low."""
    moved = case.moves
    step = next(index for index, each in enumerate(case.steps) if each) if moved is None else moved
    comes = any(each.change == "appears" for each in case.steps[step])
    ttl = None if comes else case.ttl_before(step)
    return ttl if ttl is not None and ttl > LOW_TTL else None


def _plan(ttl: int, rates: list[float]) -> Staircase | None:
    """As soon as nobody is left behind; None where a TTL is too long for any plan."""
    try:
        return plan_migration(
            ttl,
            ttl + PUBLICATION,
            caches=rates,
            low_ttl=LOW_TTL,
            steps=STEPS,
            publication=PUBLICATION,
        )
    except LabError:
        return None
