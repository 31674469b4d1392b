"""`serve`: answer for a zone on loopback, with Route 53's API beside it if wanted."""

import argparse
import signal
import time
from typing import Any, Final

from lab_engine.authority.elements import parsed
from lab_engine.authority.files import file_text
from lab_engine.authority.order import Order
from lab_engine.authority.state import State
from lab_engine.control.account import Account
from lab_engine.control.health_config import loaded
from lab_engine.errors import LabError
from lab_engine.wire.server import Server, serve

from .common import (
    BROKEN_OFF,
    about_state,
    about_zone,
    atlas_of,
    complain,
    heard_in,
    say,
    state_of,
    taken_in,
    zone_of,
)

DAY: Final = 86_400


def add(commands: Any) -> None:
    """Take the command in among the others."""
    command = taken_in(
        commands,
        "serve",
        "answer for a zone on loopback",
        "tests/scenarios/shop.zone --order cyclic --log",
        _serve,
    )
    about_zone(command, ["file"])
    about_state(command)
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
            state=State(atlas=atlas_of(options)),
            log=say if options.log else None,
            say=complain,
            api=False if options.api_port is None else options.api_port or True,
            table=dict(map(_mapping, options.map)),
            pace=options.pace,
            journal=options.state,
        ) as server:
            standing = True
            say(f"Serving {server.origins} on {server.address} (UDP and TCP); Ctrl-C stops.")
            if server.api is not None:
                _about_api(server)
            while True:
                time.sleep(DAY)
    except KeyboardInterrupt:
        if standing:
            return 0
    complain("broken off before anything was served")
    return BROKEN_OFF


def _account(options: argparse.Namespace) -> Account:
    """The zone with the ids, the health checks and the collections that the options give."""
    zone, heard = zone_of(options, options.file), heard_in(options)
    failing = state_of(options, zone).unhealthy
    said = {check: check not in failing for check in (*heard.said, *options.unhealthy)}
    files = [parsed(file_text(file), file) for file in options.health]
    return Account.of(
        zone,
        ids={str(zone.origin): options.zone_id} if options.zone_id else {},
        checks=[check for file in files if "HealthChecks" in file for check in loaded(file)],
        said=said,
    )


def _about_api(server: Server) -> None:
    """What to type to reach the API, ready to be pasted."""
    assert server.api is not None  # noqa: S101
    say(f"Route 53's API is at {server.api.url}; any credentials do:")
    say(f"  export AWS_ENDPOINT_URL_ROUTE_53={server.api.url} AWS_DEFAULT_REGION=us-east-1")
    say("  export AWS_ACCESS_KEY_ID=lab AWS_SECRET_ACCESS_KEY=lab")
    for hosted in server.service.account.hosted_zones.values():
        say(f"  aws route53 list-resource-record-sets --hosted-zone-id {hosted.id}")


def _mapping(text: str) -> tuple[str, tuple[str, int]]:
    """`192.0.2.1=127.0.0.1:8081`: where a health check finds an endpoint."""
    name, _, place = text.partition("=")
    host, _, port = place.rpartition(":")
    if not (name and host and port.isdecimal()):
        raise LabError(text, "maps nothing", "Write 192.0.2.1=127.0.0.1:8081.")
    return name, (host.strip("[]"), int(port))
