"""Figures: an outcome in, a picture and its one sentence out. Pure; no widget, no simulation."""

import math
from collections.abc import Sequence
from statistics import median

import plotly.graph_objects as go

from lab_engine.simulation.outcome import Outcome
from lab_engine.views.theme import (
    line_and_marker,
    new_figure,
    number,
    seconds,
)

HEIGHT = 340
# Fixed, since measuring what labels need takes a third of each redrawing.
MARGIN = {"l": 64, "r": 16, "t": 56, "b": 46}


def traffic(outcome: Outcome) -> go.Figure:
    """Requests a second at each server over time; the legend says each one's share of them all."""
    times = [round((index + 0.5) * outcome.bin / 60, 2) for index in range(len(outcome.queries))]
    shares = outcome.shares()
    lines = [
        {
            "type": "scatter",
            "x": times,
            "y": [round(count / outcome.bin, 1) for count in row],
            "name": f"{server}: {100 * shares[index]:.1f} %",
            "mode": "lines+markers",
            **_few_markers(line_and_marker(index)),
        }
        for index, (server, row) in enumerate(zip(outcome.addresses, outcome.requests, strict=True))
    ]
    return new_figure(
        *lines,
        height=HEIGHT,
        margin=MARGIN,
        xaxis={"title": {"text": "minutes"}, "automargin": False},
        yaxis={
            "title": {"text": "requests a second"},
            "rangemode": "tozero",
            "automargin": False,
        },
    )


def traffic_summary(outcome: Outcome) -> str:
    """What `traffic` shows, in one sentence with its numbers."""
    shares = ", ".join(f"{100 * share:.1f} %" for share in outcome.shares())
    parts = [f"The servers got {shares} of {number(outcome.total)} requests"]
    if ratios := outcome.max_over_min():
        parts.append(f"in the median window of {seconds(outcome.window)} {_compared(ratios)}")
    parts.append(f"the authority answered {number(outcome.authority_queries)} questions")
    if failed := sum(outcome.failed):
        parts.append(f"{number(failed)} requests failed")
    return f"{'; '.join(parts)}."


def _few_markers(style: dict[str, dict[str, object]]) -> dict[str, dict[str, object]]:
    """Markers enough to tell the lines apart: each is an element that every redrawing touches."""
    return {**style, "marker": {**style["marker"], "maxdisplayed": 12}}


def _compared(ratios: Sequence[float]) -> str:
    middle = median(ratios)
    if math.isinf(middle):
        return "the idlest got nothing"
    return f"the busiest got {middle:.2f} times as much as the idlest"
