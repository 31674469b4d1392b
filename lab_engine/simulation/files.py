"""Scenario files: TOML for a whole scenario, with files beside it for the zone and for volumes.

A file says what differs from the defaults, under the names that `Scenario.set` knows. The zone
stands in the file (`zone`: a master file's text or Route 53's JSON) or beside it (`zone_file`).
What is written is read again as the same scenario, with its aliases behind what they lead to.
"""

import json
import tomllib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import MISSING, Field, fields
from functools import partial
from pathlib import Path
from typing import Any

import tomli_w

from lab_engine.authority.elements import nearest, parsed
from lab_engine.authority.files import Beside, file_text
from lab_engine.authority.geo import Atlas
from lab_engine.authority.policies import IpBased
from lab_engine.authority.records import RRset
from lab_engine.authority.zone import Zone
from lab_engine.control.writing import as_batch, untold
from lab_engine.errors import LabError, ScenarioError, ZoneProblemsError
from lab_engine.simulation import names
from lab_engine.simulation.balancer import Balancer
from lab_engine.simulation.parts import (
    Backend,
    Checkers,
    Clients,
    Layer,
    Place,
    Resolvers,
    ScheduledChange,
)
from lab_engine.simulation.profiles import UNSET, as_table
from lab_engine.simulation.renamed import now_called
from lab_engine.simulation.scenario import Scenario
from lab_engine.simulation.sites import Site, atlas_of, sites
from lab_engine.simulation.volumes import volumes

TABLES = {"resolvers": Resolvers, "clients": Clients, "checkers": Checkers, "balancer": Balancer}
LISTS = {"layers": Layer, "places": Place, "atlas": Site, "backends": Backend}
ZONE = ("zone", "zone_file", "origin", "cidr_blocks", "cidr_blocks_file", "forgiving")
MAX_BYTES = 10_000_000  # of a scenario; what it names beside it may be larger
NOT_SAID = ("zone", "former", "step")
PEOPLE = ("resolvers", "clients", "layers", "profiles", "places", "atlas", "checkers", "seed")
"""What of a scenario is who asks and how, whatever zone it is about."""
OWN = tuple(item.name for item in fields(Scenario) if item.name not in NOT_SAID)
Table = dict[str, Any]
_ANY = Zone.of("shop.example", [RRset.of("www", "A", "192.0.2.1")])


def load(path: str | Path, *, anywhere: bool = False) -> Scenario:
    """The scenario of a TOML file; files that it names are looked for beside it.

    Args:
        path: of the file.
        anywhere: whether it may name files outside its folder, too.

    Raises:
        ScenarioError: the file cannot be read, a key is not known, or a value breaks a rule.
    """
    with _placed(""):
        text = file_text(path, MAX_BYTES)
    return loads(text, Path(path).parent, str(path), anywhere=anywhere)


def loads(
    text: str, folder: str | Path = ".", source: str = "scenario", *, anywhere: bool = False
) -> Scenario:
    """The scenario of a TOML text.

    Args:
        text: the TOML.
        folder: where the files that it names are.
        source: what errors call it.
        anywhere: whether they may be elsewhere, too.

    Raises:
        ScenarioError: as `load`.
    """
    top = _parsed(text, source)
    with _placed(f"{source}: "):
        return _scenario(top, Beside(Path(folder), anywhere))


def load_population(path: str | Path, *, anywhere: bool = False) -> tuple[Table, tuple[str, ...]]:
    """Who asks in a scenario's file, as `Scenario` takes it, and the keys that say anything else.

    The file may be a whole scenario, or have these tables alone: `PEOPLE`. It may name files
    outside its folder where they may be `anywhere`.

    Raises:
        ScenarioError: as `load`.
    """
    with _placed(""):
        top = _parsed(file_text(path, MAX_BYTES), str(path))
    with _placed(f"{path}: "):
        _only(top, (*ZONE, *OWN))
        people = {name: top[name] for name in PEOPLE if name in top}
        if not people:
            rule = "says nothing of who asks"
            raise ScenarioError("the file", rule, f"Give it one of {', '.join(PEOPLE)}.")
        known = _made(people, Beside(Path(path).parent, anywhere))
        Scenario(_ANY, "www", **known)  # what is wrong with it is said here
        return known, tuple(name for name in top if name not in PEOPLE)


def load_atlas(path: str | Path) -> Atlas:
    """Where networks are, from a TOML file with the tables `[[atlas]]` of a scenario alone.

    Raises:
        ScenarioError: as `load`.
    """
    with _placed(""):
        top = _parsed(file_text(path, MAX_BYTES), str(path))
    with _placed(f"{path}: "):
        _only(top, ("atlas",))
        known = _each(partial(_part, Site, "atlas"), top.get("atlas", []), "atlas")
        return atlas_of(sites(known))


