"""From a key press on a slider to the redrawn plot, against a slider that only moves a label.

Both stand in the same page of a real JupyterLab and are pressed in turn, so that a slow machine is
slow for both; the ratio of the medians is what counts. The yardstick is the floor that ipywidgets
sets: one message to the kernel, one back. The clock runs in the page, from the key press until the
change is painted; for the plot, until its summary has changed and plotly.js says it has drawn.

    python -m benchmarks.slider                               the toy panel of the browser tests
    python -m benchmarks.slider "from x import y" "y()" "Resolvers"     any panel and its slider
"""

import shutil
import statistics
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tests.browser import toy
from tests.browser.harness import Lab, Notebook, browser

Row = dict[str, Any]

BUDGET: Final = 1.5
PAIRS: Final = 30
WARM_UP: Final = 3

LABEL: Final = """
import ipywidgets
only = ipywidgets.IntSlider(10, 0, 1000, description="Only a label")
label = ipywidgets.Label("10")
only.observe(lambda change: setattr(label, "value", f"now {change['new']}"), "value")
label.add_class("only-a-label")
ipywidgets.VBox([only, label])
"""

# Starts the clock at the key press and stops it when the page has changed: in milliseconds.
CLOCK: Final = """
() => { window.labPress = ({ focus, key, watch, drawn }) => new Promise((resolve, reject) => {
    const handle = document.querySelectorAll(focus.css)[focus.index];
    const plot = drawn && document.querySelector(drawn);
    handle.focus();
    let started;
    let left = plot ? 2 : 1;
    const late = setTimeout(() => reject(new Error(`${key} changed nothing`)), 20_000);
    const done = () => {
        if (--left > 0) return;
        clearTimeout(late);
        // A change counts once it is painted: the first task after the next frame.
        const after = new MessageChannel();
        after.port1.onmessage = () => resolve(performance.now() - started);
        requestAnimationFrame(() => after.port2.postMessage(0));
    };
    const words = document.querySelector(watch);
    const seen = new MutationObserver(() => { seen.disconnect(); done(); });
    seen.observe(words, { childList: true, characterData: true, subtree: true });
    if (plot) plot.once("plotly_afterplot", done);
    document.addEventListener("keydown", () => { started = performance.now(); },
                              { capture: true, once: true });
}); }
"""


@dataclass(frozen=True)
class Subject:
    """The panel to be timed.

    Attributes:
        set_up: code of the first cell.
        show: code of the second, which shows the panel.
        slider: the label of the slider that is moved; each step must change plot and summary.
        name: what the report calls it.
        watch: what changes with each picture.
        drawn: the plot that says when plotly.js has drawn it; empty for a picture of the kit, which
            is drawn when it has changed.
        budget: times the slider that moves a label; more where one move is many runs.
    """

    set_up: str
    show: str
    slider: str
    name: str
    watch: str = ".lab-plot-words"
    drawn: str = ".js-plotly-plot"
    budget: float = BUDGET

    @property
    def plots(self) -> int:
        """How many plots to wait for."""
        return int(bool(self.drawn))


TOY: Final = Subject("from toy import *", "toy_panel()", "Waves", "toy panel")
LESSON_SET_UP: Final = """
from lab_engine import Clients, RRset, Resolvers, Scenario, Zone
from lab_engine.views import round_robin
servers = [f"192.0.2.{i}" for i in (1, 2, 3)]
zone = Zone.of("shop.example", [RRset.of("www", "A", servers, 300)])
crowd = Clients(100_000, rate=0.01)
scenario = Scenario(zone, "www", clients=crowd, resolvers=Resolvers(1_000, profile="frozen"))
"""
LESSON: Final = Subject(
    LESSON_SET_UP,
    'round_robin(scenario, "ttl", "resolvers", "skew")',
    "TTL",
    "lesson 01's panel, 10^5 clients behind 10^3 resolvers",
)


