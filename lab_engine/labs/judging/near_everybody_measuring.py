"""What record sets do in a world of the lab "Near everybody": distance, answers, questions, bill.

All of it is exact: the shares of the plan of each crowd, and the law of a cache for the questions.
"""

from collections.abc import Iterable, Mapping, Sequence
from ipaddress import ip_network
from typing import Any, Final, NamedTuple

from lab_engine.authority.plan import Share, replies
from lab_engine.authority.records import Client, Question, RRset
from lab_engine.authority.server import plan
from lab_engine.authority.state import State
from lab_engine.authority.zone import Zone
from lab_engine.control.changes import apply
from lab_engine.control.reading import Known
from lab_engine.errors import LabError
from lab_engine.labs.lab import World
from lab_engine.simulation.theory import upstream_rate

from .near_everybody_search import (
    BY_LATENCY,
    CHECK,
    LIMIT_MS,
    RECORD_SET,
    Good,
    Seen,
    rtt,
    told,
)

ORIGIN: Final = "shop.example"
QUESTION: Final = Question.of(f"www.{ORIGIN}", "A")
ZONE_ID: Final = "ZNEAREVERYBODY"
REQUESTS: Final = 100.0  # a second, of all users together
MOST_SETS: Final = 60
TTL: Final = 60
DEAR: Final = ("latency", "geoproximity")


class Measured(NamedTuple):
    """What came of an answer.

    Attributes:
        regions: how many have an address in a record.
        within: share of the users within reach.
        answered: share of the networks, the users' among them, that get a server's address.
        alive: the least of what users and networks get of live servers with a region down.
        queries: questions that reach the authority in an hour.
        bill: dollars a month.
        ttl: the longest of a record, seconds.
    """

    regions: int
    within: float
    answered: float
    alive: float
    queries: float
    bill: int
    ttl: int


def zone_of(record_sets: Any, world: World) -> Zone:
    """The zone that the record sets make.

    Raises:
        LabError: they are no list, too many, or Route 53 would refuse them.
    """
    if not isinstance(record_sets, list) or not all(isinstance(e, dict) for e in record_sets):
        value, remedy = f"a {type(record_sets).__name__}", "Return [record(…), …]."
        raise LabError(value, "is no list of record sets, each a dict", remedy)
    if not record_sets:
        raise LabError("an empty list", "answers nobody", "Return [record(…), …].")
    if len(record_sets) > MOST_SETS:
        raise LabError(f"{len(record_sets)} record sets", f"are over {MOST_SETS}", "Drop some.")
    empty = Zone.of(ORIGIN, [RRset.of("@", "NS", f"ns1.{ORIGIN}.", 172_800)])
    changes = [{"Action": "CREATE", "ResourceRecordSet": each} for each in record_sets]
    checks = {each["check"] for each in world["servers"]}
    zone = apply(empty, {"Changes": changes}, Known(ZONE_ID, checks))
    stray = zone.addresses - {each["address"] for each in world["servers"]}
    if stray:
        raise LabError(min(stray), "is no address of a server", "Take those of `servers`.")
    return zone


def measured(zone: Zone, world: World) -> Measured:
    """What a zone does in a world."""
    servers = {each["address"]: each for each in world["servers"]}
    used = [servers[address] for address in sorted(zone.addresses)]
    calm = State()
    crowds, networks = world["crowds"], [*map(_network, world["networks"])]
    asking = [*map(_client, crowds), *networks]
    everybody = [_answers(zone, each, calm) for each in asking]
    answered = sum(sum(found.values()) for found in everybody) / len(everybody)
    alive = min((_alive(zone, crowds, networks, each) for each in used), default=0.0)
    ttl = max((each.ttl or 0 for each in zone if each.name != zone.origin), default=0)
    bill = _bill(zone, used)
    return Measured(
        len(used), within_reach(zone, world), round(answered, 6), round(alive, 6),
        _queries(zone, crowds), bill, ttl,
    )  # fmt: skip


