"""Accounts as JSON data, and back: nothing is lost, whatever they hold."""

import json
from dataclasses import dataclass, fields, replace
from datetime import UTC
from ipaddress import ip_network

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lab_engine.authority.geo import Point
from lab_engine.authority.health import CHECKER_REGIONS, HealthCheck
from lab_engine.authority.policies import (
    POLICIES,
    AzAffinity,
    CidrLocation,
    Failover,
    Geolocation,
    Geoproximity,
    IpBased,
    Latency,
    Multivalue,
    Policy,
    Simple,
    Weighted,
)
from lab_engine.authority.recordset import RecordSet
from lab_engine.authority.zone import Zone
from lab_engine.control.account import Account, Change, Check, Collection, HostedZone
from lab_engine.control.snapshot import VERSION, account_of, as_data
from lab_engine.errors import LabError
from tests.counts import LONG

ORIGIN = "shop.example."
MASTER_FILE = r"""$ORIGIN shop.example.
@ 900 IN SOA ns1 hostmaster 1 7200 900 1209600 86400
@ 172800 IN NS ns1
ns1 300 IN A 192.0.2.53
www 0 IN A 192.0.2.2
www 0 IN A 192.0.2.1
www 60 IN AAAA 2001:db8::1
*.\.\042\255\@x 2147483647 IN TXT "a\"\\\;\000\255" "" "two"
mail 300 IN MX 10 mx.example.net.
place 300 IN LOC 52 22 23.000 N 4 53 32.000 E -2.00m 0.00m 10000m 10m
odd 300 IN TYPE65280 \# 4 0A000001
new 300 IN HTTPS 1 . alpn=h2,h3 ipv4hint=192.0.2.1
ca 300 IN CAA 0 issue "ca.example.net; policy=ev"
"""
POLICY_VALUES = (
    AzAffinity("AvailabilityZone", "use1-az1"),
    AzAffinity("Global", "global"),
    Simple(),
    Weighted(0),
    Weighted(255),
    Latency("eu-west-1"),
    Failover("PRIMARY"),
    Geolocation(ContinentCode="EU"),
    Geolocation(CountryCode="US", SubdivisionCode="NY"),
    Geoproximity("eu-west-1", Bias=-99),
    Geoproximity(Coordinates=Point(48.8566, -2.352221), Bias=10),
    Multivalue(),
    IpBased(CidrLocation("c-1", "*")),
    IpBased(CidrLocation("c-1", "home", (ip_network("192.0.2.0/24"), ip_network("2001:db8::/48")))),
)

texts = st.text(max_size=20)
ids = st.text("ABCDEFGHIJ0123456789-", min_size=1, max_size=20)
identifiers = st.text(min_size=1, max_size=128).filter(str.isprintable)
moments = st.datetimes(timezones=st.just(UTC))
values = st.recursive(
    st.booleans() | st.integers() | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=5,
)


@st.composite
def record_sets(draw, number):
    """One of any policy, alone under its name."""
    name, policy = f"h{number}.{ORIGIN}", draw(st.sampled_from(POLICY_VALUES))
    identifier = "" if policy == Simple() else draw(identifiers)
    about = {"policy": policy, "set_identifier": identifier}
    if not isinstance(policy, Multivalue) and draw(st.booleans()):
        about |= {"hosted_zone_id": draw(st.just("") | ids)}
        about |= {"evaluate_target_health": draw(st.booleans())}
        return RecordSet.alias_to(name, "A", f"target.{ORIGIN}", **about)
    if policy != Simple():
        about |= {"health_check_id": draw(st.just("") | ids)}
    ttl = draw(st.integers(0, 2**31 - 1))
    return RecordSet.of(name, "A", ["192.0.2.1"], ttl, **about)


@st.composite
def hosted_zones(draw):
    count = draw(st.integers(0, 6))
    target = RecordSet.of(f"target.{ORIGIN}", "A", ["192.0.2.9", "192.0.2.8"])
    found = [draw(record_sets(number)) for number in range(count)]
    zone = Zone.of(ORIGIN, [target, *draw(st.permutations(found))])
    return HostedZone(draw(ids), zone, draw(texts), draw(texts), draw(st.integers(1, 10**6)))


@st.composite
def checks(draw):
    check = HealthCheck(
        draw(ids),
        "CALCULATED",
        draw(st.sampled_from((10, 30))),
        draw(st.integers(1, 10)),
        draw(st.booleans()),
        draw(st.booleans()),
        draw(st.permutations(CHECKER_REGIONS).map(lambda each: tuple(each[:4]))),
        tuple(draw(st.lists(ids, max_size=3))),
        draw(st.integers(0, 256)),
    )
    config = draw(st.dictionaries(texts, values, max_size=4))
    return Check(check, config, draw(texts), draw(st.integers(1, 9)))


