"""RFC 7871 over UDP: what comes back with a client subnet, and how wide it holds."""

import socket
import struct

import dns.edns
import dns.flags
import dns.message
import dns.query
import pytest
from dns.rcode import Rcode

from lab_engine import LabError, RRset, Zone, serve
from lab_engine.authority.geo import Atlas, Place
from lab_engine.authority.policies import (
    CidrLocation,
    Failover,
    Geolocation,
    IpBased,
    Multivalue,
    Weighted,
)
from lab_engine.authority.recordset import RecordSet
from lab_engine.authority.state import State

EU, US, JP = Place("FR", "EU"), Place("US", "NA"), Place("JP", "AS")
ATLAS = Atlas(
    {
        "10.0.0.0/8": EU,
        "10.1.0.0/16": US,
        "198.51.100.0/24": US,
        "2001:db8::/32": EU,
        "2001:db8:1::/48": US,
        "127.0.0.0/8": JP,
        "fd00::/8": US,
    }
)
DC1, DC2, ANOTHER = "192.0.2.1", "192.0.2.2", "192.0.2.3"


def group(name, *policies):
    return [
        RecordSet.of(name, "A", f"192.0.2.{i}", 60, policy=policy, set_identifier=f"set-{i}")
        for i, policy in enumerate(policies, 1)
    ]


def by_country(*codes):
    return [Geolocation(CountryCode=code) for code in codes]


ZONE = Zone.of(
    "shop.example",
    [
        *group("geo", *by_country("FR", "US", "*")),
        *group("local", *by_country("FR")),
        *group("cidr", IpBased(CidrLocation("c", "*"))),
        *group("weighted", Weighted(1), Weighted(1)),
        *group("failover", Failover("PRIMARY"), Failover("SECONDARY")),
        *group("multi", Multivalue(), Multivalue()),
        RRset.of("static", "A", "192.0.2.9"),
        RRset.of("big", "TXT", ["x" * 250 + f"{i:02}" for i in range(10)]),
        RecordSet.of("child", "NS", "ns.elsewhere.example."),
    ],
)


def serving(**options):
    return serve(ZONE, seed=1, state=State(atlas=ATLAS), **options)


@pytest.fixture(scope="module")
def server():
    with serving() as running:
        yield running


def subnet(address, source, scope=0):
    return dns.edns.ECSOption(address, source, scope)


def raw(family, source, scope, address):
    return dns.edns.GenericOption(8, struct.pack("!HBB", family, source, scope) + address)


def ask(server, name, *options, rdtype="A", edns=0):
    query = dns.message.make_query(f"{name}.shop.example", rdtype, use_edns=edns, options=options)
    return dns.query.udp(query, "127.0.0.1", 5, server.port)


def option(response):
    """Family, source, scope and address of the one client subnet in a response."""
    (found,) = response.options
    data = found.to_wire()
    return (*struct.unpack_from("!HBB", data), data[4:])


def scope(response):
    return option(response)[2]


def addresses(response):
    return [value.to_text() for rrset in response.answer for value in rrset]


# gdnsd's vectors: nets 10.0.0.0/8 -> dc1, 10.1.0.0/16 and 198.51.100.0/24 -> dc2, else another


@pytest.mark.parametrize(
    ("client", "source", "answer", "expected"),
    [
        ("10.1.2.0", 24, DC2, 16),
        ("10.9.9.0", 24, DC1, 13),
        ("10.0.0.0", 8, DC1, 16),
        ("203.0.113.0", 24, ANOTHER, 5),
        ("198.51.100.0", 24, DC2, 24),
    ],
)
def test_gdnsds_vectors(server, client, source, answer, expected):
    """A scope is the shortest prefix around the client that holds no other answer."""
    response = ask(server, "geo", subnet(client, source))

    assert (addresses(response), scope(response)) == ([answer], expected)


