"""What whoever is on call is shown: metrics, and the health checks as the console lists them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lab_engine.simulation.tables import Column, Shown, Table

COLUMNS = (Column("what", 34), Column("now", 26))
CHECKED = (Column("check", 37), Column("is", 11), Column("asks", 52))


@dataclass(frozen=True, repr=False)
class Metrics(Shown):
    """What monitoring shows. By itself it shows its table.

    Attributes:
        rows: what is measured, and how it is.
        well: whether the incident is over.
    """

    rows: tuple[tuple[str, str], ...]
    well: bool

    @property
    def table(self) -> Table:
        """A row for each measure."""
        return Table(COLUMNS, self.rows, ["the incident is over"] if self.well else [])

    @property
    def now(self) -> str:
        """The first measure, as words."""
        what, is_now = self.rows[0]
        return f"{what}: {is_now}"


@dataclass(frozen=True, repr=False)
class Checks(Shown):
    """The health checks as the console lists them."""

    rows: tuple[tuple[str, str, str], ...]
    reasons: tuple[str, ...]

    @property
    def table(self) -> Table:
        """A row for each check, and why checkers say what they say."""
        return Table(CHECKED, self.rows, self.reasons)


def target(told: Mapping[str, Any] | None) -> str:
    """What a check asks for, and what it wants to see."""
    if told is None:
        return "its endpoint"
    where = f"{told.get('IPAddress', '')}:{told.get('Port', '')}"
    wants = f", wants {told['SearchString']!r}" if "SearchString" in told else ""
    return f"{told['Type']} {where}{told.get('ResourcePath', '')}{wants}"


def works(told: Mapping[str, Any] | None, address: str) -> bool:
    """Whether a check follows its endpoint, which a disabled or an inverted one does not."""
    if told is None or told.get("Disabled") or told.get("Inverted"):
        return False
    return bool(told.get("IPAddress", address) == address)
