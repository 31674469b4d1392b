"""A scenario: what is served, who remembers, who asks, and for how long it is watched.

A frozen tree of plain values. `set` is the one way in for panels, sweeps, files and graders, so a
bad value is refused here and nowhere else. It holds no results and knows no engine.
"""

import math
from collections.abc import Collection, Iterator
from copy import copy
from dataclasses import dataclass, field, fields, replace
from functools import cached_property, lru_cache
from itertools import groupby
from operator import attrgetter
from typing import Any, Self

from dns.name import Name

from lab_engine.authority.endpoints import stand_ins
from lab_engine.authority.order import Order
from lab_engine.authority.records import Question, as_type
from lab_engine.authority.state import State
from lab_engine.authority.zone import Zone
from lab_engine.caches.clientprofiles import ClientProfile
from lab_engine.caches.recursives import RecursiveProfile
from lab_engine.caches.sources import Profile
from lab_engine.errors import LabError, ScenarioError
from lab_engine.simulation import levers, names
from lab_engine.simulation.balancer import Balancer
from lab_engine.simulation.failing import Failure
from lab_engine.simulation.parts import (
    WEEK,
    Backend,
    Checkers,
    Clients,
    Layer,
    Place,
    Resolvers,
    ScheduledChange,
)
from lab_engine.simulation.profiles import Profiles, own
from lab_engine.simulation.sites import Site, atlas_of, sites
from lab_engine.simulation.strata import check_resolvers, mix_of, profiles_of
from lab_engine.simulation.values import choice, fix, must, number, whole

