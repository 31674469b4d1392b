"""The panel of places: what the authority sees of users, and where that leads them."""

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Final

from lab_engine.authority.geo import Network
from lab_engine.authority.policies import Geolocation
from lab_engine.authority.zone import Zone
from lab_engine.errors import LabError
from lab_engine.simulation import Outcome, Scenario, run
from lab_engine.simulation.cities import cities
from lab_engine.simulation.parts import Mix
from lab_engine.simulation.sites import Site, sites_from_maxmind
from lab_engine.simulation.travel import member_of
from lab_engine.views.controls import Choice, Control, Slider, Text
from lab_engine.views.kit.map import Map
from lab_engine.views.kit.maps import mapped
from lab_engine.views.panel import Panel
from lab_engine.views.panels import TTLS, shorter

SUBNETS: Final = {
    "ecs-20": {"like": "ecs", "ecs": [20, 48]},
    "ecs-16": {"like": "ecs", "ecs": [16, 32]},
    "ecs-32": {"like": "ecs", "ecs": [32, 128]},
}
"""Profiles that the panel lends its scenario: resolvers that send more or less of an address."""

SEES: Final[Mapping[str, Mix]] = {
    "the resolver's address": (("ideal", 1.0),),
    "client subnet /24 (ECS)": (("ecs", 1.0),),
    "client subnet /20": (("ecs-20", 1.0),),
    "client subnet /16": (("ecs-16", 1.0),),
    "the client's whole address": (("ecs-32", 1.0),),
}
EVERYBODY: Final = Geolocation(CountryCode="*")
REST: Final = "default"
RESOLVERS: Final = {
    "each city's own": "own",
    "one for a continent, nearby": "anycast",
    "one in New York for all": "firm",
}


def world_map(
    scenario: Scenario,
    *controls: str,
    title: str = "Who is led where?",
    chosen: str = "",
) -> Panel[Scenario, Outcome]:
    """Where the users of a scenario are led, under the controls named: some of `sees`, `resolver`,
    `default`, `ttl` and `database`.

    Args:
        scenario: where the panel starts: with places, servers in Regions, and the name `www`.
        controls: in any order; without any there is only Play.
        title: the question the picture answers.
        chosen: the place looked at first.

    Raises:
        LabError: no such control, or the scenario's name has no geolocation records.
    """  # noqa: D205  (the names are what is looked for)
    truth = scenario.state.atlas

    def picture(now: Scenario, outcome: Outcome) -> Map:
        before = "resolver only"
        return mapped(now, outcome, before=before, title=title, chosen=chosen, truth=truth)

    known = _controls(scenario)
    for name in controls:
        if name not in known:
            raise LabError(name, "is no control", f"Choose of {', '.join(known)}.")
    lent = scenario.set("profiles", {**SUBNETS, **{each.name: each for each in scenario.profiles}})
    # In the order of `known`: another default is another zone, which then gets the TTL.
    chosen_controls = [control for name, control in known.items() if name in controls]
    return Panel(lent, chosen_controls, run, picture=picture, coarse=shorter, label=title)


def _controls(scenario: Scenario) -> dict[str, Control]:
    places, defaults = scenario.places, _defaults(scenario)
    kinds = {label: cities(kind, places) for label, kind in RESOLVERS.items()}
    networks = [member_of(place, 0).network for place in places]
    networks += [place.peer.network for each in kinds.values() for place in each]
    read = partial(_read, networks=networks)
    return {
        "sees": Choice("resolvers.profile", "The authority sees", SEES),
        "resolver": Choice("places", "Resolvers", kinds),
        "default": Choice("zone", "Default record", defaults),
        "ttl": Slider(f"zone.{scenario.name}.ttl", "TTL", 0, 3600, choices=TTLS, unit="s"),
        "database": Text("atlas", "Geo database", read, scenario.atlas, "a MaxMind file"),
    }


def _read(path: str, networks: list[Network]) -> tuple[Site, ...]:
    return sites_from_maxmind(path, networks)


def _defaults(scenario: Scenario) -> dict[str, Zone]:
    """The zone with each choice of the record for the rest of the world; as it is for its own."""
    zone, question = scenario.zone, scenario.question
    group = [each for each in zone.record_sets if each.key[:2] == (question.name, question.type)]
    now = [each for each in group if getattr(each.policy, "CountryCode", "") == "*"]
    others = [each for each in group if isinstance(each.policy, Geolocation) and each not in now]
    if not others:
        remedy = "Give record sets the policy Geolocation."
        raise LabError(scenario.name, "has no geolocation records", remedy)
    options = {"none": zone.changed(now, []) if now else zone}
    for each in others:
        rest = replace(each, policy=EVERYBODY, set_identifier=REST)
        same = bool(now) and now[0].texts == each.texts
        options[f"as for {each.set_identifier}"] = zone if same else zone.changed(now, [rest])
    return options
