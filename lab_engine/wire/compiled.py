"""Prepared answers: a question that comes again is not read, planned and written again.

Behind its id, a query's bytes fix all of its answer but chance: which outcome of the plan, which of
many values, in which order. So a query is kept under those bytes (case, EDNS and client subnet are
among them) as the tree of its outcomes, each written but for the id and the order of its values.
What is left for each packet: roll the dice, join the pieces, note what was sent.

An answer is good for one state of the same zones; when either is another object, all are forgotten.
Only datagrams are kept: the answers of streams may be long, and they are not what is counted.
"""

from bisect import bisect
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import accumulate, permutations
from random import Random
from threading import Lock
from typing import cast

from lab_engine.authority.order import Order
from lab_engine.authority.plan import Plan
from lab_engine.authority.records import Question, Reply
from lab_engine.authority.server import Authority, plan
from lab_engine.authority.state import State
from lab_engine.authority.zones import Zones
from lab_engine.wire.ecs import PrivateEcs, asker
from lab_engine.wire.messages import Query, read, refusal, size_limit, write
from lab_engine.wire.pieces import Pieces, cut
from lab_engine.wire.transport import Source

MAX_KEPT = 64 << 20  # octets of prepared answers
# What Python takes for an object of each kind beside the octets in it; the test measures it.
ENTRY, LEAF, TAIL, TURNED = 900, 620, 100, 56
MAX_QUERY = 512  # octets; a longer one is padding or a trick, and is read anew each time
MAX_TAILS = 24  # of each reply: all orders of four values
_SHUFFLE = Order.SHUFFLE  # looked up once: members of an enum are slow to find
# So few values are shuffled by one roll: the distribution of `Ordering`, at a tenth of its time.
PERMUTATIONS = {count: tuple(permutations(range(count))) for count in range(2, 6)}

Arrangement = tuple[int, ...]
"""Which values were sent, in their order, by their places in the plan; empty for all as planned."""
Note = tuple[float, Source, bool, "Leaf", Arrangement]
"""When, from where, whether over TCP, and what was sent: all that is noted of an answer."""


