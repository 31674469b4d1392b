"""A scenario's own atlas: who is where decides answers, distances and times, in both engines."""

import math

import pytest

from lab_engine.authority.geo import REGIONS, region_of
from lab_engine.authority.policies import Geolocation, Latency
from lab_engine.authority.recordset import RecordSet
from lab_engine.authority.zone import Zone
from lab_engine.errors import ScenarioError
from lab_engine.simulation import Clients, Scenario, run
from lab_engine.simulation.parts import Backend, Place
from lab_engine.simulation.sites import Site

EUROPE, AMERICA, OTHERS = "192.0.2.1", "192.0.2.2", "192.0.2.3"
WHERE = {
    EUROPE: Geolocation(ContinentCode="EU"),
    AMERICA: Geolocation(CountryCode="US"),
    OTHERS: Geolocation(CountryCode="*"),
}
ENGINES = ("events", "population")


def geo(**fields):
    sets = [
        RecordSet.of("www", "A", [address], 60, policy=policy, set_identifier=address)
        for address, policy in WHERE.items()
    ]
    zone = Zone.of("shop.example", sets)
    return Scenario(zone, "www", clients=Clients(40), duration=600, **fields)


def reached(outcome):
    counts = zip(outcome.addresses, map(sum, outcome.requests), strict=True)
    return {address for address, count in counts if count}


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(
    ("sites", "server"),
    [
        ([Site("10.0.0.0/8", "FR")], EUROPE),
        ([Site("10.0.0.0/8", "US", "CA")], AMERICA),
        ([Site("10.0.0.0/8", "FR"), Site("10.2.0.0/16", "US")], AMERICA),
        ([Site("10.0.0.0/8", "US"), Site("10.2.0.0/16")], OTHERS),
        ([Site("192.168.0.0/16", "US")], OTHERS),
        ([], OTHERS),
    ],
)
def test_answers_follow_the_longest_network_of_the_atlas(engine, sites, server):
    one = geo(places=[Place("10.2.3.0/24")], atlas=sites)

    assert reached(run(one, engine)) == {server}


def test_an_own_atlas_stands_instead_of_the_lessons():
    paris = geo(places=[Place("198.18.1.0/24")])
    moved = paris.set("atlas", [Site("198.18.1.0/24", "US")])

    assert reached(run(paris)) == {EUROPE}
    assert reached(run(moved)) == {AMERICA}


@pytest.mark.parametrize("engine", ENGINES)
def test_client_subnets_are_looked_up_there_too(engine):
    """One resolver in France that tells where its clients are."""
    sites = [Site("10.0.0.0/25", "FR"), Site("10.0.1.0/24", "US"), Site("192.0.2.0/24", "FR")]
    one = geo(places=[Place("10.0.0.0/23", egress="192.0.2.53")], atlas=sites)

    assert reached(run(one, engine)) == {EUROPE}
    told = run(one.set("resolvers.profile", "google-like"), engine)
    assert reached(told) == {EUROPE, AMERICA}


@pytest.mark.parametrize("engine", ENGINES)
def test_a_network_in_an_availability_zone_is_where_its_region_is(engine):
    regions = {"192.0.2.1": "eu-west-1", "192.0.2.2": "us-east-1"}
    sets = [
        RecordSet.of("www", "A", [address], 60, policy=Latency(region), set_identifier=region)
        for address, region in regions.items()
    ]
    one = Scenario(
        Zone.of("shop.example", sets),
        "www",
        clients=Clients(40),
        places=[Place("10.0.0.0/24")],
        atlas=[Site("10.0.0.0/16", availability_zone="use1-az4")],
        backends=[Backend(*each) for each in regions.items()],
        duration=600,
    )

    outcome = run(one, engine)
    assert reached(outcome) == {"192.0.2.2"}
    assert outcome.distance_km(1.0) == (0.0,)


def test_degrees_come_before_those_of_the_region():
    site = Site("10.0.0.0/16", latitude=48.9, longitude=2.4, availability_zone="use1-az4")

    assert site.place.point == (48.9, 2.4)
    assert site.place.availability_zone == "use1-az4"


def test_a_place_that_no_network_covers_has_no_distance():
    one = geo(
        places=[Place("10.0.0.0/24")],
        atlas=[Site("10.1.0.0/16", "FR")],
        backends=[Backend(OTHERS, "eu-west-1")],
    )

    assert all(math.isnan(trip.km) for trip in run(one).trips)


def test_every_region_has_zones_of_its_own():
    found = {region_of(f"{short}-az1") for short in ("use1", "euw3", "apse2", "apne1", "usgw1")}

    assert found == {"us-east-1", "eu-west-3", "ap-southeast-2", "ap-northeast-1", "us-gov-west-1"}
    assert found < set(REGIONS)


def test_a_slider_may_move_a_network():
    one = geo(atlas=[Site("10.0.0.0/8", "FR", latitude=48.9, longitude=2.4)])

    moved = one.set("atlas.10.0.0.0/8.country", "US")
    assert moved.atlas[0].country == "US"
    assert moved.get("atlas.10.0.0.0/8.latitude") == 48.9


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"network": "10.0.0.1/8"}, r"atlas.network '10.0.0.1/8': is refused"),
        ({"network": 7}, r"atlas.network 7: is no text"),
        ({"country": "France"}, r"atlas.country 'France': is no country's code"),
        ({"country": None}, r"atlas.country None"),
        ({"subdivision": "CA"}, r"atlas.subdivision 'CA': is no state"),
        ({"country": "US", "subdivision": "Paris"}, r"atlas.subdivision 'Paris'"),
        ({"latitude": 91, "longitude": 0}, r"atlas.latitude 91: is not a number from -90 to 90"),
        ({"latitude": 48.9}, r"atlas \(48.9, None\): is half a place"),
        ({"latitude": 0, "longitude": math.nan}, r"atlas.longitude nan"),
        ({"availability_zone": "us-east-1a"}, r"'us-east-1a': is no id .* \"use1-az1\""),
        ({"availability_zone": "xyz9-az1"}, r"'xyz9-az1': is no id"),
        ({"availability_zone": 3}, r"atlas.availability_zone 3"),
        ({"zone_group": "us-east-1-zg-1"}, r"atlas.zone_group .* is no zone group of the"),
        ({"availability_zone": "use1-az1", "zone_group": "eu-west-1-zg-1"}, r"atlas.zone_group"),
        ({"availability_zone": "use1-az1", "zone_group": "us-east-1"}, r"atlas.zone_group"),
        ({"availability_zone": "use1-az1", "zone_group": 1}, r"atlas.zone_group 1"),
    ],
)
def test_a_network_that_is_nowhere_possible_is_refused(given, said):
    with pytest.raises(ScenarioError, match=said):
        Site(**{"network": "10.0.0.0/8", **given})


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (["10.0.0.0/8"], "is not a list of Site"),
        (None, "is not a list of Site"),
        ([Site("10.0.0.0/8"), Site("10.0.0.0/8", "FR")], "atlas 10.0.0.0/8: stands there twice"),
    ],
)
def test_an_atlas_is_a_list_of_different_networks(given, said):
    with pytest.raises(ScenarioError, match=said):
        geo(atlas=given)
