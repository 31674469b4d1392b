"""Whether a zone has the name that a scenario asks for, and what to say where it has not.

A zone from JSON begins where all its names end alike. For a single name that is the name itself,
and who asks for `www` means the zone above: its origin follows from what is asked for.
"""

from collections.abc import Iterable
from difflib import get_close_matches

import dns.name
from dns.name import Name
from dns.rdatatype import RdataType

from lab_engine.authority.lookup import find
from lab_engine.authority.records import as_name, folded
from lab_engine.authority.zone import Zone
from lab_engine.errors import LabError, ScenarioError


def asked(zone: Zone, text: str) -> Name:
    """The name that is meant: one that fits the zone as it stands is absolute.

    Raises:
        LabError: it is no name.
    """
    name = as_name(text)
    return name if zone.contains(name) else as_name(text, zone.origin)


def has(zone: Zone, name: Name) -> bool:
    """Whether a zone knows a name: itself, by a wildcard, or as one that it delegates."""
    within = folded(name)
    return zone.tree.contains(within) and find(zone.tree, within, RdataType.A) is not None


def origin_meant(zone: Zone, text: str) -> Name | None:
    """The origin with which a zone would have a name; None for no such, or for several.

    Args:
        zone: as it was read, without an SOA of its own.
        text: the name, relative to the origin that is looked for.
    """
    try:
        first = folded(as_name(text, dns.name.root))[:-1]
    except LabError:
        return None
    names = {each.name for each in zone if each.type not in (RdataType.SOA, RdataType.NS)}
    begun = (
        Name(name.labels[len(first) :]) for name in names if folded(name)[: len(first)] == first
    )
    above = [origin for origin in set(begun) if all(name.is_subdomain(origin) for name in names)]
    return above[0] if len(above) == 1 and above[0] not in (dns.name.root, zone.origin) else None


def no_such_name(text: str, kind: RdataType, zones: Iterable[Zone]) -> ScenarioError:
    """What to say where none of the zones of a watch has the name."""
    known = tuple(zones)
    where = " or ".join(dict.fromkeys(str(zone.origin) for zone in known))
    wrong, rule = f"name {text!r}", f"is no name that {where} has"
    if meant := origin_meant(known[0], text):
        remedy = f'If that is no whole zone but a part of {meant}, say so: origin = "{meant}".'
        return ScenarioError(wrong, rule, remedy)
    held = (each for zone in known for each in zone if each.type in (kind, RdataType.CNAME))
    names = dict.fromkeys(str(each.name.relativize(known[0].origin)) for each in held)
    nearest = get_close_matches(text, names, n=1, cutoff=0)
    remedy = f"Did you mean {nearest[0]}?" if nearest else f"Give it a record of type {kind.name}."
    return ScenarioError(wrong, rule, remedy)
