"""Health checks: made, listed, updated, deleted, and what is known of their health."""

from datetime import UTC, datetime

import pytest

from lab_engine.authority.policies import Weighted
from lab_engine.authority.recordset import RecordSet
from lab_engine.authority.zone import Zone
from lab_engine.control import health_config
from lab_engine.control.serving import Observation
from lab_engine.errors import ZoneError

HTTP = {"Type": "HTTP", "IPAddress": "127.0.0.1", "Port": 8080}
SHOP = Zone.of(
    "shop.example",
    [RecordSet.of("w", "A", "192.0.2.1", policy=Weighted(1), set_identifier="1")],
)


@pytest.fixture
def service(start):
    return start(SHOP)


def create(call, service, reference="1", **config):
    given = {**HTTP, **config} if "Type" not in config else config
    made = call(service, "CreateHealthCheck", CallerReference=reference, HealthCheckConfig=given)
    return made["HealthCheck"]


def words(call, service, check, operation="GetHealthCheckStatus"):
    told = call(service, operation, HealthCheckId=check["Id"])["HealthCheckObservations"]
    return [each["StatusReport"]["Status"] for each in told]


@pytest.mark.parametrize(
    ("config", "defaults"),
    [
        (
            {"Type": "HTTP", "IPAddress": "192.0.2.1"},
            {
                "Port": 80,
                "RequestInterval": 30,
                "FailureThreshold": 3,
                "MeasureLatency": False,
                "Inverted": False,
                "Disabled": False,
                "EnableSNI": False,
            },
        ),
        (
            {
                "Type": "HTTPS_STR_MATCH",
                "FullyQualifiedDomainName": "www.shop.example",
                "SearchString": "ok",
                "RequestInterval": 10,
            },
            {
                "Port": 443,
                "FailureThreshold": 3,
                "MeasureLatency": False,
                "Inverted": False,
                "Disabled": False,
                "EnableSNI": True,
            },
        ),
        (
            {"Type": "CALCULATED", "HealthThreshold": 0},
            {"Inverted": False, "Disabled": False},
        ),
    ],
)
def test_a_check_is_given_back_with_its_defaults(service, call, config, defaults):
    made = create(call, service, **config)

    assert made["HealthCheckConfig"] == {**config, **defaults}
    assert made["HealthCheckVersion"] == 1
    assert call(service, "GetHealthCheck", HealthCheckId=made["Id"])["HealthCheck"] == made


def test_what_comes_back_is_a_copy(service, call):
    made = create(call, service, Regions=["us-east-1", "us-west-1", "eu-west-1"])

    made["HealthCheckConfig"]["Regions"].clear()
    again = call(service, "GetHealthCheck", HealthCheckId=made["Id"])["HealthCheck"]
    assert len(again["HealthCheckConfig"]["Regions"]) == 3


def test_the_same_request_again_gives_the_same_check(service, call):
    first, second = create(call, service), create(call, service, RequestInterval=30)

    assert first == second
    assert call(service, "GetHealthCheckCount") == {"HealthCheckCount": 1}


