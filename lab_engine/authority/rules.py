"""What a zone may hold: every rule about record sets, each with a code, and no words.

Files and the API word the same verdicts differently (`checks`, `control.words`). A file is judged
whole, a change of a batch by what is there when it comes; both ask here. A record set is judged by
itself, beside what its name holds, within its group, and by where an alias leads.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

from dns.name import Name
from dns.rdatatype import RdataType

from lab_engine.authority.aliases import MAX_ALIASES, Extents
from lab_engine.authority.endpointnames import is_misplaced, kinds_of, zone_ids
from lab_engine.authority.lookup import alias_group
from lab_engine.authority.policies import Simple
from lab_engine.authority.records import folded
from lab_engine.authority.recordset import AliasTarget, RecordSet
from lab_engine.authority.tree import Node, Tree

NOT_MULTIVALUE = (RdataType.NS, RdataType.CNAME, RdataType.SOA)
ONE_OF_A_NAME = (RdataType.SOA, RdataType.CNAME, RdataType.DNAME)
MAX_VALUES = 400
NOTHING: Mapping[str, Any] = MappingProxyType({})


class Broken(NamedTuple):
    """A rule that does not hold.

    Attributes:
        code: of the rule; each phrase book has its words.
        record_set: which is at fault.
        facts: what the words mention.
    """

    code: str
    record_set: RecordSet
    facts: Mapping[str, Any] = NOTHING


def member_rules(member: RecordSet, origin: Name) -> Iterator[Broken]:
    """Of a record set by itself."""
    yield from field_rules(member)
    yield from _policy_rules(member)
    if member.alias is None:
        yield from _value_rules(member, origin)


def field_rules(member: RecordSet) -> Iterator[Broken]:
    """Of the fields of its policy, each by itself."""
    for clause in member.policy.problems():
        yield Broken("out-of-range", member, {"clause": clause})


def _policy_rules(member: RecordSet) -> Iterator[Broken]:
    """What goes with a policy, and what with none."""
    simple, identifier = isinstance(member.policy, Simple), member.set_identifier
    if simple and (identifier or member.health_check_id):
        what = "a SetIdentifier" if identifier else "a health check"
        yield Broken("needs-policy", member, {"what": what})
    if not simple and not 1 <= len(identifier) <= 128:
        yield Broken("needs-identifier", member, {"policy": member.policy.name})


def _value_rules(member: RecordSet, origin: Name) -> Iterator[Broken]:
    count = len(member.records.values) if member.records else 0
    several = member.policy.sample is not None
    if member.type in ONE_OF_A_NAME and count > 1:
        yield Broken("one-value", member)
    if count > MAX_VALUES:
        yield Broken("too-many-values", member, {"most": MAX_VALUES})
    if member.type is RdataType.SOA and member.name != origin:
        yield Broken("soa-below-apex", member)
    if several and count > 1:
        yield Broken("multivalue-values", member)
    if member.type is RdataType.NS and member.name.is_wild():
        yield Broken("wildcard-ns", member)
    if several and member.type in NOT_MULTIVALUE:
        yield Broken("multivalue-type", member)


def cname_rules(new: RecordSet, others: Sequence[RecordSet], origin: Name) -> Iterator[Broken]:
    """Of a record set beside what its name holds: a CNAME allows nothing else (RFC 1034 3.6.2).

    Args:
        new: the record set.
        others: all else at its name.
        origin: the apex, which always holds something else.
    """
    is_cname = new.type is RdataType.CNAME
    beside = {each.type for each in others} - {new.type}
    if is_cname and (beside or new.name == origin):
        facts = {"others": ", ".join(sorted(map(RdataType.to_text, beside)))}
        yield Broken("cname-at-apex" if new.name == origin else "cname-beside", new, facts)
    elif not is_cname and RdataType.CNAME in beside:
        yield Broken("beside-cname", new)


def dname_rules(node: Node, origin: Name) -> Iterator[Broken]:
    """Of what a name holds: a DNAME and a cut lead on in two ways (RFC 6672 section 2.3)."""
    if RdataType.DNAME in node and RdataType.NS in node:
        dname = node[RdataType.DNAME][0]
        if dname.name != origin:
            yield Broken("dname-at-cut", dname)


def policy_rules(new: RecordSet, others: Sequence[RecordSet]) -> Iterator[Broken]:
    """Of a record set among those of its name and type: they have one policy."""
    kinds = {type(each.policy) for each in (new, *others)}
    if len(kinds) > 1:
        yield Broken("mixed", new, {"policies": ", ".join(sorted(kind.name for kind in kinds))})
    elif kinds == {Simple} and others:
        yield Broken("twice-given", new)


def group_rules(group: Sequence[RecordSet], new: RecordSet | None = None) -> Iterator[Broken]:
    """Of members of one policy: what they may not do together.

    Args:
        group: all of them.
        new: of these the one that is judged; without it, all are, and the first is named.
    """
    first = new or group[0]
    place = next(place for place, each in enumerate(group) if each is first)
    for clash in first.policy.group_problems([(each.policy, each) for each in group]):
        if new is None or clash.concerns(place):
            facts = {"count": len(group), "limit": first.policy.limit, **clash.facts}
            yield Broken(clash.code, first, facts)


def identifier_rules(group: Sequence[RecordSet]) -> Iterator[Broken]:
    """Of a group: every member has a SetIdentifier of its own."""
    seen: set[str] = set()
    for member in group:
        identifier = member.set_identifier
        if identifier and identifier in seen:
            yield Broken("identifier-taken", member, {"identifier": identifier})
        seen.add(identifier)


def alias_rules(
    member: RecordSet,
    tree: Tree,
    zone_id: str = "",
    absent: Callable[[RecordSet], bool] = lambda _: False,
) -> Iterator[Broken]:
    """Of an alias: it leads to its own zone, or to an AWS endpoint by the endpoint's zone.

    Args:
        member: the record set; nothing is said of what is no alias.
        tree: of its zone.
        zone_id: the zone's own; empty where it has none.
        absent: whether something in the tree does not count as a target.
    """
    alias = member.alias
    if alias is None:
        return
    if member.policy.sample is not None:
        yield Broken("multivalue-alias", member)
    if member.type in (RdataType.NS, RdataType.SOA):
        yield Broken("alias-type", member)
    mine = not zone_id or alias.hosted_zone_id == zone_id  # where it is known, it is to be said
    if not (mine and tree.contains(folded(alias.name))):
        yield from _foreign_rules(member, alias, zone_id)
    elif all(map(absent, alias_group(member, tree))):
        yield Broken("alias-dangling", member)


def _foreign_rules(member: RecordSet, alias: AliasTarget, zone_id: str) -> Iterator[Broken]:
    """Of an alias that leads out of its zone."""
    kinds, given = kinds_of(alias.name), alias.hosted_zone_id
    types = dict.fromkeys(each for kind in kinds for each in kind.types)
    if not kinds or (zone_id and given in ("", zone_id)):
        yield Broken("alias-outside", member)
    elif is_misplaced(alias.name, given):
        facts = {"called": kinds[0].called, "zones": " or ".join(zone_ids(alias.name))}
        yield Broken("endpoint-zone", member, facts)
    elif kinds[0].service == "cloudfront" and alias.evaluate_target_health:
        yield Broken("cloudfront-health", member)
    elif member.type not in types:
        named = " or ".join(map(RdataType.to_text, types))
        yield Broken("endpoint-type", member, {"types": named})


def winding_rules(member: RecordSet, extents: Extents) -> Iterator[Broken]:
    """Of an alias: those that follow one another end soon, and nowhere they have been."""
    if member.alias is None or extents.of((folded(member.name), member.type)):
        return
    path = extents.winding(member)
    if path and path[0] == path[-1]:
        yield Broken("alias-loop", member, {"path": " -> ".join(path)})
    elif path:
        yield Broken("alias-row", member, {"most": MAX_ALIASES})
