"""The event engine against closed forms: profiles, layers, changes, places, broken-off runs."""

import math

import pytest

from lab_engine.authority.policies import Failover, Geolocation
from lab_engine.authority.records import RRset
from lab_engine.authority.recordset import RecordSet
from lab_engine.authority.zone import Zone
from lab_engine.caches.profiles import RECURSIVES
from lab_engine.errors import ScenarioError
from lab_engine.simulation import Clients, Resolvers, Scenario, theory
from lab_engine.simulation.events import engine as events
from lab_engine.simulation.events.trace import Trace
from lab_engine.simulation.parts import Backend, Checkers, Layer, Place, ScheduledChange
from tests.counts import LONG, long_but

OLD, NEW = "192.0.2.1", "192.0.2.2"

CACHES, MANY = (4000, 300) if LONG else (1000, 100)
PREFETCHED = 9000 if LONG else 3000  # seconds


def scenario(ttl=60, addresses=(OLD,), **fields):
    zone = Zone.of("shop.example", [RRset.of("www", "A", addresses, ttl)])
    return Scenario(zone, "www", **fields)


def alone(count, ttl, rate, profile="ideal", client="none", **fields):
    """As many clients, each behind a resolver of its own."""
    return scenario(
        ttl,
        clients=Clients(count, rate, profile=client),
        resolvers=Resolvers(count, skew=0, profile=profile),
        **fields,
    )


def four_sigma(share, of):
    return 4 * math.sqrt(share * (1 - share) / of)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("profile", "grace"),
    long_but([("bind", 0), ("unbound", 1), ("powerdns", 0)], ("bind", 0), ("unbound", 1)),
)
@pytest.mark.parametrize("rate", long_but([0.2, 1.0], 1.0))
def test_whole_second_clocks_have_their_own_hit_law(profile, grace, rate):
    """T = 5 s; the continuous law is off by 0.012 and more. BIND does not prefetch that."""
    outcome = events.run(alone(60, 5, rate, profile, duration=1000 / rate))

    expected = theory.whole_second_hit_ratio(rate, 5, grace)
    tolerance = four_sigma(expected, 60_000)
    assert outcome.levels.resolver.hit_ratio == pytest.approx(expected, abs=tolerance)
    assert abs(expected - theory.hit_ratio(rate, 5)) > 0.0115


@pytest.mark.slow
def test_prefetch_asks_more_often_and_keeps_fewer_waiting():
    """λ = .5, T = 20, w = 2 on a continuous clock: fetches .1000, misses .0368."""
    eager = {"eager": {"like": "ideal", "prefetch": 2}}
    outcome = events.run(alone(40, 20, 0.5, "eager", profiles=eager, duration=PREFETCHED))

    fetched = outcome.authority_queries / outcome.total
    missed = 1 - outcome.levels.resolver.hit_ratio
    expected = theory.prefetch_fetch_ratio(0.5, 20, 2)
    assert fetched == pytest.approx(expected, abs=four_sigma(expected, 20 * PREFETCHED))
    expected = theory.prefetch_miss_ratio(0.5, 20, 2)
    assert missed == pytest.approx(expected, abs=four_sigma(expected, 20 * PREFETCHED))


@pytest.mark.slow
@pytest.mark.parametrize("client", long_but(["jvm", "curl", "chrome"], "jvm", "curl"))
def test_a_client_that_restarts_its_lifetime_before_a_resolver(client):
    """A chain without decrement: J = 30 or 60 s before T = 300 s."""
    lifetime = {"jvm": 30, "curl": 60, "chrome": 60}[client]
    pairs = alone(100, 300, 0.05, client=client, duration=6000)
    pairs = pairs.set("clients.profile", {client: 1})

    levels = events.run(pairs).levels

    asked = sum(levels.resolver)
    if client == "jvm":  # the others keep their connections open, and ask more seldom
        expected = theory.hit_ratio(0.05, lifetime)
        assert levels.application.hit_ratio == pytest.approx(expected, abs=0.01)
        chained = theory.chain_hit_ratio(0.05, lifetime, 300)
        assert levels.resolver.hit_ratio == pytest.approx(chained, abs=four_sigma(chained, asked))
    else:
        assert levels.application.misses + levels.application.hits < 0.9 * 100 * 0.05 * 6000


