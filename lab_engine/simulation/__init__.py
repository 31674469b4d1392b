"""What time does: a scenario is run by one of two engines, and both give one kind of outcome.

`events` plays every request; `population` draws what they add up to. Where both can, they agree,
and `theory` says what to expect. numpy and simpy are imported when a run first needs them.
"""

from lab_engine.simulation.outcome import Event, Level, Levels, Outcome
from lab_engine.simulation.parts import Clients, Resolvers
from lab_engine.simulation.run import run, supports
from lab_engine.simulation.scenario import Scenario

__all__ = [
    "Clients",
    "Event",
    "Level",
    "Levels",
    "Outcome",
    "Resolvers",
    "Scenario",
    "run",
    "supports",
]
