"""The report: every number of a small made-up outcome, worked out by hand."""

import json
import math
from dataclasses import replace

import pytest

from lab_engine.authority.records import RRset
from lab_engine.authority.zone import Zone
from lab_engine.simulation import Level, Levels, Outcome, Scenario
from lab_engine.simulation.outages import Outage, Parts
from lab_engine.simulation.outcome import Trips, Verdict
from lab_engine.simulation.parts import Layer, ScheduledChange
from lab_engine.simulation.prices import bill
from lab_engine.simulation.report import as_dict, as_text
from lab_engine.simulation.service import Service

ZONE = Zone.of("shop.example", [RRset.of("www", "A", ["192.0.2.1", "192.0.2.2"], 60)])
SCENARIO = Scenario(
    ZONE,
    "www",
    layers=(Layer("router"), Layer("os")),
    schedule=(ScheduledChange(60, "down", ["192.0.2.1"]), ScheduledChange(120, "down", [])),
    duration=300,
)
OUTCOME = Outcome(
    addresses=("192.0.2.1", "192.0.2.2"),
    down=(),
    bin=60.0,
    window=120.0,
    requests=((3, 1, 0, 0, 5), (1, 1, 0, 2, 5)),
    failed=(0, 2, 0, 0, 0),
    refused=(0, 1, 0, 0, 0),
    verdicts=(Verdict(101.25, "hc-1", healthy=False), Verdict(201, "hc-1", healthy=True)),
    answers=(4, 3),
    queries=(3, 1, 1, 1, 1),
    levels=Levels(Level(10, 10), Level(), Level(3, 7), (Level(0, 10), Level(0, 10))),
    engine="events",
    seed=5,
    stale=((0, 4, 0, 1, 0), (0, 0, 0, 0, 0)),
    lookups=((0.0, 10), (20.0, 9), (50.0, 1)),
    trips=(
        Trips("198.51.100.0/24", "192.0.2.1", 9, 100.0, 5.0),
        Trips("198.51.100.0/24", "192.0.2.2", 9, 700.0, math.nan),
    ),
    outages=(
        Outage(60.0, ((0.0, 1.0), (30.0, 8.0), (55.0, 1.0)), 0.0, 20.0, 25.0, (0.0, 1.0, 50.0)),
        Outage(240.0, ((0.0, 5.0), (60.0, 3.0)), 3.0),
    ),
    notes=("an approximation",),
)


OPEN = (
    "outage       after 240 s: p5 0.0 s, p50 0.0 s, p95 60.0 s, p99 60.0 s; "
    "37.5% still led there at the end"
)


def split(*seconds):
    return dict(zip(Parts._fields, seconds, strict=True))


