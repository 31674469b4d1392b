"""The command line: `python -m lab_engine COMMAND`; `--help` lists the commands.

Each command is a function of its arguments that returns an exit status: 0 done, 1 refused with a
reason, 2 misused, 130 broken off by Ctrl-C (`simulate` prints what was counted by then). `lint` and
`diff` speak like other tools of their kind: 0 nothing found, 1 found something, 2 a broken file.
"""

import os
import signal
import sys

if sys.version_info < (3, 11):  # noqa: UP036 - what follows would end in a traceback there
    sys.exit(
        f"lab_engine: Python 3.11 or newer is needed, and this is {sys.version.split()[0]}. "
        "Install one, or name it: make lab PYTHON=python3.12"
    )

if __name__ == "__main__" and "serve" in sys.argv[1:2]:  # what follows takes a while to import
    _NOTHING = b"lab_engine: broken off before anything was served\n"
    for _number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(_number, lambda *_: os.write(2, _NOTHING) and os._exit(130))

import argparse
import io
from collections.abc import Container, Sequence
from importlib import import_module

from lab_engine.commands import GROUPS, SAYS
from lab_engine.commands.common import BROKEN_OFF, PROGRAM, complain
from lab_engine.errors import LabError


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command. Returns the exit status."""
    words = sys.argv[1:] if arguments is None else arguments
    command = next((each for each in words if not each.startswith("-")), "")
    options = parser({command}).parse_args(words)
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


def parser(asked: Container[str] = SAYS) -> argparse.ArgumentParser:
    """The parser of the command line.

    Args:
        asked: the commands that are to know their options: what those need is imported, which takes
            a while and wants packages that may be missing. Default: all of them.
    """
    whole = argparse.ArgumentParser(prog=PROGRAM, description="A lab on steering traffic with DNS.")
    commands = whole.add_subparsers(required=True, metavar="COMMAND")
    for group, names in GROUPS.items():
        if any(name in asked for name in names):
            import_module(f"lab_engine.commands.{group}").add(commands)
            continue
        for name, says in names.items():
            commands.add_parser(name, help=says)
    return whole


if __name__ == "__main__":
    sys.exit(main())
