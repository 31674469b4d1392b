"""`grade` and `labs`: what a class has handed in, and what it is handed out."""

import argparse
from pathlib import Path
from typing import Any

from lab_engine.views.progress import progress

from .common import say, taken_in


def add(commands: Any) -> None:
    """Take the commands in among the others."""
    from lab_engine.grading import command as grading
    from lab_engine.grading.catalogue import LABS

    command = taken_in(
        commands, "grade", "handed-in/ --seeds ~/autumn.toml --out ~/results --jobs 4", _grade
    )
    grading.arguments(command)

    command = taken_in(commands, "labs", "build", _labs)
    command.add_argument("action", choices=("build",), help="write them, from their solutions")
    command.add_argument("--folder", default=str(LABS), help="that holds `solutions`")


def _grade(options: argparse.Namespace) -> int:
    from lab_engine.grading import command as grading
    from lab_engine.grading.catalogue import entries

    with progress() as bar:
        return grading.grade(options, entries(Path(options.labs)), bar, say)


def _labs(options: argparse.Namespace) -> int:
    from lab_engine.labs.notebooks import build  # nbformat takes seconds

    for path in build(Path(options.folder)):
        say(f"{path.name}: written")
    return 0
