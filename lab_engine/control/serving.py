"""What operations that only look need of whoever carries them out.

That is `service`, which knows all operations; here they know it without a way round.
"""

from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple, Protocol

from lab_engine.authority.server import Authority
from lab_engine.control.account import Account, HostedZone
from lab_engine.control.writing import Listing


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
