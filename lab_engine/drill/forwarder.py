"""A caching forwarder with real packets: the resolver of `caches` between two sockets.

It stands where a laptop's or a provider's resolver stands. It asks one upstream and nobody else.
"""

import time
from collections.abc import Callable
from contextlib import ExitStack
from random import Random
from threading import Lock

from dns.rcode import Rcode

from lab_engine.authority.records import Question, Reply
from lab_engine.caches.profiles import recursive
from lab_engine.caches.recursives import RecursiveProfile
from lab_engine.caches.resolver import Resolver
from lab_engine.errors import LabError, ListenError
from lab_engine.wire.client import Asked, ask
from lab_engine.wire.endpoint import Endpoint, Say, open_or_move
from lab_engine.wire.interrupts import Unbroken, opened
from lab_engine.wire.messages import Query, respond, to_reply
from lab_engine.wire.transport import Opener, Source, sockets

Clock = Callable[[], float]


class Forwarder(Endpoint):
    """Asks upstream once, then answers from its cache until the TTL has run down.

    Attributes:
        cache: the cache inside, with its hits and misses.
    """

    recursive = True

    def __init__(  # noqa: PLR0913, PLR0917  (what `forward` was told)
        self,
        upstream: Asked | str,
        port: int,
        profile: RecursiveProfile,
        rng: Random,
        clock: Clock,
        transport: Opener,
    ) -> None:
        self._upstream = upstream
        self._clock = clock
        self._one_at_a_time = Lock()  # the cache is no place for two threads
        self._resolver = Resolver(self._ask_upstream, rng, profile)
        self.cache = self._resolver.cache
        super().__init__(self._handle, port, transport=transport)

    @property
    def example(self) -> Question | None:
        """What its upstream has, where that is of this process."""
        return self._upstream.example if isinstance(self._upstream, Endpoint) else None

    @property
    def about(self) -> str:
        """Whom it asks, and what kind of resolver it is."""
        upstream = self._upstream
        where = upstream if isinstance(upstream, str) else upstream.address
        return f"Forwarder to {where}, {self._resolver.profile.name}"

    def flush(self) -> None:
        """Forget everything, as a restart would."""
        self.cache.clear()

    def _handle(self, wire: bytes, _: Source, stream: bool) -> bytes | None:  # noqa: FBT001
        def decide(_: Query, question: Question) -> Reply:
            return self._resolver.resolve(question, self._clock())

        with self._one_at_a_time:
            return respond(wire, decide, stream=stream, recursive=True)

    def _ask_upstream(self, question: Question, _now: float) -> Reply:
        try:
            return to_reply(ask(question.name, question.type, self._upstream, timeout=1.0).response)
        except ListenError:
            return Reply(Rcode.SERVFAIL, authoritative=False)


def forward(  # noqa: PLR0913  (each is one thing a user may want to say)
    upstream: Asked | str,
    port: int = 0,
    *,
    profile: RecursiveProfile | str = "ideal",
    seed: int | None = None,
    clock: Clock = time.monotonic,
    say: Say = print,
    transport: Opener = sockets,
) -> Forwarder:
    """Start a caching forwarder on loopback in front of `upstream`.

    Args:
        upstream: a server, or `127.0.0.1:5353`.
        port: 0 takes a free one; one that cannot be had is replaced by a free one, and said.
        profile: what it does, by the name of one of `caches.profiles.RECURSIVES`: `ideal` turns a
            cached set at each answer, `frozen` repeats it as it came.
        seed: of the dice; None takes a new one each time.
        clock: seconds, never going back; a faster one makes TTLs run down faster.
        say: called with a line when the port had to be another.
        transport: how messages come, as with `serve`.

    Raises:
        LabError: an unknown profile, one that sends client subnets, or a port that is no port.
    """
    chosen = recursive(profile)
    if chosen.ecs is not None:
        rule = "sends client subnets, which this forwarder does not"
        raise LabError(chosen.name, rule, "Take unbound, say.")
    rng = Random(seed)

    def listening(undo: ExitStack) -> Forwarder:
        with Unbroken():
            made = open_or_move(
                lambda free: Forwarder(upstream, free, chosen, rng, clock, transport), port, say
            )
            undo.callback(made.stop)
            made.start()
        return made

    return opened(listening)
