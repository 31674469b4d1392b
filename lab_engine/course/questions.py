"""What a lesson asks, and what can be said to an answer: values only, no widget and no file.

A question is a choice, a number, or an interval. Each reads what came from the page or a file,
puts it in words, and compares it with what an experiment showed. Nothing here knows whether it was
asked as a prediction or in a quiz.
"""

import math
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple, cast

from lab_engine.errors import LabError
from lab_engine.views.theme import number

Said = str | float | tuple[float, float]

NEAR: Final = 1 / 20  # of the axis: as near as a hand puts a marker


class Seen(NamedTuple):
    """What an experiment showed.

    Attributes:
        value: on the axis of the question, or the text of an option, or any other text.
        within: how far from it an answer still counts as right; None for a twentieth of the axis.
    """

    value: Said
    within: float | None = None


class Verdict(NamedTuple):
    """What is to be said once both an answer and a result are there.

    Attributes:
        right: whether the answer was.
        sentences: the comparison, the misconception behind the answer if it has a name, the reason.
    """

    right: bool
    sentences: tuple[str, ...]


@dataclass(frozen=True)
class Axis:
    """Where numbers are put: the axis of the figure that shows the result.

    Attributes:
        low, high: its ends.
        unit: such as `s` or `%`.
        log: whether equal steps are equal ratios.
        step: what answers are rounded to; 0 keeps three digits.
    """

    low: float
    high: float
    unit: str = ""
    log: bool = False
    step: float = 0.0

    def read(self, raw: Any) -> float:
        """A number on this axis. Raises LabError."""
        usable = isinstance(raw, int | float) and not isinstance(raw, bool) and math.isfinite(raw)
        if not usable or not self.low <= raw <= self.high:
            rule = f"is no number from {self.says(self.low)} to {self.says(self.high)}"
            raise LabError(raw, rule, "Put the marker on the axis.")
        return float(raw)

    def says(self, value: float) -> str:
        """The number with its unit."""
        return f"{number(value)} {self.unit}".rstrip()

    def near(self, one: float, other: float, within: float | None = None) -> bool:
        """Whether two numbers are close to each other, in the unit of the axis or by eye."""
        if within is not None:
            return abs(one - other) <= within * (1 + 1e-9)
        return abs(self.place(one) - self.place(other)) <= NEAR

    def place(self, value: float) -> float:
        """How far along the axis: 0 at its low end, 1 at its high end, less or more beyond them."""
        if self.log:
            whole = math.log(self.high / self.low)
            return math.log(value / self.low) / whole if value > 0 else -math.inf
        return (value - self.low) / (self.high - self.low)

    def gap(self, said: float, was: float) -> str:
        """By how much `said` misses `was`: a factor where steps are ratios, else a difference."""
        side = "low" if said < was else "high"
        if self.log and min(said, was) > 0:
            return f"{number(max(said, was) / min(said, was))} times too {side}"
        far = (
            f"{number(abs(said - was))} points" if self.unit == "%" else self.says(abs(said - was))
        )
        return f"{far} too {side}"


@dataclass(frozen=True)
class Question:
    """What all questions have.

    Attributes:
        key: its name in the lesson.
        ask: the question.
        why: the reason of the right answer.
        was: how a result is put; `{}` stands for it.
        hints: what may be told on request, one after another.
    """

    key: str
    ask: str
    why: str
    was: str = "it was {}"
    hints: tuple[str, ...] = ()

    def result(self, shown: str) -> str:
        """The result as a clause."""
        return self.was.format(shown)


@dataclass(frozen=True)
class Choice(Question):
    """One of several options.

    Attributes:
        right: the right option.
        wrong: the others, each with the sentence that names the misconception behind it.
    """

    right: str = ""
    wrong: Mapping[str, str] = field(default_factory=dict)

    def options(self, lesson: str) -> list[str]:
        """All options in an order that has nothing to do with which is right, ever the same."""
        # Sorted first, so that the order in the file says nothing either.
        mixed = sorted([self.right, *self.wrong])
        random.Random(f"{lesson} {self.key}").shuffle(mixed)
        return mixed

    def read(self, raw: Any) -> str:
        """One of the options. Raises LabError."""
        if raw != self.right and raw not in self.wrong:
            raise LabError(raw, "is none of the options", "Choose one of those shown.")
        return str(raw)

    def seen(self, value: Any, within: float | None) -> Seen:
        """A result, of any type; without one, the right option. Raises LabError."""
        if within is not None:
            raise LabError(within, "is a tolerance, and options have none", "Leave it out.")
        return Seen(self.right if value is None else str(value))

    def says(self, said: Said) -> str:
        """The option, quoted."""
        return f"“{said}”"

    def compare(self, said: Said, seen: Seen) -> Verdict:
        """Hold an answer against a result.

        A result that is another option than the right one is believed: the cell was run in a way
        that the lesson does not expect, and the card says so.
        """
        shown = str(seen.value)
        odd = shown in self.wrong
        right = said == (shown if odd else self.right)
        if said == shown:
            first = f"You said {self.says(said)}, and so it was."
        elif right:
            first = f"You said {self.says(said)}, and rightly so: {self.result(shown)}."
        else:
            first = f"You said {self.says(said)}; {self.result(shown)}."
        sentences = [first] if said == self.right else [first, self.wrong[str(said)]]
        if odd:
            sentences = [
                first,
                f"The lesson expects {self.says(self.right)}. Was a cell run twice?",
            ]
        return Verdict(right, (*sentences, self.why))


