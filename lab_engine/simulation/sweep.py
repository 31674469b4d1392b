"""Many runs of one scenario: every combination of some settings, each with several seeds.

The runs are independent, so any executor of `concurrent.futures` may do them: none, processes, or
a Dask cluster's (`client.get_executor()`). Seeds depend on the scenario's own, the combination and
the replication alone, so that the results are the same whoever did them, and in whatever order.
"""

import math
import platform
from collections.abc import Callable, Collection, Generator, Iterator, Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from random import Random
from tempfile import NamedTemporaryFile
from typing import Any, Protocol

from lab_engine.errors import ScenarioError
from lab_engine.simulation.outcome import Outcome
from lab_engine.simulation.quantiles import weighted_quantiles
from lab_engine.simulation.run import Progress, run
from lab_engine.simulation.scenario import Scenario
from lab_engine.simulation.tables import Column, Shown, Table
from lab_engine.simulation.values import must, whole

MAX_RUNS = 100_000
WIDTH = 20  # letters of a setting that are shown
COUNTED = (Column("requests", 12), Column("failed", 10), Column("queries", 12))
BAND = (0.05, 0.5, 0.95)
PATIENCE = 30.0  # seconds, until runs elsewhere have heard that nobody waits for them


class Promise(Protocol):
    """A result to come: `concurrent.futures.Future`, or Dask's."""

    def result(self) -> Any:
        """The result, as soon as it is there."""

    def exception(self, timeout: float | None = None) -> BaseException | None:
        """What it raised, as soon as it has ended."""

    def cancel(self) -> bool:
        """Do not begin, if that is still possible; whether it was."""


class Executor(Protocol):
    """What runs functions: `concurrent.futures.Executor`."""

    def submit(self, fn: Callable[..., Any], /, *args: Any) -> Promise:
        """Begin to run a function."""


@dataclass(frozen=True, repr=False)
class Point(Shown):
    """One combination of settings and what came of it. By itself it shows a table of its runs.

    Attributes:
        settings: the value at each path.
        outcomes: one for each replication.
        partial: whether some are missing, because the sweep was broken off.
    """

    settings: Mapping[str, Any]
    outcomes: tuple[Outcome, ...]
    partial: bool = False

    def quantiles(
        self, measure: Callable[[Outcome], float], levels: Sequence[float] = BAND
    ) -> tuple[float, ...]:
        """How a measure scatters over the replications."""
        return weighted_quantiles([(measure(each), 1.0) for each in self.outcomes], levels)

    @property
    def table(self) -> Table:
        """A row for each run."""
        rows = [
            (str(number), f"{run.total:,}", f"{sum(run.failed):,}", f"{run.authority_queries:,}")
            for number, run in enumerate(self.outcomes, 1)
        ]
        missing = ["broken off: some runs are missing"] * self.partial
        said = ", ".join(f"{path} = {_short(value)}" for path, value in self.settings.items())
        return Table((Column("run", 6), *COUNTED), rows, [*filter(None, [said]), *missing])


class Points(Shown, tuple[Point, ...]):
    """The points of a sweep. By themselves they show a table, with the medians of their runs."""

    __slots__ = ()

    @property
    def table(self) -> Table:
        """A row for each point."""
        paths = [*dict.fromkeys(path for point in self for path in point.settings)]
        settings = [Column(path, max(len(path) + 2, WIDTH + 2)) for path in paths]
        columns = (*settings, Column("runs", 6), *COUNTED)
        missing = "broken off: some runs are missing"
        notes = ["medians of the runs"] * any(len(each.outcomes) > 1 for each in self)
        notes += [missing] * any(each.partial for each in self)
        return Table(columns, [self._row(point, paths) for point in self], notes)

    def _row(self, point: Point, paths: Sequence[str]) -> list[str]:
        measures = (_total, _failed, _queries)
        medians = [point.quantiles(measure, (0.5,))[0] for measure in measures]
        counts = ["-" if math.isnan(count) else f"{count:,.0f}" for count in medians]
        settings = [_short(point.settings.get(path, "")) for path in paths]
        return [*settings, str(len(point.outcomes)), *counts]


def _total(outcome: Outcome) -> float:
    return outcome.total


def _failed(outcome: Outcome) -> float:
    return sum(outcome.failed)


def _queries(outcome: Outcome) -> float:
    return outcome.authority_queries


def _short(value: object) -> str:
    text = str(value)
    return text if len(text) <= WIDTH else f"{text[: WIDTH - 1]}…"


