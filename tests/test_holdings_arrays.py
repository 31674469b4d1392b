"""Holdings in arrays are the same as the tuple of them, and small."""

import math
import pickle
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab_engine.simulation import Clients, Resolvers, run
from lab_engine.simulation.holdings import Holdings
from lab_engine.simulation.outcome import Holding

from .test_holdings import scenario

SHARES = ((("192.0.2.1", 1.0),), (("192.0.2.1", 0.5), ("192.0.2.2", 0.5)), (("", 1.0),))
MOMENTS = st.floats(-1e6, 1e6)
ANY = st.lists(
    st.builds(
        Holding,
        st.integers(0, 9_999),
        MOMENTS,
        st.one_of(MOMENTS, st.just(math.inf)),
        st.sampled_from(SHARES),
    )
).map(tuple)


@given(ANY)
def test_they_are_the_same_sequence(some):
    held = Holdings.of(some)

    assert len(held) == len(some)
    assert (tuple(held), [*reversed(held)]) == (some, [*reversed(some)])
    assert held == some
    assert some == held
    assert hash(held) == hash(some)
    assert held[1:4] == some[1:4]
    assert pickle.loads(pickle.dumps(held)) == some
    assert repr(held) == repr(some)
    assert Holdings.of(held) is held
    assert [type(each) for row in held for each in row[:3]] == [int, float, float] * len(some)


@given(ANY)
def test_another_is_not_equal(some):
    held = Holdings.of(some)

    assert held != (*some, Holding(0, 0.0, 1.0, SHARES[0]))
    assert held != [*some]  # as a tuple is not
    for index, each in enumerate(some):
        other = each._replace(holder=each.holder + 1)
        assert held != (*some[:index], other, *some[index + 1 :])


@given(ANY)
def test_some_of_them_are_chosen_by_a_mask(some):
    held = Holdings.of(some)

    assert held.where(held.holder < 5_000) == tuple(each for each in some if each.holder < 5_000)


def test_where_there_is_none_of_that_number():
    held = Holdings.of([Holding(0, 0.0, 1.0, SHARES[0])])

    assert held[-1] == held[0]
    with pytest.raises(IndexError):
        held[1]


def test_a_holding_takes_24_octets_and_as_an_object_five_times_that():
    """Of caches that keep an answer for a second; to note them takes less than an object, too."""
    busy = scenario(1, clients=Clients(2000, 1.0), resolvers=Resolvers(100, 0), duration=600)
    run(busy.set("duration", 20), "population", holdings=100)  # what is made once

    outcome, kept, most = _weighed(lambda: run(busy, "population", holdings=100))
    held = outcome.holdings
    columns = held.holder, held.start, held.end, held.leads
    _, objects, _ = _weighed(lambda: tuple(held))

    assert len(held) > 50_000
    assert sum(each.nbytes for each in columns) == 24 * len(held)
    assert kept < 30 * len(held)
    assert most < 120 * len(held) < objects


def _weighed(make):
    """What is made, the octets that are kept of it, and the most that it took."""
    tracemalloc.start()
    try:
        made = make()
        return made, *tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
