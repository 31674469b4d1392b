"""Strata: every client has one place, one resolver and one profile, in the parts asked for."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab_engine.authority.records import RRset
from lab_engine.authority.zone import Zone
from lab_engine.errors import ScenarioError
from lab_engine.simulation import Clients, Resolvers, Scenario
from lab_engine.simulation.parts import Place
from lab_engine.simulation.strata import profile_of, strata

ZONE = Zone.of("shop.example", [RRset.of("www", "A", "192.0.2.1", 60)])
HERE, THERE = Place("198.51.100.0/24", 3), Place("203.0.113.0/24", 1)


def scenario(clients, **resolvers):
    return Scenario(
        ZONE,
        "www",
        clients=Clients(clients),
        resolvers=Resolvers(**resolvers),
        places=(HERE, THERE),
    )


def test_clients_are_divided_by_place_and_profile():
    found = strata(scenario(800, count=40, profile={"bind": 3, "unbound": 1}))

    assert [(each.place, each.profile, sum(each.heads)) for each in found] == [
        (HERE, "bind", 450),
        (HERE, "unbound", 150),
        (THERE, "bind", 150),
        (THERE, "unbound", 50),
    ]


def test_so_are_resolvers():
    found = strata(scenario(8000, count=40, skew=0, profile={"bind": 3, "unbound": 1}))

    assert [len(each.heads) for each in found] == [23, 8, 7, 2]


@pytest.mark.parametrize("clients", [1, 2, 5, 1000])
@pytest.mark.parametrize("volumes", [(), (5,), (5, 4), (1, 2, 3, 4, 5)])
@pytest.mark.parametrize("count", [1, 2, 3, 20])
def test_every_client_is_somewhere_and_no_resolver_is_idle(clients, volumes, count):
    one = scenario(clients, count=count, volumes=volumes, profile={"bind": 1, "knot": 1e-6})

    found = strata(one)
    assert sum(sum(each.heads) for each in found) == clients
    assert all(head > 0 for each in found for head in each.heads)
    assert len({n for each in found for n in each.resolvers}) <= (len(volumes) or count)


COUNTS = st.integers(1, 12)
MIXES = st.sampled_from(["bind", {"bind": 3, "unbound": 1}, {"bind": 1, "unbound": 1, "knot": 1}])


@given(st.lists(st.integers(1, 9), min_size=1, max_size=4), MIXES, COUNTS, st.booleans())
def test_there_are_as_many_resolvers_as_asked_for(shares, profile, count, measured):
    """With clients enough for each of them; too few for all places and profiles are refused."""
    places = [Place(f"198.51.100.{16 * at}/28", share) for at, share in enumerate(shares)]
    volumes = (1.0,) * count if measured else ()
    given = Resolvers(count, 0, profile, volumes)
    least = len(places) * len(given.profile)
    if count == 1 and len(given.profile) == 1:
        least = 1
    asked = {"clients": Clients(10_000), "resolvers": given, "places": places}
    if count < least:
        with pytest.raises(ScenarioError, match=r"fewer than|is one resolver"):
            Scenario(ZONE, "www", **asked)
        return

    found = strata(Scenario(ZONE, "www", **asked))
    assert len({n for each in found for n in each.resolvers}) == count


def test_one_resolver_is_everybodys():
    found = strata(scenario(800, count=1))

    assert [(each.heads, each.resolvers) for each in found] == [((600,), (0,)), ((200,), (0,))]
    assert {each.peer for each in found} == {HERE.peer}


def test_places_that_name_a_resolver_share_it_and_the_others_have_theirs():
    places = [
        Place("198.51.100.0/26", resolver="google"),
        Place("198.51.100.64/26", 2),
        Place("198.51.100.128/26", resolver="google"),
        Place("198.51.100.192/26", resolver="quad9", egress="192.0.2.9"),
    ]
    found = strata(
        Scenario(ZONE, "www", clients=Clients(500), resolvers=Resolvers(2, skew=0), places=places)
    )

    assert [each.resolvers for each in found] == [(0,), (1, 2), (0,), (3,)]
    assert [each.heads for each in found] == [(100,), (100, 100), (100,), (100,)]
    assert found[0].peer == found[2].peer == places[0].peer
    assert [each.name for each in found] == ["google", "", "google", "quad9"]


@pytest.mark.parametrize(
    ("different", "said"),
    [
        ({"egress": "192.0.2.7"}, "different egress: '', '192.0.2.7'"),
        ({"authority_ms": 7}, "different authority_ms: 50.0, 7"),
        ({"resolver_profile": "bind"}, "different profile: 'ideal', 'bind'"),
        (
            {"resolver_profile": {"bind": 1, "knot": 1}},
            "different profile: 'ideal', 'bind', 'knot'",
        ),
    ],
)
@pytest.mark.parametrize("name", ["google", ""])
def test_one_resolver_is_not_two(different, said, name):
    places = [Place(resolver=name), Place("203.0.113.0/24", resolver=name, **different)]

    with pytest.raises(ScenarioError, match=f"is one resolver, and its places have {said}"):
        Scenario(ZONE, "www", resolvers=Resolvers(1), places=places)


def test_fewer_resolvers_than_places_are_refused():
    with pytest.raises(ScenarioError, match=r"^resolvers.count 2: are fewer than the 3 places"):
        Scenario(ZONE, "www", resolvers=Resolvers(2), places=(HERE, THERE, Place("192.0.2.0/24")))
    with pytest.raises(ScenarioError, match=r"^resolvers.volumes 3: are fewer than the 4 places"):
        scenario(100, volumes=(5, 6, 0, 7), profile={"bind": 1, "knot": 1})


def test_places_have_rates_and_mixes_of_their_own():
    places = [
        Place(rate=3, client_profile="jvm", resolver_profile={"bind": 1, "knot": 3}),
        Place("203.0.113.0/24", 1),
    ]

    found = strata(Scenario(ZONE, "www", clients=Clients(80, 0.5), places=places))
    assert [(each.profile, sum(each.heads), each.rate) for each in found] == [
        ("bind", 10, 3),
        ("knot", 30, 3),
        ("ideal", 40, 0.5),
    ]
    assert [each.mix for each in found] == [(("jvm", 1),)] * 2 + [(("none", 1),)]


def test_volumes_are_of_queries_so_faster_clients_bring_more():
    places = [Place(rate=3), Place("203.0.113.0/24", rate=1)]
    one = Scenario(
        ZONE, "www", clients=Clients(200), places=places, resolvers=Resolvers(volumes=(3, 3, 2))
    )

    assert [len(each.heads) for each in strata(one)] == [2, 1]


def test_measured_volumes_shape_the_crowds():
    place = Scenario(
        ZONE, "www", clients=Clients(100), resolvers=Resolvers(volumes=(10, 0, 60, 30))
    )

    assert [each.heads for each in strata(place)] == [(60, 30, 10)]


def test_measured_volumes_are_dealt_out_to_the_places():
    found = strata(scenario(400, volumes=(30, 25, 25, 20)))

    assert [sum(each.heads) for each in found] == [300, 100]
    assert sorted(len(each.heads) for each in found) == [1, 3]


def test_every_stretch_of_clients_is_mixed():
    mix = (("jvm", 0.25), ("chrome", 0.75))

    for start in (0, 1000, 77_777):
        counts = Counter(profile_of(member, mix) for member in range(start, start + 100))
        assert abs(counts["jvm"] - 25) <= 2
