"""What commands have in common: how they are declared, and how they speak."""

import argparse
import json
import sys
from collections.abc import Callable
from typing import Any, Final

from . import SAYS

PROGRAM: Final = "python -m lab_engine"
BROKEN_OFF: Final = 130  # the status of what Ctrl-C ended


def taken_in(
    commands: Any, name: str, example: str, run: Callable[[argparse.Namespace], int]
) -> argparse.ArgumentParser:
    """A command among the others, to be given its options; its status is 1 where it refuses.

    Args:
        commands: the others.
        name: what is typed.
        example: what may be written behind its name, in the folder of the course.
        run: does it, and returns its status.
    """
    says = SAYS[name]
    command: argparse.ArgumentParser = commands.add_parser(
        name,
        help=says,
        description=f"{says[0].upper()}{says[1:]}.",
        epilog=f"example:\n  {PROGRAM} {name} {example}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    command.set_defaults(run=run, refused=1)
    return command


def say(line: str) -> None:
    """A line that was asked for."""
    print(line, flush=True)


def complain(line: str) -> None:
    """A line that was not."""
    print(f"lab_engine: {line}", file=sys.stderr, flush=True)


def print_json(value: Any) -> None:
    """Plain data, for other programs."""
    print(json.dumps(value, indent=2))


def count(number: int, noun: str) -> str:
    """A number of things, in words."""
    return f"{number or 'no'} {noun}{'' if number == 1 else 's'}"
