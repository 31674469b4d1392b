"""Holdings: who held what, against the trace, the counts, and from engine to engine."""

import math
from collections import defaultdict
from ipaddress import ip_network
from itertools import groupby, pairwise
from statistics import fmean, pstdev

import pytest

from lab_engine.authority.policies import Geolocation
from lab_engine.authority.records import RRset
from lab_engine.authority.recordset import RecordSet
from lab_engine.authority.zone import Zone
from lab_engine.errors import ScenarioError
from lab_engine.simulation import Clients, Resolvers, Scenario, run
from lab_engine.simulation.parts import Layer, Place, ScheduledChange
from tests.counts import LONG, long_but

from .seeds import shifted

ENGINES = pytest.mark.parametrize("engine", ["events", "population"])
A, B, C = ADDRESSES = "192.0.2.1", "192.0.2.2", "192.0.2.3"


def scenario(ttl=30, addresses=ADDRESSES, **fields):
    given = {
        "clients": Clients(40, 0.2),
        "resolvers": Resolvers(8, 1.0),
        "duration": 300,
        "bin": 20,
        "window": 20,
        "seed": shifted(1),
    }
    zone = Zone.of("shop.example", [RRset.of("www", "A", addresses, ttl)])
    return Scenario(zone, "www", **(given | fields))


def dying(at, *down):
    return ScheduledChange(at, "down", list(down))


# --- what any outcome says -----------------------------------------------------------------------

KINDS = {
    "rotating": {},
    "frozen": {"resolvers": Resolvers(8, 1.0, "frozen")},
    "whole seconds": {"resolvers": Resolvers(8, 1.0, "unbound")},
    "prefetch": {"resolvers": Resolvers(8, 1.0, "bind")},
    "several caches": {"resolvers": Resolvers(8, 1.0, "google-like")},
    "own caches": {"clients": Clients(40, 0.2, "os-cache")},
    "no second address": {"clients": Clients(40, 0.2, {"jvm": 1, "none": 1})},
    "turns": {"order": "cyclic", "resolvers": Resolvers(8, 1.0, "frozen")},
    "all die": {"schedule": (dying(90, A), dying(150, *ADDRESSES), dying(210))},
    "another TTL": {"schedule": (ScheduledChange(100, "zone.www.ttl", 7),)},
}
RUNS = 120 if LONG else 40
USUAL = ("rotating", "frozen", "prefetch", "own caches", "turns")  # whose runs are short


@pytest.mark.slow
@ENGINES
@pytest.mark.parametrize("kind", KINDS)
def test_holdings_are_in_order_and_a_cache_holds_one_thing_at_a_time(engine, kind):
    outcome = run(scenario(**KINDS[kind]), engine, holdings=200)

    assert [h.share for h in outcome.holders] == sorted(
        (h.share for h in outcome.holders), reverse=True
    )
    assert math.fsum(h.share for h in outcome.holders) == pytest.approx(1)
    assert list(outcome.holdings) == sorted(outcome.holdings, key=lambda each: each[:2])
    for _, several in groupby(outcome.holdings, lambda each: each.holder):
        assert all(before.end <= after.start for before, after in pairwise(several))
    for each in outcome.holdings:
        assert each.start < min(each.end, 300)
        assert each.end > 0
        assert math.fsum(part for _, part in each.shares) == pytest.approx(1)
        assert {address for address, _ in each.shares} <= {*ADDRESSES, ""}


@ENGINES
def test_a_copy_leads_as_those_who_are_alive_have_it(engine):
    """A rotating copy of three, one of which dies and comes back; a copy is cut there."""
    dead = scenario(10_000, schedule=(dying(100, B), dying(200)), resolvers=Resolvers(1))

    for found in run(dead.set("order", "fixed"), engine, holdings=1).holdings:
        shares = dict(found.shares)
        if (found.start, found.end) == (100, 200):
            assert shares == pytest.approx({A: 1 / 3, C: 2 / 3})
        else:
            assert shares == pytest.approx(dict.fromkeys(ADDRESSES, 1 / 3))
            assert found.end <= 100 or found.start >= 200


