"""PowerDNS's ALIAS over a real resolver, against the lab's mode of it: the same replies.

PowerDNS asks Unbound, Unbound asks the lab, which serves the target's zone.
"""

from random import Random

import pytest
from dns.name import from_text
from dns.rdatatype import RdataType

from lab_engine import Question, RRset, Zone, serve
from lab_engine.authority.modes import Pointer, powerdns_alias
from lab_engine.authority.records import Client
from lab_engine.authority.server import Authority
from lab_engine.wire.messages import to_reply

from .asking import query, send

pytestmark = pytest.mark.witness

ALIASES = {
    "shop.example.": "www.cdn.example.",
    "mail.shop.example.": "mail.cdn.example.",
    "gone.shop.example.": "gone.cdn.example.",
    "broken.shop.example.": "www.elsewhere.example.",
}
TEXT = """\
$ORIGIN shop.example.
@ 900 IN SOA ns1 hostmaster 1 7200 900 1209600 120
@ 900 IN NS  ns1
ns1 900 IN A 192.0.2.53
""" + "".join(f"{name} 3600 IN ALIAS {target}\n" for name, target in ALIASES.items())
SOA = RRset.of(
    "shop.example.",
    "SOA",
    "ns1.shop.example. hostmaster.shop.example. 1 7200 900 1209600 120",
    900,
)
CDN = Zone.of(
    "cdn.example",
    [
        RRset.of("www", "CNAME", "edge", 770),
        RRset.of("edge", "A", ["192.0.2.8", "192.0.2.9"], 1110),
        RRset.of("mail", "MX", "10 edge", 60),
    ],
)


@pytest.fixture(scope="module")
def powerdns(shared_peers):
    with serve(CDN, seed=1) as lab:
        resolver = shared_peers.resolver("unbound", lab, "example")
        yield shared_peers.authority(
            "pdns_server", TEXT, settings=f"resolver={resolver}\nexpand-alias=yes"
        )


def planned(name, rdtype):
    authority = Authority(CDN, Random(1))
    pointer = Pointer(from_text(name), from_text(ALIASES[name]), 3600, SOA)

    def resolve(asked, kind, client):
        return authority.respond(Question(asked, kind), client)

    return powerdns_alias(pointer, rdtype, resolve, Client.at("127.0.0.1"))


def shown(reply):
    """The rcode, the values whatever their order, and whether a cache may keep it."""
    values = sorted(text for rrset in reply.answer for text in rrset.texts)
    return reply.rcode, values, reply.ttl is not None


@pytest.mark.parametrize("name", ALIASES)
@pytest.mark.parametrize("rdtype", ["A", "AAAA", "MX"])
def test_the_mode_of_powerdns_is_powerdns(powerdns, name, rdtype):
    theirs = to_reply(send(powerdns, query(name, rdtype)))

    assert shown(theirs) == shown(planned(name, RdataType.make(rdtype)))


def test_the_ttl_is_the_resolvers_for_the_address(powerdns):
    """Not the ALIAS's 3600, nor the CNAME's 770: 1110, less the age in Unbound's cache."""
    theirs = to_reply(send(powerdns, query("shop.example.")))

    assert planned("shop.example.", RdataType.A).ttl == 1110
    assert 1050 <= theirs.ttl <= 1110
