"""A balancer at work: which targets it has, whom it believes healthy, and who goes where.

Clients reach it at every address of the name. Its checks are processes on the simulated clock, and
find who is dead or has fallen over; all else takes no time. A target that dies breaks the
connections to it: a client whose connection was unused then opens another, and what the target had
taken in is lost.
"""

from collections.abc import Generator, Mapping, Sequence
from heapq import heapify, heappop, heappush
from random import Random
from typing import NamedTuple

import simpy

from lab_engine.simulation.balancer import Balancer, OsiLayer, Stickiness
from lab_engine.simulation.balancing import ALGORITHMS, Busy, Chooser, hashed, targets
from lab_engine.simulation.events.members import Member
from lab_engine.simulation.events.serving import Ledger, Served
from lab_engine.simulation.events.stations import Station
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
        scenarios: what holds from when on, with a balancer; the targets are those of any of them.
        stations: targets with a capacity, by address.
        ledger: where what is served is counted.
        rng: the dice.
    """

    def __init__(
        self,
        scenarios: Sequence[Scenario],
        stations: Mapping[str, Station],
        ledger: Ledger,
        rng: Random,
    ) -> None:
        scenario = scenarios[0]
        self._targets = targets(scenarios)
        self._stations = [stations.get(each) for each in self._targets]
        self._ledger = ledger
        self._rng = rng
        self._connections: dict[Member, _Open] = {}
        self._closing: list[tuple[float, int, Member | None, int]] = []
        self._opened = 0
        self._cookies: dict[Member, int] = {}
        self._open = [0] * len(self._targets)
        self._drains: dict[int, float] = {}
        self._paths = _Paths(scenario.clients.paths, rng)
        self._balancer = balancer = scenario.balancer or Balancer()
        self._at_l7 = balancer.layer is OsiLayer.L7
        self._chooser = self._with_weights(balancer)
        self._healthy = [True] * len(self._targets)
        self._down: frozenset[int] = frozenset()
        self.enter(float("-inf"), scenario)
        self._healthy = [target not in self._down for target in range(len(self._targets))]
        self._willing_to_all = self._willing("")

    def _with_weights(self, balancer: Balancer) -> Chooser:
        weights = [balancer.weight(each) for each in self._targets]
        return ALGORITHMS[balancer.algorithm](weights, self._rng)

    def enter(self, now: float, scenario: Scenario) -> None:
        """Something else holds now."""
        before, self._balancer = self._balancer, scenario.balancer or Balancer()
        if self._balancer.weights != before.weights:
            self._chooser = self._with_weights(self._balancer)
        indices, present = range(len(self._targets)), set(targets([scenario]))
        self._present = [target for target in indices if self._targets[target] in present]
        down = frozenset(target for target in indices if self._targets[target] in scenario.down)
        self._break(down - self._down)
        self._down = down
        drained = [t for t in indices if self._targets[t] in self._balancer.draining]
        self._drains = {target: self._drains.get(target, now) for target in drained}
        self._willing_to_all = self._willing("")

    def begin(self, env: simpy.Environment) -> None:
        """Let it check its targets, each at a time of its own."""
        if self._balancer.interval:
            for target in range(len(self._targets)):
                env.process(self._checking(env, target))

    def _checking(self, env: simpy.Environment, target: int) -> Generator[simpy.Event]:
        balancer, against = self._balancer, 0
        yield env.timeout(self._rng.random() * balancer.interval)
        while True:
            passed = self._stands(env.now, target)
            against = 0 if passed is self._healthy[target] else against + 1
            if against >= (balancer.rise if passed else balancer.fall):
                self._healthy[target], against = passed, 0
                self._willing_to_all = self._willing("")
            yield env.timeout(balancer.interval)

    def serve(self, now: float, member: Member, server: str | None, waited_ms: float) -> Served:
        """One request of a client; where its answer had an address, that led here."""
        if server is None:
            return Served(None)
        target = self._kept(now, member)
        if target is None:
            self._ledger.connections += 1
        self._close(now)
        ruled = self._balancer.paths
        willing = self._willing(self._paths.draw()) if ruled else self._willing_to_all
        if target is None or self._at_l7:
            target = self._chosen(now, member, willing)
        return self._tried(now, member, target, willing, waited_ms + self._balancer.hop_ms)

    # --- who --------------------------------------------------------------------------------------

    def _willing(self, path: str) -> list[int]:
        """The targets that may get something new."""
        served = self._balancer.serving(path) if self._balancer.paths else None
        return [
            target
            for target in self._present
            if self._healthy[target]
            and target not in self._drains
            and (served is None or self._targets[target] in served)
        ]

    def _chosen(self, now: float, member: Member, willing: Sequence[int]) -> int | None:
        sticky = self._balancer.sticky
        if sticky is Stickiness.COOKIE:
            own = self._cookies.get(member)
            if own is not None and self._goes_on(now, own) and self._serves(own, willing):
                return own
        if not willing:
            return None
        if sticky is Stickiness.ADDRESS:
            address = str(member.client.network.network_address)
            return hashed(address, self._targets, willing)
        return self._chooser.choose(self._busy(now), willing)

    def _goes_on(self, now: float, target: int) -> bool:
        """Whether what a target has may stay there."""
        drained = now >= self._drains.get(target, now + 1) + self._balancer.drain_timeout
        return self._healthy[target] and target in self._present and not drained

    def _serves(self, target: int, willing: Sequence[int]) -> bool:
        """Whether it may have this path: one that drains is asked for the path alone."""
        return target in willing or (target in self._drains and not self._balancer.paths)

    def _busy(self, now: float) -> Busy:
        """What each target has: open connections, or requests that wait or are served."""
        if self._at_l7:
            return lambda target: self._waiting(now, target)
        return self._open.__getitem__

    def _stands(self, now: float, target: int) -> bool:
        """Whether a target is alive, and has not fallen over."""
        station = self._stations[target]
        return target not in self._down and (station is None or station.stands(now))

    def _waiting(self, now: float, target: int) -> int:
        station = self._stations[target]
        return 0 if station is None else station.busy(now)

    def _tried(
        self,
        now: float,
        member: Member,
        target: int | None,
        willing: Sequence[int],
        waited_ms: float,
    ) -> Served:
        """Hand a request to a target; where it is not taken, to so many others."""
        left, attempts, full = list(willing), 1 + self._balancer.retries, False
        for _ in range(attempts):
            if target is None:
                break
            up = target not in self._down
            if up and self._ledger.take(now, member, self._targets[target], waited_ms):
                self._keep(now, member, target)
                if self._balancer.sticky is Stickiness.COOKIE:
                    self._cookies[member] = target
                return Served(self._targets[target])
            full |= up
            left = [each for each in left if each != target]
            target = self._chooser.choose(self._busy(now), left) if left else None
        if self._at_l7:
            self._keep(now, member, NOBODY)
        else:
            self._drop(member)
        said = "503 from the balancer" if self._at_l7 else "the target closed the connection"
        unavailable = UNAVAILABLE if self._at_l7 else RESET
        return Served(None, full, said if willing else unavailable, open=self._at_l7)

    # --- connections ------------------------------------------------------------------------------

    def _kept(self, now: float, member: Member) -> int | None:
        """The target of a client's open connection; None where it opens one now."""
        held = self._connections.get(member)
        if held is None:
            return None
        alive = self._at_l7 or (self._goes_on(now, held.target) and self._stands(now, held.target))
        if member.told or now >= held.closes or not alive:
            self._drop(member)
            return None
        return held.target

    def _keep(self, now: float, member: Member, target: int) -> None:
        """A connection was used: it is open until its request is done, or as long as it is kept."""
        station = None if target == NOBODY else self._stations[target]
        done = now if station is None else max(now, station.until)
        kept = min(member.chain[0].idle, self._balancer.keep_alive)
        self._drop(member)
        if kept:
            self._connections[member] = _Open(target, done + kept)
        if not self._at_l7:
            self._open[target] += 1
            self._opened += 1
            entry = (done + kept, self._opened, member if kept else None, target)
            heappush(self._closing, entry)

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
