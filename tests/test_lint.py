"""Findings: each rule on a zone that breaks it, and on one that does not."""

from dataclasses import astuple
from pathlib import Path

import pytest

from lab_engine.authority.policies import (
    CidrLocation,
    Failover,
    Geolocation,
    IpBased,
    Latency,
    Multivalue,
    Weighted,
)
from lab_engine.authority.recordset import RecordSet
from lab_engine.authority.zone import Zone
from lab_engine.review.lint import lint

FILES = Path(__file__).parent / "policies"
ELB = "lb-1.eu-west-1.elb.amazonaws.com."


def member(index, policy, check="", name="www", ttl=60):
    return RecordSet.of(
        name,
        "A",
        f"192.0.2.{index}",
        ttl,
        policy=policy,
        set_identifier=f"set-{index}",
        health_check_id=check,
    )


def alias(index, target, policy, check="", *, eth=True, name="www"):
    return RecordSet.alias_to(
        name,
        "A",
        target,
        policy=policy,
        set_identifier=f"set-{index}",
        health_check_id=check,
        evaluate_target_health=eth,
    )


def found(*record_sets, known=None):
    return lint(Zone.of("shop.example", record_sets), known)


def rules(*record_sets, known=None):
    return [finding.rule for finding in found(*record_sets, known=known)]


EU = [member(i, Weighted(1), f"hc{i}", "eu") for i in (1, 2)]
PRIMARY, SECONDARY = Failover("PRIMARY"), Failover("SECONDARY")
DEFAULT = Geolocation("", "*")


def located(name):
    return IpBased(CidrLocation("c1", name))


@pytest.mark.parametrize(
    ("record_sets", "expected"),
    [
        # no default
        ([member(1, Geolocation("EU")), member(2, Geolocation("", "US"))], ["no-default"]),
        ([member(1, Geolocation("EU")), member(2, DEFAULT)], []),
        ([member(1, located("a")), member(2, located("b"))], ["no-default"]),
        ([member(1, located("a")), member(2, located("*"))], []),
        # failover
        ([member(1, PRIMARY, "hc1")], ["no-secondary"]),
        ([member(2, SECONDARY)], ["no-primary"]),
        ([member(1, PRIMARY), member(2, SECONDARY)], ["unchecked-primary"]),
        ([member(1, PRIMARY, "hc1"), member(2, SECONDARY)], []),
        # one value
        ([member(1, Weighted(5))], ["single-value"]),
        ([member(1, Latency("eu-west-1"))], ["single-value"]),
        ([member(1, Multivalue())], ["single-value"]),
        ([alias(1, ELB, Weighted(5))], []),
        # members without a check
        ([member(1, Weighted(1), "hc1"), member(2, Weighted(1))], ["unchecked"]),
        ([member(1, Weighted(1)), member(2, Weighted(1))], []),
        ([member(1, Multivalue(), "hc1"), member(2, Multivalue())], ["unchecked"]),
        ([member(1, Geolocation("EU"), "hc1"), member(2, DEFAULT)], []),
        # branches
        ([*EU, alias(3, "eu", PRIMARY), member(4, SECONDARY)], []),
        ([*EU, alias(3, "eu", PRIMARY, eth=False), member(4, SECONDARY)], ["target-health-off"]),
        ([*EU, alias(3, "eu", PRIMARY, "hc", eth=False), member(4, SECONDARY)], []),
        ([*EU, member(3, PRIMARY, "hc3"), alias(4, "eu", SECONDARY, eth=False)], []),
        (
            [*EU, alias(3, "eu", Weighted(1), eth=False), alias(4, ELB, Weighted(1))],
            ["target-health-off"],
        ),
        (
            [member(1, Weighted(1), "", "eu"), member(2, Weighted(1), "", "eu"),
             alias(3, "eu", PRIMARY), member(4, SECONDARY)],
            ["never-unhealthy", "never-unhealthy"],
        ),
        # weight 0
        ([member(1, Weighted(1)), member(2, Weighted(0))], ["never-answered"]),
        ([member(1, Weighted(1), "hc1"), member(2, Weighted(0))], ["unchecked-standby"]),
        ([member(1, Weighted(1), "hc1"), member(2, Weighted(0), "hc2")], []),
        ([member(1, Weighted(0)), member(2, Weighted(0))], ["all-zero"]),
        # TTLs
        ([member(1, Weighted(1), ttl=30), alias(2, ELB, Weighted(1), eth=False)],
         ["target-health-off", "ttl-mismatch"]),
        ([member(1, Multivalue(), ttl=30), member(2, Multivalue())], ["ttl-mismatch"]),
        ([member(1, Weighted(1), "a", ttl=61), member(2, Weighted(1), "b", ttl=61)],
         ["slow-failover"]),
        ([member(1, Weighted(1), ttl=900), member(2, Weighted(1), ttl=900)], []),
    ],
)  # fmt: skip
def test_a_rule_finds_what_it_is_for_and_nothing_else(record_sets, expected):
    assert rules(*record_sets) == expected


