"""The operations there are, by Route 53's names: those that change the account, and the others."""

from collections.abc import Callable, Mapping

from lab_engine.control import (
    by_hand,
    cidr_collections,
    health_checks,
    health_status,
    hosted_zones,
    limits,
    places,
    record_sets,
    tags,
)
from lab_engine.control.account import Account, Moment, Params, Response
from lab_engine.control.serving import Serving
from lab_engine.errors import LabError

Changing = Callable[[Account, Params, Moment], tuple[Account, Response]]
"""An operation that gives another account. Raises Refusal; then nothing has happened."""
Asking = Callable[[Serving, Params], Response]
"""An operation that only looks."""

CHANGING: Mapping[str, Changing] = {
    "CreateHostedZone": hosted_zones.create_hosted_zone,
    "DeleteHostedZone": hosted_zones.delete_hosted_zone,
    "UpdateHostedZoneComment": hosted_zones.update_hosted_zone_comment,
    "ChangeResourceRecordSets": record_sets.change_resource_record_sets,
    "CreateHealthCheck": health_checks.create_health_check,
    "UpdateHealthCheck": health_checks.update_health_check,
    "DeleteHealthCheck": health_checks.delete_health_check,
    "CreateCidrCollection": cidr_collections.create_cidr_collection,
    "ChangeCidrCollection": cidr_collections.change_cidr_collection,
    "DeleteCidrCollection": cidr_collections.delete_cidr_collection,
    "ChangeTagsForResource": tags.change_tags_for_resource,
    by_hand.REPLACE_ZONE: by_hand.replace_zone,
    by_hand.SET_HEALTH: by_hand.set_health,
}
ASKING: Mapping[str, Asking] = {
    "GetHostedZone": hosted_zones.get_hosted_zone,
    "GetDNSSEC": hosted_zones.get_dnssec,
    "GetHostedZoneCount": hosted_zones.get_hosted_zone_count,
    "ListHostedZones": hosted_zones.list_hosted_zones,
    "ListHostedZonesByName": hosted_zones.list_hosted_zones_by_name,
    "ListResourceRecordSets": record_sets.list_resource_record_sets,
    "GetChange": record_sets.get_change,
    "TestDNSAnswer": record_sets.test_dns_answer,
    "GetHealthCheck": health_checks.get_health_check,
    "GetHealthCheckCount": health_checks.get_health_check_count,
    "ListHealthChecks": health_checks.list_health_checks,
    "GetHealthCheckStatus": health_status.get_health_check_status,
    "GetHealthCheckLastFailureReason": health_status.get_health_check_last_failure_reason,
    "GetCheckerIpRanges": health_status.get_checker_ip_ranges,
    "ListCidrCollections": cidr_collections.list_cidr_collections,
    "ListCidrBlocks": cidr_collections.list_cidr_blocks,
    "ListCidrLocations": cidr_collections.list_cidr_locations,
    "ListGeoLocations": places.list_geo_locations,
    "GetGeoLocation": places.get_geo_location,
    "ListTagsForResource": tags.list_tags_for_resource,
    "ListTagsForResources": tags.list_tags_for_resources,
    "GetAccountLimit": limits.get_account_limit,
    "GetHostedZoneLimit": limits.get_hosted_zone_limit,
}
OPERATIONS = frozenset({name for name in (*CHANGING, *ASKING) if not name.startswith("lab:")})
"""Those that may come from outside."""


def replay(account: Account, operation: str, params: Params, moment: Moment) -> Account:
    """The account after a request that was carried out before.

    Raises LabError where it is refused now, or where there is no such operation.
    """
    if operation not in CHANGING:
        raise LabError(operation, "is no operation of this release", "Use the one that wrote it.")
    after, _ = CHANGING[operation](account, params, moment)
    return after
