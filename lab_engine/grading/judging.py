"""Asking the process that judges (`judge.py`), and beginning another one when it has died."""

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from lab_engine.errors import LabError
from lab_engine.labs.lab import Answer, Goal

from .catalogue import Entry
from .exam import Exam
from .running import Wanted
from .runtime import PACKAGE


@dataclass(frozen=True)
class Described:
    """What a lab asks for in this exam.

    Args:
        title: of the lab.
        answers: that it asks for.
        goals: that it looks at.
        wanted: what a submission is asked.
    """

    title: str
    answers: tuple[Answer, ...]
    goals: tuple[Goal, ...]
    wanted: Wanted


class Judge:
    """A process that judges.

    Args:
        folders: in which modules of labs are, besides the package.
    """

    def __init__(self, folders: frozenset[Path]) -> None:
        self._folders = folders
        self._process = self._begun()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._end()

    def describe(self, entry: Entry, exam: Exam) -> Described:
        """What a lab asks for.

        Raises:
            LabError: its module is broken.
        """
        told = self._ask({"do": "describe", **_which(entry, exam)})
        if "broken" in told:
            remedy = "Mend its module, or leave its submissions out."
            raise LabError(entry.name, f"cannot be asked for: {told['broken']}", remedy)
        answers = [Answer(each["name"], called=each["called"]) for each in told["answers"]]
        values = [each.name for each in answers if not each.called]
        return Described(
            told["title"],
            tuple(answers),
            tuple(Goal(**each) for each in told["goals"]),
            Wanted(values, told["visible"], told["hidden"]),
        )

    def judge(self, entry: Entry, exam: Exam, visible: Any, hidden: Any) -> Mapping[str, Any]:
        """Findings in `visible` and `hidden`; or a `problem` of answers, or what is `broken`."""
        given = {"visible_given": visible, "hidden_given": hidden}
        seconds = exam.limits.judge_seconds
        return self._ask({"do": "judge", "seconds": seconds, **_which(entry, exam), **given})

    def _ask(self, what: Mapping[str, Any]) -> dict[str, Any]:
        assert self._process.stdin is not None  # noqa: S101 - piped
        assert self._process.stdout is not None  # noqa: S101 - piped
        try:
            self._process.stdin.write(json.dumps(what) + "\n")
            self._process.stdin.flush()
            found: dict[str, Any] = json.loads(self._process.stdout.readline())
        except (OSError, ValueError):
            self._end()
            self._process = self._begun()
            return {"broken": "The process that judges has died."}
        return found

    def _begun(self) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-P", "-m", "lab_engine.grading.judge"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={
                "PATH": "/usr/bin:/bin",
                "LANG": "C.UTF-8",
                "PYTHONHASHSEED": "0",
                "OPENBLAS_NUM_THREADS": "1",
                "PYTHONPATH": os.pathsep.join(map(str, (PACKAGE.parent, *sorted(self._folders)))),
            },
            text=True,
            encoding="utf-8",
        )

    def _end(self) -> None:
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                with contextlib.suppress(OSError):
                    stream.close()
        self._process.kill()
        self._process.wait()


def _which(entry: Entry, exam: Exam) -> dict[str, Any]:
    return {"module": entry.module, "seed": exam.seed, "hidden": exam.paper(entry.name).hidden}


@contextlib.contextmanager
def judges(count: int, folders: frozenset[Path]) -> Iterator[list[Judge]]:
    """So many processes that judge."""
    with contextlib.ExitStack() as stack:
        yield [stack.enter_context(Judge(folders)) for _ in range(count)]
