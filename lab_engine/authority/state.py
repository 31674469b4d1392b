"""What changes while a zone stays the same: health, the AWS endpoints, where networks are.

A snapshot is read-only; whoever watches the world makes the next one.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from types import MappingProxyType
from typing import Protocol

from dns.name import Name

from lab_engine.authority.elements import nearest
from lab_engine.authority.endpoints import Endpoint
from lab_engine.authority.geo import LESSON_PLACES, Atlas
from lab_engine.authority.health import CALCULATED, HealthChecks
from lab_engine.authority.recordset import RecordSet
from lab_engine.errors import LabError


@cache
def lesson_atlas() -> Atlas:
    """The places of the lessons' networks."""
    return Atlas(LESSON_PLACES)


@dataclass(frozen=True)
class State:
    """One moment of the world.

    Attributes:
        unhealthy: ids of the health checks that fail now; every other one passes.
        endpoints: the AWS endpoints that aliases may name, by name.
        atlas: where clients are.
    """

    unhealthy: frozenset[str] = frozenset()
    endpoints: Mapping[Name, Endpoint] = field(default_factory=lambda: MappingProxyType({}))
    atlas: Atlas = field(default_factory=lesson_atlas)

    def with_unhealthy(self, *ids: str) -> "State":
        """The same moment with exactly these checks failing."""
        return replace(self, unhealthy=frozenset(ids))


class Served(Protocol):
    """Whose health is set: an `Authority`."""

    state: State

    @property
    def zone(self) -> Iterable[RecordSet]:
        """The record sets that name health checks."""


class Health:
    """Health set by hand: `health["hc-1"] = False` fails a check, True makes it pass again.

    Calculated checks follow those they count, and cannot be set. What is set holds until it is set
    again.
    """

    def __init__(self, served: Served, checks: HealthChecks | None = None) -> None:
        self._served = served
        self._checks = checks or HealthChecks()

    def __iter__(self) -> Iterator[str]:
        """The ids of all checks, in their order."""
        return iter(sorted(check_ids(self._served.zone) | self._checks.ids))

    def __getitem__(self, check_id: str) -> bool:
        return self._known(check_id) not in self._served.state.unhealthy

    def __setitem__(self, check_id: str, healthy: bool) -> None:
        if not isinstance(healthy, bool):
            raise LabError(healthy, "is not a health", "Give True or False.")
        if self._counts(self._known(check_id)):
            raise LabError(check_id, "is calculated from other checks", "Set those it counts.")
        said = {each: self[each] for each in self if not self._counts(each)}
        failing = self._checks.unhealthy({**said, check_id: healthy})
        self._served.state = replace(self._served.state, unhealthy=failing)

    def __repr__(self) -> str:
        """A line for each check."""
        lines = [f"{each}: {'healthy' if self[each] else 'unhealthy'}" for each in self]
        return "\n".join(lines) or "no record set has a health check"

    def _counts(self, check_id: str) -> bool:
        check = self._checks.checks.get(check_id)
        return check is not None and check.type == CALCULATED

    def _known(self, check_id: str) -> str:
        known = list(self)
        if check_id in known:
            return check_id
        remedy = nearest(str(check_id), known) if known else "Give a record set one."
        raise LabError(check_id, "is the id of no health check here", remedy)


def check_ids(zone: Iterable[RecordSet]) -> frozenset[str]:
    """The ids of the health checks that record sets name."""
    return frozenset(each.health_check_id for each in zone if each.health_check_id)
