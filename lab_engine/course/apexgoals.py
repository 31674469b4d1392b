"""Goals of the panel of the apex, as `goals` has those of traffic."""

import math
from typing import Any, Final

from lab_engine.live.apex import APEX, Apex
from lab_engine.live.asking import asked, judged
from lab_engine.views.theme import number

from .goals import TEXT, Measure, Standing, predicate

COUNT: Final = Measure(0, math.inf, number)


@predicate(kind=TEXT, count=COUNT)
def redirected_within(scenario: Apex, outcome: Any, *, kind: str, count: float) -> Standing:
    """The first so many questions get a type redirected that the authority itself answers right."""
    states = [step.state for step in outcome.chosen.steps[: int(count)] if step.kind == kind]
    direct, _ = judged(kind, scenario.start(scenario.way).ask(APEX, kind))
    now = f"{kind} is {states[0]}" if states else f"{kind} is not among them"
    if direct != "right":
        now = f"the authority itself gets {kind} {direct}"
    return Standing("redirected" in states and direct == "right", now)


@predicate(kind=TEXT)
def right_then_redirected(_scenario: object, outcome: Any, *, kind: str) -> Standing:
    """One and the same question is answered right, and later redirected."""
    states = [step.state for step in outcome.chosen.steps if step.kind == kind]
    reached = states[0] == "right" and "redirected" in states
    return Standing(reached, f"{kind} is {', then '.join(states)}")


@predicate(place=TEXT)
def everybody_reaches(scenario: Apex, _outcome: object, *, place: str) -> Standing:
    """Browser and curl get to servers in a place, and mail arrives, in the worst order, too."""
    worst = scenario.set("through", True).set("first", "A").set("second", "MX")
    clients = asked(worst).clients
    near = all(clients[each] == (True, place) for each in ("browser", "curl"))
    now = ", ".join(f"{client}: {where or 'nowhere'}" for client, (_, where) in clients.items())
    return Standing(near and clients["mail server"][0], f"asked A first, {now}")
