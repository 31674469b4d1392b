"""How far requests went: from a place to the servers that it reached. Both engines use this.

Places are where the scenario's atlas has their networks, servers are in AWS Regions, and times are
those of the atlas: a model of distance alone unless it holds measured ones.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from ipaddress import ip_network
from itertools import accumulate, pairwise
from math import fsum
from typing import NamedTuple

from lab_engine.authority.geo import REGIONS, Atlas, distance_km
from lab_engine.authority.records import Client
from lab_engine.authority.state import lesson_atlas
from lab_engine.errors import LabError
from lab_engine.simulation.outcome import Trips
from lab_engine.simulation.parts import Place
from lab_engine.simulation.scenario import Scenario
from lab_engine.simulation.values import address

SPREAD = math.sqrt(2) - 1  # not the number that deals out profiles, which this must not follow


def trips(scenario: Scenario, reached: Sequence[Mapping[str, int]]) -> tuple[Trips, ...]:
    """A line for each place and server that had requests.

    Args:
        scenario: with its places and servers.
        reached: for each of the places, the requests of each server.
    """
    regions = {each.address: each.region for each in scenario.backends}
    return tuple(_trips(scenario.places, regions, scenario.state.atlas, reached))


def _trips(
    places: Sequence[Place],
    regions: Mapping[str, str],
    atlas: Atlas,
    reached: Sequence[Mapping[str, int]],
) -> Iterator[Trips]:
    for place, counts in zip(places, reached, strict=True):
        for server, requests in counts.items():
            if requests:
                km, rtt_ms = apart(place, regions.get(server, ""), atlas)
                yield Trips(place.label, server, requests, km, rtt_ms)


def apart(place: Place, region: str, atlas: Atlas) -> tuple[float, float]:
    """Kilometres and round trip in milliseconds from a place to a Region; NaN where not known."""
    where = atlas.place(member_of(place, 0).network)
    if where.point is None or region not in REGIONS:
        return math.nan, math.nan
    return distance_km(where.point, REGIONS[region]), atlas.time_ms(where, region)


def rtt_ms(network: str, region: str) -> float:
    """A round trip from one of the lessons' networks to an AWS Region, in milliseconds; modelled.

    Args:
        network: such as `198.18.1.0/24`, or an address in it.
        region: such as `eu-west-1`.

    Raises:
        LabError: that is no network, or no Region is called so.
    """
    address("network", network, ip_network, "198.18.1.0/24")
    if region not in REGIONS:
        raise LabError(region, "is not an AWS Region", "Write eu-west-1, say.")
    atlas = lesson_atlas()
    return atlas.time_ms(atlas.place(ip_network(network)), region)


@lru_cache(maxsize=4096)
def member_of(place: Place, index: int) -> Client:
    """The address of one client of a place, counted from 0: they are spread over its network."""
    network = ip_network(place.network)
    at = index * SPREAD % 1
    if place.subnets:
        part = next(part for part in parts_of(place) if at < part.end)
        at = part.position(at)
    return Client.at(str(network[int(at * network.num_addresses)]))


class Part(NamedTuple):
    """An equal part of a place's network: of its addresses, and of its clients."""

    first: float  # where it begins in the network, 0 to 1
    width: float
    begin: float  # which of the clients are there, 0 to 1
    end: float

    def position(self, at: float) -> float:
        """Where in the network the client is that has this place among all."""
        return self.first + (at - self.begin) / (self.end - self.begin) * self.width


@lru_cache(maxsize=64)
def parts_of(place: Place) -> tuple[Part, ...]:
    """The parts of a place's network that hold a client; none where all of it does, evenly."""
    count, total = len(place.subnets), fsum(place.subnets)
    held = [(index, weight / total) for index, weight in enumerate(place.subnets) if weight]
    ends = [0.0, *accumulate(share for _, share in held)]
    ends[-1] = 1.0
    return tuple(
        Part(index / count, 1 / count, begin, end)
        for (index, _), (begin, end) in zip(held, pairwise(ends), strict=True)
    )
