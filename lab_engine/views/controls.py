"""What a learner can move: sliders with a number box, choices, switches. Plain values, no widgets.

Each control names a path in a scenario (`"zone.api.ttl"`), says how it is to be drawn (`spec`), and
translates between the scenario's value and what crosses to the page (`show`, `read`). Not here:
drawing them (form.py, page/form.js) and what a change sets off (panel.py).
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from lab_engine.errors import LabError

from .theme import number


class Control(Protocol):
    """One labelled input that stands for one value of a scenario."""

    @property
    def path(self) -> str:
        """Where the value lives in the scenario."""

    @property
    def label(self) -> str:
        """What the input is called, on the page and by a screen reader."""

    def spec(self) -> dict[str, Any]:
        """How the page draws it."""

    def show(self, value: Any) -> Any:
        """The scenario's `value` as the page shows it. Raises LabError if it cannot be shown."""

    def read(self, raw: Any) -> Any:
        """What the page sent, as the scenario's value. Raises LabError if it is not acceptable."""


@dataclass(frozen=True)
class Slider:
    """A number: a slider and a box to type it in, between `low` and `high`, both included.

    The slider stops at every `step`, or only at `choices` (see `one_two_five`); the box takes any
    number of the range. The value is whole when `low`, `high` and every stop are.

    Attributes:
        unit: shown after the number, as in `s` or `clients`; it converts nothing.
        between: whether the box takes numbers between the choices, too.
    """

    path: str
    label: str
    low: float
    high: float
    step: float = 1
    choices: Sequence[float] = ()
    unit: str = ""
    between: bool = True

    def __post_init__(self) -> None:
        if not self.low < self.high:
            raise LabError(self.low, f"{self.label} must start below its end", "Swap low and high.")
        if self.step <= 0:
            raise LabError(self.step, f"{self.label} needs a step above 0", "Give such a step.")
        if any(not self.low <= choice <= self.high for choice in self.choices):
            rule = f"{self.label} has a choice outside {self._range()}"
            raise LabError(list(self.choices), rule, "Widen the range or drop the choice.")

    @property
    def whole(self) -> bool:
        """Whether the value is a whole number."""
        return all(isinstance(bound, int) for bound in (self.low, self.high, *self._stops()))

    def spec(self) -> dict[str, Any]:
        """How the page draws it."""
        return {
            "kind": "slider",
            "path": self.path,
            "label": self.label,
            "low": self.low,
            "high": self.high,
            "step": self.step,
            "choices": sorted(self.choices),
            "unit": self.unit,
        }

    def show(self, value: Any) -> float:
        """The number itself."""
        return self.read(value)

    def read(self, raw: Any) -> float:
        """The number typed or slid to; raises LabError outside the range."""
        if isinstance(raw, bool) or not isinstance(raw, int | float) or not math.isfinite(raw):
            raise LabError("Nothing usable", f"{self.label} needs a number", self._remedy())
        if not self.low <= raw <= self.high:
            raise LabError(number(raw), f"{self.label} goes {self._range()}", self._remedy())
        if not self.between and raw not in self.choices:
            stops = ", ".join(map(number, sorted(self.choices)))
            remedy = f"Type one of {stops}, or move the slider."
            raise LabError(number(raw), f"{self.label} has stops, and this is none", remedy)
        if not self.whole:
            return float(raw)
        if not float(raw).is_integer():
            raise LabError(number(raw), f"{self.label} is a whole number", self._remedy())
        return int(raw)

    def _stops(self) -> Sequence[float]:
        return self.choices or (self.step,)

    def _range(self) -> str:
        return f"from {number(self.low)} to {number(self.high)} {self.unit}".rstrip()

    def _remedy(self) -> str:
        return f"Type a number {self._range()}, or move the slider."


def one_two_five(low: float, high: float) -> tuple[float, ...]:
    """Stops of equal-looking steps, 1, 2, 5, 10, 20 …, from `low` (above 0) to `high`, inclusive.

    Raises:
        LabError: `low` is 0 or less, or not below `high`.
    """
    if not 0 < low < high:
        raise LabError(low, "the stops 1, 2, 5, 10 start above 0 and below their end", "Raise it.")
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    stops = {_scaled(digit, power) for power in powers for digit in (1, 2, 5)}
    return tuple(sorted({low, high} | {stop for stop in stops if low < stop < high}))


def _scaled(digit: int, power: int) -> float:
    # Negative powers are divided, since 5 * 10**-1 is exact and 5 * 0.1 need not be.
    return digit * int(10**power) if power >= 0 else digit / 10**-power


@dataclass(frozen=True)
class Choice:
    """One of a few values, picked by its label from a drop-down list."""

    path: str
    label: str
    options: Mapping[str, Any]

    def spec(self) -> dict[str, Any]:
        """How the page draws it."""
        options = list(self.options)
        return {"kind": "choice", "path": self.path, "label": self.label, "options": options}

    def show(self, value: Any) -> str:
        """The label of `value`; raises LabError if no option has it."""
        for label, option in self.options.items():
            if option == value:
                return label
        raise LabError(value, f"{self.label} has no such option", self._remedy())

    def read(self, raw: Any) -> Any:
        """The value behind the label `raw`; raises LabError if there is none."""
        if not isinstance(raw, str) or raw not in self.options:
            raise LabError(raw, f"{self.label} has no such option", self._remedy())
        return self.options[raw]

    def _remedy(self) -> str:
        return f"Choose one of: {', '.join(self.options)}."


@dataclass(frozen=True)
class Text:
    """Words to be typed, such as the path of a file.

    Attributes:
        reads: the words as the scenario's value; raises LabError for those that will not do.
        start: the value of an empty line.
        hint: what stands in an empty line.
    """

    path: str
    label: str
    reads: Callable[[str], Any]
    start: Any = ""
    hint: str = ""

    def spec(self) -> dict[str, Any]:
        """How the page draws it."""
        return {"kind": "text", "path": self.path, "label": self.label, "hint": self.hint}

    def show(self, value: Any) -> str:
        """An empty line, which is all that can be told of its start."""
        if value != self.start:
            raise LabError(self.label, "can only be typed", "Start where its line is empty.")
        return ""

    def read(self, raw: Any) -> Any:
        """What was typed, or the start where nothing is."""
        if not isinstance(raw, str):
            raise LabError(raw, f"{self.label} takes words", "Type some.")
        return self.reads(raw.strip()) if raw.strip() else self.start


@dataclass(frozen=True)
class Switch:
    """Yes or no: a check box."""

    path: str
    label: str

    def spec(self) -> dict[str, Any]:
        """How the page draws it."""
        return {"kind": "switch", "path": self.path, "label": self.label}

    def show(self, value: Any) -> bool:
        """True for a checked box."""
        return self.read(value)

    def read(self, raw: Any) -> bool:
        """Whether the box is checked; raises LabError for anything that is not yes or no."""
        if not isinstance(raw, bool):
            raise LabError(raw, f"{self.label} is either on or off", "Use True or False.")
        return raw


def chosen(names: Sequence[str], among: Mapping[str, Control]) -> list[Control]:
    """The controls of these names, in their order. Raises LabError if one of them is none."""
    for name in names:
        if name not in among:
            raise LabError(name, "is no control", f"Choose of {', '.join(among)}.")
    return [among[name] for name in names]
