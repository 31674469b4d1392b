"""How servers fail: what checks find out and when, what clients get, and what a pause sets off."""

import math
from random import Random
from statistics import fmean

import pytest

from lab_engine.authority.policies import Failover, Multivalue
from lab_engine.authority.records import RRset
from lab_engine.authority.recordset import RecordSet
from lab_engine.authority.zone import Zone
from lab_engine.errors import LabError
from lab_engine.simulation import Clients, Resolvers, Scenario, run, supports, theory
from lab_engine.simulation.epochs import epochs, found_out
from lab_engine.simulation.failing import Failure
from lab_engine.simulation.parts import Backend, Checkers, ScheduledChange
from lab_engine.simulation.probes import failing
from tests.counts import LONG

from .sampling import agrees
from .seeds import shifted

ENGINES = pytest.mark.parametrize("engine", ["events", "population"])
A, B = "192.0.2.1", "192.0.2.2"


def zone(ttl=20):
    """A primary with a check, and what takes over; and both in one plain answer."""
    over = [
        RecordSet.of(
            "www",
            "A",
            [address],
            ttl,
            policy=Failover(role),
            set_identifier=role,
            health_check_id=check,
        )
        for address, role, check in ((A, "PRIMARY", "hc"), (B, "SECONDARY", ""))
    ]
    return Zone.of("shop.example", [*over, RRset.of("both", "A", [A, B], ttl)])


def scenario(failure="refused", checkers=None, **fields):
    """The primary fails so from 100 s on."""
    backend = Backend(A, fails=failure, **fields.pop("backend", {}))
    known = {
        "zone": zone(),
        "name": "www",
        "clients": Clients(20, 1.0),
        "resolvers": Resolvers(20, 0),
        "backends": (backend,),
        "checkers": checkers,
        "schedule": (ScheduledChange(100, "down", [A]),),
        "duration": 400,
        "bin": 20,
        "window": 20,
        "seed": shifted(1),
    }
    return Scenario(**(known | fields))


# --- what checks find out -------------------------------------------------------------------------

NEVER = math.inf
FOUND_OUT = {  # seconds of each failed probe: HTTP, a string in the page, TCP
    "refused": (0, 0, 0),
    "black hole": (4, 4, 10),
    "silent": (2, 2, NEVER),
    "half": (2, 2, NEVER),
    "closes": (NEVER, 0, NEVER),
    "slow": (2, 2, NEVER),
    "5xx": (0, 0, NEVER),
    "wrong page": (NEVER, 0, NEVER),
    "checks only": (NEVER, NEVER, NEVER),
}
CHECKS = ("HTTP", "HTTP_STR_MATCH", "TCP")


def found(given, runs):
    """When the primary was found to fail, of each run that found it."""
    fails = failing(given)
    seen = [found_out(given, fails, Random(shifted(seed)))[0] for seed in range(runs)]
    return [verdicts[0].at for verdicts in seen if verdicts]


@pytest.mark.slow
@pytest.mark.parametrize("failure", FOUND_OUT)
@pytest.mark.parametrize("check", range(len(CHECKS)))
def test_each_kind_of_check_finds_out_what_it_can(failure, check):
    """By the law of failover with the time that each failed probe takes; 400 runs, 4 sigma."""
    timeout = FOUND_OUT[failure][check]
    given = scenario(failure, Checkers(10, 3, type=CHECKS[check]))

    at = found(given, 400)

    if timeout == NEVER:
        assert at == []
        return
    law = theory.Failover(10, 3, ttl=0, timeout=timeout).outage
    assert len(at) == 400
    assert fmean(at) - 100 == pytest.approx(law.mean, abs=4 * law.sd / math.sqrt(400))
    assert 100 + law.shortest <= min(at) <= max(at) <= 100 + law.longest


def test_https_is_judged_as_http():
    both = [found(scenario("silent", Checkers(10, type=kind)), 5) for kind in ("HTTP", "HTTPS")]

    assert both[0] == both[1] != []


