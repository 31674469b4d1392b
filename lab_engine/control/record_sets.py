"""Record sets: changed, listed, and what a question would be answered.

What a change batch may do is judged in `changes`, and how record sets are written in `writing`.
"""

from bisect import bisect_left
from dataclasses import replace
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

import dns.rcode

from lab_engine.authority.apitext import text_of
from lab_engine.authority.cidr import Collections
from lab_engine.authority.records import Client, Question, Reply
from lab_engine.authority.recordset import RecordSet
from lab_engine.authority.server import plan
from lab_engine.control import asked, changes
from lab_engine.control.account import Account, Change, HostedZone, Moment, Params, Response
from lab_engine.control.cidr_collections import blocks_of
from lab_engine.control.hosted_zones import name_servers
from lab_engine.control.pasted import plain_id
from lab_engine.control.refusal import refused
from lab_engine.control.serving import Serving
from lab_engine.control.writing import ListingKey, element, listing_key, reversed_name, shown

PAGE = 300
MASKS = {4: 24, 6: 64}  # of a client subnet that comes without one
RESOLVER = "198.19.0.53"  # of who asks if nobody is named: by the lessons' places, near us-east-1


def change_resource_record_sets(
    account: Account, params: Params, moment: Moment
) -> tuple[Account, Response]:
    """ChangeResourceRecordSets: all of a batch, or nothing."""
    hosted = asked.hosted_zone(account, params["HostedZoneId"])
    batch = changes.body(params["ChangeBatch"])
    changed = replace(hosted, zone=changes.apply(hosted.zone, batch, _known(account, hosted)))
    change = Change(moment.id("C"), moment.at, batch.get("Comment", ""))
    after = account.with_hosted_zone(changed).with_change(change)
    return after, {"ChangeInfo": change.info}


def list_resource_record_sets(service: Serving, params: Params) -> Response:
    """ListResourceRecordSets: by name, type and SetIdentifier, from a place on."""
    hosted = asked.hosted_zone(service.account, params["HostedZoneId"])
    size, listing = asked.size(params, PAGE), service.listing(hosted)
    start = bisect_left(listing.keys, _start_key(params))
    end = start + size
    onward = listing.record_sets[end : end + 1]
    return {
        "ResourceRecordSets": [element(e, hosted.id) for e in listing.record_sets[start:end]],
        "IsTruncated": bool(onward),
        **(_next_of(onward[0]) if onward else {}),
        "MaxItems": str(size),
    }


def get_change(service: Serving, params: Params) -> Response:
    """GetChange: in sync, as every change in the lab is before it is answered."""
    wanted = plain_id(params["Id"])
    change = service.account.changes.get(wanted)
    if change is None:
        # unverified: Route 53's words
        text = f"Could not find resource with ID: {wanted}"
        raise refused("NoSuchChange", text, "Give the Id of a ChangeInfo; the last 1,000 are kept.")
    return {"ChangeInfo": change.info}


def test_dns_answer(service: Serving, params: Params) -> Response:
    """TestDNSAnswer: what the server would reply, drawn and put in order as the wire's are."""
    hosted = asked.hosted_zone(service.account, params["HostedZoneId"])
    name = asked.domain_name(params["RecordName"])
    reply = _reply(service, hosted, Question.of(name, params["RecordType"]), _client(params))
    return {
        "Nameserver": name_servers(hosted.zone)[0],
        "RecordName": shown(name),
        "RecordType": params["RecordType"],
        "RecordData": [text_of(value) for rrset in reply.answer for value in rrset.values],
        "ResponseCode": dns.rcode.to_text(reply.rcode),
        "Protocol": "UDP",
    }


def _known(account: Account, hosted: HostedZone) -> changes.Known:
    """What a batch may name. A deleted check may stay where it is named; so may one of a file."""
    blocks = {each.id: blocks_of(each.locations) for each in account.collections.values()}
    return changes.Known(
        health_checks=hosted.zone.check_ids.union(account.checks),
        collections=Collections(blocks, whole=True),
        max_record_sets=hosted.max_record_sets,
        zone_id=hosted.id,
    )


def _start_key(params: Params) -> ListingKey:
    name, kind, identifier = (params.get(f"StartRecord{part}", "") for part in _START)
    if (kind and not name) or (identifier and not kind):
        missing = "type" if name else "name"
        # unverified: Route 53's words
        text = f"Invalid request: the start of the list is given without its {missing}"
        raise asked.invalid(text, f"Give the start record's {missing}, too.")
    return reversed_name(asked.domain_name(name)) if name else "", kind, identifier


_START = ("Name", "Type", "Identifier")


def _next_of(record_set: RecordSet) -> Response:
    _, kind, identifier = listing_key(record_set)
    told = {"NextRecordName": shown(record_set.name), "NextRecordType": kind}
    return {**told, "NextRecordIdentifier": identifier} if identifier else told


def _reply(service: Serving, hosted: HostedZone, question: Question, client: Client) -> Reply:
    """The server's, or what it would be if the hosted zone were the one that is served."""
    authority = service.authority
    if authority.zones.holding(question.name, question.type) is hosted.zone:
        return authority.respond(question, client)
    return authority.drawn(plan(hosted.zone, question, client, authority.state))


def _client(params: Params) -> Client:
    """Who asks: the client whose subnet is given, or the resolver."""
    resolver = _address(params.get("ResolverIP", RESOLVER), "ResolverIP")
    peer, subnet = Client.at(str(resolver)), params.get("EDNS0ClientSubnetIP")
    if subnet is None:
        if "EDNS0ClientSubnetMask" in params:
            # unverified: Route 53's words
            text = "Invalid request: EDNS0ClientSubnetMask is given without EDNS0ClientSubnetIP"
            raise asked.invalid(text, "Give the address, too.")
        return peer
    address = _address(subnet, "EDNS0ClientSubnetIP")
    length = _mask(params, address)
    if length == 0:  # RFC 7871 section 7.1.2: its resolver asks for nobody to be told
        return peer
    return Client(ip_network((address, length), strict=False), "ecs").by(peer)


def _mask(params: Params, address: IPv4Address | IPv6Address) -> int:
    given = params.get("EDNS0ClientSubnetMask", str(MASKS[address.version]))
    if given.isascii() and given.isdigit() and int(given) <= address.max_prefixlen:
        return int(given)
    # unverified: Route 53's words
    text = f"Invalid request: EDNS0ClientSubnetMask '{given}' is not valid"
    raise asked.invalid(text, f"Give a whole number from 0 to {address.max_prefixlen}.")


def _address(given: str, name: str) -> IPv4Address | IPv6Address:
    try:
        return ip_address(given)
    except ValueError as wrong:
        # unverified: Route 53's words
        text = f"Invalid request: {name} '{given}' is not an IP address"
        raise asked.invalid(text, "Write one such as 192.0.2.1 or 2001:db8::1.") from wrong
