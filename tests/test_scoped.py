"""Entries for a part of the clients: who is served from which (RFC 7871 section 7.3)."""

from ipaddress import ip_network
from random import Random

import pytest
from dns.rcode import Rcode
from hypothesis import given
from hypothesis import strategies as st

from lab_engine.authority.records import Client, Question, Reply, RRset
from lab_engine.caches.profiles import RECURSIVES
from lab_engine.caches.recursives import RecursiveProfile
from lab_engine.caches.resolver import Resolver

WWW = Question.of("www.shop.example")
ECS = RecursiveProfile("ecs", ecs=(24, 56))
SOA = "ns.shop.example. mail.shop.example. 1 7200 900 1209600 300"
NODATA = Reply(authority=(RRset.of("shop.example.", "SOA", SOA, 300),))


def at(network):
    return Client(ip_network(network))


class Upstream:
    """Numbers its answers and gives each the scope it is told to."""

    def __init__(self, scope):
        self.scope, self.asked, self.reply = scope, [], None

    def __call__(self, question, now, client):
        self.asked.append(client and str(client.network))
        if self.reply is not None:
            return self.reply
        value = f"10.0.{len(self.asked) // 250}.{len(self.asked) % 250 + 1}"
        rrset = RRset.of("www.shop.example.", "A", value, 60)
        return Reply(answer=(rrset,), scope=self.scope)


def resolver(scope):
    upstream = Upstream(scope)
    return Resolver(upstream, Random(1), ECS), upstream


def test_only_the_first_bits_of_an_address_are_sent():
    asked, upstream = resolver(24)
    for network in ("198.51.100.7/32", "2001:db8:1:2345::9/128", "203.0.0.0/16"):
        asked.answer(WWW, 0, at(network))
    asked.answer(WWW, 0)

    assert upstream.asked == ["198.51.100.0/24", "2001:db8:1:2300::/56", "203.0.0.0/16", None]


@pytest.mark.parametrize(
    ("scope", "shares"), [(24, "198.51.100.200"), (16, "198.51.7.7"), (8, "198.9.9.9")]
)
def test_an_answer_serves_its_scope_and_nobody_else(scope, shares):
    asked, upstream = resolver(scope)
    for client in ("198.51.100.7", shares, "203.0.113.9"):
        asked.answer(WWW, 0, at(client))

    assert len(upstream.asked) == 2
    assert (asked.cache.hits, asked.cache.misses) == (1, 2)


def test_a_scope_longer_than_all_that_is_ever_sent_is_kept_for_what_was_sent():
    asked, upstream = resolver(28)
    for client in ("198.51.100.7", "198.51.100.200"):
        asked.answer(WWW, 0, at(client))

    assert len(upstream.asked) == 1


def test_a_scope_longer_than_what_was_sent_serves_only_the_same_question():
    asked, upstream = resolver(24)
    for network in ("198.51.0.0/16", "198.51.0.0/16", "198.51.100.7/32"):
        asked.answer(WWW, 0, at(network))

    assert upstream.asked == ["198.51.0.0/16", "198.51.100.0/24"]


def test_scope_zero_is_for_everybody():
    asked, upstream = resolver(0)
    for client in ("198.51.100.7", "203.0.113.9", "2001:db8::1"):
        asked.answer(WWW, 0, at(client))
    asked.answer(WWW, 0)

    assert len(upstream.asked) == 1


def test_an_entry_for_everybody_beside_scoped_ones_serves_those_without():
    """So one NODATA, whose scope is 0, silences the name for networks not yet known."""
    asked, upstream = resolver(24)
    asked.answer(WWW, 0, at("198.51.100.7"))
    upstream.reply = NODATA
    asked.answer(WWW, 1, at("203.0.113.9"))

    assert asked.answer(WWW, 2, at("198.51.100.9")).addresses == ("10.0.0.2",)
    assert asked.answer(WWW, 2, at("192.0.2.1")).addresses == ()
    assert len(upstream.asked) == 2


