"""The panel of a canary: who holds which answer, what luck makes of its share, and the odds.

Controls only; `simulation.many` runs, and the kit draws. The tiles and the line show one run, fan
and dots many of the same scenario.
"""

from dataclasses import replace
from functools import partial
from typing import Final

from lab_engine.review.explain import explain
from lab_engine.simulation import Scenario
from lab_engine.simulation.asking import planned
from lab_engine.simulation.many import Many, Runs, Sampler

from .controls import Slider, chosen
from .kit.fan import intended
from .kit.picture import Picture
from .kit.tiles import Aim, tiles
from .kit.together import Together, luck
from .panel import Panel
from .panels import CONTROLS

WEIGHTS: Final = (1, 2, 5, 10, 25, 50, 100, 255)
WATCHES: Final = (60, 300, 600, 1800, 3600, 10_800, 21_600)
RESOLVERS: Final = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)
OWN: Final = {
    "weight": Slider("zone.www.canary.weight", "Canary's weight", 1, 255, choices=WEIGHTS),
    "watch": Slider("duration", "Watch for", 60, 21_600, choices=WATCHES, unit="s"),
    "caches": Slider("resolvers.count", "Resolvers", 1, 1000, choices=RESOLVERS, unit="caches"),
}
MOST: Final = 100  # caches with a tile, since what stands below them crosses as well
FAULT: Final = 0.02  # of a bad canary's requests, which Play counts as harmed
COARSE: Final = 10  # runs, while a slider moves


def canary(scenario: Scenario, *controls: str, server: str) -> Panel[Many, Runs]:
    """The share that one server gets, in one run and in 200, under the controls named.

    Args:
        scenario: where the panel starts: `www`, with a record set `canary`.
        controls: `weight`, `watch`, `caches`, or some of `panels.CONTROLS`.
        server: the canary's address.

    Raises:
        LabError: no such control, or no such server.
    """

    def picture(many: Many, runs: Runs) -> Picture:
        now = many.scenario
        place = runs.this.addresses.index(server)
        aim = Aim(place, intended(now, server)[-1][1] / 100, "the canary")
        held = tiles(now, runs.this, at=now.duration, aim=aim, why=explain(planned(now)))
        more = partial(luck, this=runs.this, called="the canary", fault=FAULT)
        beside = more(now, runs.others, server)
        return Together((held, *beside.parts), axes=(1, 2))

    sampler = Sampler()
    start = Many(scenario, holdings=MOST).set("duration", scenario.duration)
    moved = chosen(controls, {**CONTROLS, **OWN})
    panel = partial(Panel[Many, Runs], coarse=fewer, ahead=sampler.steps, label="The canary")
    return panel(start, moved, sampler.run, picture=picture)


def fewer(many: Many) -> Many:
    """A coarse picture, quickly."""
    return replace(many, most=COARSE)
