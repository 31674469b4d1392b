"""The instructor's kit against the lessons: a word for each panel, and each move and number of it.

In `workshop/README.md` an entry names the part of the lesson and the cell's id. What it moves is
written `*TTL* to 300`, `*Checked every*: *10 s*` or `*Caches serve stale* on`.
"""

import ast
import json
import re
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Final, NamedTuple

import nbformat
import pytest

from lab_engine.course.datafile import load
from lab_engine.views.controls import Control, Slider
from lab_engine.views.drills import DEEDS
from lab_engine.views.panel import Panel
from tests.counts import long_but
from tools.pictures import _run

ROOT: Final = Path(__file__).parents[1]
KIT: Final = (ROOT / "workshop" / "README.md").read_text()
LESSONS: Final = {path.stem: path for path in sorted((ROOT / "lessons").glob("0*.ipynb"))}
ENTRY: Final = re.compile(
    r"^- \*\*(.+?)\*\* \((?:part (\d), )?`([\w-]+)`\)\. ((?:.|\n  )+)", re.MULTILINE
)
ITALICS: Final = re.compile(r"(?<!\*)\*([^*]+)\*(?!\*)")
MOVE: Final = re.compile(
    r"(?<!\*)\*([^*]+)\*(?:: \*([^*]+)\*| to (\d+(?:\.\d+)?)| (on|off)\b)(?!\*)"
)
GOAL: Final = re.compile(r"(First|Second|Third) goal: (.*?)(?:[.;](?= |$))")
NUMBER: Final = re.compile(r"\d+(?:[.,]\d+)*")
HEAVY: Final = {"02_weights", "06_failover", "07_balancers", "08_capstone"}
"""Lessons whose panels are many runs, or long ones."""


class Entry(NamedTuple):
    """What the kit has for one cell."""

    title: str
    part: str
    cell: str
    text: str

    @property
    def moves(self) -> set[tuple[str, Any]]:
        """Each control that is named with a value."""
        return set(moves(self.text))


def moves(text: str) -> Iterator[tuple[str, Any]]:
    """Label and what the page would send."""
    for label, option, figure, switch in MOVE.findall(text):
        if option:
            yield label, option
        else:
            yield label, float(figure) if figure else switch == "on"


@cache
def chapters() -> dict[str, list[Entry]]:
    """The entries of each lesson; a chapter is headed by the lesson's number."""
    section = KIT.partition("\n## At each panel\n")[2].partition("\n## ")[0]
    found = re.split(r"^### (\d\d) .*\n", section, flags=re.MULTILINE)[1:]
    texts = dict(zip(found[::2], found[1::2], strict=True))
    numbers = {name[:2]: name for name in LESSONS}
    return {
        numbers[number]: [
            Entry(*each[:3], " ".join(each[3].split())) for each in ENTRY.findall(text)
        ]
        for number, text in texts.items()
    }


@cache
def cells(lesson: str) -> list[Any]:
    """All cells of a lesson."""
    return list(nbformat.read(LESSONS[lesson], as_version=4).cells)


def shows_a_panel(cell: Any) -> bool:
    """Whether its stored output has a picture, or something that is moved."""
    twins = (each.get("data", {}).get("text/html", "") for each in cell.get("outputs", ()))
    return any("<img" in twin or "to move it" in twin for twin in twins)


def parts(lesson: str) -> dict[str, str]:
    """The numbered part of a lesson in which each cell stands; nothing where it has none."""
    found, now = {}, ""
    for cell in cells(lesson):
        if cell.cell_type == "markdown":
            for heading in re.findall(r"^## (.*)", cell.source, re.MULTILINE):
                now = heading[0] if heading[0].isdigit() else ""
        found[cell.id] = now
    return found


def entry(lesson: str, cell: str) -> Entry:
    """That of a cell."""
    return next(each for each in chapters()[lesson] if each.cell == cell)


def test_every_lesson_has_a_chapter_and_no_line_of_it_is_lost():
    """Each line that begins an entry is one."""
    section = KIT.partition("\n## At each panel\n")[2].partition("\n## ")[0]

    assert list(chapters()) == list(LESSONS)
    assert sum(map(len, chapters().values())) == len(re.findall(r"^- ", section, re.MULTILINE))


