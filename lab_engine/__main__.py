"""The command line: `python -m lab_engine COMMAND`; `--help` lists the commands.

Each command is a function of its arguments that returns an exit status: 0 done, 1 refused with a
reason, 2 misused, 130 broken off by Ctrl-C (`simulate` prints what was counted by then). `lint` and
`diff` speak like other tools of their kind: 0 nothing found, 1 found something, 2 a broken file.
"""

import os
import signal
import sys

if __name__ == "__main__" and "serve" in sys.argv[1:2]:  # what follows takes a while to import
    _NOTHING = b"lab_engine: broken off before anything was served\n"
    for _number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(_number, lambda *_: os.write(2, _NOTHING) and os._exit(130))

import argparse
import io
import json
import secrets
import time
from collections.abc import Iterable, Sequence
from functools import partial
from typing import Any

from lab_engine.authority import healthfile
from lab_engine.authority.elements import file_text, nearest, parsed
from lab_engine.authority.endpoints import NOBODYS, stand_ins
from lab_engine.authority.geo import Atlas
from lab_engine.authority.healthfile import Heard
from lab_engine.authority.order import Order
from lab_engine.authority.records import Client, Question
from lab_engine.authority.server import plan
from lab_engine.authority.state import State, lesson_atlas
from lab_engine.authority.zone import Zone
from lab_engine.control.account import Account
from lab_engine.control.health_config import loaded
from lab_engine.errors import LabError
from lab_engine.rehearsal import options as rehearsing
from lab_engine.review.diff import diff
from lab_engine.review.explain import as_dict, explain
from lab_engine.review.lint import lint
from lab_engine.simulation import report
from lab_engine.simulation.files import load, load_atlas
from lab_engine.simulation.run import ENGINES, run
from lab_engine.views.progress import progress
from lab_engine.wire.client import ask
from lab_engine.wire.ecs import network_of
from lab_engine.wire.server import serve
from lab_engine.wire.targets import mapping

