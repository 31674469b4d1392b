"""Who asks, for whom an answer holds: clients that keep to TTLs, a mix, or whoever a file has.

The shares of the mix are assumed: nobody publishes them. Its profiles are known, with their sources
(`caches.profiles`), except that servers close idle connections, which no client's row can say.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

from lab_engine.authority.geo import Network
from lab_engine.authority.records import RRset
from lab_engine.authority.state import lesson_atlas
from lab_engine.authority.zone import Zone
from lab_engine.caches.sources import Profile
from lab_engine.simulation.files import load_population
from lab_engine.simulation.parts import Checkers, Clients, Place, Resolvers
from lab_engine.simulation.profiles import ROWS, as_table, own
from lab_engine.simulation.scenario import Scenario
from lab_engine.simulation.strata import mix_of, profiles_of

NEUTRAL = ("ideal", "none")
BEHIND = 10  # clients of a resolver, at most, where there are fewer of both
CLOSED_AFTER = 60  # seconds: the idle time-out of an Application Load Balancer as it comes


@dataclass(frozen=True)
class Population:
    """Clients and resolvers, without a zone.

    Attributes:
        name: what the figures call it.
        parts: fields of a scenario, as `Scenario` takes them.
        assumed: what of it is a guess, in words; empty for nothing.
        unused: what stands in its file and is no part of a population.
        elastic: whether there may be fewer of them where a watch is long.
    """

    name: str
    parts: Mapping[str, Any]
    assumed: str = ""
    unused: tuple[str, ...] = ()
    elastic: bool = False

    def scenario(self, zone: Zone, name: str, kind: str = "A", **more: Any) -> Scenario:
        """These clients asking for a name. Raises LabError where the zone does not fit them."""
        unhealthy = tuple(each for each in more.pop("unhealthy", ()) if each in zone.check_ids)
        return Scenario(zone, name, kind, **{**self.parts, "unhealthy": unhealthy, **more})

    @property
    def checkers(self) -> Checkers:
        """How health checks look; Route 53's defaults where nothing else is said."""
        said: Checkers | None = self.parts.get("checkers")
        return said or Checkers()

    @cached_property
    def toy(self) -> Scenario:
        """These clients at a name of nobody's: who they are, and how often they ask."""
        return self.scenario(Zone.of("shop.example", [RRset.of("www", "A", "192.0.2.1")]), "www")

    def fewer(self, clients: int) -> "Population":
        """The same with so many clients, or what its places need, and resolvers in proportion.

        But no resolver has more than `BEHIND` of them, lest a cache or two decide: of a thousand
        resolvers with a hundred clients each, one would be left of a hundred clients.
        """
        now, resolvers = self.parts["clients"], self.parts["resolvers"]
        least = len(self.parts.get("places", (None,))) * len(resolvers.profile)
        few = max(least, resolvers.count * clients // now.count, clients // BEHIND)
        parts = {
            "clients": replace(now, count=max(clients, 2 * least)),
            "resolvers": replace(resolvers, count=few),
        }
        return replace(self, parts={**self.parts, **parts})


HONEST = Population(
    "keeps to TTLs",
    MappingProxyType({"clients": Clients(100_000, 0.01), "resolvers": Resolvers(1000, 1.0)}),
    elastic=True,
)
"""Whoever does as told: exact TTLs in resolvers, no cache and no open connection in clients."""

MIX = Population(
    "realistic mix",
    MappingProxyType(
        {
            "clients": Clients(
                2000,
                0.01,
                (
                    ("chrome-60", 0.5),
                    ("macos", 0.2),
                    ("firefox-60", 0.1),
                    ("windows", 0.05),
                    ("jvm", 0.05),
                    ("curl-60", 0.05),
                    ("glibc", 0.05),
                ),
            ),
            "resolvers": Resolvers(
                200,
                1.0,
                (("unbound", 0.32), ("bind", 0.3), ("powerdns", 0.3), ("google-like", 0.08)),
            ),
            "profiles": own(
                {
                    f"{name}-60": {"like": name, "idle": CLOSED_AFTER}
                    for name in ("chrome", "firefox", "curl")
                }
            ),
        }
    ),
    "its shares are assumed, as is that servers close connections that are idle for "
    f"{CLOSED_AFTER} s; 8 % behind public resolvers is Chen et al., SIGCOMM 2015",
    elastic=True,
)
"""Browsers, systems and programs behind the resolvers that one meets, in assumed shares."""


def of_file(path: str | Path, *, anywhere: bool = False) -> Population:
    """The population of a scenario's file. Raises ScenarioError for what is wrong with it.

    Files that it names lie below its folder, or `anywhere`.
    """
    parts, unused = load_population(path, anywhere=anywhere)
    return Population(Path(path).name, MappingProxyType(parts), unused=unused)


def spread(population: Population) -> Population:
    """The same at every place of the lessons' map, as many at each, unless it says where it is."""
    if "places" in population.parts:
        return population
    networks = {str(place): net for place, net in lesson_atlas().samples().items()}
    places = tuple(Place(_block(net), name=label) for label, net in networks.items())
    assumed = "spread evenly over the places of the lessons' map"
    said = f"{population.assumed}; {assumed}" if population.assumed else assumed
    return replace(population, parts={**population.parts, "places": places}, assumed=said)


def _block(network: Network) -> str:
    """Some addresses around one: a place has more than one client."""
    return str(network.supernet(new_prefix=24 if network.version == 4 else 56))


def neutral(scenario: Scenario) -> bool:
    """Whether everybody keeps to TTLs, asks at random, and nothing stands in between."""
    profiles = [each for place in scenario.peopled for each in profiles_of(scenario, place)]
    profiles += [each for place in scenario.peopled for each in mix_of(scenario, place)]
    plain = all(name in NEUTRAL for name, _ in profiles)
    return plain and not scenario.layers and scenario.clients.arrivals == "poisson"


class Told(NamedTuple):
    """A profile that somebody of a population has.

    Attributes:
        who: `resolvers` or `clients`.
        name: as the population calls it.
        part: of them, 0 to 1.
        like: the known profile that it is, or is most like.
        changed: the fields in which it differs from that, with their values.
        does: what it does, in words.
        source: where the known profile's numbers are from.
        sureness: how sure we are of them.
    """

    who: str
    name: str
    part: float
    like: str
    changed: Mapping[str, Any]
    does: str
    source: str
    sureness: str


def told(scenario: Scenario) -> tuple[Told, ...]:
    """Every profile of a scenario's resolvers and clients, an application's and its system's apart.

    Of places with mixes of their own, too: parts are then of the clients of such a place.
    """
    places = scenario.peopled
    mixes = {("resolvers", each) for place in places for each in profiles_of(scenario, place)}
    mixes |= {("clients", each) for place in places for each in mix_of(scenario, place)}
    ordered = sorted(mixes, key=lambda one: (one[0] == "clients", -one[1][1], one[1][0]))
    return tuple(
        _told(scenario, who, link, part)
        for who, (names, part) in ordered
        for link in names.split("/")
    )


def _told(scenario: Scenario, who: str, name: str, part: float) -> Told:
    known = scenario.known_profiles
    both: Mapping[str, Profile] = {**known.recursives, **known.clients}
    table = as_table(both[name])
    row = ROWS[str(table.pop("like"))]
    sure = str(row.sureness) + "".join(
        f"; {how}: {', '.join(fields)}"
        for how, fields in (("remembered", row.remembered), ("unverified", row.unverified))
        if fields
    )
    return Told(who, name, part, row.name, table, both[name].does(), row.source, sure)
