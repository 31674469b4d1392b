"""Zones from master files and from Python, and everything that may not be loaded."""

import pytest

from lab_engine.authority.records import RRset
from lab_engine.authority.zone import Zone
from lab_engine.errors import LabError, ZoneError

HEAD = """$ORIGIN shop.example.
$TTL 60
@ 900 IN SOA ns1 hostmaster 1 7200 900 1209600 86400
@ NS ns1
ns1 A 192.0.2.53
www A 192.0.2.1
www A 192.0.2.2
"""
LINES = HEAD.count("\n")


def test_a_master_file_is_read_in_order():
    zone = Zone.from_text(HEAD)

    assert str(zone.origin) == "shop.example."
    assert [(str(r.name), r.ttl, r.texts) for r in zone][3] == (
        "www.shop.example.",
        60,
        ("192.0.2.1", "192.0.2.2"),
    )


def test_a_zone_writes_itself_out_and_reads_itself_back():
    zone = Zone.from_text(HEAD + 'a CNAME www\n_x._tcp SRV 1 2 3 www\nt TXT "two words" b\n')

    assert Zone.from_text(zone.to_text()).record_sets == zone.record_sets


def test_a_zone_from_python_completes_names_and_supplies_soa_and_ns():
    zone = Zone.of(
        "shop.example", [RRset.of("www", "A", "192.0.2.1"), RRset.of("a", "CNAME", "www")]
    )

    assert [(str(r.name), r.texts) for r in zone][2:] == [
        ("www.shop.example.", ("192.0.2.1",)),
        ("a.shop.example.", ("www.shop.example.",)),
    ]
    assert zone.soa.ttl == 900


def test_replacing_an_rrset_leaves_the_old_zone_as_it_was():
    old = Zone.from_text(HEAD)
    new = old.replaced(RRset.of("www", "A", "192.0.2.9", ttl=5))

    assert "192.0.2.9" not in old.to_text()
    assert "www.shop.example. 5 IN A 192.0.2.9" in new.to_text()
    assert "192.0.2.1" not in new.to_text()


NEXT = f"zone:{LINES + 1}"
BROKEN_LINES = {
    "www A 1.2.3": f"{NEXT}: is not a record: Text input is malformed",
    "www BOGUS x": f"{NEXT}: is not a record: unknown rdatatype 'BOGUS'",
    "www -1 A 192.0.2.3": f"{NEXT}: TTL -1: a TTL lies between 0 and 2147483647",
    "www 2147483648 A 192.0.2.3": f"{NEXT}: www.shop.example. A: TTL 2147483648: a TTL lies",
    "www 99999999999 A 192.0.2.3": f"{NEXT}: TTL 99999999999: a TTL lies between",
    "www 30 A 192.0.2.3": "the same RRset has TTL 60 above",
    "x" * 64 + " A 192.0.2.3": f"{NEXT}: is not a record: A DNS label is > 63 octets",
    ".".join(["x" * 60] * 5) + " A 192.0.2.3": f"{NEXT}: is not a record: A DNS name is > 255",
    "www.other.example. A 192.0.2.3": f"{NEXT}: www.other.example. A: lies outside the zone",
    "$INCLUDE other.zone": f"{NEXT}: is not a record: zone file directive '$INCLUDE'",
    "www A 192.0.2.3 (": "unbalanced parentheses",
    'www TXT "open': "newline in quoted string",
    "$TTL soon": f"{NEXT}: is not a record: DNS TTL value is not well-formed",
    "mail MX 10": f"{NEXT}: is not a record: expecting an identifier",
    "www CNAME elsewhere": "CNAME: stands beside A",
    "c CNAME a\nc CNAME b": "c.shop.example. CNAME: has more than one value",
    "\n\nwww A 1.2.3": f"zone:{LINES + 3}: is not a record",
}


@pytest.mark.parametrize(("line", "message"), BROKEN_LINES.items(), ids=range(len(BROKEN_LINES)))
def test_a_broken_master_file_says_where_and_what(line, message):
    with pytest.raises(ZoneError) as refused:
        Zone.from_text(f"{HEAD}{line}\n")

    assert message in str(refused.value)
    assert refused.value.remedy


def test_every_broken_line_is_listed_at_once():
    with pytest.raises(ZoneError) as refused:
        Zone.from_text(f"{HEAD}a A 1.2.3\nb A 192.0.2.7\nc BOGUS x\nd -1 A 192.0.2.8\n")

    lines = str(refused.value).splitlines()
    assert [line.split(" ")[0] for line in lines] == [
        f"zone:{LINES + 1}:",
        f"zone:{LINES + 3}:",
        f"zone:{LINES + 4}:",
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "does not say which zone"),
        ("$ORIGIN shop.example.\n; nothing\n", "holds no record"),
        ("$ORIGIN shop.example.\nwww 60 A 192.0.2.1\n", "has no SOA record at its apex"),
        ("$ORIGIN a.\n@ 60 SOA n h 1 2 3 4 5\n", "has no NS record at its apex"),
    ],
)
def test_a_zone_needs_a_beginning(text, message):
    with pytest.raises(ZoneError, match=message):
        Zone.from_text(text)


def test_an_empty_zone_from_python_is_refused():
    with pytest.raises(ZoneError, match="holds no record"):
        Zone.of("shop.example", [])


@pytest.mark.parametrize("ttl", [-1, 2**31, "60", None, 1.5])
def test_a_ttl_has_31_bits(ttl):
    """RFC 2181 section 8; dnspython would take both."""
    with pytest.raises(ZoneError, match=f"TTL {ttl}: a TTL lies between 0 and 2147483647"):
        RRset.of("www", "A", "192.0.2.1", ttl=ttl)


def test_the_ends_of_the_ttl_range_are_taken():
    assert RRset.of("www", "A", "192.0.2.1", ttl=0).ttl == 0
    assert RRset.of("www", "A", "192.0.2.1", ttl=2**31 - 1).ttl == 2147483647


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: RRset.of("x" * 64, "A", "192.0.2.1"), "a whole name at most 255"),
        (lambda: RRset.of(".".join(["x" * 63] * 4), "A", "192.0.2.1"), "is not a domain name"),
        (lambda: RRset.of("www", "A", "192.0.2"), "A 192.0.2: is not a value of that type"),
        (lambda: RRset.of("www", "A", []), "has no value"),
        (lambda: RRset.of("www", "QUESTION", "x"), "is not a record type"),
        (
            lambda: Zone.of(
                "y" * 63 + ".example", [RRset.of(".".join(["x" * 60] * 4), "A", "::1")]
            ),
            "is not a value of that type",
        ),
        (
            lambda: Zone.of("y" * 63, [RRset.of(".".join(["x" * 60] * 4), "A", "192.0.2.1")]),
            "is over 255 octets under this zone",
        ),
        (
            lambda: Zone.of("a.example", [RRset.of("b.example.", "A", "192.0.2.1")]),
            "lies outside the zone",
        ),
        (
            lambda: Zone.of("a.example", [RRset.of("b", "A", "192.0.2.1")] * 2),
            "is given twice",
        ),
        (lambda: Zone.from_file("no-such-file.zone"), "cannot be read"),
    ],
)
def test_bad_values_from_python_are_named(make, message):
    with pytest.raises(LabError, match=message):
        make()


def test_nothing_of_a_broken_file_is_served(tmp_path):
    """Loading is all or nothing: the error leaves no zone behind."""
    file = tmp_path / "shop.zone"
    file.write_text(HEAD + "www A broken\n")

    with pytest.raises(ZoneError, match=rf"{file}:{LINES + 1}: "):
        Zone.from_file(file)
