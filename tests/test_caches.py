"""What remembers: expiry, ageing, order from the cache, client caches, crowds."""

import math
from ipaddress import ip_interface
from random import Random

import pytest
from dns.rcode import Rcode
from hypothesis import given
from hypothesis import strategies as st

from lab_engine.authority.records import Client, Question, Reply, RRset
from lab_engine.authority.server import Authority
from lab_engine.authority.zone import Zone
from lab_engine.caches.cache import Cache
from lab_engine.caches.clientprofiles import ClientProfile
from lab_engine.caches.clients import ClientCache, first_alive, glibc_order
from lab_engine.caches.crowds import head_counts, zipf_shares
from lab_engine.caches.profiles import client
from lab_engine.caches.resolver import Answer, Limits, Resolver
from lab_engine.errors import LabError

WWW = Question.of("www.shop.example")
ZONE = Zone.of("shop.example", [RRset.of("www", "A", ["192.0.2.1", "192.0.2.2", "192.0.2.3"], 60)])


def resolver(profile="ideal", **limits):
    authority = Authority(ZONE, Random(1), "cyclic")
    asker = Client.at("192.0.2.200")
    return Resolver(
        lambda q, now: authority.respond(q, asker), Random(2), profile, Limits(**limits)
    )


def test_an_entry_is_good_until_it_expires_and_not_at_that_moment():
    cache = Cache()
    cache.put("k", "v", now=10, lifetime=5)

    assert cache.get("k", 14.999).value == "v"
    assert cache.get("k", 15) is None
    assert (cache.hits, cache.misses) == (1, 1)


def test_a_hit_does_not_renew_an_entry():
    """The DNS rule: not the cache of 1 - e^(-rate * TTL)."""
    cache = Cache()
    cache.put("k", "v", now=0, lifetime=10)
    cache.get("k", 9)

    assert cache.get("k", 10) is None


def test_a_full_cache_forgets_the_oldest():
    cache = Cache(max_entries=2)
    for key in "abc":
        cache.put(key, key, 0, 10)

    assert [cache.get(key, 1) is not None for key in "abc"] == [False, True, True]


def test_the_remaining_ttl_is_passed_on():
    asked = resolver()

    ttls = [asked.resolve(WWW, now).answer[0].ttl for now in (100.0, 100.5, 101.0, 159.9, 160.0)]
    assert ttls == [60, 60, 59, 1, 60]
    assert (asked.cache.hits, asked.cache.misses) == (3, 2)


def test_a_cached_reply_is_not_authoritative():
    assert not resolver().resolve(WWW, 0).authoritative


@pytest.mark.slow
def test_ideal_spreads_a_cached_set():
    """6,000 answers from one fill: each address first within 4 sigma (36.5) of 2,000."""
    asked = resolver("ideal")
    firsts = [asked.resolve(WWW, 1).addresses[0] for _ in range(6_000)]

    assert asked.cache.misses == 1
    assert all(abs(firsts.count(f"192.0.2.{i}") - 2_000) <= 146 for i in (1, 2, 3))


def test_frozen_pins_one_address_for_a_ttl():
    asked = resolver("frozen")

    assert [asked.answer(WWW, now).addresses[0] for now in (0, 30, 59, 60, 119, 120)] == [
        "192.0.2.1",
        "192.0.2.1",
        "192.0.2.1",
        "192.0.2.2",
        "192.0.2.2",
        "192.0.2.3",
    ]


def test_a_negative_answer_is_kept_for_its_soa():
    asked = resolver()
    missing = Question.of("nowhere.shop.example")
    for now in (0, 899, 900):
        assert asked.resolve(missing, now).rcode is Rcode.NXDOMAIN

    assert asked.cache.misses == 2


def test_a_failure_is_not_kept():
    calls = []

    def failing(question, now):
        calls.append(now)
        return Reply(Rcode.SERVFAIL, authoritative=False)

    asked = Resolver(failing, Random(1))
    asked.resolve(WWW, 0)
    asked.resolve(WWW, 0)
    assert calls == [0, 0]


def test_floor_and_cap_change_how_long_and_what_is_said():
    floored = resolver(floor=100)
    capped = resolver(cap=10)

    assert floored.resolve(WWW, 0).answer[0].ttl == 100
    assert capped.resolve(WWW, 9).answer[0].ttl == 10
    assert capped.resolve(WWW, 18).answer[0].ttl == 1


