"""Figures of lesson 04: what a TTL buys and costs, and the staircase of TTLs ahead of a move.

All scales are fixed, so that a move of a control moves what is drawn and not the paper.
"""

import math
from collections.abc import Sequence
from typing import Any, Final

import plotly.graph_objects as go

from lab_engine.simulation.failovers import Failovers
from lab_engine.simulation.moves import DAY, Move, Moved
from lab_engine.simulation.tradeoff import Tradeoff
from lab_engine.views.theme import BLUE, GREEN, LINE, VERMILLION, new_figure, number

SPANS: Final = {
    1: "1 s",
    10: "10 s",
    60: "1 min",
    600: "10 min",
    3600: "1 h",
    14_400: "4 h",
    DAY: "1 day",
}
TTLS: Final = (*sorted({round(10 ** (step / 12)) for step in range(60)}), DAY)
LONGEST, SHORTEST = 2 * DAY, 30
MARGIN: Final = {"l": 78, "r": 78, "b": 50}
LEAST: Final = 30  # questions; what is less stands at the edge
NEAR: Final = 60  # seconds; what is no longer ahead stands at the right edge
MOST_LONG: Final = 5  # rungs that have room for two units
CIRCLES: Final = "lines: closed forms; circles: simulated"
WEDGE, CALM = "rgba(213,94,0,0.2)", "rgba(0,158,115,0.2)"


def span(seconds: float, parts: int = 2) -> str:
    """A time as people set TTLs: `4 h`, `1 h 1 min`, `45 s`; only its first parts."""
    found, rest = [], round(seconds)
    for unit, name in ((DAY, "d"), (3600, "h"), (60, "min"), (1, "s")):
        count, rest = divmod(rest, unit)
        found += [f"{count} {name}"] * (count > 0)
    return " ".join(found[:parts]) or "0 s"


# --- what a TTL buys and costs -------------------------------------------------------------------


def tradeoff(trade: Tradeoff, simulated: Sequence[Failovers] = ()) -> go.Figure:
    """The p99 outage rises with the TTL and the bill falls; shaded is what meets the SLA.

    Lines are the closed forms, full circles what was simulated.
    """
    curves = (
        ("outage", [trade.outage(ttl) for ttl in TTLS], BLUE, "solid", "y"),
        ("bill", [trade.bill(ttl) for ttl in TTLS], VERMILLION, "dash", "y2"),
    )
    lines = [
        {"type": "scatter", "x": list(TTLS), "y": [float(f"{value:.4g}") for value in values]}
        | {"mode": "lines", "name": name, "yaxis": axis, "line": _line(colour, dash)}
        for name, values, colour, dash, axis in curves
    ]
    return new_figure(
        *lines,
        *_circles(trade, simulated),
        *_knee(trade),
        height=350,
        margin={**MARGIN, "t": 26},
        showlegend=False,
        xaxis=_spans("TTL", 0, 5),
        yaxis=_decades("p99 outage, s", 1.5, 5.5),
        yaxis2=_decades("bill, USD a month", -2, 4)
        | {"overlaying": "y", "side": "right", "showgrid": False},
        shapes=_marks(trade),
        annotations=[
            _note("p99 outage", DAY, math.log10(trade.outage(DAY)), "right", "bottom"),
            _note("bill", 1.3, math.log10(max(0.01, trade.bill(1))), "left", "bottom")
            | {"yref": "y2"},
            _note(f"SLA {number(trade.sla)} s", DAY, math.log10(max(1, trade.sla)), "right"),
            *_region(trade),
            *([_note(CIRCLES, DAY, 0.02, "right") | {"yref": "paper"}] if simulated else []),
        ],
    )


def _circles(trade: Tradeoff, simulated: Sequence[Failovers]) -> list[dict[str, Any]]:
    """What runs say of some TTLs, on both curves."""
    if not simulated:
        return []
    both = (
        ("simulated outage", [each.outage() for each in simulated], BLUE, "y"),
        ("simulated bill", [each.bill(trade) for each in simulated], VERMILLION, "y2"),
    )
    return [
        {"type": "scatter", "mode": "markers", "name": name, "yaxis": axis}
        | {"x": [each.ttl for each in simulated], "y": [float(f"{value:.4g}") for value in values]}
        | {"marker": {"symbol": "circle", "size": 8, "color": colour}}
        for name, values, colour, axis in both
    ]


def _knee(trade: Tradeoff) -> list[dict[str, Any]]:
    """A diamond on each curve at the largest TTL that meets the SLA."""
    knee = trade.knee
    if not knee:
        return []
    marker = {"symbol": "diamond", "size": 12, "color": GREEN, "line": {"width": 1.5}}
    both = ((trade.outage(knee), "y"), (trade.bill(knee), "y2"))
    return [
        {"type": "scatter", "x": [knee], "y": [value], "yaxis": axis, "mode": "markers"}
        | {"marker": marker, "name": "knee"}
        for value, axis in both
    ]


