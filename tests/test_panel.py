"""Panels without a browser: what a change leads to, what is refused, what is run when."""

import asyncio
import dataclasses
import itertools
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

from lab_engine.errors import LabError
from lab_engine.simulation import Outcome, Scenario
from lab_engine.views.controls import Choice, Slider, Switch, one_two_five
from lab_engine.views.figures import traffic, traffic_summary
from lab_engine.views.kit.picture import Ghost
from lab_engine.views.kit.tiles import tiles
from lab_engine.views.panel import COARSE, KEPT, Panel

from .browser import toy
from .browser.caches import shop, watched
from .browser.toy import CONTROLS, Toy, Waves, toy_panel

TOY = Path(toy.__file__)


class Counted:
    """`toy.run`, with a record of what was run."""

    def __init__(self) -> None:
        self.toys: list[Toy] = []

    def __call__(self, toy_: Toy) -> Waves:
        self.toys.append(toy_)
        return toy.run(toy_)


def slow() -> Any:
    """A clock that is a second on whenever it is looked at: every run was a slow one."""
    return itertools.count().__next__


def panel_of(run: Any, start: Toy = Toy(), **options: Any) -> Panel[Toy, Waves]:  # noqa: B008
    """The toy's panel with another way to run it."""
    return Panel(start, CONTROLS, run, toy.figure, toy.summary, **options)


def send(panel: Panel[Any, Any], **values: Any) -> None:
    """Set values as the page does: through the form's state."""
    panel._form.set_state({"values": {**panel._form.values, **values}})


def test_a_change_leads_to_scenario_outcome_and_words() -> None:
    """Without an event loop it does so at once."""
    panel = toy_panel()
    send(panel, rate=7)

    assert panel.scenario == Toy(rate=7)
    assert panel.outcome.toy == Toy(rate=7)
    assert panel.summary == "Three servers with 7 waves a day of height 100."
    assert panel.status == ""


def test_labels_become_values() -> None:
    """The page sends the label of an option; the scenario gets its value."""
    panel = toy_panel()
    send(panel, shape="Cosine", mirrored=True)

    assert panel.scenario == Toy(shape="cos", mirrored=True)


def test_set_and_reset_from_a_cell() -> None:
    """A learner can move a panel by code, too."""
    panel = toy_panel()
    panel.set("rate", 9)
    assert panel.outcome.toy.rate == 9

    panel.reset()

    assert panel.scenario == Toy()
    with pytest.raises(LabError, match="Use one of: rate, size"):
        panel.set("speed", 1)


@pytest.mark.parametrize(
    ("values", "why"),
    [
        ({"rate": 31}, "31: Waves goes from 1 to 30 per day. Type a number from 1 to 30 per day"),
        ({"rate": 1.5}, "1.5: Waves is a whole number."),
        ({"rate": None}, "Waves needs a number."),
        ({"rate": True}, "Waves needs a number."),
        ({"shape": "Square"}, "Square: Shape has no such option. Choose one of: Sine, Cosine."),
        ({"mirrored": 3}, "3: Upside down is either on or off."),
        ({"rate": 13}, "could not be computed (ZeroDivisionError: thirteen)."),
    ],
)
def test_a_bad_value_keeps_the_last_good_picture(values: dict[str, Any], why: str) -> None:
    """The status says the value, the rule and the remedy; nothing is half-applied."""
    panel = toy_panel()
    panel.set("size", 200)
    drawn, outcome = panel._plot.get_state("_changes"), panel.outcome
    send(panel, **values)

    assert why in panel.status
    assert KEPT in panel.status
    assert panel.scenario == Toy(size=200)
    assert panel.outcome is outcome
    assert panel._plot.get_state("_changes") == drawn


def test_the_scenario_may_refuse_what_the_control_accepts() -> None:
    """The scenario's own words are shown, and the control is marked."""
    panel = toy_panel(Toy(limit=20))
    send(panel, rate=25)

    assert panel.status.startswith("25: the rate may not exceed the limit of 20. Lower the rate")
    assert panel._form.wrong == ["rate"]

    send(panel, rate=20)

    assert panel.status == ""
    assert panel._form.wrong == []


def test_values_that_are_possible_only_together() -> None:
    """Both moved at once are accepted in whatever order the controls stand."""
    both = (Slider("rate", "Rate", 1, 100), Slider("limit", "Limit", 1, 100))
    panel = Panel(Toy(), both, toy.run, toy.figure, toy.summary)
    send(panel, rate=90, limit=95)

    assert (panel.scenario.rate, panel.scenario.limit) == (90, 95)


