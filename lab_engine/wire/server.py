"""`serve(zone)`: an authority behind a listener, with a log, ready to be asked and to be changed.

This joins `authority`, `compiled` and a transport with `control`, `api` and `probes`; none of them
knows of the others. What needs sockets is imported when it is needed.
"""

import time
from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from dns.name import Name
from dns.rdatatype import RdataType

from lab_engine.authority.order import Order
from lab_engine.authority.records import Question
from lab_engine.authority.server import Authority
from lab_engine.authority.state import State
from lab_engine.authority.zone import Zone
from lab_engine.authority.zones import Zones
from lab_engine.control.account import Account
from lab_engine.control.health import Health
from lab_engine.control.journal import Journal
from lab_engine.control.operations import replay
from lab_engine.control.service import Service
from lab_engine.errors import LabError
from lab_engine.wire.compiled import Answers, Note
from lab_engine.wire.ecs import PrivateEcs
from lab_engine.wire.endpoint import Endpoint, Say, open_or_move
from lab_engine.wire.interrupts import Unbroken, opened
from lab_engine.wire.log import Log, LogEntry
from lab_engine.wire.targets import Table
from lab_engine.wire.transport import Opener, sockets

if TYPE_CHECKING:
    from lab_engine.wire.api import Api
    from lab_engine.wire.probes import Prober

NO_TABLE: Table = MappingProxyType({})


class Server(Endpoint):
    """An authority on loopback, with the control plane that changes what it serves.

    Attributes:
        authority: who answers.
        service: carries out Route 53's operations, whether they come over HTTP or not.
        health: of the health checks, set by hand: `server.health["hc-1"] = False`.
        log: the last questions and their replies, newest last.
        api: Route 53's API over HTTP; None without one.
    """

    def __init__(  # noqa: PLR0913, PLR0917  (what `serve` was told)
        self,
        service: Service,
        rng: Random,
        port: int,
        host: str,
        private_ecs: PrivateEcs,
        log: Say | None,
        transport: Opener,
    ) -> None:
        self.authority = service.authority
        self.service = service
        self.health = Health(service)
        self.log = Log()
        self.api: Api | None = None
        note = self.log.note if log is None else self._saying(log)
        answers = Answers(self.authority, rng, note, time.time, private_ecs)
        super().__init__(answers.respond, port, host, transport)

    @property
    def zone(self) -> Zone:
        """What is served; assign another zone to change it between two answers."""
        return self.authority.zone

    @zone.setter
    def zone(self, zone: Zone) -> None:
        self.service.replace_zone(zone)

    @property
    def state(self) -> State:
        """Health, endpoints and places; assign another state likewise."""
        return self.authority.state

    @state.setter
    def state(self, state: State) -> None:
        self.service.replace_state(state)

    def client(self) -> Any:
        """A client of the API, as boto3's: `server.client().list_hosted_zones()`.

        Raises LabError where there is no API; and so does each call, when this has stopped.
        """
        if self.api is None:
            raise LabError(repr(self), "has no API", "Start it with serve(zone, api=True).")
        from lab_engine.wire.api import ANY_KEY, client  # noqa: PLC0415  (tornado)

        made = client(self.api.url, self.api.token or ANY_KEY)
        made.meta.events.register("before-send.route53", lambda **_: self.refuse_if_stopped())
        return made

    @property
    def origins(self) -> str:
        """The names of the zones that are served, in words."""
        return ", ".join(str(zone.origin) for zone in self.authority.zones) or "no zone yet"

    @property
    def example(self) -> Question | None:
        """A name with an address."""
        return next((found for zone in self.authority.zones if (found := _example(zone))), None)

    @property
    def about(self) -> str:
        """The zones, and the order of values."""
        return f"Server of {self.origins}, {self.authority.ordering.order}"

    def _saying(self, say: Say) -> Callable[[Note], None]:
        def note(noted: Note) -> None:
            self.log.note(noted)
            say(str(LogEntry.of(noted)))

        return note


