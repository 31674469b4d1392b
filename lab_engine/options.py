"""The options of `python -m lab_engine`: what may be said to each command, and an example of it.

What the commands do is the part of `__main__`.
"""

import argparse
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from lab_engine.authority.order import Order
from lab_engine.rehearsal import options as rehearsing
from lab_engine.simulation.run import ENGINES

PROGRAM = "python -m lab_engine"
ANYBODY = "0.0.0.0/0"  # a network that lies in no place
Command = argparse.ArgumentParser
Run = Callable[[argparse.Namespace], int]


class About(NamedTuple):
    """A command.

    Attributes:
        help: what it does, in a line.
        declare: adds its options.
        example: what may be written behind its name, in the folder of the course.
        refused: its status where an input is refused.
    """

    help: str
    declare: Callable[[Command], Any]
    example: str
    refused: int = 1


def parser(runs: Mapping[str, Run]) -> argparse.ArgumentParser:
    """The parser of the command line.

    Args:
        runs: what each command does with its options, by its name.
    """
    whole = argparse.ArgumentParser(prog=PROGRAM, description="A lab on steering traffic with DNS.")
    commands = whole.add_subparsers(required=True, metavar="COMMAND")
    for name, about in COMMANDS.items():
        command = commands.add_parser(
            name,
            help=about.help,
            description=f"{about.help[0].upper()}{about.help[1:]}.",
            epilog=f"example:\n  {PROGRAM} {name} {about.example}",
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        about.declare(command)
        command.set_defaults(run=runs[name], refused=about.refused)
    return whole


def _about_serve(command: Command) -> None:
    _about_zone(command, ["file"])
    _about_state(command)
    command.add_argument("--port", type=int, default=0, help="default: any free one")
    command.add_argument(
        "--order", default="shuffle", choices=[*map(str, Order)], help="of the values"
    )
    command.add_argument("--seed", type=int, help="of the dice, to repeat a run")
    command.add_argument("--log", action="store_true", help="print a line for each answer")
    command.add_argument(
        "--api-port", type=int, metavar="N", help="offer Route 53's API there; 0 for any free port"
    )
    command.add_argument("--zone-id", metavar="ID", help="of the zone in the API")
    command.add_argument("--state", metavar="FILE", help="keep what is changed, for the next start")
    command.add_argument(
        "--map",
        action="append",
        default=[],
        metavar="NAME=HOST:PORT",
        help="where health checks find an endpoint, on loopback; may be repeated",
    )
    command.add_argument(
        "--pace", type=float, default=1.0, help="multiplies the intervals of health checks"
    )


def _about_ask(command: Command) -> None:
    _about_question(command)
    _about_zone(command, [])
    _about_state(command)
    asked = command.add_mutually_exclusive_group(required=True)
    asked.add_argument("--server", metavar="HOST:PORT", help="whom to ask")
    asked.add_argument("--file", metavar="FILE", help="or a zone to ask without a server")
    command.add_argument("--recurse", action="store_true", help="set RD, as one does to a resolver")
    command.add_argument("--subnet", metavar="IP/LEN", help="the client's network, sent with EDNS")


def _about_explain(command: Command) -> None:
    _about_zone(command, ["file"])
    _about_question(command)
    _about_state(command)
    command.add_argument(
        "--client", default=ANYBODY, metavar="IP[/LEN]", help="default: somewhere unknown"
    )
    command.add_argument("--resolver", metavar="IP", help="who asks for that network")
    command.add_argument("--json", action="store_true", help="print JSON")


def _about_simulate(command: Command) -> None:
    command.add_argument("file", metavar="FILE", help="a scenario: TOML, as the README has it")
    command.add_argument("--engine", default="auto", choices=ENGINES, help="default: auto")
    command.add_argument("--seed", type=int, help="of the dice, instead of the file's")
    command.add_argument("--json", action="store_true", help="print JSON")
    command.add_argument("--trace", action="store_true", help="print each event, too")
    command.add_argument("--anywhere", action="store_true", help=rehearsing.ANYWHERE)


def _about_lint(command: Command) -> None:
    _about_zone(command, ["file"])
    command.add_argument("--json", action="store_true", help="print JSON")


def _about_diff(command: Command) -> None:
    _about_zone(command, ["before", "after"])
    _about_state(command)
    command.add_argument("--json", action="store_true", help="print JSON")


def _about_rehearsal(command: Command) -> None:
    _about_zone(command, ["zone"])
    _about_unhealthy(command)
    rehearsing.arguments(command)


def _about_course(command: Command) -> None:
    command.add_argument("action", choices=("update", "reset"), help="take in, or begin anew")
    command.add_argument("lesson", nargs="*", metavar="LESSON", help="to begin anew; default: all")
    command.add_argument("--folder", help="of the course; default: the one this package is in")


def _about_question(command: Command) -> None:
    command.add_argument("name", metavar="NAME")
    command.add_argument("type", metavar="TYPE", nargs="?", default="A")


def _about_zone(command: Command, files: Iterable[str]) -> None:
    """What may be said of a zone, and of the world it is in."""
    what = "a master file (RFC 1035), or a change batch or list-resource-record-sets (AWS CLI)"
    for file in files:
        command.add_argument(file, metavar=file.upper(), help=what)
    command.add_argument("--origin", help="the zone's name, unless the file says it")
    command.add_argument("--cidr-blocks", metavar="FILE", help="output of list-cidr-blocks")
    command.add_argument(
        "--health",
        action="append",
        default=[],
        metavar="FILE",
        help='output of list-health-checks, or {"ID": true or false, ...}; may be repeated',
    )


def _about_state(command: Command) -> None:
    _about_unhealthy(command)
    command.add_argument(
        "--atlas", metavar="FILE", help="where networks are, as in scenarios: TOML"
    )


def _about_unhealthy(command: Command) -> None:
    command.add_argument(
        "--unhealthy",
        action="append",
        default=[],
        metavar="ID",
        help="a health check that fails; may be repeated",
    )


COMMANDS = {
    "serve": About(
        "answer for a zone on loopback",
        _about_serve,
        "tests/scenarios/shop.zone --order cyclic --log",
    ),
    "ask": About(
        "ask one question and print what dig would",
        _about_ask,
        "www.shop.example A --file tests/scenarios/shop.zone",
    ),
    "explain": About(
        "say why a zone answers as it does",
        _about_explain,
        "tests/policies/weighted.json www.shop.example --unhealthy hc-old",
    ),
    "lint": About(
        "find what will be regretted; status 1 if anything",
        _about_lint,
        "tests/policies/weighted.json",
        2,
    ),
    "diff": About(
        "say what changes for whom; status 1 if anything",
        _about_diff,
        "tests/scenarios/shop.zone tests/scenarios/moved.zone",
        2,
    ),
    "simulate": About(
        "say what caches make of a zone, by scenario",
        _about_simulate,
        "tests/scenarios/shop.toml",
    ),
    "rehearse": About(
        "say what a change will do, beforehand",
        _about_rehearsal,
        "tests/rehearsals/shop.json tests/rehearsals/move.json",
    ),
    "course": About("renew or reset your copies of the lessons, in my/", _about_course, "update"),
}
