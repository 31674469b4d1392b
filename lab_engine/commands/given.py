"""What commands are given: zones, health and places, and the files they are in."""

import argparse
from collections.abc import Iterable

from lab_engine.authority import healthfile
from lab_engine.authority.elements import nearest, parsed
from lab_engine.authority.endpoints import stand_ins
from lab_engine.authority.files import file_text
from lab_engine.authority.geo import Atlas
from lab_engine.authority.healthfile import Heard
from lab_engine.authority.state import State, lesson_atlas
from lab_engine.authority.zone import Zone
from lab_engine.errors import LabError
from lab_engine.simulation.files import load_atlas

from .common import complain


def about_zone(command: argparse.ArgumentParser, files: Iterable[str]) -> None:
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


def about_state(command: argparse.ArgumentParser) -> None:
    """What may be said of health and places."""
    about_unhealthy(command)
    command.add_argument(
        "--atlas", metavar="FILE", help="where networks are, as in scenarios: TOML"
    )


def about_unhealthy(command: argparse.ArgumentParser) -> None:
    """What may be said of health."""
    command.add_argument(
        "--unhealthy",
        action="append",
        default=[],
        metavar="ID",
        help="a health check that fails; may be repeated",
    )


def zone_of(options: argparse.Namespace, file: str) -> Zone:
    """The zone of a file."""
    blocks = options.cidr_blocks and parsed(file_text(options.cidr_blocks), options.cidr_blocks)
    zone = Zone.from_file(file, options.origin, cidr_blocks=blocks)
    if zone.left_out:
        complain(f"{file}: {sum(zone.left_out.values())} records of a signed zone are left out")
    return zone


def state_of(options: argparse.Namespace, *zones: Zone) -> State:
    """Health as the options say, with stand-ins for the AWS endpoints that aliases name."""
    heard = heard_in(options)
    known = heard.ids.union(*(zone.check_ids for zone in zones))
    for each in options.unhealthy:
        if each not in known:
            remedy = nearest(each, sorted(known)) if known else "No record set has one."
            raise LabError(each, "is the id of no health check here", remedy)
    heard = heard.also(Heard(said=dict.fromkeys(options.unhealthy, False)))
    endpoints = stand_ins(each for zone in zones for each in zone.alias_sets)
    return State(heard.unhealthy, endpoints, atlas_of(options))


def atlas_of(options: argparse.Namespace) -> Atlas:
    """The places that the options name, or the lessons'."""
    return load_atlas(options.atlas) if options.atlas else lesson_atlas()


def heard_in(options: argparse.Namespace) -> Heard:
    """What the health files say."""
    heard = Heard()
    for file in options.health:
        heard = heard.also(healthfile.read(file_text(file), file))
    return heard
