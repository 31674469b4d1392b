"""`ask` and `explain`: one question, what is answered, and why."""

import argparse
from functools import partial
from typing import Any, Final

from lab_engine.authority.endpoints import NOBODYS
from lab_engine.authority.records import Client, Question
from lab_engine.authority.server import plan
from lab_engine.errors import LabError
from lab_engine.review.explain import as_dict, explain
from lab_engine.wire.client import ask
from lab_engine.wire.ecs import network_of
from lab_engine.wire.server import serve

from .common import complain, print_json, taken_in
from .given import about_state, about_zone, state_of, zone_of

ANYBODY: Final = "0.0.0.0/0"  # a network that lies in no place


def add(commands: Any) -> None:
    """Take the commands in among the others."""
    command = taken_in(commands, "ask", "www.shop.example A --file tests/scenarios/shop.zone", _ask)
    _about_question(command)
    about_zone(command, [])
    about_state(command)
    asked = command.add_mutually_exclusive_group(required=True)
    asked.add_argument("--server", metavar="HOST:PORT", help="whom to ask")
    asked.add_argument("--file", metavar="FILE", help="or a zone to ask without a server")
    command.add_argument("--recurse", action="store_true", help="set RD, as one does to a resolver")
    command.add_argument("--subnet", metavar="IP/LEN", help="the client's network, sent with EDNS")

    command = taken_in(
        commands,
        "explain",
        "tests/policies/weighted.json www.shop.example --unhealthy hc-old",
        _explain,
    )
    about_zone(command, ["file"])
    _about_question(command)
    about_state(command)
    command.add_argument(
        "--client", default=ANYBODY, metavar="IP[/LEN]", help="default: somewhere unknown"
    )
    command.add_argument("--resolver", metavar="IP", help="who asks for that network")
    command.add_argument("--json", action="store_true", help="print JSON")


def _ask(options: argparse.Namespace) -> int:
    asking = partial(
        ask, options.name, options.type, recurse=options.recurse, subnet=options.subnet
    )
    if options.file is None:
        if options.health or options.unhealthy or options.atlas:
            raise LabError(options.server, "has a health of its own", "Name a zone with --file.")
        print(asking(options.server))
        return 0
    zone = zone_of(options, options.file)
    # A server of our own for the moment, so that the answer is what a server would send.
    with serve(zone, state=state_of(options, zone), say=complain) as server:
        print(asking(server))
    return 0


def _explain(options: argparse.Namespace) -> int:
    zone = zone_of(options, options.file)
    question, client = Question.of(options.name, options.type), _client(options)
    state = state_of(options, zone)
    planned = plan(zone, question, client, state)
    if options.json:
        print_json({"question": str(question), "client": options.client, **as_dict(planned)})
        return 0
    print(f"{question} for {client.network}, which is {state.atlas.place(client.network)}\n")
    print(explain(planned))
    if state.endpoints:
        print(f"Addresses in {NOBODYS} stand in for those of AWS endpoints.")
    return 0


def _client(options: argparse.Namespace) -> Client:
    """An address is a peer's, a network is a client subnet's, which a resolver may have sent."""
    if "/" not in options.client:
        return Client.at(options.client)
    client = Client(network_of(options.client), "ecs")
    return client.by(Client.at(options.resolver)) if options.resolver else client


def _about_question(command: argparse.ArgumentParser) -> None:
    command.add_argument("name", metavar="NAME")
    command.add_argument("type", metavar="TYPE", nargs="?", default="A")
