"""What whoever is on call is shown: metrics, health checks, and the records of the zone."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Self

from lab_engine.simulation.tables import Column, Shown, Table

COLUMNS = (Column("what", 34), Column("now", 26))
RECORDED = (
    *(Column("name", 20), Column("type", 7), Column("TTL", 9)),
    *(Column("answers", 72), Column("policy", 68)),
)
CHECKED = (Column("check", 37), Column("is", 11), Column("asks", 52))


@dataclass(frozen=True, repr=False)
class Metrics(Shown):
    """What monitoring shows. By itself it shows its table.

    Attributes:
        rows: what is measured, and how it is.
        well: whether the incident is over.
        incident: its name.
    """

    rows: tuple[tuple[str, str], ...]
    well: bool
    incident: str = ""

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


@dataclass(frozen=True, repr=False)
class Records(Shown):
    """The record sets of the hosted zone, in the elements of the API."""

    rows: tuple[tuple[str, ...], ...]

    @classmethod
    def of(cls, listed: Iterable[Mapping[str, Any]]) -> Self:
        """Of record sets as the API lists them."""
        return cls(tuple(map(_record, listed)))

    @property
    def table(self) -> Table:
        """A row for each record set."""
        return Table(RECORDED, self.rows, [])


def _record(listed: Mapping[str, Any]) -> tuple[str, ...]:
    ttl = str(listed.get("TTL", ""))
    return listed["Name"], listed["Type"], ttl, _answers(listed), _policy(listed)


def _answers(listed: Mapping[str, Any]) -> str:
    if "AliasTarget" in listed:
        alias = listed["AliasTarget"]
        return f"alias to {alias['DNSName']}, EvaluateTargetHealth {alias['EvaluateTargetHealth']}"
    return ", ".join(each["Value"] for each in listed["ResourceRecords"])


def _policy(listed: Mapping[str, Any]) -> str:
    """The elements of its policy, and its health check."""
    others = ("Name", "Type", "TTL", "ResourceRecords", "AliasTarget")
    return ", ".join(_element(name, told) for name, told in listed.items() if name not in others)


def _element(name: str, told: Any) -> str:
    """`Weight 0`, or `GeoLocation ContinentCode AS`."""
    inner = told.items() if isinstance(told, Mapping) else [("", told)]
    return " ".join((name, *(f"{key} {value}".strip() for key, value in inner)))


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
