"""How much an account and a hosted zone may hold, and how much they do.

The values are Route 53's quotas for a new account (its guide, "Quotas").
"""

from collections.abc import Mapping

from lab_engine.control import asked
from lab_engine.control.account import Params, Response
from lab_engine.control.refusal import refused
from lab_engine.control.serving import Serving

MAX_HOSTED_ZONES = 500
MAX_HEALTH_CHECKS = 200
MAX_COLLECTIONS = 5
MAX_BLOCKS = 1_000  # of a collection
ACCOUNT_LIMITS: Mapping[str, int] = {
    "MAX_HEALTH_CHECKS_BY_OWNER": MAX_HEALTH_CHECKS,
    "MAX_HOSTED_ZONES_BY_OWNER": MAX_HOSTED_ZONES,
    "MAX_TRAFFIC_POLICY_INSTANCES_BY_OWNER": 5,
    "MAX_REUSABLE_DELEGATION_SETS_BY_OWNER": 100,
    "MAX_TRAFFIC_POLICIES_BY_OWNER": 50,
    "MAX_HEALTH_CHECK_SOURCES_BY_OWNER": 10,  # unverified
}
HOSTED_ZONE_LIMITS = ("MAX_RRSETS_BY_ZONE", "MAX_VPCS_ASSOCIATED_BY_ZONE")


def check_room(code: str, what: str, held: int, most: int) -> None:
    """Refuse one more than an account may hold."""
    if held >= most:
        # unverified: Route 53's words
        text = f"This operation can't be completed because the limit of {most} {what} is reached."
        raise refused(code, text, f"Delete one of the {what} first.")


def get_account_limit(service: Serving, params: Params) -> Response:
    """GetAccountLimit: of a new account; the lab knows neither traffic policies nor sources."""
    kind, account = params["Type"], service.account
    held = {
        "MAX_HEALTH_CHECKS_BY_OWNER": len(account.checks),
        "MAX_HOSTED_ZONES_BY_OWNER": len(account.hosted_zones),
    }
    return {"Limit": {"Type": kind, "Value": ACCOUNT_LIMITS[kind]}, "Count": held.get(kind, 0)}


def get_hosted_zone_limit(service: Serving, params: Params) -> Response:
    """GetHostedZoneLimit: of record sets; that of VPCs is asked of private zones only."""
    hosted = asked.hosted_zone(service.account, params["HostedZoneId"])
    if params["Type"] == "MAX_VPCS_ASSOCIATED_BY_ZONE":
        # unverified: Route 53's words
        text = f"Hosted zone {hosted.id} is not a private hosted zone"
        raise refused("HostedZoneNotPrivate", text, "Ask for MAX_RRSETS_BY_ZONE.")
    limit = {"Type": params["Type"], "Value": hosted.max_record_sets}
    return {"Limit": limit, "Count": hosted.zone.size}
