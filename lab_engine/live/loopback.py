"""A drill on loopback: real web servers, probes, packets and requests, each at its own speed.

Whatever is opened is closed again in the order from those who ask to those who answer. `twin` is
the same in virtual time.
"""

import asyncio
import time
from collections.abc import Mapping
from contextlib import ExitStack
from datetime import UTC, datetime
from random import Random

from lab_engine.live import ports
from lab_engine.live.forwarder import forward
from lab_engine.live.record import Changed, Probe, Record
from lab_engine.live.serving import LAB, CacheAsked, Publisher, server_of, since
from lab_engine.live.settings import OFFERED, Settings
from lab_engine.live.stage import WEB, Stage
from lab_engine.live.unbound import Unbound
from lab_engine.live.visitor import Visitor
from lab_engine.live.webservers import HOST, Webservers, webservers
from lab_engine.simulation.failing import Failure
from lab_engine.simulation.outcome import Mind, Verdict
from lab_engine.wire.endpoint import Say
from lab_engine.wire.interrupts import Unbroken, opened
from lab_engine.wire.ours import Home
from lab_engine.wire.probes import Prober
from lab_engine.wire.server import Server
from lab_engine.wire.transport import sockets

STEP = 0.02  # seconds between two looks at whether it is over


class Loopback:
    """The real world of a drill.

    Attributes:
        server: the authority.
        cache: that the client asks.
        record: what happened so far.
        table: where the addresses really are.
    """

    live = True

    def __init__(  # noqa: PLR0913, PLR0917  (what `drill` was told)
        self,
        stage: Stage,
        how: Settings,
        seed: int,
        profile: str,
        program: str,
        port: int,
        say: Say,
    ) -> None:
        self._stage, self._how = stage, how
        self._home = Home()
        self._now = since(time.monotonic())
        self.record = Record()
        self._minds: dict[tuple[str, int], bool] = {}
        dice = Random(seed)
        self._profile, self._program, self._say = profile, program, say
        self._undo = opened(lambda undo: self._open(undo, dice, port))

    def _open(self, undo: ExitStack, dice: Random, port: int) -> ExitStack:
        """Everybody at work, those who answer first; what ends them is on the stack."""
        rng, stage, how = [Random(dice.getrandbits(64)) for _ in range(4)], self._stage, self._how
        with Unbroken():
            self._webs: Webservers = webservers(stage.addresses)
            undo.callback(self._webs.stop)
            self.table = self._webs.table
            self.server: Server = server_of(stage, rng[0], _date, port, self._say, sockets)
            undo.callback(self.server.stop)
            self._publisher = Publisher(stage, self.server, self.record, self._now)
            prober = Prober(
                self._places(undo),
                self._told,
                rng=rng[1],
                now=_date,
                checkers=how.checkers,
                pace=how.interval / OFFERED[0],
                heard=self._heard,
            )
            self.server.start()
            self.cache: CacheAsked = self._opened_cache(undo, rng[2])
            self._publisher.observed_by(prober)
            undo.callback(prober.stop)
            prober.start()
            visitor = Visitor(
                stage, self.cache.address, self.table, how, self.record, self._now, rng[3]
            )
            undo.callback(visitor.stop)
            visitor.start()
        return undo.pop_all()

    @property
    def now(self) -> float:
        """Seconds since it began."""
        return self._now()

    def fail(self, address: str, failure: Failure | None, delay: float) -> None:
        """Let a back end fail from now on, or be well."""
        self._webs.fail(address, failure, delay=delay)
        self.record.changed.append(Changed(self.now, address, failure, delay))

    def wait(self, seconds: float) -> None:
        """Let so much time pass."""
        time.sleep(seconds)

    def pause(self) -> None:
        """Let a little time pass."""
        time.sleep(STEP)

    def close(self) -> None:
        """Stop everybody; in a child of this process, nobody."""
        if self._home:
            self._undo.close()

    def _opened_cache(self, undo: ExitStack, rng: Random) -> CacheAsked:
        if self._program == LAB:
            lent = forward(
                self.server, profile=self._profile, seed=rng.getrandbits(64), say=self._say
            )
            undo.callback(lent.stop)
            return lent
        made = Unbound(self.server.address, self._stage.origin)
        undo.callback(made.stop)
        return made.start()

    def _places(self, undo: ExitStack) -> Mapping[str, tuple[str, int]]:
        """Where checks find their endpoints; at ports other than the web's, nobody listens."""
        places = {}
        for each in self._stage.watched:
            if each.port == WEB:
                places[each.place] = self.table[each.endpoint]
                continue
            closed = undo.enter_context(ports.held())
            places[each.place] = (HOST, ports.number(closed))
        return places

    def _heard(self, check: str, checker: int, passed: bool, healthy: bool) -> None:  # noqa: FBT001
        """A probe has come to something."""
        now = self.now
        self.record.probes.append(Probe(now, check, checker, passed))
        if self._minds.get((check, checker), True) is not healthy:
            self.record.minds.append(Mind(now, check, checker, healthy))
        self._minds[check, checker] = healthy

    def _told(self, check: str, healthy: bool) -> None:  # noqa: FBT001
        """Enough checkers have changed their minds, or begin; on the prober's loop."""
        known = [each.healthy for each in self.record.noticed if each.check == check]
        if healthy is (known[-1] if known else True):
            return
        self.record.noticed.append(Verdict(self.now, check, healthy))
        loop = asyncio.get_running_loop()
        loop.call_later(self._how.publication, self._publisher.publish, check, healthy)


def _date() -> datetime:
    return datetime.now(UTC)
