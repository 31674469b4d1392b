"""Three worlds side by side: DNS alone, and a balancer at L4 and at L7, under the same traffic.

Four watches in each, alike but for what happens at half time: nothing, a death, a drain, and none
of these but a canary from the beginning. In the DNS world a server is drained by taking it out of
the zone, and a canary is a weighted record set; with a balancer it is told, and DNS stays as it is.
Requests come at the same times in all three, and look the name up alike.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from statistics import fmean
from typing import NamedTuple

from lab_engine.authority.policies import Weighted
from lab_engine.authority.recordset import RecordSet
from lab_engine.authority.zone import Zone
from lab_engine.errors import ScenarioError
from lab_engine.simulation.balancer import Balancer, OsiLayer, Stickiness
from lab_engine.simulation.balancing import targets
from lab_engine.simulation.outcome import Outcome
from lab_engine.simulation.parts import ScheduledChange
from lab_engine.simulation.prices import Bill, Prices, bill
from lab_engine.simulation.run import Progress, run
from lab_engine.simulation.scenario import Scenario
from lab_engine.simulation.tables import Column, Shown, Table
from lab_engine.simulation.values import number

NAMES = ("DNS", "L4", "L7")
TAIL = (0.5, 0.95, 0.99)
WEIGHTS = 255  # the largest weight of a record set


@dataclass(frozen=True, repr=False)
class World:
    """One of the three, with its four watches.

    Attributes:
        name: `DNS`, `L4` or `L7`.
        steady: nothing happens.
        death: `victim` dies at `at`, or fails otherwise where its back end says how.
        drain: it is to get nothing any more from `at` on.
        canary: it gets `share` of the requests.
        victim: the first address of the name.
        at: seconds.
        share: what the canary is meant to get, 0 to 1.
        bill: of a month of the steady watch.
    """

    name: str
    steady: Outcome
    death: Outcome
    drain: Outcome
    canary: Outcome
    victim: str
    at: float
    share: float
    bill: Bill

    @property
    def imbalance(self) -> float:
        """The busiest server against the mean, in the mean window."""
        known = [each for each in self.steady.max_over_mean() if not math.isnan(each)]
        return fmean(known) if known else math.nan

    @property
    def latency_ms(self) -> tuple[float, ...]:
        """p50, p95 and p99 of the steady watch."""
        return self.steady.latency_ms(*TAIL)

    @property
    def failed(self) -> int:
        """Requests that failed from the death on, with those that died with the server."""
        first = self._first(self.death)
        return sum(self.death.failed[first:]) + sum(self.death.service.lost[first:])

    @property
    def drained(self) -> float:
        """Seconds until the end of the last bin in which the victim got a request; inf for never.

        0 where it got none in the bin in which the drain began, or after.
        """
        row = self._row(self.drain)
        first = self._first(self.drain)
        busy = [index for index, count in enumerate(row) if count and index >= first]
        if not busy:
            return 0.0
        return math.inf if busy[-1] == len(row) - 1 else (busy[-1] + 1) * self.drain.bin - self.at

    @property
    def canary_error(self) -> float:
        """How far the canary's share is off in a window: the root of the mean square."""
        row = self.canary.addresses.index(self.victim)
        shares = [counts[row] / sum(counts) for counts in self.canary.windows() if any(counts)]
        return math.sqrt(fmean((share - self.share) ** 2 for share in shares))

    @property
    def stickiness(self) -> float:
        """The part of the requests that came back to their client's last server."""
        return self.steady.service.stickiness

    def _row(self, outcome: Outcome) -> tuple[int, ...]:
        return outcome.requests[outcome.addresses.index(self.victim)]

    def _first(self, outcome: Outcome) -> int:
        return int(self.at / outcome.bin + 1e-9)


@dataclass(frozen=True, repr=False)
class Worlds(Shown):
    """The three of them. By itself it shows its table.

    Attributes:
        dns, l4, l7: each world.
    """

    dns: World
    l4: World
    l7: World

    @property
    def each(self) -> tuple[World, ...]:
        """In this order."""
        return self.dns, self.l4, self.l7

    @property
    def table(self) -> Table:
        """A line for each measure."""
        measures: Mapping[str, Callable[[World], str]] = {
            "busiest server / mean": lambda world: f"{world.imbalance:.2f}",
            "p50 latency": lambda world: _ms(world.latency_ms[0]),
            "p95 latency": lambda world: _ms(world.latency_ms[1]),
            "p99 latency": lambda world: _ms(world.latency_ms[2]),
            "failed after a death": lambda world: f"{world.failed:,}",
            "time to drain": _drained,
            "canary error": lambda world: f"{100 * world.canary_error:.2f} points",
            "back at the same server": lambda world: f"{100 * world.stickiness:.1f} %",
            "cost": lambda world: f"${world.bill.total:,.2f} a month",
        }
        rows = [(name, *map(say, self.each)) for name, say in measures.items()]
        dns, meant = self.dns, 100 * self.dns.share
        notes = [
            f"{dns.victim} dies or drains at {dns.at:g} s, or is the canary of {meant:g} %",
            f"prices of {dns.bill.prices.as_of}, {dns.bill.prices.caveat}",
        ]
        return Table([Column("", 24), *(Column(name, 18) for name in NAMES)], rows, notes)


