"""Scenarios with a balancer: who gets what, what a death costs, and how targets drain."""

import math

import pytest

from lab_engine import dumps, loads
from lab_engine.authority.policies import Multivalue
from lab_engine.authority.records import RRset
from lab_engine.authority.recordset import RecordSet
from lab_engine.authority.zone import Zone
from lab_engine.errors import LabError
from lab_engine.simulation import Clients, Resolvers, Scenario, run, supports
from lab_engine.simulation.balancer import Balancer
from lab_engine.simulation.balancing import hashed
from lab_engine.simulation.events.blackouts import Blackouts
from lab_engine.simulation.parts import Backend, ScheduledChange

from .seeds import shifted

FOUR = [f"192.0.2.{n}" for n in range(1, 5)]
FIFTH = "192.0.2.5"
SHOP = Scenario(
    Zone.of("shop.example", [RRset.of("www", "A", FOUR, 60)]),
    "www",
    resolvers=Resolvers(20),
    clients=Clients(50, 0.4),
    balancer=Balancer(),
    duration=120,
    bin=1,
    window=20,
    seed=shifted(1),
)
KEEPING = SHOP.set("profiles", {"k": {"like": "fixed", "lifetime": 60, "idle": 600}}).set(
    "clients.profile", "k"
)
DEATH = (ScheduledChange(60.0, "down", FOUR[:1]),)


def two_addresses():
    return Zone.of("shop.example", [RRset.of("www", "A", FOUR[:2], 60)])


def totals(outcome):
    return [sum(row) for row in outcome.requests]


@pytest.mark.parametrize("layer", ["L4", "L7"])
def test_round_robin_is_even_to_one_request(layer):
    """Before and after the watch the turn goes on, so ends may differ by one."""
    counts = totals(run(SHOP.set("balancer.layer", layer)))

    assert max(counts) - min(counts) <= 1


def test_weights_are_met_in_each_cycle():
    outcome = run(SHOP.set("balancer.weights", {FOUR[0]: 3}))

    total = sum(totals(outcome))
    assert totals(outcome)[0] == pytest.approx(total / 2, abs=3)
    assert totals(outcome)[1] == pytest.approx(total / 6, abs=1)


@pytest.mark.slow
def test_the_same_requests_come_with_and_without_a_balancer():
    """At the same times, and they wait for DNS as long: only who serves them differs."""
    limited = SHOP.set("backends", tuple(Backend(each, capacity=50) for each in FOUR))
    worlds = [limited.set("balancer", each) for each in (None, Balancer("L4"), Balancer("L7"))]
    dns, l4, l7 = (run(each, "events") for each in worlds)

    assert dns.total == l4.total == l7.total
    assert dns.lookups == l4.lookups == l7.lookups
    assert dns.queries == l4.queries == l7.queries


# --- death ----------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("layer", ["L4", "L7"])
def test_a_death_is_noticed_after_so_many_checks(layer):
    """Every fourth request fails from the death on, for 2 to 3 intervals of 2 s; then none."""
    outcome = run(SHOP.set("schedule", DEATH).set("balancer.layer", layer))

    failing = [second for second, count in enumerate(outcome.failed) if count]
    asked = [sum(each) for each in zip(*outcome.requests, outcome.failed, strict=True)]
    assert min(failing) >= 60
    assert 60 + 2 * 2 - 1 <= max(failing) < 60 + 3 * 2
    assert sum(asked[60:64]) / 4 - 1 <= sum(outcome.failed) <= sum(asked[60:66]) / 4 + 1


def test_a_retry_hides_a_death():
    assert sum(run(SHOP.set("schedule", DEATH).set("balancer.retries", 1)).failed) == 0


@pytest.mark.parametrize("layer", ["L4", "L7"])
def test_a_target_that_fell_over_is_found_out_by_its_checks(layer):
    """It is empty then, and would get all: 20 a second, for 6 s, and twice at most in a minute."""
    small = (Backend(FOUR[0], capacity=5, queue=0, restart=60), Backend(FOUR[1], capacity=1000))
    scenario = SHOP.set("zone", two_addresses()).set("backends", small).set("duration", 60)
    least = scenario.set("balancer.layer", layer).set("balancer.algorithm", "least connections")

    outcome = run(least)

    assert 0 < sum(outcome.failed) <= 20 * 12 + 4 * math.sqrt(20 * 12)
    assert not any(run(least.set("balancer.retries", 1)).failed)


def test_without_checks_a_death_stays():
    outcome = run(SHOP.set("schedule", DEATH).set("balancer.interval", 0))

    assert sum(outcome.failed[100:]) > 0


