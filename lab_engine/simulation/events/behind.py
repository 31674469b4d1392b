"""Who is behind each cache of a layer, and which clients keep answers: the largest are watched.

For resolvers that is known before a run (`simulation.holders`); which clients are behind which
cache of a layer is dealt when the caches are made.
"""

from collections.abc import Iterator, Sequence
from heapq import nlargest
from math import fsum
from typing import NamedTuple

from lab_engine.caches.clientprofiles import ClientProfile
from lab_engine.caches.clients import ClientCache
from lab_engine.simulation.events.proxies import Cache, Proxy
from lab_engine.simulation.events.stacks import Crowd
from lab_engine.simulation.events.watched import Noting, Watch
from lab_engine.simulation.holders import CLIENTS, Seat, Watched, hasty
from lab_engine.simulation.outcome import Holder
from lab_engine.simulation.scenario import Scenario


class _Way(NamedTuple):
    """One client's way to one cache.

    Attributes:
        cache: it.
        name: of the cache.
        place: network of the client.
        rate: requests a second of the client.
        hasty: whether the client tries no second address.
    """

    cache: Cache | ClientCache
    name: str
    place: str
    rate: float
    hasty: bool


def watch_largest(watch: Watch, scenario: Scenario, crowds: Sequence[Crowd], count: int) -> None:
    """Have the largest caches of the watch's holders tell it what they hold."""
    own = watch.holders == CLIENTS
    ways = _own(scenario, crowds) if own else _of_layer(scenario, crowds, watch.holders)
    by_cache: dict[int, list[_Way]] = {}
    for way in ways:
        by_cache.setdefault(id(way.cache), []).append(way)
    total = fsum(crowd.heads * crowd.rate for crowd in crowds)
    found = [
        (several[0].cache, _watched(several, total, scenario)) for several in by_cache.values()
    ]
    largest = nlargest(count, found, key=lambda pair: pair[1].holder.share)
    watch.begin(
        [watched._replace(seat=Seat(number)) for number, (_, watched) in enumerate(largest)]
    )
    for number, (cache, _) in enumerate(largest):
        if isinstance(cache, Noting):
            cache.watched_as(watch, number)
        elif isinstance(cache, Proxy):
            watch.listen(number, cache.cache)
        elif isinstance(cache, ClientCache):
            watch.listen(number, cache)


def _watched(ways: Sequence[_Way], total: float, scenario: Scenario) -> Watched:
    rate = fsum(way.rate for way in ways)
    places = ", ".join(dict.fromkeys(way.place for way in ways))
    holder = Holder(ways[0].name, places if len(scenario.places) > 1 else "", rate / total)
    return Watched(Seat(0), holder, fsum(way.rate for way in ways if way.hasty) / rate)


def _of_layer(scenario: Scenario, crowds: Sequence[Crowd], name: str) -> Iterator[_Way]:
    """Every client's way to the caches of the layer of this name."""
    at = [layer.name for layer in scenario.layers].index(name)
    for crowd in crowds:
        names = {id(shared.cache): shared.name for shared in crowd.layers[at]}
        place = scenario.places[crowd.place].network
        for member in crowd.members:
            cache = member.line.caches[at]
            yield _Way(cache, names[id(cache)], place, crowd.rate, hasty(member.chain[0]))


def _own(scenario: Scenario, crowds: Sequence[Crowd]) -> Iterator[_Way]:
    """Every client that keeps answers, and where."""
    first = 0
    for crowd in crowds:
        place = scenario.places[crowd.place].network
        for number, (cache, nearest) in enumerate(_keeping(crowd, scenario), start=first):
            if cache is not None:
                yield _Way(cache, f"client {number}", place, crowd.rate, hasty(nearest))
        first += crowd.heads


def _keeping(
    crowd: Crowd, scenario: Scenario
) -> Iterator[tuple[ClientCache | None, ClientProfile]]:
    """The nearest cache of each client that keeps anything, and its nearest at all."""
    if crowd.members:
        yield from ((member.cache, member.chain[0]) for member in crowd.members)
        return
    (chain,) = scenario.chains.values()  # all are alike where they are not told apart
    for cache in crowd.applications or crowd.systems:
        yield cache, chain[0]