def test_a_reference_stands_for_one_check_even_when_it_is_gone(service, call, refusal):
    made = create(call, service)
    other = {"CallerReference": "1", "HealthCheckConfig": {**HTTP, "Port": 81}}

    before = refusal(service, "CreateHealthCheck", **other)
    call(service, "DeleteHealthCheck", HealthCheckId=made["Id"])
    after = refusal(service, "CreateHealthCheck", CallerReference="1", HealthCheckConfig=HTTP)
    assert (before.code, after.code) == ("HealthCheckAlreadyExists",) * 2
    assert before.status == 409


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({}, "Type"),
        ({"Type": "HTTP"}, "Either an IP address or a domain name"),
        ({"Type": "HTTP", "IPAddress": "192.0.2"}, "192.0.2 is not a valid IP address"),
        ({**HTTP, "FullyQualifiedDomainName": "a..b"}, "Domain label is empty"),
        ({**HTTP, "Port": 0}, "minInclusive '1'"),
        ({**HTTP, "Port": 65536}, "maxInclusive '65535'"),
        ({**HTTP, "Port": "80"}, "not a valid value for 'integer'"),
        ({**HTTP, "ResourcePath": "/" * 256}, "maxLength '255'"),
        ({**HTTP, "RequestInterval": 20}, "RequestInterval 20 is not offered"),
        ({**HTTP, "RequestInterval": 9}, "minInclusive '10'"),
        ({**HTTP, "FailureThreshold": 11}, "maxInclusive '10'"),
        ({**HTTP, "FailureThreshold": 0}, "minInclusive '1'"),
        ({**HTTP, "Inverted": "yes"}, "not a valid value for 'boolean'"),
        ({**HTTP, "Regions": ["us-east-1", "eu-west-1"]}, "'Regions' is not complete"),
        ({**HTTP, "Regions": []}, "'Regions' is not complete"),
        ({**HTTP, "Regions": ["us-east-1"] * 65}, "'Region' can occur a maximum of '64' times"),
        ({**HTTP, "Regions": ["us-east-1"] * 3}, "not enough places"),
        ({**HTTP, "Regions": ["mars-1"] * 3}, "'mars-1' is not facet-valid"),
        ({**HTTP, "SearchString": "x"}, "must not have a search string"),
        ({**HTTP, "HealthThreshold": 1}, "must not have a health threshold"),
        ({**HTTP, "ChildHealthChecks": ["x"]}, "must not have child health checks"),
        (
            {**HTTP, "AlarmIdentifier": {"Region": "us-east-1", "Name": "a"}},
            "Invalid parameter : Basic health checks must not have an metric region specified.",
        ),
        (
            {**HTTP, "InsufficientDataHealthStatus": "Healthy"},
            "Basic health checks must not have an insufficient data health state specified",
        ),
        ({**HTTP, "Type": "HTTP_STR_MATCH"}, "must have a search string"),
        ({"Type": "TCP", "IPAddress": "192.0.2.1"}, "must have a port"),
        ({**HTTP, "Type": "TCP", "ResourcePath": "/"}, "must not have a resource path"),
        (
            {"Type": "CALCULATED"},
            "Invalid parameter : Calculated health checks must have a health threshold specified.",
        ),
        ({"Type": "CALCULATED", "HealthThreshold": 257}, "maxInclusive '256'"),
        ({"Type": "CALCULATED", "HealthThreshold": 1, "Port": 80}, "must not have a port"),
        (
            {"Type": "CALCULATED", "HealthThreshold": 1, "ChildHealthChecks": ["gone"]},
            "Health check gone doesn't exist",
        ),
        ({"Type": "CLOUDWATCH_METRIC"}, "must have an metric region"),
        ({"Type": "RECOVERY_CONTROL"}, "must have a routing control"),
        ({"Type": "PING"}, "'PING' is not facet-valid"),
        ({**HTTP, "Colour": "red"}, "Colour"),
    ],
)
def test_a_configuration_that_is_not_valid(service, refusal, config, message):
    found = refusal(service, "CreateHealthCheck", CallerReference="1", HealthCheckConfig=config)

    assert found.code == "InvalidInput"
    assert message in found.message


@pytest.mark.parametrize(
    "config",
    [
        {"Type": "CLOUDWATCH_METRIC", "AlarmIdentifier": {"Region": "us-east-1", "Name": "a"}},
        {"Type": "RECOVERY_CONTROL", "RoutingControlArn": "arn:aws:x"},
    ],
)
def test_what_the_lab_cannot_watch_is_kept_all_the_same(service, call, config):
    assert create(call, service, **config)["HealthCheckConfig"]["Type"] == config["Type"]


def test_an_update_changes_what_it_names(service, call):
    made = create(call, service, ResourcePath="/a", Regions=["us-east-1", "us-west-1", "eu-west-1"])

    changed = call(
        service,
        "UpdateHealthCheck",
        HealthCheckId=made["Id"],
        HealthCheckVersion=1,
        Port=81,
        Inverted=True,
        ResetElements=["ResourcePath", "Regions"],
    )["HealthCheck"]
    expected = {**made["HealthCheckConfig"], "Port": 81, "Inverted": True}
    del expected["ResourcePath"], expected["Regions"]
    assert changed["HealthCheckConfig"] == expected
    assert changed["HealthCheckVersion"] == 2
    assert changed["CallerReference"] == made["CallerReference"]
    assert service.account.checks[made["Id"]].check.inverted


def test_an_update_of_another_version_is_refused(service, call, refusal):
    made = create(call, service)

    found = refusal(
        service, "UpdateHealthCheck", HealthCheckId=made["Id"], HealthCheckVersion=2, Port=81
    )
    assert (found.code, found.status) == ("HealthCheckVersionMismatch", 409)


def test_a_list_that_need_hold_nothing_may_be_empty(service, call):
    given = {"Type": "CALCULATED", "HealthThreshold": 0, "ChildHealthChecks": []}
    made = call(service, "CreateHealthCheck", CallerReference="1", HealthCheckConfig=given)[
        "HealthCheck"
    ]

    changed = call(
        service, "UpdateHealthCheck", HealthCheckId=made["Id"], Inverted=True, ResetElements=[]
    )["HealthCheck"]
    assert changed["HealthCheckConfig"] == {**made["HealthCheckConfig"], "Inverted": True}
    assert changed["HealthCheckConfig"]["ChildHealthChecks"] == []


