"""The shops of lab 01: whom they have for resolvers, and what questions they can afford.

A shop is feasible if the TTL that its budget allows keeps the load even, and hopeless if it is far
from that; what lies between is left to luck, and out of the lab. Which of them it is, is drawn by
the law below; `tests/labs/test_lab_01.py` holds it against runs. Shops come in groups in which no
bound on one number tells which is which, so that nobody gets by with such a bound.
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
EVEN_ENOUGH, FAR_FROM_IT = (1.12, 1.17), (1.34, 1.45)
ONE: Final = 1.27  # at least, of one address an answer
# The shops of a group: the TTLs that their budgets buy, the part that KEEPS has, and what comes of
# it. Three where something does it, two where nothing does.
KINDS: Final = (
    ((15, 40), (0.42, 0.65), EVEN_ENOUGH),
    ((50, 100), (0.38, 0.55), EVEN_ENOUGH),
    ((140, 300), (0.10, 0.30), EVEN_ENOUGH),
    ((35, 60), (0.50, 0.80), FAR_FROM_IT),
    ((80, 150), (0.32, 0.48), FAR_FROM_IT),
)
GROUPS: Final = 2
POOL: Final = 8  # shops drawn of each kind
TRIES: Final = 4000  # groups of them looked at before others are drawn
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
    shares = zipf_shares(resolvers, SKEW)
    return math.fsum([WINDOW / (ttl + 1 / (rate * share)) for share in shares])


def unseen(rng: Random) -> Sequence[World]:
    """Groups of five shops that count as one: where three can be helped, and two cannot."""
    return [{"group": [shop for _ in range(GROUPS) for shop in _group(rng)]}]


def _group(rng: Random) -> list[World]:
    """Five shops in any order, so chosen that no bounds tell who is hopeless."""
    while True:
        pools = [[_drawn(rng, *kind) for _ in range(POOL)] for kind in KINDS]
        for _ in range(TRIES):
            group = [rng.choice(pool) for pool in pools]
            if not told(group):
                return rng.sample(group, len(group))


def bought(shop: World) -> float:
    """The TTL that the budget buys."""
    return _bought(shop["resolvers"], shop["budget"])


def _bought(resolvers: int, budget: int) -> float:
    """Seconds: each resolver asks once a TTL."""
    return WINDOW * resolvers / budget


def told(shops: Sequence[World]) -> bool:
    """Whether bounds part the hopeless shops from the others: one, or two of both or of either.

    Two bounds of which both must be passed fail if a shop passes them that is not hopeless; two of
    which either will do, if a hopeless shop passes none. No others need be tried than the tightest:
    those that all hopeless shops pass, and those that no other shop passes.
    """
    fine = [_numbers(shop) for shop in shops if not shop["hopeless"]]
    bad = [_numbers(shop) for shop in shops if shop["hopeless"]]
    all_pass = [min(each) for each in zip(*bad, strict=True)]
    none_passes = [max(each) for each in zip(*fine, strict=True)]
    return not all(
        any(one[a] >= all_pass[a] and one[b] >= all_pass[b] for one in fine)
        and any(one[a] <= none_passes[a] and one[b] <= none_passes[b] for one in bad)
        for a, b in BOUNDS
    )


def _numbers(shop: World) -> tuple[float, ...]:
    """What is known of a shop: the more of each, the less even is the load."""
    part, ttl, servers = shop["mix"][KEEPS], bought(shop), shop["servers"]
    return part, ttl, servers, part * ttl, -shop["resolvers"], -shop["budget"]


# Each number by itself, and the first three in pairs.
BOUNDS: Final = (*((each, each) for each in range(6)), (0, 1), (0, 2), (1, 2))


def _drawn(rng: Random, ttls: Span, parts: Span, uneven: Span) -> World:
    """A shop whose budget buys such a TTL, and such evenness."""
    while True:
        servers = rng.choice((3, 4, 5))
        resolvers, ttl = round(_even_ratios(rng, COUNTS)), _even_ratios(rng, ttls)
        part = round(rng.uniform(*parts), 2)
        bind = round((1 - part) * rng.uniform(0.3, 0.7), 2)
        mix = {KEEPS: part, "bind": bind, "unbound": round(1 - part - bind, 2)}
        budget = math.ceil(SPARE * questions(resolvers, ttl) / 10) * 10
        if budget > MOST:
            continue
        seed, ttl = rng.randrange(10**6), _bought(resolvers, budget)
        if not uneven[0] <= expected(resolvers, servers, mix, ttl) <= uneven[1]:
            continue
        if expected(resolvers, servers, {KEEPS: 1.0}, ttl) >= ONE:
            return world(resolvers, servers, mix, budget, seed)


def _even_ratios(rng: Random, span: Span) -> float:
    low, high = span
    return math.exp(rng.uniform(math.log(low), math.log(high)))
