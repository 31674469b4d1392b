"""Kinds of resolvers: the laws they obey, each against its closed form, and the tables of them."""

import math
from dataclasses import fields, replace
from itertools import pairwise
from random import Random

import pytest
from dns.rcode import Rcode
from hypothesis import given
from hypothesis import strategies as st

from lab_engine.authority.records import Question, Reply, RRset
from lab_engine.caches.profiles import CLIENTS, RECURSIVES, client, recursive, table
from lab_engine.caches.recursives import Limits, RecursiveProfile
from lab_engine.caches.resolver import Resolver
from lab_engine.errors import LabError
from tests.counts import LONG, long_but

WWW = Question.of("www.shop.example")
SOA = "ns.shop.example. mail.shop.example. 1 7200 900 1209600 300"
IDEAL = RECURSIVES["ideal"]


def answering(ttl, count=1):
    values = [f"192.0.2.{number}" for number in range(1, count + 1)]
    return Reply(answer=(RRset.of("www.shop.example.", "A", values, ttl),))


def resolver(profile, reply=None, seed=1):
    """One that always gets this reply, or whatever a list holds at the time, and the calls."""
    calls = []

    def upstream(question, now):
        calls.append(now)
        return reply[0] if isinstance(reply, list) else reply

    return Resolver(upstream, Random(seed), profile), calls


def poisson(rate, count, seed=7):
    rng, now = Random(seed), 1_000.0
    for _ in range(count):
        now += rng.expovariate(rate)
        yield now


def miss_ratio(profile, ttl, rate, count=100_000):
    asked, calls = resolver(profile, answering(ttl))
    for now in poisson(rate, count):
        asked.answer(WWW, now)
    return asked.cache.misses / count, len(calls) / count


def sigma(rate, held, count):
    """Of the miss ratio of a renewal process with about rate * held hits between misses."""
    return math.sqrt(rate * held / count) / (1 + rate * held) ** 1.5


@pytest.mark.slow
@pytest.mark.parametrize("rate", long_but([0.2, 1.0], 1.0))
@pytest.mark.parametrize(
    ("name", "grace"),
    long_but([("bind", 0), ("powerdns", 0), ("unbound", 1)], ("bind", 0), ("unbound", 1)),
)
def test_whole_seconds_give_the_exact_law_and_not_the_continuous_one(name, grace, rate):
    """H = 1 - 1/(rate (T + d + 1/(e^rate - 1))), within 4 sigma, for T = 5 s."""
    missed, _ = miss_ratio(name, 5, rate)
    exact = 1 / (rate * (5 + grace + 1 / math.expm1(rate)))
    band = 4 * sigma(rate, 5, 100_000)

    assert abs(missed - exact) < band
    assert abs(missed - 1 / (1 + rate * 5)) > band
    assert abs(missed - math.exp(-rate * 5)) > band


@pytest.mark.slow
def test_a_continuous_clock_gives_jungs_law():
    missed, queried = miss_ratio("ideal", 3, 1.0)

    assert abs(missed - 1 / 4) < 4 * sigma(1.0, 3, 100_000)
    assert queried == missed


@pytest.mark.parametrize(("name", "gap"), [("unbound", 13), ("powerdns", 12), ("bind", 10)])
def test_a_busy_poller_sees_the_gaps_of_the_real_ones(name, gap):
    """Measured with packets for a TTL of 12 s: 12.96, 11.93 and 9.94 s."""
    asked, calls = resolver(name, answering(12))
    for tick in range(10_000):
        asked.answer(WWW, tick / 100)

    assert {round(b - a) for a, b in pairwise(calls)} == {gap}


@pytest.mark.parametrize(
    ("name", "ttls"), [("unbound", (0, 12)), ("powerdns", (1, 12)), ("bind", (2, 12))]
)
def test_clients_see_the_ttls_of_the_real_ones(name, ttls):
    asked, _ = resolver(name, answering(12))
    seen = {asked.resolve(WWW, 0.4 + tick / 10).answer[0].ttl for tick in range(1_000)}

    assert seen == set(range(ttls[0], ttls[1] + 1))


def test_what_a_client_may_keep_ends_with_the_ttl_it_sees():
    asked, _ = resolver("unbound", answering(5))

    assert asked.answer(WWW, 10.7).expires == 15
    assert asked.resolve(WWW, 15.2).answer[0].ttl == 0
    assert asked.answer(WWW, 15.9).expires == 15
    assert asked.cache.misses == 1


def test_a_ttl_of_zero_is_kept_by_nobody():
    for name in RECURSIVES:
        asked, calls = resolver(replace(recursive(name), limits=Limits(), ecs=None), answering(0))
        asked.answer(WWW, 1.0)
        asked.answer(WWW, 1.0)
        assert len(calls) == 2


