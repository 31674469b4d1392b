"""Parts of requests over time, summed over runs: a curve that falls, and when it has fallen.

What still follows an older answer can only become less, so a sample is made to fall, too, as little
changed as possible: isotonic regression by pooling neighbours (Barlow et al. 1972). Times read from
it are not drawn later by luck in single bins, as the last bin above a level would be.
"""

import math
from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise

from lab_engine.simulation.outcome import Outcome

LEVELS = (0.5, 0.9, 0.99)
POINTS = 60  # of a thin curve
FALLEN = 0.002  # what is left of it then can hardly be seen
Curve = tuple[tuple[float, float], ...]
"""Seconds after a change, and the part of requests that is not where it will be."""
Times = tuple[float | None, ...]
"""Seconds at each of `LEVELS`; None where the watch ended before."""


def curve(
    outcomes: Sequence[Outcome],
    at: float,
    change: int,
    led: Callable[[Outcome], Sequence[int]],
    concerned: float,
) -> Curve:
    """The part of the concerned requests that is led somewhere, from a change on.

    Args:
        outcomes: of runs of one scenario.
        at: when the change is made, seconds of the watch.
        change: which one it is, in the order of time.
        led: of an outcome, how many requests of each bin are led there.
        concerned: the part of all requests that counts, above 0.
    """
    first = outcomes[0]
    begun, before = first.cuts[change]
    astray = [*map(led, outcomes)]
    rows = []
    for index in range(begun + (before > 0), len(first.queries)):  # whole bins after it
        total = sum(sum(row[index] for row in each.requests) for each in outcomes)
        total += sum(each.failed[index] for each in outcomes)
        bad = sum(each[index] for each in astray)
        rows.append(((index + 0.5) * first.bin - at, bad, total * concerned))
    known = [(time, bad / weight, weight) for time, bad, weight in rows if weight > 0]
    values = falling([value for _, value, _ in known], [weight for *_, weight in known])
    return tuple((time, min(1.0, value)) for (time, *_), value in zip(known, values, strict=True))


def falling(values: Sequence[float], weights: Sequence[float]) -> list[float]:
    """The nearest numbers, by weighted squares, none of which is above the one before it.

    >>> falling([1.0, 0.25, 0.75, 0.0], [1, 1, 1, 1])
    [1.0, 0.5, 0.5, 0.0]
    """
    blocks: list[tuple[float, float, int]] = []
    for value, weight in zip(values, weights, strict=True):
        blocks.append((value, weight, 1))
        while len(blocks) > 1 and blocks[-1][0] > blocks[-2][0]:
            (last, heavy, several), (first, weighs, few) = blocks.pop(), blocks.pop()
            mean = (last * heavy + first * weighs) / (heavy + weighs)
            blocks.append((mean, heavy + weighs, several + few))
    return [value for value, _, count in blocks for _ in range(count)]


def beginning(found: Curve) -> float:
    """The part at the change itself: a curve, led back to its beginning; NaN of nothing.

    >>> beginning(((10.0, 0.9), (20.0, 0.8)))
    1.0
    """
    if len(found) < 2:
        return found[0][1] if found else math.nan
    (first, part), (later, less) = found[:2]
    return min(1.0, part + (part - less) / (later - first) * first)


def thin(found: Curve) -> Curve:
    """The same in few points: those until it has fallen, and the last."""
    ends = next((index for index, (_, part) in enumerate(found) if part <= FALLEN), len(found) - 1)
    step = max(1, math.ceil(ends / POINTS))
    return (*found[:ends:step], *found[ends : ends + 1], *found[-1:])


def times(found: Curve, levels: Iterable[float] = LEVELS) -> Times:
    """When a curve has fallen so far that these parts are where they will be.

    >>> times(((0.0, 1.0), (100.0, 0.0)), (0.5, 0.9))
    (50.0, 90.0)
    """
    return tuple(_fallen(found, 1 - level) for level in levels)


def _fallen(found: Curve, part: float) -> float | None:
    near = part + 1e-9
    if found and found[0][1] <= near:
        return 0.0
    for (left, above), (right, below) in pairwise(found):
        if below <= near:
            return left + (right - left) * (above - part) / (above - below)
    return None
