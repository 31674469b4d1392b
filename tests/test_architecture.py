"""The rooms, the arrows between them, and their size.

Not a style check: ruff does that. Imports are read from the source, wherever they stand, so that a
lazy import inside a function counts like any other, and so does one for annotations alone.
"""

import ast
import functools
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "lab_engine"

# Room -> the rooms it may import.
ARROWS: dict[str, set[str]] = {
    "errors": set(),
    "authority": set(),
    "caches": {"authority"},
    "control": {"authority"},
    "wire": {"authority", "control"},
    "review": {"authority"},
    "simulation": {"authority", "caches", "control"},
    "live": {"authority", "caches", "control", "wire", "simulation"},
    "views": {"authority", "caches", "control", "wire", "review", "simulation", "live"},
    "rehearsal": {"authority", "caches", "control", "review", "simulation", "views"},
    "course": {
        "authority",
        "caches",
        "control",
        "wire",
        "review",
        "simulation",
        "live",
        "views",
        "rehearsal",
    },
    "labs": {
        "authority",
        "caches",
        "control",
        "wire",
        "review",
        "simulation",
        "live",
        "views",
    },
    "grading": {"labs"},
}
# What every room may import besides; errors is a leaf.
COMMON = {room: {room, "errors", "__version__"} for room in ARROWS} | {"errors": set()}
DOORS = {"__init__", "__main__", "commands"}  # these may enter every room

SOCKETS = {"socket", "socketserver", "selectors", "asyncio", "ssl", "http", "urllib.request"}
SOCKETS |= {"dns.query", "dns.asyncquery", "dns.resolver", "dns.asyncresolver"}
THREADS = {"threading", "_thread", "concurrent", "multiprocessing", "subprocess"}
WIDGETS = {"plotly", "ipywidgets", "anywidget"}
# Room -> the libraries it does without.
BARRED = {
    "errors": SOCKETS | THREADS | WIDGETS | {"numpy", "simpy", "dns"},
    "authority": SOCKETS | THREADS | WIDGETS | {"numpy", "simpy"},
    "review": SOCKETS | THREADS | WIDGETS | {"numpy", "simpy"},
    "caches": SOCKETS | THREADS | WIDGETS | {"numpy", "simpy"},
    "control": SOCKETS | WIDGETS | {"numpy", "simpy", "botocore", "tornado"},
    "wire": WIDGETS | {"simpy"},
    "simulation": SOCKETS | WIDGETS,
    "live": WIDGETS,
    "rehearsal": SOCKETS | THREADS | WIDGETS | {"numpy", "simpy"},
}

# Rooms within rooms that check each other, and so know nothing of each other -> what else they do
# without.
APART = {
    "simulation/events": {"lab_engine.simulation.population", "numpy"},
    "simulation/population": {"lab_engine.simulation.events", "simpy"},
    "simulation/theory": {
        "lab_engine.simulation.events",
        "lab_engine.simulation.population",
        "numpy",
        "simpy",
    },
}

# Modules that know each other, since they are parts of one thing: a picture, and how it is drawn.
DRAWN = (
    ("live", "picture"),
    ("drawer", "drawertwin"),
    ("matrix", "matrixtwin"),
    ("strip", "striptwin"),
    ("tiles", "twin"),
    ("dots", "fan", "fantwin"),
    ("flow", "map", "maptwin"),
    ("tree", "treetwin"),
    ("queues", "queuestwin"),
)
HALVES = {
    frozenset({"lab_engine.wire.listener", "lab_engine.wire.transport"}),
    *(frozenset(f"lab_engine.views.kit.{name}" for name in names) for names in DRAWN),
}

# The clock and the dice are parameters of these rooms.
PURE = {"errors", "authority", "caches", "control", "review", "simulation", "rehearsal"}
SEEDED = {"random.Random", "numpy.random.default_rng"}
RANDOM_TYPES = {"Generator", "BitGenerator", "SeedSequence", "PCG64", "Philox"}
WORLDLY = {"os.urandom", "uuid.uuid1", "uuid.uuid4"}
WORLDLY |= {f"datetime.datetime.{name}" for name in ("now", "utcnow", "today")}
WORLDLY |= {"datetime.date.today"}

