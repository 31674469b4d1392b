"""Names and values of the API: kept and listed as they were written, and no master-file text."""

import pytest
from dns.rdatatype import RdataType
from hypothesis import given
from hypothesis import strategies as st

from lab_engine.authority.apitext import name_of, text_of, value_of
from lab_engine.authority.recordset import RecordSet
from lab_engine.authority.zone import Zone
from lab_engine.control import changes, snapshot
from lab_engine.control.refusal import Refusal
from lab_engine.control.writing import as_batch, element
from lab_engine.errors import LabError

ZONE = Zone.of("example.com", [RecordSet.of("www", "A", "192.0.2.1")])
WRITTEN = [
    ("CNAME", "bar.example.net"),
    ("CNAME", "BAR.Example.net."),
    ("NS", "ns.example.net"),
    ("MX", "10  mail.example.net"),
    ("AAAA", "2001:0DB8:0:0:0:0:0:A"),
    ("TXT", '"AAA""BBB"'),
    ("TXT", r'"v=DKIM1\; k=rsa"'),
    ("TXT", '"a"   "b"'),
    ("CAA", "0 issue ca.example"),
    ("SRV", "1 10 5269  xmpp.example.com"),
    ("SVCB", '1 svc.example.com alpn="h2,h3"'),
    ("NAPTR", '100 10 "U" "E2U+sip" "!^.*$!sip:info@example.com!" .'),
]


def change(action, rdtype, *texts, name="v.example.com.", ttl=300):
    values = [{"Value": text} for text in texts]
    given_ = {"Name": name, "Type": rdtype, "TTL": ttl, "ResourceRecords": values}
    return {"Action": action, "ResourceRecordSet": given_}


def applied(*batch, zone=ZONE):
    return changes.apply(zone, {"Changes": list(batch)})


def held(zone, name="v.example.com."):
    (found,) = (each for each in zone if str(each.name) == name)
    return found


def listed(zone):
    return [each["Value"] for each in element(held(zone))["ResourceRecords"]]


def refused(*batch):
    with pytest.raises(Refusal) as caught:
        applied(*batch)
    return caught.value.message


@pytest.mark.parametrize(("rdtype", "text"), WRITTEN)
def test_a_value_is_listed_as_it_was_written(rdtype, text):
    after = applied(change("CREATE", rdtype, text))

    assert listed(after) == [text]
    assert listed(snapshot.zone_of(snapshot.zone_data(after))) == [text]
    assert listed(Zone.from_json(as_batch(after))) == [text]


@pytest.mark.parametrize(("rdtype", "text"), WRITTEN)
def test_a_delete_names_a_value_as_it_is_listed_or_as_another_would_write_it(rdtype, text):
    after = applied(change("CREATE", rdtype, text))
    other = text_of(held(after).records.values[0])

    for each in (text, other):
        assert applied(change("DELETE", rdtype, each), zone=after).record_sets == ZONE.record_sets


def test_an_upsert_of_the_same_value_in_other_words_is_listed_in_those():
    before = applied(change("CREATE", "CNAME", "bar.example.net."))

    after = applied(change("UPSERT", "CNAME", "bar.example.net"), zone=before)

    assert listed(after) == ["bar.example.net"]


def test_a_record_set_with_another_ttl_keeps_its_words():
    after = applied(change("CREATE", "MX", "10  a.example", "20 b.example.", "30 C.example"))

    zone = after.replaced(held(after).with_ttl(5))

    assert listed(zone) == ["10  a.example", "20 b.example.", "30 C.example"]


@pytest.mark.parametrize(
    ("rdtype", "text", "value"),
    [
        ("CNAME", "a;b.example.com", r"a\;b.example.com."),
        ("CNAME", "a(b).example.com", r"a\(b\).example.com."),
        ("CNAME", 'a"b.example.com', r"a\"b.example.com."),
        ("CNAME", r"\#.example.com", "#.example.com."),
        ("PTR", "@", r"\@."),
        ("NS", "ns1.example.net;ns2.example.net", r"ns1.example.net\;ns2.example.net."),
        ("MX", "10 @", r"10 \@."),
        ("SRV", "1 2 3 a;b", r"1 2 3 a\;b."),
        ("CAA", "0 issue ca.example;policy=ev", '0 issue "ca.example;policy=ev"'),
        ("CAA", '0 issue "ca.example; policy=ev"', '0 issue "ca.example; policy=ev"'),
        ("TXT", r'"a;b (c) @ \# \041"', r'"a;b (c) @ # !"'),
    ],
)
def test_what_is_syntax_in_a_master_file_is_part_of_a_value(rdtype, text, value):
    after = applied(change("CREATE", rdtype, text))

    assert held(after).texts == (value,)
    assert listed(after) == [text]


