"""The event engine: what each request meets, one by one."""

import math
from itertools import pairwise

import pytest

from lab_engine.authority.records import RRset
from lab_engine.authority.zone import Zone
from lab_engine.errors import LabError, ScenarioError
from lab_engine.simulation import Clients, Resolvers, Scenario, run, supports, theory
from tests.counts import LONG

FOUR = [f"192.0.2.{host}" for host in (1, 2, 3, 4)]


def scenario(ttl=60, addresses=FOUR, **fields):
    zone = Zone.of("shop.example", [RRset.of("www", "A", addresses, ttl)])
    return Scenario(zone, "www", **fields)


def keeping(lifetime):
    """A client's profile of that name, whose application keeps answers for so long."""
    return {"mine": {"like": "fixed", "lifetime": lifetime}}


def four_sigma(share, of):
    return 4 * math.sqrt(share * (1 - share) / of)


@pytest.mark.parametrize(
    ("engine", "ttl"),
    [
        pytest.param("events", 1, marks=pytest.mark.long),
        pytest.param("events", 3, marks=pytest.mark.long),
        pytest.param("events", 10, marks=pytest.mark.long),
        ("population", 1),
        ("population", 3),
        ("population", 10),
    ],
)
def test_the_hit_law_of_one_cache(engine, ttl):
    """T1: λ = 1/s; 1 - e^(-λT), for a cache whose hits renew the entry, is rejected."""
    one = scenario(ttl, clients=Clients(1, 1.0), resolvers=Resolvers(1), duration=202_000, bin=202)

    outcome = run(one, engine)

    level = outcome.levels.resolver
    assert level.hits + level.misses == outcome.total > 200_000
    assert level.hit_ratio == pytest.approx(theory.hit_ratio(1, ttl), abs=0.005)
    assert abs(level.hit_ratio - (1 - math.exp(-ttl))) > 0.04


@pytest.mark.slow
@pytest.mark.parametrize(
    ("rate", "lifetime", "ttl", "hits", "engine"),
    [
        pytest.param(1.0, 2, 10, 0.7427, "events", marks=pytest.mark.long),
        (1.0, 2, 10, 0.7427, "population"),
        (0.2, 5, 30, 0.7241, "events"),
        (0.2, 5, 30, 0.7241, "population"),
        (1.0, 30, 60, 0.5, "events"),
        (1.0, 30, 60, 0.5, "population"),
    ],
)
def test_an_application_cache_before_a_resolver(engine, rate, lifetime, ttl, hits):
    """Leaf fills are renewals T1 + Exp(λ); validation 1.5. Tolerance: 4 sigma of a binomial."""
    pairs = scenario(
        ttl,
        clients=Clients(40, rate, profile="mine"),
        profiles=keeping(lifetime),
        resolvers=Resolvers(40, skew=0),
        duration=3000,
    )

    levels = run(pairs, engine).levels

    asked = levels.resolver.hits + levels.resolver.misses
    assert asked == levels.application.misses
    assert levels.resolver.hit_ratio == pytest.approx(hits, abs=four_sigma(hits, asked))
    expected = theory.hit_ratio(rate, lifetime)
    assert levels.application.hit_ratio == pytest.approx(expected, abs=0.01)


@pytest.mark.slow
@pytest.mark.parametrize("engine", ["events", "population"])
@pytest.mark.parametrize("ttl", [0, 5])
def test_a_cyclic_authority_is_perfectly_even(engine, ttl):
    turns = scenario(ttl, order="cyclic", clients=Clients(20, 0.1), duration=600)

    outcome = run(turns, engine)

    assert max(outcome.answers) - min(outcome.answers) <= 1
    if ttl == 0:
        frozen = run(turns.set("resolvers.profile", "frozen"), engine)
        sums = [sum(row) for row in frozen.requests]
        assert max(sums) - min(sums) <= 1


@pytest.mark.slow
@pytest.mark.parametrize("engine", ["events", "population"])
@pytest.mark.parametrize("ttl", [0, 5])
def test_a_shuffling_authority_is_even_on_average(engine, ttl):
    shuffled = scenario(ttl, clients=Clients(20, 0.1), duration=1200)

    outcome = run(shuffled, engine)

    for count in outcome.answers:
        expected = outcome.authority_queries / 4
        assert count == pytest.approx(expected, abs=4 * math.sqrt(expected * 0.75))


@pytest.mark.slow
@pytest.mark.parametrize("engine", ["events", "population"])
def test_a_fixed_order_sends_everybody_to_the_first(engine):
    fixed = scenario(order="fixed", resolvers=Resolvers(5, profile="frozen"), duration=300)

    outcome = run(fixed, engine)

    assert outcome.shares() == (1, 0, 0, 0)
    assert outcome.answers == (outcome.authority_queries, 0, 0, 0)


@pytest.mark.slow
@pytest.mark.parametrize("engine", ["events", "population"])
def test_one_address_a_fill_goes_for_a_whole_ttl(engine):
    """Behind one frozen resolver, in each minute at most the two copies held in it are used."""
    frozen = scenario(
        60, clients=Clients(50, 1.0), resolvers=Resolvers(1, profile="frozen"), duration=6000
    )

    outcome = run(frozen, engine)

    served = [sum(count > 0 for count in counts) for counts in outcome.windows(60)]
    assert max(served) == 2
    assert outcome.authority_queries == pytest.approx(100, abs=1)