@pytest.mark.parametrize(
    ("lifetime", "expected"), [(None, [0, 10]), (30, [0, 30]), (math.inf, [0])]
)
def test_a_client_cache_obeys_the_ttl_or_its_own_lifetime(lifetime, expected):
    asked = []

    def ask(now):
        asked.append(now)
        return Answer(("192.0.2.1",), now + 10)

    cache = ClientCache(ask, ClientProfile("mine", lifetime=lifetime))
    for now in range(40):
        cache.answer(now)
    assert asked[: len(expected)] == expected
    assert cache.hits + cache.misses == 40


def asking(**changes):
    """A client cache of some kind before answers of 10 s, and when it asked for them."""
    asked = []

    def ask(now):
        asked.append(now)
        return Answer(("192.0.2.1", "192.0.2.2"), now + 10)

    return ClientCache(ask, ClientProfile("mine", **changes)), asked


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, [0, 1, 2]),
        ({"lifetime": None}, [0, 10, 20]),
        ({"lifetime": None, "floor": 15}, [0, 15, 30]),
        ({"lifetime": None, "cap": 4}, [0, 4, 8]),
        ({"lifetime": 30}, [0, 30, 60]),
        ({"lifetime": math.inf}, [0]),
    ],
)
def test_a_profile_says_how_long_an_answer_is_kept(changes, expected):
    cache, asked = asking(**changes)
    for now in range(100):
        cache.answer(now)

    assert asked[:3] == expected


def test_within_its_grace_an_old_answer_serves_once_more_and_a_new_one_is_fetched():
    cache, asked = asking(lifetime=60, grace=60)
    served = [cache.answer(now).expires for now in (0, 59, 100, 101, 300)]

    assert served == [60, 60, 60, 160, 360]
    assert asked == [0, 100, 300]


@pytest.mark.parametrize(("ttl", "kept"), [(300, 10), (5, 10), (0, 3)])
def test_empty_answers_have_lifetimes_of_their_own(ttl, kept):
    """Negative 10 s, failed (no TTL left) 3 s, for a client with a fixed lifetime of 30."""
    profile = ClientProfile("mine", lifetime=30, negative=10, failure=3)
    cache = ClientCache(lambda now: Answer((), now + ttl), profile)

    assert cache.answer(100).expires == 100 + kept


def test_a_cache_that_obeys_the_ttl_caps_its_negative_answers():
    profile = ClientProfile("mine", lifetime=None, negative=5)

    assert ClientCache(lambda now: Answer((), now + 300), profile).answer(0).expires == 5
    assert ClientCache(lambda now: Answer((), now + 2), profile).answer(0).expires == 2


def test_an_old_answer_is_held_through_failures_for_a_while():
    said = [Answer(("192.0.2.1",), 10)]
    cache = ClientCache(lambda now: said[0], client("haproxy"))
    cache.answer(0)
    said[0] = Answer((), 0)
    held = [cache.answer(now).addresses for now in (10, 20, 29.9, 30)]

    assert held == [("192.0.2.1",)] * 3 + [()]


def test_grpc_asks_again_only_after_a_failure_and_not_too_often():
    asked = []

    def ask(now):
        asked.append(now)
        return Answer(("192.0.2.1",), now + 5)

    cache = ClientCache(ask, client("grpc"))
    for now in range(200):
        if now in (10, 100, 110):
            cache.broken(now)
        cache.answer(now)

    assert asked == [0, 30, 100, 130]


def test_a_broken_connection_moves_nobody_else_to_ask():
    cache, asked = asking(lifetime=30)
    cache.answer(0)
    cache.broken(1)
    cache.answer(2)

    assert asked == [0]


def test_a_client_keeps_as_many_addresses_as_its_kind():
    assert asking(keeps=1)[0].answer(0).addresses == ("192.0.2.1",)
    assert len(asking()[0].answer(0).addresses) == 2


