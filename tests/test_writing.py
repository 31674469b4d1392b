"""Record sets going out: in boto3's form, as a change batch, and beside a master file."""

from pathlib import Path

import boto3
import pytest
from botocore.validate import validate_parameters
from dns.name import Name
from hypothesis import given, settings
from hypothesis import strategies as st

from lab_engine.authority import cidr
from lab_engine.authority.availability import LEVELS
from lab_engine.authority.geo import REGIONS, Point
from lab_engine.authority.policies import (
    POLICIES,
    AzAffinity,
    Failover,
    Geolocation,
    Geoproximity,
    IpBased,
    Latency,
    Multivalue,
    Simple,
    Weighted,
)
from lab_engine.authority.recordset import RecordSet
from lab_engine.authority.zone import Zone
from lab_engine.control.writing import as_batch, element, listing_key, shown, untold
from lab_engine.errors import ZoneError
from tests.counts import LONG

FILES = Path(__file__).parent / "policies"
BLOCKS = (FILES / "cidr_blocks.json").read_text()
COLLECTIONS = cidr.read(BLOCKS)
APEX = "example.com."
OPERATION = (
    boto3.Session()
    .client("route53", region_name="us-east-1", aws_access_key_id="a", aws_secret_access_key="b")
    .meta.service_model.operation_model("ChangeResourceRecordSets")
)


def simple(name, rdtype="A", values="192.0.2.1", ttl=60):
    return RecordSet.of(name, rdtype, values, ttl)


def back(zone, **options):
    """The zone that is read from a zone's batch."""
    return Zone.from_json(as_batch(zone, **options), cidr_blocks=BLOCKS)


def by_key(zone):
    return {each.key: each for each in zone}


def test_a_record_set_as_boto3_has_it_in_the_order_of_the_schema():
    policy = Geoproximity(Coordinates=Point(48.86, 2.35), Bias=-20)
    one = RecordSet.of(
        "WWW.example.com.", "A", "192.0.2.1", 60, policy=policy, set_identifier="Paris",
        health_check_id="hc-1",
    )  # fmt: skip

    assert list(element(one).items()) == [
        ("Name", "www.example.com."),
        ("Type", "A"),
        ("SetIdentifier", "Paris"),
        ("TTL", 60),
        ("ResourceRecords", [{"Value": "192.0.2.1"}]),
        ("HealthCheckId", "hc-1"),
        (
            "GeoProximityLocation",
            {"Coordinates": {"Latitude": "48.86", "Longitude": "2.35"}, "Bias": -20},
        ),
    ]


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        (Simple(), {}),
        (Weighted(0), {"Weight": 0}),
        (Latency("eu-west-1"), {"Region": "eu-west-1"}),
        (Failover("PRIMARY"), {"Failover": "PRIMARY"}),
        (Geolocation(CountryCode="*"), {"GeoLocation": {"CountryCode": "*"}}),
        (
            Geolocation(CountryCode="US", SubdivisionCode="CA"),
            {"GeoLocation": {"CountryCode": "US", "SubdivisionCode": "CA"}},
        ),
        (Geoproximity(AWSRegion="us-east-1"), {"GeoProximityLocation": {"AWSRegion": "us-east-1"}}),
        (Multivalue(), {"MultiValueAnswer": True}),
        (
            IpBased(COLLECTIONS.location("c1", "office")),
            {"CidrRoutingConfig": {"CollectionId": "c1", "LocationName": "office"}},
        ),
    ],
)
def test_every_policy_has_its_element(policy, expected):
    one = RecordSet.of("a.example.com.", "A", "192.0.2.1", policy=policy)

    plain = {"Name", "Type", "TTL", "ResourceRecords"}
    assert {k: v for k, v in element(one).items() if k not in plain} == expected


