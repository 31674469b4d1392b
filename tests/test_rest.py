"""Requests and responses of every operation, against botocore's own serializer and parser."""

from datetime import UTC, datetime

import botocore.handlers
import botocore.loaders
import botocore.model
import botocore.parsers
import botocore.serialize
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lab_engine.authority.forms import DIFFERENT
from lab_engine.control.refusal import Fault, Refusal, refused
from lab_engine.wire.rest import Rest, write_error
from tests.counts import LONG

EXAMPLES = 12 if LONG else 6  # of each operation
REST = Rest()
MODEL = botocore.model.ServiceModel(
    botocore.loaders.Loader().load_service_model("route53", "service-2")
)
SERIALIZER = botocore.serialize.create_serializer("rest-xml", include_validation=True)
PARSER = botocore.parsers.create_parser("rest-xml")
XMLNS = 'xmlns="https://route53.amazonaws.com/doc/2013-04-01/"'
ZONE = {"Id": "Z1"}
NEW_YEAR = datetime(2026, 1, 1, tzinfo=UTC)

# botocore writes a carriage return as it is, which no parser gives back
LETTERS = st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff")
LETTERS |= st.sampled_from("\t\n&<>'\"%+/? é")

SIMPLE = {
    "double": st.floats(allow_nan=False, allow_infinity=False),
    "boolean": st.booleans(),
    "timestamp": st.datetimes(NEW_YEAR.replace(tzinfo=None), timezones=st.just(UTC)),
}


def texts(shape, location):
    facets = {**shape.metadata, **DIFFERENT.get(shape.name, {})}
    if facets.get("enum"):
        return st.sampled_from(facets["enum"])
    least, most = facets.get("min", 0), min(facets.get("max", 30), 30)
    if facets.get("pattern"):
        pattern = facets["pattern"].replace(r"\p{ASCII}+", "[ -~]{1,9}")
        pattern = pattern.replace(r".*\S.*", "[ -~]{0,9}[!-~]").replace("]+", "]{1,9}")
        return st.from_regex(pattern, fullmatch=True, alphabet=st.characters(codec="ascii"))
    letters = LETTERS
    if location == "uri":
        letters = st.characters(codec="utf-8", exclude_characters="/", exclude_categories=["Cc"])
        least = max(least, 1)
    if location == "header":
        letters = st.characters(min_codepoint=33, max_codepoint=126)
    return st.text(letters, min_size=least, max_size=max(least, most))


def values(shape):
    match shape.type_name:
        case "structure":
            needed = {*shape.required_members, *DIFFERENT.get(shape.name, {}).get("required", ())}
            fields = {name: values(member) for name, member in shape.members.items()}
            required = {name: fields.pop(name) for name in needed}
            return st.fixed_dictionaries(required, optional=fields)
        case "list":
            least = shape.metadata.get("min", 0)
            return st.lists(values(shape.member), min_size=least, max_size=max(least, 2))
        case "integer" | "long":
            return st.integers(
                shape.metadata.get("min", -(2**31)), shape.metadata.get("max", 2**31 - 1)
            )
        case "string":
            return texts(shape, shape.serialization.get("location"))
        case simple:
            return SIMPLE[simple]


def sent(operation, params):
    """What botocore puts on the wire: method, path, query and body."""
    request = SERIALIZER.serialize_to_request(params, MODEL.operation_model(operation))
    prepared = botocore.awsrequest.AWSRequest(
        method=request["method"],
        url="http://127.0.0.1" + request["url_path"],
        params=request["query_string"],
    ).prepare()
    path, _, query = prepared.url.removeprefix("http://127.0.0.1").partition("?")
    return request["method"], path, query, request["body"]


def received(operation, params):
    method, path, query, body = sent(operation, params)
    found, in_path = REST.route(method, path)
    return found, REST.read(found, in_path, query, body)


def parsed(operation, answer):
    response = {
        "status_code": answer.status,
        "headers": botocore.compat.HTTPHeaders.from_dict(answer.headers),
        "body": answer.body,
    }
    return PARSER.parse(response, MODEL.operation_model(operation).output_shape)


