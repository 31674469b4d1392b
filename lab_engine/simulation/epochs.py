"""Epochs: the times within a watch at which something else begins to hold, health included.

The changes of a scenario are known beforehand, and so is when servers that fail come back by
themselves. What health checks make of them is not: their checkers look at moments of their own, so
each run throws dice for those and simulates the checkers first. Both engines begin with this. Not
here: load that makes a server fail its checks, and what a zone does not know of its checks, as
which are calculated from others or inverted: each is taken for a check of the addresses that its
record sets hold.
"""

from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from random import Random
from typing import NamedTuple

from lab_engine.authority.health import aggregate
from lab_engine.simulation.outcome import NEAR, Downs, Mind, Verdict
from lab_engine.simulation.parts import Checkers
from lab_engine.simulation.probes import Failing, Stretch, failing, looks, turns
from lab_engine.simulation.scenario import Scenario


class Epoch(NamedTuple):
    """A stretch of the watch.

    Attributes:
        start: seconds since the watch began; it lasts to the start of the next.
        scenario: what holds, without changes; its `unhealthy` are those the authority knows of, and
            its `down` those that serve nobody.
        learned: what the authority is told by health checkers as it begins.
        change: whether it begins with a change of the scenario.
        minds: the checkers that changed theirs since the epoch before began, up to its beginning.
        failing: the addresses that fail, each in its way, those that still serve included.
    """

    start: float
    scenario: Scenario
    learned: tuple[Verdict, ...] = ()
    change: bool = False
    minds: tuple[Mind, ...] = ()
    failing: frozenset[str] = frozenset()


def epochs(scenario: Scenario, rng: Random) -> tuple[Epoch, ...]:
    """The epochs of one run, the first from 0 on."""
    fails = failing(scenario)
    learned, minds = found_out(scenario, fails, rng)
    steps, end = scenario.steps, scenario.duration
    times = {at for at, _ in steps} | {at for at, _ in fails} | {each.at for each in learned}
    begun = [*sorted(at for at in times if at < end), end]
    return tuple(
        _with_dead(_epoch(at, steps, learned), _now(fails, at), scenario)._replace(
            minds=tuple(each for each in minds if at <= each.at < until)
        )
        for at, until in pairwise(begun)
    )


def found_out(scenario: Scenario, fails: Failing, rng: Random) -> tuple[list[Verdict], list[Mind]]:
    """What the authority learns, and how the checkers came to it, in the order of time.

    Args:
        scenario: with checkers, or nothing is found out.
        fails: who fails when.
        rng: the dice of their phases.
    """
    checkers = scenario.checkers
    if checkers is None:
        return [], []
    minds: list[Mind] = []
    learned: list[Verdict] = []
    named = frozenset[str]().union(*(step.zone.check_ids for _, step in scenario.steps))
    for check in sorted(named):
        stretches = looks(scenario, check, fails, checkers)
        if not all(each.look.passes for each in stretches):
            turned = _turned(check, stretches, checkers, scenario.duration, rng)
            learned += _verdicts(check, turned, checkers, healthy=stretches[0].look.passes)
            minds += turned
    return sorted(learned), sorted(minds)


def _now(fails: Failing, at: float) -> frozenset[str]:
    return [addresses for since, addresses in fails if since <= at][-1]


def _epoch(at: float, steps: tuple[tuple[float, Scenario], ...], learned: list[Verdict]) -> Epoch:
    since, now = [(start, step) for start, step in steps if start <= at][-1]
    watched = {each.check: each.healthy for each in learned if each.at <= at}
    failing = {check for check, healthy in watched.items() if not healthy} & now.zone.check_ids
    if not failing <= set(now.unhealthy):
        now = replace(now, unhealthy=tuple(sorted({*now.unhealthy, *failing})))
    told = tuple(each for each in learned if each.at == at)
    return Epoch(at, now, told, change=0 < since == at)


def _with_dead(epoch: Epoch, fails: frozenset[str], scenario: Scenario) -> Epoch:
    """The same, where those are down that serve nobody now."""
    now = epoch.scenario
    down = tuple(each for each in now.down if each in fails and not scenario.failure(each).serves)
    if down != now.down:
        now = replace(now, down=down)
    return epoch._replace(scenario=now, failing=fails)


def verdicts(found: tuple[Epoch, ...], end: float) -> tuple[Verdict, ...]:
    """What was learned within a watch: what is down from its beginning was known before."""
    return tuple(v for epoch in found for v in epoch.learned if 0 < v.at < end)


def minds(found: tuple[Epoch, ...], end: float) -> tuple[Mind, ...]:
    """Which checker changed its mind within a watch, or had another from its beginning."""
    return tuple(each for epoch in found for each in epoch.minds if each.at < end)


def downs(found: tuple[Epoch, ...], end: float) -> Downs:
    """Which addresses are dead from when on, within a watch."""
    begun = (epoch for epoch in found if epoch.start < max(end, NEAR))
    dead = [(epoch.start, epoch.scenario.down) for epoch in begun]
    return (dead[0], *(now for before, now in pairwise(dead) if set(before[1]) != set(now[1])))


def _turned(
    check: str, stretches: tuple[Stretch, ...], checkers: Checkers, end: float, rng: Random
) -> list[Mind]:
    """How the checkers of one target change their minds, in the order of time."""
    phases = [rng.random() for _ in range(checkers.count)]
    early = [] if stretches[0].look.passes else [(0.0, False)]
    return sorted(
        Mind(at, check, index, healthy)
        for index, phase in enumerate(phases)
        for at, healthy in (*early, *turns(stretches, checkers, end, phase))
    )


def _verdicts(
    check: str, turned: list[Mind], checkers: Checkers, *, healthy: bool
) -> Iterator[Verdict]:
    """The verdicts on one target: healthy while more than 18 % of its checkers say so.

    What is down from the beginning has been found out before it.
    """
    if not healthy:
        yield Verdict(0.0, check, healthy=False)
    minds = [healthy] * checkers.count
    for each in turned:
        minds[each.checker] = each.healthy
        if each.at > 0 and aggregate(minds) is not healthy:
            healthy = not healthy
            yield Verdict(each.at + checkers.publication, check, healthy)