def test_a_slow_server_passes_while_it_is_in_time():
    in_time = scenario("slow", Checkers(10, 2), backend={"delay": 1.9})

    assert found(in_time, 5) == []
    assert len(found(in_time.set("checkers.response_timeout", 1.5), 5)) == 5


def test_time_outs_of_ones_own_are_waited_for():
    """Two probes of 7 s each, one checker: 10 s + 14 s after its first."""
    given = scenario("black hole", Checkers(10, 2, 1, connect_timeout=7))

    assert all(124 <= at <= 134 for at in found(given, 50))


# --- what clients get -----------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("failure", ["slow", "black hole"])
def test_a_latency_holds_what_was_lost_at_a_server_that_fails(failure):
    """Behind both addresses a queue that takes a millisecond; half the requests begin at one."""
    slow = Backend(A, capacity=1000, fails=failure, delay=5)
    given = scenario(failure, name="both", backends=(slow, Backend(B, capacity=1000)))

    outcome = run(given, "events")

    ((lost, often),) = outcome.waits
    late = sum(count for ms, count in outcome.service.latencies if ms >= 1000 * lost)
    assert late == often > 1000


@pytest.mark.slow
@pytest.mark.parametrize(
    ("failure", "said"),
    [("5xx", {f"an error from {A}"}), ("refused", {"no address answers"})],
)
def test_the_trace_tells_an_error_from_an_address_that_does_not_answer(failure, said):
    given = scenario(failure, zone=Zone.of("shop.example", [RRset.of("www", "A", A, 20)]))

    outcome = run(given, trace=True)

    assert {event.detail for event in outcome.trace if event.kind == "fail"} == said


@pytest.mark.slow
@ENGINES
@pytest.mark.parametrize("failure", [*Failure])
def test_who_connects_in_vain_tries_no_other_address(engine, failure):
    """Answers hold both: half of all requests begin at the one that fails."""
    given = scenario(failure, name="both")

    outcome = run(given, "events" if supports(given) else engine)

    part = sum(outcome.failed[6:]) / (20 * 280)
    lost = 0.5 if failure.connects and not failure.serves else 0.0
    assert part == pytest.approx(lost, abs=4 * math.sqrt(0.25 / (20 * 280)) if lost else 0)
    assert bool(outcome.outages) is not failure.serves


@ENGINES
def test_a_slow_server_still_serves_and_is_given_up(engine):
    """HTTP checks send everybody to the secondary, and nobody loses a request."""
    outcome = run(scenario("slow", Checkers(10, 2)), engine)

    assert sum(outcome.failed) == 0
    assert outcome.outages == ()
    assert [each.healthy for each in outcome.verdicts] == [False]
    assert sum(outcome.requests[outcome.addresses.index(B)]) > 0
    assert outcome.downs == ((0.0, ()),)


@ENGINES
def test_nobody_finds_out_who_answers_checks_only(engine):
    """All requests fail until the end, and all of that is detection."""
    outcome = run(scenario("checks only", Checkers(10, 1)), engine)

    (outage,) = outcome.outages
    assert sum(sum(row[5:]) for row in outcome.requests) == 0
    assert outcome.verdicts == ()
    assert outage.quantiles(0.5) == (300,)
    assert outage.mean_parts() == pytest.approx((300, 0, 0, 0), abs=2)
    assert outage.noticed == outage.published == math.inf


@pytest.mark.slow
@ENGINES
def test_whoever_changes_the_answers_by_hand_has_noticed(engine):
    """At 160 s: then only the caches are left, of 20 s each."""
    moved = ScheduledChange(160, "zone", Zone.of("shop.example", [RRset.of("www", "A", B, 20)]))
    dies = ScheduledChange(100, "down", [A])

    (outage,) = run(scenario(schedule=(dies, moved)), engine).outages

    assert (outage.noticed, outage.published) == (60, 60)
    assert outage.parts_at(1)[:2] == (60, 0)
    assert 0 < outage.parts_at(1).cache <= 20