MOMENT = 0.001
MAX_SEED = 2**63 - 1
MAX_BINS = 100_000
MAX_SCHEDULED = 1_000
MAX_LAYERS = 32  # each asks the next: thousands are deeper than Python goes
CHANGING = ("zone", "down", "unhealthy", "reachable", "balancer.draining", "balancer.weights")


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
        layers: caches between clients and resolvers, the nearest to the clients first.
        profiles: its own, under names of their own: `{"mine": {"like": "fixed", "lifetime": 5}}`.
        places: where clients and resolvers are; by default all in one.
        atlas: networks and where they are, instead of the lessons'.
        backends: what stands behind the addresses, as far as it matters; each address is one of the
            zone, or of a zone that a change puts in its place.
        down: addresses that are dead; a client tries the next one of its answer.
        unhealthy: ids of health checks that fail because somebody said so.
        checkers: how health checks follow what is down; None leaves them as they are.
        balancer: what stands before all addresses of the name; None where clients connect to them.
        reachable: whether resolvers reach the authority.
        schedule: what is set while it is watched, in the order of time.
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
    layers: tuple[Layer, ...] = ()
    profiles: tuple[Profile, ...] = ()
    places: tuple[Place, ...] = (Place(),)
    atlas: tuple[Site, ...] = ()
    backends: tuple[Backend, ...] = ()
    down: tuple[str, ...] = ()
    unhealthy: tuple[str, ...] = ()
    checkers: Checkers | None = None
    balancer: Balancer | None = None
    reachable: bool = True
    schedule: tuple[ScheduledChange, ...] = ()
    duration: float = 3600.0
    bin: float = 60.0
    window: float = 300.0
    seed: int = 1
    former: tuple[Zone, ...] = field(default=(), repr=False, compare=False)
    """Zones served before that name what later ones do not: copies of it may still be held."""
    step: bool = field(default=False, repr=False, compare=False)
    """Whether this is a part of a watch: then another part may have the name that is asked for."""

    def __post_init__(self) -> None:
        for name, kind in (("zone", Zone), ("resolvers", Resolvers), ("clients", Clients)):
            part = getattr(self, name)
            must(isinstance(part, kind), name, part, f"is not a {kind.__name__}", "Make one.")
        known = self.checkers is None or isinstance(self.checkers, Checkers)
        must(known, "checkers", self.checkers, "is no Checkers", "Make one, or give None.")
        known = self.balancer is None or isinstance(self.balancer, Balancer)
        must(known, "balancer", self.balancer, "is no Balancer", "Make one, or give None.")
        must(isinstance(self.name, str), "name", self.name, "is not a name", "Write www, say.")
        must(self.type in ("A", "AAAA"), "type", self.type, "steers nothing", "Take A or AAAA.")
        apex = str(self.zone.origin)
        inside = self.zone.contains(self.question.name)
        remedy = "Name one of its records, or give the zone another origin."
        must(inside, "name", self.name, f"is not in {apex}", remedy)
        fix(self, "order", choice("order", self.order, Order))
        fix(self, "layers", _listed("layers", self.layers, Layer))
        fix(self, "profiles", own(self.profiles))
        fix(self, "places", _listed("places", self.places, Place))
        self._check_profiles()
        share = math.fsum(place.share for place in self.places)
        must(share > 0, "places", share, "is the sum of all shares", "Give one of them a share.")
        check_resolvers(self)
        fix(self, "atlas", sites(self.atlas))
        fix(self, "backends", _listed("backends", self.backends, Backend))
        behind = [each.address for each in self.backends]
        for address in dict.fromkeys(behind):
            once, remedy = behind.count(address) == 1, "Give each address one back end."
            must(once, "backends", address, "stands there twice", remedy)
        for backend in self.backends:
            again = self.duration / (backend.lasts + backend.recurs) <= MAX_SCHEDULED
            remedy = f"Let it be {MAX_SCHEDULED:,} times at most."
            must(again, "backends", backend.address, "fails too often in this watch", remedy)
        fix(self, "down", _down(self.down, self))
        fix(self, "unhealthy", _unhealthy(self.unhealthy, (self.zone, *self.former)))
        must(
            isinstance(self.reachable, bool),
            "reachable",
            self.reachable,
            "is no switch",
            "Take True or False.",
        )
        number("duration", self.duration, MOMENT, WEEK)
        number("bin", self.bin, self.duration / MAX_BINS, self.duration)
        number("window", self.window, MOMENT, WEEK)
        whole("seed", self.seed, 0, MAX_SEED)
        fix(self, "schedule", _listed("schedule", self.schedule, ScheduledChange))
        self._check_schedule()
        if not self.step and not any(
            names.has(step.zone, self.question.name) for _, step in self.steps
        ):
            zones = (step.zone for _, step in self.steps)
            raise names.no_such_name(self.name, self.question.type, zones)

    def __getstate__(self) -> dict[str, Any]:
        """What crosses to another process: not what can be found out there as well."""
        return {item.name: getattr(self, item.name) for item in fields(self)}

    def _check_profiles(self) -> None:
        known = self.known_profiles
        known.check("resolvers.profile", self.resolvers.profile, known.recursive)
        known.check("clients.profile", self.clients.profile, known.chain)
        for place in self.places:
            where = f"places {place.label!r}"
            known.check(f"{where} resolver_profile", place.resolver_profile, known.recursive)
            known.check(f"{where} client_profile", place.client_profile, known.chain)
        few, count = len(self.layers) <= MAX_LAYERS, len(self.layers)
        must(few, "layers", count, f"are more than {MAX_LAYERS} in a row", "Leave some out.")
        for layer in self.layers:
            known.check(f"layers {layer.name!r} profile", ((layer.profile, 1.0),), known.layer)

    def _check_schedule(self) -> None:
        must(
            len(self.schedule) <= MAX_SCHEDULED,
            "schedule",
            len(self.schedule),
            "are too many",
            f"Make at most {MAX_SCHEDULED}.",
        )
        for change in self.schedule:
            where = f"schedule {change.path}"
            timely = isinstance(change.at, int | float) and 0 < change.at < self.duration
            rule = f"is not a time within the watch, above 0 and below {self.duration:g} s"
            must(timely, f"{where} at", change.at, rule, "Let it happen while it is watched.")
            known = change.path in CHANGING or change.path.partition(".")[0] in CHANGING
            remedy = f"Change one of {', '.join(CHANGING)}."
            must(known, "schedule", change.path, "cannot change during a watch", remedy)
        fix(self, "schedule", tuple(sorted(self.schedule, key=attrgetter("at"))))
        last = self.steps[-1][1]  # every value is tried on the way there
        balancers = [step.balancer for _, step in self.steps if step.balancer]
        possible = last.addresses if self.backends or balancers else frozenset()
        if not self.step:
            for address in sorted(frozenset[str]().union(*(each.named for each in balancers))):
                remedy = f"Choose of {', '.join(sorted(possible))}."
                must(address in possible, "balancer", address, "is no address of the zone", remedy)
        for backend in self.backends:
            remedy = f"Choose of {', '.join(sorted(possible))}."
            inside = backend.address in possible
            must(inside, "backends", backend.address, "is no address of the zone", remedy)

    @cached_property
    def steps(self) -> tuple[tuple[float, "Scenario"], ...]:
        """What holds from when on: this scenario from 0, then one for each time of its changes."""
        return tuple(self._steps())

    def _steps(self) -> Iterator[tuple[float, "Scenario"]]:
        if not self.schedule:
            yield 0.0, self
            return
        now = replace(self, schedule=(), step=True, backends=self._backends_known_to(self))
        yield 0.0, now
        for at, together in groupby(self.schedule, attrgetter("at")):
            for change in together:
                now = self._after(change, now)
            yield at, now

    def _after(self, change: ScheduledChange, now: Self) -> Self:
        try:
            changed = now.changed(change.path, change.value)
            lost = _names(now.zone) - _names(changed.get("zone", now.zone))
            then = replace(now, **changed, former=(*now.former, now.zone) if lost else now.former)
        except LabError as wrong:
            where = f"schedule: at {change.at:g} s, {change.path}"
            raise ScenarioError(f"{where}: {wrong.value}", wrong.rule, wrong.remedy) from wrong
        backends = self._backends_known_to(then)
        return then if backends == then.backends else replace(then, backends=backends)

    def _backends_known_to(self, then: Self) -> tuple[Backend, ...]:
        return tuple(each for each in self.backends if each.address in then.addresses)

    @cached_property
    def known_profiles(self) -> Profiles:
        """What the names of profiles stand for here."""
        return Profiles.of(self.profiles)

    @property
    def recursives(self) -> tuple[RecursiveProfile, ...]:
        """The profiles of its resolvers, each once, in the order of their mixes."""
        names = [name for place in self.peopled for name, _ in profiles_of(self, place)]
        return tuple(self.known_profiles.recursive(name) for name in dict.fromkeys(names))

    @cached_property
    def chains(self) -> dict[str, tuple[ClientProfile, ...]]:
        """What its clients remember, by the texts of their mixes; the nearest cache first."""
        texts = [text for place in self.peopled for text, _ in mix_of(self, place)]
        return {text: self.known_profiles.chain(text) for text in texts}

    @property
    def peopled(self) -> tuple[Place, ...]:
        """The places where anybody is."""
        return tuple(place for place in self.places if place.share)

    @cached_property
    def addresses(self) -> frozenset[str]:
        """Every address of the zone, and of those before it."""
        zones = (self.zone, *self.former)
        return frozenset[str]().union(*(zone.addresses for zone in zones))

    def failure(self, address: str) -> Failure:
        """How the server of an address fails, when it does."""
        known = (each.fails for each in self.backends if each.address == address)
        return next(known, Failure.REFUSED)

    @property
    def connecting(self) -> frozenset[str]:
        """The addresses that connect clients even while they fail."""
        return frozenset(each.address for each in self.backends if each.fails.connects)

    @property
    def delays(self) -> dict[str, float]:
        """Seconds that each answer of the slow takes, while they fail."""
        return {each.address: each.delay for each in self.backends if each.fails.serves}

    @property
    def hanging(self) -> frozenset[str]:
        """The addresses from which nothing comes back while they fail."""
        return frozenset(each.address for each in self.backends if each.fails.hangs)

    @cached_property
    def state(self) -> State:
        """What policies know besides the zone, as things stand at first."""
        endpoints = stand_ins(self.zone.alias_sets)
        return State(frozenset(self.unhealthy), endpoints, atlas_of(self.atlas))

    @cached_property
    def question(self) -> Question:
        """What every client wants to know."""
        return _question(names.asked(self.zone, self.name), self.type)

    @property
    def bins(self) -> int:
        """The number of whole bins; the watch ends with the last."""
        return math.floor(self.duration / self.bin + 1e-9)

    def paths(self) -> tuple[str, ...]:
        """Every path that `set` takes."""
        return levers.paths(self)

    def get(self, path: str) -> Any:
        """The value at one of `paths`: `scenario.get("resolvers.count")`."""
        return levers.lever(self, path).value

    def set(self, path: str, value: Any) -> Self:
        """Another scenario with one value changed: `scenario.set("zone.www.ttl", 60)`.

        `zone.<name>.ttl` is the TTL of all records of a name relative to the zone, `@` for its
        apex, whose SOA and NS keep theirs. `zone.<name>.<identifier>.weight` is the weight of one
        weighted record set, in A and AAAA alike. `zone` is a zone, or a change batch for it.
        `profiles.<name>.<field>` is a field of a profile of the scenario's own.

        One of several is meant by what it is called: `layers.<name>.count`,
        `backends.<address>.capacity`, and `places.<name>.share`; a place without a name is called
        by its network, `places.198.18.1.0/24.share`.

        Raises:
            LabError: there is no such path, or the value breaks a rule. Nothing is changed.
        """
        return (
            self._of_dice(value) if path == "seed" else replace(self, **self.changed(path, value))
        )

    def _of_dice(self, seed: int) -> Self:
        """The same with other dice: nothing else of it depends on them, or need be looked at."""
        whole("seed", seed, 0, MAX_SEED)
        found = copy(self)
        fix(found, "seed", seed)
        vars(found).pop("steps", None)
        if self.schedule:
            fix(found, "steps", tuple((at, step.set("seed", seed)) for at, step in self.steps))
        return found

    def changed(self, path: str, value: Any) -> dict[str, Any]:
        """The field that `set` changes, and its new value."""
        found = levers.lever(self, path)
        return {found.field: found.moved(value)}


