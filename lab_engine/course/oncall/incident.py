"""An incident: a live server, the caches before it, its health checks, and what monitoring shows.

Whoever is on call has these and no more: questions to the authority and to caches, the log, the
state of the checks, metrics. What was changed is seen in the metrics, which are measured anew.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Self
from urllib.request import urlopen

from lab_engine.authority.zone import Zone
from lab_engine.errors import LabError
from lab_engine.live.clock import Clock
from lab_engine.live.forwarder import Forwarder, forward
from lab_engine.live.webservers import Webservers, webservers
from lab_engine.simulation.scenario import Scenario
from lab_engine.simulation.tables import Column, Shown, Table
from lab_engine.views.kit.log import Asked, asked
from lab_engine.wire.exchange import Exchange
from lab_engine.wire.server import Server, serve

AUTHORITY = "authority"
PACE = 0.01  # of real seconds, in which health checks wait
PATIENCE = 20.0  # seconds of ours, for checks to agree
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


@dataclass(frozen=True)
class World:
    """How an incident begins.

    Attributes:
        zone: what the authority serves.
        scenario: who asks for it, without its zone's changes.
        observe: measures it: from the incident, whose server has the zone of now.
        caches: in front of the authority, by name: what `forward` is to be told of each.
        before: what each cache was asked before anybody looked.
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
    sick: tuple[str, ...] = ()
    endpoints: tuple[str, ...] = ()
    prepare: Callable[[Any, str], None] | None = None


