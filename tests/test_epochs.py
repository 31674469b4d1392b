"""Epochs: what holds from when on, and health checks that find out by the law of failover."""

import math
from random import Random
from statistics import NormalDist, fmean

import pytest

from lab_engine.authority.policies import Weighted
from lab_engine.authority.records import RRset
from lab_engine.authority.recordset import RecordSet
from lab_engine.authority.zone import Zone
from lab_engine.simulation.epochs import downs, epochs, found_out
from lab_engine.simulation.epochs import verdicts as told
from lab_engine.simulation.parts import Backend, Checkers, ScheduledChange
from lab_engine.simulation.probes import failing
from lab_engine.simulation.scenario import Scenario
from lab_engine.simulation.theory import Failover
from tests.counts import LONG, long_but

RUNS = 4000 if LONG else 1000


ZONE = Zone.of(
    "shop.example",
    [
        RecordSet.of(
            "www",
            "A",
            f"192.0.2.{i}",
            60,
            set_identifier=f"s{i}",
            policy=Weighted(1),
            health_check_id=f"hc-{i}",
        )
        for i in (1, 2)
    ],
)


def scenario(*changes, checkers=None, **others):
    changed = tuple(ScheduledChange(*change) for change in changes)
    return Scenario(ZONE, "www", schedule=changed, checkers=checkers, **others)


def verdicts(given, seed=1):
    """Whether the authority takes hc-1 for failing, from when on."""
    found = [
        (each.start, "hc-1" in each.scenario.unhealthy) for each in epochs(given, Random(seed))
    ]
    return [now for now, before in zip(found, [(0, False), *found]) if now[1] is not before[1]]  # noqa: B905


def learned(given, checkers):
    """The same for many runs, without a scenario for each epoch: when hc-1 fails, and recovers."""
    given = given.set("checkers", checkers)
    fails = failing(given)
    runs = [found_out(given, fails, Random(seed))[0] for seed in range(RUNS)]
    assert all([each.healthy for each in run] == [False, True] for run in runs)
    return [run[0].at for run in runs], [run[1].at for run in runs]


VANISHES = (Backend("192.0.2.1", fails="black hole"),)
DEAD = (100, "down", ["192.0.2.1"])
ALIVE = (2000, "down", [])


def test_without_a_watch_there_are_the_changes_alone():
    given = scenario(DEAD, ALIVE)

    assert [each.start for each in epochs(given, Random(1))] == [0, 100, 2000]
    assert verdicts(given) == []


def test_health_checks_leave_alone_what_lives():
    assert verdicts(scenario((100, "zone.www.ttl", 5), checkers=Checkers())) == []


def ks_distance(sample, cdf):
    """The largest distance between what was drawn and a law (Kolmogorov and Smirnov)."""
    ordered, count = sorted(sample), len(sample)
    return max(
        max(abs(cdf(value) - index / count), abs((index + 1) / count - cdf(value)))
        for index, value in enumerate(ordered)
    )


FOUND_OUT = [
    (Checkers(30, 3, 16), 60 + 30 * 14 / 17),
    (Checkers(30, 3, 1), 60 + 15),
    (Checkers(30, 3, 16, connect_timeout=4), 60 + 30 * 14 / 17 + 12),
    (Checkers(10, 3, 16), 20 + 10 * 14 / 17),
    (Checkers(30, 1, 16, publication=5), 30 * 14 / 17 + 5),
    (Checkers(5, 3, 1, connect_timeout=2, publication=1), 10 + 2.5 + 6 + 1),
]