@pytest.mark.slow
def test_all_dead_is_503_at_l7():
    """And nobody is refused: there is nobody who could."""
    outcome = run(SHOP.set("down", FOUR), trace=True)

    assert sum(outcome.failed) == outcome.total > 0
    assert sum(outcome.refused) == 0
    assert {e.detail for e in outcome.trace if e.kind == "fail"} == {
        "503 from the balancer: no target is healthy"
    }


def test_who_comes_back_gets_requests_again():
    """After `rise` checks."""
    back = (*DEATH, ScheduledChange(80.0, "down", []))
    outcome = run(SHOP.set("schedule", back))

    assert sum(outcome.requests[0][67:80]) == 0
    assert sum(outcome.requests[0][84:]) > 0


def test_what_a_server_had_taken_in_is_lost_when_it_dies():
    """One request in a minute is served; the others wait."""
    slow = tuple(Backend(each, capacity=1 / 60, queue=10**6) for each in FOUR)
    outcome = run(SHOP.set("backends", slow).set("schedule", DEATH))

    lost = outcome.service.lost
    assert sum(lost) == lost[60] > 0
    served = sum(count for _, count in outcome.service.latencies)
    assert served <= sum(totals(outcome)) - sum(lost)


@pytest.mark.parametrize("layer", ["L4", "L7"])
def test_who_comes_back_from_death_has_nothing_left_to_do(layer):
    """Each has minutes of work waiting; the one that died then is the least busy, and gets all."""
    slow = tuple(Backend(each, capacity=1, queue=10**6) for each in FOUR)
    back = (*DEATH, ScheduledChange(80.0, "down", []))
    scenario = SHOP.set("backends", slow).set("schedule", back).set("balancer.layer", layer)

    outcome = run(scenario.set("balancer.algorithm", "least connections"))

    assert sum(sum(row[85:95]) for row in outcome.requests[1:]) == 0
    assert sum(outcome.requests[0][85:95]) > 100


def test_a_client_sticks_to_the_target_that_a_retry_found():
    """The cookie names who took the request, not who was chosen first."""
    sticky = SHOP.set("balancer.sticky", "cookie").set("balancer.retries", 1)

    outcome = run(sticky.set("balancer.interval", 0).set("schedule", DEATH))

    assert sum(outcome.failed) == 0
    assert outcome.service.moved <= 50


# --- targets --------------------------------------------------------------------------------------

RECORDS = """$ORIGIN shop.example.
@     3600 SOA ns hostmaster 1 7200 900 1209600 60
@     3600 NS  ns
ns    3600 A   192.0.2.53
www     60 CNAME pool
pool    60 A   192.0.2.1
pool    60 A   192.0.2.2
*.any   60 A   192.0.2.1
*.any   60 A   192.0.2.2
"""


def reached(outcome):
    return {at for at, count in zip(outcome.addresses, totals(outcome), strict=True) if count}


@pytest.mark.parametrize("layer", ["L4", "L7"])
@pytest.mark.parametrize("name", ["www", "shop.any", "alias"])
def test_targets_are_the_addresses_that_answers_hold(name, layer):
    """Through a CNAME, from a wildcard, behind an alias; and none of other names."""
    zone = Zone.from_text(RECORDS)
    alias = RecordSet.alias_to("alias.shop.example.", "A", "pool.shop.example.")
    scenario = SHOP.set("zone", zone.changed((), (alias,))).set("name", name)

    outcome = run(scenario.set("balancer.layer", layer))

    assert reached(outcome) == set(FOUR[:2])
    assert sum(outcome.failed) == 0


def test_a_health_check_of_the_zone_takes_no_target_away():
    """DNS leads past it, the balancer not: it has checks of its own."""
    sets = [
        RecordSet.of(
            "www",
            "A",
            each,
            60,
            policy=Multivalue(),
            set_identifier=each,
            health_check_id=f"check-{each}",
        )
        for each in FOUR
    ]
    zone = Zone.of("shop.example", sets)
    scenario = SHOP.set("zone", zone).set("unhealthy", [f"check-{FOUR[0]}"])

    assert reached(run(scenario)) == set(FOUR)


def test_a_balancer_without_targets_is_refused():
    zone = Zone.of("shop.example", [RRset.of("www", "AAAA", "2001:db8::1", 60)])

    with pytest.raises(LabError, match="no address in this zone"):
        run(SHOP.set("zone", zone))


# --- what DNS shows -------------------------------------------------------------------------------


