"""The fan: what was intended, what luck allows, and what came, over one watch.

Grey steps are the share that was intended, the band is where 9 of 10 of many runs lie with their
median dotted, and the line is this run. A prediction stands at the end, hollow. The dots of the
same runs are `dots`; `luck` puts the two beside each other.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import accumulate
from typing import Any

from lab_engine.authority.plan import replies
from lab_engine.errors import LabError
from lab_engine.simulation import Outcome, Scenario
from lab_engine.simulation.asking import planned
from lab_engine.simulation.quantiles import weighted_quantiles
from lab_engine.views.theme import clock, number, sign

from .picture import Drawn, Ghost
from .scales import PERCENT, between, said, ticks, top_for, watch_ticks

BAND = (0.05, 0.5, 0.95)


@dataclass(frozen=True, repr=False)
class Fan(Drawn):
    """A share over time, in percent: intended, allowed by luck, and what came.

    Attributes:
        title, hint: what stands above it.
        called: what the sentence calls the server.
        index: which of the servers it is, for its colour.
        times: at which the share is known, seconds, rising.
        intended: (since, percent), from 0 on.
        band: for each time the 5, 50 and 95 % quantiles of the runs.
        line: of this run.
        counts: requests of this run to the server up to each time.
        duration: of the watch.
        what: of which requests it is the share.
        fault: the part of the server's requests that fail; 0 where nobody counts the harmed.
    """

    title: str
    hint: str
    called: str
    index: int
    times: tuple[float, ...]
    intended: tuple[tuple[float, float], ...]
    band: tuple[tuple[float, float, float], ...]
    line: tuple[float, ...]
    counts: tuple[int, ...]
    duration: float
    runs: int
    what: str
    fault: float = 0.0
    ghosts: tuple[Ghost, ...] = ()

    kind = "fan"

    @property
    def top(self) -> float:
        """The end of its axis."""
        return top_for(max(percent for _, percent in self.intended))

    @property
    def aim(self) -> str:
        """What stands on the last step."""
        return f"intended {said(self.intended[-1][1], PERCENT)}"

    @cached_property
    def sentence(self) -> str:
        """What it shows at the end, in words."""
        low, middle, high = self.band[-1]
        if len(self.intended) > 1:
            return self._stairs(between(low, high))
        end, aim = clock(self.duration, self.duration), said(self.intended[-1][1], PERCENT)
        return (
            f"After {end}, 9 of 10 runs gave {self.called} {between(low, high)} of {self.what}, "
            f"half of them less than {said(middle, PERCENT)}; {aim} was intended. "
            f"This run: {said(self.line[-1], PERCENT)}."
        )

    def _stairs(self, end: str) -> str:
        """What is intended step by step, when it was half-way to the last step, and the end."""
        steps = [
            f"{said(percent, PERCENT)} from {clock(since, self.duration)} on"
            for since, percent in self.intended
        ]
        (_, before), (since, last) = self.intended[-2:]
        way = [
            time
            for time, (_, middle, _) in zip(self.times, self.band, strict=True)
            if time > since and abs(middle - last) <= abs(before - last) / 2
        ]
        half = (
            f"half-way to the last step by {clock(way[0], self.duration)}"
            if way
            else "not half-way"
        )
        return (
            f"Intended for {self.called}: {', '.join(steps)}. Half of the runs were {half}; "
            f"at the end 9 of 10 gave it {end} of {self.what}."
        )

    def moment(self, index: int) -> str:
        """What one time shows, in words."""
        low, _, high = self.band[index]
        part = said(100 * self.fault, PERCENT)
        harmed = f", {self.harmed(index)} if {part} fail" if self.fault else ""
        return (
            f"At {clock(self.times[index], self.duration)}: {said(self.line[index], PERCENT)}, "
            f"9 of 10 runs {between(low, high)}; "
            f"{number(self.counts[index])} requests so far{harmed}."
        )

    def harmed(self, index: int) -> str:
        """How many of this run's requests to the server failed up to one time, in words."""
        return f"{number(round(self.fault * self.counts[index]))} harmed"

    def still(self) -> dict[str, Any]:
        """All of it, in words of JSON."""
        return {
            "title": self.title,
            "hint": self.hint,
            "colour": sign(self.index).colour,
            "times": [round(time, 3) for time in self.times],
            "intended": [[since, _short(percent)] for since, percent in self.intended],
            "band": [[_short(value) for value in values] for values in self.band],
            "line": [_short(value) for value in self.line],
            "moments": [self.moment(index) for index in range(len(self.times))],
            "says": [self.now(index) for index in range(len(self.times))],
            "duration": self.duration,
            "top": self.top,
            "ticks": [[value, self._tick(value)] for value in ticks(0, self.top, 6)],
            "axis": [list(tick) for tick in watch_ticks(self.duration)],
            "aim": self.aim,
            "ghosts": [ghost.still() for ghost in self.ghosts],
        }

    def now(self, index: int) -> str:
        """What stands above the line at one time."""
        counted = f", {self.harmed(index)}" if self.fault else ""
        return f"this run {said(self.line[index], PERCENT)}{counted}"

    def _tick(self, value: float) -> str:
        highest = max(*self.line, *(high for _, _, high in self.band))
        return "≥" * (value == self.top < highest) + said(value, PERCENT)

    def frames(self) -> bytes:
        """None: the line is drawn as far as the playhead of what stands beside it has come."""
        return b""

    def marked(self, ghosts: Sequence[Ghost]) -> "Fan":
        """The same picture with these values at its end, in percent."""
        return replace(self, ghosts=tuple(ghosts))

    def svg(self) -> str:
        """The whole watch."""
        from .fantwin import fan_svg  # noqa: PLC0415  (the drawing knows the picture)

        return fan_svg(self)


