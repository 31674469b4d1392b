"""Axes that stay where they are: what a share is drawn on, and how its numbers are put."""

from typing import Final

from lab_engine.views.theme import number, seconds

PERCENT: Final = "%"
_TOPS: Final = (5.0, 10.0, 25.0, 50.0, 100.0)
_STEPS: Final = tuple(base * 10**power for power in range(-3, 6) for base in (1, 2, 5))
_MINUTE, _HOUR = 60.0, 3600.0


def top_for(share: float) -> float:
    """The end of an axis for percents of which `share` are intended: five times that, rounded up.

    It depends on what is intended alone, so that an axis moves only when that does.

    >>> [top_for(share) for share in (0, 1, 5, 20, 95)]
    [5.0, 5.0, 25.0, 100.0, 100.0]
    """
    return next((top for top in _TOPS if 5 * share <= top), _TOPS[-1])


def ticks(low: float, high: float, most: int) -> tuple[float, ...]:
    """At most so many round values from `low` to `high`, evenly spaced.

    >>> ticks(0, 5, 6)
    (0.0, 1.0, 2.0, 3.0, 4.0, 5.0)
    """
    step = next(step for step in _STEPS if (high - low) / step < most)
    first = -int(-low // step)
    return tuple(round(index * step, 6) for index in range(first, int(high / step + 1e-9) + 1))


def said(value: float, unit: str) -> str:
    """A value with its unit; percents with two digits that count, or whole from 10 on.

    >>> said(0.734, "%"), said(12.34, "%"), said(90, "s")
    ('0.73 %', '12 %', '90 s')
    """
    if unit == "s":
        return seconds(value)
    text = f"{value:.0f}" if abs(value) >= 9.95 else f"{float(f'{value:.2g}'):g}"
    return f"{text} {unit}" if unit == PERCENT else f"{number(value)} {unit}".rstrip()


def between(low: float, high: float) -> str:
    """Two percents as a range, or as one where they read alike.

    >>> between(0.271, 2.72), between(0, 0)
    ('0.27 to 2.7 %', '0 %')
    """
    one, other = said(low, PERCENT), said(high, PERCENT)
    return other if one == other else f"{one.removesuffix(' %')} to {other}"


def watch_ticks(duration: float) -> tuple[tuple[float, str], ...]:
    """Times of a watch and their names, in minutes or hours where it is long enough.

    >>> watch_ticks(600)[:3]
    ((0.0, '0 min'), (120.0, '2 min'), (240.0, '4 min'))
    """
    unit, name = next(
        ((unit, name) for unit, name in ((_HOUR, "h"), (_MINUTE, "min")) if duration >= 4 * unit),
        (1.0, "s"),
    )
    every = ticks(0, duration / unit, 7)
    return tuple((round(value * unit, 6), f"{number(value)} {name}") for value in every)
