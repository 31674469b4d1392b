"""Who asks the authority in the same words: resolvers with one profile, in one place.

A resolver that sends client subnets is a cache for each block of clients that the authority tells
apart; these are pools of their own, as far as their answers differ. No dice are
here.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import NamedTuple

import numpy as np

from lab_engine.authority.plan import Plan, Share, alike, replies
from lab_engine.authority.records import Client
from lab_engine.caches.recursives import RecursiveProfile
from lab_engine.errors import ScenarioError
from lab_engine.simulation.asking import planned
from lab_engine.simulation.epochs import Epoch
from lab_engine.simulation.parts import Place
from lab_engine.simulation.population.tally import Floats, Ints
from lab_engine.simulation.travel import SPREAD, parts_of

MOST_BLOCKS = 4096


@dataclass(frozen=True)
class Block:
    """Clients for whom one answer holds.

    Attributes:
        first, last: of their addresses, counted from the first one of their place.
        scope: the bits of the block's prefix; 0 for everybody.
        plans: for them, one for each epoch.
    """

    first: int
    last: int
    scope: int
    plans: tuple[Plan, ...]


@dataclass(frozen=True)
class Pool:
    """Caches of one profile that are told the same.

    Attributes:
        place: its index among the scenario's.
        profile: theirs.
        told: the replies in each epoch, with probabilities.
    """

    place: int
    profile: RecursiveProfile
    told: tuple[tuple[Share, ...], ...]


class Audience(NamedTuple):
    """Whoever is told the same things at the same time, as far as outcomes tell them apart.

    Attributes:
        place: its index among the scenario's.
        altered: for each change of the scenario, whether it altered what they are told.
    """

    place: int
    altered: tuple[bool, ...]


class Crowds(NamedTuple):
    """Clients that keep nothing, by the resolver whose caches they share.

    Attributes:
        heads: how many clients each crowd has.
        spread: how many caches each has, of which a question meets a random one.
    """

    heads: Ints
    spread: Ints

    @property
    def crowd(self) -> Ints:
        """The crowd of each cache; those of one crowd stand beside each other."""
        return np.repeat(np.arange(len(self.heads)), self.spread)

    def rates(self, rate: float) -> Floats:
        """Requests a second at each cache, where each client makes `rate`."""
        return np.repeat(self.heads * rate / self.spread, self.spread)

    def some(self, chosen: slice) -> "Crowds":
        """Some of them."""
        return Crowds(self.heads[chosen], self.spread[chosen])


def audience(pool: Pool, changes: tuple[int, ...]) -> Audience:
    """That of a pool.

    Args:
        pool: some caches.
        changes: the epochs that begin with a change of the scenario.
    """
    altered = (not alike(pool.told[at - 1], pool.told[at]) for at in changes)
    return Audience(pool.place, tuple(altered))


def blocks(place: Place, profile: RecursiveProfile, epochs: tuple[Epoch, ...]) -> list[Block]:
    """The clients of a place, divided as its resolvers do; one block where they do not.

    Raises:
        ScenarioError: more than 4096 blocks.
    """
    network = ip_network(place.network)
    if profile.ecs is None:
        plans = tuple(planned(epoch.scenario, place.peer) for epoch in epochs)
        return [Block(0, network.num_addresses - 1, 0, plans)]
    return list(_by_subnet(place, profile.ecs[network.version == 6], epochs))


def _by_subnet(place: Place, longest: int, epochs: tuple[Epoch, ...]) -> Iterator[Block]:
    network, start, found = ip_network(place.network), 0, 0
    while start < network.num_addresses:
        sent = ip_network((int(network[start]), network.max_prefixlen))
        sent = sent.supernet(new_prefix=longest)
        client = Client(sent, "ecs").by(place.peer)
        plans = tuple(planned(epoch.scenario, client) for epoch in epochs)
        scope = min(longest, max(plan.scope for plan in plans))
        kept = sent.supernet(new_prefix=scope)
        last = int(kept.broadcast_address) - int(network.network_address)
        yield Block(start, min(last, network.num_addresses - 1), scope, plans)
        start, found = last + 1, found + 1
        if found > MOST_BLOCKS:
            raise ScenarioError(
                str(network),
                f"is told apart into more than {MOST_BLOCKS} client subnets",
                "Take a smaller network, or resolvers that send no client subnets.",
            )


def network_of(place: Place, block: Block) -> IPv4Network | IPv6Network | None:
    """The clients for whom an answer to a block is; None for everybody."""
    if not block.scope:
        return None
    network = ip_network(place.network)
    first = ip_network((int(network[block.first]), network.max_prefixlen))
    return first.supernet(new_prefix=block.scope)


def told(block: Block) -> tuple[tuple[Share, ...], ...]:
    """The replies to these clients, by epoch."""
    return tuple(replies(plan) for plan in block.plans)


def block_of(members: Ints, place: Place, divided: list[Block]) -> Ints:
    """The block of each member of a place: `travel.member_of`, for many."""
    if len(divided) == 1:
        return np.zeros(len(members), np.int64)
    at = members * SPREAD % 1
    if parts := parts_of(place):
        first, width, begin, end = np.array(parts).T
        part = np.searchsorted(end, at, "right")
        at = first[part] + (at - begin[part]) / (end[part] - begin[part]) * width[part]
    offsets = at * ip_network(place.network).num_addresses
    return np.searchsorted([block.last + 1 for block in divided], offsets, "right")
