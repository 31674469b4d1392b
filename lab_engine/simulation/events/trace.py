"""The trace of the event engine: a journal that is written, and a trace that is read.

A learner steps through it, or picks what matters: `Trace(outcome.trace).of(kind="query",
between=(0, 60))`. A journal that is off costs nothing.
"""

from collections.abc import Callable, Container, Iterator, Sequence
from math import inf
from typing import overload

from lab_engine.caches.clients import Ask, first_alive
from lab_engine.caches.resolver import Answer
from lab_engine.simulation.outcome import Event

MAX_EVENTS = 10_000
UNANSWERED = "no address answers"
Until = Callable[[Answer, float], float]
"""Until when a cache keeps an answer that came at a time."""


class Trace(Sequence[Event]):
    """Events in their order: indexed, counted, iterated and filtered; printed a line each."""

    def __init__(self, events: Sequence[Event] = ()) -> None:
        self._events = tuple(events)

    def of(
        self,
        *,
        kind: str | Container[str] | None = None,
        who: str | None = None,
        between: tuple[float, float] = (0.0, inf),
    ) -> "Trace":
        """Only those events that fit all that is given.

        Args:
            kind: such as `query`, or several of them.
            who: a name, such as `client 7`; with what belongs to it, such as its system's cache.
            between: seconds, the second not included.
        """
        kinds = (kind,) if isinstance(kind, str) else kind
        start, end = between
        return Trace(
            [
                event
                for event in self._events
                if (kinds is None or event.kind in kinds)
                and (who is None or event.who == who or event.who.startswith(f"{who} "))
                and start <= event.time < end
            ]
        )

    def steps(self) -> Iterator["Trace"]:
        """What happened at one time after the other: a request with all that it set off."""
        first = 0
        for index, event in enumerate(self._events):
            if event.time != self._events[first].time:
                yield Trace(self._events[first:index])
                first = index
        if self._events:
            yield Trace(self._events[first:])

    @property
    def kinds(self) -> dict[str, int]:
        """How often each kind of event occurs."""
        found = [event.kind for event in self._events]
        return {kind: found.count(kind) for kind in dict.fromkeys(found)}

    def __len__(self) -> int:
        return len(self._events)

    @overload
    def __getitem__(self, index: int) -> Event: ...
    @overload
    def __getitem__(self, index: slice) -> "Trace": ...
    def __getitem__(self, index: int | slice) -> "Event | Trace":
        if isinstance(index, slice):
            return Trace(self._events[index])
        return self._events[index]

    def __str__(self) -> str:
        return "\n".join(map(str, self._events))


class Journal:
    """Notes events from time 0 on, until it is full; switched off, it notes none."""

    def __init__(self, *, on: bool) -> None:
        self.on = on
        self.events: list[Event] = []

    def note(self, time: float, kind: str, who: str, detail: str) -> None:
        """Write one line, if there is room."""
        if self.on and time >= 0 and len(self.events) < MAX_EVENTS:
            self.events.append(Event(time, kind, who, detail))

    def filling(self, ask: Ask, who: str, until: Until) -> Ask:
        """`ask`, noting each answer as one that `who` stores until then."""

        def noted(now: float) -> Answer:
            answer = ask(now)
            kept = _until(until(answer, now))
            self.note(now, "fill", who, f"{' '.join(answer.addresses)} {kept}")
            return answer

        return noted if self.on else ask

    def requesting(self, ask: Ask, who: str, down: Container[str]) -> Ask:
        """`ask`, noting that `who` wants a server, and which one it reaches."""

        def noted(now: float) -> Answer:
            self.note(now, "request", who, "")
            answer = ask(now)
            self.reached(now, who, first_alive(answer.addresses, down))
            return answer

        return noted if self.on else ask

    def refused(self, now: float, who: str, said: str, *, full: bool) -> None:
        """A request that no server took, as somebody was full or for another reason."""
        self.note(now, "refuse" if full else "fail", who, said)

    def reached(self, now: float, who: str, server: str | None) -> None:
        """How a request ended."""
        if server is None:
            self.note(now, "fail", who, UNANSWERED)
        else:
            self.note(now, "connect", who, server)

    def serving(self, now: float, who: str, server: str, done: float) -> None:
        """A server with a limit took a request in: when it will be done, if the server lives.

        Noted also where that was before 0, if it is then still there: with a time before 0.
        """
        if done >= 0 and len(self.events) < MAX_EVENTS:
            self.events.append(Event(now, "serve", who, f"{server} {_until(done)}"))


def _until(time: float) -> str:
    return "for ever" if time == inf else f"until {time:.3f} s"
