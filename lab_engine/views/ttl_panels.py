"""The panels of lesson 04: which controls stand over the trade-off, and over a move. No logic."""

from typing import Final, NamedTuple

import plotly.graph_objects as go

from lab_engine.simulation.failovers import Failovers, failovers
from lab_engine.simulation.moves import DAY, Move, Moved
from lab_engine.simulation.tradeoff import Tradeoff
from lab_engine.views.controls import Choice, Control, Slider, Switch, chosen, one_two_five
from lab_engine.views.kit.frames import moments
from lab_engine.views.kit.tiles import Tiles, tiles
from lab_engine.views.panel import Panel
from lab_engine.views.theme import percent
from lab_engine.views.ttl_figures import (
    span,
    staircase,
    staircase_summary,
    tradeoff,
    tradeoff_summary,
)

TTLS: Final = (1, 5, 10, 20, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 43_200, DAY)
SIMULATED: Final = (1, 5, 20, 60, 300, 1800, 14_400)
LEADS: Final = (0, 60, 300, 900, 3600, 3660, 7200, 14_400, 14_460, 43_200, DAY, DAY + 60, 2 * DAY)
TRADEOFF: Final[dict[str, Control]] = {
    "ttl": Slider("ttl", "TTL", 1, DAY, choices=TTLS, unit="s"),
    "sla": Slider(
        "sla", "SLA: p99 outage", 10, 3600, choices=(*range(30, 601, 30), 3600), unit="s"
    ),
    "rate": Slider(
        "rate", "Requests", 0.01, 100.0, choices=one_two_five(0.01, 100), unit="/s a cache"
    ),
    "caches": Slider(
        "caches", "Caches", 1, 100_000, choices=one_two_five(1, 100_000), unit="caches"
    ),
    "authority": Slider("authority_ms", "Authority's round trip", 1, 500, unit="ms"),
    "interval": Choice("interval", "Checked every", {"30 s": 30.0, "10 s": 10.0}),
    "price": Slider("price", "A million questions", 0.0, 2.0, step=0.1, unit="USD"),
}
MOVE: Final[dict[str, Control]] = {
    "old_ttl": Slider("old_ttl", "Old TTL", 2, DAY, choices=TTLS[5:], unit="s"),
    "low_ttl": Slider("low_ttl", "Low TTL", 1, 3600, choices=TTLS[:12], unit="s"),
    "lead": Slider("lead", "First change ahead", 0, 2 * DAY, choices=LEADS, unit="s"),
    "steps": Slider("steps", "Changes at most", 1, 8),
    "hold": Slider("hold", "Restored after", 60, 14_400, choices=TTLS[5:14], unit="s"),
    "budget": Slider(
        "budget", "Budget", 10, 100_000, choices=one_two_five(10, 100_000), unit="questions"
    ),
    "deaf": Slider("deaf", "Clients that never ask again", 0.0, 0.5, step=0.01, unit="of all"),
    "silent": Slider(
        "silent", "Authority silent from the move", 0, 3600, choices=(0, 300, 900, 3600), unit="s"
    ),
    "serve_stale": Switch("serve_stale", "Caches serve stale"),
}


class Drawn(NamedTuple):
    """A trade-off, and what was simulated of it."""

    trade: Tradeoff
    simulated: tuple[Failovers, ...]


def ttl_tradeoff(
    trade: Tradeoff, *controls: str, still: str = "", runs: int = 0
) -> Panel[Tradeoff, Drawn]:
    """The outage and the bill over the TTL, under the controls named.

    Args:
        trade: where the panel starts.
        controls: some of `TRADEOFF`.
        still: where the lesson keeps the picture for readers without a kernel.
        runs: failovers that are simulated for each of seven TTLs, and drawn as circles beside the
            closed forms; none unless asked for. Sixty take two seconds for each rate and interval.

    Raises:
        LabError: no such control.
    """
    moved = chosen(controls, TRADEOFF)

    def drawn(trade: Tradeoff) -> Drawn:
        found = (failovers(trade, ttl, runs=runs) for ttl in (SIMULATED if runs else ()))
        return Drawn(trade, tuple(found))

    label = "What a TTL buys and costs"
    return Panel(trade, moved, drawn, _curves, _told, label=label, still=still)


def migration(move: Move, *controls: str, still: str = "") -> Panel[Move, Moved]:
    """The staircase of TTLs ahead of a move, and what each cache holds, under the controls named.

    Args:
        move: where the panel starts.
        controls: some of `MOVE`.
        still: where the lesson keeps the picture of the staircase.

    Raises:
        LabError: no such control.
    """
    levers = chosen(controls, MOVE)
    label = "A move and its TTLs"
    return Panel(
        move,
        levers,
        Move.run,
        staircase,
        staircase_summary,
        picture=_held,
        label=label,
        still=still,
    )


def _curves(drawn: Drawn) -> go.Figure:
    return tradeoff(*drawn)


def _told(drawn: Drawn) -> str:
    return tradeoff_summary(drawn.trade)


def _held(move: Move, moved: Moved) -> Tiles:
    """Begins at the first moment shown at which the last TTL has passed since the move."""
    scenario, outcome = moved.scenario, moved.outcome
    passed = move.move_at + move.low_ttl
    times = moments(scenario.duration, len(outcome.holders))
    after = span(move.low_ttl)
    old = percent(round(moved.stale(move.low_ttl), 3))
    return tiles(
        scenario,
        outcome,
        title="Who goes to A, the old server, and who to B, the new one?",
        turns=_turns(move),
        at=next((time for time in times if time >= passed), passed),
        says=f"{after} after the move {old} of the requests still go to A, the old server.",
    )


def _turns(move: Move) -> list[tuple[float, tuple[float, float]]]:
    """Where a cache without a copy leads: to A, then to B; in a silence to A or nobody."""
    moved: list[tuple[float, tuple[float, float]]] = [(0, (1, 0)), (move.move_at, (0, 1))]
    if not move.silent:
        return moved
    meanwhile = (1.0, 0.0) if move.serve_stale else (0.0, 0.0)
    return [moved[0], (move.move_at, meanwhile), (move.move_at + move.silent, (0, 1))]