def test_an_alias_names_its_own_zone_where_it_did_not_say():
    one = RecordSet.alias_to("a.example.com.", "A", "*.Example.com.")
    other = RecordSet.alias_to(
        "a.example.com.", "A", "lb-1.eu-west-1.elb.amazonaws.com.", hosted_zone_id="Z32",
        evaluate_target_health=True,
    )  # fmt: skip

    assert element(one, "Z1")["AliasTarget"] == {
        "HostedZoneId": "Z1",
        "DNSName": r"\052.example.com.",
        "EvaluateTargetHealth": False,
    }
    assert element(one)["AliasTarget"]["HostedZoneId"] == ""
    assert element(other, "Z1")["AliasTarget"]["HostedZoneId"] == "Z32"
    assert element(other, "Z1")["AliasTarget"]["EvaluateTargetHealth"] is True


@pytest.mark.parametrize(
    ("target", "known"),
    [
        ("lb-1.eu-west-1.elb.amazonaws.com.", "Z32O12XQLNTSW2"),
        ("d1.cloudfront.net.", "Z2FDTNDATAQYW2"),
        ("lb-1.ap-southeast-7.elb.amazonaws.com.", ""),
    ],
)
def test_an_alias_to_an_endpoint_names_the_hosted_zone_of_that_where_it_did_not_say(target, known):
    one = RecordSet.alias_to("a.example.com.", "A", target)

    assert element(one, "Z1")["AliasTarget"]["HostedZoneId"] == known
    assert element(one)["AliasTarget"]["HostedZoneId"] == ""


@pytest.mark.parametrize(
    ("labels", "text"),
    [
        ((b"*", b"example", b"com", b""), r"\052.example.com."),
        ((b"_a-1", b"Example", b""), "_a-1.example."),
        ((b"a.b", b"c d", b""), r"a\056b.c\040d."),
        ((b"\xff\x00", b""), r"\377\000."),
        ((b"",), "."),
    ],
)
def test_names_are_escaped_in_octal(labels, text):
    assert shown(Name(labels)) == text


def test_values_are_escaped_in_octal_and_texts_are_quoted():
    text = RecordSet.of("a.example.com.", "TXT", [r'"tab\009" "quote\" back\\009"', '"a b"'])
    cname = RecordSet.of("a.example.com.", "CNAME", r"\042\032x.example.com.")

    assert [each["Value"] for each in element(text)["ResourceRecords"]] == [
        r'"tab\011" "quote\" back\\009"',
        '"a b"',
    ]
    assert element(cname)["ResourceRecords"] == [{"Value": r"*\040x.example.com."}]


@pytest.mark.parametrize(
    "name", [*(each.name.lower().replace("-", "_") for each in POLICIES), "zone"]
)
def test_the_files_of_the_policies_survive(name):
    zone = Zone.from_file(FILES / f"{name}.json", cidr_blocks=BLOCKS)

    assert by_key(back(zone)) == by_key(zone)


def test_a_batch_can_be_sent_by_boto3():
    zone = Zone.from_file(FILES / "zone.json")
    batch = as_batch(zone, "CREATE", "all of it")

    validate_parameters({"HostedZoneId": "Z1", "ChangeBatch": batch}, OPERATION.input_shape)

    assert batch["Comment"] == "all of it"
    assert {each["Action"] for each in batch["Changes"]} == {"CREATE"}


def test_aliases_stand_behind_their_targets_and_go_first():
    zone = Zone.of(
        APEX,
        [
            RecordSet.alias_to("a", "A", "b"),
            RecordSet.alias_to("b", "A", "c"),
            simple("c"),
        ],
    )

    def order(action):
        names = [c["ResourceRecordSet"]["Name"] for c in as_batch(zone, action)["Changes"]]
        return [name[0] for name in names if len(name) == len("a.example.com.")]

    assert order("CREATE") == ["c", "b", "a"]
    assert order("DELETE") == ["a", "b", "c"]


def test_an_alias_to_what_a_wildcard_answers_stands_behind_the_wildcard():
    to = {"q.z": "zz", "*": "mid", "mid": "www"}
    aliases = [RecordSet.alias_to(f"{a}.{APEX}", "A", f"{b}.{APEX}") for a, b in to.items()]
    batch = as_batch(Zone.of(APEX, [simple(f"www.{APEX}"), *aliases]))

    names = [change["ResourceRecordSet"]["Name"] for change in batch["Changes"]]

    assert names[-3:] == [f"mid.{APEX}", rf"\052.{APEX}", f"q.z.{APEX}"]


