"""A record of TTL 20 s changes at the lab: how many still follow the old one, by packets.

A busy poller asks for many names through each resolver, so an entry is replaced as soon as it may
be: L seconds after it was fetched, where L is T + d for a clock of whole seconds (`test_hit_law`).
BIND prefetches what has 9 s and more: the first question that finds 2 s or less left is still
answered from the cache, and renews the entry, so there L = T - 2. At a change the ages of the
entries are spread evenly over L, and `stale_fraction` says what is left t seconds later: 1 - t/L.

Each name begins at a random time in its own slot of the first L seconds, so ages are even as they
stand, and no sampling error is added to the second that is allowed to each side of the line. What
uses it up: the change comes in the middle of a second, and of the entries that are renewed in this
one some were so before it, which makes the line up to half a second early; and BIND answers once
more with the old entry when it renews one, which makes it late by the 0.6 s between two questions.
"""

import contextlib
import time
from random import Random
from socket import inet_aton
from threading import Timer

import pytest

from lab_engine import RRset, Zone, serve
from lab_engine.simulation.theory import stale_fraction
from tests.counts import LONG

from .programs import path_of
from .traffic import late, play
from .versions import profile

pytestmark = [pytest.mark.witness, pytest.mark.waits]

TTL = 20
NAMES = 240 if LONG else 120
EVERY = 0.6  # seconds between two questions for a name: at least one in each second of a clock
CHANGE = 23  # seconds after the start: every name has been asked for
WATCHED = 25  # seconds from then on
PROGRAMS = ("named", "unbound", "pdns_recursor")
OLD, NEW = "192.0.2.1", "192.0.2.2"


def zone(address):
    return Zone.of("shop.example", [RRset.of("*", "A", address, TTL)])


def lifetime(program):
    """L: seconds from one fetch of a busy entry to the next."""
    known = profile(program)
    return known.lifetime(TTL) - known.renewal(TTL)


def polls(span, rng):
    """(when, name): each name from a time in its slot of the first `span` seconds, then evenly."""
    for number in range(NAMES):
        at = span * (number + rng.random()) / NAMES
        while at < CHANGE + WATCHED:
            yield at, f"n{number}.shop.example"
            at += EVERY


@pytest.fixture(scope="module")
def stale(shared_peers):
    """The share of old answers of each resolver; seconds count only where all were kept."""
    for _ in range(3):
        shares, seconds = watched(shared_peers)
        if seconds < 0.4:
            break
    return shares


def watched(peers):
    """The shares by whole seconds after the change, and the lateness of the latest question."""
    with contextlib.ExitStack() as stack:
        labs = {program: stack.enter_context(serve(zone(OLD))) for program in present()}
        resolvers = {program: peers.resolver(program, lab) for program, lab in labs.items()}
        plan = [
            (at, program, name)
            for program in resolvers
            for at, name in polls(lifetime(program), Random(1))
        ]
        changed = []

        def change():
            changed.append(time.monotonic())
            for lab in labs.values():
                lab.zone = zone(NEW)

        _wait_for_the_middle_of_a_second()
        timer = Timer(CHANGE, change)
        timer.start()
        stack.callback(timer.cancel)
        asked = play(plan, resolvers)
        shares = {program: by_second(asked[program], *changed) for program in resolvers}
        return shares, late(plan, asked)


def present():
    return tuple(filter(path_of, PROGRAMS))


def _wait_for_the_middle_of_a_second():
    """Clocks of whole seconds then are half a second wrong at the change, to either side."""
    time.sleep((0.5 - time.time()) % 1)


def by_second(asked, changed):
    """The share of old answers in each second around 0, 1, 2 ... seconds after the change."""
    old, all_of_them = [0] * WATCHED, [0] * WATCHED
    for each in asked:
        second = round(each.at - changed)
        if 0 <= second < WATCHED and each.wire is not None:
            old[second] += inet_aton(OLD) in each.wire
            all_of_them[second] += 1
    return [part / whole for part, whole in zip(old, all_of_them, strict=True)]


@pytest.mark.parametrize("program", PROGRAMS)
def test_the_old_answers_decline_along_the_line(stale, tell, program):
    span = lifetime(program)
    seen = stale[program]
    shown = ", ".join(
        f"{after} s {seen[after]:.3f} ({stale_fraction(after, span):.3f})" for after in (5, 10, 15)
    )
    tell(f"stale share, T = {TTL} s, {program}, L = {span:g} s: {shown}")

    for after in range(1, WATCHED):
        low, high = stale_fraction(after + 1, span), stale_fraction(after - 1, span)
        assert low <= seen[after] <= high, after


@pytest.mark.parametrize("program", PROGRAMS)
def test_nobody_is_stale_a_lifetime_later(stale, program):
    """Nor before that is everybody right: the last entry lives for as long as it may."""
    span = round(lifetime(program))

    assert stale[program][span - 1] > 0
    assert not any(stale[program][span + 1 :])
