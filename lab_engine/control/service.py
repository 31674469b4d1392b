"""The control plane at work: one account, one authority, one request after another.

A request is an operation's name and its parameters, as boto3 has them. What changes the account is
journaled before it is answered, then published to the authority: the next question sees it.
"""

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime
from random import Random
from threading import RLock
from types import MappingProxyType
from typing import Protocol

from lab_engine.authority.endpoints import stand_ins
from lab_engine.authority.server import Authority
from lab_engine.authority.state import State
from lab_engine.authority.zone import Zone
from lab_engine.authority.zones import Zones
from lab_engine.control import by_hand, snapshot
from lab_engine.control.account import Account, HostedZone, Moment, Params, Response
from lab_engine.control.forms import parameters
from lab_engine.control.operations import ASKING, CHANGING, OPERATIONS
from lab_engine.control.refusal import Refusal, refused
from lab_engine.control.schema import faults
from lab_engine.control.serving import Observation, Observer
from lab_engine.control.writing import Listing
from lab_engine.errors import LabError


class Nobody:
    """An observer that never looks."""

    def watch(self, account: Account) -> None:
        """It does not care."""

    def reason(self, check_id: str) -> str:  # noqa: ARG002
        """The same for all."""
        return "No checkers are at work."

    def observations(self, check_id: str) -> tuple[Observation, ...]:  # noqa: ARG002
        """None."""
        return ()


class Book(Protocol):
    """Where requests are written down before they are answered: `journal`."""

    def write(self, operation: str, params: Params, moment: Moment, after: Account) -> None:
        """Returns when it is on disk. Raises Refusal where it cannot be; then it is as before."""


