"""The forwarder: the simulated resolver between real packets, and where it is seen."""

from dataclasses import replace
from random import Random

import dns.edns
import dns.message
import pytest

from lab_engine import Clock, LabError, Question, RecordSet, RRset, State, Zone, forward, serve
from lab_engine.authority.geo import Atlas, Place
from lab_engine.authority.order import Order
from lab_engine.authority.policies import Geolocation
from lab_engine.authority.records import Client
from lab_engine.authority.server import Authority
from lab_engine.caches.profiles import RECURSIVES
from lab_engine.caches.resolver import Resolver
from lab_engine.wire.ecs import network_of
from lab_engine.wire.transport import InProcess
from tests.counts import LONG, long_but

PARIS, TOKYO, VIRGINIA = "198.18.1.0/24", "198.18.2.0/24", "198.18.3.0/24"
TOKYO_6 = "2001:db8:2::/56"
ATLAS = Atlas({PARIS: Place("FR"), TOKYO: Place("JP"), VIRGINIA: Place("US"), TOKYO_6: Place("JP")})
STATE = State(atlas=ATLAS)
COUNTRIES = {"FR": "192.0.2.1", "JP": "192.0.2.2", "US": "192.0.2.3"}
ZONE = Zone.of(
    "shop.example",
    [
        RRset.of("www", "A", ["192.0.2.1", "192.0.2.2", "192.0.2.3"], 60),
        RRset.of("short", "A", ["192.0.2.1", "192.0.2.2"], 3),
        RRset.of("long", "A", ["192.0.2.1", "192.0.2.2"], 1_000_000),
        *(
            RecordSet.of(
                "geo", "A", value, 60, policy=Geolocation(CountryCode=code), set_identifier=code
            )
            for code, value in COUNTRIES.items()
        ),
    ],
)


@pytest.fixture
def server():
    with serve(ZONE, order="cyclic", state=STATE) as running:
        yield running


def seen(server):
    """From where the last question came."""
    return server.log[-1].peer.address


@pytest.mark.slow
@pytest.mark.parametrize("ecs", long_but([None, 24], 24))
@pytest.mark.parametrize("profile", RECURSIVES)
def test_every_profile_does_what_it_does_in_the_simulations(profile, ecs):
    """The same questions at the same times by the same dice: the same answers, to the second."""
    rng, times, fetched = Random(1), [], []
    for _ in range(150 if LONG else 70):
        times.append((times[-1] if times else 0.3) + rng.expovariate(0.5))
    names = [f"{rng.choice(['www', 'short', 'long', 'geo', 'gone'])}.shop.example" for _ in times]
    subnets = [rng.choice([PARIS, TOKYO, TOKYO_6, "0.0.0.0/0"]) for _ in times]
    authority = Authority(ZONE, Random(2), Order.CYCLIC, STATE)

    def upstream(question, now, client=None):
        fetched.append((question, client))
        where = client if client and client.network.prefixlen else Client.at("198.18.3.9")
        return authority.respond(question, where)

    like = RECURSIVES[profile] if ecs is None else replace(RECURSIVES[profile], ecs=(24, 56))
    simulated = Resolver(upstream, Random(3), like)
    clock = Clock()
    with (
        serve(ZONE, order="cyclic", state=STATE, transport=InProcess) as server,
        forward(
            server,
            profile=profile,
            ecs=ecs,
            egress="198.18.3.9",
            seed=3,
            clock=clock,
            transport=InProcess,
        ) as cache,
    ):
        for now, name, subnet in zip(times, names, subnets, strict=True):
            clock.wait(now - clock.now)
            got = cache.ask(name, subnet=subnet)
            reply = simulated.resolve(Question.of(name), clock.now, Client(network_of(subnet)))

            assert (got.rcode, got.values, got.ttl) == (
                reply.rcode.name,
                reply.addresses,
                min((rrset.ttl for rrset in reply.answer), default=None),
            )
        assert len(server.log) == len(fetched)