@st.composite
def collections(draw):
    blocks = st.lists(st.sampled_from(("192.0.2.0/24", "2001:db8::/48")), max_size=3).map(tuple)
    locations = draw(st.dictionaries(ids, blocks, max_size=3))
    version = draw(st.integers(1, 9))
    return Collection(draw(ids), draw(texts), draw(texts), draw(texts), locations, version)


changes = st.builds(Change, ids, moments, texts)
accounts = st.builds(
    Account,
    hosted_zones=st.lists(hosted_zones(), max_size=2).map(lambda s: {e.id: e for e in s}),
    checks=st.lists(checks(), max_size=3).map(lambda s: {e.check.id: e for e in s}),
    collections=st.lists(collections(), max_size=3).map(lambda s: {e.id: e for e in s}),
    changes=st.lists(changes, max_size=3).map(lambda s: {e.id: e for e in s}),
    tags=st.dictionaries(st.tuples(texts, ids), st.dictionaries(texts, texts), max_size=3),
    references=st.frozensets(texts, max_size=3),
    said=st.dictionaries(ids, st.booleans(), max_size=3),
)


def through_text(account):
    return account_of(json.loads(json.dumps(as_data(account))))


def comparable(account):
    """The same, with every zone as the values it is made of; zones compare by identity."""
    zones = [
        (name, replace(each, zone=None), each.zone.origin, each.zone.forgiving, *each.zone)
        for name, each in account.hosted_zones.items()
    ]
    order = [[*getattr(account, name)] for name in ("checks", "collections", "changes")]
    return zones, order, replace(account, hosted_zones={})


def hosting(zone):
    return Account(hosted_zones={"Z1": HostedZone("Z1", zone)})


@pytest.mark.slow
@given(accounts)
@settings(max_examples=100 if LONG else 30, deadline=None)
def test_an_account_comes_back_as_it_was(account):
    assert comparable(through_text(account)) == comparable(account)


def test_the_policies_above_are_all_there_are():
    assert {type(policy) for policy in POLICY_VALUES} == set(POLICIES)


def test_what_route_53_has_no_word_for_comes_back():
    account = hosting(Zone.from_text(MASTER_FILE))

    assert comparable(through_text(account)) == comparable(account)


def test_a_text_longer_than_route_53_takes_comes_back():
    long = " ".join([f'"{"x" * 255}"'] * 20)
    account = hosting(Zone.of(ORIGIN, [RecordSet.of("t", "TXT", [long])]))

    assert comparable(through_text(account)) == comparable(account)


def test_a_forgiving_zone_comes_back():
    text = MASTER_FILE + "www 60 IN CNAME other\n"
    account = hosting(Zone.from_text(text, forgiving="rfc1034"))

    assert comparable(through_text(account)) == comparable(account)


def test_every_field_is_written():
    checked = {"hc": Check(HealthCheck("hc"), {})}
    account = replace(hosting(Zone.from_text(MASTER_FILE)), checks=checked)
    account = replace(account, collections={"c": Collection("c", "c")})

    data = as_data(account)

    assert data.keys() == {"version", *names(account)}
    for kind in ("hosted_zones", "checks", "collections"):
        assert data[kind][0].keys() == names(*getattr(account, kind).values())
    assert data["checks"][0]["check"].keys() == names(account.checks["hc"].check)


def names(value):
    return {item.name for item in fields(value)}


def test_what_comes_back_is_read_only():
    account = through_text(hosting(Zone.from_text(MASTER_FILE)))

    for name in ("hosted_zones", "checks", "collections", "changes", "tags", "said"):
        with pytest.raises(TypeError):
            getattr(account, name)["x"] = None


def test_a_newer_version_is_refused():
    data = as_data(Account()) | {"version": VERSION + 1}

    with pytest.raises(LabError, match=f"version {VERSION + 1}: is newer .* Use the release"):
        account_of(data)


@dataclass(frozen=True)
class Coin(Policy):
    """One of a learner's own."""

    name = "coin"


def test_a_policy_of_ones_own_is_refused():
    coin = RecordSet.of("www", "A", ["192.0.2.1"], policy=Coin(), set_identifier="a")
    account = hosting(Zone.of(ORIGIN, [coin]))

    with pytest.raises(LabError, match="Coin: is a policy that a state file cannot keep"):
        as_data(account)
