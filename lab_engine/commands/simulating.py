"""`simulate`: what caches make of a zone."""

import argparse
from typing import Any

from lab_engine.rehearsal.options import ANYWHERE
from lab_engine.simulation import report
from lab_engine.simulation.files import load
from lab_engine.simulation.run import ENGINES, run
from lab_engine.views.progress import progress

from .common import BROKEN_OFF, print_json, taken_in


def add(commands: Any) -> None:
    """Take the command in among the others."""
    command = taken_in(commands, "simulate", "tests/scenarios/shop.toml", _simulate)
    command.add_argument("file", metavar="FILE", help="a scenario: TOML, as the README has it")
    command.add_argument("--engine", default="auto", choices=ENGINES, help="default: auto")
    command.add_argument("--seed", type=int, help="of the dice, instead of the file's")
    command.add_argument("--json", action="store_true", help="print JSON")
    command.add_argument("--trace", action="store_true", help="print each event, too")
    command.add_argument("--anywhere", action="store_true", help=ANYWHERE)


def _simulate(options: argparse.Namespace) -> int:
    scenario = load(options.file, anywhere=options.anywhere)
    if options.seed is not None:
        scenario = scenario.set("seed", options.seed)
    with progress() as bar:
        outcome = run(scenario, options.engine, trace=options.trace, progress=bar, partial=True)
    if options.json:
        events = {"trace": [each._asdict() for each in outcome.trace]} if options.trace else {}
        print_json(report.as_dict(scenario, outcome) | events)
    else:
        print(*outcome.trace, report.as_text(scenario, outcome), sep="\n")
    return BROKEN_OFF if outcome.partial else 0
