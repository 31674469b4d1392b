"""The shops of lab 01: whom they have for resolvers, and what questions they can afford.

A shop is feasible if the TTL that its budget allows keeps the load even, and hopeless if it is far
from that; what lies between is left to luck, and out of the lab. Which of them it is, is drawn by
the law below; `tests/labs/test_lab_01.py` holds it against runs.
"""

import math
from collections.abc import Mapping, Sequence
from random import Random
from typing import Final

from lab_engine.caches.crowds import zipf_shares
from lab_engine.labs.lab import World
from lab_engine.simulation.parts import Clients, Resolvers
from lab_engine.simulation.strata import at_least_one
from lab_engine.simulation.theory import canary_error

Span = tuple[float, float]

CLIENTS: Final = Clients(60_000, 0.01)
WINDOW: Final = 300
SKEW: Final = 1.0
LIMIT: Final = 1.20  # of the busiest server against the mean
KEEPS: Final = "powerdns"  # the kind that repeats one order until the TTL is over
LUCK: Final = {3: 2.5, 4: 2.6, 5: 2.75}  # servers -> what 95 % of windows stay below, in sd
SPARE: Final = 1.06  # the budget against the law: resolvers round seconds, and fetch ahead

COUNTS: Final = (100, 1000)  # of resolvers
ANY: Final = (0.15, 0.75)  # what part of the clients KEEPS has
EVEN_ENOUGH, FAR_FROM_IT = (1.12, 1.17), (1.34, 1.80)
ONE, FOR_EVER = 1.27, 1.26  # at least, where it is feasible: one address, and a TTL without end
# For each pair: the TTLs that a budget buys where something does it, those where nothing does, and
# how far apart the parts of KEEPS are at most. No one of them tells which is which.
PAIRS: Final = (
    ((20, 40), (60, 110), 0.08),
    ((80, 110), (65, 85), 1.0),
    ((110, 150), (150, 260), 0.08),
)
PATIENCE: Final = 300  # shops drawn for one that fits
MOST: Final = 2500  # questions in a window: more take long to simulate


def world(resolvers: int, servers: int, mix: Mapping[str, float], budget: int, seed: int) -> World:
    """A shop as plain data; whether it is hopeless is read off the law."""
    made = {"resolvers": resolvers, "servers": servers, "mix": dict(mix), "budget": budget}
    ttl = WINDOW * resolvers / budget
    hopeless = expected(resolvers, servers, mix, ttl) > LIMIT
    return {**made, "seed": seed, "hopeless": hopeless}


def expected(resolvers: int, servers: int, mix: Mapping[str, float], ttl: float) -> float:
    """What the busiest server has against the mean in 95 of 100 windows, for a whole set.

    The load of caches that turn the set is even. Those that keep an order bring all of theirs to
    one server: its share scatters by `canary_error`, and the largest of k such shares stays below
    `LUCK` standard deviations.
    """
    kept = Resolvers(resolvers, SKEW, tuple(mix.items()))
    counts = at_least_one(kept.count, [part for _, part in kept.profile])
    parts = {name: (part, n) for (name, part), n in zip(kept.profile, counts, strict=True)}
    part, count = parts[KEEPS]
    scatter = canary_error(1 / servers, zipf_shares(count, SKEW), ttl, WINDOW)
    return 1 + LUCK[servers] * servers * part * scatter


def questions(resolvers: int, ttl: float) -> float:
    """What all resolvers ask in a window: each once a TTL, and the gap until somebody asks it."""
    rate = CLIENTS.count * CLIENTS.rate
    gaps = (1 / (rate * share) for share in zipf_shares(resolvers, SKEW))
    return math.fsum(WINDOW / (ttl + gap) for gap in gaps)


def unseen(rng: Random) -> Sequence[World]:
    """Three pairs: a shop where something does it, and one like it where nothing does."""
    return [{"pair": _pair(rng, *each)} for each in PAIRS]


def _pair(rng: Random, feasible: Span, hopeless: Span, apart: float) -> list[World]:
    """Both, in any order."""
    while True:
        one = _drawn(rng, feasible, ANY, EVEN_ENOUGH)
        if one is None:
            continue
        part = one["mix"][KEEPS]
        parts = max(ANY[0], part - apart), min(ANY[1], part + apart)
        other = _drawn(rng, hopeless, parts, FAR_FROM_IT)
        if other is not None:
            return rng.sample([one, other], 2)


def _drawn(rng: Random, ttls: Span, parts: Span, uneven: Span) -> World | None:
    """A shop whose budget buys such a TTL, and such evenness; None if it is not met with."""
    for _ in range(PATIENCE):
        servers = rng.choice((3, 4, 5))
        resolvers, ttl = round(_even_ratios(rng, COUNTS)), _even_ratios(rng, ttls)
        part = round(rng.uniform(*parts), 2)
        bind = round((1 - part) * rng.uniform(0.3, 0.7), 2)
        mix = {KEEPS: part, "bind": bind, "unbound": round(1 - part - bind, 2)}
        budget = math.ceil(SPARE * questions(resolvers, ttl) / 10) * 10
        shop = world(resolvers, servers, mix, budget, rng.randrange(10**6))
        bought = expected(resolvers, servers, mix, WINDOW * resolvers / budget)
        if budget <= MOST and uneven[0] <= bought <= uneven[1] and not _easy(shop):
            return shop
    return None


def _easy(shop: World) -> bool:
    """Whether it forgives one address an answer, or a TTL that never ends."""
    count, servers, mix = (shop[name] for name in ("resolvers", "servers", "mix"))
    one = expected(count, servers, {KEEPS: 1.0}, WINDOW * count / shop["budget"])
    return one < ONE or expected(count, servers, mix, math.inf) < FOR_EVER


def _even_ratios(rng: Random, span: Span) -> float:
    low, high = span
    return math.exp(rng.uniform(math.log(low), math.log(high)))
