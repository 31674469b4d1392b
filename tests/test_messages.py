"""Bytes to questions and replies to bytes: the parts of RFC 1035, 2181, 3225 and 6891 we owe."""

import struct

import dns.edns
import dns.flags
import dns.message
import dns.rdatatype
import pytest
from dns.rcode import Rcode
from hypothesis import given
from hypothesis import strategies as st

from lab_engine.authority.records import Reply, RRset
from lab_engine.wire.messages import respond, to_reply

WWW = RRset.of("www.shop.example.", "A", ["192.0.2.2", "192.0.2.1"], 60)
LARGE = RRset.of("big.shop.example.", "TXT", ["x" * 250 + f"{i:02}" for i in range(10)], 60)


def reply_with(*rrsets):
    return lambda query, question: Reply(answer=rrsets)


def query(name="www.shop.example", rdtype="A", **options):
    return dns.message.make_query(name, rdtype, **options)


def exchange(message, *rrsets, stream=False, recursive=False):
    wire = message if isinstance(message, bytes) else message.to_wire()
    response = respond(wire, reply_with(*rrsets or (WWW,)), stream=stream, recursive=recursive)
    return None if response is None else dns.message.from_wire(response)


def test_the_order_of_the_values_reaches_the_wire():
    """dnspython's own renderer would shuffle them."""
    for _ in range(20):
        response = exchange(query())
        assert [value.to_text() for value in response.answer[0]] == ["192.0.2.2", "192.0.2.1"]


def test_header_bits():
    asked = query()
    asked.flags |= dns.flags.AD | dns.flags.CD | 0x40
    response = exchange(asked)

    assert response.id == asked.id
    assert dns.flags.to_text(response.flags) == "QR AA RD"


def test_a_resolver_says_that_recursion_is_available():
    assert exchange(query(), recursive=True).flags & dns.flags.RA


def test_opt_is_answered_only_when_asked():
    """RFC 6891 section 6.1.1."""
    assert exchange(query(use_edns=False)).edns == -1
    response = exchange(query(use_edns=0, payload=4096))
    assert (response.edns, response.payload, response.options) == (0, 1232, ())


def test_do_is_copied_and_no_other_edns_flag():
    """RFC 3225 section 3; RFC 8906 section 8.2.4."""
    assert exchange(query(use_edns=0, ednsflags=0x8040)).ednsflags == 0x8000


def test_unknown_options_are_ignored_and_not_echoed():
    option = dns.edns.GenericOption(100, b"anything")

    assert exchange(query(use_edns=0, options=[option])).options == ()


def test_a_later_edns_version_is_badvers_without_an_answer():
    response = exchange(query(use_edns=1))

    assert (response.rcode(), response.edns, response.answer) == (Rcode.BADVERS, 0, [])
    assert not response.flags & dns.flags.AA


@pytest.mark.parametrize(
    ("options", "limit"),
    [
        ({"use_edns": False}, 512),
        ({"use_edns": 0, "payload": 100}, 512),
        ({"use_edns": 0, "payload": 1232}, 1232),
        ({"use_edns": 0, "payload": 65535}, 1232),
    ],
)
def test_udp_truncates_at_what_was_asked_for(options, limit):
    message = query("big.shop.example", "TXT", **options).to_wire()
    cut = respond(message, reply_with(LARGE), stream=False)
    parsed = dns.message.from_wire(cut)

    assert len(cut) <= limit
    assert parsed.flags & dns.flags.TC
    assert parsed.answer == []
    assert (parsed.edns == 0) == (options["use_edns"] is not False)


def test_tcp_is_never_truncated():
    response = exchange(query("big.shop.example", "TXT"), LARGE, stream=True)

    assert not response.flags & dns.flags.TC
    assert len(response.answer[0]) == 10


def test_another_opcode_is_notimp_with_nothing_in_it():
    """RFC 8906 section 8.1.4: header only, opcode 15, and RD is not copied."""
    wire = respond(struct.pack("!HHHHHH", 7, 0x7900, 0, 0, 0, 0), reply_with(WWW), stream=False)

    assert wire == struct.pack("!HHHHHH", 7, 0x8000 | 0x7800 | Rcode.NOTIMP, 0, 0, 0, 0)


@pytest.mark.parametrize("count", [0, 2])
def test_there_is_one_question(count):
    asked = query()
    asked.question *= count
    response = exchange(asked)

    assert (response.rcode(), response.answer) == (Rcode.FORMERR, [])


def test_two_opts_are_a_format_error():
    wire = bytearray(query(use_edns=0).to_wire())
    wire += wire[-11:]
    wire[11] = 2
    assert exchange(bytes(wire)).rcode() is Rcode.FORMERR


def test_trailing_bytes_are_a_format_error():
    assert exchange(query().to_wire() + b"\0").rcode() is Rcode.FORMERR


@pytest.mark.parametrize("length", range(12, 33))
def test_a_message_cut_short_is_a_format_error(length):
    assert exchange(query(use_edns=False).to_wire()[:length]).rcode() is Rcode.FORMERR


@pytest.mark.parametrize("wire", [b"", b"x", b"\0" * 11])
def test_less_than_a_header_gets_silence(wire):
    assert respond(wire, reply_with(WWW), stream=False) is None


def test_a_response_gets_silence():
    """Two servers must not talk to each other for ever."""
    asked = query()
    asked.flags |= dns.flags.QR
    assert exchange(asked) is None


def test_case_is_kept_on_the_wire():
    wire = respond(query("wWw.sHop.example").to_wire(), reply_with(WWW), stream=False)

    assert b"\x03wWw\x04sHop\x07example\x00" in wire


def test_what_was_written_is_read_back():
    response = exchange(query())

    assert to_reply(response) == Reply(answer=(WWW,))


@pytest.mark.slow
@given(st.binary(max_size=80))
def test_no_bytes_escape_as_an_exception(wire):
    response = respond(wire, reply_with(WWW), stream=False)

    assert response is None or response[:2] == wire[:2]


@pytest.mark.slow
@given(st.data())
def test_no_mutation_of_a_query_escapes_as_an_exception(data):
    wire = bytearray(query(use_edns=0, options=[dns.edns.ECSOption("192.0.2.0", 24)]).to_wire())
    for _ in range(data.draw(st.integers(1, 4))):
        wire[data.draw(st.integers(2, len(wire) - 1))] = data.draw(st.integers(0, 255))
    response = respond(bytes(wire), reply_with(WWW), stream=False)

    assert response is None or len(response) >= 12
