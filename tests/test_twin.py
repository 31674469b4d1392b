"""The drill in virtual time: what it measures, what is foretold, and what is refused."""

import json
import math
import subprocess
import sys
from pathlib import Path
from statistics import fmean, stdev

import pytest

from lab_engine import LabError, RecordSet, RRset, Zone, drill
from lab_engine.authority.health import HealthCheck
from lab_engine.authority.policies import Failover, Weighted
from lab_engine.control.account import Account, Check
from tests.counts import LONG, long_but

from .seeds import shifted

ROOT = Path(__file__).parents[1]
ALONE = """\
import json, sys
from lab_engine import RecordSet, Zone, drill
from lab_engine.authority.policies import Failover
pair = [("PRIMARY", "192.0.2.1", "hc-1"), ("SECONDARY", "192.0.2.2", "")]
zone = Zone.of("shop.example", [
    RecordSet.of("www", "A", at, policy=Failover(role), set_identifier=role, health_check_id=check)
    for role, at, check in pair
])
with drill(zone, virtual=True) as d:
    d.kill("primary")
    d.until("recovered")
str(d.result())
print(json.dumps(sorted(sys.modules)))
"""
DRILLS = 400 if LONG else 20
A, B = "192.0.2.1", "192.0.2.2"
NAME = "www.shop.example"


def member(role, address, check=""):
    how = {"policy": Failover(role), "set_identifier": role.lower(), "health_check_id": check}
    return RecordSet.of("www", "A", address, 60, **how)


def pair(second=""):
    """A primary with a check, and a secondary, with one of its own if so named."""
    return Zone.of("shop.example", [member("PRIMARY", A, "hc-1"), member("SECONDARY", B, second)])


def account(config, second=""):
    """The same with a check as its owner made it."""
    whole = {"Type": "HTTP", "IPAddress": A, "Port": 80, "ResourcePath": "/health", **config}
    return Account.of(pair(second), checks=[Check(HealthCheck("hc-1", whole["Type"]), whole)])


def virtual(zone=None, **given):
    return drill(zone or pair(), virtual=True, **{"seed": shifted(1), **given})


def first(d):
    """The first outage."""
    return d.result().measured[0]


def law(d):
    """What was foretold of it."""
    return d.result().foretold[0]


# --- what happens ---------------------------------------------------------------------------------


def test_the_opening_of_the_lesson():
    """The authority has moved on, the cache has not, and the client's request fails."""
    with virtual(ttl=20) as d:
        d.kill("primary")
        d.until("published")

        assert d.server.ask(NAME).values == (B,)
        assert d.cache.ask(NAME).values == (A,)
        d.run(0.2)
        assert not d.record.requests[-1].good


def test_clients_come_back_when_the_copy_has_run_out():
    with virtual() as d:
        d.run(3)
        d.kill("primary")
        d.until("recovered")

        assert d.cache.ask(NAME).values == (B,)
        assert d.record.requests[-1].server == B


def test_the_parts_are_what_their_witnesses_saw_and_sum_to_the_whole():
    with virtual(publication=1.5) as d:
        d.run(3)
        d.kill("primary")
        d.until()
        (noticed,), (published,) = d.record.noticed, d.record.published

    found = first(d)
    assert found.parts.detection == noticed.at - found.event.at
    assert found.parts.publication == pytest.approx(published.at - noticed.at)
    assert found.parts.publication == pytest.approx(1.5)
    assert sum(found.parts) == pytest.approx(found.seconds)
    assert min(found.parts) >= 0


@pytest.mark.slow
def test_the_same_seed_gives_the_same_drill():
    def played(seed):
        with virtual(seed=seed) as d:
            d.run(2)
            d.kill("primary")
            d.until()
        return d.result().record

    assert played(1) == played(1)
    assert played(1).requests != played(2).requests


@pytest.mark.slow
def test_many_drills_agree_with_the_law():
    """Least and most hold for each; the mean is the law's within 4 sigma."""
    seconds = []
    for seed in range(DRILLS):
        with virtual(seed=shifted(seed)) as d:
            d.run(d.how.ttl * (seed + 0.5) / DRILLS)
            d.kill("primary")
            d.until()
        seconds.append(first(d).seconds)
        expected = law(d)

    assert expected.least <= min(seconds)
    assert max(seconds) <= expected.most
    assert fmean(seconds) == pytest.approx(
        expected.mean, abs=4 * stdev(seconds) / math.sqrt(DRILLS)
    )


def test_who_is_healed_before_anybody_noticed_was_away_for_as_long():
    with virtual() as d:
        d.run(2)
        d.kill("primary")
        d.run(1.5)
        d.heal("primary")
        d.until("recovered")

    found = first(d)
    assert found.seconds == pytest.approx(1.5, abs=0.2)
    assert found.parts.detection == found.seconds


@pytest.mark.slow
def test_who_is_back_is_answered_again():
    with virtual() as d:
        d.kill("primary")
        d.until()
        d.heal("primary")
        d.run(20)

        assert d.server.ask(NAME).values == d.cache.ask(NAME).values == (A,)
        assert [each.healthy for each in d.record.published] == [False, True]


