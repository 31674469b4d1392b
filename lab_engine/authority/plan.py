"""The one idea: a question has a plan, a tree whose leaves are replies with probabilities.

The wire draws one outcome from it, the simulations draw many, the theory reads the shares and
`explain` prints the tree. A branch that was rejected stays, with probability 0 and its reason.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
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
        reply: the leaf's reply; None where there are branches, or where it was never reached.
        branches: the ways on, those with probability 0 included.
        healthy: whether an alias that evaluates its target's health may come here; it does not
            depend on the client.
        scope: the prefix length around the client for which all of this holds, whatever is
            drawn and whoever is healthy (RFC 7871 section 7.2.1); 0 for everybody.
        by_peer: whether it holds, besides, only where the same resolver asks.
    """

    what: str
    why: str
    probability: float = 1.0
    reply: Reply | None = None
    branches: tuple["Plan", ...] = ()
    healthy: bool = True
    scope: int = 0
    by_peer: bool = False


class Share(NamedTuple):
    """One reply and how likely it is, 0 to 1."""

    probability: float
    reply: Reply


def replies(plan: Plan) -> tuple[Share, ...]:
    """Every reply the plan can give, equal ones merged; probabilities sum to 1."""
    merged: dict[Reply, float] = {}
    for probability, reply in _leaves(plan, 1.0):
        merged[reply] = merged.get(reply, 0.0) + probability
    return tuple(Share(probability, reply) for reply, probability in merged.items())


def alike(ones: tuple[Share, ...], others: tuple[Share, ...]) -> bool:
    """Whether two plans promise the same replies, each as likely, in whatever order."""
    chances = {reply: probability for probability, reply in ones}
    return len(ones) == len(others) and all(
        math.isclose(chances.get(reply, -1.0), probability) for probability, reply in others
    )


def draw(plan: Plan, rng: Random) -> Reply:
    """One reply, as likely as the plan says. A plan without a choice rolls no dice."""
    while plan.reply is None:
        ways = [branch for branch in plan.branches if branch.probability > 0]
        plan = ways[0]
        if len(ways) > 1:
            plan = rng.choices(ways, [way.probability for way in ways])[0]
    return _sampled(plan.reply, rng)


def _sampled(reply: Reply, rng: Random) -> Reply:
    """The reply with only as many values of its last RRset as it may send."""
    if reply.sample is None:
        return reply
    *chain, last = reply.answer
    values = tuple(rng.sample(last.values, min(reply.sample, len(last.values))))
    return replace(reply, answer=(*chain, replace(last, values=values)), sample=None)


def _leaves(plan: Plan, probability: float) -> Iterator[Share]:
    if plan.reply is not None:
        yield Share(probability, plan.reply)
    for branch in plan.branches:
        if branch.probability > 0:
            yield from _leaves(branch, probability * branch.probability)
