"""What Route 53 refuses, as the AWS CLI prints it; and that nothing of it is done."""

import json

import pytest

from .batches import alias, change
from .conftest import CHECK_ID, ZONE_ID

pytestmark = pytest.mark.clients
NEW = "new.example.com."
TARGETS = "Tried to create an alias that targets"
OUTSIDE = f"{TARGETS} other.example.net., type A in zone Z9, but"
WITHIN = f"{TARGETS} none.example.com., type A in zone {ZONE_ID}, but"
CONTENT = "[AliasTarget, all of [TTL, and ResourceRecords], or TrafficPolicyInstanceId]"
TO_WWW = {"HostedZoneId": ZONE_ID, "DNSName": "www.example.com.", "EvaluateTargetHealth": False}
MEMBER = {"Weight": 1, "SetIdentifier": "c"}
LONG = '"' + "x" * 256 + '"'

BATCHES = {
    "a CNAME at the apex": (
        change("CREATE", "example.com.", "CNAME"),
        (
            "RRSet of type CNAME with DNS name example.com. is not permitted at apex in zone "
            "example.com."
        ),
    ),
    "what is there is created": (
        change("CREATE", "www.example.com."),
        (
            "Tried to create resource record set [name='www.example.com.', type='A'] but it "
            "already exists"
        ),
    ),
    "a member that is there is created": (
        change("CREATE", "w.example.com.", Weight=1, SetIdentifier="a"),
        (
            "Tried to create resource record set [name='w.example.com.', type='A', "
            "set-identifier='a'] but it already exists"
        ),
    ),
    "what is not there is deleted": (
        change("DELETE", "none.example.com."),
        (
            "Tried to delete resource record set [name='none.example.com.', type='A'] but it was "
            "not found"
        ),
    ),
    "what is deleted is told otherwise": (
        change("DELETE", "www.example.com.", TTL=300),
        (
            "Tried to delete resource record set [name='www.example.com.', type='A'] but the "
            "values provided do not match the current values"
        ),
    ),
    "a name outside the zone": (
        change("CREATE", "www.example.org."),
        "RRSet with DNS name www.example.org. is not permitted in zone example.com.",
    ),
    "another type where a CNAME is": (
        change("CREATE", "mail.example.com."),
        (
            "RRSet of type A with DNS name mail.example.com. is not permitted because a "
            "conflicting RRSet of type  CNAME with the same DNS name already exists in zone "
            "example.com."
        ),
    ),
    "a CNAME where another type is": (
        change("CREATE", "www.example.com.", "CNAME"),
        (
            "RRSet of type CNAME with DNS name www.example.com. is not permitted as it conflicts "
            "with other records with the same DNS name in zone example.com."
        ),
    ),
    "a policy over a simple set": (
        change("CREATE", "www.example.com.", **MEMBER),
        (
            "RRSet with DNS name www.example.com., type A, SetIdentifier c cannot be created as a "
            "non-weighted set exists with the same name and type."
        ),
    ),
    "a policy over another": (
        change("CREATE", "many.example.com.", **MEMBER),
        (
            "RRSet with DNS name many.example.com., type A, SetIdentifier c cannot be created as a "
            "non-weighted set exists with the same name and type."
        ),
    ),
    "multivalue over another policy": (
        change("CREATE", "w.example.com.", MultiValueAnswer=True, SetIdentifier="c"),
        (
            'RRSet with DNS name w.example.com., type A, SetIdentifier "c" cannot be created '
            "because a non multivalue answer rrset exists with the same name and type."
        ),
    ),
    "a simple set over a policy": (
        change("CREATE", "many.example.com."),
        (
            "RRSet with DNS name many.example.com., type A cannot be created as other RRSets exist "
            "with the same name and type."
        ),
    ),
    "another TTL in a weighted group": (
        change("CREATE", "w.example.com.", TTL=61, **MEMBER),
        (
            "RRSet with DNS name w.example.com. and type A, SetIdentifier c cannot be created as "
            "weighted sets must contain the same TTL."
        ),
    ),
    "more than 100 weighted sets": (
        change("CREATE", "full.example.com.", "CNAME", **MEMBER),
        (
            "Exceeded limit on number of weighted RRSets for full.example.com., type CNAME in this "
            "zone."
        ),
    ),
    "a primary without a health check": (
        change("CREATE", NEW, Failover="PRIMARY", SetIdentifier="p"),
        (
            "A non-alias primary ResourceRecordSet must have an associated health check. "
            "No changes made."
        ),
    ),
    "a third party's name as alias target": (
        alias("CREATE", NEW, "other.example.net.", "Z9"),
        (
            f"{OUTSIDE} the alias target name does not lie within the target zone, "
            f"{OUTSIDE} that target was not found"
        ),
    ),
    "an alias target that is not there": (
        alias("CREATE", NEW, "none.example.com.", ZONE_ID),
        f"{WITHIN} that target was not found",
    ),
    "more than 1,000 records": (
        [change("CREATE", f"n{n}.example.com.") for n in range(1_001)],
        "Number of records limit of 1000 exceeded.",
    ),
    "more than 1,000 records, as UPSERT counts": (
        [change("UPSERT", f"n{n}.example.com.") for n in range(501)],
        "Number of records limit of 1000 exceeded.",
    ),
    "several things at once": (
        [
            change("UPSERT", "good.example.com."),
            change("CREATE", "example.com.", "CNAME"),
            change("CREATE", "www.example.org."),
        ],
        (
            "RRSet of type CNAME with DNS name example.com. is not permitted at apex in zone "
            "example.com., "
            "RRSet with DNS name www.example.org. is not permitted in zone example.com."
        ),
    ),
}
BAD_VALUES = {
    ("A", "192.0.2.256"): "ARRDATAIllegalIPv4Address (Value is not a valid IPv4 address)",
    ("AAAA", "192.0.2.1"): "AAAARRDATAIllegalIPv6Address (Value is not a valid IPv6 address)",
    ("A", "192.0.2.1 192.0.2.2"): "ARRDATANotSingleField (Value contains spaces)",
    ("TXT", "text"): "InvalidCharacterString (Value should be enclosed in quotation marks)",
    ("TXT", LONG): "CharacterStringTooLong (Value is too long)",
}
REQUESTS = {
    "nothing to answer": (
        change("CREATE", "new.example.com", "CNAME", TTL=None, ResourceRecords=None),
        (
            f"Invalid request: Expected exactly one of {CONTENT}, but found none in Change with "
            "[Action=CREATE, Name=new.example.com, Type=CNAME, SetIdentifier=null]"
        ),
    ),
    "values and an alias": (
        change("CREATE", NEW, AliasTarget=TO_WWW),
        (
            f"Invalid request: Expected exactly one of {CONTENT}, but found more than one in "
            f"Change with [Action=CREATE, Name={NEW}, Type=A, SetIdentifier=null]"
        ),
    ),
    "a policy without an identifier": (
        change("CREATE", NEW, Weight=1),
        (
            "Invalid request: Missing field 'SetIdentifier' in Change with [Action=CREATE, "
            f"Name={NEW}, Type=A, SetIdentifier=null]"
        ),
    ),
    "an unknown action": (
        change("REPLACE", NEW),
        (
            "Invalid XML ; cvc-enumeration-valid: Value 'REPLACE' is not facet-valid with respect "
            "to enumeration '[CREATE, DELETE, UPSERT]'. It must be a value from the enumeration."
        ),
    ),
    "a weight over 255": (
        change("CREATE", NEW, Weight=300, SetIdentifier="a"),
        (
            "Invalid XML ; cvc-maxInclusive-valid: Value '300' is not facet-valid with respect to "
            "maxInclusive '255' for type 'ResourceRecordSetWeight'."
        ),
    ),
}
# What the CLI itself turns away: it never gets as far as a server.
UNSENT = {
    "a weight below 0": (
        {"Weight": -1, "SetIdentifier": "a"},
        (
            "Invalid value for parameter ChangeBatch.Changes[0].ResourceRecordSet.Weight, "
            "value: -1, valid min value: 0"
        ),
    ),
    "an empty identifier": (
        {"Weight": 1, "SetIdentifier": ""},
        (
            "Invalid length for parameter ChangeBatch.Changes[0].ResourceRecordSet.SetIdentifier, "
            "value: 0, valid min length: 1"
        ),
    ),
    "no values": (
        {"ResourceRecords": []},
        (
            "Invalid length for parameter "
            "ChangeBatch.Changes[0].ResourceRecordSet.ResourceRecords, value: 0, "
            "valid min length: 1"
        ),
    ),
}


