"""What operations that only look need of whoever carries them out.

That is `service`, which knows all operations; here they know it without a way round.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from operator import itemgetter
from typing import NamedTuple, Protocol

from lab_engine.authority.recordset import RecordSet
from lab_engine.authority.server import Authority
from lab_engine.authority.zone import Zone
from lab_engine.control.account import Account, HostedZone
from lab_engine.control.writing import listing_key

Key = tuple[str, str, str]
"""By what record sets are listed."""


class Observation(NamedTuple):
    """What one checker last saw of a target.

    Attributes:
        region: where the checker says it is.
        address: the checker's own, from the documentation networks.
        at: when.
        healthy: what it says by now, its threshold applied.
        status: in words, such as `Success: HTTP Status Code 200, OK`.
        failure: the last failure in the same words and when; None where there was none.
    """

    region: str
    address: str
    at: datetime
    healthy: bool
    status: str
    failure: tuple[datetime, str] | None = None


class Observer(Protocol):
    """Who watches the targets of health checks: `wire.probes`."""

    def watch(self, account: Account) -> None:
        """The checks are these from now on."""

    def reason(self, check_id: str) -> str:
        """Why a check is not probed, in a sentence; empty for one that is."""

    def observations(self, check_id: str) -> tuple[Observation, ...]:
        """One of each checker that has looked; none for a check that is not probed."""


class Listing(NamedTuple):
    """The record sets of a zone in the order in which Route 53 lists them, with their keys."""

    zone: Zone
    keys: Sequence[Key] = ()
    record_sets: Sequence[RecordSet] = ()

    @classmethod
    def of(cls, zone: Zone, before: "Listing | None" = None) -> "Listing":
        """That of a zone. One of what it was before spares most of the sorting."""
        old = before or cls(zone)
        known, now = set(map(id, old.record_sets)), set(map(id, zone))
        pairs = [pair for pair in zip(old.keys, old.record_sets, strict=True) if id(pair[1]) in now]
        pairs += [(listing_key(each), each) for each in zone if id(each) not in known]
        pairs.sort(key=itemgetter(0))
        return cls(zone, [key for key, _ in pairs], [each for _, each in pairs])


class Serving(Protocol):
    """An account at work."""

    @property
    def account(self) -> Account:
        """As the last request left it."""

    @property
    def authority(self) -> Authority:
        """Who answers questions."""

    @property
    def observer(self) -> Observer:
        """Who watches the targets of health checks."""

    @property
    def now(self) -> Callable[[], datetime]:
        """The clock."""

    def is_healthy(self, check_id: str) -> bool:
        """Whether a check passes now."""

    def listing(self, hosted: HostedZone) -> Listing:
        """A hosted zone's record sets in their order."""
