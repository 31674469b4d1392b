"""What lesson 02 says in words, against the engine: closed form, simulation, real answers."""

import re
from functools import cache
from math import sqrt
from pathlib import Path
from random import Random
from statistics import mean, stdev

import nbformat
import pytest

from lab_engine import Clock, RRset, forward, modes, replies, serve
from lab_engine.authority.policies import Weighted
from lab_engine.authority.records import Client, Question
from lab_engine.authority.recordset import RecordSet
from lab_engine.authority.server import Authority
from lab_engine.authority.zone import Zone
from lab_engine.caches.crowds import zipf_shares
from lab_engine.course.datafile import load
from lab_engine.course.goals import PREDICATES
from lab_engine.errors import LabError
from lab_engine.simulation import Clients, Outcome, Resolvers, Scenario, theory
from lab_engine.simulation.many import Many
from lab_engine.simulation.parts import ScheduledChange
from lab_engine.simulation.sweep import sweep
from lab_engine.views import canaries
from lab_engine.views.kit.fan import fan, intended
from lab_engine.views.kit.together import luck
from tests.counts import LONG, long_but

from .seeds import shifted

pytestmark = pytest.mark.slow

LESSON = Path(__file__).parents[1] / "lessons" / "02_weights.ipynb"
OLD, NEW = "192.0.2.1", "192.0.2.2"
GOALS = load("02_weights").goals
DRAWS, RUNS, WATCHES = (1000, 1000, 60) if LONG else (400, 500, 25)
CONTROLS = ("weight", "ttl", "watch", "caches", "skew")
MOVES = {
    "flood": {"resolvers.count": 1, "zone.www.ttl": 20, "duration": 3600},
    "unseen": {"resolvers.count": 20, "zone.www.ttl": 300},
    "telling": {"zone.www.ttl": 30, "duration": 1800},
}


def shop(old: int, new: int, ttl: int = 60) -> Zone:
    """The lesson's zone with these weights."""
    members = {"stable": (OLD, old), "canary": (NEW, new)}
    return Zone.of(
        "shop.example",
        [
            RecordSet.of("www", "A", address, ttl, policy=Weighted(weight), set_identifier=name)
            for name, (address, weight) in members.items()
        ],
    )


def shop_of_one() -> Scenario:
    """The lesson's canary of 1 % behind 100 resolvers, with dice of this run of the tests."""
    crowd, caches = Clients(100_000, rate=0.01), Resolvers(100, skew=1.0)
    scenario = Scenario(shop(99, 1), "www", clients=crowd, resolvers=caches, duration=600, bin=10)
    return scenario.set("seed", shifted(1))


def share(run: Outcome) -> float:
    """The canary's part of the requests."""
    return run.shares()[run.addresses.index(NEW)] if NEW in run.addresses else 0.0


@cache
def runs_of_one(skew: float) -> tuple[Outcome, ...]:
    """Runs of it; Zipf's law has the skew 1."""
    return sweep(shop_of_one().set("resolvers.skew", skew), {}, RUNS)[0].outcomes


@pytest.mark.parametrize(("skew", "says"), long_but([(0, 0.31), (1, 0.76)], (1, 0.76)))
def test_ten_minutes_of_a_hundredth(skew: float, says: float) -> None:
    """±31 % through equal resolvers, ±76 % under Zipf's law: closed form, and many runs."""
    formula = theory.canary_error(0.01, zipf_shares(100, skew), 60, 600) / 0.01
    runs = runs_of_one(skew)
    measured = [share(run) / 0.01 for run in runs]
    # The law has a heavy tail: its kurtosis, measured, sets how far a standard deviation strays.
    middle, spread = mean(measured), stdev(measured)
    kurtosis = mean((value - middle) ** 4 for value in measured) / spread**4

    assert round(formula, 2) == says
    assert spread == pytest.approx(formula, abs=4 * spread * sqrt((kurtosis - 1) / 4 / RUNS))


@pytest.mark.long
@pytest.mark.parametrize(("skew", "says"), [(0, 0.31), (1, 0.76)])
def test_ten_minutes_of_a_hundredth_by_answers(skew: float, says: float) -> None:
    """The third witness: caches filled by real answers, each with a phase of its own."""
    authority, dice = Authority(shop(99, 1), Random(shifted(5))), Random(shifted(6))
    question, client = Question.of("www.shop.example", "A"), Client.at("198.18.1.53")
    parts = zipf_shares(100, skew)

    def copies() -> float:
        first = dice.random() * 60  # of a watch of ten minutes, the end of the copy held at first
        ends = (first, *(60.0,) * 9, 60 - first)
        return sum(
            length for length in ends if authority.respond(question, client).addresses == (NEW,)
        )

    measured = [sum(part * copies() / 600 for part in parts) / 0.01 for _ in range(WATCHES)]
    middle, spread = mean(measured), stdev(measured)
    kurtosis = mean((value - middle) ** 4 for value in measured) / spread**4

    assert spread == pytest.approx(says, abs=4 * spread * sqrt((kurtosis - 1) / 4 / WATCHES))