OCTETS = st.binary(min_size=1, max_size=8)
OWNERS = st.lists(OCTETS, min_size=1, max_size=3).map(
    lambda labels: Name([*labels, b"example", b"com", b""])
)
TEXTS = st.lists(OCTETS, min_size=1, max_size=3).map(
    lambda strings: " ".join(f'"{"".join(f"{chr(92)}{o:03d}" for o in s)}"' for s in strings)
)
VALUES = st.one_of(
    st.tuples(st.just("A"), st.lists(st.ip_addresses(v=4).map(str), min_size=1, unique=True)),
    st.tuples(st.just("AAAA"), st.lists(st.ip_addresses(v=6).map(str), min_size=1, unique=True)),
    st.tuples(st.just("TXT"), st.lists(TEXTS, min_size=1, max_size=3)),
    st.tuples(st.just("MX"), OWNERS.map(lambda name: [f"10 {name}"])),
    st.tuples(st.just("SRV"), OWNERS.map(lambda name: [f"1 2 3 {name}"])),
    st.tuples(st.just("CAA"), TEXTS.map(lambda text: [f"0 issue {text.split()[0]}"])),
    st.tuples(
        st.just("NAPTR"), TEXTS.map(lambda text: [f'1 2 "U" "S" {text.split()[0]} example.com.'])
    ),
)


@st.composite
def groups(draw):
    """The record sets of one name and type, with a policy that fits them."""
    owner, (rdtype, texts) = draw(OWNERS), draw(VALUES)
    ttl = draw(st.integers(0, 2**31 - 1))
    places = st.sampled_from(["AF", "EU", "SA"]).map(lambda code: Geolocation(ContinentCode=code))
    degrees = st.tuples(st.integers(-9000, 9000), st.integers(-18000, 18000))
    kinds = {
        Simple: st.just([Simple()]),
        Weighted: st.lists(st.integers(0, 255).map(Weighted), min_size=1, max_size=3),
        Latency: st.lists(st.sampled_from(list(REGIONS)).map(Latency), min_size=1, unique=True),
        Failover: st.just([Failover("PRIMARY"), Failover("SECONDARY")]),
        Geolocation: st.lists(places, min_size=1, unique=True),
        Geoproximity: st.lists(
            st.builds(
                lambda at, bias: Geoproximity(
                    Coordinates=Point(at[0] / 100, at[1] / 100), Bias=bias
                ),
                degrees,
                st.integers(-99, 99),
            ),
            min_size=1,
            max_size=3,
        ),
        Multivalue: st.lists(st.just(Multivalue()), min_size=1, max_size=3),
        IpBased: st.lists(
            st.sampled_from(["office", "lab", "*"]).map(
                lambda name: IpBased(COLLECTIONS.location("c1", name))
            ),
            min_size=1,
            unique_by=lambda policy: policy.CidrRoutingConfig.name,
        ),
        AzAffinity: st.lists(
            st.sampled_from(list(LEVELS.items())).map(lambda location: AzAffinity(*location)),
            min_size=1,
            unique=True,
        ),
    }
    assert kinds.keys() == set(POLICIES)
    policies = draw(kinds[draw(st.sampled_from(list(kinds)))])
    return [
        RecordSet.of(
            owner,
            rdtype,
            texts[:1] if isinstance(policy, Multivalue) else texts,
            ttl,
            policy=policy,
            set_identifier="" if isinstance(policy, Simple) else f"member {number}",
            health_check_id="" if isinstance(policy, Simple) else draw(st.sampled_from(["", "hc"])),
        )
        for number, policy in enumerate(policies)
    ]


