"""Reads what a lesson asks from its data file, and says where a mistake stands.

The files are `questions/LESSON.toml` in this package, so that copies, wheels and browsers find
them and no answer can be read in the cell above. CONTRIBUTING.md says how one is written.
"""

import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from importlib.resources import files
from string import Formatter
from typing import Any, Final, TypeVar

from lab_engine.authority.elements import nearest
from lab_engine.errors import LabError

from . import apexgoals as _apexgoals  # noqa: F401  (it names its predicates)
from . import designgoals as _designgoals  # noqa: F401  (likewise)
from . import failovergoals as _failovergoals  # noqa: F401  (likewise)
from . import farmgoals as _farmgoals  # noqa: F401  (likewise)
from . import incidentgoals as _incidentgoals  # noqa: F401  (likewise)
from .goals import PREDICATES, Goal, Measure
from .questions import AnyQuestion, Axis, Choice, Interval, Number, Question
from .table import Table

T = TypeVar("T")

KINDS: Final = ("predict", "quiz", "later", "goal")


@dataclass(frozen=True)
class Sheet:
    """What one lesson asks.

    Attributes:
        lesson: its name, such as `01_round_robin`.
        predict: asked before an experiment.
        quiz: asked at the end.
        later: asked when a later lesson opens.
        goals: what panels are to reach.
        recall: what this lesson asks of former ones, as `LESSON.KEY`.
    """

    lesson: str
    predict: Mapping[str, AnyQuestion]
    quiz: Mapping[str, AnyQuestion]
    later: Mapping[str, AnyQuestion]
    goals: Mapping[str, Goal]
    recall: tuple[str, ...]

    def question(self, key: str) -> AnyQuestion:
        """Any question of the lesson. Raises LabError."""
        return self.pick(key, {**self.predict, **self.quiz, **self.later}, "question")

    def pick(self, key: str, among: Mapping[str, T], word: str) -> T:
        """What has this key, or a LabError that names the nearest."""
        if isinstance(key, str) and key in among:
            return among[key]
        remedy = (
            nearest(str(key), sorted(among)) if among else f"Its file has no {word} of this kind."
        )
        raise LabError(key, f"is no {word} of lesson {self.lesson}", remedy)


def lessons() -> list[str]:
    """The names of all lessons that ask something."""
    names = [path.name for path in (files(__package__) / "questions").iterdir()]
    return sorted(name.removesuffix(".toml") for name in names if name.endswith(".toml"))


def load(lesson: str) -> Sheet:
    """What a lesson asks.

    Raises:
        LabError: there is no such lesson, or its file has a mistake; with the file and the line.
    """
    text = _text(lesson)
    sheet, table = parse(text, lesson), Table(f"{lesson}.toml", text, (), {})
    for name in sheet.recall:
        former, _, key = name.partition(".")
        try:
            question = parse(_text(former), former).question(key)
        except LabError as wrong:
            raise table.wrong(
                f"names {wrong.value}, which {wrong.rule}", wrong.remedy, "recall"
            ) from wrong
        if not isinstance(question, Choice) and question.right is None:
            rule = f"names {name}, which has no right answer of its own"
            raise table.wrong(rule, "Recall a question whose file says `right`.", "recall")
    return sheet


def _text(lesson: str) -> str:
    known = lessons()
    if lesson not in known:
        raise LabError(lesson, "is no lesson with a file of questions", nearest(lesson, known))
    return (files(__package__) / "questions" / f"{lesson}.toml").read_text(encoding="utf-8")


def parse(text: str, lesson: str) -> Sheet:
    """What the text of a lesson's data file says. Raises LabError with the file and the line."""
    file = f"{lesson}.toml"
    try:
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError as wrong:
        where = re.search(r"line (\d+)", str(wrong))
        line = where[1] if where else text.count("\n")
        raise LabError(f"{file}, line {line}", f"is not TOML: {wrong}", "Mend it.") from wrong
    table = Table(file, text, (), values)
    recall = tuple(table.texts("recall"))
    found = {kind: dict(_tables(table, kind)) for kind in KINDS}
    table.end()
    _unique(table, found)
    return Sheet(
        lesson,
        **{kind: _each(found[kind], _question, kind) for kind in KINDS[:-1]},
        goals=_each(found["goal"], _goal, "goal"),
        recall=recall,
    )


def _tables(table: Table, kind: str) -> Iterator[tuple[str, Table]]:
    inner = table.table(kind)
    for key in inner:
        yield key, inner.table(key)


def _each(tables: Mapping[str, Table], read: Callable[[Table, str], T], kind: str) -> dict[str, T]:
    return {key: read(table, kind) for key, table in tables.items()}


def _unique(table: Table, found: Mapping[str, Mapping[str, Table]]) -> None:
    """Answers are kept by key alone, so a key stands for one thing in all of a lesson."""
    first: dict[str, str] = {}
    for kind, tables in found.items():
        for key in tables:
            if key in first:
                rule = f"has the key that {first[key]}.{key} has, too"
                raise table.wrong(rule, "Give one of them another key.", kind, key)
            first[key] = kind


