"""Tables of answers to the labs, each with the score it is measured to have, and what holds them.

What only one lab is held to stands in that lab's tests.
"""

import tomllib
from collections import Counter
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from random import Random
from typing import Any, ClassVar

import pytest

from lab_engine.labs.judging import lab
from lab_engine.labs.lab import VISIBLE_SHARE, Lab, World
from lab_engine.labs.scoring import share
from lab_engine.labs.trying import tried
from tests.counts import LONG, long_but

TABLES = Path(__file__).parent / "tables"
SEEDS = range(1, 21 if LONG else 4)
MOST = {"reference": 100, "wrong": 89.9, "extreme": 50, "empty": 0}  # of 100, in all


def rows(name: str) -> list[dict[str, Any]]:
    """The answers of one lab's table."""
    found: list[dict[str, Any]] = tomllib.loads((TABLES / f"{name}.toml").read_text())["answer"]
    return found


def score(lab: Lab, code: str, worlds: Sequence[World]) -> float:
    """What the code of the answers earns in these worlds alone, of 100."""
    answers: dict[str, Any] = {}
    exec(code, answers)
    findings = [finding for world in worlds for finding in tried(lab, world, answers)]
    return sum(goal.points * share(findings, goal) for goal in lab.goals)


@cache
def unseen(name: str, seed: int) -> Sequence[World]:
    """The hidden worlds of a lab, by their dice: drawn once, since that takes a while."""
    return tuple(lab(name).unseen(Random(seed)))


def total(row: dict[str, Any]) -> float:
    """What an answer earns in all, by its table."""
    return float(VISIBLE_SHARE * row["visible"] + (1 - VISIBLE_SHARE) * row["hidden"])


class Tabled:
    """What every lab's table is held to: a lab's tests have a subclass that names it."""

    name: ClassVar[str]
    most: ClassVar[dict[str, float]] = MOST
    dear: ClassVar[bool] = False
    """Whether hidden scores take so long that all but the reference's are for the long run."""

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        """A test for each answer, or for each seed."""
        if "row" in metafunc.fixturenames:
            table = rows(self.name)
            some = long_but(table, *table[::3])
            metafunc.parametrize("row", some, ids=lambda row: row["name"])
        if "seed" in metafunc.fixturenames:
            metafunc.parametrize("seed", SEEDS)

    def test_an_answer_earns_what_its_table_says(self, row: dict[str, Any]) -> None:
        """In the visible worlds, and in those of the first seed."""
        this = lab(self.name)
        assert score(this, row["code"], this.visible) == pytest.approx(row["visible"], abs=0.06)
        if LONG or not self.dear:
            hidden = score(this, row["code"], unseen(self.name, 1))
            assert hidden == pytest.approx(row["hidden"], abs=0.06)

    def test_understanding_wins_and_nothing_else(self) -> None:
        """The reference earns all, wrong answers clearly less, extremes half at most."""
        table = rows(self.name)
        kinds = Counter(row["kind"] for row in table)

        assert [row["name"] for row in table if total(row) > self.most[row["kind"]]] == []
        assert all(total(row) == 100 for row in table if row["kind"] == "reference")
        assert set(kinds) == set(MOST)
        assert kinds["wrong"] >= 4

    def test_the_reference_earns_all_in_worlds_nobody_has_seen(self, seed: int) -> None:
        """Every world can be met, and none is missed by the luck of its dice.

        Where there are several, the short run has the first alone in all worlds but the first.
        """
        references = [row for row in rows(self.name) if row["kind"] == "reference"]
        for row in references if LONG or seed == 1 else references[:1]:
            found = score(lab(self.name), row["code"], unseen(self.name, seed))
            assert found == pytest.approx(100)

    def test_the_same_dice_give_the_same_worlds(self) -> None:
        """And others give others."""
        again = tuple(lab(self.name).unseen(Random(1)))

        assert again == unseen(self.name, 1) != unseen(self.name, 2)
