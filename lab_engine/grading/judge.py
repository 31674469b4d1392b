"""The process that judges: it has the labs' judges, draws worlds, and is given plain data only.

`python -m lab_engine.grading.judge` answers a line of JSON with one. Each submission is judged in a
copy of this process with limits of its own, so that none of them leaves anything behind.
"""

import json
import os
import resource
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from functools import cache
from importlib import import_module
from itertools import islice
from random import Random
from typing import Any, Final

from lab_engine.labs.lab import Given, Lab, Result, World

Line = dict[str, Any]
PIPE: Final = 1 << 16
MEMORY: Final = 4 << 30
MOST_DRAWS: Final = 1000


def main() -> int:
    """Answer what is asked on the input until it ends. Returns the exit status."""
    say = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what a judge prints is no answer
    for line in sys.stdin:
        asked = json.loads(line)
        try:
            answer = describe(**asked) if asked.pop("do") == "describe" else _apart(**asked)
        except Exception as wrong:  # noqa: BLE001 - a judge of a lab is wrong: said, and survived
            answer = {"broken": f"{type(wrong).__name__}: {wrong}"}
        say.write(json.dumps(answer) + "\n")
        say.flush()
    return 0


def describe(module: str, seed: str, hidden: int | None) -> Line:
    """What a lab asks for, and what its functions are called with.

    Args:
        module: that has its `LAB`.
        seed: of the hidden worlds.
        hidden: how many of them; None for as many as the lab draws at once.
    """
    lab = lab_of(module)
    unseen = drawn(module, seed, hidden)
    return {
        "title": lab.title,
        "lesson": lab.lesson,
        "answers": [asdict(each) | {"cell": each.cell} for each in lab.answers],
        "goals": [asdict(each) for each in lab.goals],
        "visible": [_calls(lab, world) for world in lab.visible],
        "hidden": [_calls(lab, world) for world in unseen],
    }


def judge(
    module: str,
    seed: str,
    hidden: int | None,
    visible_given: Sequence[Mapping[str, Any]],
    hidden_given: Sequence[Mapping[str, Any]],
) -> Line:
    """The findings in each visible and each hidden world.

    Args:
        module: that has the `LAB`.
        seed: of the hidden worlds.
        hidden: as in `describe`.
        visible_given: what the answers came to in each world: values, and `results` of calls.
        hidden_given: likewise.
    """
    lab = lab_of(module)
    unseen = drawn(module, seed, hidden)
    return {
        "visible": _judged(lab, lab.visible, visible_given),
        "hidden": _judged(lab, unseen, hidden_given),
    }


def _judged(
    lab: Lab, worlds: Sequence[World], every: Sequence[Mapping[str, Any]]
) -> list[list[Line]]:
    keys = [goal.key for goal in lab.goals]
    judged = []
    for world, answers in zip(worlds, every, strict=True):
        found = {each.goal: asdict(each) for each in lab.judge(world, _given(lab, answers))}
        judged.append([found[key] for key in keys])
    return judged


def _given(lab: Lab, answers: Mapping[str, Any]) -> Given:
    return {
        each.name: [Result(**result) for result in answers[each.name]]
        if each.called
        else answers[each.name]
        for each in lab.answers
    }


@cache
def lab_of(module: str) -> Lab:
    """The lab of a module."""
    found: Lab = import_module(module).LAB
    return found


@cache
def drawn(module: str, seed: str, hidden: int | None) -> tuple[World, ...]:
    """The hidden worlds of a seed. More of them begin with the same ones."""
    lab = lab_of(module)
    dice = Random(f"{seed}/{lab.name}")
    if hidden is None:
        return tuple(lab.unseen(dice))
    draws = (world for _ in range(MOST_DRAWS) for world in lab.unseen(dice))
    return tuple(islice(draws, hidden))


def _calls(lab: Lab, world: World) -> Line:
    return {name: [list(each) for each in calls] for name, calls in lab.calls(world).items()}


# Each submission in a copy


def _apart(seconds: int, **asked: Any) -> Line:
    """What `judge` says, in a process that is ended when it takes too much."""
    drawn(asked["module"], asked["seed"], asked["hidden"])  # once for all copies
    receiving, sending = os.pipe()
    child = os.fork()
    if child == 0:
        _limited(sending, seconds, asked)
    os.close(sending)
    with os.fdopen(receiving, encoding="utf-8") as answered:
        text = answered.read()
    _, status = os.waitpid(child, 0)
    try:
        found: Line = json.loads(text)
    except ValueError:
        how = os.waitstatus_to_exitcode(status)
        return {"problem": f"Judging took more than {seconds} s or too much memory (status {how})."}
    return found


def _limited(sending: int, seconds: int, asked: Line) -> None:
    try:
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
        if sys.platform == "linux":
            resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        try:
            answer = judge(**asked)
        except Exception as wrong:  # noqa: BLE001 - likewise
            answer = {"broken": f"{type(wrong).__name__}: {wrong}"}
        with os.fdopen(sending, "w", encoding="utf-8") as answering:
            answering.write(json.dumps(answer))
    finally:
        os._exit(0)


if __name__ == "__main__":
    sys.exit(main())
