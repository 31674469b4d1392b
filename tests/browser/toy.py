"""A made-up scenario and its panel, so that the panel kit can be driven without any simulation.

It is copied beside the test notebooks and imported by their kernels. Three waves of 360 points
(the size a lesson's figure has), an invalid region (`rate` above `limit`) and a crash (`rate` of
13).
"""

import dataclasses
from typing import Any

import numpy as np
import plotly.graph_objects as go

from lab_engine.errors import ScenarioError
from lab_engine.views.controls import Choice, Slider, Switch, one_two_five
from lab_engine.views.panel import Panel
from lab_engine.views.theme import line_and_marker, new_figure

POINTS = 360


@dataclasses.dataclass(frozen=True)
class Toy:
    """Waves: `rate` of them, `limit` at most, `size` high, drawn to `points` points."""

    rate: int = 5
    limit: int = 40
    size: float = 100
    shape: str = "sin"
    mirrored: bool = False
    points: int = POINTS

    def get(self, path: str) -> Any:
        """The field `path`."""
        return getattr(self, path)

    def set(self, path: str, value: Any) -> "Toy":
        """The same toy with another value."""
        changed = dataclasses.replace(self, **{path: value})
        if changed.rate > changed.limit:
            rule = f"the rate may not exceed the limit of {changed.limit}"
            raise ScenarioError(changed.rate, rule, "Lower the rate, or raise the limit.")
        return changed


@dataclasses.dataclass(frozen=True)
class Waves:
    """What a toy leads to: three rows of heights over `x`, in fractions of the day."""

    toy: Toy
    x: np.ndarray
    rows: np.ndarray


def run(toy: Toy) -> Waves:
    """The waves of a toy."""
    if toy.rate == 13:
        raise ZeroDivisionError("thirteen")
    x = np.linspace(0, 1, toy.points)
    sign = -1 if toy.mirrored else 1
    wave = np.sin if toy.shape == "sin" else np.cos
    rows = np.array([sign * toy.size * wave(2 * np.pi * toy.rate * x + k) for k in range(3)])
    return Waves(toy, x, rows)


def figure(waves: Waves) -> go.Figure:
    """Three lines."""
    lines = [
        go.Scatter(x=waves.x, y=row, name=f"server {k + 1}", mode="lines", **line_and_marker(k))
        for k, row in enumerate(waves.rows)
    ]
    return new_figure(
        *lines,
        title=f"{waves.toy.rate} waves a day, {len(waves.x)} points",
        xaxis={"title": {"text": "day"}},
        yaxis={"title": {"text": "requests/s"}},
    )


def summary(waves: Waves) -> str:
    """What a reader who cannot see the lines should know."""
    toy = waves.toy
    return f"Three servers with {toy.rate} waves a day of height {toy.size:g}."


def coarse(toy: Toy) -> Toy:
    """A tenth of the points."""
    return dataclasses.replace(toy, points=POINTS // 10)


CONTROLS = (
    Slider("rate", "Waves", 1, 30, unit="per day"),
    Slider("size", "Height", 1, 10_000, choices=one_two_five(1, 10_000), unit="requests/s"),
    Choice("shape", "Shape", {"Sine": "sin", "Cosine": "cos"}),
    Switch("mirrored", "Upside down"),
)


def toy_panel(toy: Toy | None = None) -> Panel[Toy, Waves]:
    """A panel over a toy, on whose clock every run is a quick one."""
    still = {"coarse": coarse, "clock": lambda: 0.0, "label": "Waves"}
    return Panel(toy or Toy(), CONTROLS, run, figure, summary, **still)
