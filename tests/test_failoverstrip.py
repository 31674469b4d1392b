"""The strip of a failover: what it shows of an outcome, by either engine."""

import pytest

from lab_engine.authority.policies import Failover
from lab_engine.authority.recordset import RecordSet
from lab_engine.authority.zone import Zone
from lab_engine.errors import LabError
from lab_engine.simulation import run
from lab_engine.simulation.parts import Checkers, ScheduledChange
from lab_engine.views.kit.failoverstrip import failover_strip
from lab_engine.views.kit.strip import Bar, Moment

from .test_failures import A, B, scenario

ENGINES = pytest.mark.parametrize("engine", ["events", "population"])


def bars(strip, lane):
    return [mark for mark in strip.marks if isinstance(mark, Bar) and mark.lane == lane]


@ENGINES
def test_each_checker_has_a_row_that_turns_dark_when_it_changes_its_mind(engine):
    outcome = run(scenario(checkers=Checkers(10, 2, publication=3)), engine)

    strip = failover_strip(outcome)

    dark = {bar.row: bar.start for bar in bars(strip, "checkers") if bar.look == "dead"}
    assert dark == {each.checker: each.at for each in outcome.minds}
    assert [lane.rows for lane in strip.lanes] == [1, 16, 1, 1]
    assert bars(strip, "servers")[0].span == (100, 400)


@ENGINES
def test_the_verdict_comes_when_it_is_published(engine):
    outcome = run(scenario(checkers=Checkers(10, 2, publication=3)), engine)

    strip = failover_strip(outcome)

    healthy, unhealthy = bars(strip, "verdict")
    (verdict,), (outage,) = outcome.verdicts, outcome.outages
    assert healthy.end == unhealthy.start == verdict.at
    moments = [mark.at for mark in strip.marks if isinstance(mark, Moment)]
    assert moments == [100 + outage.noticed, 100 + outage.published]
    assert "14 of 16 checkers must say unhealthy before hc fails." in strip.sentence


def test_requests_fail_from_the_death_on_until_copies_have_run_out():
    outcome = run(scenario(checkers=Checkers(10, 2)).set("bin", 5))

    lost = bars(failover_strip(outcome), "requests")

    assert lost[0].start == 100
    assert lost[0].look == "bad"
    assert lost[-1].end <= 100 + 5 + outcome.outages[0].quantiles(1)[0]


def test_a_pause_shows_minds_that_turn_twice():
    paused = scenario("silent", Checkers(10, 1), backend={"lasts": 12})

    strip = failover_strip(run(paused), between=(95, 150))

    looks = [[bar.look for bar in bars(strip, "checkers") if bar.row == row] for row in range(16)]
    assert looks == [["good", "dead", "good"]] * 16
    assert (strip.start, strip.end) == (95, 150)
    assert all(95 <= bar.start < bar.end <= 150 for bar in strip.marks if isinstance(bar, Bar))


def test_who_is_dead_from_the_beginning_is_so_at_once():
    given = scenario(checkers=Checkers(10, 1), down=(A,), schedule=())

    strip = failover_strip(run(given))

    assert {bar.look for bar in bars(strip, "checkers")} == {"dead"}
    assert bars(strip, "servers")[0].span == (0, 400)


@pytest.mark.parametrize("check", ["", "hc-9"])
def test_a_check_that_saw_nothing_makes_no_strip(check):
    with pytest.raises(LabError, match="was never of another mind"):
        failover_strip(run(scenario(checkers=Checkers(), schedule=())), check)


# --- with the scenario ----------------------------------------------------------------------------


def watched(**changed):
    given = scenario(checkers=Checkers(10, 2), **changed)
    return given, run(given, holdings=12)


def test_with_the_scenario_it_shows_what_the_authority_answers():
    given, outcome = watched()

    answers = bars(failover_strip(outcome, scenario=given), "answer")

    known = 100 + outcome.outages[0].published
    assert [(bar.look, bar.start) for bar in answers] == [(A, 0), (B, known)]


def test_each_cache_has_a_row_and_holds_the_dead_until_its_copy_ends():
    given, outcome = watched()

    strip = failover_strip(outcome, scenario=given)

    minds, caches = strip.lamps
    known = 100 + outcome.outages[0].published
    assert strip.lit(minds, known).count("dead") >= 14
    assert strip.lit(caches, known).count(B) == 0
    assert strip.lit(caches, known).count(A) >= 10  # of one that holds nothing just then, neither
    assert strip.lit(caches, known + 25).count(B) >= 10


def test_a_check_that_is_content_has_its_rows_when_the_scenario_is_known():
    """A death that no check finds out is a picture, too."""
    given, outcome = watched(failure="checks only")

    strip = failover_strip(outcome, scenario=given)

    assert {bar.look for bar in bars(strip, "checkers")} == {"good"}
    assert [bar.look for bar in bars(strip, "answer")] == [A]
    assert "nobody finds out" in strip.sentence


def test_when_all_are_sick_the_primary_is_answered():
    """Last resort: with both unhealthy the policy chooses as if both were well."""
    sets = [
        RecordSet.of(
            "www", "A", [each], 20, policy=Failover(role), set_identifier=role, health_check_id=role
        )
        for each, role in ((A, "PRIMARY"), (B, "SECONDARY"))
    ]
    dies = (ScheduledChange(100, "down", [A]), ScheduledChange(200, "down", [A, B]))
    given, outcome = watched(zone=Zone.of("shop.example", sets), schedule=dies, backends=())

    strip = failover_strip(outcome, "PRIMARY", scenario=given)

    assert [bar.look for bar in bars(strip, "answer")] == [A, B, A]
    assert [bar.label for bar in bars(strip, "servers")] == ["A is dead", "A and B are dead"]