def test_a_value_shown_again_is_not_run_again() -> None:
    """The same values once more cost nothing."""
    run = Counted()
    panel = panel_of(run)
    send(panel, rate=5)

    assert len(run.toys) == 1


def test_a_request_during_a_run_is_remembered_only_if_newest() -> None:
    """Requests that come in while a run is going on: the last of them is run next."""
    seen: list[int] = []

    def run(toy_: Toy) -> Waves:
        seen.append(toy_.rate)
        if toy_.rate == 6:
            for rate in (7, 8, 9):
                panel.set("rate", rate)
        return toy.run(toy_)

    panel = panel_of(run)
    panel.set("rate", 6)

    assert seen == [5, 6, 9]
    assert panel.scenario.rate == 9


def test_requests_from_two_threads_end_in_the_newest() -> None:
    """A cell and the page's thread may both move a panel; one runs, the other leaves a note."""
    running, go_on = threading.Event(), threading.Event()

    def run(toy_: Toy) -> Waves:
        if toy_.rate == 6:
            running.set()
            go_on.wait(5)
        return toy.run(toy_)

    panel = panel_of(run)
    page = threading.Thread(target=panel.set, args=("rate", 6))
    page.start()
    running.wait(5)
    panel.set("rate", 8)
    assert panel.scenario.rate == 5
    go_on.set()
    page.join(5)

    assert panel.scenario.rate == 8


def test_a_slow_panel_shows_a_coarse_picture_first() -> None:
    """Then, unless the slider has moved on, the full one; so one full run for many moves."""
    run = Counted()

    async def move() -> str:
        quiet, done = asyncio.Event(), asyncio.Event()
        panel = panel_of(run, coarse=toy.coarse, settled=quiet.wait, clock=slow())
        panel.on_outcome(lambda *_: done.set())
        for rate in (6, 7, 8):
            send(panel, rate=rate)
            await asyncio.sleep(0)
        first = panel.status
        quiet.set()
        await done.wait()
        assert panel.status == ""
        return first

    assert asyncio.run(move()) == COARSE
    assert [(toy_.rate, toy_.points) for toy_ in run.toys] == [
        (5, 360),
        (6, 36),
        (7, 36),
        (8, 36),
        (8, 360),
    ]


def test_outcome_is_never_the_coarse_one() -> None:
    """Who reads it before the full run has come gets the full run now."""

    async def read() -> int:
        panel = panel_of(toy.run, coarse=toy.coarse, clock=slow())
        send(panel, rate=6)
        return len(panel.outcome.x)

    assert asyncio.run(read()) == 360


def test_a_fast_panel_is_not_coarse() -> None:
    """Below the threshold the full run comes at once."""
    run = Counted()

    async def move() -> None:
        send(panel_of(run, coarse=toy.coarse, clock=lambda: 0.0), rate=6)

    asyncio.run(move())

    assert [toy_.points for toy_ in run.toys] == [360, 360]


def test_what_is_done_ahead_makes_way_for_the_next_move() -> None:
    """Step by step after the pause; a move in between ends it, and its own steps come to an end."""
    run = Counted()
    steps: list[tuple[float, int]] = []
    begun, done = asyncio.Event(), asyncio.Event()

    def ahead(scenario: Toy) -> Iterator[None]:
        for step in range(20):
            steps.append((scenario.rate, step))
            begun.set()
            yield

    async def move() -> None:
        panel = panel_of(run, coarse=toy.coarse, ahead=ahead)
        panel.on_outcome(lambda *_: done.set())
        send(panel, rate=6)
        await begun.wait()
        send(panel, rate=7)
        await done.wait()

    asyncio.run(move())

    assert 0 < sum(rate == 6 for rate, _ in steps) < 20
    assert steps[-1] == (7, 19)
    assert [(each.rate, each.points) for each in run.toys[1:]] == [(6, 36), (7, 36), (7, 360)]


def test_a_panel_with_work_ahead_is_always_coarse_first() -> None:
    """However fast the full run was, with nearly all of it done before."""
    run = Counted()

    async def move() -> None:
        panel = panel_of(run, coarse=toy.coarse, ahead=lambda _: iter(()))
        done = asyncio.Event()
        panel.on_outcome(lambda *_: done.set())
        for rate in (6, 7):
            done.clear()
            send(panel, rate=rate)
            await done.wait()

    asyncio.run(move())

    assert [each.points for each in run.toys] == [360, 36, 360, 36, 360]


