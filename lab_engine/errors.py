"""The one tree of errors that a learner or a program can meet.

Each says three things: the value that was wrong, the rule it broke, and what to do about it.
Anything else that escapes from this package is a defect of the package.
"""

from collections.abc import Sequence
from enum import StrEnum
from textwrap import wrap
from typing import Final, Self

COLUMNS: Final = 72  # of a line in a notebook: they fit into a window 800 pixels wide


def in_lines(said: str) -> list[str]:
    """What is said, broken between words: in a line that is too long JupyterLab breaks them.

    Args:
        said: a sentence or more; its own line breaks are kept.
    """
    return [
        part
        for line in said.splitlines()
        for part in wrap(line, COLUMNS, break_long_words=False, break_on_hyphens=False) or [""]
    ]


class LabError(ValueError):
    """A value that broke a rule, and the remedy.

    Attributes:
        value: what was given, shown with `repr` unless it is already text.
        rule: why it cannot be used, as a clause that follows the value.
        remedy: what to do instead, as a sentence.
    """

    def __init__(self, value: object, rule: str, remedy: str) -> None:
        self.value = value
        self.rule = rule
        self.remedy = remedy
        shown = value if isinstance(value, str) else repr(value)
        super().__init__(f"{shown}: {rule}. {remedy}")

    def _render_traceback_(self) -> list[str]:
        """What a notebook shows: the words, without the way the error took."""
        return in_lines(f"{type(self).__name__}: {self}")


class Choice(StrEnum):
    """A few named values; anything else is refused with their names."""

    @classmethod
    def _missing_(cls, value: object) -> Self:
        raise LabError(value, f"is no {cls.__name__}", f"Choose one of {', '.join(cls)}.")


class ZoneError(LabError):
    """A zone, or a record in it, that cannot be loaded. Nothing of it is."""


class ZoneProblemsError(ZoneError):
    """Everything that is wrong with a zone, a line each.

    Attributes:
        problems: one error for each.
    """

    def __init__(self, problems: Sequence[ZoneError]) -> None:
        self.problems = tuple(problems)
        first = self.problems[0]
        super().__init__(first.value, first.rule, first.remedy)

    def __str__(self) -> str:
        return "\n".join(LabError.__str__(problem) for problem in self.problems)


class ListenError(LabError):
    """A listener that cannot be opened, or a server that cannot be asked."""


class ScenarioError(LabError):
    """A simulation that is not possible as described."""


def raise_interrupt(wrong: BaseException) -> None:
    """Raise the KeyboardInterrupt that a library took for a mistake in its input, if that it was.

    dnspython wraps whatever ends the reading of a record, and not only its own kind of error.
    """
    cause: BaseException | None = wrong
    while cause is not None:
        if not isinstance(cause, Exception):
            raise cause
        cause = cause.__cause__ or cause.__context__
