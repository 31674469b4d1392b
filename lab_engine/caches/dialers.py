"""What a client does with an answer: which address it tries, how long it waits, what it keeps open.

One connection at a time. How a server comes to be dead, and how long a request takes that reached
one, is not here; neither is the time until an open connection's death is noticed.
"""

from collections.abc import Container
from itertools import chain, zip_longest
from random import Random
from typing import NamedTuple

from lab_engine.caches.clientprofiles import ClientProfile, Use
from lab_engine.caches.clients import ClientCache

TURNING = (Use.IN_TURN, Use.RANDOM_START)


class Dialled(NamedTuple):
    """How a request found its server.

    Attributes:
        address: the server; None where none was reached.
        waited: seconds spent on silent servers before it.
        reused: whether over a connection that was open.
    """

    address: str | None
    waited: float = 0.0
    reused: bool = False


class Dialer:
    """One client with its nearest cache, whose profile it follows.

    Args:
        cache: where its addresses come from.
        rng: its dice, for profiles that begin anywhere.
        hanging: addresses from which nothing comes back while they are dead: an open connection is
            given up only when its patience ends.

    Attributes:
        attempts: the addresses that its last look for a server was ready to try.
        hung: since when nothing comes back over its connection; None where something does.
    """

    def __init__(self, cache: ClientCache, rng: Random, hanging: Container[str] = ()) -> None:
        self.hung: float | None = None
        self._cache = cache
        self._hanging = hanging
        self._profile = cache.profile
        self._rng = rng
        self.attempts: tuple[str, ...] = ()
        self._turn = -1
        self._address: str | None = None
        self._opened = self._used = float("-inf")

    def dial(self, now: float, down: Container[str] = ()) -> Dialled:
        """The server of a request at `now`, while those in `down` are dead and silent."""
        if self._address is not None and self._address in down and self.waits(now):
            return Dialled(None, reused=True)
        if self._open(now):
            self._used = now
            return Dialled(self._address, reused=True)
        self.attempts = self.ordered(self._cache.answer(now).addresses)
        if not self._profile.tries_next:
            self.attempts = self.attempts[:1]
        found = tried(self.attempts, down, self._profile)
        if found.address is None:
            self._cache.broken(now)
        self._address, self._opened, self._used = found.address, now, now
        return found

    def waits(self, now: float) -> bool:
        """Its server is dead: whether it still waits for it; else the connection is gone."""
        if self._open(now) and self._address in self._hanging:
            self.hung = now if self.hung is None else self.hung
            if now < self.hung + self._profile.patience:
                self._used = now
                return True
        self.broken(now)
        return False

    def fails(self, now: float) -> None:
        """Its server has connected it and serves nothing; an error does not close a connection."""
        if self._address in self._hanging:
            self.waits(now)

    @property
    def address(self) -> str | None:
        """The server of its connection."""
        return self._address

    def broken(self, now: float) -> None:
        """The connection is gone: the next request dials anew, and may look the name up again."""
        if self._address is not None and self._open(now):
            self._cache.broken(now)
        self._address = self.hung = None

    def orders(self, addresses: tuple[str, ...]) -> tuple[tuple[str, ...], ...]:
        """The orders in which it may try an answer that its cache keeps, sooner or later."""
        if self._profile.happy_eyeballs:
            addresses = interleaved(addresses)
        turns = len(addresses) if self._profile.use in TURNING else 1
        tried = len(addresses) if self._profile.tries_next else 1
        return tuple(
            (addresses[start:] + addresses[:start])[:tried] for start in range(max(1, turns))
        )

    def offered(self, addresses: tuple[str, ...]) -> tuple[tuple[str, ...], ...]:
        """The same of an answer that comes."""
        return self.orders(self._cache.chosen(addresses))

    def _open(self, now: float) -> bool:
        return (
            self._address is not None
            and now - self._used < self._profile.idle
            and now - self._opened < self._profile.age
        )

    def ordered(self, addresses: tuple[str, ...]) -> tuple[str, ...]:
        """Addresses as its next connection would try them; where it takes turns, that is one."""
        if self._profile.happy_eyeballs:
            addresses = interleaved(addresses)
        if len(addresses) < 2 or self._profile.use not in TURNING:
            return addresses
        if self._turn < 0 or self._profile.use is Use.RANDOM_START:
            self._turn = self._rng.randrange(len(addresses))
        else:
            self._turn += 1
        start = self._turn % len(addresses)
        return addresses[start:] + addresses[:start]


def tried(addresses: tuple[str, ...], down: Container[str], profile: ClientProfile) -> Dialled:
    """The first address that is not down, and the time lost on those before it."""
    gap = profile.gap
    attempts = addresses if profile.tries_next else addresses[:1]
    for dead, address in enumerate(attempts):
        if address not in down:
            return Dialled(address, dead * gap)
    last = profile.patience if attempts else 0.0
    return Dialled(None, (len(attempts) - 1) * gap + last if attempts else 0.0)


def interleaved(addresses: tuple[str, ...]) -> tuple[str, ...]:
    """IPv6 and IPv4 in turn, IPv6 first, each in its own order (RFC 8305 section 4)."""
    six = [address for address in addresses if ":" in address]
    four = [address for address in addresses if ":" not in address]
    return tuple(each for each in chain(*zip_longest(six, four)) if each is not None)