def test_every_number_is_there():
    data = as_dict(SCENARIO, OUTCOME)
    bill = data["authority"].pop("bill")

    assert data == {
        "engine": "events",
        "seed": 5,
        "partial": False,
        "ended": None,
        "notes": ["an approximation"],
        "bin": 60.0,
        "window": 120.0,
        "total": 20,
        "backends": [
            {
                "address": "192.0.2.1",
                "requests": [3, 1, 0, 0, 5],
                "share": 0.5,
                "share_by_bin": {"0.05": 0.0, "0.5": 0.5, "0.95": 0.75},
                "first_in_answers": 4,
            },
            {
                "address": "192.0.2.2",
                "requests": [1, 1, 0, 2, 5],
                "share": 0.5,
                "share_by_bin": {"0.05": 0.25, "0.5": 0.5, "0.95": 1.0},
                "first_in_answers": 3,
            },
        ],
        "failed": [0, 2, 0, 0, 0],
        "refused": [0, 1, 0, 0, 0],
        "dead": [0, 1, 0, 0, 0],
        "minds": [],
        "verdicts": [
            {"at": 101.25, "check": "hc-1", "healthy": False},
            {"at": 201, "check": "hc-1", "healthy": True},
        ],
        "balance": {
            "max_over_mean": {
                "windows": [4 * 2 / 6, 2.0],
                "band": {"0.05": 4 * 2 / 6, "0.5": 4 * 2 / 6, "0.95": 2.0},
            },
            "max_over_min": {
                "windows": [2.0, None],
                "band": {"0.05": 2.0, "0.5": 2.0, "0.95": None},
            },
        },
        "caches": [
            {"name": "application", "queries": 20, "hits": 10, "hit_ratio": 0.5},
            {"name": "os", "queries": 0, "hits": 0, "hit_ratio": 0.0},
            {"name": "router", "queries": 10, "hits": 0, "hit_ratio": 0.0},
            {"name": "os", "queries": 10, "hits": 0, "hit_ratio": 0.0},
            {"name": "resolver", "queries": 10, "hits": 3, "hit_ratio": 0.3},
        ],
        "authority": {"queries": [3, 1, 1, 1, 1]},
        "lookup_ms": {"0.5": 0.0, "0.95": 20.0, "0.99": 50.0},
        "waited": {"requests": 0, "0.5": None, "0.95": None, "0.99": None},
        "service": {
            "latency_ms": {"0.5": None, "0.95": None, "0.99": None},
            "lost": [],
            "connections": 0,
            "stickiness": 0.0,
        },
        "distance_km": {"0.5": 100.0, "0.95": 700.0, "0.99": 700.0},
        "rtt_ms": {"0.5": 5.0, "0.95": 5.0, "0.99": 5.0},
        "schedule": [
            {"at": 60, "stale": [0.0, 1.0, None, 0.5, 0.0]},
            {"at": 120, "stale": [0.0, 0.0, None, 0.0, 0.0]},
        ],
        "outages": [
            {
                "at": 60.0,
                "lasted": {"0.05": 0.0, "0.5": 30.0, "0.95": 55.0, "0.99": 55.0},
                "open": 0.0,
                "noticed": 20.0,
                "published": 25.0,
                "parts": {
                    "mean": split(18.0, 4.5, 3.2, 3.8),
                    "p99": split(20.0, 5.0, 0.0, 30.0),
                    "worst": split(20.0, 5.0, 0.0, 30.0),
                },
            },
            {
                "at": 240.0,
                "lasted": {"0.05": 0.0, "0.5": 0.0, "0.95": 60.0, "0.99": 60.0},
                "open": 0.375,
                "noticed": None,
                "published": None,
                "parts": {
                    "mean": split(22.5, 0.0, 0.0, 0.0),
                    "p99": split(60.0, 0.0, 0.0, 0.0),
                    "worst": split(60.0, 0.0, 0.0, 0.0),
                },
            },
        ],
    }
    assert bill["queries_a_month"] == 7 * 30 * 86_400 / 300
    assert bill["usd_a_month"] == pytest.approx(0.5 + 60_480 * 0.4e-6)
    assert (bill["prices_as_of"], bill["caveat"]) == (
        "2026-11",
        "from memory; check the price page",
    )


def test_it_is_strict_json():
    json.dumps(as_dict(SCENARIO, OUTCOME), allow_nan=False)


def test_the_page_says_the_same():
    assert as_text(SCENARIO, OUTCOME).splitlines() == [
        "20 requests, engine events, seed 5",
        "2 failed (1 refused, 1 dead); 7 queries at the authority",
        "",
        "server                        requests   share   in 5 / 50 / 95 % of the bins at most",
        "192.0.2.1                            9   50.0%   0.0% / 50.0% / 75.0%",
        "192.0.2.2                            9   50.0%   25.0% / 50.0% / 100.0%",
        "max/mean in windows of 120 s: 1.33 / 1.33 / 2.00",
        "max/min in windows of 120 s: 2.00 / 2.00 / endless",
        "",
        "application  answered 50.0% of 20",
        "router       answered 0.0% of 10",
        "os           answered 0.0% of 10",
        "resolver     answered 30.0% of 10",
        "lookup       p50 0.0 ms, p95 20.0 ms, p99 50.0 ms",
        "distance     p50 100.0 km, p95 700.0 km, p99 700.0 km",
        "round trip   p50 5.0 ms, p95 5.0 ms, p99 5.0 ms",
        "refused      from 60 s: 25.0%",
        "dead         from 60 s: 25.0%",
        "verdict      hc-1 fails at 101.2 s, passes at 201.0 s",
        "stale        after 60 s: 100.0% 50.0%",
        "stale        after 120 s: none",
        "outage       after 60 s: p5 0.0 s, p50 30.0 s, p95 55.0 s, p99 55.0 s",
        "  mean       detection 18.0 s, publication 4.5 s, cache 3.2 s, client 3.8 s",
        "  p99        detection 20.0 s, publication 5.0 s, cache 0.0 s, client 30.0 s",
        "  worst      detection 20.0 s, publication 5.0 s, cache 0.0 s, client 30.0 s",
        OPEN,
        f"bill         {bill(SCENARIO, OUTCOME)}",
        "note         an approximation",
    ]