FILE_LINES, ROOM_LINES = 400, 1200
# Path or room -> (its own limit, the reason). Ask first what a library or a deletion could do.
LARGER: dict[str, tuple[int, str]] = {
    "authority": (
        5_900,
        "nine policies, rules, forms, health, places, aliases, others' modes and files, changes",
    ),
    "caches": (
        1_800,
        "a third is tables: the resolvers and clients we know, and where we know them from",
    ),
    "control": (4_500, "three dozen operations, with their forms, their limits and their words"),
    "wire": (
        4_250,
        "four doors: DNS with prepared answers, a client like dig, Route 53's HTTP, probes; bounds",
    ),
    "course": (
        3_500,
        "what is said to each answer and of each mistake in a file; copies, goals, a night on call",
    ),
    "labs": (
        5_000,
        "eight labs, each with its worlds, with what is measured there, and with its sentences",
    ),
    "grading": (
        3_200,
        "hostile files taken in, a cage, a judge apart, exams, records, reports, five tables",
    ),
    "simulation": (
        15_400,
        "two engines and laws that check each other, how servers fail, plans, balancers, designs",
    ),
    "live": (
        3_550,
        "drills and twins, the apex and plans asked live, a forwarder, balancers, failing servers",
    ),
    "rehearsal": (
        2_800,
        "seven questions of an engineer, each simulated and by its law, as text, JSON and a page",
    ),
    "views": (
        10_200,
        "figures and their panels, and a kit of pictures, each as data, live and as a still twin",
    ),
}


class Source(NamedTuple):
    """One module: its path below lab_engine, and its text."""

    path: str
    text: str

    @property
    def room(self) -> str:
        """The folder below lab_engine, or the name of a module that stands beside the folders."""
        return self.path.split("/")[0].removesuffix(".py")

    @property
    def package(self) -> list[str]:
        """The package that a relative import starts from."""
        return ["lab_engine", *self.path.split("/")[:-1]]


class Use(NamedTuple):
    """A dotted name and the line that imports or mentions it."""

    name: str
    line: int


@functools.cache
def sources() -> list[Source]:
    """Every module of the package."""
    paths = sorted(PACKAGE.rglob("*.py"))
    return [Source(path.relative_to(PACKAGE).as_posix(), path.read_text()) for path in paths]


def within(name: str, roots: set[str]) -> bool:
    """Whether the dotted name is one of the roots or lies below one."""
    return any(name == root or name.startswith(f"{root}.") for root in roots)


def absolute(source: Source, level: int, module: str) -> str:
    """The full name of what `from {'.' * level}{module} import …` names."""
    base = source.package[: len(source.package) - level + 1] if level else []
    return ".".join([*base, *filter(None, [module])])


def called_import(source: Source, node: ast.Call) -> str | None:
    """The module that `import_module("…")` or `__import__("…")` loads."""
    called = ast.unparse(node.func).split(".")[-1]
    if called not in {"import_module", "__import__"} or not node.args:
        return None
    argument = node.args[0]
    if not isinstance(argument, ast.Constant) or not isinstance(argument.value, str):
        return None
    level = len(argument.value) - len(argument.value.lstrip("."))
    return absolute(source, level, argument.value.lstrip("."))


@functools.cache
def imports(source: Source) -> tuple[Use, ...]:
    """Every import of a module, also those inside functions; `from a import b` is a.b."""
    return tuple(_imports(source))


def _imports(source: Source) -> Iterator[Use]:
    for node in ast.walk(ast.parse(source.text)):
        match node:
            case ast.Import(names=names):
                yield from (Use(alias.name, node.lineno) for alias in names)
            case ast.ImportFrom(module=module, names=names, level=level):
                base = absolute(source, level, module or "")
                yield from (Use(f"{base}.{alias.name}", node.lineno) for alias in names)
            case ast.Call():
                if name := called_import(source, node):
                    yield Use(name, node.lineno)


def wrong_arrow(source: Source, name: str) -> str | None:
    """What is wrong with this module importing that name, if anything."""
    room = source.room
    if within(name, BARRED.get(room, set())):
        return f"{room} does without {name}"
    if room in DOORS or not within(name, {"lab_engine"}):
        return None
    target = name.removeprefix("lab_engine").lstrip(".").split(".")[0]
    if target in ARROWS[room] | COMMON[room]:
        return None
    if target in ARROWS:
        return f"{room} must not import {target} ({name})"
    return f"{room} imports {name}, which is in no room"


