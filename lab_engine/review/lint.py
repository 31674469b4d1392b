"""What a zone may hold and will be regretted: findings, each with its reason and a remedy.

Every rule is a function of one group, or of the zone; `RULES` lists them. What may not stand in a
zone at all is `checks`' part. Source: the Route 53 Developer Guide, "Best practices for DNS" and
"How health checks work in complex configurations"; its TTL advice is 60 seconds.
"""

from collections.abc import Collection, Iterator
from dataclasses import asdict, dataclass
from typing import NamedTuple

from dns.name import Name
from dns.rdatatype import RdataType

from lab_engine.authority.availability import GLOBAL
from lab_engine.authority.endpointnames import service_of
from lab_engine.authority.endpoints import ENDPOINT_TTL
from lab_engine.authority.lookup import Renamed, find
from lab_engine.authority.policies import (
    AzAffinity,
    Failover,
    Geolocation,
    IpBased,
    Multivalue,
    Simple,
    Weighted,
)
from lab_engine.authority.records import folded
from lab_engine.authority.recordset import Group, RecordSet
from lab_engine.authority.zone import Zone
from lab_engine.review.ways import branches, culprits, leaves, never_fails, ttls, values

SLOW_TTL = 60  # seconds: the guide's most where health checks steer


@dataclass(frozen=True)
class Finding:
    """One thing to reconsider.

    Attributes:
        rule: its short name.
        where: the record set or group.
        what: how it stands.
        why: what happens because of it.
        remedy: what to do.
    """

    rule: str
    where: str
    what: str
    why: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.where}: {self.what} [{self.rule}]\n  Why: {self.why}\n  Do: {self.remedy}"

    def as_dict(self) -> dict[str, str]:
        """Plain data, for JSON."""
        return asdict(self)


class Ground(NamedTuple):
    """What rules judge by.

    Attributes:
        zone: all of it.
        branches: names and types that an alias with siblings leads to.
        known: the ids of the checks that exist, if they were given.
    """

    zone: Zone
    branches: frozenset[tuple[Name, RdataType]]
    known: Collection[str] | None


def lint(zone: Zone, known: Collection[str] | None = None) -> tuple[Finding, ...]:
    """All findings, in the order of the zone's groups.

    Args:
        zone: what to judge.
        known: the ids of all health checks; None leaves that question out.
    """
    ground = Ground(zone, branches(zone), known)
    by_group = (rule(group, ground) for group in zone.groups for rule in RULES)
    of_all = (rule(ground) for rule in (_slow, _hidden, _unsigned))
    return tuple(finding for found in (*by_group, *of_all) for finding in found)


def _no_default(group: Group, _: Ground) -> Iterator[Finding]:
    if not isinstance(group[0].policy, Geolocation | IpBased) or any(map(_is_last, group)):
        return
    yield Finding(
        "no-default",
        _place(group),
        f"has no default among its {group[0].policy.name} record sets",
        "Clients that match none get no answer, and their resolver may keep that for all its "
        "clients (RFC 7871 section 7.4).",
        "Add one for everybody: CountryCode or LocationName *.",
    )


def _no_global(group: Group, _: Ground) -> Iterator[Finding]:
    if not isinstance(group[0].policy, AzAffinity) or any(map(_is_last, group)):
        return
    yield Finding(
        "no-default",
        _place(group),
        "has no Global among its AZ-affinity record sets",
        "Who asks from elsewhere, or from where no Availability Zone is known, gets no answer.",
        "Add one for everybody: LocationType Global, LocationId global.",
    )


def _lone(group: Group, ground: Ground) -> Iterator[Finding]:
    """Steering with nowhere to go. A branch of a larger tree may well have one leaf."""
    if isinstance(group[0].policy, Failover):
        yield from _half_failover(group)
        return
    found = {value for member in group for value in values(member, ground.zone)}
    if (
        isinstance(group[0].policy, Simple)
        or len(found) != 1
        or (group[0].name, group[0].type) in ground.branches
    ):
        return
    yield Finding(
        "single-value",
        _place(group),
        f"steers by {group[0].policy.name} routing towards one value, {found.pop()}",
        "A single point of failure: no health check and no weight can send anybody elsewhere.",
        "Add a record set with another value, or use simple routing.",
    )


def _half_failover(group: Group) -> Iterator[Finding]:
    roles = {member.policy.Failover for member in group if isinstance(member.policy, Failover)}
    for missing in sorted({"PRIMARY", "SECONDARY"} - roles):
        yield Finding(
            f"no-{missing.lower()}",
            _place(group),
            f"has no {missing}",
            "A single point of failure: what is there is answered, healthy or not.",
            f"Add the {missing}.",
        )


def _unchecked(group: Group, ground: Ground) -> Iterator[Finding]:
    """Members without a check: never left, whatever happens to them."""
    others = any(not never_fails(member, ground.zone) for member in group)
    for member in group:
        if member.alias is not None or member.health_check_id or _is_last(member):
            continue
        if member.policy == Failover("PRIMARY"):
            yield Finding(
                "unchecked-primary",
                str(member),
                "is a PRIMARY without a health check",
                "It never fails over; Route 53 itself refuses it.",
                "Give it a HealthCheckId.",
            )
        elif others and not isinstance(member.policy, Simple):
            yield Finding(
                "unchecked",
                str(member),
                "has no health check, others of its group have",
                "It counts as healthy for ever: it is answered also when it is dead.",
                "Give it a HealthCheckId.",
            )


