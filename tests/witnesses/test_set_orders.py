"""In which orders real resolvers answer a set that they hold, against the simulation's own list.

BIND up to 9.21.13 shuffles with one number for all swaps, so only 12 of the 24 orders of four
values come, and the smallest value is last in 1 of 12 answers and not in 1 of 4. Newer BIND and
Unbound rotate. PowerDNS shuffles, and then its packet cache repeats what was shuffled.

Which orders come is exact: of 1,000 answers each misses one of 24 once in 10^17 runs. How often a
value is first or last is held to 4 sigma of those answers, 4 sqrt(1,000 p (1 - p)).
"""

import socket
import time
from collections import Counter
from itertools import pairwise
from random import Random

import dns.query
import pytest

from lab_engine import RRset, Zone, serve
from lab_engine.caches.orders import SetOrder, each_order
from tests.counts import LONG

from .asking import addresses, query
from .versions import profile

pytestmark = pytest.mark.witness

ANSWERS = 3_000 if LONG else 1_000
# not sorted: BIND sorts what it keeps, Unbound keeps what the lab sent
SETS = {
    3: ("192.0.2.3", "192.0.2.1", "192.0.2.4"),
    4: ("192.0.2.3", "192.0.2.1", "192.0.2.4", "192.0.2.2"),
}


@pytest.fixture(scope="module")
def lab():
    rrsets = [RRset.of(f"www{size}", "A", values, 3600) for size, values in SETS.items()]
    with serve(Zone.of("shop.example", rrsets), order="fixed") as server:
        yield server


@pytest.fixture(scope="module")
def resolvers(shared_peers, lab):
    """A resolver by its program and settings, started when it is first needed."""
    running = {}

    def resolver(program, **settings):
        key = program, *settings.items()
        if key not in running:
            running[key] = shared_peers.resolver(program, lab, **settings)
        return running[key]

    return resolver


def asked(resolver, size, ids):
    """The orders that came to questions with these ids, for the set of that size."""
    message = query(f"www{size}.shop.example", recurse=True, edns=False)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as line:
        line.setblocking(False)
        for message.id in ids:
            yield addresses(dns.query.udp(message, "127.0.0.1", 5, resolver.port, sock=line))


def random_ids(count=ANSWERS):
    rng = Random(1)
    return (rng.getrandbits(16) for _ in range(count))


def assert_drawn_from(expected, asking):
    """All of these orders came and no others, and each value was first and last when it should.

    A true share misses its 4 sigma once in 16,000 counts; after a miss all are counted once more.
    """
    seen = list(asking())

    assert set(seen) == set(expected)
    assert not (_far(expected, seen) and _far(expected, list(asking())))
    return seen


def _far(expected, seen):
    """The values that were first or last too often or too seldom."""
    far = []
    for place in (0, -1):
        counts = Counter(order[place] for order in seen)
        for value, times in Counter(order[place] for order in expected).items():
            share = times / len(expected)
            sigma = (len(seen) * share * (1 - share)) ** 0.5
            if abs(counts[value] - len(seen) * share) > 4 * sigma:
                far.append((place, value, counts))
    return far


@pytest.mark.parametrize("size", SETS)
@pytest.mark.parametrize("program", ["named", "unbound"])
def test_a_cached_set_comes_in_the_orders_of_its_profile(resolvers, tell, program, size):
    order = profile(program).order
    kept = sorted(SETS[size]) if program == "named" else SETS[size]
    resolver = resolvers(program)
    seen = assert_drawn_from(
        each_order(order, tuple(kept)), lambda: asked(resolver, size, random_ids())
    )

    last = Counter(order[-1] for order in seen)
    shares = ", ".join(f"{last[value] / ANSWERS:.3f}" for value in sorted(SETS[size]))
    tell(f"orders of {size}, {program}, {order}: {len(set(seen))}; last by value: {shares}")


def test_unbound_turns_a_set_by_the_id_of_the_query(resolvers):
    """One step further for each id, and another one whenever its clock ticks."""
    values, resolver = SETS[4], resolvers("unbound")
    begun = time.monotonic()
    starts = [values.index(order[0]) for order in asked(resolver, 4, range(1_000))]
    ticks = time.monotonic() - begun + 1
    steps = Counter((after - before) % 4 for before, after in pairwise(starts))

    assert len(starts) - 1 - steps[1] <= ticks


@pytest.mark.parametrize("size", SETS)
def test_powerdns_shuffles_where_no_packet_is_kept(resolvers, size):
    resolver = resolvers("pdns_recursor", settings="disable-packetcache=yes")

    assert_drawn_from(
        each_order(SetOrder.SHUFFLE, SETS[size]), lambda: asked(resolver, size, random_ids())
    )


def test_powerdns_repeats_one_order_until_the_packet_expires(resolvers):
    """The set itself stays cached: only the packets are given a second here."""
    resolver = resolvers("pdns_recursor", settings="packetcache-ttl=1")
    begun, seen = time.monotonic(), []
    while time.monotonic() < begun + 6:
        seen += asked(resolver, 4, random_ids(10))
        time.sleep(0.1)
    lifetimes = time.monotonic() - begun + 1
    changes = sum(after != before for before, after in pairwise(seen))

    assert 1 <= changes <= lifetimes
