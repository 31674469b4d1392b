"""What lesson 06 says in words, against the engine: numbers that no cell of it computes."""

from dataclasses import replace
from pathlib import Path

import nbformat
import pytest

from lab_engine import Backend, Multivalue, RecordSet, Zone, run, theory
from lab_engine.authority.health import CHECKER_REGIONS, CHECKERS, MORE_THAN_PERCENT
from lab_engine.course.datafile import load
from lab_engine.simulation.failing import CONNECT, RESPONSE
from tests.counts import LONG
from tools.glossary import plain

from .seeds import shifted
from .test_failover_panel import FIRST, SECOND, shop

LESSON = Path(__file__).parents[1] / "lessons" / "06_failover.ipynb"
SHEET = load("06_failover")


@pytest.fixture(scope="module")
def prose():
    """The lesson's text, without marks and links to the glossary."""
    cells = nbformat.read(LESSON, as_version=4).cells
    texts = (plain(cell.source) for cell in cells if cell.cell_type == "markdown")
    return " ".join(texts).replace("*", "")


def test_the_middle_of_an_outage_is_the_sum_that_is_written_down(prose):
    first = 30 * 14 / 17

    assert theory.Failover(30, 3, ttl=60).outage.mean == pytest.approx(first + 60 + 30)
    assert f"{first:.1f} + 60 + 30 = {first + 90:.1f} s" in prose


def test_the_worst_cases_of_the_questions_are_those_of_the_law():
    assert theory.Failover(30, 3, ttl=60).outage.longest == 150
    assert (
        f"{theory.Failover(30, 3, ttl=60).outage.quantile(0.99):.0f} s" in SHEET.predict["cut"].ask
    )
    assert theory.Failover(30, 1, ttl=30, publication=5).outage.longest == 65
    assert theory.Failover(30, 3, ttl=30).outage.longest == 120
    assert "= 120 s" in SHEET.quiz["folklore"].why


def test_the_eighteen_per_cent(prose):
    """3 of 16 suffice, so 14 must agree; 11/17 of an interval lie between."""
    alive = MORE_THAN_PERCENT * CHECKERS // 100 + 1

    assert (alive, CHECKERS - alive + 1) == (3, 14)
    assert f"{30 * (14 - 3) / 17:.1f} s apart" in prose
    gap = theory.Failover(30, 3).outage.mean - theory.Failover(30, 3).recovery.mean
    assert gap == pytest.approx(30 * 11 / 17)


def test_what_a_pause_does(prose):
    """The chance of one checker, and of 14 of 16; and when two in a row are certain."""
    assert theory.Failover(30, 1, timeout=RESPONSE).tripped_by(25) == pytest.approx(0.24, abs=0.005)
    assert "chance 23/30, and 14 of 16 do so in 24 %" in prose
    twice = theory.Failover(10, 2, timeout=RESPONSE)
    assert (twice.tripped_by(14), twice.tripped_by(24)) == (0, 1)
    assert "24 s" in SHEET.quiz["nightly"].why


def test_what_ends_the_nightly_pause_and_what_that_costs():
    """Two failures or 30 s, and 12 s pass; but 30 s are later by 16 s, and not safe at 25 s."""
    now = theory.Failover(10, 1, timeout=RESPONSE)
    twice, slower = (replace(now, **each) for each in ({"threshold": 2}, {"interval": 30}))
    passed = [each.tripped_by(12) for each in (now, twice, slower)]
    assert passed == pytest.approx([1, 0, 0], abs=1e-4)

    refused = [replace(each, timeout=0).mean_parts.detection for each in (now, twice, slower)]
    later = [each - refused[0] for each in refused]
    nightly = SHEET.quiz["nightly"]
    assert f"found out {later[1]:.0f} s later" in nightly.why
    said = nightly.wrong["the interval: 30 s, as most people have it"]
    assert f"about {later[2]:.0f} s longer instead of {later[1]:.0f}" in said
    assert "a pause of 25 s is still a death in a quarter of the cases" in said
    assert slower.tripped_by(25) == pytest.approx(0.25, abs=0.02)


