"""Prepared answers: a question that comes again is not read, planned and written again.

Behind its id, a query's bytes fix all of its answer but chance: which outcome of the plan, which of
many values, in which order. So a query is kept under those bytes (case, EDNS and client subnet are
among them) as the tree of its outcomes, each written but for the id and the order of its values.
What is left for each packet: roll the dice, join the pieces, note what was sent.

An answer is good for one state of the same zones; when either is another object, all are forgotten.
Only datagrams are kept: the answers of streams may be long, and they are not what is counted.
"""

import struct
from bisect import bisect
from collections.abc import Callable
from dataclasses import replace
from itertools import accumulate, pairwise, permutations
from random import Random
from threading import Lock
from typing import NamedTuple

import dns.wire
from dns.flags import TC
from dns.rdata import Rdata

from lab_engine.authority.order import Order
from lab_engine.authority.plan import Plan
from lab_engine.authority.records import Question, Reply
from lab_engine.authority.server import Authority, plan
from lab_engine.authority.state import State
from lab_engine.authority.zones import Zones
from lab_engine.wire.ecs import PrivateEcs, asker
from lab_engine.wire.messages import (
    HEADER,
    TCP_MAX,
    Query,
    read,
    refusal,
    size_limit,
    skip_name,
    write,
)
from lab_engine.wire.transport import Source

MAX_KEPT = 16_384  # prepared replies: a query of a large weighted group counts for many
MAX_QUERY = 512  # octets; a longer one is padding or a trick, and is read anew each time
MAX_TAILS = 24  # of each reply: all orders of four values
_SHUFFLE = Order.SHUFFLE  # looked up once: members of an enum are slow to find
# So few values are shuffled by one roll: the distribution of `Ordering`, at a tenth of its time.
PERMUTATIONS = {count: tuple(permutations(range(count))) for count in range(2, 6)}
COUNT = struct.Struct("!H")

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
        room: how many prepared replies are kept; the queries asked longest ago go first.
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
        return wire[:2] + (way.tails.get(arrangement) or way.write(arrangement))

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
                era.leaves += _leaves(kept) - _leaves(era.kept.pop(key, None))
                era.kept[key] = kept
            while era.leaves > self._room and len(era.kept) > len(new):
                era.leaves -= _leaves(era.kept.pop(next(iter(era.kept))))

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

    __slots__ = ("kept", "leaves", "state", "zones")

    def __init__(self, zones: Zones, state: State) -> None:
        self.zones = zones
        self.state = state
        self.kept: dict[object, Choice | Leaf] = {}
        self.leaves = 0


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


def _leaves(way: "Choice | Leaf | None") -> int:
    """How many prepared replies hang below this; a mark counts as one."""
    if way is None:
        return 0
    return max(1, sum(map(_leaves, way.ways))) if isinstance(way, Choice) else 1


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
    """

    __slots__ = (
        "_limit",
        "_pieces",
        "_tried",
        "counter",
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
        """The response behind its id; some arrangements are kept in `tails`."""
        if not self._tried:
            self._pieces, self._tried = cut(self.query, self.reply, self._limit), True
        if self._pieces is None:
            tail = write(self.query, self.arranged(arrangement), self._limit)[2:]
        else:
            head, records, end = self._pieces
            tail = b"".join((head, *map(records.__getitem__, arrangement), end))
        if len(self.tails) < MAX_TAILS:
            self.tails[arrangement] = tail
        return tail


class Turn(tuple):  # type: ignore[type-arg]  # noqa: SLOT001  (a tuple can have no slot)
    """A key that is the tuple it looks like, but hashes only once: names are slow to."""

    _hash: int | None = None

    def __hash__(self) -> int:
        if self._hash is None:
            self._hash = super().__hash__()
        return self._hash


class Pieces(NamedTuple):
    """A response behind its id, cut around each record of the answer's last RRset."""

    head: bytes
    records: list[bytes]
    end: bytes


def cut(query: Query, reply: Reply, limit: int) -> Pieces | None:
    """A response in pieces that may be joined in any order, and in any choice that `reply` allows.

    None where they may not: where a name in one record points into another (RFC 1035 section
    4.1.4), where something follows that might, or where some choice of them is too long.
    """
    values = reply.answer[-1].values if reply.answer else ()
    wire = write(query, reply, limit)
    truncated = HEADER.unpack_from(wire)[1] & TC
    if len(values) < 2 or (truncated and reply.sample is None):
        return Pieces(wire[2:], [b""] * len(values), b"")  # the same, however they are ordered
    if reply.authority or reply.additional:
        return None
    whole = write(query, reply, TCP_MAX)
    cuts = _ends(whole)[-len(values) - 1 :]
    records = [whole[start:end] for start, end in pairwise(cuts)]
    sent = min(reply.sample or len(values), len(values))
    longest = cuts[0] + sum(sorted(map(len, records))[-sent:]) + len(whole) - cuts[-1]
    if longest > limit or not _independent(records, values):
        return None
    answers = COUNT.pack(len(reply.answer) - 1 + sent)
    return Pieces(whole[2:6] + answers + whole[8 : cuts[0]], records, whole[cuts[-1] :])


def _ends(wire: bytes) -> list[int]:
    """Where the question ends, and each record of the answer."""
    parser = dns.wire.Parser(wire, HEADER.size)
    skip_name(parser)
    parser.get_struct("!HH")
    ends = [parser.current]
    for _ in range(HEADER.unpack_from(wire)[3]):
        skip_name(parser)
        *_, length = parser.get_struct("!HHIH")
        parser.get_bytes(length)
        ends.append(parser.current)
    return ends


def _independent(records: list[bytes], values: tuple[Rdata, ...]) -> bool:
    """Whether every record is spelled out, with the same words before its value."""
    if len(records) != len(values):
        return False
    plain = [COUNT.pack(len(data)) + data for data in (value.to_wire() or b"" for value in values)]
    spelled = all(map(bytes.endswith, records, plain))
    owners = {record[: -len(data)] for record, data in zip(records, plain, strict=True)}
    return spelled and len(owners) == 1
