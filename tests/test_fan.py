"""Fan and dots: what they say against the outcomes they were made from."""

import json
from statistics import median
from xml.etree import ElementTree as ET

import pytest

from lab_engine.authority.policies import Weighted
from lab_engine.authority.recordset import RecordSet
from lab_engine.authority.zone import Zone
from lab_engine.errors import LabError
from lab_engine.simulation import Clients, Outcome, Resolvers, Scenario
from lab_engine.simulation.parts import ScheduledChange
from lab_engine.simulation.sweep import sweep
from lab_engine.views.kit.dots import COUNT, dots
from lab_engine.views.kit.fan import fan, intended, percents
from lab_engine.views.kit.fantwin import stacks
from lab_engine.views.kit.picture import Ghost
from lab_engine.views.kit.scales import top_for
from lab_engine.views.kit.together import Together, luck

STABLE, CANARY = "192.0.2.1", "192.0.2.2"


def shop(weight: int = 5, resolvers: int = 20) -> Scenario:
    """Ten minutes of a canary of that weight, of 100."""
    weights = {STABLE: ("stable", 100 - weight), CANARY: ("canary", weight)}
    sets = [
        RecordSet.of("www", "A", address, 60, policy=Weighted(share), set_identifier=name)
        for address, (name, share) in weights.items()
    ]
    zone = Zone.of("shop.example", sets)
    crowd = Clients(10_000, rate=0.01)
    return Scenario(zone, "www", clients=crowd, resolvers=Resolvers(resolvers), duration=600)


@pytest.fixture(scope="module")
def outcomes() -> tuple[Outcome, ...]:
    """Forty runs of it."""
    return sweep(shop(), {}, 40)[0].outcomes


@pytest.mark.slow
def test_percents_are_the_part_of_the_requests_so_far(outcomes: tuple[Outcome, ...]) -> None:
    """Counted anew from the requests of the run, at the end of each bin."""
    run = outcomes[0]
    canary = run.requests[run.addresses.index(CANARY)]
    total = [sum(bins) for bins in zip(*run.requests, strict=True)]
    so_far = [100 * sum(canary[: end + 1]) / sum(total[: end + 1]) for end in range(len(total))]

    assert percents(run, CANARY) == pytest.approx(so_far)


def test_each_minute_by_itself(outcomes: tuple[Outcome, ...]) -> None:
    """With `so_far=False` each bin has its own part."""
    run = outcomes[0]
    canary = run.requests[run.addresses.index(CANARY)]
    total = [sum(bins) for bins in zip(*run.requests, strict=True)]
    alone = [100 * mine / whole for mine, whole in zip(canary, total, strict=True)]

    assert percents(run, CANARY, so_far=False) == pytest.approx(alone)


def test_the_band_holds_nine_of_ten_runs(outcomes: tuple[Outcome, ...]) -> None:
    """At every time, of forty: two below, and at most two above, with the median between."""
    picture = fan(shop(), outcomes, CANARY)
    for index, (low, middle, high) in enumerate(picture.band):
        values = [percents(run, CANARY)[index] for run in outcomes]

        assert sum(value < low for value in values) <= 2
        assert sum(value > high for value in values) <= 2
        assert middle == sorted(values)[19]


def test_the_harmed_are_a_part_of_the_requests_so_far(outcomes: tuple[Outcome, ...]) -> None:
    """2 % of what the server got up to each time, said while it plays; nothing unless asked for."""
    picture = fan(shop(), outcomes, CANARY, fault=0.02)
    row = outcomes[0].requests[outcomes[0].addresses.index(CANARY)]
    harmed = [round(0.02 * sum(row[: end + 1])) for end in range(len(row))]
    plain = fan(shop(), outcomes, CANARY)

    assert [picture.harmed(index) for index in range(len(row))] == [f"{n:,} harmed" for n in harmed]
    assert picture.still()["says"][-1].endswith(f", {harmed[-1]:,} harmed")
    assert "harmed" not in json.dumps(plain.still())


def test_the_line_is_the_run_that_is_named(outcomes: tuple[Outcome, ...]) -> None:
    """The first, unless another is given."""
    assert fan(shop(), outcomes, CANARY).line == percents(outcomes[0], CANARY)
    assert fan(shop(), outcomes, CANARY, this=outcomes[7]).line == percents(outcomes[7], CANARY)


def test_intended_is_the_plan_step_by_step() -> None:
    """From each change of a weight on, the part of the weights."""
    raised = shop().set("schedule", [ScheduledChange(300, "zone.www.canary.weight", 95)])
    steps = intended(raised, CANARY)

    assert [since for since, _ in steps] == [0, 300]
    assert [percent for _, percent in steps] == pytest.approx([5, 50])


def test_fan_and_dots_agree(outcomes: tuple[Outcome, ...]) -> None:
    """The dots are the sample at the end of the fan, on the same axis; both show the same run."""
    spread, ends = luck(shop(), outcomes, CANARY).parts
    values = sorted(percents(run, CANARY)[-1] for run in outcomes)
    low, middle, high = spread.band[-1]

    assert set(ends.values) <= set(values)
    assert min(values) == ends.values[0]
    assert ends.below(low) <= 3
    assert sum(value > high for value in ends.values) <= 3
    assert middle == ends.values[24] == pytest.approx(median(ends.values), abs=0.5)
    assert (ends.high, ends.this) == (spread.top, spread.line[-1])