def _marks(trade: Tradeoff) -> list[dict[str, Any]]:
    """The region, the SLA, and the TTL that is set."""
    marks = [
        {"type": "line", "x0": 1, "x1": 10**5, "y0": trade.sla, "y1": trade.sla}
        | {"line": {"color": LINE, "dash": "dash", "width": 1.5}},
        {"type": "line", "yref": "paper", "y0": 0, "y1": 1, "x0": trade.ttl, "x1": trade.ttl}
        | {"line": {"color": LINE, "dash": "dot", "width": 2}},
    ]
    if trade.knee:
        marks.append(
            {"type": "rect", "yref": "paper", "y0": 0, "y1": 1, "x0": 1, "x1": trade.knee}
            | {"fillcolor": CALM, "line": {"width": 0}, "layer": "below"}
        )
    return marks


def _region(trade: Tradeoff) -> list[dict[str, Any]]:
    yours = _note(f"your TTL {span(trade.ttl)}", max(1, trade.ttl), 1, "center", "bottom")
    yours["yref"] = "paper"
    if not trade.knee:
        words = f"no TTL meets it: detection alone takes {trade.outage(0):.0f} s"
        return [yours, _note(words, 1.1, 0.4, "left", "bottom") | {"yref": "paper"}]
    knee = _note(f"knee {span(trade.knee)}", trade.knee, math.log10(trade.sla), "left", "top")
    return [yours, _note("meets the SLA", 1.1, 0.02) | {"yref": "paper"}, knee | {"xshift": 8}]


def tradeoff_summary(trade: Tradeoff) -> str:
    """What `tradeoff` shows, in one sentence with its numbers."""
    slow = trade.lookup(trade.ttl, 0.99)
    knee = f"the largest TTL that meets it is {span(trade.knee)}" if trade.knee else "no TTL does"
    meets = "meets" if trade.outage(trade.ttl) <= trade.sla else "misses"
    return (
        f"TTL {span(trade.ttl)}: 99 of 100 outages are over in {trade.outage(trade.ttl):,.0f} s, "
        f"which {meets} the SLA of {number(trade.sla)} s; {knee}. The bill is "
        f"{trade.bill(trade.ttl):,.2f} USD a month, and of 100 look-ups 99 take at most "
        f"{number(slow)} ms."
    )


# --- the staircase -------------------------------------------------------------------------------


def staircase(moved: Moved) -> go.Figure:
    """The TTL that is published against the time that is left until the move, and the questions."""
    move = moved.move
    times, ttls = _ladder(move)
    late = [ttl if ttl >= left else None for left, ttl in zip(times, ttls, strict=True)]
    ladder = {"type": "scatter", "mode": "lines", "x": times, "xaxis": "x", "yaxis": "y"}
    return new_figure(
        _wedge(),
        {**ladder, "y": ttls, "name": "published", "line": _line(BLUE, "solid", 3)},
        {**ladder, "y": _long(late, move.low_ttl), "name": "too long"}
        | {"line": _line(VERMILLION, "solid", 6)},
        *_counts(moved),
        height=372,
        margin={**MARGIN, "t": 12, "r": 34},
        showlegend=False,
        xaxis=_spans("time left until the move", math.log10(LONGEST), math.log10(SHORTEST)),
        yaxis={**_spans("published TTL", math.log10(SHORTEST), math.log10(LONGEST))}
        | {"domain": [0.4, 1]},
        xaxis2={"type": "log", "range": [1, 5], "anchor": "y2", "automargin": False}
        | {"title": {"text": "questions to the authority, from the first change to the restore"}}
        | {"tickvals": [10, 100, 1000, 10_000, 100_000]}
        | {"ticktext": ["10", "100", "1,000", "10,000", "100,000"]},
        yaxis2={"domain": [0, 0.17], "range": [-0.7, 1.7], "tickvals": [0, 1], "automargin": False}
        | {"ticktext": ["this run", "planned"], "showgrid": False},
        shapes=[
            {"type": "line", "xref": "x2", "yref": "y2", "y0": -0.7, "y1": 1.7}
            | {"x0": max(10, move.budget), "x1": max(10, move.budget)}
            | {"line": {"color": LINE, "dash": "dash", "width": 2}}
        ],
        annotations=_words(move),
    )


def _ladder(move: Move) -> tuple[list[float], list[float]]:
    """Corners of the published TTL, by the time left, the oldest first."""
    times, ttls = [float(LONGEST)], [float(move.old_ttl)]
    for step in move.plan.steps:
        left = max(float(SHORTEST), move.move_at - step.at)
        times += [left, left]
        ttls += [ttls[-1], float(step.ttl)]
    # The wedge's edge is a corner, too, so that what lies beyond it can be told apart.
    for index in range(len(times) - 1, 0, -1):
        if ttls[index] == ttls[index - 1] and times[index] < ttls[index] < times[index - 1]:
            times.insert(index, ttls[index])
            ttls.insert(index, ttls[index])
    return [*times, float(SHORTEST)], [*ttls, ttls[-1]]