def batch(inside):
    changes = f"<Changes><Change>{inside}</Change></Changes>"
    return (
        f"<ChangeResourceRecordSetsRequest {XMLNS}><ChangeBatch>{changes}</ChangeBatch>"
        "</ChangeResourceRecordSetsRequest>"
    )


def record_set(inside):
    fields = f"<Name>a.example.</Name><Type>A</Type>{inside}"
    return batch(f"<Action>CREATE</Action><ResourceRecordSet>{fields}</ResourceRecordSet>")


def refusal(body, operation="ChangeResourceRecordSets", path=ZONE, query=""):
    with pytest.raises(Refusal) as caught:
        REST.read(operation, path, query, body if isinstance(body, bytes) else body.encode())
    return caught.value


@pytest.mark.slow
@pytest.mark.parametrize("operation", MODEL.operation_names)
@settings(max_examples=EXAMPLES, deadline=None)
@given(data=st.data())
def test_what_botocore_sends_is_read_as_it_was_meant(operation, data):
    """Every operation: the path names it, and its parameters come out unchanged."""
    model = MODEL.operation_model(operation)
    params = data.draw(values(model.input_shape))
    botocore.handlers.fix_route53_ids(params, model)

    assert received(operation, params) == (operation, params)


@pytest.mark.slow
@pytest.mark.parametrize("operation", MODEL.operation_names)
@settings(max_examples=EXAMPLES, deadline=None)
@given(data=st.data())
def test_what_is_written_is_read_by_botocore_as_it_was_meant(operation, data):
    """Every operation: status, headers and body say the response, whole."""
    model = MODEL.operation_model(operation)
    response = data.draw(values(model.output_shape))

    answer = REST.write(operation, response)
    found = parsed(operation, answer)
    assert answer.status == model.http.get("responseCode", 200)
    assert {name: value for name, value in found.items() if name != "ResponseMetadata"} == response


def test_all_operations_are_known():
    assert sorted(REST.operations) == sorted(MODEL.operation_names)
    assert len(REST.operations) >= 71


@pytest.mark.parametrize(
    "path",
    [
        "/2013-04-01/hostedzone/Z1/rrset",
        "/2013-04-01/hostedzone/Z1/rrset/",
        "/2013-04-01/hostedzone//hostedzone/Z1/rrset",
        "/2013-04-01/hostedzone/%2Fhostedzone%2FZ1/rrset",
        "/2013-04-01/hostedzone/hostedzone%2FZ1/rrset",
    ],
)
@pytest.mark.parametrize(
    ("method", "operation"),
    [("GET", "ListResourceRecordSets"), ("POST", "ChangeResourceRecordSets")],
)
def test_paths_may_end_in_a_slash_and_ids_may_have_a_prefix(path, method, operation):
    found, in_path = REST.route(method, path)

    assert found == operation
    assert REST.read("GetHostedZone", in_path, "", b"") == {"Id": "Z1"}


def test_ids_lose_their_prefix_as_botocore_takes_it_off():
    params = {"DelegationSetId": "/delegationset/N1"}
    botocore.handlers.fix_route53_ids(params, MODEL.operation_model("ListHostedZones"))

    assert REST.read("ListHostedZones", {}, "delegationsetid=/delegationset/N1", b"") == params
    assert REST.read("GetChange", {"Id": "/change/C1"}, "", b"") == {"Id": "C1"}


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/"),
        ("GET", "/2013-04-01/hostedzones"),
        ("GET", "/2012-12-12/hostedzone"),
        ("PUT", "/2013-04-01/hostedzone"),
        ("GET", "/2013-04-01/hostedzone/a/b/c/d"),
        ("GET", "/2013-04-01/hostedzone/Z1/rrset?name=a"),
        ("get", "/2013-04-01/hostedzone"),
    ],
)
def test_a_path_that_is_none_is_refused_with_404(method, path):
    with pytest.raises(Refusal, match=f"The action {method} ") as caught:
        REST.route(method, path)

    assert (caught.value.code, caught.value.status) == ("UnknownOperationException", 404)


