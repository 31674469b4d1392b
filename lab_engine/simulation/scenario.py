"""A scenario: what is served, who remembers, who asks, and for how long it is watched.

A frozen tree of plain values. `set` is the one way in for panels, sweeps, files and graders, so a
bad value is refused here and nowhere else. It holds no results and knows no engine.
"""

import math
from collections.abc import Collection
from dataclasses import dataclass, field, fields, replace
from difflib import get_close_matches
from enum import StrEnum
from functools import cached_property
from typing import Any, Self

from dns.rdatatype import RdataType

from lab_engine.authority.order import Order
from lab_engine.authority.records import MAX_TTL, Question, as_name, as_type
from lab_engine.authority.recordset import RecordSet
from lab_engine.authority.zone import Zone
from lab_engine.caches.resolver import CachedOrder
from lab_engine.errors import LabError, ScenarioError

MAX_COUNT = 10**7
MAX_RATE = 10**6
MAX_SKEW = 10
MOMENT, WEEK = 0.001, 7 * 86_400
MAX_BINS = 100_000


@dataclass(frozen=True)
class Resolvers:
    """The recursive resolvers that all requests pass.

    Attributes:
        count: how many, 1 to 10^7.
        skew: of the clients over them; 0 for equal shares, 1 for Zipf's law, up to 10.
        order: of a cached set: `rotate` (Unbound, BIND) or `frozen` (one address a fill).
    """

    count: int = 20
    skew: float = 1.0
    order: CachedOrder = CachedOrder.ROTATE

    def __post_init__(self) -> None:
        _whole("resolvers.count", self.count, 1, MAX_COUNT)
        _number("resolvers.skew", self.skew, 0, MAX_SKEW)
        _fix(self, "order", _choice("resolvers.order", self.order, CachedOrder))


@dataclass(frozen=True)
class Clients:
    """Who asks, and what each of them remembers.

    Attributes:
        count: how many, 1 to 10^7, split over the resolvers by their shares.
        rate: requests a second of each client, a Poisson process; 10^-6 to 10^6.
        os_cache: whether its system keeps an answer for what is left of the TTL.
        application_cache: seconds for which its application keeps an answer, whatever the TTL
            says: 1 or more; 0 keeps none, `math.inf` never asks again.
    """

    count: int = 1000
    rate: float = 0.1
    os_cache: bool = False
    application_cache: float = 0.0

    def __post_init__(self) -> None:
        _whole("clients.count", self.count, 1, MAX_COUNT)
        _number("clients.rate", self.rate, 1 / MAX_RATE, MAX_RATE)
        switch = isinstance(self.os_cache, bool)
        _must(switch, "clients.os_cache", self.os_cache, "is no switch", "Take True or False.")
        shortest = 0 if self.application_cache == 0 else 1
        _number("clients.application_cache", self.application_cache, shortest, math.inf)

    @property
    def remember(self) -> bool:
        """Whether a client has any cache of its own."""
        return self.os_cache or self.application_cache > 0


