r"""Record sets going out: as Route 53 writes them, as a change batch, and what gets lost elsewhere.

Names are lower-case and escaped in octal, as the guide's "Format of DNS domain names" has it: only
letters, digits, `-` and `_` stand for themselves, so a wildcard is `\052.example.com.` Values are
as they were written over the API; others in master-file form with the same escapes.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields
from operator import itemgetter
from typing import Any, NamedTuple

from dns.name import Name
from dns.rdatatype import RdataType

from lab_engine.authority.apitext import text_of
from lab_engine.authority.endpointnames import kinds_of, zone_ids
from lab_engine.authority.forms import structure
from lab_engine.authority.geo import Point
from lab_engine.authority.lookup import alias_group
from lab_engine.authority.policies import CidrLocation, Policy
from lab_engine.authority.records import RRset
from lab_engine.authority.recordset import AliasTarget, RecordSet
from lab_engine.authority.zone import Key, Zone, key_of

ListingKey = tuple[str, str, str]
"""By what record sets are listed."""
_PLAIN = frozenset(b"abcdefghijklmnopqrstuvwxyz0123456789-_")


def element(record_set: RecordSet, zone_id: str = "") -> dict[str, Any]:
    """A record set in boto3's form, its keys in the order of the XML schema.

    Args:
        record_set: with absolute names.
        zone_id: the zone's own id, for aliases to its names that do not give it.
    """
    made: dict[str, Any] = {
        "Name": shown(record_set.name),
        "Type": RdataType.to_text(record_set.type),
        **policy_element(record_set.policy),
    }
    if record_set.set_identifier:
        made["SetIdentifier"] = record_set.set_identifier
    if record_set.health_check_id:
        made["HealthCheckId"] = record_set.health_check_id
    if record_set.alias is not None:
        made["AliasTarget"] = {
            "HostedZoneId": _hosted_zone(record_set.alias, zone_id),
            "DNSName": shown(record_set.alias.name),
            "EvaluateTargetHealth": record_set.alias.evaluate_target_health,
        }
    if record_set.records is not None:
        made["TTL"] = record_set.records.ttl
        made["ResourceRecords"] = [{"Value": text} for text in values(record_set.records)]
    return {key: made[key] for key in structure("ResourceRecordSet").fields if key in made}


def _hosted_zone(alias: AliasTarget, zone_id: str) -> str:
    """What an alias gives; where it gives none, its own zone's, or that of its endpoint."""
    if alias.hosted_zone_id or not zone_id or not kinds_of(alias.name):
        return alias.hosted_zone_id or zone_id
    return next(iter(zone_ids(alias.name)), "")


def policy_element(policy: Policy) -> dict[str, Any]:
    """The element of a routing policy with the fields that it declares; none for the simple one."""
    if not policy.element:
        return {}
    declared = fields(policy)
    if not declared:
        return {policy.element: True}
    if declared[0].name == policy.element:
        return {policy.element: _plain(getattr(policy, policy.element))}
    set_ones = (item for item in declared if getattr(policy, item.name) != item.default)
    return {policy.element: {item.name: _plain(getattr(policy, item.name)) for item in set_ones}}


def values(rrset: RRset) -> list[str]:
    """The values of an RRset as they were written, or as Route 53 writes them."""
    known = dict(rrset.written)
    return [(known.get(each) if known else None) or text_of(each) for each in rrset.values]


def in_words(given: Mapping[str, Any]) -> str:
    """Elements and their values in one line: `CountryCode US, SubdivisionCode CA`."""
    parts = (in_words(v) if isinstance(v, Mapping) else f"{k} {v}" for k, v in given.items())
    return ", ".join(parts)


