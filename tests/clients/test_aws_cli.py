"""The AWS CLI against the API, as the course types it: what it prints, and what DNS says then."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from .batches import alias, change
from .conftest import CHECK_ID, ZONE_ID, Done

pytestmark = pytest.mark.clients


def changed(aws, *changes, zone=ZONE_ID):
    batch = json.dumps({"Changes": changes})
    done = aws("change-resource-record-sets", "--hosted-zone-id", zone, "--change-batch", batch)
    return done.json["ChangeInfo"]


def listed(aws, *options, zone=ZONE_ID):
    return aws("list-resource-record-sets", "--hosted-zone-id", zone, *options).json


# Real processes


def test_a_change_is_answered_the_moment_the_command_returns(program, dig):
    batch = (
        '{"Comment": "moved", "Changes": [{"Action": "UPSERT", "ResourceRecordSet": {"Name": '
        '"www.example.com", "Type": "A", "TTL": 60, "ResourceRecords": [{"Value": "192.0.2.9"}]}}]}'
    )
    assert dig("www.example.com") == ("NOERROR", ["192.0.2.1", "192.0.2.2"])

    done = program(
        "change-resource-record-sets", "--hosted-zone-id", ZONE_ID, "--change-batch", batch
    )

    assert dig("www.example.com") == ("NOERROR", ["192.0.2.9"])
    info = done.json["ChangeInfo"]
    assert (info["Status"], info["Comment"]) == ("INSYNC", "moved")
    assert info["Id"].startswith("/change/C")


def test_a_change_batch_comes_from_a_file(program, dig, tmp_path):
    file = tmp_path / "batch.json"
    file.write_text(json.dumps({"Changes": [change("CREATE", "new.example.com", "TXT")]}))

    given = ("--hosted-zone-id", f"/hostedzone/{ZONE_ID}", "--change-batch", f"file://{file}")
    done = program("change-resource-record-sets", *given)

    assert done.status == 0
    assert dig("new.example.com", "TXT") == ("NOERROR", ['"text"'])


def test_waiting_for_a_change_ends_at_once(program, aws):
    made = changed(aws, change("CREATE", "new.example.com"))

    waited = program("wait", "resource-record-sets-changed", "--id", made["Id"])

    assert waited == (0, "", "")


def test_what_serve_prints_can_be_pasted(tmp_path):
    file = tmp_path / "example.zone"
    file.write_text(
        "$ORIGIN example.com.\n@ 900 IN SOA a b 1 2 3 4 5\n@ 900 IN NS ns.example.net.\n"
    )
    command = [sys.executable, "-m", "lab_engine", "serve", str(file)]
    options = ["--port", "0", "--api-port", "0", "--zone-id", ZONE_ID]
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    alone = {"PATH": path, "HOME": str(tmp_path), "AWS_EC2_METADATA_DISABLED": "true"}
    with subprocess.Popen([*command, *options], stdout=subprocess.PIPE, text=True) as process:
        try:
            printed = [process.stdout.readline() for _ in range(5)]
            script = "".join(line for line in printed if line.startswith("  "))
            pasted = subprocess.run(
                ["sh", "-c", script], capture_output=True, text=True, env=alone, check=False
            )
        finally:
            process.terminate()

    found = Done(pasted.returncode, pasted.stdout, pasted.stderr).json["ResourceRecordSets"]
    assert [(each["Name"], each["Type"]) for each in found] == [
        ("example.com.", "NS"),
        ("example.com.", "SOA"),
    ]


# Hosted zones


def test_a_hosted_zone_from_its_making_to_its_end(aws, dig):
    made = aws("create-hosted-zone", "--name", "shop.example", "--caller-reference", "1").json
    zone = made["HostedZone"]["Id"]
    assert made["Location"] == f"https://route53.amazonaws.com/2013-04-01{zone}"
    assert made["HostedZone"]["ResourceRecordSetCount"] == 2
    assert made["DelegationSet"]["NameServers"][0] == "ns-1.lab.example"
    assert dig("shop.example", "SOA")[0] == "NOERROR"

    changed(aws, change("CREATE", "www.shop.example"), zone=zone)
    assert dig("www.shop.example") == ("NOERROR", ["192.0.2.9"])
    assert "HostedZoneNotEmpty" in aws("delete-hosted-zone", "--id", zone).err

    changed(aws, change("DELETE", "www.shop.example"), zone=zone)
    assert dig("www.shop.example") == ("NXDOMAIN", [])
    gone = aws("delete-hosted-zone", "--id", zone).json["ChangeInfo"]

    assert dig("www.shop.example") == ("REFUSED", [])
    assert aws("get-change", "--id", gone["Id"]).json["ChangeInfo"] == gone
    assert "NoSuchHostedZone" in aws("get-hosted-zone", "--id", zone).err


def test_hosted_zones_are_listed_counted_and_commented(aws):
    commented = ("update-hosted-zone-comment", "--id", ZONE_ID, "--comment", "ours")

    assert aws(*commented).json["HostedZone"]["Config"]["Comment"] == "ours"
    (one,) = aws("list-hosted-zones").json["HostedZones"]
    assert one == aws("get-hosted-zone", "--id", ZONE_ID).json["HostedZone"]
    assert one["Id"] == f"/hostedzone/{ZONE_ID}"
    assert (one["Name"], one["Config"]["Comment"]) == ("example.com.", "ours")
    by_name = aws("list-hosted-zones-by-name", "--dns-name", "example.com").json
    assert by_name["HostedZones"] == [one]
    assert aws("get-hosted-zone-count").json == {"HostedZoneCount": 1}


def test_limits(aws):
    kind = ("--type", "MAX_RRSETS_BY_ZONE", "--hosted-zone-id", ZONE_ID)

    limit = aws("get-hosted-zone-limit", *kind).json
    account = aws("get-account-limit", "--type", "MAX_HOSTED_ZONES_BY_OWNER").json

    held = len(listed(aws)["ResourceRecordSets"])
    assert limit == {"Limit": {"Type": "MAX_RRSETS_BY_ZONE", "Value": 10_000}, "Count": held}
    assert account["Count"] == 1


# Record sets


def test_record_sets_are_listed_page_by_page(aws):
    everything = listed(aws)["ResourceRecordSets"]
    found, options = [], ()
    while True:
        page = listed(aws, "--max-items", 40, *options)
        assert len(page["ResourceRecordSets"]) <= 40
        found += page["ResourceRecordSets"]
        if "NextToken" not in page:
            break
        options = ("--starting-token", page["NextToken"])

    assert len(everything) == 107
    assert found == everything


def test_record_sets_are_listed_by_pages_of_the_api(aws):
    everything = listed(aws)["ResourceRecordSets"]

    assert listed(aws, "--page-size", 25)["ResourceRecordSets"] == everything


def test_record_sets_are_listed_from_a_name_and_type_on(aws):
    start = {"StartRecordName": "w.example.com", "StartRecordType": "A"}
    query = "ResourceRecordSets[].[Name, SetIdentifier, Weight]"

    found = listed(aws, "--cli-input-json", json.dumps(start), "--query", query)

    assert found[:2] == [["w.example.com.", "a", 1], ["w.example.com.", "b", 2]]


@pytest.mark.parametrize("output", ["text", "table"])
def test_other_forms_of_output(aws, output):
    done = aws("list-hosted-zones", "--output", output)

    assert done.status == 0
    assert "example.com." in done.out


def test_a_record_set_is_deleted_as_it_is_listed(aws, dig):
    query = "ResourceRecordSets[?Name == 'www.example.com.'] | [0]"
    one = listed(aws, "--query", query)

    changed(aws, {"Action": "DELETE", "ResourceRecordSet": one})

    assert dig("www.example.com") == ("NXDOMAIN", [])


def test_a_policy_takes_the_place_of_another_in_one_batch(aws, dig):
    old = change("DELETE", "many.example.com", values=["192.0.2.5"])
    old["ResourceRecordSet"] |= {"MultiValueAnswer": True, "SetIdentifier": "m"}
    new = change("CREATE", "many.example.com", Region="eu-west-1", SetIdentifier="eu")

    changed(aws, old, new)

    assert dig("many.example.com") == ("NOERROR", ["192.0.2.9"])


def test_an_alias_answers_what_its_target_answers(aws, dig):
    changed(aws, alias("CREATE", "example.com", "www.example.com", ZONE_ID))

    assert dig("example.com") == dig("www.example.com") == ("NOERROR", ["192.0.2.1", "192.0.2.2"])


def test_the_test_of_an_answer_says_what_dns_says(aws, dig):
    asked = ("--hosted-zone-id", ZONE_ID, "--record-name", "www.example.com", "--record-type", "A")

    tested = aws("test-dns-answer", *asked).json

    assert sorted(tested["RecordData"]) == dig("www.example.com")[1]
    assert (tested["ResponseCode"], tested["RecordType"]) == ("NOERROR", "A")


def test_the_test_of_an_answer_takes_a_place(aws, dig):
    places = {"eu": {"ContinentCode": "EU"}, "world": {"CountryCode": "*"}}
    addresses = {"eu": "192.0.2.21", "world": "192.0.2.22"}
    geo = [
        change("CREATE", "geo.example.com", values=[addresses[name]], SetIdentifier=name)
        for name in places
    ]
    for each in geo:
        each["ResourceRecordSet"]["GeoLocation"] = places[
            each["ResourceRecordSet"]["SetIdentifier"]
        ]
    changed(aws, *geo)
    asked = ("--hosted-zone-id", ZONE_ID, "--record-name", "geo.example.com", "--record-type", "A")

    tested = aws("test-dns-answer", *asked, "--edns0-client-subnet-ip", "198.18.1.1").json

    assert tested["RecordData"] == ["192.0.2.21"]
    assert dig("geo.example.com", subnet=("198.18.1.0", 24))[1] == ["192.0.2.21"]
    assert dig("geo.example.com", subnet=("198.19.1.0", 24))[1] == ["192.0.2.22"]


# Health checks


def test_a_health_check_from_its_making_to_its_end(aws):
    config = json.dumps({"Type": "TCP", "IPAddress": "192.0.2.7", "Port": 443})
    made = aws("create-health-check", "--caller-reference", "1", "--health-check-config", config)
    check = made.json["HealthCheck"]
    named = ("--health-check-id", check["Id"])
    assert check["HealthCheckConfig"]["FailureThreshold"] == 3
    assert aws("get-health-check", *named).json["HealthCheck"] == check
    assert aws("get-health-check-count").json == {"HealthCheckCount": 2}

    updated = aws("update-health-check", *named, "--failure-threshold", 5, "--inverted").json
    assert updated["HealthCheck"]["HealthCheckVersion"] == 2
    assert updated["HealthCheck"]["HealthCheckConfig"]["Inverted"]
    assert aws("list-health-checks").json["HealthChecks"][1] == updated["HealthCheck"]

    assert aws("delete-health-check", *named) == (0, "", "")
    assert aws("get-health-check-count").json == {"HealthCheckCount": 1}


def test_what_a_check_that_is_not_probed_says(aws, server, dig):
    named = ("--health-check-id", CHECK_ID)
    primary = change("CREATE", "f.example.com", Failover="PRIMARY", SetIdentifier="p")
    primary["ResourceRecordSet"]["HealthCheckId"] = CHECK_ID
    second = change("CREATE", "f.example.com", values=["192.0.2.8"], SetIdentifier="s")
    second["ResourceRecordSet"]["Failover"] = "SECONDARY"
    changed(aws, primary, second)
    assert dig("f.example.com")[1] == ["192.0.2.9"]

    server.health[CHECK_ID] = False

    assert dig("f.example.com")[1] == ["192.0.2.8"]
    status = aws("get-health-check-status", *named).json["HealthCheckObservations"]
    failure = aws("get-health-check-last-failure-reason", *named).json["HealthCheckObservations"]
    for observations in (status, failure):
        report = observations[0]["StatusReport"]["Status"]
        assert report.startswith("Failure: not probed by the lab.")


def test_where_the_checkers_are(aws):
    assert aws("get-checker-ip-ranges").json["CheckerIpRanges"]


# Collections, places and tags


def test_a_cidr_collection_from_its_making_to_its_end(aws, dig):
    made = aws("create-cidr-collection", "--name", "isps", "--caller-reference", "1").json
    collection = made["Collection"]["Id"]
    blocks = {"LocationName": "office", "Action": "PUT", "CidrList": ["198.51.100.0/24"]}
    changes = json.dumps([blocks])
    assert aws("change-cidr-collection", "--id", collection, "--changes", changes).status == 0
    routed = [
        change("CREATE", "net.example.com", values=[value], SetIdentifier=name)
        for name, value in (("office", "192.0.2.31"), ("*", "192.0.2.32"))
    ]
    for each in routed:
        record_set = each["ResourceRecordSet"]
        location = {"CollectionId": collection, "LocationName": record_set["SetIdentifier"]}
        record_set["CidrRoutingConfig"] = location
    changed(aws, *routed)

    assert dig("net.example.com", subnet=("198.51.100.0", 24))[1] == ["192.0.2.31"]
    assert dig("net.example.com", subnet=("203.0.113.0", 24))[1] == ["192.0.2.32"]
    assert aws("list-cidr-collections").json["CidrCollections"][0]["Version"] == 2
    named = ("--collection-id", collection)
    assert aws("list-cidr-locations", *named).json["CidrLocations"] == [{"LocationName": "office"}]
    (block,) = aws("list-cidr-blocks", *named).json["CidrBlocks"]
    assert block == {"CidrBlock": "198.51.100.0/24", "LocationName": "office"}
    assert "CidrCollectionInUse" in aws("delete-cidr-collection", "--id", collection).err

    changed(aws, *({**each, "Action": "DELETE"} for each in routed))
    gone = json.dumps([{**blocks, "Action": "DELETE_IF_EXISTS"}])
    assert aws("change-cidr-collection", "--id", collection, "--changes", gone).status == 0
    assert aws("delete-cidr-collection", "--id", collection).status == 0
    assert aws("list-cidr-collections").json["CidrCollections"] == []


def test_places(aws):
    state = ("--country-code", "US", "--subdivision-code", "CA")
    from_there = ("--start-country-code", "US", "--start-subdivision-code", "CA")

    one = aws("get-geo-location", *state).json["GeoLocationDetails"]

    assert (one["CountryName"], one["SubdivisionName"]) == ("United States", "California")
    assert aws("list-geo-locations", *from_there).json["GeoLocationDetailsList"][0] == one
    continents = aws("list-geo-locations", "--start-continent-code", "EU").json
    europe = {"ContinentCode": "EU", "ContinentName": "Europe"}
    assert continents["GeoLocationDetailsList"][0] == europe


def test_tags(aws):
    named = ("--resource-type", "hostedzone", "--resource-id", ZONE_ID)
    aws("change-tags-for-resource", *named, "--add-tags", "Key=owner,Value=us", "Key=b,Value=2")

    done = aws("change-tags-for-resource", *named, "--remove-tag-keys", "b")

    assert done == (0, "", "")
    tagged = aws("list-tags-for-resource", *named).json["ResourceTagSet"]
    assert tagged["Tags"] == [{"Key": "owner", "Value": "us"}]
    several = ("--resource-type", "hostedzone", "--resource-ids", ZONE_ID)
    assert aws("list-tags-for-resources", *several).json["ResourceTagSets"] == [tagged]
