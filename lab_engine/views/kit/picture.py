"""What every picture of the kit is: plain data that a page can draw and a test can read.

Not here: any one picture, and how it gets to the page (widget.py).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from lab_engine.views.display import Displayed, twin_html


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

    def svg(self) -> str:
        """The moment it begins at, drawn for readers without a kernel."""


class Drawn(Displayed):
    """A picture that can be the last line of a cell: it shows itself, live and as a twin."""

    @property
    def widget(self: Picture) -> Any:
        """A new widget that draws it."""
        from .live import LivePicture  # noqa: PLC0415  (a picture is data; widgets come when shown)

        return LivePicture(self)

    def twin(self: Picture) -> str:
        """HTML for readers without a kernel."""
        return twin_html(self.svg(), self.sentence)

    def __repr__(self: Picture) -> str:
        return f"Picture. {self.sentence}"


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
