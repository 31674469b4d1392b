"""Change batches, read: their form, what goes with what, names, values and sizes."""

import pytest

from lab_engine.control.reading import Change, read
from lab_engine.control.refusal import Refusal

CONTENT = "[AliasTarget, all of [TTL, and ResourceRecords], or TrafficPolicyInstanceId]"
POLICY = (
    "[Weight, Region, Failover, GeoLocation, MultiValueAnswer, GeoProximityLocation, "
    "CidrRoutingConfig, or AZAffinity]"
)
TARGET = {"HostedZoneId": "Z1", "DNSName": "www.example.com", "EvaluateTargetHealth": False}


def change(action="CREATE", name="new.example.com.", rdtype="A", **elements):
    """A change of a record set with one value; None takes an element away."""
    plain = {"Name": name, "Type": rdtype, "TTL": 60, "ResourceRecords": values("192.0.2.9")}
    given = {k: v for k, v in {**plain, **elements}.items() if v is not None}
    return {"Action": action, "ResourceRecordSet": given}


def values(*texts):
    return [{"Value": text} for text in texts]


def accepted(*batch):
    return read({"Changes": list(batch)})


def refusal(*batch):
    with pytest.raises(Refusal) as caught:
        read({"Changes": list(batch)})
    assert all(fault.help for fault in caught.value.faults)
    return caught.value


def refused(*batch):
    """The message of a refused batch."""
    found = refusal(*batch)
    assert found.code == "InvalidChangeBatch"
    return found.message


def invalid(*batch):
    """The message of a batch of bad form."""
    found = refusal(*batch)
    assert found.code == "InvalidInput"
    return found.message


def test_a_batch_is_read_without_a_zone():
    first, second = accepted(change("DELETE"), change("UPSERT", "WWW.Example.com", TTL=5))

    assert isinstance(first, Change)
    assert first.action == "DELETE"
    assert str(first.record_set) == "new.example.com. A"
    assert second.record_set.name.labels[0] == b"www"
    assert second.record_set.ttl == 5


# Names and values


@pytest.mark.parametrize(
    ("rdtype", "value", "what"),
    [
        ("A", "1.2.3", "ARRDATAIllegalIPv4Address (Value is not a valid IPv4 address)"),
        ("A", "", "ARRDATAIllegalIPv4Address (Value is not a valid IPv4 address)"),
        ("A", "192.0.2.1 192.0.2.2", "ARRDATANotSingleField (Value contains spaces)"),
        ("AAAA", "192.0.2.1", "AAAARRDATAIllegalIPv6Address (Value is not a valid IPv6 address)"),
        ("TXT", "text", "InvalidCharacterString (Value should be enclosed in quotation marks)"),
        ("TXT", '"a', "InvalidCharacterString (Value should be enclosed in quotation marks)"),
        ("SPF", "v", "InvalidCharacterString (Value should be enclosed in quotation marks)"),
        ("TXT", f'"{"x" * 256}"', "CharacterStringTooLong (Value is too long)"),
        ("MX", "mail", "MXRRDATANotTwoFields (MX record doesn't have 2 fields)"),
        ("SRV", "1 2 a", "SRVRRDATANotFourFields (SRV record doesn't have 4 fields)"),
        ("CNAME", "a..b", "DomainLabelEmpty (Domain label is empty)"),
    ],
)
def test_a_bad_value(rdtype, value, what):
    one = change(rdtype=rdtype, ResourceRecords=values(value))

    text = f"FATAL problem: {what} encountered with '{value}'"
    assert refused(one) == f"[Invalid Resource Record: '{text}']"


@pytest.mark.parametrize(("rdtype", "value"), [("A", "1.2.3.4\t"), ("TXT", '"\t"')])
def test_characters_that_route_53_does_not_take(rdtype, value):
    assert refused(change(rdtype=rdtype, ResourceRecords=values(value))) == (
        "[Invalid Resource Record: 'FATAL problem: UnsupportedCharacter (Value contains "
        "unsupported characters) encountered with '\t'']"
    )


@pytest.mark.parametrize(("rdtype", "value"), [("TXT", '"ü"'), ("CNAME", "ü.example")])
def test_letters_beyond_ascii_are_not_taken_though_files_may_have_them(rdtype, value):
    message = refused(change(rdtype=rdtype, ResourceRecords=values(value)))

    assert "UnsupportedCharacter (Value contains unsupported characters)" in message


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("", "DomainNameEmpty (Domain name is empty) encountered with ''"),
        (
            "a..example.com",
            "DomainLabelEmpty (Domain label is empty) encountered with 'a..example.com'",
        ),
        (
            f"{'x' * 64}.example.com",
            f"DomainLabelTooLong (Domain label is too long) encountered with '{'x' * 64}'",
        ),
        (
            "a b.example.com",
            "UnsupportedCharacter (Value contains unsupported characters) encountered with ' '",
        ),
    ],
)
def test_a_bad_name(name, text):
    alias = change(TTL=None, ResourceRecords=None, AliasTarget={**TARGET, "DNSName": name})

    assert refused(change(name=name)) == f"[FATAL problem: {text}]"
    assert refused(alias) == f"[FATAL problem: {text}]"


