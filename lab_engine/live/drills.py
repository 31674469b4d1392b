"""A drill: back ends die, and one watches how long clients are led to them, and by whom.

    with drill(zone) as d:
        d.run(5)
        d.kill("primary")
        d.until("recovered")
    d.result()

Live, with real servers, probes, packets and requests on loopback; or in virtual time, where the
same happens at once and without sockets. Both tell it in the same words.
"""

import sys
from collections.abc import Callable
from typing import Protocol, Self

from lab_engine.authority.zone import Zone
from lab_engine.control.account import Account
from lab_engine.errors import Choice, LabError
from lab_engine.live.record import Record
from lab_engine.live.result import Result
from lab_engine.live.serving import LAB, UNBOUND, CacheAsked
from lab_engine.live.settings import Settings, settings
from lab_engine.live.stage import Stage, stage
from lab_engine.simulation.failing import Failure
from lab_engine.simulation.values import whole
from lab_engine.wire.endpoint import Say
from lab_engine.wire.interrupts import Unbroken
from lab_engine.wire.server import Server

MOST = 600.0  # seconds that one may wait at once
WARM = 10.0  # seconds in which the first request is served, or never will be
NO_SOCKETS = sys.platform == "emscripten"


class Until(Choice):
    """What one may wait for, of the last failure."""

    NOTICED = "noticed"
    """Enough checkers have changed their minds."""
    PUBLISHED = "published"
    """No answer of the authority leads there."""
    RECOVERED = "recovered"
    """A request was served after the last one lost."""


class World(Protocol):
    """Where a drill takes place: `loopback` or `twin`."""

    live: bool
    server: Server
    cache: CacheAsked
    record: Record

    @property
    def now(self) -> float:
        """Seconds since it began."""

    def fail(self, address: str, failure: Failure | None, delay: float) -> None:
        """Let a back end fail from now on, or be well."""

    def wait(self, seconds: float) -> None:
        """Let so much time pass."""

    def pause(self) -> None:
        """Let a little time pass."""

    def close(self) -> None:
        """End it; once is enough."""


class Drill:
    """One drill: use it in a `with`.

    Attributes:
        stage: who plays.
        how: its clocks.
    """

    def __init__(self, stage: Stage, how: Settings, opens: Callable[[], World], seed: int) -> None:
        self.stage, self.how = stage, how
        self._opens, self._seed = opens, seed
        self._world: World | None = None
        self._last: Result | None = None

    # --- where things stand -------------------------------------------------------------------

    @property
    def now(self) -> float:
        """Seconds since it began."""
        return self._at_work.now

    @property
    def names(self) -> tuple[str, ...]:
        """What its back ends may be called."""
        return tuple(self.stage.names)

    @property
    def server(self) -> Server:
        """The authority: `d.server.ask("www.shop.example")`."""
        return self._at_work.server

    @property
    def cache(self) -> CacheAsked:
        """The cache that the client asks."""
        return self._at_work.cache

    @property
    def record(self) -> Record:
        """All that happened so far."""
        return self._at_work.record

    # --- what one does ------------------------------------------------------------------------

    def fail(
        self, name: str, failure: Failure | str = Failure.REFUSED, *, delay: float = 5.0
    ) -> None:
        """Let a back end fail from now on; one that fails so already goes on.

        Args:
            name: of its record set, its role, or its address.
            failure: how.
            delay: seconds more that each answer of a slow one takes.

        Raises:
            LabError: an unknown name or failure, or a delay that is none.
        """
        how = Failure(failure)
        if not isinstance(delay, int | float) or not 0 <= delay <= MOST:
            raise LabError(delay, "is no delay", f"Give 0 to {MOST:g} seconds.")
        self._change(name, how, float(delay) if how is Failure.SLOW else 0.0)

    def kill(self, name: str) -> None:
        """Let a back end refuse connections from now on, and break those it has."""
        self.fail(name, Failure.REFUSED)

    def slow(self, name: str, delay: float = 5.0) -> None:
        """Let each of its answers take so many seconds more."""
        self.fail(name, Failure.SLOW, delay=delay)

    def lie(self, name: str) -> None:
        """Let it answer 200 to its health check, and 500 to everybody else."""
        self.fail(name, Failure.CHECKS_ONLY)

    def heal(self, name: str) -> None:
        """Let a back end be well from now on; one that is well already stays so."""
        self._change(name, None, 0.0)

    def _change(self, name: str, failure: Failure | None, delay: float) -> None:
        """Nothing happens to those that are so already: else it would be told as a new failure."""
        world = self._at_work
        for address in self.stage.called(name):
            if world.record.failing(address) != (failure, delay):
                world.fail(address, failure, delay)

    def run(self, seconds: float) -> None:
        """Let time pass: wait for it, or live in virtual time.

        Raises:
            LabError: it is no time, or more than 600 s at once.
        """
        if not isinstance(seconds, int | float) or not 0 <= seconds <= MOST:
            raise LabError(seconds, "is no time to let pass", f"Give 0 to {MOST:g} seconds.")
        world = self._at_work
        if seconds:
            world.wait(seconds)

    def until(self, what: Until | str = Until.RECOVERED, within: float = 60.0) -> float:
        """Let time pass until something has come of the last failure.

        Args:
            what: `noticed`, `published` or `recovered`.
            within: seconds after which one gives up.

        Returns:
            Seconds since the drill began.

        Raises:
            LabError: nobody has failed, or it did not come within that time.
        """
        aim = Until(what)
        if not isinstance(within, int | float) or not 0 < within <= MOST:
            raise LabError(within, "is no time to wait", f"Give up to {MOST:g} seconds.")
        if not any(each.failure for each in self.record.changed):
            raise LabError(str(aim), "never comes: nobody has failed yet", 'Say d.kill("primary").')
        end = self.now + within
        while not self._reached(aim):
            if self.now >= end:
                rule = f"did not come within {within:g} s"
                raise LabError(str(aim), rule, "Look at d.result(), or wait longer: within=120.")
            self._at_work.pause()
        return self.now

    def result(self) -> Result:
        """What it came to, up to now, or up to its end."""
        if self._world is None and self._last is not None:
            return self._last
        world = self._at_work
        return Result(self.stage, self.how, world.record, world.now, world.live, self._seed)

    def _reached(self, aim: Until) -> bool:
        last = self.result().measured[-1]
        if aim is Until.RECOVERED:
            return last.over and last.seconds > 0
        return (last.noticed if aim is Until.NOTICED else last.published) < float("inf")

    # --- from beginning to end ----------------------------------------------------------------

    def start(self) -> Self:
        """Begin; returns when the first request was served."""
        if self._world is not None:
            raise LabError("This drill", "has begun already", "Make another: drill(zone).")
        try:
            with Unbroken():
                self._world = self._opens()
            while not any(each.good for each in self.record.requests) and self.now < WARM:
                self._world.pause()
        except BaseException:
            self.stop()
            raise
        return self

    def stop(self) -> None:
        """End it: all servers, sockets and threads; the result stays. Once is enough."""
        if self._world is None:
            return
        try:
            with Unbroken():
                self._end()
        except BaseException:  # an interrupt that came first must not leave it running
            self._end()
            raise

    def _end(self) -> None:
        world = self._world
        if world is None:
            return
        result = self.result()
        world.close()
        self._last, self._world = result, None

    @property
    def _at_work(self) -> World:
        if self._world is None:
            over = "is over" if self._last else "has not begun"
            raise LabError("This drill", over, "Make one in a with: `with drill(zone) as d:`")
        return self._world

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def __repr__(self) -> str:
        name = str(self.stage.question.name)
        return f"Drill of {name}: {', '.join(self.stage.names)}"


