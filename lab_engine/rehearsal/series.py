"""Many runs of one scenario, as many as time allows, with one bar over all of them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from lab_engine.rehearsal.populations import Population
from lab_engine.simulation.outcome import Outcome
from lab_engine.simulation.run import Progress, run, supports
from lab_engine.simulation.scenario import Scenario
from lab_engine.simulation.strata import mean_rate
from lab_engine.simulation.sweep import seed

RUNS = 20
QUICK = 20_000  # requests: what a run without an event for each is counted as
ENOUGH = 8  # runs, so that no few caches decide
FEWEST = 50  # clients of a population that is made smaller
FINE, COARSE = 1200, 120  # bins of a watch: without an event for each request, and with


@dataclass(frozen=True)
class Series:
    """Runs of one scenario with other seeds.

    Attributes:
        scenario: what is run.
        count: how many times.
        weight: about how many requests one run has to play.
        engine: that runs them.
    """

    scenario: Scenario
    count: int
    weight: float
    engine: str

    @property
    def work(self) -> float:
        """About how many requests there are to play."""
        return self.count * self.weight

    def run(self, tick: Callable[[float], object]) -> tuple[Outcome, ...]:
        """All of them. `tick` hears how much of the work is done."""
        return tuple(self._one(number, tick) for number in range(self.count))

    def _one(self, number: int, tick: Callable[[float], object]) -> Outcome:
        def heard(done: float, total: float) -> None:
            tick(self.weight * (number + done / total))

        other = self.scenario.set("seed", seed(self.scenario.seed, 0, number))
        return run(other, self.engine, progress=heard)


def requests(scenario: Scenario) -> float:
    """How many are expected in the watch."""
    return scenario.clients.count * mean_rate(scenario) * scenario.duration


def binned(scenario: Scenario, count: int) -> Scenario:
    """The same in so many bins."""
    width = scenario.duration / count
    return replace(scenario, bin=width, window=width)


def series(
    population: Population, make: Callable[[Population], Scenario], budget: float, most: int = RUNS
) -> Series:
    """As many runs as a budget of requests allows, one at least.

    Args:
        population: who asks: where it is elastic, rather fewer of them in enough runs.
        make: the scenario with such a population.
        budget: requests that may be played one by one.
        most: runs.
    """
    scenario = make(population)
    if not supports(scenario):
        return Series(binned(scenario, FINE), most, QUICK, "population")
    clients = scenario.clients.count
    fewer = int(max(FEWEST, clients * budget / ENOUGH / requests(scenario)))
    if population.elastic and fewer < clients:
        scenario = make(population.fewer(fewer))
    weight = requests(scenario)
    runs = int(min(most, max(1.0, budget / weight)))
    return Series(binned(scenario, COARSE), runs, weight, "events")


def run_all(
    several: Sequence[Series], progress: Progress | None
) -> tuple[tuple[Outcome, ...], ...]:
    """The outcomes of each series."""
    total = sum(each.work for each in several)
    done = 0.0
    found = []
    for each in several:

        def tick(part: float, before: float = done) -> None:
            if progress is not None:
                progress(before + part, total)

        found.append(each.run(tick))
        done += each.work
    return tuple(found)