def test_go_and_musl_sort_ipv6_only():
    near = Answer(("192.0.2.1", "192.0.2.192"), 0)
    six = Answer(("2001:db8:2::1", "2001:db8:1:2::1"), 0)
    source, source6 = ip_interface("192.0.2.200/24"), ip_interface("2001:db8:1::1/64")

    def first(name, answer, interface):
        return ClientCache(lambda now: answer, client(name), interface).answer(0).addresses[0]

    assert first("glibc", near, source) == "192.0.2.192"
    assert first("go", near, source) == "192.0.2.1"
    assert first("musl", six, source6) == "2001:db8:1:2::1"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("rate", "leaf", "parent", "hit"),
    [(1, 2, 10, 0.7427), (0.2, 5, 30, 0.7241), (0.05, 60, 300, 0.7669), (1, 30, 60, 0.5)],
)
def test_caches_that_restart_their_lifetimes_obey_the_law_of_chains(rate, leaf, parent, hit):
    """One leaf before a parent: leaf misses 1/(1 + rate T1), the parent hits M2/(1 + M2)."""
    second = ClientCache(
        lambda now: Answer(("192.0.2.1",), now), ClientProfile("parent", lifetime=parent)
    )
    first = ClientCache(second.answer, ClientProfile("leaf", lifetime=leaf))
    rng, now, requests = Random(11), 0.0, int(20_000 * (1 + rate * leaf))
    for _ in range(requests):
        now += rng.expovariate(rate)
        first.answer(now)
    missed = first.misses / requests
    tolerance = 4 * math.sqrt(hit * (1 - hit) / first.misses)

    expected = 1 / (1 + rate * leaf)
    assert abs(missed - expected) < 4 * math.sqrt(rate * leaf / requests) * expected**1.5
    assert abs(second.hits / first.misses - hit) < tolerance


@pytest.mark.parametrize(
    "wrong",
    [
        {"lifetime": -1},
        {"floor": 9, "cap": 5},
        {"idle": -1},
        {"keeps": -1},
        {"age": math.nan},
        {"polls": True},
        {"use": "last"},
    ],
)
def test_impossible_clients_are_refused(wrong):
    with pytest.raises(LabError):
        ClientProfile("mine", **wrong)


def test_a_client_tries_the_addresses_in_turn():
    assert first_alive(("a", "b", "c"), down={"a"}) == "b"
    assert first_alive(("a", "b"), down={"a", "b"}) is None


def test_getaddrinfo_undoes_ipv4_round_robin_only_within_the_subnet():
    """RFC 6724 rule 9 as glibc applies it: validated against glibc 2.36."""
    source = ip_interface("192.0.2.200/24")
    near = ("192.0.2.1", "192.0.2.130", "192.0.2.192")
    far = ("198.51.100.9", "203.0.113.1", "198.51.100.200")

    assert glibc_order(near, source)[0] == "192.0.2.192"
    assert glibc_order(near[::-1], source)[0] == "192.0.2.192"
    assert glibc_order(far, source) == far


def test_getaddrinfo_undoes_it_for_each_half_of_the_subnet():
    """What the aside says: the upper half always takes .130, the lower half .1."""
    pair = ("192.0.2.1", "192.0.2.130")
    for host in range(1, 255):
        source = ip_interface(f"192.0.2.{host}/24")
        firsts = {glibc_order(each, source)[0] for each in (pair, pair[::-1])}

        assert firsts == {pair[host >= 128]}


def test_getaddrinfo_sorts_ipv6_across_subnets():
    source = ip_interface("2001:db8:1::1/64")

    assert glibc_order(("2001:db8:2::1", "2001:db8:1:2::1"), source)[0] == "2001:db8:1:2::1"


def test_zipf_shares_are_those_of_the_law():
    shares = zipf_shares(20, 1.0)

    assert math.isclose(shares[0], 1 / sum(1 / i for i in range(1, 21)))
    assert math.isclose(shares[1], shares[0] / 2)


@given(st.integers(1, 300), st.floats(0, 5), st.integers(0, 10_000))
def test_every_client_has_a_resolver(count, skew, clients):
    shares = zipf_shares(count, skew)
    heads = head_counts(clients, shares)

    assert math.isclose(math.fsum(shares), 1)
    assert sum(heads) == clients
    assert all(abs(head - clients * share) < 1 for head, share in zip(heads, shares, strict=True))


@pytest.mark.parametrize(
    ("count", "skew"), [(0, 1), (-3, 1), (5, -0.1), (5, math.nan), (5, math.inf)]
)
def test_impossible_crowds_are_refused(count, skew):
    with pytest.raises(LabError):
        zipf_shares(count, skew)