@pytest.mark.parametrize(
    "more",
    [
        {"Type": "TCP"},
        {"RequestInterval": 10},
        {"Port": 0},
        {"SearchString": "x"},
        {"ResetElements": ["Port"]},
        {"IPAddress": "nowhere"},
    ],
)
def test_an_update_that_is_not_valid(service, call, refusal, more):
    made = create(call, service)

    found = refusal(service, "UpdateHealthCheck", HealthCheckId=made["Id"], **more)
    assert found.code == "InvalidInput"


def test_checks_may_not_count_each_other_in_a_circle(service, call, refusal):
    one = create(call, service, "1", Type="CALCULATED", HealthThreshold=0)
    two = create(
        call, service, "2", Type="CALCULATED", HealthThreshold=1, ChildHealthChecks=[one["Id"]]
    )

    found = refusal(
        service, "UpdateHealthCheck", HealthCheckId=one["Id"], ChildHealthChecks=[two["Id"]]
    )
    assert "is a circle of checks" in found.message


def test_a_check_that_another_counts_is_in_use(service, call, refusal):
    child = create(call, service)
    parent = create(
        call, service, "2", Type="CALCULATED", HealthThreshold=1, ChildHealthChecks=[child["Id"]]
    )

    found = refusal(service, "DeleteHealthCheck", HealthCheckId=child["Id"])
    call(service, "DeleteHealthCheck", HealthCheckId=parent["Id"])
    call(service, "DeleteHealthCheck", HealthCheckId=child["Id"])
    assert (found.code, parent["Id"] in found.message) == ("HealthCheckInUse", True)
    assert not service.account.checks


@pytest.mark.parametrize(
    "operation",
    ["GetHealthCheck", "DeleteHealthCheck", "UpdateHealthCheck", "GetHealthCheckStatus"],
)
def test_an_unknown_check_is_named(service, refusal, operation):
    found = refusal(service, operation, HealthCheckId="gone")

    assert (found.code, found.status) == ("NoSuchHealthCheck", 404)


def test_checks_are_listed_in_pages(service, call, refusal):
    made = [create(call, service, str(number)) for number in range(3)]

    first = call(service, "ListHealthChecks", MaxItems="2")
    second = call(service, "ListHealthChecks", Marker=first["NextMarker"])
    assert first["HealthChecks"] + second["HealthChecks"] == made
    assert (first["IsTruncated"], second["IsTruncated"]) == (True, False)
    assert refusal(service, "ListHealthChecks", Marker="x").code == "InvalidInput"


def test_an_account_holds_200_checks(service, call, refusal):
    for number in range(200):
        create(call, service, str(number))

    found = refusal(service, "CreateHealthCheck", CallerReference="x", HealthCheckConfig=HTTP)
    assert found.code == "TooManyHealthChecks"


def test_the_output_of_list_health_checks_is_loaded_again(service, call, start):
    made = [create(call, service, str(number), Port=80 + number) for number in range(2)]
    listed = call(service, "ListHealthChecks")

    again = start(SHOP, checks=health_config.loaded(listed, "checks.json"))
    assert call(again, "ListHealthChecks")["HealthChecks"] == made
    with pytest.raises(ZoneError, match=r"checks\.json"):
        health_config.loaded({"HealthChecks": [{}]}, "checks.json")


# What is known of their health


def test_a_check_that_is_not_probed_says_so(service, call):
    check = create(call, service)

    new = words(call, service, check)
    service.set_health(check["Id"], False)
    failing = words(call, service, check)
    why = "not probed by the lab. No checkers are at work."
    assert new == [f"Success: {why} It counts as healthy until it is set by hand."]
    assert failing == [f"Failure: {why} It was set by hand: unhealthy."]
    assert words(call, service, check, "GetHealthCheckLastFailureReason") == failing


@pytest.mark.parametrize("more", [{"EndpointType": "PRIVATE"}, {"HealthCheckSourceId": "source-1"}])
def test_a_private_endpoint_needs_a_source_that_is_not_there(service, refusal, more):
    config = {"Type": "HTTP", "IPAddress": "10.0.0.1", **more}

    wrong = refusal(service, "CreateHealthCheck", CallerReference="1", HealthCheckConfig=config)
    assert wrong.code == "InvalidInput"
    assert "doesn't exist" in wrong.message


def test_a_public_endpoint_may_be_called_so(service, call):
    check = create(call, service, EndpointType="PUBLIC")

    assert check["HealthCheckConfig"]["EndpointType"] == "PUBLIC"


def test_a_disabled_check_says_what_it_is(service, call):
    off = create(call, service, "1", Disabled=True, Inverted=True)

    assert words(call, service, off)[0].endswith("It counts as unhealthy.")