def test_a_refusal_does_not_leave_a_coarse_picture() -> None:
    """The picture kept is a full one."""
    run = Counted()

    async def move() -> str:
        panel = panel_of(run, coarse=toy.coarse, clock=slow())
        send(panel, rate=6)
        send(panel, rate=99)
        return panel.status

    assert asyncio.run(move()).startswith("99: Waves")
    assert (run.toys[-1].rate, run.toys[-1].points) == (6, 360)


def test_a_panel_over_a_scenario_outside_its_controls() -> None:
    """An author's mistake is told at once."""
    with pytest.raises(LabError, match="500: Waves goes from 1 to 30"):
        toy_panel(dataclasses.replace(Toy(), rate=500, limit=500))


@pytest.mark.parametrize(
    ("low", "high", "stops"),
    [
        (1, 100, (1, 2, 5, 10, 20, 50, 100)),
        (3, 60, (3, 5, 10, 20, 50, 60)),
        (0.1, 2, (0.1, 0.2, 0.5, 1, 2)),
    ],
)
def test_one_two_five(low: float, high: float, stops: tuple[float, ...]) -> None:
    """Both ends and the round numbers between them."""
    assert one_two_five(low, high) == stops


def test_numbers_are_whole_if_all_bounds_and_stops_are() -> None:
    """1 to 10 is whole; in steps of 0.5, or from 1.0, it is not."""
    assert Slider("p", "P", 1, 10).read(4.0) == 4
    assert isinstance(Slider("p", "P", 1, 10).read(4.0), int)
    assert Slider("p", "P", 1, 10, step=0.5).read(4.25) == 4.25
    assert isinstance(Slider("p", "P", 1.0, 10).read(4), float)
    assert Slider("p", "P", 1, 1000, choices=one_two_five(1, 1000)).read(17) == 17
    with pytest.raises(LabError, match=r"Type one of 1, 10, 100") as no:
        Slider("p", "P", 1, 100, choices=(1, 10, 100), between=False).read(17)
    assert no.value.value == "17"


@pytest.mark.parametrize(
    ("make", "why"),
    [
        (lambda: Slider("p", "P", 2, 1), "must start below its end"),
        (lambda: Slider("p", "P", 1, 2, step=0), "a step above 0"),
        (lambda: Slider("p", "P", 1, 5, choices=(1, 9)), "outside from 1 to 5"),
        (lambda: one_two_five(0, 5), "start above 0"),
        (lambda: Choice("p", "P", {"a": 1}).show(2), "no such option"),
        (lambda: Switch("p", "P").show("yes"), "either on or off"),
    ],
)
def test_mistakes_in_controls_are_named(make: Any, why: str) -> None:
    """Value, rule, remedy, as everywhere."""
    with pytest.raises(LabError, match=why):
        make()


def tiled(**options: Any) -> Panel[Scenario, Outcome]:
    """The shop's caches under a slider for the TTL."""
    ttl = Slider("zone.www.ttl", "TTL", 0, 3600, unit="s")
    return Panel(shop(), [ttl], options.pop("run", watched), picture=tiles, **options)


def test_a_panel_may_show_a_picture_of_the_kit() -> None:
    """Instead of a figure: a move leads to another picture and its sentence."""
    panel = tiled()
    before = panel.summary
    panel.set("zone.www.ttl", 60)

    assert panel.figure is None
    assert panel.picture is not None
    assert panel.picture.frames() == tiles(panel.scenario, panel.outcome).frames()
    assert panel.summary == panel.picture.sentence != before


def test_a_panel_may_show_both() -> None:
    """The figure, the picture, and the sentences of both."""
    both = tiled(figure=traffic, summary=traffic_summary)
    both.set("zone.www.ttl", 60)

    assert both.figure is not None
    assert both.summary == f"{traffic_summary(both.outcome)} {both.picture.sentence}"


def test_a_bad_value_keeps_the_last_good_tiles() -> None:
    """As it keeps a figure."""
    panel = tiled()
    shown = panel.picture
    panel.set("zone.www.ttl", 9999)

    assert "9,999: TTL goes from 0 to 3,600 s" in panel.status
    assert panel.picture is shown


def test_a_run_without_holdings_keeps_the_last_good_tiles() -> None:
    """A picture that cannot be made is refused like a value."""

    def run(scenario: Scenario) -> Outcome:
        outcome = watched(scenario)
        blind = scenario.get("zone.www.ttl") == 7
        return dataclasses.replace(outcome, holders=()) if blind else outcome

    panel = tiled(run=run)
    panel.set("zone.www.ttl", 7)

    assert panel.status.startswith("holders: are not in this outcome")
    assert panel.scenario.get("zone.www.ttl") == 300


