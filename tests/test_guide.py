"""The instructor's page of questions against the lessons and their data files."""

import re

import pytest

from lab_engine.course.datafile import load
from tools.guide import PAGE, asked, page, stages

TIMES = PAGE.with_name("README.md")
NUMBERED = [stage for stage in stages() if stage.notebook[0].isdigit()]


@pytest.mark.slow
def test_the_page_is_in_step():
    """`python -m tools.guide` writes what is there."""
    assert PAGE.read_text() == page()


@pytest.mark.parametrize("stage", NUMBERED, ids=lambda stage: stage.notebook)
def test_every_prediction_and_the_quiz_are_there_in_order(stage):
    """None is missing, since a cell asks for it in a way that was not foreseen."""
    sheet = load(stage.notebook)
    found = [(kind, question.key) for kind, question in asked(stage, sheet)]

    assert {key for kind, key in found if kind == "Predict"} == set(sheet.predict)
    assert {key for kind, key in found if kind == "Quiz"} == set(sheet.quiz)
    assert len([1 for kind, _ in found if kind == "Recall"]) == len(sheet.recall)


def test_timetables_add_up():
    """The last line of each is the sum of the others, and none is longer than its day."""
    tables = re.findall(r"^### (.*)\n\n((?:\|.*\n)+)", TIMES.read_text(), re.MULTILINE)
    minutes = {
        name: [int(each) for each in re.findall(r"(\d+) \|\n", rows)] for name, rows in tables
    }

    assert [name.split(":")[0] for name in minutes] == ["45 minutes", "Half a day", "A day"]
    assert all(sum(rest) == whole for *rest, whole in minutes.values())
    assert [rows[-1] for rows in minutes.values()] == [45, 210, 440]
