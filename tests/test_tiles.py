"""Cache tiles as data: what a moment shows, in numbers, in words and as a still picture."""

import dataclasses
import json
import math
import re
from xml.etree import ElementTree as ET

import pytest

from lab_engine.errors import LabError
from lab_engine.simulation import Outcome, Scenario
from lab_engine.simulation.outcome import Holder, Holding
from lab_engine.simulation.parts import Backend
from lab_engine.views import theme
from lab_engine.views.kit.live import LivePicture
from lab_engine.views.kit.picture import Ghost
from lab_engine.views.kit.scales import between
from lab_engine.views.kit.tiles import Aim, Tiles, tiles

from .browser.caches import shop, watched

A, B, C = "192.0.2.1", "192.0.2.2", "192.0.2.3"


def held(*holdings: Holding, shares: tuple[float, ...] = (0.6, 0.3, 0.1)) -> Tiles:
    """A minute of three caches that hold what is given."""
    scenario = shop(3).set("duration", 60)
    holders = tuple(Holder(f"resolver {i}", "", share) for i, share in enumerate(shares))
    outcome = dataclasses.replace(
        watched(scenario), holders=holders, holdings=holdings, answers=(1, 1, 2)
    )
    return tiles(scenario, outcome)


def replayed(scenario: Scenario, outcome: Outcome, time: float) -> list[float]:
    """The load that copies make at a time, by looking through all holdings."""
    loads = dict.fromkeys(outcome.addresses, 0.0)
    for each in outcome.holdings:
        if each.start <= time < each.end:
            for server, part in each.shares:
                loads[server] += outcome.holders[each.holder].share * part
    whole = sum(holder.share for holder in outcome.holders)
    return [load / whole for load in loads.values()]


@pytest.mark.slow
@pytest.mark.parametrize("resolvers", [1, 20, 300])
@pytest.mark.parametrize("profile", ["frozen", "ideal"])
def test_load_bars_are_the_shares_of_the_holdings(resolvers: int, profile: str) -> None:
    """At every frame, for caches that hold one address and for those that hold the set."""
    scenario = shop(resolvers, 60, profile)
    outcome = watched(scenario)
    picture = tiles(scenario, outcome)

    for frame, time in enumerate(picture.moving.times):
        assert picture.held(frame) == pytest.approx(replayed(scenario, outcome, time))


def test_caches_without_a_copy_ask_anew() -> None:
    """Their part of the load is divided as the authority's answers are."""
    picture = held(Holding(0, 0, 60, ((A, 1.0),)))

    assert picture.held(0) == pytest.approx((0.6, 0, 0))
    assert picture.unheld(0) == pytest.approx(0.4)
    assert picture.loads(0) == pytest.approx((0.7, 0.1, 0.2))


def test_a_whole_set_is_split() -> None:
    """A cache that hands on two servers gives each its share."""
    picture = held(Holding(0, 0, 60, ((A, 0.5), (C, 0.5))), Holding(1, 0, 60, ((B, 1.0),)))

    assert picture.held(0) == pytest.approx((0.3, 0.3, 0.3))


def test_loads_sum_to_one() -> None:
    """Whoever holds what, every request of the caches shown goes somewhere."""
    scenario = shop(300, 60)
    picture = tiles(scenario, watched(scenario))
    sums = [sum(picture.loads(frame)) for frame in range(len(picture.moving.times))]

    assert sums == pytest.approx([1.0] * len(sums))


def test_the_rest_is_one_tile_that_says_so() -> None:
    """Of 1,000 caches 200 have a tile; the tile of the others has their part of the clients."""
    scenario = shop(1000)
    picture = tiles(scenario, watched(scenario))
    *shown, rest = picture.boxes()

    assert len(shown) == 200
    assert picture.others_say == "and 800 more: 21.5 % of the clients"
    assert rest.width * rest.height / (920 * 208) == pytest.approx(picture.rest)


@pytest.mark.parametrize(
    ("resolvers", "says"),
    [(1, "1 cache, area = its clients"), (20, "20 caches, area = their clients")],
)
def test_the_hint_counts_the_caches(resolvers: int, says: str) -> None:
    """One has clients too."""
    scenario = shop(resolvers)

    assert tiles(scenario, watched(scenario)).hint.startswith(says)


def test_a_rest_too_large_for_its_picture_is_not_to_scale() -> None:
    """And says so: of 10,000 equal caches 200 could not be seen beside the others."""
    scenario = shop(10_000).set("resolvers.skew", 0.0)
    picture = tiles(scenario, watched(scenario))

    assert picture.others_say == "and 9,800 more: 98 % of the clients (not to scale)"
    assert picture.boxes()[-1].width == pytest.approx(920 / 4)


def test_areas_are_the_clients() -> None:
    """Every tile in proportion to its share."""
    scenario = shop(20)
    picture = tiles(scenario, watched(scenario))
    areas = [box.width * box.height / (920 * 208) for box in picture.boxes()]

    assert areas == pytest.approx([tile.share for tile in picture.tiles])


def test_a_moment_in_words() -> None:
    """Letters, whole percents, and how many hold nothing."""
    picture = held(Holding(0, 0, 60, ((A, 1.0),)), Holding(1, 0, 60, ((B, 1.0),)))

    assert picture.moment(0) == "At 0 s: A 62 %, B 32 %, C 5 %; 1 of 3 caches holds nothing."


