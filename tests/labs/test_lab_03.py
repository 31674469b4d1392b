"""Lab 03: its table of answers, and its measures against packets through real caches."""

from ipaddress import ip_network
from pathlib import Path
from typing import Any, Final

import nbformat
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from lab_engine import forward, serve
from lab_engine.labs.judging import near_everybody_measuring as measuring
from lab_engine.labs.judging.near_everybody import LAB, judge
from lab_engine.labs.judging.near_everybody_search import GOAL, LIMIT_MS, best, rtt, told
from lab_engine.labs.judging.near_everybody_worlds import MOST_REGIONS, UNKNOWN, places, world
from lab_engine.labs.lab import Result
from lab_engine.labs.scoring import mark
from lab_engine.labs.trying import tried
from tests.counts import long_but
from tests.labs.junk import JUNK
from tests.labs.tables import SEEDS, Tabled, rows, score, unseen

pytestmark = pytest.mark.slow

ROWS: Final = rows(LAB.name)
COPY: Final = Path(__file__).parents[2] / "labs" / f"{LAB.name}.ipynb"
NOTEBOOK: Final = COPY.parent / "solutions" / COPY.name


def named(name: str) -> str:
    """The code of an answer in the table."""
    return str(next(each["code"] for each in ROWS if each["name"] == name))


REFERENCE: Final = next(each["code"] for each in ROWS if each["kind"] == "reference")


class TestTable(Tabled):
    name = LAB.name


@pytest.mark.parametrize("seed", long_but(SEEDS, SEEDS[0]))
def test_the_reference_is_worth_all_in_any_world(seed: int) -> None:
    """Limits are always within its reach; a short cut is not."""
    worlds = unseen(LAB.name, seed)

    assert score(LAB, REFERENCE, worlds) == 100
    assert score(LAB, named("latency records, all choices of five tried"), worlds) == 0
    assert score(LAB, named("by the map"), worlds) == 0


def test_the_notebook_holds_the_reference_and_the_visible_world() -> None:
    """What it describes is what is judged."""
    cells = _cells(NOTEBOOK)
    told_here: dict[str, Any] = {}
    for cell in ("crowds", "servers", "places", "answer-records"):
        exec(cells[cell], told_here)
    shown, visible = cells["on-spec"], LAB.visible[0]

    assert (told_here["crowds"], told_here["servers"]) == (visible["crowds"], visible["servers"])
    assert sorted(map(str, told_here["places"])) == sorted(map(str, places()))
    findings = tried(LAB, visible, told_here)
    assert mark(LAB.goals, findings, findings) == pytest.approx(100)
    assert f"{visible['bill']:,} dollars" in shown
    assert f"{visible['queries']:,} times" in shown
    assert (
        f"({50 * (GOAL + visible['naive']):.0f} % of the users, in the world that you see)" in shown
    )


def test_the_place_to_try_it_leaves_to_the_learner_who_is_seen_where() -> None:
    """Copied into an answer, it places users by their own networks; the solution's is right."""
    crowds = LAB.visible[0]["crowds"]
    given, solved = (_asked_for(path, crowds) for path in (COPY, NOTEBOOK))

    assert given == [ip_network(each["network"]) for each in crowds]
    assert solved == [told(each) for each in crowds]


def _asked_for(path: Path, crowds: list[Any]) -> list[Any]:
    """What the place to try it asks for in the name of each crowd, as a notebook has it."""
    function, _, _ = _cells(path)["try"].partition("\n\n\n")
    defined: dict[str, Any] = {}
    exec(function, defined)
    return [ip_network(defined["asked_for"](each), strict=False) for each in crowds]


def _cells(path: Path) -> dict[str, str]:
    """The cells of a notebook, by their ids."""
    book = nbformat.reads(path.read_text(), as_version=4)  # type: ignore[no-untyped-call]
    return {each.id: each.source for each in book.cells}


def test_half_of_the_unseen_worlds_have_a_resolver_that_is_nowhere_known() -> None:
    """Whoever forgets it loses these."""
    found = [{each["resolver"] for each in every["crowds"]} for every in unseen(LAB.name, 1)]

    assert sum(UNKNOWN in resolvers for resolvers in found) == len(found) / 2


def test_a_message_says_from_where_on_goals_count() -> None:
    """Where the first goal is worth nothing, and of others how much they count as yet."""
    near, everybody, *_ = tried(LAB, LAB.visible[0], _answers(named("one region")))

    assert near.turn.endswith("All goals count from 83.0 % on.")
    assert everybody.turn == "It counts 0 %, as the first goal does: go on there."


def test_the_visible_limits_are_those_of_a_good_answer() -> None:
    """They are written down, and found anew."""
    visible = LAB.visible[0]

    assert world(visible["crowds"], visible["servers"], visible["networks"]) == visible


@pytest.mark.parametrize("at", range(3), ids=["visible", "one", "two"])
def test_packets_lead_as_the_judge_measures(at: int) -> None:
    """A cache for each resolver, asked in the name of each crowd: same servers, same questions."""
    tried_in = (*LAB.visible, *unseen(LAB.name, 1))[at]
    good = best(tried_in["crowds"], tried_in["servers"], MOST_REGIONS)
    assert good is not None
    zone = measuring.zone_of(measuring.record_sets(good, tried_in["servers"]), tried_in)
    regions = {each["address"]: each["region"] for each in tried_in["servers"]}
    within, upstream = 0.0, 0
    with serve(zone, seed=1) as authority:
        for resolver in {each["resolver"] for each in tried_in["crowds"]}:
            behind = [each for each in tried_in["crowds"] if each["resolver"] == resolver]
            bits = {each["told"] for each in behind if "." in each["network"]} or {56}
            with forward(authority, egress=resolver, ecs=max(bits), seed=1) as cache:
                for each in behind:
                    network = str(told(each)) if each["told"] else each["network"]
                    before = len(authority.log)
                    got = cache.ask("www.shop.example", subnet=network)
                    upstream += len(authority.log) - before
                    far = rtt(each["network"], regions[got.short()])
                    within += each["share"] * (far <= LIMIT_MS)

    found = measuring.measured(zone, tried_in)
    assert found.within == pytest.approx(within) == pytest.approx(good.within)
    assert within >= GOAL - 1e-9
    # 100 requests a second keep every entry busy: each asks about once in a TTL of 60 s.
    assert found.queries == pytest.approx(60 * upstream, rel=0.03)
    assert found.bill == good.bill


@given(JUNK, st.text(max_size=40))
@example([{}], "")
@example([{"Name": "www.shop.example", "Type": "CNAME"}], "")
@example({"Changes": []}, "ValueError: x")
def test_junk_earns_nothing_and_raises_nothing(value: Any, problem: str) -> None:
    """Each goal says why."""
    findings = judge(LAB.visible[0], {"records": [Result(value, problem)]})

    assert [each.goal for each in findings] == [goal.key for goal in LAB.goals]
    assert all(each.credit == 0 and each.turn for each in findings)


def test_too_many_regions_count_for_nothing() -> None:
    """And the message says how many are allowed."""
    (first, *_) = tried(LAB, LAB.visible[0], _answers(named("all regions")))

    assert first.credit == 0
    assert "Hire 5 at most" in first.turn


def _answers(code: str) -> dict[str, Any]:
    answers: dict[str, Any] = {}
    exec(code, answers)
    return answers
