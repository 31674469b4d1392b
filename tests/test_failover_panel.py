"""The panel of a failover: what it shows of many runs, and the goals that it reaches."""

import math

import pytest

from lab_engine import (
    Backend,
    Checkers,
    Clients,
    Failover,
    LabError,
    RecordSet,
    Resolvers,
    Scenario,
    ScheduledChange,
    Zone,
    failover,
    theory,
)
from lab_engine.course.datafile import load
from lab_engine.course.goals import PREDICATES
from lab_engine.views import failovers
from lab_engine.views.kit.dots import Dots
from lab_engine.views.kit.partbars import PartBars
from lab_engine.views.kit.strip import Strip
from tests.counts import long_but

pytestmark = pytest.mark.slow

FIRST, SECOND = "192.0.2.1", "192.0.2.2"
CONTROLS = ("interval", "threshold", "ttl", "death", "back", "check", "client", "capacity")
GOALS = load("06_failover").goals
LASTS, FAILS = f"backends.{FIRST}.lasts", f"backends.{FIRST}.fails"
MOVES = {
    "hiccup": {
        "checkers.interval": "10 s",
        "checkers.threshold": 1,
        FAILS: "takes connections and is silent",
        LASTS: "after 12 s",
    },
    "both": {"checkers.interval": "10 s", f"backends.{SECOND}.capacity": "60 % of it"},
    "promise": {"checkers.interval": "10 s", "checkers.threshold": 2, "zone.www.ttl": 30},
}


def shop() -> Scenario:
    """As the lesson has it: the primary dies after half a minute."""
    sets = [
        RecordSet.of(
            "www",
            "A",
            address,
            60,
            policy=Failover(role),
            set_identifier=role,
            health_check_id=role.lower(),
        )
        for role, address in (("PRIMARY", FIRST), ("SECONDARY", SECOND))
    ]
    return Scenario(
        Zone.of("shop.example", sets),
        "www",
        clients=Clients(100, rate=0.2),
        resolvers=Resolvers(12, skew=0),
        backends=(Backend(FIRST), Backend(SECOND)),
        checkers=Checkers(30, 3),
        schedule=(ScheduledChange(30, "down", [FIRST]),),
        duration=300,
        bin=5,
    )


@pytest.fixture(scope="module")
def panel():
    """With all of its controls."""
    return failover(shop(), *CONTROLS, sla=120)


@pytest.fixture(autouse=True)
def _reset(panel):
    yield
    panel.reset()


def test_strip_bars_and_dots_stand_in_one_picture(panel):
    kinds = [type(part) for part in panel.picture.parts]

    assert kinds == [Strip, PartBars, Dots]
    assert panel.picture.parts[0].lamps[0].lane == "checkers"
    assert panel.picture.parts[2].line == 120


def test_bars_are_those_of_the_law(panel):
    """Mean and p99 of 60 runs: within 4 sigma of the checkers' phases and 12 copies a run."""
    law = theory.Failover(30, 3, ttl=60).outage
    rows = dict(panel.picture.parts[1].rows)

    assert rows["mean"].total == pytest.approx(law.mean, abs=4 * law.sd / math.sqrt(60))
    assert law.quantile(0.95) < rows["p99"].total <= rows["worst"].total <= law.longest


def test_the_playhead_begins_where_the_authority_knows_and_clients_do_not(panel):
    strip = panel.picture.parts[0]
    minds, caches = strip.lamps

    assert strip.begin == 30 + panel.outcome.this.outages[0].published
    assert strip.lit(minds, strip.begin).count("dead") == 14
    assert strip.lit(caches, strip.begin).count(SECOND) == 0


def test_a_death_that_nobody_finds_out_is_seen_from_its_beginning(panel):
    panel.set(FAILS, "is well for checks only")

    assert panel.status == ""
    assert panel.picture.parts[0].begin == 30


@pytest.mark.parametrize("name", long_but(failovers.DEATHS, "refuses connections"))
def test_every_death_is_drawn(panel, name):
    panel.set(FAILS, name)

    assert panel.status == ""
    assert panel.scenario.get(FAILS) == failovers.DEATHS[name]


@pytest.mark.parametrize(
    "name",
    long_but(failovers.CLIENTS, "its resolver at each request"),
)
def test_every_client_is_drawn(panel, name):
    panel.set("clients.profile", name)

    assert panel.status == ""


@pytest.mark.parametrize("key", long_but(GOALS, "promise"))
def test_each_goal_is_reached_by_moves_that_a_learner_might_make(panel, key):
    goal = GOALS[key]
    assert not goal.standing(panel.scenario, panel.outcome).reached
    for path, value in MOVES[key].items():
        panel.set(path, value)

    assert goal.standing(panel.scenario, panel.outcome).reached
    assert goal.reach in PREDICATES


def test_a_secondary_with_a_limit_falls_over_and_one_without_has_none(panel):
    """Capacity and restart go together: without the one the other is refused."""
    for name, capacity, restart in (("60 % of it", 12, 30), ("everything", math.inf, 0)):
        panel.set(failovers.ROOM, name)
        backend = panel.scenario.scenario.backends[1]

        assert (panel.status, backend.capacity, backend.restart) == ("", capacity, restart)


def test_a_threshold_of_nought_is_told_and_the_last_good_picture_stays(panel):
    before = panel.summary
    panel.set("checkers.threshold", 0)

    assert "Failures in a row goes from 1 to 5" in panel.status
    assert panel.summary == before


def test_an_unknown_control_is_refused():
    with pytest.raises(LabError, match="is no control"):
        failover(shop(), "weight")
