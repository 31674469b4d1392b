"""What a policy sees: who asks and from where, and of a record set what its group goes by."""

from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network
from typing import Protocol

from lab_engine.authority.geo import NOWHERE, Atlas, Place
from lab_engine.authority.records import Client


@dataclass(frozen=True)
class Spot:
    """A client as a policy sees it, and the tables to judge it by.

    Attributes:
        network: the client's.
        place: where that is.
        atlas: the tables.
        peer: where the question came from: the resolver's place if it asks for a client subnet.
    """

    network: IPv4Network | IPv6Network
    place: Place
    atlas: Atlas
    peer: Place = NOWHERE

    @classmethod
    def of(cls, client: Client, atlas: Atlas) -> "Spot":
        """That of a client."""
        place = atlas.place(client.network)
        if client.source == "peer":
            return cls(client.network, place, atlas, place)
        known = NOWHERE if client.resolver is None else atlas.place(client.resolver)
        return cls(client.network, place, atlas, known)


class Member(Protocol):
    """What a policy sees of a record set."""

    @property
    def set_identifier(self) -> str:
        """Its name within the group."""

    @property
    def ttl(self) -> int | None:
        """Seconds; None for an alias."""
