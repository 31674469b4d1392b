"""The apex of a zone that is to lead to somebody else's servers, and eight ways to do it.

`shop.example` has mail of its own and wants its visitors at a CDN, `shop.cdn.example`, which
answers by place. Each way is an authority that can be asked over the wire; it answers for the CDN
as well, so that one cache can follow where it leads. A flattener asks the CDN itself, from where it
stands, and keeps no cache [design]. An alias of Route 53 cannot lead to a third party, and leads to
CloudFront.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import lru_cache
from ipaddress import ip_address
from random import Random
from types import MappingProxyType
from typing import Any, Final, Self

from dns.name import Name, from_text
from dns.rdatatype import RdataType

from lab_engine.authority.endpointnames import zone_ids
from lab_engine.authority.endpoints import Endpoint as Target
from lab_engine.authority.geo import Atlas, Place
from lab_engine.authority.modes import Pointer, cloudflare, ns1_alias, powerdns_alias
from lab_engine.authority.order import Order
from lab_engine.authority.policies import Geolocation
from lab_engine.authority.records import MAX_TTL, Client, Question, Reply, RRset
from lab_engine.authority.recordset import RecordSet
from lab_engine.authority.server import Authority
from lab_engine.authority.state import State
from lab_engine.authority.zone import Zone
from lab_engine.errors import LabError
from lab_engine.simulation.knobs import Knobs
from lab_engine.simulation.parts import WEEK
from lab_engine.simulation.values import must, whole
from lab_engine.wire.endpoint import Endpoint
from lab_engine.wire.log import LogEntry, Peer
from lab_engine.wire.messages import Query, respond
from lab_engine.wire.transport import InProcess, Opener, Source

APEX: Final = "shop.example"
CDN: Final = "shop.cdn.example"
MAIL: Final = "10 mail.shop.example."
CLOUDFRONT: Final = "d111111abcdef8.cloudfront.net"
TYPES: Final = ("A", "AAAA", "MX", "TXT", "NS", "SOA", "HTTPS")
MAIL_TTL: Final = 120
"""Of the MX and the TXT record."""
_CNAMES: Final = {"CNAME, exact type first": "exact_first", "CNAME by the letter": "rfc1034"}
_FLATTENERS: Final = {
    "Cloudflare flattening": cloudflare,
    "NS1 ALIAS": ns1_alias,
    "PowerDNS ALIAS": powerdns_alias,
}
ALIAS, ALIAS_MODE, WWW = "Route 53 alias", "HTTPS AliasMode alone", "www with a redirect"
WAYS: Final = (*_CNAMES, ALIAS, *_FLATTENERS, ALIAS_MODE, WWW)
FLATTENED: Final = tuple(_FLATTENERS)


@dataclass(frozen=True)
class Edge:
    """A place with servers of the CDN, and with people.

    Attributes:
        network: whose addresses are there, /24.
        country: as geolocation has it.
        addresses: of the CDN's servers there, an IPv4 and an IPv6 one.
    """

    network: str
    country: str
    addresses: tuple[str, str]

    @property
    def somebody(self) -> str:
        """An address of somebody there."""
        return self.network.replace(".0/24", ".53")


EDGES: Final[Mapping[str, Edge]] = MappingProxyType(
    {
        "Virginia": Edge("198.19.0.0/24", "US", ("192.0.2.1", "2001:db8:1::1")),
        "Frankfurt": Edge("198.18.0.0/24", "DE", ("192.0.2.49", "2001:db8:49::1")),
        "Tokyo": Edge("198.18.32.0/24", "JP", ("192.0.2.81", "2001:db8:81::1")),
    }
)
REDIRECTOR: Final = ("192.0.2.200", "2001:db8:200::1")
"""A web server of the shop's own, which sends visitors on to www."""
FRONTS: Final = ("198.51.100.7", "2001:db8:7::1")
"""What Route 53 answers for the CloudFront distribution, wherever one is [design]."""
PLACES: Final[Mapping[str, str]] = MappingProxyType(
    {
        **{each: name for name, edge in EDGES.items() for each in edge.addresses},
        **dict.fromkeys(REDIRECTOR, "own server"),
        **dict.fromkeys(FRONTS, "CloudFront"),
    }
)
"""Where each address is."""
CLOUDFRONT_ZONE: Final = zone_ids(from_text(CLOUDFRONT))[0]
"""The hosted zone of all distributions."""
STATE: Final = State(
    endpoints={
        from_text(CLOUDFRONT): Target.of(CLOUDFRONT, CLOUDFRONT_ZONE, FRONTS[:1], FRONTS[1:])
    },
    atlas=Atlas({edge.network: Place(edge.country) for edge in EDGES.values()}),
)


