"""The caches of a scenario's layers: as many as asked for, and who is behind which of them.

Where a layer has a cache for each crowd at least, each crowd has its own ones, by its part of the
clients. Where it has fewer, crowds share them in turn, and what such a cache has not, it asks for
where the client who wants it would ask: of the next layer's caches there, or of its resolver.
"""

from collections.abc import Callable, Iterator, Sequence
from itertools import chain
from typing import NamedTuple

from lab_engine.authority.records import Client, Question, Reply
from lab_engine.caches.resolver import Answer
from lab_engine.simulation.events.proxies import Cache
from lab_engine.simulation.parts import Layer, Place
from lab_engine.simulation.strata import at_least_one
from lab_engine.simulation.travel import member_of


class Asking:
    """How a cache of a layer asks on: as one of that place's clients.

    Attributes:
        above: the cache that it asks, for whoever asks now.
        me: whom it says it is where nobody is named.
    """

    above: Cache
    me: Client

    def __call__(self, question: Question, now: float, client: Client | None = None) -> Reply:
        """What another cache gets of it."""
        return self.above.resolve(question, now, client or self.me)

    def answer(self, question: Question, now: float) -> Answer:
        """What a client's cache uses of it."""
        return self.above.answer(question, now, self.me)


class Shared(NamedTuple):
    """A cache of a layer.

    Attributes:
        name: such as `edge 2`.
        cache: it.
        asking: how it asks on.
        by_several: whether several crowds are behind it.
    """

    name: str
    cache: Cache
    asking: Asking
    by_several: bool


class Turn(NamedTuple):
    """Whom a cache is to ask, and as whom, for those who come by one way."""

    asking: Asking
    above: Cache
    me: Client

    def take(self) -> None:
        """It is theirs now."""
        self.asking.above, self.asking.me = self.above, self.me


Make = Callable[[Layer, Asking, str], Cache]
"""Makes a cache of a layer that asks so, under that name."""
Layers = tuple[tuple[Shared, ...], ...]
"""The caches of each layer that a crowd has, the nearest to the clients first."""


def dealt(
    layers: Sequence[Layer], heads: Sequence[int], names: Sequence[str], make: Make
) -> list[Layers]:
    """The caches that each crowd has, given how many clients it has and what its caches are of."""
    found = [_of_layer(layer, heads, names, make) for layer in layers]
    return [tuple(several[crowd] for several in found) for crowd in range(len(heads))]


def _of_layer(
    layer: Layer, heads: Sequence[int], names: Sequence[str], make: Make
) -> list[tuple[Shared, ...]]:
    if layer.count < len(heads):
        whole = [_shared(layer, f"{number}", make, several=True) for number in range(layer.count)]
        return [(whole[crowd % layer.count],) for crowd in range(len(heads))]
    counts = at_least_one(layer.count, [each / sum(heads) for each in heads])
    return [
        tuple(
            _shared(layer, f"{number} of {name}", make, several=False)
            for number in range(min(count, clients))
        )
        for count, clients, name in zip(counts, heads, names, strict=True)
    ]


def _shared(layer: Layer, number: str, make: Make, *, several: bool) -> Shared:
    asking, name = Asking(), f"{layer.name} {number}"
    return Shared(name, make(layer, asking, name), asking, several)


def ways(layers: Layers, resolver: Cache, place: Place) -> Iterator[tuple[list[Cache], list[Turn]]]:
    """From each cache of a crowd's nearest layer to its resolver: the caches, and their turns.

    Clients and caches are dealt in turn to those above them. Whom a cache of this crowd alone asks
    is said here and never again.
    """
    turns = [
        [
            Turn(shared.asking, _nth(after, number, resolver), member_of(place, number))
            for number, shared in enumerate(several)
        ]
        for several, after in zip(layers, [*layers[1:], ()], strict=True)
    ]
    for turn in chain.from_iterable(turns):
        turn.take()
    for nearest in range(len(layers[0])):
        at, caches, taken = nearest, [], []
        for several, of_layer in zip(layers, turns, strict=True):
            at %= len(several)
            caches.append(several[at].cache)
            taken += [of_layer[at]] * several[at].by_several
        yield [*caches, resolver], taken


def _nth(after: tuple[Shared, ...], number: int, resolver: Cache) -> Cache:
    return after[number % len(after)].cache if after else resolver
