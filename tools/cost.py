"""Draws the README's plot of what a simulation costs against its size.

`python -m tools.cost` measures (`benchmarks.sizes`) and writes benchmarks/cost.svg. Not a
test: the seconds are those of the machine it was drawn on.
"""

import sys

import plotly.graph_objects as go

from benchmarks.sizes import SIZES, measured
from lab_engine.views.theme import line_and_marker, new_figure
from tools.pictures import ROOT, draw


def main() -> int:
    """Measure both engines, and draw a line for each."""
    traces = []
    for index, engine in enumerate(SIZES):
        caches, seconds = zip(*measured(engine), strict=True)
        style = line_and_marker(index)
        traces.append(go.Scatter(x=caches, y=seconds, name=engine, mode="lines+markers", **style))
    figure = new_figure(
        *traces,
        title={"text": "An hour of independent caches, a request every 10 s each, TTL 300 s"},
        xaxis={"type": "log", "title": {"text": "caches"}},
        yaxis={"type": "log", "title": {"text": "seconds of computing"}},
    )
    draw({str(ROOT / "benchmarks" / "cost.svg"): figure})
    return 0


if __name__ == "__main__":
    sys.exit(main())
