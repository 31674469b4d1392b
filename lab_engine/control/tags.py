"""Tags of hosted zones and health checks: a few words for people, which nothing here acts on."""

import re
from dataclasses import replace
from types import MappingProxyType

from lab_engine.control import asked
from lab_engine.control.account import NOTHING, Account, Moment, Params, Response, plus
from lab_engine.control.pasted import bare, plain_id
from lab_engine.control.refusal import refused
from lab_engine.control.serving import Serving

MAX_TAGS = 10  # of a request; [design] and of a thing
MAX_RESOURCES = 10
MAX_ZONE_ID = 32  # characters
_PLAIN = re.compile(r"[\w\s.:/=+@-]*")
_LETTERS = (
    "Tags can only contain letters, numbers, spaces, and the following special characters: "
    "_ . : / = + - @"
)


def change_tags_for_resource(
    account: Account,
    params: Params,
    moment: Moment,  # noqa: ARG001  (it makes no id)
) -> tuple[Account, Response]:
    """ChangeTagsForResource: first what is taken away, then what is added."""
    key = _tagged(account, params["ResourceType"], params["ResourceId"])
    gone = set(params.get("RemoveTagKeys", ()))
    added = {each["Key"]: each.get("Value", "") for each in params.get("AddTags", ())}
    for word in (*added, *added.values()):
        if not _PLAIN.fullmatch(word):
            raise asked.invalid(f"Invalid parameter : {_LETTERS}", f"Change {word!r}.")
    kept = {name: text for name, text in account.tags.get(key, {}).items() if name not in gone}
    tags = {**kept, **added}
    if len(tags) > MAX_TAGS:
        # unverified: Route 53's words
        text = f"Invalid request: a resource may have up to {MAX_TAGS} tags"
        raise asked.invalid(text, "Remove some of its tags.")
    return replace(account, tags=plus(account.tags, key, MappingProxyType(tags))), {}


def list_tags_for_resource(service: Serving, params: Params) -> Response:
    """ListTagsForResource."""
    shown = _shown(service.account, params["ResourceType"], params["ResourceId"])
    return {"ResourceTagSet": shown}


def list_tags_for_resources(service: Serving, params: Params) -> Response:
    """ListTagsForResources: of up to ten of one type."""
    kind, ids = params["ResourceType"], params["ResourceIds"]
    if len(ids) > MAX_RESOURCES:
        # unverified: Route 53's words
        text = f"Invalid request: ResourceIds has {len(ids)} items"
        raise asked.invalid(text, f"Ask for up to {MAX_RESOURCES} at once.")
    return {"ResourceTagSets": [_shown(service.account, kind, each) for each in ids]}


def _tagged(account: Account, kind: str, given: str) -> tuple[str, str]:
    """What has the tags. Raises Refusal where there is none of that id."""
    if kind == "hostedzone":
        return kind, _zone_id(account, given)
    if kind == "healthchecksource":
        # unverified: Route 53's words
        text = f"A health check source with id {given} does not exist."
        raise refused("NoSuchHealthCheckSource", text, "The lab has none.")
    return kind, asked.health_check(account, given, "ResourceId").check.id


def _zone_id(account: Account, given: str) -> str:
    """The id of a hosted zone as it is given: here, and only here, Route 53 wants no path."""
    if len(given) > MAX_ZONE_ID:
        text = (
            f"1 validation error detected: Value '{given}' at 'resourceId' failed to satisfy "
            f"constraint: Member must have length less than or equal to {MAX_ZONE_ID}"
        )
        advice = bare("ResourceId", given) or f"Give it up to {MAX_ZONE_ID} characters."
        raise asked.invalid(text, advice)
    if plain_id(given) != given:
        text = f"No hosted zone found with ID: {given}"
        raise refused("NoSuchHostedZone", text, bare("ResourceId", given))
    return asked.hosted_zone(account, given).id


def _shown(account: Account, kind: str, given: str) -> Response:
    _, name = key = _tagged(account, kind, given)
    tags = account.tags.get(key, NOTHING)
    shown = [{"Key": each, "Value": text} for each, text in tags.items()]
    return {"ResourceType": kind, "ResourceId": name, "Tags": shown}