def test_a_copy_leads_nobody_to_the_dead_behind_a_balancer():
    """Whichever address it holds, the balancer answers there."""
    outcome = run(SHOP.set("schedule", DEATH), "events", holdings=5)

    assert outcome.downs[-1][1] == (FOUR[0],)
    after = [dict(each.shares) for each in outcome.holdings if each.end > 60]
    assert len(after) >= 5
    assert all(FOUR[0] in shares for shares in after)


def test_nobody_is_followed_who_is_led_to_the_dead(monkeypatch):
    """Clients reach the balancer whoever is dead: there is no outage to be found."""
    followed = []
    monkeypatch.setattr(Blackouts, "died", lambda *given: followed.append(given))

    outcome = run(SHOP.set("schedule", DEATH))

    assert (followed, outcome.outages) == ([], ())


# --- connections ----------------------------------------------------------------------------------


def joined(layer):
    """Four targets; from 60 s on a fifth."""
    grown = Zone.of("shop.example", [RRset.of("www", "A", [*FOUR, FIFTH], 60)])
    scenario = KEEPING.set("schedule", (ScheduledChange(60.0, "zone", grown),))
    outcome = run(scenario.set("balancer.layer", layer).set("balancer.keep_alive", 3600))
    rows = dict(zip(outcome.addresses, outcome.requests, strict=True))
    return sum(rows.get(FIFTH, ())) / sum(sum(row[60:]) for row in outcome.requests)


@pytest.mark.long
@pytest.mark.slow
def test_a_fifth_server_gets_its_part_at_once_at_l7_and_none_of_old_connections_at_l4():
    assert joined("L7") == pytest.approx(0.2, abs=0.01)
    assert joined("L4") == 0


@pytest.mark.slow
def test_a_connection_is_one_target_at_l4():
    """Every request of a client that keeps its connection comes back."""
    assert run(KEEPING.set("balancer.layer", "L4")).service.stickiness == 1.0
    assert run(KEEPING.set("balancer.layer", "L7")).service.stickiness < 0.5


@pytest.mark.slow
def test_the_balancer_closes_what_is_unused():
    """Clients would keep it for ten minutes; at 0.4 requests a second few gaps are below 0.1 s."""
    outcome = run(KEEPING.set("balancer.layer", "L4").set("balancer.keep_alive", 0.1))

    assert outcome.service.connections == pytest.approx(outcome.total * math.exp(-0.04), rel=0.02)


PAUSE = (ScheduledChange(60.0, "down", FOUR), ScheduledChange(80.0, "down", []))


@pytest.mark.long
def test_an_error_leaves_a_connection_open_at_l7_alone():
    """A 503 comes over the client's connection, which it keeps; at L4 there is nobody to answer."""
    calm = KEEPING.set("balancer.keep_alive", 3600)
    opened = {
        layer: [
            run(calm.set("balancer.layer", layer).set("schedule", each)).service.connections
            for each in ((), PAUSE)
        ]
        for layer in ("L4", "L7")
    }

    assert opened["L7"][1] == opened["L7"][0]
    assert opened["L4"][1] >= opened["L4"][0] + 50


@pytest.mark.slow
def test_least_connections_at_l4_counts_what_is_open():
    """Of 50 clients with a connection each, every target has 12 or 13."""
    scenario = KEEPING.set("balancer.layer", "L4").set("balancer.algorithm", "least connections")
    outcome = run(scenario.set("balancer.keep_alive", 3600), trace=True)

    pinned = {event.who: event.detail for event in outcome.trace if event.kind == "connect"}
    held = [list(pinned.values()).count(address) for address in FOUR]
    assert max(held) - min(held) <= 1


# --- stickiness, paths, draining ------------------------------------------------------------------


@pytest.mark.parametrize("sticky", ["cookie", "address"])
def test_a_client_comes_back_until_its_target_dies(sticky):
    outcome = run(SHOP.set("balancer.sticky", sticky).set("schedule", DEATH))

    service = outcome.service
    assert 0 < service.moved <= 50  # each of those who were there moves once
    assert service.stickiness > 0.95


def test_an_address_moves_only_when_its_own_target_goes():
    clients = [f"198.18.1.{n}" for n in range(200)]
    before = [hashed(each, FOUR, [0, 1, 2, 3]) for each in clients]

    after = [hashed(each, FOUR, [1, 2, 3]) for each in clients]

    assert all(new == old for old, new in zip(before, after, strict=True) if old != 0)
    spread = [before.count(target) for target in range(4)]
    assert spread == pytest.approx([50] * 4, abs=4 * math.sqrt(200 * 0.25 * 0.75))


