"""An atlas of a scenario's own: its networks, and where each of them is.

Geo answers, latencies and distances then follow it instead of the lessons' atlas. The longest
network that covers a client or a resolver counts, and what none covers is nowhere known.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import ip_network
from typing import Any, ClassVar

from lab_engine.authority.availability import group_region
from lab_engine.authority.geo import (
    REGIONS,
    Atlas,
    Network,
    Place,
    Point,
    maxmind_places,
    region_of,
)
from lab_engine.authority.state import lesson_atlas
from lab_engine.control.countries import CONTINENT_OF, STATES
from lab_engine.errors import LabError, ScenarioError
from lab_engine.simulation.parts import address, must, number


@dataclass(frozen=True)
class Site:
    """Where one network is.

    Attributes:
        network: a block of addresses, such as `10.20.0.0/16`.
        country: two letters (ISO 3166-1), such as `FR`; the continent follows from it. Empty where
            it is not known.
        subdivision: of the United States, such as `CA`; empty elsewhere.
        latitude, longitude: degrees, for distances; both or none.
        availability_zone: the id of an AWS Availability Zone, such as `use1-az1`; a network in one
            is where its Region is, unless it has degrees of its own.
        zone_group: that zone's, such as `us-east-1-zg-1`; empty for the first of its Region.
    """

    called_by: ClassVar[str] = "network"
    network: str
    country: str = ""
    subdivision: str = ""
    latitude: float | None = None
    longitude: float | None = None
    availability_zone: str = ""
    zone_group: str = ""

    def __post_init__(self) -> None:
        address("atlas.network", self.network, ip_network, "10.20.0.0/16")
        known = isinstance(self.country, str) and (not self.country or self.country in CONTINENT_OF)
        must(known, "atlas.country", self.country, "is no country's code", 'Write "FR", say.')
        state = self.subdivision == "" or (self.country == "US" and self.subdivision in STATES)
        rule = "is no state of the United States"
        remedy = 'Write country = "US" and subdivision = "CA", say.'
        must(state, "atlas.subdivision", self.subdivision, rule, remedy)
        for name, most in (("latitude", 90), ("longitude", 180)):
            if getattr(self, name) is not None:
                number(f"atlas.{name}", getattr(self, name), -most, most)
        both = (self.latitude is None) == (self.longitude is None)
        degrees = (self.latitude, self.longitude)
        must(both, "atlas", degrees, "is half a place", "Give latitude and longitude, or neither.")
        zone = self.availability_zone
        fine = zone == "" or (isinstance(zone, str) and region_of(zone) != "")
        rule = "is no id of an Availability Zone"
        must(fine, "atlas.availability_zone", zone, rule, 'Write "use1-az1", and not "us-east-1a".')
        group = self.zone_group
        theirs = isinstance(group, str) and group_region(group) == region_of(zone) != ""
        rule = "is no zone group of the Availability Zone's Region"
        remedy = 'Write "us-east-1-zg-1" for "use1-az1", say.'
        must(group == "" or theirs, "atlas.zone_group", group, rule, remedy)

    @property
    def label(self) -> str:
        """What its paths call it."""
        return self.network

    @property
    def place(self) -> Place:
        """As policies see it."""
        point = REGIONS.get(region_of(self.availability_zone))
        if self.latitude is not None and self.longitude is not None:
            point = Point(self.latitude, self.longitude)
        continent = CONTINENT_OF.get(self.country, "")
        zone, group = self.availability_zone, self.zone_group
        return Place(self.country, continent, self.subdivision, point, zone, group)


def sites(given: Any) -> tuple[Site, ...]:
    """An atlas in its normal form. Raises ScenarioError where one network stands twice."""
    listed = isinstance(given, list | tuple) and all(isinstance(each, Site) for each in given)
    must(listed, "atlas", given, "is not a list of Site", "Make them.")
    known = set()
    for network in (ip_network(each.network) for each in given):
        if network in known:
            raise ScenarioError(f"atlas {network}", "stands there twice", "Drop one of them.")
        known.add(network)
    return tuple(given)


def sites_from_maxmind(path: str, networks: Iterable[Network]) -> tuple[Site, ...]:
    """What a MaxMind-format file says of some networks, as an atlas.

    Raises:
        LabError: it is no such file, or knows none of them.
    """
    known = maxmind_places(path, networks)
    made = tuple(
        Site(str(network), place.country, place.subdivision, *(place.point or (None, None)))
        for network, place in known.items()
    )
    if not made:
        remedy = "Take places that it covers, or another file."
        raise LabError(path, "knows none of these networks", remedy)
    return made


@lru_cache(maxsize=64)
def atlas_of(known: Iterable[Site]) -> Atlas:
    """The table that policies read; the lessons' where a scenario has none of its own."""
    return Atlas({site.network: site.place for site in known}) if known else lesson_atlas()
