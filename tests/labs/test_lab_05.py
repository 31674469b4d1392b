"""Lab 05: its table of answers, and what its judge asks against packets through a real cache."""

import json
from pathlib import Path
from typing import Any, Final

import nbformat
import pytest
from hypothesis import example, given

from lab_engine import Clock, forward, serve
from lab_engine.authority.zone import Zone
from lab_engine.errors import LabError
from lab_engine.labs.broken_zone import BROKEN, ORIGIN, broken, repaired
from lab_engine.labs.judging.mail_on_mondays import LAB, MOST_QUERIES, judge
from lab_engine.labs.judging.mail_on_mondays_asking import (
    ALL,
    PASSES,
    WEB,
    Asked,
    queries,
    question,
    state,
    through_caches,
)
from lab_engine.labs.scoring import mark
from lab_engine.labs.trying import tried
from tests.labs.junk import junk
from tests.labs.tables import Tabled, rows, unseen

pytestmark = pytest.mark.slow

ROWS: Final = rows(LAB.name)
REFERENCE: Final = next(each["code"] for each in ROWS if each["kind"] == "reference")
NOTEBOOK: Final = Path(__file__).parents[2] / "labs" / "solutions" / f"{LAB.name}.ipynb"
JUNK: Final = junk("Changes", "Action", "ResourceRecordSet")


def answers(code: str) -> dict[str, Any]:
    """What an answer of the table sets."""
    found: dict[str, Any] = {}
    exec(code, found)
    return found


def mended() -> Zone:
    """The zone after the reference's batch."""
    return repaired(answers(REFERENCE)["batches"])[-1]


class TestTable(Tabled):
    name = LAB.name


def test_the_visible_world_is_the_day_of_the_repair() -> None:
    """What stands there is what the lab's server and the zone give by themselves."""
    (world,) = LAB.visible
    with serve(mended(), seed=1) as server:
        given = [server.ask(ORIGIN, kind).short() for kind in ("A", "AAAA")]
        pages = server.ask(f"pages.{ORIGIN}").short()

    assert (given, pages) == (world["edge"], world["pages"])


@pytest.mark.parametrize("change", range(11))
def test_each_change_of_the_reference_is_needed(change: int) -> None:
    """Without any one of them something is missed sooner or later, or the batch is refused."""
    changes = answers(REFERENCE)["batches"][0]["Changes"]
    fewer = changes[:change] + changes[change + 1 :]
    findings = tried(LAB, unseen(LAB.name, 1)[0], {"batches": [{"Changes": fewer}]})

    assert len(changes) == 11
    assert mark(LAB.goals, findings, findings) < 90


def test_the_notebook_holds_the_reference_and_the_zone() -> None:
    """What it shows is what is judged."""
    book = nbformat.reads(NOTEBOOK.read_text(), as_version=4)  # type: ignore[no-untyped-call]
    cells = {each.id: each for each in book.cells}
    findings = tried(LAB, LAB.visible[0], answers(cells["answer-batches"].source))
    shown = cells["on-spec"].source
    listed = cells["listing"].outputs[0].text

    assert mark(LAB.goals, findings, findings) == pytest.approx(100)
    for goal in LAB.goals:
        assert f"| {goal.key} | {goal.points:g} |" in shown
    assert f"{MOST_QUERIES} questions an hour" in shown
    assert len(listed.splitlines()) == 2 * len(BROKEN)
    json.dumps(BROKEN)


def test_only_the_forgiving_load_takes_the_zone() -> None:
    """Elsewhere three of the faults are refused, and a fourth by the API alone."""
    with pytest.raises(LabError) as refused:
        Zone.from_json({"ResourceRecordSets": list(BROKEN)})

    said = str(refused.value)
    for fault in ("stands beside", "neither in this zone nor an AWS endpoint", "same TTL"):
        assert fault in said
    assert broken().size == len(BROKEN)


