"""Many runs of one scenario: every combination of some settings, each with several seeds.

The runs are independent, so any executor of `concurrent.futures` may do them: none, processes, or
a Dask cluster's (`client.get_executor()`). Seeds depend on the scenario's own, the combination and
the replication alone, so that the results are the same whoever did them, and in whatever order.
"""

import math
from collections.abc import Callable, Collection, Generator, Iterator, Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from itertools import product, takewhile
from random import Random
from typing import Any, Protocol

from lab_engine.errors import ScenarioError
from lab_engine.simulation.outcome import Outcome, weighted_quantiles
from lab_engine.simulation.parts import must, whole
from lab_engine.simulation.run import Progress, run
from lab_engine.simulation.scenario import Scenario

MAX_RUNS = 100_000
BAND = (0.05, 0.5, 0.95)


class Promise(Protocol):
    """A result to come: `concurrent.futures.Future`, or Dask's."""

    def result(self) -> Any:
        """The result, as soon as it is there."""

    def cancel(self) -> Any:
        """Do not begin, if that is still possible."""


class Executor(Protocol):
    """What runs functions: `concurrent.futures.Executor`."""

    def submit(self, fn: Callable[..., Any], /, *args: Any) -> Promise:
        """Begin to run a function."""


@dataclass(frozen=True)
class Point:
    """One combination of settings and what came of it.

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


def sweep(  # noqa: PLR0913  (each is one thing a user may want to say)
    scenario: Scenario,
    settings: Mapping[str, Sequence[Any]],
    replications: int = 1,
    executor: Executor | None = None,
    *,
    engine: str = "auto",
    progress: Progress | None = None,
) -> tuple[Point, ...]:
    """Run every combination: `sweep(scenario, {"zone.www.ttl": [30, 60, 300]}, 20)`.

    Ctrl-C gives what is done by then, and marks the points where something is missing.

    Args:
        scenario: where they begin.
        settings: values by path, as `Scenario.set` takes them; all are tried before any is run.
        replications: runs of each combination, with seeds of their own.
        executor: who runs them; without one they are run here, one after the other.
        engine: as `run` takes it.
        progress: called with the number of runs done, and of all.

    Raises:
        LabError: a path or a value that is not possible, or too many runs.
    """
    runs = _runs(scenario, settings, replications, engine)
    done: list[Outcome] = []
    # asked for: what is done is the result
    with closing(_outcomes(runs, executor)) as outcomes, suppress(KeyboardInterrupt):
        for outcome in takewhile(_whole, outcomes):
            done.append(outcome)
            if progress is not None:
                progress(len(done), len(runs))
    return tuple(_points(settings, replications, done))


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


def _whole(outcome: Outcome) -> bool:
    return not outcome.partial


def _outcomes(runs: list[Run], executor: Executor | None) -> Generator[Outcome]:
    """The outcomes in the order of the runs; what is not asked for any more is not begun."""
    if executor is None:
        yield from (run(*each) for each in runs)
        return
    promises = [executor.submit(run, *each) for each in runs]
    try:
        yield from (promise.result() for promise in promises)
    finally:
        for promise in promises:
            promise.cancel()


def _points(
    settings: Mapping[str, Sequence[Any]], replications: int, done: list[Outcome]
) -> Iterator[Point]:
    for index, values in enumerate(product(*settings.values())):
        outcomes = tuple(done[index * replications : (index + 1) * replications])
        chosen = dict(zip(settings, values, strict=True))
        yield Point(chosen, outcomes, partial=len(outcomes) < replications)
