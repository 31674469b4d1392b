"""A table of predictions: a row each, kept, revealed and restored as other predictions are."""

import pytest

from lab_engine.course import Lesson
from lab_engine.course.datafile import parse
from lab_engine.errors import LabError

ROW = """
[predict.{key}]
ask = "do {key}"
right = "DNS"
was = "it was {{}}"
why = "Reason number one for {key}."
[predict.{key}.wrong]
balancer = "It is not near {key}."
"either way" = "Only one of them does {key}."
"""
OTHER = """
[predict.much]
ask = "How much?"
number = { from = 0, to = 10 }
why = "It was counted."

[predict.else]
ask = "What else?"
right = "this"
why = "It is another list."
[predict.else.wrong]
that = "That is in no table."
"""
SHEET = parse("".join(ROW.format(key=key) for key in ("near", "far")) + OTHER, "toy")


def made(folder):
    said: list[str] = []
    return Lesson("toy", SHEET, folder=folder, say=said.append), said


@pytest.fixture
def lesson(tmp_path):
    return made(tmp_path)[0]


def commit(table, **rows):
    kept = {key: {"value": value, "at": 1} for key, value in rows.items()}
    table.committed = {**table.committed, **kept}


def test_each_row_is_a_prediction_of_its_own(lesson):
    """One that was committed is closed, and another is still open."""
    table = lesson.table("near", "far", title="Who can …")
    commit(table, near="DNS")

    assert lesson.said("near") == "DNS"
    assert lesson.said("far") is None
    assert [table.rows[key].state["locked"] for key in ("near", "far")] == [True, False]
    assert table.rows["near"].state["heard"] == 1


def test_several_rows_may_be_committed_at_once(lesson):
    table = lesson.table("near", "far", title="Who can …")
    commit(table, near="DNS", far="balancer")

    assert (lesson.said("near"), lesson.said("far")) == ("DNS", "balancer")


def test_what_came_of_a_row_is_said_in_it(tmp_path):
    lesson, said = made(tmp_path)
    table = lesson.table("near", "far", title="Who can …")
    commit(table, near="balancer")
    lesson.reveal("near", "DNS")
    state = table.rows["near"].state

    assert state["right"] is False
    assert state["lines"][0] == said[-1] == "You said “balancer”; it was DNS."
    assert "It is not near near." in state["lines"]


def test_a_row_that_is_committed_stays_so(lesson):
    table = lesson.table("near", "far", title="Who can …")
    commit(table, near="DNS")
    commit(table, near="balancer")

    assert lesson.said("near") == "DNS"


@pytest.mark.slow
def test_answers_are_there_again_in_a_lesson_made_anew(tmp_path):
    table = made(tmp_path)[0].table("near", "far", title="Who can …")
    commit(table, near="DNS")
    again = made(tmp_path)[0].table("near", "far", title="Who can …")

    assert again.rows["near"].state["said"] == "DNS"
    assert "do near: DNS" in repr(again)


def test_an_answer_that_is_no_option_is_refused_and_the_row_stays_open(lesson):
    table = lesson.table("near", "far", title="Who can …")
    commit(table, near="both")

    assert lesson.said("near") is None
    assert "is none of the options" in table.rows["near"].state["note"]


def test_the_still_copy_has_every_row_and_nothing_that_came_of_it(lesson):
    table = lesson.table("near", "far", title="Who can …")
    lesson.reveal("near", "DNS")

    assert "do near: " in repr(table)
    assert "Reason number one" not in repr(table)


@pytest.mark.parametrize("keys", [("near", "much"), ("near", "else"), ()])
def test_rows_have_the_same_options(lesson, keys):
    with pytest.raises(LabError, match="are no rows of one table"):
        lesson.table(*keys, title="Who can …")
