"""What may not stand in a zone: every problem at once, each with where, why and what to do."""

from collections.abc import Iterable, Iterator, Mapping

from dns.name import Name
from dns.rdatatype import RdataType

from lab_engine.authority.aliases import MAX_ALIASES, Extents
from lab_engine.authority.endpointnames import is_misplaced, kinds_of, zone_ids
from lab_engine.authority.lookup import alias_group
from lab_engine.authority.policies import Simple
from lab_engine.authority.records import Labels, folded
from lab_engine.authority.recordset import AliasTarget, Group, RecordSet
from lab_engine.authority.tree import EMPTY, Key, Node, Tree
from lab_engine.errors import ZoneError

NOT_MULTIVALUE = (RdataType.NS, RdataType.CNAME, RdataType.SOA)
MAX_VALUES = 400
MAX_WAYS = 10_000  # [design]: a plan lists every one of them


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
    found = [*_apex_problems(tree)]
    for name, node in nodes.items():
        found += _node_problems(name, node, extents, forgiving=forgiving)
    for key in keys:
        if key[0] not in nodes:
            for member in tree.group(key):
                found += _alias_problems(member, extents)
    return found or [*_width_problems(keys, extents)]


def _node_problems(
    name: Labels, node: Node, extents: Extents, *, forgiving: bool
) -> Iterator[ZoneError]:
    if not extents.tree.contains(name):
        for group in list(node.values())[:1]:
            rule = f"lies outside the zone {extents.tree.origin}"
            yield _problem(group[0], rule, "Load it with its own zone.")
        return
    if not forgiving:
        yield from _cname_problems(node)
    for group in node.values():
        yield from _group_problems(group, extents)


def _width_problems(keys: Iterable[Key], extents: Extents) -> Iterator[ZoneError]:
    """Groups whose aliases lead on so far that a walk would not end; there are no loops by now."""
    for key in keys:
        group, extent = extents.tree.group(key), extents.of(key)
        if extent is None:
            yield _too_long(group[0])
        elif extent.row and extent.ways > MAX_WAYS:
            rule = f"leads on in {extent.ways:,} ways, more than {MAX_WAYS:,}"
            yield _problem(group[0], rule, "Lead its aliases to fewer groups.")


def _problem(record_set: RecordSet, rule: str, remedy: str) -> ZoneError:
    where = f"{record_set.where}: {record_set}" if record_set.where else str(record_set)
    return ZoneError(where, rule, remedy)


def _apex_problems(tree: Tree) -> Iterator[ZoneError]:
    apex = tree.node(folded(tree.origin)) or EMPTY
    for needed in (RdataType.SOA, RdataType.NS):
        if needed not in apex:
            yield ZoneError(
                str(tree.origin),
                f"has no {RdataType.to_text(needed)} record at its apex",
                "Every zone begins with one SOA and at least one NS (RFC 1035 section 5.2).",
            )


def _cname_problems(node: Node) -> Iterator[ZoneError]:
    if RdataType.CNAME in node and len(node) > 1:
        others = ", ".join(sorted(RdataType.to_text(t) for t in node if t != RdataType.CNAME))
        yield _problem(
            node[RdataType.CNAME][0],
            f"stands beside {others}",
            "A CNAME allows nothing else at its name (RFC 1034 section 3.6.2).",
        )


def _group_problems(group: Group, extents: Extents) -> Iterator[ZoneError]:
    for member in group:
        yield from _member_problems(member, extents.tree.origin)
        yield from _alias_problems(member, extents)
    first = group[0]
    kinds = {type(member.policy) for member in group}
    if len(kinds) > 1:
        names = ", ".join(sorted(kind.name for kind in kinds))
        yield _problem(first, f"mixes the policies {names}", "Use one policy for a name and type.")
        return
    if kinds == {Simple}:
        if len(group) > 1:
            yield _problem(first, "is given twice", "Put all its values into one record set.")
        return
    for rule in first.policy.group_problems([(m.policy, m) for m in group]):
        yield _problem(first, rule, "Correct the group; none of it was loaded.")
    yield from _identifier_problems(group)


