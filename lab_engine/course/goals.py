"""Goals that a panel reaches: what can be asked of a scenario and its outcome, by name.

A goal's words and its numbers stand in a lesson's data file; here are the questions those numbers
are put to. A new one is a function with the decorator, which says the range of each number.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple, Protocol, TypeVar

from lab_engine.errors import LabError
from lab_engine.simulation import Outcome, Scenario
from lab_engine.simulation.many import Many, Runs
from lab_engine.simulation.moves import Move, Moved
from lab_engine.simulation.quantiles import weighted_quantiles
from lab_engine.simulation.strata import due_from
from lab_engine.views.kit.fan import BAND, intended, percents
from lab_engine.views.kit.scales import between
from lab_engine.views.theme import number, percent
from lab_engine.views.theme import seconds as seconds_of

Check = Callable[..., "bool | Standing"]
C = TypeVar("C", bound=Check)
Callback = Callable[[Any, Any, int], None]


class Watched(Protocol):
    """What a goal needs of a panel."""

    @property
    def scenario(self) -> Any:
        """Behind the present picture."""

    @property
    def outcome(self) -> Any:
        """Likewise."""

    def on_outcome(self, callback: Callback) -> None:
        """Call `callback(scenario, outcome, moves)` after each outcome that was drawn."""


class Standing(NamedTuple):
    """How a panel stands to a goal.

    Attributes:
        reached: whether it is.
        now: what is asked for, as it is at present; empty where that is no number.
    """

    reached: bool
    now: str = ""


class Measure(NamedTuple):
    """What a parameter is: a number between two ends, exclusively, and how it is put in words."""

    low: float
    high: float
    says: Callable[[float], str]


TEXT: Final = None  # a parameter that is no number
SHARE: Final = Measure(0, 1, percent)
RATIO: Final = Measure(1, math.inf, number)
RATE: Final = Measure(0, math.inf, number)
WEIGHT: Final = Measure(0, 256, number)
SECONDS: Final = Measure(0, math.inf, seconds_of)
MILLISECONDS: Final = Measure(0, math.inf, lambda ms: f"{number(ms)} ms")


@dataclass(frozen=True)
class Predicate:
    """A question to a scenario and its outcome.

    Attributes:
        check: (scenario, outcome, **parameters) -> whether it is so, or how it stands.
        parameters: what each of them is.
    """

    check: Check
    parameters: Mapping[str, Measure | None]


PREDICATES: Final[dict[str, Predicate]] = {}


def predicate(**parameters: Measure | None) -> Callable[[C], C]:
    """Name a function as a predicate with these parameters."""

    def named(check: C) -> C:
        PREDICATES[check.__name__] = Predicate(check, parameters)
        return check

    return named


@dataclass(frozen=True)
class Goal:
    """Something to bring about in a panel.

    Attributes:
        key: its name in the lesson.
        ask: what to bring about, with its numbers.
        why: what to say once it is reached.
        reach: the name of a predicate.
        target: that predicate's parameters.
    """

    key: str
    ask: str
    why: str
    reach: str
    target: Mapping[str, Any]

    def standing(self, scenario: Any, outcome: Any) -> Standing:
        """How it stands. Raises LabError if this panel can never reach it."""
        found = PREDICATES[self.reach].check(scenario, outcome, **self.target)
        return found if isinstance(found, Standing) else Standing(found)


@predicate(address=TEXT, share=SHARE, seconds=SECONDS)
def share_above(
    _scenario: object, outcome: Outcome, *, address: str, share: float, seconds: float
) -> Standing:
    """One server has more than this share of all requests for that long."""
    most = max(_shares(outcome, address, seconds))
    return Standing(most > share, f"{percent(most)} at most")


@predicate(address=TEXT, share=SHARE, seconds=SECONDS)
def share_below(
    _scenario: object, outcome: Outcome, *, address: str, share: float, seconds: float
) -> Standing:
    """One server has less than this share of all requests for that long."""
    least = min(_shares(outcome, address, seconds))
    return Standing(least < share, f"{percent(least)} at least")


@predicate(ratio=RATIO, seconds=SECONDS)
def uneven(_scenario: object, outcome: Outcome, *, ratio: float, seconds: float) -> Standing:
    """In some window that long the busiest server has more than `ratio` times the mean."""
    alive = len(outcome.addresses) - len(outcome.down)
    if ratio >= alive:
        rule = f"cannot be reached: with {alive} servers no one has {ratio:g} times the mean"
        raise LabError(f"ratio {ratio:g}", rule, f"Choose a ratio below {alive}.")
    most = max(outcome.max_over_mean(_fits(outcome, seconds)), default=0.0)
    return Standing(most > ratio, f"{number(most)} times a fair share at most")


@predicate(ratio=RATIO, seconds=SECONDS)
def even(_scenario: object, outcome: Outcome, *, ratio: float, seconds: float) -> Standing:
    """In every window that long the busiest server has less than `ratio` times the mean."""
    most = max(outcome.max_over_mean(_fits(outcome, seconds)), default=math.inf)
    return Standing(most < ratio, f"{number(most)} times a fair share at most")


@predicate(rate=RATE)
def queries_below(_scenario: object, outcome: Outcome, *, rate: float) -> Standing:
    """The authority answers fewer than `rate` questions a second, over all that was watched."""
    asked = outcome.authority_queries / (outcome.bin * len(outcome.queries))
    return Standing(asked < rate, f"{number(asked)} questions a second")


@predicate(ratio=RATIO, seconds=SECONDS, rate=RATE)
def level_within(
    scenario: object, outcome: Outcome, *, ratio: float, seconds: float, rate: float
) -> Standing:
    """`even`, and `queries_below` at once: a level load that does not cost a question each time."""
    level = even(scenario, outcome, ratio=ratio, seconds=seconds)
    cheap = queries_below(scenario, outcome, rate=rate)
    return Standing(level.reached and cheap.reached, f"{level.now}, {cheap.now}")


@predicate(queries=RATE)
def moved_cleanly(move: Move, moved: Moved, *, queries: float) -> Standing:
    """Nobody is left when the low TTL has passed, and it cost fewer questions than that."""
    late = moved.stale(move.low_ttl)
    clean = move.plan.straggling == 0 and late == 0
    now = f"{_left(late, move.low_ttl)}, {number(moved.asked)} questions"
    return Standing(clean and moved.asked < queries, now)


@predicate(share=SHARE, seconds=SECONDS)
def stale_after(move: Move, moved: Moved, *, share: float, seconds: float) -> Standing:
    """More than this share still goes to the old server then, though the plan leaves nobody."""
    late = moved.stale(seconds)
    now = _left(late, seconds) + _planned(move)
    return Standing(move.plan.straggling == 0 and late > share, now)


@predicate(share=SHARE)
def stale_at_the_end(move: Move, moved: Moved, *, share: float) -> Standing:
    """More than this share goes to the old server to the last, though all caches can ask."""
    last = moved.scenario.duration - move.move_at - 60
    late = moved.stale(last)
    able = move.plan.straggling == 0 and not move.silent
    return Standing(able and late > share, _left(late, last) + _planned(move))


def _planned(move: Move) -> str:
    held = move.plan.straggling
    return f"; the plan leaves {percent(round(held, 3))} at the move" if held else ""


def _left(late: float, after: float) -> str:
    return f"{percent(round(late, 3))} still at the old server {seconds_of(after)} after the move"


@predicate(address=TEXT, weight=WEIGHT, share=SHARE, seconds=SECONDS)
def flooded(  # noqa: PLR0913  (who, how light, how much, how long)
    scenario: Many, outcome: Runs, *, address: str, weight: float, share: float, seconds: float
) -> Standing:
    """A canary of at most that weight has more than this share of all requests for that long."""
    much = share_above(scenario, outcome.this, address=address, share=share, seconds=seconds)
    return Standing(_light(scenario, weight) and much.reached, much.now)


@predicate(address=TEXT, share=SHARE, seconds=SECONDS)
def unseen(
    scenario: Many, outcome: Runs, *, address: str, share: float, seconds: float
) -> Standing:
    """In more than this share of the runs, each at least that long, the server got nothing."""
    empty = [percents(each, address)[-1] == 0 for each in outcome.others]
    part = sum(empty) / len(empty)
    long = scenario.get("duration") >= seconds
    return Standing(long and part > share, f"{percent(part)} of the runs")


@predicate(address=TEXT, weight=WEIGHT, ratio=RATIO, seconds=SECONDS, rate=RATE)
def telling(  # noqa: PLR0913  (a goal with its costs)
    scenario: Many,
    outcome: Runs,
    *,
    address: str,
    weight: float,
    ratio: float,
    seconds: float,
    rate: float,
) -> Standing:
    """9 of 10 runs end within `ratio` of what was intended, soon enough and asking rarely."""
    aim = intended(scenario.scenario, address)[-1][1]
    ends = [(percents(each, address)[-1], 1.0) for each in outcome.others]
    low, _, high = weighted_quantiles(ends, BAND)
    near = aim / ratio <= low and high <= aim * ratio
    soon = scenario.get("duration") <= seconds and _light(scenario, weight)
    cheap = queries_below(scenario, outcome.this, rate=rate)
    return Standing(near and soon and cheap.reached, f"{between(low, high)}, {cheap.now}")


def _light(scenario: Many, weight: float) -> bool:
    return bool(scenario.get("zone.www.canary.weight") <= weight)


@predicate(place=TEXT, share=SHARE)
def dark(scenario: Scenario, outcome: Outcome, *, place: str, share: float) -> Standing:
    """Less than this share of what the clients of a place want to reach is served."""
    found = [each for each in scenario.places if each.label == place]
    if not found:
        remedy = f"Use one of {', '.join(each.label for each in scenario.places)}."
        raise LabError(place, "is no place here", remedy)
    due = due_from(scenario, found[0]) * outcome.bin * len(outcome.queries)
    served = sum(each.requests for each in outcome.trips if each.place == place)
    return Standing(served < share * due, f"{percent(round(min(1, served / due), 2))} are served")


@predicate(ms=MILLISECONDS, share=SHARE)
def far_with_subnets(scenario: Scenario, outcome: Outcome, *, ms: float, share: float) -> Standing:
    """Every resolver sends client subnets, and still this share of what is served is within more
    than `ms`: 0.95 for the 95th percentile.
    """  # noqa: D205  (the two parameters need each other)
    every = all(each.ecs is not None for each in scenario.recursives)
    (far,) = outcome.rtt_ms(share)
    told = "told" if every else "not told"
    return Standing(every and far > ms, f"{percent(share)} within {far:.0f} ms, subnets {told}")


def _shares(outcome: Outcome, address: str, seconds: float) -> list[float]:
    """The address's part of what was served, in each stretch that long; 0 where nothing was."""
    if address not in outcome.addresses:
        raise LabError(address, "is no address here", f"Use one of {', '.join(outcome.addresses)}.")
    mine = outcome.requests[outcome.addresses.index(address)]
    total = [sum(counts) for counts in zip(*outcome.requests, strict=True)]
    width = round(_fits(outcome, seconds) / outcome.bin)
    pairs = zip(_sliding(mine, width), _sliding(total, width), strict=True)
    return [part / whole if whole else 0.0 for part, whole in pairs]


def _sliding(counts: Sequence[int], width: int) -> list[int]:
    return [sum(counts[start : start + width]) for start in range(len(counts) - width + 1)]


def _fits(outcome: Outcome, seconds: float) -> float:
    """The same seconds, if they are whole bins and within what was watched."""
    watched = outcome.bin * len(outcome.queries)
    bins = round(seconds / outcome.bin)
    if seconds > watched or bins < 1 or not math.isclose(bins * outcome.bin, seconds):
        rule = f"cannot be seen in {watched:g} s that are counted in steps of {outcome.bin:g} s"
        raise LabError(f"{seconds:g} s", rule, "Choose a multiple of a step, within that time.")
    return seconds
