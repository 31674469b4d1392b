"""The strip of a drill: what it shows of what was noted."""

import pytest

from lab_engine import LabError, drill_bars, drill_strip, part_bars
from lab_engine.views.kit.strip import Bar, Dot, Moment

from .test_twin import A, B, first, virtual


@pytest.fixture(scope="module")
def played():
    """A drill in which the primary died and came back."""
    with virtual() as d:
        d.run(3.3)
        d.kill("primary")
        d.until()
        d.heal("primary")
        d.run(12)
    return d


@pytest.fixture(scope="module")
def strip(played):
    return drill_strip(played.result())


def bars(strip, lane):
    return [mark for mark in strip.marks if isinstance(mark, Bar) and mark.lane == lane]


def looks(strip, lane):
    return [bar.look for bar in bars(strip, lane)]


@pytest.mark.slow
def test_answer_copy_and_requests_follow_each_other(strip):
    assert looks(strip, "answer") == [A, B, A]
    assert looks(strip, "requests") == [A, "bad", B, A]
    assert list(dict.fromkeys(looks(strip, "cache's copy"))) == [A, B]
    assert looks(strip, "verdict") == ["good", "bad", "good"]


def test_each_checker_has_a_row_with_its_failed_probes(played, strip):
    """Two of them make it change its mind, so no row has more."""
    crosses = [mark.row for mark in strip.marks if isinstance(mark, Dot)]
    dark = {bar.row: bar.start for bar in bars(strip, "checkers") if bar.look == "dead"}

    assert sorted(crosses) == sorted([*range(16)] * 2)
    assert dark == {
        each.checker: each.at for each in played.result().record.minds if not each.healthy
    }


def test_its_moments_are_those_of_the_outage(played, strip):
    moments = [mark.at for mark in strip.marks if isinstance(mark, Moment)]

    found = first(played)
    assert moments == [found.event.at + found.noticed, found.event.at + found.seconds]


def test_it_says_what_came_of_it_beside_the_law(strip):
    for said in (f"{A} is refused", "14 of 16 checkers know", "served again", "The law says"):
        assert said in strip.sentence


def test_before_anybody_fails_it_shows_that_all_is_well():
    with virtual() as d:
        d.run(2)
        strip = drill_strip(d.result())

    assert strip.sentence.startswith("Nobody has failed yet; 0 requests were lost")
    assert looks(strip, "requests") == [A]


@pytest.mark.slow
def test_an_outage_that_goes_on_is_said_to():
    with virtual() as d:
        d.lie("primary")
        d.run(10)

    assert "Requests still fail." in drill_strip(d.result()).sentence


def test_the_parts_of_a_drill_are_bars_like_any_others(played):
    (outage,) = played.result().outages

    assert part_bars(outage).rows[0][1] == pytest.approx(first(played).parts)


def test_a_death_that_nobody_noticed_lost_no_request():
    with virtual() as d:
        d.kill("secondary")
        d.run(5)

    assert "No request was lost." in drill_strip(d.result()).sentence


# --- the bars --------------------------------------------------------------------------------


def test_what_was_seen_stands_above_what_the_law_foretold(played):
    bars = drill_bars(played.result())

    law = played.result().foretold[0]
    assert bars.rows == (("seen", first(played).parts), ("the law", law.parts))
    assert (bars.ghosts[0].value, bars.ghosts[0].to) == (law.least, law.most)


def test_what_has_no_end_has_no_law_beside_it():
    with virtual() as d:
        d.lie("primary")
        d.run(10)

    assert [name for name, _ in drill_bars(d.result()).rows] == ["seen"]


def test_before_anybody_fails_there_are_no_bars():
    with virtual() as d:
        result = d.result()

    with pytest.raises(LabError, match="is the number of no failure"):
        drill_bars(result)


@pytest.mark.parametrize("draw", [drill_strip, drill_bars])
def test_a_drill_itself_is_no_result(draw):
    """It is told how to come by one."""
    with pytest.raises(LabError, match=r"Drill: is no result of a drill. Give d.result\(\)."):
        draw(virtual())
