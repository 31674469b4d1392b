"""Figures: an outcome in, a picture and its one sentence out. Pure; no widget, no simulation."""

import math
from collections.abc import Sequence
from statistics import median
from typing import Any, Final

import plotly.graph_objects as go

from lab_engine.simulation.outcome import Outcome
from lab_engine.views.theme import (
    LINE,
    line_and_marker,
    new_figure,
    number,
    seconds,
)

HEIGHT = 340
# Fixed, since measuring what labels need takes a third of each redrawing.
MARGIN = {"l": 64, "r": 16, "t": 56, "b": 46}
_SPREAD: Final = {"fill": "tonexty", "fillcolor": "rgba(127,127,127,0.35)"}


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


def windows(outcome: Outcome) -> go.Figure:
    """Requests a second at the busiest and the idlest server of each window, on one fixed scale.

    The scale ends at all requests, and the fair share is marked, so that windows compare.
    """
    width = round(outcome.window / outcome.bin)
    starts = range(0, len(outcome.queries) - width + 1, width)
    edges = [round(start * outcome.bin / 3600, 3) for start in (*starts, len(starts) * width)]
    rate = outcome.total / (outcome.bin * len(outcome.queries))
    each = [
        [sum(row[start : start + width]) / outcome.window for row in outcome.requests]
        for start in starts
    ]
    fair = rate / len(outcome.addresses)
    mark = {"color": LINE, "dash": "dash", "width": 2}
    return new_figure(
        _steps(edges, [min(loads) for loads in each], "the idlest server", 0),
        {**_steps(edges, [max(loads) for loads in each], "the busiest server", 1), **_SPREAD},
        height=HEIGHT,
        margin={**MARGIN, "r": 40},
        xaxis={"title": {"text": "hours"}, "automargin": False},
        yaxis={
            "title": {"text": "requests a second"},
            "range": [0, round(rate, 1)],
            "automargin": False,
        },
        shapes=[
            {
                "type": "line",
                "xref": "paper",
                "x0": 0,
                "x1": 1,
                "y0": fair,
                "y1": fair,
                "line": mark,
            }
        ],
        annotations=[
            {"xref": "paper", "x": 1.005, "y": fair, "text": "fair", "showarrow": False}
            | {"xanchor": "left", "yanchor": "middle"}
        ],
    )


def _steps(edges: Sequence[float], means: Sequence[float], name: str, index: int) -> dict[str, Any]:
    """A line that stays for each window where its mean is."""
    levels = [round(mean, 1) for mean in (*means, *means[-1:])]
    style = {**line_and_marker(index)["line"], "shape": "hv", "width": 1.5}
    return {
        "type": "scatter",
        "mode": "lines",
        "x": edges,
        "y": levels,
        "name": name,
        "line": style,
    }


def windows_summary(outcome: Outcome) -> str:
    """What `windows` shows, in one sentence with its numbers."""
    ratios = outcome.max_over_min()
    middle = f"in the median one {_compared(ratios)}" if ratios else "none is whole"
    return f"Windows of {seconds(outcome.window)}: {middle}."


def _few_markers(style: dict[str, dict[str, object]]) -> dict[str, dict[str, object]]:
    """Markers enough to tell the lines apart: each is an element that every redrawing touches."""
    return {**style, "marker": {**style["marker"], "maxdisplayed": 12}}


def _compared(ratios: Sequence[float]) -> str:
    middle = median(ratios)
    if math.isinf(middle):
        return "the idlest got nothing"
    return f"the busiest got {middle:.2f} times as much as the idlest"