def test_every_bad_value_of_a_batch_is_named():
    first = change(ResourceRecords=values("1", "192.0.2.1", "2"))

    message = refused(first, change(rdtype="TXT", ResourceRecords=values("x")))

    assert message.count("Invalid Resource Record") == 3


def test_a_value_given_twice():
    again = values("2001:db8::1", "2001:DB8:0::1")

    assert refused(change(rdtype="AAAA", ResourceRecords=again)) == (
        "[Duplicate Resource Record: '2001:DB8:0::1']"
    )


# Form


@pytest.mark.parametrize(
    ("content", "found"),
    [
        ({"TTL": None}, "none"),
        ({"ResourceRecords": None}, "none"),
        ({"TTL": None, "ResourceRecords": None}, "none"),
        ({"AliasTarget": TARGET}, "more than one"),
        ({"AliasTarget": TARGET, "ResourceRecords": None}, "more than one"),
        ({"TrafficPolicyInstanceId": "t"}, "more than one"),
    ],
)
def test_a_set_has_one_kind_of_content(content, found):
    assert invalid(change(**content)) == (
        f"Invalid request: Expected exactly one of {CONTENT}, but found {found} in Change with "
        "[Action=CREATE, Name=new.example.com., Type=A, SetIdentifier=null]"
    )


def test_a_policy_needs_a_set_identifier():
    assert invalid(change(Weight=1)) == (
        "Invalid request: Missing field 'SetIdentifier' in Change with [Action=CREATE, "
        "Name=new.example.com., Type=A, SetIdentifier=null]"
    )


@pytest.mark.parametrize(
    ("policy", "found"),
    [
        ({}, "none"),
        ({"MultiValueAnswer": False}, "none"),
        ({"Weight": 1, "Region": "eu-west-1"}, "more than one"),
    ],
)
def test_a_set_identifier_goes_with_one_policy(policy, found):
    assert invalid(change(SetIdentifier="a", **policy)) == (
        f"Invalid request: Expected exactly one of {POLICY}, but found {found} in Change with "
        "[Action=CREATE, Name=new.example.com., Type=A, SetIdentifier=a]"
    )


@pytest.mark.parametrize(
    ("one", "value", "choices"),
    [
        (change("REPLACE"), "REPLACE", "[CREATE, DELETE, UPSERT]"),
        (change(Failover="THIRD", SetIdentifier="a"), "THIRD", "[PRIMARY, SECONDARY]"),
    ],
)
def test_a_value_that_is_none_of_few(one, value, choices):
    assert invalid(one) == (
        f"Invalid XML ; cvc-enumeration-valid: Value '{value}' is not facet-valid with respect to "
        f"enumeration '{choices}'. It must be a value from the enumeration."
    )


@pytest.mark.parametrize(
    "one", [change(rdtype="LOC"), change(rdtype="a"), change(Region="moon-1", SetIdentifier="a")]
)
def test_types_and_regions_are_those_of_route_53(one):
    assert invalid(one).startswith("Invalid XML ; cvc-enumeration-valid: Value '")


@pytest.mark.parametrize(
    ("elements_", "facet"),
    [
        (
            {"Weight": 256, "SetIdentifier": "a"},
            "maxInclusive '255' for type 'ResourceRecordSetWeight'",
        ),
        (
            {"Weight": -1, "SetIdentifier": "a"},
            "minInclusive '0' for type 'ResourceRecordSetWeight'",
        ),
        ({"TTL": 2**31}, "maxInclusive '2147483647' for type 'TTL'"),
        ({"TTL": -1}, "minInclusive '0' for type 'TTL'"),
    ],
)
def test_a_number_out_of_its_range(elements_, facet):
    assert invalid(change(**elements_)).endswith(f"is not facet-valid with respect to {facet}.")


@pytest.mark.parametrize(
    ("elements_", "length", "facet"),
    [
        (
            {"SetIdentifier": "x" * 129, "Weight": 1},
            129,
            "maxLength '128' for type 'ResourceRecordSetIdentifier'",
        ),
        (
            {"SetIdentifier": "", "Weight": 1},
            0,
            "minLength '1' for type 'ResourceRecordSetIdentifier'",
        ),
        ({"HealthCheckId": "x" * 65}, 65, "maxLength '64' for type 'HealthCheckId'"),
        ({"ResourceRecords": values("x" * 4001)}, 4001, "maxLength '4000' for type 'RData'"),
        ({"Name": "x" * 1025}, 1025, "maxLength '1024' for type 'DNSName'"),
    ],
)
def test_a_text_of_the_wrong_length(elements_, length, facet):
    assert invalid(change(**elements_)).endswith(
        f"with length = '{length}' is not facet-valid with respect to {facet}."
    )


