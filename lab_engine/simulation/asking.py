"""What the authority of a scenario answers to whom: for both engines, before either begins."""

from collections.abc import Iterable, Iterator

from lab_engine.authority.plan import Plan, replies
from lab_engine.authority.records import Client, Reply
from lab_engine.authority.server import plan
from lab_engine.caches.scoped import Scopes
from lab_engine.errors import ScenarioError
from lab_engine.simulation.scenario import Scenario
from lab_engine.simulation.strata import askers
from lab_engine.simulation.travel import member_of

MESSAGE_IDS = 2**16
SAMPLED = 64  # clients of each place whose answers are looked at to find all servers
ASKER = Client.at("198.18.1.53")
"""Whom an authority sees in a scenario that names no place."""


def planned(scenario: Scenario, client: Client = ASKER) -> Plan:
    """The plan of the scenario's question for one who asks, as things stand at first."""
    return plan(scenario.zone, scenario.question, client, scenario.state)


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