@pytest.mark.parametrize(
    ("rdtype", "text"),
    [
        ("A", "(192.0.2.1)"),
        ("A", "192.0.2.1;x"),
        ("A", r"192\.0.2.1"),
        ("A", '"192.0.2.1"'),
        ("AAAA", "(2001:db8::1)"),
        ("AAAA", "@"),
    ],
)
def test_an_address_is_one_in_these_letters_alone(rdtype, text):
    version = {"A": "IPv4", "AAAA": "IPv6"}[rdtype]

    assert refused(change("CREATE", rdtype, text)) == (
        f"[Invalid Resource Record: 'FATAL problem: {rdtype}RRDATAIllegal{version}Address (Value "
        f"is not a valid {version} address) encountered with '{text}'']"
    )


@pytest.mark.parametrize("text", ["192.0.2.1 ;x", r"\# 4 C0000201", "( 192.0.2.1 )"])
def test_an_address_stands_alone(text):
    assert "ARRDATANotSingleField (Value contains spaces)" in refused(change("CREATE", "A", text))


@pytest.mark.parametrize("rdtype", ["MX", "TXT", "CAA", "DS", "SOA"])
def test_octets_of_any_type_are_no_value(rdtype):
    with pytest.raises(LabError):
        value_of(RdataType.from_text(rdtype), r"\# 4 C0000201")


def test_an_at_sign_is_no_origin_where_a_name_stands():
    name = change("CREATE", "A", "192.0.2.1", name="@")
    target = {"HostedZoneId": "Z1", "DNSName": "@", "EvaluateTargetHealth": False}
    alias = {"Name": "a.example.com", "Type": "A", "AliasTarget": target}

    assert refused(name) == r"[RRSet with DNS name \100. is not permitted in zone example.com.]"
    message = refused({"Action": "CREATE", "ResourceRecordSet": alias})
    assert message.startswith(r"[Tried to create an alias that targets \100., type A")


def test_a_listing_that_is_read_and_listed_again_is_the_same():
    texts = ["10  mail.example.net", "20 other.example.net."]
    given_ = {"ResourceRecordSets": [change("", "MX", *texts)["ResourceRecordSet"]]}

    assert listed(Zone.from_json(given_, "example.com")) == texts


@pytest.mark.parametrize(
    ("rdtype", "text", "value"),
    [("TXT", '"\u00e9"', r'"\303\251"'), ("CNAME", "\u00e9.example.", "xn--9ca.example.")],
)
def test_what_route_53_would_not_take_is_listed_as_it_writes_it(rdtype, text, value):
    """A file may say a value in letters that no request has."""
    given_ = {"ResourceRecordSets": [change("", rdtype, text)["ResourceRecordSet"]]}

    zone = Zone.from_json(given_, "example.com")

    assert listed(zone) == [value]
    assert set(changes.apply(ZONE, as_batch(zone))) >= set(zone)


@pytest.mark.parametrize("times", ["1 2h 900 1209600 86400", "1 7200 15m 2w 1d", "1 1H 1 1 1"])
def test_times_of_an_soa_are_seconds(times):
    text = f"ns.example.com. host.example.com. {times}"

    assert "SOARRDATAInvalid" in refused(change("UPSERT", "SOA", text, name="example.com."))


LETTERS = st.characters(min_codepoint=33, max_codepoint=126, exclude_characters='\\."')


@given(st.lists(st.text(LETTERS, min_size=1, max_size=8), min_size=1, max_size=4))
def test_a_name_means_the_same_wherever_it_stands(labels):
    name = ".".join(labels)

    value = value_of(RdataType.CNAME, name)

    assert value.target.labels == (*(label.encode() for label in labels), b"")
    assert value.target == name_of(name)


@given(st.text(LETTERS | st.sampled_from(' ;()@"'), max_size=20))
def test_a_string_is_what_stands_between_its_quotation_marks(text):
    inside = text.replace('"', r"\"")

    assert value_of(RdataType.TXT, f'"{inside}"').strings == (text.encode(),)