def test_a_tenth_over_a_day_errs_by_a_fiftieth() -> None:
    """±2 % behind 100 resolvers under Zipf's law, TTL 60: closed form, and 60 days."""
    formula = theory.canary_error(0.1, zipf_shares(100, 1), 60, 86_400) / 0.1

    tenth = shop_of_one().set("zone.www.stable.weight", 90).set("zone.www.canary.weight", 10)
    runs = sweep(tenth.set("duration", 86_400).set("bin", 600), {}, 60)[0].outcomes
    spread = stdev(share(run) / 0.1 for run in runs)

    assert round(formula, 2) == 0.02
    assert spread == pytest.approx(formula, abs=4 * formula / sqrt(2 * 60))


def test_a_hash_errs_for_good() -> None:
    """One draw a resolver, kept for ever: ±245 % for a canary of 1 %, by 20,000 such draws."""
    parts, dice = zipf_shares(100, 1), Random(shifted(3))
    drawn = [sum(part for part in parts if dice.random() < 0.01) / 0.01 for _ in range(20_000)]
    formula = theory.canary_error(0.01, parts, 60, 0) / 0.01
    middle, spread = mean(drawn), stdev(drawn)
    kurtosis = mean((value - middle) ** 4 for value in drawn) / spread**4
    never, sigma = 0.99**100, sqrt(0.99**100 * (1 - 0.99**100) / 20_000)

    assert round(formula, 2) == 2.45
    assert spread == pytest.approx(formula, abs=4 * spread * sqrt((kurtosis - 1) / 4 / 20_000))
    assert mean(not each for each in drawn) == pytest.approx(never, abs=4 * sigma)


@pytest.mark.parametrize(("weight", "says"), [(5, 4.8), (25, 20), (99, 50)])
def test_a_step_is_a_part_of_the_sum(weight: int, says: float) -> None:
    """What the text says of the steps, and the picture: weights against the old build's 99."""
    raised = shop_of_one().set("zone.www.canary.weight", weight)

    assert intended(raised, NEW)[-1][1] == pytest.approx(says, abs=0.3)


@pytest.mark.long
def test_a_canary_that_nobody_visits() -> None:
    """Twenty resolvers, a minute: 0.99^40, by many runs, and as often 40 real draws."""
    minute = shop_of_one().set("resolvers.count", 20).set("duration", 60)
    runs = sweep(minute, {}, DRAWS)[0].outcomes
    authority = Authority(shop(99, 1), Random(shifted(2)))
    question, client = Question.of("www.shop.example", "A"), Client.at("198.18.1.53")
    drawn = [
        all(authority.respond(question, client).addresses != (NEW,) for _ in range(40))
        for _ in range(DRAWS)
    ]
    chance = 0.99**40
    sigma = sqrt(chance * (1 - chance))

    assert round(chance, 2) == 0.67
    assert mean(not share(run) for run in runs) == pytest.approx(chance, abs=4 * sigma / DRAWS**0.5)
    assert mean(drawn) == pytest.approx(chance, abs=4 * sigma / DRAWS**0.5)


def test_of_fifty_canaries_three_or_four_show_less_than_a_third() -> None:
    """What the quiz says of a dashboard at 0.3 %."""
    runs = runs_of_one(1)
    below = 50 * mean(share(run) < 0.003 for run in runs)

    assert 2.5 <= below <= 4.5


@pytest.mark.parametrize(("watch", "below"), long_but([(3600, 2), (10_800, 0)], (3600, 2)))
def test_three_hours_until_no_dot_shows_less_than_half(watch: int, below: int) -> None:
    """The panel's own dice, after an hour and after three: what the text says to count."""
    panel = canaries.canary(shop_of_one().set("seed", 1), *CONTROLS, server=NEW)
    panel.set("duration", watch)
    ends = luck(panel.scenario.scenario, panel.outcome.others, NEW).parts[1]

    assert f"{below} of 50" in ends.count(0.5)