@ENGINES
def test_a_copy_that_leads_nobody_anywhere_says_so(engine):
    outcome = run(scenario(addresses=[A], schedule=(dying(150, A),)), engine, holdings=8)

    assert {h.shares for h in outcome.holdings if h.start >= 150} == {(("", 1.0),)}
    assert {h.shares for h in outcome.holdings if h.end <= 150} == {((A, 1.0),)}


@pytest.mark.slow
@ENGINES
def test_where_nothing_is_kept_nothing_is_held(engine):
    outcome = run(scenario(0), engine, holdings=3)

    assert len(outcome.holders) == 3
    assert outcome.holdings == ()


@ENGINES
def test_nobody_is_watched_unless_that_is_asked(engine):
    outcome = run(scenario(), engine)

    assert (outcome.holders, outcome.holdings) == ((), ())


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_in_the_event_engine_watching_changes_nothing(kind):
    usual = scenario(**KINDS[kind])

    plain, watched = run(usual, "events"), run(usual, "events", holdings=200)

    assert (plain.requests, plain.failed, plain.queries, plain.levels) == (
        watched.requests,
        watched.failed,
        watched.queries,
        watched.levels,
    )


# --- names ---------------------------------------------------------------------------------------


@ENGINES
def test_the_largest_are_watched_and_named(engine):
    holders = run(scenario(), engine, holdings=3).holders

    assert [each.name for each in holders] == ["resolver 0", "resolver 1", "resolver 2"]
    assert [each.place for each in holders] == [""] * 3
    assert [round(each.share * 40) for each in holders] == [15, 7, 5]


@ENGINES
def test_each_cache_behind_an_address_is_a_holder_of_its_own(engine):
    fields = {
        "resolvers": Resolvers(2, 0, "two"),
        "profiles": {"two": {"like": "ideal", "fragments": 2}},
    }
    outcome = run(scenario(**fields), engine, holdings=10)

    assert [each.name for each in outcome.holders] == [
        f"resolver {number}, cache {fragment}" for number in (0, 1) for fragment in (0, 1)
    ]
    assert [each.share for each in outcome.holders] == [0.25] * 4
    assert {each.holder for each in outcome.holdings} == {0, 1, 2, 3}


FRENCH, AMERICAN = "198.18.1.0/24", "198.19.1.0/24"


def by_country(**fields):
    sets = [
        RecordSet.of(
            "www", "A", address, 30, policy=Geolocation(CountryCode=code), set_identifier=code
        )
        for address, code in ((A, "FR"), (B, "*"))
    ]
    places = (Place(FRENCH, 3), Place(AMERICAN))
    zone = Zone.of("shop.example", sets)
    return scenario(places=places, **fields).set("zone", zone)


@ENGINES
def test_each_place_has_holders_of_its_own(engine):
    outcome = run(by_country(resolvers=Resolvers(4, 0)), engine, holdings=10)

    led = {
        outcome.holders[each.holder].place: dict(each.shares).keys() for each in outcome.holdings
    }
    assert led == {FRENCH: {A}, AMERICAN: {B}}


@ENGINES
def test_each_client_subnet_is_a_holder_of_its_own(engine):
    """A resolver of one cache tells /24s apart: the answers of each are another copy."""
    fields = {
        "resolvers": Resolvers(2, 0, "telling"),
        "profiles": {"telling": {"like": "ideal", "ecs": [24, 56]}},
    }
    outcome = run(by_country(**fields), engine, holdings=10)

    assert len(outcome.holders) == 2
    for each in outcome.holders:
        told = ip_network(each.name.partition(" for ")[2])
        assert told.overlaps(ip_network(each.place))
    for each in outcome.holdings:
        french = outcome.holders[each.holder].place == FRENCH
        assert each.shares == ((A if french else B, 1.0),)


