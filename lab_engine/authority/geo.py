"""Where a network is: places, the tables that find them, and how far apart things are.

A table maps networks to places, the longest match first. Turned into disjoint ranges it also says
how far around an address a decision holds, which is what an ECS scope promises (RFC 7871 section
7.2.1). The tables that ship are for the lessons; any MaxMind file serves as another.
"""

import math
import re
from bisect import bisect_right
from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Any, Generic, NamedTuple, Self, TypeVar

from lab_engine.authority import maxmind

Network = IPv4Network | IPv6Network
D = TypeVar("D", bound=Hashable)
EARTH_RADIUS_KM = 6371.0
# Light in fibre covers about 200 km a millisecond; paths are longer than great circles, and
# every round trip spends some time at its ends. A model, not a measurement.
FIBRE_KM_PER_MS = 200.0
PATH_STRETCH = 1.5
ENDS_MS = 5.0


class Point(NamedTuple):
    """Degrees: latitude -90 to 90, longitude -180 to 180."""

    latitude: float
    longitude: float


@dataclass(frozen=True, slots=True)
class Place:
    """Where somebody is, as far as is known; empty where it is not.

    Attributes:
        country: ISO 3166-1, two letters, such as `FR`.
        continent: AF AN AS EU OC NA SA.
        subdivision: ISO 3166-2 without its country, such as `CA` in `US-CA`.
        point: for distances; None where unknown.
        availability_zone: the id of the AWS Availability Zone it is in, such as `use1-az1`.
        zone_group: that zone's, such as `us-east-1-zg-1`; empty for the first of its Region.
    """

    country: str = ""
    continent: str = ""
    subdivision: str = ""
    point: Point | None = None
    availability_zone: str = ""
    zone_group: str = ""

    def __str__(self) -> str:
        parts = [self.continent, self.country, self.subdivision]
        known = ["-".join(filter(None, parts)), self.availability_zone, self.zone_group]
        return ", ".join(filter(None, known)) or "nowhere known"


NOWHERE = Place()

# Where Route 53's continents are not those of most databases (its guide, "Values specific for
# geolocation records").
ROUTE_53_CONTINENTS = {
    "CY": "EU", "TR": "EU", "RU": "EU", "GL": "NA", "GE": "AS", "AM": "AS", "AZ": "AS",
    "IL": "AS", "GS": "AN", "TF": "AN", "UM": "OC", "TL": "OC",
}  # fmt: skip

# The city or state each AWS Region is named after, for the great-circle model.
REGIONS: Mapping[str, Point] = {
    "us-east-1": Point(38.9, -77.5),
    "us-east-2": Point(40.0, -83.0),
    "us-west-1": Point(37.4, -122.0),
    "us-west-2": Point(45.8, -119.7),
    "us-gov-east-1": Point(40.0, -83.0),
    "us-gov-west-1": Point(45.8, -119.7),
    "ca-central-1": Point(45.5, -73.6),
    "ca-west-1": Point(51.0, -114.1),
    "mx-central-1": Point(20.6, -100.4),
    "sa-east-1": Point(-23.5, -46.6),
    "eu-west-1": Point(53.3, -6.3),
    "eu-west-2": Point(51.5, -0.1),
    "eu-west-3": Point(48.9, 2.4),
    "eu-central-1": Point(50.1, 8.7),
    "eu-central-2": Point(47.4, 8.5),
    "eu-north-1": Point(59.3, 18.1),
    "eu-south-1": Point(45.5, 9.2),
    "eu-south-2": Point(41.6, -0.9),
    "eusc-de-east-1": Point(52.4, 13.1),
    "af-south-1": Point(-33.9, 18.4),
    "me-south-1": Point(26.1, 50.6),
    "me-central-1": Point(24.5, 54.4),
    "il-central-1": Point(32.1, 34.8),
    "ap-south-1": Point(19.1, 72.9),
    "ap-south-2": Point(17.4, 78.5),
    "ap-southeast-1": Point(1.4, 103.8),
    "ap-southeast-2": Point(-33.9, 151.2),
    "ap-southeast-3": Point(-6.2, 106.8),
    "ap-southeast-4": Point(-37.8, 145.0),
    "ap-southeast-5": Point(3.1, 101.7),
    "ap-southeast-6": Point(-36.8, 174.8),
    "ap-southeast-7": Point(13.8, 100.5),
    "ap-east-1": Point(22.3, 114.2),
    "ap-east-2": Point(25.0, 121.5),
    "ap-northeast-1": Point(35.7, 139.7),
    "ap-northeast-2": Point(37.6, 127.0),
    "ap-northeast-3": Point(34.7, 135.5),
    "cn-north-1": Point(39.9, 116.4),
    "cn-northwest-1": Point(37.5, 105.2),
}


_WORDS = {"southeast": "se", "northeast": "ne", "southwest": "sw", "northwest": "nw"}
_ZONE = re.compile(r"([a-z]+[0-9])-az[0-9]{1,2}")


