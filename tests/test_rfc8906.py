"""RFC 8906 section 8: its eighteen tests, byte by byte, against a served zone.

The queries are written here octet by octet, so that no library corrects them on their way.
"""

import socket
import struct
from typing import NamedTuple

import dns.message
import pytest
from dns.flags import AA, AD, CD, RA, RD, TC

from lab_engine import RRset, Zone, serve

Z = 0x40  # the header bit that must be zero
SOA, DNSKEY, TYPE1000, OPT = 6, 48, 1000, 41
DO = 0x8000
NSID, ECS, EXPIRE, COOKIE = 3, 8, 9, 10
ID = 0x2A17
APEX = b"\x04shop\x07example\0"


@pytest.fixture(scope="module")
def server():
    zone = Zone.of("shop.example", [RRset.of("www", "A", "192.0.2.1")])
    with serve(zone, seed=1) as running:
        yield running


def header(flags=0, questions=1, additional=0, answers=0, authority=0):
    return struct.pack("!HHHHHH", ID, flags, questions, answers, authority, additional)


def question(rdtype=SOA, name=APEX):
    return name + struct.pack("!HH", rdtype, 1)


def opt(version=0, flags=0, options=b"", payload=4096):
    return b"\0" + struct.pack("!HHBBHH", OPT, payload, 0, version, flags, len(options)) + options


def option(code, data=b""):
    return struct.pack("!HH", code, len(data)) + data


def plain(flags=0, rdtype=SOA):
    return header(flags) + question(rdtype)


def edns(rdtype=SOA, **options):
    return header(additional=1) + question(rdtype) + opt(**options)


class Seen(NamedTuple):
    """A response, taken apart without a library as far as its header goes."""

    id: int
    opcode: int
    flags: int
    rcode: int
    counts: tuple
    message: dns.message.Message

    @property
    def answer(self):
        return [rrset.rdtype for rrset in self.message.answer]

    @property
    def edns(self):
        """Version, flags and option codes, or None without an OPT."""
        if self.message.edns < 0:
            return None
        codes = [int(each.otype) for each in self.message.options]
        return self.message.edns, self.message.ednsflags & 0xFFFF, codes


def seen(wire):
    message_id, flags, *counts = struct.unpack_from("!HHHHHH", wire)
    assert flags & 0x8000
    message = dns.message.from_wire(wire)
    bits = flags & (AA | TC | RD | RA | Z | AD | CD)
    return Seen(message_id, flags >> 11 & 15, bits, int(message.rcode()), tuple(counts), message)


def udp(server, wire):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.settimeout(30)
        client.sendto(wire, ("127.0.0.1", server.port))
        return client.recv(65_535)


def tcp(server, wire):
    with socket.create_connection(("127.0.0.1", server.port), timeout=5) as client:
        client.sendall(struct.pack("!H", len(wire)) + wire)
        stream = client.makefile("rb")
        return stream.read(int.from_bytes(stream.read(2), "big"))


NOERROR, FORMERR, NOTIMP, BADVERS = 0, 1, 4, 16
NO_OPT = None
OPT_0 = (0, 0, [])
COOKIES = option(NSID) + option(COOKIE, b"8octets.") + option(EXPIRE)
COOKIES += option(ECS, struct.pack("!HBB", 1, 0, 0))


@pytest.mark.parametrize(
    ("wire", "rcode", "answer", "flags", "opt_seen"),
    [
        pytest.param(plain(), NOERROR, [SOA], AA, NO_OPT, id="8.1.1-no-edns"),
        pytest.param(plain(rdtype=TYPE1000), NOERROR, [], AA, NO_OPT, id="8.1.2-unknown-type"),
        pytest.param(plain(CD), NOERROR, [SOA], AA, NO_OPT, id="8.1.3.1-cd"),
        pytest.param(plain(AD), NOERROR, [SOA], AA, NO_OPT, id="8.1.3.2-ad"),
        pytest.param(plain(Z), NOERROR, [SOA], AA, NO_OPT, id="8.1.3.3-z"),
        pytest.param(plain(RD), NOERROR, [SOA], AA | RD, NO_OPT, id="8.1.3.4-rd"),
        pytest.param(edns(), NOERROR, [SOA], AA, OPT_0, id="8.2.1-edns0"),
        pytest.param(edns(version=1), BADVERS, [], 0, OPT_0, id="8.2.2-edns1"),
        pytest.param(
            edns(options=option(100)), NOERROR, [SOA], AA, OPT_0, id="8.2.3-unknown-option"
        ),
        pytest.param(edns(flags=0x40), NOERROR, [SOA], AA, OPT_0, id="8.2.4-unknown-flag"),
        pytest.param(edns(version=1, flags=0x40), BADVERS, [], 0, OPT_0, id="8.2.5-edns1-flag"),
        pytest.param(
            edns(version=1, options=option(100)), BADVERS, [], 0, OPT_0, id="8.2.6-edns1-option"
        ),
        pytest.param(
            edns(DNSKEY, flags=DO, payload=512), NOERROR, [], AA, (0, DO, []), id="8.2.7-dnskey-512"
        ),
        pytest.param(edns(flags=DO), NOERROR, [SOA], AA, (0, DO, []), id="8.2.8-do"),
        pytest.param(edns(version=1, flags=DO), BADVERS, [], 0, (0, DO, []), id="8.2.9-edns1-do"),
        pytest.param(
            edns(options=COOKIES), NOERROR, [SOA], AA, (0, 0, [ECS]), id="8.2.10-four-options"
        ),
    ],
)
def test_rfc8906(server, wire, rcode, answer, flags, opt_seen):  # noqa: PLR0917
    """Of the query's EDNS only DO comes back (RFC 3225) and a client subnet (RFC 7871)."""
    response = seen(udp(server, wire))

    assert (response.id, response.opcode, response.rcode) == (ID, 0, rcode)
    assert (response.answer, response.flags, response.edns) == (answer, flags, opt_seen)
    assert response.counts[0] == 1