def reached(source: Source, known: dict[str, Source]) -> dict[str, str]:
    """Every name that comes with a module, and the module of ours that imports it."""
    found: dict[str, str] = {}
    waiting = [source]
    while waiting:
        module = waiting.pop()
        for use in imports(module):
            if use.name in found:
                continue
            found[use.name] = module.path
            nearest = known.get(use.name) or known.get(use.name.rpartition(".")[0])
            if nearest is not None and nearest.room == source.room:
                waiting.append(nearest)
    return found


def together(every: list[Source]) -> list[str]:
    """Modules of rooms that are to stand apart and that come with each other all the same."""
    known = {module_name(source): source for source in every}
    return [
        f"{source.path} gets {name} from {by}"
        for source in every
        for apart, barred in APART.items()
        if source.path.startswith(f"{apart}/")
        for name, by in reached(source, known).items()
        if within(name, barred)
    ]


def wrong_arrows(source: Source) -> list[str]:
    """Imports of one module that go against the arrows."""
    if source.room not in ARROWS and source.room not in DOORS:
        return [f"{source.path}: a module outside the rooms; give it one"]
    found = ((use, wrong_arrow(source, use.name)) for use in imports(source))
    return [f"{source.path}:{use.line}: {wrong}" for use, wrong in found if wrong]


def mentions(source: Source) -> Iterator[tuple[Use, ast.Call | None]]:
    """Every dotted name resolved through the imports, with the call it is the function of."""
    tree = ast.parse(source.text)
    known = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                top = alias.name if alias.asname else alias.name.split(".")[0]
                known[alias.asname or top] = top
        elif isinstance(node, ast.ImportFrom) and not node.level:
            known |= {a.asname or a.name: f"{node.module}.{a.name}" for a in node.names}
    calls = {id(node.func): node for node in ast.walk(tree) if isinstance(node, ast.Call)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Name | ast.Attribute):
            head, *rest = ast.unparse(node).split(".")
            if head in known:
                yield Use(".".join([known[head], *rest]), node.lineno), calls.get(id(node))


def own_dice(name: str, call: ast.Call | None) -> bool:
    """Whether the name draws from a generator that nobody passed in."""
    if name in SEEDED:
        return call is not None and not call.args and not call.keywords
    if name.startswith("numpy.random."):
        return name.split(".")[2] not in RANDOM_TYPES
    return name.startswith("random.") and not name.startswith("random.Random.")


def own_clock_or_dice(source: Source) -> list[str]:
    """Where a pure room reads the real time or throws its own dice."""
    if source.room not in PURE:
        return []
    return [
        f"{source.path}:{use.line}: {use.name}; the clock and the dice are parameters here"
        for use, call in mentions(source)
        if within(use.name, WORLDLY)
        or use.name.startswith(("time.", "secrets."))
        or own_dice(use.name, call)
    ]


def sizes() -> dict[str, int]:
    """Lines of every file and of every room."""
    lines: dict[str, int] = {}
    for source in sources():
        count = len(source.text.splitlines())
        lines[source.path] = count
        if "/" in source.path:
            lines[source.room] = lines.get(source.room, 0) + count
    return lines


def too_large(
    lines: dict[str, int], larger: dict[str, tuple[int, str]], file: int, room: int
) -> list[str]:
    """Files and rooms above their limit."""
    usual = {name: file if name.endswith(".py") else room for name in lines}
    limits = usual | {name: limit for name, (limit, _) in larger.items()}
    return [
        f"{name} has {count} lines, its limit is {limits[name]}: ask first what a library or a "
        "deletion could do; else list it in LARGER with the reason"
        for name, count in lines.items()
        if count > limits[name]
    ]


def test_each_larger_room_has_its_reason_in_the_guide() -> None:
    """CONTRIBUTING.md says why, below what differs from what one would expect."""
    guide = (Path(__file__).parents[1] / "CONTRIBUTING.md").read_text(encoding="utf-8")
    reasons = [each for each in guide.split("\n- ") if "larger" in each]

    assert [room for room in LARGER if not any(f"`{room}`" in each for each in reasons)] == []