@pytest.mark.slow
@pytest.mark.parametrize("order", ["frozen", "ideal"])
def test_what_caches_hold_leads_nowhere_in_both_engines_alike(order):
    """Of both addresses: half of the copies begin with the one that errs, or half of their uses."""
    given = scenario("5xx", name="both").set("resolvers.profile", order)
    shown = [
        {each.shares for each in run(given, engine, holdings=20).holdings if each.start > 100}
        for engine in ("events", "population")
    ]

    events, population = ({tuple(sorted(each)) for each in shares} for shares in shown)
    halved = {(("", 0.5), (B, 0.5))}
    assert events == population == (halved if order == "ideal" else {(("", 1.0),), ((B, 1.0),)})


def test_clients_that_would_be_stepped_at_each_request_are_not_too_many():
    """A million of them, a week long, by answers half of which connect in vain."""
    many = scenario("5xx", name="both", clients=Clients(10**6, 1.0), duration=7 * 86_400, bin=600)

    with pytest.raises(LabError, match=r"fills of caches: are more than"):
        run(many, "population")


def waits(given, engine):
    """Seconds that served requests lost, with the part of all that did."""
    outcome = run(given, engine)
    return {lost: count / (20 * 300) for lost, count in outcome.waits}


@pytest.mark.slow
@pytest.mark.parametrize(("eyeballs", "lost"), [(False, 3), (True, 0.25)])
def test_who_tries_the_next_address_waits_for_the_one_that_vanished(eyeballs, lost):
    """Half of the answers begin with it: a client's patience, or the head start of RFC 8305."""
    own = {"mine": {"like": "none", "patience": 3, "happy_eyeballs": eyeballs}}
    given = scenario("black hole", name="both", profiles=own).set("clients.profile", "mine")

    found = waits(given, "events")

    assert list(found) == [lost]
    assert found[lost] == pytest.approx(0.5, abs=4 * math.sqrt(0.25 / 6000))
    assert waits(given.set(f"backends.{A}.fails", "refused"), "events") == {}
    (reason,) = supports(given)
    assert reason == "clients wait for an address that vanishes before they try the next"


@pytest.mark.slow
@ENGINES
def test_a_slow_server_keeps_everybody_waiting(engine):
    """Without checks all requests take its 5 s, and all are served."""
    found = waits(scenario("slow"), engine)

    assert found == {5: pytest.approx(1, abs=4 / math.sqrt(6000))}


STICKY = {"mine": {"like": "none", "idle": 1000, "patience": 30}}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("failure", "least", "most"),
    [("refused", 0, 25), ("black hole", 26, 40), ("silent", 26, 40), ("5xx", 290, 300)],
)
def test_open_connections_stick_to_what_hangs_or_errs(failure, least, most):
    """The name moves with the death: a refusal breaks the connection, a silence after 30 s.

    Errors never do, so whoever is connected stays with them to the end.
    """
    moved = ScheduledChange(100, "zone", Zone.of("shop.example", [RRset.of("www", "A", B, 20)]))
    dies = ScheduledChange(100, "down", [A])
    given = scenario(failure, schedule=(dies, moved), profiles=STICKY)

    (outage,) = run(given.set("clients.profile", "mine"), "events").outages

    assert least <= outage.quantiles(0.5)[0] <= most
    assert outage.mean_parts().detection == 0
    assert (outage.mean_parts().client > 1) is (failure != "refused")


def test_only_one_engine_knows_connections():
    given = scenario("5xx", profiles=STICKY)

    assert supports(given) == ()
    assert supports(given.set("clients.profile", "mine")) == ("mine keeps connections open",)


# --- what comes back by itself --------------------------------------------------------------------


def dead(given):
    """Who fails from when on."""
    return [(at, sorted(addresses)) for at, addresses in failing(given)]


