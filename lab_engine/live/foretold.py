"""What the law of failover says of a drill, before it is seen: the least, the mean and the most.

Of a client that keeps nothing and is led by one cache to one answer at a time, where the failing
back end is in all of it. Where the law does not reach, the reason is told instead.
"""

import math
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from lab_engine.authority.plan import replies
from lab_engine.authority.server import plan
from lab_engine.authority.state import State
from lab_engine.authority.zones import Zones
from lab_engine.live.record import Changed
from lab_engine.live.serving import HERE
from lab_engine.live.settings import Settings
from lab_engine.live.stage import Stage
from lab_engine.live.twin import meets
from lab_engine.simulation.failing import Failure
from lab_engine.simulation.outages import Parts
from lab_engine.simulation.theory.failover import Failover

RESIDUAL = 7 / 12  # of a gap: until the next of requests that come once in each, at random


@dataclass(frozen=True)
class Foretold:
    """How long an outage should last, in seconds; endless where nothing would end it.

    Attributes:
        least, mean, most: of it.
        parts: the mean of each part.
        sd: its standard deviation.
        why: where the law says nothing, the reason, and all numbers are NaN.
    """

    least: float = math.nan
    mean: float = math.nan
    most: float = math.nan
    parts: Parts = Parts(*(math.nan,) * 4)  # noqa: RUF009  (a tuple)
    sd: float = math.nan
    why: str = ""

    @property
    def known(self) -> bool:
        """Whether there are numbers."""
        return not self.why


NONE = Foretold(0.0, 0.0, 0.0, Parts(), 0.0)
ENDLESS = Foretold(math.inf, math.inf, math.inf, Parts(math.inf), 0.0)


def foretold(
    stage: Stage, how: Settings, event: Changed, unhealthy: Collection[str], dead: Collection[str]
) -> Foretold:
    """What is to be expected of a back end that begins to fail.

    Args:
        stage: the drill's.
        how: its clocks.
        event: who fails, and how.
        unhealthy: the checks that failed at that time.
        dead: the back ends that fail from then on, this one included.
    """
    before = _answers(stage, unhealthy)
    harmless = event.failure is Failure.SLOW and event.delay <= how.patience
    if harmless or not any(event.address in each for each in before):
        return NONE
    if len(before) > 1:
        return Foretold(why="Caches may hold one of several answers here.")
    if _reaches(before[0], event, dead):
        return NONE
    return _found_out(stage, how, event, unhealthy, dead)


def _found_out(
    stage: Stage, how: Settings, event: Changed, unhealthy: Collection[str], dead: Collection[str]
) -> Foretold:
    """Of a failure that loses requests: if and when checks find it out, and what that leads to."""
    looks = {
        each.id: meets(each, event.failure, event.delay)
        for each in stage.checks_of(event.address)
        if each.id not in unhealthy
    }
    found = {check: met.takes for check, met in looks.items() if not met.passes}
    after = _answers(stage, {*unhealthy, *found})
    if not found or any(not _reaches(each, event, dead) for each in after):
        return ENDLESS
    if len(found) > 1:
        return Foretold(why="Several checks find it out.")
    return _by_law(how, *found.values())


def _answers(stage: Stage, unhealthy: Iterable[str]) -> tuple[tuple[str, ...], ...]:
    failing = stage.account.health_checks.unhealthy(dict.fromkeys(unhealthy, False))
    state = State(frozenset(failing))
    served = Zones.of(*stage.account.zones)
    shares = replies(plan(served, stage.question, HERE, state))
    return tuple(share.reply.addresses for share in shares)


def _reaches(addresses: Iterable[str], event: Changed, dead: Collection[str]) -> bool:
    """Whether a client that tries these is served: it goes on from who connects nobody."""
    for address in addresses:
        if address not in dead:
            return True
        if address == event.address and event.failure is not None and event.failure.connects:
            return False
    return False


def _by_law(how: Settings, takes: float) -> Foretold:
    wait = how.gap * RESIDUAL
    held = how.ttl / (how.ttl + wait)
    law = Failover(how.interval, how.threshold, how.ttl, takes, how.publication, how.checkers, held)
    delay, parts = law.outage, law.mean_parts
    return Foretold(
        delay.shortest,
        delay.mean + wait,
        delay.longest + 2 * how.gap,
        parts._replace(client=wait),
        delay.sd,
    )
