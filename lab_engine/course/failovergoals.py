"""Goals of the panel of a failover: what can be asked of many runs in which a server dies."""

import math
from itertools import pairwise

from lab_engine.simulation import Outcome, theory
from lab_engine.simulation.many import Many, Runs
from lab_engine.simulation.outages import pooled, split
from lab_engine.simulation.parts import Checkers
from lab_engine.simulation.scenario import Scenario
from lab_engine.views.failovers import PRIMARY
from lab_engine.views.theme import percent
from lab_engine.views.theme import seconds as seconds_of

from .goals import SECONDS, SHARE, Standing, predicate

NEARLY = 0.99  # of the outages


@predicate(seconds=SECONDS, share=SHARE)
def failed_over_on_a_pause(many: Many, runs: Runs, *, seconds: float, share: float) -> Standing:
    """The primary is back within so many seconds, and in more than this share taken for dead."""
    lasts = many.get(f"backends.{PRIMARY}.lasts")
    part = sum(_tripped(each) for each in runs.others) / len(runs.others)
    now = f"{_back(lasts)}, {percent(part)} of the runs fail over"
    return Standing(lasts <= seconds and part > share, now)


def _back(lasts: float) -> str:
    return "never back" if math.isinf(lasts) else f"back after {seconds_of(lasts)}"


def _tripped(outcome: Outcome) -> bool:
    return any(not each.healthy for each in outcome.verdicts)


@predicate(seconds=SECONDS)
def both_down(_many: Many, runs: Runs, *, seconds: float) -> Standing:
    """All checks of the run that is shown fail at once, for longer than that."""
    longest = _nobody_well(runs.this)
    return Standing(longest > seconds, f"{seconds_of(round(longest, 1))} at a time")


def _nobody_well(outcome: Outcome) -> float:
    """The longest time in which at least two checks failed, seconds: all of a pair."""
    sick: set[str] = set()
    longest = 0.0
    ends = [*(each.at for each in outcome.verdicts), outcome.ended]
    for verdict, (start, end) in zip(outcome.verdicts, pairwise(ends), strict=True):
        (sick.discard if verdict.healthy else sick.add)(verdict.check)
        longest = max(longest, end - start if len(sick) > 1 else 0.0)
    return longest


@predicate(seconds=SECONDS, pause=SECONDS)
def promised(many: Many, runs: Runs, *, seconds: float, pause: float) -> Standing:
    """The primary dies for good, nearly all outages are over by then, and no pause is a death."""
    scenario = many.scenario
    late = split(pooled(each.outages[0] for each in runs.others), NEARLY).total
    chance = _chance(scenario, pause)
    dies = math.isinf(many.get(f"backends.{PRIMARY}.lasts"))
    kept = dies and late <= seconds and chance < 1 - NEARLY
    now = f"p99 {seconds_of(round(late))}, a pause is a death in {percent(round(chance, 3))}"
    return Standing(kept, now)


def _chance(scenario: Scenario, pause: float) -> float:
    """Of a pause in which connections are taken and nothing is answered."""
    how = scenario.checkers or Checkers()
    if how.type == "TCP":
        return 0.0  # it is connected, and content
    law = theory.Failover(how.interval, how.threshold, timeout=how.response, checkers=how.count)
    return law.tripped_by(pause)
