"""Outages: both engines against a closed form, and against a simulation of one client by itself.

The simulation knows nothing of the engines. It lists the answers of one client behind a resolver
of its own, from when until when each was kept and what it would try of it, and reads the outage of
each death from that list, as the definition has it.
"""

import math
from dataclasses import dataclass, replace
from itertools import product
from random import Random
from statistics import fmean, pstdev
from typing import NamedTuple

import pytest

from lab_engine.authority.policies import Weighted
from lab_engine.authority.records import RRset
from lab_engine.authority.recordset import RecordSet
from lab_engine.authority.zone import Zone
from lab_engine.simulation import Clients, Resolvers, Scenario, run, theory
from lab_engine.simulation.outages import Outage
from lab_engine.simulation.parts import Place, ScheduledChange
from lab_engine.simulation.population import outages as joining
from tests.counts import LONG, long_but

from .seeds import shifted

ENGINES = pytest.mark.parametrize("engine", ["events", "population"])
A, B, C = "192.0.2.1", "192.0.2.2", "192.0.2.3"
END = 400.0
RUNS, COUNT = (60, 2000) if LONG else (24, 250)


def zone(addresses, ttl):
    """One set at www; what else may die has a name of its own."""
    others = RRset.of("others", "A", [A, B, C], 60)
    return Zone.of("shop.example", [RRset.of("www", "A", addresses, ttl), others])


def alone(count, ttl, rate, *changes, addresses=(A,), **fields):
    """So many clients, each behind a resolver of its own, and who is down from when on."""
    client = fields.pop("client", {})
    return Scenario(
        zone(addresses, ttl),
        "www",
        clients=Clients(count, rate, **client),
        resolvers=Resolvers(count, skew=0, **fields.pop("resolver", {})),
        schedule=tuple(ScheduledChange(at, "down", list(down)) for at, down in changes),
        duration=END,
        bin=20,
        window=20,
        seed=shifted(1),
        **fields,
    )


def mean(outage):
    total = math.fsum(weight for _, weight in outage.lasted)
    return math.fsum(seconds * weight for seconds, weight in outage.lasted) / total


def spread(outage):
    total, middle = math.fsum(weight for _, weight in outage.lasted), mean(outage)
    return math.sqrt(math.fsum(w * (s - middle) ** 2 for s, w in outage.lasted) / total)


# --- the closed form -----------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize(
    ("engine", "resolvers"),
    long_but(
        product(["events", "population"], [2000, 20]),
        ("events", 20),
        ("population", 2000),
        ("population", 20),
    ),
)
@pytest.mark.parametrize("rate", long_but([0.01, 0.1], 0.01))
def test_without_a_ttl_an_outage_ends_with_the_last_request(engine, rate, resolvers):
    """L - (1 - e^(-λL)) / λ, whoever shares a resolver: not NaN, nor 0 while everything fails."""
    dies = alone(2000, 0, rate, (300, [A])).set("resolvers.count", resolvers)

    (outage,) = run(dies, engine).outages

    expected, sigma = theory.unkept_outage(rate, 100), spread(outage) / math.sqrt(2000)
    assert mean(outage) == pytest.approx(expected, abs=4 * sigma)
    assert 4 * sigma < 4
    assert outage.open == 0
    assert sum(weight for _, weight in outage.lasted) == pytest.approx(2000 * rate)


def test_the_closed_form_is_the_mean_of_last_requests():
    rng, rate, left = Random(shifted(1)), 0.05, 40.0
    lasts = [max(0.0, left - rng.expovariate(rate)) for _ in range(20_000)]

    sigma = pstdev(lasts) / math.sqrt(len(lasts))
    assert fmean(lasts) == pytest.approx(theory.unkept_outage(rate, left), abs=4 * sigma)
    assert theory.unkept_outage(math.inf, left) == left


# --- one client by itself ------------------------------------------------------------------------


class Answered(NamedTuple):
    """What a client would try, from when until when; a moment only where nobody keeps it."""

    start: float
    end: float
    tried: frozenset[str]