def table(rows):
    return pytest.mark.parametrize(("changes", "message"), rows.values(), ids=rows)


def sent(run, changes):
    """The command's end; what the zone lists is the same before and after."""
    batch = {"Changes": changes if isinstance(changes, list) else [changes]}
    given = ("--hosted-zone-id", ZONE_ID, "--change-batch", json.dumps(batch))
    return unchanged(run, "change-resource-record-sets", *given)


def unchanged(run, *arguments):
    listing = ("list-resource-record-sets", "--hosted-zone-id", ZONE_ID)
    before = run(*listing).json

    done = run(*arguments)

    assert run(*listing).json == before
    return done


def error(code, operation, message):
    return f"\nAn error occurred ({code}) when calling the {operation} operation: {message}\n"


def refused(run, changes, code, message):
    done = sent(run, changes)
    assert (done.status, done.out) == (255, "")
    assert done.err == error(code, "ChangeResourceRecordSets", message)


@table(BATCHES)
def test_a_batch_is_refused_as_a_whole(aws, changes, message):
    refused(aws, changes, "InvalidChangeBatch", f"[{message}]")


@pytest.mark.parametrize(("given", "problem"), BAD_VALUES.items())
def test_a_value_that_does_not_fit_its_type(aws, given, problem):
    rdtype, value = given
    text = f"Invalid Resource Record: 'FATAL problem: {problem} encountered with '{value}''"

    refused(aws, change("CREATE", NEW, rdtype, [value]), "InvalidChangeBatch", f"[{text}]")


