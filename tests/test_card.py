"""Predictions, quizzes, and the file that keeps the answers."""

import json

import pytest

from lab_engine.course.card import Lesson
from lab_engine.errors import LabError


@pytest.fixture
def lesson():
    lesson = Lesson("01")
    lesson.predict("first", "Which comes first?", ["a", "b"])
    return lesson


def choose(lesson, key, option):
    lesson._questions[key].chosen = option


def test_a_prediction_is_noted_and_not_marked(lesson):
    choose(lesson, "first", "b")

    assert lesson.answers == {"first": "b"}
    assert lesson._questions["first"].feedback == "Noted: b. Now run the next cell."


def test_a_quiz_says_whether_and_why(lesson):
    card = lesson.quiz("q", "What?", ["x", "y"], right="y", why="Since z.")
    card.chosen = "x"
    assert card.feedback == "Not quite. Since z."

    card.chosen = "y"
    assert card.feedback == "Right. Since z."


def test_what_is_downloaded_can_be_restored_elsewhere(lesson):
    choose(lesson, "first", "a")
    other = Lesson("01")
    card = other.predict("first", "Which comes first?", ["a", "b"])
    other.keep().restored = lesson.keep().content

    assert (other.answers, card.chosen) == ({"first": "a"}, "a")
    assert other.keep().feedback == "Answers restored: 1."


def test_an_answer_waits_for_its_question():
    """A learner restores first and runs the cells afterwards."""
    lesson = Lesson("01")
    lesson.restore(json.dumps({"lesson": "01", "answers": {"later": "a"}}))

    assert lesson.predict("later", "?", ["a", "b"]).chosen == "a"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is not a file of answers"),
        ("[1]", "is not a file of answers"),
        ('{"answers": {"a": 1}}', "is not a file of answers"),
        ('{"lesson": "02", "answers": {}}', "belongs to lesson 02, this is 01"),
        ("x" * 200_000, "is not a file of answers"),
    ],
)
def test_another_file_changes_nothing_and_says_why(lesson, text, message):
    choose(lesson, "first", "a")
    lesson.keep().restored = text or " "

    assert lesson.answers == {"first": "a"}
    assert message in lesson.keep().feedback
    assert "Choose the file lesson-01-answers.json" in lesson.keep().feedback


def test_a_choice_that_is_no_option_is_ignored(lesson):
    choose(lesson, "first", "c")

    assert lesson.answers == {}


def test_the_right_answer_is_an_option(lesson):
    with pytest.raises(LabError, match="none of the options"):
        lesson.quiz("q", "?", ["a"], right="b", why="")


def test_a_reader_without_widgets_sees_the_question(lesson):
    assert repr(lesson._questions["first"]) == "Which comes first?\n  ( ) a\n  ( ) b"