# --- the trace -----------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["rotating", "frozen", "whole seconds", "prefetch"])
def test_holdings_are_what_the_trace_replays(kind):
    """A copy begins where its resolver filled, and leads each request until the next one."""
    usual = scenario(**KINDS[kind])
    outcome = run(usual, "events", trace=True, holdings=8)
    numbers = {each.name: index for index, each in enumerate(outcome.holders)}
    held, filled = defaultdict(list), defaultdict(list)
    for each in outcome.holdings:
        held[each.holder].append(each)
    for event in outcome.trace:
        if event.kind == "fill":
            filled[numbers[event.who]].append(event.time)

    for holder, times in filled.items():
        assert [each.start for each in held[holder] if each.start >= 0] == times
    for event in outcome.trace:
        if event.kind == "connect":
            holder = numbers[event.who.removeprefix("via ")]
            at = [h for h in held[holder] if h.start <= event.time < h.end]
            before = [h for h in held[holder] if h.end == event.time]
            assert any(event.detail in dict(each.shares) for each in (at + before))
            assert len(at) == 1


# --- the counts ----------------------------------------------------------------------------------


@pytest.mark.slow
@ENGINES
@pytest.mark.parametrize("kind", ["rotating", "frozen", "whole seconds", "all die", "turns"])
def test_what_is_held_adds_up_to_the_requests_of_each_bin(engine, kind):
    """Rate x share x time held, and the request of each fill: z of all bins and addresses."""
    usual = scenario(**KINDS[kind]).set("clients.rate", 2.0)
    outcome = run(usual, engine, holdings=8)
    expected = {address: [0.0] * 15 for address in (*ADDRESSES, "")}
    for each in outcome.holdings:
        rate = outcome.holders[each.holder].share * 40 * 2.0
        for address, part in each.shares:
            for index in range(15):
                low, high = max(each.start, index * 20), min(each.end, index * 20 + 20)
                expected[address][index] += part * rate * max(0.0, high - low)
            if each.start >= 0 and not (each.start in (90, 150, 210) and kind == "all die"):
                expected[address][int(each.start // 20)] += part

    rows = dict(zip(outcome.addresses, outcome.requests, strict=True)) | {"": outcome.failed}
    for address, row in rows.items():
        for mean, count in zip(expected[address], row, strict=True):
            assert abs(count - mean) < 5 * math.sqrt(mean + 1)  # of 60 cells: p < 10^-4


# --- engine against engine -----------------------------------------------------------------------


def law(outcome):
    """Of a watch: the part of time held, and led to each; copies begun, and their seconds."""
    held, led, begun, lengths = 0.0, defaultdict(float), 0, []
    for each in outcome.holdings:
        weight, time = outcome.holders[each.holder].share, min(each.end, 300) - max(each.start, 0)
        held += weight * time / 300
        for address, part in each.shares:
            led[address] += weight * part * time / 300
        if each.start >= 0:
            begun += 1
            lengths.append(each.end - each.start)
    return [held, *(led[address] for address in (*ADDRESSES, "")), begun, fmean(lengths or [0])]


@pytest.mark.slow
@pytest.mark.parametrize("kind", long_but(KINDS, *USUAL))
def test_both_engines_hold_by_one_law(kind):
    """Means over all runs, 4 sigma of them."""
    usual = scenario(**KINDS[kind])
    found = [
        [law(run(usual.set("seed", shifted(seed)), engine, holdings=200)) for seed in range(RUNS)]
        for engine in ("events", "population")
    ]

    for ones, others in zip(*(zip(*each, strict=True) for each in found), strict=True):
        sigma = math.hypot(pstdev(ones), pstdev(others)) / math.sqrt(RUNS)
        assert fmean(ones) == pytest.approx(fmean(others), abs=4 * sigma + 1e-9)


# --- caches nearer to the clients ----------------------------------------------------------------

NEARER = {
    "edge": {"layers": [Layer("edge", "cdn-pop", 3)]},
    "router": {"layers": [Layer("router", "ideal", 12), Layer("edge", "ideal", 2)]},
    "clients": {"clients": Clients(40, 0.2, "os-cache")},
    "clients of two kinds": {"clients": Clients(40, 0.2, {"jvm": 1, "none": 1})},
}


def nearer(kind, **fields):
    holders = kind.split()[0]
    usual = scenario(**(NEARER[kind] | fields))
    return usual, run(usual, trace=True, holdings=200, holders=holders)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["edge", "clients", "clients of two kinds"])
def test_what_layers_and_clients_hold_is_what_the_trace_replays(kind):
    """A copy begins where its cache filled; behind it stands the part of the requests that came."""
    _, outcome = nearer(kind, duration=2000, bin=2000, window=2000)
    named = {each.name: index for index, each in enumerate(outcome.holders)}
    filled = defaultdict(list)
    for event in outcome.trace:
        who = event.who.removesuffix(" application").removesuffix(" system")
        if event.kind == "fill" and who in named:
            filled[named[who]].append(event.time)
    last = outcome.trace[-1].time

    assert filled
    for holder, times in filled.items():
        begun = [each.start for each in outcome.holdings if each.holder == holder]
        assert [at for at in begun if 0 <= at <= last] == times
    keeping = 0.5 if kind == "clients of two kinds" else 1.0
    assert math.fsum(each.share for each in outcome.holders) == pytest.approx(keeping)


@pytest.mark.parametrize("kind", ["edge", "router"])
def test_each_miss_of_a_layer_begins_a_copy(kind):
    _, outcome = nearer(kind)

    begun = sum(each.start >= 0 for each in outcome.holdings)
    assert begun == outcome.levels.layers[0].misses


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "caches"), [("edge", 3), ("router", 12), ("clients", 40)])
def test_there_are_as_many_holders_as_caches(kind, caches):
    _, outcome = nearer(kind)

    assert len(outcome.holders) == caches
    assert {each.holder for each in outcome.holdings} <= set(range(caches))


