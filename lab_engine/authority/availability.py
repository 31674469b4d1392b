"""What an AWS Availability Zone lies in: its zone group, its Region, its partition, everything.

A zone is named by its id, such as `use1-az1`, which is the same zone in every account; a name such
as `us-east-1a` is not. Source: the API reference (2013-04-01), `AZAffinity`. [design] Local Zones,
such as `usw2-lax1-az1`, are none here, nor are their groups.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from ipaddress import IPv4Network, IPv6Network, ip_network

from lab_engine.authority.geo import REGIONS, Place, region_of, zone_in
from lab_engine.errors import LabError

GLOBAL = "global"
LEVELS: Mapping[str, str] = {
    "AvailabilityZone": "use1-az1",
    "AvailabilityZoneGroup": "us-east-1-zg-1",
    "Region": "us-east-1",
    "Partition": "aws",
    "Global": GLOBAL,
}
"""The types of a location from the smallest to the largest, each with an id of its form."""
PARTITIONS = {"cn-": "aws-cn", "us-gov-": "aws-us-gov", "eusc-": "aws-eusc"}
"""By how the names of their Regions begin; all others lie in `aws`."""
_GROUP = re.compile(r"([a-z0-9-]+)-zg-[1-9][0-9]?")


def partition_of(region: str) -> str:
    """The partition that a Region lies in."""
    found = (name for start, name in PARTITIONS.items() if region.startswith(start))
    return next(found, "aws")


def group_of(place: Place) -> str:
    """The zone group of a place in a zone: its own, or the first of the Region [design]."""
    return place.zone_group or f"{region_of(place.availability_zone)}-zg-1"


def location_at(place: Place, level: str) -> str:
    """The id of the location of a type that a place lies in; empty where its zone is not known."""
    region = region_of(place.availability_zone)
    if level == "Global":
        return GLOBAL
    if not region:
        return ""
    if level == "Partition":
        return partition_of(region)
    found = {"AvailabilityZone": place.availability_zone, "AvailabilityZoneGroup": group_of(place)}
    return found.get(level, region)


def in_words(place: Place) -> str:
    """From where somebody asks: the zone of a place with what it lies in."""
    if not region_of(place.availability_zone):
        return "from no known Availability Zone"
    zone, *around = (location_at(place, level) for level in list(LEVELS)[:-1])
    return f"from {zone} ({', '.join(around)})"


def group_region(zone_group: str) -> str:
    """The Region of a zone group, by its id; empty for what is none."""
    found = _GROUP.fullmatch(zone_group)
    return found[1] if found and found[1] in REGIONS else ""


def location_problems(level: str, identifier: str) -> Iterator[str]:
    """Why this is no location, as clauses."""
    if level not in LEVELS:
        yield f"LocationType {level!r} is none of {' '.join(LEVELS)}"
    elif not _is_location(level, identifier):
        yield f"LocationId {identifier!r} is no {level}, such as {LEVELS[level]}"


def _is_location(level: str, identifier: str) -> bool:
    match level:
        case "AvailabilityZone":
            return region_of(identifier) != ""
        case "AvailabilityZoneGroup":
            return group_region(identifier) != ""
        case "Region":
            return identifier in REGIONS
        case "Partition":
            return identifier in {"aws", *PARTITIONS.values()}
    return identifier == GLOBAL


def inside(locations: Iterable[tuple[str, str]]) -> Mapping[str, Place]:
    """A place in each location that is in no smaller one of these, by what to call it.

    Args:
        locations: types and ids. Nobody is in the one of everybody that is in no other.
    """
    named = dict.fromkeys(locations)
    taken = {region_of(i) or group_region(i) or i for level, i in named if level != "Partition"}
    found: dict[str, Place] = {}
    for level, identifier in named:
        region = group_region(identifier) or identifier
        if level == "Partition":
            inner = (each for each in REGIONS if partition_of(each) == identifier)
            region = next((each for each in inner if each not in taken), "")
        if level == "AvailabilityZone":
            found[identifier] = Place(availability_zone=identifier)
        elif region in REGIONS:
            group = identifier if level == "AvailabilityZoneGroup" else f"{region}-zg-0"
            found[f"elsewhere in {identifier}"] = Place(
                availability_zone=zone_in(region), zone_group=group
            )
    return found


def in_zones(zones: Mapping[str, str]) -> Mapping[IPv4Network | IPv6Network, Place]:
    """The places of networks that lie in Availability Zones, for an `Atlas`.

    Args:
        zones: the id of a zone by network, such as `{"10.0.1.0/24": "use1-az1"}`. The place is
            where the zone's Region is.

    Raises:
        LabError: a network or an id that is none.
    """
    return {_network(network): _place(zone) for network, zone in zones.items()}


def _network(text: str) -> IPv4Network | IPv6Network:
    try:
        return ip_network(text)
    except ValueError as wrong:
        raise LabError(text, "is not a network", "Write one such as 10.0.1.0/24.") from wrong


def _place(zone: str) -> Place:
    region = region_of(zone)
    if not region:
        remedy = 'Write "use1-az1", and not "us-east-1a".'
        raise LabError(zone, "is no id of an Availability Zone", remedy)
    return Place(point=REGIONS[region], availability_zone=zone)
