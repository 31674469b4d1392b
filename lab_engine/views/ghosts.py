"""Predictions on a figure: a value with its label, on the axis it was predicted for."""

import math
from collections.abc import Sequence

import plotly.graph_objects as go

from .kit.picture import Ghost
from .theme import LINE


def marked(figure: go.Figure, ghosts: Sequence[Ghost]) -> go.Figure:
    """A figure with a diamond for each ghost, at the edge of the plot, on a line across it.

    What was said is hollow and its line dotted; what it was is full.
    """
    if not ghosts:
        return figure
    figure = go.Figure(figure)
    for row, ghost in enumerate(ghosts):
        for end in ghost.still()["ends"]:
            _line(figure, ghost, end)
        _diamond(figure, ghost, row)
    return figure


def _line(figure: go.Figure, ghost: Ghost, at: float) -> None:
    along = {"x0": 0, "x1": 1, "xref": "paper", "y0": at, "y1": at, "yref": "y"}
    if ghost.axis == "x":
        along = {"y0": 0, "y1": 1, "yref": "paper", "x0": at, "x1": at, "xref": "x"}
    dash = "dot" if ghost.said else "solid"
    figure.add_shape(type="line", line={"dash": dash, "width": 1.5, "color": LINE}, **along)


def _diamond(figure: go.Figure, ghost: Ghost, row: int) -> None:
    symbol = "◇" if ghost.said else "◆"
    at = ghost.still()["ends"][-1]
    # On an axis of logarithms plotly places texts by the logarithm, but lines by the value.
    if figure.layout[f"{ghost.axis}axis"].type == "log":
        at = math.log10(at)
    place = {"x": 1, "xref": "paper", "xanchor": "right", "y": at, "yref": "y", "yanchor": "bottom"}
    if ghost.axis == "x":
        place = {"y": 1, "yref": "paper", "yanchor": "top", "x": at, "xref": "x", "xanchor": "left"}
        place["yshift"] = -18 * row  # two that are near each other keep out of each other's way
    figure.add_annotation(text=f"{symbol} {ghost.label}", showarrow=False, **place)
