"""The overview: the course in its order, and a tick at what the learner has done."""

import re

import pytest

from lab_engine import overview
from lab_engine.course.answers import SUFFIX, Answers
from lab_engine.course.datafile import lessons, load
from lab_engine.course.overview import stages
from lab_engine.course.questions import Choice
from tools.covers import README, covers, told
from tools.glossary import LESSONS
from tools.glossary import lessons as notebooks

NAME = "00_start_here"


def done(folder):
    """What the table says of each lesson that is not begun there."""
    return {stage.notebook: str(progress) for stage, progress in overview(folder).rows}


def answered(folder):
    """The learner's file, with all of a lesson's questions answered rightly."""
    sheet, answers = load(NAME), Answers(folder / f"{NAME}{SUFFIX}", NAME)
    for kind, questions in (("said", sheet.predict), ("tried", sheet.quiz)):
        for question in questions.values():
            assert isinstance(question, Choice)
            answers.add(question.key, kind, question.right)
    return sheet, answers


def test_every_lesson_has_its_row():
    """A notebook that is missing in course.toml cannot be found by a learner."""
    rows = {stage.notebook for stage in stages()}
    told = {path.relative_to(LESSONS).with_suffix("").as_posix() for path in notebooks()}

    assert rows == told
    assert set(lessons()) <= {name.rpartition("/")[2] for name in rows}


def test_nothing_is_ticked_before_anything_was_done(tmp_path):
    assert set(done(tmp_path).values()) == {""}


def test_a_lesson_is_ticked_once_all_of_it_is_done(tmp_path):
    sheet, answers = answered(tmp_path)
    for key in sheet.goals:
        answers.add(key, "reached", None)

    assert done(tmp_path)[NAME] == "✓"


def test_a_lesson_that_was_begun_says_how_far(tmp_path):
    name = "04_ttl"
    sheet = load(name)
    first = next(iter(sheet.predict.values()))
    Answers(tmp_path / f"{name}{SUFFIX}", name).add(first.key, "said", first.right)

    cards = len(sheet.predict) + len(sheet.quiz) + len(sheet.goals)
    assert done(tmp_path)[name] == f"1 of {cards}"


def test_a_wrong_try_does_not_count(tmp_path):
    sheet = load(NAME)
    question = next(iter(sheet.quiz.values()), next(iter(sheet.predict.values())))
    Answers(tmp_path / f"{NAME}{SUFFIX}", NAME).add(question.key, "tried", "nonsense")

    assert not done(tmp_path)[NAME]


def test_a_reset_begins_anew(tmp_path):
    _, answers = answered(tmp_path)
    answers.add("", "reset", None)

    assert not done(tmp_path)[NAME]


def test_a_lesson_in_a_folder_of_its_own_is_looked_for_there(tmp_path):
    """Answers lie beside their notebook."""
    (tmp_path / "extra").mkdir()
    path = tmp_path / "extra" / f"kubernetes{SUFFIX}"
    Answers(path, "kubernetes").add("change", "said", 300)

    assert done(tmp_path)["extra/kubernetes"]


@pytest.mark.parametrize("damage", [b"\xff\xfe", b"{", b"[]\n[]\n"])
def test_a_damaged_file_of_answers_breaks_nothing(tmp_path, damage):
    """The lesson itself says so when it is opened, and keeps it aside; the table goes on."""
    path = tmp_path / f"{NAME}{SUFFIX}"
    path.write_bytes(damage)

    assert len(done(tmp_path)) == len(stages())
    assert path.read_bytes() == damage


def test_each_lesson_has_its_picture_in_the_readme():
    """`python -m tools.covers` draws one that has changed, and mends its words."""
    readme = README.read_text(encoding="utf-8")
    numbered = [stage.notebook for stage in stages() if stage.notebook[0].isdigit()]
    row = r'covers/(\d\d)\.svg" width="200" alt="[^"]+"> \| \[.*?\]\(lessons/(\w+)\.ipynb\)'

    assert all(cover.path.read_text(encoding="utf-8") == cover.svg for cover in covers())
    assert re.findall(row, readme) == [(name[:2], name) for name in numbered]
    assert told(readme) == readme
