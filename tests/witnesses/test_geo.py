"""Answers by the client's network: gdnsd and the lab say the same, for the same scope.

The scopes are the harder half: a promise about every other client (RFC 7871 section 7.2.1).
"""

from ipaddress import ip_network

import pytest

from lab_engine import Zone, serve
from lab_engine.authority.geo import Atlas, Place
from lab_engine.authority.policies import Geolocation
from lab_engine.authority.recordset import RecordSet
from lab_engine.authority.state import State

from .asking import addresses, query, scope, send
from .programs import Address

pytestmark = pytest.mark.witness

NETS = {
    "10.0.0.0/8": "FR",
    "10.1.0.0/16": "JP",
    "192.0.2.0/25": "JP",
    "192.0.2.128/25": "JP",
    "198.51.100.0/24": "FR",
    "198.51.100.64/26": "JP",
    "203.0.113.77/32": "FR",
    "2001:db8::/32": "FR",
    "2001:db8:1::/48": "JP",
    "2001:db8:1:8000::/49": "FR",
}
COUNTRIES = {"FR": "192.0.2.11", "JP": "192.0.2.12", "*": "192.0.2.13"}
ASKED = [
    # IPv4 around 10.0.0.0/8
    "10.1.2.0/24", "10.9.9.0/24", "10.0.0.0/8", "0.0.0.0/0", "172.16.0.0/12", "8.8.8.0/24",
    "224.0.0.0/4", "128.0.0.0/1", "10.0.0.0/9", "10.1.0.0/16", "10.0.0.0/15", "10.0.0.0/16",
    "10.255.255.255/32", "11.0.0.0/8", "9.255.255.0/24", "10.1.255.255/32", "10.2.0.0/24",
    # two halves with one answer, a hole in a net, a net of one address
    "192.0.2.0/24", "192.0.2.200/32", "192.0.3.0/24", "198.51.100.0/24", "198.51.100.64/26",
    "198.51.100.100/32", "198.51.100.128/25", "198.51.101.0/24", "203.0.113.77/32",
    "203.0.113.76/32", "203.0.113.0/24", "203.0.112.0/24",
    # IPv6
    "2001:db8::/32", "2001:db8:1::/48", "2001:db8:1:8000::/56", "2001:db8:2::/48",
    "2001:db8:ffff::/48", "::/0",
]  # fmt: skip


SOME = {"172.16.0.0/12": "nobody"}  # where only the default of `www` answers, and nobody of `some`
# IPv4 addresses inside IPv6: 6to4, mapped, NAT64, and 10.1.2.3 written plainly.
INSIDE = ["2002:a01:203::/48", "::ffff:10.1.2.3/128", "64:ff9b::a01:203/128", "::a01:203/128"]
APEX = """\
$ORIGIN shop.example.
$TTL 60
@ SOA ns1 hostmaster 1 7200 900 1209600 120
@ NS ns1
ns1 A 192.0.2.53
"""


def lab(atlas):
    members = [
        RecordSet.of(name, "A", a, 60, policy=Geolocation(CountryCode=c), set_identifier=c)
        for name in ("www", "some")
        for c, a in COUNTRIES.items()
        if (name, c) != ("some", "*")
    ]
    server = serve(Zone.of("shop.example", members), seed=1)
    server.authority.state = State(atlas=atlas)
    return server


def gdnsd(peers):
    """A datacenter for each country; the first is where everybody else goes."""
    nets = "".join(f"{net} => [ {country} ]\n" for net, country in NETS.items())
    nobody = "".join(f"{net} => [ ]\n" for net in SOME)
    addresses_of = " ".join(f"{c.replace('*', 'any')} => {a}" for c, a in COUNTRIES.items())
    return peers.authority(
        "gdnsd",
        APEX + "www DYNA geoip!www\nsome DYNA geoip!some\n",
        plugins=f"""geoip => {{
  maps => {{
    www => {{ datacenters => [ any, FR, JP ], nets => {{ {nets} }} }}
    some => {{ datacenters => [ any, FR, JP ], nets => {{ {nets} {nobody} }} }}
  }}
  resources => {{
    www => {{ map => www, dcmap => {{ {addresses_of} }} }}
    some => {{ map => some, dcmap => {{ {addresses_of} }} }}
  }}
}}""",
    )


@pytest.fixture(scope="module")
def both(shared_peers):
    with lab(Atlas({net: Place(c) for net, c in NETS.items()})) as ours:
        yield ours.address, gdnsd(shared_peers)


def said(server, subnet, name="www"):
    response = send(server, query(f"{name}.shop.example", "A", subnet, recurse=True))
    return addresses(response), scope(response)


@pytest.mark.parametrize(
    ("subnet", "country", "expected"),
    [("10.1.2.0/24", "JP", 16), ("10.9.9.0/24", "FR", 13), ("10.0.0.0/8", "FR", 16)],
)
def test_a_net_within_a_net_is_left_out_of_the_scope(both, subnet, country, expected):
    """10.0.0.0/8 with 10.1.0.0/16 inside, as RFC 7871 section 7.2.1 asks for."""
    ours, theirs = (said(server, subnet) for server in both)

    assert ours == theirs == ((COUNTRIES[country],), expected)


def test_source_zero_is_answered_for_the_resolver_with_scope_zero(both):
    ours, theirs = (said(server, "0.0.0.0/0") for server in both)

    assert ours == theirs == ((COUNTRIES["*"],), 0)


@pytest.mark.parametrize("subnet", ASKED)
def test_answer_and_scope_are_those_of_gdnsd(both, subnet):
    ours, theirs = (said(server, subnet) for server in both)

    assert ours == theirs


