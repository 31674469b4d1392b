"""TtlChange a TTL ahead of a move: how few questions can it cost that nobody stays behind?

A copy that was fetched with a TTL of T may outlive the move unless the next change was made T
seconds ahead of it. So a TTL is lowered like a staircase: to no more than what is then left until
the move. Derived for this course. Not here: clients that keep an answer longer than they may.
"""

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate, pairwise
from typing import NamedTuple

from lab_engine.authority.records import MAX_TTL
from lab_engine.errors import LabError
from lab_engine.simulation.tables import Column, Shown, Table
from lab_engine.simulation.theory.ranges import not_negative, positive, whole, within

COLUMNS = (
    Column("change", 10),
    Column("s from now", 12),
    Column("s ahead", 10),
    Column("TTL, s", 10),
)
MOST_STEPS = 8
MOST_CACHES = 10**7
BENDS = (0.7, 0.85, 1.0, 1.15, 1.3)  # of the ladders that the search begins with
STOPS = 12  # tried on either side of a rung
ROUNDS = 6  # of the search, each looking nearer to the best so far


class TtlChange(NamedTuple):
    """A change of the TTL: the second at which it is made, and the TTL from then on.

    >>> TtlChange(3540, 60).ttl
    60
    """

    at: int
    ttl: int


@dataclass(frozen=True, repr=False)
class Staircase(Shown):
    """When to publish which TTL before a move, and when to go back. By itself it shows its table.

    Attributes:
        old_ttl: that of the copies out there, seconds.
        move_at: when the record itself changes, in seconds from now.
        steps: the changes before it, the first one first. Each is made `publication` seconds
            before it has to be seen.
        restore: the change after it.
        fills: what a busy cache asks from the first change to the restore.
        queries: likewise, all caches together.
        straggling: the part of the busy caches that hold a copy of an earlier TTL when the record
            changes, 0 to 1. Whoever holds the last one is right a low TTL later.
        latest_start: when the first change must be made for nobody to straggle, in seconds from
            now; it may lie in the past.

    >>> plan_migration(14_400, move_at=3_600, tolerated=0.8).straggling
    0.8
    """

    old_ttl: int
    move_at: float
    steps: tuple[TtlChange, ...]
    restore: TtlChange
    fills: float
    queries: float
    straggling: float
    latest_start: int

    @property
    def table(self) -> Table:
        """A row for each change."""
        move = TtlChange(math.ceil(self.move_at), self.steps[-1].ttl)
        changes = [*(("lower", step) for step in self.steps), ("move", move)]
        rows = [
            (what, f"{step.at:,}", f"{self.move_at - step.at:,.0f}", f"{step.ttl:,}")
            for what, step in (*changes, ("restore", self.restore))
        ]
        left = f"{100 * self.straggling:.0f} % of the busy caches hold an older copy at the move"
        asked = f"a busy cache asks {self.fills:.1f} questions, all together {self.queries:,.0f}"
        notes = [
            f"until the restore {asked}",
            f"latest start for nobody to be left: {self.latest_start:,} s from now",
            *[left] * (self.straggling > 0),
        ]
        return Table(COLUMNS, rows, notes)


def staircase_fills(
    old_ttl: float, stages: Sequence[tuple[float, float]], until: float, rate: float = math.inf
) -> float:
    """How often a cache asks while a TTL is lowered step by step.

    A busy cache refetches when its copy ends, and its copies are of any age at first: exact. Others
    ask a mean gap of 1/λ later, as if all gaps were alike: exact for long stretches.

    Args:
        old_ttl: the TTL before, above 0.
        stages: (seconds, TTL from then on), the first at 0, in the order of time.
        until: the second at which counting ends; what begins later counts for nothing.
        rate: λ at the cache.

    >>> hours = 3600
    >>> staircase_fills(4 * hours, [(0, 60)], 4 * hours)
    120.5
    >>> ladder = [(0, 3600), (3 * hours, 300), (3 * hours + 3300, 60)]
    >>> round(staircase_fills(4 * hours, ladder, 4 * hours), 6)
    10.0
    """
    positive(old_ttl=old_ttl, rate=rate)
    not_negative(until=until)
    begins = [at for at, _ in stages]
    if not stages or begins[0] != 0 or begins != sorted(begins):
        rule = "do not begin at 0 and go on from there"
        raise LabError(f"stages {list(stages)}", rule, "Write [(0, 3600), (600, 60)], say.")
    positive(**{f"stages[{index}] ttl": ttl for index, (_, ttl) in enumerate(stages)})
    return _fills(old_ttl, [each for each in stages if each[0] <= until], until, 1 / rate)


