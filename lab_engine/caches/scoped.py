"""Entries for a part of the clients: what a resolver that sends EDNS Client Subnet keeps for whom.

RFC 7871 section 7.3: an answer of scope s is kept for the network cut to s bits, and the longest
one that covers a client serves it. Scope 0, as of negative answers, is for everybody.
"""

from collections.abc import Iterator
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network
from typing import Final, NamedTuple

from lab_engine.authority.records import Question

Network = IPv4Network | IPv6Network

KEPT: Final = 4096
"""Of how many clients it is kept in mind which blocks lie around them."""


class Place(NamedTuple):
    """Where an entry lies in a resolver.

    Attributes:
        question: what it answers.
        fragment: which of the resolver's caches holds it.
        network: whom it is for; None for everybody.
        exact: whether only for a query that names this very network, and nobody inside it.
    """

    question: Question
    fragment: int = 0
    network: Network | None = None
    exact: bool = False


class Scopes:
    """Places by client network.

    Args:
        longest: the bits a resolver sends of an IPv4 and of an IPv6 address, such as 24 and 56.
    """

    def __init__(self, longest: tuple[int, int]) -> None:
        self._longest = dict(zip((4, 6), longest, strict=True))
        self._lengths: dict[int, list[int]] = {4: [], 6: []}  # of the entries so far, long first
        self._exact = False  # whether any entry is for its very network
        # Looked up at every question, while new lengths soon stop coming.
        self._around: dict[Network, tuple[Network, tuple[Network, ...]]] = {}

    def sent(self, network: Network) -> Network:
        """What the resolver tells of a client's network."""
        return _cut(network, self._longest[network.version])

    def place(self, near: Place, client: Network, scope: int) -> Place:
        """Where an answer of this scope belongs that was asked for on behalf of `client`.

        Args:
            near: any place for the same question in the same fragment.
            client: its network, as the resolver knows it.
            scope: the prefix length in the answer.
        """
        network, base = self.sent(client), near._replace(network=None, exact=False)
        if network.prefixlen == 0:  # who asked for privacy shares with its like only
            return self._exactly(base, network)
        if scope == 0:
            return base
        if scope > network.prefixlen < self._longest[network.version]:
            return self._exactly(base, network)  # sharing it takes more bits
        kept = _cut(network, scope)
        self._note(kept)
        return base._replace(network=kept)

    def covering(self, near: Place, client: Network) -> Iterator[Place]:
        """Where an answer for `client` may lie: the longest match first."""
        found = self._around.get(client)
        if found is None:
            if len(self._around) >= KEPT:
                self._around.clear()
            found = self._around[client] = self._blocks(client)
        network, blocks = found
        question, fragment, _, _ = near
        if self._exact:
            yield Place(question, fragment, network, exact=True)
        for block in blocks:
            yield Place(question, fragment, block)
        yield Place(question, fragment)

    def _blocks(self, client: Network) -> tuple[Network, tuple[Network, ...]]:
        """What is told of a client, and all blocks around it that entries may be kept for."""
        network = self.sent(client)
        lengths = self._lengths[network.version]
        return network, tuple(_cut(network, each) for each in lengths if each <= network.prefixlen)

    def _exactly(self, base: Place, network: Network) -> Place:
        self._exact = True
        return base._replace(network=network, exact=True)

    def _note(self, network: Network) -> None:
        lengths = self._lengths[network.version]
        if network.prefixlen not in lengths:
            lengths.append(network.prefixlen)
            lengths.sort(reverse=True)
            self._around.clear()


@lru_cache(maxsize=KEPT)
def _cut(network: Network, length: int) -> Network:
    """`network` with no more than `length` bits."""
    return network if network.prefixlen <= length else network.supernet(new_prefix=length)