@pytest.mark.parametrize("zone", [broken, mended], ids=["broken", "mended"])
def test_packets_say_what_the_judge_hears(zone: Any) -> None:
    """A real cache before a real server, asked in the judge's orders at the judge's times.

    What leads to others' servers is left out, since nobody serves these here; so is the web's
    distribution, which only the judge's world places.
    """
    asked = [each for each in ALL if each not in {*WEB, ("img", "A"), ("api", "A"), ("app", "A")}]
    world = unseen(LAB.name, 1)[0]
    order = [ALL[index] for index in world["orders"][0]]
    at, clock = world["resolvers"][0], Clock()
    judged = Asked(zone(), state(world), at)
    with serve(zone(), seed=1) as authority:
        cache = forward(authority, egress=at, seed=1, clock=clock)
        for start in PASSES:
            for step, (name, kind) in enumerate(order):
                clock.wait(start + step - clock.now)
                wanted = judged.values(question(name, kind), start + step)
                got = cache.ask(str(question(name, kind).name), kind).response.answer
                texts = {
                    each.to_text() for rrset in got if rrset.rdtype.name == kind for each in rrset
                }
                if (name, kind) in asked:
                    assert texts == wanted, (name, kind, start)
        cache.stop()


def test_mail_is_lost_once_the_apex_was_asked_for_its_address() -> None:
    """The zone as it is: A first, and MX is redirected; MX first, and it holds for its TTL."""
    world = dict(LAB.visible[0])
    first = through_caches(broken(), world)["", "MX"]
    world["orders"] = [[0, *range(1, len(ALL))]]
    before = through_caches(broken(), world)["", "MX"]

    assert first == 0
    assert before == pytest.approx(2 / 3)  # at 0 and 60 s; the CNAME of 300 s answers at 200 s


def test_questions_are_those_of_the_law() -> None:
    """A cache asked once a second asks 3600 / (1 + TTL) times an hour for each name."""
    ttls = [60, 60, 300, 60, 300, 60, 300, 60, 60, 60]

    found = queries(mended(), LAB.visible[0])

    assert found == pytest.approx(sum(3600 / (1 + ttl) for ttl in ttls), abs=0.1)
    assert found < MOST_QUERIES
    assert len(ttls) * 3600 / 61 > MOST_QUERIES  # TTL 60 for all of them is a little too much


@given(JUNK)
@example([{"Changes": []}])
@example([{"Changes": [{"Action": "DELETE", "ResourceRecordSet": BROKEN[0]}]}])
@example([{"Changes": [{"Action": "UPSERT", "ResourceRecordSet": BROKEN[5]}]}] * 2)
@example([{}, {}])
def test_junk_earns_nothing_and_raises_nothing(value: Any) -> None:
    """Each goal says why."""
    findings = judge(LAB.visible[0], {"batches": value})

    assert [each.goal for each in findings] == [goal.key for goal in LAB.goals]
    assert all(each.credit == 0 and each.turn for each in findings)


def test_a_refusal_is_said_in_route_53s_words() -> None:
    """With the number of the batch, and what to do."""
    cname = {**BROKEN[4], "TTL": 60}
    batch = {"Changes": [{"Action": "UPSERT", "ResourceRecordSet": cname}]}
    (first, *_) = judge(LAB.visible[0], {"batches": [batch]})

    assert "batch 1" in first.turn
    assert "is not permitted at apex in zone shop.example." in first.turn
    assert "Use an alias at the apex." in first.turn


def test_what_is_too_dear_is_said() -> None:
    """All goals are reached, and worth less: the check says why."""
    code = next(each["code"] for each in ROWS if each["name"] == "everything deleted and made anew")
    findings = tried(LAB, LAB.visible[0], answers(code))

    assert {each.credit for each in findings} == {round(12 / 36, 6)}
    assert all("36 changes, and 12 are allowed" in each.turn for each in findings)