def test_elements_may_come_in_any_order_and_without_a_namespace():
    body = (
        "<ChangeResourceRecordSetsRequest><ChangeBatch>\n <Changes>\n <Change>"
        "<ResourceRecordSet><TTL> 60 </TTL><Type>A</Type><!-- why not -->"
        "<ResourceRecords><ResourceRecord><Value>192.0.2.1</Value></ResourceRecord>"
        "</ResourceRecords><Name>a.example.</Name></ResourceRecordSet><Action>UPSERT</Action>"
        "</Change></Changes><Comment/></ChangeBatch></ChangeResourceRecordSetsRequest>"
    )

    assert REST.read("ChangeResourceRecordSets", ZONE, "", body.encode()) == {
        "HostedZoneId": "Z1",
        "ChangeBatch": {
            "Comment": "",
            "Changes": [
                {
                    "Action": "UPSERT",
                    "ResourceRecordSet": {
                        "Name": "a.example.",
                        "Type": "A",
                        "TTL": 60,
                        "ResourceRecords": [{"Value": "192.0.2.1"}],
                    },
                }
            ],
        },
    }


@pytest.mark.parametrize("text", ["true", " 1\n"])
def test_booleans_are_read_as_xml_schema_has_them(text):
    body = record_set(f"<MultiValueAnswer>{text}</MultiValueAnswer>").encode()

    params = REST.read("ChangeResourceRecordSets", ZONE, "", body)
    change = params["ChangeBatch"]["Changes"][0]
    assert change["ResourceRecordSet"]["MultiValueAnswer"] is True


LONG = "x" * 65
EXPECTED = "is not facet-valid with respect to"
NS = '"https://route53.amazonaws.com/doc/2013-04-01/":'


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (
            batch("<Action>ADD</Action>"),
            (
                f"cvc-enumeration-valid: Value 'ADD' {EXPECTED} enumeration"
                " '[CREATE, DELETE, UPSERT]'. It must be a value from the enumeration."
            ),
        ),
        (
            record_set("<Weight>300</Weight>"),
            (
                f"cvc-maxInclusive-valid: Value '300' {EXPECTED} maxInclusive '255'"
                " for type 'ResourceRecordSetWeight'."
            ),
        ),
        (
            record_set("<Weight>-1</Weight>"),
            (
                f"cvc-minInclusive-valid: Value '-1' {EXPECTED} minInclusive '0'"
                " for type 'ResourceRecordSetWeight'."
            ),
        ),
        (
            record_set("<TTL>soon</TTL>"),
            "cvc-datatype-valid.1.2.1: 'soon' is not a valid value for 'long'.",
        ),
        (
            record_set(f"<TTL>{'9' * 5000}</TTL>"),
            f"cvc-datatype-valid.1.2.1: '{'9' * 200}...' is not a valid value for 'long'.",
        ),
        (
            record_set("<MultiValueAnswer>yes</MultiValueAnswer>"),
            "cvc-datatype-valid.1.2.1: 'yes' is not a valid value for 'boolean'.",
        ),
        (
            record_set("<SetIdentifier/>"),
            (
                f"cvc-minLength-valid: Value '' with length = '0' {EXPECTED} minLength '1'"
                " for type 'ResourceRecordSetIdentifier'."
            ),
        ),
        (
            record_set(f"<HealthCheckId>{LONG}</HealthCheckId>"),
            (
                f"cvc-maxLength-valid: Value '{LONG}' with length = '65' {EXPECTED} maxLength '64'"
                " for type 'HealthCheckId'."
            ),
        ),
        (
            record_set(
                "<CidrRoutingConfig><CollectionId>c</CollectionId>"
                "<LocationName>at home</LocationName></CidrRoutingConfig>"
            ),
            (
                f"cvc-pattern-valid: Value 'at home' {EXPECTED} pattern"
                r" '[0-9A-Za-z_\-\*]+' for type 'CidrLocationNameDefaultAllowed'."
            ),
        ),
        (
            record_set("<ResourceRecords/>"),
            (
                "cvc-complex-type.2.4.b: The content of element 'ResourceRecords' is not complete."
                f" One of '{{{NS}ResourceRecord}}' is expected."
            ),
        ),
        (
            batch("<Action>CREATE</Action>"),
            (
                "cvc-complex-type.2.4.b: The content of element 'Change' is not complete."
                f" One of '{{{NS}ResourceRecordSet}}' is expected."
            ),
        ),
        (
            record_set("<ResourceRecords><Value>192.0.2.1</Value></ResourceRecords>"),
            (
                "cvc-complex-type.2.4.a: Invalid content was found starting with element 'Value'."
                f" One of '{{{NS}ResourceRecord}}' is expected."
            ),
        ),
        (
            batch("<Verb>CREATE</Verb>"),
            (
                "cvc-complex-type.2.4.a: Invalid content was found starting with element 'Verb'."
                f" One of '{{{NS}Action, {NS}ResourceRecordSet}}' is expected."
            ),
        ),
        (
            batch("<Action>CREATE</Action><Action>DELETE</Action>"),
            (
                "cvc-complex-type.2.4.a: Invalid content was found starting with element 'Action'."
                f" One of '{{{NS}ResourceRecordSet}}' is expected."
            ),
        ),
        (
            record_set(
                "<ResourceRecords><ResourceRecord><Value>1</Value><Value>2</Value>"
                "</ResourceRecord></ResourceRecords>"
            ),
            (
                "cvc-complex-type.2.4.d: Invalid content was found starting with element 'Value'."
                " No child element is expected at this point."
            ),
        ),
        (
            batch("CREATE"),
            (
                "cvc-complex-type.2.3: Element 'Change' cannot have character [children],"
                " because the type's content type is element-only."
            ),
        ),
        (
            batch("<Action><b>CREATE</b></Action>"),
            (
                "cvc-type.3.1.2: Element 'Action' is a simple type, so it must have no"
                " element information item [children]."
            ),
        ),
        (
            batch("<Action id='1'>CREATE</Action>"),
            "cvc-complex-type.3.2.2: Attribute 'id' is not allowed to appear in element 'Action'.",
        ),
    ],
)
def test_a_body_that_breaks_its_shape_is_refused_as_the_schema_would(body, message):
    wrong = refusal(body)

    assert (wrong.code, wrong.status) == ("InvalidInput", 400)
    assert wrong.message == f"Invalid XML ; {message}"
    assert wrong.help.endswith(".")


