"""What every picture of the kit is: plain data that a page can draw and a test can read.

Not here: any one picture, and how it gets to the page (widget.py).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol


class Picture(Protocol):
    """One picture: what does not move, the frames that do, and its sentence."""

    @property
    def kind(self) -> str:
        """Which drawing of the page it is for."""

    @property
    def sentence(self) -> str:
        """What a reader who cannot see it should know."""

    def still(self) -> dict[str, Any]:
        """Everything but the frames, in words of JSON."""

    def frames(self) -> bytes:
        """What moves, packed as the drawing of this kind unpacks it; empty where nothing does."""

    def marked(self, ghosts: "Sequence[Ghost]") -> "Picture":
        """The same picture with these values beside what it shows."""

    def twin(self) -> str:
        """An SVG of the moment it begins at, for readers without a kernel."""


@dataclass(frozen=True)
class Ghost:
    """A value beside what a picture shows, such as a prediction, on the picture's own axis.

    Attributes:
        value: in the unit of the axis: percent on the load bars of tiles.
        label: such as `you said 40 %`.
        to: the other end of an interval; None for a single value.
        on: the server whose bar it belongs to; empty for all of them. Figures have none.
        axis: of a figure, which of its axes has this unit; without meaning for tiles.
        said: a prediction, drawn hollow; False for what it turned out to be, drawn full.
    """

    value: float
    label: str
    to: float | None = None
    on: str = ""
    axis: Literal["x", "y"] = "y"
    said: bool = True

    def still(self) -> dict[str, Any]:
        """In words of JSON."""
        ends = sorted({self.value, self.value if self.to is None else self.to})
        return {"ends": ends, "label": self.label, "on": self.on, "said": self.said}
