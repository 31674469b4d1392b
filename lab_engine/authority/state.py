"""What changes while a zone stays the same: health, the AWS endpoints, where networks are.

A snapshot is read-only; whoever watches the world makes the next one.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from types import MappingProxyType

from dns.name import Name

from lab_engine.authority.endpoints import Endpoint
from lab_engine.authority.geo import LESSON_PLACES, Atlas


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
