"""Load-aware policies: who gets a domain's next answer, if the authority knows what that brings.

Those of Colajanni, Yu and Dias (1998), by the names that they have there, side by side; `domains`
has the scenario, the sources, and what is sure. A policy is a class with one method: rewrite one
to try your own. None of these is offered by Route 53.
"""

from collections.abc import Sequence
from random import Random
from typing import NamedTuple, Protocol


class Asked(NamedTuple):
    """An address request, as an authority sees it that knows the domains.

    Attributes:
        now: seconds since the run began.
        hot: whether the domain holds more than its even part of the clients.
        load: the pages that the answer brings while it is cached: the domain's hidden load.
        lasts: seconds for which it brings some: the TTL, and one mean session.
    """

    now: float
    hot: bool
    load: float
    lasts: float


class Policy(Protocol):
    """Chooses a server for a domain. Write your own: one method, and what you want to remember."""

    def __init__(self, servers: int, rng: Random, /) -> None: ...

    def choose(self, asked: Asked, willing: Sequence[int], /) -> int:
        """One of the willing servers, which are those without an alarm, counted from 0."""
        ...


class Rand:
    """RAND: any of them. Blind."""

    def __init__(self, _: int, rng: Random) -> None:
        self._rng = rng

    def choose(self, _: Asked, willing: Sequence[int]) -> int:
        """Every server is as likely."""
        return self._rng.choice(willing)


class RoundRobin:
    """RR: in turn. Blind."""

    def __init__(self, servers: int, _: Random) -> None:
        self._servers = servers
        self._next = 0

    def choose(self, _: Asked, willing: Sequence[int]) -> int:
        """The next one that is willing."""
        chosen = min(willing, key=lambda server: (server - self._next) % self._servers)
        self._next = chosen + 1
        return chosen


class TwoTier:
    """RR2: hot domains take turns among themselves, and so do the others."""

    def __init__(self, servers: int, rng: Random) -> None:
        self._turns = {hot: RoundRobin(servers, rng) for hot in (True, False)}

    def choose(self, asked: Asked, willing: Sequence[int]) -> int:
        """The next one in the turn of this domain's kind."""
        return self._turns[asked.hot].choose(asked, willing)


class LeastAccumulated:
    """DAL: the server that has been given the least hidden load, of all times."""

    def __init__(self, servers: int, _: Random) -> None:
        self._given = [0.0] * servers

    def choose(self, asked: Asked, willing: Sequence[int]) -> int:
        """The one with the emptiest bin; this answer's load goes in."""
        chosen = min(willing, key=self._given.__getitem__)
        self._given[chosen] += asked.load
        return chosen


class LeastResidual:
    """MRL: the server to which the fewest pages are still to come from answers given before.

    That an answer's load comes evenly while it lasts is our reading.
    """

    def __init__(self, servers: int, _: Random) -> None:
        self._given: list[list[Asked]] = [[] for _ in range(servers)]

    def choose(self, asked: Asked, willing: Sequence[int]) -> int:
        """The one with the least left."""
        chosen = min(willing, key=lambda server: self._left(server, asked.now))
        self._given[chosen].append(asked)
        return chosen

    def _left(self, server: int, now: float) -> float:
        lasting = [each for each in self._given[server] if each.now + each.lasts > now]
        self._given[server] = lasting
        # unverified: what the papers take for the residue of an answer
        return sum(each.load * (1 - (now - each.now) / each.lasts) for each in lasting)
