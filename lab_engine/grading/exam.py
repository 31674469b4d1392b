"""The instructor's file: from which seed hidden worlds are drawn, and what the checks are worth.

It lies where learners cannot read it: whoever has it can draw the same worlds. Another seed is
another exam of the same kind. Without a file there is a practice exam, which everybody knows.

    seed = "9f2c4e7a1b5d8036"          # any text; `openssl rand -hex 16` makes a good one
    title = "Autumn term"              # of the reports

    [limits]                           # of one submission; those of `Limits` are the default
    seconds = 120

    [labs.lab_06_seventy_five_seconds]
    hidden = 12                        # hidden worlds; without it, as many as the lab draws
    visible_share = 0.4                # of the points; the rest is for hidden worlds

    [labs.lab_06_seventy_five_seconds.goals.bill]
    points = 30                        # instead of the lab's own; all are scaled to add up to 100
    credit = "all-or-nothing"          # instead of "partial"
    leave_out = true                   # the goal counts nothing, and is not reported
"""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Final

from lab_engine.errors import LabError
from lab_engine.labs.lab import VISIBLE_SHARE

CREDITS: Final = ("partial", "all-or-nothing")
MOST_WORLDS: Final = 200
SHORT: Final = 12  # letters of a seed that could be guessed
LARGEST: Final = 1 << 20


class ExamError(LabError):
    """A file of seeds and checks that cannot be used."""


@dataclass(frozen=True)
class Limits:
    """What one submission may take.

    Args:
        seconds: by the clock, until all its answers are given.
        cell_seconds: by the clock, for each cell.
        call_seconds: by the clock, for each call of a function.
        cpu_seconds: of each process.
        memory_mb: of each process.
        all_memory_mb: of all its processes.
        processes: threads included.
        file_mb: of each file.
        folder_mb: of all files.
        judge_seconds: of the processor, for judging what it gave.
    """

    seconds: int = 180
    cell_seconds: int = 60
    call_seconds: int = 10
    cpu_seconds: int = 60
    memory_mb: int = 2048
    all_memory_mb: int = 3072
    processes: int = 96
    file_mb: int = 16
    folder_mb: int = 64
    judge_seconds: int = 120


@dataclass(frozen=True)
class Terms:
    """What is made of one goal.

    Args:
        points: its weight; None for the lab's own.
        credit: one of `CREDITS`.
        leave_out: whether it counts nothing.
    """

    points: float | None = None
    credit: str = "partial"
    leave_out: bool = False


@dataclass(frozen=True)
class Paper:
    """What is made of one lab.

    Args:
        hidden: how many hidden worlds; None for as many as the lab draws.
        visible_share: of the points, for visible worlds.
        goals: by their keys, where anything is to differ.
    """

    hidden: int | None = None
    visible_share: float = VISIBLE_SHARE
    goals: Mapping[str, Terms] = field(default_factory=dict)


@dataclass(frozen=True)
class Exam:
    """A seed, and what differs from the labs' own terms.

    Args:
        seed: of the hidden worlds.
        title: of the reports.
        limits: of a submission.
        labs: by their names, where anything is to differ.
        public: whether everybody knows the seed.
    """

    seed: str
    title: str = ""
    limits: Limits = Limits()
    labs: Mapping[str, Paper] = field(default_factory=dict)
    public: bool = False

    def paper(self, name: str) -> Paper:
        """What is made of a lab."""
        return self.labs.get(name, Paper())

    @property
    def weak(self) -> bool:
        """Whether the seed could be guessed, so that hidden worlds are not hidden."""
        return self.public or len(self.seed) < SHORT


PRACTICE: Final = Exam("practice", "Practice", public=True)


def load(path: Path) -> Exam:
    """The exam of a file.

    Raises:
        ExamError: it cannot be read, or something in it cannot be; nothing is graded then.
    """
    try:
        if path.stat().st_size > LARGEST:
            raise ExamError(str(path), "is larger than 1 MB", "Name the file with the seed.")
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as refused:
        raise ExamError(str(path), f"cannot be read: {refused}", "Name a TOML file.") from None
    return loads(text, path.name)


