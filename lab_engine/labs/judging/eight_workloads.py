"""Lab 07: for each of eight kinds of workloads, who decides, and by what.

Each row of a world is a workload. What `choose` says of it is run in the world that it names, and
held against each of the row's limits; the worst counts, and less so where the choice costs more
than another that keeps them all. Of a kind's rows in one world the worst counts, too: hidden worlds
have all sides of each kind, so one choice for a kind is not enough.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from random import Random
from typing import Any, Final, NamedTuple

from lab_engine.labs.answered import short
from lab_engine.labs.credit import near
from lab_engine.labs.judging.eight_workloads_measures import POLICIES, measured
from lab_engine.labs.judging.eight_workloads_rows import KINDS, shown, worlds
from lab_engine.labs.lab import Answer, Arguments, Finding, Given, Goal, Lab, Result, World

HIDDEN: Final = 2
SHOWN: Final = 7  # the dice of the visible world, whose rows stand in the notebook
POINTS: Final = 11.0
REASONS: Final = {"static site": "b", "gRPC": "c"}
LETTERS: Final = ("a", "b", "c", "d")
RIGHT: Final = 0.999999
TOO_DEAR: Final = 3.0  # times the cheapest, that somebody pays who takes L7 for all
NAIVE: Final[
    Mapping[str, Callable[[float], float]]
] = {  # what somebody gets who has not understood: in limits, or as it is measured
    "p99_ms": lambda limit: 1.6 * limit,
    "near_ms": lambda limit: 1.25 * limit,
    "errors_s": lambda limit: limit + 90,
    "sticky": lambda _: 0.95,
    "canary_points": lambda _: 1.0,
    "misled": lambda _: 0.05,
}
SAYS: Final = {
    "p99_ms": ("p99 {:,.0f} ms", "at most"),
    "near_ms": ("half of the users within {:.0f} ms", "at most"),
    "errors_s": ("{:.0f} s of errors after a death", "at most"),
    "sticky": ("{:.3f} of the requests back at their server", "at least"),
    "canary_points": ("the canary {:.2f} points off its 1 %", "at most"),
    "misled": ("{:.1%} of the requests at servers without their path", "at most"),
}
TURNS: Final = {
    "p99_ms": "Who decides in that world, how often, and how many decisions are there?",
    "near_ms": "Who in that world looks at where a user is?",
    "errors_s": "How soon is a death noticed there, and how long do copies of the answer live?",
    "sticky": "What brings a client back there, and does it bring every one of them?",
    "canary_points": "How many decisions fall into that time, and does the policy heed weights?",
    "misled": "Who in that world sees a path?",
}
USELESS: Final = "In that world this protocol is not understood at all: who reads what?"
DEARER: Final = "Something cheaper keeps these limits, too."
TAUGHT: Final = {
    "static site": "lesson 07, part 6",
    "WebSocket": "lesson 07, parts 2 and 5",
    "cart": "lesson 07, part 6",
    "canary 1 %": "lesson 07, part 6, and lesson 02",
    "gRPC": "lesson 07, part 5",
    "batch API": "lesson 07, part 3",
    "path split": "lesson 07, part 6",
    "legacy TCP": "lesson 07, parts 2 and 4",
}


class Verdict(NamedTuple):
    """What came of one row."""

    credit: float
    measured: str
    wanted: str
    turn: str = ""


def judge(world: World, given: Given) -> tuple[Finding, ...]:
    """A finding for each kind of workload, and one for the reasons."""
    results = _results(given.get("choose"), len(world["rows"]))
    verdicts: dict[str, list[Verdict]] = {kind: [] for kind in KINDS}
    for row, result in zip(world["rows"], results, strict=True):
        verdicts[row["workload"]["kind"]].append(_row(row, result))
    found = [_finding(kind, each) for kind, each in verdicts.items()]
    held = {kind for kind, each in verdicts.items() if min(e.credit for e in each) > RIGHT}
    return (*found, _reasons(given.get("reasons"), held))


def _results(given: Any, count: int) -> Sequence[Any]:
    good = isinstance(given, list) and len(given) == count
    return given if good else [Result(problem="choose was not called")] * count


def _finding(kind: str, verdicts: Sequence[Verdict]) -> Finding:
    worst = min(verdicts, key=lambda each: each.credit)
    return Finding(_key(kind), worst.credit, worst.measured, worst.wanted, worst.turn)


def _key(kind: str) -> str:
    return kind.removesuffix(" %").lower().replace(" ", "-")


# --- a row ----------------------------------------------------------------------------------------


def _row(row: Mapping[str, Any], result: Any) -> Verdict:
    choice = _choice(result)
    if isinstance(choice, str):
        wanted = 'a world and a policy, as {"world": "L4", "policy": "round robin"}'
        return Verdict(0.0, "nothing", wanted, choice)
    world, policy = choice
    usd, limits = row["workload"]["usd"], row["workload"]["limits"]
    verdicts = [
        _limit(name, value, limits[name]) for name, value in measured(row, world, policy).items()
    ]
    worst = min(verdicts, key=lambda each: each.credit)
    if worst.credit == 0:
        return worst
    dearer = usd[world] / usd[row["cheapest"]]
    if dearer > 1:
        paid = f"a bill {dearer:.1f} times that of another world that keeps the limits"
        credit = round(worst.credit * near(dearer, 1, TOO_DEAR), 6)
        bill = Verdict(credit, paid, "the cheapest that keeps them", DEARER)
        return bill if worst.credit > RIGHT else worst._replace(credit=bill.credit)
    return worst


def _choice(result: Any) -> tuple[str, str] | str:
    """A world and its policy, or what is wrong with the answer."""
    if not isinstance(result, Result):
        return "choose gave nothing that can be read: give a dict back."
    if result.problem:
        return f"choose gave nothing back: {result.problem}"
    value = result.value
    if not isinstance(value, dict) or set(value) != {"world", "policy"}:
        return f'choose gave {short(value)}, no dict with "world" and "policy": give one back.'
    world, policy = value["world"], value["policy"]
    if not isinstance(world, str) or world not in POLICIES:
        return f"world {short(world)} is none of the three: take DNS, L4 or L7."
    if not isinstance(policy, str) or policy not in POLICIES[world]:
        known = ", ".join(POLICIES[world])
        return f"policy {short(policy)} is none that {world} has: choose one of {known}."
    return world, policy


def _limit(name: str, value: float, limit: float) -> Verdict:
    says, bound = SAYS[name]
    wanted = f"{bound} {says.format(limit)}"
    if math.isnan(value):
        return Verdict(0.0, "no request is served", wanted, USELESS)
    credit = near(value, limit, NAIVE[name](limit))
    return Verdict(credit, says.format(value), wanted, "" if credit == 1 else TURNS[name])


# --- the reasons ----------------------------------------------------------------------------------


def _reasons(given: Any, held: set[str]) -> Finding:
    """Half for each right reason, where the choice that it defends holds in this world."""
    wanted = "a right reason for each of the two rows"
    if not isinstance(given, dict) or set(given) != set(REASONS):
        turn = f"reasons is {short(given)}: give a dict with a letter for each of its two rows."
        return Finding("reasons", 0.0, "nothing", wanted, turn)
    for kind, letter in given.items():
        if not isinstance(letter, str) or letter not in LETTERS:
            turn = f"reason {short(letter)} for {kind} is no letter of the four: take a to d."
            return Finding("reasons", 0.0, "nothing", wanted, turn)
    right = [kind for kind, letter in REASONS.items() if given[kind] == letter]
    good = [kind for kind in right if kind in held]
    turn = ""
    if len(right) < len(REASONS):
        turn = "Hold each of the four against what the lesson measured."
    elif len(good) < len(right):
        turn = "A reason counts where the choice that it defends is right: look at those rows."
    return Finding("reasons", len(good) / len(REASONS), f"{len(good)} of 2 hold", wanted, turn)


def calls(world: World) -> Mapping[str, Sequence[Arguments]]:
    """`choose` is called with each workload."""
    return {"choose": [(row["workload"],) for row in world["rows"]]}


def unseen(rng: Random) -> Sequence[World]:
    """Twice all sides of the eight kinds, with other numbers."""
    return worlds(rng, HIDDEN)


LAB: Final = Lab(
    name="lab_07_eight_workloads",
    title="Eight workloads",
    lesson="07_balancers",
    answers=(Answer("choose", called=True), Answer("reasons")),
    goals=(
        *(Goal(_key(kind), f"Row: {kind}", POINTS, TAUGHT[kind]) for kind in KINDS),
        Goal("reasons", "Two reasons", 100 - POINTS * len(KINDS), "lesson 07, parts 5 and 6"),
    ),
    visible=(shown(Random(SHOWN)),),
    unseen=unseen,
    judge=judge,
    calls=calls,
)
