"""Who is where: the clients of a scenario, split by place and by the profile of their resolver.

Both engines read this, so that they simulate the same population by definition. No dice.
"""

from itertools import accumulate
from typing import NamedTuple

from lab_engine.caches.crowds import head_counts, zipf_shares
from lab_engine.simulation.parts import Mix, Place
from lab_engine.simulation.scenario import Scenario

GOLDEN = 0.6180339887498949  # multiples of it, modulo 1, fill the unit interval most evenly


class Stratum(NamedTuple):
    """Clients of one place whose resolvers have one profile.

    Attributes:
        place: theirs.
        profile: one of `caches.profiles.RECURSIVES`.
        heads: how many clients stand behind each of the resolvers; all above 0.
    """

    place: Place
    profile: str
    heads: tuple[int, ...]


def strata(scenario: Scenario) -> tuple[Stratum, ...]:
    """All strata that hold a client, the places in their order."""
    kinds = [
        (place, profile, place.share * part)
        for place in scenario.places
        for profile, part in scenario.resolvers.profile
    ]
    total = sum(share for *_, share in kinds)
    shares = tuple(share / total for *_, share in kinds)
    clients = head_counts(scenario.clients.count, shares)
    crowds = zip(clients, _resolver_shares(scenario, shares), strict=True)
    heads = [head_counts(count, sizes) for count, sizes in crowds]
    found = (
        Stratum(place, profile, tuple(filter(None, each)))
        for (place, profile, _), each in zip(kinds, heads, strict=True)
    )
    return tuple(stratum for stratum in found if stratum.heads)


def _resolver_shares(scenario: Scenario, shares: tuple[float, ...]) -> list[tuple[float, ...]]:
    """How the clients of each stratum are divided over its resolvers."""
    resolvers = scenario.resolvers
    if not resolvers.volumes:
        counts = head_counts(resolvers.count, shares)
        return [zipf_shares(max(1, count), resolvers.skew) for count in counts]
    dealt: list[list[float]] = [[] for _ in shares]
    total = sum(resolvers.volumes)
    missing = [share * total for share in shares]
    for volume in sorted(filter(None, resolvers.volumes), reverse=True):
        neediest = max(range(len(missing)), key=missing.__getitem__)
        dealt[neediest].append(volume)
        missing[neediest] -= volume
    return [tuple(volume / sum(each) for volume in each) or (1.0,) for each in dealt]


def profile_of(member: int, mix: Mix) -> str:
    """The profile of one client of a stratum, counted from 0: every stretch of them is mixed."""
    place = (member + 0.5) * GOLDEN % 1
    edges = accumulate(part for _, part in mix)
    return next(
        (name for (name, _), edge in zip(mix, edges, strict=True) if place < edge), mix[-1][0]
    )
