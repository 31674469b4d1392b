"""Choosing an engine, and refusing what no machine could hold."""

import pytest

from lab_engine.authority.records import RRset
from lab_engine.authority.zone import Zone
from lab_engine.errors import ScenarioError
from lab_engine.simulation import Clients, Resolvers, Scenario, run
from lab_engine.simulation.parts import Place

ZONE = Zone.of("shop.example", [RRset.of("www", "A", ["192.0.2.1", "192.0.2.2"], 60)])
SMALL = Scenario(ZONE, "www", clients=Clients(10, 0.1), duration=60)


def test_auto_takes_population_where_it_is_exact_and_events_for_a_trace():
    assert run(SMALL).engine == "population"
    assert run(SMALL, trace=True).engine == "events"


def test_what_population_cannot_do_is_said_or_done_by_events():
    burst = SMALL.set("clients.arrivals", "h2")

    assert run(burst).engine == "events"
    with pytest.raises(ScenarioError, match=r"^population: cannot run this: .*Take the engine ev"):
        run(burst, "population")


@pytest.mark.parametrize(
    ("engine", "scenario", "estimate"),
    [
        (
            "events",
            Scenario(
                ZONE,
                "www",
                places=(Place(),) * 100,
                resolvers=Resolvers(100),
                clients=Clients(10, 0.001),
                duration=100_000,
                bin=1,
            ),
            r"in 3,0\d\d MB: are more than .* 2,147 MB",
        ),
        (
            "population",
            Scenario(
                ZONE,
                "www",
                resolvers=Resolvers(10**7),
                clients=Clients(10**7, 0.001, profile="os-cache"),
            ),
            r"4(\.\d+)? GB of memory: are more than the 2 GB",
        ),
    ],
)
def test_memory_that_would_not_fit_is_refused_before_the_start(engine, scenario, estimate):
    with pytest.raises(ScenarioError, match=estimate):
        run(scenario, engine)


def test_progress_is_told_by_the_event_engine():
    told = []
    run(SMALL.set("bin", 20), "events", progress=lambda done, total: told.append((done, total)))

    assert told[-1] == (60, 60)
    assert told == sorted(told)


def test_progress_is_told_before_the_watch_begins_too():
    """Caches are warmed for as long as they take: nobody should wait for that without a sign."""
    told = []
    busy = SMALL.set("clients.profile", "chrome").set("bin", 20)
    run(busy, "events", progress=lambda done, _total: told.append(done))

    assert told.count(0) > 1
    assert told[told.count(0) :] == [20, 40, 60]
