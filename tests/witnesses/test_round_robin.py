"""Lesson 01 in front of real software: what dig sees, and what BIND, Unbound, PowerDNS hand on."""

from collections import Counter
from itertools import count
from random import Random

import pytest

from lab_engine import Question, RRset, Zone, ask, serve
from lab_engine.authority.records import Client, Reply
from lab_engine.authority.server import Authority
from lab_engine.wire.endpoint import Endpoint
from lab_engine.wire.messages import respond

pytestmark = pytest.mark.witness

ADDRESSES = ["192.0.2.1", "192.0.2.2", "192.0.2.3"]
ZONE = Zone.of(
    "shop.example",
    [
        RRset.of("www", "A", ADDRESSES, 300),
        RRset.of("alias", "CNAME", "www"),
        RRset.of("big", "TXT", ["x" * 250 + f"{i:02}" for i in range(10)]),
    ],
)
ASKED = 300
# 4 sigma of a count of 300 with p = 1/3: 4 * sqrt(300 * 1/3 * 2/3)
TOLERANCE = 4 * 8.165


@pytest.fixture
def server():
    with serve(ZONE, order="cyclic", seed=1) as running:
        yield running


class OneAddress(Endpoint):
    """An authority whose every answer holds one address, as a weighted one's does."""

    def __init__(self):
        turns = count()

        def decide(query, question):
            address = ADDRESSES[next(turns) % len(ADDRESSES)]
            return Reply(answer=(RRset.of(question.name, "A", address, 300),))

        super().__init__(lambda wire, *_: respond(wire, decide, stream=False))


def firsts(address, times=ASKED):
    """How often each address came first when a client asked so many times."""
    return Counter(
        ask("www.shop.example", "A", address, recurse=True).values[0] for _ in range(times)
    )


def spread(counts):
    """Whether each address came first in about a third of the answers."""
    return all(abs(counts[address] - ASKED / 3) <= TOLERANCE for address in ADDRESSES)


def dig(run, program, server, *question):
    return run(program, "@127.0.0.1", "-p", server.port, *question, "+noall", "+answer").split()


@pytest.mark.parametrize("program", ["dig", "kdig"])
def test_dig_sees_the_rotation(run, server, program):
    seen = [dig(run, program, server, "www.shop.example", "A")[4] for _ in range(5)]

    assert seen == ["192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.1", "192.0.2.2"]


@pytest.mark.parametrize("program", ["dig", "kdig"])
@pytest.mark.parametrize(
    ("question", "status"),
    [
        (("www.shop.example", "A"), "NOERROR"),
        (("www.shop.example", "AAAA"), "NOERROR"),
        (("gone.shop.example", "A"), "NXDOMAIN"),
        (("other.example", "A"), "REFUSED"),
        (("www.shop.example", "A", "+tcp"), "NOERROR"),
        (("www.shop.example", "A", "+noedns"), "NOERROR"),
        (("big.shop.example", "TXT"), "NOERROR"),
        (("shop.example", "ANY"), "NOERROR"),
    ],
    ids=" ".join,
)
def test_dig_understands_every_answer(run, server, program, question, status):
    printed = run(program, "@127.0.0.1", "-p", server.port, *question)

    assert f"status: {status}" in printed
    for trouble in ("WARNING: Mess", "malformed", "mismatch", "extra bytes", "timed out"):
        assert trouble not in printed


def test_dig_falls_back_to_tcp(run, server):
    printed = run("dig", "@127.0.0.1", "-p", server.port, "big.shop.example", "TXT")

    assert "Truncated, retrying in TCP mode" in printed
    assert "ANSWER: 10" in printed


def test_ask_prints_the_answer_that_dig_prints(run, server):
    theirs = dig(run, "dig", server, "alias.shop.example", "A")
    server.ask("www.shop.example")  # two more turns and the rotation is back where dig met it
    server.ask("www.shop.example")

    assert server.ask("alias.shop.example").answer.split() == theirs


@pytest.mark.parametrize("program", ["named", "unbound"])
def test_default_resolvers_spread_a_whole_set(peers, server, program):
    """One fill, 300 answers: the resolver rotates the set it holds."""
    resolver = peers.resolver(program, server)

    # A true third misses that once in 16,000 counts; so after a miss all are counted once more.
    assert spread(firsts(resolver)) or spread(firsts(resolver))
    assert len(server.log) == 1


@pytest.mark.parametrize("program", ["named", "unbound"])
def test_default_resolvers_pin_a_single_address(peers, program):
    with OneAddress().start() as authority:
        counts = firsts(peers.resolver(program, authority))

    assert counts == {"192.0.2.1": ASKED}


def test_powerdns_freezes_the_order_of_a_set(peers, server):
    """Its packet cache replays the same bytes: everyone gets the same first address."""
    counts = firsts(peers.resolver("pdns_recursor", server))

    # the first answer comes before the packet cache has any: at most one may differ
    assert max(counts.values()) >= ASKED - 1


@pytest.mark.parametrize("program", ["named", "unbound", "pdns_recursor"])
def test_real_resolvers_pass_on_what_the_authority_says(peers, server, program):
    address = peers.resolver(program, server)
    authority = Authority(ZONE, Random(1), "fixed")
    for name, rdtype in (
        ("www.shop.example", "A"),
        ("alias.shop.example", "A"),
        ("www.shop.example", "AAAA"),
        ("gone.shop.example", "A"),
        ("big.shop.example", "TXT"),
    ):
        reply = authority.respond(Question.of(name, rdtype), Client.at("127.0.0.1"))
        response = ask(name, rdtype, address, recurse=True).response

        assert response.rcode() == reply.rcode
        assert sorted(str(v) for r in response.answer for v in r) == sorted(
            text for rrset in reply.answer for text in rrset.texts
        )