@pytest.mark.parametrize("lesson", LESSONS)
def test_every_panel_has_its_words(lesson):
    """By the cell's id, in the order of the lesson; what else has words is a cell of it, too."""
    named = [each.cell for each in chapters()[lesson]]
    order = [cell.id for cell in cells(lesson)]
    shown = {cell.id for cell in cells(lesson) if shows_a_panel(cell)}

    assert shown
    assert shown - {*named} == set(), "say in workshop/README.md what to do at this panel"
    assert named == sorted(set(named), key=order.index)
    assert {each.cell: each.part for each in chapters()[lesson]} == {
        each: parts(lesson)[each] for each in named
    }


@pytest.mark.parametrize("lesson", LESSONS)
def test_every_entry_asks_and_has_an_answer_that_tempts(lesson):
    """A playground has its goals in the place of the question."""
    mute = [
        each.cell
        for each in chapters()[lesson]
        if not re.search(r"\?|Ask|[Hh]ands|goal:", each.text) or "tempt" not in each.text
    ]

    assert mute == []


def test_what_is_in_italics_stands_on_the_page():
    """Buttons and the like; controls and their values are looked for on the panels."""
    page = "".join(path.read_text() for path in (ROOT / "lab_engine/views/page").glob("*.js"))
    page += "".join(f'"{deed.says}"' for deed in DEEDS)
    for each in (each for found in chapters().values() for each in found):
        words = {*ITALICS.findall(each.text)} - {word for move in each.moves for word in move}
        lost = {word for word in words if not re.search(rf"[\"`]{re.escape(word)}", page)}
        assert lost == set(), each.cell


SEEN: Final[dict[tuple[str, str], list[tuple[dict[str, Any], list[Any]]]]] = {
    ("00_start_here", "tiles"): [({"TTL": 0}, [("level", "busiest of 3 servers has 33 % of")])],
    ("01_round_robin", "moment"): [({"Resolvers": 1000}, ["36 % to 60 % of the load", "13 %"])],
    ("01_round_robin", "window"): [
        ({"Window": 3600}, ["1.42 times"]),
        ({"Window": 86_400}, ["1.02 times"]),
    ],
    ("01_round_robin", "set"): [
        ({"A cache hands on": "the whole set, rotated each time"}, [("33 %", "has 33 % of")])
    ],
    ("02_weights", "tiles"): [
        ({"Resolvers": 1}, [("all or nothing", "0 to 100 %")]),
        ({"Resolvers": 1000}, ["4 to 6.2 %"]),
    ],
    ("02_weights", "band"): [
        ({"Watch for": 3600}, [("2 of 50", ": 2 of 50 show less than 0.5 %")])
    ],
    ("03_places", "reach"): [
        ({}, [("196 ms", "Virginia, 196 ms"), ("240 ms", "Virginia, 240 ms")]),
        (
            {"The authority sees": "client subnet /24 (ECS)"},
            [
                ("63 ms", "half of what is served within 63 ms"),
                ("155 ms", "Cape Town, by way of the firm's resolver: to A in Dublin, 155 ms"),
                ("263 ms", "Sydney, by way of the firm's resolver: to A in Dublin, 263 ms"),
            ],
        ),
        (
            {"The authority sees": "client subnet /16"},
            [
                ("Tokyo", "Tokyo, by way of the firm's resolver: to A in Dublin"),
                ("marks below stay", "half of what is served within 63 ms, 95 % within 155 ms"),
            ],
        ),
    ],
    ("04_ttl", "knee"): [({"Checked every": "10 s"}, ["2 min 2 s"])],
    ("04_ttl", "staircase"): [
        ({"Changes at most": 1}, [("5,297", "this run asked 5,297")]),
        ({"Changes at most": 8}, [("665", "this run asked 665")]),
        ({"First change ahead": 3600}, ["73.9 %"]),
    ],
    ("05_apex", "matrix"): [
        (
            {"Asked first": "MX", "Asked second": "A"},
            [("the mail is right", "exact type first: TXT, NS, SOA are redirected")],
        ),
        (
            {"Asked first": "MX", "Asked second": "A", "All once more after": 120},
            [("lost again", "exact type first: TXT, NS, SOA, MX are redirected")],
        ),
        ({"Who is asked": "the authority itself"}, ["nothing is redirected"]),
    ],
    ("06_failover", "tune"): [
        ({"TTL": 30}, ["p99 116 s"]),
        ({"Failures in a row": 2}, [("114 s", "p99 114 s")]),
        ({"Checked every": "10 s"}, [("87.5 s", "p99 87.5 s")]),
        (
            {"Checked every": "10 s", "Failures in a row": 2, "TTL": 30},
            [("48.4 s", "p99 48.4 s")],
        ),
    ],
    ("06_failover", "deaths"): [
        (
            {
                "Checked every": "10 s",
                "Failures in a row": 1,
                "The primary": "takes connections and is silent",
                "It is back": "after 12 s",
            },
            ["known 9.9 s later"],
        ),
        ({"The primary": "is well for checks only"}, ["nobody finds out"]),
        (
            {"Each client asks": "its resolver, every 60 s (curl)"},
            [("23.5 s of the mean", "client 23.5 s); p99")],
        ),
    ],
    ("07_balancers", "queues"): [
        ({"An answer holds": "all addresses"}, [("380 ms", "DNS: p50 380 ms")])
    ],
    ("07_balancers", "deaths"): [
        (
            {"Balancer's algorithm": "least connections"},
            [("860 ms", "L7: p50 170 ms, p99 860 ms")],
        ),
        (
            {"Server A dies": "at 10 s"},
            [("7 s", "L7: p50 1.5 s, p99 7 s"), ("16 s", "DNS: p50 1.4 s, p99 16 s")],
        ),
    ],
    ("07_balancers", "busy"): [
        ({"Clients": 500}, [("1.5 s", "L4: p50 300 ms, p99 1.5 s")]),
        ({"Clients": 2}, [("21 s again", "L4: p50 11 s, p99 21 s")]),
        (
            {"Clients keep connections": "5 s unused"},
            [("stays at 21 s", "L4: p50 8.9 s, p99 21 s")],
        ),
        ({"Clients keep connections": "not at all"}, [("1.8 s", "L4: p50 270 ms, p99 1.8 s")]),
    ],
    ("08_capstone", "gameday"): [
        ({"TTL": 300}, [("refused", "The picture still shows the last values that worked.")]),
        ({"Checked every": "30 s"}, [("147 s", "p99 outage 147 of 120 s")]),
        ({"Checked every": "30 s", "TTL": 30}, [("116 s", "p99 outage 116 of 120 s")]),
    ],
    ("08_capstone", "cap-18"): [
        (
            {"Client subnets (ECS)": False},
            [
                ("p95 latency is 198 ms of 130 ms", "p95 latency 198 of 130 ms"),
                "every drill is survived",
            ],
        ),
        (
            {"Asia's Region": "Tokyo"},
            [("no bar moves", "p95 latency 120 of 130 ms, p99 outage 84")],
        ),
    ],
}
"""What a panel shows after moves from its start: as the kit says it, and as the panel does."""


