"""The bill: worked out by hand from a made-up outcome."""

from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

import pytest

from lab_engine.authority import policies
from lab_engine.authority.zone import Zone
from lab_engine.simulation import Level, Levels, Outcome, Scenario
from lab_engine.simulation.prices import Prices, bill

POLICIES = Path(__file__).parent / "policies"
OUTCOME = Outcome(
    addresses=("192.0.2.1",),
    down=(),
    bin=60.0,
    window=300.0,
    requests=((50, 50),),
    failed=(0, 0),
    answers=(12,),
    queries=(10, 2),
    levels=Levels(Level(), Level(), Level(88, 12)),
    engine="events",
    seed=1,
)
MONTHLY = 12 * 30 * 86_400 / 120  # 259,200 queries


def scenario(policy):
    zone = Zone.from_file(
        POLICIES / f"{policy}.json",
        cidr_blocks=(POLICIES / "cidr_blocks.json").read_text(),
    )
    return Scenario(zone, "www")


@pytest.mark.parametrize(
    ("policy", "price"),
    [
        ("simple", 0.40),
        ("weighted", 0.40),
        ("failover", 0.40),
        ("multivalue", 0.40),
        ("latency", 0.60),
        ("geolocation", 0.70),
        ("geoproximity", 0.70),
        ("ip_based", 0.80),
    ],
)
def test_a_query_costs_what_its_policy_costs(policy, price):
    found = bill(scenario(policy), OUTCOME)

    assert found.queries == MONTHLY
    assert found.for_queries == pytest.approx(MONTHLY / 1e6 * price)


def test_every_policy_has_a_price():
    assert {policy.name for policy in policies.POLICIES} <= set(Prices().queries)


def test_the_zone_and_its_checks_are_on_the_bill():
    given = scenario("weighted")
    checks = {each.health_check_id for each in given.zone} - {""}
    found = bill(given, OUTCOME)

    assert checks
    assert (found.for_zone, found.for_checks) == (0.50, 0.75 * len(checks))
    assert found.total == found.for_queries + found.for_zone + found.for_checks


def test_the_bill_says_of_when_the_prices_are_and_how_sure():
    assert str(bill(scenario("simple"), OUTCOME)) == (
        "0.60 USD a month: 0.26 million queries 0.10, zone 0.50, health checks 0.00 "
        "(prices of 2026-11, from memory; check the price page)"
    )


def test_other_prices_may_be_given():
    dear = Prices("2030-01", 1.0, MappingProxyType({**Prices().queries, "simple": 10.0}), 0, "mine")

    assert bill(scenario("simple"), OUTCOME, dear).total == pytest.approx(1 + 2.592)


def test_a_run_that_was_broken_off_is_scaled_by_what_was_watched():
    broken = replace(OUTCOME, partial=True, ended=60.0)

    assert bill(scenario("simple"), broken).queries == 2 * MONTHLY
    assert bill(scenario("simple"), replace(broken, ended=0.0)).queries == 0