@pytest.mark.slow
@pytest.mark.parametrize("engine", ["events", "population"])
@pytest.mark.parametrize("profile", ["ideal", "frozen"])
def test_rotation_gives_the_successor_of_a_dead_server_double(engine, profile):
    dead = scenario(
        0,
        order="cyclic",
        down=("192.0.2.2",),
        resolvers=Resolvers(5, profile=profile),
        duration=300 if LONG else 100,
    ).set("clients.count", 200)

    outcome = run(dead, engine)

    for share, expected in zip(outcome.shares(), (0.25, 0, 0.5, 0.25), strict=True):
        assert share == pytest.approx(expected, abs=four_sigma(expected, outcome.total))


@pytest.mark.slow
@pytest.mark.parametrize("engine", ["events", "population"])
@pytest.mark.parametrize("profile", ["ideal", "frozen"])
def test_a_shuffle_spreads_the_load_of_a_dead_server(engine, profile):
    dead = scenario(
        0,
        order="shuffle",
        down=("192.0.2.2",),
        resolvers=Resolvers(5, profile=profile),
        duration=300 if LONG else 100,
    ).set("clients.count", 200)

    outcome = run(dead, engine)

    for share, expected in zip(outcome.shares(), (1 / 3, 0, 1 / 3, 1 / 3), strict=True):
        assert share == pytest.approx(expected, abs=four_sigma(expected, outcome.total))


@pytest.mark.slow
@pytest.mark.parametrize("engine", ["events", "population"])
def test_with_every_server_dead_every_request_fails(engine):
    outcome = run(scenario(down=FOUR, duration=600), engine)

    assert outcome.shares() == (0, 0, 0, 0)
    assert sum(outcome.failed) == outcome.total > 0


@pytest.mark.slow
@pytest.mark.parametrize("engine", ["events", "population"])
def test_a_system_cache_asks_once_a_window(engine):
    """2 clients, λT = 2: the filler asks, and the other with probability 1 - e^(-2)."""
    two = scenario(
        20,
        clients=Clients(2, 0.1, profile="os-cache"),
        resolvers=Resolvers(1),
        duration=100_000 if LONG else 30_000,
        bin=100,
    )

    levels = run(two, engine).levels

    others = levels.os.misses - levels.resolver.misses
    expected = 1 - math.exp(-2)
    windows = levels.resolver.misses
    assert others / windows == pytest.approx(expected, abs=four_sigma(expected, windows))


@pytest.mark.slow
@pytest.mark.parametrize("engine", ["events", "population"])
def test_a_client_that_never_asks_again_asks_once(engine):
    mine = Clients(100, 1.0, profile="mine")
    for_ever = scenario(clients=mine, profiles=keeping(math.inf), duration=600)

    outcome = run(for_ever, engine)

    assert outcome.levels.application.misses == 100
    assert outcome.levels.application.hits == outcome.total - 100


@pytest.mark.slow
@pytest.mark.parametrize("engine", ["events", "population"])
@pytest.mark.parametrize(
    "clients", [Clients(60, 0.05), Clients(60, 0.05, profile="os-cache")], ids=["none", "os"]
)
def test_a_watch_begins_as_in_the_long_run(engine, clients):
    """Neither empty caches nor full ones at the start: queries in every bin are alike."""
    short = scenario(60, clients=clients, resolvers=Resolvers(30), duration=120, bin=20)
    runs = 150 if LONG else 25

    bins = [run(short.set("seed", seed), engine).queries for seed in range(runs)]

    heads = [len(crowd) for crowd in crowds(short)]
    mean = 20 * sum(theory.upstream_rate(n * 0.05, 60) for n in heads)
    for index in range(6):
        counts = [row[index] for row in bins]
        assert sum(counts) / runs == pytest.approx(mean, abs=4 * math.sqrt(mean / runs))


def crowds(case):
    from lab_engine.caches.crowds import head_counts, zipf_shares

    sizes = head_counts(case.clients.count, zipf_shares(case.resolvers.count, case.resolvers.skew))
    return [range(size) for size in sizes if size]


@pytest.mark.parametrize("engine", ["events", "population"])
def test_the_same_seed_gives_the_same_outcome_and_another_does_not(engine):
    usual = scenario(clients=Clients(50, 0.1, profile="fixed/os-cache"), duration=600)

    assert run(usual, engine) == run(usual, engine)
    assert run(usual, engine) != run(usual.set("seed", 2), engine)


@pytest.mark.slow
def test_a_trace_changes_nothing_and_tells_in_order():
    usual = scenario(clients=Clients(50, 0.1, profile="fixed/os-cache"), duration=300)

    plain, traced = run(usual, "events"), run(usual, trace=True)

    times = [event.time for event in traced.trace]
    kinds = [event.kind for event in traced.trace]
    assert (plain.requests, plain.levels) == (traced.requests, traced.levels)
    assert all(0 <= before <= after < 300 for before, after in pairwise(times))
    assert kinds.count("request") == kinds.count("connect") == traced.total
    assert kinds.count("query") == traced.authority_queries
    levels = traced.levels
    fills = levels.application.misses + levels.os.misses + levels.resolver.misses
    assert kinds.count("fill") == fills


