"""The course on one table, with a tick at what the learner has done.

What there is stands in course.toml; what was done, in the files of answers beside the notebooks.
"""

import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from importlib.resources import files
from pathlib import Path
from typing import Final, NamedTuple

from . import told
from .answers import SUFFIX, Record, kept, notebook_folder
from .datafile import Sheet, lessons, load
from .questions import AnyQuestion

HEAD: Final = ("lesson", "question", "time", "done")
LEFT: Final = 'style="text-align:left"'


class Stage(NamedTuple):
    """A notebook of the course.

    Attributes:
        notebook: its path in lessons/, without the suffix.
        title: as the course calls it.
        asks: the question that it answers.
        minutes: that a newcomer needs.
        cover: the id of the cell whose picture stands for it; empty for none.
    """

    notebook: str
    title: str
    asks: str
    minutes: int
    cover: str = ""


class Progress(NamedTuple):
    """How many of a lesson's cards are done: predictions made, quizzes solved, goals reached."""

    done: int
    cards: int

    def __str__(self) -> str:
        if not self.done:
            return ""
        return "✓" if self.done == self.cards else f"{self.done} of {self.cards}"


@dataclass(frozen=True)
class Overview:
    """The course, and how far one learner is. By itself it shows its table."""

    rows: tuple[tuple[Stage, Progress], ...]

    def __repr__(self) -> str:
        return "\n".join(_line(stage, progress) for stage, progress in self.rows)

    def _repr_html_(self) -> str:
        head = "".join(f'<th scope="col" {LEFT}>{name}</th>' for name in HEAD)
        body = "".join(_row(stage, progress) for stage, progress in self.rows)
        return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def stages() -> list[Stage]:
    """All notebooks of the course, in its order."""
    text = (files(__package__) / "course.toml").read_text(encoding="utf-8")
    return [Stage(**each) for each in tomllib.loads(text)["lesson"]]


def overview(folder: Path | None = None) -> Overview:
    """The course as a table, with a tick at each lesson of which everything was done.

    Args:
        folder: where the lessons are worked on; that of the notebook, unless it is named.
    """
    here = notebook_folder() if folder is None else folder
    return Overview(tuple((stage, _progress(here / stage.notebook)) for stage in stages()))


def _progress(notebook: Path) -> Progress:
    if notebook.name not in lessons():
        return Progress(0, 0)
    path = notebook.with_name(f"{notebook.name}{SUFFIX}")
    return progress(load(notebook.name), kept(path, notebook.name))


def progress(sheet: Sheet, records: Sequence[Record]) -> Progress:
    """How much of a lesson these records do."""
    predicted = (told.said(each, _of(each, records)) is not None for each in sheet.predict.values())
    solved = (told.quiz(each, _of(each, records))["locked"] for each in sheet.quiz.values())
    reached = (_reached(key, records) for key in sheet.goals)
    every = [*predicted, *solved, *reached]
    return Progress(sum(every), len(every))


def _of(question: AnyQuestion, records: Iterable[Record]) -> list[Record]:
    return told.current(records, question.key)


def _reached(key: str, records: Iterable[Record]) -> bool:
    return any(record.kind == "reached" for record in told.current(records, key))


def _line(stage: Stage, done: Progress) -> str:
    return f"{done!s:>8}  {stage.title}: {stage.asks} ({stage.minutes} min)"


def _row(stage: Stage, done: Progress) -> str:
    link = f'<a href="{escape(stage.notebook)}.ipynb">{escape(stage.title)}</a>'
    cells = (link, escape(stage.asks), f"{stage.minutes}\N{NO-BREAK SPACE}min", str(done))
    return f"<tr>{''.join(f'<td {LEFT}>{cell}</td>' for cell in cells)}</tr>"
