"""A small lab for the tests of the grader: a value, and a function that is called in each world."""

from lab_engine.labs.credit import near
from lab_engine.labs.lab import Answer, Finding, Goal, Lab

GOALS = (
    Goal("ttl", "The TTL is 60 s", 40, "lesson 04, part 1"),
    Goal("share", "The share of the first server", 60, "lesson 02, part 1"),
)


def judge(world, given):
    """How far the TTL is from 60 s, and how many shares are right."""
    ttl = given["ttl"] if type(given["ttl"]) in (int, float) else 0
    right = [
        type(result.value) in (int, float) and abs(result.value - a / (a + b)) < 1e-9
        for (a, b), result in zip(world["weights"], given["share"], strict=True)
    ]
    rate = sum(right) / len(right)
    return (
        Finding("ttl", near(abs(ttl - 60), 0, 60), f"TTL {ttl} s", "60 s", "Think of a minute."),
        Finding(
            "share", near(rate, 1, 0), f"{rate:.0%} right", "all", "Divide by the sum of weights."
        ),
    )


def unseen(rng):
    """Three worlds with three pairs of weights each."""
    return [
        {"weights": [[rng.randint(1, 99), rng.randint(1, 99)] for _ in range(3)]} for _ in range(3)
    ]


LAB = Lab(
    name="lab_00_sample",
    title="A sample",
    lesson="02_weights",
    answers=(Answer("ttl"), Answer("share", called=True)),
    goals=GOALS,
    visible=({"weights": [[1, 3], [2, 2]]},),
    unseen=unseen,
    judge=judge,
    calls=lambda world: {"share": [tuple(pair) for pair in world["weights"]]},
)
