"""From findings to marks, on the terms of an exam."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import fmean
from typing import Any

from lab_engine.labs.lab import Finding, Goal

from .exam import Paper, Terms


@dataclass(frozen=True)
class Line:
    """What one goal came to.

    Args:
        goal: with its points as the exam has them; all together are 100.
        visible: what was found in each visible world.
        hidden: in each hidden one.
        visible_share: of the goal's points, for visible worlds.
    """

    goal: Goal
    visible: tuple[Finding, ...]
    hidden: tuple[Finding, ...]
    visible_share: float

    @property
    def earned(self) -> float:
        """Points."""
        parts = [(self.visible_share, self.visible), (1 - self.visible_share, self.hidden)]
        share = sum(weight * _mean(found) for weight, found in parts)
        return self.goal.points * share

    @property
    def credits(self) -> tuple[float, float]:
        """The mean credit in visible and in hidden worlds, from 0 to 1."""
        return _mean(self.visible), _mean(self.hidden)


def _mean(found: Sequence[Finding]) -> float:
    return fmean(each.credit for each in found) if found else 0.0


def total(lines: Iterable[Line]) -> float:
    """The mark, from 0 to 100, with two decimals."""
    return round(sum(line.earned for line in lines), 2)


def goals_of(goals: Sequence[Goal], paper: Paper) -> tuple[Goal, ...]:
    """The goals that count, with points that add up to 100."""
    kept = [
        replace(goal, points=goal.points if terms.points is None else terms.points)
        for goal in goals
        if not (terms := paper.goals.get(goal.key, Terms())).leave_out
    ]
    every = sum(goal.points for goal in kept)
    return tuple(replace(goal, points=100 * goal.points / every) for goal in kept)


def lines(
    goals: Sequence[Goal],
    paper: Paper,
    visible: Sequence[Sequence[Finding]],
    hidden: Sequence[Sequence[Finding]],
) -> tuple[Line, ...]:
    """A line for each goal that counts.

    Args:
        goals: of the lab.
        paper: what the exam makes of it.
        visible: the findings of each visible world.
        hidden: of each hidden one.
    """
    return tuple(
        Line(goal, _of(goal, visible, paper), _of(goal, hidden, paper), paper.visible_share)
        for goal in goals_of(goals, paper)
    )


def _of(goal: Goal, worlds: Sequence[Sequence[Finding]], paper: Paper) -> tuple[Finding, ...]:
    whole = paper.goals.get(goal.key, Terms()).credit == "all-or-nothing"
    found = [each for world in worlds for each in world if each.goal == goal.key]
    return tuple(
        replace(each, credit=float(each.credit >= 1) if whole else _share(each.credit))
        for each in found
    )


def _share(credit: float) -> float:
    return min(1.0, max(0.0, credit))


def findings(worlds: Sequence[Sequence[Mapping[str, Any]]]) -> tuple[tuple[Finding, ...], ...]:
    """Findings as a record or a judge has them."""
    return tuple(tuple(Finding(**each) for each in world) for world in worlds)


def mixed(
    before: Sequence[Sequence[Any]], after: Sequence[Sequence[Any]], check: str
) -> list[list[Any]]:
    """The old findings with those of one goal from the new ones, in as many worlds as there are."""
    worlds = []
    for place, world in enumerate(after):
        old = before[place] if place < len(before) else world
        kept = {each["goal"]: each for each in old}
        worlds.append([new if new["goal"] == check else kept[new["goal"]] for new in world])
    return worlds