def test_the_authority_sees_the_egress(server):
    with forward(server, egress="198.18.1.53") as cache:
        assert cache.ask("geo.shop.example").values == (COUNTRIES["FR"],)

    assert seen(server) == "198.18.1.53"


def test_without_an_egress_a_forwarder_is_nowhere(server):
    with forward(server) as cache:
        assert cache.ask("geo.shop.example").values == ()

    assert seen(server) == "127.0.0.1"


def test_without_ecs_the_egress_decides_for_every_client(server):
    """And nothing is said of the client's network, either way."""
    with forward(server, egress="198.18.3.53", profile="unbound") as cache:
        answers = [cache.ask("geo.shop.example", subnet=where) for where in (PARIS, TOKYO)]

    assert {each.values for each in answers} == {(COUNTRIES["US"],)}
    assert {each.subnet for each in answers} == {""}
    assert len(server.log) == 1


def test_with_ecs_the_client_subnet_decides(server):
    with forward(server, egress="198.18.3.53", profile="unbound", ecs=24) as cache:
        answers = [
            cache.ask("geo.shop.example", subnet=where)
            for where in (PARIS, TOKYO, VIRGINIA, "198.18.2.128/25", TOKYO_6, PARIS)
        ]

    codes = ("FR", "JP", "US", "JP", "JP", "FR")
    assert [each.values for each in answers] == [(COUNTRIES[code],) for code in codes]
    assert [each.subnet for each in answers][:2] == ["198.18.1.0/24/24", "198.18.2.0/24/24"]
    assert len(server.log) == 4  # of FR and JP there are entries, by their scope


def test_a_client_that_names_no_network_is_beside_its_resolver(server):
    with forward(server, egress="198.18.3.53", ecs=24) as cache:
        answer = cache.ask("geo.shop.example")

    assert (answer.values, answer.subnet) == ((COUNTRIES["US"],), "")


def test_who_asks_for_privacy_is_answered_for_the_egress(server):
    """RFC 7871 section 7.1.2: no more is told than the client told."""
    with forward(server, egress="198.18.1.53", ecs=24) as cache:
        answer = cache.ask("geo.shop.example", subnet="0.0.0.0/0")

    assert (answer.values, answer.subnet) == ((COUNTRIES["FR"],), "0.0.0.0/0/0")


@pytest.mark.parametrize(
    ("ecs", "sent"), [(24, "198.18.1.0/24"), (20, "198.18.0.0/20"), ((16, 48), "198.18.0.0/16")]
)
def test_no_more_is_sent_than_was_said(ecs, sent):
    """What the upstream is asked, octet for octet."""
    wires = []

    class Silent:
        address = "silent"

        def carry(self, wire, *, stream, timeout):
            wires.append(wire)
            raise TimeoutError

    with forward(Silent(), ecs=ecs, transport=InProcess) as cache:
        cache.ask("geo.shop.example", subnet="198.18.1.7")

    (option,) = dns.message.from_wire(wires[0]).options
    assert f"{option.address}/{option.srclen}" == sent


def test_the_octets_are_those_of_packets(server):
    """Handed over in the process or sent over sockets, the answer is the same but for the place."""
    wire = dns.message.make_query("www.shop.example", "A").to_wire()
    first = server.carry(wire, stream=False, timeout=5)
    with serve(ZONE, order="cyclic", state=STATE) as other:
        handed = other.carry(wire, stream=False, timeout=5, source=("198.18.1.53", 0))

    assert handed == first


def test_a_forwarder_may_stand_behind_another(server):
    """A firm's forwarder in Paris, and a resolver in Virginia that sends client subnets."""
    with (
        forward(server, egress="198.18.3.53", ecs=24) as resolver,
        forward(resolver, egress="198.18.1.53") as office,
    ):
        assert office.ask("geo.shop.example").values == (COUNTRIES["FR"],)


@pytest.fixture
def cluster():
    """The caches between a pod and the authority, with a clock."""
    clock, zone = Clock(), Zone.of("shop.example", [RRset.of("www", "A", ["192.0.2.1"], 300)])
    with (
        serve(zone, transport=InProcess) as authority,
        forward(authority, profile="unbound", clock=clock, transport=InProcess) as resolver,
        forward(resolver, profile="coredns", seed=1, clock=clock, transport=InProcess) as coredns,
        forward(coredns, profile="nodelocal", seed=1, clock=clock, transport=InProcess) as node,
    ):
        yield clock, authority, coredns, node