class Way(Endpoint):
    """The authority of one way out, behind which the CDN's own stands.

    Attributes:
        name: one of `WAYS`.
        log: what it was asked, and said.
    """

    def __init__(
        self,
        name: str,
        shop: Callable[[Question, Client], Reply],
        cdn: Authority,
        transport: Opener,
    ) -> None:
        self.name = name
        self.log: list[LogEntry] = []
        self._shop, self._cdn = shop, cdn
        super().__init__(self._handle, transport=transport)

    @property
    def about(self) -> str:
        """Which way it is."""
        return f"Authority of {APEX}: {self.name}"

    @property
    def example(self) -> Question:
        """The apex."""
        return Question.of(APEX)

    def reply(self, question: Question, client: Client) -> Reply:
        """What it says, before that is octets, and without a log."""
        below = question.name.is_subdomain(from_text("cdn.example."))
        return (self._cdn.respond if below else self._shop)(question, client)

    def _handle(self, wire: bytes, source: Source, stream: bool) -> bytes | None:  # noqa: FBT001
        def decide(query: Query, question: Question) -> Reply:
            known = query.subnet.network if query.subnet else None
            client = Client(known, "ecs") if known else Client.at(str(ip_address(source[0])))
            reply = self.reply(question, client)
            peer = Peer(source[0], source[1], "tcp" if stream else "udp")
            self.log.append(LogEntry(datetime.now(UTC), peer, question, reply, ()))
            return reply

        return respond(wire, decide, stream=stream)


def apex(  # noqa: PLR0913  (each is one thing a learner may want to move)
    way: str,
    *,
    place: str = "Virginia",
    passes: bool = False,
    own_ttl: int = 300,
    target_ttl: int = 60,
    transport: Opener = InProcess,
) -> Way:
    """Start the authority of `shop.example` that takes one of the ways out.

    Args:
        way: one of `WAYS`.
        place: where a flattener stands: one of `EDGES`.
        passes: whether it passes its client's network on (EDNS Client Subnet).
        own_ttl: seconds, of the CNAME or ALIAS record.
        target_ttl: seconds, of the CDN's records.
        transport: how messages come; without sockets only this process can ask.

    Raises:
        LabError: no such way or place, or a TTL that is none.
    """
    _choose(way, WAYS, "way out")
    _choose(place, tuple(EDGES), "place of a flattener")
    cdn = Authority(cdn_zone(target_ttl), Random(1), Order.FIXED, STATE)
    shop = _shop(way, own_ttl)
    authority = Authority(shop, Random(1), Order.FIXED, STATE)
    answer: Callable[[Question, Client], Reply] = authority.respond
    if way in _FLATTENERS:
        mode, seat = _FLATTENERS[way], Client.at(EDGES[place].somebody)
        pointer = Pointer(shop.origin, from_text(CDN), own_ttl, shop.soa)
        answer = _flattening(authority, cdn, pointer, mode, None if passes else seat)
    return Way(way, answer, cdn, transport).start()


def _flattening(
    authority: Authority, cdn: Authority, pointer: Pointer, mode: Any, seat: Client | None
) -> Callable[[Question, Client], Reply]:
    """The apex answered by a flattener in its seat; without one, in its client's."""

    def answer(question: Question, client: Client) -> Reply:
        if question.name != pointer.name or question.type not in (RdataType.A, RdataType.AAAA):
            return authority.respond(question, client)
        asked: list[Reply] = []

        def resolve(name: Name, rdtype: RdataType, who: Client) -> Reply:
            asked.append(cdn.respond(Question(name, rdtype), who))
            return asked[-1]

        reply: Reply = mode(pointer, question.type, resolve, seat or client)
        scopes = [] if seat else [each.scope for each in asked]  # for whom the target's answer is
        return replace(reply, scope=max(scopes, default=0))

    return answer


@lru_cache(32)
def _shop(way: str, ttl: int) -> Zone:
    """The zone of the shop, with what stands at its apex by this way."""
    records = [
        RRset.of("@", "MX", "10 mail", MAIL_TTL),
        RRset.of("@", "TXT", '"v=spf1 mx -all"', MAIL_TTL),
        RRset.of("mail", "A", "192.0.2.25", MAIL_TTL),
    ]
    return Zone.of(APEX, [*records, *_web(way, ttl)], _CNAMES.get(way))


