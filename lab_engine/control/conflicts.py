"""What may not stand together once a batch is applied, in Route 53's words.

A batch is one transaction: it is judged by the zone that it would leave. Of two record sets that
cannot both be there, the one that the batch brings is at fault, and of two that it brings the later
one. Only names that the batch touches are looked at. What stands in no list of errors that users
report is left to the zone's own rules (`authority.checks`).
"""

from collections.abc import Iterator, Mapping, Sequence

from dns.name import Name
from dns.rdatatype import RdataType

from lab_engine.authority.endpointnames import is_misplaced, service_of, zone_ids
from lab_engine.authority.lookup import alias_group
from lab_engine.authority.policies import (
    AzAffinity,
    Failover,
    Geolocation,
    Latency,
    Multivalue,
    Policy,
    Simple,
    Weighted,
)
from lab_engine.authority.recordset import AliasTarget, RecordSet
from lab_engine.authority.tree import Tree
from lab_engine.control.pasted import bare, plain_id
from lab_engine.control.refusal import Fault
from lab_engine.control.writing import in_words, policy_element, shown

_TWINS: Mapping[type[Policy], tuple[str, str]] = {
    Latency: ("Region Name", "region"),
    Geolocation: ("GeoLocation", "geolocation"),  # unverified, as is failover
    Failover: ("Failover", "failover type"),
    AzAffinity: ("AZAffinity", "location"),  # unverified, too
}


def conflicts(
    new: RecordSet, others: Sequence[RecordSet], tree: Tree, zone_id: str = ""
) -> Iterator[Fault]:
    """Why a record set of a batch cannot be there; nothing where it may.

    Args:
        new: brought by the batch.
        others: what its name holds besides, but for what later changes bring.
        tree: of the zone that the batch would leave.
        zone_id: the zone's own, or empty.
    """
    yield from _cname_faults(new, others, tree.origin)
    yield from _group_faults(new, [each for each in others if each.type == new.type])
    yield from _primary_faults(new)
    yield from _alias_faults(new, tree, zone_id)


def other_policy_fault(new: RecordSet) -> Fault:
    """Of a record set whose group has another policy."""
    kind = RdataType.to_text(new.type)
    advice = "Delete what is there in the same batch: all of a name and type have one policy."
    if isinstance(new.policy, Simple):
        lead = f"RRSet with DNS name {shown(new.name)}, type {kind} cannot be created"
        return Fault(f"{lead} as other RRSets exist with the same name and type.", advice)
    if isinstance(new.policy, Multivalue):
        what = "cannot be created because a non multivalue answer rrset exists"
        quoted = f'"{new.set_identifier}"'
    else:  # unverified: for other policies than weighted
        what = f"cannot be created as a non-{new.policy.name} set exists"
        quoted = new.set_identifier
    text = (
        f"RRSet with DNS name {shown(new.name)}, type {kind}, SetIdentifier {quoted} {what} "
        "with the same name and type."
    )
    return Fault(text, advice)


def _cname_faults(new: RecordSet, others: Sequence[RecordSet], origin: Name) -> Iterator[Fault]:
    """A CNAME allows nothing else at its name (RFC 1034 section 3.6.2)."""
    cname, beside = new.type is RdataType.CNAME, {each.type for each in others} - {new.type}
    if not cname and RdataType.CNAME not in beside:
        return
    kind, name, zone = RdataType.to_text(new.type), shown(new.name), shown(origin)
    lead = f"RRSet of type {kind} with DNS name {name} is not permitted"
    if cname and new.name == origin:
        yield Fault(f"{lead} at apex in zone {zone}", "Use an alias at the apex.")
    elif cname and beside:
        text = f"{lead} as it conflicts with other records with the same DNS name in zone {zone}"
        yield Fault(text, "Delete the others in the same batch, or use an alias.")
    elif not cname:
        # two spaces, as Route 53 has them
        text = f"{lead} because a conflicting RRSet of type  CNAME with the same DNS name"
        yield Fault(f"{text} already exists in zone {zone}", "Delete the CNAME in the same batch.")


