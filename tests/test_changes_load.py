"""Zones from the AWS CLI's JSON: change batches, lists of record sets, blocks, and mistakes."""

import copy
import json
from contextlib import suppress
from ipaddress import ip_network
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab_engine.authority import cidr
from lab_engine.authority.apitext import decimal_escapes
from lab_engine.authority.availability import LEVELS
from lab_engine.authority.geo import Point
from lab_engine.authority.plan import replies
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
    Simple,
    Weighted,
)
from lab_engine.authority.records import Client, Question
from lab_engine.authority.server import plan
from lab_engine.authority.zone import Zone
from lab_engine.errors import LabError, ZoneError, ZoneProblemsError

FILES = Path(__file__).parent / "policies"
BLOCKS = (FILES / "cidr_blocks.json").read_text()


def load(name, **options):
    return Zone.from_file(FILES / f"{name}.json", **options)


def record(**changes):
    """A good record set with some elements changed; None takes one away."""
    plain = {
        "Name": "www.shop.example.",
        "Type": "A",
        "TTL": 60,
        "ResourceRecords": [{"Value": "192.0.2.1"}],
    }
    return {k: v for k, v in {**plain, **changes}.items() if v is not None}


def listed(*record_sets):
    return {"ResourceRecordSets": list(record_sets)}


def batch(*record_sets, action="CREATE"):
    return {"Changes": [{"Action": action, "ResourceRecordSet": each} for each in record_sets]}


def refused(given, **options):
    with pytest.raises(ZoneError) as wrong:
        Zone.from_json(given, **options)
    assert wrong.value.remedy
    return str(wrong.value)


@pytest.mark.parametrize(
    ("name", "policies"),
    [
        ("simple", [Simple()]),
        ("weighted", [Weighted(3), Weighted(1), Weighted(0)]),
        ("latency", [Latency("eu-west-1"), Latency("us-east-1")]),
        ("failover", [Failover("PRIMARY"), Failover("SECONDARY")]),
        (
            "geolocation",
            [
                Geolocation("EU"),
                Geolocation("", "FR"),
                Geolocation("", "US", "CA"),
                Geolocation("", "*"),
            ],
        ),
        (
            "geoproximity",
            [Geoproximity(Coordinates=Point(48.86, 2.35), Bias=-20), Geoproximity("us-east-1")],
        ),
        ("multivalue", [Multivalue(), Multivalue()]),
        (
            "ip_based",
            [
                IpBased(
                    CidrLocation(
                        "c1", "office", (ip_network("10.1.0.0/16"), ip_network("2001:db8:9::/48"))
                    )
                ),
                IpBased(CidrLocation("c1", "lab", (ip_network("10.1.2.0/24"),))),
                IpBased(CidrLocation("c1", "*")),
            ],
        ),
        ("az_affinity", [AzAffinity(*location) for location in LEVELS.items()]),
    ],
)
def test_each_policy_is_read(name, policies):
    zone = load(name, cidr_blocks=BLOCKS)

    assert str(zone.origin) == "shop.example."
    assert [each.policy for each in zone if str(each.name) == "www.shop.example."] == policies


def test_every_policy_has_its_element():
    assert len({kind.element for kind in POLICIES}) == len(POLICIES) == 9


def test_the_output_of_list_resource_record_sets_is_read():
    zone = load("zone")
    first = next(each for each in zone if each.set_identifier == "first")

    assert len(zone.record_sets) == 6
    assert first.alias.evaluate_target_health
    assert (str(first.alias.name), first.alias.hosted_zone_id) == ("eu.shop.example.", "Z1")
    assert (first.health_check_id, first.ttl) == ("hc-all", None)


def test_a_master_file_is_still_a_master_file(tmp_path):
    file = tmp_path / "shop.zone"
    file.write_text("$ORIGIN shop.example.\n@ 60 SOA a b 1 2 3 4 5\n@ 60 NS a\n")

    assert len(Zone.from_file(file).record_sets) == 2


def test_a_byte_order_mark_is_no_part_of_the_file(tmp_path):
    file = tmp_path / "shop.json"
    file.write_text("\ufeff" + json.dumps(listed(record())))

    assert str(Zone.from_file(file).origin) == "www.shop.example."


def test_octal_escapes_names_and_strings_are_as_route_53_has_them():
    """A name without its last dot is absolute; octal 303 251 is a Latin e with an acute accent."""
    zone = load("simple")
    texts = {str(each.name): each.texts for each in zone}

    assert texts["*.shop.example."] == ("www.shop.example.",)
    txt = next(each for each in zone if "two words" in "".join(each.texts))
    assert txt.records.values[0].strings == (b"two words", "café".encode())


