"""From a group of record sets to its plan: the walk that every policy shares.

Route 53's rule: choose by the policy; if the chosen one is unhealthy, choose again among the rest;
if nobody is healthy, everybody is. Drawing with rejection is the same, in distribution, as drawing
once among the healthy, so the walk never rolls dice: it states probabilities.

An alias leads to another group. One that evaluates its target's health is healthy if any record
there is, whoever asks; one that does not is entered for good, and the last resort applies inside.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any, NamedTuple

from dns.name import Name
from dns.rdatatype import RdataType

from lab_engine.authority.availability import in_words
from lab_engine.authority.endpoints import Endpoint
from lab_engine.authority.geo import Partition, Place
from lab_engine.authority.lookup import alias_group
from lab_engine.authority.plan import Plan
from lab_engine.authority.policies import IpBased, Policy
from lab_engine.authority.records import RRset
from lab_engine.authority.recordset import Group, RecordSet
from lab_engine.authority.spot import Spot
from lab_engine.authority.state import State
from lab_engine.authority.zone import Zone

Then = Callable[[RRset], Plan]
"""What follows from the RRset that was chosen, already under the name that was asked for."""


class Standing(NamedTuple):
    """Whether a record set may be chosen, and why not."""

    healthy: bool
    why: str


class Walk(NamedTuple):
    """What stays the same while one question is planned.

    Attributes:
        negative: the plan of an answer with nothing in it, with a reason.
    """

    zone: Zone
    spot: Spot
    state: State
    negative: Callable[[str], Plan]


def plan_group(group: Group, owner: Name, walk: Walk, then: Then) -> Plan:
    """The plan of one group for one client.

    Args:
        group: record sets of one name and type.
        owner: the name the answer is given under.
        walk: zone, client and state.
        then: makes the plan around the RRset chosen.
    """
    candidates = [_Candidate(each, walk) for each in group]
    able = [each for each in candidates if each.rank is not None]
    alive = [each for each in able if each.standing.healthy]
    healthy = any(each.standing.healthy for each in candidates)
    policy = group[0].policy
    if not able:
        nothing = walk.negative(_nobody(policy, walk.spot))
        left = tuple(each.left() for each in candidates)
        scope, by_peer = _scope(group, walk.spot), policy.by_peer
        return replace(nothing, branches=left, healthy=healthy, scope=scope, by_peer=by_peer)
    chosen = _best(alive or able)
    branch = _together if policy.sample is not None else _apart
    branches = branch(candidates, chosen, owner, then)
    how = _how(policy, walk.spot)
    why = how if alive else f"{how}; nobody is healthy, so everybody is"
    what = f"{owner} {RdataType.to_text(group[0].type)}"
    scope = max(_scope(group, walk.spot), *(below.scope for below in branches))
    return Plan(what, why, 1.0, None, branches, healthy, scope, policy.by_peer)


def _how(policy: Policy, spot: Spot) -> str:
    """What decides: the policy, and from where it is asked if it goes by that."""
    return f"{policy.name}, asked {in_words(spot.peer)}" if policy.by_peer else policy.name


def _nobody(policy: Policy, spot: Spot) -> str:
    """Why no member takes part."""
    whom = f"who asks {in_words(spot.peer)}" if policy.by_peer else "this client"
    return f"no {policy.name} record set is meant for {whom}"


class _Candidate:
    """A member of a group, with its rank for this client and its standing."""

    def __init__(self, member: RecordSet, walk: Walk) -> None:
        self.member = member
        self.walk = walk
        self.rank = member.policy.rank(walk.spot)
        self.standing = standing(member, walk)

    def enter(self, owner: Name, then: Then) -> Plan:
        """What follows when this member is chosen."""
        member, walk = self.member, self.walk
        target = target_group(member, walk.zone)
        if target:
            return plan_group(target, owner, walk, then)
        records = member.records or _endpoint_records(member, walk.state)
        if records is None:
            return walk.negative(f"{self._label()} has no {RdataType.to_text(member.type)}")
        return then(records.with_name(owner))

    def taken(self, probability: float, owner: Name, then: Then) -> Plan:
        """The branch of a member that is answered with some probability."""
        below = self.enter(owner, then)
        why = "" if self.standing.healthy else f"last resort: {self.standing.why}"
        said = self._says(why)
        if self.member.alias is None:
            fit = self.standing.healthy
            return replace(
                below, what=self._label(), why=said, probability=probability, healthy=fit
            )
        return Plan(
            self._label(), said, probability, None, (below,), self.standing.healthy, below.scope
        )

    def left(self, owner: Name | None = None, then: Then | None = None) -> Plan:
        """The branch of a member that is not answered, and why.

        One that another state of health would open keeps its scope: that depends on the map alone.
        """
        fit = self.standing.healthy
        if self.rank is None:
            whom = "resolver" if self.member.policy.by_peer else "client"
            return Plan(self._label(), self._says(f"not for this {whom}"), 0.0, healthy=fit)
        said = self._says(self.standing.why or "others come first")
        below: tuple[Plan, ...] = ()
        if self.member.alias is not None and owner is not None and then is not None:
            below = (self.enter(owner, then),)
        scope = max((each.scope for each in below), default=0)
        return Plan(self._label(), said, 0.0, None, below, fit, scope)

    def _says(self, why: str) -> str:
        return "; ".join(filter(None, (self.member.policy.says(self.walk.spot), why)))

    def _label(self) -> str:
        name = self.member.set_identifier or "record set"
        return f"{name}: alias to {self.member.alias.name}" if self.member.alias else name


def _best(considered: Sequence[_Candidate]) -> list[_Candidate]:
    """Those of the lowest rank."""
    best = min(each.rank for each in considered if each.rank is not None)
    return [each for each in considered if each.rank == best]


def _apart(
    candidates: list[_Candidate], chosen: list[_Candidate], owner: Name, then: Then
) -> tuple[Plan, ...]:
    """A branch for each member: one of the chosen is answered, by weight."""
    total = sum(each.member.policy.weight for each in chosen)
    return tuple(
        each.taken(each.member.policy.weight / total, owner, then)
        if each in chosen
        else each.left(owner, then)
        for each in candidates
    )


def _together(
    candidates: list[_Candidate], chosen: list[_Candidate], owner: Name, then: Then
) -> tuple[Plan, ...]:
    """One answer from several members (multivalue): one RRset, so one TTL, the least of theirs."""
    sets = [records for each in chosen if (records := each.member.records) is not None]
    values = tuple(dict.fromkeys(value for records in sets for value in records.values))
    ttl = min(records.ttl for records in sets)
    below = then(RRset(owner, sets[0].type, ttl, values))
    sample = chosen[0].member.policy.sample
    said = f"{len(values)} values"
    if sample is not None and len(values) > sample and below.reply is not None:
        said += f", {sample} of them drawn for each answer"
        below = replace(below, reply=replace(below.reply, sample=sample))
    left = (each.left() for each in candidates if each not in chosen)
    return (replace(below, what="all of these", why=said), *left)


def standing(member: RecordSet, walk: Walk) -> Standing:
    """Whether a member passes its own check and, for some aliases, its target's."""
    if member.health_check_id and member.health_check_id in walk.state.unhealthy:
        return Standing(False, f"health check {member.health_check_id} fails")
    alias = member.alias
    if alias is None or not alias.evaluate_target_health:
        return Standing(True, "")
    endpoint = _endpoint(member, walk.state)
    if endpoint is not None and not walk.zone.contains(alias.name):
        return Standing(endpoint.healthy, "" if endpoint.healthy else f"{alias.name} is unhealthy")
    target = target_group(member, walk.zone)
    if any(standing(each, walk).healthy for each in target):
        return Standing(True, "")
    return Standing(False, f"nobody at {alias.name} is healthy")