@st.composite
def zones(draw):
    """A zone of several groups, and aliases to some of them."""
    made = [each for group in draw(st.lists(groups(), min_size=1, max_size=4)) for each in group]
    targets = draw(st.lists(st.sampled_from(made), max_size=2))
    aliases = [
        RecordSet.alias_to(
            f"alias{number}.example.com.",
            target.type,
            target.name,
            evaluate_target_health=draw(st.booleans()),
            hosted_zone_id=draw(st.sampled_from(["", "Z1"])),
        )
        for number, target in enumerate(targets)
    ]
    try:
        return Zone.of(APEX, [*made, *aliases])
    except ZoneError:  # two groups under one name
        return Zone.of(APEX, [simple("www")])


@pytest.mark.slow
@settings(max_examples=150 if LONG else 50, deadline=None)
@given(zones())
def test_a_batch_holds_a_zone_without_loss(zone):
    assert by_key(back(zone)) == by_key(zone)


@pytest.mark.slow
@settings(max_examples=50, deadline=None)
@given(zones())
def test_a_master_file_loads_again_with_what_it_can_say(zone):
    text = zone.to_text()

    plain = [each for each in zone if isinstance(each.policy, Simple) and each.alias is None]
    assert by_key(Zone.from_text(text)) == by_key(plain)
    others = [each for each in zone if each not in plain]
    assert all(any(line.startswith(f"{each}: ") for line in untold(zone)) for each in others)
    assert text.count("\n; ") >= len(others)


def test_a_master_file_takes_no_member_of_a_group_for_all_of_it():
    members = [
        RecordSet.of("www", "A", f"192.0.2.{n}", policy=Weighted(n), set_identifier=f"m{n}")
        for n in (1, 2)
    ]
    zone = Zone.of(APEX, [*members, RecordSet.alias_to("al", "A", "www")])

    assert zone.to_text().splitlines()[-3:] == [
        "; www.example.com. 300 IN A 192.0.2.1 ; weighted 'm1'",
        "; www.example.com. 300 IN A 192.0.2.2 ; weighted 'm2'",
        "; al.example.com. IN A alias to www.example.com.",
    ]


def test_what_a_master_file_cannot_say_is_listed():
    members = [
        RecordSet.of(
            "www", "A", "192.0.2.1", policy=Weighted(7), set_identifier="m", health_check_id="hc-1"
        ),
        RecordSet.alias_to("al", "A", "www"),
        simple("c", "CNAME", "www"),
        simple("c"),
    ]
    zone = Zone.of(APEX, members, forgiving="exact_first")

    assert untold(zone) == (
        "example.com.: a CNAME may stand beside other data, answered exact_first",
        "www.example.com. A m: weighted routing, Weight 7",
        "www.example.com. A m: health check hc-1",
        "al.example.com. A: an alias to www.example.com.",
    )
    assert untold(Zone.of(APEX, [simple("www")])) == ()


def test_record_sets_are_listed_by_reversed_name_then_type_then_identifier():
    two = [
        RecordSet.of("x.example.com.", "A", "192.0.2.1", policy=Weighted(1), set_identifier=each)
        for each in "ba"
    ]
    names = ("www", "a.www", "*", "WWW-1", "_dmarc", "b")
    mixed = [simple(f"{name}.example.com.") for name in names]
    mixed += [*two, simple(APEX), simple(APEX, "NS", "ns.example.com.")]
    mixed += [simple("x.example.com.", "AAAA", "2001:db8::1")]

    listed = [str(each) for each in sorted(mixed, key=listing_key)]

    # - and * stand before the dot in ASCII, and so before what has no further label
    assert listed == [
        "example.com. A",
        "example.com. NS",
        "*.example.com. A",
        "_dmarc.example.com. A",
        "b.example.com. A",
        "WWW-1.example.com. A",
        "www.example.com. A",
        "a.www.example.com. A",
        "x.example.com. A a",
        "x.example.com. A b",
        "x.example.com. AAAA",
    ]


def test_a_zone_of_another_name_sorts_by_its_last_label_first():
    names = ["b.a.", "a.b.", "a.a.", "a-.a."]

    listed = sorted((simple(name) for name in names), key=listing_key)

    assert [str(each.name) for each in listed] == ["a-.a.", "a.a.", "b.a.", "a.b."]
