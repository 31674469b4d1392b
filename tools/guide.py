"""Writes the instructor's page of questions: what each lesson asks, in order, and what to say.

Everything on it stands in the lessons' data files already. `python -m tools.guide` after one of
them or a lesson has changed; `tests/test_guide.py` holds the page in step.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import nbformat

from lab_engine.course.datafile import Sheet, lessons, load
from lab_engine.course.overview import Stage, stages
from lab_engine.course.questions import AnyQuestion, Choice, Interval, Number

ROOT: Final = Path(__file__).parents[1]
QUOTES: Final = "“”"
PAGE: Final = ROOT / "workshop" / "questions.md"
HEAD: Final = """\
# What the lessons ask, and what to say

For instructors: it gives every answer away. The questions stand in the order in which a lesson
asks them. Below each, the right answer and why; then the answers that tempt, each with the
misconception behind it, which is what to talk about. Where an experiment gives the number, run its
cell: the answer is what it shows.

This page is made from the lessons' data files by `.venv/bin/python -m tools.guide`.
"""
_ASKED: Final = re.compile(r"lesson\.(ask|table|recall|quiz)\(([^)]*)\)")
_KEY: Final = re.compile(r"\"([\w-]+)\"(?=\s*[,)]|$)")


def page() -> str:
    """The whole page."""
    chapters = (chapter(stage) for stage in stages() if _path(stage).exists())
    return "\n".join([HEAD, *filter(None, chapters)])


def chapter(stage: Stage) -> str:
    """One lesson, or nothing where it asks nothing."""
    name = Path(stage.notebook).name
    if name not in lessons():
        return ""
    sheet = load(name)
    blocks = [
        block for heading, question in asked(stage, sheet) for block in told(heading, question)
    ]
    if not blocks:
        return ""
    link = f"[{stage.title}](../lessons/{stage.notebook}.ipynb), {stage.minutes} minutes"
    return "\n".join([f"## {link}", "", *blocks])


def asked(stage: Stage, sheet: Sheet) -> Iterator[tuple[str, AnyQuestion]]:
    """The questions of a lesson in the order of its cells, each with its kind."""
    for cell in nbformat.read(_path(stage), as_version=4).cells:
        for how, arguments in _ASKED.findall(cell.source if cell.cell_type == "code" else ""):
            keys = _KEY.findall(arguments)
            if how == "recall":
                for name in sheet.recall:
                    lesson, key = name.rsplit(".", 1)
                    yield "Recall", load(lesson).question(key)
            elif how == "quiz":
                yield from (("Quiz", sheet.quiz[key]) for key in keys or sheet.quiz)
            else:
                yield from (("Predict", sheet.predict[key]) for key in keys if key in sheet.predict)


def told(kind: str, question: AnyQuestion) -> Iterator[str]:
    """The lines of one question."""
    yield f"**{kind}: {question.ask}**"
    yield ""
    yield f"- Right: {right(question)}. {question.why}"
    yield from (f"- If they say *{answer}*: {sentence}" for answer, sentence in tempting(question))
    yield ""


def right(question: AnyQuestion) -> str:
    """The right answer in words."""
    if question.right in (None, ""):
        return "what the cell shows"
    return f"**{question.says(question.right).strip(QUOTES)}**"


def tempting(question: AnyQuestion) -> Iterator[tuple[str, str]]:
    """The wrong answers that have a sentence of their own."""
    if isinstance(question, Choice | Number):
        yield from (
            (question.says(answer).strip(QUOTES), said) for answer, said in question.wrong.items()
        )
    if isinstance(question, Interval):
        yield from (
            pair for pair in (("narrower", question.narrow), ("wider", question.wide)) if pair[1]
        )
    if isinstance(question, Number | Interval):
        yield from (
            pair for pair in (("less", question.below), ("more", question.above)) if pair[1]
        )


def _path(stage: Stage) -> Path:
    return ROOT / "lessons" / f"{stage.notebook}.ipynb"


if __name__ == "__main__":
    PAGE.write_text(page())
