"""Tables of answers to the labs, each with the score it is measured to have."""

import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from lab_engine.labs.lab import Lab, World
from lab_engine.labs.scoring import share
from lab_engine.labs.trying import tried

TABLES = Path(__file__).parent / "tables"


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
