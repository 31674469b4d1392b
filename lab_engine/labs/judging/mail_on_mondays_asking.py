"""Asking a repaired zone in a world of the lab "Mail on Mondays", through caches and straight.

What a question should give stands in `right`; the rest asks for it: in any order through a cache,
of a cache that many networks share, with targets that moved or are sick, and between two batches.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from ipaddress import ip_network
from random import Random
from types import MappingProxyType
from typing import Any, Final

from dns.name import Name
from dns.rcode import Rcode
from dns.rdatatype import RdataType

from lab_engine.authority.endpoints import Endpoint
from lab_engine.authority.plan import draw, replies
from lab_engine.authority.records import Client, Question, Reply, RRset
from lab_engine.authority.server import plan
from lab_engine.authority.state import State, lesson_atlas
from lab_engine.authority.zone import Zone
from lab_engine.caches.resolver import Resolver
from lab_engine.labs.broken_zone import DEFAULT, EDGE, EDGE_ZONE, ORIGIN, PICTURES
from lab_engine.labs.lab import World
from lab_engine.simulation.theory import upstream_rate

MAIL: Final = (("", "MX"), ("", "TXT"), ("", "NS"), ("", "SOA"), ("mail", "A"))
WEB: Final = (("", "A"), ("", "AAAA"))
NAMES: Final = (("img", "A"), ("news", "A"), ("news", "TXT"), ("api", "A"))
OTHERS: Final = (("www", "A"), ("pay", "A"), ("app", "A"), ("pages", "A"))
ALL: Final = (*MAIL, *WEB, *NAMES, *OTHERS)
PASSES: Final = (0, 60, 200)  # seconds at which an order is asked once more
OUTSIDE: Final = {"shop.cdn.example.": "203.0.113.10", f"{PICTURES}.": "203.0.113.90"}
SOA: Final = RRset.of("example.", "SOA", "ns.example. h.example. 1 7200 900 1209600 900", 900)
BUSY: Final = 1.0  # questions a second for each name, where the authority's are counted


def question(name: str, kind: str) -> Question:
    """For a name of the zone; empty for the apex."""
    return Question.of(f"{name}.{ORIGIN}." if name else f"{ORIGIN}.", kind)


def state(world: World, sick: Sequence[str] = ()) -> State:
    """A moment of the world: where the distribution is, and which checks fail."""
    ipv4, ipv6 = world["edge"]
    edge = Endpoint.of(EDGE, EDGE_ZONE, (ipv4,), (ipv6,))
    return State(frozenset(sick), MappingProxyType({edge.name: edge}), lesson_atlas())


def right(name: str, kind: str, world: World, client: Client, sick: Sequence[str]) -> set[str]:
    """What a question may give: the last values of a right answer, any of these."""
    fixed: dict[tuple[str, str], set[str]] = {
        ("", "MX"): {"10 mail.shop.example."},
        ("", "TXT"): {'"v=spf1 mx -all"'},
        ("", "NS"): {"ns1.shop.example."},
        ("", "SOA"): {"ns1.shop.example. hostmaster.shop.example. 1 7200 900 1209600 86400"},
        ("", "A"): {world["edge"][0]},
        ("", "AAAA"): {world["edge"][1]},
        ("mail", "A"): {"192.0.2.25"},
        ("img", "A"): {OUTSIDE[f"{PICTURES}."]},
        ("news", "A"): {world["pages"]},
        ("news", "TXT"): {'"mailer-verification=7f3a"'},
        ("pages", "A"): {world["pages"]},
        ("api", "A"): _healthy(sick, {"check-blue": "192.0.2.21", "check-green": "192.0.2.22"}),
        ("pay", "A"): {"192.0.2.32" if "check-pay" in sick else "192.0.2.31"},
    }
    if (name, kind) in fixed:
        return fixed[name, kind]
    if name == "app":
        both = {"check-app-1": "192.0.2.51", "check-app-2": "192.0.2.52"}
        return {"192.0.2.61"} if both.keys() <= set(sick) else _healthy(sick, both)
    continent = lesson_atlas().place(client.network).continent
    return {{"EU": "192.0.2.11", "NA": "192.0.2.12"}.get(continent, DEFAULT)}


def _healthy(sick: Sequence[str], by_check: Mapping[str, str]) -> set[str]:
    """Those that are well; all, where none is."""
    well = {address for check, address in by_check.items() if check not in sick}
    return well or set(by_check.values())


class Asked:
    """A cache before the zone and the rest of the world.

    Args:
        zone: what its authority serves.
        now: the moment of the world.
        at: the address of the cache.
        profile: what it is like.
    """

    def __init__(self, zone: Zone, now: State, at: str, profile: str = "ideal") -> None:
        self.zone, self.now, self.client = zone, now, Client.at(at)
        self.dice = Random(1)
        self.cache = Resolver(self._upstream, self.dice, profile)

    def values(self, asked: Question, when: float, client: Client | None = None) -> set[str]:
        """The values of the type asked for that came; none for a CNAME that leads nowhere."""
        reply = self.cache.resolve(asked, when, client)
        return {text for each in reply.answer if each.type is asked.type for text in each.texts}

    def _upstream(self, asked: Question, _when: float, client: Client | None = None) -> Reply:
        if not self.zone.contains(asked.name):
            return _outside(asked.name, asked.type)
        planned = plan(self.zone, asked, client or self.client, self.now)
        return replace(draw(planned, self.dice), scope=planned.scope)


def _outside(name: Name, kind: RdataType) -> Reply:
    """What the servers of others say."""
    address = OUTSIDE.get(name.to_text())
    if address is None:
        return Reply(Rcode.NXDOMAIN, authority=(SOA,))
    if kind is not RdataType.A:
        return Reply(authority=(SOA,))
    return Reply(answer=(RRset.of(name, "A", address, 300),))


def through_caches(zone: Zone, world: World) -> dict[tuple[str, str], float]:
    """How often each question was answered right, of all orders, each asked three times."""
    moment, hits = state(world), dict.fromkeys(ALL, 0)
    for order, at in zip(world["orders"], world["resolvers"], strict=True):
        cache = Asked(zone, moment, at)
        for start in PASSES:
            for step, index in enumerate(order):
                name, kind = ALL[index]
                got = cache.values(question(name, kind), start + step)
                wanted = right(name, kind, world, cache.client, ())
                hits[name, kind] += bool(got) and got <= wanted
    asked = len(PASSES) * len(world["orders"])
    return {each: count / asked for each, count in hits.items()}


def everywhere(zone: Zone, world: World) -> float:
    """The share of networks that reach their server, all behind one cache with client subnets."""
    cache = Asked(zone, state(world), "198.19.0.53", "ecs")
    good = 0
    for step, network in enumerate(world["networks"]):
        client = Client(ip_network(network), "ecs")
        got = cache.values(question("www", "A"), step, client)
        good += got == right("www", "A", world, client, ())
    return good / len(world["networks"])


def sick(zone: Zone, world: World) -> dict[str, float]:
    """Of `pay`, `app` and `api`: in which share of the world's moments they answer who is well."""
    found = {}
    for name in ("pay", "app", "api"):
        good = 0
        for checks in ((), *world["sick"]):
            now, client = state(world, checks), Client.at("198.18.1.53")
            shares = replies(plan(zone, question(name, "A"), client, now))
            got = {each for _, reply in shares for each in reply.addresses}
            good += got == right(name, "A", world, client, checks)
        found[name] = good / (1 + len(world["sick"]))
    return found


