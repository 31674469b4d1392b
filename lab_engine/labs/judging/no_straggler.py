"""Lab 04, Move without a straggler: when to publish which TTL before a move."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from lab_engine.errors import LabError
from lab_engine.labs.answered import is_number, returned, whole
from lab_engine.labs.credit import near, nothing, thrifty, titled, worse
from lab_engine.labs.lab import Answer, Finding, Given, Goal, Lab, World

from .no_straggler_worlds import (
    HOLD,
    LOW,
    MOST_CHANGES,
    WATCHED,
    Move,
    Plan,
    after_move,
    fills,
    straggling,
    unavoidable,
    unseen,
    world,
)

WEEK: Final = 604_800
LATE: Final = 20.0  # points more than must be: who begins a fifth of a TTL too late
WASTED: Final = 1.2  # budgets
NEAR, BLIND = 1.0, 7.0  # points of a forecast
NOBODY, BUDGET, FORECAST, BACK = "nobody", "budget", "forecast", "back"
TAUGHT: Final = "lesson 04, part 3"
GOALS: Final = (
    Goal(
        NOBODY, "When the old server goes, nobody is left who could have been reached", 35, TAUGHT
    ),
    Goal(BUDGET, "The questions stay within the budget", 27, TAUGHT),
    Goal(FORECAST, "The stragglers are foretold within a point", 28, TAUGHT),
    Goal(BACK, "There is a way back, and the old TTL within an hour", 10, TAUGHT),
)
KEYS: Final = tuple(goal.key for goal in GOALS)


def judge(world: World, given: Given) -> Sequence[Finding]:
    """What a plan is worth for one move, or for the worse of a pair of them, by goals."""
    if "pair" in world:
        results = given.get("plan")
        each = results if isinstance(results, list) and len(results) == 2 else [None, None]
        alone = zip(world["pair"], each, strict=True)
        return worse([judge(one, {"plan": [result]}) for one, result in alone])
    move = Move(*(world[name] for name in Move._fields))
    try:
        plan = _plan(given.get("plan"), move.latest_start)
    except LabError as refused:
        return nothing(KEYS, str(refused))
    left, least = 100 * straggling(move, plan), 100 * unavoidable(move)
    bill = world["caches"] * fills(move, plan) / world["budget"]
    nobody = near(left - least, 0.5, LATE)
    low = after_move(move, plan)
    back = float(HOLD <= plan.restore <= WATCHED and low <= LOW)
    short = "" if nobody == 1 else ", but some are left who could have been reached"
    stuck = short or ("" if back else ", but there is no way back")
    findings = (
        Finding(
            NOBODY,
            nobody,
            f"{left - least:.1f} points of the caches are left besides those nobody could reach",
            "at most 0.5",
            "When does the last copy end that was fetched before a change was seen? "
            "It must be over when the old server goes.",
        ),
        Finding(
            BUDGET,
            nobody * back * near(bill, 1, WASTED),
            f"questions {bill:.3f} budgets{stuck}",
            "at most 1.000 budgets, with nobody left and a way back",
            "A low TTL is paid for as long as it lasts: how long could each one be instead?",
        ),
        Finding(
            FORECAST,
            nobody * near(abs(plan.stragglers - left), NEAR, BLIND),
            f"{plan.stragglers:.1f} % were foretold, off by {abs(plan.stragglers - left):.1f}"
            f" points{short}",
            "off by at most 1 point, with nobody left",
            "Which copies outlive the old server, and what part of all is that?",
        ),
        Finding(
            BACK,
            nobody * back,
            f"restored {plan.restore} s after the move, a TTL of {low} s seen until then{short}",
            f"from {HOLD} to {WATCHED} s after it, at most {LOW} s, with nobody left",
            "Until the restore, whoever has the new address must be back within a minute. "
            "When must the low TTL be published to be seen at the move?",
        ),
    )
    why = f"All goals count less, since questions are {bill:.3f} times the budget."
    return titled(thrifty(findings, bill, 1.0, why), world)


def _plan(results: Any, latest_start: int) -> Plan:
    """What was given, as a plan.

    Raises:
        LabError: it is none, or breaks a rule of the lab.
    """
    value = returned("plan", results[0] if isinstance(results, list) and results else None)
    if not isinstance(value, Mapping) or sorted(value) != ["changes", "restore", "stragglers"]:
        rule = "is no plan"
        remedy = "Give a dict with changes, restore and stragglers, and nothing else."
        raise LabError(f"{value!r:.60}", rule, remedy)
    changes = _changes(value["changes"], latest_start)
    restore = whole("restore", value["restore"], 0, WEEK)
    foretold = value["stragglers"]
    if not (is_number(foretold) and 0 <= foretold <= 100):
        rule = "is no percentage"
        raise LabError(f"stragglers {foretold!r:.40}", rule, "Give a number from 0 to 100.")
    return Plan(changes, restore, float(foretold))


def _changes(given: Any, latest_start: int) -> tuple[tuple[int, int], ...]:
    if not isinstance(given, list) or not 1 <= len(given) <= MOST_CHANGES:
        rule = f"is not a list of 1 to {MOST_CHANGES} changes"
        raise LabError(f"changes {given!r:.60}", rule, "Give [[3600, 60]], say.")
    if not all(isinstance(each, list) and len(each) == 2 for each in given):
        remedy = "Give pairs: seconds ahead of the move, and the TTL from then on."
        raise LabError(f"changes {given!r:.60}", "are not pairs", remedy)
    made = tuple(
        (_ahead(ahead, latest_start), whole("a TTL of", ttl, 1, WEEK)) for ahead, ttl in given
    )
    times = [ahead for ahead, _ in made]
    if times != sorted(set(times), reverse=True):
        remedy = "Give the first change first, each nearer to the move than the one before."
        raise LabError(f"changes {times!r:.60} s ahead", "are not in the order of time", remedy)
    return made


def _ahead(value: Any, latest_start: int) -> int:
    ahead = whole("a change", value, 0, WEEK)
    if ahead > latest_start:
        rule = "is ahead of the approval"
        raise LabError(f"a change {ahead} s ahead of the move", rule, "Begin at latest_start.")
    return ahead


def _asked(world: World) -> tuple[Any, ...]:
    """With what the function is called for a move."""
    return tuple(world[name] for name in (*Move._fields, "caches", "budget"))


LAB: Final = Lab(
    "lab_04_no_straggler",
    "Move without a straggler",
    "04_ttl",
    (Answer("plan", called=True),),
    GOALS,
    (
        {"title": "A", **world(Move(14_400, 43_200, 60, 900), 50)},
        {"title": "B", **world(Move(300, 300, 30, 90), 120)},
        {"title": "C", **world(Move(28_800, 18_000, 300, 1800), 200)},
    ),
    unseen,
    judge,
    lambda world: {"plan": [_asked(each) for each in world.get("pair", [world])]},
)
