"""A panel: controls over a live picture. It moves values of a scenario and shows what they lead to.

Not here: any simulation and any picture; `run(scenario) -> outcome`, `figure(outcome)` with
`summary(outcome)`, and `picture(scenario, outcome)` are passed in, and work the same without a
panel.

JupyterLab may send the page's messages past a running cell, to a thread of their own (a "subshell"
of ipykernel 7; which of them go there changed between its releases). So one lock guards the
running; whoever finds it taken leaves the newest request behind and goes. Nothing here starts a
thread.
"""

import asyncio
import threading
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from typing import Any, Final, Generic, Protocol, Self, TypeVar

import ipywidgets
import plotly.graph_objects as go

from lab_engine.errors import LabError

from .controls import Control
from .display import Displayed, twin_html
from .form import Form
from .ghosts import marked
from .kit.live import LivePicture
from .kit.picture import Ghost, Picture
from .plot import LivePlot

# A run slower than this makes a slider feel stuck: then show a coarse picture first.
SLOW: Final = 0.150
# The full run waits this long, since a slider that is still moving asks for another picture.
PAUSE: Final = 0.120

# Long enough to hear of a move.
MOMENT: Final = 0.001

COMPUTING: Final = "Computing …"
COARSE: Final = "A quick, coarse picture; the full one follows."
KEPT: Final = "The picture still shows the last values that worked."


class Settable(Protocol):
    """What a panel needs of a scenario: values by path, and a new scenario for each change."""

    def get(self, path: str) -> Any:
        """The value at `path`."""

    def set(self, path: str, value: Any) -> Self:
        """A scenario with another value at `path`. Raises LabError if it is not possible."""


S = TypeVar("S", bound=Settable)
O = TypeVar("O")  # noqa: E741  an outcome


Watcher = Callable[[S, O, int], object]


async def paused() -> None:
    """Wait until a slider that is still moving would have asked for another picture."""
    await asyncio.sleep(PAUSE)


