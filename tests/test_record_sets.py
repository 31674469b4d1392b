"""Record sets: changed, listed in pages, and what a question would be answered."""

import json
from ipaddress import ip_network

import pytest

from lab_engine.authority.policies import CidrLocation, Geolocation, IpBased, Weighted
from lab_engine.authority.records import Client, Question, RRset
from lab_engine.authority.recordset import RecordSet
from lab_engine.authority.zone import Zone

DOUBLED = "DomainLabelEmpty (Domain label is empty) encountered with 'example.com..'"
ODD = "UnsupportedCharacter (Value contains unsupported characters) encountered with ' '"
PLACES = [
    RecordSet.of("geo", "A", "192.0.2.1", policy=Geolocation("EU"), set_identifier="eu"),
    RecordSet.of(
        "geo", "A", "192.0.2.2", policy=Geolocation(CountryCode="US"), set_identifier="us"
    ),
    RecordSet.of("geo", "A", "192.0.2.3", policy=Geolocation(CountryCode="*"), set_identifier="x"),
]
SHOP = Zone.of(
    "shop.example",
    [
        RRset.of("www", "A", ["192.0.2.1", "192.0.2.2"], 60),
        RRset.of("*.any", "TXT", '"two words" "\\200"'),
        RRset.of("a.b", "A", "192.0.2.3"),
        RRset.of("alias", "CNAME", "www"),
        *PLACES,
    ],
)


@pytest.fixture
def service(start):
    return start(SHOP, ids={"shop.example": "Z1SHOP"})


def record_set(name="new.shop.example", value="192.0.2.9", **more):
    return {"Name": name, "Type": "A", "TTL": 60, "ResourceRecords": [{"Value": value}], **more}


def batch(*changes):
    return {
        "Changes": [{"Action": action, "ResourceRecordSet": given} for action, given in changes]
    }


def change(call, service, *changes, **more):
    given = {**batch(*changes), **more}
    return call(service, "ChangeResourceRecordSets", HostedZoneId="Z1SHOP", ChangeBatch=given)


def answer(service, name, kind="A", client="192.0.2.99"):
    return service.authority.respond(Question.of(name, kind), Client.at(client))


def keys(listed):
    return [
        (each["Name"], each["Type"], each.get("SetIdentifier", ""))
        for each in listed["ResourceRecordSets"]
    ]


def test_the_next_question_sees_a_change(service, call):
    change(call, service, ("CREATE", record_set()))

    assert answer(service, "new.shop.example").addresses == ("192.0.2.9",)


def test_a_change_is_in_sync_and_found_again(service, call, refusal):
    made = change(call, service, ("CREATE", record_set()), Comment="why")["ChangeInfo"]

    assert (made["Status"], made["Comment"]) == ("INSYNC", "why")
    for name in (made["Id"], made["Id"].removeprefix("/change/")):
        assert call(service, "GetChange", Id=name)["ChangeInfo"] == made
    found = refusal(service, "GetChange", Id="C1NONE")
    assert (found.code, found.status) == ("NoSuchChange", 404)


@pytest.mark.slow
def test_the_last_thousand_changes_are_remembered(service, call, refusal):
    made = [
        change(call, service, ("UPSERT", record_set(value=f"192.0.2.{number % 250}")))
        for number in range(1_001)
    ]

    refusal(service, "GetChange", Id=made[0]["ChangeInfo"]["Id"])
    assert call(service, "GetChange", Id=made[1]["ChangeInfo"]["Id"])


def test_a_refused_batch_changes_nothing(service, refusal):
    given = batch(("CREATE", record_set()), ("DELETE", record_set("gone.shop.example")))

    found = refusal(service, "ChangeResourceRecordSets", HostedZoneId="Z1SHOP", ChangeBatch=given)
    assert found.code == "InvalidChangeBatch"
    assert not answer(service, "new.shop.example").answer


def test_a_batch_for_no_zone(service, refusal):
    given = batch(("CREATE", record_set()))

    found = refusal(service, "ChangeResourceRecordSets", HostedZoneId="Z2", ChangeBatch=given)
    assert found.message == "No hosted zone found with ID: Z2"


@pytest.mark.parametrize("given", [None, 5, [], "{}", {}, {"Changes": []}, {"Changes": [5]}])
def test_a_batch_that_is_none(service, refusal, given):
    found = refusal(service, "ChangeResourceRecordSets", HostedZoneId="Z1SHOP", ChangeBatch=given)

    assert found.code == "InvalidInput"