def test_a_character_that_is_not_taken(aws):
    problem = (
        "UnsupportedCharacter (Value contains unsupported characters) encountered with '\u00e9'"
    )
    text = f"Invalid Resource Record: 'FATAL problem: {problem}'"

    refused(
        aws, change("CREATE", NEW, values=["192.0.2.\u00e9"]), "InvalidChangeBatch", f"[{text}]"
    )


@table(REQUESTS)
def test_a_request_of_a_wrong_form(aws, changes, message):
    refused(aws, changes, "InvalidInput", message)


@table(UNSENT)
def test_what_the_cli_itself_turns_away(aws, server, changes, message):
    done = sent(aws, change("CREATE", NEW, **changes))

    assert done.status != 0
    assert done.err == f"\nParameter validation failed:\n{message}\n"
    assert "ChangeResourceRecordSets" not in {each.operation for each in server.api.log}


def test_a_health_check_that_is_not_there(aws):
    member = change("CREATE", NEW, Weight=1, SetIdentifier="a", HealthCheckId="none")

    refused(aws, member, "NoSuchHealthCheck", "A health check with id none does not exist.")


@pytest.mark.parametrize(
    ("command", "code", "operation", "message"),
    [
        (
            ("get-hosted-zone", "--id", "Z9"),
            "NoSuchHostedZone",
            "GetHostedZone",
            "No hosted zone found with ID: Z9",
        ),
        (
            ("list-resource-record-sets", "--hosted-zone-id", "Z9"),
            "NoSuchHostedZone",
            "ListResourceRecordSets",
            "No hosted zone found with ID: Z9",
        ),
        (
            ("delete-hosted-zone", "--id", ZONE_ID),
            "HostedZoneNotEmpty",
            "DeleteHostedZone",
            (
                "The specified hosted zone contains non-required resource record sets and so "
                "cannot be deleted."
            ),
        ),
        (
            ("get-health-check", "--health-check-id", "none"),
            "NoSuchHealthCheck",
            "GetHealthCheck",
            "A health check with id none does not exist.",
        ),
        (
            ("create-traffic-policy", "--name", "x", "--document", "{}"),
            "NotImplemented",
            "CreateTrafficPolicy",
            "CreateTrafficPolicy is not implemented in the lab",
        ),
        (
            ("list-traffic-policies",),
            "NotImplemented",
            "ListTrafficPolicies",
            "ListTrafficPolicies is not implemented in the lab",
        ),
    ],
)
def test_what_is_not_there_or_cannot_be_done(aws, command, code, operation, message):
    done = unchanged(aws, *command)

    assert (done.status, done.out) == (255, "")
    assert done.err == error(code, operation, message)


def test_a_batch_for_a_zone_that_is_not_there(aws):
    batch = json.dumps({"Changes": [change("CREATE", NEW)]})
    given = ("--hosted-zone-id", "Z9", "--change-batch", batch)

    done = unchanged(aws, "change-resource-record-sets", *given)

    text = "No hosted zone found with ID: Z9"
    assert done.err == error("NoSuchHostedZone", "ChangeResourceRecordSets", text)


def test_a_process_of_its_own_prints_the_same(program, dig):
    changes, message = BATCHES["several things at once"]

    refused(program, changes, "InvalidChangeBatch", f"[{message}]")
    assert dig("good.example.com") == ("NXDOMAIN", [])


def test_a_health_check_that_is_there_may_be_named(aws):
    member = change("CREATE", NEW, Weight=1, SetIdentifier="a", HealthCheckId=CHECK_ID)
    batch = json.dumps({"Changes": [member]})

    done = aws("change-resource-record-sets", "--hosted-zone-id", ZONE_ID, "--change-batch", batch)

    assert done.json["ChangeInfo"]["Status"] == "INSYNC"
