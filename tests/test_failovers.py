"""What a TTL buys and costs, from runs: p99 outage, questions and knee, beside the closed forms.

Of 200 runs with 200 caches each, 2 % of the p99 outage are more than 4 sigma.
"""

from itertools import product
from statistics import fmean

import pytest

from lab_engine import LabError, Tradeoff, failovers, simulated_knee, ttl_tradeoff
from lab_engine.simulation.failovers import CACHES
from lab_engine.views.ttl_figures import tradeoff
from tests.counts import long_but

from .sampling import agrees, limit, standard_error
from .seeds import shifted

SLOW = pytest.mark.slow
RUNS = 200
TRADES = {
    "the default": Tradeoff(),
    "fast checks": Tradeoff(interval=10.0, threshold=2),
    "busy caches": Tradeoff(rate=20.0),
}


def within(found, seconds):
    """The part of each run's clients whose outage lasts no longer; all weigh alike."""
    return [sum(lasted <= seconds for lasted in each) / CACHES for each in alone(found)]


def alone(found):
    """The seconds of each client of each run; those that last alike are told together."""
    for one in found.outages:
        least = sum(weight for _, weight in one.lasted) / CACHES
        yield [lasted for lasted, weight in one.lasted for _ in range(round(weight / least))]


@SLOW
@pytest.mark.parametrize(
    ("name", "ttl"),
    long_but(
        product(TRADES, [5, 20, 60, 300, 1800]),
        ("the default", 20),
    ),
)
def test_runs_and_law_agree_on_the_p99_outage(name, ttl):
    """Within 2 %, which so many runs resolve."""
    trade = TRADES[name]
    p99 = trade.outage(ttl)

    found = failovers(trade, ttl, runs=RUNS, seed=shifted(1))

    early, there, late = (within(found, p99 * part) for part in (0.98, 1, 1.02))
    assert fmean(early) + limit(RUNS) * standard_error(early) < 0.99
    assert fmean(late) - limit(RUNS) * standard_error(late) > 0.99
    assert agrees(there, 0.99)
    assert found.outage() == pytest.approx(p99, rel=0.02)


@SLOW
@pytest.mark.parametrize("ttl", long_but([5, 60, 300], 60))
def test_runs_and_law_agree_on_the_bill(ttl):
    """Of 200 caches in 60 runs, thousands of questions: 2 % are 4 sigma."""
    trade = Tradeoff(caches=5000, price=0.7)

    assert failovers(trade, ttl, seed=shifted(2)).bill(trade) == pytest.approx(
        trade.bill(ttl), rel=0.02
    )


@pytest.mark.long
@pytest.mark.parametrize(("sla", "interval"), [(150, 30.0), (75, 10.0)])
def test_the_knee_of_runs_is_that_of_the_law(sla, interval):
    """The largest TTL whose p99 outage meets the SLA: by the law that is the SLA within 2 %."""
    trade = Tradeoff(sla=sla, interval=interval)

    knee = simulated_knee(trade, runs=RUNS, seed=shifted(3))

    assert failovers(trade, knee, runs=RUNS, seed=shifted(3)).outage() <= sla
    assert trade.outage(knee) == pytest.approx(sla, rel=0.02)
    assert knee == pytest.approx(trade.knee, abs=0.02 * sla + 1)


def test_no_ttl_meets_what_detection_breaks():
    assert simulated_knee(Tradeoff(sla=60), runs=5) is None


def test_what_does_not_change_a_failover_is_not_run_again():
    """Another SLA, price or number of caches: the same runs."""
    dear = Tradeoff(sla=10, price=2.0, caches=7, ttl=9)

    assert failovers(Tradeoff(), 20, runs=2) is failovers(dear, 20, runs=2)


@pytest.mark.parametrize(("ttl", "runs"), [(-1, 5), (20, 0), (20, 10_001), (1.5, 5)])
def test_what_cannot_be_run_is_refused(ttl, runs):
    with pytest.raises(LabError):
        failovers(Tradeoff(), ttl, runs=runs)


def test_circles_stand_beside_the_curves_where_it_was_simulated():
    trade = Tradeoff()
    found = [failovers(trade, ttl, runs=3) for ttl in (20, 300)]

    figure = tradeoff(trade, found)

    circles = [trace for trace in figure.data if trace.name.startswith("simulated")]
    assert [list(trace.x) for trace in circles] == [[20, 300]] * 2
    assert {trace.marker.symbol for trace in circles} == {"circle"}
    assert list(circles[0].y) == [float(f"{each.outage():.4g}") for each in found]
    assert "lines: closed forms; circles: simulated" in [
        note.text for note in figure.layout.annotations
    ]


@pytest.mark.slow
def test_a_panel_simulates_only_when_asked():
    plain = ttl_tradeoff(Tradeoff(), "sla")
    simulated = ttl_tradeoff(Tradeoff(), "sla", runs=2)

    def names(panel):
        return {trace.name for trace in panel.figure.data}

    assert names(simulated) - names(plain) == {"simulated outage", "simulated bill"}
