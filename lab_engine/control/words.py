"""Broken rules in Route 53's words: the phrase book of the API, as `checks` has that of files.

The words are those that users of the real service report; those marked unverified follow their
pattern. A rule for which none are known is said in the lab's own, and so is every remedy.
"""

from collections.abc import Mapping

from dns.name import Name
from dns.rdatatype import RdataType

from lab_engine.authority.checks import Phrase, problem
from lab_engine.authority.endpointnames import kinds_of, zone_ids
from lab_engine.authority.recordset import AliasTarget
from lab_engine.authority.rules import Broken
from lab_engine.control.pasted import bare, plain_id
from lab_engine.control.refusal import Fault
from lab_engine.control.writing import in_words, policy_element, shown

_NAMED = "resource record set [name='{name}', type='{type}'{further}]"
_SET = "RRSet of type {type} with DNS name {name} is not permitted"
_MEMBER = "RRSet with DNS name {name}, type {type}, SetIdentifier {identifier}"
_ALIAS = "Tried to create an alias that targets {target}, type {type} in zone {target_zone}, but "
_TAKEN = "cannot be created because {article} {policy} RRSet with the same name, type and {what}"
_OUTSIDE = Phrase(
    _ALIAS + "the alias target name does not lie within the target zone", "{whereabouts}"
)
_IN_CHANGE = "in Change with [Action={action}, Name={name}, Type={type}, SetIdentifier={given}]"
_ONE_POLICY = "Delete what is there first, in the same batch: a name and type have one policy."


def _taken(said: str, what: str) -> Phrase:
    """Of a second member for one region, role or place."""
    text = f"{_MEMBER}, and {said}={{said}} {_TAKEN.replace('{what}', what)} already exists."
    return Phrase(text, f"Give each member a {what} of its own.")


PHRASES: Mapping[str, Phrase] = {
    "outside": Phrase(
        "RRSet with DNS name {name} is not permitted in zone {zone}",
        "Choose a name at or below the zone's own.",
    ),
    "out-of-range": Phrase(  # unverified, as is the next: the lab's own rule as text
        f"Invalid request: {{clause}} {_IN_CHANGE}", "Choose a value in its range."
    ),
    "no-such-place": Phrase(
        f"Invalid request: the geolocation {{place}} does not exist {_IN_CHANGE}",
        "ListGeoLocations shows all there are.",
    ),
    "too-many-values": Phrase(
        "Cannot have more than {most} records in a RRSet.", "Split it, or answer fewer values."
    ),
    "contradiction": Phrase(
        "The request contains an invalid set of changes for a resource record set '{type} {name}'",
        "Change each record set once in a batch; to make it anew, DELETE it first.",
    ),
    "absent": Phrase(f"Tried to delete {_NAMED} but it was not found", "List what there is."),
    "unlike": Phrase(
        f"Tried to delete {_NAMED} but the values provided do not match the current values",
        "Repeat all of it as it is listed: TTL, values, policy, health check.",
    ),
    "present": Phrase(
        f"Tried to create {_NAMED} but it already exists", "Use UPSERT to replace it."
    ),
    "cname-at-apex": Phrase(f"{_SET} at apex in zone {{zone}}", "Use an alias at the apex."),
    "cname-beside": Phrase(
        f"{_SET} as it conflicts with other records with the same DNS name in zone {{zone}}",
        "Delete the others first, in the same batch, or use an alias.",
    ),
    "beside-cname": Phrase(  # two spaces, as Route 53 has them
        f"{_SET} because a conflicting RRSet of type  CNAME with the same DNS name already "
        "exists in zone {zone}",
        "Delete the CNAME first, in the same batch.",
    ),
    "mixed": Phrase(  # unverified: for other policies than weighted
        f"{_MEMBER} cannot be created as a non-{{policy}} set exists with the same name and type.",
        _ONE_POLICY,
    ),
    "mixed simple": Phrase(
        "RRSet with DNS name {name}, type {type} cannot be created as other RRSets exist with "
        "the same name and type.",
        _ONE_POLICY,
    ),
    "mixed multivalue": Phrase(
        'RRSet with DNS name {name}, type {type}, SetIdentifier "{identifier}" cannot be '
        "created because a non multivalue answer rrset exists with the same name and type.",
        _ONE_POLICY,
    ),
    "too-many-members": Phrase(  # unverified: for other policies than weighted
        "Exceeded limit on number of {policy} RRSets for {name}, type {type} in this zone.",
        "A name and type have at most {limit} of them.",
    ),
    "ttls-differ": Phrase(
        "RRSet with DNS name {name} and type {type}, SetIdentifier {identifier} cannot be "
        "created as weighted sets must contain the same TTL.",
        "Change the TTL of every member in one batch, before what is new.",
    ),
    "taken latency": _taken("Region Name", "region"),
    "taken geolocation": _taken("GeoLocation", "geolocation"),  # unverified, as is failover
    "taken failover": _taken("Failover", "failover type"),
    "taken AZ-affinity": _taken("AZAffinity", "location"),  # unverified, too
    "primary-unchecked": Phrase(
        "A non-alias primary ResourceRecordSet must have an associated health check. "
        "No changes made.",
        "Give it a HealthCheckId: without one it never fails over.",
    ),
    "alias-dangling": Phrase(
        _ALIAS + "that target was not found",
        "Name a record set of the same type in this zone, with this zone's id; or an AWS endpoint, "
        "with the endpoint's.",
    ),
    "alias-outside": _OUTSIDE,  # unverified: where the target has no HostedZoneId
    "endpoint-zone": _OUTSIDE,
    "loop": Phrase(
        f"{_SET} as it creates a CNAME or alias loop in the zone.",
        "Lead it to a name that does not lead back.",
    ),
    "soa-gone": Phrase(
        "A HostedZone must contain exactly one SOA record.", "UPSERT it to change it."
    ),
    "ns-gone": Phrase(
        "A HostedZone must contain at least one NS record for the zone itself.",
        "UPSERT it to change it.",
    ),
    "zone-full": Phrase(
        "Exceeded limit MAX_RRSETS_BY_ZONE for zone: {zone_id}",
        "This zone may hold {most:,} record sets.",
    ),
    "no-such-check": Phrase(
        # unverified: the words; the API reference has the code among this request's errors
        "A health check with id {check} does not exist.",
        "{advice}",
    ),
}
"""By the code of a rule, or by that and the name of the policy where policies differ."""
ALSO = {"alias-outside": "alias-dangling", "endpoint-zone": "alias-dangling"}
"""What Route 53 says besides."""


