"""A rehearsal: the answers to an engineer's questions before a change, as values."""

from collections.abc import Mapping
from dataclasses import dataclass

from lab_engine.rehearsal.advice import Advice
from lab_engine.rehearsal.asking import Asked
from lab_engine.rehearsal.cases import Case
from lab_engine.rehearsal.deaths import Death
from lab_engine.rehearsal.following import Followed, RolledBack
from lab_engine.rehearsal.populations import Population, Told
from lab_engine.rehearsal.steps import Steps
from lab_engine.review.diff import Difference
from lab_engine.review.lint import Finding


@dataclass(frozen=True)
class Rehearsed:
    """What comes of the change at one name, and at those that change alike.

    Attributes:
        case: the name, what each change does to it, and the others.
        followed: how each population follows each change.
        rolled_back: what is astray of each population when all is taken back; none where only
            TTLs change.
        asked: what each population asks the authority, by its name.
    """

    case: Case
    followed: tuple[Followed, ...]
    rolled_back: tuple[RolledBack, ...]
    asked: Mapping[str, Asked]


@dataclass(frozen=True)
class Answers:
    """What a change would do.

    Attributes:
        steps: the zone, and its changes.
        differences: between the zone as it is and as it would be, for whom.
        names: what comes of it, name by name.
        others: of what changes, what was not simulated: no addresses, or too many names.
        deaths: what an outage of each endpoint would look like, for each population.
        findings: what `lint` says of the zone after the change.
        new: those of them that the zone as it is does not have.
        advice: how nobody would be left behind.
        populations: for whom all this holds.
        profiles: what they are made of, by the name of each population.
        seed: of the dice.
    """

    steps: Steps
    differences: tuple[Difference, ...]
    names: tuple[Rehearsed, ...]
    others: tuple[Case, ...]
    deaths: tuple[Death, ...]
    findings: tuple[Finding, ...]
    new: tuple[Finding, ...]
    advice: tuple[Advice, ...]
    populations: tuple[Population, ...]
    profiles: Mapping[str, tuple[Told, ...]]
    seed: int

    @property
    def steered(self) -> bool:
        """Whether any record set of the zone, before or after, has a policy or is an alias."""
        return any(
            each.policy.name != "simple" or each.alias is not None
            for zone in (self.steps.before, self.steps.after)
            for each in zone
        )
