"""An incident: a live server, the caches before it, its health checks, and what monitoring shows.

Whoever is on call has these and no more: questions to the authority and to caches, the log, the
state of the checks, metrics. What was changed is seen in the metrics, which are measured anew.
"""

import time
import weakref
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any, Final
from urllib.request import urlopen

from lab_engine.authority.zone import Zone
from lab_engine.errors import LabError
from lab_engine.live.clock import Clock
from lab_engine.live.forwarder import Forwarder, forward
from lab_engine.live.webservers import Webservers, webservers
from lab_engine.simulation import names
from lab_engine.simulation.scenario import Scenario
from lab_engine.views.kit.log import Asked, asked
from lab_engine.wire.api import malformed
from lab_engine.wire.exchange import Exchange
from lab_engine.wire.interrupts import Entered, Unbroken, opened
from lab_engine.wire.server import Server, serve

from .monitoring import Checks, Metrics, Records, target, works

AUTHORITY = "authority"
PACE = 0.01  # of real seconds, in which health checks wait
PATIENCE = 20.0  # seconds of ours, for checks to agree
DAY = 86_400
YOURS: Final = ("clients.profile", "profiles", "backends", "balancer")
"""What may be set: how much is asked, whose caches ask, and what has no power are not."""


@dataclass(frozen=True)
class World:
    """How an incident begins.

    Attributes:
        zone: what the authority serves.
        scenario: who asks for it, without its zone's changes.
        observe: measures it: from the incident, whose server has the zone of now.
        caches: in front of the authority, by name: what `forward` is to be told of each.
        before: what each cache was asked before anybody looked.
        servers: addresses of servers that the zone does not name, but might.
        sick: ids of health checks that fail because their endpoints do.
        endpoints: addresses of web servers that real checkers ask, at a hundredth of the time.
        prepare: what was done through the API, with a client and the id of the hosted zone.
    """

    zone: Zone
    scenario: Scenario
    observe: Callable[["Incident"], Metrics]
    caches: Mapping[str, Mapping[str, Any]] = field(default_factory=lambda: MappingProxyType({}))
    before: Mapping[str, Sequence[tuple[str, str]]] = field(
        default_factory=lambda: MappingProxyType({})
    )
    servers: tuple[str, ...] = ()
    sick: tuple[str, ...] = ()
    endpoints: tuple[str, ...] = ()
    prepare: Callable[[Any, str], None] | None = None


