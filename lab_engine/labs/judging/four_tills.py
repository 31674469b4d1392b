"""Lab 01, The four tills: how the addresses are answered, and for how long they are kept.

An answer is run as a shop would run it: six separate hours, 72 windows of five minutes.
"""

import json
from collections.abc import Mapping, Sequence
from functools import lru_cache
from statistics import fmean
from typing import Any, Final, NamedTuple

from lab_engine.authority.policies import Weighted
from lab_engine.authority.records import RRset
from lab_engine.authority.recordset import RecordSet
from lab_engine.authority.zone import Zone
from lab_engine.errors import LabError
from lab_engine.labs.answered import returned, whole
from lab_engine.labs.credit import near, nothing, thrifty, titled, worse
from lab_engine.labs.lab import Answer, Finding, Given, Goal, Lab, World
from lab_engine.simulation.parts import Resolvers
from lab_engine.simulation.quantiles import weighted_quantiles
from lab_engine.simulation.run import run
from lab_engine.simulation.scenario import Scenario

from .four_tills_worlds import CLIENTS, LIMIT, SKEW, WINDOW, unseen, world

HOUR: Final = 3600
HOURS: Final = 6
WASTED: Final = 2.0  # budgets: half-way to that, one window must do: it is dear and earns little
NAIVE: Final = 1.30  # one address an answer, kept for a minute, in the shop of the story
WAIT_MS, MISS_MS = 12, 60
LONGEST: Final = 604_800
FORMS: Final = ("set", "one")
IMPOSSIBLE: Final = "impossible"
EVEN, BUDGET, WAIT = "even", "budget", "wait"
GOALS: Final = (
    Goal(EVEN, "The busiest till has at most 1.20 times the mean", 50, "lesson 01, parts 2 and 3"),
    Goal(BUDGET, "The questions stay within the budget", 30, "lesson 01, part 1"),
    Goal(WAIT, "95 of 100 look-ups take at most 12 ms", 20, "lesson 04, part 2"),
)
KEYS: Final = tuple(goal.key for goal in GOALS)


class _Measured(NamedTuple):
    """What came of an answer: busiest/mean in 95 % of windows, budgets spent, p95 of look-ups.

    The first two to hundredths, as their goals are stated: what is shown is what is judged.
    """

    uneven: float
    bill: float
    wait_ms: float


def judge(shop: World, given: Given) -> Sequence[Finding]:
    """What an answer is worth in one shop, or in the worst of a group of them, by goals."""
    if "group" in shop:
        shops, results = shop["group"], given.get("answer")
        if not isinstance(results, list) or len(results) != len(shops):
            results = [None] * len(shops)
        alone = zip(shops, results, strict=True)
        return worse([judge(one, {"answer": [result]}) for one, result in alone])
    try:
        choice = _choice(given.get("answer"))
    except LabError as refused:
        return nothing(KEYS, str(refused))
    if choice is None:
        findings = _declined(shop)
    elif shop["hopeless"]:
        findings = _promised(_measured(shop, *choice))
    else:
        findings = _credited(_measured(shop, *choice))
    return titled(findings, shop)


def _choice(results: Any) -> tuple[str, int] | None:
    """The form and the TTL; None if the answer is that nothing does it.

    Raises:
        LabError: it is neither.
    """
    value = returned("answer", results[0] if isinstance(results, list) and results else None)
    if value == IMPOSSIBLE:
        return None
    if not isinstance(value, Mapping) or sorted(value) != ["form", "ttl"]:
        remedy = 'Give {"form": "set", "ttl": 300}, say, or "impossible".'
        raise LabError(f"{value!r:.60}", "is not a form and a TTL", remedy)
    form, ttl = value["form"], value["ttl"]
    if form not in FORMS:
        raise LabError(f"form {form!r:.40}", "is not known", f"Take one of {', '.join(FORMS)}.")
    return form, whole("ttl", ttl, 0, LONGEST)


def _declined(shop: World) -> tuple[Finding, ...]:
    if shop["hopeless"]:
        said = "said that no TTL does it here"
        return tuple(Finding(key, 1.0, said, "an honest no where none does") for key in KEYS)
    turn = "There is a TTL that does it here: what does the budget allow, and is that even enough?"
    return tuple(Finding(key, 0.0, IMPOSSIBLE, "a form and a TTL", turn) for key in KEYS)


def _promised(measured: _Measured) -> tuple[Finding, ...]:
    """Something was given where nothing does it."""
    found = f"{_uneven(measured)} with {_bill(measured)}"
    wanted = f"at most {LIMIT:.2f} within the budget, or an honest no where no TTL does both"
    turn = "A shorter TTL costs more, a longer one is less even: is there anything between them?"
    return tuple(Finding(key, 0.0, found, wanted, turn) for key in KEYS)


