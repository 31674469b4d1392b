"""The lab as its notebook sees it: visible checks that pass or raise.

A check that passes prints the same octets for every right answer, so that the outputs stored with a
notebook neither fail another right answer nor tell what the reference measured; what was measured
stands beside it, in a widget, which is never stored. Where answers are run for a grade, there is
nobody to judge them: a check among them says nothing.
"""

import json
from collections.abc import Mapping
from html import escape
from typing import Any, Final

from IPython.display import display
from ipywidgets import HTML

from lab_engine.authority.elements import nearest
from lab_engine.errors import LabError, in_lines

from .lab import Finding, Goal, Lab
from .trying import given

VIEW: Final = "application/vnd.jupyter.widget-view+json"
JUDGES: Final = "lab_engine.labs.judging"


class NotYetError(AssertionError):
    """A visible check that is not passed: one line, without the wall of a traceback."""

    def _render_traceback_(self) -> list[str]:
        return in_lines(f"Not yet: {self}")


class Measured(HTML):  # type: ignore[misc]
    """What was measured, as a view without a text: a text would be stored, and compared."""

    def _ipython_display_(self) -> None:
        view = {"version_major": 2, "version_minor": 0, "model_id": self.model_id}
        display({VIEW: view}, raw=True)


class Worksheet:
    """The visible checks of one lab.

    Args:
        lab: its name, such as `lab_01_four_tills`; or a lab of one's own.
    """

    def __init__(self, lab: str | Lab) -> None:
        self._which = lab
        self._findings: dict[str, tuple[tuple[Finding, ...], ...]] = {}

    def check(self, goal: str, **answers: Any) -> Measured:
        """Try the answers in every visible world, and look at one goal.

        Args:
            goal: its key.
            answers: by the names of their variables.

        Returns:
            What was measured, to stand beside the line that says that the check is passed.

        Raises:
            NotYetError: the goal is missed in one of the worlds, or the answers cannot be tried.
            LabError: the lab has no such goal.
        """
        lab = self._lab()
        if lab is None:
            return Measured("")
        aim = _goal(lab, goal)
        try:
            found = [_of(goal, each) for each in self._tried(lab, answers)]
        except LabError as refused:
            raise NotYetError(str(refused)) from None
        worst = min(found, key=lambda each: each.credit)
        if worst.credit < 1:
            raise NotYetError(_missed(worst, aim))
        print(f"{aim.title}: passed")  # noqa: T201
        lines = (
            f"<li>{escape(each.measured)}; wanted {escape(each.wanted)}</li>" for each in found
        )
        return Measured(f'<div role="status">Measured: <ul>{"".join(lines)}</ul></div>')

    def _lab(self) -> Lab | None:
        if isinstance(self._which, Lab):
            return self._which
        try:
            # Not at the top: where a grader runs what learners wrote there are no judges.
            from lab_engine.labs.judging import lab  # noqa: PLC0415
        except ModuleNotFoundError as missing:
            if missing.name != JUDGES:
                raise
            return None
        return lab(self._which)

    def _tried(self, lab: Lab, answers: Mapping[str, Any]) -> tuple[tuple[Finding, ...], ...]:
        """The findings in each visible world; the same answers are tried once for all goals."""
        worlds = [given(lab, world, answers) for world in lab.visible]
        key = json.dumps(worlds, default=vars, sort_keys=True)
        if key not in self._findings:
            tried = zip(lab.visible, worlds, strict=True)
            self._findings = {key: tuple(tuple(lab.judge(world, one)) for world, one in tried)}
        return self._findings[key]


def _goal(lab: Lab, key: str) -> Goal:
    for goal in lab.goals:
        if goal.key == key:
            return goal
    raise LabError(key, "is no goal of this lab", nearest(key, [goal.key for goal in lab.goals]))


def _of(goal: str, findings: tuple[Finding, ...]) -> Finding:
    return next(each for each in findings if each.goal == goal)


def _missed(finding: Finding, goal: Goal) -> str:
    turn = f" {finding.turn}" if finding.turn else ""
    return f"{finding.measured}, wanted {finding.wanted}.{turn} ({goal.taught})"
