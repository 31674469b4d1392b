"""The map of a run: who was led where, how far that is, and what the authority knew of each."""

import math
from functools import cache, partial
from typing import Final

from lab_engine.authority.geo import REGIONS, Atlas, Point
from lab_engine.authority.plan import Plan, replies
from lab_engine.errors import LabError
from lab_engine.review.explain import explain
from lab_engine.simulation import Outcome, Scenario
from lab_engine.simulation.asking import planned, seen
from lab_engine.simulation.parts import Place
from lab_engine.simulation.strata import due_from
from lab_engine.simulation.travel import apart, member_of

from .firsthour import first_hour
from .flow import Journey
from .map import Map, Stop, User

HINT: Final = (
    "dashed: to the resolver ◇ that asks; solid: where the answer leads; letters are servers"
)
CITIES: Final = {
    "eu-west-1": "Dublin", "us-east-1": "Virginia", "ap-southeast-1": "Singapore",
    "eu-central-1": "Frankfurt", "eu-west-2": "London", "eu-west-3": "Paris",
    "us-west-1": "California", "us-west-2": "Oregon", "sa-east-1": "São Paulo",
    "ap-northeast-1": "Tokyo", "ap-south-1": "Mumbai", "ap-southeast-2": "Sydney",
    "af-south-1": "Cape Town",
}  # fmt: skip
"""What people call a Region's place; others are called by their Region."""


def mapped(  # noqa: PLR0913  (each is one thing an author may want to say)
    scenario: Scenario,
    outcome: Outcome,
    *,
    before: str = "",
    title: str = "Who is led where?",
    chosen: str = "",
    truth: Atlas | None = None,
    play: bool = True,
) -> Map:
    """The picture of a run.

    Args:
        scenario: what was run: with places whose whereabouts are known, and servers in Regions.
        outcome: of it.
        before: what to call a second row of round trips, for an authority that is told nothing of
            users, and answers each resolver as its own address deserves; empty for none.
        title: the question it answers.
        chosen: the place looked at first.
        play: whether the first hour of its caches can be played.
        truth: where places really are, if the authority of the scenario believes something else.

    Raises:
        LabError: no place of the scenario, or none of its servers, is known to be anywhere.
    """
    atlas = truth or scenario.state.atlas
    located = [(place, _point(place, atlas)) for place in scenario.places if place.share]
    shown = [(place, point) for place, point in located if point]
    servers = tuple(
        Stop(each.address, REGIONS[each.region], CITIES.get(each.region, each.region))
        for each in scenario.backends
        if each.region in REGIONS
    )
    if not shown or not servers:
        rule = "has no place, or no server, that is known to be anywhere"
        raise LabError(scenario.name, rule, "Give it places of its atlas, and servers in Regions.")
    total = math.fsum(due_from(scenario, place) for place, _ in shown)
    # Places that the authority takes for the same client have one plan.
    plan_for = cache(partial(planned, scenario))
    why = cache(lambda client: explain(plan_for(client)))
    users = tuple(
        User(
            place.label,
            point,
            due_from(scenario, place) / total,
            _resolver(place),
            _journeys(scenario, outcome, place, atlas),
            _untold(scenario, place, atlas, plan_for(place.peer)) if before else (),
            _told(scenario, place),
            why(seen(scenario, place)),
        )
        for place, point in shown
    )
    asking = {_resolver(place): atlas.place(place.peer.network).point or point
              for place, point in reversed(shown)}  # fmt: skip
    resolvers = tuple(Stop(name, point) for name, point in reversed(asking.items()))
    names = [each.name for each in resolvers]
    through = [names.index(user.resolver) for user in users]
    hour = first_hour(scenario, [place for place, _ in shown], through, names) if play else None
    return Map(title, HINT, users, resolvers, servers, ("now", before), chosen, hour)


def _point(place: Place, atlas: Atlas) -> Point | None:
    return atlas.place(member_of(place, 0).network).point


def _resolver(place: Place) -> str:
    return place.resolver or f"{place.label}'s own resolver"


def _journeys(
    scenario: Scenario, outcome: Outcome, place: Place, atlas: Atlas
) -> tuple[Journey, ...]:
    """Where the requests of a place went.

    Those without an answer are not counted by place: they are what is missing of the requests that
    are due, where any failed at all and it is more than luck would make (4 sigma).
    """
    regions = {each.address: each.region for each in scenario.backends}
    went = {each.server: each.requests for each in outcome.trips if each.place == place.label}
    due = due_from(scenario, place) * outcome.bin * len(outcome.queries)
    served = sum(went.values())
    missing = due - served if any(outcome.failed) else 0.0
    lost = missing if missing > 4 * math.sqrt(due) else 0.0
    total = served + lost
    ways = [
        _journey(server, count / total, apart(place, regions.get(server, ""), atlas))
        for server, count in went.items()
    ]
    return (*ways, Journey("", lost / total)) if lost else tuple(ways)


def _journey(server: str, share: float, far: tuple[float, float]) -> Journey:
    km, rtt_ms = far
    return Journey(server, share, rtt_ms, km)


def _untold(scenario: Scenario, place: Place, atlas: Atlas, plan: Plan) -> tuple[Journey, ...]:
    """Where requests would go by the plan for the resolver's own address: no run, no cache."""
    regions = {each.address: each.region for each in scenario.backends}
    chances: dict[str, float] = {}
    for chance, reply in replies(plan):
        for server in reply.addresses or ("",):
            each = chance / max(1, len(reply.addresses))
            chances[server] = chances.get(server, 0.0) + each
    return tuple(
        _journey(server, chance, apart(place, regions.get(server, ""), atlas))
        for server, chance in chances.items()
    )


def _told(scenario: Scenario, place: Place) -> str:
    who = seen(scenario, place)
    where = scenario.state.atlas.place(who.network)
    what = "client subnet" if who.source == "ecs" else "the resolver's address"
    return f"{what} {str(who.network).removesuffix('/32')}, which is {where}"