class Answers:
    """The handler of an authority's messages.

    Args:
        authority: its zones and its state may be exchanged for others at any time.
        rng: the dice that draw and order.
        note: takes a `Note` for each answer.
        clock: seconds since 1970.
        private_ecs: what a private address in a client subnet stands for.
        room: octets that prepared answers may take; the queries asked longest ago go first.
    """

    def __init__(  # noqa: PLR0913, PLR0917  (each is one thing it lives with)
        self,
        authority: Authority,
        rng: Random,
        note: Callable[[Note], object],
        clock: Callable[[], float],
        private_ecs: PrivateEcs = PrivateEcs.ORDINARY,
        room: int = MAX_KEPT,
    ) -> None:
        self._authority = authority
        self._rng = rng
        self._random = rng.random
        self._note = note
        self._clock = clock
        self._private_ecs = private_ecs
        self._room = room
        self._turns = Lock()
        self._keeping = Lock()
        self._era = Era(authority.zones, authority.state)

    def __len__(self) -> int:
        return len(self._era.kept)

    @property
    def octets(self) -> int:
        """How many octets the prepared answers take, with all that belongs to them."""
        return self._era.octets

    def respond(self, wire: bytes, source: Source, stream: bool) -> bytes | None:  # noqa: FBT001
        """The response to one message, or None for silence."""
        authority, era = self._authority, self._era
        if authority.zones is not era.zones or authority.state is not era.state:
            era = self._era = Era(authority.zones, authority.state)
        way = None if stream else era.kept.get(wire[2:])
        if way is BY_PEER:
            way = era.kept.get((wire[2:], source[0]))
        if way is None:
            query = read(wire)
            if query is None or query.question is None or query.rcode:
                return refusal(query)
            way, by_peer = self._prepare(era, query, query.question, source[0], stream=stream)
            if not stream and len(wire) <= MAX_QUERY:
                self._keep(era, wire[2:], source[0] if by_peer else None, way)
        while isinstance(way, Choice):
            way = way.ways[bisect(way.sums, self._random() * way.total, 0, way.last)]
        orders = way.orders
        if orders and authority.ordering.order is _SHUFFLE:
            arrangement = orders[int(self._random() * len(orders))]
        else:
            arrangement = self._arranged(way, wire) if way.places else ()
        self._note((self._clock(), source, stream, way, arrangement))
        return wire[:2] + (way.tails.get(arrangement) or self._written(way, arrangement))

    def _prepare(
        self, era: "Era", query: Query, question: Question, address: str, *, stream: bool
    ) -> tuple["Choice | Leaf", bool]:
        """What a query may be answered, and whether that depends on where it came from."""
        client, private = asker(query.subnet, address, self._private_ecs)
        planned = plan(era.zones, question, client, era.state)
        # RFC 7871 section 10: for all of the private block, unless it is for everybody anyway
        scope = private if private and planned.scope else planned.scope
        limit = size_limit(query, stream=stream)
        way = _prepared(planned, lambda reply, path: Leaf(query, reply, scope, limit, path))
        by_client = era.zones.by_client and client.source == "peer"
        return way, by_client or era.zones.by_peer

    def _keep(self, era: "Era", tail: bytes, peer: str | None, way: "Choice | Leaf") -> None:
        """Keep what may be answered to a query for the next with the same bytes behind its id."""
        new: dict[object, Choice | Leaf] = {tail: way}
        if peer is not None:
            new = {tail: BY_PEER, (tail, peer): way}
        with self._keeping:  # besides the listener's thread, forwarders hand datagrams over
            for key, kept in new.items():
                era.drop(key)
                era.add(key, kept)
            self._make_room(era, len(new))

    def _written(self, leaf: "Leaf", arrangement: Arrangement) -> bytes:
        """The response behind its id, which a leaf that is kept remembers."""
        with self._keeping:
            era, before = leaf.era, leaf.octets
            if era is None:
                return leaf.write(arrangement)
            tail = leaf.prepare(arrangement)
            era.octets += leaf.octets - before
            self._make_room(era, 1)
            return tail

    def _make_room(self, era: "Era", least: int) -> None:
        while era.octets > self._room and len(era.kept) > least:
            era.drop(next(iter(era.kept)))

    def _arranged(self, leaf: "Leaf", wire: bytes) -> Arrangement:
        """Sample and order as `draw` and `Ordering` do, by the same dice and counters."""
        places, sample = leaf.places, leaf.reply.sample
        if sample is not None:
            places = tuple(self._rng.sample(places, min(sample, len(places))))
        with self._turns:  # a counter is read and written: datagrams and streams in their turn
            message_id = int.from_bytes(wire[:2], "big")
            return self._authority.ordering.arrange(places, leaf.counter, message_id)


class Era:
    """As long as the same zones and one state last, with the answers prepared from them."""

    __slots__ = ("kept", "octets", "state", "zones")

    def __init__(self, zones: Zones, state: State) -> None:
        self.zones = zones
        self.state = state
        self.kept: dict[object, Choice | Leaf] = {}
        self.octets = 0

    def add(self, key: object, way: "Choice | Leaf") -> None:
        """Keep what may be answered to a query; its leaves grow with what is sent."""
        self.kept[key] = way
        self.octets += ENTRY + len(_tail(key))
        for leaf in _leaves(way):
            leaf.era = self
            leaf.octets = LEAF + 8 * len(leaf.places)
            self.octets += leaf.octets

    def drop(self, key: object) -> None:
        """Forget it, if it is kept. Whoever still has a leaf of it has the reply alone."""
        way = self.kept.pop(key, None)
        if way is None:
            return
        self.octets -= ENTRY + len(_tail(key))
        for leaf in _leaves(way):
            self.octets -= leaf.octets
            leaf.forget()


class Choice:
    """Several ways on, each with its probability; `sums` are those, added up from the first.

    A roll and a search in the sums are what `Random.choices` does: the same dice, the same way.
    """

    __slots__ = ("last", "sums", "total", "ways")

    def __init__(self, probabilities: list[float], ways: "list[Choice | Leaf]") -> None:
        self.ways = ways
        self.sums = list(accumulate(probabilities))
        self.total = self.sums[-1]
        self.last = len(ways) - 1


BY_PEER = Choice([1.0], [])
"""Kept for queries whose answers depend on where they come from: those are kept by that, too."""


def _leaves(way: "Choice | Leaf") -> "Iterator[Leaf]":
    """The prepared replies below this; a mark has none."""
    if isinstance(way, Choice):
        for each in way.ways:
            yield from _leaves(each)
    else:
        yield way


