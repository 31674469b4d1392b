"""Lab 06: an outage of 75 s, no failover on a pause, and the lowest bill.

An answer is a function, and what it gives back in each case is measured by the laws of lesson 06. A
promise that is kept while the other is broken is worth half or nothing, and both only as much as
the bill allows. Hidden cases come in threes that differ in one number, of which the worst counts.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random
from statistics import fmean
from typing import Any, Final

from lab_engine.errors import LabError
from lab_engine.labs.answered import is_number, returned, short
from lab_engine.labs.credit import near
from lab_engine.labs.lab import Answer, Arguments, Finding, Given, Goal, Lab, Result, World

from .seventy_five_seconds_cases import (
    INTERVALS,
    LATE,
    OFTEN,
    PROMISE,
    SELDOM,
    THRESHOLDS,
    TOGETHER,
    Case,
    Settings,
    best,
    three,
)

GOALS: Final = (
    Goal("outage", "p99 outage at most 75 s", 30, "lesson 06, part 2"),
    Goal("calm", "no failover on a pause", 30, "lesson 06, part 4"),
    Goal("bill", "bill within 1 % of the lowest", 40, "lesson 04, part 2"),
)
NAIVE_OUTAGE: Final = PROMISE + 2 * LATE  # what arithmetic without the law of lesson 06 comes to
NAIVE_TRIPPED: Final = 2 * OFTEN - SELDOM  # likewise
DEAR: Final = 1.01  # of the lowest bill: rounded, it is no mistake
NAIVE_DEAR: Final = 1.11
WASTED: Final = 1.15  # times the lowest bill: whoever pays that has bought the promises
LONGEST_TTL: Final = 86_400
HIDDEN: Final = 5  # worlds
KINDS: Final = (  # what is best in the cases of each, so that no constant fits many
    *((10, 1), (10, 2), (10, 2), (10, 3), (10, 3)),
    *((10, 4), (10, 4), (30, 1), (30, 2), (30, 2)),
)

VISIBLE: Final = (Case(10, 2, 20, 0.4), Case(24, 1, 8, 12.0), Case(30, 4, 30, 20.0))


@dataclass(frozen=True)
class _Looked:
    """What was found in one case.

    Attributes:
        credits: by goal, from 0 to 1.
        measured: by goal, as a learner reads it.
        turns: by goal, which way to turn.
    """

    credits: dict[str, float]
    measured: dict[str, str]
    turns: dict[str, str]


def judge(world: World, given: Given) -> tuple[Finding, ...]:
    """One finding for each goal: the mean of what is judged together, by the worst of each."""
    cases = [Case(*each) for each in world["cases"]]
    results = given.get("settings")
    if not isinstance(results, list) or len(results) != len(cases):
        results = [
            Result(problem="settings was not called. Define a function of that name.")
        ] * len(cases)
    found = [_looked(case, result) for case, result in zip(cases, results, strict=True)]
    return tuple(_finding(goal.key, found, world["together"]) for goal in GOALS)


def _finding(goal: str, found: Sequence[_Looked], together: int) -> Finding:
    worst = min(found, key=lambda each: each.credits[goal])
    earned = [each.credits[goal] for each in found]
    starts = range(0, len(earned), together)
    credit = round(fmean(min(earned[start : start + together]) for start in starts), 6)
    measured = worst.measured[goal]
    if len(found) > 1:
        met = sum(each.credits[goal] == 1 for each in found)
        measured = f"met in {met} of {len(found)} cases; the worst: {measured}"
    return Finding(goal, credit, measured, WANTED[goal], worst.turns[goal] if credit < 1 else "")


WANTED: Final = {
    "outage": f"at most {PROMISE:.1f} s",
    "calm": f"at most {100 * SELDOM:.1f} %",
    "bill": f"at most {DEAR:.2f} times the lowest",
}


# --- one case -------------------------------------------------------------------------------------


def _looked(case: Case, result: Any) -> _Looked:
    try:
        return _measured(case, read(result))
    except LabError as refused:
        keys = [goal.key for goal in GOALS]
        return _Looked(
            dict.fromkeys(keys, 0.0),
            dict.fromkeys(keys, "nothing"),
            dict.fromkeys(keys, str(refused)),
        )


def _measured(case: Case, chosen: Settings) -> _Looked:
    outage, tripped = case.outage(chosen), case.tripped(chosen)
    dear = case.bill(chosen) / case.bill(best(case))
    kept = near(outage, PROMISE, NAIVE_OUTAGE)
    calm = near(tripped, SELDOM, NAIVE_TRIPPED)
    thrift = near(dear, DEAR, 2 * WASTED - DEAR)
    return _Looked(
        {
            "outage": kept * (1 + calm) / 2 * thrift,
            "calm": calm * kept * thrift,
            "bill": near(dear, DEAR, NAIVE_DEAR) * kept * calm,
        },
        {
            "outage": f"p99 outage {outage:.1f} s",
            "calm": f"a failover in {100 * tripped:.1f} % of such pauses",
            "bill": f"{dear:.2f} times the lowest bill",
        },
        _turns(case, chosen, outage, tripped, dear),
    )


def _turns(
    case: Case, chosen: Settings, outage: float, tripped: float, dear: float
) -> dict[str, str]:
    """Which way to turn, by goal, where credit may be short."""
    costly = (
        "It is kept, but at a higher bill than it takes, and counts for less."
        if dear > DEAR
        else ""
    )
    if outage > PROMISE:
        late = _largest_part(case, chosen)
    else:
        late = "A promise counts half while pauses cause failovers." if tripped > SELDOM else costly
    if tripped > SELDOM:
        calm = (
            "Enough checkers see the pause often enough: look at interval, threshold and time-out."
        )
    else:
        calm = "It counts only while the outage is kept." if outage > PROMISE else costly
    if outage > PROMISE or tripped > SELDOM:
        bill = "A bill counts only where both promises are kept."
    else:
        bill = "Which of all settings that keep both promises is cheapest? Mind TTL and fee."
    return {"outage": late, "calm": calm, "bill": bill}


def _largest_part(case: Case, chosen: Settings) -> str:
    parts = case.law(chosen).mean_parts
    if parts.detection >= parts.cache:
        part, remedy = f"detection (on average {parts.detection:.0f} s)", "interval and threshold"
    else:
        part, remedy = f"the cache (on average {parts.cache:.0f} s)", "the TTL"
    return f"Most of it is {part}: look at {remedy}."


# --- what was given back --------------------------------------------------------------------------


def read(result: Any) -> Settings:
    """The settings that a call gave back.

    Raises:
        LabError: it gave none, or some that nobody offers.
    """
    value = returned("settings", result)
    remedy = 'Return {"interval": 30, "threshold": 1, "ttl": 45}, say.'
    if not isinstance(value, dict):
        raise LabError(f"settings gave back {short(value)}", "which is no dict", remedy)
    for name in [each for each in value if each not in Settings._fields]:
        raise LabError(f"settings gave back {short(name)}", "which is no setting", remedy)
    return Settings(*(_whole(value, *each) for each in OFFERED))


OFFERED: Final[tuple[tuple[str, Callable[[int], bool], str], ...]] = (
    ("interval", lambda given: given in INTERVALS, "10 or 30"),
    ("threshold", lambda given: given in THRESHOLDS, "a whole number from 1 to 10"),
    ("ttl", lambda given: 0 <= given <= LONGEST_TTL, f"a whole number from 0 to {LONGEST_TTL}"),
)


def _whole(given: dict[str, Any], name: str, offered: Callable[[int], bool], what: str) -> int:
    if name not in given:
        raise LabError(f"settings gave back no {name}", f"which is {what}", f"Add {name!r}.")
    value = given[name]
    if not is_number(value) or value % 1 != 0 or not offered(int(value)):
        raise LabError(f"{name} {short(value)}", f"is not {what}", "Return one that is.")
    return int(value)


# --- the lab --------------------------------------------------------------------------------------


def unseen(dice: Random) -> tuple[World, ...]:
    """Thirty cases in threes, two of these in a world."""
    kinds = dice.sample(KINDS, len(KINDS))
    return tuple(
        _world([case for kind in kinds[world::HIDDEN] for case in three(dice, *kind)], TOGETHER)
        for world in range(HIDDEN)
    )


def calls(world: World) -> dict[str, list[Arguments]]:
    """The function is called once for each case."""
    return {"settings": [tuple(each) for each in world["cases"]]}


def _world(cases: Sequence[Case], together: int = 1) -> dict[str, Any]:
    return {"cases": [list(each) for each in cases], "together": together}


LAB: Final = Lab(
    name="lab_06_seventy_five_seconds",
    title="06 Seventy-five seconds",
    lesson="06_failover",
    answers=(Answer("settings", called=True),),
    goals=GOALS,
    visible=tuple(_world([each]) for each in VISIBLE),
    unseen=unseen,
    judge=judge,
    calls=calls,
)
