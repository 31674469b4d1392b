"""What lesson 03 says of round trips and questions: the packets of ten cities, and the engine."""

from itertools import accumulate
from typing import Final

import pytest

from lab_engine import (
    Backend,
    Clients,
    Geolocation,
    RecordSet,
    Resolvers,
    Scenario,
    Zone,
    cities,
    forward,
    rtt_ms,
    run,
    serve,
)

REGIONS: Final = {
    "192.0.2.1": "eu-west-1",
    "192.0.2.2": "us-east-1",
    "192.0.2.3": "ap-southeast-1",
}
MEANT: Final = {
    "Europe": ("192.0.2.1", {"ContinentCode": "EU"}),
    "North America": ("192.0.2.2", {"ContinentCode": "NA"}),
    "Asia": ("192.0.2.3", {"ContinentCode": "AS"}),
    "default": ("192.0.2.1", {"CountryCode": "*"}),
}
WITHIN: Final = {"ideal": (103, 168, 198), "ecs": (63, 85, 155)}
LEVELS: Final = (0.5, 0.75, 0.95)


@pytest.fixture(scope="module")
def zone() -> Zone:
    """The lesson's, with a default."""
    sets = [
        RecordSet.of("www", "A", address, 60, policy=Geolocation(**where), set_identifier=name)
        for name, (address, where) in MEANT.items()
    ]
    return Zone.of("shop.example", sets)


@pytest.mark.parametrize("profile", WITHIN)
def test_round_trips_by_packets(zone: Zone, profile: str) -> None:
    """Each city asks through New York and is led somewhere: how far, weighed by its clients."""
    trips = []
    with serve(zone, seed=1) as server:
        for city in cities():
            with forward(server, profile=profile, egress="198.19.0.53") as resolver:
                address = resolver.ask("www.shop.example", subnet=city.network).values[0]
            trips.append((rtt_ms(city.network, REGIONS[address]), city.share))
    trips.sort()
    sums = list(accumulate(share for _, share in trips))
    found = [next(ms for (ms, _), s in zip(trips, sums, strict=True) if s >= p) for p in LEVELS]

    assert [round(ms) for ms in found] == list(WITHIN[profile])


@pytest.mark.slow
@pytest.mark.parametrize("profile", WITHIN)
def test_round_trips_by_simulation(zone: Zone, profile: str) -> None:
    """The same numbers, as the lesson's cell prints them."""
    shop = Scenario(
        zone,
        "www",
        clients=Clients(1000, rate=0.01),
        resolvers=Resolvers(10, profile=profile),
        places=cities("firm"),
        backends=[Backend(address, region) for address, region in REGIONS.items()],
    )

    assert [round(ms) for ms in run(shop).rtt_ms(*LEVELS)] == list(WITHIN[profile])
