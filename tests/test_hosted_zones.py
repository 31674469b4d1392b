"""Hosted zones: made, listed, commented and deleted."""

import pytest

from lab_engine.authority.records import Client, Question, RRset
from lab_engine.authority.zone import Zone

SHOP = Zone.of("shop.example", [RRset.of("www", "A", "192.0.2.1")])

WWW = {
    "Name": "www.shop.example.",
    "Type": "A",
    "TTL": 300,
    "ResourceRecords": [{"Value": "192.0.2.1"}],
}


@pytest.fixture
def service(start):
    return start(SHOP, ids={"shop.example": "Z1SHOP"})


def create(call, service, name, reference):
    made = call(service, "CreateHostedZone", Name=name, CallerReference=reference)
    return made["HostedZone"]["Id"].removeprefix("/hostedzone/")


def names(listed):
    return [each["Name"] for each in listed["HostedZones"]]


def test_a_new_zone_has_an_soa_and_the_labs_name_servers(service, call):
    made = call(
        service,
        "CreateHostedZone",
        Name="New.Example",
        CallerReference="once",
        HostedZoneConfig={"Comment": "for the course", "PrivateZone": False},
    )
    zone_id = made["HostedZone"]["Id"].removeprefix("/hostedzone/")
    sets = call(service, "ListResourceRecordSets", HostedZoneId=zone_id)["ResourceRecordSets"]

    assert made["HostedZone"]["Name"] == "new.example."
    assert made["HostedZone"]["Config"]["Comment"] == "for the course"
    assert made["HostedZone"]["ResourceRecordSetCount"] == 2
    assert made["Location"].endswith(f"/2013-04-01/hostedzone/{zone_id}")
    assert made["ChangeInfo"]["Status"] == "INSYNC"
    assert made["DelegationSet"]["NameServers"][0] == "ns-1.lab.example"
    assert [(each["Type"], each["TTL"]) for each in sets] == [("NS", 172800), ("SOA", 900)]
    assert [each["Value"] for each in sets[0]["ResourceRecords"]][3] == "ns-4.lab.example."


def test_a_new_zone_is_served_at_once(service, call):
    question, client = Question.of("new.example", "SOA"), Client.at("192.0.2.9")
    before = service.authority.respond(question, client)

    create(call, service, "new.example", "once")

    assert not before.answer
    assert service.authority.respond(question, client).answer


def test_a_caller_reference_is_good_for_once(service, call, refusal):
    create(call, service, "new.example", "once")

    found = refusal(service, "CreateHostedZone", Name="two.example", CallerReference="once")
    assert (found.code, found.status) == ("HostedZoneAlreadyExists", 409)


def test_of_two_with_one_name_the_first_is_served(service, call):
    second = create(call, service, "shop.example", "second")

    def answers():
        question = Question.of("www.shop.example", "A")
        return service.authority.respond(question, Client.at("192.0.2.9")).addresses

    assert answers() == ("192.0.2.1",)
    batch = {"Changes": [{"Action": "DELETE", "ResourceRecordSet": WWW}]}
    call(service, "ChangeResourceRecordSets", HostedZoneId="Z1SHOP", ChangeBatch=batch)
    call(service, "DeleteHostedZone", Id="Z1SHOP")
    assert [*service.authority.zones] == [service.account.hosted_zones[second].zone]


@pytest.mark.parametrize(
    "name", ["com", ".", "*.shop.example", "a..example", f"{'a' * 64}.example", "\\999.example"]
)
def test_a_name_that_no_hosted_zone_can_have(service, refusal, name):
    found = refusal(service, "CreateHostedZone", Name=name, CallerReference="once")

    assert (found.code, found.status) == ("InvalidDomainName", 400)


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"VPC": {"VPCRegion": "eu-west-1", "VPCId": "vpc-1"}}, "NotImplemented"),
        ({"HostedZoneConfig": {"PrivateZone": True}}, "NotImplemented"),
        ({"DelegationSetId": "N1"}, "NoSuchDelegationSet"),
        ({"HostedZoneConfig": {"Comment": "x" * 257}}, "InvalidInput"),
        ({"HostedZoneConfig": {"Colour": "red"}}, "InvalidInput"),
        ({"HostedZoneConfig": {"HostedZoneTier": "ADVANCED"}}, "NotImplemented"),
        ({"EnablePublicDNSFallback": True}, "InvalidInput"),
        (
            {"ChangeGuardrails": [{"Name": "ALIAS_TARGET_CHECK", "Status": "ENABLED"}]},
            "NotImplemented",
        ),
    ],
)
def test_what_the_lab_does_not_make(service, refusal, more, code):
    found = refusal(service, "CreateHostedZone", Name="a.example", CallerReference="1", **more)

    assert found.code == code