def sweep(  # noqa: PLR0913  (each is one thing a user may want to say)
    scenario: Scenario,
    settings: Mapping[str, Sequence[Any]],
    replications: int = 1,
    executor: Executor | None = None,
    *,
    engine: str = "auto",
    progress: Progress | None = None,
    partial: bool = False,
) -> Points:
    """Run every combination: `sweep(scenario, {"zone.www.ttl": [30, 60, 300]}, 20)`.

    Ctrl-C ends it. Runs that have not begun are taken back, and those that have are told to stop,
    which they do unless they are on another machine.

    Args:
        scenario: where they begin.
        settings: values by path, as `Scenario.set` takes them; all are tried before any is run.
        replications: runs of each combination, with seeds of their own.
        executor: who runs them; without one they are run here, one after the other.
        engine: as `run` takes it.
        progress: called with the number of runs done, and of all.
        partial: whether Ctrl-C gives what is done by then, with points that say what is missing.

    Raises:
        LabError: a path or a value that is not possible, or too many runs.
        KeyboardInterrupt: it was interrupted, and nobody asked for a part.
    """
    runs = _runs(scenario, settings, replications, engine)
    done: list[Outcome] = []
    try:
        with closing(_outcomes(runs, executor)) as outcomes:
            for outcome in outcomes:
                done.append(outcome)
                if progress is not None:
                    progress(len(done), len(runs))
    except KeyboardInterrupt:
        if not partial:
            raise
    return Points(_points(settings, replications, done))


def seed(base: int, combination: int, replication: int) -> int:
    """The seed of one run: the same for the same three numbers, on every machine."""
    return Random(f"{base}/{combination}/{replication}").getrandbits(63)


Run = tuple[Scenario, str]


def _runs(
    scenario: Scenario, settings: Mapping[str, Sequence[Any]], replications: int, engine: str
) -> list[Run]:
    """Every run there is to do, the replications of one combination beside each other."""
    for path, values in settings.items():
        some = isinstance(values, Collection) and not isinstance(values, str) and len(values) > 0
        must(some, path, values, "is not a list of values to try", "Write [30, 60, 300], say.")
    if "seed" in settings:
        raise ScenarioError("seed", "is set for each run", "Ask for more replications.")
    whole("replications", replications, 1, MAX_RUNS)
    count = replications * math.prod(map(len, settings.values()))
    if count > MAX_RUNS:
        raise ScenarioError(f"{count:,} runs", f"are more than {MAX_RUNS:,}", "Try fewer values.")
    return [
        (changed.set("seed", seed(scenario.seed, index, replication)), engine)
        for index, changed in enumerate(_changed(scenario, settings))
        for replication in range(replications)
    ]


def _changed(scenario: Scenario, settings: Mapping[str, Sequence[Any]]) -> Iterator[Scenario]:
    for values in product(*settings.values()):
        changed = scenario
        for path, value in zip(settings, values, strict=True):
            changed = changed.set(path, value)
        yield changed


def _outcomes(runs: list[Run], executor: Executor | None) -> Generator[Outcome]:
    """The outcomes in the order of the runs; what is not asked for any more is ended."""
    if executor is None:
        yield from (run(*each) for each in runs)
        return
    with NamedTemporaryFile(prefix="lab-sweep-", delete=False) as file:
        wanted = _Wanted(platform.node(), file.name)
    promises: list[Promise] = []
    try:
        promises += [executor.submit(_run, *each, wanted) for each in runs]
        yield from (promise.result() for promise in promises)
    finally:
        Path(wanted.file).unlink()
        for promise in [promise for promise in promises if not promise.cancel()]:
            with suppress(TimeoutError):  # what ended the sweep is what is told
                promise.exception(PATIENCE)


class _Abandoned(Exception):  # noqa: N818  (no error: nobody waits for this any more)
    """Ends a run."""


@dataclass(frozen=True)
class _Wanted:
    """Whether a sweep still waits for its runs: as long as a file of its own is there.

    That is something which processes of one machine can look at, whoever started them.
    """

    machine: str
    file: str

    def __call__(self, _done: float, _total: float) -> None:
        """End the run where nobody waits for it."""
        if self.machine == platform.node() and not Path(self.file).exists():
            raise _Abandoned


def _run(scenario: Scenario, engine: str, wanted: _Wanted) -> Outcome:
    wanted(0, 1)
    return run(scenario, engine, progress=wanted)


def _points(
    settings: Mapping[str, Sequence[Any]], replications: int, done: list[Outcome]
) -> Iterator[Point]:
    for index, values in enumerate(product(*settings.values())):
        outcomes = tuple(done[index * replications : (index + 1) * replications])
        chosen = dict(zip(settings, values, strict=True))
        yield Point(chosen, outcomes, partial=len(outcomes) < replications)
