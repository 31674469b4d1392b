"""The bars of a drill: an outage by its parts as it was measured, above what the law foretold."""

import math

from lab_engine.errors import LabError
from lab_engine.live.result import Result, checked
from lab_engine.simulation.outages import Parts
from lab_engine.views.theme import seconds

from .partbars import PartBars, round_end
from .picture import Ghost

TITLE = "How long, and whose seconds"


def drill_bars(result: Result, number: int = -1, *, title: str = TITLE) -> PartBars:
    """Measured beside foretold.

    Args:
        result: of a drill.
        number: of the failure, from 0; the last one, without.
        title: what stands above it.

    Raises:
        LabError: no such failure, or no result of a drill.
    """
    checked(result)
    try:
        found, law = result.measured[number], result.foretold[number]
    except IndexError:
        remedy = f"There are {len(result.measured)}; let one happen: d.kill(…)."
        raise LabError(number, "is the number of no failure in this drill", remedy) from None
    rows: list[tuple[str, Parts]] = [("seen", found.parts)]
    known = law.known and math.isfinite(law.most)
    if known:
        rows.append(("the law", law.parts))
    end = round_end(max(1.0, found.seconds, law.most if known else 0.0))
    bars = PartBars(title, tuple(rows), end)
    if not known:
        return bars
    said = f"the law: {seconds(round(law.least, 1))} to {seconds(round(law.most, 1))}"
    return bars.marked([Ghost(law.least, said, law.most, axis="x", said=False)])
