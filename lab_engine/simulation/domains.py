"""Load-aware DNS: an authority that counts what its answers bring, over unequal client domains.

The scenario of M. Colajanni, P. S. Yu and D. M. Dias, "Analysis of Task Assignment Policies in
Scalable Distributed Web-Server Systems", IEEE TPDS 9(6), 1998; TTL/K is of V. Cardellini et al.,
1999. `dispatch` has the policies. A web site has some servers of equal capacity. Its clients live
in domains of Zipf's sizes, each behind one caching name server, so one answer leads a whole domain
to one server for a TTL: its hidden load. The authority decides for 1 page in 400. What can it do?

This is no engine of `Scenario`, because Route 53 has no such policy and its authority never learns
what an answer brings. It is here to judge the policies that it does have: how much of an imbalance
is owed to caches, and how much an authority could undo that knew the weights, or had an alarm.

Well known: the domains, hidden load, the policies and what they are called, and the findings that
those who know the domains do better than those who do not, that TTL/K does better than one TTL, and
that a shorter TTL helps. The parameters are remembered, not read again in the papers: they agree
with each other (500 clients / 15 s · 10 hits = 2/3 of 500 hits/s), but do not quote them. Least
sure of all: the interval of 16 s, the alarm's level, and how MRL counts a residue. The papers'
curves are not reproduced here. Nor does a slow server hold its clients up: they think, and ask on.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random
from typing import NamedTuple

import numpy as np

from lab_engine.authority.records import MAX_TTL
from lab_engine.caches.crowds import head_counts, zipf_shares
from lab_engine.simulation.dispatch import Asked, Policy, RoundRobin
from lab_engine.simulation.parts import MAX_RATE, MAX_SKEW, WEEK
from lab_engine.simulation.values import must, number, whole

FEWEST_HITS, MOST_HITS = 5, 15
MOST, MOST_PAGES = 100_000, 10**7
MEAN_HITS = (FEWEST_HITS + MOST_HITS) / 2


@dataclass(frozen=True)
class Domains:
    """A web site and its clients; the same values give the same balance.

    The defaults are remembered from the papers; `warm_up` is our own.

    Attributes:
        servers: how many, 1 or more, each with its part of the capacity.
        domains: K, the domains that clients live in, each behind one cache; 1 or more.
        clients: of all domains together, split by the largest remainder.
        skew: of the clients over the domains: 0 for equal shares, 1 for Zipf's law, up to 10.
        pages: mean of a session, 1 or more; the client keeps the server of a session to its end.
        think: mean seconds from a client's page to its next.
        capacity: hits a second of all servers together. A page is 5 to 15 hits, all as likely.
        ttl: seconds that a domain's cache keeps an answer.
        adaptive: whether each domain has a TTL of its own, see `ttls`.
        interval: seconds over which a server's utilisation is taken.
        alarm: the utilisation above which a server gets no answers in the next interval; None for
            an authority that hears nothing. The papers' is perhaps 0.75.
        warm_up: seconds that nobody looks at.
        duration: seconds watched after them, in whole intervals; up to a week.
        seed: of the dice, 0 or more.
    """

    servers: int = 7
    domains: int = 20
    clients: int = 500
    skew: float = 1.0
    pages: float = 20.0
    think: float = 15.0
    capacity: float = 500.0
    ttl: float = 240.0
    adaptive: bool = False
    interval: float = 16.0  # unverified: the papers' interval
    alarm: float | None = None  # unverified: 0.75 in the papers
    warm_up: float = 1800.0
    duration: float = 18_000.0
    seed: int = 0

    def __post_init__(self) -> None:
        for name in ("servers", "domains", "clients"):
            whole(f"domains.{name}", getattr(self, name), 1, MOST)
        whole("domains.seed", self.seed, 0, 2**64)
        number("domains.skew", self.skew, 0, MAX_SKEW)
        number("domains.pages", self.pages, 1, MOST)
        number("domains.ttl", self.ttl, 0, MAX_TTL)
        number("domains.think", self.think, 1 / MAX_RATE, MAX_RATE)
        number("domains.capacity", self.capacity, 1 / MAX_RATE, MAX_RATE)
        number("domains.interval", self.interval, 1, WEEK)
        number("domains.warm_up", self.warm_up, 0, WEEK)
        number("domains.duration", self.duration, self.interval, WEEK)
        if self.alarm is not None:
            number("domains.alarm", self.alarm, 0, 1)
        switch = isinstance(self.adaptive, bool)
        must(switch, "domains.adaptive", self.adaptive, "is no switch", "Take True or False.")
        few = self.rate * self.interval <= MOST_PAGES
        must(few, "domains.clients", self.clients, "ask too much in an interval", "Take fewer.")

    @property
    def heads(self) -> tuple[int, ...]:
        """The clients of each domain that has any, the largest first."""
        return tuple(filter(None, head_counts(self.clients, zipf_shares(self.domains, self.skew))))

    @property
    def rate(self) -> float:
        """Pages a second of all clients."""
        return self.clients / self.think

    @property
    def ttls(self) -> tuple[float, ...]:
        """The TTL that each domain gets, seconds.

        TTL/K: as much shorter as the domain is larger, so that every answer brings the same load;
        scaled so that the caches, when they never rest, ask as often in all as with one TTL.
        """
        if not self.adaptive:
            return (self.ttl,) * len(self.heads)
        return tuple(self.ttl * self.clients / len(self.heads) / head for head in self.heads)

    @property
    def load(self) -> float:
        """What all servers are offered, as a part of their capacity."""
        return self.rate * MEAN_HITS / self.capacity

    @property
    def hottest_load(self) -> float:
        """What the largest domain alone offers to its server, as a part of that one's capacity.

        Above 1, no policy that gives one address for one TTL can keep that server from overload.
        """
        return self.servers * self.heads[0] / self.clients * self.load


@dataclass(frozen=True)
class Balance:
    """How even the servers' load was.

    Attributes:
        maxima: the utilisation of the busiest server in each interval, 0 to 1.
        pages: how many were served.
        decisions: address requests that the authority answered.
    """

    maxima: tuple[float, ...]
    pages: int
    decisions: int

    def below(self, utilisation: float) -> float:
        """The part of the intervals in which every server stayed below it: the papers' measure."""
        return sum(each < utilisation for each in self.maxima) / len(self.maxima)

    @property
    def mean_maximum(self) -> float:
        """The utilisation of the busiest server, averaged over the intervals."""
        return sum(self.maxima) / len(self.maxima)

    @property
    def control(self) -> float:
        """Decisions of the authority for each page."""
        return self.decisions / max(1, self.pages)