def test_the_largest_of_a_layer_are_those_with_most_behind_them():
    """Of eight resolvers with 15 to 2 of 40 clients, one edge in three has most of them."""
    usual, outcome = nearer("edge")
    (few,) = run(usual, holdings=1, holders="edge").holders

    shares = [each.share for each in outcome.holders]
    assert shares == sorted(shares, reverse=True)
    assert few == outcome.holders[0]


@pytest.mark.slow
@pytest.mark.parametrize("kind", NEARER)
def test_watching_layers_and_clients_changes_nothing(kind):
    usual, watched = nearer(kind)
    plain = run(usual, "events")

    assert (plain.requests, plain.queries, plain.levels) == (
        watched.requests,
        watched.queries,
        watched.levels,
    )


def test_holders_that_are_none_are_refused():
    with pytest.raises(ScenarioError, match="holders edges: is no layer of this scenario") as why:
        run(scenario(**NEARER["edge"]), holdings=3, holders="edges")
    assert "resolvers, clients, edge" in why.value.remedy
    several = scenario(layers=[Layer("edge", "google-like", 3)])
    with pytest.raises(ScenarioError, match="keeps several copies"):
        run(several, holdings=3, holders="edge")
    with pytest.raises(ScenarioError, match="population: cannot run this: it does not tell"):
        run(scenario(**NEARER["clients"]), "population", holdings=3, holders="clients")


# --- what is refused -----------------------------------------------------------------------------


@ENGINES
@pytest.mark.parametrize("count", [-1, 10_001, 2.5, True, "200", None])
def test_a_number_of_caches_that_is_none_is_refused(engine, count):
    with pytest.raises(ScenarioError, match="holdings"):
        run(scenario(), engine, holdings=count)


@ENGINES
def test_more_copies_than_can_be_noted_are_refused(engine):
    busy = scenario(1, clients=Clients(2000, 1.0), resolvers=Resolvers(1000, 0), duration=8000)

    with pytest.raises(ScenarioError, match="copies, and 1,000,000 can be noted") as refused:
        run(busy.set("bin", 100).set("window", 100), engine, holdings=500)
    assert "Watch fewer caches" in refused.value.remedy
