"""Lab 02: its table of answers, and the runs behind its marks against laws and the engine."""

import math
from random import Random
from statistics import fmean, quantiles

import numpy as np
import pytest
from hypothesis import given, settings

from lab_engine.authority.policies import Weighted
from lab_engine.authority.recordset import RecordSet
from lab_engine.authority.zone import Zone
from lab_engine.labs.judging import careful_canary_worlds as worlds
from lab_engine.labs.judging import lab
from lab_engine.labs.judging.careful_canary_worlds import (
    ALARM,
    RATE,
    REACTION,
    RUNS,
    Crowd,
    Plan,
    Step,
    limits,
    measured,
)
from lab_engine.simulation import Clients, Resolvers, Scenario, run
from lab_engine.simulation.parts import ScheduledChange
from tests.counts import LONG, long_but
from tests.labs.junk import JUNK
from tests.labs.tables import SEEDS, Tabled, score, unseen

pytestmark = pytest.mark.slow

NAME = "lab_02_careful_canary"
LAB = lab(NAME)
OLD, NEW = "192.0.2.1", "192.0.2.2"


def plan(*weights, ttl=20):
    """Weights that are raised every ten minutes."""
    return Plan(tuple(Step(10 * n, weight) for n, weight in enumerate(weights)), ttl)


REFERENCE = plan(2, 5, 10, 20, 45, 100)
DOUBLED = [[2, 4, 8, 16, 32, 64, 100], [2, 3, 5, 8, 13, 21, 34, 55, 100]]


class TestTable(Tabled):
    name = NAME


@pytest.mark.parametrize("seed", long_but(SEEDS, SEEDS[0]))
def test_idle_steps_never_pass(seed):
    """2 %, then 100 %, with whatever of a few seconds between: some hidden build finds it out."""
    for between in ("", "(49, 5), (49.1, 20),", "(0.1, 5), (0.2, 10), (0.3, 20), (0.4, 45),"):
        code = f"steps = [(0, 2), {between} (50, 100)]\nttl = 20\n"

        assert score(LAB, code, unseen(NAME, seed)) < 25


@pytest.mark.parametrize("weights", long_but(DOUBLED, DOUBLED[0]))
def test_no_plan_whose_steps_at_most_double_misses_a_limit(weights):
    for world in (each for group in unseen(NAME, 2) for each in group["group"]):
        found = measured(Crowd(*world["crowd"]), plan(*weights))

        assert all(here <= most for here, most in zip(found, world["limits"], strict=True))


def test_visible_limits_leave_the_reference_room():
    """At least a tenth in each, in runs with ten other seeds, too."""
    for world in LAB.visible:
        for seed in range(10):
            found = measured(Crowd(*world["crowd"])._replace(seed=seed), REFERENCE)

            assert found.queries <= 0.9 * world["limits"][2]
            assert found.harmed <= 0.95 * world["limits"][1]
            assert found.detection <= world["limits"][0]


# --- the numbers of the judge, another way --------------------------------------------------------


def one_by_one(crowd, plan, dice):
    """One run, cache by cache and copy by copy, in plain Python: detection and harm."""
    begins = plan.shows(crowd.since)
    copies = []
    for rate in crowd.rates:
        at = begins - 12 * (plan.ttl + 1 / rate) * dice.uniform(1, 2)
        while at < begins + 1000:
            share = next((s.weight for s in reversed(plan.steps) if 60 * s.minutes <= at), 0) / 100
            if dice.random() < share:
                copies.append((at, rate))
            at += plan.ttl + dice.expovariate(rate)

    def failed(now):
        return crowd.error * sum(
            (at >= begins) + rate * (min(now, at + plan.ttl) - max(at, begins))
            for at, rate in copies
            if at <= now and at + plan.ttl > begins
        )

    alarm = next((s for s in range(1, 900) if failed(begins + s) >= ALARM), 900)
    copies = [(at, rate) for at, rate in copies if at <= begins + alarm + REACTION]
    return alarm, failed(math.inf)


CROWDS = (Crowd(40, 1.0, 0.03, 0, 5), Crowd(40, 0.6, 0.03, 20, 6))


@pytest.mark.parametrize("crowd", CROWDS, ids=["any weight", "under load"])
def test_runs_agree_with_copies_one_by_one(crowd):
    """Means of detection and harm, within 4 standard errors of both."""
    count = 300 if LONG else 60
    dice = Random(11)
    alone = [one_by_one(crowd, REFERENCE, dice) for _ in range(count)]
    together = worlds._runs(crowd, REFERENCE, REFERENCE.shows(crowd.since), 960.0)

    for mine, theirs in zip(zip(*alone, strict=True), together, strict=True):
        error = math.sqrt(np.var(mine) / count + np.var(theirs) / RUNS)
        assert fmean(mine) == pytest.approx(float(theirs.mean()), abs=4 * error)


