"""Hosted zones: made, listed, commented and deleted.

Two may have one name, as in Route 53, where each then has name servers of its own. The lab has one
server: of those with one name it answers from the first that was made.
"""

from dataclasses import replace

from dns.name import Name
from dns.rdatatype import RdataType

from lab_engine.authority.records import RRset
from lab_engine.authority.zone import NS_TTL, SOA_TTL, Zone
from lab_engine.control import asked
from lab_engine.control.account import Account, Change, HostedZone, Moment, Params, Response, minus
from lab_engine.control.limits import MAX_HOSTED_ZONES, check_room
from lab_engine.control.pasted import plain_id
from lab_engine.control.refusal import refused
from lab_engine.control.serving import Serving
from lab_engine.control.writing import reversed_name, shown

NAME_SERVERS = tuple(f"ns-{number}.lab.example." for number in (1, 2, 3, 4))
MAILBOX = "hostmaster.lab.example."
PAGE = 100
URL = "https://route53.amazonaws.com/2013-04-01"


def create_hosted_zone(
    account: Account, params: Params, moment: Moment
) -> tuple[Account, Response]:
    """CreateHostedZone: a public one, with an SOA and the lab's name servers."""
    _refuse_private(params)
    _refuse_delegation_set(params)
    _refuse_tier(params)
    zone, reference = new_zone(_new_name(params["Name"])), params["CallerReference"]
    if reference in {each.caller_reference for each in account.hosted_zones.values()}:
        # unverified: Route 53's words
        text = "A hosted zone has already been created with the specified caller reference."
        remedy = "Give a caller reference that is new, such as the time."
        raise refused("HostedZoneAlreadyExists", text, remedy, 409)
    check_room("TooManyHostedZones", "hosted zones", len(account.hosted_zones), MAX_HOSTED_ZONES)
    comment = params.get("HostedZoneConfig", {}).get("Comment", "")
    hosted = HostedZone(moment.id("Z"), zone, reference, comment)
    change = Change(moment.id("C"), moment.at)
    return account.with_hosted_zone(hosted).with_change(change), {
        "HostedZone": _shown(hosted),
        "ChangeInfo": change.info,
        "DelegationSet": _delegation_set(hosted),
        "Location": f"{URL}/hostedzone/{hosted.id}",
    }


def delete_hosted_zone(
    account: Account, params: Params, moment: Moment
) -> tuple[Account, Response]:
    """DeleteHostedZone: of one that holds nothing but its SOA and NS."""
    hosted = asked.hosted_zone(account, params["Id"])
    if any(each.name != hosted.name or each.type not in _REQUIRED for each in hosted.zone):
        text = (
            "The specified hosted zone contains non-required resource record sets "
            "and so cannot be deleted."
        )
        raise refused("HostedZoneNotEmpty", text, "Delete all but the apex's SOA and NS first.")
    change = Change(moment.id("C"), moment.at)
    without = replace(
        account,
        hosted_zones=minus(account.hosted_zones, hosted.id),
        tags=minus(account.tags, ("hostedzone", hosted.id)),
    )
    return without.with_change(change), {"ChangeInfo": change.info}


def update_hosted_zone_comment(
    account: Account,
    params: Params,
    moment: Moment,  # noqa: ARG001  (it makes no id)
) -> tuple[Account, Response]:
    """UpdateHostedZoneComment; without a comment, the old one is deleted."""
    hosted = asked.hosted_zone(account, params["Id"])
    commented = replace(hosted, comment=params.get("Comment", ""))
    return account.with_hosted_zone(commented), {"HostedZone": _shown(commented)}


def get_hosted_zone(service: Serving, params: Params) -> Response:
    """GetHostedZone."""
    hosted = asked.hosted_zone(service.account, params["Id"])
    return {"HostedZone": _shown(hosted), "DelegationSet": _delegation_set(hosted)}


def get_dnssec(service: Serving, params: Params) -> Response:
    """GetDNSSEC: the lab signs no zone."""
    asked.hosted_zone(service.account, params["HostedZoneId"])
    return {"Status": {"ServeSignature": "NOT_SIGNING"}, "KeySigningKeys": []}


def get_hosted_zone_count(service: Serving, params: Params) -> Response:  # noqa: ARG001
    """GetHostedZoneCount."""
    return {"HostedZoneCount": len(service.account.hosted_zones)}


def list_hosted_zones(service: Serving, params: Params) -> Response:
    """ListHostedZones: in the order of their making."""
    _refuse_delegation_set(params)
    # the only type that can be asked for is the private one, of which there are none
    found = [] if "HostedZoneType" in params else [*service.account.hosted_zones.values()]
    size, marker = asked.size(params, PAGE), plain_id(params.get("Marker", ""))
    start = asked.position(marker, "Marker", [each.id for each in found])
    onward = found[start + size :]
    return {
        "HostedZones": [_shown(each) for each in found[start : start + size]],
        "Marker": marker,
        "IsTruncated": bool(onward),
        **({"NextMarker": onward[0].id} if onward else {}),
        "MaxItems": str(size),
    }