@pytest.mark.slow
def test_it_needs_nothing_that_a_browser_has_not():
    """No sockets, no threads of ours, and none of what only speaks over them."""
    done = subprocess.run(
        [sys.executable, "-c", ALONE], capture_output=True, text=True, check=True, cwd=ROOT
    )

    barred = {"h11", "tornado", "botocore", "ssl", "asyncio", "dns.query", "dns.resolver"}
    barred |= {f"lab_engine.wire.{name}" for name in ("api", "listener", "probes", "sockets")}
    barred |= {f"lab_engine.live.{name}" for name in ("loopback", "visitor", "webservers")}
    assert barred & set(json.loads(done.stdout)) == set()


# --- how servers fail -----------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize(
    ("failure", "later"),
    [
        ("refused", 0),
        ("black hole", 8),
        ("silent", 4),
        ("half", 4),
        ("slow", 4),
        ("5xx", 0),
    ],
)
def test_each_kind_is_found_out_in_its_time(failure, later):
    """Two failed probes of 4 or 2 s each; the checkers' dice are the same."""
    with virtual() as d:
        d.run(3)
        d.fail("primary", failure)
        d.until("noticed")
    with virtual() as other:
        other.run(3)
        other.kill("primary")
        other.until("noticed")

    assert first(d).noticed == pytest.approx(first(other).noticed + later, abs=2)
    assert law(d).mean == pytest.approx(law(other).mean + later)


@pytest.mark.slow
@pytest.mark.parametrize(
    "failure", long_but(["wrong page", "closes", "checks only"], "wrong page", "checks only")
)
def test_who_lies_to_checks_is_never_found_out(failure):
    with virtual() as d:
        d.fail("primary", failure)
        d.run(60)

    found = first(d)
    assert (found.over, found.noticed) == (False, math.inf)
    assert found.seconds == pytest.approx(60, abs=1)
    assert law(d).mean == math.inf
    assert found.parts.detection == found.seconds


def test_a_check_of_the_page_finds_out_who_lies_on_the_health_path_only():
    deep = account({"ResourcePath": "/"})
    with virtual(deep) as d:
        d.lie("primary")
        d.until("noticed")

    assert first(d).noticed < 5


def test_a_slow_one_within_the_patience_of_clients_loses_nothing():
    with virtual() as d:
        d.slow("primary", 0.5)
        d.run(20)

        assert all(each.good for each in d.record.requests)
    assert (first(d).seconds, law(d).most) == (0, 0)


@pytest.mark.slow
def test_all_dead_is_primary_and_no_end():
    with virtual(pair("hc-2")) as d:
        d.kill("secondary")
        d.kill("primary")
        d.run(30)

        assert d.server.ask(NAME).values == (A,)
    assert d.result().foretold[1].mean == math.inf
    assert not d.result().measured[1].over


def test_the_death_of_one_that_nobody_is_led_to_loses_nothing():
    with virtual(pair("hc-2")) as d:
        d.kill("secondary")
        d.run(20)

    assert (first(d).seconds, law(d).most) == (0, 0)


def test_a_check_at_the_wrong_port_takes_the_well_for_dead():
    """So the secondary is answered though nobody has failed."""
    with virtual(account({"Port": 8080})) as d:
        d.run(15)

        assert d.server.ask(NAME).values == (B,)


def test_where_caches_may_hold_one_of_several_nothing_is_foretold():
    shares = [
        RecordSet.of(
            "www", "A", address, 60, policy=Weighted(1), set_identifier=key, health_check_id=key
        )
        for key, address in (("a", A), ("b", B))
    ]
    with virtual(Zone.of("shop.example", shares)) as d:
        d.kill("a")
        d.run(20)

    assert "several answers" in law(d).why
    assert "Nothing is foretold" in str(d.result())


# --- what leads to a back end ---


def test_a_tree_of_aliases_is_drilled_down_to_its_leaves():
    """The branch whose only leaf is dead is backed out of."""
    leaves = [
        RecordSet.of("eu", "A", A, 60, policy=Weighted(1), set_identifier="e", health_check_id="e"),
        RecordSet.of("us", "A", B, 60),
    ]
    roots = [
        RecordSet.alias_to(
            "www",
            "A",
            f"{target}.shop.example.",
            policy=Failover(role),
            set_identifier=role,
            evaluate_target_health=True,
        )
        for role, target in (("PRIMARY", "eu"), ("SECONDARY", "us"))
    ]
    with virtual(Zone.of("shop.example", [*leaves, *roots]), name="www") as d:
        assert d.names == ("primary", "secondary", "e", "us", A, B)
        d.run(2)
        d.kill("primary")
        d.until("recovered")

        assert d.cache.ask(NAME).values == (B,)
    assert law(d).least <= first(d).seconds <= law(d).most