def is_one_group(zone: Zone) -> bool:
    """Whether `api` gives both addresses one TTL, and 90 to 10."""
    client = Client.at("198.18.1.53")
    shares = replies(plan(zone, question("api", "A"), client, State()))
    parts = {each: probability for probability, reply in shares for each in reply.addresses}
    ttls = {reply.ttl for _, reply in shares}
    even = all(abs(parts.get(f"192.0.2.2{n}", 0) - p) < 1e-6 for n, p in ((1, 0.9), (2, 0.1)))
    return even and len(ttls) == 1


def gone(zone: Zone, world: World) -> Iterator[str]:
    """What answered before the repair and does not now: asked of fresh caches."""
    moment = state(world)
    for name, kind in ALL:
        if (name, kind) in {("", "AAAA"), ("img", "A")}:  # which had no answer
            continue
        at = "198.18.1.53" if name == "www" else "198.19.0.53"
        if not Asked(zone, moment, at).values(question(name, kind), 0):
            yield f"{name}.{ORIGIN} {kind}".lstrip(".")


def queries(zone: Zone, world: World) -> float:
    """Questions an hour from one busy cache, by the law of a cache."""
    moment, client, found = state(world), Client.at("198.18.32.53"), 0.0
    for name, kind in (*WEB, *NAMES, *OTHERS):
        shares = replies(plan(zone, question(name, kind), client, moment))
        ttl = min(reply.ttl or 0 for _, reply in shares)
        found += 3600 * upstream_rate(BUSY, ttl)
    return round(found, 1)


def moved(zone: Zone, world: World) -> Zone:
    """The zone after its owner has renumbered `pages`."""
    pages: Any = RRset.of("pages", "A", world["pages"], 60)
    return zone.replaced(pages)
