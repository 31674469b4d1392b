"""What may not stand in a zone: every problem at once, each with where, why and what to do.

The rules are those of `rules`. Here they are asked of the nodes of a tree, and worded for files.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from dns.rdatatype import RdataType

from lab_engine.authority.aliases import MAX_ALIASES, Extents
from lab_engine.authority.policies import Simple
from lab_engine.authority.records import Labels, folded
from lab_engine.authority.recordset import Group, RecordSet
from lab_engine.authority.rules import (
    Broken,
    alias_rules,
    cname_rules,
    dname_rules,
    group_rules,
    identifier_rules,
    member_rules,
    policy_rules,
    winding_rules,
)
from lab_engine.authority.tree import EMPTY, Key, Node, Tree
from lab_engine.errors import ZoneError

MAX_WAYS = 10_000  # [design]: a plan lists every one of them


class Phrase(NamedTuple):
    """How a broken rule is said of a record set, with the names of its facts in braces."""

    rule: str
    remedy: str


_GROUP = "Correct the group; none of it was loaded."
_CNAME = "A CNAME allows nothing else at its name (RFC 1034 section 3.6.2)."
PHRASES: Mapping[str, Phrase] = {
    "outside": Phrase("lies outside the zone {origin}", "Load it with its own zone."),
    "out-of-range": Phrase("{clause}", "Choose a value in its range."),
    "needs-policy": Phrase("has {what} and no policy", "Give it a policy, or leave that out."),
    "needs-identifier": Phrase(
        "needs a SetIdentifier of 1 to 128 characters for {policy} routing",
        "Give it one that no other of the group has.",
    ),
    "one-value": Phrase(
        "has more than one value", "One SOA, CNAME or DNAME at most (RFC 2181 10.1, 6672 2.4)."
    ),
    "too-many-values": Phrase("has more than {most} values", "Split it."),
    "soa-below-apex": Phrase("is an SOA below the apex", "A zone has one, at its apex."),
    "multivalue-values": Phrase(
        "has more than one value in a multivalue set", "Give each value a record set of its own."
    ),
    "wildcard-ns": Phrase("is an NS under a wildcard", "Delegate names one by one."),
    "multivalue-type": Phrase("may not be multivalue", "Use another policy for this type."),
    "cname-at-apex": Phrase("stands beside {others}", _CNAME),
    "cname-beside": Phrase("stands beside {others}", _CNAME),
    "dname-at-cut": Phrase(
        "stands beside an NS below the apex",
        "Names below lie in another zone, or have other names, but not both (RFC 6672 2.3).",
    ),
    "beside-cname": Phrase("stands beside a CNAME", _CNAME),
    "mixed": Phrase("mixes the policies {policies}", "Use one policy for a name and type."),
    "twice-given": Phrase("is given twice", "Put all its values into one record set."),
    "too-many-members": Phrase("has {count} {policy} record sets, more than {limit}", _GROUP),
    "ttls-differ": Phrase("has TTLs {ttls}, and weighted sets must contain the same TTL", _GROUP),
    "taken": Phrase("has {element} {value} more than once", _GROUP),
    "collections-differ": Phrase("uses more than one CIDR collection", _GROUP),
    "identifier-taken": Phrase(
        "has the SetIdentifier {identifier!r} of another in its group", "Give each its own."
    ),
    "multivalue-alias": Phrase(
        "is a multivalue alias", "Multivalue sets hold values of their own."
    ),
    "alias-type": Phrase("is an alias of a type that has none", "Give it values."),
    "alias-dangling": Phrase(
        "is an alias to {target}, which has no {type}",
        "Name a record set of the same type in this zone.",
    ),
    "alias-outside": Phrase(
        "is an alias to {target}, neither in this zone nor an AWS endpoint",
        "Use a CNAME for a third party's name.",
    ),
    "endpoint-zone": Phrase(
        "names the hosted zone {target_zone} for {called}", "{target} lies in {zones}."
    ),
    "cloudfront-health": Phrase(
        "evaluates the health of a CloudFront distribution",
        "Set EvaluateTargetHealth to false for CloudFront.",
    ),
    "endpoint-type": Phrase("is an alias to an AWS endpoint", "Use type {types}."),
    "alias-loop": Phrase("leads back to itself: {path}", "Break the loop."),
    "alias-row": Phrase(
        "leads through more than {most} aliases", "Name the last one's target at once."
    ),
    "alias-ways": Phrase(
        "leads on in {ways:,} ways, more than {most:,}", "Lead its aliases to fewer groups."
    ),
}


def problem(broken: Broken) -> ZoneError:
    """A broken rule in the words for files."""
    member, phrase = broken.record_set, PHRASES[broken.code]
    facts = {"type": RdataType.to_text(member.type), "policy": member.policy.name}
    if member.alias is not None:
        facts |= {"target": str(member.alias.name), "target_zone": member.alias.hosted_zone_id}
    facts |= broken.facts
    where = f"{member.where}: {member}" if member.where else str(member)
    return ZoneError(where, phrase.rule.format(**facts), phrase.remedy.format(**facts))


def problems(
    tree: Tree, nodes: Mapping[Labels, Node], keys: Iterable[Key], *, forgiving: bool
) -> list[ZoneError]:
    """All that is wrong with a zone; empty where it may be served.

    Args:
        tree: the zone.
        nodes: those of its nodes to look at. The others were served before.
        keys: the groups whose aliases to look at, in these nodes and elsewhere.
        forgiving: whether a CNAME may stand beside other data.
    """
    extents = Extents(tree)
    found: list[Broken] = []
    for name, node in nodes.items():
        found += _of_node(name, node, extents, forgiving=forgiving)
    for key in keys:
        if key[0] not in nodes:
            for member in tree.group(key):
                found += _of_alias(member, extents)
    told = [*_apex_problems(tree), *map(problem, found)]
    return told or [problem(each) for each in _of_widths(keys, extents)]


def _of_node(name: Labels, node: Node, extents: Extents, *, forgiving: bool) -> Iterator[Broken]:
    if not extents.tree.contains(name):
        for group in list(node.values())[:1]:
            yield Broken("outside", group[0], {"origin": extents.tree.origin})
        return
    if len(node) > 1 and RdataType.CNAME in node and not forgiving:
        others = [group[0] for group in node.values()]
        yield from cname_rules(node[RdataType.CNAME][0], others, extents.tree.origin)
    yield from dname_rules(node, extents.tree.origin)
    for group in node.values():
        yield from _of_group(group, extents)


def _of_group(group: Group, extents: Extents) -> Iterator[Broken]:
    for member in group:
        yield from member_rules(member, extents.tree.origin)
        yield from _of_alias(member, extents)
    mixed = [*policy_rules(group[0], group[1:])]
    yield from mixed
    if not mixed and not isinstance(group[0].policy, Simple):
        yield from group_rules(group)
        yield from identifier_rules(group)


def _of_alias(member: RecordSet, extents: Extents) -> Iterator[Broken]:
    winding = [*winding_rules(member, extents)]
    for broken in alias_rules(member, extents.tree):
        if not (winding and broken.code == "alias-dangling"):
            yield broken
    yield from winding


def _of_widths(keys: Iterable[Key], extents: Extents) -> Iterator[Broken]:
    """Groups whose aliases lead on so far that a walk would not end; there are no loops by now."""
    for key in keys:
        group, extent = extents.tree.group(key), extents.of(key)
        if extent is None:
            yield Broken("alias-row", group[0], {"most": MAX_ALIASES})
        elif extent.row and extent.ways > MAX_WAYS:
            yield Broken("alias-ways", group[0], {"ways": extent.ways, "most": MAX_WAYS})


def _apex_problems(tree: Tree) -> Iterator[ZoneError]:
    apex = tree.node(folded(tree.origin)) or EMPTY
    for needed in (RdataType.SOA, RdataType.NS):
        if needed not in apex:
            yield ZoneError(
                str(tree.origin),
                f"has no {RdataType.to_text(needed)} record at its apex",
                "Every zone begins with one SOA and at least one NS (RFC 1035 section 5.2).",
            )
