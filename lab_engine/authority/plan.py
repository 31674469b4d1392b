"""The one idea: a question has a plan, a tree whose leaves are replies with probabilities.

The wire draws one outcome from it, the simulations draw many, the theory reads the shares and
`explain` prints the tree. A branch that was rejected stays, with probability 0 and its reason.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random
from typing import NamedTuple

from lab_engine.authority.records import Reply


@dataclass(frozen=True)
class Plan:
    """One node of the tree: either a reply, or branches whose probabilities sum to 1.

    Attributes:
        what: what stands here, such as a record set or a step of the lookup.
        why: why it was taken or left, as a clause.
        probability: of this branch, given its parent; 0 to 1.
        reply: the leaf's reply; None where there are branches.
        branches: the ways on, those with probability 0 included.
    """

    what: str
    why: str
    probability: float = 1.0
    reply: Reply | None = None
    branches: tuple["Plan", ...] = ()


class Share(NamedTuple):
    """One reply and how likely it is, 0 to 1."""

    probability: float
    reply: Reply


def outcomes(plan: Plan) -> tuple[Share, ...]:
    """Every reply the plan can give, equal ones merged; probabilities sum to 1."""
    merged: dict[Reply, float] = {}
    for probability, reply in _leaves(plan, 1.0):
        merged[reply] = merged.get(reply, 0.0) + probability
    return tuple(Share(probability, reply) for reply, probability in merged.items())


def draw(plan: Plan, rng: Random) -> Reply:
    """One reply, as likely as the plan says. A plan without a choice rolls no dice."""
    while plan.reply is None:
        ways = [branch for branch in plan.branches if branch.probability > 0]
        plan = ways[0]
        if len(ways) > 1:
            plan = rng.choices(ways, [way.probability for way in ways])[0]
    return plan.reply


def _leaves(plan: Plan, probability: float) -> Iterator[Share]:
    if plan.reply is not None:
        yield Share(probability, plan.reply)
    for branch in plan.branches:
        if branch.probability > 0:
            yield from _leaves(branch, probability * branch.probability)