def _long(late: Sequence[float | None], low: float) -> list[float | None]:
    """Of a ladder, what would outlive the move by more than the low TTL allows."""
    return [ttl if ttl is not None and ttl > low else None for ttl in late]


def _wedge() -> dict[str, Any]:
    """Above the diagonal a copy lives longer than the time that is left."""
    corners = ([SHORTEST, LONGEST, SHORTEST, SHORTEST], [SHORTEST, LONGEST, LONGEST, SHORTEST])
    return {
        "type": "scatter",
        "x": corners[0],
        "y": corners[1],
        "mode": "lines",
        "fill": "toself",
        "fillcolor": WEDGE,
        "line": {"width": 0},
        "hoverinfo": "skip",
    }


def _counts(moved: Moved) -> list[dict[str, Any]]:
    """The two witnesses: the closed form hollow, the simulation full."""
    planned, asked = moved.move.planned, moved.asked
    both = ((planned, 1, "diamond-open", BLUE), (asked, 0, "circle", BLUE))
    return [
        {
            "type": "scatter",
            "x": [max(10, round(value, 1))],
            "y": [row],
            "xaxis": "x2",
            "yaxis": "y2",
        }
        | {"mode": "markers+text", "text": [f"{value:,.0f}"]}
        | {"textposition": _aside(value, moved.move.budget)}
        | {"marker": {"symbol": symbol, "size": 12, "color": colour}}
        for value, row, symbol, colour in both
    ]


def _aside(value: float, budget: int) -> str:
    """Which side of a mark has room for its number: not that of the budget's line."""
    return "middle left" if LEAST < value <= budget else "middle right"


def _words(move: Move) -> list[dict[str, Any]]:
    budget = _note(f"budget {move.budget:,}", max(10, move.budget), 1.7, "left", "bottom")
    parts = 2 if len(move.plan.steps) <= MOST_LONG else 1
    rungs = [
        _beside(span(step.ttl, parts), max(SHORTEST, move.move_at - step.at), step.ttl)
        for step in move.plan.steps
    ]
    return [
        _note("a copy fetched here outlives the move", 45, 5.0, "right", "top"),
        *(rung | {"yanchor": "top"} for rung in rungs),
        budget | {"xref": "x2", "yref": "y2"},
    ]


def _beside(text: str, left: float, ttl: float) -> dict[str, Any]:
    """A rung's TTL, on that side of its edge on which there is room."""
    near = left <= NEAR
    note = _note(text, left, math.log10(ttl), "right" if near else "left")
    return note | {"xshift": -4 if near else 4}


def staircase_summary(moved: Moved) -> str:
    """What `staircase` shows, in one sentence with its numbers."""
    move = moved.move
    steps = ", ".join(f"{span(step.ttl)}" for step in move.plan.steps)
    within = "within" if moved.asked <= move.budget else "over"
    return (
        f"From {span(move.old_ttl)} the TTL goes to {steps}, the first change "
        f"{span(move.lead)} ahead. Planned are {move.planned:,.0f} questions, this run asked "
        f"{moved.asked:,}, {within} the budget of {move.budget:,}."
    )


# --- axes and texts ------------------------------------------------------------------------------


def _line(colour: str, dash: str, width: float = 2.5) -> dict[str, Any]:
    return {"color": colour, "dash": dash, "width": width}


def _spans(title: str, low: float, high: float) -> dict[str, Any]:
    """A log axis of times, marked where people set TTLs."""
    ticks = {"tickvals": list(SPANS), "ticktext": list(SPANS.values())}
    axis = {"type": "log", "range": [round(low, 4), round(high, 4)], "automargin": False}
    return {**axis, **ticks, "title": {"text": title}}


def _decades(title: str, low: float, high: float) -> dict[str, Any]:
    powers = range(math.ceil(low), math.floor(high) + 1)
    ticks = {
        "tickvals": [10.0**power for power in powers],
        "ticktext": [f"{10.0**power:,.10g}" for power in powers],
    }
    axis = {"type": "log", "range": [low, high], "automargin": False, **ticks}
    return {**axis, "title": {"text": title}}


def _note(
    text: str, x: float, y: float, anchor: str = "left", side: str = "bottom"
) -> dict[str, Any]:
    """A label; plotly wants logarithms of places on log axes."""
    place = {"x": round(math.log10(x), 4), "y": round(y, 4), "xanchor": anchor, "yanchor": side}
    return {"text": text, "showarrow": False, "font": {"size": 12}, **place}
