"""Health checks that check: checkers that ask endpoints on loopback and tell what they make of it.

Each check has N checkers that know nothing of each other. Each begins at a moment of its own, asks,
and asks again a full interval after it had its response or gave up; its threshold is applied by
`health.Checker`, theirs together by `health.status`. Not here: where probes go and what they ask
(`targets`), how one is made (`probing`), and what an unhealthy check does to answers.

Source: the Route 53 Developer Guide, "How Amazon Route 53 determines whether a health check is
healthy". What it leaves open is marked [design].
"""

import asyncio
from collections.abc import Callable, Coroutine, Mapping, Sequence
from datetime import datetime
from ipaddress import ip_address
from random import Random
from threading import Event, Lock, Thread
from typing import Any, NamedTuple, Self

from lab_engine.authority.health import CHECKERS, Checker, HealthCheck, status
from lab_engine.control.account import Account
from lab_engine.control.serving import Observation
from lab_engine.errors import LabError
from lab_engine.wire.accepting import event_loop
from lab_engine.wire.descriptors import PROBES, share
from lab_engine.wire.ours import Home, is_ours
from lab_engine.wire.probing import ProbeResult, probe
from lab_engine.wire.targets import Table, Target, checked_table, target_of

MAX_PROBED = 200  # [design] checks at once
MAX_CHECKERS = 254
FIRST_CHECKER = ip_address("203.0.113.1")  # [design] RFC 5737: nobody's

Report = Callable[[str, bool], object]
"""Takes the id of a check and whether it is healthy."""
Heard = Callable[[str, int, bool, bool], object]
"""Takes the id of a check, the number of a checker, whether its probe passed, and what it says."""
Probe = Callable[[Target], Coroutine[Any, Any, ProbeResult | None]]
"""Asks once; raises nothing. None is no result, and nobody's fault but ours."""


class Plan(NamedTuple):
    """A check, and its target or why it has none."""

    check: HealthCheck
    target: Target | str


class Prober:
    """Probes the checks of an account, in a thread of its own, from `start` to `stop`.

    It opens at most one connection for each checker of each check, and probes no more than 200
    checks: the first ones of the account. It takes no more than half of the descriptors that the
    process may have: where more checkers would ask at once, they wait for their turn.
    """

    def __init__(  # noqa: PLR0913  (each is one thing a user may want to say)
        self,
        table: Table,
        report: Report,
        *,
        rng: Random,
        now: Callable[[], datetime],
        checkers: int = CHECKERS,
        pace: float = 1.0,
        probe: Probe = probe,
        heard: Heard | None = None,
        room: int | None = None,
    ) -> None:
        """Nothing is probed yet.

        Args:
            table: which endpoints stand for which places on loopback.
            report: called on the loop when a check is first probed, and when its health changes.
            rng: the dice for when each checker begins.
            now: the time of observations.
            checkers: of each check, 1 to 254.
            pace: by what intervals are multiplied. At 0.01 a check with an interval of 30 s asks
                every 0.3 s, as a workshop or a test may want. Time-outs stay as they are, since
                they are about the endpoint: a black hole then delays a round by more than the
                interval.
            probe: how to ask once; `partial(probe, limits=Limits(…))` sets other time-outs.
            heard: called on the loop after each probe, before what comes of it is reported.
            room: how many connections it may have at a time; None is half of what the process may.

        Raises:
            LabError: a table that leads away from loopback, or a number that is out of range.
        """
        if not 1 <= checkers <= MAX_CHECKERS:
            raise LabError(checkers, "is no number of checkers", f"Use 1 to {MAX_CHECKERS}.")
        if not pace > 0:
            raise LabError(pace, "is no pace", "Use 1 for real intervals, or less to hurry.")
        self._table = checked_table(table)
        self._report, self._rng, self._now, self._probe = report, rng, now, probe
        self._checkers, self._pace = checkers, pace
        self._heard = heard
        self._room = share(PROBES, MAX_PROBED * checkers) if room is None else room
        self._home = Home()
        self._plans: Mapping[str, Plan] = {}
        self._posts: dict[str, _Post] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._guard = Lock()  # of the loop and what may be called on it
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopping: asyncio.Event | None = None
        self._running = Event()
        self._thread: Thread | None = None

    def watch(self, account: Account) -> None:
        """The checks are these from now on; returns at once. Any thread may call it.

        A check that was changed begins its round anew. [design] Its checkers keep their minds: an
        endpoint that failed does not pass because somebody edited the threshold.
        """
        self._plans = _plans(account, self._table)
        with self._guard:
            if self._loop and self._home:
                self._loop.call_soon_threadsafe(self._follow)

    def reason(self, check_id: str) -> str:
        """Why a check is not probed, in a sentence; empty for one that is."""
        plan = self._plans.get(check_id)
        if plan is None:
            return "There is no such health check."
        return plan.target if isinstance(plan.target, str) else ""

    def observations(self, check_id: str) -> tuple[Observation, ...]:
        """One of each checker that has looked; none for a check that is not probed."""
        post = self._posts.get(check_id)
        return tuple(each for each in post.observations if each) if post else ()

    def start(self) -> Self:
        """Probe in a thread of its own, until `stop`.

        Raises ListenError where no descriptor is left for its event loop.
        """
        self._running.clear()
        loop = event_loop("The prober")
        self._thread = Thread(target=self._work, args=[loop], name="probes", daemon=True)
        self._thread.start()
        self._running.wait()
        return self

    def stop(self) -> None:
        """End every probe. Safe to call again, from any thread, and in a child of this process.

        Waits for the prober's own thread, so whoever calls must not hold what `report` waits for.
        """
        if not self._home:
            return
        with self._guard:
            if self._loop and self._stopping:
                self._loop.call_soon_threadsafe(self._stopping.set)
        if self._thread:
            self._thread.join()

    def _work(self, loop: asyncio.AbstractEventLoop) -> None:
        with asyncio.Runner(loop_factory=lambda: loop) as runner:
            runner.run(self._run())

    async def _run(self) -> None:
        """Probe on the running loop until `stop`."""
        stopping, self._turns = asyncio.Event(), asyncio.Semaphore(self._room)
        with self._guard:
            self._loop, self._stopping = asyncio.get_running_loop(), stopping
        self._running.set()
        self._follow()
        try:
            await stopping.wait()
        finally:
            with self._guard:
                self._loop = None
            self._posts.clear()
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)

    def _follow(self) -> None:
        """Begin, change and end posts until they are what is planned. On the loop."""
        plans = self._plans
        for check_id in [*self._posts]:
            if check_id not in plans or isinstance(plans[check_id].target, str):
                self._posts.pop(check_id).close()
        for check_id, plan in plans.items():
            post = self._posts.get(check_id)
            if isinstance(plan.target, str) or (post and post.plan == plan):
                continue
            minds = post.minds if post else [Checker()] * self._checkers
            if post:
                post.close()
            self._posts[check_id] = self._opened(plan, plan.target, minds)

    def _opened(self, plan: Plan, target: Target, minds: Sequence[Checker]) -> "_Post":
        """A post at work: one task for each checker."""
        loop = asyncio.get_running_loop()
        post = _Post(plan, minds, lambda *told: loop.call_soon(self._report, *told))
        for number in range(self._checkers):
            task = loop.create_task(self._look(post, target, number))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
            post.tasks.append(task)
        return post

    async def _look(self, post: "_Post", target: Target, number: int) -> None:
        """What one checker does all day."""
        interval = post.plan.check.request_interval * self._pace
        await asyncio.sleep(self._rng.uniform(0, interval))
        while True:
            async with self._turns:
                outcome = await self._probe(target)
            if outcome is not None:
                healthy = post.note(number, outcome, self._now())
                if self._heard is not None:
                    self._heard(post.plan.check.id, number, outcome.passed, healthy)
            await asyncio.sleep(interval)