def test_a_trace_can_be_read_step_by_step():
    one = scenario(
        clients=Clients(1, 1.0, profile="mine"),
        profiles=keeping(math.inf),
        resolvers=Resolvers(1, profile="frozen"),
        order="fixed",
        down=("192.0.2.1",),
        duration=60,
    )

    trace = run(one, trace=True).trace

    held = "192.0.2.1 192.0.2.2 192.0.2.3 192.0.2.4"
    assert [event[1:] for event in trace[:7]] == [
        ("request", "client 0", ""),
        ("query", "resolver 0", held),
        ("fill", "resolver 0", f"{held} for 60 s"),
        ("fill", "client 0 application", f"{held} for ever"),
        ("connect", "client 0", "192.0.2.2"),
        ("request", "client 0", ""),
        ("connect", "client 0", "192.0.2.2"),
    ]


def test_a_trace_says_where_requests_fail():
    dead = run(scenario(down=FOUR, duration=60), trace=True)

    assert {event.kind for event in dead.trace} >= {"request", "fail"}


def test_a_trace_has_an_end():
    long = run(scenario(clients=Clients(1000, 0.1), duration=120), trace=True)

    assert len(long.trace) == 10_000
    assert long.total > 10_000


def test_auto_takes_the_population_engine_where_it_is_exact():
    assert run(scenario(duration=60)).engine == "population"
    assert run(scenario(duration=60), trace=True).engine == "events"


def test_what_population_cannot_do_is_said_in_words():
    odd = scenario(60, clients=Clients(50, 0.1, arrivals="pareto"), duration=60)

    assert supports(scenario()) == ()
    assert supports(odd) == ("requests are not Poisson",)
    assert run(odd).engine == "events"
    with pytest.raises(ScenarioError, match="requests are not Poisson"):
        run(odd, "population")


@pytest.mark.parametrize("engine", ["simpy", "", "Events", None, 7])
def test_an_unknown_engine_is_refused(engine):
    with pytest.raises(
        LabError, match=r"is not an engine.* Choose one of auto, population, events"
    ):
        run(scenario(), engine)


def test_population_leaves_no_trace():
    with pytest.raises(ScenarioError, match="no events to trace"):
        run(scenario(), "population", trace=True)


@pytest.mark.slow
def test_more_than_an_engine_can_take_is_refused_before_it_starts():
    many = scenario(clients=Clients(10**6, 1.0))
    for too_many in (many, many.set("clients.rate", 1e-6), many.set("clients.count", 10_000)):
        with pytest.raises(ScenarioError, match="more than the event engine takes on"):
            run(too_many, "events")

    fast = many.set("resolvers.count", 10**6).set("zone.www.ttl", 1).set("duration", 6e5)
    with pytest.raises(ScenarioError, match="fills of caches"):
        run(fast)


def test_a_refusal_names_the_warm_up_where_that_is_what_takes_long():
    """A watch of a minute behind lifetimes of a day, which take a day to settle."""
    slow = scenario(
        clients=Clients(1000, 1.0, profile="mine"), profiles=keeping(86_400), duration=60
    )

    with pytest.raises(ScenarioError) as refused:
        run(slow, "events")

    assert "8.66e+07 of them before the watch" in refused.value.value
    assert "shorter TTLs and lifetimes" in refused.value.remedy
    assert "duration" not in refused.value.remedy


@pytest.mark.parametrize("engine", ["events", "population"])
def test_a_name_without_an_address_is_refused(engine):
    zone = Zone.of("shop.example", [RRset.of("mail", "MX", "10 mx.example.", 60)])

    with pytest.raises(ScenarioError, match=r"mail.shop.example. A: has no address"):
        run(Scenario(zone, "mail"), engine)


@pytest.mark.slow
@pytest.mark.parametrize("engine", ["events", "population"])
def test_a_resolver_caps_a_ttl_at_a_day(engine):
    """Unbound's cache-max-ttl; both engines read it from the same limits."""
    long = scenario(
        2**31 - 1, clients=Clients(1, 0.1), resolvers=Resolvers(1), duration=604_800, bin=86_400
    )

    assert 6 <= run(long, engine).authority_queries <= 8


@pytest.mark.slow
@pytest.mark.parametrize("engine", ["events", "population"])
def test_an_alias_within_the_zone_is_followed(engine):
    records = [RRset.of("www", "CNAME", "web", 20), RRset.of("web", "A", FOUR, 60)]
    alias = Scenario(Zone.of("shop.example", records), "www", order="cyclic", duration=600)

    outcome = run(alias, engine)

    assert outcome.addresses == tuple(FOUR)
    assert max(outcome.answers) - min(outcome.answers) <= 1
    assert run(alias.set("zone.www.ttl", 60), engine).authority_queries < outcome.authority_queries
