"""Strata: every client has one place, one resolver and one profile, in the parts asked for."""

from collections import Counter

import pytest

from lab_engine.authority.records import RRset
from lab_engine.authority.zone import Zone
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
@pytest.mark.parametrize("volumes", [(), (5,), (1, 2, 3, 4, 5)])
def test_every_client_is_somewhere_and_no_resolver_is_idle(clients, volumes):
    found = strata(scenario(clients, count=1, volumes=volumes, profile={"bind": 1, "knot": 1e-6}))

    assert sum(sum(each.heads) for each in found) == clients
    assert all(head > 0 for each in found for head in each.heads)


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
