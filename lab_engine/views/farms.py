"""The panel of lesson 07: which controls stand over the queues of a farm. No logic."""

from dataclasses import replace
from typing import Final

from lab_engine.simulation.farms import Farm, Lanes
from lab_engine.views.controls import Choice, Control, Slider, chosen
from lab_engine.views.kit.queues import TITLE, Queues, queues
from lab_engine.views.panel import Panel

TTLS: Final = (0, 1, 2, 5, 10, 20, 30, 60, 120, 300)
COUNTS: Final = (1, 2, 3, 5, 10, 20, 50, 100, 200, 500)
CONTROLS: Final[dict[str, Control]] = {
    "load": Slider("load", "Load", 0.1, 1.2, step=0.05, unit="(1: full)"),
    "answer": Choice("one", "An answer holds", {"one address": True, "all addresses": False}),
    "ttl": Slider("ttl", "TTL", 0, 300, choices=TTLS, unit="s"),
    "resolvers": Slider("resolvers", "Resolvers", 1, 500, choices=COUNTS, unit="caches"),
    "clients": Slider("clients", "Clients", 1, 500, choices=COUNTS, unit="clients"),
    "keep_alive": Choice(
        "keep_alive",
        "Clients keep connections",
        {"not at all": 0.0, "5 s unused": 5.0, "a minute unused": 60.0},
    ),
    "algorithm": Choice(
        "algorithm",
        "Balancer's algorithm",
        {each: each for each in ("round robin", "least connections", "two choices", "random")},
    ),
    "dies": Choice("dies", "Server A dies", {"never": 0.0, "at 10 s": 10.0, "at 30 s": 30.0}),
}


def farm_queues(farm: Farm, *controls: str, title: str = TITLE) -> Panel[Farm, Lanes]:
    """The queues of a farm in three worlds, under the controls named.

    Args:
        farm: where the panel starts.
        controls: some of `CONTROLS`; without any there is only Play.
        title: the question the picture answers.

    Raises:
        LabError: no such control.
    """

    def picture(_: Farm, lanes: Lanes) -> Queues:
        return queues(lanes, title=title)

    moved = chosen(controls, CONTROLS)
    return Panel(farm, moved, Farm.run, picture=picture, coarse=shorter, label=title)


def shorter(farm: Farm) -> Farm:
    """The first quarter of the watch: a coarse picture, quickly."""
    duration = farm.duration / 4
    return replace(farm, duration=duration, dies=farm.dies if farm.dies < duration else 0.0)