def test_a_path_goes_to_those_who_serve_it():
    """The longest that fits counts; the others share what fits none."""
    rules = {"/api": FOUR[3:], "/api/v2": FOUR[2:3]}
    scenario = SHOP.set("clients.paths", {"/": 0.5, "/api/cart": 0.3, "/api/v2/cart": 0.2})

    outcome = run(scenario.set("balancer.paths", rules))

    sigma = math.sqrt(0.25 / outcome.total)
    expected = [0.125, 0.125, 0.325, 0.425]
    assert list(outcome.shares()) == pytest.approx(expected, abs=4 * sigma)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("scenario", "last"),
    [
        (SHOP, 60),  # nothing is kept: at once
        (SHOP.set("balancer.sticky", "cookie"), 80),  # until the time is up
        (KEEPING.set("balancer.layer", "L4"), 80),
    ],
    ids=["requests", "cookies", "connections"],
)
def test_what_drains_keeps_what_it_has_for_its_time(scenario, last):
    drained = (ScheduledChange(60.0, "balancer.draining", FOUR[:1]),)
    outcome = run(scenario.set("balancer.drain_timeout", 20).set("schedule", drained))

    served = [second for second, count in enumerate(outcome.requests[0]) if count]
    assert last - 4 <= max(served) + 1 <= last
    assert sum(outcome.failed) == 0


def test_a_full_target_refuses_and_a_retry_finds_another():
    small = (Backend(FOUR[0], capacity=0.01, queue=0),)
    scenario = SHOP.set("backends", small)

    assert sum(run(scenario).refused) > 400
    assert sum(run(scenario.set("balancer.retries", 1)).failed) == 0


def test_the_balancer_takes_its_time():
    outcome = run(SHOP.set("balancer.hop_ms", 7).set("clients.profile", "os-cache"))

    assert outcome.latency_ms(0) == (7.0,)


# --- what is refused ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"layer": "L5"}, "layer.*L4, L7"),
        ({"algorithm": "best"}, "algorithm.*round robin"),
        ({"layer": "L4", "sticky": "cookie"}, "not seen at L4"),
        ({"layer": "L4", "paths": {"/a": [FOUR[0]]}}, "not seen at L4"),
        ({"weights": {FOUR[0]: 0}}, "drain it"),
        ({"weights": {FOUR[0]: 257}}, "0 to 256"),
        ({"weights": "heavy"}, "not a table"),
        ({"weights": {3: 4}}, "no address"),
        ({"paths": {"api": [FOUR[0]]}}, "beginning of a path"),
        ({"paths": {"/a b": [FOUR[0]]}}, "beginning of a path"),
        ({"paths": {"/api": []}}, "served by nobody"),
        ({"paths": {"/api": FOUR[0]}}, "list of addresses"),
        ({"draining": FOUR[0]}, "list of addresses"),
        ({"interval": -1}, "interval"),
        ({"fall": 0}, "fall"),
        ({"retries": 0.5}, "retries"),
        ({"hop_ms": math.nan}, "hop_ms"),
        ({"check": "PING"}, "check.*TCP, HTTP, HTTP_STR_MATCH"),
        ({"connect_timeout": 0}, "connect_timeout"),
        ({"timeout": 0}, "timeout"),
    ],
)
def test_bad_values_are_refused(fields, said):
    with pytest.raises(LabError, match=said):
        Balancer(**fields)


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        ("balancer.draining", ["192.0.2.77"], "no address of the zone"),
        ("balancer.weights", {"192.0.2.77": 2}, "no address of the zone"),
        ("schedule", [ScheduledChange(5, "balancer.draining", ["192.0.2.77"])], "no address"),
        ("schedule", [ScheduledChange(5, "balancer.layer", "L4")], "cannot change"),
        ("balancer", "L7", "no Balancer"),
        ("clients.paths", {"api": 1}, "begin with /"),
    ],
)
def test_what_does_not_fit_the_scenario_is_refused(path, value, said):
    with pytest.raises(LabError, match=said):
        SHOP.set(path, value)


def test_a_balancer_is_read_from_a_file_as_it_was_written():
    balancer = Balancer(
        weights={FOUR[0]: 3}, paths={"/api": FOUR[:2]}, sticky="cookie", draining=FOUR[3:]
    )
    scenario = SHOP.set("balancer", balancer).set("clients.paths", {"/": 1, "/api": 3})

    again = loads(dumps(scenario))

    assert again.balancer == balancer
    assert again.clients == scenario.clients


def test_the_population_engine_says_why_it_cannot():
    assert "a balancer chooses who gets each request" in supports(SHOP)
