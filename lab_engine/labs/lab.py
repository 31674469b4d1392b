"""The values a lab is made of: its answers, its goals, the worlds it is tried in, and findings.

Everything that crosses from an answer to its judge is plain data (`plain.py`): an answer is run in
one process and judged in another.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any, Final

World = Mapping[str, Any]  # plain data: a population, limits, prices, seeds
Given = Mapping[str, Any]  # the name of an answer -> its value, or a list of `Result`s of its calls
Arguments = tuple[Any, ...]  # of one call, plain data

VISIBLE_SHARE: Final = 0.4  # of a goal's points; the rest is for worlds that nobody has seen


@dataclass(frozen=True)
class Answer:
    """One thing that a learner gives: a variable of the notebook, in a cell of its own.

    Args:
        name: of the variable; the cell's id is `answer-NAME`, with dashes for underscores.
        called: a function, called by whoever judges it; otherwise plain data.
    """

    name: str
    called: bool = False

    @property
    def cell(self) -> str:
        """The id of the cell it stands in."""
        return f"answer-{self.name.replace('_', '-')}"


@dataclass(frozen=True)
class Result:
    """What one call of a function gave back, or why it gave nothing back."""

    value: Any = None
    problem: str = ""


@dataclass(frozen=True)
class Goal:
    """One thing that an answer must reach.

    Args:
        key: names it in checks, reports and seed files: letters, digits and dashes.
        title: a line for the learner, with the number that is wanted if it is always the same.
        points: its weight in the lab's 100.
        taught: where the course tells what is needed, such as `lesson 01, part 4`.
    """

    key: str
    title: str
    points: float
    taught: str


@dataclass(frozen=True)
class Finding:
    """What was found of one goal in one world.

    Args:
        goal: its key.
        credit: from 0 to 1.
        measured: with its unit, as `p99 outage 88.4 s`; never a parameter of the world.
        wanted: likewise, as `at most 75.0 s`.
        turn: which way to turn, where credit is short: never the answer.
    """

    goal: str
    credit: float
    measured: str
    wanted: str
    turn: str = ""


@dataclass(frozen=True)
class Lab:
    """One lab.

    Args:
        name: that of its notebook, such as `lab_01_four_tills`.
        title: as a learner reads it.
        lesson: the lesson that teaches it, such as `01_round_robin`.
        answers: what is asked for.
        goals: what is looked at; their points add up to 100.
        visible: the worlds of the visible checks, which the notebook describes.
        unseen: draws the worlds of the hidden checks; the same dice give the same worlds.
        judge: measures what was given in one world: one finding for each goal.
        calls: with what each function is called in a world, in the order of the results.
    """

    name: str
    title: str
    lesson: str
    answers: tuple[Answer, ...]
    goals: tuple[Goal, ...]
    visible: tuple[World, ...]
    unseen: Callable[[Random], Sequence[World]]
    judge: Callable[[World, Given], Sequence[Finding]]
    calls: Callable[[World], Mapping[str, Sequence[Arguments]]] = lambda _world: {}
