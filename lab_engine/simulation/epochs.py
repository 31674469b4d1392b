"""Epochs: the times within a watch at which something else begins to hold, health included.

The changes of a scenario are known beforehand. What health checks make of them is not: their
checkers look at moments of their own, so each run throws dice for those and simulates the checkers
first. Both engines begin with this. Not here: load that makes a server fail its checks, and what a
zone does not know of its checks, as which are calculated from others or inverted: each is taken for
a check of the addresses that its record sets hold.
"""

import math
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from random import Random
from typing import NamedTuple

from lab_engine.authority.health import Checker, aggregate
from lab_engine.simulation.outcome import NEAR, Downs, Verdict
from lab_engine.simulation.parts import Checkers
from lab_engine.simulation.scenario import Scenario


class Epoch(NamedTuple):
    """A stretch of the watch.

    Attributes:
        start: seconds since the watch began; it lasts to the start of the next.
        scenario: what holds, without changes; its `unhealthy` are those the authority knows of.
        learned: what the authority is told by health checkers as it begins.
        change: whether it begins with a change of the scenario.
    """

    start: float
    scenario: Scenario
    learned: tuple[Verdict, ...] = ()
    change: bool = False


def epochs(scenario: Scenario, rng: Random) -> tuple[Epoch, ...]:
    """The epochs of one run, the first from 0 on."""
    steps = scenario.steps
    learned = (
        [] if scenario.checkers is None else sorted(_verdicts(scenario, scenario.checkers, rng))
    )
    times = sorted({at for at, _ in steps} | {verdict.at for verdict in learned})
    return tuple(_epoch(at, steps, learned) for at in times if at < scenario.duration)


def _epoch(at: float, steps: tuple[tuple[float, Scenario], ...], learned: list[Verdict]) -> Epoch:
    since, now = [(start, step) for start, step in steps if start <= at][-1]
    watched = {each.check: each.healthy for each in learned if each.at <= at}
    named = {each.health_check_id for each in now.zone}
    failing = {check for check, healthy in watched.items() if not healthy} & named
    if not failing <= set(now.unhealthy):
        now = replace(now, unhealthy=tuple(sorted({*now.unhealthy, *failing})))
    told = tuple(each for each in learned if each.at == at)
    return Epoch(at, now, told, change=0 < since == at)


def verdicts(found: tuple[Epoch, ...], end: float) -> tuple[Verdict, ...]:
    """What was learned within a watch: what is down from its beginning was known before."""
    return tuple(v for epoch in found for v in epoch.learned if 0 < v.at < end)


def downs(found: tuple[Epoch, ...], end: float) -> Downs:
    """Which addresses are dead from when on, within a watch."""
    begun = (epoch for epoch in found if epoch.start < max(end, NEAR))
    dead = [(epoch.start, epoch.scenario.down) for epoch in begun]
    return (dead[0], *(now for before, now in pairwise(dead) if set(before[1]) != set(now[1])))


def _verdicts(scenario: Scenario, checkers: Checkers, rng: Random) -> Iterator[Verdict]:
    """What becomes known of every check whose target dies or comes back."""
    checks = {each.health_check_id for _, step in scenario.steps for each in step.zone}
    for check in sorted(filter(None, checks)):
        alive = [(at, _alive(check, step)) for at, step in scenario.steps]
        if not all(up for _, up in alive):
            yield from _watched(check, alive, checkers, scenario.duration, rng)


def _alive(check: str, step: Scenario) -> bool:
    """Whether any address behind a check answers; a check of nothing passes."""
    sets = [each for each in step.zone if each.health_check_id == check]
    addresses = [text for each in sets for text in each.texts]
    return not addresses or any(address not in step.down for address in addresses)


def _watched(
    check: str, alive: list[tuple[float, bool]], checkers: Checkers, end: float, rng: Random
) -> Iterator[Verdict]:
    """The verdicts on one target: healthy while more than 18 % of its checkers say so.

    What is down from the beginning has been found out before it.
    """
    said = alive[0][1]
    if not said:
        yield Verdict(0.0, check, healthy=False)
    minds = [said] * checkers.count
    phases = [rng.random() for _ in minds]
    turns = sorted(
        (at, index, healthy)
        for index, phase in enumerate(phases)
        for at, healthy in _turns(alive, checkers, end, phase)
    )
    for at, index, healthy in turns:
        minds[index] = healthy
        if aggregate(minds) is not said:
            said = not said
            yield Verdict(at + checkers.publication, check, said)


def _turns(
    alive: list[tuple[float, bool]], checkers: Checkers, end: float, phase: float
) -> Iterator[tuple[float, bool]]:
    """When one checker changes its mind, and to what.

    Its interval begins anew at each response, so a probe that times out delays the next. Probes
    that confirm what it says are passed over.
    """
    mind = Checker(alive[0][1])
    at = phase * _period(checkers, up=mind.healthy)
    for (_, up), (until, _) in pairwise([*alive, (end, True)]):
        period = _period(checkers, up=up)
        while at < until:
            if up is mind.healthy:
                mind = replace(mind, against=0)
                at += max(1, math.ceil((until - at) / period)) * period
                continue
            before, mind = mind, mind.after(up, checkers.threshold)
            at += period
            if mind.healthy is not before.healthy:
                yield at - checkers.interval, mind.healthy


def _period(checkers: Checkers, *, up: bool) -> float:
    """Seconds from one probe of a target to the next."""
    return checkers.interval + (0.0 if up else checkers.timeout)