@pytest.mark.slow
def test_prefetch_obeys_its_law():
    """Rate .5, T 20, w 2: upstream .1000 and .0368 misses a request; each within 4 sigma."""
    missed, queried = miss_ratio(replace(IDEAL, prefetch=2), 20, 0.5, count=200_000)

    assert abs(queried - 1 / (1 + 0.5 * 18)) < 4 * sigma(0.5, 18, 200_000)
    assert abs(missed - math.exp(-0.5 * 2) / 10) < 4 * math.sqrt(0.0368 / 200_000)


def test_prefetch_serves_the_old_answer_and_asks_once():
    asked, calls = resolver(replace(IDEAL, prefetch=2), [answering(20)])
    served = [asked.resolve(WWW, now).answer[0].ttl for now in (0, 17, 18, 19, 35, 36)]

    assert served == [20, 3, 2, 19, 3, 2]
    assert calls == [0, 18, 36]
    assert (asked.cache.misses, asked.prefetched) == (1, 2)


@pytest.mark.parametrize(("ttl", "asked_at"), [(9, [0, 7]), (8, [0, 8])])
def test_bind_prefetches_from_nine_seconds_on(ttl, asked_at):
    asked, calls = resolver("bind", answering(ttl))
    for now in range(9):
        asked.answer(WWW, now)

    assert calls == asked_at


def test_unbound_prefetches_a_tenth_when_told_to():
    asked, calls = resolver(replace(RECURSIVES["unbound-1.25"], prefetch_share=0.1), answering(50))
    for now in range(50):
        asked.answer(WWW, now)

    assert calls == [0, 45]


def test_a_failed_prefetch_is_not_tried_again_and_the_entry_stays():
    said = [answering(20)]
    asked, calls = resolver(replace(IDEAL, prefetch=5), said)
    asked.answer(WWW, 0)
    said[0] = None
    kept = [asked.answer(WWW, now).addresses for now in (15, 16, 19.9)]

    assert kept == [("192.0.2.1",)] * 3
    assert calls == [0, 15]


def test_floor_cap_and_negative_cap_are_those_of_the_profile():
    missing = Reply(Rcode.NXDOMAIN, authority=(RRset.of("shop.example.", "SOA", SOA, 86_400),))
    long = replace(IDEAL, limits=Limits(0, 86_400, 100))

    assert resolver("knot", answering(1))[0].resolve(WWW, 0).answer[0].ttl == 5
    assert resolver("coredns", answering(86_400))[0].resolve(WWW, 0).answer[0].ttl == 3_600
    assert resolver("ideal", missing)[0].look_up(WWW, 0).expires == 300
    assert resolver(long, missing)[0].look_up(WWW, 0).expires == 100


def test_a_negative_answer_lives_for_the_lesser_of_ttl_and_minimum():
    """RFC 2308 section 5."""
    short = Reply(Rcode.NXDOMAIN, authority=(RRset.of("shop.example.", "SOA", SOA, 60),))
    long = Reply(Rcode.NXDOMAIN, authority=(RRset.of("shop.example.", "SOA", SOA, 3_600),))

    assert resolver("ideal", short)[0].look_up(WWW, 0).expires == 60
    assert resolver("ideal", long)[0].look_up(WWW, 0).expires == 300


def test_a_failure_is_kept_as_long_as_the_profile_says():
    asked, calls = resolver(replace(IDEAL, failure=5), None)
    told = [asked.resolve(WWW, now).rcode for now in (0, 4.9, 5)]

    assert told == [Rcode.SERVFAIL] * 3
    assert calls == [0, 5]
    assert asked.answer(WWW, 6).expires <= 6


@pytest.mark.parametrize("failure", [None, Reply(Rcode.SERVFAIL), Reply(Rcode.REFUSED)])
def test_stale_answers_stand_in_for_failures_where_that_is_on(failure):
    """RFC 8767: TTL 30, upstream left alone meanwhile, until the maximum stale time."""
    said = [answering(60)]
    asked, calls = resolver(replace(IDEAL, serve_stale=100), said)
    asked.answer(WWW, 0)
    said[0] = failure
    stale = asked.resolve(WWW, 70)
    times = (75, 99, 100, 130, 159)
    later = [asked.answer(WWW, now).addresses for now in times]

    assert stale.answer[0].ttl == 30
    assert later == [("192.0.2.1",)] * 5
    assert calls == [0, 70, 100, 130]
    assert asked.stale == 3
    assert asked.resolve(WWW, 160).rcode is not Rcode.NOERROR


def test_a_stale_answer_gives_way_as_soon_as_upstream_is_back():
    said = [answering(60)]
    asked, _ = resolver(replace(IDEAL, serve_stale=1_000), said)
    asked.answer(WWW, 0)
    said[0] = None
    asked.answer(WWW, 60)
    said[0] = Reply(Rcode.NXDOMAIN, authority=(RRset.of("shop.example.", "SOA", SOA, 60),))

    assert asked.answer(WWW, 89).addresses == ("192.0.2.1",)
    assert asked.answer(WWW, 90).addresses == ()