@lru_cache(64)
def _question(name: Name, kind: str) -> Question:
    """One object for all that is equal: caches find their keys sooner so."""
    return Question(name, as_type(kind))


def _down(given: Any, scenario: Scenario) -> tuple[str, ...]:
    """Dead addresses, as one of the zones writes them."""
    listed = isinstance(given, Collection) and not isinstance(given, str)
    must(listed, "down", given, "is not a list of addresses", 'Write ["192.0.2.1"].')
    for address in given:
        known = isinstance(address, str) and address in scenario.addresses
        remedy = f"Choose of {', '.join(sorted(scenario.addresses))}."
        must(known, "down", address, "is no address of this zone", remedy)
    return tuple(dict.fromkeys(given))


def _names(zone: Zone) -> frozenset[str]:
    """What of a zone may die or fail: addresses, and ids of checks."""
    return zone.check_ids | zone.addresses


def _unhealthy(given: Any, zones: tuple[Zone, ...]) -> tuple[str, ...]:
    """Ids of checks that one of the zones names."""
    listed = isinstance(given, Collection) and not isinstance(given, str)
    must(listed, "unhealthy", given, "is not a list of ids", 'Write ["hc-1"].')
    known = frozenset[str]().union(*(zone.check_ids for zone in zones))
    for check in given:
        remedy = f"Choose of {', '.join(sorted(known)) or 'none: no record set has a check'}."
        inside = isinstance(check, str) and check in known
        must(inside, "unhealthy", check, "is no health check of this zone", remedy)
    return tuple(dict.fromkeys(given))


def _listed(where: str, given: Any, kind: type[Any]) -> tuple[Any, ...]:
    listed = isinstance(given, list | tuple) and all(isinstance(each, kind) for each in given)
    must(listed, where, given, f"is not a list of {kind.__name__}", "Make them.")
    return tuple(given)
