"""The options of `python -m lab_engine rehearse`; what they do is `command`, which is heavier."""

import argparse

CHANGE = (
    "another zone, as ZONE, or a change batch as for change-resource-record-sets; with several, "
    "FILE@SECONDS says when each is made"
)
ANYWHERE = "let a scenario name files outside its folder"


def arguments(command: argparse.ArgumentParser) -> None:
    """What may be said besides the zone and its world."""
    command.add_argument("changes", metavar="CHANGE", nargs="+", help=CHANGE)
    command.add_argument(
        "--at",
        action="append",
        default=[],
        type=float,
        metavar="SECONDS",
        help="when a change is made, from now; once for each, in their order",
    )
    command.add_argument(
        "--kill",
        default="",
        metavar="NAME",
        help="an address, health check, identifier or name that dies after the change; default: "
        "each endpoint that a health check watches behind the names that change",
    )
    command.add_argument(
        "--population",
        metavar="FILE",
        help="who asks: a scenario, or its tables of clients and resolvers alone; default: clients "
        "that keep to TTLs, and a realistic mix",
    )
    command.add_argument("--anywhere", action="store_true", help=ANYWHERE)
    command.add_argument(
        "--rollback",
        type=float,
        default=10.0,
        metavar="MINUTES",
        help="from the last change until all is taken back; default: 10",
    )
    command.add_argument("--seed", type=int, help="of the dice, instead of the population's")
    command.add_argument("--json", action="store_true", help="print JSON")
    command.add_argument("--html", metavar="FILE", help="write a page with the figures, too")
