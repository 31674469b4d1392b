"""Prepared answers are the answers: byte for byte what reading, planning and writing would give."""

import gc
import itertools
import tracemalloc
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from ipaddress import ip_network
from random import Random

import dns.edns
import dns.message
import dns.name
import pytest
from dns.flags import RD, TC
from hypothesis import given, settings
from hypothesis import strategies as st

from lab_engine import RRset, Zone, serve
from lab_engine.authority.geo import Atlas, Place, Point
from lab_engine.authority.policies import (
    AzAffinity,
    CidrLocation,
    Failover,
    Geolocation,
    Geoproximity,
    IpBased,
    Latency,
    Multivalue,
    Weighted,
)
from lab_engine.authority.recordset import RecordSet
from lab_engine.authority.server import Authority
from lab_engine.authority.state import State
from lab_engine.wire.compiled import ENTRY, Answers, Era, _leaves
from lab_engine.wire.ecs import PrivateEcs, asker
from lab_engine.wire.messages import respond
from tests.counts import LONG, long_but

HERE, THERE = ("127.0.0.1", 40_000), ("127.0.0.2", 40_000)
ATLAS = Atlas(
    {
        "10.0.0.0/8": Place("FR", "EU", "", Point(48.9, 2.4)),
        "10.1.0.0/16": Place("US", "NA", "CA", Point(37.4, -122.0)),
        "127.0.0.2/32": Place("JP", "AS", "", Point(35.7, 139.7), "apne1-az1"),
        "2001:db8::/32": Place("FR", "EU", "", Point(48.9, 2.4)),
    }
)
SOME = settings() if LONG else settings(max_examples=40)
CHECKS = [f"hc{i}" for i in range(1, 5)]


def both(zone, order, seed, state=None):
    """Two authorities with equal dice: one behind prepared answers, one asked anew each time."""
    rng = Random(seed)
    quick = Answers(Authority(zone, rng, order, state), rng, lambda _: None, lambda: 0.0)
    plain = Authority(zone, Random(seed), order, state)
    return quick, plain


def slow(authority, wire, source=HERE, stream=False):  # noqa: FBT002
    """Read, plan, draw, order and write, with nothing prepared."""

    def decide(query, question):
        client, _ = asker(query.subnet, source[0], PrivateEcs.ORDINARY)
        return authority.respond(question, client, query.id)

    return respond(wire, decide, stream=stream)


def query(name, rdtype="A", number=1, **options):
    message = dns.message.make_query(f"{name}.shop.example", rdtype, id=number, **options)
    message.flags &= ~RD
    return message.to_wire()


# The law

POLICIES = {
    "weighted": [Weighted(i) for i in (5, 0, 3, 1)],
    "failover": [Failover("PRIMARY"), Failover("SECONDARY")],
    "latency": [Latency(region) for region in ("eu-west-1", "us-east-1", "ap-northeast-1")],
    "geolocation": [Geolocation("EU"), Geolocation("", "US", "CA"), Geolocation("", "*")],
    "partly": [Geolocation("EU"), Geolocation("NA")],
    "near": [Geoproximity("eu-west-1", Bias=20), Geoproximity("us-east-1")],
    "multivalue": [Multivalue()] * 11,
    "few": [Multivalue()] * 3,
    "cidr": [
        IpBased(CidrLocation("c", name, tuple(map(ip_network, blocks))))
        for name, blocks in (("a", ["10.0.0.0/8"]), ("b", ["10.1.2.0/24"]), ("*", []))
    ],
    "zonal": [AzAffinity("AvailabilityZone", "apne1-az1"), AzAffinity("Global", "global")],
}


def group(draw, name, policies, sizes, rdtype="A"):
    checks = draw(st.lists(st.sampled_from(["", *CHECKS]), min_size=11, max_size=11))
    return [
        RecordSet.of(
            name,
            rdtype,
            values(rdtype, 1 if policy.sample else draw(sizes), index),
            60,
            policy=policy,
            set_identifier=f"set-{index}",
            health_check_id=checks[index],
        )
        for index, policy in enumerate(policies)
    ]


