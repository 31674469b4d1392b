"""A lesson with one card of each kind, and a panel of few words, for the browser tests.

Copied beside their notebooks, which do `from toy_cards import *`.
"""

from typing import Any, NamedTuple

from lab_engine.course.datafile import parse
from lab_engine.course.lesson import Lesson

SHEET = parse(
    """
[predict.second]
ask = "You ask the same question once more. Which address comes first?"
right = "192.0.2.2"
was = "{} came first"
why = "This server moves the list one step on at each answer."
[predict.second.wrong]
"192.0.2.1 again" = "That is what a cache would do. This server keeps a counter."
"one at random" = "Route 53 draws at random. This server was told to be `cyclic`."

[predict.worst]
ask = "30 s, three failures, TTL 60: how long is the worst outage?"
number = { from = 10, to = 1000, unit = "s", scale = "log" }
why = "Three intervals until it is seen, and a TTL until the last cache has heard."
below = "That counts one interval, and the threshold is three."

[predict.band]
ask = "In 9 of 10 runs the canary gets between which shares?"
interval = { from = 0, to = 5, unit = "%", step = 0.05 }
why = "A few large caches decide."
narrow = "That counts requests. What is drawn are the fills of a few caches."

[quiz.frozen]
ask = "Users behind one frozen cache, TTL 300, three servers. What does each server see from them?"
right = "all or nothing, for 300 s at a time"
why = "The cache repeats one answer until its TTL has run out; then it asks for the next."
[quiz.frozen.wrong]
"a third each, at any moment" = "That is the average of a long time. Here and now one has all."
"all or nothing, for as long as the cache runs" = "The TTL ends each answer's life."

[quiz.floor]
ask = "How many times the mean does the busiest of seven servers carry at least?"
number = { from = 1, to = 7, step = 0.05 }
right = 1.95
within = 0.1
why = "The largest resolver goes to some server, whichever that is."
below = "The largest resolver alone brings more than that."

[goal.majority]
ask = "Send {address} more than {share} of the requests for {seconds}."
why = "A long TTL keeps the largest caches where they are."
reach = "share_above"
target = { address = "192.0.2.1", share = 0.6, seconds = 60 }
""",
    "toy",
)


class Counts(NamedTuple):
    """An outcome of two addresses in two bins, as far as goals look at it."""

    requests: tuple[tuple[int, ...], ...]
    addresses: tuple[str, ...] = ("192.0.2.1", "192.0.2.2")
    bin: float = 30.0
    queries: tuple[int, ...] = (1, 1)


class Panel:
    """A panel that is moved by calling it."""

    scenario = None
    outcome = Counts(((5, 5), (5, 5)))

    def __init__(self) -> None:
        self.moves, self.callbacks = 0, []

    def on_outcome(self, callback: Any) -> None:
        """Call back after each move."""
        self.callbacks.append(callback)

    def move(self, first: int) -> None:
        """Give the first address `first` of ten requests."""
        self.moves += 1
        self.outcome = Counts(((first, first), (10 - first, 10 - first)))
        for callback in self.callbacks:
            callback(self.scenario, self.outcome, self.moves)


def toy_lesson() -> Lesson:
    """The lesson, with its answers beside the notebook."""
    return Lesson("toy", SHEET)
