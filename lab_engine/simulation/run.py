"""Choosing an engine. numpy and simpy are imported here, when a run needs them."""

from lab_engine.errors import ScenarioError
from lab_engine.simulation.answers import reasons
from lab_engine.simulation.outcome import Outcome
from lab_engine.simulation.scenario import Scenario

ENGINES = ("auto", "population", "events")


def supports(scenario: Scenario) -> tuple[str, ...]:
    """What the population engine cannot do exactly in this scenario, in words; empty if all."""
    return reasons(scenario)


def run(scenario: Scenario, engine: str = "auto", *, trace: bool = False) -> Outcome:
    """Run a scenario.

    Args:
        scenario: what happens.
        engine: `population`, `events`, or `auto`: population where it is exact.
        trace: whether to note each event; that takes the event engine.

    Raises:
        ScenarioError: an unknown engine, or one that cannot do this.
    """
    if engine not in ENGINES:
        raise ScenarioError(engine, "is not an engine", f"Choose one of {', '.join(ENGINES)}.")
    cannot = ("it has no events to trace",) if trace else supports(scenario)
    if engine == "population" and cannot:
        raise ScenarioError(
            "population", f"cannot run this: {'; '.join(cannot)}", "Take the engine events."
        )
    if engine == "events" or cannot:
        from lab_engine.simulation import events  # noqa: PLC0415  (simpy)

        return events.run(scenario, trace=trace)
    from lab_engine.simulation import population  # noqa: PLC0415  (numpy)

    return population.run(scenario)