class Panel(Displayed, Generic[S, O]):
    """Controls, a status line and one or two pictures, over one scenario.

    Args:
        scenario: where the panel starts, and where Reset returns to.
        controls: what can be moved, in the order shown.
        run: scenario -> outcome.
        figure: outcome -> what plotly draws; None for none.
        summary: outcome -> one sentence that says what the figure shows.
        picture: (scenario, outcome) -> a picture of the kit; None for none.
        coarse: scenario -> a cheaper one that looks alike; drawn first once the last full run took
            longer than `SLOW` seconds.
        label: what the group of controls is called by a screen reader.
        still: where a lesson keeps the figure's static picture, such as `pictures/01_ttl.svg`; a
            picture of the kit draws its own.
        ahead: what a full run after a coarse one can do before, in small steps; between them the
            next move is heard, and ends it.
        settled: what a full run after a coarse one waits for.
        clock: in seconds; says how long a full run took.

    Raises:
        LabError: the scenario does not fit its controls or cannot be run, or nothing is to be seen.
    """

    def __init__(  # noqa: PLR0913  what is moved, run and seen; the rest are named options
        self,
        scenario: S,
        controls: Sequence[Control],
        run: Callable[[S], O],
        figure: Callable[[O], go.Figure] | None = None,
        summary: Callable[[O], str] | None = None,
        *,
        picture: Callable[[S, O], Picture] | None = None,
        coarse: Callable[[S], S] | None = None,
        label: str = "Controls",
        still: str = "",
        ahead: Callable[[S], Iterator[object]] | None = None,
        settled: Callable[[], Awaitable[object]] = paused,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        if (figure is None) != (summary is None) or (figure is None and picture is None):
            rule = "shows nothing, or a figure without its sentence"
            raise LabError("This panel", rule, "Give figure and summary, or picture, or all three.")
        self._controls = tuple(controls)
        self._run, self._coarse, self.still = run, coarse, still
        self._ahead, self._settled, self._clock = ahead, settled, clock
        self._figure, self._summary, self._picture_of = figure, summary, picture
        self._newest: Mapping[str, Any] | None = None
        self._unfinished: S | None = None
        self._later: asyncio.Task[None] | None = None
        self._busy = threading.Lock()
        self._ghosts: tuple[Ghost, ...] = ()
        self._watchers: list[Watcher[S, O]] = []
        self._moves, self._last_moved = 0, ""

        start = {each.path: each.show(scenario.get(each.path)) for each in self._controls}
        specs = [each.spec() for each in self._controls]
        self._form = Form(label=label, specs=specs, start=start, values=start)
        self._form.observe(self._moved, names="values")

        started = self._clock()
        self._scenario, self._outcome = scenario, run(scenario)
        self._plot, self._live = self._views()
        self._slow = self._clock() - started > SLOW or ahead is not None
        parts = (self._form if controls else None, self._plot, self._live)
        self._box = ipywidgets.VBox([part for part in parts if part is not None])

    def _views(self) -> tuple[LivePlot | None, LivePicture | None]:
        plot = live = None
        if self._figure is not None and self._summary is not None:
            plot = LivePlot(self._figure(self._outcome), self._summary(self._outcome))
        if self._picture_of is not None:
            live = LivePicture(self._picture_of(self._scenario, self._outcome))
        return plot, live

    @property
    def widget(self) -> Any:
        """The controls over the pictures."""
        return self._box

    @property
    def scenario(self) -> S:
        """The scenario behind the present picture: the last one that worked."""
        return self._scenario

    @property
    def outcome(self) -> O:
        """The full outcome behind the present picture."""
        self._finish()
        return self._outcome

    @property
    def figure(self) -> go.Figure | None:
        """The present figure, as plotly draws it; None where the panel has none."""
        return None if self._figure is None else marked(self._figure(self.outcome), self._ghosts)

    @property
    def picture(self) -> Picture | None:
        """The present picture of the kit; None where the panel has none."""
        return None if self._live is None else self._live.picture

    @property
    def summary(self) -> str:
        """The sentences under the pictures."""
        return " ".join(view.summary for view in (self._plot, self._live) if view is not None)

    @property
    def status(self) -> str:
        """The status line: empty when all is well."""
        return str(self._form.status)

    def set(self, path: str, value: Any) -> None:
        """Move the control at `path`, as a learner would; a bad value ends in the status line.

        Args:
            path: a control's path.
            value: what the page would send: a number, the label of an option, or True and False.

        Raises:
            LabError: no control has this path.
        """
        if path not in self._form.values:
            paths = ", ".join(self._form.values)
            raise LabError(path, "no control of this panel has this path", f"Use one of: {paths}.")
        self._form.values = {**self._form.values, path: value}

    def reset(self) -> None:
        """Return to the scenario the panel started with, with no move made."""
        self._form.values = dict(self._form.start)

    @property
    def moves(self) -> int:
        """How often a control was moved since the start or Reset; one moved on is one move."""
        return self._moves

    def on_outcome(self, callback: Watcher[S, O]) -> None:
        """Call back with scenario, outcome and `moves` after each full run that a move led to."""
        self._watchers.append(callback)

    def mark(self, *ghosts: Ghost) -> None:
        """Put values beside the pictures, such as a prediction, in place of those there are."""
        self._ghosts = ghosts
        with self._busy:
            self._show(self._scenario, self._outcome)

    def _moved(self, change: Mapping[str, Any]) -> None:
        self._count(change["old"], change["new"])
        self._newest = change["new"]
        self._catch_up()

    def _count(self, before: Mapping[str, Any], after: Mapping[str, Any]) -> None:
        """A slider on its way sends every stop: the same control again is the same move."""
        if after == self._form.start:
            self._moves, self._last_moved = 0, ""
            return
        for path in (path for path in after if after[path] != before.get(path)):
            self._moves += path != self._last_moved
            self._last_moved = path

    def _catch_up(self) -> None:
        # The newest request is looked at again after the release: it may have come in between.
        while self._newest is not None and self._busy.acquire(blocking=False):
            try:
                values, self._newest = self._newest, None
                self._follow(values)
            finally:
                self._busy.release()

    def _follow(self, values: Mapping[str, Any]) -> None:
        scenario, refused = self._read(values)
        pending, self._unfinished = self._unfinished, None
        if refused:
            if pending is not None:
                self._draw_full(pending)
            self._keep(" ".join(refused.values()), tuple(refused))
        elif self._coarse is not None and self._slow and (loop := _running_loop()):
            self._unfinished = scenario
            self._draw(self._coarse(scenario), scenario, COARSE)
            self._later = loop.create_task(self._finish_later(scenario))
        else:
            self._draw_full(scenario)

    def _read(self, values: Mapping[str, Any]) -> tuple[S, dict[str, str]]:
        """The scenario with these values, and what was refused: messages by path."""
        scenario, refused = self._scenario, dict.fromkeys(values, "")
        # Twice, since one value may be possible only once another one has moved.
        for _ in range(2):
            for control in self._controls:
                if control.path not in refused:
                    continue
                try:
                    scenario = _moved_to(scenario, control, values[control.path])
                    del refused[control.path]
                except LabError as error:
                    refused[control.path] = self._words(error)
        return scenario, refused

    def _words(self, error: LabError) -> str:
        """What an error says, with what a learner reads at a control in place of its path."""
        words = str(error)
        for control in self._controls:
            if words.startswith(f"{control.path} "):
                return control.label + words.removeprefix(control.path)
        return words

    def _draw_full(self, scenario: S) -> None:
        if self._slow:
            self._form.say(COMPUTING)
        started = self._clock()
        drawn = self._draw(scenario, scenario)
        # What was done ahead does not count, and the next move finds nothing of it done.
        self._slow = self._clock() - started > SLOW or self._ahead is not None
        for watcher in self._watchers if drawn else ():
            watcher(self._scenario, self._outcome, self._moves)

    def _draw(self, run: S, shown: S, status: str = "") -> bool:
        """Show what `run` leads to as the outcome of `shown`, or keep the picture and say why."""
        try:
            outcome = self._run(run)
            self._show(run, outcome)
        except LabError as error:
            self._keep(self._words(error))
        except Exception as error:  # noqa: BLE001  a learner is told in words, not by a traceback
            self._keep(f"This setting could not be computed ({type(error).__name__}: {error}).")
        else:
            self._scenario, self._outcome = shown, outcome
            self._form.say(status)
            return True
        return False

    def _show(self, scenario: S, outcome: O) -> None:
        """All of the pictures, or none: each is made before the first is shown."""
        figure = words = picture = None
        if self._figure is not None and self._summary is not None:
            figure = marked(self._figure(outcome), self._ghosts)
            words = self._summary(outcome)
        if self._picture_of is not None:
            picture = self._picture_of(scenario, outcome).marked(self._ghosts)
        if self._plot is not None and figure is not None and words is not None:
            self._plot.show(figure, words)
        if self._live is not None and picture is not None:
            self._live.show(picture)

    def _keep(self, why: str, wrong: tuple[str, ...] = ()) -> None:
        self._form.say(f"{why} {KEPT}", wrong)

    async def _finish_later(self, scenario: S) -> None:
        await self._settled()
        for _ in self._ahead(scenario) if self._ahead else ():
            await asyncio.sleep(MOMENT)
            if self._unfinished is not scenario:
                return
        if self._unfinished is scenario:
            self._finish()

    def _finish(self) -> None:
        """Run in full what so far was shown coarsely."""
        if self._unfinished is None:
            return
        with self._busy:
            scenario, self._unfinished = self._unfinished, None
            if scenario is not None:
                self._draw_full(scenario)
        self._catch_up()

    def __repr__(self) -> str:
        # nbval compares this text with the one stored in the notebook: no address, no id.
        return f"Panel. {self.status or self.summary}"

    def twin(self) -> str:
        """HTML for readers without a kernel: the first of the pictures, and what it says."""
        picture = self.picture
        return twin_html(picture.svg() if picture else "", self.summary, self.still)


def _moved_to(scenario: S, control: Control, raw: Any) -> S:
    value = control.read(raw)
    return scenario if scenario.get(control.path) == value else scenario.set(control.path, value)


def _running_loop() -> asyncio.AbstractEventLoop | None:
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None