def values(rdtype, count, index=0):
    numbers = range(10 * index + 1, 10 * index + 1 + count)
    forms = {
        "A": "192.0.2.{}",
        "MX": "{} mail.shop.example.",
        "NS": "ns{}.child.shop.example.",
        "TXT": '"' + "x" * 150 + '{}"',
    }
    return [forms[rdtype].format(number) for number in numbers]


@st.composite
def zones(draw, sizes):
    """A zone with every policy, plain sets of several types, aliases, CNAMEs and a wildcard."""
    records = [
        RRset.of("plain", "A", values("A", draw(sizes))),
        RRset.of("mail", "MX", values("MX", draw(sizes))),
        RRset.of("text", "TXT", values("TXT", draw(sizes))),
        RRset.of("*.wild", "A", values("A", draw(sizes))),
        RRset.of("child", "NS", values("NS", draw(sizes))),
        RRset.of("www", "CNAME", draw(st.sampled_from(["plain", "weighted", "geolocation"]))),
        RecordSet.alias_to("same", "A", draw(st.sampled_from(["plain", "weighted", "cidr"]))),
    ]
    records[5] = RRset.of("www", "CNAME", f"{records[5].texts[0]}.shop.example.")
    for name, policies in POLICIES.items():
        records += group(draw, name, policies, sizes)
    records += [
        RecordSet.alias_to(
            "tree",
            "A",
            target,
            policy=Weighted(draw(st.integers(0, 3))),
            set_identifier=target,
            evaluate_target_health=draw(st.booleans()),
        )
        for target in draw(st.permutations(["weighted", "plain", "geolocation"]))
    ]
    return Zone.of("shop.example", records)


NAMES = [*POLICIES, "plain", "mail", "text", "a.wild", "www", "same", "tree", "gone", "x.child"]
SUBNETS = [
    ("10.1.2.0", 24),
    ("10.9.9.0", 24),
    ("10.0.0.0", 8),
    ("198.19.1.0", 24),
    ("0.0.0.0", 0),
    ("2001:db8:1::", 56),
]


@st.composite
def queries(draw):
    """One message: names in any case, several types, with and without EDNS and subnets."""
    name = draw(st.sampled_from(NAMES))
    if draw(st.booleans()):
        name = "".join(draw(st.sampled_from([c, c.upper()])) for c in name)
    options = {}
    if draw(st.booleans()):
        subnet = draw(st.none() | st.sampled_from(SUBNETS))
        options = {
            "use_edns": draw(st.sampled_from([0, 0, 0, 1])),
            "payload": draw(st.sampled_from([512, 700, 1232, 4096])),
            "want_dnssec": draw(st.booleans()),
            "options": [dns.edns.ECSOption(*subnet)] if subnet else [],
        }
    rdtype = draw(st.sampled_from(["A", "A", "A", "MX", "TXT", "ANY", "AAAA"]))
    return query(name, rdtype, draw(st.integers(0, 65_535)), **options)


def asked(draw):
    """A few different messages, each several times, from two places, over both transports."""
    few = draw(st.lists(queries(), min_size=1, max_size=4))
    one = st.tuples(st.sampled_from(few), st.integers(0, 65_535), st.sampled_from([HERE, THERE]))
    many = draw(st.lists(st.tuples(one, st.booleans()), min_size=1, max_size=25))
    return [
        (number.to_bytes(2, "big") + wire[2:], source, stream)
        for (wire, number, source), stream in many
    ]