def _parsed(text: str, source: str) -> Table:
    try:
        return tomllib.loads(text)
    except RecursionError as wrong:
        rule = "has lists or tables in one another, more than can be read"
        raise ScenarioError(source, rule, "Take some apart.") from wrong
    except tomllib.TOMLDecodeError as wrong:
        raise ScenarioError(source, f"is not TOML: {wrong}", "Correct that line.") from wrong


def dumps(scenario: Scenario) -> str:
    """The TOML of a scenario: what differs from the defaults, and the zone.

    Raises:
        ScenarioError: the zone has what neither form can say: a policy, and a CNAME beside others.
    """
    top = _zone_table(scenario.zone) | _said(scenario, but=(*NOT_SAID, "profiles"))
    if scenario.profiles:
        own = {each.name: _plain_table(as_table(each)) for each in scenario.profiles}
        top["profiles"] = own
    for name in TABLES:
        if name in top:
            top[name] = _said(getattr(scenario, name))
    for name in LISTS:
        if name in top:
            top[name] = [_said(each) for each in getattr(scenario, name)]
    if scenario.schedule:
        top["schedule"] = [_scheduled_change_table(change) for change in scenario.schedule]
    return tomli_w.dumps(top, multiline_strings=True)


def _scenario(top: Table, beside: Beside) -> Scenario:
    _only(top, (*ZONE, *OWN))
    if "name" not in top:
        raise ScenarioError("name", "is missing", 'Say what is asked for: name = "www".')
    zone = _zone(top, beside, top["name"])
    known = _made({name: top[name] for name in OWN if name in top}, beside)
    if "schedule" in known:
        known["schedule"] = _each(
            partial(_scheduled_change, beside, top["name"]), known["schedule"], "schedule"
        )
    return Scenario(zone, **known)


def _made(top: Table, beside: Beside) -> Table:
    """The same with the parts of a scenario in the place of their tables."""
    known = dict(top)
    for name, kind in TABLES.items():
        if name in known:
            known[name] = _part(kind, name, _measured(known[name], name, beside))
    for name, kind in LISTS.items():
        if name in known:
            known[name] = _each(partial(_part, kind, name), known[name], name)
    return known


def _zone(table: Mapping[str, Any], beside: Beside, asked: Any) -> Zone:
    """The zone of a table; what is asked for may tell where it begins."""
    for name in ZONE:
        if name in table and not isinstance(table[name], str):
            raise ScenarioError(f"{name} {table[name]!r}", "is no text", "Put it in quotes.")
    if ("zone" in table) == ("zone_file" in table):
        found = "both are there" if "zone" in table else "neither is there"
        raise ScenarioError("zone, zone_file", found, "Give one of them.")
    text, source = table.get("zone", ""), "zone"
    if "zone_file" in table:
        source = str(beside(table["zone_file"]))
        text = file_text(source)
    origin, forgiving = table.get("origin"), table.get("forgiving")
    if not text.lstrip().startswith(("{", "[")):
        return Zone.from_text(text, origin, source, forgiving)
    if forgiving is not None:
        raise ScenarioError(f"forgiving {forgiving!r}", "is for master files", "Leave it out.")
    blocks = _blocks(table, beside)
    zone = Zone.from_json(text, origin, source, blocks)
    begins = origin is not None or '"SOA"' in text  # it says where
    if begins or not isinstance(asked, str) or names.has(zone, names.asked(zone, asked)):
        return zone
    meant = names.origin_meant(zone, asked)
    return zone if meant is None else Zone.from_json(text, meant, source, blocks)


def _blocks(table: Mapping[str, Any], beside: Beside) -> str | None:
    if "cidr_blocks_file" in table:
        return file_text(beside(table["cidr_blocks_file"]))
    return table.get("cidr_blocks")


def _zone_table(zone: Zone) -> Table:
    told = len(untold(zone)) == (zone.forgiving is not None)
    if told:
        forgiving = {} if zone.forgiving is None else {"forgiving": str(zone.forgiving)}
        return {"zone": zone.to_text(), "origin": str(zone.origin), **forgiving}
    if zone.forgiving is not None:
        rule = "allows a CNAME beside other data and has more than a master file can say"
        raise ScenarioError(str(zone.origin), rule, "Drop one of the two.")
    text = json.dumps(as_batch(zone), indent=1, ensure_ascii=False)
    blocks = _cidr_blocks(zone)
    said = {"cidr_blocks": json.dumps(blocks, indent=1)} if blocks else {}
    return {"zone": text, "origin": str(zone.origin), **said}


def _cidr_blocks(zone: Zone) -> dict[str, dict[str, list[str]]]:
    """The blocks of IP-based routing by collection and location, as `Zone.from_json` reads them."""
    found: dict[str, dict[str, list[str]]] = {}
    for each in zone:
        if isinstance(each.policy, IpBased) and each.policy.CidrRoutingConfig.blocks:
            place = each.policy.CidrRoutingConfig
            found.setdefault(place.collection_id, {})[place.name] = [*map(str, place.blocks)]
    return found