def drill(  # noqa: PLR0913  (each is one thing a user may want to say)
    zone: Zone | Account,
    name: str = "",
    type: str = "A",  # noqa: A002  (the word of the field)
    *,
    virtual: bool = NO_SOCKETS,
    fast: bool = True,
    interval: float = 2.0,
    threshold: int = 2,
    ttl: int = 5,
    rate: float = 10.0,
    patience: float = 1.0,
    publication: float = 0.0,
    checkers: int = 16,
    profile: str = "ideal",
    cache: str = LAB,
    port: int = 0,
    seed: int = 1,
    say: Say = print,
) -> Drill:
    """A drill with the back ends of a name; it begins in its `with`.

    Args:
        zone: what is served, or an account with health checks of its own. Those of a zone ask
            /health at port 80 of the address of their record set.
        name: that clients ask for; the first that a health check has a say in, without it.
        type: A or AAAA.
        virtual: in virtual time, without sockets: instant, and the same for the same seed. Where
            there are no sockets, as in a browser, that is what there is.
        fast: whether checks may look more often than Route 53's; without, 10 s and 30 s are all.
        interval: seconds from a response to a checker's next request.
        threshold: results in a row that change its mind, 1 to 10.
        ttl: seconds of all answers of the name.
        rate: requests a second.
        patience: seconds after which a client gives up a connection, and again an answer.
        publication: seconds from what checkers say until the authority knows.
        checkers: of each check.
        profile: what the lab's cache is like: one of `RECURSIVES` by name.
        cache: `lab`, or `unbound` for the real one, where it is installed: a copy in that may live
            up to a second longer, which the parts count to the client.
        port: of the authority; 0 takes a free one, and one that is taken is replaced, and said.
        seed: of the dice.
        say: called with a line where the port had to be another.

    Raises:
        LabError: a name that is not there or that no health check leads, or settings out of range.
    """
    how = settings(
        fast=fast,
        interval=interval,
        threshold=threshold,
        ttl=ttl,
        rate=rate,
        patience=patience,
        publication=publication,
        checkers=checkers,
    )
    _check_cache(cache, virtual=virtual)
    whole("port", port, 0, 65535)
    whole("seed", seed, 0, 2**63 - 1)
    played = stage(zone, name, type, how)

    def opens() -> World:
        if virtual:
            from lab_engine.live.twin import Twin  # noqa: PLC0415  (simpy)

            return Twin(played, how, seed, profile)
        from lab_engine.live.loopback import Loopback  # noqa: PLC0415  (sockets and threads)

        return Loopback(played, how, seed, profile, cache, port, say)

    return Drill(played, how, opens, seed)


def _check_cache(cache: str, *, virtual: bool) -> None:
    if cache not in (LAB, UNBOUND):
        raise LabError(cache, "is no cache of a drill", f"Choose {LAB} or {UNBOUND}.")
    if cache == UNBOUND and virtual:
        rule = "is a real program, and has no virtual time"
        raise LabError(cache, rule, 'Take the lab\'s that is like it: profile="unbound".')