@given(st.binary(max_size=20))
def test_an_octal_escape_is_the_same_octet_in_decimal(octets):
    octal = "".join(f"\\{octet:03o}" for octet in octets)

    assert decimal_escapes(octal) == "".join(f"\\{octet:03d}" for octet in octets)


@pytest.mark.parametrize(
    ("text", "same"), [("plain", True), (r"\"quoted\"", True), (r"back\\052", True)]
)
def test_other_escapes_stay(text, same):
    assert (decimal_escapes(text) == text) is same


@pytest.mark.parametrize("text", [r"\099", r"\400", r"\9", r"\12"])
def test_what_is_not_octal_is_refused(text):
    with pytest.raises(ZoneError, match="three octal digits"):
        decimal_escapes(text)


# The origin


@pytest.mark.parametrize(
    ("names", "origin"),
    [
        (["www.shop.example", "api.shop.example"], "shop.example."),
        (["shop.example", "api.eu.shop.example"], "shop.example."),
        (["www.shop.example"], "www.shop.example."),
        ([r"\052.shop.example"], "shop.example."),
        (["a.b.shop.example", "c.b.shop.example"], "b.shop.example."),
    ],
)
def test_without_soa_the_origin_is_what_all_names_end_in(names, origin):
    zone = Zone.from_json(listed(*(record(Name=name) for name in names)))

    assert str(zone.origin) == origin
    assert zone.soa.ttl == 900


def test_a_cname_stands_below_its_origin():
    zone = Zone.from_json(batch(record(Type="CNAME", ResourceRecords=[{"Value": "a.example"}])))

    assert str(zone.origin) == "shop.example."


def test_an_origin_that_is_given_counts():
    assert str(Zone.from_json(batch(record()), "example").origin) == "example."
    assert "lies outside the zone other." in refused(batch(record()), origin="other")


def test_names_without_a_common_end_need_an_origin():
    assert "Name the origin" in refused(listed(record(), record(Name="www.example.net")))


# Mistakes


POLICY = {"SetIdentifier": "x", "Weight": 1}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"Ttl": 60}, "ResourceRecordSet.Ttl: is not known here. Did you mean TTL?"),
        ({"Colour": "red"}, "Colour: is not known here. Choose one of Name"),
        ({"Name": None}, "ResourceRecordSet.Name: is missing"),
        ({"Name": 7}, "Name: has another form. Give it as text in quotation marks."),
        ({"Name": "a..b"}, "Name: 'a..b' is not a domain name"),
        ({"Name": "x" * 64 + ".shop.example"}, "is not a domain name"),
        ({"Name": r"\999.shop.example"}, "three octal digits"),
        ({"Type": "a"}, "'a' is no type that Route 53 has. Did you mean A?"),
        ({"Type": "ANY"}, "'ANY' is no type"),
        ({"TTL": "60"}, "TTL: has another form. Give it as a whole number"),
        ({"TTL": True}, "TTL: has another form"),
        ({"TTL": -1}, "TTL -1: a TTL lies between 0 and 2147483647"),
        ({"TTL": 2**31}, "TTL 2147483648: a TTL lies between"),
        ({"TTL": None}, "TTL: is missing"),
        ({"ResourceRecords": []}, "ResourceRecords: is empty"),
        ({"ResourceRecords": "192.0.2.1"}, "ResourceRecords: has another form"),
        ({"ResourceRecords": ["192.0.2.1"]}, "ResourceRecords[0]: is not an object"),
        ({"ResourceRecords": [{"Value": "192.0.2"}]}, "ResourceRecords[0]: A 192.0.2: is not a"),
        ({"ResourceRecords": [{"Valeu": "::"}]}, "Did you mean Value?"),
        ({"ResourceRecords": None, "TTL": None}, "has neither of AliasTarget and TTL"),
        ({"AliasTarget": {}}, "has both of AliasTarget and TTL"),
        ({"Type": "TXT", "ResourceRecords": [{"Value": "bare"}]}, "not enclosed in quotation"),
        ({**POLICY, "Region": "eu-west-1"}, "has Weight and Region. A record set has one routing"),
        ({**POLICY, "Weight": "1"}, "Weight: has another form"),
        ({**POLICY, "Weight": 256}, "Weight 256 is not a whole number from 0 to 255"),
        ({"Weight": 1}, "needs a SetIdentifier"),
        ({"SetIdentifier": "x"}, "has a SetIdentifier and no policy"),
        ({**POLICY, "SetIdentifier": "x" * 129}, "has 129 characters"),
        ({**POLICY, "SetIdentifier": "\x1b[2J"}, "cannot be printed"),
        ({**POLICY, "HealthCheckId": ""}, "HealthCheckId: has 0 characters"),
        ({"SetIdentifier": "x", "Region": "mars-1"}, "'mars-1' is not an AWS Region"),
        ({"SetIdentifier": "x", "Failover": "THIRD"}, "neither PRIMARY nor SECONDARY"),
        ({"SetIdentifier": "x", "GeoLocation": {"Country": "FR"}}, "Did you mean CountryCode?"),
        ({"SetIdentifier": "x", "GeoLocation": "EU"}, "GeoLocation: is not an object"),
        ({"SetIdentifier": "x", "MultiValueAnswer": "yes"}, "Give it as true or false"),
        (
            {"SetIdentifier": "x", "GeoProximityLocation": {"LocalZoneGroup": "us-east-1-bue-1"}},
            "LocalZoneGroup: is not known here",
        ),
        (
            {"SetIdentifier": "x", "GeoProximityLocation": {"Coordinates": {"Latitude": 1.5}}},
            "Latitude: has another form",
        ),
        (
            {
                "SetIdentifier": "x",
                "GeoProximityLocation": {"Coordinates": {"Latitude": "1.555", "Longitude": "2"}},
            },
            "'1.555' is not in degrees",
        ),
        (
            {
                "SetIdentifier": "x",
                "GeoProximityLocation": {"Coordinates": {"Latitude": "91", "Longitude": "2"}},
            },
            "Latitude 91 is not from -90 to 90",
        ),
    ],
)  # fmt: skip
def test_a_mistake_is_named_with_its_place(changes, message):
    text = refused(batch(record(**changes)), source="shop.json")

    assert message in text
    assert "shop.json: Changes[0].ResourceRecordSet" in text