def test_gdnsds_vectors_without_a_subnet_and_with_static_data(server):
    assert scope(ask(server, "geo", subnet("0.0.0.0", 0))) == 0
    assert scope(ask(server, "static", subnet("10.1.2.0", 24))) == 0


# What is malformed


@pytest.mark.parametrize(
    "malformed",
    [
        pytest.param(raw(3, 24, 0, b"\1\2\3"), id="unknown-family"),
        pytest.param(raw(0, 8, 0, b"\1"), id="family-0-with-a-source"),
        pytest.param(raw(1, 24, 0, b"\1\2\3\4"), id="too-many-octets"),
        pytest.param(raw(1, 24, 0, b"\1\2"), id="too-few-octets"),
        pytest.param(raw(1, 0, 0, b"\1"), id="an-octet-for-nothing"),
        pytest.param(raw(1, 20, 0, b"\1\2\3"), id="stray-bits"),
        pytest.param(raw(1, 33, 0, b"\1\2\3\4\0"), id="source-over-32"),
        pytest.param(raw(2, 129, 0, b"\1" * 16 + b"\0"), id="source-over-128"),
        pytest.param(raw(1, 24, 24, b"\1\2\3"), id="scope-in-a-query"),
        pytest.param(dns.edns.GenericOption(8, b"\0\1\x18"), id="shorter-than-its-fields"),
        pytest.param(dns.edns.GenericOption(8, b""), id="empty"),
    ],
)
def test_a_malformed_option_is_a_format_error_with_question_and_opt(server, malformed):
    """RFC 7871 section 6 and RFC 6891 section 7. The option itself is not returned."""
    response = ask(server, "geo", malformed)

    assert (response.rcode(), response.edns, response.options) == (Rcode.FORMERR, 0, ())
    assert (len(response.question), response.answer) == (1, [])
    assert not response.flags & dns.flags.AA


def test_two_options_are_a_format_error(server):
    twice = subnet("10.1.2.0", 24), subnet("10.9.9.0", 24)

    assert ask(server, "geo", *twice).rcode() is Rcode.FORMERR


# The option that comes back


@pytest.mark.parametrize(
    ("family", "source", "address"),
    [
        (1, 24, b"\x0a\x01\x02"),
        (1, 32, b"\x0a\x01\x02\x03"),
        (1, 20, b"\x0a\x01\x10"),
        (1, 1, b"\x80"),
        (2, 56, bytes.fromhex("20010db8000101")),
        (2, 128, bytes.fromhex("20010db8000100000000000000000001")),
        (1, 0, b""),
        (2, 0, b""),
    ],
)
def test_family_source_and_address_come_back_as_they_were(server, family, source, address):
    response = ask(server, "geo", raw(family, source, 0, address))

    found = option(response)
    assert (found[0], found[1], found[3]) == (family, source, address)


@pytest.mark.parametrize("edns", [False, 0])
def test_no_option_comes_back_that_was_not_sent(server, edns):
    assert ask(server, "geo", edns=edns).options == ()


def test_a_scope_may_be_longer_than_the_source(server):
    """Within 10/8 some clients are sent elsewhere; the resolver should ask with more bits."""
    response = ask(server, "geo", subnet("10.0.0.0", 8))

    assert option(response)[1:3] == (8, 16)


def test_ipv6(server):
    response = ask(server, "geo", subnet("2001:db8:1::", 56))

    assert (addresses(response), scope(response)) == ([DC2], 48)


def test_the_same_subnet_is_answered_alike_every_time(server):
    """The second answer is a prepared one."""
    seen = {(scope(r), *addresses(r)) for r in (ask(server, "geo", subnet("10.9.9.0", 24)),) * 3}

    assert seen == {(13, DC1)}


# No overlap


