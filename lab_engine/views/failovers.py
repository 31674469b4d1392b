"""The panel of a failover: who knows what and when, whose seconds it takes, and fifty outages.

Controls only; `simulation.many` runs, and the kit draws. The strip shows one run, bars and dots are
of many runs of the same scenario: a run throws the dice of its checkers once.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Final, Self

from lab_engine.simulation import Outcome, Scenario, supports
from lab_engine.simulation.many import Many, Runs, Sampler
from lab_engine.simulation.outages import pooled
from lab_engine.simulation.quantiles import weighted_quantiles

from .controls import Choice, Control, Slider, chosen
from .kit.dots import Dots, dots
from .kit.failoverstrip import failover_strip
from .kit.partbars import part_bars
from .kit.picture import Picture
from .kit.together import Together
from .panel import Panel
from .panels import lending

CACHES: Final = 12  # with a row and a tile
RUNS: Final = 60  # runs, each of as many outages as there are caches
COARSE, SLOW = 5, 10  # while a slider moves, and where each is an event simulation
AXIS: Final = 300.0  # seconds of bars and dots
NARROW: Final = 540  # pixels of the bars, which share their row
SAMPLE: Final = 200  # outages of which the dots are made
PRIMARY: Final = "192.0.2.1"
SECONDARY: Final = "192.0.2.2"
ROOM: Final = f"backends.{SECONDARY}.capacity"
RESTART, QUEUE = 30.0, 20  # a secondary with a limit falls over so long, when so many wait
DEATHS: Final = {
    "refuses connections": "refused",
    "lets packets vanish (a black hole)": "black hole",
    "takes connections and is silent": "silent",
    "answers 500": "5xx",
    "is well for checks only": "checks only",
}
CLIENTS: Final = {
    "its resolver at each request": "none",
    "its resolver, every 30 s (a JVM)": "fixed",
    "its resolver, every 60 s (curl)": "a-minute",
    "its resolver once, and never again": "for-ever",
}


@dataclass(frozen=True)
class Deaths(Many):
    """Many deaths of one scenario; a secondary with a limit is one that falls over."""

    def set(self, path: str, value: Any) -> Self:
        """The same with one value changed; raises LabError if it cannot be."""
        if path != ROOM:
            return super().set(path, value)
        restart = RESTART if math.isfinite(value) else 0.0
        moved = tuple(
            replace(each, capacity=value, restart=restart, queue=QUEUE)
            if each.address == SECONDARY
            else each
            for each in self.scenario.backends
        )
        return replace(self, scenario=self.scenario.set("backends", moved))


def failover(scenario: Scenario, *controls: str, sla: float = 150.0) -> Panel[Many, Runs]:
    """A failover under the controls named: strip, part bars, and dots with a line at the promise.

    Args:
        scenario: where the panel starts: `www`, with a primary at 192.0.2.1 that dies.
        controls: some of `interval`, `threshold`, `ttl`, `death`, `back`, `check`, `client` and
            `capacity`.
        sla: seconds that were promised, where the line among the dots stands at first.

    Raises:
        LabError: no such control.
    """
    sampler = Sampler()
    start = Deaths(lending(scenario), holdings=CACHES)

    def run(many: Many) -> Runs:
        return sampler.run(_few(many))

    def steps(many: Many) -> Iterator[None]:
        return sampler.steps(_few(many))

    moved = chosen(controls, _controls(scenario))
    panel = partial(Panel[Many, Runs], coarse=fewer, ahead=steps, label="A failover")
    return panel(start, moved, run, picture=partial(_picture, sla=sla))


def fewer(many: Many) -> Many:
    """A coarse picture, quickly."""
    return replace(many, most=COARSE)


def _few(many: Many) -> Many:
    """Not so many where each run takes long."""
    return replace(many, most=min(many.most, SLOW if supports(many.scenario) else RUNS))


def _controls(scenario: Scenario) -> dict[str, Control]:
    """What can be moved. What a secondary can serve is said in parts of what comes."""
    load = scenario.clients.count * scenario.clients.rate
    room = {"everything": math.inf} | {f"{part} % of it": load * part / 100 for part in (150, 60)}
    pauses = {"never": math.inf} | {f"after {each} s": float(each) for each in (12, 25, 40)}
    ttls = (5, 10, 20, 30, 60, 120)
    return {
        "interval": Choice("checkers.interval", "Checked every", {"30 s": 30.0, "10 s": 10.0}),
        "threshold": Slider("checkers.threshold", "Failures in a row", 1, 5),
        "ttl": Slider("zone.www.ttl", "TTL", 0, 300, choices=ttls, unit="s"),
        "death": Choice(f"backends.{PRIMARY}.fails", "The primary", DEATHS),
        "back": Choice(f"backends.{PRIMARY}.lasts", "It is back", pauses),
        "check": Choice("checkers.type", "Checked by", {"HTTP": "HTTP", "TCP": "TCP"}),
        "client": Choice(
            "clients.profile",
            "Each client asks",
            {words: ((name, 1.0),) for words, name in CLIENTS.items()},
        ),
        "capacity": Choice(ROOM, "The secondary can serve", room),
    }


def _picture(many: Many, runs: Runs, *, sla: float) -> Picture:
    strip = failover_strip(runs.this, scenario=many.scenario, begin=_known(runs.this))
    outages = [outcome.outages[0] for outcome in runs.others]
    bars = part_bars(outages, end=AXIS, width=NARROW)
    return Together((strip, bars, _dots(runs, sla)), axes=(1, 2))


def _known(outcome: Outcome) -> float:
    """When the authority knows, and clients do not; the death, where it never does."""
    for outage in outcome.outages:
        known = outage.at + outage.published
        return known if known < outcome.ended else outage.at
    return outcome.ended


def _dots(runs: Runs, sla: float) -> Dots:
    pool = pooled(outcome.outages[0] for outcome in runs.others)
    levels = [(index + 0.5) / SAMPLE for index in range(SAMPLE)]
    outages = weighted_quantiles([(parts.total, weight) for parts, weight in pool], levels)
    title = "Outages, as clients live them"
    return dots(outages, high=AXIS, line=sla, title=title, unit="s")
