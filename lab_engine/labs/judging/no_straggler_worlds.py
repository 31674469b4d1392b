"""The moves of lab 04, what a plan for one does to its caches, and a plan that is good in all.

All caches are busy: each asks again the moment its copy ends. Seconds count from the move, at which
the new address is given out for the first time; before it they are negative.
"""

import math
from collections.abc import Iterator, Sequence
from random import Random
from typing import Final, NamedTuple

from lab_engine.labs.lab import World
from lab_engine.simulation.theory import staircase_fills

LOW: Final = 60  # the TTL from the move to the restore
MOST_CHANGES: Final = 4
HOLD, WATCHED = 300, 3600  # seconds from the move to the restore, at least and at most
SPARE: Final = 1.08  # the budget against what `ladder` costs

OLD_TTLS: Final = ((600, 1_800), (3_600, 10_800), (21_600, 86_400))
EARLY, LATE = (1.0, 3.0), (0.55, 0.85)  # from the approval to the move, against what it takes
PUBLICATION: Final = (10, 300)
APART: Final = 0.03  # of an old TTL: a grace and a publication that do not make up for each other
GRACE, SHORTEST = (0.04, 0.1), 90  # old TTLs, and seconds
CACHES: Final = (20, 500)


class Move(NamedTuple):
    """What decides who is left, in seconds.

    Attributes:
        old_ttl: published until the first change.
        latest_start: how long ahead of the move the first change may be made.
        publication: from a change to when the caches see it.
        grace: from the move to when the old server goes.
    """

    old_ttl: int
    latest_start: int
    publication: int
    grace: int

    @property
    def longest(self) -> int:
        """From when a change is first seen to when the old server goes."""
        return self.latest_start - self.publication + self.grace


class Plan(NamedTuple):
    """Changes as (seconds ahead of the move, TTL), the restore after it, and who is foretold."""

    changes: tuple[tuple[int, int], ...]
    restore: int
    stragglers: float


def world(move: Move, caches: int) -> World:
    """A move as plain data, with the budget that a good plan needs and a little more."""
    asked = fills(move, ladder(move))
    return {**move._asdict(), "caches": caches, "budget": math.ceil(SPARE * caches * asked)}


def ladder(move: Move) -> Plan:
    """TTLs in even ratios, each no longer than what is left when the next change is seen.

    Left until the old server goes: so the last TTL before the move may be as long as the grace.
    """
    begin, steps = min(move.old_ttl, move.longest), MOST_CHANGES - 1
    left = [round(begin * (move.grace / begin) ** (n / steps)) for n in range(steps + 1)]
    made = [each - move.grace + move.publication for each in left]
    changes = tuple(zip(made, [*left[1:], LOW], strict=True))
    return Plan(changes, HOLD, 100 * unavoidable(move))


def unavoidable(move: Move) -> float:
    """The part that no plan reaches in time: copies fetched before any change was seen."""
    return max(0.0, 1 - move.longest / move.old_ttl)


def seen(move: Move, plan: Plan) -> list[tuple[int, int]]:
    """Its TTLs until the restore as (seconds after the approval at which it is seen, TTL)."""
    made = move.latest_start + move.publication
    return [(0, move.old_ttl), *((made - ahead, ttl) for ahead, ttl in plan.changes)]


def after_move(move: Move, plan: Plan) -> int:
    """The longest TTL that is seen from the move to the restore."""
    changes = seen(move, plan)
    last = max(n for n, (at, _) in enumerate(changes) if at <= move.latest_start)
    return max(ttl for _, ttl in changes[last:])


def fills(move: Move, plan: Plan) -> float:
    """What a cache asks from the approval to an hour after the move, by the closed form."""
    restored = move.latest_start + plan.restore + move.publication
    stages = [*seen(move, plan), (restored, move.old_ttl)]
    return staircase_fills(move.old_ttl, stages, move.latest_start + WATCHED)


def straggling(move: Move, plan: Plan) -> float:
    """The part of the caches that send to the old server when it goes.

    From second to second: who fetches in one fetches next a TTL later. Exact, since all times are
    whole seconds and the copies of any age.
    """
    old_ttl, moved, gone = move.old_ttl, move.latest_start, move.latest_start + move.grace
    due = [1 / old_ttl] * old_ttl + [0.0] * max(0, moved - old_ttl)
    left = 0.0
    for second, ttl in enumerate(_published(move, plan)):
        fetched, then = due[second], second + ttl
        if then < moved:
            due[then] += fetched
        elif then >= gone:
            left += fetched
    never = sum(due[gone:old_ttl])  # has not asked since the approval
    return left + never


def _published(move: Move, plan: Plan) -> Iterator[int]:
    """The TTL that is seen in each second from the approval to the move."""
    ttl, changes = move.old_ttl, dict(seen(move, plan))
    for second in range(move.latest_start):
        ttl = changes.get(second, ttl)
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
    old_ttl = 60 * round(_between(rng, *ttls) / 60)
    grace = max(SHORTEST, 10 * round(old_ttl * rng.uniform(*GRACE) / 10))
    publication = grace
    while abs(grace - publication) <= APART * old_ttl:
        publication = 5 * round(_between(rng, *PUBLICATION) / 5)
    latest_start = round((old_ttl - grace + publication) * rng.uniform(*ahead))
    move = Move(old_ttl, latest_start, publication, grace)
    return world(move, round(_between(rng, *CACHES)))


def _between(rng: Random, low: float, high: float) -> float:
    """Evenly in ratios."""
    return math.exp(rng.uniform(math.log(low), math.log(high)))