def serve(  # noqa: PLR0913  (each is one thing a user may want to say)
    zone: Zone | Account,
    port: int = 0,
    *,
    order: Order | str = Order.SHUFFLE,
    seed: int | None = None,
    state: State | None = None,
    private_ecs: PrivateEcs | str = PrivateEcs.ORDINARY,
    host: str = "127.0.0.1",
    log: Say | None = None,
    say: Say = print,
    api: bool | int = False,
    token: str | None = None,
    table: Table = NO_TABLE,
    pace: float = 1.0,
    journal: str | Path | None = None,
    transport: Opener = sockets,
) -> Server:
    """Start answering for `zone` on loopback, over UDP and TCP.

    Args:
        zone: what to serve; an `Account` also has ids, health checks and CIDR collections.
        port: 0 takes a free one; one that cannot be had is replaced by a free one, and said.
        order: how values are ordered: shuffle, cyclic, by_id or fixed.
        seed: of the dice; None takes a new one each time.
        state: health, endpoints and places at the start; by default everybody is healthy, and
            aliases to AWS endpoints answer addresses that stand in for theirs.
        private_ecs: whether a private client subnet is an `ordinary` client, or stands for the
            `resolver` that sent it, as RFC 7871 section 10 has it.
        host: a loopback address.
        log: called with one line for each answer, such as `print`.
        say: called with a line when a port had to be another, or a journal was read.
        api: whether to offer Route 53's API over HTTP, at a free port or the one that is named.
        token: without which the API answers nobody: the access key id of whoever asks.
        table: where health checks find their endpoints, from an address or a name to a place on
            loopback: `{"192.0.2.1": ("127.0.0.1", 8081)}`. Ports that the lab opened in this
            process need no entry. Others are not probed, but set by hand.
        pace: by what the intervals of health checks are multiplied; 1 for real ones.
        journal: a file in which changes survive a restart; what it holds comes before `zone`.
        transport: how messages come: `sockets`, or `InProcess` for this process alone, without
            ports and threads.

    Raises:
        ListenError: an address that is not loopback, or a port that is no port.
        LabError: an unknown order or use of private client subnets, a table that leads away from
            loopback, a token without an API, or a journal that cannot be used.
    """
    if token is not None and api is False:
        raise LabError("A token", "needs an API", "Start it with serve(zone, api=True, token=…).")
    rng, private, dice = Random(seed), PrivateEcs(private_ecs), Random(seed)

    def serving(undo: ExitStack) -> Server:
        account, book = _remembered(_account(zone, state), journal, say, undo)
        authority = Authority(Zones.of(*account.zones), rng, order, state)
        again = book is not None and book.restored  # then a seed's first ids have been given out
        service = Service(
            authority, account, now=_now, rng=Random(None if again else seed), book=book
        )
        probed = api is not False or bool(account.checks)
        prober = _prober(table, pace, service, dice) if probed or table or pace != 1 else None
        opens = _api_opener(service, host, say, token) if api is not False else None
        with Unbroken():
            server = open_or_move(
                lambda at: Server(service, rng, at, host, private, log, transport), port, say
            )
            undo.callback(server.stop)
            if book is not None:
                server.beside(book.close)
            if opens is not None:
                server.api = open_or_move(opens, 0 if api is True else api, say).start()
                server.beside(server.api.stop)
            if probed and prober is not None:
                server.beside(prober.start().stop)
                service.observed_by(prober)
            server.start()
        return server

    return opened(serving)


def _example(zone: Zone) -> Question | None:
    """The address of www where there is one, else the first address that is not a wildcard's."""
    kinds = (RdataType.A, RdataType.AAAA)
    www = Name([b"www", *zone.origin.labels])
    for kind in kinds:
        if kind in (zone.node(www) or {}):
            return Question(www, kind)
    named = (each for each in zone if each.type in kinds and not each.name.is_wild())
    return next((Question(each.name, each.type) for each in named), None)


def _account(zone: Zone | Account, state: State | None) -> Account:
    if isinstance(zone, Account):
        return zone
    if not isinstance(zone, Zone):
        raise LabError(zone, "is no zone", 'Make one: Zone.from_file("shop.zone").')
    return Account.of(zone, said=dict.fromkeys(state.unhealthy, False) if state else {})


def _remembered(
    account: Account, path: str | Path | None, say: Say, undo: ExitStack
) -> tuple[Account, Journal | None]:
    """The account as the journal has it, where there is one that has it."""
    if path is None:
        return account, None
    with Unbroken():
        book = Journal.locked(path)
        undo.callback(book.close)
    found = book.read(replay, lambda: account)
    if book.cut:
        say(f"{path}: {book.cut}.")
    if book.restored:
        say(f"{path} holds a state: it is served, and not what else was named.")
    return found, book


def _prober(table: Table, pace: float, service: Service, rng: Random) -> "Prober":
    """Made even if it has nothing to do, so that a table and a pace are judged."""
    from lab_engine.wire.probes import Prober  # noqa: PLC0415  (h11, asyncio)

    return Prober(table, service.observed, rng=rng, now=_now, pace=pace)


def _api_opener(service: Service, host: str, say: Say, token: str | None) -> "Callable[[int], Api]":
    from lab_engine.wire.api import Api  # noqa: PLC0415  (tornado)

    return lambda port: Api(service.call, port, host, complain=say, token=token)


def _now() -> datetime:
    return datetime.now(UTC)