@pytest.mark.slow
def test_every_scope_block_is_answered_alike_and_none_overlaps(server):
    """Around 10.1.0.0/16 the rest of 10.0.0.0/8 is cut into prefixes without it."""
    blocks = {}
    for second in range(256):
        response = ask(server, "geo", subnet(f"10.{second}.0.0", 24))
        bits = scope(response)
        block = (bits, (10 << 24 | second << 16) >> (32 - bits))
        blocks.setdefault(block, set()).add(*addresses(response))

    assert all(len(answers) == 1 for answers in blocks.values())
    assert sorted(bits for bits, _ in blocks) == [9, 10, 11, 12, 13, 14, 15, 16, 16]


# Answers that are for everybody


@pytest.mark.parametrize("name", ["static", "weighted", "failover", "multi"])
def test_policies_that_ignore_the_client_have_scope_0(server, name):
    assert scope(ask(server, name, subnet("10.1.2.0", 24))) == 0


@pytest.mark.parametrize(
    ("name", "rdtype"), [("gone", "A"), ("geo", "AAAA"), ("local", "A"), ("www.child", "A")]
)
def test_negatives_and_referrals_have_scope_0(server, name, rdtype):
    """Section 7.4. `local` has no record for this client."""
    response = ask(server, name, subnet("198.51.100.0", 24), rdtype=rdtype)

    assert (response.answer, scope(response)) == ([], 0)


def test_a_truncated_answer_has_the_option(server):
    query = dns.message.make_query(
        "big.shop.example", "TXT", use_edns=0, options=[subnet("10.1.2.0", 24)]
    )
    response = dns.query.udp(query, "127.0.0.1", 5, server.port)

    assert response.flags & dns.flags.TC
    assert option(response)[:3] == (1, 24, 0)


# Privacy


@pytest.mark.parametrize("family", [1, 2])
def test_source_0_is_answered_for_the_resolver(server, family):
    response = ask(server, "geo", raw(family, 0, 0, b""))

    assert (response.rcode(), addresses(response)) == (Rcode.NOERROR, [ANOTHER])
    assert scope(response) == 0


def test_family_0_with_source_0_is_answered(server):
    """As BIND and PowerDNS do; dnspython cannot read what comes back, so the bytes are compared."""
    query = dns.message.make_query(
        "geo.shop.example", "A", use_edns=0, options=[raw(0, 0, 0, b"")]
    ).to_wire()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.settimeout(30)
        client.sendto(query, ("127.0.0.1", server.port))
        response = client.recv(4096)

    assert response[3] & 15 == Rcode.NOERROR
    assert response[6:8] == b"\0\1"
    assert response.endswith(struct.pack("!HHHHBB", 8, 8, 4, 0, 0, 0))


# Private networks


@pytest.fixture(scope="module")
def public_server():
    with serving(private_ecs="resolver") as running:
        yield running


@pytest.mark.parametrize(
    ("client", "source", "expected"),
    [
        ("10.1.2.0", 24, 8),
        ("172.16.5.0", 24, 12),
        ("192.168.7.0", 24, 16),
        ("fd00:1::", 48, 7),
    ],
)
def test_a_private_network_may_stand_for_its_resolver(public_server, client, source, expected):
    """Section 10: the answer is for the resolver, and for all of the private block."""
    response = ask(public_server, "geo", subnet(client, source))

    assert (addresses(response), scope(response)) == ([ANOTHER], expected)


def test_a_public_network_is_a_client_all_the_same(public_server):
    response = ask(public_server, "geo", subnet("198.51.100.0", 24))

    assert (addresses(response), scope(response)) == ([DC2], 24)


def test_what_is_for_everybody_stays_so(public_server):
    assert scope(ask(public_server, "static", subnet("10.1.2.0", 24))) == 0
    assert scope(ask(public_server, "local", subnet("10.1.2.0", 24))) == 0


def test_a_prefix_wider_than_the_private_block_is_not_private(public_server):
    assert scope(ask(public_server, "geo", subnet("10.0.0.0", 7))) != 8


def test_an_unknown_use_of_private_networks_is_refused():
    with pytest.raises(LabError, match="Choose one of ordinary, resolver"):
        serving(private_ecs="drop")
