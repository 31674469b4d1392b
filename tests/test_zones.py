"""Several zones served together."""

from random import Random

import pytest
from dns.rcode import Rcode
from dns.rdatatype import RdataType

from lab_engine.authority.plan import replies
from lab_engine.authority.policies import Geolocation
from lab_engine.authority.records import Client, Question, RRset, as_name
from lab_engine.authority.recordset import RecordSet
from lab_engine.authority.server import Authority
from lab_engine.authority.zone import Zone
from lab_engine.authority.zones import Zones
from lab_engine.errors import LabError

CLIENT = Client.at("198.51.100.7")


def zone(origin, *records):
    return Zone.of(origin, [RRset.of("www", "A", "192.0.2.1"), *records])


SHOP = zone(
    "shop.example",
    RRset.of("eu", "NS", "ns1.eu"),
    RRset.of("eu", "DS", "1 13 2 " + "00" * 32),
    RRset.of("us", "NS", "ns.elsewhere."),
)
EU = zone("eu.shop.example")
OTHER = zone("other.example")
ALL = Zones.of(SHOP, EU, OTHER)


def asked(served, name, rdtype="A"):
    (share,) = replies(Authority(served, Random(1)).plan(Question.of(name, rdtype), CLIENT))
    return share.reply


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("shop.example", SHOP),
        ("www.shop.example", SHOP),
        ("WWW.Shop.example", SHOP),
        ("eu.shop.example", EU),
        ("a.b.eu.shop.example", EU),
        ("neu.shop.example", SHOP),
        ("other.example", OTHER),
        ("example", None),
        ("another.example", None),
        (".", None),
    ],
)
def test_a_name_belongs_to_the_longest_origin_above_it(name, found):
    assert ALL.holding(as_name(name)) is found


def test_the_root_holds_what_nobody_else_does():
    root = Zone.of(".", [RRset.of("example.", "TXT", '"here"')])

    assert Zones.of(EU, root).holding(as_name("shop.example")) is root


def test_zones_come_in_the_order_given_and_the_first_of_an_origin_counts():
    again = zone("Shop.example")

    assert list(Zones.of(EU, SHOP, again, OTHER)) == [EU, SHOP, OTHER]


def test_a_zone_takes_the_place_of_the_one_with_its_origin():
    again, new = zone("EU.shop.example"), zone("new.example")

    assert list(ALL.with_(again)) == [SHOP, again, OTHER]
    assert list(ALL.with_(new)) == [SHOP, EU, OTHER, new]
    assert list(ALL) == [SHOP, EU, OTHER]


def test_an_authority_answers_for_each_of_its_zones():
    for name in ("www.shop.example", "www.eu.shop.example", "www.other.example"):
        assert asked(ALL, name).addresses == ("192.0.2.1",)


def test_the_zone_below_a_cut_answers_where_both_are_served():
    assert asked(SHOP, "www.eu.shop.example").authoritative is False
    assert asked(ALL, "eu.shop.example", "NS").authoritative
    assert asked(ALL, "www.us.shop.example").authoritative is False


def test_the_ds_of_a_zone_is_answered_by_the_one_above():
    """RFC 4035 section 3.1.4.1; without the zone above, there is no such record here."""
    assert asked(ALL, "eu.shop.example", "DS").answer[0].type is RdataType.DS
    assert asked(EU, "eu.shop.example", "DS").authority[0].name == EU.origin
    assert asked(ALL, "www.eu.shop.example", "DS").authority[0].name == EU.origin


@pytest.mark.parametrize("served", [ALL, Zones.of()])
def test_what_no_zone_holds_is_refused(served):
    assert asked(served, "www.another.example").rcode is Rcode.REFUSED


def test_the_first_zone_can_be_exchanged_for_another():
    authority = Authority(ALL, Random(1))
    new, moved = zone("shop.example"), zone("moved.example")

    authority.zone = new
    assert (authority.zone, list(authority.zones)) == (new, [new, EU, OTHER])
    authority.zone = moved
    assert list(authority.zones) == [moved, EU, OTHER]


def test_an_authority_without_zones_says_so_and_takes_one():
    authority = Authority(Zones(), Random(1))
    with pytest.raises(LabError, match="Serve at least one"):
        _ = authority.zone

    authority.zone = SHOP
    assert list(authority.zones) == [SHOP]


@pytest.mark.slow
def test_it_is_known_whether_answers_depend_on_the_client():
    somewhere = RecordSet.of("geo", "A", "192.0.2.1", policy=Geolocation("EU"), set_identifier="eu")
    geo = Zone.of("geo.example", [somewhere])

    assert not ALL.by_client
    assert ALL.with_(geo).by_client
    assert not ALL.with_(geo.changed([somewhere.completed(geo.origin)], ())).by_client
