"""Several pictures as one: drawn side by side or below each other, moved by one playhead."""

import json
import re
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from lab_engine.simulation import Outcome, Scenario

from .dots import dots
from .fan import fan, percents
from .fantwin import LOOKS
from .picture import Drawn, Ghost, Picture
from .svg import STYLE

_SIZE: Final = re.compile(r'<svg [^>]*viewBox="0 0 ([\d.]+) ([\d.]+)" width="[^"]*"')
_WIDTH: Final = 936  # of a twin, pixels


@dataclass(frozen=True, repr=False)
class Together(Drawn):
    """Pictures that belong to each other.

    Attributes:
        parts: from top to bottom; narrow ones stand side by side.
        axes: which of them has the axis that predictions are on.
    """

    parts: tuple[Picture, ...]
    axes: tuple[int, ...]
    _packed: tuple[tuple[bytes, bytes], ...] = field(init=False, repr=False)

    kind = "together"

    def __post_init__(self) -> None:
        packed = tuple(
            (zlib.compress(json.dumps(part.still(), allow_nan=False).encode()), part.frames())
            for part in self.parts
        )
        deflated = tuple((still, zlib.compress(frames)) for still, frames in packed)
        object.__setattr__(self, "_packed", deflated)

    @property
    def sentence(self) -> str:
        """What each of them shows."""
        return " ".join(part.sentence for part in self.parts)

    def still(self) -> dict[str, Any]:
        """Of each part its kind, its sentence, and how many bytes it has among the frames."""
        return {
            "parts": [
                {"kind": part.kind, "sentence": part.sentence, "sizes": [len(still), len(frames)]}
                for part, (still, frames) in zip(self.parts, self._packed, strict=True)
            ]
        }

    def frames(self) -> bytes:
        """What each part would send by itself, one after another."""
        return b"".join(still + frames for still, frames in self._packed)

    def marked(self, ghosts: Sequence[Ghost]) -> "Together":
        """The same pictures, with these values beside those whose axis it is."""
        pairs = enumerate(self.parts)
        return replace(
            self,
            parts=tuple(part.marked(ghosts) if at in self.axes else part for at, part in pairs),
        )

    def svg(self) -> str:
        """The parts' own drawings, in rows."""
        inner: list[str] = []
        x = y = row = 0.0
        for part in self.parts:
            svg = part.svg()
            width, height = _size(svg)
            if x and x + width > _WIDTH:
                x, y, row = 0.0, y + row, 0.0
            place = f'<svg x="{x:g}" y="{y:g}" height="{height:g}" '
            svg = svg.replace("<svg ", place, 1).replace(STYLE, "", 1)
            # Styles hold for the whole file, so one of each is enough.
            inner.append(svg.replace(LOOKS, "") if LOOKS in "".join(inner) else svg)
            x, row = x + width, max(row, height)
        size = f'viewBox="0 0 {_WIDTH} {y + row:g}" width="{_WIDTH}"'
        paper = f'<rect width="{_WIDTH}" height="{y + row:g}" class="p"/>'
        head = f'<svg xmlns="http://www.w3.org/2000/svg" {size}><style>{STYLE}</style>{paper}'
        return f"{head}{''.join(inner)}</svg>"


def luck(  # noqa: PLR0913  (each is one thing an author may want to say)
    scenario: Scenario,
    outcomes: Sequence[Outcome],
    server: str,
    *,
    this: Outcome | None = None,
    title: str = "What was intended, and what luck makes of it",
    called: str = "",
    line: float | None = None,
    fault: float = 0.0,
) -> Together:
    """Fan and dots of one sample: the share of a server during a watch, and at its end.

    Args:
        scenario: what was run.
        outcomes: of the runs, with different seeds.
        server: whose share it is.
        this: the run that is drawn as a line; the first of the outcomes, unless it is given.
        title: the question it answers.
        called: what the sentence calls the server; its address, unless it is given.
        line: where the line among the dots stands at first, percent; half of what was intended.
        fault: the part of its requests that fail, if the harmed are to be counted.

    Raises:
        LabError: fewer than two runs, or no such server.
    """
    spread = fan(scenario, outcomes, server, this=this, title=title, called=called, fault=fault)
    ends = [percents(outcome, server)[-1] for outcome in outcomes]
    aim = spread.intended[-1][1]
    at = min(spread.top, aim / 2 if line is None else line)
    beside = dots(ends, high=spread.top, line=at, title="At the end", this=spread.line[-1])
    return Together((spread, beside), (0, 1))


def _size(svg: str) -> tuple[float, float]:
    found = _SIZE.match(svg)
    assert found is not None, "every picture says its size"  # noqa: S101
    return float(found[1]), float(found[2])
