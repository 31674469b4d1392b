"""CIDR collections: made, changed with the zones that use them, listed, deleted."""

import json
from pathlib import Path

import pytest

from lab_engine.authority.policies import IpBased
from lab_engine.authority.records import Client, Question, RRset
from lab_engine.authority.zone import Zone
from lab_engine.control.account import Account

SHOP = Zone.of("shop.example", [RRset.of("www", "A", "192.0.2.1")])


@pytest.fixture
def service(start):
    return start(SHOP, ids={"shop.example": "Z1SHOP"})


@pytest.fixture
def collection(service, call):
    made = call(service, "CreateCidrCollection", Name="offices", CallerReference="1")
    return made["Collection"]["Id"]


def putting(location, *blocks):
    return {"LocationName": location, "Action": "PUT", "CidrList": [*blocks]}


def deleting(location, *blocks):
    return {"LocationName": location, "Action": "DELETE_IF_EXISTS", "CidrList": [*blocks]}


def change(call, service, collection, *changes, **more):
    return call(service, "ChangeCidrCollection", Id=collection, Changes=[*changes], **more)


def blocks(call, service, collection, **more):
    listed = call(service, "ListCidrBlocks", CollectionId=collection, **more)
    return [(each["LocationName"], each["CidrBlock"]) for each in listed["CidrBlocks"]]


def use(call, service, collection, *locations):
    """Record sets of one name, one for each location."""
    changes = [
        {
            "Action": "CREATE",
            "ResourceRecordSet": {
                "Name": "ip.shop.example",
                "Type": "A",
                "TTL": 60,
                "SetIdentifier": location,
                "CidrRoutingConfig": {"CollectionId": collection, "LocationName": location},
                "ResourceRecords": [{"Value": f"192.0.2.{number}"}],
            },
        }
        for number, location in enumerate(locations, 1)
    ]
    batch = {"Changes": changes}
    call(service, "ChangeResourceRecordSets", HostedZoneId="Z1SHOP", ChangeBatch=batch)


def answer(service, client):
    question = Question.of("ip.shop.example")
    return service.authority.respond(question, Client.at(client)).addresses


def test_a_new_collection_is_empty(service, call):
    made = call(service, "CreateCidrCollection", Name="offices", CallerReference="1")
    again = call(service, "CreateCidrCollection", Name="offices", CallerReference="1")

    assert made["Collection"]["Version"] == 1
    assert made["Collection"]["Arn"].endswith(made["Collection"]["Id"])
    assert made["Location"].endswith(f"/cidrcollection/{made['Collection']['Id']}")
    assert again == made
    assert not blocks(call, service, made["Collection"]["Id"])


@pytest.mark.parametrize(
    ("name", "reference", "code"),
    [
        ("offices", "2", "CidrCollectionAlreadyExistsException"),
        ("two words", "2", "InvalidInput"),
        ("", "2", "InvalidInput"),
        ("x" * 65, "2", "InvalidInput"),
    ],
)
@pytest.mark.usefixtures("collection")
def test_a_collection_that_cannot_be_made(service, refusal, name, reference, code):
    found = refusal(service, "CreateCidrCollection", Name=name, CallerReference=reference)

    assert found.code == code


def test_an_account_holds_five_collections(service, call, refusal):
    for number in range(5):
        call(service, "CreateCidrCollection", Name=f"c{number}", CallerReference="1")

    found = refusal(service, "CreateCidrCollection", Name="c5", CallerReference="1")
    assert found.code == "LimitsExceeded"


def test_blocks_are_put_moved_and_deleted(service, call, collection):
    change(
        call,
        service,
        collection,
        putting("paris", "198.51.100.0/24", "2001:DB8:1::/48"),
        putting("berlin", "203.0.113.0/24"),
    )
    change(
        call,
        service,
        collection,
        putting("berlin", "198.51.100.0/24"),
        deleting("paris", "198.51.100.0/24", "192.0.2.0/24"),
    )

    assert sorted(blocks(call, service, collection)) == [
        ("berlin", "198.51.100.0/24"),
        ("berlin", "203.0.113.0/24"),
        ("paris", "2001:db8:1::/48"),
    ]
    assert blocks(call, service, collection, LocationName="paris") == [("paris", "2001:db8:1::/48")]
    listed = call(service, "ListCidrLocations", CollectionId=collection)
    assert [each["LocationName"] for each in listed["CidrLocations"]] == ["paris", "berlin"]
    (told,) = call(service, "ListCidrCollections")["CidrCollections"]
    assert (told["Name"], told["Version"]) == ("offices", 3)