def test_a_zone_may_say_what_it_is_anyway(service, call):
    made = call(
        service,
        "CreateHostedZone",
        Name="a.example",
        CallerReference="1",
        HostedZoneConfig={"HostedZoneTier": "STANDARD"},
        EnablePublicDNSFallback=False,
        ChangeGuardrails=[{"Name": "ALIAS_TARGET_CHECK", "Status": "DISABLED"}],
    )

    assert made["HostedZone"]["Name"] == "a.example."


def test_no_zone_is_signed(service, call, refusal):
    found = call(service, "GetDNSSEC", HostedZoneId="Z1SHOP")

    assert found == {"Status": {"ServeSignature": "NOT_SIGNING"}, "KeySigningKeys": []}
    assert refusal(service, "GetDNSSEC", HostedZoneId="Z9").code == "NoSuchHostedZone"


def test_a_zone_is_found_with_its_path_before_its_id(service, call):
    for name in ("Z1SHOP", "/hostedzone/Z1SHOP"):
        found = call(service, "GetHostedZone", Id=name)

        assert found["HostedZone"]["Id"] == "/hostedzone/Z1SHOP"
        assert found["DelegationSet"]["NameServers"] == ["ns1.shop.example"]


def test_an_unknown_zone_is_named(service, refusal):
    found = refusal(service, "GetHostedZone", Id="ZNONE")

    assert (found.code, found.status) == ("NoSuchHostedZone", 404)
    assert found.message == "No hosted zone found with ID: ZNONE"
    assert "Z1SHOP" in found.help


def test_an_id_that_was_not_chosen_depends_on_the_name_alone(start):
    one, two = start(SHOP), start(Zone.of("shop.example", [RRset.of("a", "A", "192.0.2.7")]))

    assert [*one.account.hosted_zones] == [*two.account.hosted_zones]


def test_zones_are_listed_in_pages(service, call):
    for number in range(4):
        create(call, service, f"z{number}.example", f"r{number}")

    first = call(service, "ListHostedZones", MaxItems="2")
    second = call(service, "ListHostedZones", MaxItems="2", Marker=first["NextMarker"])
    third = call(service, "ListHostedZones", MaxItems="2", Marker=second["NextMarker"])
    assert (first["IsTruncated"], third["IsTruncated"]) == (True, False)
    assert "NextMarker" not in third
    assert names(first) + names(second) + names(third) == [
        "shop.example.",
        "z0.example.",
        "z1.example.",
        "z2.example.",
        "z3.example.",
    ]
    assert call(service, "GetHostedZoneCount") == {"HostedZoneCount": 5}


def test_there_are_no_private_zones(service, call):
    assert not names(call(service, "ListHostedZones", HostedZoneType="PrivateHostedZone"))


def test_zones_are_listed_by_their_reversed_names(service, call):
    for number, name in enumerate(("b.shop.example", "a.shop.example", "a.test", "shop.example")):
        create(call, service, name, str(number))

    first = call(service, "ListHostedZonesByName", MaxItems="2")
    onward = {"DNSName": first["NextDNSName"], "HostedZoneId": first["NextHostedZoneId"]}
    rest = call(service, "ListHostedZonesByName", **onward)
    assert names(first) == ["shop.example.", "shop.example."]
    assert names(rest) == ["a.shop.example.", "b.shop.example.", "a.test."]
    assert (rest["DNSName"], rest["IsTruncated"]) == ("a.shop.example.", False)


