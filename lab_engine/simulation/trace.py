"""The journal of the event engine: what a learner steps through. Without one it costs nothing."""

from collections.abc import Container
from math import inf

from lab_engine.caches.clients import Ask, first_alive
from lab_engine.caches.resolver import Answer
from lab_engine.simulation.outcome import Event

MAX_EVENTS = 10_000


class Journal:
    """Notes events from time 0 on, until it is full; switched off, it notes none."""

    def __init__(self, *, on: bool) -> None:
        self.on = on
        self.events: list[Event] = []

    def note(self, time: float, kind: str, who: str, detail: str) -> None:
        """Write one line, if there is room."""
        if self.on and time >= 0 and len(self.events) < MAX_EVENTS:
            self.events.append(Event(time, kind, who, detail))

    def filling(self, ask: Ask, who: str, lifetime: float | None = None) -> Ask:
        """`ask`, noting each answer as one that `who` stores: for `lifetime`, or until it ends."""

        def noted(now: float) -> Answer:
            answer = ask(now)
            until = answer.expires if lifetime is None else now + lifetime
            self.note(now, "fill", who, f"{' '.join(answer.addresses)} {_until(until)}")
            return answer

        return noted if self.on else ask

    def requesting(self, ask: Ask, who: str, down: Container[str]) -> Ask:
        """`ask`, noting that `who` wants a server, and which one it reaches."""

        def noted(now: float) -> Answer:
            self.note(now, "request", who, "")
            answer = ask(now)
            server = first_alive(answer.addresses, down)
            if server is None:
                self.note(now, "fail", who, "no address answers")
            else:
                self.note(now, "connect", who, server)
            return answer

        return noted if self.on else ask


def _until(time: float) -> str:
    return "for ever" if time == inf else f"until {time:.3f} s"