def test_a_comment_of_256_characters_and_one_more():
    assert read({"Comment": "x" * 256, "Changes": [change()]})
    with pytest.raises(Refusal, match=r"maxLength '256' for type 'ResourceDescription'"):
        read({"Comment": "x" * 257, "Changes": [change()]})


def test_lists_must_not_be_empty():
    xml = "Invalid XML ; cvc-complex-type.2.4.b: The content of element"
    url = "https://route53.amazonaws.com/doc/2013-04-01/"

    assert invalid(change(ResourceRecords=[])) == (
        f"{xml} 'ResourceRecords' is not complete. One of '{{\"{url}\":ResourceRecord}}' is "
        "expected."
    )
    assert invalid() == (
        f"{xml} 'Changes' is not complete. One of '{{\"{url}\":Change}}' is expected."
    )


@pytest.mark.parametrize(
    "bad",
    [
        {"Changes": None},
        {"Changes": "one"},
        {"Changes": [1]},
        {"Changes": [{}]},
        {"Changes": [{"Action": "CREATE"}]},
        {"Changes": [{"Action": "CREATE", "ResourceRecordSet": []}]},
        {"Changes": [change(Extra=1)]},
        {"Changes": [change(TTL="60")]},
        {"Changes": [change(TTL=True)]},
        {"Changes": [change(Type=None)]},
        {"Changes": [change(ResourceRecords=[{}])]},
        {"Changes": [change(AliasTarget={"DNSName": "a"})]},
        {"Changes": [change(MultiValueAnswer="yes")]},
        {"Changes": [change()], "More": 1},
        {},
    ],
)
def test_a_batch_of_another_form(bad):
    with pytest.raises(Refusal) as caught:
        read(bad)

    assert caught.value.code == "InvalidInput"
    assert all(fault.text.startswith("Invalid XML ; cvc-") for fault in caught.value.faults)


@pytest.mark.parametrize(
    "one",
    [
        change(TTL=None, ResourceRecords=None, TrafficPolicyInstanceId="t"),
        change(GeoProximityLocation={"LocalZoneGroup": "us-east-1-bos-1"}, SetIdentifier="a"),
        change(CidrRoutingConfig={"CollectionId": "none", "LocationName": "x"}, SetIdentifier="a"),
    ],
)
def test_what_the_lab_does_not_know_is_refused(one):
    assert refusal(one)


# Limits


def many(action, count):
    """So many changes of one record set, with addresses as short as they get."""
    texts = [f"10.0.{n // 256}.{n % 256}" for n in range(min(count, 400))]
    whole, rest = divmod(count, 400)
    sizes = [400] * whole + ([rest] if rest else [])
    return [
        change(action, f"n{n}.example.com", ResourceRecords=values(*texts[:size]))
        for n, size in enumerate(sizes)
    ]


@pytest.mark.parametrize(("action", "most"), [("CREATE", 1000), ("UPSERT", 500)])
def test_a_batch_holds_1000_records_and_upserts_count_twice(action, most):
    assert accepted(*many(action, most))
    assert refused(*many(action, most + 1)) == "[Number of records limit of 1000 exceeded.]"


def test_an_alias_counts_as_one_record():
    alias = change(TTL=None, ResourceRecords=None, AliasTarget=TARGET)
    full = [*many("CREATE", 1000), alias]

    assert refused(*full) == "[Number of records limit of 1000 exceeded.]"


@pytest.mark.parametrize(("action", "sets"), [("CREATE", 10), ("UPSERT", 5)])
def test_a_batch_holds_32000_characters_and_upserts_count_twice(action, sets):
    long = " ".join([f'"{"x" * 248}"'] * 12)
    text = f'{long} "{"x" * (3200 - len(long) - 3)}"'
    full = [
        change(action, f"n{n}.example.com", "TXT", ResourceRecords=values(text))
        for n in range(sets)
    ]
    assert len(text) == 3200

    assert accepted(*full)
    assert refused(*full, change(rdtype="A", ResourceRecords=values("1.1.1.1"))) == (
        "[RDATA character limit of 32000 exceeded.]"
    )


def test_a_traffic_policy_is_refused_by_the_record_set_that_names_it():
    found = refused(change(TTL=None, ResourceRecords=None, TrafficPolicyInstanceId="x"))

    assert "new.example.com. A: is made by a traffic policy" in found
    assert "the file" not in found


@pytest.mark.parametrize("batch", [b"{}", bytearray(b"{}")])
def test_octets_are_no_batch(batch):
    with pytest.raises(Refusal, match=r"is octets.*\nDecode it first"):
        read(batch)