def _part(kind: type[Any], where: str, table: Any) -> Any:
    """One of the dataclasses, from its table."""
    if not isinstance(table, Mapping):
        raise ScenarioError(f"{where} {table!r}", "is not a table", f"Write [{where}].")
    _only(table, tuple(item.name for item in fields(kind)), f"{where}.")
    for item in fields(kind):
        if _default(item) is MISSING and item.name not in table:
            raise ScenarioError(f"{where}.{item.name}", "is missing", "Give it a value.")
    return kind(**table)


def _measured(table: Any, where: str, beside: Beside) -> Any:
    """The table of the resolvers with the volumes of the file that it names."""
    if where != "resolvers" or not isinstance(table, Mapping) or "volumes_file" not in table:
        return table
    others = {name: value for name, value in table.items() if name != "volumes_file"}
    file = table["volumes_file"]
    if "volumes" in others or not isinstance(file, str):
        raise ScenarioError(f"{where}: volumes_file {file!r}", "is not all", "Name one file.")
    return {**others, "volumes": volumes(beside(file))}


def _scheduled_change(beside: Beside, asked: Any, table: Mapping[str, Any]) -> ScheduledChange:
    _only(table, ("at", "path", "value", "batch", *ZONE), "schedule.")
    told = [name for name in ("value", "batch", "zone", "zone_file") if name in table]
    if not {"at", "path"} <= set(table) or len(told) != 1:
        rule = "are not a time, a path, and one of value, batch and zone"
        remedy = 'Write at = 60, path = "down", value = ["192.0.2.1"].'
        raise ScenarioError(f"schedule {', '.join(table)}", rule, remedy)
    if told[0] == "value":
        return ScheduledChange(table["at"], table["path"], table["value"])
    if table["path"] != "zone":
        raise ScenarioError(f"schedule.{told[0]}", "is for the path zone", 'Write path = "zone".')
    if told[0] == "batch":
        return ScheduledChange(table["at"], "zone", parsed(table["batch"], "schedule.batch"))
    return ScheduledChange(table["at"], "zone", _zone(table, beside, asked))


def _scheduled_change_table(change: ScheduledChange) -> Table:
    table: Table = {"at": change.at, "path": change.path}
    if isinstance(change.value, Zone):
        return table | _zone_table(change.value)
    if isinstance(change.value, Mapping):
        return table | {"batch": json.dumps(change.value, indent=1, ensure_ascii=False)}
    return table | {"value": _plain(change.value)}


def _said(part: Any, but: tuple[str, ...] = ()) -> Table:
    """The fields of a part that differ from their defaults."""
    return {
        item.name: _plain(getattr(part, item.name))
        for item in fields(part)
        if item.name not in but and getattr(part, item.name) != _default(item)
    }


def _plain_table(table: Table) -> Table:
    return {name: UNSET if value is None else _plain(value) for name, value in table.items()}


def _plain(value: Any) -> Any:
    """Mixes and other pairs as tables, tuples as lists, words as text."""
    if isinstance(value, tuple) and value and isinstance(value[0], tuple):
        whole = len(value) == 1 and value[0][1] == 1
        return value[0][0] if whole else {name: _plain(part) for name, part in value}
    if isinstance(value, tuple):
        return list(value)
    return str(value) if isinstance(value, str) else value


def _default(item: Field[Any]) -> Any:
    if item.default_factory is not MISSING:
        return item.default_factory()
    return item.default


def _each(make: Callable[[Mapping[str, Any]], Any], given: Any, where: str) -> list[Any]:
    """What is made of each of a list of tables; errors name its number, from 1."""
    if not isinstance(given, list) or not all(isinstance(each, Mapping) for each in given):
        raise ScenarioError(f"{where} {given!r}", "is not a list of tables", f"Write [[{where}]].")
    made = []
    for number, table in enumerate(given, 1):
        with _placed(f"[[{where}]] number {number}: "):
            made.append(make(table))
    return made


def _only(table: Mapping[str, Any], names: tuple[str, ...], where: str = "") -> None:
    for name in table:
        if name not in names:
            now_called(where, name)
            raise ScenarioError(f"{where}{name}", "is not known here", nearest(name, names))


@contextmanager
def _placed(where: str) -> Iterator[None]:
    """Whatever is wrong within is said with its place."""
    try:
        yield
    except ZoneProblemsError as wrong:
        others = "".join(f"\n{problem}" for problem in wrong.problems[1:])
        raise ScenarioError(f"{where}{wrong.value}", wrong.rule, wrong.remedy + others) from wrong
    except LabError as wrong:
        raise ScenarioError(f"{where}{wrong.value}", wrong.rule, wrong.remedy) from wrong