@pytest.mark.slow
@settings(SOME, deadline=None)
@given(st.data(), st.sampled_from(["cyclic", "by_id", "fixed"]), st.integers(0, 2**32))
def test_a_prepared_answer_is_the_answer(data, order, seed):
    """With the same dice and counters, for any zone, health and sequence of messages."""
    zone = data.draw(zones(st.sampled_from([1, 1, 2, 3, 6, 9])))
    state = State(frozenset(data.draw(st.sets(st.sampled_from(CHECKS)))), atlas=ATLAS)
    quick, plain = both(zone, order, seed, state)

    for wire, source, stream in asked(data.draw):
        assert quick.respond(wire, source, stream) == slow(plain, wire, source, stream)


@pytest.mark.slow
@settings(SOME, deadline=None)
@given(st.data(), st.integers(0, 2**32))
def test_a_prepared_answer_is_the_answer_when_shuffled(data, seed):
    """From six values on, or where they are sampled, the shuffle rolls the same dice, too.

    All are healthy: otherwise two to five of the multivalue members might be left.
    """
    zone = data.draw(zones(st.sampled_from([1, 1, 6, 9])))
    state = State(atlas=ATLAS)
    quick, plain = both(zone, "shuffle", seed, state)
    messages = [each for each in asked(data.draw) if b"few" not in each[0].lower()]

    for wire, source, stream in messages:
        assert quick.respond(wire, source, stream) == slow(plain, wire, source, stream)


def shuffled_zone(rdtype, count):
    members = [
        RecordSet.of(
            "www", rdtype, values(rdtype, count, i), 60, policy=Weighted(w), set_identifier=str(i)
        )
        for i, w in enumerate((1, 3))
    ]
    return Zone.of("shop.example", members)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("count", "rdtype"),
    long_but(itertools.product([2, 3, 4], ["A", "MX"]), (2, "A"), (3, "MX")),
)
def test_few_shuffled_values_have_the_same_distribution(rdtype, count):
    """The same bytes are possible, each as often as the plan says.

    Two members of weights 1 and 3, in all orders: 160 answers for each order, of which a quarter is
    the first member's; each count within 4 sigma of its binomial.
    """
    quick, plain = both(shuffled_zone(rdtype, count), "shuffle", 7)
    wire = query("www", rdtype)
    orders = len(list(itertools.permutations(range(count))))
    answers = 40 * 4 * orders
    prepared = Counter(quick.respond(wire, HERE, False) for _ in range(answers))
    computed = Counter(slow(plain, wire) for _ in range(answers))

    assert set(prepared) == set(computed)
    assert len(prepared) == 2 * orders
    light = sorted(prepared.values())[:orders]
    heavy = sorted(prepared.values())[orders:]
    for counts, probability in ((light, 1 / 4 / orders), (heavy, 3 / 4 / orders)):
        expected = answers * probability
        sigma = (expected * (1 - probability)) ** 0.5
        assert all(abs(seen - expected) <= 4 * sigma for seen in counts)


def test_the_counters_are_the_authoritys():
    """A reply computed beside the wire takes its turn among those on it."""
    rng = Random(1)
    zone = Zone.of("shop.example", [RRset.of("www", "A", values("A", 3))])
    authority = Authority(zone, rng, "cyclic")
    quick = Answers(authority, rng, lambda _: None, lambda: 0.0)
    firsts = []
    for name in ("www", "WWW", "www"):
        wire = quick.respond(query(name), HERE, False)
        firsts.append(dns.message.from_wire(wire).answer[0][0].to_text())
        reply = slow(authority, query(name))
        firsts.append(dns.message.from_wire(reply).answer[0][0].to_text())

    assert [first[-1] for first in firsts] == list("123123")


@pytest.mark.slow
def test_two_threads_share_the_counters():
    """Datagrams and streams come in threads of their own; no turn is lost or taken twice."""
    rng = Random(1)
    zone = Zone.of("shop.example", [RRset.of("www", "A", values("A", 4))])
    quick = Answers(Authority(zone, rng, "cyclic"), rng, lambda _: None, lambda: 0.0)
    wire = query("www")

    def firsts(stream):
        return [quick.respond(wire, HERE, stream)[-49] for _ in range(1_000)]

    with ThreadPoolExecutor() as threads:
        seen = Counter(itertools.chain(*threads.map(firsts, [True, False])))
    assert sorted(seen.values()) == [500] * 4