def _group_faults(new: RecordSet, others: Sequence[RecordSet]) -> Iterator[Fault]:
    """What the members of a group must have in common, and what each for itself."""
    if not others:
        return
    kind, name, policy = RdataType.to_text(new.type), shown(new.name), new.policy
    if any(type(each.policy) is not type(policy) for each in others):
        yield other_policy_fault(new)
        return
    if len(others) == policy.limit >= 30:  # unverified: for other policies than weighted
        text = f"Exceeded limit on number of {policy.name} RRSets for {name}, type {kind}"
        yield Fault(
            f"{text} in this zone.", f"A name and type have at most {policy.limit} of them."
        )
    if isinstance(policy, Weighted) and _other_ttl(new, others):
        text = (
            f"RRSet with DNS name {name} and type {kind}, SetIdentifier {new.set_identifier} "
            "cannot be created as weighted sets must contain the same TTL."
        )
        yield Fault(text, "Change the TTL of every member in one batch.")
    if type(policy) in _TWINS and any(each.policy == policy for each in others):
        yield _twin_fault(new, *_TWINS[type(policy)])


def _twin_fault(new: RecordSet, said: str, what: str) -> Fault:
    """Of a second member for one region, role or place."""
    name, policy = shown(new.name), new.policy
    (value,) = policy_element(policy).values()
    article = "an" if policy.name.startswith("A") else "a"
    text = (
        f"RRSet with DNS name {name}, type {RdataType.to_text(new.type)}, "
        f"SetIdentifier {new.set_identifier}, and "
        f"{said}={value if isinstance(value, str) else in_words(value)} cannot be created because "
        f"{article} {policy.name} RRSet with the same name, type and {what} already exists."
    )
    return Fault(text, f"Give each member a {what} of its own.")


def _other_ttl(new: RecordSet, others: Sequence[RecordSet]) -> bool:
    ttls = {each.ttl for each in (new, *others)} - {None}
    return new.ttl is not None and len(ttls) > 1


def _primary_faults(new: RecordSet) -> Iterator[Fault]:
    first = isinstance(new.policy, Failover) and new.policy.Failover == "PRIMARY"
    if first and new.alias is None and not new.health_check_id:
        text = (
            "A non-alias primary ResourceRecordSet must have an associated health check. "
            "No changes made."
        )
        yield Fault(text, "Give it a HealthCheckId: without one it never fails over.")


def _alias_faults(new: RecordSet, tree: Tree, zone_id: str) -> Iterator[Fault]:
    """Where an alias may lead: to its own zone, or to an AWS endpoint by the endpoint's zone."""
    alias = new.alias
    if alias is None:
        return
    lead = (
        f"Tried to create an alias that targets {shown(alias.name)}, "
        f"type {RdataType.to_text(new.type)} in zone {alias.hosted_zone_id or zone_id}, but "
    )
    missing = Fault(
        f"{lead}that target was not found",
        "Name a record set of the same type in this zone, with this zone's id; or an AWS endpoint, "
        "with the endpoint's.",
    )
    mine = not zone_id or alias.hosted_zone_id in ("", zone_id)
    if mine and alias.name.is_subdomain(tree.origin):
        if all(each is new for each in alias_group(new, tree)):
            yield missing
    elif not _is_endpoint(alias, zone_id):
        text = f"{lead}the alias target name does not lie within the target zone"
        yield Fault(text, _whereabouts(alias))
        yield missing


def _whereabouts(alias: AliasTarget) -> str:
    """What to do about a target that lies elsewhere."""
    if is_misplaced(alias.name, plain_id(alias.hosted_zone_id)):
        return f"Its HostedZoneId is {' or '.join(zone_ids(alias.name))}."
    return bare("HostedZoneId", alias.hosted_zone_id) or "Use a CNAME for a third party's name."


def _is_endpoint(alias: AliasTarget, zone_id: str) -> bool:
    if service_of(alias.name) is None or (zone_id and alias.hosted_zone_id == zone_id):
        return False
    return not is_misplaced(alias.name, alias.hosted_zone_id)