def test_an_id_that_is_too_long_for_its_path_is_told_how_it_is_written():
    target = "<AliasTarget><HostedZoneId>/hostedzone/Z0123456789ABCDEFGHIJK</HostedZoneId>"

    wrong = refusal(record_set(f"{target}<DNSName>a.example.com</DNSName></AliasTarget>"))

    assert "maxLength '32'" in wrong.message
    assert wrong.help == (
        "HostedZoneId takes the id alone: write Z0123456789ABCDEFGHIJK, without /hostedzone/."
    )


def test_a_list_that_is_too_long_is_refused():
    keys = "".join(f"<Key>k{i}</Key>" for i in range(11))
    body = (
        f"<ChangeTagsForResourceRequest {XMLNS}><RemoveTagKeys>{keys}</RemoveTagKeys>"
        "</ChangeTagsForResourceRequest>"
    )
    path = {"ResourceType": "hostedzone", "ResourceId": "Z1"}

    wrong = refusal(body, "ChangeTagsForResource", path)
    assert wrong.message == (
        "Invalid XML ; cvc-complex-type.2.4.f: 'Key' can occur a maximum of '10' times in the "
        "current sequence. This limit was exceeded. No child element is expected at this point."
    )


@pytest.mark.parametrize(
    ("path", "query", "message"),
    [
        (
            {"Id": "Z" * 33},
            "",
            (
                f"Value '{'Z' * 33}' at 'resourceId' failed to satisfy constraint: "
                "Member must have length less than or equal to 32"
            ),
        ),
        (
            ZONE,
            "identifier=",
            (
                "Value '' at 'resourceRecordSetIdentifier' failed to satisfy constraint: "
                "Member must have length greater than or equal to 1"
            ),
        ),
    ],
)
def test_what_is_wrong_in_a_url_is_said_in_other_words(path, query, message):
    wrong = refusal(b"", "ListResourceRecordSets", path, query)

    assert (wrong.code, wrong.message) == (
        "InvalidInput",
        f"1 validation error detected: {message}",
    )