def test_a_health_check_must_be_there_or_be_named_already(start, call, refusal):
    named = RecordSet.of(
        "w", "A", "192.0.2.1", policy=Weighted(1), set_identifier="1", health_check_id="hc-old"
    )
    service = start(Zone.of("shop.example", [named]), ids={"shop.example": "Z1SHOP"})
    made = call(
        service,
        "CreateHealthCheck",
        CallerReference="1",
        HealthCheckConfig={"Type": "TCP", "IPAddress": "192.0.2.1", "Port": 80},
    )["HealthCheck"]["Id"]

    def with_check(name):
        more = {"SetIdentifier": name, "Weight": 1, "HealthCheckId": name, "TTL": 300}
        return record_set("w.shop.example", **more)

    for name in (made, "hc-old"):
        change(call, service, ("CREATE", with_check(name)))
    given = batch(("CREATE", with_check("hc-none")))
    found = refusal(service, "ChangeResourceRecordSets", HostedZoneId="Z1SHOP", ChangeBatch=given)
    assert "hc-none" in found.message


@pytest.mark.slow
def test_a_zone_that_came_with_more_may_hold_the_next_ten_thousand(start, call):
    crowd = [RRset.of(f"h{number}", "A", "192.0.2.1") for number in range(10_001)]
    service = start(Zone.of("shop.example", crowd), ids={"shop.example": "Z1SHOP"})

    change(call, service, ("CREATE", record_set()))
    assert service.account.hosted_zones["Z1SHOP"].max_record_sets == 20_000


def test_record_sets_are_listed_by_reversed_name_type_and_identifier(service, call):
    listed = call(service, "ListResourceRecordSets", HostedZoneId="Z1SHOP")

    assert keys(listed) == [
        ("shop.example.", "NS", ""),
        ("shop.example.", "SOA", ""),
        ("alias.shop.example.", "CNAME", ""),
        ("\\052.any.shop.example.", "TXT", ""),
        ("a.b.shop.example.", "A", ""),
        ("geo.shop.example.", "A", "eu"),
        ("geo.shop.example.", "A", "us"),
        ("geo.shop.example.", "A", "x"),
        ("www.shop.example.", "A", ""),
    ]
    assert (listed["IsTruncated"], listed["MaxItems"]) == (False, "300")
    assert "NextRecordName" not in listed


def test_pages_follow_each_other_without_a_gap(service, call):
    whole = keys(call(service, "ListResourceRecordSets", HostedZoneId="Z1SHOP"))

    found, start = [], {}
    while start is not None:
        page = call(service, "ListResourceRecordSets", HostedZoneId="Z1SHOP", MaxItems="1", **start)
        found += keys(page)
        start = {
            f"StartRecord{part}": page[f"NextRecord{part}"]
            for part in ("Name", "Type", "Identifier")
            if f"NextRecord{part}" in page
        } or None
    assert found == whole


@pytest.mark.parametrize(
    ("at", "first"),
    [
        ({"StartRecordName": "b.shop.example"}, "a.b.shop.example."),
        ({"StartRecordName": "GEO.shop.example."}, "geo.shop.example."),
        ({"StartRecordName": "geo.shop.example", "StartRecordType": "AAAA"}, "www.shop.example."),
        ({"StartRecordName": "\\052.any.shop.example"}, "\\052.any.shop.example."),
        ({"StartRecordName": "a.test"}, None),
        ({"StartRecordName": "example"}, "shop.example."),
    ],
)
def test_a_list_begins_where_it_is_told(service, call, at, first):
    listed = call(service, "ListResourceRecordSets", HostedZoneId="Z1SHOP", **at)

    assert next((name for name, *_ in keys(listed)), None) == first


@pytest.mark.parametrize(
    "params",
    [
        {"StartRecordType": "A"},
        {"StartRecordName": "a.shop.example", "StartRecordIdentifier": "x"},
        {"StartRecordName": "a.shop.example", "StartRecordType": "B"},
        {"StartRecordName": "a..b"},
        {"MaxItems": "0"},
        {"MaxItems": "1e3"},
    ],
)
def test_a_list_that_cannot_begin_there(service, refusal, params):
    found = refusal(service, "ListResourceRecordSets", HostedZoneId="Z1SHOP", **params)

    assert found.code == "InvalidInput"