def as_batch(
    zone: Zone, action: str = "UPSERT", comment: str = "", zone_id: str = ""
) -> dict[str, Any]:
    """A change batch that makes every record set of a zone; `Zone.from_json` reads it back.

    Nothing is lost of what Route 53 has: its types, places of two decimals, no CNAME beside other
    data. Aliases stand behind the record sets that they lead to, as Route 53 wants them; one that
    does not name its hosted zone has an empty HostedZoneId, which the API refuses, unless `zone_id`
    says which it is. Of a CIDR location there is the name: the blocks belong to the collection and
    travel apart, as `aws route53 list-cidr-blocks` prints them. A batch may be larger than one
    request takes.

    Args:
        zone: what to write.
        action: CREATE, UPSERT or DELETE; for DELETE aliases come first.
        comment: up to 256 characters.
        zone_id: the zone's own id.
    """
    distances: dict[Key, int] = {}
    ordered = sorted(zone, key=lambda each: _distance(each, zone, distances))
    if action == "DELETE":
        ordered.reverse()
    changes = [{"Action": action, "ResourceRecordSet": element(e, zone_id)} for e in ordered]
    return {"Comment": comment, "Changes": changes}


def untold(zone: Zone) -> tuple[str, ...]:
    """What a master file of this zone cannot say, a plain line each."""
    return (*_forgiven(zone), *(line for each in zone for line in _untold(each)))


def listing_key(record_set: RecordSet) -> ListingKey:
    """Sorts as ListResourceRecordSets does: by reversed name, then type, then set identifier."""
    kind = RdataType.to_text(record_set.type)
    return reversed_name(record_set.name), kind, record_set.set_identifier


class Listing(NamedTuple):
    """The record sets of a zone in the order in which Route 53 lists them, with their keys."""

    zone: Zone
    keys: Sequence[ListingKey] = ()
    record_sets: Sequence[RecordSet] = ()

    @classmethod
    def of(cls, zone: Zone, before: "Listing | None" = None) -> "Listing":
        """That of a zone. One of what it was before spares most of the sorting."""
        old = before or cls(zone)
        known, now = set(map(id, old.record_sets)), set(map(id, zone))
        pairs = [pair for pair in zip(old.keys, old.record_sets, strict=True) if id(pair[1]) in now]
        pairs += [(listing_key(each), each) for each in zone if id(each) not in known]
        pairs.sort(key=itemgetter(0))
        return cls(zone, [key for key, _ in pairs], [each for _, each in pairs])


def reversed_name(name: Name) -> str:
    """`com.example.www.` for `www.example.com.`; the last dot counts where names are sorted."""
    labels = (label.decode("latin-1").lower() for label in reversed(name.labels[:-1]))
    return ".".join(labels) + "."


def shown(name: Name) -> str:
    r"""A name as Route 53 shows it, such as `\052.example.com.` for a wildcard."""
    return ".".join(_label(label) for label in name.labels[:-1]) + "."


def _label(label: bytes) -> str:
    octets = label.lower()
    return "".join(chr(octet) if octet in _PLAIN else f"\\{octet:03o}" for octet in octets)


def _plain(value: Any) -> Any:
    if isinstance(value, Point):
        return {"Latitude": f"{value.latitude:.2f}", "Longitude": f"{value.longitude:.2f}"}
    if isinstance(value, CidrLocation):
        return {"CollectionId": value.collection_id, "LocationName": value.name}
    return value


def _distance(record_set: RecordSet, zone: Zone, known: dict[Key, int]) -> int:
    """How many aliases lie between a record set and an answer; a zone has no loops of them."""
    if record_set.alias is None:
        return 0
    key = key_of(record_set)
    if key not in known:
        further = (_distance(each, zone, known) for each in alias_group(record_set, zone.tree))
        known[key] = 1 + max(further, default=0)
    return known[key]


def _forgiven(zone: Zone) -> Iterator[str]:
    if zone.forgiving is not None:
        yield f"{zone.origin}: a CNAME may stand beside other data, answered {zone.forgiving}"


def _untold(record_set: RecordSet) -> Iterator[str]:
    if record_set.set_identifier:
        policy = record_set.policy
        yield f"{record_set}: {policy.name} routing, {in_words(policy_element(policy))}"
    if record_set.alias is not None:
        yield f"{record_set}: an alias to {record_set.alias.name}"
    if record_set.health_check_id:
        yield f"{record_set}: health check {record_set.health_check_id}"
