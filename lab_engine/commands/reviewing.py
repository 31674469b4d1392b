"""`lint`, `diff` and `rehearse`: a zone as it is, and what a change of it would do."""

import argparse
from collections.abc import Sequence
from typing import Any

from lab_engine.rehearsal import options as rehearsing
from lab_engine.review.diff import diff
from lab_engine.review.lint import lint
from lab_engine.views.progress import progress

from .common import count, print_json, taken_in
from .given import about_state, about_unhealthy, about_zone, heard_in, state_of, zone_of


def add(commands: Any) -> None:
    """Take the commands in among the others."""
    command = taken_in(commands, "lint", "tests/policies/weighted.json", _lint)
    command.set_defaults(refused=2)
    about_zone(command, ["file"])
    command.add_argument("--json", action="store_true", help="print JSON")

    command = taken_in(
        commands, "diff", "tests/scenarios/shop.zone tests/scenarios/moved.zone", _diff
    )
    command.set_defaults(refused=2)
    about_zone(command, ["before", "after"])
    about_state(command)
    command.add_argument("--json", action="store_true", help="print JSON")

    command = taken_in(
        commands, "rehearse", "tests/rehearsals/shop.json tests/rehearsals/move.json", _rehearse
    )
    about_zone(command, ["zone"])
    about_unhealthy(command)
    rehearsing.arguments(command)


def _lint(options: argparse.Namespace) -> int:
    zone, heard = zone_of(options, options.file), heard_in(options)
    findings = lint(zone, heard.ids if options.health else None)
    return _print_found(options, findings, "finding")


def _diff(options: argparse.Namespace) -> int:
    before, after = (zone_of(options, file) for file in (options.before, options.after))
    return _print_found(
        options, diff(before, after, state_of(options, before, after)), "difference"
    )


def _print_found(options: argparse.Namespace, found: Sequence[Any], noun: str) -> int:
    """What a review found, and its status."""
    if options.json:
        print_json([each.as_dict() for each in found])
    else:
        print(*found, count(len(found), noun), sep="\n")
    return int(bool(found))


def _rehearse(options: argparse.Namespace) -> int:
    from lab_engine.rehearsal import command

    with progress() as bar:
        found = command.run(options, zone_of(options, options.zone), heard_in(options), bar)
    print_json(found.as_dict()) if options.json else print(found)
    return 0
