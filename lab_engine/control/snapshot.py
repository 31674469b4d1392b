"""An account as plain JSON data, and back, without loss: what a state file begins with.

The record sets are not written as Route 53's elements. An account may hold what Route 53 has no
element for and would not take: types of a master file that it does not know, values above its
limits, the blocks of a CIDR location. Here nothing is judged, only kept; the zone checks its record
sets once more when it is made.
"""

from collections.abc import Callable, Mapping
from dataclasses import fields
from datetime import datetime
from ipaddress import ip_network
from types import MappingProxyType
from typing import Any

from dns.rdata import Rdata
from dns.rdataclass import IN
from dns.rdatatype import RdataType

from lab_engine.authority.apitext import ADDRESSES
from lab_engine.authority.declared import by_name
from lab_engine.authority.geo import Point
from lab_engine.authority.health import HealthCheck
from lab_engine.authority.policies import CidrLocation, Policy, Simple
from lab_engine.authority.records import RRset, as_name, as_rdata, as_type
from lab_engine.authority.recordset import AliasTarget, RecordSet
from lab_engine.authority.zone import Zone
from lab_engine.control.account import Account, Change, Check, Collection, HostedZone
from lab_engine.errors import LabError

VERSION = 1
Data = dict[str, Any]


def as_data(account: Account) -> Data:
    """All of an account, in dicts, lists, texts and numbers.

    Raises LabError for a policy that is none of Route 53's.
    """
    return {
        "version": VERSION,
        "hosted_zones": [_hosted_zone_data(each) for each in account.hosted_zones.values()],
        "checks": [_check_data(each) for each in account.checks.values()],
        "collections": [_plain_fields(each) for each in account.collections.values()],
        "changes": [
            [each.id, each.submitted_at.isoformat(), each.comment]
            for each in account.changes.values()
        ],
        "tags": [[*of, dict(tags)] for of, tags in account.tags.items()],
        "references": sorted(account.references),
        "said": dict(account.said),
    }


def account_of(data: Data) -> Account:
    """The account that `as_data` wrote down. Raises LabError where a newer release wrote it."""
    if data["version"] > VERSION:
        raise LabError(
            f"version {data['version']}",
            f"is newer than the {VERSION} that this release of the lab reads",
            "Use the release that wrote it.",
        )
    hosted_zones = map(_hosted_zone, data["hosted_zones"])
    checks = map(_check, data["checks"])
    collections = map(_collection, data["collections"])
    changes = (Change(name, datetime.fromisoformat(at), text) for name, at, text in data["changes"])
    tags = {(kind, name): MappingProxyType(tags) for kind, name, tags in data["tags"]}
    return Account(
        hosted_zones=MappingProxyType({each.id: each for each in hosted_zones}),
        checks=MappingProxyType({each.check.id: each for each in checks}),
        collections=MappingProxyType({each.id: each for each in collections}),
        changes=MappingProxyType({each.id: each for each in changes}),
        tags=MappingProxyType(tags),
        references=frozenset(data["references"]),
        said=MappingProxyType(data["said"]),
    )


def zone_data(zone: Zone) -> Data:
    """A zone in the same way. Raises LabError for a policy that is none of Route 53's."""
    return {
        "origin": str(zone.origin),
        "forgiving": zone.forgiving,
        "record_sets": [_record_set_data(each) for each in zone],
    }


def zone_of(data: Mapping[str, Any]) -> Zone:
    """The zone that `zone_data` wrote down."""
    return Zone(as_name(data["origin"]), map(_record_set, data["record_sets"]), data["forgiving"])


def _hosted_zone_data(hosted: HostedZone) -> Data:
    return {**_shallow(hosted), "zone": zone_data(hosted.zone)}


def _hosted_zone(data: Data) -> HostedZone:
    return HostedZone(**{**data, "zone": zone_of(data["zone"])})


def _check_data(check: Check) -> Data:
    return {**_plain_fields(check), "check": _plain_fields(check.check)}