def worlds(
    scenario: Scenario,
    *,
    canary: float = 0.05,
    prices: Prices | None = None,
    progress: Progress | None = None,
) -> Worlds:
    """Run the three worlds of a scenario: twelve watches in the event engine.

    Args:
        scenario: the traffic, the zone and the back ends; without a schedule. Its balancer, if it
            has one, says how both balance, but for what L4 does not see: paths and cookies. The
            addresses are values of the name itself: where they change, its record sets do.
        canary: the share that the name's first address gets as a canary, 0.004 to 0.5.
        prices: your own price list; None for the lab's, which is from memory.
        progress: called after each watch with how many are done, and of how many.

    Raises:
        ScenarioError: a schedule, a share out of range, or a name without two addresses of its own;
            nothing has run then.
    """
    if scenario.schedule:
        rule, remedy = "would mix with what happens in each world", "Leave it out."
        raise ScenarioError("schedule", rule, remedy)
    number("canary", canary, 1 / WEIGHTS, 0.5)
    found = targets([scenario])
    if len(found) < 2:
        rule = "has not two addresses to balance"
        raise ScenarioError(str(scenario.question), rule, "Give it some.")
    _check_own(scenario)
    done: list[Outcome] = []

    def watch(each: Scenario) -> Outcome:
        done.append(run(each, "events", served=True))
        if progress is not None:
            progress(len(done), 4 * len(NAMES))
        return done[-1]

    given = scenario.balancer or Balancer()
    seen = replace(given, layer=OsiLayer.L4, paths=(), sticky=_seen_at_l4(given.sticky))
    balancers = (None, seen, replace(given, layer=OsiLayer.L7))
    plans = [_watches(scenario.set("balancer", each), found, canary) for each in balancers]
    return Worlds(
        *(
            _world(name, plan, found[0], canary, watch, prices)
            for name, plan in zip(NAMES, plans, strict=True)
        )
    )


def _check_own(scenario: Scenario) -> None:
    """Refuse a name that has its addresses from elsewhere."""
    held = _held(scenario)
    node = scenario.zone.node(scenario.question.name)
    if held and all(each.records for each in held):
        return
    whence = "an alias" if held else "a wildcard" if node is None else "a CNAME"
    rule = f"has its addresses by {whence}, and there is nothing to drain or to weigh at it"
    raise ScenarioError(str(scenario.question), rule, "Give it A or AAAA records of its own.")


class _Watches(NamedTuple):
    """What is watched in one world."""

    steady: Scenario
    death: Scenario
    drain: Scenario
    canary: Scenario


def _watches(scenario: Scenario, found: tuple[str, ...], share: float) -> _Watches:
    victim, at = found[0], scenario.duration / 2
    return _Watches(
        scenario,
        _changing(scenario, at, "down", [*scenario.down, victim]),
        _draining(scenario, at, victim),
        _with_canary(scenario, found, share),
    )


def _world(  # noqa: PLR0913, PLR0917  (all that a world is made of)
    name: str,
    plan: _Watches,
    victim: str,
    share: float,
    watch: Callable[[Scenario], Outcome],
    prices: Prices | None,
) -> World:
    steady, death, drain, canary = map(watch, plan)
    at, cost = plan.steady.duration / 2, bill(plan.steady, steady, prices)
    return World(name, steady, death, drain, canary, victim, at, share, cost)


def _seen_at_l4(sticky: Stickiness) -> Stickiness:
    return Stickiness.NONE if sticky is Stickiness.COOKIE else sticky


def _changing(scenario: Scenario, at: float, path: str, value: object) -> Scenario:
    return scenario.set("schedule", (ScheduledChange(at, path, value),))


def _draining(scenario: Scenario, at: float, victim: str) -> Scenario:
    balancer = scenario.balancer
    if balancer is not None:
        return _changing(scenario, at, "balancer.draining", [*balancer.draining, victim])
    return _changing(scenario, at, "zone", _without(scenario, victim))


def _without(scenario: Scenario, victim: str) -> Zone:
    """The zone in which the name leads there no more."""
    holding = [each for each in _held(scenario) if victim in each.texts]
    left = [
        RecordSet.of(
            each.name,
            each.type,
            [text for text in each.texts if text != victim],
            each.ttl or 0,
            policy=each.policy,
            set_identifier=each.set_identifier,
            health_check_id=each.health_check_id,
        )
        for each in holding
        if len(each.texts) > 1
    ]
    return scenario.zone.changed(holding, left)


def _with_canary(scenario: Scenario, found: tuple[str, ...], share: float) -> Scenario:
    """The victim gets a share, and the others divide the rest, by whoever decides in this world."""
    others = (1 - share) / share / (len(found) - 1)  # what each weighs against the canary's 1
    if scenario.balancer is not None:
        heavy = max(1.0, others)
        weights = dict.fromkeys(found, others / heavy) | {found[0]: 1 / heavy}
        return scenario.set("balancer.weights", weights)
    held = _held(scenario)
    ttl = next((each.ttl for each in held if each.ttl is not None), 60)
    heavy = WEIGHTS / max(1.0, others)
    members = [
        RecordSet.of(
            scenario.question.name,
            scenario.question.type,
            [address],
            ttl,
            policy=Weighted(max(1, round(heavy * (1 if address == found[0] else others)))),
            set_identifier=address,
        )
        for address in found
    ]
    return scenario.set("zone", scenario.zone.changed(held, members))


def _held(scenario: Scenario) -> tuple[RecordSet, ...]:
    node = scenario.zone.node(scenario.question.name) or {}
    return tuple(node.get(scenario.question.type, ()))


def _ms(value: float) -> str:
    return f"{value:,.0f} ms" if value >= 100 else f"{value:.3g} ms"


def _drained(world: World) -> str:
    if math.isinf(world.drained):
        return f"over {world.drain.ended - world.at:g} s"
    return f"{world.drained:g} s"
