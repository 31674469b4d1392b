"""The panel of a design: what its owner decides, over the game day that judges it. No logic."""

from typing import Final

from lab_engine.simulation.designs import FULL, MOST_SERVERS, Design
from lab_engine.simulation.gameday import GameDay, coarse, game_day

from .controls import Choice, Control, Slider, Switch, chosen
from .kit.tree import Tree
from .panel import Panel

TTLS: Final = (0, 5, 10, 20, 30, 60, 90, 120, 300, 900, 3600)
EVERYWHERE: Final = ("europe", "america", "asia", "rest")
DESIGN: Final[dict[str, Control]] = {
    "regions": Choice(
        "regions",
        "Regions",
        {
            "Europe, America, Asia, rest": EVERYWHERE,
            "Europe, America, rest": ("europe", "america", "rest"),
            "America, rest": ("america", "rest"),
            "only the rest's": ("rest",),
            "Europe, America, Asia, no default": ("europe", "america", "asia"),
        },
    ),
    "europe": Slider("europe.servers", "Servers in Europe", 0, MOST_SERVERS),
    "america": Slider("america.servers", "Servers in America", 0, MOST_SERVERS),
    "asia": Slider("asia.servers", "Servers in Asia", 0, MOST_SERVERS),
    "rest": Slider("rest.servers", "Servers in Rest", 0, MOST_SERVERS),
    "canary": Slider("europe.canary", "Weight of Europe's last", 0, FULL),
    "site": Choice(
        "asia.region",
        "Asia's Region",
        {"Singapore": "ap-southeast-1", "Tokyo": "ap-northeast-1", "Mumbai": "ap-south-1"},
    ),
    "ttl": Slider("ttl", "TTL", 0, 3600, choices=TTLS, unit="s"),
    "checks": Choice("interval", "Checked every", {"10 s": 10, "30 s": 30, "never": 0}),
    "threshold": Slider("threshold", "Failures in a row", 1, 10),
    "ecs": Switch("ecs", "Client subnets (ECS)"),
    "dark": Choice("dark", "Goes dark", {"Asia": "asia", "America": "america", "Europe": "europe"}),
}


def designed(design: Design, *controls: str, city: str = Tree.chosen) -> Panel[Design, GameDay]:
    """A design and its game day, under the controls named.

    Args:
        design: where the panel starts.
        controls: some of `DESIGN`.
        city: the one looked at first.

    Raises:
        LabError: no such control.
    """

    def picture(_design: Design, day: GameDay) -> Tree:
        return Tree(day, chosen=city)

    moved = chosen(controls, DESIGN)
    label = "A design and its game day"
    return Panel(design, moved, game_day, picture=picture, coarse=coarse, label=label)
