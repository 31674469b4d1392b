"""What may not stand in a zone: every problem at once, each with where, why and what to do."""

from collections.abc import Iterator, Mapping, Sequence

from dns.name import Name
from dns.rdatatype import RdataType

from lab_engine.authority.endpoints import CLOUDFRONT_ZONE, service_of
from lab_engine.authority.policies import Simple
from lab_engine.authority.recordset import AliasTarget, Group, RecordSet
from lab_engine.errors import ZoneError

Node = Mapping[RdataType, Group]
NOT_MULTIVALUE = (RdataType.NS, RdataType.CNAME, RdataType.SOA)
MAX_VALUES = 400
MAX_WAYS = 10_000  # [design]: a plan lists every one of them
MAX_ALIASES = 32  # in a row; [design], so that every walk ends soon


def problems(origin: Name, nodes: Mapping[Name, Node], *, forgiving: bool) -> list[ZoneError]:
    """All that is wrong with these records as one zone; empty where they may be served.

    Args:
        origin: the apex.
        nodes: record sets by name and type.
        forgiving: whether a CNAME may stand beside other data.
    """
    found = [*_apex_problems(origin, nodes)]
    for name, node in nodes.items():
        if not name.is_subdomain(origin):
            where = next(iter(node.values()))[0]
            found.append(
                _problem(where, f"lies outside the zone {origin}", "Load it with its own zone.")
            )
            continue
        if not forgiving:
            found += _cname_problems(node)
        for group in node.values():
            found += _group_problems(group, origin, nodes)
    return found or [*_width_problems(nodes)]


def _width_problems(nodes: Mapping[Name, Node]) -> Iterator[ZoneError]:
    """Groups whose aliases fan out so far that a walk would not end; there are no loops by now."""
    known: dict[tuple[Name, RdataType], int] = {}
    for group in (group for node in nodes.values() for group in node.values()):
        if any(member.alias for member in group) and _ways(group, nodes, known) > MAX_WAYS:
            rule = f"leads on in {_ways(group, nodes, known):,} ways, more than {MAX_WAYS:,}"
            yield _problem(group[0], rule, "Lead its aliases to fewer groups.")


def _ways(
    group: Sequence[RecordSet], nodes: Mapping[Name, Node], known: dict[tuple[Name, RdataType], int]
) -> int:
    """How many record sets a walk from this group can end at."""
    key = group[0].name, group[0].type
    if key not in known:
        targets = [_target(member, nodes) for member in group]
        known[key] = sum(_ways(target, nodes, known) if target else 1 for target in targets)
    return known[key]


def _problem(record_set: RecordSet, rule: str, remedy: str) -> ZoneError:
    where = f"{record_set.where}: {record_set}" if record_set.where else str(record_set)
    return ZoneError(where, rule, remedy)