def pairs(said: list[Any]) -> list[tuple[str, str]]:
    """What the kit says, and what the panel says."""
    return [each if isinstance(each, tuple) else (each, each) for each in said]


def test_what_the_kit_says_of_a_move_is_looked_at():
    """Each move of an entry, and what is said of it, stands in the table; playgrounds are below."""
    for lesson, found in chapters().items():
        for each in (each for each in found if each.cell != "playground"):
            rows = SEEN.get((lesson, each.cell), [])
            assert {move for row, _ in rows for move in row.items()} == each.moves, each.cell
            assert [kit for _, said in rows for kit, _ in pairs(said) if kit not in each.text] == []


def test_every_number_of_the_kit_stands_in_its_lesson_or_is_looked_at():
    """In a cell or its output; where a control is set to it; or where a panel then shows it."""
    for lesson, found in chapters().items():
        shown = {number for cell in cells(lesson) for number in numbers_of(cell)}
        for each in found:
            moved = {number for move in each.moves for number in NUMBER.findall(str(move))}
            seen = {
                number
                for _, said in SEEN.get((lesson, each.cell), ())
                for kit, _ in pairs(said)
                for number in NUMBER.findall(kit)
            }
            told = {f"{number}" for number in NUMBER.findall(MOVE.sub("", each.text))}
            assert told - shown - moved - seen == set(), (lesson, each.cell)


def numbers_of(cell: Any) -> Iterator[str]:
    """Those of its source, and of what is written below it."""
    yield from NUMBER.findall(cell.source)
    for output in cell.get("outputs", ()):
        yield from NUMBER.findall(output.get("text", ""))
        yield from NUMBER.findall(output.get("data", {}).get("text/plain", ""))


@cache
def panel_of(lesson: str, cell: str) -> Panel:
    """The panel of a cell, as the lesson makes it."""
    return made(lesson, cell)


