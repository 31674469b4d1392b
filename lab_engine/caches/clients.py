"""Clients: the cache in the operating system or the application, and what each does with an order.

Nearly every client connects to the first address of its answer and goes on to the next when that
one is dead. So a cache that keeps an answer keeps, in effect, one address.
"""

from collections.abc import Callable, Container
from ipaddress import IPv4Interface, IPv6Address, IPv6Interface, ip_address

from lab_engine.caches.resolver import Answer

Ask = Callable[[float], Answer]
"""The next cache towards the authority, asked at a time in seconds."""


class ClientCache:
    """Keeps one answer, order and all.

    With `lifetime` None it obeys the TTL, as systemd-resolved and the caches of Windows and macOS
    do; with a number it restarts that many seconds at each fill whatever the TTL says, as a JVM
    (30) or curl (60) does; with `math.inf` it never asks again, as nginx with a literal name does.

    Attributes:
        held: the present answer; a run that begins in the middle of things sets it.
    """

    def __init__(self, ask: Ask, lifetime: float | None = None) -> None:
        self.hits = 0
        self.misses = 0
        self._ask = ask
        self._lifetime = lifetime
        self.held = Answer((), float("-inf"))

    def answer(self, now: float) -> Answer:
        """The held answer, or a new one from behind when it has expired."""
        if now < self.held.expires:
            self.hits += 1
            return self.held
        self.misses += 1
        fresh = self._ask(now)
        if self._lifetime is not None:
            fresh = Answer(fresh.addresses, now + self._lifetime)
        self.held = fresh
        return fresh


def first_alive(addresses: tuple[str, ...], down: Container[str]) -> str | None:
    """The first address that is not down: a client tries them in turn; None if all are dead."""
    for address in addresses:  # a generator would take three times as long, at every request
        if address not in down:
            return address
    return None


def glibc_order(
    addresses: tuple[str, ...], source: IPv4Interface | IPv6Interface
) -> tuple[str, ...]:
    """The order in which getaddrinfo returns addresses of one family: RFC 6724 section 6, rule 9.

    The destination that shares the longest prefix with the source comes first; the sort is stable,
    so equal ones keep the server's order. For IPv4 glibc applies the rule only to destinations
    inside the source's own subnet, where it undoes every round robin.
    """

    def shared_bits(text: str) -> int:
        address = ip_address(text)
        if address.version != source.version:
            return 0
        if address not in source.network and not isinstance(address, IPv6Address):
            return 0
        return address.max_prefixlen - (int(address) ^ int(source.ip)).bit_length()

    return tuple(sorted(addresses, key=shared_bits, reverse=True))