@pytest.mark.slow
def test_stale_requests_after_a_change_fall_as_the_line_says():
    """λ = 1, T = 20: .9524, .7143, .4762, .2381 at 0, 5, 10, 15 s; 4 sigma of so many caches."""
    change = ScheduledChange(2, "zone", Zone.of("shop.example", [RRset.of("www", "A", NEW, 20)]))
    caches = alone(CACHES, 20, 1.0, schedule=(change,), duration=24, bin=1, window=1)

    stale = events.run(caches).stale_fraction()

    assert stale[:2] == (0, 0)
    for after in (0, 5, 10, 15):
        expected = theory.stale_fraction(after + 0.5, 20, 1)
        assert stale[2 + after] == pytest.approx(expected, abs=four_sigma(expected, CACHES))
    assert stale[22:] == (0, 0)


@pytest.mark.slow
def test_two_levels_that_restart_are_stale_for_both_lifetimes():
    """T1 = T2 = 20: .875, .5, .125 where busy, and nearly so here; 4 sigma of so many resolvers."""
    change = ScheduledChange(2, "zone", Zone.of("shop.example", [RRset.of("www", "A", NEW, 20)]))
    two = scenario(
        20,
        clients=Clients(20 * MANY, 0.5, profile="mine"),
        profiles={"mine": {"like": "fixed", "lifetime": 20}},
        resolvers=Resolvers(MANY, skew=0),
        schedule=(change,),
        duration=44,
        bin=1,
        window=1,
    )

    stale = events.run(two).stale_fraction()

    held, asked = theory.hit_ratio(0.5, 20), 20 * theory.upstream_rate(0.5, 20)
    for after in (10.5, 20.5, 30.5):
        of_hits = theory.pinned_stale_fraction(after, ttl=20, life=20, rate=asked)
        of_misses = theory.stale_fraction(after, 20, asked)
        expected = held * of_hits + (1 - held) * of_misses
        busy = theory.two_level_stale_fraction(after, 20, 20)
        assert expected == pytest.approx(busy, abs=0.07)
        found = stale[2 + int(after)]
        assert found == pytest.approx(expected, abs=4 * math.sqrt(1 / 12 / MANY))
    assert stale[42:] == (0, 0)


@pytest.mark.slow
def test_requests_follow_the_answers_that_led_them():
    """Whoever is stale goes to the old server, whoever is not to the new one."""
    change = ScheduledChange(60, "zone", Zone.of("shop.example", [RRset.of("www", "A", NEW, 30)]))
    moved = scenario(30, schedule=(change,), duration=150, bin=10, window=10)

    outcome = events.run(moved)

    old = outcome.requests[outcome.addresses.index(OLD)]
    assert outcome.stale[0][6:] == old[6:]
    assert outcome.stale[0][:6] == (0,) * 6
    assert sum(outcome.requests[outcome.addresses.index(NEW)][:6]) == 0


@pytest.mark.slow
def test_unreachable_without_stale_answers_fails_when_copies_have_run_out():
    gone = alone(
        50, 20, 1.0, schedule=(ScheduledChange(60, "reachable", False),), duration=150, bin=10
    )

    outcome = events.run(gone.set("window", 10))

    assert sum(outcome.failed[:6]) == 0
    assert outcome.failed[7] > 0
    assert sum(row[9] for row in outcome.requests) == 0
    assert sum(outcome.queries[6:]) == 0


