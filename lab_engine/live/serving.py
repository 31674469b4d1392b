"""What both worlds of a drill have in common: the authority at work, and a look at its answers.

Only the transport differs: sockets, or the same octets from call to call.
"""

import time
from collections.abc import Callable
from datetime import datetime
from random import Random
from typing import NamedTuple, Protocol

from lab_engine.authority.plan import replies
from lab_engine.authority.records import Client
from lab_engine.authority.server import Authority
from lab_engine.authority.zones import Zones
from lab_engine.control.service import Service
from lab_engine.control.serving import Observer
from lab_engine.errors import ListenError
from lab_engine.live.record import Answered, Record
from lab_engine.live.stage import Stage
from lab_engine.simulation.outcome import Verdict
from lab_engine.wire.client import Asked, ask
from lab_engine.wire.ecs import PrivateEcs
from lab_engine.wire.endpoint import Say, open_or_move
from lab_engine.wire.exchange import Exchange
from lab_engine.wire.server import Server
from lab_engine.wire.transport import Opener

HOST = "127.0.0.1"
LAB, UNBOUND = "lab", "unbound"
"""The caches that a drill may have."""
HERE = Client.at(HOST)


class CacheAsked(Protocol):
    """The cache of a drill: the lab's forwarder, or another program."""

    @property
    def address(self) -> str:
        """Such as `127.0.0.1:5353`."""

    def ask(self, name: str, rdtype: str = "A") -> Exchange:
        """What it answers a client."""
        ...


class Told(NamedTuple):
    """What the cache told a client.

    Attributes:
        addresses: in their order; none where there was no answer.
        ttl: seconds for which they hold.
    """

    addresses: tuple[str, ...] = ()
    ttl: float = 0.0


def look_up(stage: Stage, cache: Asked | str, patience: float) -> Told:
    """What a client learns of the cache; nothing where that does not answer."""
    question = stage.question
    try:
        said = ask(question.name, question.type, cache, recurse=True, timeout=patience)
    except ListenError:
        return Told()
    return Told(said.values, float(said.ttl or 0))


def server_of(  # noqa: PLR0913, PLR0917  (what both worlds differ in)
    stage: Stage, rng: Random, now: Callable[[], datetime], port: int, say: Say, opens: Opener
) -> Server:
    """An authority that serves the stage and is not yet started, without API and journal."""
    authority = Authority(Zones.of(*stage.account.zones), rng)
    service = Service(authority, stage.account, now=now, rng=rng)
    private = PrivateEcs.ORDINARY
    return open_or_move(lambda at: Server(service, rng, at, HOST, private, None, opens), port, say)


class Publisher:
    """Tells the authority what checkers have found, and notes what it then answers."""

    def __init__(
        self, stage: Stage, server: Server, record: Record, now: Callable[[], float]
    ) -> None:
        self._stage, self._server, self._record, self._now = stage, server, record, now

    def observed_by(self, observer: Observer) -> None:
        """From now on it is these checkers whom the authority believes."""
        self._server.service.observed_by(observer)
        self.note()

    def publish(self, check: str, healthy: bool) -> None:  # noqa: FBT001
        """Let the authority know of a check."""
        self._server.service.observed(check, healthy)
        self._record.published.append(Verdict(self._now(), check, healthy))
        self.note()

    def note(self) -> None:
        """Note what the authority answers, if that is news."""
        plan = self._server.authority.plan(self._stage.question, HERE)
        answers = tuple(share.reply.addresses for share in replies(plan))
        known = self._record.answered
        if not known or known[-1].answers != answers:
            known.append(Answered(self._now(), answers))


def since(began: float) -> Callable[[], float]:
    """A clock of seconds since a moment of the machine's own."""
    return lambda: time.monotonic() - began
