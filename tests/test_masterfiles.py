"""Master files as others write them: BIND's dumps, signed zones, generated records, old types."""

import resource
import subprocess
import sys

import pytest
from dns.rdatatype import RdataType

from lab_engine.authority import memory
from lab_engine.authority.records import RRset, as_name
from lab_engine.authority.zone import Zone
from lab_engine.errors import ZoneError
from lab_engine.review.lint import lint

HEAD = """$ORIGIN example.com.
$TTL 60
@ SOA ns1 h 1 7200 900 1209600 300
@ NS ns1
ns1 A 192.0.2.53
"""
DUMP = """$ORIGIN .
$TTL 3600 ; 1 hour
example.com IN SOA ns1.example.com. h.example.com. (
    1 7200 900 1209600 300 )
    NS ns1.example.com.
$ORIGIN example.com.
ns1 A 192.0.2.53
$ORIGIN sub.example.com.
w A 192.0.2.1
"""
BELOW = """$ORIGIN sub.example.com.
$TTL 60
example.com. SOA ns1.example.com. h.example.com. 1 7200 900 1209600 300
example.com. NS ns1.example.com.
ns1.example.com. A 192.0.2.53
w A 192.0.2.1
"""
ABSOLUTE = """example.com. 60 IN SOA ns1.example.com. h.example.com. 1 7200 900 1209600 300
example.com. 60 IN NS ns1.example.com.
ns1.example.com. 60 IN A 192.0.2.53
w.sub.example.com. 60 IN A 192.0.2.1
"""


def texts(zone, name, kind):
    node = zone.node(as_name(name)) or {}
    return [text for each in node.get(RdataType.from_text(kind), ()) for text in each.texts]


@pytest.mark.parametrize("text", [DUMP, BELOW, ABSOLUTE, DUMP.replace("\n", "\r\n")])
def test_the_zone_is_that_of_the_first_soa(text):
    """BIND dumps with `$ORIGIN .`, others begin below or write every name in full."""
    zone = Zone.from_text(text)

    assert str(zone.origin) == "example.com."
    assert texts(zone, "w.sub.example.com.", "A") == ["192.0.2.1"]


def test_an_origin_that_is_given_is_the_zones():
    assert str(Zone.from_text(DUMP, "example.com").origin) == "example.com."
    with pytest.raises(ZoneError, match=r"lies outside the zone sub\.example\.com\."):
        Zone.from_text(DUMP, "sub.example.com")


def test_what_stands_before_the_soa_is_of_the_same_zone():
    before = "$ORIGIN example.com.\n$TTL 60\nwww A 192.0.2.1\n"

    assert Zone.from_text(before + HEAD).size == 4
    with pytest.raises(ZoneError, match=r"www\.example\.org\. A: lies outside the zone example"):
        Zone.from_text("www.example.org. 60 A 192.0.2.1\n" + HEAD)


@pytest.mark.parametrize(
    "line",
    [
        "@ 60 SOA ns1 h 1 7200 900 1209600 300",
        "example.com 60 SOA a. b. 1 7200 900 1209600 300",
        "example.com. 60 SOA ns1 h. 1 7200 900 1209600 300",
        " 60 SOA a. b. 1 7200 900 1209600 300",
        "$ORIGIN example",
        "$GENERATE 1-2 a$ 60 A 192.0.2.$",
    ],
)
def test_a_name_without_its_end_needs_an_origin(line):
    with pytest.raises(ZoneError, match="zone: does not say which zone it is"):
        Zone.from_text(f"{line}\n")


GENERATED = ["192.0.2.1", "192.0.2.3"]


@pytest.mark.parametrize("how", ["", "300", "IN", "IN 300", "300 IN", "5m in"])
def test_class_and_ttl_of_generated_records_come_in_either_order(how):
    """BIND's manual: `$GENERATE range lhs [ttl] [class] type rhs`, and its reader takes both."""
    zone = Zone.from_text(f"{HEAD}$GENERATE 1-4/2 g$ {how} A 192.0.2.$ ; a remark\nz A 192.0.2.9\n")

    assert [texts(zone, f"g{i}.example.com.", "A") for i in (1, 3)] == [
        [each] for each in GENERATED
    ]
    assert texts(zone, "z.example.com.", "A") == ["192.0.2.9"]
    assert zone.node(as_name("g2.example.com.")) is None
    (group,) = zone.node(as_name("g1.example.com.")).values()
    assert group[0].ttl == (300 if set(how) & set("35") else 60)


def test_the_right_side_of_several_words_stands_in_quotation_marks():
    """An example of BIND's manual: `MX "0 ."`."""
    made = '$GENERATE 1-2 h$ MX "$ mail"\n$GENERATE 1-1 t${0,3} TXT "\\"a $\\" b"\n'
    zone = Zone.from_text(HEAD + made)

    assert texts(zone, "h2.example.com.", "MX") == ["2 mail.example.com."]
    assert texts(zone, "t001.example.com.", "TXT") == ['"a 1" "b"']


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("$GENERATE 1-2 h$ MX 10 mail", "several words stands in quotation marks"),
        ("$GENERATE 1-2 h$ MX", "lacks a right side"),
        ("$GENERATE 1-2 h$", "lacks a type"),
        ("$GENERATE 1-2", "lacks a left side"),
        ("$GENERATE", "lacks a range"),
        ("$GENERATE 2-1 h$ A 192.0.2.$", "2-1 is no range"),
        ("$GENERATE 1-2/0 h$ A 192.0.2.$", "1-2/0 is no range"),
        ("$GENERATE - h$ A 192.0.2.$", "- is no range"),
        ("$GENERATE 1-300 h$ A 192.0.2.$", "192.0.2.256 is no value of type A"),
        ("$GENERATE 1-2 h$ CH A 192.0.2.$", "RR class is not zone's class"),
        ("$GENERATE 1-2 h$ BOGUS x", "unknown rdatatype 'BOGUS'"),
        ("$GENERATE 1-2 h$.example.org. A 192.0.2.$", "lies outside the zone"),
    ],
)
def test_what_cannot_be_generated_is_told_with_its_line(line, said):
    with pytest.raises(ZoneError, match=r"^zone:6: ") as refused:
        Zone.from_text(f"{HEAD}{line}\n")

    assert said in str(refused.value)


