"""A client's profile that serves many, as a layer: it remembers, polls, orders, and connects."""

import math

import pytest

from lab_engine.authority.records import RRset
from lab_engine.authority.zone import Zone
from lab_engine.simulation import Clients, Resolvers, Scenario
from lab_engine.simulation.events import engine as events
from lab_engine.simulation.parts import Layer, ScheduledChange

ONE, TWO, THREE = "192.0.2.1", "192.0.2.2", "192.0.2.3"


def behind(profile, ttl=60, addresses=(ONE, TWO, THREE), count=1, **fields):
    zone = Zone.of("shop.example", [RRset.of("www", "A", addresses, ttl)])
    usual = {
        "layers": (Layer("edge", profile, count),),
        "clients": Clients(50, 0.5),
        "resolvers": Resolvers(1),
        "duration": 600,
    }
    return Scenario(zone, "www", **(usual | fields))


def four_sigma(share, of):
    return 4 * math.sqrt(share * (1 - share) / of)


@pytest.mark.slow
def test_all_requests_meet_the_layer_and_its_misses_the_resolver():
    outcome = events.run(behind("nodelocal", count=5))

    (edge,) = outcome.levels.layers
    assert sum(edge) == outcome.total
    assert sum(outcome.levels.resolver) == edge.misses
    assert outcome.levels.resolver.misses == outcome.authority_queries


@pytest.mark.long
@pytest.mark.slow
def test_a_node_keeps_an_answer_for_half_a_minute_at_most():
    """25 requests a second: a miss each 30 s or, at the end of the copy behind it, earlier."""
    busy = events.run(behind("nodelocal", ttl=3600, duration=6000))

    assert busy.levels.layers[0].misses == pytest.approx(6000 / 30, rel=0.02)


@pytest.mark.slow
def test_an_edge_that_keeps_one_address_leads_all_to_it():
    outcome = events.run(behind("cdn-pop", bin=10))

    served = [sum(count > 0 for count in counts) for counts in zip(*outcome.requests, strict=True)]
    assert max(served) == 2
    assert sum(one == 1 for one in served) > 40


@pytest.mark.slow
def test_a_proxy_takes_turns_among_the_addresses_it_holds():
    shares = events.run(behind("envoy-strict", order="fixed")).shares()

    assert max(shares) - min(shares) < 1e-3


def test_what_polls_asks_whether_or_not_there_are_requests():
    quiet = behind("haproxy", ttl=1, clients=Clients(1, 0.001))

    assert events.run(quiet).authority_queries == pytest.approx(60, abs=1)


@pytest.mark.slow
def test_a_proxy_that_keeps_its_connection_stays_where_it_was():
    """LOGICAL_DNS: the name moves, the connection does not."""
    new = Zone.of("shop.example", [RRset.of("www", "A", TWO, 10)])
    moved = behind(
        "envoy-logical", 10, (ONE,), schedule=(ScheduledChange(60, "zone", new),), bin=60
    )

    outcome = events.run(moved)

    assert outcome.shares()[0] == 1


@pytest.mark.slow
def test_it_moves_when_its_server_dies():
    new = ScheduledChange(60, "zone", Zone.of("shop.example", [RRset.of("www", "A", TWO, 10)]))
    dies = ScheduledChange(120, "down", [ONE])

    outcome = events.run(behind("envoy-logical", 10, (ONE,), schedule=(new, dies), bin=60))

    old, moved = outcome.requests
    assert sum(old[2:]) == sum(moved[:2]) == sum(outcome.failed) == 0


@pytest.mark.slow
def test_one_that_tries_no_other_address_hands_on_the_first():
    own = {"stubborn": {"like": "cdn-pop", "keeps": 0, "tries_next": False}}
    dead = behind("stubborn", order="fixed", down=(ONE,), profiles=own)
    dead = dead.set("resolvers.profile", "frozen")

    assert sum(events.run(dead).failed) == events.run(dead).total


@pytest.mark.slow
def test_one_that_never_asks_again_is_asked_from_the_beginning_of_the_watch():
    outcome = events.run(behind("nginx-literal", ttl=5))

    assert outcome.authority_queries == 1
    assert sum(outcome.failed) == 0


@pytest.mark.slow
def test_caches_behind_a_proxy_take_what_it_would_try():
    """A resolver as the nearer layer keeps the one address that the edge hands on."""
    layers = (Layer("router", "ideal", 10), Layer("edge", "cdn-pop", 1))

    outcome = events.run(behind("cdn-pop", bin=10, layers=layers))

    router, edge = outcome.levels.layers
    assert sum(edge) == router.misses
    served = [sum(count > 0 for count in counts) for counts in zip(*outcome.requests, strict=True)]
    assert max(served) == 2


@pytest.mark.slow
def test_a_trace_tells_what_a_proxy_stores():
    fills = [
        event for event in events.run(behind("nginx"), trace=True).trace if event.kind == "fill"
    ]

    assert {event.who for event in fills} == {"resolver 0", "edge 0 of resolver 0"}