@pytest.mark.parametrize(
    ("given", "code"),
    [
        (putting("paris", "198.51.100.1/24"), "InvalidInput"),
        (putting("paris", "198.51.100.0/25"), "InvalidInput"),
        (putting("paris", "0.0.0.0/0"), "InvalidInput"),
        (putting("paris", "2001:db8::/49"), "InvalidInput"),
        (putting("paris", "everywhere"), "InvalidInput"),
        (putting("paris"), "InvalidInput"),
        (putting("*", "198.51.100.0/24"), "InvalidInput"),
        (putting("a place", "198.51.100.0/24"), "InvalidInput"),
        ({**putting("paris", "198.51.100.0/24"), "Action": "CREATE"}, "InvalidInput"),
        (putting("paris", "10.0.0.0/8"), "CidrBlockInUseException"),
        (putting("paris", *(f"11.{i >> 8}.{i & 255}.0/24" for i in range(1000))), "LimitsExceeded"),
        (putting("paris", *(f"11.{i >> 8}.{i & 255}.0/24" for i in range(1001))), "InvalidInput"),
    ],
)
def test_a_change_that_is_refused_whole(service, collection, refusal, given, code):
    berlin, rome = putting("berlin", "10.0.0.0/8"), putting("rome", "192.0.2.0/24")
    service.call("ChangeCidrCollection", {"Id": collection, "Changes": [berlin]})

    found = refusal(service, "ChangeCidrCollection", Id=collection, Changes=[rome, given])
    assert found.code == code


def test_a_collection_holds_a_thousand_blocks(service, call, collection, refusal):
    change(
        call,
        service,
        collection,
        putting("a", *(f"10.{i >> 8}.{i & 255}.0/24" for i in range(999))),
    )

    more = [putting("a", "192.0.2.0/24", "198.51.100.0/24")]
    found = refusal(service, "ChangeCidrCollection", Id=collection, Changes=more)
    assert found.code == "LimitsExceeded"


def test_a_change_of_another_version_is_refused(service, call, collection, refusal):
    given = {"Id": collection, "Changes": [putting("paris", "198.51.100.0/24")]}

    call(service, "ChangeCidrCollection", **given, CollectionVersion=1)
    found = refusal(service, "ChangeCidrCollection", **given, CollectionVersion=1)
    assert (found.code, found.status) == ("CidrCollectionVersionMismatchException", 409)


def test_a_change_reaches_the_zones_that_use_the_collection(service, call, collection):
    change(call, service, collection, putting("paris", "198.51.100.0/24"))
    use(call, service, collection, "paris", "*")

    before = answer(service, "203.0.113.9")
    made = change(call, service, collection, putting("paris", "203.0.113.0/24"))
    after = answer(service, "203.0.113.9")
    assert (before, after) == (("192.0.2.2",), ("192.0.2.1",))
    assert call(service, "GetChange", Id=made["Id"])


def test_a_change_leaves_other_zones_alone(service, call, collection):
    before = service.authority.zones

    change(call, service, collection, putting("paris", "198.51.100.0/24"))
    assert service.authority.zones is before


def test_a_location_in_use_keeps_a_block(service, call, collection, refusal):
    change(call, service, collection, putting("paris", "198.51.100.0/24", "203.0.113.0/24"))
    use(call, service, collection, "paris", "*")

    change(call, service, collection, deleting("paris", "203.0.113.0/24"))
    last = [deleting("paris", "198.51.100.0/24")]
    found = refusal(service, "ChangeCidrCollection", Id=collection, Changes=last)
    assert found.code == "CidrBlockInUseException"
    assert "ip.shop.example. A paris" in found.message


