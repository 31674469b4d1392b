"""An account: everything that Route 53 keeps for its owner, as one value.

It never changes. An operation takes one and gives another, so that whoever holds it swaps one for
the other: nobody sees half a change, a refused request leaves nothing behind, and a journal of
requests is enough to come back to where one was. Whether a health check passes is no part of it,
but for what was said by hand: that is the world's, not the owner's.
"""

import re
from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from hashlib import sha256
from random import Random
from types import MappingProxyType
from typing import Any, NamedTuple, Self, TypeVar

from dns.name import Name

from lab_engine.authority.health import HealthCheck, HealthChecks
from lab_engine.authority.policies import IpBased
from lab_engine.authority.records import as_name
from lab_engine.authority.zone import Zone
from lab_engine.errors import LabError

Params = Mapping[str, Any]
"""The parameters of an operation, or a part of them: as boto3 takes them."""
Response = dict[str, Any]
"""What an operation answers: as boto3 gives it."""
NOTHING: Mapping[Any, Any] = MappingProxyType({})
MAX_RECORD_SETS = 10_000  # of a hosted zone, unless it came with more
_ID = re.compile(r"[0-9A-Z]{1,32}")
MAX_CHANGES = 1_000  # that GetChange remembers; [design]
K = TypeVar("K")
V = TypeVar("V")


@dataclass(frozen=True)
class HostedZone:
    """A zone and what Route 53 knows about it.

    Attributes:
        id: such as Z0123456789ABCDEFGHIJ; at most 32 characters.
        zone: its record sets.
        caller_reference: what the request that made it was called.
        comment: for people.
        max_record_sets: how many it may hold.
    """

    id: str
    zone: Zone
    caller_reference: str = ""
    comment: str = ""
    max_record_sets: int = MAX_RECORD_SETS

    @property
    def name(self) -> Name:
        """The apex."""
        return self.zone.origin


@dataclass(frozen=True)
class Check:
    """A health check as its owner made it.

    Attributes:
        check: what the authority needs to know of it; its id is there.
        config: Route 53's HealthCheckConfig, with the defaults filled in, as it is given back.
        caller_reference: what the request that made it was called.
        version: counts the updates, from 1.
    """

    check: HealthCheck
    config: Params
    caller_reference: str = ""
    version: int = 1


@dataclass(frozen=True)
class Collection:
    """A CIDR collection: blocks of addresses, by the name of their location.

    Attributes:
        id: a UUID.
        name: unique in the account.
        locations: CIDR texts in their order, by location.
        version: counts the changes, from 1.
    """

    id: str
    name: str
    arn: str = ""
    caller_reference: str = ""
    locations: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: NOTHING)
    version: int = 1


class Change(NamedTuple):
    """A change that was made; in the lab it is in sync before its request returns."""

    id: str
    submitted_at: datetime
    comment: str = ""

    @property
    def info(self) -> Response:
        """Route 53's ChangeInfo."""
        told = {"Comment": self.comment} if self.comment else {}
        at = {"SubmittedAt": self.submitted_at}
        return {"Id": f"/change/{self.id}", "Status": "INSYNC", **at, **told}


@dataclass(frozen=True)
class Account:
    """All of it. Mappings are by id and read-only; `dataclasses.replace` makes the next one.

    Attributes:
        hosted_zones: in the order of their making; of two with one name, the first is served.
        checks: health checks.
        collections: CIDR collections.
        changes: the last ones, for GetChange.
        tags: by (`healthcheck` or `hostedzone`, id), each from key to value.
        references: caller references of health checks that were deleted: they stay taken.
        said: health of checks that nobody probes, by id, as it was set by hand.
    """

    hosted_zones: Mapping[str, HostedZone] = field(default_factory=lambda: NOTHING)
    checks: Mapping[str, Check] = field(default_factory=lambda: NOTHING)
    collections: Mapping[str, Collection] = field(default_factory=lambda: NOTHING)
    changes: Mapping[str, Change] = field(default_factory=lambda: NOTHING)
    tags: Mapping[tuple[str, str], Mapping[str, str]] = field(default_factory=lambda: NOTHING)
    references: frozenset[str] = frozenset()
    said: Mapping[str, bool] = field(default_factory=lambda: NOTHING)

    @classmethod
    def of(
        cls,
        *zones: Zone,
        ids: Mapping[str, str] = NOTHING,
        checks: Iterable[Check] = (),
        collections: Iterable[Collection] = (),
        said: Mapping[str, bool] = NOTHING,
    ) -> Self:
        """An account to start from.

        Args:
            zones: its hosted zones; of two with one name, the first is served.
            ids: of hosted zones, by name; the others get theirs as `loaded` says.
            checks: health checks, with the ids they shall have.
            collections: CIDR collections likewise; those that the zones name are there anyway.
            said: health of checks, as set by hand.

        Raises LabError for an id that no zone can have, or that two are to have, and for checks
        that count each other in a circle.
        """
        account = cls(
            MappingProxyType(_hosted_zones(zones, ids)),
            MappingProxyType({each.check.id: each for each in checks}),
            MappingProxyType({each.id: each for each in (*collections_of(*zones), *collections)}),
            said=MappingProxyType(dict(said)),
        )
        account.health_checks  # noqa: B018  (it raises)
        return account

    @property
    def health_checks(self) -> HealthChecks:
        """The checks as the authority knows them. Raises LabError where they form a circle."""
        return HealthChecks.of(*(each.check for each in self.checks.values()))

    @property
    def zones(self) -> tuple[Zone, ...]:
        """What the hosted zones hold, in their order."""
        return tuple(hosted.zone for hosted in self.hosted_zones.values())

    def with_hosted_zone(self, hosted: HostedZone) -> "Account":
        """The same with this hosted zone, in the place of that with its id, if any."""
        return replace(self, hosted_zones=plus(self.hosted_zones, hosted.id, hosted))

    def with_check(self, check: Check) -> "Account":
        """The same with this health check likewise."""
        return replace(self, checks=plus(self.checks, check.check.id, check))

    def with_collection(self, collection: Collection) -> "Account":
        """The same with this CIDR collection likewise."""
        return replace(self, collections=plus(self.collections, collection.id, collection))

    def with_change(self, change: Change) -> "Account":
        """The same with one change more to remember, and the oldest forgotten."""
        kept = [*self.changes.items()][1 - MAX_CHANGES :]
        return replace(self, changes=MappingProxyType({**dict(kept), change.id: change}))