def test_an_enumeration_in_a_url_is_kept():
    wrong = refusal(b"", "ListResourceRecordSets", ZONE, "type=FOO")

    assert "Value 'FOO' at 'rRType' failed" in wrong.message
    assert "enum value set: [SOA, A, TXT, " in wrong.message


def test_a_query_that_lacks_something_is_refused():
    wrong = refusal(b"", "TestDNSAnswer", {}, "recordname=a.example.")

    assert wrong.message.endswith("failed to satisfy constraint: Member must not be null")


def test_what_a_query_has_besides_is_not_looked_at():
    assert REST.read("ListHostedZones", {}, "x-id=ListHostedZones&maxitems=3", b"") == {
        "MaxItems": "3"
    }


def test_operations_without_a_body_do_not_look_at_one():
    assert REST.read("GetHostedZone", ZONE, "", b"<garbage") == {"Id": "Z1"}


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<",
        b"\xff\xfe\x00",
        b"<a></b>",
        b"<a/><b/>",
        b"&lt;",
        b"<a>\x00</a>",
        b"<?xml version='1.0' encoding='no-such'?><a/>",
        b"<a>\xe9</a>",
        b"<p:a/>",
        batch("<Action>CREATE").encode(),
    ],
)
def test_what_is_no_xml_is_refused(body):
    wrong = refusal(body)

    assert (wrong.code, wrong.message) == ("MalformedInput", "Could not parse XML")
    assert "cannot be read as XML" in wrong.help


def test_another_root_is_refused():
    wrong = refusal(f"<ChangeBatch {XMLNS}/>")

    assert (wrong.code, wrong.message) == (
        "MalformedInput",
        "ChangeBatch is not valid, expected ChangeResourceRecordSetsRequest",
    )


LAUGHS = "".join(f'<!ENTITY l{i} "{f"&l{i - 1};" * 10}">' for i in range(1, 12))
BOMBS = {
    "laughs": f'<!DOCTYPE a [<!ENTITY l0 "ha">{LAUGHS}]><a>&l11;</a>',
    "blow": f'<!DOCTYPE a [<!ENTITY b "{"x" * 100_000}">]><a>{"&b;" * 10_000}</a>',
    "file": '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>',
    "outside": '<!DOCTYPE a SYSTEM "http://127.0.0.1:9/a.dtd"><a/>',
    "parameter": '<!DOCTYPE a [<!ENTITY % x SYSTEM "file:///etc/passwd"> %x;]><a/>',
    "plain": "<!DOCTYPE a><a/>",
    "utf16": '<?xml version="1.0" encoding="utf-16"?><!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>',
    "deep": "<a>" * 500_000,
    "deep and whole": "<a>" * 200_000 + "</a>" * 200_000,
}


@pytest.mark.slow
@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_does_not_go_off(name):
    body = BOMBS[name].encode("utf-16" if name == "utf16" else "utf-8")

    wrong = refusal(body)

    assert wrong.code == "MalformedInput"
    assert "nested too deep" in wrong.help or "declares a document type" in wrong.help


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(body):
    refusal(body)


def tried(call, *args):
    """What a call gives, or the code of its refusal."""
    try:
        return call(*args)
    except Refusal as wrong:
        return wrong.code


@pytest.mark.slow
@settings(max_examples=200)
@given(st.data())
def test_a_body_with_one_byte_changed_is_read_or_refused(data):
    body = bytearray(record_set("<TTL>60</TTL><Weight>3</Weight>").encode())
    body[data.draw(st.integers(0, len(body) - 1))] = data.draw(st.integers(0, 255))

    outcome = tried(REST.read, "ChangeResourceRecordSets", ZONE, "", bytes(body))
    assert outcome in ("InvalidInput", "MalformedInput") or set(outcome) == {
        "HostedZoneId",
        "ChangeBatch",
    }