@pytest.mark.parametrize(
    ("operation", "name", "fault"),
    [
        ("ListResourceRecordSets", "example.com..", DOUBLED),
        ("ListResourceRecordSets", "new name.example.com", ODD),
        ("ListResourceRecordSets", "new name.example.com.", ODD),
        ("TestDNSAnswer", "example.com..", DOUBLED),
        ("TestDNSAnswer", "new name.example.com", ODD),
        ("ListHostedZonesByName", "example.com..", DOUBLED),
        ("ListHostedZonesByName", "new name.example.com", ODD),
        ("CreateHostedZone", "example.com..", DOUBLED),
    ],
)
def test_a_name_that_is_none_is_refused_in_the_words_of_a_batch(
    service, refusal, operation, name, fault
):
    asked = {
        "ListResourceRecordSets": {"HostedZoneId": "Z1SHOP", "StartRecordName": name},
        "TestDNSAnswer": {"HostedZoneId": "Z1SHOP", "RecordName": name, "RecordType": "A"},
        "ListHostedZonesByName": {"DNSName": name},
        "CreateHostedZone": {"Name": name, "CallerReference": "1"},
    }
    code = "InvalidDomainName" if "HostedZone" in operation else "InvalidInput"

    found = refusal(service, operation, **asked[operation])
    assert (found.code, found.message) == (code, f"FATAL problem: {fault}")


def test_a_list_follows_every_change(service, call):
    def listed():
        return keys(call(service, "ListResourceRecordSets", HostedZoneId="Z1SHOP"))

    before = listed()
    change(call, service, ("CREATE", record_set("m.shop.example")))
    during = listed()
    change(call, service, ("DELETE", record_set("m.shop.example")))

    assert during == sorted([*before, ("m.shop.example.", "A", "")], key=reversed_key)
    assert listed() == before


def reversed_key(key):
    name, kind, identifier = key
    plain = name.replace("\\052", "*")
    return ".".join(reversed(plain.rstrip(".").split("."))) + ".", kind, identifier


def test_a_tested_answer_is_the_servers(start, call):
    """The same dice and the same order: a twin that is asked by packets replies the same."""
    service, twin = (start(SHOP, ids={"shop.example": "Z1SHOP"}) for _ in range(2))
    asked = {"HostedZoneId": "Z1SHOP", "RecordName": "WWW.shop.example", "RecordType": "A"}

    told = [call(service, "TestDNSAnswer", **asked) for _ in range(20)]
    replies = [answer(twin, "www.shop.example") for _ in range(20)]
    assert [tuple(each.pop("RecordData")) for each in told] == [r.addresses for r in replies]
    assert told[0] == {
        "Nameserver": "ns1.shop.example",
        "RecordName": "www.shop.example.",
        "RecordType": "A",
        "ResponseCode": "NOERROR",
        "Protocol": "UDP",
    }


@pytest.mark.parametrize(
    ("asker", "expected"),
    [
        ({"ResolverIP": "198.18.1.7"}, "192.0.2.1"),
        ({"ResolverIP": "198.19.1.7"}, "192.0.2.2"),
        ({"ResolverIP": "192.0.2.77"}, "192.0.2.3"),
        ({}, "192.0.2.2"),
        ({"ResolverIP": "198.19.1.7", "EDNS0ClientSubnetIP": "198.18.1.7"}, "192.0.2.1"),
        (
            {
                "ResolverIP": "198.19.1.7",
                "EDNS0ClientSubnetIP": "198.18.1.7",
                "EDNS0ClientSubnetMask": "0",
            },
            "192.0.2.2",
        ),
        ({"EDNS0ClientSubnetIP": "2001:db8:1::7"}, "192.0.2.1"),
    ],
)
def test_an_answer_is_for_who_asks(service, call, asker, expected):
    told = call(
        service,
        "TestDNSAnswer",
        HostedZoneId="Z1SHOP",
        RecordName="geo.shop.example",
        RecordType="A",
        **asker,
    )

    assert told["RecordData"] == [expected]


def test_a_subnet_is_a_24_or_a_64_unless_it_is_said(start, call):
    def members(*blocks):
        locations = [CidrLocation("c", f"l{b.prefixlen}", (b,)) for b in map(ip_network, blocks)]
        for number, location in enumerate([*locations, CidrLocation("c", "*")]):
            values = f"192.0.2.{number}"
            yield RecordSet.of(
                "ip", "A", values, policy=IpBased(location), set_identifier=str(number)
            )

    zone = Zone.of("shop.example", members("10.1.2.0/24", "2001:db8:2::/48", "10.1.0.0/16"))
    service = start(zone, ids={"shop.example": "Z1"})

    def tested(**asker):
        asked = {"HostedZoneId": "Z1", "RecordName": "ip.shop.example", "RecordType": "A"}
        return call(service, "TestDNSAnswer", **asked, **asker)["RecordData"]

    assert tested(EDNS0ClientSubnetIP="10.1.2.3") == ["192.0.2.0"]
    assert tested(EDNS0ClientSubnetIP="10.1.2.3", EDNS0ClientSubnetMask="23") == ["192.0.2.2"]
    assert tested(EDNS0ClientSubnetIP="10.1.2.3", EDNS0ClientSubnetMask="15") == ["192.0.2.3"]
    assert tested(EDNS0ClientSubnetIP="2001:db8:2::9") == ["192.0.2.1"]


