"""Goals of the panel of queues, as `goals` has those of traffic."""

from lab_engine.simulation.farms import Farm, Lanes
from lab_engine.views.theme import seconds as seconds_of

from .goals import SECONDS, TEXT, Standing, predicate


@predicate(world=TEXT, seconds=SECONDS)
def slow(_farm: Farm, lanes: Lanes, *, world: str, seconds: float) -> Standing:
    """99 of 100 served requests of a world take up to more than so long."""
    took = _p99(lanes, world)
    return Standing(took > seconds, f"{world} {_said(took)}")


@predicate(world=TEXT, seconds=SECONDS, other=TEXT, within=SECONDS)
def slow_alone(
    _farm: Farm, lanes: Lanes, *, world: str, seconds: float, other: str, within: float
) -> Standing:
    """The same, while 99 of 100 requests of another world take less than so long."""
    took, beside = _p99(lanes, world), _p99(lanes, other)
    reached = took > seconds and beside < within
    return Standing(reached, f"{world} {_said(took)}, {other} {_said(beside)}")


def _p99(lanes: Lanes, world: str) -> float:
    return lanes.lane(world).latency_ms[2] / 1000


def _said(took: float) -> str:
    return seconds_of(float(f"{took:.2g}"))