ANYBODY = "0.0.0.0/0"  # a network that lies in no place
BROKEN_OFF = 130
DAY = 86_400


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command. Returns the exit status."""
    options = _parser().parse_args(arguments)
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # identifiers hold any character
    try:
        status: int = options.run(options)
        sys.stdout.flush()
    except LabError as refused:
        print(f"lab_engine: {refused}", file=sys.stderr)
        return int(options.refused)
    except KeyboardInterrupt:
        _complain("broken off before there was anything to print")
        return BROKEN_OFF
    except BrokenPipeError:
        # `| head` has seen enough; what is left is not to be complained about at exit either.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    return status


def _serve(options: argparse.Namespace) -> int:
    signal.signal(signal.SIGINT, signal.default_int_handler)  # in the background shells ignore it
    signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))
    standing = False
    try:
        with serve(
            _account(options),
            options.port,
            order=options.order,
            seed=options.seed,
            state=State(atlas=_atlas(options)),
            log=_say if options.log else None,
            say=_complain,
            api=False if options.api_port is None else options.api_port or True,
            token=secrets.token_hex(24) if options.token == "" else options.token,
            table=dict(map(mapping, options.map)),
            pace=options.pace,
            journal=options.state,
        ) as server:
            standing = True
            _say(f"Serving {server.origins} on {server.address} (UDP and TCP); Ctrl-C stops.")
            if server.api is not None:
                _say(server.api.about([*server.service.account.hosted_zones]))
            while True:
                time.sleep(DAY)
    except KeyboardInterrupt:
        if standing:
            return 0
    _complain("broken off before anything was served")
    return BROKEN_OFF


def _account(options: argparse.Namespace) -> Account:
    """The zone with the ids, the health checks and the collections that the options give."""
    zone, heard = _zone(options, options.file), _heard(options)
    failing = _state(options, zone).unhealthy
    said = {check: check not in failing for check in (*heard.said, *options.unhealthy)}
    files = [parsed(file_text(file), file) for file in options.health]
    return Account.of(
        zone,
        ids={str(zone.origin): options.zone_id} if options.zone_id else {},
        checks=[check for file in files if "HealthChecks" in file for check in loaded(file)],
        said=said,
    )


def _ask(options: argparse.Namespace) -> int:
    asking = partial(
        ask, options.name, options.type, recurse=options.recurse, subnet=options.subnet
    )
    if options.file is None:
        if options.health or options.unhealthy or options.atlas:
            raise LabError(options.server, "has a health of its own", "Name a zone with --file.")
        print(asking(options.server))
        return 0
    zone = _zone(options, options.file)
    # A server of our own for the moment, so that the answer is what a server would send.
    with serve(zone, state=_state(options, zone), say=_complain) as server:
        print(asking(server))
    return 0


def _explain(options: argparse.Namespace) -> int:
    zone = _zone(options, options.file)
    question, client = Question.of(options.name, options.type), _client(options)
    state = _state(options, zone)
    planned = plan(zone, question, client, state)
    if options.json:
        _print_json({"question": str(question), "client": options.client, **as_dict(planned)})
        return 0
    print(f"{question} for {client.network}, which is {state.atlas.place(client.network)}\n")
    print(explain(planned))
    if state.endpoints:
        print(f"Addresses in {NOBODYS} stand in for those of AWS endpoints.")
    return 0


def _lint(options: argparse.Namespace) -> int:
    zone, heard = _zone(options, options.file), _heard(options)
    findings = lint(zone, heard.ids if options.health else None)
    return _print_found(options, findings, "finding")


def _diff(options: argparse.Namespace) -> int:
    before, after = (_zone(options, file) for file in (options.before, options.after))
    return _print_found(options, diff(before, after, _state(options, before, after)), "difference")


def _print_found(options: argparse.Namespace, found: Sequence[Any], noun: str) -> int:
    """What a review found, and its status."""
    if options.json:
        _print_json([each.as_dict() for each in found])
    else:
        print(*found, _count(len(found), noun), sep="\n")
    return int(bool(found))


def _simulate(options: argparse.Namespace) -> int:
    scenario = load(options.file)
    if options.seed is not None:
        scenario = scenario.set("seed", options.seed)
    with progress() as bar:
        outcome = run(scenario, options.engine, trace=options.trace, progress=bar, partial=True)
    if options.json:
        events = {"trace": [each._asdict() for each in outcome.trace]} if options.trace else {}
        _print_json(report.as_dict(scenario, outcome) | events)
    else:
        print(*outcome.trace, report.as_text(scenario, outcome), sep="\n")
    return BROKEN_OFF if outcome.partial else 0


def _rehearse(options: argparse.Namespace) -> int:
    from lab_engine.rehearsal import command

    with progress() as bar:
        found = command.run(options, _zone(options, options.zone), _heard(options), bar)
    _print_json(found.as_dict()) if options.json else print(found)
    return 0


def _course(options: argparse.Namespace) -> int:
    from lab_engine.course import mine

    return mine.command(options.action, options.lesson, options.folder, _say)


def _zone(options: argparse.Namespace, file: str) -> Zone:
    blocks = options.cidr_blocks and parsed(file_text(options.cidr_blocks), options.cidr_blocks)
    return Zone.from_file(file, options.origin, cidr_blocks=blocks)


def _state(options: argparse.Namespace, *zones: Zone) -> State:
    """Health as the options say, with stand-ins for the AWS endpoints that aliases name."""
    heard = _heard(options)
    known = heard.ids.union(*(zone.check_ids for zone in zones))
    for each in options.unhealthy:
        if each not in known:
            remedy = nearest(each, sorted(known)) if known else "No record set has one."
            raise LabError(each, "is the id of no health check here", remedy)
    heard = heard.also(Heard(said=dict.fromkeys(options.unhealthy, False)))
    endpoints = stand_ins(each for zone in zones for each in zone.alias_sets)
    return State(heard.unhealthy, endpoints, _atlas(options))


def _atlas(options: argparse.Namespace) -> Atlas:
    return load_atlas(options.atlas) if options.atlas else lesson_atlas()


def _heard(options: argparse.Namespace) -> Heard:
    """What the health files say."""
    heard = Heard()
    for file in options.health:
        heard = heard.also(healthfile.read(file_text(file), file))
    return heard


def _client(options: argparse.Namespace) -> Client:
    """An address is a peer's, a network is a client subnet's, which a resolver may have sent."""
    if "/" not in options.client:
        return Client.at(options.client)
    client = Client(network_of(options.client), "ecs")
    return client.by(Client.at(options.resolver)) if options.resolver else client


def _say(line: str) -> None:
    print(line, flush=True)


def _complain(line: str) -> None:
    print(f"lab_engine: {line}", file=sys.stderr, flush=True)


def _print_json(value: Any) -> None:
    print(json.dumps(value, indent=2))


def _count(number: int, noun: str) -> str:
    return f"{number or 'no'} {noun}{'' if number == 1 else 's'}"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m lab_engine", description="A lab on steering traffic with DNS."
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    command = commands.add_parser("serve", help="answer for a zone on loopback")
    _about_zone(command, ["file"])
    _about_state(command)
    command.add_argument("--port", type=int, default=0, help="default: any free one")
    command.add_argument("--order", default="shuffle", choices=[*Order], help="of the values")
    command.add_argument("--seed", type=int, help="of the dice, to repeat a run")
    command.add_argument("--log", action="store_true", help="print a line for each answer")
    command.add_argument(
        "--api-port", type=int, metavar="N", help="offer Route 53's API there; 0 for any free port"
    )
    command.add_argument(
        "--token", nargs="?", const="", help="that the API asks for; without a value, a new one"
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
    command.set_defaults(run=_serve, refused=1)

    command = commands.add_parser("ask", help="ask one question and print what dig would")
    _about_question(command)
    _about_zone(command, [])
    _about_state(command)
    asked = command.add_mutually_exclusive_group(required=True)
    asked.add_argument("--server", metavar="HOST:PORT", help="whom to ask")
    asked.add_argument("--file", metavar="FILE", help="or a zone to ask without a server")
    command.add_argument("--recurse", action="store_true", help="set RD, as one does to a resolver")
    command.add_argument("--subnet", metavar="IP/LEN", help="the client's network, sent with EDNS")
    command.set_defaults(run=_ask, refused=1)

    command = commands.add_parser("explain", help="say why a zone answers as it does")
    _about_zone(command, ["file"])
    _about_question(command)
    _about_state(command)
    command.add_argument(
        "--client", default=ANYBODY, metavar="IP[/LEN]", help="default: somewhere unknown"
    )
    command.add_argument("--resolver", metavar="IP", help="who asks for that network")
    command.add_argument("--json", action="store_true", help="print JSON")
    command.set_defaults(run=_explain, refused=1)

    _about_review(commands)
    command = commands.add_parser("simulate", help="say what caches make of a zone, by scenario")
    command.add_argument("file", metavar="FILE", help="a scenario: TOML, as the README has it")
    command.add_argument("--engine", default="auto", choices=ENGINES, help="default: auto")
    command.add_argument("--seed", type=int, help="of the dice, instead of the file's")
    command.add_argument("--json", action="store_true", help="print JSON")
    command.add_argument("--trace", action="store_true", help="print each event, too")
    command.set_defaults(run=_simulate, refused=1)

    _about_rehearsal(commands.add_parser("rehearse", help="say what a change will do, beforehand"))
    _about_course(commands.add_parser("course", help="your copies of the lessons, in my/"))
    return parser


def _about_review(commands: Any) -> None:
    command = commands.add_parser("lint", help="find what will be regretted; status 1 if anything")
    _about_zone(command, ["file"])
    command.add_argument("--json", action="store_true", help="print JSON")
    command.set_defaults(run=_lint, refused=2)

    command = commands.add_parser("diff", help="say what changes for whom; status 1 if anything")
    _about_zone(command, ["before", "after"])
    _about_state(command)
    command.add_argument("--json", action="store_true", help="print JSON")
    command.set_defaults(run=_diff, refused=2)


def _about_rehearsal(command: argparse.ArgumentParser) -> None:
    _about_zone(command, ["zone"])
    _about_unhealthy(command)
    rehearsing.arguments(command)
    command.set_defaults(run=_rehearse, refused=1)


def _about_course(command: argparse.ArgumentParser) -> None:
    command.add_argument("action", choices=("update", "reset"), help="take in, or begin anew")
    command.add_argument("lesson", nargs="*", metavar="LESSON", help="to begin anew; default: all")
    command.add_argument("--folder", help="of the course; default: the one this package is in")
    command.set_defaults(run=_course, refused=1)


def _about_question(command: argparse.ArgumentParser) -> None:
    command.add_argument("name", metavar="NAME")
    command.add_argument("type", metavar="TYPE", nargs="?", default="A")


def _about_zone(command: argparse.ArgumentParser, files: Iterable[str]) -> None:
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


def _about_state(command: argparse.ArgumentParser) -> None:
    _about_unhealthy(command)
    command.add_argument(
        "--atlas", metavar="FILE", help="where networks are, as in scenarios: TOML"
    )


def _about_unhealthy(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--unhealthy",
        action="append",
        default=[],
        metavar="ID",
        help="a health check that fails; may be repeated",
    )


if __name__ == "__main__":
    sys.exit(main())
