"""Trying an answer in a world: its functions called, its values made plain, and judged."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from lab_engine.errors import LabError

from .lab import Arguments, Finding, Given, Lab, Result, World
from .plain import plain

LONGEST: Final = 500  # letters of what went wrong


def called(function: Callable[..., Any], arguments: Arguments) -> Result:
    """What a learner's function gives back, as plain data, or what went wrong."""
    try:
        return Result(plain(function(*plain(arguments))))
    except LabError as refused:
        return Result(problem=str(refused))
    except Exception as raised:  # noqa: BLE001 - whatever a learner's code raises is its answer
        return Result(problem=_told(raised))


def _told(raised: Exception) -> str:
    """Kind and words of an error, which may be somebody's own and have none."""
    kind = type(raised).__name__
    try:
        return f"{kind}: {raised}"[:LONGEST]
    except Exception:  # noqa: BLE001 - likewise
        return kind


def given(lab: Lab, world: World, answers: Mapping[str, Any]) -> Given:
    """What the answers come to in a world: plain values, and results of calls.

    Args:
        lab: whose answers they are.
        world: in which they are tried.
        answers: the variables of the notebook.

    Raises:
        LabError: an answer is missing, or no plain data.
    """
    calls = lab.calls(world)
    found: dict[str, Any] = {}
    for answer in lab.answers:
        if answer.name not in answers:
            raise LabError(answer.name, "is not given", f"Run the cell that sets {answer.name}.")
        value = answers[answer.name]
        if answer.called:
            found[answer.name] = [called(value, each) for each in calls[answer.name]]
        else:
            found[answer.name] = plain(value)
    return found


def tried(lab: Lab, world: World, answers: Mapping[str, Any]) -> tuple[Finding, ...]:
    """The findings of one world, one for each goal of the lab, in its order.

    Raises:
        LabError: as `given`.
    """
    return tuple(lab.judge(world, given(lab, world, answers)))
