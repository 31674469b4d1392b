"""The command line: `python -m lab_engine COMMAND`; `--help` lists the commands.

Each command is a function of its arguments that returns an exit status: 0 done, 1 refused with a
reason, 2 misused, 130 broken off by Ctrl-C (`simulate` prints what was counted by then). `lint` and
`diff` speak like other tools of their kind: 0 nothing found, 1 found something, 2 a broken file.
"""

import argparse
import io
import os
import sys
from collections.abc import Sequence

from lab_engine.commands import asking, learning, reviewing, serving, simulating
from lab_engine.commands.common import BROKEN_OFF, PROGRAM, complain
from lab_engine.errors import LabError


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command. Returns the exit status."""
    options = parser().parse_args(arguments)
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # identifiers hold any character
    try:
        status: int = options.run(options)
        sys.stdout.flush()
    except LabError as refused:
        print(f"lab_engine: {refused}", file=sys.stderr)
        return int(options.refused)
    except KeyboardInterrupt:
        complain("broken off before there was anything to print")
        return BROKEN_OFF
    except BrokenPipeError:
        # `| head` has seen enough; what is left is not to be complained about at exit either.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    return status


def parser() -> argparse.ArgumentParser:
    """The parser of the command line."""
    whole = argparse.ArgumentParser(prog=PROGRAM, description="A lab on steering traffic with DNS.")
    commands = whole.add_subparsers(required=True, metavar="COMMAND")
    for group in (serving, asking, reviewing, simulating, learning):
        group.add(commands)
    return whole


if __name__ == "__main__":
    sys.exit(main())
