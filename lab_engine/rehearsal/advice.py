"""How the same change would be made so that nobody who keeps to TTLs is left behind."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from dns.rdatatype import RdataType

from lab_engine.authority.records import as_name
from lab_engine.authority.zone import Zone
from lab_engine.errors import LabError
from lab_engine.rehearsal import laws
from lab_engine.rehearsal.cases import Case
from lab_engine.rehearsal.endpoints import followed
from lab_engine.rehearsal.populations import Population
from lab_engine.rehearsal.steps import Steps
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


def advice(
    steps: Steps, found: Iterable[Case], population: Population, at_rest: Scenario
) -> tuple[Advice, ...]:
    """A schedule for each TTL that is in the way of a change.

    Args:
        steps: the zone, and its changes.
        found: what changes.
        population: who asks.
        at_rest: the same before some name: how often each of its resolvers is asked.
    """
    names: dict[int, list[str]] = {}
    for case in found:
        ttl = _in_the_way(case, steps.zones)
        if ttl is not None:
            known = names.setdefault(ttl, [])
            known += [name for name in (case.name, *case.alike) if name not in known]
    asked = laws.rates(at_rest)
    rates = [rate for rate, count in asked.items() for _ in range(count)]
    return tuple(
        Advice(tuple(several), population.name, plan, 1 - LOW_TTL / ttl)
        for ttl, several in sorted(names.items())
        if (plan := _plan(ttl, rates)) is not None
    )


def _in_the_way(case: Case, before: Sequence[Zone]) -> int | None:
    """The TTL of the copies out there when it moves, or when its TTL changes; None if it is low.

    None, too, where no record set has it that could be given another before: of denials, and of the
    SOA, whose new serial nobody waits for.
    """
    moved = case.moves
    step = next(index for index, each in enumerate(case.steps) if each) if moved is None else moved
    ttl = case.ttl_before(step) if _is_there(case, before[step]) else None
    return ttl if ttl is not None and ttl > LOW_TTL else None


def _is_there(case: Case, zone: Zone) -> bool:
    """Whether a zone has a record set to lower the TTL of."""
    kind = RdataType[case.type]
    return kind is not RdataType.SOA and any(
        each.type is kind for each in followed(zone, as_name(case.name), kind)
    )


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
