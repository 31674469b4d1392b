"""Choosing an engine. numpy and simpy are imported here, when a run needs them."""

from collections.abc import Callable

from lab_engine.errors import ScenarioError
from lab_engine.simulation.holders import RESOLVERS, checked
from lab_engine.simulation.outcome import Outcome
from lab_engine.simulation.scenario import Scenario

ENGINES = ("auto", "population", "events")
Progress = Callable[[float, float], object]
"""Called with how much is done, and of how much: seconds of the watch, caches, or runs."""


def supports(scenario: Scenario) -> tuple[str, ...]:
    """What the population engine cannot do exactly in this scenario, in words; empty if all."""
    from lab_engine.simulation.population.domain import reasons  # noqa: PLC0415  (both engines come later)

    return reasons(scenario)


def run(  # noqa: PLR0913  (each is one thing a user may want to say)
    scenario: Scenario,
    engine: str = "auto",
    *,
    trace: bool = False,
    progress: Progress | None = None,
    partial: bool = False,
    holdings: int = 0,
    holders: str = RESOLVERS,
    served: bool = False,
) -> Outcome:
    """Run a scenario.

    Args:
        scenario: what happens.
        engine: `population`, `events`, or `auto`: population where it is exact.
        trace: whether to note each event; that takes the event engine.
        progress: called now and then; what it raises ends the run.
        partial: whether Ctrl-C gives what was counted by then, as an outcome that says so.
        holdings: for how many of the largest caches the outcome says who held what from when to
            when, 0 to 10,000: see `simulation.holders`.
        holders: whose caches those are: `resolvers`, `clients`, or a layer's name. Other than
            resolvers' take the event engine.
        served: whether the outcome has a `service` also where no server has a limit and no
            balancer stands before them; that takes the event engine.

    Raises:
        ScenarioError: an unknown engine, or one that cannot do this; holdings that are too many.
        KeyboardInterrupt: it was interrupted, and nobody asked for a part.
    """
    if engine not in ENGINES:
        raise ScenarioError(engine, "is not an engine", f"Choose one of {', '.join(ENGINES)}.")
    checked(scenario, holders)
    if engine == "events":
        cannot: tuple[str, ...] = ()  # what the other cannot do takes time to find out
    elif trace:
        cannot = ("it has no events to trace",)
    elif served:
        cannot = ("it does not count requests where they are served",)
    elif holdings and holders != RESOLVERS:
        cannot = (f"it does not tell the caches of {holders} apart",)
    else:
        cannot = supports(scenario)
    if engine == "population" and cannot:
        raise ScenarioError(
            "population", f"cannot run this: {'; '.join(cannot)}", "Take the engine events."
        )
    if engine == "events" or cannot:
        from lab_engine.simulation.events import engine as events  # noqa: PLC0415  (simpy)

        return events.run(
            scenario,
            trace=trace,
            progress=progress,
            partial=partial,
            holdings=holdings,
            holders=holders,
            served=served,
        )
    from lab_engine.simulation.population import engine as population  # noqa: PLC0415  (numpy)

    return population.run(scenario, progress=progress, partial=partial, holdings=holdings)
