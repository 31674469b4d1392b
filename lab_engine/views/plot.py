"""A live plot: a widget that redraws a figure in the page, with a sentence that says what it shows.

Not here: what the figure holds. plotly's own FigureWidget is not used because it sends all of
plotly.js (4.8 MB) for every figure. A page holds one plotly.js, whichever plot asked for it first;
its kernel answers with 1.4 MB of gzip. What crosses afterwards is the first figure, once, and
for each update the attributes that differ from it (plain.py). The front end is plot.js.
"""

import functools
import gzip
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import anywidget
import plotly.graph_objects as go
import traitlets
from plotly.offline import get_plotlyjs

from .plain import difference, plain

_HERE: Final = Path(__file__).parent
ASK: Final = "plotly.js"


class LivePlot(anywidget.AnyWidget):
    """A figure that can be replaced while the page shows it.

    `LivePlot(figure, summary)` takes a `go.Figure`, or a mapping with `data` and `layout`, and one
    sentence that says what a reader who cannot see the picture should know.
    """

    _esm = _HERE / "plot.js"
    _css = _HERE / "plot.css"

    # The full state is the first figure with the present difference laid over it: a page that is
    # loaded anew gets both and draws the present picture, and no message depends on another.
    _first = traitlets.Dict().tag(sync=True)
    _changes = traitlets.Dict().tag(sync=True)
    _summary = traitlets.Unicode().tag(sync=True)
    _kernel = traitlets.Unicode().tag(sync=True)

    def __init__(self, figure: go.Figure | Mapping[str, Any], summary: str) -> None:
        first = plain(figure)
        super().__init__(_first=first, _summary=summary, _kernel=_kernel_name())
        self.on_msg(self._answer)

    @property
    def summary(self) -> str:
        """The sentence under the plot, which is also its accessible name."""
        return str(self._summary)

    def show(self, figure: go.Figure | Mapping[str, Any], summary: str) -> None:
        """Draw `figure` in place of the present one; only what differs is sent."""
        changes = difference(self._first, plain(figure))
        with self.hold_sync():
            self._changes = changes
            self._summary = summary

    def _answer(self, _widget: object, content: object, _buffers: object) -> None:
        if isinstance(content, dict) and content.get("ask") == ASK:
            self.send({"answer": ASK}, buffers=[_packed_plotlyjs()])

    def __repr__(self) -> str:
        # No address and no id: nbval compares this text with the one stored in the notebook.
        return f"Plot: {self.summary}"


@functools.cache
def _kernel_name() -> str:
    """What a page knows this process by, so that it asks each kernel only once."""
    return uuid.uuid4().hex


@functools.cache
def _packed_plotlyjs() -> bytes:
    return gzip.compress(get_plotlyjs().encode(), compresslevel=6)
