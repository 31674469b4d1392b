"""Goals of an incident, as `goals` has those of traffic."""

from typing import Protocol

from lab_engine.errors import LabError

from .goals import TEXT, Standing, predicate


class Measured(Protocol):
    """What monitoring shows of an incident."""

    @property
    def incident(self) -> str:
        """Which one it is."""

    @property
    def well(self) -> bool:
        """Whether it is over."""

    @property
    def now(self) -> str:
        """How its first measure is."""


@predicate(incident=TEXT)
def over(_scenario: object, outcome: Measured, *, incident: str) -> Standing:
    """The incident is over: what was changed has mended what the pager told of."""
    if outcome.incident != incident:
        remedy = f'Begin the right one: world = incident("{incident}").'
        raise LabError(outcome.incident, "is another incident", remedy)
    return Standing(outcome.well, outcome.now)
