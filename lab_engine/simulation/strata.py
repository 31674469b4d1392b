"""Who is where: the clients of a scenario, split by place and by the profile of their resolver.

Both engines read this, so that they simulate the same population by definition. No dice.

Each place has resolvers of its own, its part of `resolvers.count`; with several profiles each of
these its part. A place may instead name one resolver, and all places that name it share its cache.
A single resolver in all is everybody's.
"""

import math
from collections.abc import Iterator, Sequence
from itertools import accumulate, count, islice
from typing import NamedTuple, Protocol

from lab_engine.authority.records import Client
from lab_engine.caches.crowds import head_counts, zipf_shares
from lab_engine.errors import ScenarioError
from lab_engine.simulation.parts import Clients, Mix, Place, Resolvers

GOLDEN = 0.6180339887498949  # multiples of it, modulo 1, fill the unit interval most evenly


class Peopled(Protocol):
    """What of a scenario says who is where."""

    @property
    def places(self) -> tuple[Place, ...]:
        """Where clients are."""

    @property
    def resolvers(self) -> Resolvers:
        """Those of places that have their own."""

    @property
    def clients(self) -> Clients:
        """How many, and what they are like where their place does not say."""


class Stratum(NamedTuple):
    """Clients of one place whose resolvers have one profile.

    Attributes:
        position: of their place among the scenario's.
        place: theirs.
        profile: of their resolvers.
        mix: of their own profiles.
        rate: requests a second of each.
        heads: how many clients stand behind each of the resolvers; all above 0.
        resolvers: the number of each of these; that of another stratum is the same resolver.
        peer: whom the authority sees when one of these asks.
        name: of the resolver, where it has one.
    """

    position: int
    place: Place
    profile: str
    mix: Mix
    rate: float
    heads: tuple[int, ...]
    resolvers: tuple[int, ...]
    peer: Client
    name: str


class _Part(NamedTuple):
    """A stratum before it has heads: its part of all clients, and who shares its resolver."""

    position: int
    place: Place
    profile: str
    share: float
    shared: str | None  # a name; "" for the only resolver that is not named; None has its own


def mix_of(scenario: Peopled, place: Place) -> Mix:
    """What the clients of a place remember."""
    return place.client_profile or scenario.clients.profile


def rate_of(scenario: Peopled, place: Place) -> float:
    """Requests a second of each client of a place."""
    return scenario.clients.rate if place.rate is None else place.rate


def mean_rate(scenario: Peopled) -> float:
    """Requests a second of a client, on average."""
    parts = [(place.share, rate_of(scenario, place)) for place in scenario.places]
    return sum(share * rate for share, rate in parts) / sum(share for share, _ in parts)


def due_from(scenario: Peopled, place: Place) -> float:
    """Requests a second of all clients of a place, on average."""
    part = place.share / math.fsum(each.share for each in scenario.places)
    return scenario.clients.count * part * rate_of(scenario, place)


def profiles_of(scenario: Peopled, place: Place) -> Mix:
    """What the resolvers of a place do."""
    return place.resolver_profile or scenario.resolvers.profile


def share_resolvers(scenario: Peopled) -> bool:
    """Whether any two places share one."""
    shared = [part.shared for part in _parts(scenario) if part.shared is not None]
    return len(set(shared)) < len(shared)


def askers(scenario: Peopled) -> tuple[tuple[Place, str, Client], ...]:
    """Each place with the profile of its resolvers, and whom the authority sees of these."""
    parts = _parts(scenario)
    peers = {part.shared: part.place.peer for part in reversed(parts) if part.shared is not None}
    return tuple(
        (part.place, part.profile, part.place.peer if part.shared is None else peers[part.shared])
        for part in parts
    )


def strata(scenario: Peopled) -> tuple[Stratum, ...]:
    """All strata that hold a client, the places in their order."""
    return tuple(_strata(scenario))


def _strata(scenario: Peopled) -> Iterator[Stratum]:
    parts, numbers, known = _parts(scenario), count(), dict[str, tuple[int, Client]]()
    clients = head_counts(scenario.clients.count, tuple(part.share for part in parts))
    for part, heads in zip(parts, _heads(scenario, parts, clients), strict=True):
        position, place, profile, _, shared = part
        if not heads:
            continue
        if shared is not None and shared not in known:
            known[shared] = next(numbers), place.peer
        if shared is None:
            resolvers, peer = tuple(islice(numbers, len(heads))), place.peer
        else:
            resolvers, peer = (known[shared][0],), known[shared][1]
        mix, rate = mix_of(scenario, place), rate_of(scenario, place)
        yield Stratum(position, place, profile, mix, rate, heads, resolvers, peer, place.resolver)