@pytest.mark.parametrize("ttl", long_but([20, 300], 300))
def test_an_abort_takes_half_a_ttl(ttl: int) -> None:
    """10 (80 + T/2) harmed requests, within 4 sigma of 100 runs and the idle time of caches."""
    crowd = Clients(50_000, rate=0.01)
    whole = Scenario(
        shop(0, 1), "www", clients=crowd, resolvers=Resolvers(200), duration=480, bin=20
    )
    after = [("zone.www.stable.weight", 1), ("zone.www.canary.weight", 0)]
    aborted = whole.set("zone.www.ttl", ttl).set("seed", shifted(1))
    aborted = aborted.set("schedule", [ScheduledChange(80, *each) for each in after])
    harmed = [
        0.02 * sum(run.requests[run.addresses.index(NEW)])
        for run in sweep(aborted, {}, 100)[0].outcomes
    ]

    formula = 10 * (80 + ttl / 2)
    assert mean(harmed) == pytest.approx(formula, abs=0.4 * stdev(harmed) + 0.01 * formula)


@pytest.mark.long
def test_the_picture_of_an_abort_agrees_with_half_a_ttl() -> None:
    """Half of the users have left 80 s + 300 s / 2 after the beginning; the sentence says that."""
    crowd = Clients(50_000, rate=0.01)
    whole = Scenario(
        shop(0, 1), "www", clients=crowd, resolvers=Resolvers(200), duration=480, bin=5
    )
    after = [("zone.www.stable.weight", 1), ("zone.www.canary.weight", 0)]
    aborted = whole.set("zone.www.ttl", 300).set("seed", shifted(1))
    aborted = aborted.set("schedule", [ScheduledChange(80, *each) for each in after])
    runs = sweep(aborted, {}, 400)[0].outcomes
    said = re.search(
        r"half-way to the last step by (\d):(\d\d)", fan(aborted, runs, NEW, so_far=False).sentence
    )

    assert said is not None
    assert 60 * int(said[1]) + int(said[2]) == pytest.approx(80 + 300 / 2, abs=15)


@pytest.mark.parametrize("ttl", long_but([20, 300], 300))
def test_a_build_that_fails_from_the_start_harms_as_many_at_every_ttl(ttl: int) -> None:
    """The way in is as slow as the way out: 800, whatever the TTL."""
    crowd = Clients(50_000, rate=0.01)
    calm = Scenario(
        shop(1, 0), "www", clients=crowd, resolvers=Resolvers(200), duration=800, bin=20
    )
    steps = [(300, "stable", 0), (300, "canary", 1), (380, "stable", 1), (380, "canary", 0)]
    changes = [ScheduledChange(at, f"zone.www.{name}.weight", part) for at, name, part in steps]
    runs = sweep(calm.set("zone.www.ttl", ttl).set("schedule", changes), {}, 100)[0].outcomes
    harmed = [0.02 * sum(run.requests[run.addresses.index(NEW)]) for run in runs]

    assert mean(harmed) == pytest.approx(800, abs=0.4 * stdev(harmed) + 8)


def test_the_office_keeps_what_it_has_when_the_weight_is_0() -> None:
    """On the wire, through a cache: aborted at the authority, the copy lives on."""
    clock = Clock()
    with serve(shop(0, 1), seed=1) as server, forward(server, clock=clock) as office:
        office.ask("www.shop.example")
        clock.wait(20)
        server.zone = shop(1, 0)
        late = office.ask("www.shop.example")
        clock.wait(40)

        assert server.ask("www.shop.example").values == (OLD,)
        assert (late.values, late.ttl) == ((NEW,), 40)
        assert office.ask("www.shop.example").values == (OLD,)


@pytest.mark.parametrize("ttl", long_but([20, 300], 300))
def test_an_abort_in_packets(ttl: int) -> None:
    """Sixty caches with copies of every age: through each the build is met for T/2 more."""
    met = []
    for phase in range(60):
        clock = Clock()
        with serve(shop(0, 1, ttl), seed=1) as server, forward(server, clock=clock) as cache:
            cache.ask("www.shop.example")
            clock.wait((phase + 0.5) * ttl / 60)
            server.zone = shop(1, 0, ttl)
            late = cache.ask("www.shop.example")
            clock.wait(late.ttl + 1)

            assert late.values == (NEW,)
            assert cache.ask("www.shop.example").values == (OLD,)
        met.append(late.ttl)

    assert mean(met) == pytest.approx(ttl / 2, abs=1)