def plan_migration(  # noqa: PLR0913  (each is one thing a planner may want to say)
    old_ttl: int,
    move_at: float,
    budget: float = math.inf,
    caches: int | Iterable[float] = 1,
    *,
    low_ttl: int = 60,
    steps: int = 3,
    publication: float = 60.0,
    hold: float = 600.0,
    tolerated: float = 0.0,
) -> Staircase:
    """The cheapest way to lower a TTL so that nobody who keeps to TTLs is left behind by a move.

    Args:
        old_ttl: the TTL now, whole seconds, above `low_ttl`.
        move_at: when the record is to change, seconds from now; the first change may be made now.
        budget: questions to the authority that may be spent from the first change to the restore.
        caches: how many busy ones there are, or how often each of them is asked a second.
        low_ttl: the TTL at the move, whole seconds: for so long some may still be wrong.
        steps: changes before the move at most, 1 to 8.
        publication: seconds that a change may take until it is seen everywhere (Route 53: 60).
        hold: seconds from the move to the restore, in which one can go back within `low_ttl`.
        tolerated: the part of the busy caches that may hold an older copy at the move, 0 to 1.

    Raises:
        LabError: a value is out of its range, the move is too near, or the budget too small; the
            message says what would do.

    >>> plan = plan_migration(14_400, move_at=18_000, steps=1)
    >>> plan.steps, plan.latest_start
    ((TtlChange(at=3540, ttl=60),), 3540)
    """
    _check(old_ttl, move_at, budget, low_ttl, steps, publication, hold, tolerated)
    rates = _rates(caches)
    needed = old_ttl * (1 - tolerated)
    ahead = min(needed, move_at - publication)
    straggling = max(0.0, 1 - max(0.0, ahead) / old_ttl)
    if straggling > tolerated + 1e-9:
        left = f"leaves {100 * straggling:.0f} % of the busy caches with an old copy"
        rule = f"{left}: their TTL is {old_ttl}"
        remedy = (
            f"Move no sooner than in {needed + publication:.0f} s, or tolerate {straggling:.2f}."
        )
        raise LabError(f"A move in {move_at:g} s", rule, remedy)
    ahead = max(0.0, ahead)
    most = steps if ahead > low_ttl else 1  # with less time than that there is nothing in between
    ladder = min(
        (_cheapest(old_ttl, ahead, low_ttl, count) for count in range(1, most + 1)),
        key=lambda ttls: _before(old_ttl, ahead, ttls),
    )
    made = tuple(
        TtlChange(math.floor(move_at - left - publication + 1e-9), ttl)
        for left, ttl in zip((ahead, *ladder[:-1]), ladder, strict=True)
    )
    restore = TtlChange(math.ceil(move_at + hold), old_ttl)
    stages = [(step.at - made[0].at, step.ttl) for step in made]
    last = restore.at - made[0].at
    asked = {rate: staircase_fills(old_ttl, stages, last, rate) for rate in {*rates, math.inf}}
    queries = math.fsum(count * asked[rate] for rate, count in rates.items())
    if queries > budget:
        rule = f"is less than the {queries:,.0f} questions that the cheapest plan costs"
        remedy = "Allow more steps, a higher low TTL, or a shorter hold."
        raise LabError(f"A budget of {budget:,.0f}", rule, remedy)
    start = math.floor(move_at - old_ttl - publication)
    return Staircase(old_ttl, move_at, made, restore, asked[math.inf], queries, straggling, start)


@lru_cache(maxsize=256)
def _cheapest(old_ttl: int, ahead: float, low: int, count: int) -> tuple[int, ...]:
    """The TTLs of so many changes, each made when what is left is the TTL before it.

    From ladders of several bends, one rung after another is moved to where the whole is cheapest:
    at first anywhere between its neighbours, then nearer and nearer to where it was.
    """
    top = min(old_ttl, max(low, math.floor(ahead)))
    found = [_improved(old_ttl, ahead, _ladder(top, low, count, bend)) for bend in BENDS]
    return min(found, key=lambda ladder: _before(old_ttl, ahead, ladder))


def _ladder(top: int, low: int, count: int, bend: float) -> tuple[int, ...]:
    """TTLs down to `low`, in even ratios where the bend is 1."""
    parts = [((rung + 1) / count) ** bend for rung in range(count - 1)]
    return (*(round(top * (low / top) ** part) for part in parts), low)


def _improved(old_ttl: int, ahead: float, ladder: tuple[int, ...]) -> tuple[int, ...]:
    for near in range(ROUNDS):
        for rung in range(len(ladder) - 1):
            above = ladder[rung - 1] if rung else min(old_ttl, max(ladder[0], math.floor(ahead)))
            trials = [
                (*ladder[:rung], ttl, *ladder[rung + 1 :])
                for ttl in _between(ladder[rung + 1], ladder[rung], above, 0.5**near)
            ]
            ladder = min(trials, key=lambda each: _before(old_ttl, ahead, each))
    return ladder