@pytest.mark.parametrize("what", ["GetHealthCheckStatus", "GetHealthCheckLastFailureReason"])
def test_nobody_asks_for_the_status_of_a_calculated_check(service, call, refusal, what):
    """The guide: "You can't use GetHealthCheckStatus" for it; the help says what there is."""
    off = create(call, service, "1", Disabled=True, Inverted=True)
    child = create(call, service, "2")
    children = [off["Id"], child["Id"]]
    total = create(
        call, service, "3", Type="CALCULATED", HealthThreshold=2, ChildHealthChecks=children
    )

    wrong = refusal(service, what, HealthCheckId=total["Id"])
    assert wrong.code == "InvalidInput"
    assert wrong.help.endswith("1 of 2 are healthy, 2 are needed.")


class Watching:
    """An observer that has seen what it is told."""

    def __init__(self, *seen):
        self.seen = seen
        self.accounts = []

    def watch(self, account):
        self.accounts.append(account)

    def reason(self, check_id):
        return ""

    def observations(self, check_id):
        return self.seen


def test_a_probed_check_shows_what_each_checker_saw(service, call):
    at = datetime(2026, 11, 23, 11, 59, tzinfo=UTC)
    good = Observation("us-east-1", "203.0.113.1", at, True, "Success: HTTP Status Code 200, OK")
    bad = Observation(
        "eu-west-1", "203.0.113.2", at, False, "Failure: refused", (at, "Failure: refused")
    )
    check = create(call, service)
    service.observed_by(Watching(good, bad))

    told = call(service, "GetHealthCheckStatus", HealthCheckId=check["Id"])
    assert told["HealthCheckObservations"][0] == {
        "Region": "us-east-1",
        "IPAddress": "203.0.113.1",
        "StatusReport": {"Status": "Success: HTTP Status Code 200, OK", "CheckedTime": at},
    }
    assert len(told["HealthCheckObservations"]) == 2
    reason = "GetHealthCheckLastFailureReason"
    assert words(call, service, check, reason) == ["Failure: refused"]


def test_the_checkers_are_in_a_network_that_is_nobodys(service, call):
    assert call(service, "GetCheckerIpRanges") == {"CheckerIpRanges": ["203.0.113.0/24"]}


@pytest.mark.parametrize(
    ("config", "entry", "what"),
    [
        ({"FullyQualifiedDomainName": None}, {}, "'None' is not a valid value for 'string'"),
        ({"ResourcePath": 5}, {}, "'5' is not a valid value"),
        ({"SearchString": 5}, {}, "'5' is not a valid value"),
        ({"IPAddress": [1]}, {}, "is not a valid value"),
        ({"IPAddress": ""}, {}, "is not a valid IP address"),
        ({"Port": 99_999}, {}, "maxInclusive '65535'"),
        ({"Port": None}, {}, "'None' is not a valid value for 'integer'"),
        ({"AlarmIdentifier": 5}, {}, "'5' is not a valid value"),
        ({}, {"HealthCheckVersion": "x"}, "'x' is not a valid value for 'long'"),
        ({}, {"HealthCheckVersion": None}, "'None' is not a valid value for 'long'"),
        ({}, {"CallerReference": None}, "'None' is not a valid value for 'string'"),
    ],
)
def test_a_file_with_a_wrong_value_is_refused_by_its_check(config, entry, what):
    given = {"Id": "hc-1", "HealthCheckConfig": {**HTTP, **config}, **entry}

    with pytest.raises(ZoneError) as found:
        health_config.loaded({"HealthChecks": [given]}, "checks.json")
    assert str(found.value).startswith("checks.json: hc-1: ")
    assert what in str(found.value)


def test_an_empty_list_in_a_file_says_nothing():
    entry = {"Id": "hc-1", "HealthCheckConfig": {**HTTP, "Regions": []}}

    (check,) = health_config.loaded({"HealthChecks": [entry]})
    assert "Regions" not in check.config


def test_an_id_of_a_file_may_be_any(call, start):
    entry = {"Id": "a/b", "HealthCheckConfig": HTTP}
    service = start(SHOP, checks=health_config.loaded({"HealthChecks": [entry]}))

    assert call(service, "GetHealthCheck", HealthCheckId="a/b")["HealthCheck"]["Id"] == "a/b"


@pytest.mark.parametrize(
    ("config", "what"),
    [
        ({**HTTP, "Type": "HTTP_STR_MATCH", "SearchString": ""}, "must have a search string"),
        ({**HTTP, "IPAddress": "fe80::1%1"}, "fe80::1%1 is not a valid IP address"),
        ({**HTTP, "IPAddress": ""}, "is not a valid IP address"),
    ],
)
def test_what_is_empty_or_of_one_machine_only_is_refused(service, refusal, config, what):
    found = refusal(service, "CreateHealthCheck", CallerReference="1", HealthCheckConfig=config)

    assert found.code == "InvalidInput"
    assert what in found.message
