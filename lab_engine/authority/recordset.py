"""Resource record sets, as Route 53 has them: what a zone holds.

Several of one name and type form a group, whose policy decides among them. A set holds records of
its own, or is an alias: then another name's answer is given as this one's, invisible on the wire.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any, Self

import dns.name
from dns.name import Name
from dns.rdata import Rdata
from dns.rdatatype import RdataType

from lab_engine.authority.policies import Policy, Simple
from lab_engine.authority.records import RRset, as_name, as_rdata, as_type
from lab_engine.errors import LabError, ZoneError

_SIMPLE = Simple()


@dataclass(frozen=True)
class AliasTarget:
    """Whose answer an alias gives.

    Attributes:
        name: of a record set of the same zone and type, or of an AWS endpoint.
        evaluate_target_health: whether the alias is as healthy as its target.
        hosted_zone_id: where the target lies; empty for this zone.
    """

    name: Name
    evaluate_target_health: bool = False
    hosted_zone_id: str = ""


@dataclass(frozen=True)
class RecordSet:
    """One resource record set.

    Attributes:
        name: the owner, absolute once it is in a zone.
        type: of its values.
        records: what it answers, or None for an alias.
        alias: whose answer it gives, or None.
        policy: with the values of its fields; `Simple()` for a set that stands alone.
        set_identifier: 1 to 128 characters, unique in its group; empty for the simple policy.
        health_check_id: of the check that decides whether it is healthy; empty for none.
        where: the line or element it was read from, for errors.
    """

    name: Name
    type: RdataType
    records: RRset | None = None
    alias: AliasTarget | None = None
    policy: Policy = _SIMPLE
    set_identifier: str = ""
    health_check_id: str = ""
    where: str = field(default="", compare=False)

    @classmethod
    def of(  # noqa: PLR0913  (each is one element of a Route 53 record set)
        cls,
        name: str | Name,
        rdtype: str | RdataType,
        values: str | Iterable[str],
        ttl: int = 300,
        *,
        policy: Policy | None = None,
        set_identifier: str = "",
        health_check_id: str = "",
    ) -> Self:
        """One with records of its own, from text. Raises LabError for a bad value."""
        records = RRset.of(name, rdtype, values, ttl)
        how = policy or _SIMPLE
        return cls(records.name, records.type, records, None, how, set_identifier, health_check_id)

    @classmethod
    def alias_to(  # noqa: PLR0913
        cls,
        name: str | Name,
        rdtype: str | RdataType,
        target: str | Name,
        *,
        policy: Policy | None = None,
        set_identifier: str = "",
        health_check_id: str = "",
        evaluate_target_health: bool = False,
        hosted_zone_id: str = "",
    ) -> Self:
        """An alias, from text. Raises LabError for a bad name or type."""
        to = AliasTarget(as_name(target, None), evaluate_target_health, hosted_zone_id)
        owner, kind = as_name(name, None), as_type(rdtype)
        return cls(owner, kind, None, to, policy or _SIMPLE, set_identifier, health_check_id)

    @property
    def key(self) -> tuple[Name, RdataType, str]:
        """What makes a record set unique in its zone."""
        return self.name, self.type, self.set_identifier

    @property
    def ttl(self) -> int | None:
        """Seconds; None for an alias, which has its target's."""
        return None if self.records is None else self.records.ttl

    @property
    def texts(self) -> tuple[str, ...]:
        """The values in master-file form; none for an alias."""
        return () if self.records is None else self.records.texts

    def __str__(self) -> str:
        return " ".join((str(self.name), RdataType.to_text(self.type), self.set_identifier)).strip()

    def with_ttl(self, ttl: int) -> "RecordSet":
        """The same with another TTL. Raises LabError for a bad one, or for an alias."""
        if self.records is None:
            raise LabError(str(self), "is an alias", "Set the TTL of its target.")
        return replace(self, records=replace(self.records, ttl=ttl))

    def completed(self, origin: Name) -> "RecordSet":
        """The same with every relative name below `origin`. Raises ZoneError if one is too long."""
        try:
            name = self.name.derelativize(origin)
            alias = self.alias and replace(self.alias, name=self.alias.name.derelativize(origin))
        except dns.name.NameTooLong as wrong:
            raise ZoneError(
                str(self.name), "is over 255 octets under this zone", "Shorten it."
            ) from wrong
        records = self.records and _completed(self.records, name, origin)
        return replace(self, name=name, records=records, alias=alias)


Group = tuple[RecordSet, ...]
"""All record sets of one name and type."""


def _completed(records: RRset, name: Name, origin: Name) -> RRset:
    values = tuple(_absolute(value, records.type, origin) for value in records.values)
    return replace(records, name=name, values=values)


def _absolute(value: Rdata, rdtype: RdataType, origin: Name) -> Rdata:
    if rdtype in (RdataType.A, RdataType.AAAA):
        return value
    return as_rdata(rdtype, value.to_text(), origin)


def as_record_set(given: Any) -> RecordSet:
    """A record set as it is, or an RRset as one of the simple policy."""
    if isinstance(given, RecordSet):
        return given
    if isinstance(given, RRset):
        return RecordSet(given.name, given.type, given)
    raise LabError(given, "is not a record set", "Make one with RecordSet.of or RRset.of.")