def fan(  # noqa: PLR0913  (each is one thing an author may want to say)
    scenario: Scenario,
    outcomes: Sequence[Outcome],
    server: str,
    *,
    this: Outcome | None = None,
    so_far: bool = True,
    title: str = "What was intended, and what luck makes of it",
    called: str = "",
    fault: float = 0.0,
) -> Fan:
    """The fan of the share that one server got in many runs of a scenario.

    Args:
        scenario: what was run; it says what was intended.
        outcomes: of the runs, with different seeds.
        server: whose share it is.
        this: the run that is drawn as a line; the first of the outcomes, unless it is given.
        so_far: the share of all requests up to each time; False for those of each bin by itself.
        title: the question it answers.
        called: what the sentence calls the server; its address, unless it is given.
        fault: the part of its requests that fail, 0 to 1, if the harmed are to be counted.

    Raises:
        LabError: fewer than two runs, or no such server.
    """
    if len(outcomes) < 2:
        raise LabError(len(outcomes), "runs make no band", "Give two at least, better 100.")
    run = outcomes[0] if this is None else this
    every = [percents(outcome, server, so_far=so_far) for outcome in outcomes]
    what = "the requests so far" if so_far else f"the requests of the last {clock(run.bin, 0)}"
    return Fan(
        title=title,
        hint="Dashed: intended. Grey: 9 of 10 runs, dotted their median. Coloured: this run.",
        called=called or server,
        index=_places(scenario, run).index(server),
        times=tuple(run.bin * (index + 1) for index in range(len(run.queries))),
        intended=intended(scenario, server),
        band=tuple(_quantiles(values) for values in zip(*every, strict=True)),
        line=percents(run, server, so_far=so_far),
        counts=tuple(accumulate(_row(run, server))),
        duration=scenario.duration,
        runs=len(outcomes),
        what=what,
        fault=fault,
    )


def percents(outcome: Outcome, server: str, *, so_far: bool = True) -> tuple[float, ...]:
    """The percents of the requests served that one server got, at the end of each bin.

    Args:
        outcome: of a run.
        server: its address.
        so_far: of all requests up to then, or of the bin alone; 0 where there were none.

    Raises:
        LabError: no such server.
    """
    mine = _row(outcome, server)
    total = [sum(column) for column in zip(*outcome.requests, strict=True)]
    pairs = zip(accumulate(mine), accumulate(total), strict=True)
    chosen = pairs if so_far else zip(mine, total, strict=True)
    return tuple(100 * part / whole if whole else 0.0 for part, whole in chosen)


def intended(scenario: Scenario, server: str) -> tuple[tuple[float, float], ...]:
    """(since, percent): the part of the authority's answers that lead to a server, as planned."""
    return tuple((at, 100 * _planned_share(step, server)) for at, step in scenario.steps)


def _planned_share(step: Scenario, server: str) -> float:
    drawn = [(chance, reply.addresses) for chance, reply in replies(planned(step))]
    return sum(
        chance * addresses.count(server) / len(addresses)
        for chance, addresses in drawn
        if addresses
    )


def _places(scenario: Scenario, run: Outcome) -> list[str]:
    """Servers in the order of the zone, since a run finds them as they are answered."""
    name = scenario.question.name
    texts = [text for each in scenario.zone if each.name == name for text in each.texts]
    return [*dict.fromkeys((*texts, *run.addresses))]


def _row(outcome: Outcome, server: str) -> tuple[int, ...]:
    if server not in outcome.addresses:
        remedy = f"Choose of {', '.join(outcome.addresses)}."
        raise LabError(server, "is no server of this run", remedy)
    return outcome.requests[outcome.addresses.index(server)]


def _quantiles(values: Sequence[float]) -> tuple[float, float, float]:
    low, middle, high = weighted_quantiles([(value, 1.0) for value in values], BAND)
    return low, middle, high


def _short(value: float) -> float:
    return float(f"{value:.4g}")