@pytest.mark.parametrize("flags", [0, RD | AD], ids=["8.1.4-opcode-15", "8.1.4-opcode-15-rd-ad"])
def test_rfc8906_unknown_opcode(server, flags):
    response = seen(udp(server, header(15 << 11 | flags, questions=0)))

    assert (response.opcode, response.rcode, response.flags) == (15, NOTIMP, 0)
    assert response.counts == (0, 0, 0, 0)


def test_rfc8906_tcp(server):
    """Section 8.1.5."""
    response = seen(tcp(server, plain()))

    assert (response.rcode, response.answer, response.flags) == (NOERROR, [SOA], AA)
    assert response.edns is None


def test_rfc8906_without_edns_support(server):
    """Section 8.3: a server that knows EDNS answers all of these; none is left to time out."""
    wires = [edns(), edns(version=1), edns(options=option(100)), edns(flags=0x40), edns(flags=DO)]

    assert [seen(udp(server, wire)).id for wire in wires] == [ID] * len(wires)


# What section 8 leaves to other documents


def test_a_truncated_query_flag_is_ignored(server):
    response = seen(udp(server, plain(TC)))

    assert (response.rcode, response.answer, response.flags) == (NOERROR, [SOA], AA)


@pytest.mark.parametrize("opcode", [1, 2, 3, 4, 5, 6, 15])
def test_other_opcodes_with_a_question_are_notimp(server, opcode):
    response = seen(udp(server, plain(opcode << 11 | RD)))

    assert (response.opcode, response.rcode, response.flags) == (opcode, NOTIMP, 0)
    assert response.counts == (0, 0, 0, 0)


@pytest.mark.parametrize("count", [0, 2])
def test_not_one_question_is_a_format_error(server, count):
    response = seen(udp(server, header(questions=count) + question() * count))

    assert (response.rcode, response.flags, response.answer) == (FORMERR, 0, [])


def test_a_bare_header_is_a_format_error(server):
    """Its count promises a question that is not there."""
    assert seen(udp(server, header())).rcode == FORMERR


@pytest.mark.parametrize("length", range(12, len(edns())))
def test_a_query_cut_short_is_a_format_error(server, length):
    assert seen(udp(server, edns()[:length])).rcode == FORMERR


def test_several_opts_are_a_format_error_with_one(server):
    """RFC 6891 section 6.1.1."""
    response = seen(udp(server, header(additional=2) + question() + opt() * 2))

    assert (response.rcode, response.answer, response.edns) == (FORMERR, [], OPT_0)


@pytest.mark.parametrize(
    ("sections", "name"),
    [({"answers": 1}, b"\0"), ({"authority": 1}, b"\0"), ({"additional": 1}, b"\x01a\0")],
)
def test_an_opt_out_of_its_place_is_a_format_error(server, sections, name):
    """It stands in the additional section, under the root."""
    assert seen(udp(server, header(**sections) + question() + name + opt()[1:])).rcode == FORMERR


def test_an_option_cut_short_is_a_format_error_with_question_and_opt(server):
    """RFC 6891 section 7."""
    response = seen(udp(server, edns(options=struct.pack("!HH", 100, 5))))

    assert (response.rcode, response.counts, response.edns) == (FORMERR, (1, 0, 0, 1), OPT_0)


def test_a_compressed_name_behind_the_question_is_read(server):
    """RFC 1035 section 4.1.4: here an A record in the additional section, owned by the question."""
    record = b"\xc0\x0c" + struct.pack("!HHIH4s", 1, 1, 0, 4, b"\x7f\0\0\1")
    response = seen(udp(server, header(additional=2) + question() + record + opt()))

    assert (response.rcode, response.answer, response.edns) == (NOERROR, [SOA], OPT_0)


def test_a_question_that_points_into_the_header_is_a_format_error(server):
    """Otherwise the id would be a part of the name."""
    wire = header() + question(name=b"\xc0\x00")

    assert udp(server, wire)[:4] == struct.pack("!HH", ID, 0x8000 | FORMERR)


def test_the_case_of_the_question_comes_back(server):
    """draft-vixie-dnsext-dns0x20: resolvers compare it."""
    mixed = b"\x04sHoP\x07exAMPLe\0"
    response = udp(server, header() + question(name=mixed))

    assert response[12 : 12 + len(mixed)] == mixed
    assert seen(response).answer == [SOA]