@pytest.mark.parametrize(
    ("question", "code", "data"),
    [
        ("none.shop.example A", "NXDOMAIN", []),
        ("www.shop.example AAAA", "NOERROR", []),
        ("www.other.example A", "REFUSED", []),
        ("x.any.shop.example TXT", "NOERROR", ['"two words" "\\310"']),
    ],
)
def test_a_response_code_and_its_data(service, call, question, code, data):
    name, kind = question.split()

    told = call(service, "TestDNSAnswer", HostedZoneId="Z1SHOP", RecordName=name, RecordType=kind)

    assert (told["ResponseCode"], told["RecordData"]) == (code, data)


def test_a_chain_is_told_whole(service, call):
    told = call(
        service,
        "TestDNSAnswer",
        HostedZoneId="Z1SHOP",
        RecordName="alias.shop.example",
        RecordType="A",
    )

    assert told["RecordData"][0] == "www.shop.example."
    assert len(told["RecordData"]) == 3


@pytest.mark.parametrize(
    "params",
    [
        {"ResolverIP": "here"},
        {"EDNS0ClientSubnetIP": "10.0.0"},
        {"EDNS0ClientSubnetIP": "10.0.0.1", "EDNS0ClientSubnetMask": "33"},
        {"EDNS0ClientSubnetIP": "10.0.0.1", "EDNS0ClientSubnetMask": "x"},
        {"EDNS0ClientSubnetMask": "24"},
        {"RecordType": "ANY"},
        {"RecordName": "a..b"},
    ],
)
def test_a_question_that_cannot_be(service, refusal, params):
    asked = {"HostedZoneId": "Z1SHOP", "RecordName": "www.shop.example", "RecordType": "A"}

    assert refusal(service, "TestDNSAnswer", **{**asked, **params}).code == "InvalidInput"


def test_a_zone_that_is_not_served_is_asked_all_the_same(service, call):
    made = call(service, "CreateHostedZone", Name="shop.example", CallerReference="second")
    second = made["HostedZone"]["Id"].removeprefix("/hostedzone/")
    asked = {"RecordName": "www.shop.example", "RecordType": "A"}

    assert call(service, "TestDNSAnswer", HostedZoneId="Z1SHOP", **asked)["RecordData"]
    told = call(service, "TestDNSAnswer", HostedZoneId=second, **asked)
    assert (told["ResponseCode"], told["RecordData"]) == ("NXDOMAIN", [])
    assert told["Nameserver"] == "ns-1.lab.example"


def test_a_parent_is_asked_though_a_child_is_served(service, call):
    made = call(service, "CreateHostedZone", Name="any.shop.example", CallerReference="child")
    child = made["HostedZone"]["Id"].removeprefix("/hostedzone/")
    asked = {"RecordName": "x.any.shop.example", "RecordType": "TXT"}

    assert call(service, "TestDNSAnswer", HostedZoneId="Z1SHOP", **asked)["RecordData"]
    assert not call(service, "TestDNSAnswer", HostedZoneId=child, **asked)["RecordData"]


@pytest.mark.parametrize("wrap", [dict, json.dumps, lambda given: {"ChangeBatch": given}])
def test_the_comment_is_found_in_every_form_of_a_batch(service, call, wrap):
    given = wrap({"Comment": "hello", **batch(("CREATE", record_set()))})

    made = call(service, "ChangeResourceRecordSets", HostedZoneId="Z1SHOP", ChangeBatch=given)
    assert made["ChangeInfo"]["Comment"] == "hello"


def test_what_a_real_account_lists_can_be_put_back(start, call):
    """Its aliases name the zone by the id that it has there, and stand behind what they lead to."""
    alias = {
        "Name": "al.shop.example.",
        "Type": "A",
        "AliasTarget": {
            "HostedZoneId": "Z1REAL",
            "DNSName": "www.shop.example.",
            "EvaluateTargetHealth": False,
        },
    }
    www = record_set("www.shop.example.")
    service = start(Zone.from_json({"ResourceRecordSets": [www, alias]}))

    listed = call(service, "ListResourceRecordSets", HostedZoneId="Z1REAL")["ResourceRecordSets"]
    listed.sort(key=lambda each: "AliasTarget" in each)
    changes = batch(*(("UPSERT", each) for each in listed))
    call(service, "ChangeResourceRecordSets", HostedZoneId="Z1REAL", ChangeBatch=changes)
    assert alias in listed
