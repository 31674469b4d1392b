"""What happened in a drill, as it was seen: one list for each kind of thing, in the order of time.

Threads append to them, and whoever reads takes a copy. What it comes to is `result`'s to say.
"""

from dataclasses import dataclass, field
from typing import NamedTuple

from lab_engine.simulation.failing import Failure
from lab_engine.simulation.outcome import Mind, Verdict

WHOLE = 1.01  # seconds by which what a whole TTL says may be off


class Changed(NamedTuple):
    """A back end that began to fail, or was healed.

    Attributes:
        at: seconds since the drill began, as everywhere here.
        address: which.
        failure: how it fails from then on; None for not at all.
        delay: seconds more that each answer of a slow one takes.
    """

    at: float
    address: str
    failure: Failure | None
    delay: float = 0.0


class Probe(NamedTuple):
    """What one probe came to, when that was known."""

    at: float
    check: str
    checker: int
    passed: bool


class Answered(NamedTuple):
    """From when on the authority answers one of these."""

    at: float
    answers: tuple[tuple[str, ...], ...]

    @property
    def addresses(self) -> frozenset[str]:
        """All that it may lead to."""
        return frozenset[str]().union(*self.answers)


class Request(NamedTuple):
    """A request of the client.

    Attributes:
        at: when it began.
        addresses: that the cache led it to, in their order.
        expires: when their TTL has run down, by what came with them; whole seconds.
        tried: those of them that it went to.
        server: that served it; empty where none did.
        ended: when.
    """

    at: float
    addresses: tuple[str, ...]
    expires: float
    tried: tuple[str, ...]
    server: str
    ended: float

    @property
    def good(self) -> bool:
        """Whether it got what it wanted."""
        return bool(self.server)


class Copy(NamedTuple):
    """An answer that the cache held, from when to when."""

    start: float
    end: float
    addresses: tuple[str, ...]


@dataclass
class Record:
    """All of it.

    Attributes:
        changed: back ends that failed and were healed.
        probes: every probe.
        minds: checkers that changed theirs.
        noticed: checks of which enough checkers changed their minds.
        published: the same when the authority knew.
        answered: what it answers.
        requests: in the order in which they ended.
    """

    changed: list[Changed] = field(default_factory=list)
    probes: list[Probe] = field(default_factory=list)
    minds: list[Mind] = field(default_factory=list)
    noticed: list[Verdict] = field(default_factory=list)
    published: list[Verdict] = field(default_factory=list)
    answered: list[Answered] = field(default_factory=list)
    requests: list[Request] = field(default_factory=list)

    def asked(self) -> tuple[Request, ...]:
        """The requests in the order in which they began."""
        return tuple(sorted(self.requests))

    def copies(self) -> tuple[Copy, ...]:
        """What the cache held, by what it told the client.

        A TTL on the wire is whole; that of an answer which has just come is exact, so that a copy
        is known by the first request that met it, and a later one by an end that is a second later.
        """
        found: list[Copy] = []
        for each in self.asked():
            if not each.addresses:
                continue
            last = found[-1] if found else None
            same = last and set(last.addresses) == set(each.addresses)
            if last is None or not same or each.at >= last.end or each.expires > last.end + WHOLE:
                if last is not None and each.at < last.end:
                    found[-1] = last._replace(end=each.at)
                found.append(Copy(each.at, each.expires, each.addresses))
        return tuple(found)

    def failing(self, address: str) -> tuple[Failure | None, float]:
        """How a back end fails by now, and the delay of a slow one."""
        own = (each for each in reversed(self.changed) if each.address == address)
        last = next(own, None)
        return (last.failure, last.delay) if last else (None, 0.0)

    def dead(self, at: float) -> frozenset[str]:
        """The addresses that fail at a time."""
        now: dict[str, Failure | None] = {}
        for each in [*self.changed]:
            if each.at <= at:
                now[each.address] = each.failure
        return frozenset(address for address, failure in now.items() if failure)
