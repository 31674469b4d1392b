"""How many entries Unbound's subnet cache makes of one name, and whom each of them serves.

A crowd of networks asks in random order. Every answer has to be the one that the lab has for that
network, and the queries that reach the lab are one for each block of its table that somebody asked
from. The simulated resolver is asked the same, and must fetch when Unbound fetches.

Unbound keeps no more than 100 entries for a name by default; here there are fewer.
"""

from collections import Counter
from dataclasses import replace
from ipaddress import ip_network
from random import Random

import pytest

from lab_engine import Question, RRset, Zone, serve
from lab_engine.authority.geo import Atlas, Place
from lab_engine.authority.policies import Geolocation
from lab_engine.authority.records import Client
from lab_engine.authority.recordset import RecordSet
from lab_engine.authority.state import State
from lab_engine.caches.profiles import recursive
from lab_engine.caches.resolver import Resolver

from .asking import addresses, query, scope, send

pytestmark = pytest.mark.witness

TTL = 3600
COUNTRIES = {code: f"192.0.2.{number}" for number, code in enumerate(("FR", "JP", "BR", "DE"), 1)}
# Neighbours differ in their country, so an entry that reached too far would be seen.
SIXTEENS = {f"198.{18 + i}.0.0/16": Place(code) for i, code in enumerate(COUNTRIES)}
TWENTYFOURS = {f"203.0.{112 + i}.0/24": Place(code) for i, code in enumerate([*COUNTRIES] * 2)}
HOLE = {"198.51.0.0/16": Place("FR"), "198.51.100.0/24": Place("JP")}
ATLAS = Atlas(SIXTEENS | TWENTYFOURS | HOLE)
ZONE = Zone.of(
    "shop.example",
    [
        RRset.of("plain", "A", "192.0.2.9", TTL),
        *(
            RecordSet.of(
                "geo", "A", address, TTL, policy=Geolocation(CountryCode=code), set_identifier=code
            )
            for code, address in COUNTRIES.items()
        ),
    ],
)


@pytest.fixture
def lab():
    with serve(ZONE, seed=1, state=State(atlas=ATLAS)) as server:
        yield server


@pytest.fixture
def unbound(peers, lab):
    """What Unbound says for a name and a network: addresses, scope, and whether it asked for it."""
    resolver = peers.resolver("unbound", lab, subnets=True)

    def ask(name, network):
        before = len(lab.log)
        response = send(resolver, query(f"{name}.shop.example", "A", network, recurse=True))
        return addresses(response), scope(response), len(lab.log) > before

    return ask


@pytest.fixture
def simulated(lab):
    """What a simulated Unbound says: addresses, and whether it asked for them."""
    fetched = []

    def upstream(question, now, client):
        fetched.append(client)
        return lab.authority.respond(question, client)

    resolver = Resolver(upstream, Random(1), replace(recursive("unbound"), ecs=(24, 56)))

    def ask(name, network):
        before = len(fetched)
        client = Client(ip_network(network), "ecs")
        answer = resolver.answer(Question.of(f"{name}.shop.example"), 0, client)
        return answer.addresses, len(fetched) > before

    return ask


def truth(lab, name, network):
    """The lab's reply for a network, past every cache."""
    client = Client(ip_network(network), "ecs")
    return lab.authority.respond(Question.of(f"{name}.shop.example"), client)


def crowd(blocks, each, rng):
    """So many /24 networks of each block, repeats among them, in random order."""
    networks = [
        str(rng.choice(list(ip_network(block).subnets(new_prefix=24))))
        for block in blocks
        for _ in range(each)
    ]
    return rng.sample(networks, len(networks))


@pytest.mark.parametrize(
    ("name", "blocks", "entries"),
    [
        ("geo", SIXTEENS, {16: 4}),
        ("geo", TWENTYFOURS, {24: 8}),
        ("geo", SIXTEENS | TWENTYFOURS, {16: 4, 24: 8}),
        ("plain", SIXTEENS | TWENTYFOURS, {0: 1}),
    ],
    ids=["of 16 bits", "of 24 bits", "of both", "for everybody"],
)
def test_there_is_one_entry_for_each_block(lab, unbound, name, blocks, entries):
    said = [unbound(name, network) for network in crowd(blocks, 12, Random(1))]

    assert Counter(bits for _, bits, fetched in said if fetched) == entries
    assert len(lab.log) == sum(entries.values())


def test_no_entry_answers_outside_its_scope(lab, unbound):
    """Not even where a small block lies inside a large one of another country."""
    for network in crowd([*SIXTEENS, *TWENTYFOURS, *HOLE], 15, Random(2)):
        reply = truth(lab, "geo", network)
        answer, bits, _ = unbound("geo", network)

        assert answer == reply.addresses, network
        assert bits == reply.scope, network


@pytest.mark.parametrize("seed", range(3))
def test_the_simulated_resolver_fetches_when_unbound_does(unbound, simulated, seed):
    for network in crowd([*SIXTEENS, *TWENTYFOURS, *HOLE], 8, Random(seed)):
        answer, _, fetched = unbound("geo", network)

        assert simulated("geo", network) == (answer, fetched), network