@pytest.mark.parametrize("subnet", INSIDE)
def test_gdnsd_looks_for_ipv4_inside_ipv6(both, subnet):
    """It takes these for 10.1.2.3; Route 53 says nothing of it, and the lab leaves them IPv6."""
    (ours, _), (theirs, _) = (said(server, subnet) for server in both)

    assert (ours, theirs) == ((COUNTRIES["*"],), (COUNTRIES["JP"],))


def test_gdnsd_ties_no_answer_to_the_network(both):
    """The lab's NODATA is for everybody: RFC 7871 section 7.4."""
    ours, theirs = (said(server, "172.16.9.0/24", "some") for server in both)

    assert (ours, theirs) == (((), 0), ((), 12))


# Knot's mod-geoip, by subnet


def knotd(peers):
    choices = "".join(f"  - net: {net}\n    A: {COUNTRIES[c]}\n" for net, c in NETS.items())
    text = APEX + f"www A {COUNTRIES['*']}\n"
    return peers.authority("knotd", text, mode="subnet", choices=f"www.shop.example:\n{choices}")


@pytest.fixture(scope="module")
def knot(shared_peers):
    return knotd(shared_peers)


@pytest.mark.parametrize("subnet", ASKED)
def test_knot_gives_the_same_answers(both, knot, subnet):
    (ours, _), (theirs, _) = said(both[0], subnet), said(knot, subnet)

    assert ours == theirs


@pytest.mark.parametrize(
    ("subnet", "ours", "theirs"), [("10.9.9.0/24", 13, 8), ("8.8.8.0/24", 7, 0)]
)
def test_knots_scopes_overlap(both, knot, subnet, ours, theirs):
    """It says the block's own length, and 0 for everybody else, whatever else lies inside."""
    assert (said(both[0], subnet)[1], said(knot, subnet)[1]) == (ours, theirs)


@pytest.mark.parametrize(("upstream", "second"), [("lab", "JP"), ("knot", "FR")])
def test_what_an_overlapping_scope_costs(peers, both, knot, upstream, second):
    """Behind Unbound, the first question from 10/8 answers 10.1/16 too, if its scope says so."""
    servers = {"lab": both[0], "knot": knot}
    resolver = peers.resolver("unbound", Address(servers[upstream]), subnets=True)

    assert said(resolver, "10.9.9.0/24")[0] == (COUNTRIES["FR"],)
    assert said(resolver, "10.1.2.0/24")[0] == (COUNTRIES[second],)


# Countries from a MaxMind file

CITIES = {
    "198.51.100.0/26": ("FR", "EU"),
    "198.51.100.64/26": ("DE", "EU"),
    "203.0.113.0/25": ("US", "NA"),
    "203.0.113.128/25": ("JP", "AS"),
    "192.0.2.0/24": ("CY", "AS"),
    "2001:db8:1::/48": ("FR", "EU"),
    "2001:db8:3::/48": ("JP", "AS"),
}


@pytest.fixture(scope="module")
def maxmind(shared_peers):
    from mmdb_writer import MMDBWriter
    from netaddr import IPSet

    writer = MMDBWriter(ip_version=6, ipv4_compatible=True, database_type="GeoLite2-Country")
    for net, (country, continent) in CITIES.items():
        record = {"country": {"iso_code": country}, "continent": {"code": continent}}
        writer.insert_network(IPSet([net]), record)
    path = shared_peers.folder / "countries.mmdb"
    writer.to_db_file(str(path))
    return path


def pdns_server(peers, maxmind):
    """Its geoip backend; the country is a label of the name whose records it answers."""
    records = "".join(
        f"    {country.lower()}.by.shop.example: [ a: {address} ]\n"
        for country, address in COUNTRIES.items()
        if country != "*"
    )
    return peers.authority(
        "pdns_server",
        geoip=f"""\
domains:
- domain: shop.example
  ttl: 60
  records:
    shop.example:
      - soa: ns1.shop.example hostmaster.shop.example 1 7200 900 1209600 120
      - ns: ns1.shop.example
    place.shop.example: [ txt: "%cc %cn" ]
    any.by.shop.example: [ a: {COUNTRIES["*"]} ]
{records}
  services:
    www.shop.example: [ "%cc.by.shop.example", any.by.shop.example ]
""",
        settings=f"geoip-database-files=mmdb:{maxmind}\nedns-subnet-processing=yes",
    )


@pytest.fixture(scope="module")
def by_file(shared_peers, maxmind):
    with lab(Atlas.from_maxmind(maxmind)) as ours:
        yield ours.address, pdns_server(shared_peers, maxmind)


@pytest.mark.parametrize("subnet", [*CITIES, "198.51.100.0/24", "8.8.8.0/24", "2600::/48"])
def test_a_maxmind_file_gives_powerdns_and_the_lab_the_same_answers(by_file, subnet):
    (ours, _), (theirs, _) = (said(server, subnet) for server in by_file)

    assert ours == theirs


@pytest.mark.parametrize("subnet", CITIES)
def test_a_maxmind_file_gives_powerdns_and_the_lab_the_same_places(by_file, maxmind, subnet):
    """But for the continents that Route 53 counts otherwise: Cyprus is in its Europe."""
    place = Atlas.from_maxmind(maxmind).place(ip_network(subnet))
    response = send(by_file[1], query("place.shop.example", "TXT", subnet))

    country, continent = response.answer[0][0].strings[0].decode().split()
    assert country.upper() == place.country
    assert continent.upper() == ("AS" if country == "cy" else place.continent)
