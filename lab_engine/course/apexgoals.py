"""Goals of the panel of the apex, as `goals` has those of traffic."""

import math
from typing import Any, Final

from lab_engine.drill.apex import APEX, Apex
from lab_engine.drill.asking import asked, judged
from lab_engine.views.theme import number

from .goals import TEXT, Measure, predicate

COUNT: Final = Measure(0, math.inf, number)


@predicate(kind=TEXT, count=COUNT)
def redirected_within(scenario: Apex, outcome: Any, *, kind: str, count: float) -> bool:
    """The first so many questions get a type redirected that the authority itself answers right."""
    led = any(
        step.kind == kind and step.state == "redirected"
        for step in outcome.chosen.steps[: int(count)]
    )
    return led and judged(kind, scenario.start(scenario.way).ask(APEX, kind))[0] == "right"


@predicate(kind=TEXT)
def right_then_redirected(_scenario: object, outcome: Any, *, kind: str) -> bool:
    """One and the same question is answered right, and later redirected."""
    states = [step.state for step in outcome.chosen.steps if step.kind == kind]
    return states[:1] == ["right"] and "redirected" in states


@predicate(place=TEXT)
def everybody_reaches(scenario: Apex, _outcome: object, *, place: str) -> bool:
    """Browser and curl get to servers in a place, and mail arrives, in the worst order, too."""
    worst = scenario.set("through", True).set("first", "A").set("second", "MX")
    clients = asked(worst).clients
    near = all(clients[each] == (True, place) for each in ("browser", "curl"))
    return near and clients["mail server"][0]
