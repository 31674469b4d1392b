"""How long clients are led to dead servers, for the event engine: `Outage` says what counts.

A client with a cache of its own is watched by what it holds; the others by what the cache holds
that they ask, and by their requests. `population.outages` is for the other engine.
"""

import math
from collections.abc import Collection, Hashable, Iterable
from dataclasses import dataclass, field

from lab_engine.simulation.events.members import Chain, Member
from lab_engine.simulation.events.proxies import Cache, Proxy
from lab_engine.simulation.outcome import Outage


@dataclass
class _Death:
    """One change that killed servers.

    Attributes:
        at: when.
        dead: addresses that have been dead ever since.
        ends: until when each client is led to them, of those that were; of its own answers.
        copies: the same of copies in shared caches, for each kind of clients that keep nothing.
    """

    at: float
    dead: set[str]
    ends: dict[Member, float] = field(default_factory=dict)
    copies: dict[tuple[Cache, Hashable, Chain], float] = field(default_factory=dict)

    def takes(self, addresses: Collection[str]) -> bool:
        """Whether whoever tries these finds none that lives."""
        return bool(addresses) and self.dead.issuperset(addresses)

    def look_at(self, member: Member, now: float, attempts: Collection[str] = ()) -> None:
        """Note what a client holds, or where it has just looked for a server."""
        if self.takes(member.kept(now)):
            self.ends[member] = member.expires
        elif self.takes(attempts) or self.ends.get(member, now) > now:
            self.ends[member] = now

    def look_into(self, shared: Cache, now: float, kinds: Iterable[Member]) -> None:
        """Note what a shared cache holds, and whether all that it may answer leads there."""
        for place, orders, expires in shared.copies(now):
            for one in kinds:
                key = shared, place, one.chain
                if all(self.takes(one.offered(order)) for order in orders):
                    self.copies[key] = expires
                elif self.copies.get(key, now) > now:
                    self.copies[key] = now

    def end_for(self, member: Member) -> float:
        """Until when a client was led to the dead; the death where it never was."""
        own, shared = self.ends.get(member, self.at), member.shared
        if shared is None:
            return own
        keys = ((shared, place, member.chain) for place in member.places())
        return max(own, *(self.copies.get(key, own) for key in keys))


class Blackouts:
    """Every such change of one run.

    Args:
        members: all clients, each with its requests a second.
    """

    def __init__(self, members: Iterable[tuple[Member, float]]) -> None:
        self._rates = dict(members)
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

    def died(self, now: float, down: Iterable[str]) -> None:
        """Servers have died: all that are dead now."""
        death = _Death(now, set(down))
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

    def found(self, end: float) -> tuple[Outage, ...]:
        """What came of them by the end of the watch."""
        return tuple(self._outage(death, end) for death in self._deaths)

    def _outage(self, death: _Death, end: float) -> Outage:
        ends = sorted((death.end_for(member), rate) for member, rate in self._rates.items())
        lasted = tuple((min(at, end) - death.at, rate) for at, rate in ends)
        return Outage(death.at, lasted, math.fsum(rate for at, rate in ends if at > end))
