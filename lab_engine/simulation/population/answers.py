"""What one answer of the authority brings to the cache that asked: read from the plan, no dice.

An answer is a reply and an order of its values. A cache that keeps it sends its clients to one
server (frozen: the first that is alive), or to several in fixed shares (rotating: each answer
starts at a random element). `Fills` lists every case with its probability; population draws from
it. What there is of orders is in `copies`, when the list can be made in `domain`.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from lab_engine.authority.order import Order
from lab_engine.authority.plan import Share, replies
from lab_engine.caches.recursives import Limits, RecursiveProfile
from lab_engine.errors import ScenarioError
from lab_engine.simulation.asking import planned
from lab_engine.simulation.population.copies import (
    Addresses,
    Column,
    Copy,
    copies,
    in_turns,
)
from lab_engine.simulation.scenario import Scenario


class Case(NamedTuple):
    """One kind of answer.

    Attributes:
        probability: of this case at a fill.
        first: the address in front, dead or alive; "" where there is none.
        shares: of the requests that each server gets from this copy, and last the share that fails;
            they sum to 1.
    """

    probability: float
    first: str
    shares: tuple[float, ...]


@dataclass(frozen=True)
class Fills:
    """All that a fill can bring.

    Attributes:
        servers: every address of any reply, in the order of the zone.
        ttl: seconds a resolver keeps any of the replies.
        cases: with probabilities that sum to 1.
        in_turn: whether fills take the cases in turn, as `cyclic` does, and not at random.
    """

    servers: Addresses
    ttl: int
    cases: tuple[Case, ...]
    in_turn: bool


def kept_replies(scenario: Scenario) -> tuple[Share, ...]:
    """Every reply to the scenario's question, as a resolver keeps it.

    Raises:
        ScenarioError: none of them has an address, so there is nothing to steer.
    """
    drawn = replies(planned(scenario))
    check_addresses(scenario, servers(drawn))
    return tuple(Share(chance, Limits().applied(reply)) for chance, reply in drawn)


def check_addresses(scenario: Scenario, found: Addresses) -> None:
    """Refuse a scenario in which nobody is ever led anywhere."""
    if not found:
        raise ScenarioError(
            str(scenario.question), "has no address in this zone", "Ask for a name that has one."
        )


def servers(found: Iterable[Share]) -> Addresses:
    """Every address that any of the replies holds, each once."""
    return tuple(dict.fromkeys(address for _, reply in found for address in reply.addresses))


def brought(
    found: tuple[Share, ...],
    scenario: Scenario,
    profile: RecursiveProfile,
    columns: tuple[Column, ...],
) -> list[Copy]:
    """The copies of these replies; in the order of turns where they come in turn."""
    if takes_turns(found, scenario):
        reply = profile.limits.applied(found[0].reply)
        return in_turns(reply.addresses, reply.ttl or 0, profile, columns)
    return copies(found, scenario.order, profile, columns)


def takes_turns(found: tuple[Share, ...], scenario: Scenario) -> bool:
    """Whether the answers of the authority follow each other, by the counter of its one set."""
    only = found[0].reply
    several = len(only.addresses) > 1 and only.sample is None
    return scenario.order is Order.CYCLIC and len(found) == 1 and several


def fills(scenario: Scenario) -> Fills:
    """What the authority's answers bring to resolvers of the scenario's first profile."""
    found = kept_replies(scenario)
    everyone = servers(found)
    profile = scenario.known_profiles.recursive(scenario.resolvers.profile[0][0])
    kept = brought(found, scenario, profile, (Column.of(scenario),))
    cases = tuple(Case(copy.probability, copy.first, shares(copy, 0, everyone)) for copy in kept)
    return Fills(everyone, kept[0].ttl, cases, takes_turns(found, scenario))


def shares(copy: Copy, column: int, everyone: Addresses) -> tuple[float, ...]:
    """Where the clients of a copy go in one column of its leads; last, how many find nobody."""
    parts = dict.fromkeys((*everyone, ""), 0.0)
    for chance, lead in copy.leads:
        parts[lead[column]] += chance
    return tuple(parts.values())
