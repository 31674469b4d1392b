"""`serve(zone)`: an authority behind a listener, with a log, ready to be asked.

This joins `authority` with `compiled` and `listener`; each of them knows nothing of the others.
"""

import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from random import Random
from textwrap import shorten
from typing import Literal, NamedTuple, overload

import dns.rcode

from lab_engine.authority.endpoints import stand_ins
from lab_engine.authority.order import Order
from lab_engine.authority.records import Question, Reply
from lab_engine.authority.server import Authority
from lab_engine.authority.state import Health, State
from lab_engine.authority.zone import Zone
from lab_engine.wire.compiled import Answers, Note
from lab_engine.wire.ecs import PrivateEcs
from lab_engine.wire.endpoint import Endpoint, Say, open_or_move

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


class Server(Endpoint):
    """An authority on loopback.

    Attributes:
        authority: who answers.
        health: of the health checks, set by hand: `server.health["hc-1"] = False`.
        log: the last questions and their replies, newest last.
    """

    def __init__(  # noqa: PLR0913, PLR0917  (what `serve` was told)
        self,
        authority: Authority,
        rng: Random,
        port: int,
        host: str,
        private_ecs: PrivateEcs,
        log: Say | None,
    ) -> None:
        self.authority = authority
        self.health = Health(authority)
        self.log = Log()
        note = self.log.note if log is None else self._saying(log)
        answers = Answers(authority, rng, note, time.time, private_ecs)
        super().__init__(answers.respond, port, host)

    @property
    def zone(self) -> Zone:
        """What is served; assign another zone to change it between two answers."""
        return self.authority.zone

    @zone.setter
    def zone(self, zone: Zone) -> None:
        self.authority.zone = zone

    @property
    def state(self) -> State:
        """Health, endpoints and places; assign another state likewise."""
        return self.authority.state

    @state.setter
    def state(self, state: State) -> None:
        self.authority.state = state

    def __repr__(self) -> str:
        return f"<Server of {self.zone.origin}, {self.authority.ordering.order}>"

    def _saying(self, say: Say) -> Callable[[Note], None]:
        def note(noted: Note) -> None:
            self.log.note(noted)
            say(str(LogEntry.of(noted)))

        return note


def serve(  # noqa: PLR0913  (each is one thing a user may want to say)
    zone: Zone,
    port: int = 0,
    *,
    order: Order | str = Order.SHUFFLE,
    seed: int | None = None,
    state: State | None = None,
    private_ecs: PrivateEcs | str = PrivateEcs.ORDINARY,
    host: str = "127.0.0.1",
    log: Say | None = None,
    say: Say = print,
) -> Server:
    """Start answering for `zone` on loopback, over UDP and TCP.

    Args:
        zone: what to serve.
        port: 0 takes a free one; one that cannot be had is replaced by a free one, and said.
        order: how values are ordered: shuffle, cyclic, by_id or fixed.
        seed: of the dice; None takes a new one each time.
        state: health, endpoints and places at the start; by default everybody is healthy, and
            aliases to AWS endpoints answer addresses that stand in for theirs.
        private_ecs: whether a private client subnet is an `ordinary` client, or stands for the
            `resolver` that sent it, as RFC 7871 section 10 has it.
        host: a loopback address.
        log: called with one line for each answer, such as `print`.
        say: called with a line when the port had to be another.

    Raises:
        ListenError: an address that is not loopback, or a port that is no port.
        LabError: an unknown order or use of private client subnets.
    """
    rng, private = Random(seed), PrivateEcs(private_ecs)
    authority = Authority(zone, rng, order, state or State(endpoints=stand_ins(zone)))
    return open_or_move(
        lambda free: Server(authority, rng, free, host, private, log), port, say
    ).start()
