"""Sweeps: every combination, seeds of their own, and the same results whoever runs them."""

import multiprocessing
import os
import pickle
import signal
import threading
from concurrent.futures import Future, ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import contextmanager
from itertools import product

import pytest

from lab_engine import sweep
from lab_engine.authority.records import RRset
from lab_engine.authority.zone import Zone
from lab_engine.errors import LabError, ScenarioError
from lab_engine.simulation import Clients, Resolvers, Scenario, run
from lab_engine.simulation.parts import Backend, Checkers, Layer, ScheduledChange
from lab_engine.simulation.sweep import seed
from tests.counts import long_but

ZONE = Zone.of("shop.example", [RRset.of("www", "A", ["192.0.2.1", "192.0.2.2"], 20)])
SCENARIO = Scenario(
    ZONE,
    "www",
    resolvers=Resolvers(3),
    clients=Clients(20, 0.05),
    schedule=(ScheduledChange(30, "down", ["192.0.2.1"]),),
    duration=60,
    bin=20,
    window=20,
)
SETTINGS = {"zone.www.ttl": [5, 20], "resolvers.profile": ["ideal", "frozen"]}


def swept(executor=None, **changes):
    return sweep(SCENARIO, SETTINGS, 3, executor, engine="events", **changes)


def test_every_combination_is_run_with_each_replication():
    points = swept()

    combinations = [dict(zip(SETTINGS, each, strict=True)) for each in product(*SETTINGS.values())]
    assert [point.settings for point in points] == combinations
    assert [len(point.outcomes) for point in points] == [3] * 4
    assert not any(point.partial for point in points)


def test_a_run_is_the_one_that_its_settings_and_seed_give():
    outcome = swept()[2].outcomes[1]

    alone = SCENARIO.set("zone.www.ttl", 20).set("resolvers.profile", "ideal")
    assert outcome == run(alone.set("seed", seed(1, 2, 1)), "events")


def test_seeds_are_all_different_and_those_of_every_machine():
    seeds = {seed(*each) for each in product(range(5), repeat=3)}

    assert len(seeds) == 125
    assert seed(1, 0, 0) == 2072399935556892249


def test_without_settings_there_is_one_point():
    (point,) = sweep(SCENARIO, {}, 2, engine="events")

    assert (point.settings, len(point.outcomes)) == ({}, 2)


def test_a_measure_has_quantiles_over_the_replications():
    point = swept()[0]

    low, middle, high = point.quantiles(lambda outcome: outcome.total)
    assert [low, middle, high] == sorted(outcome.total for outcome in point.outcomes)


# What comes from elsewhere is compared by what it says, for a NaN equals nothing.


@pytest.mark.slow
def test_processes_give_the_same():
    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn")) as executor:
        points = swept(executor)

    assert repr(points) == repr(swept())


@contextmanager
def dask_cluster():
    """Two worker processes, on loopback, without a dashboard."""
    distributed = pytest.importorskip("distributed")
    with (
        distributed.LocalCluster(
            n_workers=2,
            threads_per_worker=1,
            processes=True,
            host="127.0.0.1",
            dashboard_address="127.0.0.1:0",
            scheduler_kwargs={"dashboard": False},
        ) as cluster,
        distributed.Client(cluster) as client,
    ):
        yield client


def listeners():
    """The addresses at which this process and its children wait for connections."""
    import psutil

    me = psutil.Process()
    found = [each.net_connections() for each in (me, *me.children(recursive=True))]
    return [one.laddr.ip for each in found for one in each if one.status == psutil.CONN_LISTEN]


@pytest.mark.long
@pytest.mark.slow
def test_a_dask_cluster_gives_the_same():
    before = {child.pid for child in multiprocessing.active_children()}
    with dask_cluster() as client:
        listening = listeners()
        with client.get_executor() as executor:
            points = swept(executor)

    assert repr(points) == repr(swept())
    assert set(listening) == {"127.0.0.1"}
    assert {child.pid for child in multiprocessing.active_children()} == before


def test_progress_is_told():
    told = []
    swept(progress=lambda done, total: told.append((done, total)))

    assert told == [(done, 12) for done in range(1, 13)]


def broken_off_after(count):
    def progress(done, _):
        if done == count:
            raise KeyboardInterrupt

    return progress


def test_ctrl_c_ends_a_sweep():
    with pytest.raises(KeyboardInterrupt):
        swept(progress=broken_off_after(4))