def test_some_users_are_sent_away_by_the_nightly_pause_and_not_for_long():
    """12 s at 10 s x 1: the 14th checker is down before the 3rd is up, and 3.5 s lie between."""
    check = theory.Failover(10, 1, timeout=RESPONSE)
    known = check.mean_parts.detection
    # Each checker that has failed passes at its next probe, an interval after it gave up.
    well = 3 / 17 * check.interval + RESPONSE + check.interval

    assert known < well < known + check.interval
    assert well - known == pytest.approx(3.5, abs=0.1)
    assert "some users are sent away for a TTL" in SHEET.quiz["nightly"].ask


def test_what_the_folklore_comes_to_with_the_default_threshold(prose):
    """With its 5 s to publish, as in the 65 s, and without."""
    both = [theory.Failover(30, 3, ttl=30, publication=each).outage.longest for each in (5, 0)]

    assert both == [125, 120]
    assert "With the default, 3, it is 125 s (120 without the 5)." in prose
    assert "125 s" in SHEET.later["threshold"].why


def test_the_checkers_are_the_labs(prose):
    """Two for each of the Regions that the API knows; of 15, 3 would do, too."""
    assert 2 * len(CHECKER_REGIONS) == CHECKERS == 16
    assert MORE_THAN_PERCENT * 15 // 100 + 1 == 3
    assert "names eight regions and no number: 16 is this lab's, others say about 15" in prose


def test_what_a_black_hole_adds(prose):
    assert [3 * each for each in CONNECT] == [12, 30]
    assert "4 s, for HTTP checks. A TCP check waits for 10 s: 30 s more" in prose


def test_twelve_seconds_meet_every_checker_at_ten():
    assert theory.Failover(10, 1, timeout=RESPONSE).tripped_by(12) == 1
    assert SHEET.predict["pause"].right == "every time"


NIGHTS = [shifted(seed) for seed in range(8 if LONG else 3)]


def shares_of_nights(capacity, restart, seeds=NIGHTS):
    """What part is served from two minutes on, with such a secondary, in per cent."""
    night = shop().set("duration", 600).set("bin", 10).set("zone.www.ttl", 20)
    secondary = Backend(SECOND, capacity=capacity, restart=restart, queue=20)
    two = (Backend(FIRST, capacity=30), secondary)
    small = {"resolvers.count": 100, "checkers.interval": 10.0, "backends": two}
    for path, value in small.items():
        night = night.set(path, value)
    for seed in seeds:
        outcome = run(night.set("seed", seed))
        good = sum(sum(each[15:]) for each in outcome.requests)
        yield 100 * good / (good + sum(outcome.failed[15:]))


@pytest.mark.slow
def test_a_secondary_that_is_too_small_serves_a_sixth():
    """Whatever the dice: some nights, each within a few points of what the question says."""
    said = float(SHEET.predict["cascade"].right.removesuffix(" %"))
    shares = list(shares_of_nights(capacity=12, restart=30))

    assert said == pytest.approx(sum(shares) / len(shares), abs=4)
    assert max(shares) < 30


@pytest.mark.long
def test_what_prevents_the_cascade(prose):
    """Room to spare, or a refusal of the rest; with little to spare it may fall once more."""
    assert min(shares_of_nights(capacity=40, restart=30)) > 99
    assert max(shares_of_nights(capacity=30, restart=30, seeds=[3])) < 97
    assert list(shares_of_nights(capacity=12, restart=0)) == pytest.approx(
        [60] * len(NIGHTS), abs=4
    )
    assert "then about 60 % are served" in prose


def test_clients_of_several_addresses_try_the_next():
    """With several addresses nobody loses a request; with a standby two thousand are lost."""
    several = [
        RecordSet.of(
            "www", "A", each, 60, policy=Multivalue(), set_identifier=each, health_check_id=each
        )
        for each in (FIRST, SECOND)
    ]
    standby = shop().set("seed", shifted(1))
    both = standby.set("zone", Zone.of("shop.example", several))

    assert sum(run(both).failed) == 0
    assert sum(run(standby).failed) == pytest.approx(2000, abs=400)
