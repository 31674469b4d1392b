"""CIDR collections: blocks of addresses by location, for IP-based routing.

A record set that names a location carries its blocks. So a change of a collection makes the record
sets that use it anew, and the next question sees it.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from ipaddress import ip_network
from types import MappingProxyType

from lab_engine.authority import cidr
from lab_engine.authority.cidr import Blocks
from lab_engine.authority.policies import CidrLocation, IpBased
from lab_engine.authority.recordset import RecordSet
from lab_engine.authority.zone import Zone
from lab_engine.control import asked
from lab_engine.control.account import (
    Account,
    Change,
    Collection,
    Moment,
    Params,
    Response,
    minus,
)
from lab_engine.control.hosted_zones import URL
from lab_engine.control.limits import MAX_BLOCKS, MAX_COLLECTIONS, check_room
from lab_engine.control.refusal import Fault, Refusal, refused
from lab_engine.control.serving import Serving
from lab_engine.errors import ZoneProblemsError

PAGE = 100
ANYWHERE = "*"  # a location of every collection, without blocks
ARN = "arn:aws:route53:::cidrcollection/"
_NAME = re.compile(r"[0-9A-Za-z_-]{1,64}")


def create_cidr_collection(
    account: Account, params: Params, moment: Moment
) -> tuple[Account, Response]:
    """CreateCidrCollection: an empty one; the same request again gives it again."""
    name, reference = params["Name"], params["CallerReference"]
    if not _NAME.fullmatch(name):
        # unverified: Route 53's words
        text = f"Invalid request: the name '{name}' is not valid"
        raise asked.invalid(text, "Use letters, digits, _ and -.")
    before = next((e for e in account.collections.values() if e.name == name), None)
    if before is not None and before.caller_reference == reference:
        return account, _created(before)
    if before is not None:
        # unverified: Route 53's words
        text = f"A CIDR collection named {name} with a different caller reference already exists."
        remedy = f"Choose another name, or use the collection {before.id}."
        raise refused("CidrCollectionAlreadyExistsException", text, remedy)
    check_room("LimitsExceeded", "CIDR collections", len(account.collections), MAX_COLLECTIONS)
    made = moment.uuid()
    collection = Collection(made, name, f"{ARN}{made}", reference)
    return account.with_collection(collection), _created(collection)


def change_cidr_collection(
    account: Account, params: Params, moment: Moment
) -> tuple[Account, Response]:
    """ChangeCidrCollection: all of the changes, or none; those in use are made anew."""
    before = asked.collection(account, params["Id"])
    if params.get("CollectionVersion", before.version) != before.version:
        # unverified: Route 53's words
        text = f"The CIDR collection version you provided doesn't match {before.version}."
        remedy = "Somebody else changed it meanwhile: list it again, and decide anew."
        raise refused("CidrCollectionVersionMismatchException", text, remedy, 409)
    locations = _changed(before, params["Changes"])
    after = replace(before, locations=locations, version=before.version + 1)
    _refuse_lost(account, after)
    blocks = blocks_of(locations)
    hosted_zones = {
        name: replace(hosted, zone=_rebuilt(hosted.zone, after.id, blocks))
        for name, hosted in account.hosted_zones.items()
    }
    rebuilt = replace(account, hosted_zones=MappingProxyType(hosted_zones))
    change = Change(moment.id("C"), moment.at)
    return rebuilt.with_collection(after).with_change(change), {"Id": change.id}


def delete_cidr_collection(
    account: Account,
    params: Params,
    moment: Moment,  # noqa: ARG001  (it makes no id)
) -> tuple[Account, Response]:
    """DeleteCidrCollection: of one that is empty and that no record set uses."""
    collection = asked.collection(account, params["Id"])
    users = (each for zone in account.zones for each in _using(zone, collection.id))
    user = next(users, None)
    # unverified: Route 53's words, both
    if user is not None:
        text = f"The CIDR collection {collection.id} is in use by {user}."
        raise refused("CidrCollectionInUseException", text, "Change that record set first.")
    if collection.locations:
        text = f"The CIDR collection {collection.id} is not empty."
        raise refused("CidrCollectionInUseException", text, "Delete its blocks first.")
    return replace(account, collections=minus(account.collections, collection.id)), {}


def list_cidr_collections(service: Serving, params: Params) -> Response:
    """ListCidrCollections."""
    found = [_summary(each) for each in service.account.collections.values()]
    return _page("CidrCollections", found, params)


def list_cidr_blocks(service: Serving, params: Params) -> Response:
    """ListCidrBlocks: of a collection, or of one of its locations."""
    collection = asked.collection(service.account, params["CollectionId"])
    name = params.get("LocationName")
    if name is not None and name not in collection.locations:
        # unverified: Route 53's words
        text = f"The CIDR collection location {name} doesn't exist."
        remedy = f"It has {', '.join(collection.locations) or 'none'}."
        raise refused("NoSuchCidrLocationException", text, remedy)
    found = [
        {"CidrBlock": block, "LocationName": location}
        for location, blocks in collection.locations.items()
        for block in blocks
        if name in (None, location)
    ]
    return _page("CidrBlocks", found, params)


def list_cidr_locations(service: Serving, params: Params) -> Response:
    """ListCidrLocations: those that have blocks."""
    collection = asked.collection(service.account, params["CollectionId"])
    found = [{"LocationName": name} for name in collection.locations]
    return _page("CidrLocations", found, params)


def blocks_of(locations: Mapping[str, Iterable[str]]) -> Blocks:
    """The blocks as networks. Their texts have been judged."""
    return {name: tuple(map(ip_network, texts)) for name, texts in locations.items()}


def _changed(before: Collection, changes: Sequence[Params]) -> Mapping[str, tuple[str, ...]]:
    """The locations with all changes made: first what is taken away, so that a block may move."""
    judged = [(each, _judged(each)) for each in changes]
    if sum(len(blocks) for _, blocks in judged) > MAX_BLOCKS:
        raise _too_many("request", "Make several requests of it.")
    where = {block: name for name, blocks in before.locations.items() for block in blocks}
    for change, blocks in judged:
        if change["Action"] == "DELETE_IF_EXISTS":
            gone = {block for block in blocks if where.get(block) == change["LocationName"]}
            where = {block: name for block, name in where.items() if block not in gone}
    for change, blocks in judged:
        if change["Action"] == "PUT":
            _put(where, blocks, change["LocationName"])
    if len(where) > MAX_BLOCKS:
        raise _too_many("CIDR collection", "Join blocks, or make another collection.")
    locations: dict[str, list[str]] = {}
    for block, name in where.items():
        locations.setdefault(name, []).append(block)
    return MappingProxyType({name: tuple(blocks) for name, blocks in locations.items()})


def _put(where: dict[str, str], blocks: Iterable[str], name: str) -> None:
    for block in blocks:
        if where.setdefault(block, name) != name:
            # unverified: Route 53's words
            text = f"The CIDR block {block} is already in use by location {where[block]}."
            remedy = "A block lies in one location: delete it there in the same request."
            raise refused("CidrBlockInUseException", text, remedy)


def _judged(change: Params) -> tuple[str, ...]:
    """The blocks of a change, in one spelling."""
    name = change["LocationName"]
    try:
        read = cidr.read({"it": {name: [*change["CidrList"]]}})
    except ZoneProblemsError as wrong:
        # unverified: Route 53's words
        faults = (Fault(f"Invalid request: {name} {e.rule}", e.remedy) for e in wrong.problems)
        raise Refusal("InvalidInput", faults) from wrong
    return tuple(map(str, read.location("it", name).blocks))


def _too_many(what: str, remedy: str) -> Refusal:
    # unverified: Route 53's words
    return refused("LimitsExceeded", f"A {what} may have up to {MAX_BLOCKS} CIDR blocks.", remedy)


def _refuse_lost(account: Account, collection: Collection) -> None:
    """A location that a record set names must keep a block."""
    for zone in account.zones:
        for user in _using(zone, collection.id):
            name = _location(user).name
            if name not in (ANYWHERE, *collection.locations):
                # unverified: Route 53's words
                text = f"The location {name} is in use by {user}."
                remedy = (
                    "Give that record set another location first, or leave a block in this one."
                )
                raise refused("CidrBlockInUseException", text, remedy)


def _using(zone: Zone, collection_id: str) -> Iterator[RecordSet]:
    """The record sets of a zone that name a collection."""
    for each in zone:
        if isinstance(each.policy, IpBased) and _location(each).collection_id == collection_id:
            yield each


def _location(record_set: RecordSet) -> CidrLocation:
    policy = record_set.policy
    assert isinstance(policy, IpBased)  # noqa: S101  (whoever asks has looked)
    return policy.CidrRoutingConfig


def _rebuilt(zone: Zone, collection_id: str, blocks: Blocks) -> Zone:
    """The zone with the blocks of its locations as they are now; itself if that changes nothing."""
    anew = {}
    for each in _using(zone, collection_id):
        location = replace(_location(each), blocks=blocks.get(_location(each).name, ()))
        if location != _location(each):
            anew[each.key] = replace(each, policy=IpBased(location))
    return zone.replaced(*anew.values()) if anew else zone


def _created(collection: Collection) -> Response:
    location = f"{URL}/cidrcollection/{collection.id}"
    return {"Collection": _summary(collection), "Location": location}


def _summary(collection: Collection) -> Response:
    arn = collection.arn or f"{ARN}{collection.id}"
    told = {"Name": collection.name, "Version": collection.version}
    return {"Arn": arn, "Id": collection.id, **told}


def _page(what: str, found: Sequence[Response], params: Params) -> Response:
    """A page of a list; the token says at which place the next begins."""
    size = asked.size(params, PAGE, "MaxResults")
    places = [str(place) for place in range(len(found))]
    start = asked.position(params.get("NextToken", ""), "NextToken", places)
    end = start + size
    token = {"NextToken": str(end)} if end < len(found) else {}
    return {what: [*found[start:end]], **token}