def test_a_calculated_check_follows_the_one_that_asks():
    web = {"Type": "HTTP", "IPAddress": A, "Port": 80, "ResourcePath": "/health"}
    sum_ = {"Type": "CALCULATED", "HealthThreshold": 1, "ChildHealthChecks": ["web"]}
    checks = [
        Check(HealthCheck("web"), web),
        Check(HealthCheck("hc-1", "CALCULATED", children=("web",), health_threshold=1), sum_),
    ]
    with virtual(Account.of(pair(), checks=checks)) as d:
        d.run(2)
        d.kill("primary")
        d.until("recovered")

    assert law(d).least <= first(d).seconds <= law(d).most


def test_a_name_that_leads_on_by_cname_has_the_back_ends_of_its_target():
    zone = Zone.of("shop.example", [*pair(), RRset.of("shop", "CNAME", ["www"])])
    with virtual(zone, name="shop") as d:
        d.kill("primary")
        d.until("recovered")

        assert d.cache.ask("shop.shop.example").values == (B,)


# --- what is refused ------------------------------------------------------------------------------


def test_an_unknown_name_is_refused_with_the_known_ones():
    with virtual() as d, pytest.raises(LabError, match="primary, secondary"):
        d.kill("tertiary")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"fast": False}, "RequestInterval 2: is not offered"),
        ({"threshold": 0}, "FailureThreshold 0: is out of range"),
        ({"interval": 0.01}, "interval"),
        ({"ttl": 0}, "ttl"),
        ({"name": "mail"}, "is no name"),
        ({"name": 5}, "5: is not a domain name"),
        ({"type": 5}, "5: is not a record type"),
        ({"seed": "x"}, "seed 'x'"),
        ({"seed": None}, "seed None"),
        ({"port": 70_000}, "port 70000"),
        ({"profile": "oracle"}, "oracle"),
        ({"cache": "oracle"}, "is no cache of a drill"),
        ({"cache": "unbound"}, "has no virtual time"),
    ],
)
def test_what_no_drill_can_be_is_refused(given, said):
    with pytest.raises(LabError, match=said):
        virtual(**given).start()


@pytest.mark.slow
def test_the_intervals_of_the_service_need_no_leave():
    with virtual(fast=False, interval=10, threshold=3, ttl=60) as d:
        d.run(30)
        d.kill("primary")
        d.until("recovered", within=150)

    assert 20 < first(d).seconds < 95


def test_a_zone_without_health_checks_says_so():
    with pytest.raises(LabError, match="has no health check"):
        virtual(Zone.of("shop.example", [RRset.of("www", "A", [A])]))
    with pytest.raises(LabError, match="is led by no health check"):
        virtual(Zone.of("shop.example", [RRset.of("www", "A", [A])]), name="www")


def test_what_is_no_zone_is_refused():
    with pytest.raises(LabError, match="is no zone"):
        virtual("shop.example")


def test_a_check_that_speaks_tls_is_refused():
    with pytest.raises(LabError, match="speak no TLS"):
        virtual(account({"Type": "HTTPS"}))


def test_a_drill_begins_once_and_ends_for_good():
    d = virtual()
    with pytest.raises(LabError, match="has not begun"):
        d.kill("primary")
    with d, pytest.raises(LabError, match="has begun already"):
        d.start()
    with pytest.raises(LabError, match="is over"):
        d.kill("primary")
    assert d.result().ended > 0


def test_who_is_over_lets_no_time_pass():
    """Not even none."""
    d = virtual()
    with d:
        d.run(0)

    with pytest.raises(LabError, match="is over"):
        d.run(0)


@pytest.mark.slow
def test_who_is_killed_twice_died_once():
    """The second time changes nothing, nor does healing the living."""
    with virtual() as once, virtual() as twice:
        for each in (once, twice):
            each.run(3)
            each.kill("primary")
        twice.heal("secondary")
        for each in (once, twice):
            each.run(1)
        twice.kill("primary")
        for each in (once, twice):
            each.until("recovered")

    assert twice.result().measured == once.result().measured
    assert twice.result().record.changed == once.result().record.changed


def test_who_fails_otherwise_meanwhile_is_noticed_for_both():
    """The checkers' verdict is of the first failure, too: it is not all detection."""
    with virtual() as d:
        d.run(3)
        d.slow("primary", 30)
        d.run(1)
        d.kill("primary")
        d.until("recovered")

    for each in d.result().measured:
        assert each.noticed < each.seconds
        assert sum(each.parts) == pytest.approx(each.seconds)
        assert each.parts.cache > 0


def test_a_drill_in_a_drill_is_one_of_its_own():
    with virtual() as outer, virtual() as inner:
        inner.kill("primary")
        inner.until()
        outer.run(10)

    assert outer.result().measured == ()


def test_one_waits_for_nothing_that_cannot_come():
    with virtual() as d:
        with pytest.raises(LabError, match="nobody has failed yet"):
            d.until()
        d.lie("primary")
        with pytest.raises(LabError, match="did not come within 10 s"):
            d.until("noticed", within=10)
        with pytest.raises(LabError, match="no Until"):
            d.until("noon")
        with pytest.raises(LabError, match="no time"):
            d.run(-1)