# Which way is taken


def quick_for(*records, order="fixed", **options):
    rng = Random(1)
    authority = Authority(Zone.of("shop.example", records), rng, order)
    notes = []
    return Answers(authority, rng, notes.append, lambda: 0.0, **options), authority, notes


def test_the_second_of_two_questions_is_not_planned(monkeypatch):
    quick, _, _ = quick_for(RRset.of("www", "A", "192.0.2.1"))
    first = quick.respond(query("www"), HERE, False)
    monkeypatch.setattr("lab_engine.wire.compiled.read", lambda _: pytest.fail("was read again"))

    second = quick.respond(query("www", number=2), THERE, False)
    assert second == b"\0\2" + first[2:]


def test_another_zone_or_state_forgets_all():
    quick, authority, _ = quick_for(
        RecordSet.of(
            "www", "A", "192.0.2.1", policy=Failover("PRIMARY"), set_identifier="a",
            health_check_id="hc1",
        ),
        RecordSet.of("www", "A", "192.0.2.2", policy=Failover("SECONDARY"), set_identifier="b"),
    )  # fmt: skip

    def answer():
        return dns.message.from_wire(quick.respond(query("www"), HERE, False)).answer[0][0].address

    assert answer() == "192.0.2.1"
    authority.state = State(frozenset(["hc1"]))
    assert answer() == "192.0.2.2"
    authority.zone = Zone.of("shop.example", [RRset.of("www", "A", "192.0.2.3")])
    assert answer() == "192.0.2.3"


def test_each_of_several_zones_is_answered_and_exchanged():
    quick, authority, _ = quick_for(RRset.of("www", "A", "192.0.2.1"))
    below = Zone.of("eu.shop.example", [RRset.of("www", "A", "192.0.2.2")])

    def answer(name):
        found = dns.message.from_wire(quick.respond(query(name), HERE, False)).answer
        return found[0][0].address if found else None

    assert (answer("www"), answer("www.eu")) == ("192.0.2.1", None)
    authority.zones = authority.zones.with_(below)
    assert (answer("www"), answer("www.eu")) == ("192.0.2.1", "192.0.2.2")
    authority.zones = authority.zones.with_(below.replaced(RRset.of("www", "A", "192.0.2.3")))
    assert (answer("www"), answer("www.eu")) == ("192.0.2.1", "192.0.2.3")


def test_the_oldest_goes_first():
    quick, _, _ = quick_for(RRset.of("*", "A", "192.0.2.1"), room=3 * octets_of_one())
    for name in "abcdefgh":
        quick.respond(query(name), HERE, False)

    assert len(quick) == 3
    assert [key[11:12] for key in quick._era.kept] == [b"f", b"g", b"h"]


def octets_of_one():
    quick, _, _ = quick_for(RRset.of("*", "A", "192.0.2.1"))
    quick.respond(query("a"), HERE, False)
    return quick.octets


def test_of_those_who_matter_too():
    quick, _, _ = quick_for(*geo(), room=5_000)
    for host in range(1, 10):
        quick.respond(query("www"), (f"127.0.0.{host}", 1), False)

    assert 1 < len(quick) < 5
    assert quick.octets < 5_000


SETS = {
    "one value": [RRset.of("w", "A", "192.0.2.1")],
    "four values": [RRset.of("w", "A", [f"192.0.2.{i}" for i in range(4)])],
    "a hundred values": [RRset.of("w", "A", [f"192.0.2.{i}" for i in range(100)])],
    "a group": [
        RecordSet.of("w", "A", f"192.0.2.{i}", policy=Weighted(1), set_identifier=str(i))
        for i in range(50)
    ],
    "some of many": [
        RecordSet.of("w", "A", f"192.0.2.{i}", policy=Multivalue(), set_identifier=str(i))
        for i in range(20)
    ],
}