@pytest.mark.parametrize(
    ("operation", "params"),
    [
        ("ListHostedZones", {"MaxItems": "0"}),
        ("ListHostedZones", {"MaxItems": "-1"}),
        ("ListHostedZones", {"MaxItems": "many"}),
        ("ListHostedZones", {"MaxItems": "٣"}),
        ("ListHostedZones", {"MaxItems": 3}),
        ("ListHostedZones", {"Marker": "ZNONE"}),
        ("ListHostedZones", {"HostedZoneType": "Public"}),
        ("ListHostedZonesByName", {"HostedZoneId": "Z1SHOP"}),
        ("GetHostedZone", {}),
        ("GetHostedZone", {"Id": 5}),
        ("GetHostedZone", {"Id": None}),
    ],
)
def test_a_request_that_is_not_valid(service, refusal, operation, params):
    assert refusal(service, operation, **params).code == "InvalidInput"


def test_more_than_a_page_is_a_page(service, call):
    assert call(service, "ListHostedZones", MaxItems="5000")["MaxItems"] == "100"


def test_a_comment_is_changed_and_taken_away(service, call):
    given = call(service, "UpdateHostedZoneComment", Id="Z1SHOP", Comment="new")
    gone = call(service, "UpdateHostedZoneComment", Id="Z1SHOP")

    plain = {"PrivateZone": False, "HostedZoneTier": "STANDARD"}
    assert given["HostedZone"]["Config"] == {"Comment": "new", **plain}
    assert gone["HostedZone"]["Config"] == plain


def test_only_an_empty_zone_is_deleted(service, call, refusal):
    empty = create(call, service, "new.example", "once")

    found = refusal(service, "DeleteHostedZone", Id="Z1SHOP")
    gone = call(service, "DeleteHostedZone", Id=empty)
    assert found.code == "HostedZoneNotEmpty"
    assert found.message == (
        "The specified hosted zone contains non-required resource record sets "
        "and so cannot be deleted."
    )
    assert call(service, "GetChange", Id=gone["ChangeInfo"]["Id"])
    assert [*service.account.hosted_zones] == ["Z1SHOP"]


def test_the_last_zone_may_go(start, call):
    service = start(Zone.of("shop.example", [RRset.of("@", "NS", "ns1")]))
    (zone_id,) = service.account.hosted_zones

    call(service, "DeleteHostedZone", Id=zone_id)
    assert call(service, "GetHostedZoneCount") == {"HostedZoneCount": 0}
    reply = service.authority.respond(Question.of("shop.example"), Client.at("192.0.2.9"))
    assert not reply.answer


@pytest.mark.slow
def test_an_account_holds_500_zones(service, call, refusal):
    for number in range(499):
        wanted = {"Name": f"z{number}.example", "CallerReference": str(number)}
        service.call("CreateHostedZone", wanted)

    found = refusal(service, "CreateHostedZone", Name="more.example", CallerReference="more")
    assert found.code == "TooManyHostedZones"
    assert call(service, "GetAccountLimit", Type="MAX_HOSTED_ZONES_BY_OWNER") == {
        "Limit": {"Type": "MAX_HOSTED_ZONES_BY_OWNER", "Value": 500},
        "Count": 500,
    }


def test_the_limits_of_a_zone(service, call, refusal):
    most = call(service, "GetHostedZoneLimit", HostedZoneId="Z1SHOP", Type="MAX_RRSETS_BY_ZONE")
    found = refusal(
        service, "GetHostedZoneLimit", HostedZoneId="Z1SHOP", Type="MAX_VPCS_ASSOCIATED_BY_ZONE"
    )

    assert (most["Limit"]["Value"], most["Count"]) == (10_000, 3)
    assert found.code == "HostedZoneNotPrivate"


def test_a_zone_may_have_the_longest_name(service, call):
    name = ".".join(["x" * 63] * 3 + ["y" * 61])

    zone_id = create(call, service, name, "once")
    assert call(service, "GetHostedZone", Id=zone_id)["HostedZone"]["Name"] == f"{name}."


@pytest.mark.parametrize("name", ["a b.example", "a..example", "é.example"])
def test_a_name_that_no_record_set_could_have_is_refused(service, refusal, name):
    found = refusal(service, "CreateHostedZone", Name=name, CallerReference="1")

    assert found.code == "InvalidDomainName"
