"""CIDR collections: which blocks of addresses a location of IP-based routing means.

A record set names a collection and a location; the blocks come from elsewhere, here from the output
of `aws route53 list-cidr-blocks`. That output does not say which collection it lists: alone it
stands for every collection; several go into one object, each under its collection's id.
"""

import re
from collections.abc import Mapping
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Any

from lab_engine.authority.elements import Element, parsed
from lab_engine.authority.policies import CidrLocation
from lab_engine.errors import ZoneError, ZoneProblemsError

Blocks = Mapping[str, tuple[IPv4Network | IPv6Network, ...]]
"""Blocks by location."""
LONGEST = {4: 24, 6: 48}
ANY_COLLECTION = ""
_LOCATION = re.compile(r"[0-9A-Za-z_-]{1,16}")


class Collections:
    """The blocks of every collection that was given.

    `whole` says that there are no others: then an unknown one is a mistake even for `*`, which has
    no blocks.
    """

    def __init__(self, blocks: Mapping[str, Blocks] | None = None, *, whole: bool = False) -> None:
        self._blocks = dict(blocks or {})
        self._whole = whole

    def location(self, collection_id: str, name: str) -> CidrLocation:
        """A location with its blocks. Raises ZoneError where they were not given."""
        blocks = self._blocks.get(collection_id, self._blocks.get(ANY_COLLECTION))
        if blocks is None and self._whole:
            known = ", ".join(self._blocks) or "none"
            raise ZoneError(collection_id, "is no CIDR collection here", f"There is {known}.")
        if name == "*":
            return CidrLocation(collection_id, name)
        if blocks is None:
            raise ZoneError(
                collection_id,
                "is a CIDR collection whose blocks were not given",
                "Give the output of `aws route53 list-cidr-blocks` with --cidr-blocks FILE.",
            )
        if name not in blocks:
            raise ZoneError(
                name,
                f"is no location of the collection {collection_id}",
                f"It has {', '.join(sorted(blocks)) or 'none'}.",
            )
        return CidrLocation(collection_id, name, blocks[name])


def read(given: str | Mapping[str, Any] | None, source: str = "CIDR blocks") -> Collections:
    """The collections of a file.

    Args:
        given: the output of `list-cidr-blocks`; or an object from a collection's id to that
            output, or to its locations with a list of blocks for each; None for no collection.
        source: what errors call it.

    Raises:
        ZoneError: all that is wrong with it.
    """
    problems: list[ZoneError] = []
    top = Element(parsed(given or {}, source), source, problems, ": ")
    if "CidrBlocks" in top:
        made = {ANY_COLLECTION: _listed(top)}
    else:
        made = {name: _collection(top.inner(name)) for name in top}
    if problems:
        raise ZoneProblemsError(problems)
    return Collections(made)


def _collection(element: Element) -> Blocks:
    if "CidrBlocks" in element:
        return _listed(element)
    return {
        name: tuple(_blocks(element, name, element.items(name)))
        for name in element
        if _is_location(element, name)
    }


def _listed(element: Element) -> Blocks:
    element.only("CidrBlocks", "NextToken")
    if "NextToken" in element:
        element.wrong("says that more blocks follow", "List them all.", "NextToken")
    found: dict[str, list[IPv4Network | IPv6Network]] = {}
    for each in element.elements("CidrBlocks"):
        each.only("CidrBlock", "LocationName")
        name = each.text("LocationName")
        if name and _is_location(each, name):
            blocks = _blocks(each, "CidrBlock", [each.text("CidrBlock")])
            found.setdefault(name, []).extend(blocks)
    return {name: tuple(blocks) for name, blocks in found.items()}


def _is_location(element: Element, name: str) -> bool:
    if _LOCATION.fullmatch(name):
        return True
    element.wrong(f"has a location {name!r}", "Use 1 to 16 of letters, digits, _ and -.")
    return False


def _blocks(element: Element, field: str, texts: list[Any]) -> list[IPv4Network | IPv6Network]:
    found = []
    for text in texts:
        try:
            block = ip_network(text if isinstance(text, str) else "")
        except ValueError as wrong:
            element.wrong(f"is not a block: {wrong}", "Write one such as 192.0.2.0/24.", field)
            continue
        longest = LONGEST[block.version]
        if not 1 <= block.prefixlen <= longest:
            rule = f"{block} is not of a length from /1 to /{longest}"
            element.wrong(rule, "The location * stands for /0.", field)
        found.append(block)
    return found
