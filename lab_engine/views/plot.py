"""A live plot: a widget that redraws a figure in the page, with a sentence that says what it shows.

Not here: what the figure holds. plotly's own FigureWidget is not used because it sends all of
plotly.js (4.8 MB) for every figure. A page holds one plotly.js, whichever plot asked for it first;
its kernel answers with 1.4 MB of gzip. What crosses afterwards is the first figure, once, and
for each update the attributes that differ from it (plain.py). The front end is page/plot.js.
"""

import functools
import gzip
from collections.abc import Mapping
from typing import Any, ClassVar, Final

import plotly.graph_objects as go
import traitlets
from plotly.offline import get_plotlyjs

from .plain import difference, plain
from .widget import PageWidget

PLOTLY: Final = "plotly.js"


@functools.cache
def _packed_plotlyjs() -> bytes:
    return gzip.compress(get_plotlyjs().encode(), compresslevel=6)


class LivePlot(PageWidget):
    """A figure that can be replaced while the page shows it.

    `LivePlot(figure, summary)` takes a `go.Figure`, or a mapping with `data` and `layout`, and one
    sentence that says what a reader who cannot see the picture should know.
    """

    # The full state is the first figure with the present difference laid over it: a page that is
    # loaded anew gets both and draws the present picture, and no message depends on another.
    _first = traitlets.Dict().tag(sync=True)
    _changes = traitlets.Dict().tag(sync=True)
    _summary = traitlets.Unicode().tag(sync=True)

    libraries: ClassVar = {PLOTLY: _packed_plotlyjs}

    def __init__(self, figure: go.Figure | Mapping[str, Any], summary: str) -> None:
        first = plain(figure)
        super().__init__("plot", _first=first, _summary=summary)

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

    def __repr__(self) -> str:
        # No address and no id: nbval compares this text with the one stored in the notebook.
        return f"Plot: {self.summary}"
