"""Three worlds side by side: their measures against what each world must show."""

import math

import plotly.graph_objects as go
import pytest

from lab_engine.authority.policies import Weighted
from lab_engine.authority.records import RRset
from lab_engine.authority.recordset import RecordSet
from lab_engine.authority.zone import Zone
from lab_engine.errors import LabError
from lab_engine.simulation import Clients, Resolvers, Scenario, run, theory
from lab_engine.simulation.balancer import Balancer
from lab_engine.simulation.parts import Backend, ScheduledChange
from lab_engine.simulation.prices import Prices, bill
from lab_engine.simulation.worlds import World, worlds
from lab_engine.views.panels import CONTROLS, three_worlds
from lab_engine.views.worlds import worlds_figure, worlds_summary
from tests.counts import long_but

from .sampling import agrees
from .seeds import shifted

pytestmark = pytest.mark.slow  # worlds are run for all of them

FOUR = [f"192.0.2.{n}" for n in range(1, 5)]
SHOP = Scenario(
    Zone.of("shop.example", [RRset.of("www", "A", FOUR, 20)]),
    "www",
    resolvers=Resolvers(50, profile="frozen"),
    clients=Clients(400, 0.5),
    backends=tuple(Backend(each, capacity=80, queue=10**6) for each in FOUR),
    duration=80,
    bin=1,
    window=20,
    seed=shifted(1),
)


@pytest.fixture(scope="module")
def found():
    return worlds(SHOP)


def test_the_same_requests_come_in_all_three(found):
    assert len({world.steady.total for world in found.each}) == 1
    assert len({world.steady.lookups for world in found.each}) == 1


def test_caches_make_dns_uneven_and_balancers_are_even(found):
    """Zipf's law: the largest cache alone brings its share to one server."""
    assert found.dns.imbalance > 1.2
    assert found.l4.imbalance == pytest.approx(1, abs=0.01)
    assert found.l7.imbalance == pytest.approx(1, abs=0.01)
    assert found.dns.latency_ms[2] > found.l7.latency_ms[2]


def test_a_canary_is_exact_to_a_request_a_window_behind_a_balancer(found):
    """DNS draws for each cache and TTL; smooth turns meet a share to a request."""
    assert found.dns.canary_error > 0.01
    assert found.l7.canary_error < 2 / 4000 + 1e-9
    shares = [sum(row) / found.l7.canary.total for row in found.l7.canary.requests]
    assert shares[0] == pytest.approx(0.05, abs=0.001)


def test_the_canary_error_of_dns_is_that_of_the_closed_form():
    """Of 20 busy caches of one size, each of which draws anew at the end of its TTL; 30 runs."""
    sets = [
        RecordSet.of("www", "A", each, 20, policy=Weighted(weight), set_identifier=each)
        for each, weight in zip(FOUR, (5, 45, 30, 20), strict=True)
    ]
    given = Scenario(
        Zone.of("shop.example", sets),
        "www",
        resolvers=Resolvers(20, 0),
        clients=Clients(20, 100.0),
        duration=400,
        bin=20,
        window=20,
    )
    law = theory.canary_error(0.05, [1] * 20, ttl=20, watched=20)

    def squared(seed):
        one = run(given.set("seed", shifted(seed)), "population")
        return (
            World("DNS", one, one, one, one, FOUR[0], 0, 0.05, bill(given, one)).canary_error ** 2
        )

    assert agrees([squared(seed) for seed in range(30)], law**2)


def test_a_drain_takes_a_ttl_by_dns_and_no_time_behind_a_balancer(found):
    """No client keeps a connection here; its copy is 20 s old at most when the zone changes."""
    assert 10 <= found.dns.drained <= 21
    assert found.l4.drained == found.l7.drained == 0


def test_clients_that_try_the_next_address_lose_less_to_a_death_than_a_balancer_without_retries(
    found,
):
    """What fails by DNS is what had been taken in."""
    assert sum(found.dns.death.failed) == 0
    spread = 4 * math.sqrt(0.25 * 200 * 6)
    assert 0.25 * 200 * 4 - spread < found.l7.failed < 0.25 * 200 * 6 + spread


@pytest.mark.long
def test_clients_that_try_no_other_lose_a_ttl_to_a_death():
    hasty = {"hasty": {"like": "none", "tries_next": False}}
    scenario = SHOP.set("profiles", hasty).set("clients.profile", "hasty").set("duration", 60)

    found = worlds(scenario.set("balancer", Balancer(retries=1)))

    assert found.dns.failed > 500
    assert found.l7.death.failed == found.l4.death.failed == (0,) * 60


@pytest.mark.long
def test_a_death_may_be_of_any_kind():
    """Errors: a client of DNS stays with them, and a balancer's checks take them out."""
    servers = tuple(Backend(each, capacity=80, queue=10**6, fails="5xx") for each in FOUR)

    found = worlds(SHOP.set("backends", servers))

    assert found.l7.failed == pytest.approx(0.25 * 200 * 5, abs=0.25 * 200 * 2)
    assert found.dns.failed > 0.2 * 200 * 40