def _apex_problems(origin: Name, nodes: Mapping[Name, Node]) -> Iterator[ZoneError]:
    for needed in (RdataType.SOA, RdataType.NS):
        if needed not in nodes.get(origin, {}):
            yield ZoneError(
                str(origin),
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


def _group_problems(group: Group, origin: Name, nodes: Mapping[Name, Node]) -> Iterator[ZoneError]:
    for member in group:
        yield from _member_problems(member, origin, nodes)
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


def _member_problems(
    member: RecordSet, origin: Name, nodes: Mapping[Name, Node]
) -> Iterator[ZoneError]:
    for rule in member.policy.problems():
        yield _problem(member, rule, "Choose a value in its range.")
    if isinstance(member.policy, Simple) and (member.set_identifier or member.health_check_id):
        what = "a SetIdentifier" if member.set_identifier else "a health check"
        yield _problem(member, f"has {what} and no policy", "Give it a policy, or leave that out.")
    if member.alias is not None:
        yield from _alias_problems(member, member.alias, origin, nodes)
        return
    if member.type in (RdataType.SOA, RdataType.CNAME) and len(member.texts) > 1:
        rule = "has more than one value"
        yield _problem(member, rule, "One SOA or CNAME at most (RFC 2181 section 10.1).")
    if len(member.texts) > MAX_VALUES:
        yield _problem(member, f"has more than {MAX_VALUES} values", "Split it.")
    if member.type is RdataType.SOA and member.name != origin:
        yield _problem(member, "is an SOA below the apex", "A zone has one, at its apex.")
    if member.policy.sample is not None and len(member.texts) > 1:
        rule = "has more than one value in a multivalue set"
        yield _problem(member, rule, "Give each value a record set of its own.")
    if member.type is RdataType.NS and member.name.is_wild():
        yield _problem(member, "is an NS under a wildcard", "Delegate names one by one.")
    if member.policy.sample is not None and member.type in NOT_MULTIVALUE:
        yield _problem(member, "may not be multivalue", "Use another policy for this type.")


def _alias_problems(
    member: RecordSet, alias: AliasTarget, origin: Name, nodes: Mapping[Name, Node]
) -> Iterator[ZoneError]:
    target = alias.name
    if member.policy.sample is not None:
        yield _problem(member, "is a multivalue alias", "Multivalue sets hold values of their own.")
    if member.type in (RdataType.NS, RdataType.SOA):
        yield _problem(member, "is an alias of a type that has none", "Give it values.")
    if not target.is_subdomain(origin):
        yield from _foreign_problems(member, alias)
        return
    path = _winding(member, nodes)
    if path and path[0] == path[-1]:
        yield _problem(member, f"leads back to itself: {' -> '.join(path)}", "Break the loop.")
    elif path:
        rule = f"leads through more than {MAX_ALIASES} aliases"
        yield _problem(member, rule, "Name the last one's target at once.")
    elif not _target(member, nodes):
        rule = f"is an alias to {target}, which has no {RdataType.to_text(member.type)}"
        yield _problem(member, rule, "Name a record set of the same type in this zone.")


def _foreign_problems(member: RecordSet, alias: AliasTarget) -> Iterator[ZoneError]:
    service = service_of(alias.name)
    if service is None:
        yield _problem(
            member,
            f"is an alias to {alias.name}, neither in this zone nor an AWS endpoint",
            "Use a CNAME for a third party's name.",
        )
    elif service == "cloudfront" and alias.hosted_zone_id not in ("", CLOUDFRONT_ZONE):
        rule = f"names the hosted zone {alias.hosted_zone_id} for a CloudFront distribution"
        yield _problem(member, rule, f"All of them lie in {CLOUDFRONT_ZONE}.")
    elif service == "cloudfront" and alias.evaluate_target_health:
        rule = "evaluates the health of a CloudFront distribution"
        yield _problem(member, rule, "Set EvaluateTargetHealth to false for CloudFront.")
    elif member.type not in (RdataType.A, RdataType.AAAA):
        yield _problem(member, "is an alias to an AWS endpoint", "Use type A or AAAA.")


def _target(member: RecordSet, nodes: Mapping[Name, Node]) -> Sequence[RecordSet]:
    """The group an alias leads to, as `lookup.find` will find it."""
    if member.alias is None or _delegated(member.alias.name, nodes):
        return ()
    name = member.alias.name
    if _exists(name, nodes):
        return nodes.get(name, {}).get(member.type, ())
    encloser = name.parent()
    while len(encloser) > 1 and not _exists(encloser, nodes):
        encloser = encloser.parent()
    wildcard = Name([b"*", *encloser.labels])
    return nodes.get(wildcard, {}).get(member.type, ())


def _exists(name: Name, nodes: Mapping[Name, Node]) -> bool:
    """Whether a name holds something, or stands above one that does (RFC 4592 section 2.2.2)."""
    return name in nodes or any(other.is_subdomain(name) for other in nodes)


def _delegated(name: Name, nodes: Mapping[Name, Node]) -> bool:
    """Whether a name lies at or below a zone cut: NS without the SOA of an apex."""
    while len(name) > 1:
        node = nodes.get(name, {})
        if RdataType.NS in node and RdataType.SOA not in node:
            return True
        name = name.parent()
    return False


def _winding(member: RecordSet, nodes: Mapping[Name, Node]) -> list[str]:
    """The names from a member round to its own, or on for too long; empty for an honest way."""
    start = (member.name, member.type)
    ways: list[tuple[RecordSet, list[str]]] = [(member, [str(member.name)])]
    seen = set()
    while ways:
        at, path = ways.pop()
        for onward in _target(at, nodes):
            step = [*path, str(onward.name)]
            if (onward.name, onward.type) == start or len(step) > MAX_ALIASES + 1:
                return step
            if onward.key not in seen:
                seen.add(onward.key)
                ways.append((onward, step))
    return []