@pytest.mark.parametrize("given", [{}, {"figure": toy.figure}, {"summary": toy.summary}])
def test_a_panel_that_shows_nothing_is_refused(given: dict[str, Any]) -> None:
    """A figure without its sentence, too: those who cannot see it would get nothing."""
    with pytest.raises(LabError, match="Give figure and summary, or picture"):
        Panel(Toy(), CONTROLS, toy.run, **given)


def test_who_watches_is_told_every_outcome_and_the_moves() -> None:
    """Not the one it started with, and none of a value that was refused."""
    told: list[tuple[int, int, int]] = []
    panel = toy_panel()
    panel.on_outcome(lambda toy_, waves, moves: told.append((toy_.rate, waves.toy.rate, moves)))
    panel.set("rate", 7)
    panel.set("rate", 99)
    panel.set("rate", 8)

    assert told == [(7, 7, 1), (8, 8, 1)]


def test_one_control_moved_on_is_one_move() -> None:
    """A slider sends every stop on its way; another control is another move; Reset forgets."""
    panel = toy_panel()
    counted = []
    for path, value in (("rate", 6), ("rate", 7), ("size", 200), ("rate", 8)):
        panel.set(path, value)
        counted.append(panel.moves)
    panel.reset()

    assert counted == [1, 1, 2, 3]
    assert panel.moves == 0


def test_who_watches_sees_no_coarse_outcome() -> None:
    """Only full runs count."""
    told: list[int] = []

    async def move() -> None:
        quiet, done = asyncio.Event(), asyncio.Event()
        panel = panel_of(toy.run, coarse=toy.coarse, settled=quiet.wait, clock=slow())
        panel.on_outcome(lambda _toy, waves, _moves: told.append(len(waves.x)))
        panel.on_outcome(lambda *_: done.set())
        for rate in (6, 7):
            send(panel, rate=rate)
            await asyncio.sleep(0)
        quiet.set()
        await done.wait()

    asyncio.run(move())

    assert told == [360]


def test_who_watches_may_move_the_panel() -> None:
    """What it asks for is drawn next."""
    panel = toy_panel()
    panel.on_outcome(lambda toy_, _waves, _moves: toy_.rate == 6 and panel.set("rate", 9))
    panel.set("rate", 6)

    assert panel.scenario.rate == 9


def test_ghosts_stay_while_controls_move() -> None:
    """In figure and picture, until others take their place."""
    both = tiled(figure=traffic, summary=traffic_summary)
    both.mark(Ghost(40, "you said 40 %"))
    both.set("zone.www.ttl", 60)

    assert [ghost.label for ghost in both.picture.ghosts] == ["you said 40 %"]
    assert [note.text for note in both.figure.layout.annotations] == ["◇ you said 40 %"]

    both.mark()

    assert both.picture.ghosts == ()
    assert both.figure.layout.annotations == ()


def test_a_panels_twin_shows_its_picture() -> None:
    """Drawn where it is one of the kit, a file where the lesson has one, else its sentence."""
    kept = panel_of(toy.run, still="pictures/waves.svg").twin()

    assert "data:image/svg+xml;base64" in tiled().twin()
    assert 'src="pictures/waves.svg"' in kept
    assert "<p>Three servers with 5 waves a day of height 100.</p>" in toy_panel().twin()


@pytest.mark.notebooks
def test_panel_is_stable_under_nbval(tmp_path: Path) -> None:
    """A notebook that shows a panel and a plot passes nbval, which compares their texts."""
    (tmp_path / "toy.py").write_text(TOY.read_text())
    notebook = nbformat.v4.new_notebook()
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3"}
    cells = ("from toy import *", "toy_panel()", "toy_panel()._plot", "display(toy_panel())")
    notebook.cells = [nbformat.v4.new_code_cell(cell) for cell in cells]
    resources = {"metadata": {"path": str(tmp_path)}}
    environment = {**os.environ, "IPYTHONDIR": str(tmp_path / "ipython")}
    NotebookClient(notebook, timeout=60, store_widget_state=False, resources=resources).execute()
    nbformat.write(notebook, tmp_path / "panel.ipynb")
    command = [sys.executable, "-m", "pytest", "--nbval", "-q", "-c", os.devnull, "panel.ipynb"]
    result = subprocess.run(  # noqa: PLW1510  its output says more than its code
        command, cwd=tmp_path, env=environment, capture_output=True, text=True
    )

    assert "4 passed" in result.stdout, result.stdout
    assert (tmp_path / "panel.ipynb").stat().st_size < 5_000
