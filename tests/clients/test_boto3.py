"""boto3 against the API: every operation, paginators, waiters, and errors as exceptions."""

import http.client
import re
import urllib.request
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from lab_engine.authority.availability import in_zones
from lab_engine.authority.geo import Atlas
from lab_engine.control.operations import OPERATIONS
from lab_engine.wire.client import ask

from .batches import change
from .conftest import CHECK_ID, ZONE_ID

pytestmark = pytest.mark.clients
PATH = f"/2013-04-01/hostedzone/{ZONE_ID}/rrset/"


def changed(route53, *changes, zone=ZONE_ID):
    batch = {"Changes": list(changes)}
    response = route53.change_resource_record_sets(HostedZoneId=zone, ChangeBatch=batch)
    return response["ChangeInfo"]


def listed(route53, **options):
    pages = route53.get_paginator("list_resource_record_sets")
    return [
        each
        for page in pages.paginate(HostedZoneId=ZONE_ID, **options)
        for each in page["ResourceRecordSets"]
    ]


# Every operation


def test_every_operation_of_the_lab(route53, server):
    """One call of each; what each does beyond that is tested where it is written."""
    zone = route53.create_hosted_zone(Name="shop.example", CallerReference="1")
    zone_id = zone["HostedZone"]["Id"]
    check = route53.create_health_check(
        CallerReference="1", HealthCheckConfig={"Type": "TCP", "IPAddress": "192.0.2.7", "Port": 9}
    )["HealthCheck"]["Id"]
    collection = route53.create_cidr_collection(Name="isps", CallerReference="1")["Collection"]
    block = {"LocationName": "office", "Action": "PUT", "CidrList": ["198.51.100.0/24"]}
    in_zone, of_zone = {"HostedZoneId": zone_id}, {"Id": zone_id}
    of_check, of_collection = {"HealthCheckId": check}, {"CollectionId": collection["Id"]}
    tagged = {"ResourceType": "healthcheck", "ResourceId": check}
    question = {"RecordName": "shop.example", "RecordType": "SOA"}

    said = {
        "get_hosted_zone": of_zone,
        "list_hosted_zones": {},
        "list_hosted_zones_by_name": {},
        "get_hosted_zone_count": {},
        "get_dnssec": in_zone,
        "update_hosted_zone_comment": {**of_zone, "Comment": "ours"},
        "get_hosted_zone_limit": {**in_zone, "Type": "MAX_RRSETS_BY_ZONE"},
        "get_account_limit": {"Type": "MAX_HEALTH_CHECKS_BY_OWNER"},
        "change_resource_record_sets": {
            **in_zone,
            "ChangeBatch": {"Changes": [change("CREATE", "www.shop.example")]},
        },
        "list_resource_record_sets": in_zone,
        "get_change": {"Id": zone["ChangeInfo"]["Id"]},
        "test_dns_answer": {**in_zone, **question},
        "get_health_check": of_check,
        "list_health_checks": {},
        "update_health_check": {**of_check, "FailureThreshold": 5},
        "get_health_check_count": {},
        "get_health_check_status": of_check,
        "get_health_check_last_failure_reason": of_check,
        "get_checker_ip_ranges": {},
        "change_cidr_collection": {"Id": collection["Id"], "Changes": [block]},
        "list_cidr_collections": {},
        "list_cidr_locations": of_collection,
        "list_cidr_blocks": of_collection,
        "list_geo_locations": {},
        "get_geo_location": {"ContinentCode": "EU"},
        "change_tags_for_resource": {**tagged, "AddTags": [{"Key": "Name", "Value": "a"}]},
        "list_tags_for_resource": tagged,
        "list_tags_for_resources": {"ResourceType": "healthcheck", "ResourceIds": [check]},
        "delete_health_check": of_check,
    }
    for operation, params in said.items():
        response = getattr(route53, operation)(**params)
        assert response["ResponseMetadata"]["HTTPStatusCode"] == 200, operation
    changed(route53, change("DELETE", "www.shop.example"), zone=zone_id)
    route53.delete_hosted_zone(Id=zone_id)
    route53.change_cidr_collection(
        Id=collection["Id"], Changes=[{**block, "Action": "DELETE_IF_EXISTS"}]
    )
    route53.delete_cidr_collection(Id=collection["Id"])

    asked = {each.operation for each in server.api.log}
    assert asked == set(OPERATIONS)
    assert server.api.failures == 0


def test_times_are_times(route53):
    before = datetime.now(UTC)

    info = changed(route53, change("CREATE", "new.example.com"))

    assert abs(info["SubmittedAt"] - before) < timedelta(seconds=60)
    again = route53.get_change(Id=info["Id"])["ChangeInfo"]
    assert abs(again["SubmittedAt"] - info["SubmittedAt"]) < timedelta(milliseconds=1)