def within_reach(zone: Zone, world: World) -> float:
    """The share of the users within reach of the servers that they are led to."""
    regions = {each["address"]: each["region"] for each in world["servers"]}
    within: float = sum(
        crowd["share"] * part
        for crowd in world["crowds"]
        for address, part in _answers(zone, _client(crowd), State()).items()
        if rtt(crowd["network"], regions[address]) <= LIMIT_MS
    )
    return round(within, 6)


def _network(text: str) -> Client:
    return Client(ip_network(text), "ecs")


def _client(crowd: World) -> Client:
    """Whom the authority answers, when a crowd's resolver asks."""
    return Client(told(crowd), "ecs" if crowd["told"] else "peer")


def _answers(zone: Zone, client: Client, state: State) -> dict[str, float]:
    """How likely each address is."""
    found: dict[str, float] = {}
    for probability, reply in _shares(zone, client, state):
        for address in reply.addresses:
            found[address] = found.get(address, 0.0) + probability / len(reply.addresses)
    return found


def _shares(zone: Zone, client: Client, state: State) -> tuple[Share, ...]:
    return replies(plan(zone, QUESTION, client, state))


def _alive(zone: Zone, crowds: Sequence[World], networks: Sequence[Client], down: World) -> float:
    """With a region down: the share of users, or of networks, with a live answer; the lesser."""
    state = State(unhealthy=frozenset({down["check"]}))

    def live(client: Client) -> float:
        found = _answers(zone, client, state)
        return sum(part for address, part in found.items() if address != down["address"])

    users: float = sum(each["share"] * live(_client(each)) for each in crowds)
    return min(users, sum(map(live, networks)) / len(networks))


def _queries(zone: Zone, crowds: Iterable[World]) -> float:
    """Questions an hour: each entry of each cache is renewed by the law of a cache."""
    entries: dict[tuple[str, str], tuple[float, int]] = {}
    for crowd in crowds:
        client = _client(crowd)
        planned = plan(zone, QUESTION, client, State())
        block = "everybody"
        if crowd["told"] and planned.scope:
            bits = min(planned.scope, client.network.prefixlen)
            block = str(client.network.supernet(new_prefix=bits))
        ttl = min(each.reply.ttl or 0 for each in replies(planned))
        rate, _ = entries.get((crowd["resolver"], block), (0.0, 0))
        entries[crowd["resolver"], block] = rate + REQUESTS * crowd["share"], ttl
    return round(3600 * sum(upstream_rate(rate, ttl) for rate, ttl in entries.values()), 1)


def _bill(zone: Zone, used: Iterable[World]) -> int:
    sets = [each for each in zone if each.name != zone.origin]
    price = sum(BY_LATENCY if each.policy.name in DEAR else RECORD_SET for each in sets)
    hired: int = sum(each["price"] for each in used)
    return price + hired + CHECK * len(zone.check_ids)


def record_sets(good: Good, servers: Iterable[World]) -> list[dict[str, Any]]:
    """The record sets of a good answer: places, and a default with a stand-in."""
    hired = {each["region"]: each for each in servers}
    used = dict.fromkeys((good.default, *good.chosen.values()))
    first, second, *_ = (hired[each] for each in used)
    return [
        _record("rest", "first", first, {"Weight": 1}),
        _record("rest", "second", second, {"Weight": 0}),
        {
            "Name": f"www.{ORIGIN}",
            "Type": "A",
            "SetIdentifier": "default",
            "GeoLocation": {"CountryCode": "*"},
            "AliasTarget": {
                "HostedZoneId": ZONE_ID,
                "DNSName": f"rest.{ORIGIN}",
                "EvaluateTargetHealth": True,
            },
        },
        *(
            _record("www", "-".join(place), hired[region], {"GeoLocation": _location(place)})
            for place, region in good.records.items()
        ),
    ]


def _location(place: Seen) -> dict[str, str]:
    if not place.country:
        return {"ContinentCode": place.continent}
    state = {"SubdivisionCode": place.state} if place.state else {}
    return {"CountryCode": place.country, **state}


def _record(name: str, called: str, server: World, policy: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "Name": f"{name}.{ORIGIN}",
        "Type": "A",
        "SetIdentifier": called,
        "TTL": TTL,
        "ResourceRecords": [{"Value": server["address"]}],
        "HealthCheckId": server["check"],
        **policy,
    }