def _between(low: int, now: int, high: int, reach: float) -> list[int]:
    """Whole seconds around a TTL, evenly spaced in ratios, that stay between two others."""
    down, up = math.log(now / low) * reach, math.log(high / now) * reach
    parts = [stop / STOPS for stop in range(1, STOPS + 1)]
    found = {now, *(round(now * math.exp(-down * part)) for part in parts)}
    found |= {round(now * math.exp(up * part)) for part in parts} | {now - 1, now + 1}
    return sorted(ttl for ttl in found if low <= ttl <= high)


def _before(old_ttl: int, ahead: float, ladder: Sequence[int]) -> float:
    """What a busy cache asks from the first change to the move."""
    begins = [ahead - left for left in (ahead, *ladder[:-1])]
    return _fills(old_ttl, list(zip(begins, ladder, strict=True)), ahead, 0.0)


# --- counting fills ------------------------------------------------------------------------------

Stretch = tuple[float, float, float]
"""From when to when the next fills of some caches lie, and how many a second."""


def _fills(
    old_ttl: float, stages: Sequence[tuple[float, float]], until: float, gap: float
) -> float:
    """The next fill is anywhere in a cache's first cycle; each stage leads it on by its own."""
    first = old_ttl + gap
    total, stretches = 0.0, [(0.0, first, 1 / first)]
    ends = [at for at, _ in stages[1:]]
    for (_, ttl), end in zip(stages, [*ends, until], strict=True):
        cycle, led = ttl + gap, []
        for start, stop, density in stretches:
            if stop > end:
                led.append((max(start, end), stop, density))
            if start < end:
                last = min(stop, end)
                here = _generations(end - start, cycle) - _generations(end - last, cycle)
                total += density * here
                led += _led_on(start, last, density, end, cycle)
        stretches = _merged(led)
    return total


def _generations(left: float, cycle: float) -> float:
    """How many fills follow one by one from each second of the `left` ones before an end, summed.

    The integral of 1 + floor(x / cycle) from 0 to `left`.
    """
    full = left // cycle
    return cycle * full * (full + 1) / 2 + (left - full * cycle) * (full + 1)


def _led_on(
    start: float, last: float, density: float, end: float, cycle: float
) -> Iterator[Stretch]:
    """Where the first fills after `end` lie of those that follow from a stretch before it."""
    full = (last - start) // cycle
    if full:
        yield end, end + cycle, density * full
    rest = last - start - full * cycle
    begin = end + (last - rest - end) % cycle
    yield begin, min(begin + rest, end + cycle), density
    if begin + rest > end + cycle:
        yield end, begin + rest - cycle, density


def _merged(stretches: Iterable[Stretch]) -> list[Stretch]:
    """The same, without overlaps."""
    steps: dict[float, float] = {}
    for start, stop, density in stretches:
        steps[start] = steps.get(start, 0.0) + density
        steps[stop] = steps.get(stop, 0.0) - density
    times = sorted(steps)
    levels = accumulate(steps[time] for time in times)
    return [
        (start, stop, level)
        for (start, stop), level in zip(pairwise(times), levels, strict=False)
        if level > 1e-15 and stop > start
    ]


# --- what was given ------------------------------------------------------------------------------


def _check(  # noqa: PLR0913, PLR0917  (all that was given)
    old_ttl: int,
    move_at: float,
    budget: float,
    low_ttl: int,
    steps: int,
    publication: float,
    hold: float,
    tolerated: float,
) -> None:
    whole(1, MAX_TTL, old_ttl=old_ttl, low_ttl=low_ttl)
    whole(1, MOST_STEPS, steps=steps)
    within(0, MAX_TTL, move_at=move_at, publication=publication, hold=hold)
    within(0, 1, tolerated=tolerated)
    not_negative(budget=budget)
    if low_ttl >= old_ttl:
        rule = f"is not above the low TTL, {low_ttl} s, so there is nothing to lower"
        raise LabError(f"old_ttl {old_ttl}", rule, "Move at once, or take a lower one.")


def _rates(caches: int | Iterable[float]) -> Counter[float]:
    """How many caches are asked so often; busy ones without end."""
    if isinstance(caches, int):
        whole(1, MOST_CACHES, caches=caches)
        return Counter({math.inf: caches})
    found = Counter(caches)
    positive(**{f"caches, rate {rate}": rate for rate in found})
    if not found:
        raise LabError("caches", "are none", "Give how many, or a rate for each.")
    return found