@pytest.mark.parametrize(
    "elements",
    [
        {"Weight": 0},
        {"Weight": 255, "HealthCheckId": CHECK_ID},
        {"Region": "eu-west-1"},
        {"GeoLocation": {"CountryCode": "US", "SubdivisionCode": "CA"}},
        {"GeoLocation": {"CountryCode": "*"}},
        {"Failover": "SECONDARY"},
        {"MultiValueAnswer": True},
        {"GeoProximityLocation": {"AWSRegion": "us-east-1", "Bias": -20}},
        {"AZAffinity": {"LocationType": "AvailabilityZone", "LocationId": "use1-az1"}},
        {"AZAffinity": {"LocationType": "Global", "LocationId": "global"}},
        {"GeoProximityLocation": {"Coordinates": {"Latitude": "48.90", "Longitude": "2.40"}}},
    ],
)
def test_what_is_sent_is_listed_and_can_be_deleted(route53, elements):
    one = change("CREATE", "new.example.com.", SetIdentifier="a", **elements)
    before = listed(route53)

    changed(route53, one)

    (new,) = (each for each in listed(route53) if each not in before)
    assert new == one["ResourceRecordSet"]
    changed(route53, {"Action": "DELETE", "ResourceRecordSet": new})
    assert listed(route53) == before


def test_each_resolver_is_told_of_its_own_availability_zone(route53, server):
    atlas = Atlas(in_zones({"10.0.1.0/24": "use1-az1", "10.0.2.0/24": "use1-az2"}))
    server.state = replace(server.state, atlas=atlas)
    locations = {"Region": "us-east-1", "AvailabilityZone": "use1-az1", "Global": "global"}
    changed(
        route53,
        *(
            change(
                "CREATE",
                "zonal.example.com",
                "A",
                [f"192.0.2.{number}"],
                SetIdentifier=level,
                AZAffinity={"LocationType": level, "LocationId": identifier},
            )
            for number, (level, identifier) in enumerate(locations.items(), 1)
        ),
    )

    def told(resolver, **subnet):
        question = {"RecordName": "zonal.example.com", "RecordType": "A"}
        asked = {"HostedZoneId": ZONE_ID, "ResolverIP": resolver, **question, **subnet}
        return route53.test_dns_answer(**asked)["RecordData"]

    assert told("10.0.1.53") == ["192.0.2.2"]
    assert told("10.0.2.53") == ["192.0.2.1"]
    assert told("10.0.3.53") == ["192.0.2.3"]
    assert told("10.0.2.53", EDNS0ClientSubnetIP="10.0.1.7") == ["192.0.2.1"]


@pytest.mark.parametrize(
    ("rdtype", "values"),
    [
        ("A", ["192.0.2.2", "192.0.2.1"]),
        ("AAAA", ["2001:db8::1"]),
        ("CAA", ['0 issue "ca.example.net"']),
        ("CNAME", ["target.example.net."]),
        ("MX", ["10 mail.example.com.", "20 mail.example.net."]),
        ("NAPTR", ['100 10 "S" "SIP+D2U" "" _sip._udp.example.com.']),
        ("NS", ["ns.example.net."]),
        ("PTR", ["host.example.com."]),
        ("SRV", ["1 10 5269 xmpp.example.com."]),
        ("TXT", ['"one" "two"', '"semi; colon \\"quoted\\" \\303\\251"']),
        ("DS", ["12345 13 2 " + "ab" * 32]),
        ("HTTPS", ['1 . alpn="h2"']),
    ],
)
def test_every_type_is_stored_as_it_was_sent_and_answered(route53, dig, rdtype, values):
    one = change("CREATE", "new.example.com.", rdtype, values)

    changed(route53, one)

    options = {"StartRecordName": "new.example.com", "StartRecordType": rdtype, "MaxItems": "1"}
    (new,) = route53.list_resource_record_sets(HostedZoneId=ZONE_ID, **options)[
        "ResourceRecordSets"
    ]
    assert new == one["ResourceRecordSet"]
    rcode, found = dig("new.example.com", rdtype)
    assert rcode == "NOERROR"
    assert len(found) == len(values) or rdtype == "NS"


def test_values_are_listed_as_they_were_written(route53):
    changed(route53, change("CREATE", "NEW.example.com", "MX", ["10  Mail.example.net"]))

    (new,) = (each for each in listed(route53) if each["Name"] == "new.example.com.")
    assert new["ResourceRecords"] == [{"Value": "10  Mail.example.net"}]


# Paginators and waiters


