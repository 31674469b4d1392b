"""When a death was found out, and when the answers said so: the first parts of every outage.

Read from what held when, by the plans of the authority. Both engines use this.
"""

import math
from collections.abc import Collection, Iterator, Sequence
from itertools import dropwhile

from lab_engine.authority.plan import replies
from lab_engine.authority.records import Client
from lab_engine.caches.scoped import Scopes
from lab_engine.simulation.asking import planned
from lab_engine.simulation.epochs import Epoch
from lab_engine.simulation.scenario import Scenario
from lab_engine.simulation.strata import askers
from lab_engine.simulation.travel import member_of

ASKED_FOR = 16  # clients of a place, for whom resolvers that send client subnets may ask


def stages(
    history: Sequence[Epoch], at: float, killed: Collection[str], publication: float
) -> tuple[float, float]:
    """Seconds from a death until it was noticed, and until no answer held what died.

    Both are endless where that never came, or what died was back before it. Where answers change by
    hand, nothing passes between them.

    Args:
        history: what held from when on, in the order of time.
        at: when it was.
        killed: the addresses that died.
        publication: seconds that pass between a verdict and its answers.
    """
    since = (epoch for epoch in history if epoch.start >= at)
    for epoch in dropwhile(lambda each: not _dead(each, killed), since):
        dead = _dead(epoch, killed)
        if not dead:
            break
        if not _told(epoch.scenario, dead):
            published = epoch.start - at
            delay = publication if epoch.learned else 0.0
            return max(0.0, published - delay), published
    return math.inf, math.inf


def _dead(epoch: Epoch, killed: Collection[str]) -> set[str]:
    """Those of the killed that are dead in an epoch."""
    return {*killed}.intersection(epoch.scenario.down)


def _told(scenario: Scenario, dead: set[str]) -> bool:
    """Whether an answer holds any of these."""
    return any(
        dead.intersection(share.reply.addresses)
        for client in dict.fromkeys(_clients(scenario))
        for share in replies(planned(scenario, client))
    )


def _clients(scenario: Scenario) -> Iterator[Client]:
    """For whom the authority is asked."""
    for place, name, peer in askers(scenario):
        yield peer
        lengths = scenario.known_profiles.recursive(name).ecs
        if lengths is not None:
            members = (member_of(place, index).network for index in range(ASKED_FOR))
            told = dict.fromkeys(map(Scopes(lengths).sent, members))
            yield from (Client(each, "ecs").by(peer) for each in told)