def plus(mapping: Mapping[K, V], key: K, value: V) -> Mapping[K, V]:
    """The mapping with one entry more, or another in its place."""
    return MappingProxyType({**mapping, key: value})


def minus(mapping: Mapping[K, V], key: K) -> Mapping[K, V]:
    """The mapping without an entry, if it had it."""
    return MappingProxyType({each: value for each, value in mapping.items() if each != key})


def collections_of(*zones: Zone) -> tuple[Collection, ...]:
    """The CIDR collections that the record sets of some zones name, as far as they tell them."""
    found: dict[str, dict[str, tuple[str, ...]]] = {}
    for policy in (each.policy for zone in zones for each in zone):
        if isinstance(policy, IpBased):
            location = policy.CidrRoutingConfig
            known = found.setdefault(location.collection_id, {})
            if location.blocks:
                known[location.name] = tuple(map(str, location.blocks))
    return tuple(
        Collection(each, each, locations=MappingProxyType(known)) for each, known in found.items()
    )


def _hosted_zones(zones: Iterable[Zone], ids: Mapping[str, str]) -> dict[str, HostedZone]:
    chosen = _chosen(ids)
    taken = set(chosen.values())
    hosted: dict[str, HostedZone] = {}
    for zone in zones:
        made = loaded(zone, chosen.pop(zone.origin, ""), taken)
        taken.add(made.id)
        hosted[made.id] = made
    for name in chosen:
        raise LabError(
            str(name), "is the name of no zone here", "Give ids to zones that there are."
        )
    return hosted


def _chosen(ids: Mapping[str, str]) -> dict[Name, str]:
    """The ids by their zones. Raises LabError for what is none, and for two of one or for one."""
    chosen: dict[Name, str] = {}
    for given, zone_id in ids.items():
        name = as_name(given)
        if not isinstance(zone_id, str) or not _ID.fullmatch(zone_id):
            remedy = "Use up to 32 capital letters and digits."
            raise LabError(zone_id, "is no id of a hosted zone", remedy)
        if name in chosen:
            raise LabError(str(name), "is given two ids", "Give it one.")
        if zone_id in chosen.values():
            raise LabError(zone_id, "is the id of another zone already", "Give each its own.")
        chosen[name] = zone_id
    return chosen


def loaded(zone: Zone, zone_id: str = "", taken: Container[str] = ()) -> HostedZone:
    """A zone that nobody created with a request, as a hosted zone.

    Without an id it gets the one by which its own aliases call it, as they do in the listing of a
    real account, so that what is listed can be put back; else one that depends on nothing but its
    name, so that a command that was printed once works again tomorrow. Neither is a `taken` one.

    It may hold the next 10,000 record sets above what it brought.
    """
    count = zone.size
    most = MAX_RECORD_SETS
    if count > most:
        most *= count // most + 1
    name = zone.origin.canonicalize().to_text()
    made = zone_id or _aliased_id(zone)
    while not zone_id and (not made or made in taken):
        made = _fixed_id(made or name)
    return HostedZone(made, zone, f"lab:{name}"[:128], "", most)


def _aliased_id(zone: Zone) -> str:
    """The id by which aliases within a zone call it; empty unless they are of one mind."""
    aliases = (each.alias for each in zone if each.alias is not None)
    named = {each.hosted_zone_id for each in aliases if zone.contains(each.name)} - {""}
    found = named.pop() if len(named) == 1 else ""
    return found if _ID.fullmatch(found) else ""


def _fixed_id(name: str) -> str:
    seed = int.from_bytes(sha256(name.encode()).digest()[:8])
    return Moment(datetime.min.replace(tzinfo=UTC), seed).id("Z")


@dataclass(frozen=True)
class Moment:
    """When a request comes, and the dice for the ids that it makes.

    Attributes:
        at: the time, in UTC.
        seed: of the dice; the same moment makes the same ids, so that a journal can be replayed.
    """

    at: datetime
    seed: int
    _rng: Random = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_rng", Random(self.seed))
        object.__setattr__(self, "at", self.at.astimezone(UTC))

    def id(self, prefix: str, length: int = 20) -> str:
        """A new id of capital letters and digits: `moment.id("Z")`, `moment.id("C")`."""
        letters = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
        return prefix + "".join(self._rng.choices(letters, k=length))

    def uuid(self) -> str:
        """A new UUID, as health checks and CIDR collections have."""
        digits = f"{self._rng.getrandbits(128):032x}"
        return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))
