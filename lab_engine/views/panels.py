"""The course's panels: which controls stand over which figure. Controls only, no logic."""

import math
from collections.abc import Callable, Sequence
from typing import Final

from lab_engine.simulation import Outcome, Scenario, run
from lab_engine.simulation.holders import RESOLVERS
from lab_engine.simulation.parts import Mix
from lab_engine.simulation.worlds import Worlds, worlds
from lab_engine.views.controls import Choice, Control, Slider, chosen, one_two_five
from lab_engine.views.figures import traffic, traffic_summary, windows, windows_summary
from lab_engine.views.kit.tiles import TILES, Tiles, tiles
from lab_engine.views.panel import Panel
from lab_engine.views.worlds import worlds_figure, worlds_summary

OWN: Final = {
    "a-minute": {"like": "fixed", "lifetime": 60},
    "for-ever": {"like": "fixed", "lifetime": math.inf},
    "keeps-alive": {"like": "none", "idle": 60},
}
"""Profiles that a panel lends its scenario where a control names them."""

TTLS: Final = (0, 1, 5, 10, 20, 30, 60, 120, 300, 600, 900, 1800, 3600)
"""Those that people set."""


def _only(name: str) -> Mix:
    return ((name, 1.0),)


WINDOWS: Final = (60, 300, 900, 3600, 10_800, 21_600, 86_400)
CONTROLS: Final[dict[str, Control]] = {
    "ttl": Slider("zone.www.ttl", "TTL", 0, 3600, choices=TTLS, unit="s"),
    "resolvers": Slider(
        "resolvers.count", "Resolvers", 1, 10_000, choices=one_two_five(1, 10_000), unit="caches"
    ),
    "skew": Slider("resolvers.skew", "Skew", 0.0, 2.0, step=0.1, unit="(1: Zipf)"),
    "keeps": Choice(
        "resolvers.profile",
        "A cache hands on",
        {
            "one address for a whole TTL": _only("frozen"),
            "the whole set, rotated each time": _only("ideal"),
        },
    ),
    "authority": Choice(
        "order",
        "Authority's order",
        {"shuffle": "shuffle", "cyclic": "cyclic", "by message ID": "by_id", "fixed": "fixed"},
    ),
    "remembers": Choice(
        "clients.profile",
        "Each client keeps",
        {
            "nothing": _only("none"),
            "its answer, until the TTL has run out (a system)": _only("os-cache"),
            "its answer for 30 s (a JVM)": _only("fixed"),
            "its answer for 60 s (curl)": _only("a-minute"),
            "its answer for ever": _only("for-ever"),
        },
    ),
    "clients": Slider(
        "clients.count", "Clients", 10, 100_000, choices=one_two_five(10, 100_000), unit="clients"
    ),
    "window": Slider("window", "Window", 60, 86_400, choices=WINDOWS, unit="s", between=False),
    "algorithm": Choice(
        "balancer.algorithm",
        "Balancer's algorithm",
        {each: each for each in ("round robin", "least connections", "two choices", "random")},
    ),
    "load": Slider("clients.rate", "Rate", 0.01, 1.0, step=0.01, unit="requests/s each"),
    "keep_alive": Choice(
        "clients.profile",
        "Clients keep connections",
        {"not at all": _only("none"), "a minute unused": _only("keeps-alive")},
    ),
    "down": Choice(
        "down", "Dead server", {"none": ()} | {f".{n}": (f"192.0.2.{n}",) for n in (1, 2, 3)}
    ),
}


def round_robin(scenario: Scenario, *controls: str) -> Panel[Scenario, Outcome]:
    """The traffic of a scenario under the controls named, in that order.

    Args:
        scenario: where the panel starts; its name must be `www`.
        controls: some of `CONTROLS`.

    Raises:
        LabError: no such control.
    """
    lent = _lent(scenario, controls)
    return Panel(lent, chosen(controls, CONTROLS), run, traffic, traffic_summary, coarse=shorter)


def evenness(scenario: Scenario, *controls: str, still: str = "") -> Panel[Scenario, Outcome]:
    """The load of each server in windows of one length, under the controls named.

    Args:
        scenario: where the panel starts; its bin must divide every window of `WINDOWS`.
        controls: some of `CONTROLS`.
        still: where the lesson keeps the picture for readers without a kernel.

    Raises:
        LabError: no such control.
    """
    lent = _lent(scenario, controls)
    moved = chosen(controls, CONTROLS)
    return Panel(lent, moved, run, windows, windows_summary, label="Windows", still=still)


def cache_tiles(
    scenario: Scenario,
    *controls: str,
    title: str = "Which server does each cache hold right now?",
    holders: str = RESOLVERS,
    run: Callable[..., Outcome] = run,
) -> Panel[Scenario, Outcome]:
    """What each cache of a scenario holds, and the load that makes, under the controls named.

    Args:
        scenario: where the panel starts; its name must be `www`.
        controls: some of `CONTROLS`; without any there is only Play.
        title: the question the picture answers.
        holders: whose caches are shown: `resolvers`, `clients`, or a layer's name.
        run: runs a scenario, and takes `holdings` and `holders` as the engine's `run` does.

    Raises:
        LabError: no such control.
    """

    def watched(scenario: Scenario) -> Outcome:
        return run(scenario, holdings=TILES, holders=holders)

    def picture(scenario: Scenario, outcome: Outcome) -> Tiles:
        return tiles(scenario, outcome, title=title, holders=holders)

    lent = _lent(scenario, controls)
    return Panel(lent, chosen(controls, CONTROLS), watched, picture=picture, label=title)


def three_worlds(scenario: Scenario, *controls: str, still: str = "") -> Panel[Scenario, Worlds]:
    """DNS alone, and a balancer at L4 and at L7, under the same traffic and the controls named.

    Args:
        scenario: where the panel starts, with a balancer if a control is to change it.
        controls: some of `CONTROLS`; `algorithm`, `load` and `keep_alive` are made for it.
        still: where the lesson keeps the picture for readers without a kernel.

    Raises:
        LabError: no such control.
    """
    lent = _lent(scenario, controls)
    return Panel(
        lent,
        chosen(controls, CONTROLS),
        worlds,
        worlds_figure,
        worlds_summary,
        coarse=shorter,
        label="Three worlds",
        still=still,
    )


def _lent(scenario: Scenario, controls: Sequence[str]) -> Scenario:
    return lending(scenario) if {"remembers", "keep_alive"} & {*controls} else scenario


def lending(scenario: Scenario) -> Scenario:
    """The same scenario with the profiles that controls name; its own by that name stay."""
    own = {each.name: each for each in scenario.profiles}
    return scenario.set("profiles", {**OWN, **own})


def shorter(scenario: Scenario) -> Scenario:
    """The same scenario watched for a quarter of the time: a coarse picture, quickly."""
    return scenario.set("duration", max(scenario.bin, scenario.duration / 4))