def test_a_collection_goes_when_nothing_holds_it(service, call, collection, refusal):
    change(call, service, collection, putting("paris", "198.51.100.0/24"))
    full = refusal(service, "DeleteCidrCollection", Id=collection)
    use(call, service, collection, "*")
    used = refusal(service, "DeleteCidrCollection", Id=collection)

    assert {full.code, used.code} == {"CidrCollectionInUseException"}
    gone = {
        "Name": "ip.shop.example",
        "Type": "A",
        "TTL": 60,
        "SetIdentifier": "*",
        "CidrRoutingConfig": {"CollectionId": collection, "LocationName": "*"},
        "ResourceRecords": [{"Value": "192.0.2.1"}],
    }
    batch = {"Changes": [{"Action": "DELETE", "ResourceRecordSet": gone}]}
    call(service, "ChangeResourceRecordSets", HostedZoneId="Z1SHOP", ChangeBatch=batch)
    change(call, service, collection, deleting("paris", "198.51.100.0/24"))
    call(service, "DeleteCidrCollection", Id=collection)
    assert not call(service, "ListCidrCollections")["CidrCollections"]


def test_blocks_are_listed_in_pages(service, call, collection):
    change(call, service, collection, putting("a", *(f"10.0.{i}.0/24" for i in range(5))))

    found, token = [], {}
    for _ in range(3):
        page = call(service, "ListCidrBlocks", CollectionId=collection, MaxResults="2", **token)
        found += page["CidrBlocks"]
        token = {"NextToken": page["NextToken"]} if "NextToken" in page else {}
    assert [each["CidrBlock"] for each in found] == [f"10.0.{i}.0/24" for i in range(5)]
    assert not token


def test_a_record_set_names_a_collection_that_is_there(service, refusal):
    given = {
        "Name": "ip.shop.example",
        "Type": "A",
        "TTL": 60,
        "SetIdentifier": "*",
        "CidrRoutingConfig": {"CollectionId": "none", "LocationName": "*"},
        "ResourceRecords": [{"Value": "192.0.2.1"}],
    }
    batch = {"Changes": [{"Action": "CREATE", "ResourceRecordSet": given}]}

    found = refusal(service, "ChangeResourceRecordSets", HostedZoneId="Z1SHOP", ChangeBatch=batch)
    assert "none is no CIDR collection here" in found.message


@pytest.mark.parametrize(
    ("operation", "params", "code"),
    [
        ("ListCidrBlocks", {"CollectionId": "none"}, "NoSuchCidrCollectionException"),
        ("ListCidrLocations", {"CollectionId": "none"}, "NoSuchCidrCollectionException"),
        ("DeleteCidrCollection", {"Id": "none"}, "NoSuchCidrCollectionException"),
        ("ListCidrCollections", {"NextToken": "x"}, "InvalidInput"),
        ("ListCidrCollections", {"MaxResults": "0"}, "InvalidInput"),
    ],
)
@pytest.mark.usefixtures("collection")
def test_a_list_that_is_not(service, refusal, operation, params, code):
    assert refusal(service, operation, **params).code == code


def test_an_unknown_location_is_named(service, collection, refusal):
    found = refusal(service, "ListCidrBlocks", CollectionId=collection, LocationName="rome")

    assert (found.code, found.status) == ("NoSuchCidrLocationException", 404)


def test_a_zone_brings_the_collections_that_it_names():
    policies = Path(__file__).parent / "policies"
    blocks = json.loads((policies / "cidr_blocks.json").read_text())
    zone = Zone.from_file(policies / "ip_based.json", cidr_blocks=blocks)

    (made,) = Account.of(zone).collections.values()

    named = {p.CidrRoutingConfig for p in (e.policy for e in zone) if isinstance(p, IpBased)}
    assert {each.collection_id for each in named} == {made.id}
    assert made.locations == {e.name: tuple(map(str, e.blocks)) for e in named if e.blocks}


def test_a_collection_of_a_file_is_found_by_the_id_it_has_there(start, call):
    given = json.loads((Path(__file__).parent / "policies" / "ip_based.json").read_text())
    blocks_ = (Path(__file__).parent / "policies" / "cidr_blocks.json").read_text()
    service = start(Zone.from_json(given, "shop.example", cidr_blocks=blocks_))

    assert blocks(call, service, "c1")