class Incident:
    """One of a night. It stops with `stop`, or at the end of a `with`.

    Attributes:
        server: the authority; its API is that of Route 53.
        client: of that API, as boto3's.
        caches: that can be asked, by name.
    """

    def __init__(self, world: World) -> None:
        self._world, self._open = world, ExitStack()
        self._watchers: list[Callable[[Any, Any, int], None]] = []
        self._clock, self._scenario = Clock(), world.scenario
        with ExitStack() as undo:
            self._web = self._webservers(undo)
            self.server = self._serve(undo)
            self.client = self.server.client()
            self.caches = {name: self._cache(undo, how) for name, how in world.caches.items()}
            self._open = undo.pop_all()
        if world.prepare is not None:
            world.prepare(self.client, self.zone_id)
        for check in world.sick:
            self.server.health[check] = False
        for name, questions in world.before.items():
            for question in questions:
                self.caches[name].ask(*question)
        self._settle()
        self._first = self._traffic
        self._outcome = world.observe(self)

    def _webservers(self, undo: ExitStack) -> Webservers | None:
        if not self._world.endpoints:
            return None
        return undo.enter_context(webservers(self._world.endpoints))

    def _serve(self, undo: ExitStack) -> Server:
        table = self._web.table if self._web else {}
        server = serve(self._world.zone, api=True, seed=1, table=table, pace=PACE)
        undo.callback(server.stop)
        return server

    def _cache(self, undo: ExitStack, how: Mapping[str, Any]) -> Forwarder:
        made = forward(self.server, clock=self._clock, seed=1, **how)
        undo.callback(made.stop)
        return made

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
            LabError: there is no such cache.
        """
        whom: Server | Forwarder = self.server
        if at != AUTHORITY:
            whom = self._known(at)
        return whom.ask(name, kind, subnet=subnet)

    def _known(self, name: str) -> Forwarder:
        if name not in self.caches:
            known = ", ".join((AUTHORITY, *self.caches))
            raise LabError(name, "is nobody that can be asked here", f"Choose of {known}.")
        return self.caches[name]

    @property
    def log(self) -> Asked:
        """What the authority was asked."""
        return asked(self.server.log)

    @property
    def zone_id(self) -> str:
        """Of the hosted zone, for `client`."""
        told = self.client.list_hosted_zones()["HostedZones"][0]["Id"]
        return str(told).rpartition("/")[2]

    @property
    def health(self) -> Checks:
        """The health checks, what they ask for, and what comes of it."""
        listed = self.client.list_health_checks()["HealthChecks"]
        known = {each["Id"]: each["HealthCheckConfig"] for each in listed}
        rows = [
            (each, "healthy" if well else "unhealthy", _target(known.get(each)))
            for each, well in ((each, self.server.health[each]) for each in self.server.health)
        ]
        said = [f"{each}: {'; '.join(sorted(self._said(each)))}" for each in known]
        return Checks(tuple(rows), tuple(said))

    def _said(self, check: str) -> set[str]:
        """What its checkers say, each thing once."""
        told = self.client.get_health_check_status(HealthCheckId=check)
        return {each["StatusReport"]["Status"] for each in told["HealthCheckObservations"]}

    def fetch(self, address: str) -> str:
        """What the web server at an address sends, asked by hand.

        Raises:
            LabError: none runs there in this incident.
        """
        if self._web is None:
            rule = "cannot be fetched from: no web server runs in this incident"
            raise LabError(address, rule, "Look at the metrics.")
        host, port = self._web.table[self._web[address].address]
        with urlopen(f"http://{host}:{port}/", timeout=PATIENCE) as got:
            return f"{got.status} {got.read().decode()!r}"

    @property
    def metrics(self) -> Metrics:
        """Measured anew, with all that was changed."""
        self._settle()
        self._outcome = self._world.observe(self)
        for tell in self._watchers:
            tell(self.scenario, self._outcome, self._moves)
        return self._outcome

    def change(self, *changes: Mapping[str, Any]) -> None:
        """Make changes of record sets, as one batch: through the API.

        Args:
            changes: `{"Action": "UPSERT", "ResourceRecordSet": {...}}`, as Route 53 takes them.

        Raises:
            LabError: the API refuses the batch; nothing is changed.
        """
        try:
            self.client.change_resource_record_sets(
                HostedZoneId=self.zone_id, ChangeBatch={"Changes": list(changes)}
            )
        except self.client.exceptions.ClientError as refused:
            text = refused.response["Error"]["Message"]
            raise LabError("The batch", f"was refused: {text}", "Nothing was changed.") from None

    def set(self, path: str, value: Any) -> None:
        """Change what is not the zone's: clients, balancers, servers, as `Scenario.set` does.

        Raises:
            LabError: as `Scenario.set`, or it is the zone's.
        """
        if path.partition(".")[0] == "zone":
            raise LabError(path, "is the authority's", "Use change(…): it goes through the API.")
        self._scenario = self._scenario.set(path, value)

    def wait(self, seconds: float) -> None:
        """Let time pass: for caches and their TTLs, and for checkers.

        Args:
            seconds: of the incident, 0 to a day.
        """
        self._clock.wait(seconds)
        if self._world.endpoints:
            time.sleep(min(seconds * PACE, PATIENCE))

    @property
    def scenario(self) -> Scenario:
        """Who asks, with the zone as it is served and health as it is known."""
        chosen = self._scenario.set("zone", self.server.zone)
        sick = tuple(each for each in self.server.health if not self.server.health[each])
        return chosen.set("unhealthy", sick)

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
        for check in self.server.health:
            said = self._said(check)
            if len(said) != 1 or min(said).startswith("Success") is not self.server.health[check]:
                return False
        return True

    def stop(self) -> None:
        """Close everything; once is enough."""
        self._open.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def __repr__(self) -> str:
        return repr(self._outcome)


def _target(told: Mapping[str, Any] | None) -> str:
    """What a check asks for, and what it wants to see."""
    if told is None:
        return "its endpoint"
    where = f"{told.get('IPAddress', '')}:{told.get('Port', '')}"
    wants = f", wants {told['SearchString']!r}" if "SearchString" in told else ""
    return f"{told['Type']} {where}{told.get('ResourcePath', '')}{wants}"