def _credited(measured: _Measured) -> tuple[Finding, ...]:
    even = near(measured.uneven, LIMIT, NAIVE)
    findings = (
        Finding(
            EVEN,
            even,
            _uneven(measured),
            f"at most {LIMIT:.2f}",
            "Who keeps one address for many users, and for how long? Less of either is more even.",
        ),
        Finding(
            BUDGET,
            even * near(measured.bill, 1, WASTED),
            _bill(measured) + _worthless(even),
            "at most 1.00 budgets, while the load is even",
            "Each copy that ends is a question, and each resolver has a copy of its own.",
        ),
        Finding(
            WAIT,
            even * near(measured.wait_ms, WAIT_MS, MISS_MS),
            f"p95 of look-ups {measured.wait_ms:.0f} ms" + _worthless(even),
            f"at most {WAIT_MS} ms, while the load is even",
            "A look-up that finds no copy goes to the authority: let fewer than 5 of 100 do so.",
        ),
    )
    why = f"All goals count less, since questions are {measured.bill:.2f} times the budget."
    return thrifty(findings, measured.bill, 1.0, why)


def _uneven(measured: _Measured) -> str:
    return f"p95 of busiest/mean {measured.uneven:.2f}"


def _bill(measured: _Measured) -> str:
    return f"questions {measured.bill:.2f} budgets"


def _worthless(even: float) -> str:
    return "" if even == 1 else ", but the load is not even"


def _measured(shop: World, form: str, ttl: int) -> _Measured:
    return _found(json.dumps(shop), form, ttl)  # not sorted: dice go by the order of the mix


@lru_cache(maxsize=512)
def _found(world: str, form: str, ttl: int) -> _Measured:
    """Many give the same answer, and it comes to the same."""
    shop = json.loads(world)
    seeds = [HOURS * shop["seed"] + hour for hour in range(HOURS)]
    hour = scenario(shop, form, ttl)
    first = run(hour.set("duration", WINDOW).set("seed", seeds[0]))
    if first.authority_queries > (1 + WASTED) / 2 * shop["budget"]:
        outcomes = [first]
    else:
        outcomes = [run(hour.set("seed", seed)) for seed in seeds]
    ratios = [(ratio, 1.0) for outcome in outcomes for ratio in outcome.max_over_mean()]
    asked = fmean(count for outcome in outcomes for count in outcome.queries)
    waits = [wait for outcome in outcomes for wait in outcome.lookups]
    return _Measured(
        round(weighted_quantiles(ratios, (0.95,))[0], 2),
        round(asked / shop["budget"], 2),
        weighted_quantiles(waits, (0.95,))[0],
    )


def scenario(shop: World, form: str, ttl: int) -> Scenario:
    """An hour of a shop that answers so."""
    return Scenario(
        _zone(form, shop["servers"], ttl),
        "www",
        clients=CLIENTS,
        resolvers=Resolvers(shop["resolvers"], SKEW, tuple(shop["mix"].items())),
        duration=HOUR,
        bin=WINDOW,
        window=WINDOW,
    )


def _zone(form: str, servers: int, ttl: int) -> Zone:
    addresses = [f"192.0.2.{number}" for number in range(1, servers + 1)]
    if form == "set":
        return Zone.of("shop.example", [RRset.of("www", "A", addresses, ttl)])
    each = [
        RecordSet.of("www", "A", address, ttl, policy=Weighted(1), set_identifier=address)
        for address in addresses
    ]
    return Zone.of("shop.example", each)


def _asked(shop: World) -> tuple[Any, ...]:
    """With what the function is called for a shop."""
    return tuple(shop[name] for name in ("resolvers", "servers", "mix", "budget"))


LAB: Final = Lab(
    "lab_01_four_tills",
    "The four tills",
    "01_round_robin",
    (Answer("answer", called=True),),
    GOALS,
    (
        {"title": "A", **world(200, 4, {"powerdns": 0.40, "bind": 0.35, "unbound": 0.25}, 1300, 1)},
        {"title": "B", **world(600, 5, {"powerdns": 0.14, "bind": 0.48, "unbound": 0.38}, 900, 2)},
        {"title": "C", **world(100, 5, {"powerdns": 0.26, "bind": 0.44, "unbound": 0.30}, 110, 3)},
        {"title": "D", **world(150, 5, {"powerdns": 0.78, "bind": 0.12, "unbound": 0.10}, 1000, 4)},
    ),
    unseen,
    judge,
    lambda shop: {"answer": [_asked(each) for each in shop.get("group", [shop])]},
)
