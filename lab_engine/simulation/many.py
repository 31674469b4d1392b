"""One run that is looked at, and many more beside it that show what luck could have made of it."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, NamedTuple, Self

from lab_engine.errors import ScenarioError
from lab_engine.simulation.outcome import Outcome
from lab_engine.simulation.run import run
from lab_engine.simulation.scenario import Scenario
from lab_engine.simulation.sweep import seed
from lab_engine.simulation.values import whole

BINS = 60
FEWEST, MOST = 40, 200
TOGETHER = 20_000_000  # answers that caches fetch in all runs: about a second
HARDEST = TOGETHER // FEWEST
AT_ONCE = 5  # runs between two pauses


class Runs(NamedTuple):
    """What came of them.

    Attributes:
        this: the outcome that is looked at, with its holdings where they were asked for.
        others: those of the same scenario with other seeds.
    """

    this: Outcome
    others: tuple[Outcome, ...]


@dataclass(frozen=True)
class Many:
    """A scenario that is run many times, and watched in 60 steps however long it takes.

    Attributes:
        scenario: what happens.
        holdings: for how many caches the run that is looked at says who held what.
        most: how many other runs there are at most, 2 to 200; fewer where each takes long.
    """

    scenario: Scenario
    holdings: int = 0
    most: int = MOST

    def __post_init__(self) -> None:
        whole("most", self.most, 2, MOST)

    def get(self, path: str) -> Any:
        """The value at a path of the scenario."""
        return self.scenario.get(path)

    def set(self, path: str, value: Any) -> Self:
        """The same with one value of the scenario changed; raises LabError if it cannot be."""
        if path == "duration":
            changed = replace(self.scenario, duration=value, bin=value / BINS)
        else:
            changed = self.scenario.set(path, value)
        return replace(self, scenario=changed)

    @property
    def fetched(self) -> float:
        """About how many answers caches fetch in one run; 0 where nothing is kept."""
        name = self.scenario.question.name
        lives = [each.ttl for each in self.scenario.zone if each.name == name and each.ttl]
        caches, watch = self.scenario.resolvers.count, self.scenario.duration
        return caches * (1 + watch / min(lives)) if lives else 0.0

    @property
    def count(self) -> int:
        """How many other runs there are."""
        return int(min(self.most, max(FEWEST, TOGETHER // max(1.0, self.fetched))))

    def run(self) -> Runs:
        """Run them all.

        Raises:
            LabError: they would take too long, or the scenario cannot be run.
        """
        return Sampler().run(self)


class Sampler:
    """Does many runs, a few at a time where somebody waits, and keeps those of one scenario."""

    def __init__(self) -> None:
        self._scenario: Scenario | None = None
        self._holdings = 0
        self._this: Outcome | None = None
        self._others: list[Outcome] = []

    def run(self, many: Many) -> Runs:
        """All of its runs, those included that were done before.

        Raises:
            LabError: they would take too long, or the scenario cannot be run.
        """
        for _ in self.steps(many):
            pass
        assert self._this is not None, "the first step runs it"  # noqa: S101
        return Runs(self._this, tuple(self._others[: many.count]))

    def steps(self, many: Many) -> Iterator[None]:
        """The same work, which pauses after every few milliseconds of it."""
        if many.fetched > HARDEST:
            rule = f"are more than the {HARDEST:,} that each of {FEWEST} runs may fetch"
            remedy = "Take a longer TTL, fewer resolvers or a shorter watch."
            raise ScenarioError(f"{many.fetched:,.0f} answers", rule, remedy)
        another = many.scenario is not self._scenario
        if another or many.holdings != self._holdings:
            self._this = run(many.scenario, holdings=many.holdings)
            self._scenario, self._holdings = many.scenario, many.holdings
        if another:
            self._others = []
        while many.scenario is self._scenario and len(self._others) < many.count:
            number = len(self._others)
            seeded = many.scenario.set("seed", seed(many.scenario.seed, 0, number))
            self._others.append(run(seeded))
            if number % AT_ONCE == 0:
                yield
