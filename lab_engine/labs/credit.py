"""How much a goal is worth when it is missed, or met by brute force.

Full at the goal; from there it falls in a straight line, and is 0 half-way to what somebody gets
who has not understood: the naive answer.
"""

from collections.abc import Sequence
from dataclasses import replace

from .lab import Finding, World


def near(measured: float, goal: float, naive: float) -> float:
    """The credit of a measure, from 0 to 1.

    Args:
        measured: what the answer reached.
        goal: earns all.
        naive: what the naive answer reaches, on the other side of the goal; from half-way on, 0.

    Examples:
        >>> near(75, 75, 115), near(85, 75, 115), near(95, 75, 115)
        (1.0, 0.5, 0.0)
        >>> near(0.9, 0.95, 0.75)
        0.5
    """
    missed = (measured - goal) / ((naive - goal) / 2)
    return round(min(1.0, max(0.0, 1.0 - missed)), 6)


def thrifty(
    findings: Sequence[Finding], bill: float, reference: float, why: str = ""
) -> tuple[Finding, ...]:
    """The findings, each worth less by as much as the bill exceeds the reference's.

    So what is bought by brute force earns at most half where it costs twice as much.

    Args:
        findings: of one world.
        bill: of the answer, in any unit.
        reference: of a good answer in that world, in the same.
        why: a sentence for the learner, where credit is lost so. It stands alone where nothing else
            is to be mended.
    """
    if bill <= reference:
        return tuple(findings)
    return tuple(
        replace(
            each,
            credit=round(each.credit * reference / bill, 6),
            turn=" ".join(filter(None, ("" if each.credit == 1 else each.turn, why))),
        )
        for each in findings
    )


def worse(judged: Sequence[Sequence[Finding]]) -> tuple[Finding, ...]:
    """Of each goal the finding that earns least, over several worlds that count as one.

    So an answer that always says the same of worlds that are each other's opposites earns nothing.

    Args:
        judged: the findings of each of the worlds, with the same goals in the same order.
    """
    return tuple(min(same, key=lambda each: each.credit) for same in zip(*judged, strict=True))


def titled(findings: Sequence[Finding], world: World) -> tuple[Finding, ...]:
    """The findings, each with the `title` of its world, if that has one: visible worlds do."""
    title = f"{world['title']}: " if "title" in world else ""
    return tuple(replace(each, measured=title + each.measured) for each in findings)


def nothing(goals: Sequence[str], why: str) -> tuple[Finding, ...]:
    """No credit for any goal, since nothing could be measured.

    Args:
        goals: their keys.
        why: for the learner: the value, the rule and the remedy.
    """
    return tuple(
        Finding(goal, 0.0, "nothing", "an answer that can be measured", why) for goal in goals
    )