def _tail(key: object) -> bytes:
    """The query behind its id, of a key that it is or is part of."""
    tail = key[0] if isinstance(key, tuple) else key
    return cast("bytes", tail)


def _prepared(
    planned: Plan, leaf: Callable[[Reply, tuple[str, ...]], "Leaf"], path: tuple[str, ...] = ()
) -> "Choice | Leaf":
    """The tree of a plan without what is never drawn, and without steps that leave no choice."""
    path = (*path, planned.what)
    if planned.reply is not None:
        return leaf(planned.reply, path)
    taken = [branch for branch in planned.branches if branch.probability > 0]
    ways = [_prepared(branch, leaf, path) for branch in taken]
    return ways[0] if len(ways) == 1 else Choice([branch.probability for branch in taken], ways)


class Leaf:
    """One reply to one query, written when it is first sent.

    Attributes:
        query: the first of those that are answered so; the others have other ids.
        reply: as planned, with all values.
        path: the labels of the plan's branches that lead here, from its root.
        places: 0, 1, … for the values of the last RRset, where there is something to order:
            only that one can have several, since what stands before it are CNAMEs.
        orders: all orders of few values, to be shuffled by one roll; none where values are sampled.
        counter: whose turn cyclic order takes, as `Authority` names it.
        tails: responses behind their ids, by arrangement: the first `MAX_TAILS` that were sent.
        era: in which it is kept; None for one that is not, and remembers nothing.
        octets: that it takes.
    """

    __slots__ = (
        "_limit",
        "_pieces",
        "_tried",
        "counter",
        "era",
        "octets",
        "orders",
        "path",
        "places",
        "query",
        "reply",
        "tails",
    )

    def __init__(
        self, query: Query, reply: Reply, scope: int, limit: int, path: tuple[str, ...]
    ) -> None:
        self.query = query
        self.reply = replace(reply, scope=scope)
        self.path = path
        self.places: Arrangement = ()
        self.orders: tuple[Arrangement, ...] = ()
        self.counter: Turn | None = None
        self.tails: dict[Arrangement, bytes] = {}
        self.era: Era | None = None
        self.octets = 0
        self._limit = limit
        self._pieces: Pieces | None = None
        self._tried = False
        if reply.answer and len(reply.answer[-1].values) > 1:
            last = reply.answer[-1]
            self.places = tuple(range(len(last.values)))
            self.counter = Turn((last.name, last.type))
            self.orders = PERMUTATIONS.get(len(last.values), ()) if reply.sample is None else ()

    def arranged(self, arrangement: Arrangement) -> Reply:
        """The reply as it was sent."""
        if not arrangement:
            return self.reply
        *chain, last = self.reply.answer
        values = tuple(last.values[place] for place in arrangement)
        return replace(self.reply, answer=(*chain, replace(last, values=values)), sample=None)

    def write(self, arrangement: Arrangement) -> bytes:
        """The response behind its id, written anew."""
        return write(self.query, self.arranged(arrangement), self._limit)[2:]

    def prepare(self, arrangement: Arrangement) -> bytes:
        """The same, joined from pieces where it can be; some arrangements are kept in `tails`."""
        if not self._tried:
            self._pieces, self._tried = cut(self.query, self.reply, self._limit), True
            self.octets += self._pieces.octets if self._pieces else 0
        pieces = self._pieces
        if pieces is None:
            tail = self.write(arrangement)
        else:
            tail = b"".join(
                (pieces.head, *map(pieces.records.__getitem__, arrangement), pieces.end)
            )
        if len(self.tails) < MAX_TAILS:
            self.tails[arrangement] = tail
            turned = 0 if self.orders else TURNED + 8 * len(arrangement)  # a tuple of its own
            self.octets += TAIL + len(tail) + turned
        return tail

    def forget(self) -> None:
        """Keep the reply alone."""
        self.era, self.octets, self.tails, self._pieces, self._tried = None, 0, {}, None, False


class Turn(tuple):  # type: ignore[type-arg]  # noqa: SLOT001  (a tuple can have no slot)
    """A key that is the tuple it looks like, but hashes only once: names are slow to."""

    _hash: int | None = None

    def __hash__(self) -> int:
        if self._hash is None:
            self._hash = super().__hash__()
        return self._hash
