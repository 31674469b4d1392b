"""The moves of lab 04, what a plan for one does to its caches, and a plan that is good in all.

All caches are busy: each asks again the moment its copy ends. Seconds count from the move, at which
the new address is given out for the first time; before it they are negative. A change is seen
`PUBLICATION` seconds after it was made.
"""

import math
from collections.abc import Iterator, Sequence
from itertools import pairwise
from random import Random
from typing import Final, NamedTuple

from lab_engine.labs.lab import World
from lab_engine.simulation.theory import staircase_fills

PUBLICATION: Final = 60
LOW: Final = 60  # the TTL at the move, and how long after it nobody may be left
MOST_CHANGES: Final = 6
HOLD, WATCHED = 300, 3600  # seconds from the move to the restore, at least and at most
SPARE: Final = 1.08  # the budget against what `ladder` costs

OLD_TTLS: Final = ((600, 1_800), (3_600, 10_800), (21_600, 86_400))
EARLY, LATE = (1.0, 3.0), (0.45, 0.85)  # old TTLs from the approval to the move
CACHES: Final = (20, 500)


class Plan(NamedTuple):
    """Changes as (seconds ahead of the move, TTL), the restore after it, and who is foretold."""

    changes: tuple[tuple[int, int], ...]
    restore: int
    stragglers: float


def world(old_ttl: int, latest_start: int, caches: int) -> World:
    """A move as plain data, with the budget that a good plan needs and a little more."""
    asked = fills(old_ttl, latest_start, ladder(old_ttl, latest_start))
    budget = math.ceil(SPARE * caches * asked)
    made = {"old_ttl": old_ttl, "latest_start": latest_start}
    return {**made, "caches": caches, "budget": budget}


def ladder(old_ttl: int, latest_start: int) -> Plan:
    """TTLs in even ratios, each change made as long ahead as the TTL before it."""
    start = min(old_ttl, latest_start)
    rungs = [round(start * (LOW / start) ** (n / MOST_CHANGES)) for n in range(MOST_CHANGES + 1)]
    return Plan(tuple(pairwise(rungs)), HOLD, 100 * unavoidable(old_ttl, latest_start))


def unavoidable(old_ttl: int, latest_start: int) -> float:
    """The part that no plan reaches in time: copies fetched before any change was seen."""
    return max(0.0, 1 - latest_start / old_ttl)


def fills(old_ttl: int, latest_start: int, plan: Plan) -> float:
    """What a cache asks from the approval to an hour after the move, by the closed form."""
    seen = [(latest_start - ahead + PUBLICATION, ttl) for ahead, ttl in plan.changes]
    restored = (latest_start + plan.restore + PUBLICATION, old_ttl)
    return staircase_fills(old_ttl, [(0, old_ttl), *seen, restored], latest_start + WATCHED)


def straggling(old_ttl: int, latest_start: int, plan: Plan) -> float:
    """The part of the caches that send to the old server `LOW` seconds after the move.

    From second to second: who fetches in one fetches next a TTL later. Exact, since all times are
    whole seconds and the copies of any age.
    """
    due = [1 / old_ttl] * old_ttl + [0.0] * max(0, latest_start - old_ttl)
    left = 0.0
    for second, ttl in enumerate(_published(old_ttl, latest_start, plan)):
        fetched, then = due[second], second + ttl
        if then < latest_start:
            due[then] += fetched
        elif then >= latest_start + LOW:
            left += fetched
    never = sum(due[latest_start + LOW : old_ttl])  # has not asked since the approval
    return left + never


def _published(old_ttl: int, latest_start: int, plan: Plan) -> Iterator[int]:
    """The TTL that is seen in each second from the approval to the move."""
    ttl, seen = old_ttl, {latest_start - ahead + PUBLICATION: to for ahead, to in plan.changes}
    for second in range(latest_start):
        ttl = seen.get(second, ttl)
        yield ttl


def unseen(rng: Random) -> Sequence[World]:
    """For a short, a long and a very long TTL a pair: a move in good time, and one approved late.

    One of those in good time is approved not a second earlier than it must be.
    """
    just = rng.randrange(len(OLD_TTLS))
    early = [
        _drawn(rng, ttls, (1.0, 1.0) if number == just else EARLY)
        for number, ttls in enumerate(OLD_TTLS)
    ]
    late = [_drawn(rng, ttls, LATE) for ttls in OLD_TTLS]
    return [{"pair": rng.sample(both, 2)} for both in zip(early, late, strict=True)]


def _drawn(rng: Random, ttls: tuple[int, int], ahead: tuple[float, float]) -> World:
    old_ttl = round(_between(rng, *ttls) / 60) * 60
    return world(old_ttl, round(old_ttl * rng.uniform(*ahead)), round(_between(rng, *CACHES)))


def _between(rng: Random, low: float, high: float) -> float:
    """Evenly in ratios."""
    return math.exp(rng.uniform(math.log(low), math.log(high)))
