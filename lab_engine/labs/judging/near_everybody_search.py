"""A good answer to the lab "Near everybody", looked for by trying all choices of regions.

Whoever is seen at one place gets one answer: so for each place the region is chosen that has most
of its users within reach. Then the records are written as broadly as the answers allow.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from ipaddress import ip_network
from itertools import combinations
from typing import Final, NamedTuple

from lab_engine.authority.geo import Network
from lab_engine.authority.state import lesson_atlas
from lab_engine.labs.lab import World

LIMIT_MS: Final = 70.0
GOAL: Final = 0.90
RECORD_SET, BY_LATENCY, CHECK = 20, 50, 10
"""Dollars a month: of a record set, of one by latency or geoproximity, of a health check."""
STAND_IN: Final = 3  # record sets of a default that has one: the default itself and two behind it


class Seen(NamedTuple):
    """As whom the authority sees somebody: continent, country and state; empty where unknown."""

    continent: str = ""
    country: str = ""
    state: str = ""


class Good(NamedTuple):
    """A good answer.

    Attributes:
        within: the share of the users within reach.
        bill: dollars a month.
        chosen: the region of each place.
        default: the region of everybody else.
        records: the regions of continents, countries and states that have a record.
    """

    within: float
    bill: int
    chosen: Mapping[Seen, str]
    default: str
    records: Mapping[Seen, str]


def told(crowd: World) -> Network:
    """What the authority places: the network as it is told, or the resolver's address."""
    if crowd["told"]:
        return ip_network(crowd["network"]).supernet(new_prefix=crowd["told"])
    return ip_network(crowd["resolver"])


def seen(crowd: World) -> Seen:
    """Where the authority sees a crowd."""
    place = lesson_atlas().place(told(crowd))
    return Seen(place.continent, place.country, place.subdivision)


@cache
def rtt(network: str, region: str) -> float:
    """Milliseconds from a network to a region."""
    atlas = lesson_atlas()
    return atlas.time_ms(atlas.place(ip_network(network)), region)


Reached = Mapping[tuple[Seen, str], tuple[float, float]]
"""Of a place and a region: the share of users within reach, and the mean distance below zero."""


def best(crowds: Sequence[World], servers: Sequence[World], most: int) -> Good | None:
    """The cheapest that has enough users within reach; None where nothing has."""
    prices = {each["region"]: each["price"] for each in servers}
    reached, places = _reached(crowds, prices), sorted({seen(each) for each in crowds})
    if sum(max(reached[place, each] for each in prices)[0] for place in places) < GOAL - 1e-9:
        return None
    choices = (each for count in range(2, most + 1) for each in combinations(prices, count))
    found = (_with(places, reached, regions, prices) for regions in choices)
    return min(filter(None, found), key=lambda good: good.bill, default=None)


def _with(
    places: Sequence[Seen], reached: Reached, regions: Sequence[str], prices: Mapping[str, int]
) -> Good | None:
    """The best that these regions can do; None where that is too little."""
    chosen = {place: max(regions, key=lambda each: reached[place, each]) for place in places}
    within = sum(reached[place, region][0] for place, region in chosen.items())
    if within < GOAL - 1e-9:
        return None
    defaults = (chosen[Seen()],) if Seen() in chosen else regions
    written = {each: _records(chosen, each) for each in defaults}
    default = min(written, key=lambda each: len(written[each]))
    records = written[default]
    bill = sum(prices[each] + CHECK for each in regions)
    bill += RECORD_SET * (len(records) + STAND_IN)
    return Good(round(within, 6), bill, chosen, default, records)


def _reached(crowds: Iterable[World], regions: Iterable[str]) -> Reached:
    found: dict[tuple[Seen, str], tuple[float, float]] = {}
    for crowd in crowds:
        for region in regions:
            share, far = found.get((seen(crowd), region), (0.0, 0.0))
            ms = rtt(crowd["network"], region)
            share += crowd["share"] * (ms <= LIMIT_MS)
            found[seen(crowd), region] = round(share, 6), far - crowd["share"] * ms
    return found


def _records(chosen: Mapping[Seen, str], default: str) -> dict[Seen, str]:
    """As few records as give each place its region: continents first, then what differs."""
    found: dict[Seen, str] = {}
    for continent in sorted({each.continent for each in chosen} - {""}):
        inside = {p: r for p, r in chosen.items() if p.continent == continent}
        options = (dict(_continent(continent, inside, r, default)) for r in set(inside.values()))
        alone = {p: r for p, r in inside.items() if r != default}
        ways: list[dict[Seen, str]] = [alone, *sorted(options, key=sorted)]
        fewest: dict[Seen, str] = min(ways, key=len)
        found |= fewest
    return found


def _continent(
    continent: str, inside: Mapping[Seen, str], region: str, default: str
) -> Iterator[tuple[Seen, str]]:
    """A record for a continent, and one for each of its places that goes elsewhere."""
    if region != default:
        yield Seen(continent), region
    yield from ((p, r) for p, r in inside.items() if r != region)


def by_latency(crowds: Sequence[World], servers: Sequence[World], most: int) -> float:
    """The share within reach if each is led to the region nearest to where it is *seen*."""
    regions = [each["region"] for each in servers]
    rows = [_row(each, regions) for each in crowds]
    return max(_latency(rows, each) for each in combinations(regions, most))


def _row(crowd: World, regions: Iterable[str]) -> tuple[float, dict[str, tuple[float, bool]]]:
    """The share of a crowd, and of each region how far it seems and whether it is within reach."""
    atlas = lesson_atlas()
    at = atlas.place(told(crowd))
    return crowd["share"], {
        region: (atlas.time_ms(at, region), rtt(crowd["network"], region) <= LIMIT_MS)
        for region in regions
    }


def _latency(
    rows: Sequence[tuple[float, Mapping[str, tuple[float, bool]]]], regions: Sequence[str]
) -> float:
    found = 0.0
    for share, row in rows:
        least = min(row[each][0] for each in regions)
        nearest = [row[each][1] for each in regions if row[each][0] == least]
        found += share * sum(nearest) / len(nearest)
    return found
