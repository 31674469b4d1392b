"""Goals of an incident, as `goals` has those of traffic."""

from typing import Protocol

from .goals import Standing, predicate


class Measured(Protocol):
    """What monitoring shows of an incident."""

    @property
    def well(self) -> bool:
        """Whether it is over."""

    @property
    def now(self) -> str:
        """How its first measure is."""


@predicate()
def over(_scenario: object, outcome: Measured) -> Standing:
    """The incident is over: what was changed has mended what the pager told of."""
    return Standing(outcome.well, outcome.now)