def spelled(number, letters=12):
    """One of the spellings of a name of so many letters."""
    return "".join("Ww"[number >> place & 1] for place in range(letters))


@pytest.mark.slow
@pytest.mark.parametrize("name", long_but(SETS, "one value", "some of many"))
def test_what_is_counted_is_what_it_takes(name):
    """Python's own count, within a third; a spelling of the name is a query of its own."""
    quick, _, notes = quick_for(*(at(each, spelled(0)) for each in SETS[name]), order="shuffle")
    wires = [query(spelled(number), use_edns=0) for number in range(60)]

    def ask(which):
        for wire in which:
            for _ in range(30):
                quick.respond(wire, HERE, False)
        notes.clear()
        gc.collect()

    ask(wires[:20])
    tracemalloc.start()
    before, counted = tracemalloc.get_traced_memory()[0], quick.octets
    ask(wires[20:])
    taken = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()

    assert taken == pytest.approx(quick.octets - counted, rel=1 / 3)


def at(made, name):
    """The same record set at another name."""
    return replace(made, name=dns.name.from_text(f"{name}.shop.example"))


@pytest.mark.slow
def test_answers_to_any_number_of_spellings_stay_within_their_octets():
    """A hundred values in all orders: what grows when it is sent counts, too."""
    large = RRset.of(spelled(0), "A", [f"192.0.2.{i}" for i in range(60)])
    quick, _, _ = quick_for(large, order="shuffle", room=600_000)
    most = 0
    for number in range(60):
        for _ in range(30):
            quick.respond(query(spelled(number), use_edns=0), HERE, False)
            most = max(most, quick.octets)

    assert 500_000 < most <= 600_000
    assert 5 < len(quick) < 60
    assert quick.octets == counted_anew(quick)


def counted_anew(quick):
    era = Era(None, None)
    for key, way in quick._era.kept.items():
        era.octets += ENTRY + len(key)
        era.octets += sum(leaf.octets for leaf in _leaves(way))
    return era.octets


def test_64_megabytes_is_what_they_may_take():
    quick, _, _ = quick_for(RRset.of("w", "A", "192.0.2.1"))

    assert quick._room == 64 * 2**20


def test_an_answer_that_is_not_kept_remembers_nothing():
    """Those of streams, say, which a log would else hold in full."""
    quick, _, notes = quick_for(RRset.of("w", "A", ["192.0.2.1", "192.0.2.2"]))
    quick.respond(query("w"), HERE, True)
    quick.respond(query("w"), HERE, False)
    kept = notes[-1][3]
    quick._era.drop(query("w")[2:])

    assert (notes[0][3].tails, notes[0][3]._pieces) == (kept.tails, kept._pieces) == ({}, None)
    assert quick.octets == 0


def geo():
    policies = Geolocation("EU"), Geolocation("", "*")
    return [
        RecordSet.of("www", "A", f"192.0.2.{i}", policy=policy, set_identifier=str(i))
        for i, policy in enumerate(policies)
    ]


def test_a_question_with_a_subnet_is_kept_once_for_all_peers():
    quick, _, _ = quick_for(*geo())
    wire = query("www", use_edns=0, options=[dns.edns.ECSOption("10.1.2.0", 24)])
    for source in (HERE, THERE):
        quick.respond(wire, source, False)

    assert len(quick) == 1


def test_streams_and_bad_messages_are_not_kept():
    quick, _, notes = quick_for(RRset.of("www", "A", "192.0.2.1"))
    quick.respond(query("www"), HERE, True)
    quick.respond(query("www") + b"junk", HERE, False)
    quick.respond(query("www", use_edns=1), HERE, False)

    assert (len(quick), len(notes)) == (0, 1)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("rdtype", "count"), [("MX", 3), ("MX", 9), ("TXT", 3), ("TXT", 9), ("A", 60), ("A", 100)]
)
def test_what_cannot_be_cut_is_written_anew(rdtype, count):
    """Names that point into each other, and answers that are truncated."""
    zone = Zone.of("shop.example", [RRset.of("www", rdtype, values(rdtype, count)[:count])])
    quick, plain = both(zone, "cyclic", 1)
    wire = query("www", rdtype)

    for _ in range(count + 1):
        assert quick.respond(wire, HERE, False) == slow(plain, wire)