def test_nothing_stale_is_served_by_default():
    for profile in RECURSIVES.values():
        said = [answering(60)]
        asked, _ = resolver(replace(profile, ecs=None, fragments=1), said)
        asked.answer(WWW, 0)
        said[0] = None
        assert asked.answer(WWW, 61.5).addresses == ()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("fragments", "queries"), long_but([(2, 3), (2, 6), (4, 6)], (2, 3), (4, 6))
)
def test_fragmented_caches_miss_as_often_as_chance_says(fragments, queries):
    """b (1 - (1 - 1/b)^q) misses of q queries, over many fresh names' worth of caches."""
    runs = 5_000 if LONG else 1_500
    misses = 0
    for seed in range(runs):
        asked, _ = resolver(replace(IDEAL, fragments=fragments), answering(60), seed)
        for _ in range(queries):
            asked.answer(WWW, 1.0)
        misses += asked.cache.misses
    expected = fragments * (1 - (1 - 1 / fragments) ** queries)

    assert abs(misses / runs - expected) < 4 * math.sqrt(fragments / 4 / runs)


def test_every_row_says_where_it_is_from_and_names_its_own_fields():
    for profiles in (RECURSIVES, CLIENTS):
        for name, profile in profiles.items():
            known = {field.name for field in fields(profile)}
            assert profile.name == name
            assert set(profile.remembered + profile.unverified) <= known
            assert profile.source


def test_the_tables_say_in_words_what_each_row_does():
    rows = {row.name: row for row in (*table(RECURSIVES), *table(CLIENTS))}

    assert len(rows) == len(RECURSIVES) + len(CLIENTS)
    assert "prefetch in the last 2 s (TTL 9 s and more)" in rows["bind"].does
    assert rows["bind"].sureness.startswith("measured with packets")
    assert "unverified: failure" in rows["bind"].sureness
    assert rows["jvm"].does.startswith("ignores the TTL: 30 s")
    assert rows["haproxy"].does.startswith("asks every 10 s")
    assert rows["grpc"].does.startswith("never asks again")


def test_an_unknown_profile_is_refused_with_the_nearest():
    with pytest.raises(LabError, match="Did you mean unbound"):
        Resolver(lambda question, now: None, Random(1), "unbond")
    with pytest.raises(LabError, match="Did you mean firefox"):
        client("firefix")
    with pytest.raises(LabError):
        recursive(None)


@pytest.mark.parametrize(
    "wrong",
    [
        {"grace": 1},
        {"prefetch": -1},
        {"prefetch_share": 1.5},
        {"fragments": 0},
        {"ecs": (33, 56)},
        {"stale_ttl": 0},
        {"serve_stale": math.nan},
        {"order": "sorted"},
    ],
)
def test_an_impossible_profile_is_refused(wrong):
    with pytest.raises(LabError):
        RecursiveProfile("mine", **wrong)


@pytest.mark.parametrize("wrong", [(10, 5), (-1, 5), (0, 5, -1)])
def test_impossible_limits_are_refused(wrong):
    with pytest.raises(LabError):
        Limits(*wrong)


PROFILES = st.builds(
    RecursiveProfile,
    st.just("any"),
    st.builds(Limits, st.integers(0, 20), st.integers(20, 60), st.integers(0, 60)),
    whole_seconds=st.just(True),
    grace=st.integers(0, 1),
    prefetch=st.floats(0, 30),
    prefetch_from=st.integers(0, 30),
    serve_stale=st.sampled_from([0.0, 10.0, 50.0]),
    failure=st.sampled_from([0.0, 5.0]),
    order=st.sampled_from(["rotate", "frozen", "shuffled-once", "one-seed", "shuffle"]),
    fragments=st.integers(1, 3),
)
STEPS = st.lists(
    st.tuples(st.floats(0, 40), st.sampled_from([0, 1, 10, 30, 100, None])), max_size=60
)


@pytest.mark.slow
@given(PROFILES, STEPS)
def test_no_answer_is_served_after_its_time_and_no_ttl_is_negative(profile, steps):
    """Lifetime, grace and the maximum stale time, each step at a gap with upstream's TTL."""
    born, said = [], [None]

    def upstream(question, now):
        ttl = said[0]
        if ttl is None:
            return None
        born.append((now, profile.limits.applied(answering(ttl)).ttl))
        value = f"10.0.{len(born) // 250}.{len(born) % 250 + 1}"
        return Reply(answer=(RRset.of("www.shop.example.", "A", value, ttl),))

    asked = Resolver(upstream, Random(1), profile)
    now = 0.0
    for gap, said[0] in steps:
        now += gap
        reply = asked.resolve(WWW, now)
        for rrset in reply.answer:
            third, fourth = map(int, rrset.texts[0].split(".")[2:])
            fetched, lifetime = born[third * 250 + fourth - 2]
            latest = math.floor(fetched) + profile.lifetime(lifetime) + profile.serve_stale
            assert now < latest or now == fetched
            assert rrset.ttl >= 0