@dataclass
class Single:
    """One client, its resolver and the world, by rules of their own.

    Attributes:
        addresses: of the one set, shuffled at each fetch and turned at each answer.
        keeps: until when the client keeps an answer, of the time and the end of the TTL.
        tries: how many of the addresses it tries.
    """

    addresses: tuple[str, ...]
    ttl: float
    rate: float
    down: list[tuple[float, list[str]]]
    keeps: object = None
    tries: int = 9

    def outages(self, rng):
        answers = [*self._answers(rng)]
        deaths = [
            (at, set(down))
            for (at, down), before in zip(self.down, [[], *(d for _, d in self.down)], strict=False)
            if set(down) - set(before)
        ]
        return [self._outage(at, dead, answers) for at, dead in deaths]

    def _answers(self, rng):
        now, fetched, stored, own = -10 * max(self.ttl, 60.0), -math.inf, (), -math.inf
        while (now := now + rng.expovariate(self.rate)) < END:
            if now < own:
                continue
            if not now < fetched + self.ttl:
                fetched, stored = now, rng.sample(self.addresses, len(self.addresses))
                if not self.keeps:
                    yield Answered(now, now + self.ttl, frozenset(stored[: self.tries]))
            if self.keeps:
                start = rng.randrange(len(stored))
                order = [*stored[start:], *stored[:start]]
                own = self.keeps(now, fetched + self.ttl)
                yield Answered(now, own, frozenset(order[: self.tries]))

    def _outage(self, died, dead, answers):
        lasted = 0.0
        for answer in answers:
            back = self._back(died, dead, answer.tried)
            if answer.end > died and answer.start < back:
                lasted = max(lasted, min(answer.end, back) - died)
        return lasted

    def _back(self, died, dead, tried):
        """When one of these first answers, from a death on."""
        if not tried <= dead:
            return died
        return next(
            (at for at, down in self.down if at > died and not tried <= set(down)), math.inf
        )


def told(now, ends):
    return ends


def restarted(seconds):
    return lambda now, ends: now + seconds


TWICE = [(200, [A]), (250, []), (300, [A]), (330, [B])]
CASES = {
    "no cache of its own": (Single((A,), 60, 0.1, [(300, [A])]), {}),
    "back again": (Single((A,), 60, 0.05, TWICE), {}),
    "one by one": (Single((A, B), 30, 0.1, [(200, [A]), (300, [A, B]), (350, [A])]), {}),
    "what was dead before": (Single((A,), 30, 0.1, [(200, [A]), (300, [A, B])]), {}),
    "a system cache": (Single((A, B), 60, 0.1, TWICE, told), {"profile": "os-cache"}),
    "a short TTL": (Single((A, B), 1, 0.2, [(390, [A, B])], told), {"profile": "os-cache"}),
    "no TTL": (Single((A, B), 0, 0.1, [(350, [A, B]), (380, [])], told), {"profile": "os-cache"}),
    "an application": (
        Single((A, B), 30, 0.1, [(330, [A, B])], restarted(30)),
        {"profile": "fixed"},
    ),
    "no second address": (
        Single((A, B), 20, 0.1, [(300, [A]), (370, [])], restarted(30), 1),
        {"profile": "jvm"},
    ),
    "no second address, open": (
        Single((A, B, C), 20, 0.05, [(200, [A]), (300, [A, B])], restarted(30), 1),
        {"profile": "jvm"},
    ),
    "one address kept": (
        Single((A, B), 60, 0.1, [(200, [A]), (320, [B])], told, 1),
        {"profile": "cdn-pop"},
    ),
}


EACH = [*product(CASES, ["events", "population"])]
DEAR = {
    (each, "events") for each in ("a short TTL", "no TTL")
}  # a question for nearly each request
# The same rules are met where more happens: one by one, back again, and with a third address.
DEAR |= {(each, "events") for each in ("what was dead before", "no cache of its own")}
DEAR.add(("no second address", "events"))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("case", "engine"), long_but(EACH, *(each for each in EACH if each not in DEAR))
)
def test_outages_are_those_of_a_client_by_itself(engine, case):
    """Mean, and part of those that are open, of each death: 4 sigma of so many clients."""
    single, client = CASES[case]
    rng = Random(shifted(7))
    scenario = alone(
        COUNT, single.ttl, single.rate, *single.down, addresses=single.addresses, client=client
    )
    expected = [*zip(*(single.outages(rng) for _ in range(COUNT)), strict=True)]

    found = run(scenario, engine).outages

    assert len(found) == len(expected)
    for outage, lasted in zip(found, expected, strict=True):
        seen = [min(each, END - outage.at) for each in lasted]
        sigma = math.hypot(spread(outage), pstdev(seen)) / math.sqrt(COUNT)
        assert mean(outage) == pytest.approx(fmean(seen), abs=4 * sigma + 1e-9)
        part = fmean(each > END - outage.at for each in lasted)
        sigma = math.sqrt(2 * max(part * (1 - part), 1 / COUNT) / COUNT)
        assert outage.open_share == pytest.approx(part, abs=4 * sigma)


# --- caches of several kinds ---------------------------------------------------------------------


def weighted(ttl):
    """One address each, all as likely."""
    sets = [
        RecordSet.of("www", "A", [address], ttl, policy=Weighted(1), set_identifier=address)
        for address in (A, B, C)
    ]
    return Zone.of("shop.example", sets)