@pytest.mark.slow
def test_serve_stale_answers_while_nobody_is_reached():
    gone = alone(
        50,
        20,
        1.0,
        "lasting",
        profiles={"lasting": {"like": "unbound", "serve_stale": 3600}},
        schedule=(ScheduledChange(60, "reachable", False),),
        duration=150,
        bin=10,
    )

    outcome = events.run(gone, trace=True)

    assert sum(outcome.failed) <= 0.02 * outcome.total  # whose cache was empty just then
    revived = Trace(outcome.trace).of(kind="stale")
    assert len(revived) > 0
    assert all(event.time > 60 for event in revived)


@pytest.mark.slow
def test_negative_answers_are_kept_for_as_long_as_the_soa_says():
    """The name goes away at 60 s: NODATA for 300 s of its SOA, so that one query each is enough."""
    empty = Zone.of("shop.example", [RRset.of("www", "TXT", '"gone"', 30)])
    gone = scenario(
        30,
        resolvers=Resolvers(5),
        schedule=(ScheduledChange(60, "zone", empty),),
        duration=180,
        bin=10,
        window=10,
    )

    outcome = events.run(gone)

    assert sum(outcome.failed[9:]) > 0
    assert sum(outcome.requests[0][9:]) == 0
    assert 0 < sum(outcome.queries[6:9]) <= 5
    assert sum(outcome.queries[9:]) == 0


def geo():
    sets = [
        RecordSet.of(
            "www",
            "A",
            address,
            30,
            policy=Geolocation(**where),
            set_identifier=address,
        )
        for address, where in (
            ("192.0.2.1", {"ContinentCode": "EU"}),
            ("192.0.2.2", {"ContinentCode": "NA"}),
            ("192.0.2.3", {"CountryCode": "*"}),
        )
    ]
    return Zone.of("shop.example", sets)


PLACES = (
    Place("198.18.1.0/24", 3, resolver_ms=5, authority_ms=20),
    Place("198.19.1.0/24", 1, resolver_ms=10, authority_ms=40),
)
BACKENDS = (Backend("192.0.2.1", "eu-west-3"), Backend("192.0.2.2", "us-west-1"))


@pytest.mark.slow
def test_each_place_is_led_to_its_own_servers():
    outcome = events.run(Scenario(geo(), "www", places=PLACES, backends=BACKENDS))

    assert set(outcome.addresses) >= {"192.0.2.1", "192.0.2.2"}
    assert outcome.shares()[outcome.addresses.index("192.0.2.1")] == pytest.approx(0.75, abs=0.01)
    assert {(trip.place, trip.server) for trip in outcome.trips} == {
        ("198.18.1.0/24", "192.0.2.1"),
        ("198.19.1.0/24", "192.0.2.2"),
    }
    assert max(outcome.distance_km(0.99)) < 50
    waits = dict(outcome.lookups)
    assert set(waits) <= {0, 5, 25, 10, 50}
    assert sum(waits.values()) == outcome.total


@pytest.mark.long
@pytest.mark.slow
def test_client_subnets_lead_clients_where_their_resolver_is_not():
    """One resolver far away: without ECS all go to its server, with it each to its own."""
    abroad = tuple(Place(place.network, place.share, egress="198.19.1.5") for place in PLACES)
    base = Scenario(geo(), "www", places=abroad, backends=BACKENDS, duration=900)

    plain = events.run(base)
    told = events.run(base.set("resolvers.profile", "google-like"))

    assert plain.addresses == ("192.0.2.2",)
    assert told.shares()[told.addresses.index("192.0.2.1")] == pytest.approx(0.75, abs=0.01)
    assert plain.rtt_ms(0.95)[0] > 100 > told.rtt_ms(0.95)[0]
    assert told.authority_queries > plain.authority_queries


@pytest.mark.slow
def test_layers_take_load_off_the_resolvers_and_age_what_they_hold():
    base = scenario(60, clients=Clients(400, 0.1), resolvers=Resolvers(4, skew=0), duration=1200)
    layered = base.set("layers", (Layer("home router", count=40), Layer("provider", count=8)))

    plain, tall = events.run(base), events.run(layered)

    homes, providers = tall.levels.layers
    assert sum(homes) == tall.total
    assert sum(providers) == homes.misses
    assert sum(tall.levels.resolver) == providers.misses
    assert tall.levels.resolver.misses == tall.authority_queries
    expected = plain.authority_queries
    assert tall.authority_queries == pytest.approx(expected, abs=4 * math.sqrt(expected))


