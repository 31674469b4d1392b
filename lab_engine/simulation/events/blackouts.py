"""How long caches lead to dead servers, for the event engine; `outages` is for the other.

From a death, a cache counts until the last copy that leads to dead servers only is over, or leads
elsewhere because they are back. What is watched is what clients follow: their own caches, or for
those without any what the cache they share tells them. An open connection is none of it.
"""

from collections.abc import Container, Iterable
from dataclasses import dataclass, field
from typing import Protocol

from lab_engine.caches.resolver import Answer
from lab_engine.simulation.outcome import Outage


class Holder(Protocol):
    """What holds an answer."""

    held: Answer


@dataclass
class _Death:
    """One change that killed servers: when, and until when each holder leads to dead ones only."""

    at: float
    ends: dict[int, float] = field(default_factory=dict)


class Blackouts:
    """Every such change of one run.

    Args:
        holders: each with the rate of the clients that follow it; one may be named several times.
    """

    def __init__(self, holders: Iterable[tuple[Holder, float]]) -> None:
        self._holders: dict[int, Holder] = {}
        self._weights: dict[int, float] = {}
        for holder, weight in holders:
            self._holders[id(holder)] = holder
            self._weights[id(holder)] = self._weights.get(id(holder), 0.0) + weight
        self._deaths: list[_Death] = []

    @property
    def watching(self) -> bool:
        """Whether anything has died so far."""
        return bool(self._deaths)

    def died(self, now: float, down: Container[str]) -> None:
        """Servers have died."""
        self._deaths.append(_Death(now))
        for holder in self._holders.values():
            if now < holder.held.expires:
                self.led(now, holder, down)

    def revived(self, now: float, down: Container[str]) -> None:
        """Servers are back."""
        for death in self._deaths:
            for key, end in death.ends.items():
                if end > now and not _only_dead(self._holders[key].held, down):
                    death.ends[key] = now

    def led(self, now: float, holder: Holder, down: Container[str]) -> None:
        """A client follows what this holder holds."""
        if _only_dead(holder.held, down):
            for death in self._deaths:
                death.ends[id(holder)] = max(now, holder.held.expires)

    def found(self, end: float) -> tuple[Outage, ...]:
        """What came of them by the end of the watch."""
        return tuple(
            Outage(
                death.at,
                tuple(
                    (min(end, death.ends.get(key, death.at)) - death.at, weight)
                    for key, weight in self._weights.items()
                ),
            )
            for death in self._deaths
        )


def _only_dead(answer: Answer, down: Container[str]) -> bool:
    return bool(answer.addresses) and all(address in down for address in answer.addresses)
