"""Dots: fifty equally likely outcomes, and a line to drag that counts those beyond it.

A quantile dot plot (Kay et al., CHI 2016): of many runs the values at 1 %, 3 %, … 99 %, so that a
dot is a chance of one in fifty. To count dots is what people do best with chance.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Final

from lab_engine.errors import LabError
from lab_engine.simulation.quantiles import weighted_quantiles

from .picture import Drawn, Ghost
from .scales import PERCENT, said, ticks

COUNT: Final = 50
LEVELS: Final = tuple((index + 0.5) / COUNT for index in range(COUNT))


@dataclass(frozen=True, repr=False)
class Dots(Drawn):
    """Fifty outcomes on an axis.

    Attributes:
        title, hint: what stands above it.
        values: of the dots, rising.
        high: the end of the axis, which begins at 0.
        line: where the line stands at first.
        unit: `%` or `s`.
        this: the outcome of the run that is shown beside it; None for none.
    """

    title: str
    hint: str
    values: tuple[float, ...]
    high: float
    line: float
    unit: str = PERCENT
    this: float | None = None
    ghosts: tuple[Ghost, ...] = ()

    kind = "dots"

    def below(self, line: float) -> int:
        """How many dots lie below a value."""
        return sum(value < line for value in self.values)

    def count(self, line: float) -> str:
        """What the line says where it stands."""
        below = self.below(line)
        shows = "shows" if below == 1 else "show"
        return f"{below} of {COUNT} {shows} less than {said(line, self.unit)}"

    @cached_property
    def sentence(self) -> str:
        """What it shows, in words."""
        low, high = said(self.values[0], self.unit), said(self.values[-1], self.unit)
        return f"Of 50 equally likely outcomes, from {low} to {high}: {self.count(self.line)}."

    def still(self) -> dict[str, Any]:
        """All of it, in words of JSON."""
        return {
            "title": self.title,
            "hint": self.hint,
            "values": [float(f"{value:.4g}") for value in self.values],
            "high": self.high,
            "line": self.line,
            "step": self.high / 100,
            "unit": self.unit,
            "this": self.this,
            "ticks": [[value, self._tick(value)] for value in ticks(0, self.high, 6)],
            "ghosts": [ghost.still() for ghost in self.ghosts],
        }

    def _tick(self, value: float) -> str:
        more = value == self.high and self.values[-1] > self.high
        return said(value, self.unit) + " and more" * more

    def frames(self) -> bytes:
        """None."""
        return b""

    def marked(self, ghosts: Sequence[Ghost]) -> "Dots":
        """The same picture with these values on its axis."""
        return replace(self, ghosts=tuple(ghosts))

    def svg(self) -> str:
        """The dots, and the line where it stands at first."""
        from .fantwin import dots_svg  # noqa: PLC0415  (the drawing knows the picture)

        return dots_svg(self)


def dots(  # noqa: PLR0913  (each is one thing an author may want to say)
    outcomes: Sequence[float],
    *,
    high: float,
    line: float,
    title: str,
    unit: str = PERCENT,
    this: float | None = None,
) -> Dots:
    """The dot plot of a sample.

    Args:
        outcomes: one value for each run, in the unit of the axis.
        high: the end of the axis, above 0; what lies beyond is gathered there, and said.
        line: where the line stands at first, 0 to `high`.
        title: the question it answers.
        unit: `%` or `s`.
        this: the outcome of the run shown beside it.

    Raises:
        LabError: no outcomes, or an axis that does not hold its line.
    """
    if not outcomes:
        raise LabError("No outcomes", "make no dots", "Give one value for each run.")
    if not 0 <= line <= high or not high > 0:
        raise LabError(line, f"is no line on an axis from 0 to {high:g}", "Put it between them.")
    values = weighted_quantiles([(value, 1.0) for value in outcomes], LEVELS)
    here = "" if this is None else "; ▲ this run"
    hint = f"50 equally likely outcomes{here}. Drag the line."
    return Dots(title, hint, values, high, line, unit, this)
