"""The algorithms of balancers: who of the targets gets the next connection or request.

Side by side, as those of `dispatch`, which decide for whole domains at their look-ups. An algorithm
is a class with one method: rewrite one to try your own. Targets are counted from 0.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from random import Random
from typing import Protocol
from zlib import crc32

from lab_engine.simulation.asking import held
from lab_engine.simulation.balancer import Algorithm
from lab_engine.simulation.scenario import Scenario

Busy = Callable[[int], int]
"""How much a target has: open connections at L4, requests that wait or are served at L7."""


class Chooser(Protocol):
    """Chooses a target.

    Args:
        weights: of the targets, above 0.
        rng: the dice.
    """

    def __init__(self, weights: Sequence[float], rng: Random, /) -> None: ...

    def choose(self, busy: Busy, willing: Sequence[int], /) -> int:
        """One of the willing, of which there is one at least."""
        ...


class RoundRobin:
    """In turn: as often as its weight says in each cycle, and spread over it (nginx, smooth)."""

    def __init__(self, weights: Sequence[float], _: Random) -> None:
        self._weights = weights
        self._credit = [0.0] * len(weights)

    def choose(self, _: Busy, willing: Sequence[int]) -> int:
        """Who has waited longest for its weight."""
        credit, weights = self._credit, self._weights
        for target in willing:
            credit[target] += weights[target]
        chosen = max(willing, key=credit.__getitem__)
        credit[chosen] -= sum([weights[target] for target in willing])
        return chosen


class LeastConnections:
    """Who has the fewest for its weight; among equals, in turn."""

    def __init__(self, weights: Sequence[float], _: Random) -> None:
        self._weights = weights
        self._last = [-1] * len(weights)
        self._count = 0

    def choose(self, busy: Busy, willing: Sequence[int]) -> int:
        """The least busy."""
        weights, last = self._weights, self._last
        chosen = min(willing, key=lambda target: (busy(target) / weights[target], last[target]))
        last[chosen] = self._count
        self._count += 1
        return chosen


class TwoChoices:
    """The less busy of two that are drawn: Mitzenmacher (2001), and nginx's `random two`."""

    def __init__(self, weights: Sequence[float], rng: Random) -> None:
        self._weights = weights
        self._alike = len(set(weights)) == 1
        self._rng = rng

    def choose(self, busy: Busy, willing: Sequence[int]) -> int:
        """Of one, that; else two different ones are drawn, as often as they weigh."""
        if len(willing) == 1:
            return willing[0]
        weights = self._weights
        one, other = self._two_alike(willing) if self._alike else self._two(willing)
        return min(one, other, key=lambda target: busy(target) / weights[target])

    def _two_alike(self, willing: Sequence[int]) -> tuple[int, int]:
        """In a moment, however many they are."""
        first = int(self._rng.random() * len(willing))
        second = int(self._rng.random() * (len(willing) - 1))
        return willing[first], willing[second + (second >= first)]

    def _two(self, willing: Sequence[int]) -> tuple[int, int]:
        one = _drawn(self._weights, willing, self._rng)
        others = [target for target in willing if target != one]
        return one, _drawn(self._weights, others, self._rng)


class AtRandom:
    """Any, as often as it weighs."""

    def __init__(self, weights: Sequence[float], rng: Random) -> None:
        self._weights = weights
        self._rng = rng

    def choose(self, _: Busy, willing: Sequence[int]) -> int:
        """One is drawn."""
        return _drawn(self._weights, willing, self._rng)


ALGORITHMS: Mapping[Algorithm, type[Chooser]] = {
    Algorithm.ROUND_ROBIN: RoundRobin,
    Algorithm.LEAST_CONNECTIONS: LeastConnections,
    Algorithm.TWO_CHOICES: TwoChoices,
    Algorithm.RANDOM: AtRandom,
}


def hashed(client: str, targets: Sequence[str], willing: Sequence[int]) -> int:
    """Whose turn a client is by its address: the target with the highest hash of both.

    Rendezvous hashing (Thaler and Ravishankar, 1998): when a target goes, only its clients move.
    """
    return max(willing, key=lambda target: _mixed(crc32(f"{client} {targets[target]}".encode())))


def targets(scenarios: Iterable[Scenario]) -> tuple[str, ...]:
    """Every address that an answer holds at any of these times: what a balancer stands before.

    Health checks of the zone take none of them away: a balancer looks for itself.
    """
    seen = [*scenarios]
    return held([*seen, *(replace(each, unhealthy=()) for each in seen if each.unhealthy)])


def _mixed(number: int) -> int:
    """The finish of MurmurHash3: a CRC alone is linear, and would order targets alike for all."""
    number = ((number ^ (number >> 16)) * 0x85EBCA6B) & 0xFFFFFFFF
    number = ((number ^ (number >> 13)) * 0xC2B2AE35) & 0xFFFFFFFF
    return number ^ (number >> 16)


def _drawn(weights: Sequence[float], willing: Sequence[int], rng: Random) -> int:
    return rng.choices(willing, [weights[target] for target in willing])[0]