def order(record_set):
    """The API reference: labels reversed, with the last dot, which can make a difference."""
    labels = record_set["Name"].removesuffix(".").split(".")
    name = ".".join(reversed(labels)) + "."
    return name, record_set["Type"], record_set.get("SetIdentifier", "")


def test_a_thousand_record_sets_come_in_their_order(route53):
    for start in range(0, 1_200, 400):
        names = (f"{n}.{('a', 'a-b')[n % 2]}.example.com" for n in range(start, start + 400))
        changed(route53, *(change("CREATE", name) for name in names))

    found = listed(route53)

    assert len(found) == 107 + 1_200
    assert found == sorted(found, key=order)
    pages = route53.get_paginator("list_resource_record_sets").paginate(HostedZoneId=ZONE_ID)
    assert [len(page["ResourceRecordSets"]) for page in pages] == [300, 300, 300, 300, 107]
    assert listed(route53, PaginationConfig={"PageSize": 37}) == found


def test_pages_of_record_sets_in_the_middle_of_a_group(route53):
    found = listed(route53, PaginationConfig={"PageSize": 7})

    members = [each["SetIdentifier"] for each in found if each["Name"] == "full.example.com."]
    assert members == sorted(map(str, range(100)))


def test_pages_of_hosted_zones_and_health_checks(route53):
    for n in range(5):
        route53.create_hosted_zone(Name=f"z{n}.example", CallerReference=str(n))
        config = {"Type": "TCP", "IPAddress": f"192.0.2.{n}", "Port": 80}
        route53.create_health_check(CallerReference=str(n), HealthCheckConfig=config)
    small = {"PaginationConfig": {"PageSize": 2}}

    zones = [*route53.get_paginator("list_hosted_zones").paginate(**small)]
    checks = [*route53.get_paginator("list_health_checks").paginate(**small)]

    assert [len(page["HostedZones"]) for page in zones] == [2, 2, 2]
    assert [len(page["HealthChecks"]) for page in checks] == [2, 2, 2]
    names = [each["Name"] for page in zones for each in page["HostedZones"]]
    assert names == ["example.com.", *(f"z{n}.example." for n in range(5))]


def test_pages_of_cidr_blocks(route53):
    collection = route53.create_cidr_collection(Name="a", CallerReference="1")["Collection"]["Id"]
    blocks = [f"10.{n}.0.0/16" for n in range(150)]
    put = {"LocationName": "ten", "Action": "PUT", "CidrList": blocks}
    route53.change_cidr_collection(Id=collection, Changes=[put])

    pages = route53.get_paginator("list_cidr_blocks").paginate(CollectionId=collection)

    assert [each["CidrBlock"] for page in pages for each in page["CidrBlocks"]] == blocks


def test_the_waiter_finds_every_change_in_sync(route53):
    info = changed(route53, change("CREATE", "new.example.com"))

    route53.get_waiter("resource_record_sets_changed").wait(
        Id=info["Id"], WaiterConfig={"MaxAttempts": 1}
    )


# Errors


def test_errors_are_exceptions_of_their_own(route53):
    kinds = route53.exceptions
    member = change("CREATE", "new.example.com", Weight=1, SetIdentifier="a", HealthCheckId="none")
    zone = {"Name": "shop.example", "CallerReference": "1"}
    route53.create_hosted_zone(**zone)
    reference = {"CallerReference": "1"}
    other = {"Type": "TCP", "IPAddress": "192.0.2.7", "Port": 2}
    route53.create_health_check(**reference, HealthCheckConfig={**other, "Port": 1})

    for kind, status, call in (
        (kinds.NoSuchHostedZone, 404, lambda: route53.get_hosted_zone(Id="Z9")),
        (kinds.NoSuchHealthCheck, 404, lambda: route53.get_health_check(HealthCheckId="none")),
        (kinds.NoSuchChange, 404, lambda: route53.get_change(Id="C9")),
        (kinds.NoSuchGeoLocation, 404, lambda: route53.get_geo_location(CountryCode="XX")),
        (kinds.InvalidChangeBatch, 400, lambda: changed(route53, change("DELETE", "example.com"))),
        (kinds.InvalidInput, 400, lambda: changed(route53, change("REPLACE", "example.com"))),
        (kinds.NoSuchHealthCheck, 404, lambda: changed(route53, member)),
        (kinds.HostedZoneNotEmpty, 400, lambda: route53.delete_hosted_zone(Id=ZONE_ID)),
        (kinds.HostedZoneAlreadyExists, 409, lambda: route53.create_hosted_zone(**zone)),
        (
            kinds.HealthCheckAlreadyExists,
            409,
            lambda: route53.create_health_check(**reference, HealthCheckConfig=other),
        ),
    ):
        with pytest.raises(kind) as caught:
            call()
        assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == status