def test_the_longest_scope_that_covers_a_client_wins_while_it_lives():
    asked, upstream = resolver(24)
    asked.answer(WWW, 0, at("198.51.100.7"))
    upstream.scope = 16
    asked.answer(WWW, 30, at("198.51.7.7"))

    assert asked.answer(WWW, 59, at("198.51.100.1")).addresses == ("10.0.0.2",)
    assert asked.answer(WWW, 61, at("198.51.100.1")).addresses == ("10.0.0.3",)
    assert len(upstream.asked) == 2


def test_an_entry_of_a_length_not_seen_before_is_found_by_who_asked_earlier():
    """What lies around a client is kept in mind, until there is more."""
    asked, upstream = resolver(24)
    asked.answer(WWW, 0, at("198.51.100.0/24"))
    asked.answer(WWW, 60, at("198.51.100.0/24"))  # the first is over
    upstream.scope = 16
    asked.answer(WWW, 120, at("198.51.7.0/24"))
    served = asked.answer(WWW, 121, at("198.51.100.0/24"))

    assert served.addresses == ("10.0.0.4",)
    assert len(upstream.asked) == 3


def test_who_asks_for_privacy_shares_with_its_like():
    asked, upstream = resolver(0)
    for network in ("0.0.0.0/0", "0.0.0.0/0", "198.51.100.7/32"):
        asked.answer(WWW, 0, at(network))

    assert upstream.asked == ["0.0.0.0/0", "198.51.100.0/24"]


def test_stale_answers_keep_to_their_scope():
    upstream = Upstream(24)
    asked = Resolver(upstream, Random(1), RecursiveProfile("ecs", ecs=(24, 56), serve_stale=100))
    asked.answer(WWW, 0, at("198.51.100.7"))
    upstream.reply = Reply(Rcode.SERVFAIL)

    assert asked.answer(WWW, 70, at("198.51.100.9")).addresses == ("10.0.0.2",)
    assert asked.answer(WWW, 70, at("203.0.113.9")).addresses == ()


def test_googles_kind_has_both_scopes_and_back_ends():
    upstream = Upstream(24)
    asked = Resolver(upstream, Random(1), "google-like")
    for _ in range(1_000):
        asked.answer(WWW, 0, at("198.51.100.7"))

    assert len(upstream.asked) == RECURSIVES["google-like"].fragments


def test_cloudflares_kind_tells_nothing():
    told = []
    asked = Resolver(lambda *question: told.append(question), Random(1), "cloudflare-like")
    asked.answer(WWW, 0, at("198.51.100.7"))

    assert told == [(WWW, 0)]


NETWORKS = st.builds(
    lambda number, length: ip_network((number << 16, length), strict=False),
    st.sampled_from([0x0A00, 0x0A01, 0x0A02, 0x0B00, 0xC000]),
    st.integers(0, 32),
)


@pytest.mark.slow
@given(st.lists(st.tuples(NETWORKS, st.integers(0, 32), st.floats(0, 20)), max_size=40))
def test_a_scoped_entry_never_answers_a_client_outside_its_scope(steps):
    asked, upstream = resolver(0)
    now, born = 0.0, []
    for network, upstream.scope, gap in steps:
        now += gap
        told = min(network.prefixlen, 24)
        reply = asked.resolve(WWW, now, Client(network))
        if len(upstream.asked) > len(born):
            born.append((network.supernet(new_prefix=told), upstream.scope))
        third, fourth = map(int, reply.addresses[0].split(".")[2:])
        sent, scope = born[third * 250 + fourth - 2]
        covered = sent.supernet(new_prefix=min(scope, sent.prefixlen))
        assert network.supernet(new_prefix=told).subnet_of(covered)
        if scope > sent.prefixlen and sent.prefixlen < 24:
            assert sent == network.supernet(new_prefix=told)