def _short(region: str) -> str:
    """How ids of Availability Zones call a Region: `ap-southeast-2` is `apse2`."""
    first, *words, number = region.split("-")
    return "".join([first, *(_WORDS.get(word, word[0]) for word in words), number])


_REGION_OF = {_short(region): region for region in REGIONS}


def region_of(availability_zone: str) -> str:
    """The Region of an Availability Zone, by its id; empty for what is none."""
    found = _ZONE.fullmatch(availability_zone)
    return _REGION_OF.get(found[1], "") if found else ""


def zone_in(region: str) -> str:
    """The id of an Availability Zone that a Region does not have: of a place that is in none."""
    return f"{_short(region)}-az0"


def distance_km(a: Point, b: Point) -> float:
    """The great-circle distance, by the haversine formula."""
    lat_a, lon_a, lat_b, lon_b = map(math.radians, (*a, *b))
    half = (
        math.sin((lat_b - lat_a) / 2) ** 2
        + math.cos(lat_a) * math.cos(lat_b) * math.sin((lon_b - lon_a) / 2) ** 2
    )
    return 2 * EARTH_RADIUS_KM * math.asin(min(1.0, math.sqrt(half)))


def model_rtt_ms(a: Point, b: Point) -> float:
    """A round trip in milliseconds, by distance alone."""
    return ENDS_MS + 2 * distance_km(a, b) * PATH_STRETCH / FIBRE_KM_PER_MS


class Around(NamedTuple, Generic[D]):
    """A decision, and the length of the shortest prefix around the address that shares it."""

    decision: D
    scope: int


class Partition(Generic[D]):
    """The whole address space of one family, cut into ranges that share a decision.

    Overlapping networks are de-aggregated: 10.0.0.0/8 with another 10.1.0.0/16 inside answers
    10.9.9.0 with scope 13, the shortest prefix around it that holds nothing else.

    Attributes:
        bits: of an address, 32 or 128.
    """

    def __init__(self, bits: int, networks: Mapping[Any, D], otherwise: D) -> None:
        self.bits = bits
        self._starts, self._decisions = _ranges(bits, networks, otherwise)

    def find(self, address: int) -> Around[D]:
        """The decision at an address, and its scope."""
        index = bisect_right(self._starts, address) - 1
        last = index + 1 == len(self._starts)
        before = 0 if index == 0 else self._apart(address, self._starts[index] - 1)
        after = 0 if last else self._apart(address, self._starts[index + 1])
        return Around(self._decisions[index], max(before, after))

    def map(self, decide: Callable[[D], Any]) -> "Partition[Any]":
        """The same cut with each decision replaced, and equal neighbours joined."""
        made: Partition[Any] = object.__new__(Partition)
        made.bits = self.bits
        cut = zip(self._starts, self._decisions, strict=True)
        made._starts, made._decisions = _joined((start, decide(old)) for start, old in cut)
        return made

    def samples(self) -> Mapping[D, int]:
        """The first address of each decision, in their order."""
        cut = zip(reversed(self._starts), reversed(self._decisions), strict=True)
        first = {decision: start for start, decision in cut}
        return dict(sorted(first.items(), key=lambda item: item[1]))

    def _apart(self, a: int, b: int) -> int:
        """The length of the shortest prefix around `a` that leaves `b` out."""
        return self.bits - (a ^ b).bit_length() + 1


def _ranges(bits: int, networks: Mapping[Any, D], otherwise: D) -> tuple[list[int], list[D]]:
    """Ranges in order, each with the decision of the longest network that covers it."""
    cuts: list[tuple[int, D]] = [(0, otherwise)]
    open_ends: list[tuple[int, D]] = [(1 << bits, otherwise)]
    for network in sorted(networks, key=lambda n: (int(n.network_address), n.prefixlen)):
        start = int(network.network_address)
        while open_ends[-1][0] <= start:
            end, _ = open_ends.pop()
            cuts.append((end, open_ends[-1][1]))
        cuts.append((start, networks[network]))
        open_ends.append((start + (1 << (bits - network.prefixlen)), networks[network]))
    while len(open_ends) > 1:
        end, _ = open_ends.pop()
        cuts.append((end, open_ends[-1][1]))
    return _joined((start, decision) for start, decision in cuts if start < 1 << bits)


def _joined(cuts: Iterable[tuple[int, D]]) -> tuple[list[int], list[D]]:
    starts: list[int] = []
    decisions: list[D] = []
    for start, decision in cuts:
        if starts and starts[-1] == start:
            starts.pop()
            decisions.pop()
        if not decisions or decisions[-1] != decision:
            starts.append(start)
            decisions.append(decision)
    return starts, decisions


