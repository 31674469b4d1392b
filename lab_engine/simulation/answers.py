"""What one answer of the authority brings to the cache that asked: read from the plan, no dice.

An answer is a reply and an order of its values. A cache that keeps it sends its clients to one
server (frozen: the first that is alive), or to several in fixed shares (rotating: each answer
starts at a random element). `Fills` lists every case with its probability; population draws from
it. Whether that list can be made is also what `reasons` answers.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import permutations
from typing import NamedTuple

from lab_engine.authority.order import Order
from lab_engine.authority.plan import Share, outcomes
from lab_engine.authority.records import Client
from lab_engine.authority.server import plan
from lab_engine.caches.clients import first_alive
from lab_engine.caches.resolver import CachedOrder, Limits
from lab_engine.errors import ScenarioError
from lab_engine.simulation.scenario import Scenario

ASKER = Client.at("198.51.100.53")  # no policy so far looks at who asks
MESSAGE_IDS = 2**16
MAX_SHUFFLED = 6  # 720 permutations
Addresses = tuple[str, ...]


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


def replies(scenario: Scenario) -> tuple[Share, ...]:
    """Every reply to the scenario's question, as a resolver keeps it.

    Raises:
        ScenarioError: none of them has an address, so there is nothing to steer.
    """
    drawn = outcomes(plan(scenario.zone, scenario.question, ASKER))
    if not any(reply.addresses for _, reply in drawn):
        raise ScenarioError(
            str(scenario.question), "has no address in this zone", "Ask for a name that has one."
        )
    return tuple(Share(chance, Limits().applied(reply)) for chance, reply in drawn)


def servers(found: tuple[Share, ...]) -> Addresses:
    """Every address that any of the replies holds, each once."""
    return tuple(dict.fromkeys(address for _, reply in found for address in reply.addresses))


def reasons(scenario: Scenario) -> tuple[str, ...]:
    """Why `fills` cannot describe the scenario, in words; empty where it can."""
    found = replies(scenario)
    everyone = servers(found)
    several = any(len(reply.addresses) > 1 for _, reply in found)
    some_dead = any(server in scenario.down for server in everyone)
    shuffled = scenario.order is Order.SHUFFLE and scenario.resolvers.order is CachedOrder.ROTATE
    rules = (
        (len({reply.ttl for _, reply in found}) > 1, "its replies have different TTLs"),
        (
            len(found) > 1 and several and scenario.order is Order.CYCLIC,
            "a cyclic authority takes turns within several replies",
        ),
        (
            shuffled and some_dead and len(everyone) > MAX_SHUFFLED,
            f"resolvers rotate shuffled sets of more than {MAX_SHUFFLED} addresses, some dead",
        ),
    )
    return tuple(reason for broken, reason in rules if broken)


def fills(scenario: Scenario) -> Fills:
    """What the authority's answers bring to the resolvers of this scenario."""
    found = replies(scenario)
    everyone = servers(found)
    cases = [
        Case(drawn * ordered, order[0] if order else "", _shares(scenario, order, everyone))
        for drawn, reply in found
        for ordered, order in _orders(scenario, reply.addresses)
    ]
    in_turn = scenario.order is Order.CYCLIC and len(found) == 1
    return Fills(
        everyone, found[0].reply.ttl or 0, tuple(cases if in_turn else _merged(cases)), in_turn
    )


def _orders(scenario: Scenario, values: Addresses) -> Iterator[tuple[float, Addresses]]:
    """The orders in which an authority answers `values`, with probabilities."""
    count = len(values)
    if count < 2 or scenario.order is Order.FIXED:
        yield 1.0, values
    elif scenario.order is Order.SHUFFLE:
        yield from _shuffled(scenario, values)
    else:
        for start in range(count):
            ids = len(range(start, MESSAGE_IDS, count))
            chance = ids / MESSAGE_IDS if scenario.order is Order.BY_ID else 1 / count
            yield chance, values[start:] + values[:start]


def _shuffled(scenario: Scenario, values: Addresses) -> Iterator[tuple[float, Addresses]]:
    """Permutations, as far as they differ to a client."""
    alive = [value for value in values if value not in scenario.down]
    if scenario.resolvers.order is CachedOrder.ROTATE and len(alive) < len(values):
        orders: list[Addresses] = list(permutations(values))
        yield from ((1 / len(orders), order) for order in orders)
        return
    for first in values:  # who stands behind a dead one is any of those alive
        nexts = alive if first in scenario.down and alive else [first]
        for following in nexts:
            yield 1 / len(values) / len(nexts), tuple(dict.fromkeys((first, following, *values)))


def _shares(scenario: Scenario, order: Addresses, everyone: Addresses) -> tuple[float, ...]:
    """Where the clients of a copy in this order go; last, how many find nobody."""
    starts = range(len(order)) if scenario.resolvers.order is CachedOrder.ROTATE else range(1)
    reached = [first_alive(order[start:] + order[:start], scenario.down) for start in starts]
    reached = reached or [None]
    return tuple(reached.count(server) / len(reached) for server in (*everyone, None))


def _merged(cases: list[Case]) -> list[Case]:
    """Equal cases added up."""
    chances: dict[tuple[str, tuple[float, ...]], float] = {}
    for chance, first, shares in cases:
        chances[first, shares] = chances.get((first, shares), 0.0) + chance
    return [Case(chance, first, shares) for (first, shares), chance in chances.items()]