TILES: Final = Subject(
    LESSON_SET_UP.replace("import round_robin", "import cache_tiles"),
    'cache_tiles(scenario, "ttl", "resolvers", "skew")',
    "TTL",
    "200 cache tiles, 10^5 clients behind 10^3 resolvers",
    ".lab-board",
    "",
)
TTL: Final = Subject(
    "from lab_engine import Move, Tradeoff, migration, ttl_tradeoff",
    'ttl_tradeoff(Tradeoff(), "ttl", "sla")',
    "TTL",
    "lesson 04's trade-off, closed forms of 1,000 caches",
    budget=3.0,
)
MOVE: Final = Subject(
    TTL.set_up,
    'migration(Move(), "lead", "steps")',
    "Changes at most",
    "lesson 04's move, planned anew, 1,000 clients behind 50 caches for four hours",
    budget=3.0,
)
APEX: Final = Subject(
    "from lab_engine import Apex, apex_ways",
    'apex_ways(Apex(), "way", "own", "again")',
    "TTL of CNAME or ALIAS",
    "lesson 05's matrix, 8 ways out and 7 types; there and back, so but the framed way is known",
    ".lab-board",
    "",
    3.0,
)

CANARY: Final = Subject(
    """
from lab_engine import Clients, RecordSet, Resolvers, Scenario, Weighted, Zone, canary
parts = [("stable", "192.0.2.1", 99), ("canary", "192.0.2.2", 1)]
sets = [
    RecordSet.of("www", "A", address, 60, policy=Weighted(weight), set_identifier=name)
    for name, address, weight in parts
]
crowd = Clients(100_000, rate=0.01)
shop = Scenario(
    Zone.of("shop.example", sets), "www", clients=crowd, resolvers=Resolvers(1_000), duration=600
)
""",
    'canary(shop, "weight", "ttl", "watch", "caches", "skew", server="192.0.2.2")',
    "TTL",
    "a canary's tiles, fan and dots of 10 runs first, 10^5 clients behind 10^3 resolvers",
    ".lab-part-dots .lab-board",
    "",
    budget=3.0,
)
FAILOVER: Final = Subject(
    """
from lab_engine import *
pair = {"PRIMARY": "192.0.2.1", "SECONDARY": "192.0.2.2"}
sets = [RecordSet.of("www", "A", address, 60, policy=Failover(role), set_identifier=role,
                     health_check_id=role) for role, address in pair.items()]
shop = Scenario(Zone.of("shop.example", sets), "www", clients=Clients(100, rate=0.2),
                resolvers=Resolvers(12, skew=0), checkers=Checkers(), duration=300, bin=5,
                backends=[Backend(each) for each in pair.values()],
                schedule=[ScheduledChange(30, "down", ["192.0.2.1"])])
""",
    'failover(shop, "interval", "threshold", "ttl", "death", "back", "check")',
    "TTL",
    "a failover's strip, bars and dots of 3 deaths first, 100 clients behind 12 resolvers",
    ".lab-part-dots .lab-board",
    "",
    budget=3.0,
)
# One cache shared by ten cities is for the event engine; each city's own is for the other.
WORLD: Final = """
from lab_engine import *
at = {"EU": "192.0.2.1", "NA": "192.0.2.2", "AS": "192.0.2.3"}
sets = [RecordSet.of("www", "A", address, 300, policy=Geolocation(ContinentCode=code),
                     set_identifier=code) for code, address in at.items()]
regions = ("eu-west-1", "us-east-1", "ap-southeast-1")
backends = [Backend(*each) for each in zip(at.values(), regions)]
zone = Zone.of("shop.example", sets)
def world(kind, clients, resolvers):
    crowd, caches = Clients(clients, rate=0.01), Resolvers(resolvers, profile="ecs")
    places = cities(kind)
    return Scenario(zone, "www", clients=crowd, resolvers=caches, places=places, backends=backends)
"""
WHY: Final = ".lab-about .lab-packet"  # tells the TTL
MAPS: Final = (
    Subject(
        WORLD,
        'world_map(world("firm", 60, 10), "ttl")',
        "TTL",
        "map of lesson 03, 60 clients in ten cities, one resolver with client subnets",
        WHY,
        "",
        3.0,
    ),
    Subject(
        WORLD,
        'world_map(world("own", 100_000, 1_000), "ttl")',
        "TTL",
        "map, 10^5 clients behind 10^3 resolvers with client subnets",
        WHY,
        "",
        3.0,
    ),
)

