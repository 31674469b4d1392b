"""Goals of the panel of designs, as `goals` has those of traffic."""

import math
from typing import Final

from lab_engine.simulation.designs import Design
from lab_engine.simulation.gameday import GameDay
from lab_engine.views.theme import number

from .goals import TEXT, Measure, Standing, predicate

DOLLARS: Final = Measure(0, math.inf, lambda value: f"{number(value)} USD")


@predicate()
def lost_within_limits(design: Design, day: GameDay) -> Standing:
    """Every limit is kept, and yet the reference does not survive that some pool goes dark."""
    lost = any(drill.key == "region" for drill in day.lost)
    unchanged = design == Design(dark=design.dark)
    return Standing(lost and not day.broken and unchanged, _told(design, day))


@predicate(pool=TEXT, dollars=DOLLARS)
def survives(design: Design, day: GameDay, *, pool: str, dollars: float) -> Standing:
    """With this pool dark every drill is survived and every limit kept, for less than that."""
    every = not day.lost and not day.broken and design.dark == pool.lower()
    return Standing(every and day.bill.total < dollars, _told(design, day))


@predicate(share=Measure(0, 1, lambda value: f"{number(100 * value)} %"))
def mostly_dns(_design: Design, day: GameDay, *, share: float) -> Standing:
    """More than this share of the bill is no server."""
    part = f"{day.bill.dns:.0%}".replace("%", " %")
    return Standing(day.bill.dns > share, f"{part} of {day.bill.total:,.0f} USD")


def _told(design: Design, day: GameDay) -> str:
    lost = ", ".join(drill.name for drill in day.lost) or "nothing"
    broken = ", ".join(day.broken) or "none"
    bill = f"{day.bill.total:,.0f} USD a month"
    dark = f"{design.dark.capitalize()} goes dark"
    return f"{dark}; not survived: {lost}; limits broken: {broken}; {bill}"
