"""Lab 02: a canary that finds a fault soon, harms few, and is all of the traffic within an hour.

An answer is a plan, the same for all worlds; each world is a population of caches and a build with
a fault. What counts is what 95 of 100 runs stay within. A plan that finds no fault, or finds
it among everybody, earns next to nothing.
"""

from collections.abc import Sequence
from itertools import pairwise
from random import Random
from typing import Any, Final

from lab_engine.errors import LabError
from lab_engine.labs.answered import is_number, short, whole
from lab_engine.labs.credit import near, nothing, thrifty, worse
from lab_engine.labs.lab import Answer, Finding, Given, Goal, Lab, World

from .careful_canary_worlds import (
    Crowd,
    Limits,
    Measured,
    Plan,
    Step,
    drawn,
    limits,
    measured,
)

GOALS: Final = (
    Goal("detection", "the fault is found in time", 25, "lesson 02, part 3"),
    Goal("harm", "few requests fail", 35, "lesson 02, part 4"),
    Goal("rollout", "a good build has all traffic within 60 minutes", 20, "lesson 02, part 3"),
    Goal("queries", "the authority is not asked too often", 20, "lesson 04, part 2"),
)
WITHIN: Final = 60  # minutes
TTLS: Final = (5, 3600)
STEPS: Final = 12

VISIBLE: Final = (
    (Crowd(200, 1.0, 0.02, 0, 1), Limits(300, 80, 40_000)),
    (Crowd(200, 1.0, 0.02, 12, 2), Limits(50, 320, 40_000)),
    (Crowd(200, 1.0, 0.02, 40, 3), Limits(20, 750, 40_000)),
)
# From which weights on builds fail: a plan must be careful at each height.
SINCE: Final = ((0, 0), (3, 4), (11, 13), (22, 40))
TIMES: Final = 2  # that each of these is drawn
NOTHING: Final = 1.15  # times a limit of detection or harm: nothing is left


def judge(world: World, given: Given) -> tuple[Finding, ...]:
    """One finding for each goal, in one world or in the worst of a group."""
    if "group" in world:
        return worse([judge(each, given) for each in world["group"]])
    try:
        plan = read(given)
    except LabError as refused:
        return nothing([goal.key for goal in GOALS], str(refused))
    most = Limits(*world["limits"])
    found = measured(Crowd(*world["crowd"]), plan)
    dear = found.queries / most.queries
    why = f"All goals count less, since queries are {dear:.2f} times their limit."
    return thrifty(_findings(plan, found, most), dear, 1.0, why)


def _findings(plan: Plan, found: Measured, most: Limits) -> tuple[Finding, ...]:
    naive = 1 + 2 * (NOTHING - 1)  # half-way to it nothing is left
    soon = near(found.detection, most.detection, naive * most.detection)
    gentle = near(found.harmed, most.harmed, naive * most.harmed)
    both = soon * gentle
    ends = plan.complete
    done = near(WITHIN + 1e9 if ends is None else ends, WITHIN, 2 * WITHIN)
    cheap = near(found.queries, most.queries, 3 * most.queries)
    return (
        Finding(
            "detection",
            soon * (1 + gentle) / 2,
            f"p95 detection {found.detection:.0f} s",
            f"at most {most.detection} s",
            _late(found, most),
        ),
        Finding(
            "harm",
            both,
            f"p95 harmed {found.harmed:.0f} requests",
            f"at most {most.harmed}",
            _harmful(found, most),
        ),
        Finding(
            "rollout",
            done * both,
            "never all traffic" if ends is None else f"all traffic after {ends:g} minutes",
            f"at most {WITHIN} minutes",
            "The last step is a weight of 100." if done < 1 else _unless(soon, gentle),
        ),
        Finding(
            "queries",
            cheap * both,
            f"{found.queries:,.0f} queries an hour",
            f"at most {most.queries:,}",
            "A longer TTL asks less." if cheap < 1 else _unless(soon, gentle),
        ),
    )


def _late(found: Measured, most: Limits) -> str:
    if found.detection <= most.detection:
        return "It counts half while too many requests fail." * (found.harmed > most.harmed)
    return (
        "Too few requests reach the new build while it fails: raise the step that meets the fault."
    )


def _harmful(found: Measured, most: Limits) -> str:
    if found.harmed <= most.harmed:
        return "It counts only while faults are found in time." * (found.detection > most.detection)
    return (
        "Too many requests reach it between fault and abort: mind how high each step is and how "
        "long it lasts, and how long copies live after the abort."
    )


def _unless(soon: float, gentle: float) -> str:
    fine = soon == gentle == 1
    return "" if fine else "It counts only while faults are found in time and harm few."


# --- what was given -------------------------------------------------------------------------------


def read(given: Given) -> Plan:
    """The plan.

    Raises:
        LabError: it is none.
    """
    return Plan(_steps(given.get("steps")), whole("ttl", given.get("ttl"), *TTLS))


def _steps(given: Any) -> tuple[Step, ...]:
    remedy = "Write [(0, 50), (30, 100)], say: minutes, and per cent."
    if not isinstance(given, list) or not 1 <= len(given) <= STEPS:
        raise LabError(f"steps {short(given)}", f"is no list of 1 to {STEPS} steps", remedy)
    steps = []
    for each in given:
        if not isinstance(each, list | tuple) or len(each) != 2:
            raise LabError(f"step {short(each)}", "is not (minutes, weight)", remedy)
        steps.append(Step(_minutes(each[0]), whole("weight", each[1], 0, 100)))
    if any(later.minutes <= step.minutes for step, later in pairwise(steps)):
        raise LabError("steps", "are not in the order of time", "Give each a later minute.")
    return tuple(steps)


def _minutes(given: Any) -> float:
    if not is_number(given) or not 0 <= given <= 1440:
        raise LabError(f"minutes {short(given)}", "are not within a day", "Take 0 to 1440.")
    return float(given)


# --- the lab --------------------------------------------------------------------------------------


def unseen(dice: Random) -> tuple[World, ...]:
    """Builds that count as one: faults at any weight, and from a low, middle and great one on."""
    crowds = [drawn(dice, since) for _ in range(TIMES) for since in SINCE]
    return ({"group": [_world(each, limits(each)) for each in crowds]},)


def _world(crowd: Crowd, most: Limits) -> dict[str, Sequence[float]]:
    return {"crowd": [*crowd], "limits": [*most]}


LAB: Final = Lab(
    name="lab_02_careful_canary",
    title="02 The careful canary",
    lesson="02_weights",
    answers=(Answer("steps"), Answer("ttl")),
    goals=GOALS,
    visible=tuple(_world(*each) for each in VISIBLE),
    unseen=unseen,
    judge=judge,
)
