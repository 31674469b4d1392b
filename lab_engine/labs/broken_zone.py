"""The broken zone of the lab "Mail on Mondays", and what becomes of it, batch by batch.

Seven faults. Route 53 would refuse some of them, so the zone is loaded as the server had it that it
was brought from: nothing is judged but what changes afterwards.
"""

from collections.abc import Mapping
from textwrap import shorten
from typing import Any, Final, cast

from dns.rdatatype import RdataType

from lab_engine.authority import awsjson
from lab_engine.authority.records import Labels, as_name, folded
from lab_engine.authority.tree import Node
from lab_engine.authority.zone import Forgiving, Zone
from lab_engine.control.changes import apply
from lab_engine.control.reading import Known
from lab_engine.control.refusal import Refusal
from lab_engine.errors import LabError

ORIGIN: Final = "shop.example"
ZONE_ID: Final = "ZMAILONMONDAYS"
EDGE: Final = "d111111abcdef8.cloudfront.net"
EDGE_ZONE: Final = "Z2FDTNDATAQYW2"
DEFAULT: Final = "192.0.2.13"
PICTURES: Final = "images.pics.example"
MOST_SAID: Final = 600  # characters of a refusal
CHECKS: Final = ("check-blue", "check-green", "check-pay", "check-app-1", "check-app-2")


def _set(name: str, kind: str, values: str | list[str], ttl: int, **more: Any) -> dict[str, Any]:
    listed = [values] if isinstance(values, str) else values
    content = {"TTL": ttl, "ResourceRecords": [{"Value": each} for each in listed]}
    return {"Name": _full(name), "Type": kind, **more, **content}


def _alias(name: str, target: str, zone_id: str = ZONE_ID, **more: Any) -> dict[str, Any]:
    to = {"HostedZoneId": zone_id, "DNSName": target, "EvaluateTargetHealth": False}
    return {"Name": _full(name), "Type": "A", **more, "AliasTarget": to}


def _full(name: str) -> str:
    return f"{name}.{ORIGIN}." if name else f"{ORIGIN}."


def _named(identifier: str, check: str = "", **policy: Any) -> dict[str, Any]:
    return {"SetIdentifier": identifier, **policy, **({"HealthCheckId": check} if check else {})}


BROKEN: Final = (
    _set("", "SOA", "ns1.shop.example. hostmaster.shop.example. 1 7200 900 1209600 86400", 900),
    _set("", "NS", "ns1.shop.example.", 172_800),
    _set("", "MX", "10 mail.shop.example.", 120),
    _set("", "TXT", '"v=spf1 mx -all"', 300),
    _set("", "CNAME", "shop.cdn.example.", 300),
    _set("mail", "A", "192.0.2.25", 300),
    _set("www", "A", "192.0.2.11", 300, **_named("EU", GeoLocation={"ContinentCode": "EU"})),
    _set("www", "A", "192.0.2.12", 300, **_named("NA", GeoLocation={"ContinentCode": "NA"})),
    _alias("img", f"{PICTURES}.", "ZPICTURES"),
    _set("api", "A", "192.0.2.21", 300, **_named("blue", "check-blue", Weight=90)),
    _set("api", "A", "192.0.2.22", 60, **_named("green", "check-green", Weight=10)),
    _set("pay", "A", "192.0.2.31", 60, **_named("first", Failover="PRIMARY")),
    _set("pay", "A", "192.0.2.32", 60, **_named("second", Failover="SECONDARY")),
    _set("news", "CNAME", "pages.shop.example.", 300),
    _set("news", "TXT", '"mailer-verification=7f3a"', 300),
    _set("pages", "A", "192.0.2.41", 60),
    _alias("app", "app-eu.shop.example.", **_named("first", Failover="PRIMARY")),
    _alias("app", "app-us.shop.example.", **_named("second", Failover="SECONDARY")),
    _set("app-eu", "A", "192.0.2.51", 60, **_named("1", "check-app-1", MultiValueAnswer=True)),
    _set("app-eu", "A", "192.0.2.52", 60, **_named("2", "check-app-2", MultiValueAnswer=True)),
    _set("app-us", "A", "192.0.2.61", 60),
)
"""As `list_resource_record_sets` gives it."""


class Imported(Zone):
    """A zone as another server had it: whatever it held is served, and changes are judged."""

    def _take(self, nodes: Mapping[Labels, Node]) -> None:
        if self.tree.nodes:
            super()._take(nodes)
            return
        before, self.tree = self.tree, self.tree.changed(nodes)
        keys = self._aliases.unsettled(before, self.tree, nodes)
        self._aliases = self._aliases.filed(keys, before, self.tree)
        soa = self.tree.group((folded(self.origin), RdataType.SOA))[0].records
        self._soa = cast("Any", soa)


def broken() -> Zone:
    """The zone as it was brought along."""
    reading = awsjson.read({"ResourceRecordSets": list(BROKEN)}, as_name(ORIGIN))
    return Imported(reading.origin, reading.record_sets, Forgiving.EXACT_FIRST)


def repaired(batches: Any) -> list[Zone]:
    """The zone as it was, and after each batch.

    Raises:
        LabError: there are not one or two batches, or one of them is refused.
    """
    if not isinstance(batches, list) or not all(isinstance(each, dict) for each in batches):
        rule = "is no list of change batches, each a dict"
        raise LabError(f"a {type(batches).__name__}", rule, 'Write [{"Changes": […]}].')
    if not 1 <= len(batches) <= 2:
        remedy = 'Write [{"Changes": […]}], with all changes that belong together.'
        raise LabError(f"{len(batches)} batches", "are neither one nor two", remedy)
    known, zones = Known(ZONE_ID, CHECKS), [broken()]
    for number, batch in enumerate(batches, 1):
        try:
            zones.append(apply(zones[-1], batch, known))
        except Refusal as refused:
            said = shorten(f"{refused.code}: {refused.message}", MOST_SAID)
            raise LabError(f"batch {number}", f"is refused with {said}", refused.help) from None
    return zones