def loads(text: str, name: str = "the exam") -> Exam:
    """The exam of a text.

    Raises:
        ExamError: as `load`.
    """
    try:
        table = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as wrong:
        raise ExamError(name, f"is no TOML: {wrong}", "Mend that line.") from None
    _known(table, ("seed", "title", "limits", "labs"), name)
    seed = table.get("seed")
    if type(seed) is int:
        seed = str(seed)
    if not isinstance(seed, str) or not seed.strip():
        remedy = 'Write seed = "…"; `openssl rand -hex 16` makes a good one.'
        raise ExamError(f"{name}: seed", "is missing, or is no text", remedy)
    return Exam(
        seed=seed,
        title=_typed(table, "title", str, name, ""),
        limits=_limits(_table(table, "limits", name), f"{name}: limits"),
        labs={
            each: _paper(_table(table["labs"], each, f"{name}: labs"), f"{name}: labs.{each}")
            for each in _table(table, "labs", name)
        },
    )


def agree(exam: Exam, goals: Mapping[str, Sequence[str]]) -> None:
    """Make sure that an exam speaks of labs and goals that there are.

    Args:
        exam: as read.
        goals: the name of each lab -> the keys of its goals.

    Raises:
        ExamError: it does not.
    """
    _known(exam.labs, list(goals), "labs")
    for name, paper in exam.labs.items():
        _known(paper.goals, goals[name], f"labs.{name}.goals")
        if all(paper.goals.get(key, Terms()).leave_out for key in goals[name]):
            raise ExamError(f"labs.{name}", "leaves out every goal", "Keep one of them.")


def _limits(table: Mapping[str, Any], where: str) -> Limits:
    _known(table, [each.name for each in fields(Limits)], where)
    for key in table:
        if _typed(table, key, int, where, 1) < 1:
            raise ExamError(f"{where}.{key} = {table[key]}", "leaves nothing", "Give 1 or more.")
    return Limits(**table)


def _paper(table: Mapping[str, Any], where: str) -> Paper:
    _known(table, [each.name for each in fields(Paper)], where)
    hidden = _typed(table, "hidden", int, where, None)
    if hidden is not None and not 1 <= hidden <= MOST_WORLDS:
        rule = f"is no number of worlds from 1 to {MOST_WORLDS}"
        raise ExamError(f"{where}.hidden = {hidden}", rule, "Give one, or leave it out.")
    share = _typed(table, "visible_share", (int, float), where, VISIBLE_SHARE)
    if not 0 <= share <= 1:
        raise ExamError(f"{where}.visible_share = {share}", "is no share", "Give one from 0 to 1.")
    goals = _table(table, "goals", where)
    terms = {key: _terms(_table(goals, key, where), f"{where}.goals.{key}") for key in goals}
    return Paper(hidden, float(share), terms)


def _terms(table: Mapping[str, Any], where: str) -> Terms:
    _known(table, [each.name for each in fields(Terms)], where)
    points = _typed(table, "points", (int, float), where, None)
    if points is not None and not 0 < points <= 1000:
        remedy = "Give more than 0 and at most 1,000, or leave_out = true."
        raise ExamError(f"{where}.points = {points}", "are no points", remedy)
    credit = _typed(table, "credit", str, where, "partial")
    if credit not in CREDITS:
        raise ExamError(
            f"{where}.credit = {credit!r}",
            "is no rule of credit",
            f"Choose of {', '.join(CREDITS)}.",
        )
    return Terms(points, credit, _typed(table, "leave_out", bool, where, False))


def _table(table: Mapping[str, Any], key: str, where: str) -> Mapping[str, Any]:
    found = table.get(key, {})
    if not isinstance(found, dict):
        raise ExamError(f"{where}: {key}", "is no table", f"Write it below a line [{key}].")
    return found


def _typed(table: Mapping[str, Any], key: str, kind: Any, where: str, default: Any) -> Any:
    found = table.get(key, default)
    kinds = kind if isinstance(kind, tuple) else (kind,)
    if key in table and type(found) not in kinds:
        wanted = " or ".join(each.__name__ for each in kinds)
        raise ExamError(f"{where}.{key} = {found!r}", "is of another kind", f"Give {wanted}.")
    return found


def _known(table: Mapping[str, Any], known: Any, where: str) -> None:
    for key in table:
        if key not in known:
            remedy = f"Choose of {', '.join(known)}."
            raise ExamError(f"{where}: {key}", "is not known here", remedy)
