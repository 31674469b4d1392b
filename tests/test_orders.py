"""The order of a set from the cache: exact statistics by enumeration, and what is drawn."""

from collections import Counter
from fractions import Fraction
from itertools import permutations
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab_engine.authority.records import Question, Reply, RRset
from lab_engine.caches.orders import SetOrder, arranged, each_order, order_count
from lab_engine.caches.resolver import Resolver

WWW = Question.of("www.shop.example")


@pytest.mark.parametrize(
    ("order", "counts"),
    [
        ("rotate", {3: 3, 4: 4, 8: 8}),
        ("frozen", {3: 1, 4: 1, 8: 1}),
        ("shuffled-once", {3: 1, 4: 1, 8: 1}),
        ("one-seed", {3: 6, 4: 12, 5: 60, 6: 60, 8: 840}),
        ("shuffle", {3: 6, 4: 24, 5: 120}),
    ],
)
def test_as_many_orders_come_as_each_kind_has(order, counts):
    for size, count in counts.items():
        orders = each_order(SetOrder(order), tuple(range(size)))
        assert len(set(orders)) == len(orders) == count == order_count(SetOrder(order), size)


def test_one_seed_favours_no_first_place_but_all_the_last():
    """BIND 9.18, n = 4: the last is 1/12, 3/12, 4/12, 4/12."""
    orders = each_order(SetOrder.ONE_SEED, (0, 1, 2, 3))
    last = Counter(order[-1] for order in orders)

    assert set(Counter(order[0] for order in orders).values()) == {3}
    assert [Fraction(last[i], 12) for i in range(4)] == [Fraction(k, 12) for k in (1, 3, 4, 4)]


def test_one_seed_with_two_dead_is_not_fair():
    """Servers 1 and 3 of 4 dead: 58.3 and 41.7 %, and not 50."""
    orders = each_order(SetOrder.ONE_SEED, (1, 2, 3, 4))
    reached = Counter(next(each for each in order if each in (2, 4)) for order in orders)

    assert sorted(reached.values()) == [5, 7]


def test_the_dead_ones_load_goes_to_its_successor_or_to_all():
    """One of 4 dead: max over mean of the survivors is 1.5 by rotation, 1 by shuffle."""

    def busiest(order):
        orders = each_order(order, (1, 2, 3, 4))
        reached = Counter(next(each for each in order if each != 2) for order in orders)
        return Fraction(max(reached.values()) * 3, len(orders))

    assert busiest(SetOrder.ROTATE) == Fraction(3, 2)
    assert busiest(SetOrder.SHUFFLE) == 1


@pytest.mark.parametrize("order", list(SetOrder))
@pytest.mark.parametrize("size", [0, 1, 2, 4])
def test_what_is_drawn_is_what_is_listed(order, size):
    values, rng = tuple(range(size)), Random(3)
    drawn = Counter(arranged(order, values, rng) for _ in range(6_000))
    listed = each_order(order, values)

    assert set(drawn) == set(listed)
    expected = 6_000 / len(listed)
    assert all(abs(count - expected) < 4 * expected**0.5 for count in drawn.values())


@given(st.sampled_from(list(SetOrder)), st.lists(st.integers(), max_size=40), st.integers())
def test_an_order_loses_nothing(order, values, seed):
    assert sorted(arranged(order, tuple(values), Random(seed))) == sorted(values)


def resolver(profile, count):
    values = [f"192.0.2.{number}" for number in range(1, count + 1)]
    reply = Reply(answer=(RRset.of("www.shop.example.", "A", values, 60),))
    return Resolver(lambda question, now: reply, Random(5), profile)


@pytest.mark.parametrize(
    ("profile", "count", "orders"),
    [("bind", 4, 12), ("bind", 5, 60), ("unbound", 4, 4), ("powerdns", 4, 1), ("coredns", 3, 6)],
)
def test_a_resolver_answers_in_the_orders_of_its_kind(profile, count, orders):
    """Both ways to ask it; 60 orders all come within 2,000 answers."""
    asked = resolver(profile, count)

    assert len({asked.answer(WWW, 1.0).addresses for _ in range(2_000)}) == orders
    assert len({asked.resolve(WWW, 1.0).addresses for _ in range(2_000)}) == orders


def test_powerdns_shuffles_at_each_fill():
    asked = resolver("powerdns", 3)
    first = {asked.answer(WWW, fill * 60.0).addresses for fill in range(200)}

    assert first == set(permutations(("192.0.2.1", "192.0.2.2", "192.0.2.3")))
