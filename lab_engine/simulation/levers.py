"""Paths: what `Scenario.get` and `set` reach, and what each of them moves.

    duration                      a field of the scenario
    clients.rate                  one of a part
    places.paris.share            one of a place, a layer or a backend, by what it is called
    profiles.mine.lifetime        one of a profile of the scenario's own
    zone.www.ttl                  the TTL of a name
    zone.www.blue.weight          the weight of a record set, or another number of its policy

A path is found from its own words, and nothing else is looked at: it costs the same in a zone of
ten names and of 10,000, at each move of a slider. Only one that is not found is compared with all.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, fields, replace
from difflib import get_close_matches
from functools import partial
from typing import Any, NamedTuple

from dns.rdatatype import RdataType

from lab_engine.authority.declared import numbers
from lab_engine.authority.records import MAX_TTL, as_name
from lab_engine.authority.recordset import RecordSet
from lab_engine.authority.zone import Zone
from lab_engine.caches.sources import Profile
from lab_engine.control import changes
from lab_engine.errors import LabError, ScenarioError
from lab_engine.simulation import profiles
from lab_engine.simulation.balancer import Balancer
from lab_engine.simulation.parts import Backend, Checkers, Clients, Layer, Place, Resolvers
from lab_engine.simulation.sites import Site
from lab_engine.simulation.values import whole

PARTS: Mapping[str, type[Any]] = {
    "resolvers": Resolvers,
    "clients": Clients,
    "checkers": Checkers,
    "balancer": Balancer,
}
LISTS: Mapping[str, type[Any]] = {
    "layers": Layer,
    "places": Place,
    "atlas": Site,
    "backends": Backend,
}
HIDDEN = (
    "resolvers",
    "clients",
    "former",
    "step",
)  # of the scenario's fields: no single value is set


class Lever(NamedTuple):
    """What one path moves.

    Attributes:
        value: what stands there.
        field: of the scenario, in which it lies.
        moved: what that field becomes with another value there.
    """

    value: Any
    field: str
    moved: Callable[[Any], Any]


def lever(scenario: Any, path: Any) -> Lever:
    """What a path moves in a scenario.

    Raises:
        ScenarioError: there is no such path; the nearest one is named.
    """
    found = _lever(scenario, path) if isinstance(path, str) else None
    if found is None:
        raise _unknown(scenario, str(path))
    return found


def paths(scenario: Any) -> tuple[str, ...]:
    """Every path of a scenario."""
    parts = [
        f"{part}.{name}"
        for part, kind in PARTS.items()
        if getattr(scenario, part) is not None
        for name in _names(kind)
    ]
    listed = [
        f"{part}.{each.label}.{name}"
        for part, kind in LISTS.items()
        for each in getattr(scenario, part)
        if _index(getattr(scenario, part), each.label) is not None
        for name in _names(kind)
    ]
    own = profiles.paths_below(scenario.profiles)
    return (*_own(scenario), *parts, *listed, *own, *_paths_of(scenario.zone))


def _lever(scenario: Any, path: str) -> Lever | None:
    part, _, rest = path.partition(".")
    if not rest:
        return _whole(scenario, part)
    if part == "zone":
        return _of_zone(scenario.zone, path)
    if part == "profiles":
        return _of_profile(scenario.profiles, rest)
    if part in PARTS:
        return _of_part(getattr(scenario, part), part, rest)
    return _of_list(getattr(scenario, part), part, rest) if part in LISTS else None


def _whole(scenario: Any, field: str) -> Lever | None:
    if field not in _own(scenario):
        return None
    value = getattr(scenario, field)
    return Lever(value, field, partial(_zone, value) if field == "zone" else _itself)


def _itself(value: Any) -> Any:
    return value


def _zone(zone: Zone, value: Any) -> Any:
    """Another zone, or this one after a change batch."""
    return changes.apply(zone, value) if isinstance(value, Mapping) else value


def _of_part(part: Any, field: str, name: str) -> Lever | None:
    if part is None or name not in _names(type(part)):
        return None
    return Lever(getattr(part, name), field, partial(_with, part, name))


def _of_list(several: tuple[Any, ...], field: str, rest: str) -> Lever | None:
    label, _, name = rest.rpartition(".")
    index = _index(several, label)
    if index is None or name not in _names(type(several[index])):
        return None
    moved = partial(_with_one, several, index, name)
    return Lever(getattr(several[index], name), field, moved)


def _of_profile(own: tuple[Profile, ...], rest: str) -> Lever | None:
    name, _, item = rest.partition(".")
    for profile in own:
        if profile.name == name and item in profiles.HEEDED[type(profile)]:
            moved = partial(_with_profile, own, profile, item)
            return Lever(profiles.value_of(profile, item), "profiles", moved)
    return None


def _with_profile(
    own: tuple[Profile, ...], profile: Profile, item: str, value: Any
) -> tuple[Profile, ...]:
    mine = profiles.changed(profile, {item: value})
    return tuple(mine if each is profile else each for each in own)


def _with(part: Any, name: str, value: Any) -> Any:
    return replace(part, **{name: value})


def _with_one(several: tuple[Any, ...], index: int, name: str, value: Any) -> tuple[Any, ...]:
    return (*several[:index], _with(several[index], name, value), *several[index + 1 :])


def _index(several: tuple[Any, ...], label: str) -> int | None:
    """Where the one stands that is called so; None for nowhere, or where several are."""
    found = [index for index, each in enumerate(several) if each.label == label]
    return found[0] if len(found) == 1 else None


def _own(scenario: Any) -> tuple[str, ...]:
    return tuple(item.name for item in fields(scenario) if item.name not in HIDDEN)


def _names(kind: type[Any]) -> tuple[str, ...]:
    """The fields that have a path: all but the one that the path is called by."""
    return tuple(item.name for item in fields(kind) if item.name != getattr(kind, "called_by", ""))


def _unknown(scenario: Any, path: str) -> ScenarioError:
    part, _, rest = path.partition(".")
    label = rest.rpartition(".")[0]
    several = getattr(scenario, part) if part in LISTS else ()
    if sum(each.label == label for each in several) > 1:
        rule = f"may be any of several {part} that are called {label}"
        return ScenarioError(path, rule, "Give each of them a name of its own.")
    nearest = get_close_matches(path, paths(scenario), n=1, cutoff=0)[0]
    return ScenarioError(path, "is not part of a scenario", f"Did you mean {nearest}?")


# --- below `zone` ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Records:
    """The record sets that one path moves, in their TTL or in a number of their policy."""

    path: str
    zone: Zone
    record_sets: tuple[RecordSet, ...]

    @property
    def value(self) -> Any:
        """Where the first stands, which speaks for all."""
        first = self.record_sets[0]
        return getattr(first.policy, self._field) if self._field else first.ttl

    def moved(self, value: Any) -> Zone:
        """The zone with all of them moved."""
        first = self.record_sets[0].policy
        low, high = numbers(first)[self._field] if self._field else (0, MAX_TTL)
        whole(self.path, value, low, high)
        return self.zone.replaced(*(self._one(each, value) for each in self.record_sets))

    @property
    def _field(self) -> str:
        """The policy's field; empty for the TTL."""
        moved = self.path.rpartition(".")[2]
        declared = numbers(self.record_sets[0].policy)
        return next((each for each in declared if _said(each) == moved), "")

    def _one(self, record_set: RecordSet, value: int) -> RecordSet:
        if self._field:
            moved: dict[str, Any] = {self._field: value}
            return replace(record_set, policy=replace(record_set.policy, **moved))
        return record_set.with_ttl(value)


