"""What a scenario's profile names stand for: the rows that we know, and profiles of its own.

An own profile is a row with some fields changed: `{"like": "unbound", "prefetch_share": 0.1}`. It
has a name of its own, so that a known name always means the row of that name. Each field that a
simulation heeds is a path: `profiles.mine.prefetch_share`.
"""

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields, replace
from typing import Any, NamedTuple

from lab_engine.authority.elements import nearest
from lab_engine.authority.records import MAX_TTL
from lab_engine.caches.chains import chain
from lab_engine.caches.clientprofiles import ClientProfile, Use
from lab_engine.caches.orders import SetOrder
from lab_engine.caches.profiles import CLIENTS, RECURSIVES
from lab_engine.caches.recursives import Limits, RecursiveProfile
from lab_engine.caches.sources import Profile, named
from lab_engine.errors import LabError, ScenarioError
from lab_engine.simulation.parts import Mix
from lab_engine.simulation.values import choice, must, number, whole

ROWS: Mapping[str, Profile] = {**RECURSIVES, **CLIENTS}
ABOUT = tuple(item.name for item in fields(Profile))  # who says so, and how sure we are
LONGEST_NAME = 40
UNSET = "unset"
"""How a file says None: TOML has no word for it."""


def _switch(where: str, value: Any) -> bool:
    must(isinstance(value, bool), where, value, "is no switch", "Take True or False.")
    return bool(value)


def _seconds(where: str, value: Any) -> float:
    number(where, value, 0, math.inf)
    return float(value)


def _seconds_or_none(where: str, value: Any) -> float | None:
    return None if value in (None, UNSET) else _seconds(where, value)


def _count(where: str, value: Any) -> int:
    whole(where, value, 0, MAX_TTL)
    return int(value)


def _lengths(where: str, value: Any) -> tuple[int, ...] | None:
    if value in (None, UNSET):
        return None
    two = isinstance(value, list | tuple) and len(value) == 2
    must(two, where, value, "are no prefix lengths", "Write [24, 56], or unset.")
    return tuple(_count(where, each) for each in value)


READ: dict[Any, Callable[[str, Any], Any]] = {
    bool: _switch,
    int: _count,
    float: _seconds,
    float | None: _seconds_or_none,
    tuple[int, int] | None: _lengths,
    SetOrder: lambda where, value: choice(where, value, SetOrder),
    Use: lambda where, value: choice(where, value, Use),
}
"""How a value of each type is judged and brought into its normal form."""


def _heeded(kind: type[Profile]) -> dict[str, Any]:
    """The fields that may be set, with their types: limits are fields like any others."""
    found: dict[str, Any] = {}
    for item in fields(kind):
        if item.type is Limits:
            found |= {each.name: each.type for each in fields(Limits)}
        elif item.name not in ABOUT:
            found[item.name] = item.type
    return found


HEEDED: dict[type[Profile], dict[str, Any]] = {
    kind: _heeded(kind) for kind in (RecursiveProfile, ClientProfile)
}


class Profiles(NamedTuple):
    """All profiles of a scenario by name, its own among them.

    Attributes:
        recursives: of resolvers.
        clients: of clients.
    """

    recursives: dict[str, RecursiveProfile]
    clients: dict[str, ClientProfile]

    @classmethod
    def of(cls, own: Iterable[Profile]) -> "Profiles":
        """The rows and these."""
        mine = [*own]
        return cls(
            {**RECURSIVES, **{p.name: p for p in mine if isinstance(p, RecursiveProfile)}},
            {**CLIENTS, **{p.name: p for p in mine if isinstance(p, ClientProfile)}},
        )

    def recursive(self, name: str) -> RecursiveProfile:
        """A resolver's. Raises LabError for another name."""
        if name in self.clients:
            raise LabError(name, "is a client's profile, and no resolver's", "Name a resolver's.")
        return named(self.recursives, name, "resolver profile")

    def chain(self, text: str) -> tuple[ClientProfile, ...]:
        """A client's, the nearest first. Raises LabError as `caches.chains.chain` does."""
        if text in self.recursives:
            rule = "is a resolver's profile, and no client's"
            raise LabError(text, rule, "Name a client's, or make it a layer.")
        return chain(text, self.clients)

    def layer(self, name: str) -> RecursiveProfile | ClientProfile:
        """One that serves many. Raises LabError for a client's own and for another name."""
        if name not in self.clients:
            several = {n: p for n, p in self.clients.items() if p.alone}
            known: dict[str, RecursiveProfile | ClientProfile] = {**self.recursives, **several}
            return named(known, name, "profile of a layer")
        found = self.clients[name]
        if not found.alone:
            rule = "is each client's own, and no layer's"
            raise LabError(name, rule, "Put it into clients.profile, or set shared.")
        return found

    def check(self, where: str, mix: Mix, read: Callable[[str], object]) -> None:
        """Refuse a mix in which `read` cannot make sense of a name."""
        for name, _ in mix:
            try:
                read(name)
            except LabError as wrong:
                raise ScenarioError(
                    f"{where} {name!r}", _about(wrong, name), wrong.remedy
                ) from wrong