@pytest.mark.parametrize(
    ("alias", "message"),
    [
        ({"DNSName": "a.shop.example", "EvaluateTargetHealth": True}, "HostedZoneId: is missing"),
        ({"HostedZoneId": "Z1", "DNSName": "a.shop.example"}, "EvaluateTargetHealth: is missing"),
        (
            {"HostedZoneId": "Z1", "DNSName": "a.shop.example", "EvaluateTargetHealth": False},
            "is an alias to a.shop.example., which has no A",
        ),
        (
            {"HostedZoneId": "Z1", "DNSName": "a.example.net", "EvaluateTargetHealth": False},
            "neither in this zone nor an AWS endpoint",
        ),
    ],
)
def test_a_mistake_in_an_alias(alias, message):
    target = record(TTL=None, ResourceRecords=None, AliasTarget=alias)

    assert message in refused(listed(target), origin="shop.example")


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("", "is not JSON"),
        ("{", "is not JSON"),
        ("[]", "is not a JSON object"),
        ("{}", "has neither Changes nor ResourceRecordSets"),
        ('{"Changes": [], "Changes": []}', "'Changes' stands twice in one object"),
        ('{"a": "\\ud800"}', "is not JSON"),
        ("[" * 100_000, "is not JSON"),
        ("{" + '"a":{' * 100_000, "is not JSON"),
        ({"Changes": {1, 2}}, "is not JSON"),
        ({"Changes": []}, "holds no record set"),
        ({"Changes": [1]}, "Changes[0]: is not an object"),
        ({"Changes": [{}]}, "Changes[0].Action: is missing"),
        ({"Changes": {}}, "Changes: has another form. Give it as a list in brackets."),
        ({"Changes": [], "Coment": ""}, "Coment: is not known here. Did you mean Comment?"),
        (batch(record(), action="DELETE"), "Changes[0].Action: is DELETE"),
        (batch(record(), action="UPDATE"), "is 'UPDATE'"),
        ({**listed(record()), "IsTruncated": True}, "List the whole zone"),
        ({**listed(record()), "NextToken": "x"}, "List the whole zone"),
        (
            listed(record(TTL=None, ResourceRecords=None, TrafficPolicyInstanceId="t")),
            "traffic policy",
        ),
        (listed(record(), record()), "is given twice"),
    ],
)  # fmt: skip
def test_a_file_that_is_no_zone(given, message):
    assert message in refused(given)