def test_an_error_comes_with_help(route53):
    with pytest.raises(route53.exceptions.InvalidChangeBatch) as caught:
        changed(route53, change("CREATE", "example.com", "CNAME"))

    headers = caught.value.response["ResponseMetadata"]["HTTPHeaders"]
    assert headers["x-lab-help"] == "Use an alias at the apex."


def test_what_boto3_would_not_send_is_refused_by_the_server(server):
    client = boto3.client("route53", config=Config(parameter_validation=False))
    try:
        with pytest.raises(client.exceptions.InvalidInput) as caught:
            changed(client)
    finally:
        client.close()

    text = caught.value.response["Error"]["Message"]
    assert text.startswith("Invalid XML ; cvc-complex-type.2.4.b: ")


def test_an_operation_that_is_not_in_the_lab(route53):
    with pytest.raises(ClientError) as caught:
        route53.create_reusable_delegation_set(CallerReference="1")

    error = caught.value.response["Error"]
    text = "CreateReusableDelegationSet is not implemented in the lab"
    assert (error["Code"], error["Message"]) == ("NotImplemented", text)


# What no client sends


def posted(server, body, kind="text/xml"):
    connection = http.client.HTTPConnection(server.api.host, server.api.port, timeout=30)
    try:
        connection.request("POST", PATH, body, {"Content-Type": kind})
        response = connection.getresponse()
        return response.status, response.read().decode()
    finally:
        connection.close()


BATCH = """\
<ChangeResourceRecordSetsRequest xmlns="https://route53.amazonaws.com/doc/2013-04-01/"><ChangeBatch>
<Changes><Change><Action>CREATE</Action><ResourceRecordSet><Name>new.example.com</Name>
<Type>A</Type><TTL>60</TTL><ResourceRecords><ResourceRecord><Value>192.0.2.9</Value></ResourceRecord>
</ResourceRecords></ResourceRecordSet></Change></Changes></ChangeBatch>
</ChangeResourceRecordSetsRequest>
"""
TOKEN = """\
<ChangeResourceRecordSetsRequest xmlns="https://route53.amazonaws.com/doc/2013-04-01/"><ChangeBatch>
<Changes><Change><Action>UPSERT</Action><ResourceRecordSet><Name>_acme-challenge.example.com</Name>
<Type>TXT</Type><TTL>60</TTL><ResourceRecords><ResourceRecord><Value>"tok"</Value></ResourceRecord>
</ResourceRecords></ResourceRecordSet></Change></Changes></ChangeBatch>
</ChangeResourceRecordSetsRequest>
"""


def test_what_curl_posts_as_a_form_is_taken_and_listed_with_its_quotation_marks_escaped(server):
    """acme.sh does so, and takes the listing apart by `&quot;`."""
    status, _ = posted(server, TOKEN, "application/x-www-form-urlencoded")

    assert status == 200
    with urllib.request.urlopen(f"{server.api.url}{PATH}?name=_acme-challenge.example.com") as told:
        assert "<Value>&quot;tok&quot;</Value>" in told.read().decode()


SECOND = BATCH.replace("</Changes>", "<Change><Action>CREATE</Action></Change></Changes>")


@pytest.mark.parametrize(
    ("body", "kind", "expected"),
    [
        (BATCH[:-20], "text/xml", (400, "MalformedInput")),
        (BATCH.replace("</Type>", "</Kind>"), "text/xml", (400, "MalformedInput")),
        ("<!DOCTYPE a [<!ENTITY b 'c'>]>" + BATCH, "text/xml", (400, "MalformedInput")),
        (SECOND, "text/xml", (400, "InvalidInput")),
        ("", "text/xml", (400, "MalformedInput")),
        ('{"Changes": []}', "text/xml", (400, "MalformedInput")),
        ('{"Changes": []}', "application/json", (400, "MalformedInput")),
        ("Action=CREATE", "application/x-www-form-urlencoded", (400, "MalformedInput")),
        (BATCH.replace("192.0.2.9", "9" * 10_000_000), "text/xml", (413, "RequestEntityTooLarge")),
    ],
    ids=["cut", "crossed", "entity", "half", "empty", "json", "type", "form", "10 MB"],
)
def test_nothing_of_a_bad_request_is_done(server, route53, body, kind, expected):
    before = listed(route53)

    status, said = posted(server, body, kind)

    assert (status, re.findall("<Code>(.*)</Code>", said)) == (expected[0], [expected[1]])
    assert ask("new.example.com", "A", server.address).rcode == "NXDOMAIN"
    assert listed(route53) == before
    assert posted(server, BATCH)[0] == 200
    assert ask("new.example.com", "A", server.address).values == ("192.0.2.9",)