@pytest.mark.slow
def test_a_death_lasts_as_long_as_copies_do():
    """Busy caches, T = 60, nobody is told: what is left of a copy, uniform up to T."""
    change = ScheduledChange(200, "down", [OLD])
    fixed = alone(
        300, 60, 1.0, schedule=(change, ScheduledChange(200, "zone", _moved(60))), duration=400
    )

    (outage,) = events.run(fixed).outages

    assert outage.at == 200
    assert len(outage.lasted) == 300
    median, longest = outage.quantiles(0.5, 1.0)
    assert median == pytest.approx(30, abs=4 * 60 * 0.5 / math.sqrt(300))
    assert longest <= 60


def _moved(ttl):
    return Zone.of("shop.example", [RRset.of("www", "A", NEW, ttl)])


@pytest.mark.long  # test_failover_law has the same checks, beside others
def test_failover_takes_what_the_closed_form_says():
    """10 s x 3, TTL 60, 16 checkers: mean 58.2 s; 20 detections, 60 copies behind each: 4 sigma."""
    sets = [
        RecordSet.of(
            "www",
            "A",
            address,
            60,
            policy=Failover(role),
            set_identifier=role,
            health_check_id=f"hc-{role}",
        )
        for role, address in (("PRIMARY", OLD), ("SECONDARY", NEW))
    ]
    base = Scenario(
        Zone.of("shop.example", sets),
        "www",
        clients=Clients(60, 2.0),
        resolvers=Resolvers(60, skew=0),
        checkers=Checkers(interval=10, threshold=3),
        schedule=(ScheduledChange(10, "down", [OLD]),),
        duration=120,
    )

    lasted = [
        seconds
        for seed in range(20)
        for outage in events.run(base.set("seed", seed)).outages
        for seconds, _ in outage.lasted
    ]

    law, found_out = theory.Failover(10, 3, ttl=60).outage, theory.Failover(10, 3, ttl=0).outage
    sigma = math.sqrt(found_out.sd**2 / 20 + 60**2 / 12 / 1200)
    assert sum(lasted) / len(lasted) == pytest.approx(law.mean, abs=4 * sigma)


@pytest.mark.slow
def test_connections_stay_where_they_were_opened():
    """gRPC never asks again until it breaks; a client without a pool moves within a TTL."""
    change = ScheduledChange(60, "zone", _moved(10))
    base = scenario(10, schedule=(change,), duration=300, clients=Clients(100, 0.5))

    pinned = events.run(base.set("clients.profile", "grpc"))
    moved = events.run(base.set("clients.profile", "glibc"))

    assert pinned.shares()[0] > 0.99
    assert sum(moved.requests[0][2:]) == 0


@pytest.mark.slow
def test_what_polls_asks_of_its_own_accord():
    base = scenario(1, clients=Clients(20, 0.01, profile="envoy-strict"), duration=600)

    outcome = events.run(base)

    polls = 20 * 600 / 5
    assert sum(outcome.levels.resolver) == pytest.approx(polls, rel=0.02)
    assert dict(outcome.lookups) == {0.0: outcome.total}


@pytest.mark.slow
def test_a_run_that_is_broken_off_keeps_what_it_counted_for_who_asks():
    def stop(done, _total):
        if done >= 300:
            raise KeyboardInterrupt

    usual = scenario(60, duration=600, bin=60)

    whole, part = events.run(usual), events.run(usual, progress=stop, partial=True)

    assert not whole.partial
    assert part.partial
    assert part.ended == 300
    assert part.requests[0][:5] == whole.requests[0][:5]
    assert part.requests[0][5:] == (0,) * 5
    assert len(part.queries) == 10
    with pytest.raises(KeyboardInterrupt):
        events.run(usual, progress=stop)