def _branches(group: Group, ground: Ground) -> Iterator[Finding]:
    """Aliases among others: can the walk leave them when all behind them is dead?"""
    if isinstance(group[0].policy, Simple) or len(group) < 2:
        return
    for member in group:
        if member.alias is None or member.health_check_id or _is_last(member):
            continue
        if not member.alias.evaluate_target_health:
            cdn = service_of(member.alias.name) == "cloudfront"
            yield Finding(
                "target-health-off",
                str(member),
                f"is an alias to {member.alias.name} that does not evaluate its health",
                "Once chosen it is never left: dead records behind it are answered while others of "
                "its group are alive.",
                "Give it a HealthCheckId; CloudFront cannot be evaluated."
                if cdn
                else "Set EvaluateTargetHealth to true.",
            )
            continue
        for culprit in culprits(member, ground.zone):
            yield Finding(
                "never-unhealthy",
                str(member),
                f"can never be unhealthy, because {culprit} has no health check",
                "One record that counts as healthy for ever keeps the whole branch: the rest of "
                "the group is not tried.",
                f"Give {culprit} a HealthCheckId, or the alias one of its own.",
            )


def _weight_zero(group: Group, ground: Ground) -> Iterator[Finding]:
    """Weight 0 is answered when nobody with more is healthy, or when all have 0."""
    zeros = [member for member in group if member.policy == Weighted(0)]
    rest = [member for member in group if member not in zeros]
    if not isinstance(group[0].policy, Weighted) or not zeros:
        return
    if not rest:
        if len(zeros) > 1:
            what, why = "has weight 0 everywhere", "All are answered equally often, not never."
            yield Finding("all-zero", _place(group), what, why, "Say the shares that are meant.")
        return
    forever = next((str(each) for each in rest if never_fails(each, ground.zone)), None)
    for zero in zeros:
        if forever is not None:
            yield Finding(
                "never-answered",
                str(zero),
                "has weight 0 and is never answered",
                f"{forever} counts as healthy for ever.",
                "Delete it, or give the others health checks and keep it as a standby.",
            )
        elif never_fails(zero, ground.zone):
            yield Finding(
                "unchecked-standby",
                str(zero),
                "has weight 0 and no health check: a permanent standby",
                "It takes all traffic once the others fail, also when it is dead itself.",
                "Give it a HealthCheckId; when it fails too, the others are answered again.",
            )


def _ttls_differ(group: Group, ground: Ground) -> Iterator[Finding]:
    if not isinstance(group[0].policy, Weighted | Multivalue):
        return
    found = sorted({ttl for member in group for ttl in ttls(member, ground.zone)})
    if len(found) < 2:
        return
    why = "One answer holds them all, so the least is sent."
    if isinstance(group[0].policy, Weighted):
        why = "An answer that is kept longer serves more clients: shares are as weight times TTL."
    yield Finding(
        "ttl-mismatch",
        _place(group),
        f"has answers with TTL {', '.join(map(str, found))} s",
        why,
        f"Use one TTL; an alias to an AWS endpoint has {ENDPOINT_TTL} s.",
    )


def _unknown_checks(group: Group, ground: Ground) -> Iterator[Finding]:
    for member in group:
        name = member.health_check_id
        if ground.known is not None and name and name not in ground.known:
            yield Finding(
                "unknown-check",
                str(member),
                f"names the health check {name}, which is not there",
                "What Route 53 does then cannot be predicted; the lab counts it as healthy.",
                "Make the check, or name another.",
            )


RULES = (
    _no_default,
    _no_global,
    _lone,
    _unchecked,
    _branches,
    _weight_zero,
    _ttls_differ,
    _unknown_checks,
)


def _slow(ground: Ground) -> Iterator[Finding]:
    """Records that a health check steers and caches keep for long; each group of them once."""
    slow = {
        (leaf.name, leaf.type): leaf
        for group in ground.zone.groups
        if any(not never_fails(member, ground.zone) for member in group)
        for member in group
        for leaf in leaves(member, ground.zone)
        if (leaf.ttl or 0) > SLOW_TTL
    }
    for leaf in slow.values():
        yield Finding(
            "slow-failover",
            f"{leaf.name} {RdataType.to_text(leaf.type)}",
            f"depends on health checks and has TTL {leaf.ttl} s",
            f"A cache that has just asked sends clients to a dead endpoint for {leaf.ttl} s more.",
            f"Use a TTL of at most {SLOW_TTL} s.",
        )


def _hidden(ground: Ground) -> Iterator[Finding]:
    """Record sets that a DNAME above them hides."""
    tree = ground.zone.tree
    for group in ground.zone.groups:
        name = folded(group[0].name)
        found = find(tree, name, group[0].type)
        if isinstance(found, Renamed):
            yield Finding(
                "hidden",
                _place(group),
                f"stands below the DNAME of {found.owner} and is never answered",
                "Every name below has another there (RFC 6672 section 2.4).",
                "Write it below the target of the DNAME.",
            )


def _unsigned(ground: Ground) -> Iterator[Finding]:
    """What was left out of a signed zone."""
    counts = ground.zone.left_out
    if counts:
        told = ", ".join(f"{count} {RdataType.to_text(kind)}" for kind, count in counts.items())
        yield Finding(
            "unsigned",
            str(ground.zone.origin),
            f"is signed, and served without its signatures: left out are {told}",
            "A resolver that validates takes no answer without them while the zone above has a DS.",
            "Ask resolvers that do not validate, or a server that signs.",
        )


def _place(group: Group) -> str:
    return f"{group[0].name} {RdataType.to_text(group[0].type)}"


def _is_last(member: RecordSet) -> bool:
    """Whether nobody comes after it: it is meant to stay, or (weight 0) judged elsewhere."""
    policy = member.policy
    if isinstance(policy, IpBased):
        return policy.CidrRoutingConfig.name == "*"
    if isinstance(policy, AzAffinity):
        return policy.LocationId == GLOBAL
    return policy in (Failover("SECONDARY"), Geolocation(CountryCode="*"), Weighted(0))
