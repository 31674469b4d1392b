"""From findings to a mark: visible worlds count for 40 of 100, unseen ones for the rest."""

from collections.abc import Sequence
from statistics import fmean

from .lab import VISIBLE_SHARE, Finding, Goal


def share(findings: Sequence[Finding], goal: Goal) -> float:
    """The mean credit of a goal over the worlds it was looked at in, from 0 to 1."""
    return fmean(each.credit for each in findings if each.goal == goal.key)


def mark(goals: Sequence[Goal], visible: Sequence[Finding], hidden: Sequence[Finding]) -> float:
    """The points of a lab, from 0 to 100.

    Args:
        goals: of the lab.
        visible: findings in its visible worlds, one for each goal and world.
        hidden: likewise in unseen worlds.
    """
    return sum(
        goal.points
        * (VISIBLE_SHARE * share(visible, goal) + (1 - VISIBLE_SHARE) * share(hidden, goal))
        for goal in goals
    )