def _about(wrong: LabError, name: str) -> str:
    """The rule, with the part of the name that broke it where that is not all of it."""
    return wrong.rule if wrong.value == name else f"holds {wrong.value!r}, which {wrong.rule}"


def own(given: Any) -> tuple[Profile, ...]:
    """Own profiles in their normal form: from profiles, or from tables by name.

    Raises:
        LabError: a name that a row has or that is no name, no row to be like, an unknown field, or
            a value that breaks a rule.
    """
    if isinstance(given, Mapping):
        return tuple(_made(name, each) for name, each in given.items())
    listed = isinstance(given, list | tuple) and all(isinstance(each, Profile) for each in given)
    must(listed, "profiles", given, "are no profiles", 'Write {"mine": {"like": "fixed"}}.')
    return tuple(_made(each.name, each) for each in given)


def _made(name: Any, given: Any) -> Profile:
    where = f"profiles.{name}"
    text = isinstance(name, str) and 1 <= len(name) <= LONGEST_NAME
    fine = text and all(letter.isalnum() or letter in "-_" for letter in name)
    must(fine, "profiles", name, "is not a name", "Give it 1 to 40 letters, digits and hyphens.")
    rule = "is the name of a profile that everybody knows"
    must(name not in ROWS, "profiles", name, rule, "Give yours another name.")
    if isinstance(given, Profile):
        return _plain(name, given)
    must(isinstance(given, Mapping), where, given, "is no table", f"Write [{where}].")
    must("like" in given, where, dict(given), "is like nothing", 'Begin with like = "fixed", say.')
    try:
        made = _plain(name, named(ROWS, given["like"], "known profile"))
    except LabError as wrong:
        raise ScenarioError(f"{where}.like {given['like']!r}", wrong.rule, wrong.remedy) from wrong
    return changed(made, {field: value for field, value in given.items() if field != "like"})


def _plain(name: str, profile: Profile) -> Profile:
    """Nobody's in particular."""
    kind = type(profile)
    must(kind in HEEDED, "profiles", name, "is of no known kind", "Make a ClientProfile, say.")
    others = [item for item in fields(kind) if item.name in ABOUT]
    neutral: dict[str, Any] = {item.name: item.default for item in others}
    return replace(profile, **{**neutral, "name": name})


def changed(profile: Profile, values: Mapping[str, Any]) -> Profile:
    """A profile with other values. Raises LabError for an unknown field or a bad value."""
    where, kinds = f"profiles.{profile.name}", HEEDED[type(profile)]
    for name in values:
        if name not in kinds:
            raise ScenarioError(f"{where}.{name}", "is not known here", nearest(name, [*kinds]))
    read = {name: READ[kinds[name]](f"{where}.{name}", value) for name, value in values.items()}
    try:
        return _with(profile, read)
    except LabError as wrong:
        raise ScenarioError(f"{where}: {wrong.value}", wrong.rule, wrong.remedy) from wrong


def _with(profile: Profile, values: Mapping[str, Any]) -> Profile:
    limits = {item.name for item in fields(Limits)}
    if not isinstance(profile, RecursiveProfile):
        return replace(profile, **values)
    inner = {name: value for name, value in values.items() if name in limits}
    outer = {name: value for name, value in values.items() if name not in limits}
    return replace(profile, limits=replace(profile.limits, **inner), **outer)


def value_of(profile: Profile, name: str) -> Any:
    """The value of one of its fields that may be set."""
    inner = isinstance(profile, RecursiveProfile) and hasattr(profile.limits, name)
    return getattr(profile.limits if inner else profile, name)  # type: ignore[attr-defined]


def as_table(profile: Profile) -> dict[str, Any]:
    """The shortest table that makes it: the row it is most like, and what differs from that."""
    tables = (
        {"like": row.name}
        | {
            name: value_of(profile, name)
            for name in HEEDED[type(row)]
            if value_of(profile, name) != value_of(row, name)
        }
        for row in ROWS.values()
        if isinstance(profile, type(row))
    )
    return min(tables, key=len)


def paths_below(profiles: Iterable[Profile]) -> Iterable[str]:
    """Every path below `profiles`."""
    return (f"profiles.{each.name}.{name}" for each in profiles for name in HEEDED[type(each)])
