"""`course` and `doctor`: a learner's own copies, and whether the course runs here."""

import argparse
from typing import Any

from .common import print_json, say, taken_in


def add(commands: Any) -> None:
    """Take the commands in among the others."""
    command = taken_in(commands, "course", "update", _course)
    command.add_argument("action", choices=("update", "reset"), help="take in, or begin anew")
    command.add_argument("lesson", nargs="*", metavar="LESSON", help="to begin anew; default: all")
    place = "of the course; default: the one you are in, ./course, or the one this package is in"
    command.add_argument("--folder", help=place)

    command = taken_in(commands, "doctor", "--json", _doctor)
    command.add_argument("--json", action="store_true", help="print JSON")


def _course(options: argparse.Namespace) -> int:
    from lab_engine.course import mine

    return mine.command(options.action, options.lesson, options.folder, say)


def _doctor(options: argparse.Namespace) -> int:
    from . import doctor

    return doctor.command(say, as_json=print_json if options.json else None)
