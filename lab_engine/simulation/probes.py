"""Who fails when, and what health checkers find whose probes meet that.

For servers that fail at known times; where load decides, `events.feedback` looks as time goes on.
"""

import math
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import groupby, pairwise
from operator import attrgetter
from typing import NamedTuple, TypeVar

from lab_engine.authority.health import Checker
from lab_engine.authority.zone import Zone
from lab_engine.simulation.failing import WELL, Look, look
from lab_engine.simulation.parts import Backend, Checkers
from lab_engine.simulation.scenario import Scenario

Failing = tuple[tuple[float, frozenset[str]], ...]
"""Seconds, and the addresses that fail from then on."""
Known = TypeVar("Known")


class Stretch(NamedTuple):
    """From `start` to that of the next, the probes of one check meet the same."""

    start: float
    look: Look


# --- who fails when -------------------------------------------------------------------------------


def failing(scenario: Scenario) -> Failing:
    """Which addresses fail from when on: those that `down` names, while they do not come back."""
    known = {each.address: each for each in scenario.backends}
    named = dict.fromkeys(address for _, step in scenario.steps for address in step.down)
    spells = {
        address: [
            spell
            for span in _spans(scenario, address)
            for spell in _spells(span, known.get(address))
        ]
        for address in named
    }
    edges = {edge for several in spells.values() for spell in several for edge in spell}
    times = sorted({0.0, *(edge for edge in edges if edge < scenario.duration)})
    return tuple((at, frozenset(_at(at, spells))) for at in times)


def _at(at: float, spells: Mapping[str, Sequence[tuple[float, float]]]) -> Iterator[str]:
    for address, several in spells.items():
        if any(start <= at < end for start, end in several):
            yield address


def _spans(scenario: Scenario, address: str) -> Iterator[tuple[float, float]]:
    """From when to when `down` names an address."""
    edges = [*(at for at, _ in scenario.steps), scenario.duration]
    named = (
        (start, end, address in step.down)
        for (start, end), (_, step) in zip(pairwise(edges), scenario.steps, strict=True)
    )
    for down, several in groupby(named, lambda each: each[2]):
        together = [*several]
        if down:
            yield together[0][0], together[-1][1]


def _spells(span: tuple[float, float], backend: Backend | None) -> Iterator[tuple[float, float]]:
    """From when to when a server fails within such a span: it may come back, and fail again."""
    start, end = span
    if backend is None or math.isinf(backend.lasts):
        yield span
        return
    while start < end:
        yield start, min(start + backend.lasts, end)
        start += backend.lasts + backend.recurs


# --- what probes meet -----------------------------------------------------------------------------


def looks(
    scenario: Scenario, check: str, fails: Failing, checkers: Checkers
) -> tuple[Stretch, ...]:
    """What the probes of a check meet, from when on."""
    steps = scenario.steps
    times = sorted({at for at, _ in steps} | {at for at, _ in fails})
    found = []
    for at in times:
        step = _last(steps, at)
        met = best(step.zone, check, seen(step, _last(fails, at), checkers))
        found.append(Stretch(at, met))
    return tuple(next(same) for _, same in groupby(found, attrgetter("look")))


def _last(known: Sequence[tuple[float, Known]], at: float) -> Known:
    return [what for since, what in known if since <= at][-1]


def seen(step: Scenario, fails: Collection[str], checkers: Checkers) -> Callable[[str], Look]:
    """What a probe meets at an address.

    Args:
        step: what holds.
        fails: the addresses that fail at present.
        checkers: how they look.
    """
    known = {each.address: each for each in step.backends}

    def met(address: str) -> Look:
        if address not in fails:
            return WELL
        backend = known.get(address, Backend(address))
        how = checkers.type, checkers.connect, checkers.response
        return look(backend.fails, backend.delay, *how)

    return met


def best(zone: Zone, check: str, met: Callable[[str], Look]) -> Look:
    """What a probe of a check meets: the best of the addresses behind it; of none, it passes."""
    sets = (each for each in zone if each.health_check_id == check)
    found = (met(address) for each in sets for address in each.texts)
    return min(found, key=lambda each: (not each.passes, each.takes), default=WELL)


def turns(
    stretches: Sequence[Stretch], checkers: Checkers, end: float, phase: float
) -> Iterator[tuple[float, bool]]:
    """When one checker changes its mind, and to what.

    Its interval begins anew at each response, so a probe that times out delays the next. One that
    waits passes where the server is back before its time-out. Probes that confirm what it says are
    passed over.

    Args:
        stretches: what it meets.
        checkers: how it looks.
        end: of the watch, seconds.
        phase: where in its interval it stands at the beginning, 0 to 1.
    """
    first = stretches[0].look
    mind = Checker(first.passes)
    at = phase * (checkers.interval + first.takes)
    for (_, found), (until, then) in pairwise([*stretches, Stretch(end, first)]):
        while at < until:
            late = found.takes > until - at and then.passes and not found.passes and until < end
            seen = Look(passes=True, takes=until - at) if late else found
            period = checkers.interval + seen.takes
            if seen.passes is mind.healthy:
                mind = replace(mind, against=0)
                sure = until if late else until - found.takes
                at += max(1, math.ceil((sure - at) / period)) * period
                continue
            before, mind = mind, mind.after(seen.passes, checkers.threshold)
            if mind.healthy is not before.healthy:
                yield at + seen.takes, mind.healthy
            at += period