def test_a_pause_ends_by_itself():
    assert dead(scenario(backend={"lasts": 12})) == [(0, []), (100, [A]), (112, [])]


def test_what_flaps_fails_again_and_again():
    given = scenario(backend={"lasts": 50, "recurs": 90})

    assert dead(given) == [(0, []), (100, [A]), (150, []), (240, [A]), (290, []), (380, [A])]


def test_it_is_over_when_down_no_longer_names_it():
    back = (ScheduledChange(100, "down", [A]), ScheduledChange(105, "down", []))

    assert dead(scenario(backend={"lasts": 12}, schedule=back))[-1] == (105, [])


@ENGINES
def test_each_return_and_each_death_is_seen(engine):
    """Requests fail for 50 s of every 140, and each time has its own outage."""
    outcome = run(scenario(backend={"lasts": 50, "recurs": 90}), engine)

    assert [each.at for each in outcome.outages] == [100, 240, 380]
    assert [at for at, _ in outcome.downs] == [0, 100, 150, 240, 290, 380]
    assert sum(outcome.failed) == pytest.approx(20 * 120, abs=4 * math.sqrt(20 * 120))
    assert len(outcome.stale) == 1


def test_a_server_that_would_flap_too_often_is_refused():
    with pytest.raises(LabError, match="fails too often in this watch"):
        scenario(backend={"lasts": 0.1, "recurs": 0.2})


# --- false failovers ------------------------------------------------------------------------------

PAUSES = {  # seconds of a pause: interval, threshold -> the chance of a failover
    12: {(10, 1): 1.0, (10, 2): 0.0, (10, 3): 0.0, (30, 1): 0.0},
    25: {(10, 1): 1.0, (10, 2): 1.0, (10, 3): 0.0, (30, 1): 0.24, (30, 2): 0.0},
    27: {(30, 1): 0.49},
    40: {(10, 3): 1.0, (30, 1): 1.0, (30, 2): 0.0, (30, 3): 0.0},
}
SETTINGS = [(lasts, *check) for lasts, several in PAUSES.items() for check in several]


@pytest.mark.slow
@pytest.mark.parametrize(("lasts", "interval", "threshold"), SETTINGS)
def test_a_pause_is_taken_for_a_death_as_the_closed_form_says(lasts, interval, threshold):
    """A process that stands still for so long, HTTP checks; 4 sigma of 300 runs."""
    law = theory.Failover(interval, threshold, timeout=2).tripped_by(lasts)
    given = scenario("silent", Checkers(interval, threshold), backend={"lasts": lasts})
    runs = 10_000 if LONG else 300

    part = len(found(given, runs)) / runs

    assert part == pytest.approx(law, abs=4 * math.sqrt(law * (1 - law) / runs) + 1e-12)
    assert law == pytest.approx(PAUSES[lasts][interval, threshold], abs=0.005)


@pytest.mark.slow
@pytest.mark.parametrize("failure", ["refused", "black hole"])
def test_restarts_and_breaks_of_the_network_follow_it_too(failure):
    """A server that refuses for 27 s, a network that is gone for 31: probes of 4 s each."""
    lasts, timeout = {"refused": (27, 0), "black hole": (31, 4)}[failure]
    law = theory.Failover(30, 1, timeout=timeout).tripped_by(lasts)
    given = scenario(failure, Checkers(30, 1), backend={"lasts": lasts})

    part = len(found(given, 1000)) / 1000

    assert 0.7 < law < 0.9
    assert part == pytest.approx(law, abs=4 * math.sqrt(law * (1 - law) / 1000))


@ENGINES
def test_a_false_failover_moves_everybody_there_and_back(engine):
    """10 s x 1 and a pause of 12 s: the secondary is asked for a while, and the primary again."""
    outcome = run(scenario("silent", Checkers(10, 1), backend={"lasts": 12}), engine)

    assert [each.healthy for each in outcome.verdicts] == [False, True]
    served = outcome.requests[outcome.addresses.index(B)]
    assert sum(served) > 0
    assert sum(served[-8:]) == 0


