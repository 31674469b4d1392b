"""The command line: `python -m lab_engine serve FILE` and `ask NAME [TYPE] --server HOST:PORT`.

Each command is a function of its arguments that returns an exit status: 0 done, 1 refused with a
reason, 2 misused.
"""

import argparse
import signal
import sys
import threading
from collections.abc import Sequence

from lab_engine.authority.order import Order
from lab_engine.authority.zone import Zone
from lab_engine.errors import LabError
from lab_engine.wire.client import ask
from lab_engine.wire.server import serve


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command. Returns the exit status."""
    options = _parser().parse_args(arguments)
    try:
        status: int = options.run(options)
    except LabError as refused:
        print(f"lab_engine: {refused}", file=sys.stderr)
        return 1
    return status


def _serve(options: argparse.Namespace) -> int:
    zone = Zone.from_file(options.file, options.origin)
    stopped = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopped.set())
    with serve(
        zone,
        options.port,
        order=options.order,
        seed=options.seed,
        log=_say if options.log else None,
        say=_complain,
    ) as server:
        _say(f"Serving {zone.origin} on {server.address} (UDP and TCP); Ctrl-C stops.")
        stopped.wait()
    return 0


def _ask(options: argparse.Namespace) -> int:
    print(ask(options.name, options.type, options.server, recurse=options.recurse))
    return 0


def _say(line: str) -> None:
    print(line, flush=True)


def _complain(line: str) -> None:
    print(f"lab_engine: {line}", file=sys.stderr, flush=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m lab_engine", description=__doc__.split("\n")[0]
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    command = commands.add_parser("serve", help="answer for a zone on loopback")
    command.add_argument("file", metavar="FILE", help="a master file (RFC 1035)")
    command.add_argument("--origin", help="the zone's name, unless the file says $ORIGIN")
    command.add_argument("--port", type=int, default=0, help="default: any free one")
    command.add_argument("--order", default="shuffle", choices=[*Order], help="of the values")
    command.add_argument("--seed", type=int, help="of the dice, to repeat a run")
    command.add_argument("--log", action="store_true", help="print a line for each answer")
    command.set_defaults(run=_serve)

    command = commands.add_parser("ask", help="ask one question and print what dig would")
    command.add_argument("name", metavar="NAME")
    command.add_argument("type", metavar="TYPE", nargs="?", default="A")
    command.add_argument("--server", required=True, metavar="HOST:PORT")
    command.add_argument("--recurse", action="store_true", help="set RD, as one does to a resolver")
    command.set_defaults(run=_ask)
    return parser


if __name__ == "__main__":
    sys.exit(main())
