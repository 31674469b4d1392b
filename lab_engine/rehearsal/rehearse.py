"""From a zone and its changes to a rehearsal: what is asked, run, and put together.

Only names that change are simulated, and of those that change alike one.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from dns.rdatatype import RdataType

from lab_engine.authority.elements import nearest
from lab_engine.authority.endpoints import stand_ins
from lab_engine.authority.records import as_name
from lab_engine.authority.state import State
from lab_engine.authority.zone import Zone
from lab_engine.control.changes import Known
from lab_engine.errors import LabError
from lab_engine.rehearsal.advice import advice
from lab_engine.rehearsal.answers import Answers, Rehearsed
from lab_engine.rehearsal.cases import Case, cases
from lab_engine.rehearsal.data import as_dict
from lab_engine.rehearsal.deaths import Killing
from lab_engine.rehearsal.endpoints import Endpoint, behind, checked, followed, killed
from lab_engine.rehearsal.following import Watch
from lab_engine.rehearsal.page import as_html
from lab_engine.rehearsal.populations import HONEST, MIX, Population, of_file, spread, told
from lab_engine.rehearsal.series import Series, run_all
from lab_engine.rehearsal.steps import LATEST, Change, Steps, read_change, steps
from lab_engine.rehearsal.text import as_text
from lab_engine.review.diff import diff
from lab_engine.review.lint import lint
from lab_engine.simulation.outcome import Outcome
from lab_engine.simulation.run import Progress
from lab_engine.simulation.sites import atlas_of
from lab_engine.simulation.values import number, whole

MOST = 12  # names, and endpoints, that are simulated
BUDGET = 240_000  # requests that are played one by one, in all
LEAST = 6_000  # of one watch
ROLLBACK = 600.0


class Rehearsal(Answers):
    """What a change would do. Printed, it is the page that the command line prints."""

    def __str__(self) -> str:
        return as_text(self)

    __repr__ = __str__

    def as_dict(self) -> dict[str, Any]:
        """All of it, ready for JSON."""
        return as_dict(self)

    def html(self) -> str:
        """One page with the figures, which needs nothing from elsewhere."""
        return as_html(self)


def rehearse(  # noqa: PLR0913  (each is one thing an engineer may want to say)
    before: Zone | str | Path,
    changes: Change | Path | Sequence[Change | Path],
    *,
    at: Sequence[float] = (),
    kill: str = "",
    population: Population | str | Path | None = None,
    rollback: float = ROLLBACK,
    unhealthy: Sequence[str] = (),
    seed: int | None = None,
    known: Known | None = None,
    progress: Progress | None = None,
) -> Rehearsal:
    """What an engineer asks before a change.

    Args:
        before: the zone as it is, or its file.
        changes: one change or several: other zones, change batches, or files of these.
        at: seconds from now, one for each; a single change without a time is made at once.
        kill: an address, a health check, an identifier or a name that dies; without it, each
            endpoint that a health check watches behind the names that change.
        population: who asks, or the file that says so; without it, clients that keep to TTLs, and
            a mix.
        rollback: seconds from the last change until all is taken back.
        unhealthy: ids of health checks that fail all the while.
        seed: of the dice; without it, the population's, or 1.
        known: what else counts when a batch is judged.
        progress: called now and then with how much is done, and of how much.

    Raises:
        LabError: bad times, zones of other origins, a batch that the service would refuse, a
            population that does not fit; nothing is simulated then.
    """
    number("rollback", rollback, 1, LATEST)
    zone = _zone(before)
    work = _Work(
        steps(zone, [_change(each, zone) for each in _listed(changes)], at, known),
        _populations(population),
        tuple(dict.fromkeys(unhealthy)),
        kill,
        float(rollback),
        seed,
        known,
    )
    work.check()
    return work.done(progress)


def _zone(given: Zone | str | Path) -> Zone:
    return given if isinstance(given, Zone) else Zone.from_file(given)


def _listed(given: Change | Path | Sequence[Change | Path]) -> Sequence[Change | Path]:
    return [given] if isinstance(given, Zone | Mapping | str | Path) else given


def _change(given: Change | Path, zone: Zone) -> Change:
    if isinstance(given, Zone | Mapping):
        return given
    if isinstance(given, str) and given.lstrip().startswith("{"):
        return given
    return read_change(given, zone)


def _populations(given: Population | str | Path | None) -> tuple[Population, ...]:
    if given is None:
        return HONEST, MIX
    return (given if isinstance(given, Population) else of_file(given),)


@dataclass(frozen=True)
class _Work:
    """Everything that was asked for."""

    steps: Steps
    people: tuple[Population, ...]
    unhealthy: tuple[str, ...]
    kill: str
    rollback: float
    said_seed: int | None
    known: Known | None

    @cached_property
    def seed(self) -> int:
        """Of the dice."""
        said = self.people[0].parts.get("seed", 1) if self.said_seed is None else self.said_seed
        whole("seed", said, 0, 2**63 - 1)
        return int(said)

    @cached_property
    def populations(self) -> tuple[Population, ...]:
        """Who asks: everywhere on the map, where answers depend on that."""
        names = {(each.name, each.type) for each in self.simulated}
        names |= {(each.name, each.type) for each in self.endpoints}
        policies = [
            each.policy
            for zone in self.steps.zones
            for name, kind in names
            for each in followed(zone, as_name(name), RdataType[kind])
        ]
        placed = any(each.by_place or each.by_network or each.by_peer for each in policies)
        return tuple(spread(each) if placed else each for each in self.people)

    @cached_property
    def state(self) -> State:
        """What the zones are asked in."""
        aliases = [each for zone in self.steps.zones for each in zone.alias_sets]
        sites = self.people[0].parts.get("atlas", ())
        return State(frozenset(self.unhealthy), stand_ins(aliases), atlas_of(tuple(sites)))

    @cached_property
    def found(self) -> tuple[Case, ...]:
        """What changes."""
        return cases(self.steps, self.steps.differences(self.state))

    @cached_property
    def simulated(self) -> tuple[Case, ...]:
        """Of that, what is simulated."""
        return tuple(each for each in self.found if each.steered)[:MOST]

    @cached_property
    def endpoints(self) -> tuple[Endpoint, ...]:
        """What dies."""
        asked = [(case.name, case.type) for case in self.simulated]
        if self.kill:
            return killed(self.steps.after, self.kill, asked)
        return checked(self.steps.after, asked)[:MOST]

    @cached_property
    def watches(self) -> tuple[Watch, ...]:
        """Of each name that is simulated and each population: without a way back, and with."""
        return tuple(
            Watch(case, self.steps, population, back, self.unhealthy, self.seed)
            for case in self.simulated
            for population in self.populations
            for back in ((None, self.rollback) if case.moves is not None else (None,))
        )

    @cached_property
    def killings(self) -> tuple[Killing, ...]:
        """Of each endpoint and each population."""
        return tuple(
            Killing(self.steps.after, each, self._ttl(each), population, self.unhealthy, self.seed)
            for each in self.endpoints
            for population in self.populations
        )

    def _ttl(self, endpoint: Endpoint) -> int:
        sets = behind(self.steps.after, as_name(endpoint.name), RdataType[endpoint.type])
        return max((each.ttl for each in sets if each.ttl is not None), default=0)

    def check(self) -> None:
        """Refuse what is said to fail and is nowhere heard of."""
        heard = self.known.health_checks if self.known else None
        known = frozenset[str]().union(*(zone.check_ids for zone in self.steps.zones))
        for each in self.unhealthy:
            if each not in known and each not in (heard or ()):
                remedy = nearest(each, sorted(known)) if known else "No record set has one."
                raise LabError(each, "is the id of no health check here", remedy)

    def done(self, progress: Progress | None) -> Rehearsal:
        """All of it."""
        jobs: list[Watch | Killing] = [*self.watches, *self.killings]
        budget = max(LEAST, BUDGET / max(1, len(jobs)))
        ran = [each.series(budget) for each in jobs]
        came: Came = dict(zip(jobs, zip(ran, run_all(ran, progress), strict=True), strict=True))
        before, after = self.steps.before, self.steps.after
        checks = self.known.health_checks if self.known else None
        ids = checks if isinstance(checks, Collection) else None
        old, findings = set(lint(before, ids)), lint(after, ids)
        return Rehearsal(
            self.steps,
            diff(before, after, self.state),
            tuple(self._rehearsed(case, came) for case in self.simulated),
            tuple(each for each in self.found if each not in self.simulated),
            tuple(each.death(*came[each]) for each in self.killings),
            tuple(findings),
            tuple(each for each in findings if each not in old),
            advice(self.steps, self.found, self.populations[0], self.populations[0].toy),
            self.populations,
            {each.name: told(each.toy) for each in self.populations},
            self.seed,
        )

    def _rehearsed(self, case: Case, came: "Came") -> Rehearsed:
        """What comes of one name."""
        mine = [each for each in self.watches if each.case is case]
        ahead = [each for each in mine if each.back is None]
        back = (each.rolled_back(*came[each]) for each in mine if each.back is not None)
        return Rehearsed(
            case,
            tuple(found for each in ahead for found in each.followed(*came[each])),
            tuple(found for found in back if found is not None),
            {each.population.name: each.asked(*came[each]) for each in ahead},
        )


Came = dict[Watch | Killing, tuple[Series, Sequence[Outcome]]]
"""The runs of each job, and their outcomes."""