def test_a_branch_without_its_own_checks_is_slow_too_and_is_named_once():
    """Two trees lead to the same records."""
    records = [member(i, Weighted(1), f"hc{i}", "eu", 300) for i in (1, 2)]
    trees = [
        each
        for name in ("www", "api")
        for each in (alias(3, "eu", PRIMARY, name=name), member(4, SECONDARY, name=name))
    ]

    (finding,) = found(*records, *trees)
    assert (finding.rule, finding.where) == ("slow-failover", "eu.shop.example. A")
    assert "TTL 300 s" in finding.what


def test_the_culprit_is_named_through_an_alias():
    tree = [
        *EU,
        member(9, Weighted(0), "", "eu"),
        alias(1, "eu", Weighted(1), name="all"),
        alias(2, ELB, Weighted(1), name="all"),
        alias(3, "all", PRIMARY),
        member(4, SECONDARY),
    ]

    culprits = [f.what for f in found(*tree) if f.rule == "never-unhealthy"]
    assert len(culprits) == 2
    assert all("because eu.shop.example. A set-9 has no health check" in text for text in culprits)


def test_cloudfront_gets_another_remedy():
    cdn = alias(1, "d1.cloudfront.net.", Weighted(1), eth=False)

    (finding,) = found(cdn, member(2, Weighted(1)))
    assert finding.remedy == "Give it a HealthCheckId; CloudFront cannot be evaluated."


def test_unknown_checks_are_found_only_where_checks_are_given():
    pair = [member(1, PRIMARY, "hc1"), member(2, SECONDARY, "hc2")]

    assert rules(*pair) == []
    assert rules(*pair, known={"hc1", "hc2"}) == []
    (finding,) = found(*pair, known={"hc1"})
    assert (finding.rule, finding.where) == ("unknown-check", "www.shop.example. A set-2")


def test_a_leaf_of_a_tree_may_have_one_value():
    tree = [
        member(1, Weighted(1), "hc1", "eu"),
        member(2, Weighted(1), "hc2", "us"),
        alias(3, "eu", PRIMARY),
        alias(4, "us", SECONDARY),
    ]

    assert rules(*tree) == []


def test_a_finding_says_where_why_and_what_to_do():
    (finding,) = found(member(1, PRIMARY, "hc1"))

    assert all(astuple(finding))
    assert str(finding) == (
        "www.shop.example. A: has no SECONDARY [no-secondary]\n"
        "  Why: A single point of failure: what is there is answered, healthy or not.\n"
        "  Do: Add the SECONDARY."
    )


def test_a_sound_zone_has_no_findings():
    assert lint(Zone.from_file(FILES / "zone.json")) == ()
    assert rules(RecordSet.of("www", "A", "192.0.2.1", 86400)) == []


@pytest.mark.slow
def test_a_large_zone_is_judged_in_one_pass():
    """5,000 groups: quadratic work would take minutes and run into the time limit."""
    groups = [member(i % 200, Weighted(1), "", f"n{j}") for j in range(5_000) for i in (j, j + 1)]

    assert lint(Zone.of("shop.example", groups)) == ()
