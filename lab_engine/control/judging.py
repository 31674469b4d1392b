"""A batch, judged: each change by the zone as those before it left it, as Route 53 does.

What no change alone can keep waits for the end of the batch [design]: of members that are replaced,
that a weighted group has one TTL and that each place is taken once, since two may change theirs; of
the apex, that it has its SOA and NS; the size of the zone; and that no alias is left behind whose
target is DELETEd, which `Zone.changed` finds. Rules are those of every zone (`authority.rules`) and
some that only changes have; their words are elsewhere (`words`).
"""

from collections.abc import Container, Iterator, Sequence
from typing import Any, NamedTuple

from dns.rdatatype import RdataType

from lab_engine.authority.policies import Failover, Geolocation
from lab_engine.authority.records import folded
from lab_engine.authority.recordset import RecordSet
from lab_engine.authority.rules import (
    Broken,
    alias_rules,
    cname_rules,
    field_rules,
    group_rules,
    member_rules,
    policy_rules,
)
from lab_engine.authority.zone import Key, key_of
from lab_engine.control.countries import COUNTRIES, STATES
from lab_engine.control.draft import Draft
from lab_engine.control.loops import loops
from lab_engine.control.pasted import bare
from lab_engine.control.reading import Change, Known
from lab_engine.control.writing import element


class Found(NamedTuple):
    """A rule that a change breaks, and the number of that change."""

    number: int
    broken: Broken


def unfit(changes: Sequence[Change]) -> list[Broken]:
    """What is wrong with the fields of policies, whatever the zone holds."""
    return [
        Broken(each.code, new, {**each.facts, "action": action})
        for action, new in changes
        for each in (*field_rules(new), *_place_rules(new))
    ]


def _place_rules(new: RecordSet) -> Iterator[Broken]:
    """Of a geolocation: Route 53 has such a country or state."""
    policy = new.policy
    if isinstance(policy, Geolocation) and not _is_place(policy):
        code = "-".join(filter(None, (policy.CountryCode, policy.SubdivisionCode)))
        yield Broken("no-such-place", new, {"place": code})


def _is_place(policy: Geolocation) -> bool:
    """The regions of Ukraine are not listed here."""
    if policy.CountryCode == "US" and policy.SubdivisionCode:
        return policy.SubdivisionCode in STATES
    return policy.CountryCode in ("", "*", *COUNTRIES)


def judged(changes: Sequence[Change], draft: Draft, known: Known) -> list[Broken]:
    """What is wrong with a batch, in the order of its changes; the draft has them all then."""
    found = [*_in_order(changes, draft, known)]
    found.sort(key=lambda each: each.number)
    return [*(each.broken for each in found), *_whole(draft, known)]


def _in_order(changes: Sequence[Change], draft: Draft, known: Known) -> Iterator[Found]:
    torn, replaced = _contradictions(changes), list[int]()
    later = {key_of(new) for action, new in changes if action != "DELETE"}
    for number, change in enumerate(changes):
        new, key = change.record_set, key_of(change.record_set)
        later.discard(key)
        if not draft.zone.contains(new.name):
            yield Found(number, Broken("outside", new))
            continue
        if key in torn:
            if torn[key] == number:
                yield Found(number, Broken("contradiction", new))
            draft.make(change, number)  # so those behind it find what it brings
            continue
        held = draft.held(key)
        yield from (Found(number, each) for each in _action_rules(change, held, known.zone_id))
        draft.make(change, number)
        if change.action == "DELETE":
            continue
        yield from (Found(number, each) for each in _rules(new, held, draft, later, known.zone_id))
        if held is not None:
            replaced.append(number)
    for number in replaced:
        new = changes[number].record_set
        yield from (Found(number, each) for each in _group_rules(new, draft.before(new)))


def _contradictions(changes: Sequence[Change]) -> dict[Key, int]:
    """The keys that are changed twice, other than by DELETE and then anew: with which change."""
    actions: dict[Key, list[str]] = {}
    torn: dict[Key, int] = {}
    for number, (action, new) in enumerate(changes):
        before = actions.setdefault(key_of(new), [])
        if before and (before != ["DELETE"] or action == "DELETE"):
            torn.setdefault(key_of(new), number)
        before.append(action)
    return torn


def _action_rules(change: Change, held: RecordSet | None, zone_id: str) -> Iterator[Broken]:
    """Of an action on what stands under its key."""
    action, new = change
    if action == "DELETE" and held is None:
        yield Broken("absent", new)
    elif held is None:
        return
    elif action == "DELETE" and _repeated(new, zone_id) != _repeated(held, zone_id):
        yield Broken("unlike", new)
    elif action == "CREATE":
        yield Broken("present", new)


def _repeated(record_set: RecordSet, zone_id: str) -> dict[str, Any]:
    """What a DELETE must repeat; the order of the values is no matter, nor how they are written."""
    values = frozenset(record_set.records.values) if record_set.records else None
    return {**element(record_set, zone_id), "ResourceRecords": values}


def _rules(
    new: RecordSet, held: RecordSet | None, draft: Draft, later: Container[Key], zone_id: str
) -> Iterator[Broken]:
    """Of what a change brings.

    Args:
        new: the record set.
        held: what it replaces.
        draft: the zone as it leaves it.
        later: what changes behind it bring: Route 53 finds no target for an alias there yet.
        zone_id: the zone's own, or empty.
    """
    others = draft.others(new)
    group = [each for each in others if each.type == new.type]
    yield from member_rules(new, draft.tree.origin)
    yield from cname_rules(new, others, draft.tree.origin)
    other = held is not None and type(held.policy) is not type(new.policy)
    mixed = [*policy_rules(new, [*group, held] if held and other else group)]
    yield from mixed
    if not mixed and held is None:
        yield from _group_rules(new, group)
    if _is_first(new) and new.alias is None and not new.health_check_id:
        yield Broken("primary-unchecked", new)
    yield from alias_rules(
        new, draft.tree, zone_id, lambda each: each is new or key_of(each) in later
    )
    key = folded(new.name), new.type
    if key in loops([key], draft.tree):
        yield Broken("loop", new)


def _group_rules(new: RecordSet, others: Sequence[RecordSet]) -> Iterator[Broken]:
    """Of a member and others of its group that have its policy."""
    fellows = [each for each in others if type(each.policy) is type(new.policy)]
    if fellows:
        yield from group_rules([new, *fellows], new)


def _is_first(new: RecordSet) -> bool:
    return isinstance(new.policy, Failover) and new.policy.Failover == "PRIMARY"


def _whole(draft: Draft, known: Known) -> Iterator[Broken]:
    """Of the zone as a whole: its apex, and its size if it grows."""
    for each in draft.removed:
        if each.name == draft.zone.origin and each.type in (RdataType.SOA, RdataType.NS):
            yield Broken("soa-gone" if each.type is RdataType.SOA else "ns-gone", each)
    most = known.max_record_sets
    if draft.growth > 0 and draft.zone.size + draft.growth > most:
        yield Broken("zone-full", draft.added[-1], {"most": most})


def missing_checks(draft: Draft, known: Known) -> list[Broken]:
    """Of health checks that record sets name and that are not there."""
    named = {each.health_check_id: each for each in draft.added if each.health_check_id}
    there = known.health_checks
    return [
        Broken("no-such-check", each, {"check": check, "advice": _advice(check)})
        for check, each in named.items()
        if there is not None and check not in there
    ]


def _advice(check: str) -> str:
    return bare("HealthCheckId", check) or "Create it first."