def test_arrows() -> None:
    """Every import goes along the arrows."""
    assert [wrong for source in sources() for wrong in wrong_arrows(source)] == []


def test_botocore_stays_at_the_http_door() -> None:
    """Who takes requests and who makes a client know botocore; the others read its table."""
    found = {
        source.path
        for source in sources()
        for use in imports(source)
        if within(use.name, {"botocore"})
    }

    assert found == {"wire/api.py", "wire/rest.py"}


def test_what_checks_each_other_stands_apart() -> None:
    """Neither engine imports the other or its library, nor does anything that it imports."""
    assert together(sources()) == []


def test_what_comes_with_an_import_is_seen() -> None:
    """An engine that gets the other by way of a module between them is caught."""
    every = [
        Source("simulation/events/a.py", "from lab_engine.simulation import b"),
        Source("simulation/b.py", "from lab_engine.simulation.population.c import d"),
        Source("simulation/population/c.py", "import numpy as np"),
    ]

    assert len(together(every)) == 2


def arrows(every: list[Source]) -> dict[str, set[str]]:
    """Each module of ours and those that it imports."""
    known = {module_name(source) for source in every}
    found: dict[str, set[str]] = {}
    for source in every:
        named = {use.name for use in imports(source)}
        met = {name if name in known else name.rpartition(".")[0] for name in named}
        found[module_name(source)] = met & known - {module_name(source)}
    return found


def circles(every: list[Source]) -> set[frozenset[str]]:
    """The modules that can be come back to, each with those it shares its ways with."""
    graph = arrows(every)
    reach = {name: _reach(name, graph) for name in graph}
    return {
        frozenset({other for other in reach[name] if name in reach[other]})
        for name in graph
        if name in reach[name]
    }


def _reach(start: str, graph: dict[str, set[str]]) -> set[str]:
    found: set[str] = set()
    waiting = [start]
    while waiting:
        further = graph[waiting.pop()] - found
        found |= further
        waiting += further
    return found


def test_no_circles() -> None:
    """No modules import each other in a circle, for annotations neither."""
    assert circles(sources()) == HALVES


def test_a_circle_for_annotations_is_seen() -> None:
    """It counts like any other."""
    every = [
        Source("control/a.py", "if TYPE_CHECKING:\n    from lab_engine.control.b import B"),
        Source("control/b.py", "from lab_engine.control import c"),
        Source("control/c.py", "from . import a"),
    ]

    assert [len(circle) for circle in circles(every)] == [3]


def test_clock_and_dice_are_parameters() -> None:
    """The pure rooms read no clock and own no dice."""
    assert [wrong for source in sources() for wrong in own_clock_or_dice(source)] == []


def test_files_and_rooms_stay_small() -> None:
    """A file has at most 400 lines, a room 1,200, unless a reason is written down."""
    lines = sizes()
    print(*(f"{count:>6} {name}" for name, count in lines.items()), sep="\n")

    assert too_large(lines, LARGER, FILE_LINES, ROOM_LINES) == []


def test_exceptions_are_still_needed() -> None:
    """An exception whose file has shrunk is taken off the list."""
    lines = sizes()
    usual = {name: FILE_LINES if name.endswith(".py") else ROOM_LINES for name in LARGER}

    assert [name for name in LARGER if lines.get(name, 0) <= usual[name]] == []
    assert all(reason for _, reason in LARGER.values())


IMPORT_ALL = """
import importlib, json, sys, threading
sockets = []
sys.addaudithook(lambda event, _: sockets.append(event) if event.startswith("socket.") else None)
for name in sys.argv[1:]:
    importlib.import_module(name)
print(json.dumps([[thread.name for thread in threading.enumerate()], sockets]))
"""


def module_name(source: Source) -> str:
    """The dotted name that imports a module."""
    parts = ["lab_engine", *source.path.removesuffix(".py").split("/")]
    return ".".join(parts).removesuffix(".__init__")