@pytest.mark.long
def test_connections_kept_open_hold_a_drain_up_at_l4_alone():
    kept = {"k": {"like": "fixed", "lifetime": 20, "idle": 60}}
    scenario = SHOP.set("profiles", kept).set("clients.profile", "k")

    found = worlds(scenario.set("balancer", Balancer(keep_alive=3600, drain_timeout=30)))

    assert math.isinf(found.dns.drained)
    assert found.l4.drained == pytest.approx(30, abs=2)
    assert found.l7.drained == 0
    assert (found.dns.stickiness, found.l4.stickiness) == (1.0, 1.0)


def test_a_balancer_costs_more_than_dns(found):
    """An hour of one alone does."""
    assert found.dns.bill.for_balancer == 0
    assert 16 < found.l4.bill.for_balancer < found.l7.bill.for_balancer


@pytest.fixture(scope="module")
def priced():
    """Short worlds by a price list and a balancer of one's own, and what was told of progress."""
    own = Prices(as_of="my own", balancers={"L4": (0.01, 0, 1.0), "L7": (0.02, 0, 1.0)}, caveat="")
    told = []
    given = Balancer(sticky="cookie", paths={"/api": FOUR[:2]}, algorithm="two choices")
    short = SHOP.set("balancer", given).set("duration", 20)
    return worlds(short, prices=own, progress=lambda done, whole: told.append((done, whole))), told


def test_the_bill_is_by_ones_own_price_list(priced):
    """A balancer of one's own costs an hour of a machine, whatever goes through it."""
    found, _ = priced

    assert [each.bill.for_balancer for each in found.each] == pytest.approx([0, 7.2, 14.4])
    assert "prices of my own" in str(found)


def test_the_table_has_a_line_for_each_measure(found):
    text = str(found)

    for name in (
        "busiest",
        "p50",
        "p95",
        "p99",
        "failed",
        "drain",
        "canary",
        "same server",
        "cost",
    ):
        assert name in text
    assert found._repr_html_().startswith("<table>")


def test_cookies_and_paths_are_for_l7_alone(priced):
    found, _ = priced

    assert found.l4.stickiness < 0.5
    assert found.l7.stickiness == 1.0


@pytest.mark.parametrize(
    ("scenario", "canary", "said"),
    [
        (SHOP.set("schedule", [ScheduledChange(5, "down", FOUR[:1])]), 0.05, "schedule"),
        (SHOP, 0, "canary"),
        (SHOP, 0.6, "canary"),
        (
            Scenario(Zone.of("shop.example", [RRset.of("www", "A", FOUR[0], 20)]), "www"),
            0.05,
            "two addresses",
        ),
    ],
)
def test_what_cannot_be_compared_is_refused(scenario, canary, said):
    with pytest.raises(LabError, match=said):
        worlds(scenario, canary=canary)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("other", "other.shop.example. A: .*CNAME"),
        ("alias", "alias.shop.example. A: .*alias"),
        ("one.any", "one.any.shop.example. A: .*wildcard"),
    ],
)
def test_what_is_refused_is_refused_before_anything_runs(name, said):
    """A zone that leads a name elsewhere has nothing to drain, nor to weigh, at the name itself."""
    others = (
        RRset.of("other", "CNAME", "www", 20),
        RecordSet.alias_to("alias", "A", "www.shop.example."),
        RRset.of("*.any", "A", FOUR, 20),
    )
    zone = Zone.of("shop.example", [RRset.of("www", "A", FOUR, 20), *others])
    scenario = SHOP.set("zone", zone).set("name", name).set("duration", 20)
    told = []

    with pytest.raises(LabError, match=said):
        worlds(scenario, progress=lambda done, whole: told.append(done))

    assert told == []


def test_progress_is_told_twelve_times(priced):
    _, told = priced

    assert told == [(number, 12) for number in range(1, 13)]


# --- the figure -----------------------------------------------------------------------------------


def test_the_figure_shows_what_the_worlds_say(found):
    figure = worlds_figure(found)
    by_name = {trace.name: trace for trace in figure.data if trace.name}
    bars = [trace for trace in figure.data if trace.type == "bar"]

    assert list(by_name["p99"].x) == [float(f"{w.latency_ms[2]:.3g}") for w in found.each]
    assert list(bars[0].x) == [round(world.imbalance, 4) for world in found.each]
    assert list(bars[1].text) == [f"{world.failed:,}" for world in found.each]


def test_the_figure_is_one_that_plotly_takes(found):
    """Our figures are not validated as they are made."""
    go.Figure(worlds_figure(found).to_dict())


def test_the_sentence_has_the_numbers(found):
    sentence = worlds_summary(found)

    for world in found.each:
        assert f"{world.name}: p99" in sentence
        assert f"canary off by {100 * world.canary_error:.2f}" in sentence


@pytest.mark.parametrize("control", long_but(["algorithm", "load", "keep_alive"], "keep_alive"))
def test_the_panel_moves_what_it_says(control):
    scenario = SHOP.set("balancer", Balancer()).set("duration", 20)

    panel = three_worlds(scenario, control)

    assert panel.scenario.get(CONTROLS[control].path) == scenario.get(CONTROLS[control].path)