def worded(broken: Broken, origin: Name, zone_id: str) -> list[Fault]:
    """What Route 53 says of a broken rule.

    Args:
        broken: the rule, and by which record set.
        origin: of its zone.
        zone_id: of its zone; empty where it has none.
    """
    policy, codes = broken.record_set.policy.name, (broken.code, ALSO.get(broken.code, ""))
    found = (PHRASES.get(f"{code} {policy}", PHRASES.get(code)) for code in codes)
    phrases = [*filter(None, found)]
    if not phrases:
        own = problem(broken)
        return [Fault(f"{own.value} {own.rule}", own.remedy)]
    facts = _facts(broken, origin, zone_id)
    return [Fault(each.rule.format(**facts), each.remedy.format(**facts)) for each in phrases]


def _facts(broken: Broken, origin: Name, zone_id: str) -> dict[str, object]:
    new, identifier = broken.record_set, broken.record_set.set_identifier
    facts: dict[str, object] = {
        "name": shown(new.name),
        "type": RdataType.to_text(new.type),
        "identifier": identifier,
        "given": identifier or "null",
        "further": f", set-identifier='{identifier}'" if identifier else "",
        "policy": new.policy.name,
        "article": "an" if new.policy.name.startswith("A") else "a",
        "zone": shown(origin),
        "zone_id": zone_id or shown(origin),
    }
    for value in policy_element(new.policy).values():
        facts["said"] = in_words(value) if isinstance(value, Mapping) else value
    if new.alias is not None:
        facts["target"] = shown(new.alias.name)
        facts["target_zone"] = new.alias.hosted_zone_id
        facts["whereabouts"] = _whereabouts(new.alias, origin, zone_id)
    return {**facts, **broken.facts}


def _whereabouts(alias: AliasTarget, origin: Name, zone_id: str) -> str:
    """What to do about a target that lies elsewhere, or is said to."""
    pasted, known = bare("HostedZoneId", alias.hosted_zone_id), zone_ids(alias.name)
    if zone_id and alias.name.is_subdomain(origin):
        known = (zone_id,)
    if known and plain_id(alias.hosted_zone_id) not in known:
        return f"Its HostedZoneId is {' or '.join(known)}."
    if kinds_of(alias.name):
        return pasted or "Its HostedZoneId is that of its service in its Region."
    return pasted or "Use a CNAME for a third party's name."
