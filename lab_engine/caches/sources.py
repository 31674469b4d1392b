"""Where a profile's numbers come from and how sure we are, and the tables that say so."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple, TypeVar

from lab_engine.authority.elements import nearest
from lab_engine.errors import LabError


class Sureness(StrEnum):
    """How sure we are, the surest first."""

    DEFINED = "by definition"
    """Nobody's in particular: a neutral profile."""
    MEASURED = "measured with packets"
    READ = "read in its source code"
    DOCUMENTED = "documented"
    SECOND_HAND = "told by others"
    REMEMBERED = "well known, not looked up"
    UNVERIFIED = "unverified"
    """A plausible value to try; no result may rest on it."""


@dataclass(frozen=True)
class Profile(ABC):
    """What all profiles tell of themselves.

    Attributes:
        name: as users write it.
        source: where its numbers are from, and for which version.
        sureness: of all fields but those named next.
        remembered: fields that are well known, but not looked up.
        unverified: fields that no result may rest on.
    """

    name: str
    source: str = field(default="none: a model", kw_only=True)
    sureness: Sureness = field(default=Sureness.DEFINED, kw_only=True)
    remembered: tuple[str, ...] = field(default=(), kw_only=True)
    unverified: tuple[str, ...] = field(default=(), kw_only=True)

    @abstractmethod
    def does(self) -> str:
        """What it does, in words."""


P = TypeVar("P", bound=Profile)


class Row(NamedTuple):
    """A line of a table, in words."""

    name: str
    does: str
    source: str
    sureness: str


def table(profiles: Mapping[str, Profile]) -> tuple[Row, ...]:
    """A row for each profile, for a README or a lesson."""
    return tuple(
        Row(each.name, each.does(), each.source, _sure(each)) for each in profiles.values()
    )


def named(profiles: Mapping[str, P], name: object, what: str) -> P:
    """The profile of that name. Raises LabError naming the nearest where there is none."""
    if isinstance(name, str) and name in profiles:
        return profiles[name]
    raise LabError(name, f"is no {what}", nearest(str(name), list(profiles)))


def by_name(profiles: Iterable[P]) -> dict[str, P]:
    """A table of profiles, in their order."""
    return {each.name: each for each in profiles}


def _sure(profile: Profile) -> str:
    weaker = (
        (Sureness.REMEMBERED, profile.remembered),
        (Sureness.UNVERIFIED, profile.unverified),
    )
    marks = [f"{sure}: {', '.join(fields)}" for sure, fields in weaker if fields]
    return "; ".join([profile.sureness, *marks])