def test_who_asks_for_a_part_gets_what_is_done_and_the_rest_is_marked():
    points = swept(progress=broken_off_after(4), partial=True)

    assert [len(point.outcomes) for point in points] == [3, 1, 0, 0]
    assert [point.partial for point in points] == [False, True, True, True]
    assert points[0] == swept()[0]


class Lazy:
    """An executor that does nothing until it is asked for a result."""

    def __init__(self):
        self.promises = []

    def submit(self, fn, /, *args):
        promise = Future()
        promise.result = lambda: fn(*args)
        self.promises.append(promise)
        return promise


def test_ctrl_c_takes_back_what_was_not_begun():
    executor = Lazy()
    points = swept(executor, progress=broken_off_after(2), partial=True)

    assert [len(point.outcomes) for point in points] == [2, 0, 0, 0]
    assert len(executor.promises) == 12
    assert all(promise.cancelled() for promise in executor.promises)


LONG = SCENARIO.set("schedule", ()).set("duration", 40_000).set("clients.rate", 20)


WAYS = [(threads, engine) for threads in (True, False) for engine in ("events", "population")]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("threads", "engine"), long_but(WAYS, (True, "population"), (False, "events"))
)
def test_an_interrupt_leaves_nothing_running(engine, threads):
    """They would take minutes; those under way are told that nobody waits for them."""
    big = LONG if engine == "events" else LONG.set("resolvers.count", 10**6)
    big = big if engine == "events" else big.set("clients.count", 10**6).set("duration", 4000)
    spawn = multiprocessing.get_context("spawn")
    executor = ThreadPoolExecutor(2) if threads else ProcessPoolExecutor(2, mp_context=spawn)
    executor.submit(abs, 1).result()
    threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGINT)).start()
    with executor, pytest.raises(KeyboardInterrupt):
        sweep(big, {"clients.rate": [20, 21, 22]}, 2, executor, engine=engine)

    assert not multiprocessing.active_children()
    assert not [each for each in threading.enumerate() if "ThreadPool" in each.name]


class Deaf(Future):
    """A run that is broken off, and ends in no time that anybody waits."""

    def cancel(self):
        return False

    def result(self, timeout=None):
        raise KeyboardInterrupt

    def exception(self, timeout=None):
        raise TimeoutError


def test_the_interrupt_is_told_though_a_run_does_not_end():
    executor = ThreadPoolExecutor(1)
    executor.submit = lambda *_: Deaf()

    with executor, pytest.raises(KeyboardInterrupt):
        sweep(SCENARIO, {"clients.rate": [1, 2]}, 1, executor)


@pytest.mark.parametrize(
    ("settings", "replications", "said"),
    [
        ({"zone.ww.ttl": [1]}, 1, "zone.ww.ttl: .* Did you mean zone.www.ttl"),
        ({"zone.www.ttl": [1, -1]}, 1, "zone.www.ttl -1: is not a whole number"),
        ({"zone.www.ttl": []}, 1, "is not a list of values to try"),
        ({"zone.www.ttl": 5}, 1, "zone.www.ttl 5: is not a list of values to try"),
        ({"order": "fixed"}, 1, "order 'fixed': is not a list of values to try"),
        ({"seed": [1, 2]}, 1, "seed: is set for each run. Ask for more replications"),
        ({}, 0, "replications 0: is not a whole number"),
        ({}, 2.0, "replications 2.0: is not a whole number"),
        ({}, 100_001, "replications 100001: is not a whole number"),
        ({"zone.www.ttl": range(1000), "clients.count": range(1000)}, 1, "1,000,000 runs: are mor"),
    ],
)
def test_what_cannot_be_swept_is_refused_before_anything_is_run(settings, replications, said):
    with pytest.raises(LabError, match=said):
        sweep(SCENARIO, settings, replications, executor=None)


def test_an_unknown_engine_is_refused():
    with pytest.raises(ScenarioError, match="quick: is not an engine"):
        sweep(SCENARIO, {}, engine="quick")


def test_scenarios_and_outcomes_cross_to_other_processes():
    scenario = SCENARIO.set("layers", [Layer("router")]).set("backends", [Backend("192.0.2.1")])
    scenario = scenario.set("checkers", Checkers())
    outcome = run(scenario, "events", trace=True)

    there = pickle.loads(pickle.dumps(scenario))
    assert repr(pickle.loads(pickle.dumps(outcome))) == repr(outcome)
    assert run(there, "events") == run(scenario, "events")