def _identifier_problems(group: Group) -> Iterator[ZoneError]:
    seen: set[str] = set()
    for member in group:
        identifier = member.set_identifier
        if not 1 <= len(identifier) <= 128:
            rule = f"needs a SetIdentifier of 1 to 128 characters for {member.policy.name} routing"
            yield _problem(member, rule, "Give it one that no other of the group has.")
        elif identifier in seen:
            rule = f"has the SetIdentifier {identifier!r} of another in its group"
            yield _problem(member, rule, "Give each its own.")
        seen.add(identifier)


def _member_problems(member: RecordSet, origin: Name) -> Iterator[ZoneError]:
    for rule in member.policy.problems():
        yield _problem(member, rule, "Choose a value in its range.")
    if isinstance(member.policy, Simple) and (member.set_identifier or member.health_check_id):
        what = "a SetIdentifier" if member.set_identifier else "a health check"
        yield _problem(member, f"has {what} and no policy", "Give it a policy, or leave that out.")
    if member.alias is not None:
        return
    count = len(member.records.values) if member.records else 0
    if member.type in (RdataType.SOA, RdataType.CNAME) and count > 1:
        rule = "has more than one value"
        yield _problem(member, rule, "One SOA or CNAME at most (RFC 2181 section 10.1).")
    if count > MAX_VALUES:
        yield _problem(member, f"has more than {MAX_VALUES} values", "Split it.")
    if member.type is RdataType.SOA and member.name != origin:
        yield _problem(member, "is an SOA below the apex", "A zone has one, at its apex.")
    if member.policy.sample is not None and count > 1:
        rule = "has more than one value in a multivalue set"
        yield _problem(member, rule, "Give each value a record set of its own.")
    if member.type is RdataType.NS and member.name.is_wild():
        yield _problem(member, "is an NS under a wildcard", "Delegate names one by one.")
    if member.policy.sample is not None and member.type in NOT_MULTIVALUE:
        yield _problem(member, "may not be multivalue", "Use another policy for this type.")


def _alias_problems(member: RecordSet, extents: Extents) -> Iterator[ZoneError]:
    alias, tree = member.alias, extents.tree
    if alias is None:
        return
    if member.policy.sample is not None:
        yield _problem(member, "is a multivalue alias", "Multivalue sets hold values of their own.")
    if member.type in (RdataType.NS, RdataType.SOA):
        yield _problem(member, "is an alias of a type that has none", "Give it values.")
    if not tree.contains(folded(alias.name)):
        yield from _foreign_problems(member, alias)
        return
    path = [] if extents.of((folded(member.name), member.type)) else extents.winding(member)
    if path and path[0] == path[-1]:
        yield _problem(member, f"leads back to itself: {' -> '.join(path)}", "Break the loop.")
    elif path:
        yield _too_long(member)
    elif not alias_group(member, tree):
        rule = f"is an alias to {alias.name}, which has no {RdataType.to_text(member.type)}"
        yield _problem(member, rule, "Name a record set of the same type in this zone.")


def _foreign_problems(member: RecordSet, alias: AliasTarget) -> Iterator[ZoneError]:
    kinds, given = kinds_of(alias.name), alias.hosted_zone_id
    types = [each for kind in kinds for each in kind.types]
    if not kinds:
        yield _problem(
            member,
            f"is an alias to {alias.name}, neither in this zone nor an AWS endpoint",
            "Use a CNAME for a third party's name.",
        )
    elif is_misplaced(alias.name, given):
        rule = f"names the hosted zone {given} for {kinds[0].called}"
        yield _problem(member, rule, f"{alias.name} lies in {' or '.join(zone_ids(alias.name))}.")
    elif kinds[0].service == "cloudfront" and alias.evaluate_target_health:
        rule = "evaluates the health of a CloudFront distribution"
        yield _problem(member, rule, "Set EvaluateTargetHealth to false for CloudFront.")
    elif member.type not in types:
        names = " or ".join(map(RdataType.to_text, dict.fromkeys(types)))
        yield _problem(member, "is an alias to an AWS endpoint", f"Use type {names}.")


def _too_long(member: RecordSet) -> ZoneError:
    rule = f"leads through more than {MAX_ALIASES} aliases"
    return _problem(member, rule, "Name the last one's target at once.")
