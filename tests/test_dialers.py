"""What clients do with addresses: connections that pin, dead servers, two families."""

import math
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab_engine.caches.clientprofiles import ClientProfile, Use
from lab_engine.caches.clients import ClientCache
from lab_engine.caches.dialers import Dialer, interleaved, tried
from lab_engine.caches.profiles import CLIENTS
from lab_engine.caches.resolver import Answer

ABC = ("192.0.2.1", "192.0.2.2", "192.0.2.3")


def dialer(profile, addresses=ABC, ttl=0.0, seed=1):
    """A client and a list whose element is what it is told."""
    said = [addresses]
    cache = ClientCache(lambda now: Answer(said[0], now + ttl), profile)
    return Dialer(cache, Random(seed)), said


def test_without_a_pool_each_request_looks_and_connects():
    client, said = dialer(CLIENTS["none"])
    first = client.dial(0)
    said[0] = ABC[1:]

    assert first.address == "192.0.2.1"
    assert client.dial(0).address == "192.0.2.2"


def test_a_connection_keeps_its_server_until_it_is_idle_or_old():
    client, said = dialer(ClientProfile("mine", idle=10, age=25))
    client.dial(0)
    said[0] = ("192.0.2.9",)
    reached = [client.dial(now).address for now in (9, 18, 24.9, 25, 34, 50)]

    assert reached == ["192.0.2.1"] * 3 + ["192.0.2.9"] * 3
    assert client.dial(59).reused
    assert not client.dial(69).reused


def test_a_dead_server_ends_its_connection():
    client, _ = dialer(ClientProfile("mine", idle=math.inf))
    client.dial(0)

    assert client.dial(1, down={"192.0.2.1"}).address == "192.0.2.2"
    assert client.dial(2).address == "192.0.2.2"
    client.broken(3)
    assert client.dial(3).address == "192.0.2.1"


def test_grpc_stays_until_its_connection_breaks_and_then_looks_again():
    client, said = dialer(CLIENTS["grpc"], ABC[:1])
    client.dial(0)
    said[0] = ABC[1:]
    moved = [client.dial(now, {"192.0.2.1"} if now >= 100 else ()).address for now in (99, 100)]

    assert moved == ["192.0.2.1", "192.0.2.2"]


def test_grpc_waits_thirty_seconds_between_two_looks():
    client, said = dialer(CLIENTS["grpc"], ABC[:1])
    client.dial(0)
    said[0] = ABC[1:]
    down = {"192.0.2.1"}
    reached = [client.dial(now, down).address for now in (1, 29.9, 30)]

    assert reached == [None, None, "192.0.2.2"]


@pytest.mark.parametrize(
    ("life", "ttl", "stale"),
    [(20, 20, {10: 0.875, 20: 0.5, 30: 0.125}), (30, 10, {10: 5 / 6, 20: 0.5, 35: 1 / 24})],
)
def test_connections_drain_after_the_cache(life, ttl, stale):
    """A change at 0, told to each after U(0, T): stale at t is P(U(0, L) + U(0, T) > t)."""
    rng, clients = Random(5), 4_000
    seen = dict.fromkeys(stale, 0)
    for _ in range(clients):
        told = rng.random() * ttl
        cache = ClientCache(
            lambda now, told=told: Answer(("new",) if now >= told else ("old",), now),
            ClientProfile("mine", idle=math.inf, age=life),
        )
        client, first = Dialer(cache, rng), -rng.random() * life
        dialled = [first + life * (1 + 1e-9) * turn for turn in range(4)]
        for now in sorted([*dialled, *stale]):
            reached = client.dial(now).address
            if now in stale:
                seen[now] += reached == "old"

    for t, share in stale.items():
        sigma = math.sqrt(share * (1 - share) / clients)
        assert abs(seen[t] / clients - share) < 4 * sigma


def test_happy_eyeballs_masks_a_dead_family():
    """RFC 8305: 250 ms where a patient client waits for its system to give up."""
    both = ("2001:db8::1", "2001:db8::2", "192.0.2.1")
    down = {"2001:db8::1", "2001:db8::2"}
    quick = dialer(ClientProfile("mine", happy_eyeballs=True), both)[0].dial(0, down)
    patient = dialer(CLIENTS["glibc"], both)[0].dial(0, down)

    assert (quick.address, quick.waited) == ("192.0.2.1", 0.25)
    assert (patient.address, patient.waited) == ("192.0.2.1", 254)


def test_families_take_turns_ipv6_first():
    four, six = ("192.0.2.1", "192.0.2.2", "192.0.2.3"), ("2001:db8::1",)

    assert interleaved(four + six) == (six[0], *four)
    assert interleaved(()) == ()


def test_who_tries_no_other_address_fails_with_the_first():
    jvm, _ = dialer(CLIENTS["jvm"])

    assert jvm.dial(0, {"192.0.2.1"}).address is None
    assert jvm.dial(1, {"192.0.2.2"}).address == "192.0.2.1"


def test_nobody_is_reached_where_all_are_dead_or_none_is_known():
    assert tried(ABC, set(ABC), ClientProfile("mine", patience=3)) == (None, 9, False)
    assert tried((), (), ClientProfile("mine")) == (None, 0, False)


def test_proxies_spread_their_connections():
    in_turn, _ = dialer(CLIENTS["envoy-strict"], ttl=60)
    random, _ = dialer(CLIENTS["nginx"], ttl=60)
    taken = [in_turn.dial(0).address for _ in range(6)]
    drawn = [random.dial(0).address for _ in range(3_000)]

    assert taken[:3] == taken[3:]
    assert set(taken) == set(ABC)
    assert all(abs(drawn.count(each) - 1_000) < 4 * math.sqrt(3_000 * 2 / 9) for each in ABC)


def test_an_edge_keeps_one_address_for_all_behind_it():
    edge = ClientCache(lambda now: Answer(ABC, now + 60), CLIENTS["cdn-pop"])
    behind = [Dialer(ClientCache(edge.answer, CLIENTS["none"]), Random(i)) for i in range(10)]

    assert {each.dial(i).address for i, each in enumerate(behind)} == {"192.0.2.1"}


@given(st.sampled_from(list(CLIENTS.values())), st.sets(st.sampled_from(ABC)), st.floats(0, 1e6))
def test_a_client_reaches_only_what_is_alive(profile, down, gap):
    client, _ = dialer(profile, ttl=30)
    first, second = client.dial(0, down), client.dial(gap, down)

    assert first.address not in down
    assert second.address not in down
    assert first.waited >= 0
    if not profile.tries_next or profile.keeps:
        return
    assert (first.address is None) == (down == set(ABC))


def test_every_use_of_an_order_has_a_client():
    assert {profile.use for profile in CLIENTS.values()} == set(Use)
