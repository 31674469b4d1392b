"""A balancer at work: who goes where, and what becomes of a request whose target fails.

Clients reach it at every address of the name. Whom it takes for healthy is for the checks of its
`Targets`; all else takes no time on the clock, though a request may have waited. A target that
refuses breaks the connections to it: a client whose connection was unused then opens another, and
what the target had taken in is lost. Other connections at L4 go on when the checks give their
target up, as HAProxy's do; one that brings no answer within the time-out is closed.
"""

from collections.abc import Mapping, Sequence
from functools import partial
from heapq import heapify, heappop, heappush
from random import Random
from typing import NamedTuple

import simpy

from lab_engine.simulation.balancer import Balancer, OsiLayer, Stickiness
from lab_engine.simulation.balancing import ALGORITHMS, Busy, Chooser, hashed, targets
from lab_engine.simulation.epochs import Epoch
from lab_engine.simulation.events.members import Member
from lab_engine.simulation.events.serving import Ledger, Served
from lab_engine.simulation.events.stations import Station
from lab_engine.simulation.events.targets import Targets
from lab_engine.simulation.failing import Failure
from lab_engine.simulation.parts import Mix
from lab_engine.simulation.scenario import Scenario

UNAVAILABLE = "503 from the balancer: no target is healthy"
RESET = "the balancer has no target that is healthy"

NOBODY = -1


class _Open(NamedTuple):
    """A client's connection: its target, at L4 for good, and when it closes if it is not used.

    At L7 its target is that of its last request; `NOBODY` where the balancer answered that itself.
    """

    target: int
    closes: float


