"""Which AWS endpoints an alias may lead to, by the ends of their names, and their hosted zones.

The table is `endpoints.toml`. Where it has no id, of a new Region or of a service that tells its
users alone, any is taken: what is not known is not judged.
"""

import re
import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from typing import Any, NamedTuple

from dns.name import Name
from dns.rdatatype import RdataType

from lab_engine.authority.records import as_type

ANYWHERE = "everywhere"  # stands for the Region of what has none
_ADDRESSES = ("A", "AAAA")
_REGION = "(?P<region>[a-z]+(?:-[a-z]+)+-[0-9])"  # one that is new, too


class Kind(NamedTuple):
    """Endpoints whose names end alike.

    Attributes:
        service: its short name, such as `elb`.
        called: one of them, in words.
        ending: of their names, with the Region in its group where they have one.
        types: of the aliases that may lead there.
        zones: the id of the hosted zone that the names lie in, by Region.
    """

    service: str
    called: str
    ending: re.Pattern[str]
    types: tuple[RdataType, ...]
    zones: Mapping[str, str]


def kinds_of(name: Name) -> tuple[Kind, ...]:
    """What an endpoint of this name may be; nothing for a name that is none of AWS's."""
    return tuple(kind for kind, _ in _matches(name))


def zone_ids(name: Name) -> tuple[str, ...]:
    """The hosted zones that an endpoint of this name may lie in; none where they are not known."""
    found = (kind.zones.get(region) for kind, region in _matches(name))
    return tuple(filter(None, found))


def is_misplaced(name: Name, hosted_zone_id: str) -> bool:
    """Whether an endpoint of this name lies in another hosted zone, as far as is known."""
    known = zone_ids(name)
    return bool(known and hosted_zone_id) and hosted_zone_id not in known


def service_of(name: Name) -> str | None:
    """`elb`, `cloudfront`, `s3-website` and the like by the form of the name; None for others."""
    return next((kind.service for kind in kinds_of(name)), None)


def _matches(name: Name) -> Iterator[tuple[Kind, str]]:
    """Each kind that a name may be of, and its Region."""
    text = name.to_text(omit_final_dot=True).lower()
    for kind in _kinds():
        found = kind.ending.search(text)
        if found is not None:
            yield kind, found.groupdict().get("region", ANYWHERE)


@cache
def _kinds() -> tuple[Kind, ...]:
    table = tomllib.loads((files(__package__) / "endpoints.toml").read_text(encoding="utf-8"))
    return tuple(map(_kind, table["kind"]))


def _kind(given: Mapping[str, Any]) -> Kind:
    types = tuple(map(as_type, given.get("types", _ADDRESSES)))
    ending = given["ending"].replace("REGION", _REGION)
    pattern = re.compile(rf"(?:^|\.){ending}(?:\.cn)?$")
    return Kind(given["service"], given["called"], pattern, types, given.get("zones", {}))
