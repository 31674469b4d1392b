"""A drill in virtual time, without sockets: the same authority and cache, played by simpy's clock.

Checkers, back ends and the client are processes here; DNS is the same octets as over sockets. The
same seed gives the same drill. `loopback` is the other world, and a test holds the two together.
"""

from collections.abc import Generator, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from random import Random

import simpy

from lab_engine.authority.health import Checker, status
from lab_engine.control.account import Account
from lab_engine.control.serving import Observation
from lab_engine.live.forwarder import forward
from lab_engine.live.record import Changed, Probe, Record, Request
from lab_engine.live.serving import CacheAsked, Publisher, look_up, server_of
from lab_engine.live.settings import HEALTH, Settings
from lab_engine.live.stage import WEB, Stage, Watched
from lab_engine.simulation.failing import CONNECT, RESPONSE, WELL, Failure, Look, look
from lab_engine.simulation.outcome import Mind, Verdict
from lab_engine.wire.transport import InProcess

EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
STEP = 0.05  # seconds between two looks at whether it is over
REFUSED = Look(passes=False)
HANG = frozenset(each for each in Failure if each.hangs)
Play = Generator[simpy.Event]


def meets(check: Watched, failure: Failure | None, delay: float) -> Look:
    """What a probe of a check meets at its back end."""
    if check.port != WEB:
        return REFUSED
    if failure is Failure.CHECKS_ONLY and check.type != "TCP" and check.path != HEALTH:
        failure = Failure.ERRORS  # it knows a check by its path
    if failure is None:
        well = check.search in f"{check.endpoint}\n"
        return WELL if well else REFUSED
    return look(failure, delay, check.type, CONNECT[check.type == "TCP"], RESPONSE)


class Twin:
    """The virtual world of a drill.

    Attributes:
        server: the authority; `server.ask` asks it.
        cache: likewise.
        record: what happened so far.
    """

    live = False

    def __init__(self, stage: Stage, how: Settings, seed: int, profile: str) -> None:
        self._env = simpy.Environment()
        self._stage, self._how = stage, how
        self._failing: dict[str, Changed] = {}
        self.record = Record()
        dice = Random(seed)
        self._checking, self._asking = Random(dice.getrandbits(64)), Random(dice.getrandbits(64))
        rng = Random(dice.getrandbits(64))
        with ExitStack() as undo:  # whatever fails, nothing of it stays
            self.server = server_of(stage, rng, self._date, 0, print, InProcess).start()
            undo.callback(self.server.stop)
            lent = forward(
                self.server,
                profile=profile,
                seed=dice.getrandbits(64),
                clock=lambda: self.now,
                transport=InProcess,
            )
            undo.callback(lent.stop)
            self.cache: CacheAsked = lent
            self._lent = lent
            self._publisher = Publisher(stage, self.server, self.record, lambda: self.now)
            self._publisher.observed_by(_Checkers(stage))
            self._undo = undo.pop_all()
        for check in stage.watched:
            self._watch(check)
        self._env.process(self._client())

    @property
    def now(self) -> float:
        """Seconds since it began."""
        return float(self._env.now)

    def fail(self, address: str, failure: Failure | None, delay: float) -> None:
        """Let a back end fail from now on, or be well."""
        self._failing[address] = Changed(self.now, address, failure, delay)
        self.record.changed.append(self._failing[address])

    def wait(self, seconds: float) -> None:
        """Let so much time pass."""
        self._env.run(self.now + seconds)

    def pause(self) -> None:
        """Let a little time pass."""
        self.wait(STEP)

    def close(self) -> None:
        """Nothing is asked any more."""
        self._undo.close()

    def _date(self) -> datetime:
        return EPOCH + timedelta(seconds=self.now)

    def _failure(self, address: str) -> tuple[Failure | None, float]:
        now = self._failing.get(address)
        return (now.failure, now.delay) if now else (None, 0.0)

    # --- checkers -----------------------------------------------------------------------------

    def _watch(self, check: Watched) -> None:
        """Let its checkers begin, each at a moment of its own."""
        minds = [Checker()] * self._how.checkers
        healthy = self._verdict(check, minds)
        if not healthy:  # an inverted one, of which nothing is known yet
            self._publisher.publish(check.id, healthy)
        for number in range(self._how.checkers):
            self._env.process(self._probing(check, minds, number))

    def _probing(self, check: Watched, minds: list[Checker], number: int) -> Play:
        """What one checker does all day."""
        interval = self._how.interval
        yield self._env.timeout(self._checking.uniform(0, interval))
        while True:
            met = meets(check, *self._failure(check.endpoint))
            yield self._env.timeout(met.takes)
            self.record.probes.append(Probe(self.now, check.id, number, met.passes))
            before = self._verdict(check, minds)
            mind = minds[number].after(met.passes, self._how.threshold)
            if mind.healthy is not minds[number].healthy:
                self.record.minds.append(Mind(self.now, check.id, number, mind.healthy))
            minds[number] = mind
            after = self._verdict(check, minds)
            if after is not before:
                self._env.process(self._noticed(check.id, after))
            yield self._env.timeout(interval)

    def _verdict(self, check: Watched, minds: Sequence[Checker]) -> bool:
        """What a check is, by what its checkers say."""
        made = self._stage.account.checks[check.id].check
        return status(made, [mind.healthy for mind in minds])

    def _noticed(self, check: str, healthy: bool) -> Play:  # noqa: FBT001
        self.record.noticed.append(Verdict(self.now, check, healthy))
        yield self._env.timeout(self._how.publication)
        self._publisher.publish(check, healthy)

    # --- the client ---------------------------------------------------------------------------

    def _client(self) -> Play:
        gap, number = self._how.gap, 0
        while True:
            at = (number + self._asking.random()) * gap
            yield self._env.timeout(max(0.0, at - self.now))
            self._env.process(self._request())
            number += 1

    def _request(self) -> Play:
        began, patience = self.now, self._how.patience
        told = look_up(self._stage, self._lent, patience)
        tried: list[str] = []
        server = ""
        for address in told.addresses:
            tried.append(address)
            failure, delay = self._failure(address)
            takes = delay if failure is Failure.SLOW else patience * (failure in HANG)
            yield self._env.timeout(min(takes, patience))
            if failure is None or (failure is Failure.SLOW and takes <= patience):
                server = address
            if failure is None or failure.connects:
                break
        expires = began + told.ttl
        self.record.requests.append(
            Request(began, told.addresses, expires, tuple(tried), server, self.now)
        )


class _Checkers:
    """Stands where the prober stands: the authority believes it about the checks that ask."""

    def __init__(self, stage: Stage) -> None:
        self._probed = {each.id for each in stage.watched}

    def watch(self, account: Account) -> None:
        """They stay what they are."""

    def reason(self, check_id: str) -> str:
        """Why a check is not probed."""
        return "" if check_id in self._probed else "It asks no endpoint of this drill."

    def observations(self, check_id: str) -> tuple[Observation, ...]:  # noqa: ARG002
        """None: the record has every probe."""
        return ()
