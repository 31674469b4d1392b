"""What the authority of a scenario answers to whom: for both engines, before either begins."""

from collections.abc import Iterable, Iterator
from functools import lru_cache

from lab_engine.authority.endpoints import stand_ins
from lab_engine.authority.geo import Atlas
from lab_engine.authority.plan import Plan, replies
from lab_engine.authority.records import Client, Question, Reply
from lab_engine.authority.server import plan
from lab_engine.authority.state import State
from lab_engine.authority.zone import Zone
from lab_engine.caches.scoped import Scopes
from lab_engine.errors import ScenarioError
from lab_engine.simulation.parts import Place
from lab_engine.simulation.scenario import Scenario
from lab_engine.simulation.strata import askers, profiles_of
from lab_engine.simulation.travel import member_of

KEPT = 512  # plans
MESSAGE_IDS = 2**16
SAMPLED = 64  # clients of each place whose answers are looked at to find all servers
ASKER = Client.at("198.18.1.53")
"""Whom an authority sees in a scenario that names no place."""


def planned(scenario: Scenario, client: Client = ASKER) -> Plan:
    """The plan of the scenario's question for one who asks, as things stand at first."""
    state = scenario.state
    return _planned(scenario.zone, scenario.question, client, state.unhealthy, state.atlas)


@lru_cache(maxsize=KEPT)
def _planned(
    zone: Zone, question: Question, client: Client, unhealthy: frozenset[str], atlas: Atlas
) -> Plan:
    """A run asks for the same plans again and again, as what holds comes and goes."""
    state = State(unhealthy, stand_ins(zone.alias_sets), atlas)
    return plan(zone, question, client, state)


def subnets(scenario: Scenario, place: Place) -> tuple[int, int] | None:
    """How many bits of its clients' addresses the resolver of a place sends; None for none."""
    name, _ = max(profiles_of(scenario, place), key=lambda each: each[1])
    return scenario.known_profiles.recursive(name).ecs


def seen(scenario: Scenario, place: Place) -> Client:
    """Whom the authority takes for the one who asks, when a place's first client does."""
    lengths = subnets(scenario, place)
    if lengths is None:
        return place.peer
    client = member_of(place, 0).network
    longest = lengths[0] if client.version == 4 else lengths[1]
    bits = min(client.prefixlen, longest)
    return Client(client.supernet(new_prefix=bits), "ecs")


def answers(scenario: Scenario) -> Iterator[Reply]:
    """Every reply that the resolvers or clients of a scenario may get."""
    for place, profile, peer in askers(scenario):
        lengths = scenario.known_profiles.recursive(profile).ecs
        members = [member_of(place, index).network for index in range(SAMPLED if lengths else 0)]
        told = dict.fromkeys(map(Scopes(lengths).sent, members) if lengths else ())
        for client in (peer, *(Client(network, "ecs").by(peer) for network in told)):
            yield from (share.reply for share in replies(planned(scenario, client)))


def held(scenarios: Iterable[Scenario]) -> tuple[str, ...]:
    """Every address that an answer holds in any of these epochs, in the order of the zones."""
    found = (
        each for scenario in scenarios for reply in answers(scenario) for each in reply.addresses
    )
    return tuple(dict.fromkeys(found))


def reached(scenarios: Iterable[Scenario]) -> tuple[str, ...]:
    """The same, where there must be one.

    Raises:
        ScenarioError: there is none, so there is nothing to steer.
    """
    seen = [*scenarios]
    found = held(seen)
    if not found:
        question, remedy = str(seen[0].question), "Ask for a name that has one."
        raise ScenarioError(question, "has no address in this zone", remedy)
    return found