def _web(way: str, ttl: int) -> Iterator[RRset | RecordSet]:
    if way in _CNAMES:
        yield RRset.of("@", "CNAME", f"{CDN}.", ttl)
    elif way == ALIAS:
        for kind in ("A", "AAAA"):
            target = f"{CLOUDFRONT}."
            yield RecordSet.alias_to("@", kind, target, hosted_zone_id=CLOUDFRONT_ZONE)
    elif way == ALIAS_MODE:
        yield RRset.of("@", "HTTPS", f"0 {CDN}.", ttl)
    elif way == WWW:
        yield RRset.of("www", "CNAME", f"{CDN}.", ttl)
        for kind, address in zip(("A", "AAAA"), REDIRECTOR, strict=True):
            yield RRset.of("@", kind, address, ttl)


@lru_cache(32)
def cdn_zone(ttl: int = 60) -> Zone:
    """The zone of the CDN: its nearest servers by country, Virginia's for the rest of the world."""
    sets: list[RRset | RecordSet] = [
        RRset.of("shop", "HTTPS", "1 . alpn=h2", ttl),
        RRset.of("shop", "TXT", '"a customer of the CDN"', ttl),
    ]
    for country, edge in [*((each.country, each) for each in EDGES.values()), ("*", None)]:
        at = edge or EDGES["Virginia"]
        for kind, address in zip(("A", "AAAA"), at.addresses, strict=True):
            near = Geolocation(CountryCode=country)
            sets.append(
                RecordSet.of("shop", kind, address, ttl, policy=near, set_identifier=country)
            )
    return Zone.of("cdn.example", sets)


def _choose(value: str, known: tuple[str, ...], what: str) -> None:
    if value not in known:
        raise LabError(value, f"is no {what}", f"Choose of {', '.join(known)}.")


@dataclass(frozen=True)
class Apex(Knobs):
    """What the panel moves: a way out, what is asked in which order, and what else decides.

    Attributes:
        way: one of `WAYS`, whose packets and cache are shown.
        through: whether a cache in Tokyo is asked, or the authority itself.
        first, second: the types that are asked for first, two of `TYPES`; the others follow.
        again: seconds until everything is asked once more, a week at most; 0 for not at all.
        place, passes, own_ttl, target_ttl: as `apex` has them.
        ways: those that are compared, some of `WAYS`.
    """

    way: str = WAYS[0]
    through: bool = True
    first: str = "A"
    second: str = "MX"
    again: int = 0
    place: str = "Virginia"
    passes: bool = False
    own_ttl: int = 300
    target_ttl: int = 60
    ways: tuple[str, ...] = WAYS

    def __post_init__(self) -> None:
        for each in self.ways:
            _choose(each, WAYS, "way out")
        _choose(self.way, self.ways, "way that is compared here")
        for each in (self.first, self.second):
            _choose(each, TYPES, "type that is asked for")
        _choose(self.place, tuple(EDGES), "place of a flattener")
        whole("again", self.again, 0, WEEK)
        for name in ("own_ttl", "target_ttl"):
            whole(name, getattr(self, name), 0, MAX_TTL)
        for name in ("through", "passes"):
            value = getattr(self, name)
            must(isinstance(value, bool), name, value, "is no switch", "Take True or False.")

    @property
    def order(self) -> tuple[str, ...]:
        """The types in the order in which they are asked for."""
        return tuple(dict.fromkeys((self.first, self.second, *TYPES)))

    def met_by(self, way: str) -> Self:
        """The same, with all that one way never meets as it is by default."""
        plain = Apex()
        mine = replace(self, way=plain.way, ways=plain.ways)
        if way not in FLATTENED:
            mine = replace(mine, place=plain.place, passes=plain.passes)
        if way == ALIAS:  # the TTL is that of AWS
            mine = replace(mine, own_ttl=plain.own_ttl)
        if way in (ALIAS, WWW):  # whoever asks for the apex is not led to the CDN
            mine = replace(mine, target_ttl=plain.target_ttl)
        return mine

    def start(self, way: str) -> Way:
        """The authority of one way, as things are here."""
        return apex(
            way,
            place=self.place,
            passes=self.passes,
            own_ttl=self.own_ttl,
            target_ttl=self.target_ttl,
        )