def _check(data: Data) -> Check:
    known = {name: _tupled(value) for name, value in data["check"].items()}
    return Check(**{**data, "check": HealthCheck(**known)})


def _collection(data: Data) -> Collection:
    locations = {name: tuple(blocks) for name, blocks in data["locations"].items()}
    return Collection(**{**data, "locations": MappingProxyType(locations)})


def _record_set_data(record_set: RecordSet) -> Data:
    """Only what it has: most are of the simple policy, and there are many."""
    data: Data = {"name": str(record_set.name), "type": RdataType.to_text(record_set.type)}
    if record_set.records is not None:
        data |= {"ttl": record_set.records.ttl, "values": list(record_set.texts)}
        if record_set.records.written:
            known = dict(record_set.records.written)
            data["written"] = [known.get(value) for value in record_set.records.values]
    if record_set.alias is not None:
        data["alias"] = [str(record_set.alias.name), *_values(record_set.alias)[1:]]
    if record_set.policy != Simple():
        data["policy"] = _policy_data(record_set.policy)
    if record_set.set_identifier:
        data["set_identifier"] = record_set.set_identifier
    if record_set.health_check_id:
        data["health_check_id"] = record_set.health_check_id
    return data


def _record_set(data: Data) -> RecordSet:
    name, kind = as_name(data["name"]), as_type(data["type"])
    records = alias = None
    if "values" in data:
        values = tuple(_value(kind, text) for text in data["values"])
        known = zip(values, data.get("written", ()), strict=False)
        written = tuple((value, text) for value, text in known if text is not None)
        records = RRset(name, kind, data["ttl"], values, written)
    if "alias" in data:
        target, *rest = data["alias"]
        alias = AliasTarget(as_name(target), *rest)
    policy = _policy(data["policy"]) if "policy" in data else Simple()
    identifier, check = data.get("set_identifier", ""), data.get("health_check_id", "")
    return RecordSet(name, kind, records, alias, policy, identifier, check)


def _value(kind: RdataType, text: str) -> Rdata:
    """A value from its text; addresses, which most are, without dnspython's tokenizer."""
    address = ADDRESSES.get(kind)
    return address(IN, kind, text) if address else as_rdata(kind, text)


def _policy_data(policy: Policy) -> list[Any]:
    """Its name, then its fields in their order."""
    if by_name().get(policy.name) is not type(policy):
        rule = "is a policy that a state file cannot keep"
        raise LabError(type(policy).__name__, rule, f"Use one of {', '.join(by_name())}.")
    return [policy.name, *map(_field_data, _values(policy))]


def _policy(data: list[Any]) -> Policy:
    kind = by_name()[data[0]]
    pairs = zip(fields(kind), data[1:], strict=True)
    return kind(*(_FIELDS.get(item.name, _same)(value) for item, value in pairs))


def _field_data(value: Any) -> Any:
    if isinstance(value, CidrLocation):
        return [value.collection_id, value.name, [str(block) for block in value.blocks]]
    return value


def _location(data: list[Any]) -> CidrLocation:
    collection_id, name, blocks = data
    return CidrLocation(collection_id, name, tuple(map(ip_network, blocks)))


def _point(data: list[float] | None) -> Point | None:
    return None if data is None else Point(*data)


def _same(value: Any) -> Any:
    return value


_FIELDS: Mapping[str, Callable[[Any], Any]] = {
    "CidrRoutingConfig": _location,
    "Coordinates": _point,
}
"""How the fields of policies are read that are more than a text or a number."""


def _shallow(value: Any) -> Data:
    return {item.name: getattr(value, item.name) for item in fields(value)}


def _values(value: Any) -> list[Any]:
    return list(_shallow(value).values())


def _plain_fields(value: Any) -> Data:
    return {name: _plain(held) for name, held in _shallow(value).items()}


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _plain(held) for name, held in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(held) for held in value]
    return value


def _tupled(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value