@ENGINES
def test_a_pause_that_nobody_notices_is_all_detection(engine):
    """10 s x 2 and 12 s: no verdict, and the requests of 12 s are lost."""
    outcome = run(scenario("silent", Checkers(10, 2), backend={"lasts": 12}), engine)

    (outage,) = outcome.outages
    assert outcome.verdicts == ()
    assert (outage.noticed, outage.published) == (math.inf, math.inf)
    assert outage.parts_at(1) == pytest.approx((12, 0, 0, 0), abs=1.5)


def test_no_checker_waits_longer_than_its_time_out():
    """A probe that is under way when the pause ends passes: of 1.9 s, nobody sees anything."""
    given = scenario("silent", Checkers(10, 1), backend={"lasts": 1.9})

    assert found(given, 20) == []
    assert theory.Failover(10, 1, timeout=2).tripped_by(1.9) == 0


# --- the numbers of the lesson --------------------------------------------------------------------


def p99(interval, threshold, ttl):
    return theory.Failover(interval, threshold, ttl).outage.quantile(0.99)


def test_a_shorter_interval_is_the_single_change_that_helps_most():
    default = p99(30, 3, 60)
    changes = {"ttl": p99(30, 3, 30), "threshold": p99(30, 2, 60), "interval": p99(10, 3, 60)}

    assert default == pytest.approx(145.7, abs=0.05)
    assert changes == pytest.approx({"ttl": 116.6, "threshold": 115.7, "interval": 87.9}, abs=0.1)


def test_users_return_sooner_than_they_left():
    check = theory.Failover(30, 3, 60)

    assert (check.outage.mean, check.outage.longest) == (pytest.approx(114.7, abs=0.05), 150)
    assert check.recovery.mean == pytest.approx(95.3, abs=0.05)


@pytest.mark.slow
@ENGINES
def test_the_return_follows_the_law_of_recovery(engine):
    """When the verdict passes again: 30 s x 3, 16 checkers, refused before; 60 runs, 4 sigma."""
    back = (ScheduledChange(10, "down", [A]), ScheduledChange(150, "down", []))
    given = scenario(checkers=Checkers(30, 3), schedule=back, clients=Clients(1, 0.01))
    law = theory.Failover(30, 3, ttl=0).recovery

    at = [run(given.set("seed", shifted(seed)), engine).verdicts[-1].at - 150 for seed in range(60)]

    assert agrees(at, law.mean)
    assert law.shortest <= min(at) <= max(at) <= law.longest


# --- what is told of the checkers -----------------------------------------------------------------


@pytest.mark.slow
@ENGINES
def test_sixteen_checkers_tell_when_they_changed_their_minds(engine):
    """The verdict comes with the fourteenth that fails, and is published 3 s later."""
    outcome = run(scenario(checkers=Checkers(10, 2, publication=3)), engine)

    (verdict,) = outcome.verdicts
    assert {each.checker for each in outcome.minds} == set(range(16))
    assert sorted(each.at for each in outcome.minds)[13] + 3 == pytest.approx(verdict.at)
    assert outcome.outages[0].noticed == pytest.approx(verdict.at - 3 - 100)


def test_every_check_is_looked_at_by_checkers_of_its_own():
    sets = [
        RecordSet.of(
            "www", "A", [each], 20, policy=Multivalue(), set_identifier=each, health_check_id=each
        )
        for each in (A, B)
    ]
    given = scenario(
        zone=Zone.of("shop.example", sets),
        checkers=Checkers(10, 1, 4),
        backends=(Backend(B, fails="wrong page"),),
        schedule=(ScheduledChange(100, "down", [A, B]),),
    )

    minds = [mind for epoch in epochs(given, Random(1)) for mind in epoch.minds]

    assert sorted((each.check, each.checker) for each in minds) == [(A, at) for at in range(4)]
