"""The lessons' places: a city a /24, a continent a /20, a world a /16, and what is sent of them."""

from ipaddress import ip_network
from random import Random

import pytest

from lab_engine import Question, RecordSet, Zone, forward, serve
from lab_engine.authority.geo import LESSON_PLACES, Atlas
from lab_engine.authority.policies import Geolocation, Latency
from lab_engine.authority.records import Client
from lab_engine.authority.server import Authority
from lab_engine.caches.profiles import RECURSIVES
from lab_engine.caches.resolver import Resolver
from lab_engine.wire.transport import InProcess

ATLAS = Atlas(LESSON_PLACES)
CITIES = {net: place for net, place in LESSON_PLACES.items() if ip_network(net).version == 4}
ALL = ip_network("198.18.0.0/15")
# What a resolver that sends so many bits is told of each city: the first one of its block.
TOLD = {
    24: ["DE", "FR", "GB", "ZA", "JP", "IN", "US", "US", "BR", "AU"],
    20: ["DE", "DE", "DE", "ZA", "JP", "JP", "US", "US", "BR", "AU"],
    16: ["DE", "DE", "DE", "DE", "DE", "DE", "US", "US", "US", "US"],
}


def block(network, bits):
    """The network cut to so many bits."""
    return ip_network(network).supernet(new_prefix=bits)


def test_every_city_is_a_24_of_its_own_within_the_benchmark_networks():
    networks = [ip_network(each) for each in CITIES]

    assert {each.prefixlen for each in networks} == {24}
    assert all(each.subnet_of(ALL) for each in networks)
    assert len({*CITIES.values()}) == len(CITIES)


def test_a_20_is_one_continent_and_a_16_a_world_with_several():
    continents = {block(net, 20): set() for net in CITIES}
    worlds = {block(net, 16): set() for net in CITIES}
    for net, place in CITIES.items():
        continents[block(net, 20)].add(place.continent)
        worlds[block(net, 16)].add(place.continent)

    assert all(len(found) == 1 for found in continents.values())
    assert len(continents) == len({place.continent for place in CITIES.values()})
    assert [*worlds.values()] == [{"EU", "AF", "AS"}, {"NA", "SA", "OC"}]


@pytest.mark.parametrize("bits", TOLD)
def test_what_is_sent_of_a_city_is_located_as_meant(bits):
    """The city itself, a city of its continent, a city of its world."""
    found = [ATLAS.place(block(net, bits)) for net in CITIES]

    assert [place.country for place in found] == TOLD[bits]
    if bits == 24:
        assert found == [*CITIES.values()]
    if bits == 20:
        assert [p.continent for p in found] == [p.continent for p in CITIES.values()]


COUNTRIES = sorted({place.country for place in CITIES.values()})
BY_COUNTRY = Zone.of(
    "shop.example",
    [
        RecordSet.of(
            "www", "A", f"192.0.2.{at}", policy=Geolocation(CountryCode=code), set_identifier=code
        )
        for at, code in enumerate(COUNTRIES, 1)
    ],
)


@pytest.mark.parametrize("bits", TOLD)
def test_client_subnets_lead_each_city_as_far_as_they_tell(bits):
    """In packets: the forwarder's egress is in none of them."""
    with (
        serve(BY_COUNTRY, transport=InProcess) as server,
        forward(server, egress="192.0.2.53", ecs=bits, transport=InProcess) as cache,
    ):
        answers = [cache.ask("www.shop.example", subnet=net).values for net in CITIES]

    assert [COUNTRIES[int(value.rpartition(".")[2]) - 1] for (value,) in answers] == TOLD[bits]


REGIONS = ["eu-central-1", "eu-west-3", "ap-northeast-1", "ap-south-1", "us-west-1", "sa-east-1"]
BY_LATENCY = Zone.of(
    "shop.example",
    [
        RecordSet.of("www", "A", f"192.0.2.{at}", policy=Latency(name), set_identifier=name)
        for at, name in enumerate(REGIONS, 1)
    ],
)


def test_what_is_told_less_is_further_away():
    """No city is better off than with all its bits, and each step costs some of them."""

    def times(bits):
        authority = Authority(BY_LATENCY, Random(1))
        found = []
        for net, place in CITIES.items():
            reply = authority.respond(
                Question.of("www.shop.example"), Client(block(net, bits), "ecs")
            )
            region = REGIONS[int(reply.addresses[0].rpartition(".")[2]) - 1]
            found.append(ATLAS.time_ms(place, region))
        return found

    city, continent, world = times(24), times(20), times(16)

    assert all(a <= min(b, c) for a, b, c in zip(city, continent, world, strict=True))
    assert sum(city) < sum(continent) < sum(world)


def test_the_neutral_profile_differs_from_the_usual_one_by_client_subnets_alone():
    """One cache; the same answers at the same times where nobody's place matters."""
    ecs, ideal = RECURSIVES["ecs"], RECURSIVES["ideal"]
    zone = Zone.of("shop.example", [RecordSet.of("www", "A", ["192.0.2.1", "192.0.2.2"], 60)])

    def said(profile):
        authority = Authority(zone, Random(1))

        def upstream(question, now, client=None):
            return authority.respond(question, client or Client.at("192.0.2.53"))

        resolver = Resolver(upstream, Random(2), profile)
        asker = Client.at("198.18.1.7")
        return [resolver.answer(Question.of("www.shop.example"), t, asker)[:2] for t in range(200)]

    assert (ecs.ecs, ecs.fragments) == ((24, 56), 1)
    assert said(ecs) == said(ideal)
