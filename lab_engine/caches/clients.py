"""Clients: the cache in the operating system or the application, and what each does with an order.

Nearly every client connects to the first address of its answer and goes on to the next when that
one is dead. So a cache that keeps an answer keeps, in effect, one address.
"""

from collections.abc import Callable, Container
from ipaddress import IPv4Interface, IPv6Address, IPv6Interface, ip_address

from lab_engine.caches.clientprofiles import ClientProfile, Use
from lab_engine.caches.profiles import client
from lab_engine.caches.resolver import Answer

Ask = Callable[[float], Answer]
"""The next cache towards the authority, asked at a time in seconds."""


class ClientCache:
    """Keeps one answer, order and all.

    Args:
        ask: the next cache.
        profile: what it is like, or the name of one of `CLIENTS`.
        source: the client's own address and subnet, for profiles that sort by it.

    Attributes:
        profile: what it is like.
        held: the present answer; a run that begins in the middle of things sets it.
        tells: where set, is called with each answer that it comes to hold, and when.
    """

    def __init__(
        self,
        ask: Ask,
        profile: ClientProfile | str = "os-cache",
        source: IPv4Interface | IPv6Interface | None = None,
    ) -> None:
        self.hits = 0
        self.misses = 0
        self.profile = client(profile)
        self.held = Answer((), float("-inf"))
        self.tells: Callable[[Answer, float], object] | None = None
        self._ask = ask
        self._source = source
        self._asked = self._came = float("-inf")
        self._as_told = self.profile.obedient and source is None

    def answer(self, now: float) -> Answer:
        """The held answer, or a new one from behind when it has expired."""
        if now < self.held.expires:
            self.hits += 1
            return self.held
        if now < self.held.expires + self.profile.grace:
            self.hits += 1
            old = self.held
            self.poll(now)
            return old
        self.misses += 1
        return self.poll(now)

    def poll(self, now: float) -> Answer:
        """Ask at once and keep what comes: a profile that polls has its engine call this."""
        fresh = self._ask(now)
        self._asked = now
        self.held = fresh if self._as_told else self._kept(fresh, now)
        if self.tells is not None:
            self.tells(self.held, now)
        return self.held

    def broken(self, now: float) -> None:
        """A connection failed; where the profile asks again then, the next request may do it."""
        gap = self.profile.asks_after_failure
        if gap is not None:
            due = max(now, self._asked + gap)
            self.held = self.held._replace(expires=min(self.held.expires, due))

    def _kept(self, fresh: Answer, now: float) -> Answer:
        """What this profile makes of an answer."""
        addresses, reply = self.chosen(fresh.addresses), fresh.reply
        failed = not addresses and fresh.expires <= now
        if failed and self.held.addresses and now < self._came + self.profile.hold:
            addresses, reply = self.held.addresses, self.held.reply
        elif not failed:
            self._came = now
        expires = self.profile.expiry(fresh.expires, now, empty=not addresses)
        return Answer(addresses, expires, reply, fresh.told_until)

    def chosen(self, addresses: tuple[str, ...]) -> tuple[str, ...]:
        """Those of an answer's addresses that it keeps, in its own order."""
        source, use = self._source, self.profile.use
        if source and (use is Use.RFC_6724 or (use is Use.RFC_6724_V6 and source.version == 6)):
            addresses = glibc_order(addresses, source)
        return addresses[: self.profile.keeps] if self.profile.keeps else addresses


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
