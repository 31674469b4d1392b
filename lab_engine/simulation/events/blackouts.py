"""How long clients are led to dead servers, for the event engine: `Outage` says what counts.

A client with a cache of its own is watched by what it holds; the others by what the cache holds
that they ask, and by their requests. `population.outages` is for the other engine.
"""

import math
from collections.abc import Collection, Hashable, Iterable, Sequence
from dataclasses import dataclass, field
from operator import attrgetter
from typing import NamedTuple

from lab_engine.simulation.epochs import Epoch
from lab_engine.simulation.events.members import Chain, Member
from lab_engine.simulation.events.proxies import Cache, Proxy
from lab_engine.simulation.outages import Outage, outage
from lab_engine.simulation.stages import stages

Orders = tuple[tuple[str, ...], ...]


class End(NamedTuple):
    """Until when a client was led to the dead, and until when it was told to."""

    at: float
    told: float


@dataclass
class _Death:
    """One change that killed servers.

    Attributes:
        at: when.
        killed: the addresses that died then.
        dead: addresses that have been dead ever since.
        connecting: those that connect clients even while they are dead.
        ends: until when each client is led to them, of those that were; of its own answers.
        copies: the same of copies in shared caches, for each kind of clients that keep nothing.
    """

    at: float
    killed: frozenset[str]
    dead: set[str]
    connecting: frozenset[str]
    ends: dict[Member, End] = field(default_factory=dict)
    copies: dict[tuple[Cache, Hashable, Chain], float] = field(default_factory=dict)

    def takes(self, tried: tuple[str, ...]) -> bool:
        """Whether whoever tries these, one after the other, finds none that lives."""
        for address in tried:
            if address not in self.dead:
                return False
            if address in self.connecting:
                return True
        return bool(tried)

    def takes_all(self, orders: Orders) -> bool:
        """The same of each of these orders; there must be one."""
        return bool(orders) and all(map(self.takes, orders))

    def look_at(self, member: Member, now: float, attempts: tuple[str, ...] = ()) -> None:
        """Note what a client holds, or where it has just looked for a server."""
        before = self.ends.get(member)
        if self.takes_all(member.kept(now)):
            self.ends[member] = End(member.expires, member.told_until)
        elif self.takes(attempts):
            self.ends[member] = End(now, now)
        elif before is not None and before.at > now:
            self.ends[member] = End(now, min(before.told, now))

    def stick(self, member: Member, now: float) -> None:
        """A request has failed on an open connection."""
        if member.connected in self.dead:
            before = self.ends.get(member, End(self.at, self.at))
            self.ends[member] = End(max(before.at, now), before.told)

    def look_into(self, shared: Cache, now: float, kinds: Iterable[Member]) -> None:
        """Note what a shared cache holds, and whether all that it may answer leads there."""
        for place, orders, expires in shared.copies(now):
            for one in kinds:
                key = shared, place, one.chain
                if all(self.takes_all(one.offered(order)) for order in orders):
                    self.copies[key] = expires
                elif self.copies.get(key, now) > now:
                    self.copies[key] = now

    def end_for(self, member: Member) -> End:
        """Until when a client was led to the dead; the death where it never was."""
        own, shared = self.ends.get(member, End(self.at, self.at)), member.shared
        if shared is None:
            return own
        keys = ((shared, place, member.chain) for place in member.places())
        ends = [End(self.copies[key], math.inf) for key in keys if key in self.copies]
        return max((own, *ends), key=attrgetter("at"))


class Blackouts:
    """Every such change of one run.

    Args:
        members: all clients, each with its requests a second.
        connecting: addresses that connect clients even while they are dead.
    """

    def __init__(
        self, members: Iterable[tuple[Member, float]], connecting: frozenset[str] = frozenset()
    ) -> None:
        self._rates = dict(members)
        self._connecting = connecting
        self._deaths: list[_Death] = []
        self._kinds: dict[Cache, dict[Chain, Member]] = {}
        for member in self._rates:
            if member.shared is not None:
                self._kinds.setdefault(member.shared, {}).setdefault(member.chain, member)
        self._states: dict[Cache, object] = {each: each.state for each in self._kinds}

    @property
    def watching(self) -> bool:
        """Whether anything has died so far."""
        return bool(self._deaths)

    def died(self, now: float, killed: Iterable[str], down: Iterable[str]) -> None:
        """Servers have died: these, and all that are dead now."""
        death = _Death(now, frozenset(killed), set(down), self._connecting)
        self._deaths.append(death)
        for member in self._rates:
            death.look_at(member, now)
        self._look_into_all(death, now)

    def revived(self, now: float, down: Collection[str]) -> None:
        """Servers are back: all but these."""
        for death in self._deaths:
            death.dead.intersection_update(down)
            for member in death.ends:
                death.look_at(member, now)
            self._look_into_all(death, now)

    def led(self, now: float, member: Member) -> None:
        """A client has looked for a server."""
        for death in self._deaths:
            death.look_at(member, now, member.attempts)
        self._look_into(member.line.nearest, now)

    def stuck(self, now: float, member: Member) -> None:
        """A client's request has failed on the connection that it has open."""
        for death in self._deaths:
            death.stick(member, now)

    def polled(self, now: float, asking: Member | Proxy) -> None:
        """A client or a proxy has asked of its own accord."""
        if isinstance(asking, Proxy):
            self._look_into(asking, now)
            return
        for death in self._deaths:
            death.look_at(asking, now)
        self._look_into(asking.line.nearest, now)

    def _look_into(self, shared: Cache, now: float) -> None:
        """Note what a cache holds, if that is something else than it was."""
        state = shared.state
        if self._states.get(shared, state) != state:
            self._states[shared] = state
            for death in self._deaths:
                death.look_into(shared, now, self._kinds[shared].values())

    def _look_into_all(self, death: _Death, now: float) -> None:
        for shared, kinds in self._kinds.items():
            death.look_into(shared, now, kinds.values())

    def found(self, end: float, history: Sequence[Epoch], publication: float) -> tuple[Outage, ...]:
        """What came of them by the end of the watch.

        Args:
            end: of the watch, seconds.
            history: what held from when on.
            publication: seconds from a verdict to its answers.
        """
        return tuple(
            self._outage(death, end, stages(history, death.at, death.killed, publication))
            for death in self._deaths
        )

    def _outage(self, death: _Death, end: float, known: tuple[float, float]) -> Outage:
        ends = [(death.end_for(member), rate) for member, rate in self._rates.items()]
        still = math.fsum(rate for each, rate in ends if each.at > end)
        found = [(*_seen(each, death.at, end), rate) for each, rate in ends]
        return outage(death.at, found, still, known)


def _seen(each: End, died: float, end: float) -> tuple[float, float]:
    """The seconds of an outage as far as it was watched, and those of them beyond a TTL."""
    until = min(each.at, end)
    return until - died, until - min(max(each.told, died), until)