def test_dots_are_fifty_quantiles() -> None:
    """Of the numbers 1 to 100 every second, and of one value fifty times itself."""
    every = dots([float(n) for n in range(1, 101)], high=100, line=50, title="t", unit="s")

    assert every.values == tuple(float(n) for n in range(1, 101, 2))
    assert dots([3.0], high=5, line=1, title="t").values == (3.0,) * COUNT


def test_the_line_counts_those_below_it() -> None:
    """In a number and in words."""
    every = dots([float(n) for n in range(1, 101)], high=100, line=50, title="t", unit="s")

    assert every.below(50) == 25
    assert every.count(50) == "25 of 50 show less than 50 s"
    assert every.count(2) == "1 of 50 shows less than 2 s"


@pytest.mark.parametrize(
    ("percent", "top"), [(0, 5), (1, 5), (1.01, 10), (5, 25), (10, 50), (20, 100), (95, 100)]
)
def test_the_axis_depends_on_what_is_intended(percent: float, top: float) -> None:
    """Not on what came, so that it stays while TTL, resolvers and skew are moved."""
    assert top_for(percent) == top


def test_every_dot_has_a_place_of_its_own() -> None:
    """In its column, one above the other; those beyond the axis in the last column."""
    places = stacks([0.0, 0.1, 4.9, 5.0, 70.0], 5, 10)

    assert places == [(0, 0), (0, 1), (9, 0), (9, 1), (9, 2)]


def test_dots_beyond_the_axis_are_said() -> None:
    """At its last tick."""
    within = dots([1.0], high=5, line=1, title="t").still()
    beyond = dots([1.0, 70.0], high=5, line=1, title="t").still()

    assert within["ticks"][-1] == [5, "5 %"]
    assert beyond["ticks"][-1] == [5, "5 % and more"]


@pytest.mark.slow
def test_a_band_beyond_the_axis_is_said() -> None:
    """At its top: one resolver gives a canary of 5 % all or nothing at first."""
    tops = {}
    for count in (1, 1000):
        runs = sweep(shop(resolvers=count), {}, 40)[0].outcomes
        tops[count] = fan(shop(), runs, CANARY).still()["ticks"][-1]

    assert tops == {1: [25, "≥25 %"], 1000: [25, "25 %"]}


def test_sentences_have_the_numbers(outcomes: tuple[Outcome, ...]) -> None:
    """Who cannot see the band and the dots reads what they say."""
    spread, ends = luck(shop(), outcomes, CANARY, called="the canary").parts
    low, _, high = spread.band[-1]

    assert "After 10:00, 9 of 10 runs gave the canary" in spread.sentence
    assert f"{low:.2g} to {high:.2g} %" in spread.sentence
    assert "5 % was intended" in spread.sentence
    assert ends.count(2.5) in ends.sentence


def test_ghosts_stand_in_both_twins(outcomes: tuple[Outcome, ...]) -> None:
    """What was said and what it was, hollow and full."""
    said = Ghost(4, "you said 4 to 6 %", to=6)
    marked = luck(shop(), outcomes, CANARY).marked((said, Ghost(2, "it was 2 %", said=False)))
    svg = marked.svg()

    ET.fromstring(svg)
    assert svg.count("you said 4 to 6 %") == 2
    assert svg.count("it was 2 %") == 2


def test_parts_cross_as_they_would_alone(outcomes: tuple[Outcome, ...]) -> None:
    """Each with its kind, its sentence and its bytes, which are all there is."""
    both = luck(shop(), outcomes, CANARY)
    parts = both.still()["parts"]

    assert [part["kind"] for part in parts] == ["fan", "dots"]
    assert sum(sum(part["sizes"]) for part in parts) == len(both.frames())
    json.dumps(both.still(), allow_nan=False)


def test_the_twin_puts_them_side_by_side(outcomes: tuple[Outcome, ...]) -> None:
    """Fan and dots in one row, what does not fit below it."""
    both = luck(shop(), outcomes, CANARY)
    three = Together((*both.parts, both.parts[0]), (0,))

    assert 'x="560" y="0"' in both.svg()
    assert three.svg().count('x="0"') == 2


@pytest.mark.parametrize("server", ["192.0.2.9", ""])
def test_no_such_server(outcomes: tuple[Outcome, ...], server: str) -> None:
    """The error names those there are."""
    with pytest.raises(LabError, match=r"Choose of 192\.0\.2\.1, 192\.0\.2\.2"):
        fan(shop(), outcomes, server)


def test_one_run_is_no_band(outcomes: tuple[Outcome, ...]) -> None:
    """Luck needs several."""
    with pytest.raises(LabError, match="make no band"):
        fan(shop(), outcomes[:1], CANARY)


@pytest.mark.parametrize(("high", "line"), [(5, 6), (5, -1), (0, 0)])
def test_a_line_off_its_axis(high: float, line: float) -> None:
    """It could not be seen."""
    with pytest.raises(LabError, match="is no line on an axis"):
        dots([1.0], high=high, line=line, title="t")


def test_nothing_makes_no_dots() -> None:
    """A sample of nothing has no quantiles."""
    with pytest.raises(LabError, match="make no dots"):
        dots([], high=5, line=1, title="t")