def made(lesson: str, cell: str) -> Panel:
    """What the last line of a cell shows: run with the statements that it needs, and no others."""
    code = [each for each in cells(lesson) if each.cell_type == "code"]
    at = next(index for index, each in enumerate(code) if each.id == cell)
    whole = [each for before in code[: at + 1] for each in ast.parse(before.source).body]
    kept = [whole[index] for index in sorted(needed(whole, len(whole) - 1))]
    shown = _run("\n".join(map(ast.unparse, kept)), {})
    assert isinstance(shown, Panel)
    return shown


def needed(whole: Sequence[ast.stmt], at: int) -> set[int]:
    """A statement, those that last set what it needs before it, and what those need."""
    found = {at}
    for name in names(whole[at])[0]:
        before = next(
            (each for each in range(at - 1, -1, -1) if name in names(whole[each])[1]), None
        )
        found |= set() if before is None else needed(whole, before)
    return found


def names(statement: ast.stmt) -> tuple[set[str], set[str]]:
    """Those that it needs, and those that it sets."""
    needs: set[str] = set()
    sets: set[str] = set()
    for node in ast.walk(statement):
        match node:
            case ast.Name(id=name, ctx=ast.Load()):
                needs.add(name)
            case ast.Name(id=name) | ast.FunctionDef(name=name):
                sets.add(name)
            case ast.alias(name=name, asname=other):
                sets.add(other or name)
    return needs, sets


@pytest.mark.parametrize("lesson", LESSONS)
def test_every_control_and_value_of_the_kit_is_on_its_panel(monkeypatch, lesson):
    """Panels are made, and nothing is run."""

    def bare(self: Panel, _: object, controls: Sequence[Control], *args: object, **more: object):
        self._controls = tuple(controls)

    monkeypatch.setattr(Panel, "__init__", bare)
    for each in (each for each in chapters()[lesson] if each.moves):
        controls = {control.label: control for control in made(lesson, each.cell)._controls}
        for label, value in each.moves:
            assert label in controls, each.cell
            controls[label].read(value)


def move(panel: Panel, moved: dict[str, Any]) -> None:
    """Move all of them at once, from the start; what is no control or no value of it raises."""
    controls = {each.label: each for each in panel._controls}
    raw = {controls[label].path: value for label, value in moved.items()}
    for label, value in moved.items():
        whole = isinstance(controls[label], Slider) and controls[label].whole
        raw[controls[label].path] = int(value) if whole else value
        controls[label].read(raw[controls[label].path])
    panel._form.values = {**panel._form.start, **raw}


def heavy(rows: list[tuple[str, ...]]) -> list[Any]:
    """The same, with those of the heavy lessons, and a silence, for the long run."""
    light = [each for each in rows if each[0] not in HEAVY and each != ("04_ttl", "Third")]
    return long_but(rows, *light)


@pytest.mark.slow
@pytest.mark.parametrize(("lesson", "cell"), heavy([*SEEN]))
def test_a_panel_shows_what_the_kit_says(lesson, cell):
    panel = panel_of(lesson, cell)
    for moved, said in SEEN[lesson, cell]:
        move(panel, moved)
        picture = panel.picture.still() if panel.picture else {}
        shown = f"{panel.status} {panel.summary} {json.dumps(picture, ensure_ascii=False)}"

        assert [word for _, word in pairs(said) if word not in shown] == [], moved


GOALS: Final = [
    (lesson, which)
    for lesson, found in chapters().items()
    for each in found
    for which, _ in GOAL.findall(each.text)
]


def test_every_goal_of_a_playground_has_its_way():
    """As many as the lesson has cards of goals."""
    for lesson in LESSONS:
        cards = [key for cell in cells(lesson) for key in goal_keys(cell)]
        assert [each for name, each in GOALS if name == lesson] == ["First", "Second", "Third"][
            : len(cards)
        ]


def goal_keys(cell: Any) -> list[str]:
    """Of the goals that a cell shows."""
    return re.findall(r"^lesson\.goal\(\"(\w+)\", playground\)$", cell.source, re.MULTILINE)


@pytest.mark.slow
@pytest.mark.parametrize(("lesson", "which"), heavy(GOALS))
def test_a_goal_is_reached_by_the_moves_that_the_kit_names(lesson, which):
    panel = panel_of(lesson, "playground")
    panel.reset()
    keys = [key for cell in cells(lesson) for key in goal_keys(cell)]
    goal = load(lesson).goals[keys[["First", "Second", "Third"].index(which)]]
    way = dict(GOAL.findall(entry(lesson, "playground").text))[which]

    assert not goal.standing(panel.scenario, panel.outcome).reached
    move(panel, dict(moves(way)))
    assert panel.status == ""
    assert goal.standing(panel.scenario, panel.outcome).reached