@pytest.mark.slow
@pytest.mark.parametrize(
    "lines",
    [
        "$GENERATE 1-1000000000 g$ A 192.0.2.1",
        "$GENERATE 1-600 g$ A 192.0.2.1\n$GENERATE 1-99600 h$ A 192.0.2.1",
    ],
)
def test_no_more_is_generated_than_a_file_may(lines):
    """It is counted before it is made."""
    with pytest.raises(ZoneError, match=r"\$GENERATE: makes [\d,]+ records, and 100,000 are"):
        Zone.from_text(f"{HEAD}{lines}\n")


def test_types_of_rfc_1035_that_nobody_uses_are_read_and_written():
    old = "a MB ns1\nb MG ns1\nc MR ns1\nd MINFO ns1 h\ne MD ns1\nf MF ns1\n"

    zone = Zone.from_text(HEAD + old)

    assert "d.example.com. 60 IN MINFO ns1.example.com. h.example.com." in zone.to_text()
    assert Zone.from_text(zone.to_text()).record_sets == zone.record_sets
    assert RRset.of("a", "MB", "ns1").texts == ("ns1",)


SIGNED = """$ORIGIN example.com.
@ 3600 SOA ns1 h 1 7200 900 1209600 300
@ 3600 NS ns1
ns1 3600 A 192.0.2.53
www 3600 CNAME ns1
@ 3600 RRSIG NS 13 2 3600 20300101000000 20200101000000 2228 example.com. AAAA
@ 300 RRSIG NSEC 13 2 300 20300101000000 20200101000000 2228 example.com. AAAA
@ 300 NSEC ns1.example.com. NS SOA RRSIG NSEC
www 300 NSEC example.com. CNAME RRSIG NSEC
www 3600 RRSIG CNAME 13 3 3600 20300101000000 20200101000000 2228 example.com. AAAA
@ 3600 DNSKEY 257 3 13 AAAA
BASE32HEX0 300 NSEC3 1 0 0 - 2t7b4g4vsa5smi47k61mv5bv1a22bojr A
"""


def test_a_signed_zone_is_loaded_without_its_signatures_and_that_is_told():
    """RFC 4034: signatures have the TTLs of what they sign, and they and NSEC stand at CNAMEs."""
    zone = Zone.from_text(SIGNED)

    left = {RdataType.RRSIG: 3, RdataType.NSEC: 2, RdataType.NSEC3: 1}
    assert (zone.size, zone.left_out) == (5, left)
    assert zone.replaced(RRset.of("a", "A", "192.0.2.1")).left_out == left
    (found,) = lint(zone)
    assert found.rule == "unsigned"
    assert "3 RRSIG, 2 NSEC, 1 NSEC3" in str(found)


def test_what_stands_below_a_dname_is_told_to_be_hidden():
    (found,) = lint(Zone.from_text(HEAD + "old DNAME new\nw.old A 192.0.2.1\n"))

    assert (found.rule, found.where) == ("hidden", "w.old.example.com. A")


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ("old DNAME a\nold DNAME b", "old.example.com. DNAME: has more than one value"),
        ("old DNAME a\nold NS ns1", "old.example.com. DNAME: stands beside an NS below the apex"),
        ("old DNAME a\nold CNAME ns1", "CNAME: stands beside DNAME"),
    ],
)
def test_a_dname_stands_alone_but_for_what_leads_nowhere(lines, said):
    with pytest.raises(ZoneError, match=said):
        Zone.from_text(f"{HEAD}{lines}\n")
    assert Zone.from_text(HEAD + "@ DNAME example.net.\nold DNAME a\nold TXT b\n").size == 6


@pytest.mark.parametrize("text", ["password hunter2\n", "API_KEY = hunter2\n", "root:hunter2:0\n"])
def test_nothing_is_quoted_of_a_file_that_is_no_zone(text):
    for origin in (None, "example.com"):
        with pytest.raises(ZoneError) as refused:
            Zone.from_text(text, origin)
        assert "hunter2" not in str(refused.value)


def test_what_will_not_fit_is_told_before_it_is_loaded():
    """Loaded, a million records take several gigabytes and more than a minute."""
    memory.check(100, "zone", free=10**9)
    with pytest.raises(ZoneError, match=r"about 1,000,000 records.* 3\.7 GB.* 84 s.* 1\.0 GB"):
        memory.check(1_000_000, "zone", free=10**9)


@pytest.mark.slow
def test_a_process_with_little_memory_refuses_a_large_file_at_once(tmp_path):
    file = tmp_path / "large.zone"
    with file.open("w") as out:
        out.write(HEAD)
        out.writelines(f"n{i} A 192.0.2.1\n" for i in range(400_000))
    limit = 1_000_000_000

    done = subprocess.run(
        [sys.executable, "-m", "lab_engine", "lint", str(file)],
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (limit, limit)),
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 2
    assert "has about 400,005 records, which take about 1.5 GB" in done.stderr
