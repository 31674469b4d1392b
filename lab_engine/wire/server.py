"""`serve(zone)`: an authority behind a listener, with a log, ready to be asked.

This joins `authority` with `messages` and `listener`; each of them knows nothing of the others.
"""

from collections import deque
from dataclasses import dataclass
from datetime import UTC, datetime
from random import Random
from textwrap import shorten

import dns.rcode
import dns.rdatatype

from lab_engine.authority.order import Order
from lab_engine.authority.records import Client, Question, Reply
from lab_engine.authority.server import Authority
from lab_engine.authority.zone import Zone
from lab_engine.wire.endpoint import Endpoint, Say, open_or_move
from lab_engine.wire.listener import Peer
from lab_engine.wire.messages import Query, respond

LOG_LENGTH = 1_000


@dataclass(frozen=True, slots=True)
class LogEntry:
    """One question and what was replied, as the server saw it."""

    at: datetime
    peer: Peer
    question: Question
    reply: Reply

    def __str__(self) -> str:
        values = " ".join(text for rrset in self.reply.answer for text in rrset.texts)
        outcome = shorten(values, 100) or dns.rcode.to_text(self.reply.rcode)
        at = f"{self.at:%H:%M:%S.%f}"[:-3]
        return f"{at} {self.peer.address} {self.peer.transport} {self.question} -> {outcome}"


class Server(Endpoint):
    """An authority on loopback.

    Attributes:
        authority: who answers.
        log: the last questions and their replies, newest last.
    """

    def __init__(self, authority: Authority, port: int, host: str, log: Say | None) -> None:
        self.authority = authority
        self.log: deque[LogEntry] = deque(maxlen=LOG_LENGTH)
        self._say = log
        super().__init__(self._handle, port, host)

    @property
    def zone(self) -> Zone:
        """What is served; assign another zone to change it between two answers."""
        return self.authority.zone

    @zone.setter
    def zone(self, zone: Zone) -> None:
        self.authority.zone = zone

    def __repr__(self) -> str:
        return f"<Server of {self.zone.origin}, {self.authority.ordering.order}>"

    def _handle(self, wire: bytes, peer: Peer) -> bytes | None:
        def decide(query: Query, question: Question) -> Reply:
            reply = self.authority.respond(question, Client.at(peer.address), query.id)
            self._note(peer, question, reply)
            return reply

        return respond(wire, decide, stream=peer.transport == "tcp")

    def _note(self, peer: Peer, question: Question, reply: Reply) -> None:
        entry = LogEntry(datetime.now(UTC), peer, question, reply)
        self.log.append(entry)
        if self._say is not None:
            self._say(str(entry))


def serve(  # noqa: PLR0913  (each is one thing a user may want to say)
    zone: Zone,
    port: int = 0,
    *,
    order: Order | str = Order.SHUFFLE,
    seed: int | None = None,
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
        host: a loopback address.
        log: called with one line for each answer, such as `print`.
        say: called with a line when the port had to be another.

    Raises:
        ListenError: an address that is not loopback, or a port that is no port.
    """
    authority = Authority(zone, Random(seed), order)
    return open_or_move(lambda free: Server(authority, free, host, log), port, say).start()