@pytest.mark.slow
@given(st.text(st.characters(codec="utf-8"), max_size=50), st.text("/%?&=2F", max_size=20))
def test_any_path_is_routed_or_refused(text, more):
    for path in (f"/2013-04-01/hostedzone/{text}{more}", text + more):
        outcome = tried(REST.route, "GET", path)

        assert outcome == "UnknownOperationException" or outcome[0] in REST.operations


def test_a_response_is_written_like_route_53s():
    zone = {"Id": "/hostedzone/Z1", "Name": "a.example.", "CallerReference": "<&>\r\x01"}
    change = {
        "Id": "/change/C1",
        "Status": "INSYNC",
        "SubmittedAt": NEW_YEAR,
    }
    response = {
        "HostedZone": zone | {"Config": {"PrivateZone": False, "Comment": None}},
        "ChangeInfo": change,
        "DelegationSet": {"NameServers": ["ns-1.example"]},
        "Location": "https://route53.amazonaws.com/2013-04-01/hostedzone/Z1",
    }

    answer = REST.write("CreateHostedZone", response)
    assert answer.status == 201
    assert answer.headers == {"Location": response["Location"]}
    assert answer.body.decode() == (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f"<CreateHostedZoneResponse {XMLNS}>"
        "<HostedZone><Id>/hostedzone/Z1</Id><Name>a.example.</Name>"
        "<CallerReference>&lt;&amp;&gt;&#13;\ufffd</CallerReference>"
        "<Config><PrivateZone>false</PrivateZone></Config></HostedZone>"
        "<ChangeInfo><Id>/change/C1</Id><Status>INSYNC</Status>"
        "<SubmittedAt>2026-01-01T00:00:00Z</SubmittedAt></ChangeInfo>"
        "<DelegationSet><NameServers><NameServer>ns-1.example</NameServer></NameServers>"
        "</DelegationSet></CreateHostedZoneResponse>"
    )


def test_a_field_that_the_model_does_not_have_is_a_mistake():
    with pytest.raises(ValueError, match="ChangeInfo has no State"):
        REST.write("GetChange", {"ChangeInfo": {"State": "INSYNC"}})


def test_an_error_is_an_error_response():
    faults = [Fault("first <bad>", "Mend the first."), Fault("second", "Mend the second\r\nŁé.")]

    answer = write_error(Refusal("InvalidChangeBatch", faults), "1-2-3")
    assert answer.status == 400
    assert answer.headers == {"x-lab-help": "Mend the first. Mend the second ?é."}
    assert answer.body.decode() == (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f"<ErrorResponse {XMLNS}><Error><Type>Sender</Type><Code>InvalidChangeBatch</Code>"
        "<Message>[first &lt;bad&gt;, second]</Message></Error><RequestId>1-2-3</RequestId>"
        "</ErrorResponse>"
    )


def test_botocore_reads_the_error():
    answer = write_error(refused("NoSuchHostedZone", "No hosted zone found with ID: Z9", "?"), "r1")

    found = parsed("GetHostedZone", answer)
    assert found["Error"] == {
        "Type": "Sender",
        "Code": "NoSuchHostedZone",
        "Message": "No hosted zone found with ID: Z9",
    }
    assert found["ResponseMetadata"]["HTTPStatusCode"] == 404
    assert found["ResponseMetadata"]["RequestId"] == "r1"


def test_an_id_that_a_file_chose_is_for_the_lookup_to_judge():
    operation, path = REST.route("GET", "/2013-04-01/cidrcollection/c1/cidrblocks")
    named = "<CidrRoutingConfig><CollectionId>c1</CollectionId><LocationName>home</LocationName>"

    assert REST.read(operation, path, "", b"") == {"CollectionId": "c1"}
    read = REST.read(
        "ChangeResourceRecordSets", ZONE, "", record_set(f"{named}</CidrRoutingConfig>").encode()
    )
    (change,) = read["ChangeBatch"]["Changes"]
    routing = change["ResourceRecordSet"]["CidrRoutingConfig"]
    assert routing == {"CollectionId": "c1", "LocationName": "home"}
