"""Frames say what the holdings say, at each of their moments."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab_engine.errors import LabError
from lab_engine.simulation.outcome import Holding
from lab_engine.views.kit.frames import EMPTY, Frames, frames, moments

SERVERS = ("192.0.2.1", "192.0.2.2", "192.0.2.3")
WHOLE = tuple((server, 1 / 3) for server in SERVERS)


def one(server: int) -> tuple[tuple[str, float], ...]:
    """All requests to one server."""
    return ((SERVERS[server], 1.0),)


def held_at(holdings: list[Holding], cache: int, time: float) -> Holding | None:
    """By looking through all of them."""
    found = [h for h in holdings if h.holder == cache and h.start <= time < h.end]
    return found[-1] if found else None


@st.composite
def histories(draw: st.DrawFn) -> list[Holding]:
    """Of four caches, each with copies and pauses one after the other.

    To the millisecond: frames take what is a nanosecond apart for one moment.
    """
    found = []
    for cache in range(4):
        at = round(draw(st.floats(-300, 0)), 3)
        for _ in range(draw(st.integers(0, 12))):
            end = round(at + draw(st.floats(1, 400)), 3)
            shares = draw(st.sampled_from([one(0), one(1), one(2), WHOLE]))
            found.append(Holding(cache, at, end, shares))
            at = round(end + draw(st.floats(0, 100)), 3)
    return found


@pytest.mark.slow
@given(histories())
def test_every_frame_is_what_the_holdings_say(holdings: list[Holding]) -> None:
    """Of each cache, at each moment: the mix, and the seconds left."""
    made = frames(holdings, SERVERS, 4, 600)

    for frame, time in enumerate(made.times):
        for cache in range(4):
            holding = held_at(holdings, cache, time)
            left = made.seconds_left(frame, cache)
            if holding is None:
                assert made.mix(frame, cache) == EMPTY
                continue
            wanted = dict(holding.shares)
            assert made.mix(frame, cache) == tuple(wanted.get(s, 0.0) for s in SERVERS)
            assert left == pytest.approx(holding.end - time, abs=1e-3)


def test_a_copy_for_ever_never_drains() -> None:
    """It is told apart from the longest of the others, and makes no other bar shorter."""
    made = frames([Holding(0, -5, math.inf, one(0)), Holding(1, 0, 60, one(1))], SERVERS, 2, 60)

    assert made.seconds_left(0, 0) == made.seconds_left(len(made.times) - 1, 0) == math.inf
    assert made.longest == 60
    assert made.seconds_left(0, 1) == 60


def test_a_copy_that_leads_nobody_is_no_empty_cache() -> None:
    """All of its servers are dead: it holds a copy all the same, and the bright edge says so."""
    dead = Holding(0, 0, 60, (("", 1.0),))
    made = frames([dead], SERVERS, 1, 60)

    assert made.mix(0, 0) == (0.0, 0.0, 0.0)
    assert made.seconds_left(0, 0) == 60


def test_a_moment_belongs_to_the_copy_that_begins_with_it() -> None:
    """The end of a holding is not part of it."""
    made = frames([Holding(0, 0, 30, one(0)), Holding(0, 30, 60, one(1))], SERVERS, 1, 60)
    at = made.times.index(30.0)

    assert made.mix(at - 1, 0) == (1.0, 0.0, 0.0)
    assert made.mix(at, 0) == (0.0, 1.0, 0.0)


@pytest.mark.parametrize(
    ("duration", "caches", "step", "count"),
    [
        (3600, 20, 10, 360),
        (3600, 200, 60, 60),
        (86_400, 20, 300, 288),
        (60, 20, 0.1, 600),
        (900, 100, 10, 90),
        (7 * 86_400, 200, 21_600, 28),
    ],
)
def test_moments_are_round_and_few(duration: float, caches: int, step: float, count: int) -> None:
    """Round steps up to the end of the watch; fewer of them the more caches there are."""
    times = moments(duration, caches)

    assert times[1] - times[0] == step
    assert len(times) == count
    assert times[-1] + step == duration


def test_two_hundred_tiles_are_sent_in_a_hundred_kilobytes() -> None:
    """Sixty frames of them, packed: and they can be unpacked again."""
    holdings = [Holding(c, 0, 3600, one(c % 3)) for c in range(200)]
    made = frames(holdings, SERVERS, 200, 3600)
    plain = made.packed()
    cells = len(made.times) * 200

    assert len(plain) <= 100_000
    assert (made.states == np.frombuffer(plain[:cells], np.uint8).reshape(200, -1).T).all()
    assert (made.ends == np.frombuffer(plain[cells:], "<f4").reshape(200, -1).T).all()


def test_more_mixes_than_a_byte_counts_take_the_nearest() -> None:
    """Of 300 mixes the first 255 are kept as they are, the others told as the nearest of those."""
    parts = [index / 299 for index in range(300)]
    shares = [((SERVERS[0], part), (SERVERS[1], 1 - part)) for part in parts]
    made = frames([Holding(0, i, i + 1, s) for i, s in enumerate(shares)], SERVERS, 1, 300)
    told = [made.mix(made.times.index(float(second)), 0)[0] for second in range(300)]

    assert len(made.mixes) == 256
    assert told[:255] == parts[:255]
    assert set(told[255:]) == {parts[254]}


def test_an_address_that_is_no_server_is_refused() -> None:
    """With its name, and those that are."""
    stranger = Holding(0, 0, 60, (("192.0.2.9", 1.0),))

    with pytest.raises(LabError, match=r"192\.0\.2\.9.*none of the servers.*192\.0\.2\.1"):
        frames([stranger], SERVERS, 1, 60)


def test_no_caches_make_no_cells() -> None:
    """A run that was watched for nobody has moments and nothing in them."""
    made = frames([], SERVERS, 0, 60)

    assert isinstance(made, Frames)
    assert made.packed() == b""