def addressed(ttl, *addresses):
    return Zone.of("shop.example", [RRset.of("www", "A", addresses, ttl)])


@pytest.mark.slow
def test_a_cap_near_the_clients_hastens_no_change(cluster):
    """300 s of the resolver's copy, and the 5 s for which CoreDNS keeps its last rest."""
    clock, authority, _, node = cluster
    first = node.ask("www.shop.example")
    authority.zone = addressed(300, "192.0.2.9")
    while node.ask("www.shop.example").values == first.values:
        clock.wait(1)

    assert first.ttl == 30
    assert 300 <= clock.now <= 310


@pytest.mark.parametrize(("ttl", "told"), [(0, 5), (5, 5), (20, 20), (3600, 30)])
def test_a_node_keeps_answers_between_5_and_30_seconds(cluster, ttl, told):
    _, authority, _, node = cluster
    authority.zone = addressed(ttl, "192.0.2.1")

    assert node.ask("www.shop.example").ttl == told


@pytest.mark.slow
def test_coredns_shuffles_and_the_node_repeats(cluster):
    _, authority, coredns, node = cluster
    authority.zone = addressed(300, "192.0.2.1", "192.0.2.2", "192.0.2.3")

    orders = [{each.ask("www.shop.example").values for _ in range(100)} for each in (coredns, node)]
    assert [len(found) for found in orders] == [6, 1]


def test_a_forwarder_says_what_it_is(server):
    with forward(server, profile="unbound", egress="198.18.3.53") as cache:
        assert cache.about == f"Forwarder to {server.address}, unbound, seen as 198.18.3.53"


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"profile": "unbund"}, "unbund: is no resolver profile"),
        ({"egress": "somewhere"}, "somewhere: is not an IP address"),
        ({"ecs": 33}, "ecs .33, 56.: breaks the profile"),
        ({"ecs": -1}, "breaks the profile"),
    ],
)
def test_what_cannot_be_is_refused(server, given, message):
    with pytest.raises(LabError, match=message):
        forward(server, **given)


def test_an_egress_needs_the_server_itself(server):
    with pytest.raises(LabError, match=r"198\.18\.1\.53: can be the egress only towards a server"):
        forward(server.address, egress="198.18.1.53")


def test_an_address_is_judged_before_anybody_asks():
    with pytest.raises(LabError, match="localhost: is not HOST:PORT"):
        forward("localhost")


@pytest.mark.parametrize(
    ("subnet", "told"),
    [
        ("198.18.1.0/24", "198.18.1.0/24/24"),
        ("198.18.1.77/24", "198.18.1.0/24/24"),
        ("198.18.1.77", "198.18.1.77/32/24"),
        ("2001:db8:2::/48", "2001:db8:2::/48/56"),
        ("0.0.0.0/0", "0.0.0.0/0/0"),
    ],
)
def test_a_server_is_asked_for_a_client(server, subnet, told):
    exchange = server.ask("geo.shop.example", subnet=subnet)

    assert exchange.subnet == told
    assert f"\n; CLIENT-SUBNET: {told}\n" in str(exchange)
    assert f"client subnet {told}" in exchange._repr_html_()


@pytest.mark.parametrize("subnet", ["198.18.1.0/33", "198.18.1.300/24", "Paris", ""])
def test_a_client_that_is_none_is_refused(server, subnet):
    with pytest.raises(LabError, match="is not a network"):
        server.ask("geo.shop.example", subnet=subnet)


def test_short_is_what_dig_calls_so(server):
    server.zone = server.zone.replaced(RRset.of("alias", "CNAME", "short"))

    assert server.ask("alias.shop.example").short().splitlines() == [
        "short.shop.example.",
        "192.0.2.1",
        "192.0.2.2",
    ]
    assert server.ask("gone.shop.example").short() == ""