class _Page(NamedTuple):
    at: float
    client: int
    begins: bool  # a session
    seconds: float  # of work


def run(domains: Domains, policy: type[Policy] = RoundRobin) -> Balance:
    """Play every page: about half a second for the defaults.

    Args:
        domains: who asks whom.
        policy: one of the classes of `dispatch`, or your own.

    A client resolves where a session begins and keeps the server to its end, past the TTL too. A
    server works off its backlog in the order of arrival; its utilisation is the part of an
    interval in which it was busy.
    """
    rng = np.random.default_rng(domains.seed)
    caches = _Caches(domains, policy(domains.servers, Random(domains.seed)))
    farm = _Farm(domains.servers)
    kept: list[int | None] = [None] * domains.clients
    before = int(domains.warm_up // domains.interval)
    maxima, pages, decisions = [], 0, 0
    for turn in range(before + int(domains.duration // domains.interval)):
        start, asked = turn * domains.interval, caches.requests
        arriving = [*_pages(domains, start, rng)]
        for page in arriving:
            server = kept[page.client]
            if page.begins or server is None:
                server = kept[page.client] = caches.resolve(page.at, page.client)
            farm.serve(server, page.at, page.seconds)
        busy = farm.utilisations(start, start + domains.interval)
        caches.hear(busy)
        if turn >= before:
            maxima.append(max(busy))
            pages += len(arriving)
            decisions += caches.requests - asked
    return Balance(tuple(maxima), pages, decisions)


def _pages(domains: Domains, start: float, rng: np.random.Generator) -> Iterator[_Page]:
    """All pages of one interval: clients that think exponentially make a Poisson stream.

    Nor do sessions remember: each page is the last with one chance, so their length is geometric,
    the exponential in whole pages. A hit is exponential work of mean 1, so a page's is gamma.
    """
    count = rng.poisson(domains.rate * domains.interval)
    hits = rng.integers(FEWEST_HITS, MOST_HITS + 1, count)
    return map(
        _Page,
        np.sort(rng.uniform(start, start + domains.interval, count)).tolist(),
        rng.integers(domains.clients, size=count).tolist(),
        (rng.random(count) * domains.pages < 1).tolist(),
        (rng.standard_gamma(hits) * (domains.servers / domains.capacity)).tolist(),
    )


class _Caches:
    """The name servers of the domains, and the authority behind them."""

    def __init__(self, domains: Domains, policy: Policy) -> None:
        heads = domains.heads
        self.requests = 0
        self._policy = policy
        self._alarm = domains.alarm
        self._all = self._willing = tuple(range(domains.servers))
        self._ttls = domains.ttls
        self._hot = [head * len(heads) > domains.clients for head in heads]
        self._rates = [head / domains.think for head in heads]
        self._session = domains.pages * domains.think
        self._home = [domain for domain, head in enumerate(heads) for _ in range(head)]
        self._cached = [(0.0, 0)] * len(heads)

    def resolve(self, now: float, client: int) -> int:
        """The server that this client's cache names."""
        domain = self._home[client]
        expiry, server = self._cached[domain]
        if now < expiry:
            return server
        ttl = self._ttls[domain]
        asked = Asked(now, self._hot[domain], self._rates[domain] * ttl, ttl + self._session)
        server = self._policy.choose(asked, self._willing)
        self._cached[domain] = now + ttl, server
        self.requests += 1
        return server

    def hear(self, utilisations: list[float]) -> None:
        """Alarms. Where all servers raise one, nobody is left out."""
        if self._alarm is None:
            return
        calm = (server for server in self._all if utilisations[server] <= self._alarm)
        self._willing = tuple(calm) or self._all


class _Farm:
    """The servers, each a backlog in seconds of work."""

    def __init__(self, servers: int) -> None:
        self._free = [0.0] * servers  # when each will have done all it has
        self._idle = [0.0] * servers  # seconds in this interval

    def serve(self, server: int, now: float, seconds: float) -> None:
        free = self._free[server]
        if free < now:
            self._idle[server] += now - free
            free = now
        self._free[server] = free + seconds

    def utilisations(self, start: float, end: float) -> list[float]:
        """The busy part of the interval, each server's; the next interval begins."""
        for server in range(len(self._free)):
            self.serve(server, end, 0.0)
        found = [1 - idle / (end - start) for idle in self._idle]
        self._idle = [0.0] * len(found)
        return found