def list_hosted_zones_by_name(service: Serving, params: Params) -> Response:
    """ListHostedZonesByName: by their names with the labels reversed, from one on."""
    size, given = asked.size(params, PAGE), _start_of(params)
    start = _start_key(given)
    found = sorted(service.account.hosted_zones.values(), key=_key)
    found = [each for each in found if _key(each) >= start]
    onward = found[size:]
    return {
        "HostedZones": [_shown(each) for each in found[:size]],
        **given,
        "IsTruncated": bool(onward),
        **(_next_of(onward[0]) if onward else {}),
        "MaxItems": str(size),
    }


def new_zone(name: Name) -> Zone:
    """A zone as it is when nobody has put anything into it."""
    soa = f"{NAME_SERVERS[0]} {MAILBOX} 1 7200 900 1209600 86400"
    return Zone.of(
        name, [RRset.of(name, "NS", NAME_SERVERS, NS_TTL), RRset.of(name, "SOA", soa, SOA_TTL)]
    )


def name_servers(zone: Zone) -> list[str]:
    """Those at the apex, as Route 53 writes a delegation set: without the last dot."""
    node = zone.node(zone.origin) or {}
    return [text.rstrip(".") for each in node[RdataType.NS] for text in each.texts]


_REQUIRED = (RdataType.SOA, RdataType.NS)


def _refuse_private(params: Params) -> None:
    if "VPC" in params or params.get("HostedZoneConfig", {}).get("PrivateZone"):
        text = "Private hosted zones are not implemented in the lab"
        raise refused("NotImplemented", text, "Leave out VPC and PrivateZone.", 501)
    if params.get("EnablePublicDNSFallback"):
        # unverified: Route 53's words
        text = "Public DNS fallback is supported only for private hosted zones"
        raise asked.invalid(text, "Leave out EnablePublicDNSFallback.")


def _refuse_tier(params: Params) -> None:
    if params.get("HostedZoneConfig", {}).get("HostedZoneTier") == "ADVANCED":
        text = "Advanced hosted zones are not implemented in the lab"
        raise refused("NotImplemented", text, "Leave out HostedZoneTier.", 501)
    if any(each["Status"] == "ENABLED" for each in params.get("ChangeGuardrails", ())):
        text = "Change Guardrails are not implemented in the lab"
        raise refused("NotImplemented", text, "Leave out ChangeGuardrails.", 501)


def _refuse_delegation_set(params: Params) -> None:
    if "DelegationSetId" in params:
        # unverified: Route 53's words
        text = f"The delegation set {params['DelegationSetId']} doesn't exist."
        raise refused("NoSuchDelegationSet", text, "Leave it out: the lab has none.", 400)


def _new_name(given: str) -> Name:
    name = asked.domain_name(given, "InvalidDomainName")
    if name.is_wild() or len(name) < 3:  # the root and its children are others'
        # unverified: Route 53's words
        text = f"{given} is not a name that a hosted zone can have"
        raise refused("InvalidDomainName", text, "Give one of two labels or more, and no wildcard.")
    return name


def _shown(hosted: HostedZone) -> Response:
    told = {"Comment": hosted.comment} if hosted.comment else {}
    return {
        "Id": f"/hostedzone/{hosted.id}",
        "Name": shown(hosted.name),
        "CallerReference": hosted.caller_reference or f"lab:{hosted.id}",
        "Config": {**told, "PrivateZone": False, "HostedZoneTier": "STANDARD"},
        "ResourceRecordSetCount": hosted.zone.size,
    }


def _delegation_set(hosted: HostedZone) -> Response:
    return {"NameServers": name_servers(hosted.zone)}


def _key(hosted: HostedZone) -> tuple[str, str]:
    return reversed_name(hosted.name), hosted.id


def _start_of(params: Params) -> Params:
    return {name: params[name] for name in ("DNSName", "HostedZoneId") if name in params}


def _start_key(given: Params) -> tuple[str, str]:
    """Where a list by names begins. An id alone says nothing."""
    if "DNSName" in given:
        name = asked.domain_name(given["DNSName"], "InvalidDomainName")
        return reversed_name(name), plain_id(given.get("HostedZoneId", ""))
    if "HostedZoneId" in given:
        # unverified: Route 53's words
        text = "Invalid request: HostedZoneId is given without DNSName"
        raise asked.invalid(text, "Give both, as NextDNSName and NextHostedZoneId had them.")
    return "", ""


def _next_of(hosted: HostedZone) -> Response:
    return {"NextDNSName": shown(hosted.name), "NextHostedZoneId": hosted.id}