FOUR = tuple(Place(f"198.51.{100 + index}.0/24") for index in range(4))
FIRST = {
    "zone": zone((A, B, C), 20),
    "client": {"profile": "hasty"},
    "profiles": {"hasty": {"like": "none", "tries_next": False}},
}
SHARED = {
    "several caches behind one address": {"resolver": {"profile": "google-like"}},
    "client subnets": {"resolver": {"profile": "google-like"}, "places": FOUR},
    "grace": {"resolver": {"profile": "unbound"}},
    "prefetch": {"resolver": {"profile": "bind"}},
    "a TTL from now on": {"ttls": (0, 25)},
    "no TTL any more": {"ttls": (25, 0)},
    "no second address, no cache": FIRST,
    "the same of an order that stays": FIRST | {"resolver": {"profile": "frozen"}},
    "a mix": {"client": {"profile": {"none": 1, "jvm": 1, "os-cache": 1, "cdn-pop": 1}}},
}


@pytest.mark.slow
@pytest.mark.parametrize("name", long_but(SHARED, "a mix"))
def test_both_engines_agree_on_clients_that_share_caches(name):
    """Means and open parts over all runs, 30 clients behind 6 resolvers: 4 sigma of the runs."""
    fields = dict(SHARED[name])
    before, after = fields.pop("ttls", (20, 20))
    ours = fields.pop("zone", weighted(before))
    base = alone(30, 20, 0.1, (300, [A, B]), (360, [B]), (380, [A, B, C]), **fields)
    changes = (*base.schedule, ScheduledChange(310, "zone.www.ttl", after))
    base = replace(base, zone=ours, schedule=changes).set("resolvers.count", 6)
    found = {}
    for engine in ("events", "population"):
        runs = [run(base.set("seed", shifted(seed)), engine).outages for seed in range(RUNS)]
        found[engine] = [
            [read(outages[death]) for outages in runs]
            for death in range(2)
            for read in (mean, lambda outage: outage.open_share)
        ]

    for ones, others in zip(*found.values(), strict=True):
        sigma = math.hypot(pstdev(ones), pstdev(others)) / math.sqrt(RUNS)
        assert fmean(ones) == pytest.approx(fmean(others), abs=4 * sigma + 1e-9)


@pytest.mark.slow
def test_what_polls_is_led_until_it_is_told_better():
    """Asked each 5 s: right again within 5 s of the move at 250 s, and never before."""
    polling = alone(40, 1, 0.01, (200, [A]), client={"profile": "envoy-strict"})
    moved = ScheduledChange(250, "zone", zone([B], 1))

    (outage,) = run(replace(polling, schedule=(*polling.schedule, moved)), "events").outages

    assert all(50 <= seconds <= 56 for seconds, _ in outage.lasted)
    assert outage.open == 0


@pytest.mark.slow
def test_who_asks_only_after_failures_is_led_until_it_has_asked():
    """grpc asks 30 s apart at most while its connections fail, and its requests are 2 s apart."""
    sticky = alone(60, 5, 0.5, (200, [A]), client={"profile": "grpc"})
    moved = ScheduledChange(250, "zone", zone([B], 5))

    (outage,) = run(replace(sticky, schedule=(*sticky.schedule, moved)), "events").outages

    assert all(50 <= seconds <= 250 - 200 + 5 + 30 for seconds, _ in outage.lasted)
    assert outage.open == 0


# --- the ends of the watch -----------------------------------------------------------------------


@pytest.mark.slow
@ENGINES
def test_a_death_after_the_last_whole_bin_is_not_watched(engine):
    late = alone(50, 20, 0.1, (395, [A]))

    assert run(late, engine).outages[0].at == 395
    assert run(late.set("bin", 30), engine).outages == ()


@pytest.mark.slow
@ENGINES
def test_an_answer_that_outlives_the_watch_is_open(engine):
    own = {"mine": {"like": "fixed", "lifetime": math.inf}}
    for_ever = alone(100, 60, 1.0, (300, [A]), client={"profile": "mine"}, profiles=own)

    (outage,) = run(for_ever, engine).outages

    assert outage.lasted == ((100.0, 1.0),) * 100
    assert (outage.open, outage.open_share) == (100.0, 1.0)


@pytest.mark.long
@pytest.mark.slow
def test_many_clients_are_joined_and_keep_their_weights(monkeypatch):
    monkeypatch.setattr(joining, "MOST", 50)
    many = alone(500, 60, 0.5, (380, [A]))

    whole = run(many, "events").outages[0]
    (joined,) = run(many, "population").outages

    assert 50 < len(joined.lasted) <= 100
    assert math.fsum(weight for _, weight in joined.lasted) == pytest.approx(250)
    assert joined.open == pytest.approx(math.fsum(w for s, w in joined.lasted if s == 20))
    sigma = math.hypot(spread(whole), spread(joined)) / math.sqrt(500)
    assert mean(joined) == pytest.approx(mean(whole), abs=4 * sigma)


def test_without_a_client_there_is_no_part_that_is_open():
    assert math.isnan(Outage(1.0, ()).open_share)
