"""Lab 08: a design for a global service, as a function of what the customer asks for.

The design is compiled to its zone and put through a day. The five measures and the bill each have a
limit in the brief. The bill and the service count for all: 15 % above the bill's limit, or with 6.5
times as much unserved as allowed, and nothing is earned. The hidden world has six briefs, and of
each goal the worst finding counts: fast checks are cheap in three of them, and dear in the others.
"""

from collections.abc import Mapping, Sequence
from random import Random
from typing import Any, Final, NamedTuple

from lab_engine.errors import LabError
from lab_engine.labs.answered import returned, short
from lab_engine.labs.credit import near, nothing, worse
from lab_engine.labs.judging.global_service_days import Measured, measured
from lab_engine.labs.judging.global_service_worlds import shown, world
from lab_engine.labs.lab import Answer, Arguments, Finding, Given, Goal, Lab, World

SHOWN: Final = 1  # the dice of the visible world, whose brief stands in the notebook
LEAST, LONGEST = 10, 86_400  # seconds of a TTL
MOST: Final = 5  # servers of a pool; the engine follows each set of them that may be dead
POOL: Final = {"name", "continent", "region", "weights"}
DESIGN: Final = {"pools", "default", "ttl", "interval", "ecs"}


class Aim(NamedTuple):
    """One of the goals: in words, and what the naive answer reaches in parts of its limit."""

    title: str
    points: float
    taught: str
    says: str
    naive: float
    turn: str


AIMS: Final = {
    "latency": Aim(
        "95 of 100 requests get there and back in time",
        20,
        "lesson 08, part 2, and lesson 03",
        "p95 latency {:.0f} ms",
        1.6,
        "Whose way is the longest, and whom do their resolvers look like on a bad day?",
    ),
    "outage": Aim(
        "99 of 100 clients are led right again in time",
        20,
        "lesson 06, part 2, and lesson 08, part 2",
        "p99 outage {:.0f} s",
        1.3,
        "Three checks must fail, and then copies live on: which of the two takes longer?",
    ),
    "unserved": Aim(
        "Hardly anybody is refused or left with the dead",
        22,
        "lesson 08, part 4",
        "{:.1%} of a drill's requests not served",
        12,
        "Which pool gets more than its own clients on a bad day, and how much more?",
    ),
    "imbalance": Aim(
        "No server has much more than its share",
        8,
        "lesson 01, part 4",
        "the busiest server at {:.2f} times its share",
        1.4,
        "How many answers does a large resolver fetch in five minutes?",
    ),
    "canary": Aim(
        "The canary gets its share of Europe",
        15,
        "lesson 02, part 1, and lesson 08, part 3",
        "the canary {:.2f} points off",
        7,
        "A share is a weight against the sum of all weights of its pool.",
    ),
    "bill": Aim(
        "The bill is within its limit",
        15,
        "lesson 08, part 2",
        "{:,.0f} USD a month",
        1.3,
        "Which part is the largest: servers and where they stand, checks, or queries?",
    ),
}
KEPT: Final = ("latency", "outage", "unserved", "bill")
GATES: Final = {  # a goal -> those without which it would be met by doing nothing, or by money
    "latency": ("unserved", "bill"),
    "outage": ("unserved", "bill"),
    "unserved": ("bill",),
    "imbalance": KEPT,
    "canary": KEPT,
    "bill": ("latency", "outage", "unserved"),
}
GATED: Final = "This is reached, and counts only as far as {} does: mend that first."
NAMES: Final = {
    "latency": "the latency",
    "outage": "the outage",
    "unserved": "the service",
    "bill": "the bill",
}


def judge(world: World, given: Given) -> tuple[Finding, ...]:
    """A finding for each goal, from the worst of this world's services."""
    results, services = given.get("design"), world["services"]
    if not isinstance(results, list) or len(results) != len(services):
        results = [None] * len(services)
    return worse([_judged(*each) for each in zip(services, results, strict=True)])


def _judged(service: World, result: Any) -> tuple[Finding, ...]:
    try:
        found = measured(service, _design(service, result))
    except LabError as refused:
        return nothing([*AIMS], str(refused))
    limits = service["brief"]["limits"]
    reached = {
        key: near(getattr(found, key), limits[key], aim.naive * limits[key])
        for key, aim in AIMS.items()
    }
    return tuple(_finding(key, found, limits[key], reached) for key in AIMS)


def _finding(key: str, found: Measured, limit: float, reached: Mapping[str, float]) -> Finding:
    aim = AIMS[key]
    gate = min(GATES[key], key=reached.__getitem__)
    turn = "" if reached[gate] == 1 else GATED.format(NAMES[gate])
    turn = turn if reached[key] == 1 else aim.turn
    says = aim.says.format(getattr(found, key))
    credit = round(reached[key] * reached[gate], 6)
    return Finding(key, credit, says, f"at most {aim.says.format(limit)}", turn)


# --- the answer -----------------------------------------------------------------------------------


def _design(service: World, result: Any) -> dict[str, Any]:
    """What the function gave back, in the form of a design. Raises LabError if it has not that."""
    value = _keyed("a design", returned("design", result), DESIGN)
    pools, ttl = value["pools"], value["ttl"]
    if type(ttl) is not int or not LEAST <= ttl <= LONGEST:
        rule = f"is no TTL from {LEAST} to {LONGEST} s"
        raise LabError(short(ttl), rule, "A shorter one would ask for each request anew.")
    if not isinstance(pools, list):
        raise LabError(short(pools), "is no list of pools", "Give a list of dicts.")
    for pool in pools:
        _keyed("a pool", pool, POOL)
        offered = service["brief"]["usd"]
        if not isinstance(pool["region"], str) or pool["region"] not in offered:
            known = f"Choose one of {', '.join(offered)}."
            raise LabError(short(pool["region"]), "is no Region of the price list", known)
        weights = pool["weights"]
        if not isinstance(weights, list) or not 1 <= len(weights) <= MOST:
            rule = "is no list of one to five weights, one for each server"
            raise LabError(short(weights), rule, "Write [255, 255], say.")
    return value


def _keyed(what: str, given: Any, keys: set[str]) -> dict[str, Any]:
    listed = ", ".join(sorted(keys))
    if not isinstance(given, dict) or set(given) != keys:
        raise LabError(short(given), f"is not {what}", f"Give a dict with {listed}.")
    return given


def calls(world: World) -> Mapping[str, Sequence[Arguments]]:
    """`design` is called with each brief."""
    return {"design": [(each["brief"],) for each in world["services"]]}


def unseen(rng: Random) -> Sequence[World]:
    """One world of six briefs, each with a day of its own."""
    return (world(rng),)


LAB: Final = Lab(
    name="lab_08_global_service",
    title="Global service",
    lesson="08_capstone",
    answers=(Answer("design", called=True),),
    goals=tuple(Goal(key, aim.title, aim.points, aim.taught) for key, aim in AIMS.items()),
    visible=(shown(Random(SHOWN)),),
    unseen=unseen,
    judge=judge,
    calls=calls,
)
