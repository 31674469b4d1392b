"""What clients remember, as the population engine needs it: a few numbers for each profile."""

import math
from typing import NamedTuple

import numpy as np

from lab_engine.caches.clientprofiles import ClientProfile
from lab_engine.simulation.parts import Mix
from lab_engine.simulation.population.tally import Ints
from lab_engine.simulation.scenario import Scenario
from lab_engine.simulation.strata import GOLDEN


class Kind(NamedTuple):
    """One kind of client. Times are seconds.

    Attributes:
        application: for which its application keeps an answer; 0 has no such cache.
        os: whether its system keeps one for what is left of the TTL.
        floor, cap: limits on that.
        negative: at most for which an answer without addresses is kept.
        failure: for which one is kept that may not be kept.
        tries_next: whether it goes on to the next address when one is dead.
        by_luck: whether a request of it may fail where another by the same copy does not: the first
            address that connects it decides, and the order turns.
    """

    application: float = 0.0
    os: bool = False
    floor: float = 0.0
    cap: float = math.inf
    negative: float = math.inf
    failure: float = 0.0
    tries_next: bool = True
    by_luck: bool = False

    @property
    def remembers(self) -> bool:
        """Whether it has to be stepped by itself; others are one crowd."""
        return self.application > 0 or self.os or self.by_luck

    @property
    def asks_each_time(self) -> bool:
        """Whether each of its requests is a step."""
        return self.by_luck and not self.os and not self.application

    def ends_with_copy(self, ttl: float) -> bool:
        """Whether it keeps nothing beyond its resolver's copy of such a life; or for ever."""
        obeys = not self.os or (not self.floor and self.cap >= ttl)
        return obeys and self.application in (0.0, math.inf)


def kinds(scenario: Scenario) -> tuple[Kind, ...]:
    """Those of a scenario, in the order of `Scenario.chains`."""
    either = _fail_connected(scenario)
    return tuple(_kind(either, *chain) for chain in scenario.chains.values())


def _fail_connected(scenario: Scenario) -> bool:
    """Whether servers fail that connect their clients, and stand beside others in an answer."""
    named = {address for _, step in scenario.steps for address in step.down}
    erring = scenario.connecting.difference(scenario.delays)  # the slow serve
    return not named.isdisjoint(erring) and any(
        len(each.texts) > 1 or each.policy.sample is not None
        for _, step in scenario.steps
        for each in step.zone
    )


def _kind(either: bool, nearest: ClientProfile, system: ClientProfile | None = None) -> Kind:  # noqa: FBT001
    """One profile, or a fixed lifetime over a system that obeys the TTL."""
    tries_next = nearest.tries_next and nearest.keeps != 1
    negative = math.inf if nearest.negative is None else nearest.negative
    return Kind(
        nearest.lifetime or 0.0,
        nearest.lifetime is None or system is not None,
        nearest.floor,
        nearest.cap,
        negative,
        nearest.failure,
        tries_next,
        either or not tries_next,
    )


def kind_of(members: Ints, mix: Mix, scenario: Scenario) -> Ints:
    """The number of the kind of each member of a stratum: `strata.profile_of`, for many."""
    edges = np.cumsum([part for _, part in mix])
    found = np.searchsorted(edges, (members + 0.5) * GOLDEN % 1, "right")
    every = [*scenario.chains]
    of_mix = np.array([every.index(text) for text, _ in mix])
    return of_mix[np.minimum(found, len(mix) - 1)]