def target_group(member: RecordSet, zone: Zone) -> Group:
    """The group an alias leads to within its zone; empty where there is none."""
    return alias_group(member, zone.tree)


def _endpoint(member: RecordSet, state: State) -> Endpoint | None:
    """The AWS endpoint an alias names, if the hosted zone it gives is that endpoint's."""
    endpoint = state.endpoints.get(member.alias.name) if member.alias else None
    if endpoint is None or member.alias is None:
        return None
    given = member.alias.hosted_zone_id
    return endpoint if given in ("", endpoint.hosted_zone_id) else None


def _endpoint_records(member: RecordSet, state: State) -> RRset | None:
    endpoint = _endpoint(member, state)
    return endpoint.addresses.get(member.type) if endpoint else None


def _scope(group: Group, spot: Spot) -> int:
    """How far around the client its ranking of these members holds: of the map, not of health."""
    policy: type[Policy] = type(group[0].policy)
    address = int(spot.network.network_address)
    if policy.by_place:
        partition = spot.atlas.partition(spot.network.version, _Ranking(group, spot))
        return int(partition.find(address).scope)
    if policy.by_network:
        return _blocks(group, spot.network.version).find(address).scope
    return 0


class _Ranking:
    """The order in which a place prefers the members of a group; equal for equal groups."""

    def __init__(self, group: Group, spot: Spot) -> None:
        self._group = group
        self._spot = spot

    def __call__(self, place: Place) -> tuple[int, ...]:
        spot = replace(self._spot, place=place)
        ranks = [member.policy.rank(spot) for member in self._group]
        order = sorted({rank for rank in ranks if rank is not None})
        return tuple(-1 if rank is None else order.index(rank) for rank in ranks)

    def __hash__(self) -> int:
        return hash(self._group)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Ranking) and self._group == other._group


@lru_cache(maxsize=256)
def _blocks(group: Group, version: int) -> Partition[Any]:
    """The address space cut by the blocks of an IP-based group.

    Neighbours of one location stay apart: a query shorter than a block does not match it, so two
    /24s are not one /23. The longest covering block says which others cover it, too.
    """
    blocks = {
        block: block
        for member in group
        if isinstance(member.policy, IpBased)
        for block in member.policy.CidrRoutingConfig.blocks
        if block.version == version
    }
    return Partition(32 if version == 4 else 128, blocks, None)
