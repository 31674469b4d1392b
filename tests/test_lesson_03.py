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
from lab_engine.course.datafile import load

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
NEAR: Final = dict.fromkeys(("Paris", "London", "Frankfurt"), "192.0.2.1") | {
    "New York": "192.0.2.2",
    "San Jose": "192.0.2.2",
    "Mumbai": "192.0.2.3",
}
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


def test_london_has_a_block_of_its_own() -> None:
    """Its neighbour is nowhere known: without a default there is nothing for it, and no scope."""
    sets = [
        RecordSet.of("www", "A", address, 60, policy=Geolocation(**where), set_identifier=name)
        for name, (address, where) in MEANT.items()
        if name != "default"
    ]
    with serve(Zone.of("shop.example", sets), seed=1) as server:
        london, beside = (
            server.ask("www.shop.example", subnet=f"198.18.{number}.0/24") for number in (2, 3)
        )

    assert london.subnet.endswith("/24/24")
    assert (beside.rcode, beside.values) == ("NOERROR", ())


def test_seven_in_ten_are_near() -> None:
    """What the card says to who expects more than 63 ms."""
    near = [city for city in cities() if city.name in NEAR]
    trips = [rtt_ms(city.network, REGIONS[NEAR[city.name]]) for city in near]

    assert sum(city.share for city in near) == pytest.approx(0.7)
    assert round(max(trips)) == WITHIN["ecs"][0]
    said = load("03_places").predict["reach"].above
    assert said.startswith("Seven in ten of the users are in Europe, North America or Mumbai, ")


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
