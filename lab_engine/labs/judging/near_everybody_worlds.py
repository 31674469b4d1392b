"""The worlds of the lab "Near everybody": who asks, as whom the authority sees them, and servers.

A world holds what the learner's function is called with (`crowds`, `servers`), networks that ask
besides, and the limits. These come from a good answer, which `near_everybody_search` looks for.
"""

from collections.abc import Iterator
from ipaddress import ip_network
from random import Random
from typing import Any, Final

from lab_engine.authority.state import lesson_atlas
from lab_engine.authority.zone import Zone
from lab_engine.labs.lab import World
from lab_engine.simulation.cities import CITIES

from .near_everybody_measuring import measured, record_sets, within_reach, zone_of
from .near_everybody_search import GOAL, Good, best, by_latency, rtt

MOST_REGIONS: Final = 5
# Above what a good answer needs: others as cheap may ask for a block more.
DEARER: Final = 1.02
OFTENER: Final = 1.2
HIRED: Final = 7
POOL: Final = (
    "eu-west-1",
    "eu-central-1",
    "eu-south-2",
    "us-east-1",
    "us-west-1",
    "us-east-2",
    "sa-east-1",
    "af-south-1",
    "ap-south-1",
    "ap-southeast-1",
    "ap-northeast-1",
    "ap-southeast-2",
)
NETWORKS: Final = {each.name: each.network for each in CITIES}
V6: Final = {
    "Paris": "2001:db8:1::/56",
    "San Jose": "2001:db8:2::/56",
    "Tokyo": "2001:db8:3::/56",
}
MISLED: Final = 3  # crowds that are seen elsewhere
SECOND: Final = ("Mumbai", "San Jose")  # of their /20s: the first city is far from them
UNKNOWN: Final = "203.0.113.53"  # an address that is in no table
LEAST_LOST: Final = 0.10  # what the simple answer is to be short of the goal by, at least
DRAWN: Final = 4
UNKNOWNS: Final = 2  # of them, with a far resolver that is nowhere known


def places() -> list[dict[str, str]]:
    """The table of networks and their places, as an answer gets it."""
    known = lesson_atlas()
    networks = [*NETWORKS.values(), *(str(ip_network(each).supernet(8)) for each in V6.values())]
    found = ((each, known.place(ip_network(each))) for each in networks)
    return [
        {
            "network": network,
            "continent": place.continent,
            "country": place.country,
            "state": place.subdivision,
        }
        for network, place in found
    ]


def crowd(name: str, share: float, resolver: str, told: int = 0, network: str = "") -> World:
    """Some of the users.

    Args:
        name: of their city.
        share: of all users, 0 to 1.
        resolver: the address it asks the authority from.
        told: bits of the users' network that it passes on; 0 for none.
        network: theirs; without one, the city's.
    """
    network = network or NETWORKS[name]
    return {
        "name": name,
        "network": network,
        "share": share,
        "resolver": resolver,
        "told": told,
    }


def server(number: int, region: str, price: int) -> World:
    """A region for hire: its address, its health check and its price, dollars a month."""
    address = f"192.0.2.{number}"
    return {"region": region, "address": address, "check": f"check-{region}", "price": price}


def world(crowds: list[World], servers: list[World], networks: list[str]) -> dict[str, Any] | None:
    """A world with its limits; None where no good answer exists, or a simple one is as good."""
    found = best(crowds, servers, MOST_REGIONS)
    if found is None:
        return None
    made = {"crowds": crowds, "servers": servers, "networks": networks}
    simple = 0.0
    for reached in _simple(made):
        simple = max(simple, reached)
        if simple > GOAL - LEAST_LOST:
            return None
    known = measured(_zone(found, made), made)
    return {
        **made,
        "naive": round(simple, 4),
        "bill": round(known.bill * DEARER),
        "queries": round(known.queries * OFTENER),
    }


