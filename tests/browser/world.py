"""A world for the map, so that it can be driven without a lesson; copied beside the notebooks."""

from lab_engine import (
    Backend,
    Clients,
    Geolocation,
    RecordSet,
    Resolvers,
    Scenario,
    Zone,
    cities,
)

SERVERS = {"EU": "192.0.2.1", "NA": "192.0.2.2", "AS": "192.0.2.3"}
REGIONS = {"EU": "eu-west-1", "NA": "us-east-1", "AS": "ap-southeast-1"}


def by_continent(resolver: str = "firm", profile: str = "ideal") -> Scenario:
    """Ten cities, three servers, Europe's for the rest of the world."""
    sets = [
        RecordSet.of(
            "www", "A", address, 300, policy=Geolocation(ContinentCode=code), set_identifier=code
        )
        for code, address in SERVERS.items()
    ]
    rest = Geolocation(CountryCode="*")
    sets.append(RecordSet.of("www", "A", SERVERS["EU"], 300, policy=rest, set_identifier="default"))
    return Scenario(
        Zone.of("shop.example", sets),
        "www",
        clients=Clients(60, rate=0.01),
        resolvers=Resolvers(10, profile=profile),
        places=cities(resolver),
        backends=tuple(Backend(SERVERS[code], region) for code, region in REGIONS.items()),
    )