def test_importing_starts_nothing() -> None:
    """All modules imported in one process leave one thread, and no socket was ever made."""
    command = [sys.executable, "-c", IMPORT_ALL, *map(module_name, sources())]

    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)

    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout.splitlines()[-1]) == [["MainThread"], []]


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("authority/a.py", "import socket"),
        ("authority/a.py", "from dns import query"),
        ("authority/a.py", "def f():\n    import numpy.random"),
        ("authority/a.py", "from lab_engine.wire import messages"),
        ("authority/a.py", "from ..wire import messages"),
        ("authority/a.py", "from .. import caches"),
        ("authority/deep/a.py", "from ...caches import cache"),
        ("authority/a.py", "from lab_engine import respond"),
        ("authority/a.py", "import importlib\nimportlib.import_module('lab_engine.wire')"),
        ("caches/a.py", "from lab_engine.wire.messages import decode"),
        ("wire/a.py", "import lab_engine.caches"),
        ("simulation/a.py", "from ..wire import client"),
        ("simulation/a.py", "from ..drill import backends"),
        ("simulation/a.py", "from asyncio import run"),
        ("drill/a.py", "from ..review import lint"),
        ("views/a.py", "from ..course import checks"),
        ("views/a.py", "from ..rehearsal import text"),
        ("rehearsal/a.py", "from ..wire import client"),
        ("errors.py", "from lab_engine.authority import zone"),
        ("helpers.py", ""),
    ],
)
def test_a_wrong_arrow_is_caught(path: str, text: str) -> None:
    """The check finds each kind of forbidden import."""
    assert len(wrong_arrows(Source(path, text))) == 1


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("authority/a.py", "from . import zone\nfrom .zone import Zone\nimport random"),
        ("authority/a.py", "from ..errors import LabError\nfrom lab_engine.errors import LabError"),
        ("authority/a.py", "import dns.name\nfrom dns import rdatatype"),
        ("wire/a.py", "import socket, threading\nfrom ..authority import server"),
        ("simulation/a.py", "import simpy, numpy as np\nfrom ..caches import cache"),
        ("course/a.py", "from lab_engine.views import panels"),
        ("__main__.py", "from lab_engine.course import grading\nfrom lab_engine import wire"),
    ],
)
def test_a_right_arrow_passes(path: str, text: str) -> None:
    """The check lets allowed imports through."""
    assert wrong_arrows(Source(path, text)) == []


@pytest.mark.parametrize(
    "text",
    [
        "import time\nnow = time.time()",
        "from time import monotonic as clock\nclock()",
        "import time as t\ndef f(clock=t.monotonic): ...",
        "from datetime import datetime\ndatetime.now()",
        "import random\nrandom.shuffle([])",
        "from random import choice\nchoice([1])",
        "import random\nrng = random.Random()",
        "import numpy as np\nnp.random.rand()",
        "import numpy as np\nnp.random.default_rng()",
        "import uuid\nuuid.uuid4()",
        "import secrets\nsecrets.randbits(16)",
        "from os import urandom\nurandom(2)",
    ],
)
@pytest.mark.parametrize("room", ["authority", "caches", "simulation"])
def test_own_clock_or_dice_is_caught(room: str, text: str) -> None:
    """The check finds real time and unseeded randomness however they are imported."""
    assert len(own_clock_or_dice(Source(f"{room}/a.py", text))) == 1


@pytest.mark.parametrize(
    "text",
    [
        "import random\ndef f(rng: random.Random): return rng.random()",
        "from random import Random\nrng = Random(7)",
        "import numpy as np\ndef f(rng: np.random.Generator): return rng.integers(3)",
        "import numpy as np\nrng = np.random.default_rng(seed)",
        "def f(time): return time.time",
    ],
)
def test_dice_that_were_passed_in_are_fine(text: str) -> None:
    """Seeded generators, their types and parameters of the same name are no violation."""
    assert own_clock_or_dice(Source("caches/a.py", text)) == []


def test_a_large_file_or_room_is_caught() -> None:
    """The size check fails above a limit, and a listed exception moves it."""
    lines = {"wire/a.py": 401, "wire/b.py": 400, "wire": 1201, "views": 1200}

    assert len(too_large(lines, {}, FILE_LINES, ROOM_LINES)) == 2
    assert too_large(lines, {"wire/a.py": (450, "…"), "wire": (1300, "…")}, 400, 1200) == []
