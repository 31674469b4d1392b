"""Change batches, applied: a zone and a batch give another zone, or a refusal in Route 53's words.

Pure: nothing is half applied, for the zone that was given never changes. Actions are judged in
their order against what there is by then, what may stand together by the zone at the end. Source:
the API reference of ChangeResourceRecordSets, and messages that users of the real service report;
those marked unverified follow their pattern.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from dns.rdatatype import RdataType

from lab_engine.authority.recordset import RecordSet
from lab_engine.authority.tree import Key, Tree
from lab_engine.authority.zone import Zone
from lab_engine.control.conflicts import conflicts, other_policy_fault
from lab_engine.control.draft import Draft, key_of
from lab_engine.control.loops import loops
from lab_engine.control.pasted import bare
from lab_engine.control.reading import Change, Known, body, read, refuse
from lab_engine.control.refusal import Fault, Refusal
from lab_engine.control.writing import as_batch, element, shown, untold
from lab_engine.errors import ZoneError, ZoneProblemsError

__all__ = ["Change", "Known", "apply", "as_batch", "body", "read", "untold"]


def apply(zone: Zone, batch: str | Mapping[str, Any], known: Known | None = None) -> Zone:
    """The zone with all of a batch's changes.

    Args:
        zone: as it is; it stays so.
        batch: JSON text, or the object it stands for, as the AWS CLI and boto3 take it.
        known: what else counts, such as which health checks there are.

    Raises:
        Refusal: the batch as a whole, with every fault that could be found.
    """
    around = known or Known()
    changes, draft = read(batch, around), Draft(zone)
    found: list[tuple[int, Fault]] = []
    for number, change in enumerate(changes):
        found += [(number, fault) for fault in _change_faults(change, draft, around)]
        if zone.contains(change.record_set.name):
            draft.make(change, number)
    found += _conflicts(draft, around)
    found.sort(key=lambda each: each[0])
    whole = _whole_faults(draft, around)
    refuse("InvalidChangeBatch", [*(fault for _, fault in found), *whole])
    refuse("NoSuchHealthCheck", _check_faults(draft, around))
    try:
        return zone.changed(draft.removed, draft.added.values())
    except ZoneError as wrong:
        raise Refusal("InvalidChangeBatch", _rules(wrong)) from wrong


def _change_faults(change: Change, draft: Draft, known: Known) -> Iterator[Fault]:
    """What is wrong with a change as matters stand when it comes."""
    action, new = change
    name, kind, origin = shown(new.name), RdataType.to_text(new.type), draft.zone.origin
    if not draft.zone.contains(new.name):
        text = f"RRSet with DNS name {name} is not permitted in zone {shown(origin)}"
        yield Fault(text, "Choose a name at or below the zone's own.")
        return
    key = key_of(new)
    before = draft.actions(key)
    if before and (before != ["DELETE"] or action == "DELETE"):
        text = "The request contains an invalid set of changes for a resource record set"
        advice = "Change each record set once in a batch; to make it anew, DELETE it first."
        yield Fault(f"{text} '{kind} {name}'", advice)
    yield from _action_faults(action, new, draft.held(key), known.zone_id)


def _action_faults(
    action: str, new: RecordSet, held: RecordSet | None, zone_id: str
) -> Iterator[Fault]:
    """What is wrong with an action on what stands under its key."""
    named = f"resource record set {_named(new)}"
    if action == "DELETE" and held is None:
        yield Fault(f"Tried to delete {named} but it was not found", "List what there is.")
    elif held is None:
        return
    elif action == "DELETE" and _repeated(new, zone_id) != _repeated(held, zone_id):
        text = f"Tried to delete {named} but the values provided do not match the current values"
        yield Fault(text, "Repeat all of it as it is listed: TTL, values, policy, health check.")
    elif action == "CREATE":
        text = f"Tried to create {named} but it already exists"
        yield Fault(text, "Use UPSERT to replace it.")
    elif action == "UPSERT" and type(held.policy) is not type(new.policy):
        yield other_policy_fault(new)


def _repeated(record_set: RecordSet, zone_id: str) -> dict[str, Any]:
    """What a DELETE must repeat; the order of the values is no matter."""
    values = frozenset(record_set.records.values) if record_set.records else None
    return {**element(record_set, zone_id), "ResourceRecords": values}


def _conflicts(draft: Draft, known: Known) -> Iterator[tuple[int, Fault]]:
    """What the batch brings and may not stand in the end, by the number of its change."""
    after = draft.after()
    for number, new in draft.added.items():
        for fault in conflicts(new, after.others(new), after.tree, known.zone_id):
            yield number, fault
    brought = {key_of(new)[:2]: number for number, new in draft.added.items()}
    looped = loops(brought, after.tree)
    yield from ((n, _loop_fault(key, after.tree)) for key, n in brought.items() if key in looped)


def _loop_fault(key: Key, tree: Tree) -> Fault:
    name, kind = shown(tree.group(key)[0].name), RdataType.to_text(key[1])
    text = (
        f"RRSet of type {kind} with DNS name {name} is not permitted as it creates a CNAME or "
        "alias loop in the zone."
    )
    return Fault(text, "Lead it to a name that does not lead back.")


def _whole_faults(draft: Draft, known: Known) -> Iterator[Fault]:
    """What is wrong with the zone as a whole: its apex, and its size if it grows."""
    origin = draft.zone.origin
    gone = {each.type for each in draft.removed if each.name == origin}
    if RdataType.SOA in gone:
        text = "A HostedZone must contain exactly one SOA record."
        yield Fault(text, "UPSERT it to change it.")
    if RdataType.NS in gone:
        text = "A HostedZone must contain at least one NS record for the zone itself."
        yield Fault(text, "UPSERT it to change it.")
    most = known.max_record_sets
    if draft.growth > 0 and len(draft.zone.record_sets) + draft.growth > most:
        text = f"Exceeded limit MAX_RRSETS_BY_ZONE for zone: {known.zone_id or shown(origin)}"
        yield Fault(text, f"This zone may hold {most:,} record sets.")


def _check_faults(draft: Draft, known: Known) -> Iterator[Fault]:
    named = (each.health_check_id for each in draft.added.values() if each.health_check_id)
    for check in dict.fromkeys(named):
        if known.health_checks is not None and check not in known.health_checks:
            # unverified: the words; the API reference has the code among this request's errors
            advice = bare("HealthCheckId", check) or "Create it first."
            yield Fault(f"A health check with id {check} does not exist.", advice)


def _rules(wrong: ZoneError) -> list[Fault]:
    # unverified: rules of the lab for which no words of Route 53 are known
    problems = wrong.problems if isinstance(wrong, ZoneProblemsError) else (wrong,)
    return [Fault(f"{each.value} {each.rule}", each.remedy) for each in problems]


def _named(record_set: RecordSet) -> str:
    kind = RdataType.to_text(record_set.type)
    identifier = record_set.set_identifier
    further = f", set-identifier='{identifier}'" if identifier else ""
    return f"[name='{shown(record_set.name)}', type='{kind}'{further}]"