def test_progress_is_told_bin_by_bin():
    told = []

    events.run(scenario(60, duration=300, bin=60), progress=lambda *done: told.append(done))

    assert told == [(60, 300), (120, 300), (180, 300), (240, 300), (300, 300)]


def test_what_does_not_fit_into_memory_is_refused_with_an_estimate():
    many = tuple(Place(f"198.18.{part}.0/24") for part in range(250))
    wide = scenario(
        60,
        places=many,
        duration=90_000,
        bin=1,
        clients=Clients(250, 0.001),
        resolvers=Resolvers(250),
    )

    with pytest.raises(ScenarioError, match="MB"):
        events.run(wide)


@pytest.mark.slow
@pytest.mark.parametrize(
    "fields",
    [
        {"clients": Clients(50, 0.2, profile={"jvm": 1, "chrome": 1, "none": 2})},
        {"clients": Clients(50, 0.2, arrivals="h2")},
        {"resolvers": Resolvers(10, profile={"unbound": 1, "google-like": 1})},
        {"layers": (Layer("edge", "powerdns", 5),)},
        {"backends": (Backend(OLD, capacity=5, queue=3),)},
        {
            "schedule": (
                ScheduledChange(20, "down", [OLD]),
                ScheduledChange(40, "zone.www.ttl", 5),
            )
        },
    ],
)
def test_the_same_seed_gives_the_same_outcome_and_a_trace_changes_nothing(fields):
    usual = scenario(30, (OLD, NEW), duration=60, **{"clients": Clients(50, 0.2)} | fields)

    one, two, traced = events.run(usual), events.run(usual), events.run(usual, trace=True)

    assert one == two
    assert (one.requests, one.levels, one.lookups) == (
        traced.requests,
        traced.levels,
        traced.lookups,
    )
    assert events.run(usual.set("seed", 9)) != one
    assert sum(count for _, count in one.lookups) == one.total


@pytest.mark.slow
def test_back_ends_begin_as_in_the_long_run():
    """200 resolvers with b caches each, asked by rate λ: bλ/b / (1 + λT/b) fetches a second."""
    profile = RECURSIVES["google-like"]
    outcome = events.run(alone(200, 60, 0.5, "google-like", duration=60, bin=10))

    rate = 0.5 / profile.fragments
    expected = 200 * profile.fragments * theory.upstream_rate(rate, 60) * 10
    four_sigma_of_counts = 4 * math.sqrt(expected)
    assert all(abs(count - expected) < four_sigma_of_counts for count in outcome.queries)


@pytest.mark.slow
def test_a_look_up_waits_for_each_cache_that_it_asks():
    """To the first layer, to the second, to the resolver, to the authority: 1, 3, 8 and 28 ms."""
    layers = (Layer("router", count=20, ms=1), Layer("edge", count=4, ms=2))
    place = Place(resolver_ms=5, authority_ms=20)
    tall = scenario(
        30,
        clients=Clients(40, 0.02),
        resolvers=Resolvers(2, skew=0),
        places=(place,),
        layers=layers,
    )

    outcome = events.run(tall)
    waited, levels = dict(outcome.lookups), outcome.levels
    assert set(waited) == {1, 3, 8, 28}
    assert waited[1] == levels.layers[0].hits
    assert waited[3] == levels.layers[1].hits
    assert (waited[8], waited[28]) == levels.resolver


def test_a_look_up_in_the_own_cache_waits_for_no_layer():
    own = scenario(
        300,
        clients=Clients(5, 0.1, "os-cache"),
        resolvers=Resolvers(1),
        layers=(Layer("router", count=1, ms=4),),
    )

    waited = dict(events.run(own).lookups)
    assert set(waited) == {0, 4, 64}  # behind one layer a resolver has nothing to hit
    assert waited[0] > 0.9 * sum(waited.values())
