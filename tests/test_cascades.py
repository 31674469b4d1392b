"""What comes next: a secondary that is too small falls over, and what prevents that.

The files of `scenarios/cascade` are for learners, too: a primary for 150 requests a second dies
after two minutes of 100 a second, and what takes over is too small, has a static page behind it, or
is two. After a minute in which all find out, shares are of all requests.
"""

from functools import cache
from pathlib import Path

import pytest

from lab_engine.simulation import run, supports
from lab_engine.simulation.files import dumps, load, loads
from tests.counts import LONG

from .seeds import shifted

pytestmark = pytest.mark.slow
FILES = Path(__file__).parent / "scenarios" / "cascade"
SETTLED = 1200 if LONG else 600  # for what goes on as it began; what takes turns needs all
PRIMARY, SECONDARY, THIRD = "192.0.2.1", "192.0.2.2", "192.0.2.3"


@cache
def after(name, path="seed", value=None, *, lasts=1200):
    """What comes of a file with one thing changed: (outcome, shares after the failover)."""
    given = load(FILES / f"{name}.toml").set("seed", shifted(1)).set("duration", lasts)
    outcome = run(given if value is None else given.set(path, value))
    bins = zip(*outcome.requests, outcome.refused, outcome.dead, strict=True)
    sums = [sum(column) for column in zip(*list(bins)[4:], strict=True)]
    names = (*outcome.addresses, "refused", "dead")
    return outcome, {each: count / sum(sums) for each, count in zip(names, sums, strict=True)}


def failures(outcome, check):
    """When a check began to fail."""
    return [each.at for each in outcome.verdicts if each.check == check and not each.healthy]


@pytest.mark.parametrize("name", ["alone", "static", "two"])
def test_the_files_say_all_and_take_the_engine_with_feedback(name):
    given = load(FILES / f"{name}.toml")

    assert dumps(loads(dumps(given))) == dumps(given)
    assert supports(given) == ("servers refuse what is too much, and health may follow load",)


def test_the_secondary_dies_of_the_failover():
    """A minute after it took over, at the latest: its check fails, so does the primary's."""
    outcome, _ = after("alone")

    (primary,), secondary = failures(outcome, "primary"), failures(outcome, "secondary")
    assert 140 < primary < 155
    assert primary < secondary[0] < primary + 90


def test_last_resort_leads_back_to_the_dead_and_both_take_turns():
    """While both are unhealthy the primary is answered: the secondary recovers, and falls again."""
    outcome, share = after("alone")

    assert len(failures(outcome, "secondary")) > 6
    assert share[SECONDARY] < 0.3
    assert share["dead"] > 0.2
    assert share["refused"] > 0.2
    assert share[SECONDARY] + share["dead"] + share["refused"] == pytest.approx(1)


def test_headroom_prevents_it():
    outcome, share = after("alone", f"backends.{SECONDARY}.capacity", 130, lasts=SETTLED)

    assert failures(outcome, "secondary") == []
    assert share[SECONDARY] == pytest.approx(1)


@pytest.mark.long
def test_shedding_what_is_too_much_is_better_than_falling_over():
    """A server that refuses and stands serves 60 of 100, and no check fails."""
    outcome, share = after("alone", f"backends.{SECONDARY}.restart", 0, lasts=SETTLED)

    assert failures(outcome, "secondary") == []
    assert share[SECONDARY] == pytest.approx(0.6, abs=0.02)
    assert share["dead"] == 0


@pytest.mark.long
def test_a_long_queue_fails_the_check_without_a_fall():
    """With 300 waiting an answer takes 5 s, and the check waits for 2."""
    given = (
        load(FILES / "alone.toml").set("duration", SETTLED).set(f"backends.{SECONDARY}.restart", 0)
    )

    outcome = run(given.set(f"backends.{SECONDARY}.queue", 300))

    assert len(failures(outcome, "secondary")) > 1
    assert sum(outcome.dead[5:]) > 0


@pytest.mark.long
def test_a_static_answer_keeps_everybody_from_the_dead():
    """The secondary still takes turns, now with the page, which serves what the dead lost."""
    (outcome, share), (_, alone) = after("static"), after("alone")

    assert share["dead"] == 0
    assert share[THIRD] == pytest.approx(alone["dead"], abs=0.1)
    assert share[THIRD] + share[SECONDARY] > alone[SECONDARY] + 0.2
    assert len(failures(outcome, "secondary")) > 6


@pytest.mark.long
def test_a_static_answer_alone_loses_nobody():
    """Where the too small one is taken out by hand, as an operator would: all get the page."""
    _, share = after("static", "unhealthy", ("secondary",), lasts=SETTLED)

    assert share[THIRD] == pytest.approx(1)


def test_two_secondaries_share_what_kills_one():
    outcome, share = after("two", lasts=SETTLED)

    assert failures(outcome, "secondary") == failures(outcome, "third") == []
    assert share["refused"] == share["dead"] == 0
    assert share[SECONDARY] == pytest.approx(0.5, abs=0.05)


@pytest.mark.long
def test_two_that_are_too_small_together_fall_one_after_the_other():
    """One for 30 a second falls, and the other, for 75, takes all 100: headroom counts."""
    outcome, share = after("two", f"backends.{SECONDARY}.capacity", 30, lasts=SETTLED)

    first, second = failures(outcome, "secondary"), failures(outcome, "third")
    assert first[0] < second[0]
    assert share["dead"] > 0
    assert share["refused"] > 0.2