class Service:
    """Holds the account and carries out one request at a time.

    Attributes:
        authority: who answers questions. Its zones, health and endpoints are this service's to set.
        account: as the last request left it.
        now: the clock.
        observer: who watches the targets of health checks.
    """

    def __init__(
        self,
        authority: Authority,
        account: Account,
        *,
        now: Callable[[], datetime],
        rng: Random,
        book: Book | None = None,
    ) -> None:
        """The account is published at once.

        Args:
            authority: who answers from it.
            account: to begin with, such as a journal's.
            now: the time, with its zone.
            rng: the dice for the ids of what is made.
            book: where requests are written down; None forgets them at the end.
        """
        self.authority = authority
        self.account = account
        self.now = now
        self.observer: Observer = Nobody()
        self._rng = rng
        self._book = book
        self._observed: dict[str, bool] = {}
        self._zones: tuple[Zone, ...] = ()
        self._listings: dict[str, Listing] = {}
        self._turn = RLock()
        self._publish(account)

    def call(self, operation: str, params: Params) -> Response:
        """Carry out a request: `service.call("GetHostedZone", {"Id": "Z0123"})`.

        Args:
            operation: Route 53's name.
            params: as boto3 takes them.

        Returns:
            What boto3 gives, without the part about the response itself.

        Raises:
            Refusal: with Route 53's code and words; nothing was changed.
        """
        if operation not in OPERATIONS:
            text = f"{operation} is not implemented in the lab"
            raise refused("NotImplemented", text, "The lab's README lists what is.", 501)
        found = [*faults(params, parameters(operation), f"{operation}Request")]
        if found:
            raise Refusal("InvalidInput", found)
        with self._turn:
            if operation in ASKING:
                return ASKING[operation](self, params)
            moment = self._moment()
            account, response = CHANGING[operation](self.account, params, moment)
            self._commit(operation, params, moment, account)
            return response

    def replace_zone(self, zone: Zone) -> None:
        """Serve a zone in the place of the one with its name, or else of the first.

        Raises LabError for what is no zone, and where it cannot be written down.
        """
        if not isinstance(zone, Zone):
            raise LabError(zone, "is no zone", 'Make one: Zone.from_file("shop.zone").')
        with self._turn:
            params = {} if self._book is None else {"Zone": snapshot.zone_data(zone)}
            account = by_hand.with_zone(self.account, zone)
            self._commit(by_hand.REPLACE_ZONE, params, self._moment(), account)

    def replace_state(self, state: State) -> None:
        """The world as somebody says it is: its health is taken as set by hand, where it can be.

        Raises LabError for what is no state.
        """
        if not isinstance(state, State):
            raise LabError(state, "is no state", 'Make one: State(unhealthy={"hc-1"}).')
        with self._turn:
            unhealthy, now = state.unhealthy, self.authority.state.unhealthy
            differing = by_hand.differences(self.account, unhealthy, now)
            self.authority.state = replace(state, unhealthy=now)
            self._say({name: name not in unhealthy for name in differing})

    def set_health(self, check_id: str, healthy: bool) -> None:  # noqa: FBT001
        """Say whether a check passes. Raises LabError for one whose health cannot be said."""
        with self._turn:
            by_hand.check_settable(self.account, check_id, healthy)
            if check_id in self.account.checks and not self.observer.reason(check_id):
                rule = "is probed: its health is what its checkers see"
                raise LabError(check_id, rule, "Change its endpoint, or let it name another.")
            self._say({check_id: healthy})

    def observed(self, check_id: str, healthy: bool) -> None:  # noqa: FBT001
        """What the checkers of a check make of it by now. Any thread may call it."""
        with self._turn:
            if check_id in self.account.checks:  # else it was deleted meanwhile
                self._observed[check_id] = healthy
                self._publish_state()

    def observed_by(self, observer: Observer) -> None:
        """Let somebody watch the targets from now on."""
        with self._turn:
            self.observer = observer
            self._publish(self.account)

    def is_healthy(self, check_id: str) -> bool:
        """Whether a check passes now; an unknown one does."""
        return check_id not in self.authority.state.unhealthy

    def listing(self, hosted: HostedZone) -> Listing:
        """A hosted zone's record sets in their order, remembered for the next page."""
        found = self._listings.get(hosted.id)
        if found is None or found.zone is not hosted.zone:
            found = self._listings[hosted.id] = Listing.of(hosted.zone, found)
        return found

    def _moment(self) -> Moment:
        return Moment(self.now(), self._rng.getrandbits(64))

    def _say(self, said: Params) -> None:
        moment, params = self._moment(), {"Said": said}
        account, _ = by_hand.set_health(self.account, params, moment)
        self._commit(by_hand.SET_HEALTH, params, moment, account)

    def _commit(self, operation: str, params: Params, moment: Moment, account: Account) -> None:
        """Written down first, then seen by everybody; a request that changes nothing is neither."""
        if account is self.account:
            return
        if self._book is not None:
            self._book.write(operation, params, moment, account)
        self._publish(account)

    def _publish(self, account: Account) -> None:
        self.account = account
        self.observer.watch(account)
        self._listings = {n: e for n, e in self._listings.items() if n in account.hosted_zones}
        self._observed = {n: e for n, e in self._observed.items() if n in account.checks}
        zones, before = account.zones, self._zones
        fresh = [zone for zone in zones if not any(zone is each for each in before)]
        self._publish_state(fresh)
        if fresh or len(zones) != len(before):
            self._zones = zones
            self.authority.zones = Zones.of(*zones)

    def _publish_state(self, fresh: Iterable[Zone] = ()) -> None:
        """Health as it is now, and stand-ins for what fresh zones name; no change is no news."""
        state = self.authority.state
        named = stand_ins(each for zone in fresh for each in zone.alias_sets)
        endpoints = MappingProxyType({**named, **state.endpoints})
        moved = replace(state, unhealthy=self._unhealthy(), endpoints=endpoints)
        if moved.unhealthy != state.unhealthy or named.keys() - state.endpoints.keys():
            self.authority.state = moved

    def _unhealthy(self) -> frozenset[str]:
        """The checks that fail: by their checkers, else by hand, else by what they are."""
        checks = self.account.checks
        probed = {
            name: healthy
            for name, healthy in self._observed.items()
            if name in checks and not self.observer.reason(name)
        }
        known = {
            name: healthy
            for name, healthy in {**self.account.said, **probed}.items()
            if name not in checks or not checks[name].check.disabled
        }
        return self.account.health_checks.unhealthy(known)
