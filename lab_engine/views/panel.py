"""A panel: controls over a live plot. It moves values of a scenario and shows what they lead to.

Not here: any simulation and any figure; `run(scenario) -> outcome`, `figure(outcome)` and
`summary(outcome)` are passed in, and work the same without a panel.

JupyterLab may send the page's messages past a running cell, to a thread of their own (a "subshell"
of ipykernel 7; which of them go there changed between its releases). So one lock guards the
running; whoever finds it taken leaves the newest request behind and goes. Nothing here starts a
thread.
"""

import asyncio
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, Generic, Protocol, Self, TypeVar

import ipywidgets
import plotly.graph_objects as go

from lab_engine.errors import LabError

from .controls import Control
from .form import Form
from .plot import LivePlot

# A run slower than this makes a slider feel stuck: then show a coarse picture first.
SLOW: Final = 0.150
# The full run waits this long, since a slider that is still moving asks for another picture.
PAUSE: Final = 0.120

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


class Panel(Generic[S, O]):
    """Controls, a status line and a plot, over one scenario.

    Args:
        scenario: where the panel starts, and where Reset returns to.
        controls: what can be moved, in the order shown.
        run: scenario -> outcome.
        figure: outcome -> what to draw.
        summary: outcome -> one sentence that says what the figure shows.
        coarse: scenario -> a cheaper one that looks alike; drawn first once the last full run took
            longer than `SLOW` seconds.
        label: what the group of controls is called by a screen reader.

    Raises:
        LabError: the scenario does not fit its controls, or cannot be run.
    """

    def __init__(  # noqa: PLR0913  five parts make a panel; the rest are named options
        self,
        scenario: S,
        controls: Sequence[Control],
        run: Callable[[S], O],
        figure: Callable[[O], go.Figure],
        summary: Callable[[O], str],
        *,
        coarse: Callable[[S], S] | None = None,
        label: str = "Controls",
    ) -> None:
        self._controls = tuple(controls)
        self._run, self._figure, self._summary, self._coarse = run, figure, summary, coarse
        self._newest: Mapping[str, Any] | None = None
        self._unfinished: S | None = None
        self._later: asyncio.Task[None] | None = None
        self._busy = threading.Lock()

        start = {each.path: each.show(scenario.get(each.path)) for each in self._controls}
        specs = [each.spec() for each in self._controls]
        self._form = Form(label=label, specs=specs, start=start, values=start)
        self._form.observe(self._moved, names="values")

        started = time.perf_counter()
        self._scenario, self._outcome = scenario, run(scenario)
        self._plot = LivePlot(figure(self._outcome), summary(self._outcome))
        self._slow = time.perf_counter() - started > SLOW
        self.widget = ipywidgets.VBox([self._form, self._plot])

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
    def figure(self) -> go.Figure:
        """The present picture, as plotly draws it."""
        return self._figure(self.outcome)

    @property
    def summary(self) -> str:
        """The sentence under the plot."""
        return self._plot.summary

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
        """Return to the scenario the panel started with."""
        self._form.values = dict(self._form.start)

    def _moved(self, change: Mapping[str, Any]) -> None:
        self._newest = change["new"]
        self._catch_up()

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
                    refused[control.path] = str(error)
        return scenario, refused

    def _draw_full(self, scenario: S) -> None:
        if self._slow:
            self._form.say(COMPUTING)
        started = time.perf_counter()
        self._draw(scenario, scenario)
        self._slow = time.perf_counter() - started > SLOW

    def _draw(self, run: S, shown: S, status: str = "") -> None:
        """Show what `run` leads to as the outcome of `shown`, or keep the picture and say why."""
        try:
            outcome = self._run(run)
            self._plot.show(self._figure(outcome), self._summary(outcome))
        except LabError as error:
            self._keep(str(error))
        except Exception as error:  # noqa: BLE001  a learner is told in words, not by a traceback
            self._keep(f"This setting could not be computed ({type(error).__name__}: {error}).")
        else:
            self._scenario, self._outcome = shown, outcome
            self._form.say(status)

    def _keep(self, why: str, wrong: tuple[str, ...] = ()) -> None:
        self._form.say(f"{why} {KEPT}", wrong)

    async def _finish_later(self, scenario: S) -> None:
        await asyncio.sleep(PAUSE)
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
        return f"Panel. {self.status or self.summary}"

    def _repr_mimebundle_(self, **_kwargs: object) -> tuple[dict[str, Any], dict[str, Any]]:
        # nbval compares the text, so it holds no id; a reader without widgets gets the summary.
        return {**self.widget._repr_mimebundle_(), "text/plain": repr(self)}, {}


def _moved_to(scenario: S, control: Control, raw: Any) -> S:
    value = control.read(raw)
    return scenario if scenario.get(control.path) == value else scenario.set(control.path, value)


def _running_loop() -> asyncio.AbstractEventLoop | None:
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None
