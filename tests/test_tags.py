"""Tags of hosted zones and health checks."""

import pytest

from lab_engine.authority.records import RRset
from lab_engine.authority.zone import Zone

TAG = [{"Key": "a", "Value": "1"}]
ZONE = {"ResourceType": "hostedzone", "ResourceId": "Z1SHOP"}


@pytest.fixture
def service(start):
    zone = Zone.of("shop.example", [RRset.of("@", "NS", "ns1")])
    return start(zone, ids={"shop.example": "Z1SHOP"})


def tags(call, service, **what):
    told = call(service, "ListTagsForResource", **(what or ZONE))["ResourceTagSet"]
    return {each["Key"]: each["Value"] for each in told["Tags"]}


def test_tags_are_added_changed_and_removed(service, call):
    some = [{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}]
    call(service, "ChangeTagsForResource", **ZONE, AddTags=some)
    more = [{"Key": "c", "Value": ""}]
    call(service, "ChangeTagsForResource", **ZONE, AddTags=more, RemoveTagKeys=["a", "none"])

    assert tags(call, service) == {"b": "2", "c": ""}


def test_tags_of_several_things_are_listed_together(service, call):
    check = call(
        service,
        "CreateHealthCheck",
        CallerReference="1",
        HealthCheckConfig={"Type": "HTTP", "IPAddress": "127.0.0.1"},
    )["HealthCheck"]["Id"]
    what = {"ResourceType": "healthcheck", "ResourceId": check}
    call(service, "ChangeTagsForResource", **what, AddTags=[{"Key": "Name", "Value": "web"}])

    told = call(service, "ListTagsForResources", ResourceType="healthcheck", ResourceIds=[check])[
        "ResourceTagSets"
    ]
    assert told == [{**what, "Tags": [{"Key": "Name", "Value": "web"}]}]


def test_tags_go_with_what_has_them(service, call):
    call(service, "ChangeTagsForResource", **ZONE, AddTags=[{"Key": "a", "Value": "1"}])
    call(service, "DeleteHostedZone", Id="Z1SHOP")

    assert not service.account.tags


@pytest.mark.parametrize(
    ("operation", "params", "code"),
    [
        ("ListTagsForResource", {**ZONE, "ResourceId": "Z0"}, "NoSuchHostedZone"),
        ("ListTagsForResource", {**ZONE, "ResourceType": "healthcheck"}, "NoSuchHealthCheck"),
        ("ListTagsForResource", {**ZONE, "ResourceType": "vpc"}, "InvalidInput"),
        (
            "ListTagsForResource",
            {**ZONE, "ResourceType": "healthchecksource"},
            "NoSuchHealthCheckSource",
        ),
        (
            "ListTagsForResources",
            {"ResourceType": "hostedzone", "ResourceIds": ["Z1SHOP"] * 11},
            "InvalidInput",
        ),
        (
            "ChangeTagsForResource",
            {**ZONE, "AddTags": [{"Key": str(i)} for i in range(11)]},
            "InvalidInput",
        ),
        ("ChangeTagsForResource", {**ZONE, "AddTags": [{"Value": "x"}]}, "InvalidInput"),
        ("ChangeTagsForResource", {**ZONE, "AddTags": [{"Key": "x" * 129}]}, "InvalidInput"),
    ],
)
def test_tags_that_are_refused(service, refusal, operation, params, code):
    assert refusal(service, operation, **params).code == code


def test_an_id_with_its_path_is_refused_as_the_service_does(service, refusal):
    """Alone among all operations: no client takes the path from a tag's id."""
    wrong = refusal(service, "ListTagsForResource", **{**ZONE, "ResourceId": "/hostedzone/Z1SHOP"})

    assert wrong.code == "NoSuchHostedZone"
    assert wrong.message == "No hosted zone found with ID: /hostedzone/Z1SHOP"
    assert wrong.help == "ResourceId takes the id alone: write Z1SHOP, without /hostedzone/."


def test_an_id_with_its_path_may_be_too_long(service, refusal):
    long = "/hostedzone/Z09546752YPG9QI64P1DF"
    wrong = refusal(service, "ChangeTagsForResource", **{**ZONE, "ResourceId": long}, AddTags=TAG)

    assert wrong.code == "InvalidInput"
    assert wrong.message == (
        f"1 validation error detected: Value '{long}' at 'resourceId' failed to satisfy "
        "constraint: Member must have length less than or equal to 32"
    )
    assert "write Z09546752YPG9QI64P1DF" in wrong.help


def test_a_health_check_with_its_path_is_not_found(service, refusal):
    what = {"ResourceType": "healthcheck", "ResourceId": "/healthcheck/none"}

    wrong = refusal(service, "ListTagsForResource", **what)
    assert wrong.code == "NoSuchHealthCheck"
    assert "ResourceId takes the id alone: write none" in wrong.help


def test_a_tag_of_other_characters_is_refused(service, refusal):
    wrong = refusal(
        service,
        "ChangeTagsForResource",
        ResourceType="hostedzone",
        ResourceId="Z1SHOP",
        AddTags=[{"Key": "who", "Value": "me & you"}],
    )

    assert wrong.message == (
        "Invalid parameter : Tags can only contain letters, numbers, spaces, and the following "
        "special characters: _ . : / = + - @"
    )