class Incident(Entered):
    """One of a night. It stops with `stop`, or at the end of a `with`.

    Attributes:
        server: the authority; its API is that of Route 53.
        client: of that API, as boto3's.
        caches: that can be asked, by name.
    """

    def __init__(self, name: str, world: World) -> None:
        self._name, self._world, self._stopped = name, world, False
        self._watchers: list[Callable[[Any, Any, int], None]] = []
        self._clock, self._scenario = Clock(), world.scenario
        self._web: Webservers | None = None
        self.caches: dict[str, Forwarder] = {}
        self._undo = opened(self._begin)
        # A cell that is run once more leaves the incident before behind: nobody can stop that.
        weakref.finalize(self, self._undo.close)

    def _begin(self, undo: ExitStack) -> ExitStack:
        """Everybody at work, and all that went wrong before; what ends them is on the stack."""
        world = self._world
        if world.endpoints:
            with Unbroken():
                self._web = webservers(world.endpoints)
                undo.callback(self._web.stop)
        table = self._web.table if self._web else {}
        with Unbroken():
            self.server: Server = serve(world.zone, api=True, seed=1, table=table, pace=PACE)
            undo.callback(self.server.stop)
        self.client = self.server.client()
        for name, how in world.caches.items():
            with Unbroken():
                self.caches[name] = forward(self.server, clock=self._clock, seed=1, **how)
                undo.callback(self.caches[name].stop)
        self._happen()
        self._settle()
        self._first = self._traffic
        self._outcome = self._measured()
        return undo.pop_all()

    def _happen(self) -> None:
        """What was done, failed and asked before anybody looked."""
        world = self._world
        if world.prepare is not None:
            world.prepare(self.client, self.zone_id)
        for check in world.sick:
            self.server.health[check] = False
        for name, questions in world.before.items():
            for question in questions:
                self.caches[name].ask(*question)

    def ask(
        self, name: str, kind: str = "A", *, at: str = AUTHORITY, subnet: str | None = None
    ) -> Exchange:
        """Ask the authority, or one of the caches, as `dig` would.

        Args:
            name: that is asked for.
            kind: the type.
            at: `authority`, or the name of a cache.
            subnet: of the client (EDNS Client Subnet).

        Raises:
            LabError: there is no such cache, or it is no question.
        """
        self._must_run()
        whom: Server | Forwarder = self.server
        if at != AUTHORITY:
            whom = self._known(at)
        return whom.ask(name, kind, subnet=subnet)

    def _known(self, name: str) -> Forwarder:
        if not isinstance(name, str) or name not in self.caches:
            known = ", ".join((AUTHORITY, *self.caches))
            raise LabError(name, "is nobody that can be asked here", f"Choose of {known}.")
        return self.caches[name]

    def _must_run(self) -> None:
        if self._stopped:
            remedy = f'Begin it anew: world = incident("{self._name}").'
            raise LabError(f"The incident {self._name}", "was stopped", remedy)

    @property
    def log(self) -> Asked:
        """What the authority was asked."""
        return asked(self.server.log)

    @property
    def records(self) -> Records:
        """The record sets of the hosted zone, as the API lists them."""
        self._must_run()
        listed = self.client.list_resource_record_sets(HostedZoneId=self.zone_id)
        return Records.of(listed["ResourceRecordSets"])

    @property
    def zone_id(self) -> str:
        """Of the hosted zone, for `client`."""
        told = self.client.list_hosted_zones()["HostedZones"][0]["Id"]
        return str(told).rpartition("/")[2]

    @property
    def health(self) -> Checks:
        """The health checks, what they ask for, and what comes of it."""
        self._must_run()
        known = self._configured
        rows = [
            (each, "healthy" if well else "unhealthy", target(known.get(each)))
            for each, well in ((each, self.server.health[each]) for each in self.server.health)
        ]
        said = [f"{each}: {'; '.join(sorted(self._said(each)))}" for each in known]
        return Checks(tuple(rows), tuple(said))

    @property
    def _configured(self) -> dict[str, Mapping[str, Any]]:
        """What each check is told to do, by its id; those without an endpoint are told nothing."""
        listed = self.client.list_health_checks()["HealthChecks"]
        return {each["Id"]: each["HealthCheckConfig"] for each in listed}

    def _said(self, check: str) -> set[str]:
        """What its checkers say, each thing once."""
        told = self.client.get_health_check_status(HealthCheckId=check)
        return {each["StatusReport"]["Status"] for each in told["HealthCheckObservations"]}

    def watches(self, address: str) -> bool:
        """Whether each record with an address has a check of it that is at work."""
        known = self._configured
        sets = self.server.zone.record_sets
        mine = [
            each.health_check_id
            for each in sets
            if each.records is not None and address in each.records.texts
        ]
        return bool(mine) and all(works(known.get(each), address) for each in mine)

    def fetch(self, address: str) -> str:
        """What the web server at an address sends, asked by hand.

        Raises:
            LabError: none runs there in this incident.
        """
        self._must_run()
        if self._web is None:
            rule = "cannot be fetched from: no web server runs in this incident"
            raise LabError(address, rule, "Look at the metrics.")
        if address not in self._world.endpoints:
            rule, known = "has no web server in this incident", ", ".join(self._world.endpoints)
            raise LabError(address, rule, f"Choose of {known}.")
        host, port = self._web.table[address]
        with urlopen(f"http://{host}:{port}/", timeout=PATIENCE) as got:
            return f"{got.status} {got.read().decode()!r}"

    @property
    def metrics(self) -> Metrics:
        """Measured anew, with all that was changed."""
        self._must_run()
        self._settle()
        self._outcome = self._measured()
        for tell in self._watchers:
            tell(self.scenario, self._outcome, self._moves)
        return self._outcome

    def _measured(self) -> Metrics:
        return replace(self._world.observe(self), incident=self._name)

    def change(self, *changes: Mapping[str, Any]) -> None:
        """Make changes of record sets, as one batch: through the API.

        Args:
            changes: `{"Action": "UPSERT", "ResourceRecordSet": {...}}`, as Route 53 takes them.

        Raises:
            LabError: they are no changes, or the API refuses the batch; nothing is changed.
        """
        self._must_run()
        try:
            self.client.change_resource_record_sets(
                HostedZoneId=self.zone_id, ChangeBatch={"Changes": list(changes)}
            )
        except self.client.exceptions.ClientError as refused:
            text = refused.response["Error"]["Message"].rstrip(".")
            raise LabError("The batch", f"was refused: {text}", "Nothing was changed.") from None
        except malformed() as wrong:
            text = "; ".join(str(wrong).splitlines()[1:])
            remedy = 'Nothing was changed. Write {"Action": "UPSERT", "ResourceRecordSet": {...}}.'
            raise LabError("The batch", f"is no list of changes: {text}", remedy) from None

    def set(self, path: str, value: Any) -> None:
        """Change what is not the zone's: clients, balancers, servers, as `Scenario.set` does.

        Raises:
            LabError: as `Scenario.set`, or it is not yours to change.
        """
        self._must_run()
        parts = str(path).split(".")
        if parts[0] == "zone":
            raise LabError(path, "is the authority's", "Use change(…): it goes through the API.")
        if not any(parts[: len(own)] == own for own in (each.split(".") for each in YOURS)):
            raise LabError(path, "is not yours to change", f"Choose of {', '.join(YOURS)}.")
        self._scenario = self.scenario.set(path, value)

    def wait(self, seconds: float) -> None:
        """Let time pass: for caches and their TTLs, and for checkers.

        Args:
            seconds: of the incident, 0 to a day.

        Raises:
            LabError: it is no such time.
        """
        self._must_run()
        if not isinstance(seconds, int | float) or not 0 <= seconds <= DAY:
            raise LabError(seconds, "is not a time to wait", f"Take 0 to {DAY:,} seconds.")
        self._clock.wait(seconds)
        if self._world.endpoints:
            time.sleep(min(seconds * PACE, PATIENCE))

    @property
    def scenario(self) -> Scenario:
        """Who asks, with the zone as it is served and health as it is known.

        An address at which nobody ever set up a server is down, and one that the zone no longer
        names is left out. A zone without the name is as good as any: it may have been deleted.
        """
        zone, chosen = self.server.zone, self._scenario
        listed = {each.address for each in chosen.backends}
        begun = (each for each in self._world.scenario.backends if each.address not in listed)
        behind = [each for each in (*chosen.backends, *begun) if each.address in zone.addresses]
        built = {*self._world.zone.addresses, *self._world.servers, *(b.address for b in behind)}
        down = zone.addresses & ((zone.addresses - built) | {*self._world.scenario.down})
        sick = zone.check_ids.intersection(
            each for each in self.server.health if not self.server.health[each]
        )
        return replace(
            chosen,
            zone=zone,
            backends=tuple(behind),
            down=tuple(sorted(down)),
            unhealthy=tuple(sorted(sick)),
            step=not names.has(zone, chosen.question.name),
        )

    @property
    def outcome(self) -> Metrics:
        """The last measurement."""
        return self._outcome

    def on_outcome(self, callback: Callable[[Any, Any, int], None]) -> None:
        """Call `callback(scenario, metrics, moves)` at each measurement."""
        self._watchers.append(callback)

    @property
    def _traffic(self) -> tuple[Scenario, Any]:
        return self._scenario, self.server.service.account

    @property
    def _moves(self) -> int:
        """0 as long as nothing was changed."""
        return int(self._traffic != self._first)

    def _settle(self) -> None:
        """Wait until all checkers say the same, and the authority has heard it."""
        until = time.monotonic() + PATIENCE
        while self._world.endpoints and not self._agreed() and time.monotonic() < until:
            time.sleep(PACE)

    def _agreed(self) -> bool:
        for check, told in self._configured.items():
            said = {each.startswith("Success") for each in self._said(check)}
            well = self.server.health[check] is not told.get("Inverted", False)
            if not told.get("Disabled") and said != {well}:
                return False
        return True

    def stop(self) -> None:
        """Close everything; once is enough."""
        self._stopped = True
        with Unbroken():
            self._undo.close()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def __repr__(self) -> str:
        return repr(self._outcome)