def test_detection_among_many_small_caches_is_a_division():
    """Thousands of equal caches share evenly: 20 / (500 · 2 % · 10 %) s after a turn."""
    crowd = Crowd(5000, 0.0, 0.10, 0, 1)

    assert measured(crowd, plan(2, ttl=5)).detection == pytest.approx(
        20 / (RATE * 0.02 * 0.1), abs=6
    )


def engine(ttl, skew):
    """The share of a canary that goes from 0 to 10 % at 100 s, in the 300 s after."""

    def member(name, address, weight):
        how = {"policy": Weighted(weight), "set_identifier": name}
        return RecordSet.of("www", "A", [address], ttl, **how)

    zone = Zone.of("shop.example", [member("old", OLD, 100), member("new", NEW, 0)])
    turn = [
        ScheduledChange(100, f"zone.www.{name}.weight", weight)
        for name, weight in (("old", 90), ("new", 10))
    ]
    given = Scenario(
        zone,
        "www",
        clients=Clients(50_000, 0.01),
        resolvers=Resolvers(200, skew),
        schedule=tuple(turn),
        duration=400,
        bin=10,
    )
    return (run(given.set("seed", seed), "population") for seed in range(100))


def test_the_canarys_requests_are_the_engines():
    """Requests of the new build in five minutes: mean and p95 of 100 runs each."""
    begins, ttl, crowd = 6000.0, 20, Crowd(200, 1.0, 1.0, 0, 4)
    turned = Plan((Step(begins / 60, 10),), ttl)
    at, number, rate = worlds._copies(crowd, turned, begins, 300.0)
    until = np.minimum(at + ttl, begins + 300) - np.maximum(at, begins)
    mine = np.bincount(number, (at >= begins) + rate * np.maximum(until, 0), RUNS)

    theirs = [sum(each.requests[each.addresses.index(NEW)][10:]) for each in engine(ttl, 1.0)]

    error = math.sqrt((np.var(mine) + np.var(theirs)) / RUNS)
    assert mine.mean() == pytest.approx(fmean(theirs), abs=4 * error)
    assert quantiles(mine, n=20)[-1] == pytest.approx(quantiles(theirs, n=20)[-1], rel=0.1)


def test_queries_are_the_engines():
    """Those of an hour, within 1 %."""
    first = next(engine(20, 1.0))

    assert first.authority_queries * 9 == pytest.approx(
        measured(Crowd(200, 1.0, 0.02, 0, 1), REFERENCE).queries, rel=0.01
    )


# --- junk -----------------------------------------------------------------------------------------


@settings(max_examples=500 if LONG else 60, deadline=None)
@given(JUNK, JUNK)
def test_junk_never_raises(steps, ttl):
    for answer in ({"steps": steps, "ttl": ttl}, {"steps": steps, "ttl": 3600}, {"ttl": 20}, {}):
        findings = LAB.judge(LAB.visible[0], answer)

        assert [each.goal for each in findings] == [goal.key for goal in LAB.goals]
        assert all(0 <= each.credit <= 1 for each in findings)


@pytest.mark.parametrize(
    ("steps", "ttl", "told"),
    [
        (None, 20, "is no list of"),
        ([], 20, "is no list of"),
        ([[each, 5] for each in range(13)], 20, "list of 1 to 12"),
        ([[0, 2, 3]], 20, ": is not (minutes, weight)"),
        ([[0, 2], [0, 5]], 20, "order of time"),
        ([[0, 101]], 20, "weight 101: is no whole"),
        ([[0, -1]], 20, "weight -1: is no whole"),
        ([[0, 2.5]], 20, "weight 2.5: is no whole"),
        ([["0", 2]], 20, "minutes '0': are not"),
        ([[-5, 2]], 20, "minutes -5: are not"),
        ([[0, 2]], 0, "ttl 0: is no whole"),
        ([[0, 2]], None, "ttl None: is no whole"),
        ([[0, 2]], 10**40, "is no whole number from 5 to 3,600"),
        ([[0, 2]], True, "ttl True: is no whole"),
    ],
)
def test_malformed_plans_are_told_apart(steps, ttl, told):
    for finding in LAB.judge(LAB.visible[0], {"steps": steps, "ttl": ttl}):
        assert finding.credit == 0
        assert told in finding.turn


def test_limits_grow_with_the_weight_at_which_a_fault_begins():
    crowd = Crowd(*LAB.visible[0]["crowd"])
    harmed = [limits(crowd._replace(since=since)).harmed for since in (0, 4, 12, 40)]

    assert harmed == sorted(harmed)