def test_a_partial_outcome_is_marked():
    broken = replace(OUTCOME, partial=True, ended=150.0)

    assert as_text(SCENARIO, broken).startswith(
        "20 requests, engine events, seed 5, broken off after 150 s\n"
    )
    assert (as_dict(SCENARIO, broken)["partial"], as_dict(SCENARIO, broken)["ended"]) == (True, 150)


def test_without_any_request_nothing_is_divided_by():
    quiet = replace(
        OUTCOME,
        requests=((0,) * 5, (0,) * 5),
        failed=(0,) * 5,
        refused=(0,) * 5,
        queries=(0,) * 5,
        lookups=(),
        trips=(),
        outages=(Outage(60.0, ()),),
    )

    text, data = as_text(SCENARIO, quiet), as_dict(SCENARIO, quiet)
    assert "max/mean in windows of 120 s: - / - / -" in text
    assert "outage       after 60 s: p5 - s, p50 - s" in text
    assert data["lookup_ms"] == {"0.5": None, "0.95": None, "0.99": None}
    assert data["backends"][0]["share_by_bin"] == {"0.05": None, "0.5": None, "0.95": None}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"window": 90.0}, "no balance: window 90.0: is not a multiple of the bin, 60 s"),
        ({"window": 600.0}, "no balance: no server lives in a whole window of 600 s"),
        ({"down": OUTCOME.addresses}, "no balance: no server lives in a whole window of 120 s"),
    ],
)
def test_where_there_is_no_balance_a_note_says_why(changes, said):
    data = as_dict(SCENARIO, replace(OUTCOME, **changes))

    assert data["balance"] == {}
    assert data["notes"][-1].startswith(said)


def test_failures_are_shown_from_the_first_bin_that_has_some_to_the_last():
    dark = replace(OUTCOME, failed=(0, 0, 4, 0, 10), refused=())

    assert "dead         from 120 s: 100.0% 0.0% 50.0%\n" in as_text(SCENARIO, dark)
    assert "refused  " not in as_text(SCENARIO, dark)


def test_an_outage_of_nobody_has_no_open_part():
    assert (
        as_dict(SCENARIO, replace(OUTCOME, outages=(Outage(60.0, ()),)))["outages"][0]["open"]
        is None
    )


def test_a_long_decay_is_shortened():
    slow = replace(
        OUTCOME, requests=((10,) * 30,) * 2, failed=(0,) * 30, refused=(), stale=((10,) * 30,)
    )

    assert "after 60 s: " + "50.0% " * 10 + "...\n" in as_text(SCENARIO, slow)


def test_what_servers_took_is_said_where_they_have_a_limit():
    served = replace(OUTCOME, service=Service(((5.0, 90), (80.0, 10)), (0, 0, 1, 0, 0), 7, 3, 1))

    service = as_dict(SCENARIO, served)["service"]

    assert service == {
        "latency_ms": {"0.5": 5.0, "0.95": 80.0, "0.99": 80.0},
        "lost": [0, 0, 1, 0, 0],
        "connections": 7,
        "stickiness": 0.75,
    }
    text = as_text(SCENARIO, served)
    assert "latency      p50 5.0 ms, p95 80.0 ms, p99 80.0 ms" in text
    assert "1 lost with the server that had taken it in" in text


def test_what_was_lost_with_a_server_is_a_line_of_the_table():
    """Right below the servers, whose requests it was; those that failed are others."""
    served = replace(OUTCOME, service=Service(lost=(0, 0, 3, 0, 1)))

    names = [row[0] for row in served.table.rows]

    assert names[len(OUTCOME.addresses) :][:2] == ["(of these lost)", "(failed)"]
    assert "(of these lost)" not in str(OUTCOME)