def check_resolvers(scenario: Peopled) -> None:
    """Refuse fewer resolvers than there must be, and a single one that would be two.

    Raises:
        ScenarioError: what is asked for cannot be.
    """
    every = _parts(scenario)
    clients = head_counts(scenario.clients.count, tuple(part.share for part in every))
    parts = [part for part, n in zip(every, clients, strict=True) if n]
    for shared in dict.fromkeys(part.shared for part in parts if part.shared is not None):
        _check_shared(shared, [part for part in parts if part.shared == shared])
    own = [part for part in parts if part.shared is None]
    resolvers = scenario.resolvers
    volumes = sum(volume > 0 for volume in resolvers.volumes)
    there = volumes if resolvers.volumes else resolvers.count
    if len(own) > there:
        what = "resolvers.volumes" if resolvers.volumes else "resolvers.count"
        rule = f"are fewer than the {len(own)} places and profiles that have resolvers of their own"
        remedy = "Take more, or let places share one: give them the same `resolver`, a name."
        raise ScenarioError(f"{what} {there}", rule, remedy)


def _check_shared(name: str, parts: Sequence[_Part]) -> None:
    called = f"places.resolver {name!r}" if name else "resolvers.count 1"
    said: dict[str, list[object]] = {
        "profile": [part.profile for part in parts],
        "egress": [part.place.egress for part in parts],
        "authority_ms": [part.place.authority_ms for part in parts],
    }
    for field, values in said.items():
        if len(set(values)) > 1:
            different = ", ".join(repr(value) for value in dict.fromkeys(values))
            rule = f"is one resolver, and its places have different {field}: {different}"
            remedy = "Give all of them the same" + ("." if name else ", or take more resolvers.")
            raise ScenarioError(called, rule, remedy)


def _parts(scenario: Peopled) -> list[_Part]:
    """Every place and profile that has a share; shares sum to 1."""
    resolvers = scenario.resolvers
    volumes = sum(volume > 0 for volume in resolvers.volumes)
    single = volumes == 1 if resolvers.volumes else resolvers.count == 1
    found = [
        _Part(
            position, place, profile, place.share * part, place.resolver or ("" if single else None)
        )
        for position, place in enumerate(scenario.places)
        if place.share
        for profile, part in profiles_of(scenario, place)
    ]
    total = sum(part.share for part in found)
    return [part._replace(share=part.share / total) for part in found]


def _heads(
    scenario: Peopled, parts: Sequence[_Part], clients: Sequence[int]
) -> Iterator[tuple[int, ...]]:
    """How the clients of each part are divided over its resolvers; idle ones are left out."""
    pairs = zip(parts, clients, strict=True)
    own = [part.share if n and part.shared is None else 0.0 for part, n in pairs]
    sizes = _sizes(scenario, parts, own)
    for part, several, n in zip(parts, sizes, clients, strict=True):
        shared = part.shared is not None
        yield tuple(filter(None, (n,) if shared else head_counts(n, several) if n else ()))


def _sizes(
    scenario: Peopled, parts: Sequence[_Part], own: Sequence[float]
) -> list[tuple[float, ...]]:
    """The part of its stratum's clients behind each resolver, for strata with their own."""
    resolvers, total = scenario.resolvers, sum(own)
    if not total:
        return [()] * len(parts)
    if not resolvers.volumes:
        counts = at_least_one(resolvers.count, [share / total for share in own])
        return [zipf_shares(n, resolvers.skew) if n else () for n in counts]
    rates = [rate_of(scenario, part.place) for part in parts]
    asked = [share * rate for share, rate in zip(own, rates, strict=True)]
    wanted = [each / sum(asked) * sum(resolvers.volumes) for each in asked]
    return [tuple(v / sum(each) for v in each) for each in _dealt(resolvers.volumes, wanted)]


def _dealt(volumes: Sequence[float], wanted: Sequence[float]) -> list[list[float]]:
    """Volumes for all who want some, the largest first to whom most is missing; one for each."""
    dealt: list[list[float]] = [[] for _ in wanted]
    missing = [*wanted]
    left = sorted(filter(None, volumes))
    while left:
        without = [at for at, want in enumerate(wanted) if want and not dealt[at]]
        among = without if len(left) <= len(without) else range(len(wanted))
        neediest = max(among, key=missing.__getitem__)
        missing[neediest] -= left[-1]
        dealt[neediest].append(left.pop())
    return dealt


def at_least_one(total: int, shares: Sequence[float]) -> list[int]:
    """So many, split by shares into whole numbers, none of which is 0 where the share is not."""
    counts = [*head_counts(total, tuple(shares))]
    for index, share in enumerate(shares):
        if share and not counts[index]:
            counts[counts.index(max(counts))] -= 1
            counts[index] = 1
    return counts


def profile_of(member: int, mix: Mix) -> str:
    """The profile of one client of a stratum, counted from 0: every stretch of them is mixed."""
    place = (member + 0.5) * GOLDEN % 1
    edges = accumulate(part for _, part in mix)
    return next(
        (name for (name, _), edge in zip(mix, edges, strict=True) if place < edge), mix[-1][0]
    )
