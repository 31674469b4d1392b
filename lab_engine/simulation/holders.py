"""Which caches are watched where a run is to say who held what, and how what they held is told.

Both engines use this. A holder is one cache of a resolver: a resolver that has several behind its
address is several holders, and so is one that keeps answers by client subnet, told apart as they
are at the beginning. Or it is a cache of a layer, or of a client: those are watched by the event
engine only (`events.behind`). No dice.

A copy leads to the addresses of its answers, all as likely, as clients would reach them that try
them as given. What a client does besides, such as sorting them or keeping a connection, is no part.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from heapq import nlargest
from ipaddress import IPv4Network, IPv6Network
from itertools import pairwise
from math import inf
from typing import NamedTuple

from lab_engine.authority.plan import replies
from lab_engine.authority.records import Client
from lab_engine.caches.clientprofiles import ClientProfile
from lab_engine.caches.recursives import RecursiveProfile
from lab_engine.caches.scoped import Scopes
from lab_engine.errors import ScenarioError
from lab_engine.simulation.asking import planned
from lab_engine.simulation.outcome import Downs, Holder, Holding, Shares
from lab_engine.simulation.scenario import Scenario
from lab_engine.simulation.strata import Stratum, strata
from lab_engine.simulation.travel import member_of
from lab_engine.simulation.values import whole

RESOLVERS, CLIENTS = "resolvers", "clients"
"""Whose caches are watched; or those of a layer, by its name."""
MAX_HOLDERS = 10_000
MAX_COPIES = 1_000_000
Network = IPv4Network | IPv6Network


class Seat(NamedTuple):
    """Which cache one is.

    Attributes:
        resolver: its number.
        fragment: which of the resolver's caches.
        network: the clients for whom its answers are; None for all of the resolver's.
    """

    resolver: int
    fragment: int = 0
    network: Network | None = None


class Watched(NamedTuple):
    """A cache that is watched.

    Attributes:
        seat: which it is.
        holder: how it is told of.
        hasty: the part of its requests that try no second address, 0 to 1.
    """

    seat: Seat
    holder: Holder
    hasty: float


def watched(scenario: Scenario, count: int) -> tuple[Watched, ...]:
    """The largest caches of a scenario, the largest first.

    Raises:
        ScenarioError: that is no number of caches, or they would hold too many copies to note.
    """
    whole("holdings", count, 0, MAX_HOLDERS)
    if not count:
        return ()
    every = strata(scenario)
    total = sum(stratum.rate * sum(stratum.heads) for stratum in every)
    behind: dict[Seat, list[tuple[Stratum, float]]] = defaultdict(list)
    for stratum in every:
        for seat, rate in _seats(scenario, stratum, count):
            behind[seat].append((stratum, rate))
    rates = {seat: sum(rate for _, rate in parts) for seat, parts in behind.items()}
    largest = nlargest(count, rates, key=rates.__getitem__)
    _check(scenario, every, [rates[seat] for seat in largest])
    return tuple(_watched(scenario, seat, behind[seat], total) for seat in largest)


def _seats(scenario: Scenario, stratum: Stratum, most: int) -> Iterator[tuple[Seat, float]]:
    """The caches of the largest resolvers of a stratum, each with its requests a second."""
    profile = scenario.known_profiles.recursive(stratum.profile)
    first, told = 0, _networks(scenario, stratum)
    for number, heads in zip(stratum.resolvers[:most], stratum.heads, strict=False):
        parts: dict[Network | None, int] = defaultdict(int)
        if told is None:
            parts[None] = heads
        else:
            for member in range(first, first + heads):
                parts[told(member)] += 1
        first += heads
        for network, clients in parts.items():
            for fragment in range(profile.fragments):
                yield Seat(number, fragment, network), clients * stratum.rate / profile.fragments


def _networks(scenario: Scenario, stratum: Stratum) -> Callable[[int], Network | None] | None:
    """For whom an answer to each client of a stratum is; None where that is not asked."""
    profile = scenario.known_profiles.recursive(stratum.profile)
    if profile.ecs is None:
        return None
    scopes, known = Scopes(profile.ecs), dict[Network, Network | None]()
    begin = scenario.steps[0][1]

    def told(member: int) -> Network | None:
        sent = scopes.sent(member_of(stratum.place, member).network)
        if sent not in known:
            client = Client(sent, "ecs").by(stratum.peer)
            scope = min(sent.prefixlen, planned(begin, client).scope)
            known[sent] = sent.supernet(new_prefix=scope) if scope else None
        return known[sent]

    return told


def _watched(
    scenario: Scenario, seat: Seat, parts: list[tuple[Stratum, float]], total: float
) -> Watched:
    stratum, rate = parts[0][0], sum(rate for _, rate in parts)
    name = stratum.name or f"resolver {seat.resolver}"
    if seat.network is not None:
        name += f" for {seat.network}"
    if scenario.known_profiles.recursive(stratum.profile).fragments > 1:
        name += f", cache {seat.fragment}"
    places = ", ".join(dict.fromkeys(each.place.network for each, _ in parts))
    holder = Holder(name, places if len(scenario.places) > 1 else "", rate / total)
    hasty = sum(part * _hasty(scenario, each) for each, part in parts) / rate
    return Watched(seat, holder, hasty)


def _hasty(scenario: Scenario, stratum: Stratum) -> float:
    """The part of the clients of a stratum that try no second address."""
    return sum(part * hasty(scenario.chains[name][0]) for name, part in stratum.mix)


def hasty(nearest: ClientProfile) -> bool:
    """Whether a client with this nearest cache tries no second address."""
    return not nearest.tries_next or nearest.keeps == 1


def checked(scenario: Scenario, holders: str) -> None:
    """Whether there are such caches, and each holds one copy.

    Raises:
        ScenarioError: there are none, or they hold several.
    """
    layers = {layer.name: layer.profile for layer in scenario.layers}
    if holders in (RESOLVERS, CLIENTS):
        return
    if holders not in layers:
        raise ScenarioError(
            f"holders {holders}",
            "is no layer of this scenario",
            f"Choose one of {', '.join([RESOLVERS, CLIENTS, *layers])}.",
        )
    kind = scenario.known_profiles.layer(layers[holders])
    if isinstance(kind, RecursiveProfile) and (kind.ecs or kind.fragments > 1):
        raise ScenarioError(
            f"holders {holders}",
            f"have the profile {kind.name}, which keeps several copies",
            "Watch the resolvers, or give the layer a profile that keeps one.",
        )


def _check(scenario: Scenario, every: Sequence[Stratum], rates: Sequence[float]) -> None:
    """Refuse what would fill the memory."""
    kept = _shortest(scenario, every)
    copies = sum(1 + scenario.duration / (kept + 1 / rate) for rate in rates) if kept else 0
    if copies > MAX_COPIES:
        raise ScenarioError(
            f"holdings {len(rates)}",
            f"would be some {copies:,.0f} copies, and {MAX_COPIES:,} can be noted",
            "Watch fewer caches, or take a longer TTL or a shorter duration.",
        )


def _shortest(scenario: Scenario, every: Sequence[Stratum]) -> float:
    """The least seconds for which any copy is kept; 0 where none is."""
    lives = [
        profile.lifetime(profile.limits.applied(reply).ttl or 0)
        for _, step in scenario.steps
        for stratum in every
        for profile in [scenario.known_profiles.recursive(stratum.profile)]
        for _, reply in replies(planned(step, stratum.peer))
    ]
    return min((life for life in lives if life), default=0.0)


def told(
    holder: int,
    start: float,
    end: float,
    downs: Downs,
    shares: Callable[[tuple[str, ...]], Shares],
) -> Iterator[Holding]:
    """One copy as holdings: as many as there are stretches in which it leads alike.

    Args:
        holder: who held it.
        start: when it came, seconds of the watch.
        end: when it was over.
        downs: who is dead from when on.
        shares: where it leads while these are dead.
    """
    if len(downs) == 1:  # nobody dies on the way, as nearly always
        if start < end:
            yield Holding(holder, start, end, shares(downs[0][1]))
        return
    edges = [-inf, *(float(at) for at, _ in downs[1:]), inf]
    begun, led = start, None
    for (since, until), (_, dead) in zip(pairwise(edges), downs, strict=True):
        if max(start, since) >= min(end, until):
            continue
        now = shares(dead)
        if led is not None and now != led:
            yield Holding(holder, begun, since, led)
            begun = since
        led = now
    if led is not None:
        yield Holding(holder, begun, end, led)