class _Post:
    """One check, its checkers, and what they made of their target so far.

    Attributes:
        minds, observations: by the number of the checker.
    """

    def __init__(self, plan: Plan, minds: Sequence[Checker], tell: Report) -> None:
        self.plan = plan
        self.minds = list(minds)
        self.observations: list[Observation | None] = [None] * len(minds)
        self.tasks: list[asyncio.Task[None]] = []
        self._tell = tell
        self._healthy = self._verdict()
        tell(plan.check.id, self._healthy)

    def note(self, number: int, outcome: ProbeResult, at: datetime) -> bool:
        """One checker has its result, and says so much; tells if that changes what the check is."""
        check = self.plan.check
        mind = self.minds[number].after(outcome.passed, check.failure_threshold)
        self.minds[number] = mind
        before = self.observations[number]
        self.observations[number] = Observation(
            region=check.regions[number % len(check.regions)],
            address=str(FIRST_CHECKER + number),
            at=at,
            healthy=mind.healthy,
            status=outcome.status,
            failure=(before and before.failure) if outcome.passed else (at, outcome.status),
        )
        healthy = self._verdict()
        if healthy is not self._healthy:
            self._healthy = healthy
            self._tell(check.id, healthy)
        return mind.healthy

    def close(self) -> None:
        """Its checkers stop."""
        for task in self.tasks:
            task.cancel()

    def _verdict(self) -> bool:
        return status(self.plan.check, [mind.healthy for mind in self.minds])


def _plans(account: Account, table: Table) -> Mapping[str, Plan]:
    """What is to be done about each check; those beyond the limit are left alone."""
    plans: dict[str, Plan] = {}
    probed = 0
    for check_id, each in account.checks.items():
        target = target_of(each, table, is_ours)
        if isinstance(target, Target):
            probed += 1
            if probed > MAX_PROBED:
                target = f"The lab probes {MAX_PROBED} health checks at once, and has as many."
        plans[check_id] = Plan(each.check, target)
    return plans