@dataclass(frozen=True)
class Scenario:
    """Everything a run needs; the same scenario gives the same outcome.

    Attributes:
        zone: what the authority serves.
        name: asked for; relative to the zone, or absolute.
        type: asked for: A or AAAA.
        order: of the values within the authority's answers.
        resolvers: see `Resolvers`.
        clients: see `Clients`.
        down: addresses that are dead; a client tries the next one of its answer.
        duration: seconds watched, in whole bins, up to a week. The watch begins in the middle of
            things: caches are as full as in the long run, except those that never ask again.
        bin: seconds for which requests are counted together.
        window: seconds over which balance is judged.
        seed: of the dice, 0 or more.
    """

    zone: Zone
    name: str
    type: str = "A"
    order: Order = Order.SHUFFLE
    resolvers: Resolvers = field(default_factory=Resolvers)
    clients: Clients = field(default_factory=Clients)
    down: tuple[str, ...] = ()
    duration: float = 3600.0
    bin: float = 60.0
    window: float = 300.0
    seed: int = 1

    def __post_init__(self) -> None:
        for name, kind in (("zone", Zone), ("resolvers", Resolvers), ("clients", Clients)):
            part = getattr(self, name)
            _must(isinstance(part, kind), name, part, f"is not a {kind.__name__}", "Make one.")
        _must(isinstance(self.name, str), "name", self.name, "is not a name", "Write www, say.")
        _must(self.type in ("A", "AAAA"), "type", self.type, "steers nothing", "Take A or AAAA.")
        apex = str(self.zone.origin)
        inside = self.zone.contains(self.question.name)
        _must(inside, "name", self.name, f"is not in {apex}", "Name one of its records.")
        _fix(self, "order", _choice("order", self.order, Order))
        _fix(self, "down", _down(self.down, self.zone))
        _number("duration", self.duration, MOMENT, WEEK)
        _number("bin", self.bin, self.duration / MAX_BINS, self.duration)
        _number("window", self.window, MOMENT, WEEK)
        _whole("seed", self.seed, 0, 2**63 - 1)

    @cached_property
    def question(self) -> Question:
        """What every client wants to know. A name that fits the zone as it stands is absolute."""
        name = as_name(self.name)
        if not self.zone.contains(name):
            name = as_name(self.name, self.zone.origin)
        return Question(name, as_type(self.type))

    @property
    def bins(self) -> int:
        """The number of whole bins; the watch ends with the last."""
        return math.floor(self.duration / self.bin + 1e-9)

    def paths(self) -> tuple[str, ...]:
        """Every path that `set` takes."""
        parts = [
            f"{part}.{item.name}"
            for part in ("resolvers", "clients")
            for item in fields(getattr(self, part))
        ]
        own = [item.name for item in fields(self) if item.name not in ("resolvers", "clients")]
        return (*own, *parts, *_steered(self.zone))

    def get(self, path: str) -> Any:
        """The value at one of `paths`: `scenario.get("resolvers.count")`."""
        part, _, rest = self._known(path).partition(".")
        if part == "zone" and rest:
            return _steered(self.zone)[path][0].ttl
        return getattr(getattr(self, part), rest) if rest else getattr(self, part)

    def set(self, path: str, value: Any) -> Self:
        """Another scenario with one value changed: `scenario.set("zone.www.ttl", 60)`.

        `zone.<name>.ttl` is the TTL of all records of a name relative to the zone, `@` for its
        apex, whose SOA and NS keep theirs.

        Raises:
            LabError: there is no such path, or the value breaks a rule. Nothing is changed.
        """
        part, _, rest = self._known(path).partition(".")
        if part == "zone" and rest:
            return replace(self, zone=_with_ttl(self.zone, path, value))
        if rest:
            value = replace(getattr(self, part), **{rest: value})
        return replace(self, **{part: value})

    def _known(self, path: str) -> str:
        paths = self.paths()
        if path in paths:
            return path
        nearest = get_close_matches(str(path), paths, n=1, cutoff=0)[0]
        raise ScenarioError(path, "is not part of a scenario", f"Did you mean {nearest}?")


def _steered(zone: Zone) -> dict[str, list[RecordSet]]:
    """The record sets below each TTL path: all but aliases, and those that every apex has."""
    found: dict[str, list[RecordSet]] = {}
    for each in zone:
        if each.alias is None and each.type not in (RdataType.SOA, RdataType.NS):
            name = each.name.relativize(zone.origin)
            found.setdefault(f"zone.{name}.ttl", []).append(each)
    return found


def _with_ttl(zone: Zone, path: str, ttl: Any) -> Zone:
    _whole(path, ttl, 0, MAX_TTL)
    return zone.replaced(*(each.with_ttl(ttl) for each in _steered(zone)[path]))


def _down(given: Any, zone: Zone) -> tuple[str, ...]:
    """Dead addresses, as the zone writes them."""
    known = {text for rr in zone if rr.type in (RdataType.A, RdataType.AAAA) for text in rr.texts}
    listed = isinstance(given, Collection) and not isinstance(given, str)
    _must(listed, "down", given, "is not a list of addresses", 'Write ["192.0.2.1"].')
    for address in given:
        remedy = f"Choose of {', '.join(sorted(known))}."
        _must(address in known, "down", address, "is no address of this zone", remedy)
    return tuple(dict.fromkeys(given))


def _fix(self: object, name: str, value: object) -> None:
    """Store the normal form of a value in a frozen instance, as dataclasses suggest."""
    object.__setattr__(self, name, value)


def _must(good: bool, where: str, value: object, rule: str, remedy: str) -> None:  # noqa: FBT001
    if not good:
        raise ScenarioError(f"{where} {value!r}", rule, remedy)


def _choice(where: str, value: Any, kind: type[StrEnum]) -> StrEnum:
    try:
        return kind(value)
    except LabError as wrong:
        raise ScenarioError(f"{where} {value!r}", wrong.rule, wrong.remedy) from wrong


def _whole(where: str, value: object, low: int, high: int) -> None:
    good = isinstance(value, int) and not isinstance(value, bool) and low <= value <= high
    rule = f"is not a whole number from {low} to {high}"
    _must(good, where, value, rule, "Choose one in that range.")


def _number(where: str, value: object, low: float, high: float) -> None:
    good = isinstance(value, int | float) and not isinstance(value, bool) and low <= value <= high
    rule = f"is not a number from {low:g} to {high:g}"
    _must(good, where, value, rule, "Choose one in that range.")