def test_a_sample_that_is_truncated_only_at_times():
    """Nine values of different lengths of which eight are drawn, around the limit of 512 octets."""
    members = [
        RecordSet.of(
            "www", "TXT", f'"{chr(97 + i) * length}"', policy=Multivalue(), set_identifier=f"{i}"
        )
        for i, length in enumerate((*[36] * 7, 70, 90))
    ]
    zone = Zone.of("shop.example", members)
    quick, plain = both(zone, "cyclic", 3)
    wire = query("www", "TXT")
    seen = [quick.respond(wire, HERE, False) for _ in range(40)]

    assert seen == [slow(plain, wire) for _ in range(40)]
    assert {bool(dns.message.from_wire(each).flags & TC) for each in seen} == {True, False}


# The log


def tree():
    return [
        *[
            RecordSet.of("eu", "A", f"192.0.2.{i}", policy=Weighted(1), set_identifier=f"eu-{i}")
            for i in (1, 2)
        ],
        RecordSet.alias_to("www", "A", "eu", policy=Weighted(1), set_identifier="to-eu"),
        RecordSet.of("www", "A", "192.0.2.9", policy=Weighted(1), set_identifier="other"),
        RRset.of("three", "A", values("A", 3), 60),
    ]


@pytest.fixture
def server():
    with serve(Zone.of("shop.example", tree()), seed=3) as running:
        yield running


def test_the_log_gives_what_was_sent_in_its_order(server):
    sent = [server.ask("three.shop.example").values for _ in range(12)]

    assert [entry.reply.addresses for entry in server.log] == sent
    assert len(set(sent)) > 1


def test_the_log_links_each_answer_to_its_path(server):
    for _ in range(20):
        server.ask("www.shop.example")

    leaves = {entry.reply.addresses[0]: entry.path for entry in server.log}
    assert leaves["192.0.2.9"] == ("www.shop.example. A", "other")
    assert leaves["192.0.2.1"] == (
        "www.shop.example. A",
        "to-eu: alias to eu.shop.example.",
        "www.shop.example. A",
        "eu-1",
    )


def test_the_path_of_a_name_that_does_not_exist(server):
    server.ask("gone.shop.example")

    assert server.log[-1].path == ("NXDOMAIN",)


def test_the_log_keeps_the_newest():
    with serve(Zone.of("shop.example", tree()), seed=3) as running:
        answer = running._transport._handler
        for _ in range(1_005):
            answer(query("three"), HERE, False)
        assert len(running.log) == 1_000
        running.log.clear()
        assert len(running.log) == 0


def test_the_log_is_a_sequence(server):
    for name in ("a", "b", "c"):
        server.ask(f"{name}.shop.example")

    assert [str(entry.question.name)[0] for entry in server.log[-2:]] == ["b", "c"]
    assert str(server.log[0]).endswith("127.0.0.1 udp a.shop.example. A -> NXDOMAIN")


def test_a_line_is_printed_for_each_answer():
    lines = []
    with serve(Zone.of("shop.example", tree()), order="fixed", log=lines.append) as running:
        running.ask("three.shop.example")
        running.ask("three.shop.example")

    assert len(lines) == 2
    assert all(line.endswith("-> 192.0.2.1 192.0.2.2 192.0.2.3") for line in lines)


def test_the_state_is_swapped_between_two_answers(server):
    server.state = server.state.with_unhealthy("hc1")

    assert server.ask("three.shop.example").rcode == "NOERROR"
    assert server.state.unhealthy == {"hc1"}
