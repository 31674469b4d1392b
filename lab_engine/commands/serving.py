"""`serve`: answer for a zone on loopback, with Route 53's API beside it if wanted."""

import argparse
import secrets
import signal
import time
from typing import Any, Final

from lab_engine.authority.elements import parsed
from lab_engine.authority.files import file_text
from lab_engine.authority.order import Order
from lab_engine.authority.state import State
from lab_engine.control.account import Account
from lab_engine.control.health_config import loaded
from lab_engine.wire.server import serve
from lab_engine.wire.targets import mapping

from .common import BROKEN_OFF, complain, say, taken_in
from .given import about_state, about_zone, atlas_of, heard_in, state_of, zone_of

DAY: Final = 86_400


def add(commands: Any) -> None:
    """Take the command in among the others."""
    command = taken_in(commands, "serve", "tests/scenarios/shop.zone --order cyclic --log", _serve)
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
            token=secrets.token_hex(24) if options.token == "" else options.token,
            table=dict(map(mapping, options.map)),
            pace=options.pace,
            journal=options.state,
        ) as server:
            standing = True
            say(f"Serving {server.origins} on {server.address} (UDP and TCP); Ctrl-C stops.")
            if server.api is not None:
                say(server.api.about([*server.service.account.hosted_zones]))
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