class Balanced:
    """The balancer of one run.

    Args:
        epochs: what holds from when on, with a balancer; the targets are those of any of them.
        stations: targets with a capacity, by address.
        ledger: where what is served is counted.
        rng: the dice.
    """

    def __init__(
        self,
        epochs: Sequence[Epoch],
        stations: Mapping[str, Station],
        ledger: Ledger,
        rng: Random,
    ) -> None:
        scenario, failing = epochs[0].scenario, epochs[0].failing
        self._targets = Targets(epochs, stations, rng)
        self._addresses = self._targets.addresses
        self._ledger = ledger
        self._rng = rng
        self._connections: dict[Member, _Open] = {}
        self._closing: list[tuple[float, int, Member | None, int]] = []
        self._opened = 0
        self._cookies: dict[Member, int] = {}
        self._open = [0] * len(self._addresses)
        self._drains: dict[int, float] = {}
        self._paths = _Paths(scenario.clients.paths, rng)
        self._balancer = balancer = scenario.balancer or Balancer()
        self._at_l7 = balancer.layer is OsiLayer.L7
        self._chooser = self._with_weights(balancer)
        self.enter(float("-inf"), scenario, failing)
        self._targets.settle(balancer)
        self._look_around()

    def _with_weights(self, balancer: Balancer) -> Chooser:
        weights = [balancer.weight(each) for each in self._addresses]
        return ALGORITHMS[balancer.algorithm](weights, self._rng)

    def enter(self, now: float, scenario: Scenario, failing: frozenset[str]) -> None:
        """Something else holds now, and these addresses fail, each in its way."""
        before, self._balancer = self._balancer, scenario.balancer or Balancer()
        if self._balancer.weights != before.weights:
            self._chooser = self._with_weights(self._balancer)
        indices, present = range(len(self._addresses)), set(targets([scenario]))
        self._present = [target for target in indices if self._addresses[target] in present]
        self._break(self._targets.enter(failing))
        drained = [t for t in indices if self._addresses[t] in self._balancer.draining]
        self._drains = {target: self._drains.get(target, now) for target in drained}
        self._look_around()

    def begin(self, env: simpy.Environment) -> None:
        """Let it check its targets."""
        if self._balancer.interval:
            self._targets.begin(env, self._balancer, self._look_around)

    def _look_around(self) -> None:
        """Who may get something new, whatever is asked for."""
        self._willing_to_all = self._willing("")

    def serve(self, now: float, member: Member, server: str | None, waited_ms: float) -> Served:
        """One request of a client; where its answer had an address, that led here."""
        if server is None:
            return Served(None)
        target = self._kept(now, member)
        connected = target is not None and not self._at_l7
        if target is None:
            self._ledger.connections += 1
        self._close(now)
        ruled = self._balancer.paths
        willing = self._willing(self._paths.draw()) if ruled else self._willing_to_all
        if target is None or self._at_l7:
            target = self._chosen(now, member, willing)
        waited_ms += self._balancer.hop_ms
        if target is not None and connected and self._fails(target):
            return self._unserved(now, member, target)
        return self._tried(now, member, target, willing, waited_ms)

    # --- who --------------------------------------------------------------------------------------

    def _willing(self, path: str) -> list[int]:
        """The targets that may get something new."""
        served = self._balancer.serving(path) if self._balancer.paths else None
        return [
            target
            for target in self._present
            if self._targets.healthy[target]
            and target not in self._drains
            and (served is None or self._addresses[target] in served)
        ]

    def _chosen(self, now: float, member: Member, willing: Sequence[int]) -> int | None:
        sticky = self._balancer.sticky
        if sticky is Stickiness.COOKIE:
            own = self._cookies.get(member)
            goes_on = own is not None and self._goes_on(now, own) and self._targets.healthy[own]
            if own is not None and goes_on and self._serves(own, willing):
                return own
        if not willing:
            return None
        if sticky is Stickiness.ADDRESS:
            address = str(member.client.network.network_address)
            return hashed(address, self._addresses, willing)
        return self._chooser.choose(self._busy(now), willing)

    def _goes_on(self, now: float, target: int) -> bool:
        """Whether what a target has may stay there."""
        drained = now >= self._drains.get(target, now + 1) + self._balancer.drain_timeout
        return target in self._present and not drained

    def _serves(self, target: int, willing: Sequence[int]) -> bool:
        """Whether it may have this path: one that drains is asked for the path alone."""
        return target in willing or (target in self._drains and not self._balancer.paths)

    def _busy(self, now: float) -> Busy:
        """What each target has: open connections, or requests that wait or are served."""
        if self._at_l7:
            return partial(self._targets.busy, now)
        return self._open.__getitem__

    # --- what becomes of it -----------------------------------------------------------------------

    def _tried(
        self,
        now: float,
        member: Member,
        target: int | None,
        willing: Sequence[int],
        waited_ms: float,
    ) -> Served:
        """Hand a request to a target; where it takes no connection, to so many others."""
        left, lost, full = willing, 0.0, False
        for _ in range(1 + self._balancer.retries):
            if target is None:
                break
            failure = self._targets.failure(target)
            if failure is Failure.BLACK_HOLE:
                lost += self._balancer.connect_timeout
            elif failure is not Failure.REFUSED:
                if failure is not None and self._fails(target):
                    return self._unserved(now, member, target)
                delay = self._targets.delay(target) if failure is Failure.SLOW else 0.0
                if self._served(now, member, target, waited_ms + 1000 * lost, delay):
                    return Served(self._addresses[target], lost=lost + delay)
                full = True
            left = [each for each in left if each != target]
            target = self._chooser.choose(self._busy(now), left) if left else None
        if self._at_l7:
            self._keep(now, member, NOBODY)
        else:
            self._drop(member)
        said = "503 from the balancer" if self._at_l7 else "the target closed the connection"
        unavailable = UNAVAILABLE if self._at_l7 else RESET
        return Served(None, full, said if willing else unavailable, open=self._at_l7)

    def _fails(self, target: int) -> bool:
        """Whether whoever is connected to it is not served, or not in time."""
        failure = self._targets.failure(target)
        if failure is Failure.SLOW:
            return self._targets.delay(target) > self._balancer.timeout
        return failure is not None and failure is not Failure.REFUSED

    def _served(
        self, now: float, member: Member, target: int, waited_ms: float, delay: float
    ) -> bool:
        """Let a target take a request; False where it has no room."""
        address = self._addresses[target]
        if not self._ledger.take(now, member, address, waited_ms + 1000 * delay):
            return False
        done = self._targets.until(now, target) + delay
        if delay:
            self._targets.hold(target, done)
        self._keep(now, member, target, done)
        self._remember(member, target)
        return True

    def _unserved(self, now: float, member: Member, target: int) -> Served:
        """A request whose target is connected: an error, what it never wanted, or silence."""
        failure, address = self._targets.failure(target), self._addresses[target]
        if failure is Failure.SLOW or (failure is not None and failure.hangs):
            return self._hung(now, member, target)
        self._remember(member, target)
        if failure is Failure.CLOSES:
            self._drop(member)
            return Served(None, said=f"half a page from {address}")
        self._keep(now, member, target, now)
        return Served(None, said=f"an error from {address}", open=True)

    def _hung(self, now: float, member: Member, target: int) -> Served:
        """No answer comes in time: the balancer says so at L7, and at L4 closes the connection."""
        over, address = now + self._balancer.timeout, self._addresses[target]
        self._targets.hold(target, over)
        if self._at_l7:
            self._keep(now, member, NOBODY)
            return Served(None, said=f"504 from the balancer: no answer from {address}", open=True)
        self._drop(member)
        self._count_open(target, over, None)
        return Served(None, said=f"no answer from {address}")

    def _remember(self, member: Member, target: int) -> None:
        """An answer, be it an error, names its target in the cookie."""
        if self._balancer.sticky is Stickiness.COOKIE:
            self._cookies[member] = target

    # --- connections ------------------------------------------------------------------------------

    def _kept(self, now: float, member: Member) -> int | None:
        """The target of a client's open connection; None where it opens one now."""
        held = self._connections.get(member)
        if held is None:
            return None
        alive = self._at_l7 or (
            self._goes_on(now, held.target) and self._targets.stands(now, held.target)
        )
        if member.told or now >= held.closes or not alive:
            self._drop(member)
            return None
        return held.target

    def _keep(self, now: float, member: Member, target: int, done: float | None = None) -> None:
        """A connection was used: it is open until its request is done, or as long as it is kept."""
        done = now if done is None else done
        kept = min(member.chain[0].idle, self._balancer.keep_alive)
        self._drop(member)
        if kept:
            self._connections[member] = _Open(target, done + kept)
        if not self._at_l7:
            self._count_open(target, done + kept, member if kept else None)

    def _count_open(self, target: int, closes: float, member: Member | None) -> None:
        """One more connection to a target at L4, until then or until its client drops it."""
        self._open[target] += 1
        self._opened += 1
        heappush(self._closing, (closes, self._opened, member, target))

    def _drop(self, member: Member) -> None:
        held = self._connections.pop(member, None)
        if held is not None and not self._at_l7:
            self._open[held.target] -= 1

    def _break(self, died: frozenset[int]) -> None:
        """Forget all connections to who has just died; at L7 clients have none to targets."""
        if not died or self._at_l7:
            return
        kept = self._connections.items()
        self._connections = {member: held for member, held in kept if held.target not in died}
        self._closing = [each for each in self._closing if each[3] not in died]
        heapify(self._closing)
        for target in died:
            self._open[target] = 0

    def _close(self, now: float) -> None:
        """Forget the connections that have been unused for long enough."""
        closing = self._closing
        while closing and closing[0][0] <= now:
            closes, _, member, target = heappop(closing)
            held = None if member is None else self._connections.get(member)
            if member is None:
                self._open[target] -= 1
            elif held is not None and held.closes == closes:
                self._drop(member)


class _Paths:
    """What requests ask for, drawn by their parts."""

    def __init__(self, paths: Mix, rng: Random) -> None:
        self._names = [path for path, _ in paths]
        self._parts = [part for _, part in paths]
        self._rng = rng

    def draw(self) -> str:
        """One path."""
        if len(self._names) == 1:
            return self._names[0]
        return self._rng.choices(self._names, self._parts)[0]
