"""The figure of the three worlds: latencies on one fixed axis, and below them what else differs."""

import math
from collections.abc import Callable, Sequence
from typing import Any, Final

import plotly.graph_objects as go

from lab_engine.simulation.worlds import NAMES, TAIL, World, Worlds
from lab_engine.views.theme import GRID, LINE, SYMBOLS, new_figure, number, seconds, series_style

HEIGHT: Final = 420
MARGIN: Final = {"l": 48, "r": 24, "t": 56, "b": 30}
LEAST_MS, MOST_MS = 1.0, 100_000.0
TOP: Final = (0.60, 1.0)
BOTTOM: Final = (0.0, 0.32)
GAP: Final = 0.06
Measure = tuple[str, Callable[[World], float], Callable[[World], str]]


def worlds_figure(found: Worlds) -> go.Figure:
    """p50, p95 and p99 of each world, and a bar for each other measure."""
    width = (1 - GAP * (len(MEASURES) - 1)) / len(MEASURES)
    axes: dict[str, Any] = {
        "xaxis": {
            "type": "log",
            "range": [math.log10(LEAST_MS), math.log10(MOST_MS)],
            "tickvals": [1, 10, 100, 1000, 10_000, 100_000],
            "ticktext": ["1 ms", "10 ms", "100 ms", "1 s", "10 s", "100 s"],
            "anchor": "y",
            "automargin": False,
        },
        "yaxis": {**_worlds_axis(), "domain": TOP},
    }
    traces: list[dict[str, Any]] = [*_ranges(found), *_quantiles(found)]
    titles = []
    for index, (title, value, said) in enumerate(MEASURES, 2):
        start = (index - 2) * (width + GAP)
        values = [value(world) for world in found.each]
        bars = [each if math.isfinite(each) else _rest(found) for each in values]
        traces.append(_bars(found, bars, said, index))
        largest = max(bars) or 1.0
        axes[f"xaxis{index}"] = {
            "domain": [start, start + width],
            "range": [0, 2.1 * largest],  # room for what is said beside the longest
            "anchor": f"y{index}",
            "showticklabels": False,
            "ticks": "",
            "showgrid": False,
            "automargin": False,
        }
        axes[f"yaxis{index}"] = {
            **_worlds_axis(),
            "domain": BOTTOM,
            "anchor": f"x{index}",
            "showticklabels": index == 2,
        }
        titles.append(_title(title, start))
    titles.append({**_title("what a request takes", 1, TOP[1]), "xanchor": "right"})
    return new_figure(*traces, height=HEIGHT, margin=MARGIN, annotations=titles, **axes)


def worlds_summary(found: Worlds) -> str:
    """What the figure shows, in one sentence with its numbers."""
    parts = [
        f"{world.name}: p99 {seconds(world.latency_ms[2] / 1000)}, busiest / mean "
        f"{world.imbalance:.2f}, {number(world.failed)} failed after a death, "
        f"drained in {_drained(world)}, canary off by {100 * world.canary_error:.2f} points"
        for world in found.each
    ]
    return f"{'; '.join(parts)}."


def _ranges(found: Worlds) -> list[dict[str, Any]]:
    """A line from p50 to p99 of each world."""
    return [
        {
            "type": "scatter",
            "mode": "lines",
            "x": _clipped(world.latency_ms),
            "y": [world.name] * len(TAIL),
            "line": {"color": LINE, "width": 2},
            "hoverinfo": "skip",
            "showlegend": False,
        }
        for world in found.each
    ]


def _quantiles(found: Worlds) -> list[dict[str, Any]]:
    traces = []
    for index, part in enumerate(TAIL):
        style = series_style(index)
        traces.append(
            {
                "type": "scatter",
                "mode": "markers",
                "name": f"p{100 * part:g}",
                "x": _clipped([world.latency_ms[index] for world in found.each]),
                "y": list(NAMES),
                "marker": {"color": style["color"], "symbol": SYMBOLS[index], "size": 11},
            }
        )
    return traces


def _bars(
    found: Worlds, values: Sequence[float], said: Callable[[World], str], index: int
) -> dict[str, Any]:
    styles = [series_style(each + 3) for each in range(len(NAMES))]
    return {
        "type": "bar",
        "orientation": "h",
        "x": [round(each, 4) for each in values],
        "y": list(NAMES),
        "text": [said(world) for world in found.each],
        "textposition": "outside",
        "cliponaxis": False,
        "marker": {
            "color": [style["color"] for style in styles],
            "pattern": {"shape": [style["pattern"] for style in styles]},
        },
        "xaxis": f"x{index}",
        "yaxis": f"y{index}",
        "showlegend": False,
    }


def _worlds_axis() -> dict[str, Any]:
    return {
        "type": "category",
        "categoryorder": "array",
        "categoryarray": list(reversed(NAMES)),
        "range": [-0.5, len(NAMES) - 0.5],
        "gridcolor": GRID,
        "automargin": False,
    }


def _title(text: str, x: float, y: float = BOTTOM[1]) -> dict[str, Any]:
    place = {"xref": "paper", "yref": "paper", "x": x, "y": y, "yshift": 4}
    return {**place, "text": text, "xanchor": "left", "yanchor": "bottom", "showarrow": False}


def _clipped(values: Sequence[float]) -> list[float | None]:
    """On the axis, and to three digits; nothing for what is not known."""
    return [
        None if math.isnan(each) else float(f"{min(max(each, LEAST_MS), MOST_MS):.3g}")
        for each in values
    ]


def _rest(found: Worlds) -> float:
    """The seconds that were watched after the drain began."""
    return found.dns.drain.ended - found.dns.at


def _drained(world: World) -> str:
    if math.isinf(world.drained):
        return f"over {seconds(world.drain.ended - world.at)}"
    return seconds(world.drained)


MEASURES: Final[tuple[Measure, ...]] = (
    (
        "busiest / mean",
        lambda world: world.imbalance,
        lambda world: f"{world.imbalance:.2f}",
    ),
    (
        "failed after a death",
        lambda world: float(world.failed),
        lambda world: number(world.failed),
    ),
    ("time to drain", lambda world: world.drained, _drained),
    (
        "canary is off by",
        lambda world: world.canary_error,
        lambda world: f"{100 * world.canary_error:.2f} points",
    ),
)
