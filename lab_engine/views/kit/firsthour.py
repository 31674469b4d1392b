"""The first hour of cold caches, minute by minute: who asks, and what each resolver then holds.

A small world beside the run: one question a minute, by a user drawn by its share, through the very
resolvers of the simulations. So it shows how a cache fills, and not how busy it is.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache, cached_property, partial
from math import inf
from random import Random
from typing import Final, NamedTuple

from lab_engine.authority.plan import Plan
from lab_engine.authority.records import Client, Question, Reply
from lab_engine.authority.server import Authority, plan
from lab_engine.caches.resolver import Resolver
from lab_engine.simulation import Scenario
from lab_engine.simulation.parts import Place
from lab_engine.simulation.strata import profiles_of
from lab_engine.simulation.travel import member_of

from .drawer import Drawer, Look
from .drawers import Drawing, look

MINUTES: Final = 60
MINUTE: Final = 60.0


@dataclass(frozen=True)
class Hour:
    """What happened.

    Attributes:
        times: seconds, one for each question.
        asked: which user asked, counted from 0.
        known: for each question, which users then had an answer waiting in their cache.
        drawers: of each resolver, with a look for each question.
    """

    times: tuple[float, ...]
    asked: tuple[int, ...]
    known: tuple[tuple[int, ...], ...]
    drawers: tuple[Drawer, ...]

    @cached_property
    def frames(self) -> tuple[bytes, ...]:
        """What moves of each drawer."""
        return tuple(drawer.frames() for drawer in self.drawers)


def first_hour(
    scenario: Scenario, places: Sequence[Place], through: Sequence[int], names: Sequence[str]
) -> Hour:
    """Play the first hour.

    Args:
        scenario: its zone, its profiles, and the seed of the dice.
        places: of the users.
        through: which resolver each user has, counted from 0.
        names: of the resolvers.
    """
    rng = Random(scenario.seed)
    first = [places[through.index(number)] for number in range(len(names))]
    # The plans of all are the same, so each is made once; only the dice differ.
    plan_for = cache(partial(plan, scenario.zone, state=scenario.state))
    drawings = [Drawing(_resolver(scenario, place, rng, plan_for), "") for place in first]
    looks: list[list[Look]] = [[] for _ in names]
    times = tuple(MINUTE * minute for minute in range(MINUTES))
    asked = tuple(rng.choices(range(len(places)), [place.share for place in places], k=MINUTES))
    known: list[tuple[int, ...]] = []
    clients = [member_of(place, 0) for place in places]
    waiting = [_NOTHING] * len(places)
    for now, user in zip(times, asked, strict=True):
        mine = through[user]
        reply = drawings[mine].resolve(scenario.question, now, clients[user])
        said = f"{places[user].label} asks: {', '.join(reply.addresses) or 'no answer'}."
        for number, drawing in enumerate(drawings):
            seen = drawing.picture.looks[-1] if number == mine else look(drawing.resolver, now)
            words = f"{said} {seen.said.partition('? ')[2]}" if number == mine else said
            looks[number].append(Look(words.strip(), seen.rows, f"{now / MINUTE:.0f} min"))
        # Only a question, or the end of what there was, changes what waits for a user.
        for index, client in enumerate(clients):
            if through[index] == mine or now >= waiting[index].until:
                resolver = drawings[through[index]].resolver
                waiting[index] = _waiting(resolver, scenario.question, client, now)
        known.append(tuple(index for index, each in enumerate(waiting) if each.served))
    made = [
        Drawer(f"What {name} holds", tuple(each)) for name, each in zip(names, looks, strict=True)
    ]
    return Hour(times, asked, tuple(known), tuple(made))


def _resolver(
    scenario: Scenario, place: Place, rng: Random, plan_for: Callable[[Question, Client], Plan]
) -> Resolver:
    authority = Authority(scenario.zone, rng, scenario.order, scenario.state)
    name, _ = max(profiles_of(scenario, place), key=lambda each: each[1])

    def answer(question: Question, _now: float, told: Client | None = None) -> Reply:
        return authority.drawn(plan_for(question, told or place.peer))

    return Resolver(answer, rng, scenario.known_profiles.recursive(name))


class _Held(NamedTuple):
    """What waits for a user in a cache: whether it is an answer with an address, until when."""

    served: bool
    until: float


_NOTHING: Final = _Held(served=False, until=inf)


def _waiting(resolver: Resolver, question: Question, client: Client, now: float) -> _Held:
    """What is held for a user: the first entry that covers it."""
    for key in resolver.places(question, client):
        held = resolver.cache.held(key)
        if held is not None and now < held.value.expires:
            return _Held(bool(held.value.reply.addresses), held.value.expires)
    return _NOTHING