def _question(table: Table, kind: str) -> AnyQuestion:
    key = table.path[-1]
    words = table.text("ask"), table.text("why"), table.text("was", "it was {}")
    base = Question(key, *words, hints=tuple(table.texts("hints")))
    _template(table, "was", base.was, [""])
    kinds = [name for name in ("wrong", "number", "interval") if name in table]
    if "number" in kinds and "wrong" in kinds:
        kinds.remove("wrong")  # tempting numbers
    if len(kinds) != 1:
        remedy = "Give it [….wrong] with the wrong options, or number = {…}, or interval = {…}."
        raise table.wrong("is no choice, no number and no interval, or more than one", remedy)
    question = READERS[kinds[0]](table, base, needed=kind != "predict")
    table.end()
    return question


def _choice(table: Table, base: Question, *, needed: bool) -> Choice:  # noqa: ARG001  always needed
    right, inner = table.text("right"), table.table("wrong")
    wrong = {option: inner.text(option) for option in inner}
    if right in wrong:
        raise inner.wrong("is the right answer, too", "Leave it out.", right)
    if not wrong:
        raise inner.wrong("is empty: a choice needs two options", "Add one, with its sentence.")
    return Choice(**vars(base), right=right, wrong=wrong)


def _number(table: Table, base: Question, *, needed: bool) -> Number:
    axis, inner = _axis(table, "number"), table.table("wrong")
    wrong = {_tempting(inner, text, axis): inner.text(text) for text in inner}
    right = table.number("right") if needed or "right" in table else None
    if right is not None and not axis.low <= right <= axis.high:
        raise table.wrong("lies beyond the axis", "Widen the axis.", "right")
    sides: dict[str, Any] = {side: table.text(side, "") for side in ("below", "above")}
    return Number(**vars(base), axis=axis, right=right, within=_within(table), wrong=wrong, **sides)


def _interval(table: Table, base: Question, *, needed: bool) -> Interval:
    axis = _axis(table, "interval")
    right = table.pair("right") if needed or "right" in table else None
    if right is not None and not (axis.low <= right[0] and right[1] <= axis.high):
        raise table.wrong("lies beyond the axis", "Widen the axis.", "right")
    names = ("narrow", "wide", "below", "above")
    sides: dict[str, Any] = {side: table.text(side, "") for side in names}
    return Interval(**vars(base), axis=axis, right=right, within=_within(table), **sides)


READERS: Final[Mapping[str, Callable[..., AnyQuestion]]] = {
    "wrong": _choice,
    "number": _number,
    "interval": _interval,
}


def _axis(table: Table, key: str) -> Axis:
    inner = table.table(key)
    low, high = inner.number("from"), inner.number("to")
    scale, step = inner.text("scale", "linear"), inner.number("step", 0.0)
    axis = Axis(low, high, inner.text("unit", ""), scale == "log", step)
    inner.end()
    if not low < high:
        raise inner.wrong("has no room", "Let `from` be less than `to`.")
    if scale not in ("linear", "log"):
        raise inner.wrong(f"is {scale!r}", 'Write "linear" or "log".', "scale")
    if axis.log and low <= 0:
        raise inner.wrong("is a ratio scale that begins at 0 or below", "Begin above 0.", "from")
    if not 0 <= step < high - low:
        raise inner.wrong("is no step of this axis", "Leave it out for three digits.", "step")
    return axis


def _tempting(table: Table, text: str, axis: Axis) -> float:
    try:
        return axis.read(float(text))
    except ValueError as wrong:
        rule = f"is no number from {axis.says(axis.low)} to {axis.says(axis.high)}"
        raise table.wrong(rule, "Name tempting numbers of the axis.", text) from wrong


def _within(table: Table) -> float | None:
    if "within" not in table:
        table.number("within", 0.0)
        return None
    within = table.number("within")
    if within < 0:
        raise table.wrong("is below 0", "Say how far from it still counts.", "within")
    return within


def _goal(table: Table, _kind: str) -> Goal:
    reach, inner = table.text("reach"), table.table("target")
    if reach not in PREDICATES:
        remedy = nearest(reach, sorted(PREDICATES))
        raise table.wrong(f"is {reach}, which is no predicate", remedy, "reach")
    target: dict[str, Any] = {}
    said: dict[str, str] = {}
    for name, measure in PREDICATES[reach].parameters.items():
        target[name] = inner.text(name) if measure is None else _between(inner, name, measure)
        said[name] = target[name] if measure is None else measure.says(target[name])
    inner.end()
    ask, why = table.text("ask"), table.text("why")
    _template(table, "ask", ask, list(target))
    table.end()
    return Goal(table.path[-1], ask.format(**said), why, reach, target)


def _between(table: Table, name: str, measure: Measure) -> float:
    value = table.number(name)
    if not measure.low < value < measure.high:
        rule = f"is {value:g}, which cannot be reached"
        raise table.wrong(rule, f"Choose between {measure.low:g} and {measure.high:g}.", name)
    return value


def _template(table: Table, key: str, text: str, names: list[str]) -> None:
    """Raises LabError unless the braces of a text hold these names, in any number, and no other."""
    try:
        used = {field[1:] for field in Formatter().parse(text) if field[1] is not None}
    except ValueError as wrong:
        raise table.wrong(f"cannot be filled in: {wrong}", "Mend its braces.", key) from wrong
    allowed = " or ".join(f"{{{name}}}" for name in names)
    if used - {(name, "", None) for name in names} or (names == [""] and not used):
        raise table.wrong(f"has other braces than {allowed}", f"Write {allowed}.", key)