@dataclass(frozen=True)
class Number(Question):
    """A number on an axis.

    Attributes:
        axis: where it is put.
        right: the right one, where no experiment gives it.
        within: how far from it still counts, in the axis's unit; None for a twentieth of the axis.
        wrong: tempting numbers, each with the misconception behind it.
        below, above: what to say to a number that is too low or too high.
    """

    axis: Axis = Axis(0, 1)
    right: float | None = None
    within: float | None = None
    wrong: Mapping[float, str] = field(default_factory=dict)
    below: str = ""
    above: str = ""

    def read(self, raw: Any) -> float:
        """A number on the axis. Raises LabError."""
        return self.axis.read(raw)

    def seen(self, value: Any, within: float | None) -> Seen:
        """A result, which may lie beyond the axis. Raises LabError."""
        value = self.right if value is None else value
        return Seen(_finite(value, self.key), self.within if within is None else within)

    def says(self, said: Said) -> str:
        """The number with its unit."""
        return self.axis.says(_one(said))

    def compare(self, said: Said, seen: Seen) -> Verdict:
        """Hold an answer against a result."""
        mine, was = _one(said), _one(seen.value)
        first = f"You said {self.says(mine)}; {self.result(self.says(was))}"
        if self.axis.near(mine, was, seen.within):
            close = ", and so it was" if self.says(mine) == self.says(was) else ""
            first = f"You said {self.says(mine)}{close}." if close else f"{first}. That is close."
            return Verdict(True, (first, self.why))
        sentences = (f"{first}: {self.axis.gap(mine, was)}.", self._misconception(mine, was))
        return Verdict(False, (*filter(None, sentences), self.why))

    def _misconception(self, mine: float, was: float) -> str:
        for tempting, sentence in self.wrong.items():
            if self.axis.near(mine, tempting):
                return sentence
        return self.below if mine < was else self.above


@dataclass(frozen=True)
class Interval(Question):
    """Two numbers on an axis, between which something lies.

    Attributes:
        axis: where they are put.
        right: the right ones, where no experiment gives them.
        within: as for a number, of either end.
        narrow, wide: what to say to an interval that is within the right one, or around it.
        below, above: what to say to one that lies too low or too high.
    """

    axis: Axis = Axis(0, 1)
    right: tuple[float, float] | None = None
    within: float | None = None
    narrow: str = ""
    wide: str = ""
    below: str = ""
    above: str = ""

    def read(self, raw: Any) -> tuple[float, float]:
        """Two numbers on the axis, the lower one first. Raises LabError."""
        if not isinstance(raw, list | tuple) or len(raw) != 2:
            raise LabError(raw, "is no pair of numbers", "Put both markers on the axis.")
        low, high = sorted(map(self.axis.read, raw))
        return low, high

    def seen(self, value: Any, within: float | None) -> Seen:
        """A result: two numbers, the lower one first. Raises LabError."""
        value = self.right if value is None else value
        if not isinstance(value, Sequence) or len(value) != 2:
            raise LabError(self.key, "is about an interval", "Reveal (low, high).")
        low, high = sorted(_finite(each, self.key) for each in value)
        return Seen((low, high), self.within if within is None else within)

    def says(self, said: Said) -> str:
        """Both ends."""
        low, high = _pair(said)
        return f"{number(low)} to {self.axis.says(high)}"

    def compare(self, said: Said, seen: Seen) -> Verdict:
        """Hold an answer against a result, each end by itself."""
        mine, was = _pair(said), _pair(seen.value)
        first = f"You said {self.says(mine)}; {self.result(self.says(was))}"
        ends = zip(mine, was, strict=True)
        if all(self.axis.near(one, other, seen.within) for one, other in ends):
            return Verdict(True, (f"{first}. That is close.", self.why))
        word, sentence = self._how(mine, was)
        return Verdict(False, (*filter(None, (f"{first}: {word}.", sentence)), self.why))

    def _how(self, mine: tuple[float, float], was: tuple[float, float]) -> tuple[str, str]:
        if was[0] <= mine[0] and mine[1] <= was[1]:
            times = (was[1] - was[0]) / (mine[1] - mine[0]) if mine[1] > mine[0] else math.inf
            much = f"{number(times)} times " if math.isfinite(times) else ""
            return f"{much}too narrow", self.narrow
        if mine[0] <= was[0] and was[1] <= mine[1]:
            return "too wide", self.wide
        return ("too low", self.below) if sum(mine) < sum(was) else ("too high", self.above)


AnyQuestion = Choice | Number | Interval


def _finite(value: Any, key: str) -> float:
    try:
        found = float(value)
    except (TypeError, ValueError):
        found = math.nan
    if not math.isfinite(found):
        raise LabError(value, f"is no number, and {key} asks for one", "Reveal a number.")
    return found


def _one(said: Said) -> float:
    return cast("float", said)  # of a question for a number nothing else is read


def _pair(said: Said) -> tuple[float, float]:
    return cast("tuple[float, float]", said)  # likewise of one for an interval