@pytest.mark.slow
@pytest.mark.parametrize(("checkers", "mean"), long_but(FOUND_OUT, FOUND_OUT[0], FOUND_OUT[-1]))
def test_death_and_return_are_found_out_by_the_law(checkers, mean):
    """Mean within 4 sigma, and the whole distribution as close as 4 sigma allow."""
    timeout = checkers.connect_timeout or 0
    law = Failover(
        checkers.interval, checkers.threshold, 0, timeout, checkers.publication, checkers.count
    )
    backends = VANISHES if timeout else ()
    fails, recovers = learned(scenario(DEAD, ALIVE, backends=backends), checkers)
    lost, back = [at - 100 for at in fails], [at - 2000 for at in recovers]
    # a chance of 6e-5, as 4 sigma of a normal law have it, both sides
    bound = math.sqrt(-math.log(NormalDist().cdf(-4)) / (2 * RUNS))

    assert law.outage.mean == pytest.approx(mean)
    assert abs(fmean(lost) - mean) < 4 * law.outage.sd / math.sqrt(RUNS)
    assert ks_distance(lost, law.outage.cdf) < bound
    assert min(lost) >= law.outage.shortest - 1e-9
    assert max(lost) <= law.outage.longest + 1e-9
    if not timeout:
        assert abs(fmean(back) - law.recovery.mean) < 4 * law.recovery.sd / math.sqrt(RUNS)
        assert ks_distance(back, law.recovery.cdf) < bound


@pytest.mark.slow
def test_a_probe_that_waits_when_the_server_returns_passes():
    """The dead are probed each minute, 30 s long; two thirds of the last still wait at 2000 s."""
    checkers = Checkers(30, 2, 1, connect_timeout=30)
    _, back = learned(scenario(DEAD, ALIVE, backends=VANISHES), checkers)

    waited = [at for at in back if at == 2030]
    assert abs(len(waited) / RUNS - 2 / 3) < 4 * math.sqrt(2 / 9 / RUNS)
    others = [at for at in back if at != 2030]
    assert 2050 <= min(others) < max(others) <= 2060


def test_a_short_death_leaves_no_verdict():
    given = scenario(DEAD, (159, "down", []), checkers=Checkers(30, 3))

    assert all(verdicts(given, seed) == [] for seed in range(60))


def test_results_in_a_row_begin_anew_after_a_short_life():
    """Two failures, a life long enough for every checker to see it, two failures: no verdict."""
    times = [(100, ["192.0.2.1"]), (155, []), (190, ["192.0.2.1"]), (245, [])]
    given = scenario(*((at, "down", down) for at, down in times), checkers=Checkers(30, 3))

    assert all(verdicts(given, seed) == [] for seed in range(60))


def test_what_is_dead_from_the_beginning_is_known():
    given = scenario(ALIVE, checkers=Checkers(), down=("192.0.2.1",))

    assert verdicts(given)[0] == (0, True)
    assert 2060 < verdicts(given)[1][0] < 2090


def test_what_becomes_known_after_the_end_is_not_there():
    assert verdicts(scenario((3590, "down", ["192.0.2.1"]), checkers=Checkers())) == []


def test_what_somebody_says_is_kept_beside_what_is_found():
    given = scenario(DEAD, ALIVE, checkers=Checkers(), unhealthy=("hc-2",))

    assert all("hc-2" in each.scenario.unhealthy for each in epochs(given, Random(1)))
    assert len(verdicts(given)) == 2


def test_a_check_that_no_record_set_names_any_more_is_forgotten():
    alone = Zone.of("shop.example", [RRset.of("www", "A", "192.0.2.2", 60)])
    given = scenario(DEAD, (1000, "zone", alone), checkers=Checkers())

    assert [state for _, state in verdicts(given)] == [True, False]
    assert verdicts(given)[1][0] == 1000


def test_the_same_dice_give_the_same_epochs():
    given = scenario(DEAD, ALIVE, checkers=Checkers())

    assert verdicts(given, 5) == verdicts(given, 5) != verdicts(given, 6)


def test_what_the_watch_tells_of_verdicts_and_deaths():
    """What is down from the beginning was found out before it, and nobody sees past the end."""
    given = scenario(DEAD, ALIVE, (2500, "down", ["192.0.2.2"]), checkers=Checkers(10, 2, 1))

    found = epochs(given, Random(1))

    assert downs(found, 3600) == (
        (0, ()),
        (100, ("192.0.2.1",)),
        (2000, ()),
        (2500, ("192.0.2.2",)),
    )
    assert downs(found, 2200)[-1] == (2000, ())
    assert [(v.check, v.healthy) for v in told(found, 3600)] == [
        ("hc-1", False),
        ("hc-1", True),
        ("hc-2", False),
    ]
    assert len(told(found, 2200)) == 2
    assert told(epochs(scenario(down=["192.0.2.1"], checkers=Checkers()), Random(1)), 3600) == ()