def _said(field: str) -> str:
    """How a path calls a field of a policy."""
    return field.lower()


def _of_zone(zone: Zone, path: str) -> Lever | None:
    near = (each for name in _possible_names(path) for each in _record_sets(zone, name))
    found = tuple(each for each in near if path in _paths(each, zone))
    if not found:
        return None
    records = _Records(path, zone, found)
    return Lever(records.value, "zone", records.moved)


def _paths_of(zone: Zone) -> tuple[str, ...]:
    return tuple(dict.fromkeys(path for each in zone for path in _paths(each, zone)))


def _paths(record_set: RecordSet, zone: Zone) -> Iterator[str]:
    """What moves one record set. An alias has no TTL, and that of an apex's SOA and NS stays."""
    if record_set.type in (RdataType.SOA, RdataType.NS):
        return
    name = record_set.name.relativize(zone.origin)
    if record_set.alias is None:
        yield f"zone.{name}.ttl"
    for field in numbers(record_set.policy):
        yield f"zone.{name}.{record_set.set_identifier}.{_said(field)}"


def _possible_names(path: str) -> Iterator[str]:
    """The names that a path may mean: names and set identifiers may have dots of their own."""
    words, _, moved = path.removeprefix("zone.").rpartition(".")
    if moved == "ttl":
        yield words
    else:
        yield from (words[:at] for at, letter in enumerate(words) if letter == ".")


def _record_sets(zone: Zone, text: str) -> Iterator[RecordSet]:
    """What a name holds; nothing where that is no name."""
    try:
        node = zone.node(as_name(text, zone.origin))
    except LabError:
        return
    for group in (node or {}).values():
        yield from group