def test_every_mistake_is_listed_at_once_and_nothing_else():
    """What cannot be read does not make its alias wrong; what is wrong with the rest is said."""
    alias = {"HostedZoneId": "Z", "DNSName": "bad.shop.example", "EvaluateTargetHealth": False}
    given = batch(
        record(Name="bad.shop.example", ResourceRecords=[{"Value": "x"}, {"Value": "y"}]),
        record(Name="alias.shop.example", TTL=None, ResourceRecords=None, AliasTarget=alias),
        record(Name="heavy.shop.example", SetIdentifier="x", Weight=999),
        record(Tpye="A"),
    )

    with pytest.raises(ZoneProblemsError) as wrong:
        Zone.from_json(given)
    lines = str(wrong.value).splitlines()
    assert len(lines) == len(wrong.value.problems) == 4
    for part, line in zip(
        ("[0].ResourceRecordSet.ResourceRecords[0]", "ResourceRecords[1]", "Tpye", "Weight 999"),
        lines,
        strict=True,
    ):
        assert part in line


def test_what_is_given_stays_as_it_was():
    given = json.loads((FILES / "weighted.json").read_text())
    before = copy.deepcopy(given)
    Zone.from_json(given)

    assert given == before


def test_a_false_multivalue_is_none():
    (found,) = [
        each for each in Zone.from_json(batch(record(MultiValueAnswer=False))) if each.where
    ]

    assert found.policy == Simple()


# CIDR collections


def location(name, collection="c1"):
    config = {"CollectionId": collection, "LocationName": name}
    return record(SetIdentifier=name, CidrRoutingConfig=config)


@pytest.mark.parametrize(
    "blocks",
    [
        {"CidrBlocks": [{"CidrBlock": "10.1.0.0/16", "LocationName": "office"}]},
        {"c1": {"CidrBlocks": [{"CidrBlock": "10.1.0.0/16", "LocationName": "office"}]}},
        {"c1": {"office": ["10.1.0.0/16"]}},
    ],
)
def test_blocks_come_from_the_cli_or_from_a_mapping(blocks):
    zone = Zone.from_json(batch(location("office")), "shop.example", cidr_blocks=blocks)
    reply = replies(plan(zone, Question.of("www.shop.example"), Client.at("10.1.9.9")))[0].reply

    assert reply.addresses == ("192.0.2.1",)


@pytest.mark.parametrize(
    ("blocks", "message"),
    [
        (None, "c1 is a CIDR collection whose blocks were not given"),
        ({"c2": {}}, "whose blocks were not given"),
        (
            {"c1": {"lab": ["10.1.0.0/16"]}},
            "office is no location of the collection c1. It has lab.",
        ),
        ({"c1": {"office": ["10.1.0.1/16"]}}, "c1.office: is not a block"),
        ({"c1": {"office": ["10.1.0.0/25"]}}, "is not of a length from /1 to /24"),
        ({"c1": {"office": ["2001:db8::/56"]}}, "is not of a length from /1 to /48"),
        ({"c1": {"office": ["0.0.0.0/0"]}}, "The location * stands for /0."),
        ({"c1": {"office": "10.1.0.0/16"}}, "has another form"),
        ({"c1": {"my office": []}}, "Use 1 to 16 of letters"),
        ({"c1": 5}, "c1: is not an object"),
        ({"CidrBlocks": [{"CidrBlock": 7, "LocationName": "x"}]}, "CidrBlock: has another form"),
        ({"CidrBlocks": [], "NextToken": "x"}, "more blocks follow"),
    ],
)
def test_a_mistake_in_the_blocks(blocks, message):
    assert message in refused(batch(location("office")), cidr_blocks=blocks)


def test_a_default_needs_no_blocks():
    assert cidr.read(None).location("c1", "*") == CidrLocation("c1", "*")


# Any input


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=8,
)


def _paths(value, at=()):
    yield at
    keys = (
        value if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    )
    for key, inner in ((key, value[key]) for key in keys):
        yield from _paths(inner, (*at, key))


WHOLE = {
    "Changes": [
        change
        for file in sorted(FILES.glob("*.json"))
        if file.stem not in {"cidr_blocks", "health_checks", "zone", "ip_based"}
        for change in json.loads(file.read_text())["Changes"][:2]
    ]
}
PATHS = [path for path in _paths(WHOLE) if path]


@pytest.mark.slow
@given(st.sampled_from(PATHS), json_values)
def test_whatever_stands_anywhere_is_read_or_refused(path, value):
    """Any element of any policy replaced by anything: a zone, or a LabError, and nothing else."""
    given = copy.deepcopy(WHOLE)
    inner = given
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = value

    with suppress(LabError):
        Zone.from_json(given)


@given(st.text())
def test_any_text_is_read_or_refused(text):
    with pytest.raises(ZoneError):
        Zone.from_json("{" + text)
