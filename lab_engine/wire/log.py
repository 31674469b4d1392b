"""The log of an authority: the last answers, as the server saw and sent them."""

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from textwrap import shorten
from typing import Literal, NamedTuple, overload

import dns.rcode

from lab_engine.authority.records import Question, Reply
from lab_engine.wire.compiled import Note

LOG_LENGTH = 1_000


class Peer(NamedTuple):
    """Where a message came from."""

    address: str
    port: int
    transport: Literal["udp", "tcp"]


@dataclass(frozen=True, slots=True)
class LogEntry:
    """One question and what was replied, as the server saw it.

    Attributes:
        reply: with its values in the order in which they were sent.
        path: the labels of the plan's branches that were taken, from its root.
    """

    at: datetime
    peer: Peer
    question: Question
    reply: Reply
    path: tuple[str, ...]

    @classmethod
    def of(cls, note: Note) -> "LogEntry":
        """The entry of an answer, from what was noted when there was no time for more."""
        at, source, stream, leaf, arrangement = note
        peer = Peer(source[0], source[1], "tcp" if stream else "udp")
        assert leaf.query.question is not None  # noqa: S101  (an answer has one)
        when = datetime.fromtimestamp(at, UTC)
        return cls(when, peer, leaf.query.question, leaf.arranged(arrangement), leaf.path)

    def __str__(self) -> str:
        values = " ".join(text for rrset in self.reply.answer for text in rrset.texts)
        outcome = shorten(values, 100) or dns.rcode.to_text(self.reply.rcode)
        at = f"{self.at:%H:%M:%S.%f}"[:-3]
        return f"{at} {self.peer.address} {self.peer.transport} {self.question} -> {outcome}"


class Log(Sequence[LogEntry]):
    """The last answers, newest last. Entries are made when they are looked at, not before."""

    def __init__(self) -> None:
        self._notes: deque[Note] = deque(maxlen=LOG_LENGTH)
        self.note = self._notes.append

    def __len__(self) -> int:
        return len(self._notes)

    @overload
    def __getitem__(self, index: int) -> LogEntry: ...
    @overload
    def __getitem__(self, index: slice) -> list[LogEntry]: ...
    def __getitem__(self, index: int | slice) -> LogEntry | list[LogEntry]:
        if isinstance(index, slice):
            return [LogEntry.of(note) for note in list(self._notes)[index]]
        return LogEntry.of(self._notes[index])

    def __iter__(self) -> Iterator[LogEntry]:
        return map(LogEntry.of, list(self._notes))  # a copy: answers go on meanwhile

    def clear(self) -> None:
        """Forget all of them."""
        self._notes.clear()
