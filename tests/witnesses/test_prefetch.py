"""When Unbound renews what it is asked for: from fetch + T - T/10 on, in whole seconds of both.

A tenth of 15 s is 1 s, of 5 s none: then it renews as soon as the TTL is over, in the second for
which an old Unbound still serves the entry. Polled all the time, it fetches after T - T/10 + d, d
below a second: the clock has whole seconds, and a fetch comes at any time within one.
"""

from dataclasses import replace
from itertools import pairwise

import pytest

from lab_engine import RRset, Zone, serve
from lab_engine.caches.profiles import RECURSIVES

from .programs import find
from .traffic import Fetches, play

pytestmark = [pytest.mark.witness, pytest.mark.waits]

WINDOWS = {5: 5, 10: 9, 15: 14}  # by TTL: seconds after a fetch from which on it renews
WATCHED, GAP = 34.0, 0.04  # seconds


@pytest.fixture(scope="module")
def renewed(shared_peers):
    """Seconds between the fetches of a busy poller, by TTL."""
    find("unbound")
    names = {ttl: f"t{ttl}.shop.example" for ttl in WINDOWS}
    zone = Zone.of(
        "shop.example", [RRset.of(name + ".", "A", "192.0.2.1", ttl) for ttl, name in names.items()]
    )
    fetches = Fetches()
    with serve(zone, seed=1, log=fetches) as lab:
        asked = {"unbound": shared_peers.resolver("unbound", lab, prefetch=True)}
        polls = range(int(WATCHED / GAP))
        plan = [(at * GAP, "unbound", name) for at in polls for name in names.values()]
        times = [each.at for each in play(plan, asked)["unbound"]]
        gaps = {ttl: pairwise(fetches.of(name)) for ttl, name in names.items()}
        return {ttl: [b - a for a, b in each if polled(times, a, b)] for ttl, each in gaps.items()}


def polled(times, since, until):
    """Whether it was asked all the time meanwhile: a busy machine may have been late."""
    within = [since, *(each for each in times if since < each < until), until]
    return max(b - a for a, b in pairwise(within)) < 0.25


@pytest.mark.parametrize("ttl", WINDOWS)
def test_unbound_renews_from_a_tenth_before_the_end_of_the_ttl(renewed, tell, ttl):
    gaps = renewed[ttl]
    tell(f"unbound, prefetch, T = {ttl} s: fetched after {', '.join(f'{g:.2f}' for g in gaps)} s")

    assert len(gaps) >= 2
    assert all(abs(gap - WINDOWS[ttl]) < 0.5 for gap in gaps[1:])


@pytest.mark.parametrize("ttl", WINDOWS)
def test_the_profile_renews_when_unbound_does(ttl):
    kind = replace(RECURSIVES["unbound"], prefetch_share=0.1)

    assert kind.lifetime(ttl) - kind.renewal(ttl) == WINDOWS[ttl]