def test_the_sentence_has_the_numbers_of_the_watch() -> None:
    """How many caches, the largest, the range of the busiest server, and what would be fair."""
    half = [Holding(0, 0, 30, ((A, 1.0),)), Holding(0, 30, 60, ((B, 1.0),))]
    picture = held(*half, Holding(1, 0, 60, ((B, 1.0),)), Holding(2, 0, 60, ((C, 1.0),)))

    assert picture.sentence == (
        "3 caches, the largest with 60 % of the clients. The busiest of 3 servers has 60 % to 90 % "
        "of the load at a time; 33 % would be fair."
    )


def test_a_fair_share_is_one_of_those_alive() -> None:
    """A dead server has no claim to a share."""
    scenario = shop(3).set("down", (A,))
    picture = tiles(scenario, watched(scenario))

    assert picture.fair == pytest.approx(1 / 2)
    assert picture.down == (A,)
    assert f"{A} dead" in picture.svg()


def test_capacities_stand_on_the_axis_of_the_load() -> None:
    """As a part of all requests: 40 a second of 100."""
    scenario = shop(3).set("backends", (Backend(A, capacity=40),))
    picture = tiles(scenario, dataclasses.replace(watched(shop(3))))

    assert picture.capacities == (pytest.approx(0.4), math.inf, math.inf)
    assert picture.svg().count(">capacity<") == 1


def test_an_outcome_that_was_not_watched_is_refused() -> None:
    """With how to watch it."""
    scenario = shop(3)

    with pytest.raises(LabError, match=r"holders.*holdings=200"):
        tiles(scenario, dataclasses.replace(watched(scenario), holders=()))


def test_what_crosses_is_small_and_plain() -> None:
    """Sixty frames of 200 tiles, and all else as JSON has it; a third of that once deflated."""
    scenario = shop(200)
    picture = tiles(scenario, watched(scenario))
    said = json.dumps(picture.still(), allow_nan=False)
    state = LivePicture(picture).get_state()

    assert len(picture.frames()) + len(said) <= 100_000
    assert len(state["_frames"]) + len(state["_still"]) <= 25_000


def test_two_pictures_of_one_run_are_the_same() -> None:
    """Bytes, words and still picture: nothing is drawn by dice or clock."""
    scenario = shop(20)
    one, other = (tiles(scenario, watched(scenario)) for _ in range(2))

    assert one.frames() == other.frames()
    assert one.still() == other.still()
    assert one.svg() == other.svg()


@pytest.mark.parametrize(
    ("resolvers", "ttl", "profile"), [(20, 300, "frozen"), (1000, 60, "ideal"), (3, 0, "frozen")]
)
def test_the_still_picture_is_an_svg(resolvers: int, ttl: int, profile: str) -> None:
    """Well-formed, named by what stands beside it, small enough for a notebook."""
    scenario = shop(resolvers, ttl, profile)
    drawn = tiles(scenario, watched(scenario), at=600).svg()

    assert ET.fromstring(drawn).tag.endswith("svg")
    assert len(drawn) < 60_000


def test_the_still_picture_shows_the_moment_it_was_asked_for() -> None:
    """Its bars are the loads of that frame."""
    scenario = shop(20)
    picture = tiles(scenario, watched(scenario), at=1200)
    frame = picture.moving.times.index(1200)
    told = re.findall(r'class="b h"[^>]*>(\d+ %)</text>', picture.svg())

    assert picture.moment(frame) in picture.svg()
    assert told == [f"{100 * load:.0f} %" for load in picture.loads(frame)]


def test_ghosts_stand_on_the_axis_of_the_bars() -> None:
    """A prediction is hollow, what it was is full, and both say so."""
    picture = held(Holding(0, 0, 60, ((A, 1.0),))).marked(
        [Ghost(40, "you said 40 %", on=A), Ghost(63, "it was 63 %", on=A, said=False)]
    )
    drawn = picture.svg()

    assert [drawn.count(f">{words}<") for words in ("you said 40 %", "it was 63 %")] == [1, 1]
    assert drawn.count('class="d"') == drawn.count('class="d t"') == 1


@pytest.mark.parametrize("index", range(30))
def test_text_stands_out_on_every_colour(index: int) -> None:
    """At least 4.5 to 1 (WCAG 1.4.3), and the pattern, of the other tone, only adds to it."""
    letter, colour, ink, pattern = theme.sign(index)

    assert theme.contrast(ink, colour) >= 4.5
    assert letter
    assert pattern in theme.PATTERNS


def test_no_two_servers_look_alike() -> None:
    """Thirty of them: no two share a letter, and of eight none shares colour and pattern."""
    signs = [theme.sign(index) for index in range(30)]

    assert len({sign.letter for sign in signs}) == 30
    assert len({(sign.colour, sign.pattern) for sign in signs[:8]}) == 8
    assert len({sign.colour for sign in signs[:8]}) == 8


@pytest.mark.parametrize(
    ("time", "whole", "text"),
    [
        (107, 180, "107 s"),
        (0.5, 60, "500 ms"),
        (1200, 3600, "20:00"),
        (4805, 86_400, "1:20:05"),
    ],
)
def test_times_of_a_watch(time: float, whole: float, text: str) -> None:
    """Seconds in short ones, minutes and hours in longer ones."""
    assert theme.clock(time, whole) == text


def test_an_aim_takes_the_place_of_the_fair_share() -> None:
    """A canary is not meant to have as much as the others: the line and the sentence say what."""
    scenario = shop(20, 60)
    picture = tiles(scenario, watched(scenario), aim=Aim(1, 0.05, "the canary"))
    its = [100 * picture.loads(frame)[1] for frame in range(len(picture.moving.times))]

    assert picture.still()["fairSays"] == "intended 5 %"
    assert "intended 5 %" in picture.svg()
    assert picture.sentence == (
        f"At a time the canary has {between(min(its), max(its))} of the requests; 5 % was intended."
    )
