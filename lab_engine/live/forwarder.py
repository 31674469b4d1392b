"""A caching forwarder with real packets: the resolver of `caches` between two sockets.

It stands where a laptop's or a provider's resolver stands, and does what its profile says, as it
does in the simulations. It asks one upstream and nobody else.
"""

import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, replace
from ipaddress import ip_address, ip_network
from random import Random
from threading import Lock

from lab_engine.authority.records import Client, Question, Reply
from lab_engine.caches.profiles import recursive
from lab_engine.caches.recursives import RecursiveProfile
from lab_engine.caches.resolver import Resolver
from lab_engine.errors import LabError, ListenError
from lab_engine.wire.client import Asked, ask, parse_address
from lab_engine.wire.endpoint import Endpoint, Say, open_or_move
from lab_engine.wire.interrupts import Unbroken, opened
from lab_engine.wire.messages import Query, respond, to_reply
from lab_engine.wire.transport import Opener, Source, sockets

Clock = Callable[[], float]
PATIENCE = 1.0  # seconds for an upstream that is silent
IPV6_BITS = 56  # what goes with a /24: RFC 7871 section 11.1
ANYBODY = {4: ip_network("0.0.0.0/0"), 6: ip_network("::/0")}


class Forwarder(Endpoint):
    """Asks upstream once, then answers from its cache until the TTL has run down.

    A client is where its client subnet says, if it sends one; else where the forwarder is.

    Attributes:
        profile: what it is like.
        cache: the cache inside, with its hits and misses.
        memory: the simulated resolver that remembers.
        egress: the address its upstream sees it ask from; None for loopback.
        clock: what tells it the time.
    """

    recursive = True

    def __init__(  # noqa: PLR0913, PLR0917  (what `forward` was told)
        self,
        upstream: Asked | str,
        port: int,
        profile: RecursiveProfile,
        egress: str | None,
        rng: Random,
        clock: Clock,
        transport: Opener,
    ) -> None:
        self._upstream = upstream
        self._asked = upstream if egress is None else _named(upstream, egress)
        self.egress = egress
        self.clock = clock
        self._one_at_a_time = Lock()  # the cache is no place for two threads
        self.memory = Resolver(self._ask_upstream, rng, profile)
        self.profile = self.memory.profile
        self.cache = self.memory.cache
        super().__init__(self._handle, port, transport=transport)

    @property
    def example(self) -> Question | None:
        """What its upstream has, where that is of this process."""
        return self._upstream.example if isinstance(self._upstream, Endpoint) else None

    @property
    def about(self) -> str:
        """What it is like, and whom it asks from where."""
        upstream = self._upstream
        where = upstream if isinstance(upstream, str) else upstream.address
        return f"Forwarder to {where}, {self.profile.name}" + (
            f", seen as {self.egress}" if self.egress else ""
        )

    def flush(self) -> None:
        """Forget everything, as a restart would."""
        self.cache.clear()

    def _handle(self, wire: bytes, source: Source, stream: bool) -> bytes | None:  # noqa: FBT001
        def decide(query: Query, question: Question) -> Reply:
            return self.memory.resolve(question, self.clock(), self._client(query, source))

        sends = self.profile.ecs is not None
        with self._one_at_a_time:
            return respond(wire, decide, stream=stream, recursive=True, subnets=sends)

    def _client(self, query: Query, source: Source) -> Client:
        subnet, peer = query.subnet, source[0]
        if subnet is None:  # on loopback one is where the forwarder is
            return Client.at(self.egress or peer if ip_address(peer).is_loopback else peer)
        # one that asks for privacy is told of as nobody in particular (RFC 7871 section 7.1.2)
        return Client(subnet.network or ANYBODY[6 if subnet.family == 2 else 4], "ecs")

    def _ask_upstream(
        self, question: Question, _now: float, client: Client | None = None
    ) -> Reply | None:
        subnet = client.network if client else None
        try:
            asked = ask(question.name, question.type, self._asked, subnet=subnet, timeout=PATIENCE)
        except ListenError:
            return None
        return to_reply(asked.response)


@dataclass(frozen=True)
class _Named:
    """A server that is asked in the name of another address than ours."""

    server: Endpoint
    source: Source

    @property
    def address(self) -> str:
        return self.server.address

    def carry(self, wire: bytes, *, stream: bool, timeout: float) -> bytes:
        return self.server.carry(wire, stream=stream, timeout=timeout, source=self.source)


def _named(upstream: Asked | str, egress: str) -> _Named:
    if not isinstance(upstream, Endpoint):
        rule = "can be the egress only towards a server of this process"
        raise LabError(egress, rule, "Give the server itself: forward(server, egress=…).")
    return _Named(upstream, (str(Client.at(egress).network.network_address), 0))


def forward(  # noqa: PLR0913  (each is one thing a user may want to say)
    upstream: Asked | str,
    port: int = 0,
    *,
    profile: RecursiveProfile | str = "ideal",
    egress: str | None = None,
    ecs: int | tuple[int, int] | None = None,
    seed: int | None = None,
    clock: Clock = time.monotonic,
    say: Say = print,
    transport: Opener = sockets,
) -> Forwarder:
    """Start a caching forwarder on loopback in front of `upstream`.

    Args:
        upstream: a server, or `127.0.0.1:5353`.
        port: 0 takes a free one; one that cannot be had is replaced by a free one, and said.
        profile: what it is like: one of `RECURSIVES`, or its name: `unbound`, say; `ideal` turns a
            cached set at each answer, `frozen` repeats it as it came.
        egress: the address that a server of this process sees it ask from, which decides for its
            clients where no client subnet does. Without one it is loopback, which is nowhere.
        ecs: how many bits of its clients' addresses it sends upstream (EDNS Client Subnet): 24
            for /24 and /56, or of IPv4 and IPv6. None does as the profile does.
        seed: of the dice; None takes a new one each time.
        clock: seconds, never going back; a faster one makes TTLs run down faster.
        say: called with a line when the port had to be another.
        transport: how messages come, as with `serve`.

    Raises:
        LabError: an unknown profile, an egress that is no address or needs the server itself,
            lengths that are none, an address or a port that is none, or a server that has stopped.
    """
    if isinstance(upstream, str):
        parse_address(upstream)
    elif isinstance(upstream, Endpoint):
        upstream.refuse_if_stopped()
    chosen, rng = recursive(profile), Random(seed)
    if ecs is not None:
        both = (ecs, IPV6_BITS if ecs else 0) if isinstance(ecs, int) else ecs
        chosen = replace(chosen, ecs=both)

    def listening(undo: ExitStack) -> Forwarder:
        with Unbroken():
            made = open_or_move(
                lambda free: Forwarder(upstream, free, chosen, egress, rng, clock, transport),
                port,
                say,
            )
            undo.callback(made.stop)
            made.start()
        return made

    return opened(listening)