class Atlas:
    """A table of networks and their places, with round-trip times to the AWS Regions.

    Attributes:
        rtt_ms: measured times that replace the model's, by country and Region.
    """

    def __init__(
        self,
        places: Mapping[str, Place] | Mapping[Network, Place],
        rtt_ms: Mapping[tuple[str, str], float] | None = None,
    ) -> None:
        networks = {ip_network(network): place for network, place in places.items()}
        self.rtt_ms = dict(rtt_ms or {})
        self._families = {
            version: Partition(
                bits, {n: p for n, p in networks.items() if n.version == version}, NOWHERE
            )
            for version, bits in ((4, 32), (6, 128))
        }
        self.partition = lru_cache(maxsize=1024)(self._partition)

    @classmethod
    def from_maxmind(cls, path: str | Path) -> Self:
        """The places of a MaxMind-format file (GeoLite2 City or Country, and their like).

        Raises:
            LabError: the reader is not installed, or the file cannot be read.
        """
        with maxmind.opened(path) as database:
            return cls({network: _from_record(record) for network, record in database})

    def place(self, network: Network) -> Place:
        """Where a network's first address is."""
        return self._families[network.version].find(int(network.network_address)).decision

    def samples(self) -> Mapping[Place, Network]:
        """An address in each place, and one that is nowhere known; IPv4 where a place has it."""
        found: dict[Place, Network] = {}
        for version in (4, 6):
            for place, start in self._families[version].samples().items():
                found.setdefault(place, ip_network((start, self._families[version].bits)))
        return found

    def time_ms(self, place: Place, region: str) -> float:
        """A round trip from a place to an AWS Region: measured, modelled, or infinite."""
        measured = self.rtt_ms.get((place.country, region))
        if measured is not None:
            return measured
        if place.point is None or region not in REGIONS:
            return math.inf
        return model_rtt_ms(place.point, REGIONS[region])

    def _partition(self, version: int, decide: Callable[[Place], Hashable]) -> Partition[Any]:
        """The address space cut by what `decide` says of each place; remembered."""
        return self._families[version].map(decide)


def maxmind_places(path: str | Path, networks: Iterable[Network]) -> Mapping[Network, Place]:
    """What a MaxMind-format file says of some networks: its blocks around their first addresses.

    Reads no more of the file than these, so that a file of millions costs as little as a small one.

    Raises:
        LabError: as `Atlas.from_maxmind`.
    """
    found = {}
    with maxmind.opened(path) as database:
        for network in networks:
            record, length = database.get_with_prefix_len(str(network.network_address))
            if record is not None:
                first = ip_network(network.network_address)
                found[first.supernet(new_prefix=length)] = _from_record(record)
    return found


def _from_record(record: Any) -> Place:
    """MaxMind's record (its developers' guide, GeoIP2 City) as a place."""
    subdivisions = _of(record, "subdivisions")
    first = subdivisions[0] if isinstance(subdivisions, list) and subdivisions else None
    country = _code(_of(record, "country"), "iso_code")
    at = _of(record, "location")
    latitude, longitude = _of(at, "latitude"), _of(at, "longitude")
    known = isinstance(latitude, int | float) and isinstance(longitude, int | float)
    return Place(
        country,
        ROUTE_53_CONTINENTS.get(country, _code(_of(record, "continent"), "code")),
        _code(first, "iso_code"),
        Point(latitude, longitude) if known else None,
    )


def _of(record: Any, name: str) -> Any:
    """A part of a record; None where there is none."""
    return record.get(name) if isinstance(record, dict) else None


def _code(record: Any, name: str) -> str:
    found = _of(record, name)
    return found if isinstance(found, str) else ""


# The lessons' users and resolvers, in the networks set aside for benchmarks (RFC 2544) and for
# documentation. A city is a /24, a continent a /20, the old world and the new a /16 each: where a
# resolver sends no more than a /20 or a /16, its clients are taken for those of its first city.
# What lies between the cities is nowhere.
LESSON_PLACES: Mapping[str, Place] = {
    "198.18.0.0/24": Place("DE", "EU", "", Point(50.1, 8.7)),
    "198.18.1.0/24": Place("FR", "EU", "", Point(48.9, 2.4)),
    "198.18.2.0/24": Place("GB", "EU", "", Point(51.5, -0.1)),
    "198.18.16.0/24": Place("ZA", "AF", "", Point(-33.9, 18.4)),
    "198.18.32.0/24": Place("JP", "AS", "", Point(35.7, 139.7)),
    "198.18.33.0/24": Place("IN", "AS", "", Point(19.1, 72.9)),
    "198.19.0.0/24": Place("US", "NA", "NY", Point(40.7, -74.0)),
    "198.19.1.0/24": Place("US", "NA", "CA", Point(37.4, -122.0)),
    "198.19.16.0/24": Place("BR", "SA", "", Point(-23.5, -46.6)),
    "198.19.32.0/24": Place("AU", "OC", "", Point(-33.9, 151.2)),
    "2001:db8:1::/48": Place("FR", "EU", "", Point(48.9, 2.4)),
    "2001:db8:2::/48": Place("US", "NA", "CA", Point(37.4, -122.0)),
    "2001:db8:3::/48": Place("JP", "AS", "", Point(35.7, 139.7)),
}