DESIGN: Final = Subject(
    "from lab_engine import Design, designed",
    'designed(Design(), "ttl", "rest")',
    "TTL",
    "lesson 08's tree, two drills first, each of 10^5 clients behind 10^3 resolvers",
    ".lab-words",
    "",
    3.0,
)

FARM: Final = Subject(
    "from lab_engine import Farm, farm_queues",
    'farm_queues(Farm(one=False), "load", "ttl")',
    "TTL",
    "lesson 07's queues, 1,920 requests of a minute in each of three worlds, all told",
    ".lab-board",
    "",
    3.0,
)

PANELS: Final = (LESSON, TILES, CANARY, *MAPS, TTL, MOVE, APEX, FAILOVER, FARM, DESIGN)


def rows() -> list[Row]:
    """What the README's table says of the lessons' panels."""
    return [row for subject in PANELS for row in main(subject)]


def main(subject: Subject = TOY, pairs: int = PAIRS) -> list[Row]:
    """Time `pairs` of key presses; rows for the benchmark table.

    Raises:
        NoBrowserError: no Chromium was found.
    """
    panel, label = times(subject, pairs)
    ratio = statistics.median(panel) / statistics.median(label)
    return [
        {
            "what": f"slider to redrawn picture, {subject.name}: times a slider that moves a label",
            "measured": f"{ratio:.2f} ({_median(panel)} / {_median(label)}, {pairs} pairs)",
            "budget": f"<= {subject.budget}",
            "ok": ratio <= subject.budget,
        }
    ]


def times(subject: Subject, pairs: int) -> tuple[list[float], list[float]]:
    """Milliseconds of each press: on the panel's slider, on the slider with a label."""
    with tempfile.TemporaryDirectory() as folder, Lab(Path(folder)) as lab, browser() as chromium:
        shutil.copy(Path(toy.__file__), lab.files)
        lab.write("slider.ipynb", [subject.set_up, subject.show, LABEL])
        with Notebook(chromium, lab) as page:
            page.open("slider.ipynb").run_all(plots=subject.plots)
            for each in (".only-a-label", subject.watch):
                page.page.locator(each).wait_for()
            page.page.evaluate(CLOCK)
            return _press_in_turn(page, subject, pairs)


def _press_in_turn(page: Notebook, subject: Subject, pairs: int) -> tuple[list[float], list[float]]:
    labels = page.page.locator(".lab-slider label").all_text_contents()
    ours = {"css": ".lab-slider input[type=range]", "index": labels.index(subject.slider)}
    theirs = {"css": ".noUi-handle", "index": 0}
    panel, label = [], []
    for turn in range(WARM_UP + pairs):
        # There and back, so that any slider has room enough.
        key = "ArrowRight" if turn % 2 == 0 else "ArrowLeft"
        panel.append(_press(page, ours, key, subject.watch, subject.drawn))
        label.append(_press(page, theirs, key, ".only-a-label", ""))
    return panel[WARM_UP:], label[WARM_UP:]


def _press(page: Notebook, focus: dict[str, Any], key: str, watch: str, drawn: str) -> float:
    order = {"focus": focus, "key": key, "watch": watch, "drawn": drawn}
    page.page.evaluate("order => { window.labTime = window.labPress(order); }", order)
    page.page.keyboard.press(key)
    taken = float(page.page.evaluate("window.labTime"))
    page.page.wait_for_timeout(100)  # the next press must not meet the end of this one
    return taken


def _median(milliseconds: Sequence[float]) -> str:
    return f"{statistics.median(milliseconds):.0f} ms"


if __name__ == "__main__":
    given = Subject(*sys.argv[1:4], name="panel given") if len(sys.argv) == 4 else TOY
    for row in main(given):
        print(row)