def test_a_shuffled_list_comes_out_even() -> None:
    """Weighed 95 to 5 and turned by the cache behind it: 50 to 50, by the plan and by packets."""
    pair = RRset.of("www.shop.example.", "A", [OLD, NEW], 60)
    drawn = [
        (share.probability, share.reply.addresses)
        for share in replies(modes.ns1_shuffle(pair, [95, 5], None))
    ]
    planned = sum(chance * each.count(NEW) / len(each) for chance, each in drawn)
    with (
        serve(Zone.of("shop.example", [pair]), seed=1) as server,
        forward(server, profile="unbound", seed=1) as cache,
    ):
        first = [cache.ask("www.shop.example").values[0] for _ in range(1000)]

    assert planned == 0.5
    assert first.count(NEW) / 1000 == pytest.approx(0.5, abs=4 * 0.5 / 1000**0.5)


def test_one_run_has_one_value() -> None:
    """The ten minutes of a canary of 1 % are said alike wherever the lesson shows them."""
    cells = nbformat.read(LESSON, as_version=4).cells
    texts = [str(each.get("data", {})) for cell in cells for each in cell.get("outputs", ())]
    said = [re.findall(r"After 10:00, .*? 1 % was intended\. This run: \S+ %", t) for t in texts]

    assert sum(map(bool, said)) >= 2
    assert len({each for found in said for each in found}) == 1


def test_answers_come_by_weight() -> None:
    """What is counted in part 1: 95 to 5, and 50, 30 and 20, a thousand answers each."""
    (cell,) = (each for each in nbformat.read(LESSON, as_version=4).cells if each.id == "count")
    shown = "".join(each["text"] for each in cell.outputs)
    counts = [int(count) for count in re.findall(r"': (\d+)", shown)]

    for count, per_cent in zip(counts, (95, 5, 50, 30, 20), strict=True):
        part = per_cent / 100
        assert count == pytest.approx(1000 * part, abs=4 * sqrt(1000 * part * (1 - part)))


def test_a_tile_tells_the_tree_of_its_answer() -> None:
    """Each answer of the tree names its server, so that the page can mark the one that is held."""
    panel = canaries.canary(shop_of_one(), "caches", server=NEW)
    tiles = next(part for part in panel.picture.parts if part.kind == "tiles")
    named = {line.split()[2].strip(","): at for line, at in tiles.still()["why"] if "->" in line}

    assert {address: tiles.servers[at[0]] for address, at in named.items()} == {OLD: OLD, NEW: NEW}


@pytest.mark.parametrize("key", long_but(MOVES, "unseen"))
def test_each_goal_can_be_reached_and_none_is_at_the_start(key: str) -> None:
    """By moves that a learner might make, with the panel's own dice."""
    panel = canaries.canary(shop_of_one().set("seed", 1), *CONTROLS, server=NEW)
    at_first = GOALS[key].standing(panel.scenario, panel.outcome).reached
    for path, value in MOVES[key].items():
        panel.set(path, value)

    assert not at_first
    assert GOALS[key].standing(panel.scenario, panel.outcome).reached


@pytest.mark.parametrize("key", long_but(["flood", "telling"], "telling"))
def test_a_heavy_canary_reaches_no_goal(key: str) -> None:
    """Half of the traffic is more than a fifth, and no canary."""
    heavy = Many(shop_of_one()).set("zone.www.canary.weight", 99)

    assert not GOALS[key].standing(heavy, heavy.run()).reached


def test_a_goal_asks_of_a_server_that_is_there() -> None:
    """Another address is a mistake of the data file, not an unreachable goal."""
    many = Many(shop_of_one(), most=2)
    with pytest.raises(LabError, match=r"192\.0\.2\.9"):
        PREDICATES["flooded"].check(
            many, many.run(), address="192.0.2.9", weight=1, share=0.2, seconds=60
        )


def test_the_numbers_on_the_cards_follow_from_the_laws():
    sheet = load("02_weights")
    luck = 1.645 * sqrt(0.01 * 0.99 / 600_000)  # of 9 in 10 runs, if each request were a die

    assert f"{100 * zipf_shares(100, 1.0)[0]:.0f} % of the users" in sheet.predict["band"].why
    assert (
        f"{100 * (0.01 - luck):.2f} to {100 * (0.01 + luck):.2f} %" in sheet.predict["band"].narrow
    )
    assert sheet.quiz["nobody"].right == round(100 * 0.95**40)
    one, both, harmed = 2 * 0.05 * 0.95, 0.05**2, (80 + 300 / 2) / (80 + 20 / 2)
    assert sheet.quiz["family"].right == f"about 1 time in {round(1 / one, -1):.0f}"  # to tens
    assert f"about 1 time in {1 / both:.0f}" in sheet.quiz["family"].wrong
    assert sheet.predict["abort"].right == f"about {harmed:.1f} times"