def _simple(made: World) -> Iterator[float]:
    """The share within reach of answers that overlook something."""
    crowds, servers = made["crowds"], made["servers"]
    yield by_latency(crowds, servers, MOST_REGIONS)
    for believed in (_told_whole, _at_home):
        other = best([*map(believed, crowds)], servers, MOST_REGIONS)
        yield within_reach(_zone(other, made), made) if other else 0.0


def _zone(good: Good, made: World) -> Zone:
    return zone_of(record_sets(good, made["servers"]), made)


def _at_home(crowd: World) -> World:
    """As those believe it to be who place users by their own networks."""
    length = ip_network(crowd["network"]).prefixlen
    return {**crowd, "told": length}


def _told_whole(crowd: World) -> World:
    """As those believe it to be who take a client subnet for the whole network."""
    return _at_home(crowd) if crowd["told"] else crowd


def unseen(rng: Random) -> list[World]:
    """Other users, shares, resolvers, regions and prices."""
    return [next(_worlds(rng, unknown=index < UNKNOWNS)) for index in range(DRAWN)]


def _worlds(rng: Random, *, unknown: bool) -> Iterator[dict[str, Any]]:
    """Worlds without end, with a far resolver that is nowhere known, or one in a city."""
    while True:
        if found := _drawn(rng, UNKNOWN if unknown else _of(rng.choice(sorted(NETWORKS)))):
            yield found


def _drawn(rng: Random, far: str) -> dict[str, Any] | None:
    names = rng.sample(sorted(NETWORKS), 8)
    parts = [rng.uniform(0.3, 1.0) + 0.4 * (index < MISLED) for index, _ in enumerate(names)]
    shares = [round(100 * part / sum(parts)) / 100 for part in parts]
    shares[0] = round(shares[0] + 1 - sum(shares), 2)
    crowds = [*_crowds(rng, names, shares, far)]
    regions = _regions(rng, crowds)
    servers = [server(n, each, rng.randrange(200, 610, 10)) for n, each in enumerate(regions, 1)]
    return world(crowds, servers, [*_networks(rng)])


def _regions(rng: Random, crowds: list[World]) -> list[str]:
    """Most of those that somebody is near to, and others."""
    near = sorted({min(POOL, key=lambda region: rtt(each["network"], region)) for each in crowds})
    rng.shuffle(near)
    others = sorted(set(POOL) - set(near))
    rng.shuffle(others)
    found = [*near, *others][:HIRED]
    rng.shuffle(found)
    return found


def _crowds(rng: Random, names: list[str], shares: list[float], far: str) -> Iterator[World]:
    """Some behind a far resolver, some whose network is told in part, some behind a public one."""
    public = _of(rng.choice(sorted(NETWORKS)), 9)
    silent = rng.randint(1, MISLED - 1)
    for index, (name, share) in enumerate(zip(names, shares, strict=True)):
        if index < silent:
            yield crowd(name, share, far)
        elif index < MISLED:
            yield crowd(name, share, _of(name, 7), 20 if name in SECOND else 16)
        elif index < MISLED + 3:
            told_56 = name in V6 and rng.random() < 0.5
            network, bits_told = (V6[name], rng.choice((48, 56))) if told_56 else ("", 24)
            yield crowd(name, share, public, bits_told, network)
        else:
            yield crowd(name, share, _of(name))


def _of(name: str, host: int = 53) -> str:
    """The address of a resolver in a city."""
    return str(ip_network(NETWORKS[name])[host])


def _networks(rng: Random) -> Iterator[str]:
    """Fifty that may ask: some known, most not, IPv4 and IPv6."""
    yield from rng.sample(sorted(NETWORKS.values()), 3)
    yield from rng.sample(sorted(V6.values()), 2)
    for _ in range(30):
        yield f"{rng.randrange(1, 224)}.{rng.randrange(256)}.{rng.randrange(256)}.0/24"
    for _ in range(15):
        first, second, fourth = map(rng.randrange, (0x1000, 0x10000, 0x100))
        yield f"2{first:03x}:{second:x}:0:{fourth:x}00::/56"
