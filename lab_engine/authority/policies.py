"""The nine routing policies of Route 53, side by side.

A policy is one class. Its fields are Route 53's elements for one record set, with their ranges.
`rank` says how good a member of a group is for a client: the lowest rank wins, None does not take
part. `weight` divides the answers among those of equal rank. Everything else, health above all, is
the same for every policy (`plan`): the unhealthy are passed over, and when nobody is healthy
everybody is ("mode of last resort").

Source: the Route 53 Developer Guide, "Choosing a routing policy" and "How Amazon Route 53 chooses
records when health checking is configured". What it leaves open is marked [design].
"""

from collections.abc import Iterator, Sequence
from dataclasses import Field, dataclass, field, fields
from ipaddress import IPv4Network, IPv6Network
from typing import Any, ClassVar, Literal

from lab_engine.authority.availability import GLOBAL, LEVELS, location_at, location_problems
from lab_engine.authority.clashes import Clash, twice
from lab_engine.authority.geo import REGIONS, Point, distance_km
from lab_engine.authority.spot import Member, Spot

NO_RECORDS = ("BV", "CX", "EH", "HM")  # the guide's list
CONTINENTS = ("AF", "AN", "AS", "EU", "NA", "OC", "SA")


@dataclass(frozen=True)
class Policy:
    """What policies have in common: nothing to choose by, and no rules for the group."""

    name: ClassVar[str] = "simple"
    element: ClassVar[str] = ""
    """The element of a Route 53 record set that says this policy is meant."""
    limit: ClassVar[int] = 100
    """Record sets of one name and type, at most."""
    sample: ClassVar[int | None] = None
    """Values in one answer, drawn from all that share the best rank; None answers one member."""
    by_place: ClassVar[bool] = False
    by_network: ClassVar[bool] = False
    by_peer: ClassVar[bool] = False
    """Whether it looks at who sent the question, and not at whom that is for."""

    def rank(self, spot: Spot) -> float | None:  # noqa: ARG002
        """How good this member is for a client: lower is better, None takes no part."""
        return 0

    @property
    def weight(self) -> float:
        """The part of the answers among members of equal rank."""
        return 1

    def says(self, spot: Spot) -> str:  # noqa: ARG002
        """This member's values, for `explain`."""
        return self.name

    def problems(self) -> Iterator[str]:
        """Values outside their ranges, as clauses."""
        for item in fields(self):
            yield from _range_problems(item, getattr(self, item.name))

    @classmethod
    def group_problems(cls, members: Sequence[tuple["Policy", Member]]) -> Iterator[Clash]:
        """What is wrong with these members together."""
        if len(members) > cls.limit:
            yield Clash("too-many-members")


def _element(text: str, bounds: tuple[int, int] | None = None, **default: Any) -> Any:
    """A Route 53 element, with its help and the range of whole numbers it takes."""
    return field(metadata={"help": text, "range": bounds}, **default)


def _range_problems(item: Field[Any], value: object) -> Iterator[str]:
    bounds: tuple[int, int] | None = item.metadata.get("range")
    if bounds is None:
        return
    low, high = bounds
    if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
        yield f"{item.name} {value!r} is not a whole number from {low} to {high}"


@dataclass(frozen=True)
class Simple(Policy):
    """One record set; every answer has all its values."""

    limit: ClassVar[int] = 1


@dataclass(frozen=True)
class Weighted(Policy):
    """Each member is answered as often as its part of the weights.

    Members of weight 0 wait until no healthy one has more, and then share equally.
    """

    name: ClassVar[str] = "weighted"
    element: ClassVar[str] = "Weight"
    Weight: int = _element("the part of the answers, of the sum of all", (0, 255))

    def rank(self, spot: Spot) -> float:  # noqa: ARG002
        """Weight 0 stands behind every other."""
        return 0 if self.Weight else 1

    @property
    def weight(self) -> float:
        """Equal among those of weight 0."""
        return self.Weight or 1

    def says(self, spot: Spot) -> str:  # noqa: ARG002
        """The weight."""
        return f"weight {self.Weight}"

    @classmethod
    def group_problems(cls, members: Sequence[tuple[Policy, Member]]) -> Iterator[Clash]:
        """One TTL for all (aliases have none of their own)."""
        yield from super().group_problems(members)
        ttls = sorted({member.ttl for _, member in members if member.ttl is not None})
        if len(ttls) > 1:
            yield Clash("ttls-differ", {"ttls": ", ".join(map(str, ttls))})


@dataclass(frozen=True)
class Latency(Policy):
    """The member in the AWS Region with the shortest round trip to the client."""

    name: ClassVar[str] = "latency"
    element: ClassVar[str] = "Region"
    by_place: ClassVar[bool] = True
    Region: str = _element("the AWS Region the resource is in")

    def rank(self, spot: Spot) -> float:
        """Milliseconds; infinite, hence equal for all, where the client's place is unknown.

        Queries from China always get cn-north-1, whatever its latency (the guide's own exception).
        """
        if self.Region == "cn-north-1" and spot.place.country == "CN":
            return -1
        return spot.atlas.time_ms(spot.place, self.Region)

    def says(self, spot: Spot) -> str:
        """The Region and its round trip."""
        return f"region {self.Region}, {spot.atlas.time_ms(spot.place, self.Region):.0f} ms"

    def problems(self) -> Iterator[str]:
        """The Region must exist."""
        if self.Region not in REGIONS:
            yield f"Region {self.Region!r} is not an AWS Region"

    @classmethod
    def group_problems(cls, members: Sequence[tuple[Policy, Member]]) -> Iterator[Clash]:
        """One member for each Region."""
        yield from super().group_problems(members)
        yield from twice("Region", [getattr(policy, "Region", "") for policy, _ in members])


@dataclass(frozen=True)
class Failover(Policy):
    """The primary, and the secondary while the primary is unhealthy."""

    name: ClassVar[str] = "failover"
    element: ClassVar[str] = "Failover"
    limit: ClassVar[int] = 2
    Failover: Literal["PRIMARY", "SECONDARY"] = _element("PRIMARY or SECONDARY")

    def rank(self, spot: Spot) -> float:  # noqa: ARG002
        """PRIMARY first, also when both are unhealthy."""
        return 0 if self.Failover == "PRIMARY" else 1

    def says(self, spot: Spot) -> str:  # noqa: ARG002
        """The role."""
        return str(self.Failover)

    def problems(self) -> Iterator[str]:
        """There are two roles."""
        if self.Failover not in ("PRIMARY", "SECONDARY"):
            yield f"Failover {self.Failover!r} is neither PRIMARY nor SECONDARY"

    @classmethod
    def group_problems(cls, members: Sequence[tuple[Policy, Member]]) -> Iterator[Clash]:
        """Each role once, and so no more than two."""
        yield from twice("Failover", [getattr(policy, "Failover", "") for policy, _ in members])


@dataclass(frozen=True)
class Geolocation(Policy):
    """The member for the smallest region that holds the client: state, country, continent, all.

    Nobody applies: no answer, which is NODATA.
    """

    name: ClassVar[str] = "geolocation"
    element: ClassVar[str] = "GeoLocation"
    by_place: ClassVar[bool] = True
    ContinentCode: str = _element("AF AN AS EU NA OC SA", default="")
    CountryCode: str = _element("two letters, or * for everybody", default="")
    SubdivisionCode: str = _element("a US state", default="")

    def rank(self, spot: Spot) -> float | None:
        """0 a state, 1 a country, 2 a continent, 3 the default."""
        if self.CountryCode == "*":
            return 3
        if self.ContinentCode:
            return 2 if self.ContinentCode == spot.place.continent else None
        if self.CountryCode != spot.place.country:
            return None
        if self.SubdivisionCode:
            return 0 if self.SubdivisionCode == spot.place.subdivision else None
        return 1

    def says(self, spot: Spot) -> str:  # noqa: ARG002
        """The region."""
        parts = (self.ContinentCode, self.CountryCode, self.SubdivisionCode)
        return "default" if self.CountryCode == "*" else "-".join(filter(None, parts))

    def problems(self) -> Iterator[str]:
        """A continent, or a country, or a state of the US."""
        if bool(self.ContinentCode) == bool(self.CountryCode):
            yield "GeoLocation takes either ContinentCode or CountryCode"
        if self.ContinentCode and self.ContinentCode not in CONTINENTS:
            yield f"ContinentCode {self.ContinentCode!r} is none of {' '.join(CONTINENTS)}"
        if self.CountryCode and self.CountryCode != "*" and not _two_letters(self.CountryCode):
            yield f"CountryCode {self.CountryCode!r} is neither two capital letters nor *"
        if self.CountryCode in NO_RECORDS:
            yield f"CountryCode {self.CountryCode!r} is one that takes no records"
        if self.SubdivisionCode and self.CountryCode not in ("US", "UA"):
            yield f"SubdivisionCode {self.SubdivisionCode!r} needs CountryCode US or UA"

    @classmethod
    def group_problems(cls, members: Sequence[tuple[Policy, Member]]) -> Iterator[Clash]:
        """Each region once."""
        yield from super().group_problems(members)
        yield from twice("GeoLocation", [str(policy) for policy, _ in members])


@dataclass(frozen=True)
class Geoproximity(Policy):
    """The nearest member, after its bias has stretched or shrunk the distance."""

    name: ClassVar[str] = "geoproximity"
    element: ClassVar[str] = "GeoProximityLocation"
    limit: ClassVar[int] = 30
    by_place: ClassVar[bool] = True
    AWSRegion: str = _element("the Region the resource is in", default="")
    Coordinates: Point | None = _element("or its place", default=None)  # noqa: RUF009
    Bias: int = _element("positive draws more clients", (-99, 99), default=0)

    def rank(self, spot: Spot) -> float:
        """Biased kilometres; infinite, hence equal for all, where the place is unknown."""
        at = self.Coordinates or REGIONS.get(self.AWSRegion)
        if at is None or spot.place.point is None:
            return float("inf")
        distance = distance_km(at, spot.place.point)
        if self.Bias >= 0:
            return distance * (1 - self.Bias / 100)
        return distance / (1 + self.Bias / 100)

    def says(self, spot: Spot) -> str:
        """Where it is and how far, with the bias."""
        at = self.AWSRegion or "{:g}, {:g}".format(*(self.Coordinates or (0, 0)))
        return f"{at}, bias {self.Bias:+d}: {self.rank(spot):.0f} km"

    def problems(self) -> Iterator[str]:
        """One location, within the Earth."""
        yield from super().problems()
        if bool(self.AWSRegion) == (self.Coordinates is not None):
            yield "GeoProximityLocation takes exactly one of AWSRegion and Coordinates"
        if self.AWSRegion and self.AWSRegion not in REGIONS:
            yield f"AWSRegion {self.AWSRegion!r} is not an AWS Region"
        if self.Coordinates and not -90 <= self.Coordinates.latitude <= 90:
            yield f"Latitude {self.Coordinates.latitude:g} is not from -90 to 90"
        if self.Coordinates and not -180 <= self.Coordinates.longitude <= 180:
            yield f"Longitude {self.Coordinates.longitude:g} is not from -180 to 180"


@dataclass(frozen=True)
class Multivalue(Policy):
    """Up to eight healthy members together, drawn anew for each answer."""

    name: ClassVar[str] = "multivalue"
    element: ClassVar[str] = "MultiValueAnswer"
    sample: ClassVar[int | None] = 8

    def says(self, spot: Spot) -> str:  # noqa: ARG002
        """One of several."""
        return "one of up to 8"


@dataclass(frozen=True)
class CidrLocation:
    """A named list of blocks of a CIDR collection; `*` is everybody else."""

    collection_id: str
    name: str
    blocks: tuple[IPv4Network | IPv6Network, ...] = ()


@dataclass(frozen=True)
class IpBased(Policy):
    """The member whose location has the longest block that covers the client's network.

    A query with a shorter prefix than a block does not match it, though it may hold the client.
    """

    name: ClassVar[str] = "IP-based"
    element: ClassVar[str] = "CidrRoutingConfig"
    by_network: ClassVar[bool] = True
    CidrRoutingConfig: CidrLocation = _element("a collection's location")  # noqa: RUF009

    def rank(self, spot: Spot) -> float | None:
        """Longer blocks first; `*` behind them all."""
        if self.CidrRoutingConfig.name == "*":
            return 0
        block = self._covering(spot)
        return None if block is None else -block.prefixlen

    def says(self, spot: Spot) -> str:
        """The location, and the block that covers the client."""
        block = self._covering(spot)
        return f"location {self.CidrRoutingConfig.name}" + (f", {block}" if block else "")

    def _covering(self, spot: Spot) -> IPv4Network | IPv6Network | None:
        covering = [b for b in self.CidrRoutingConfig.blocks if covers(b, spot.network)]
        return max(covering, key=lambda block: block.prefixlen, default=None)

    @classmethod
    def group_problems(cls, members: Sequence[tuple[Policy, Member]]) -> Iterator[Clash]:
        """One collection, each location once."""
        yield from super().group_problems(members)
        configs = [policy.CidrRoutingConfig for policy, _ in members if isinstance(policy, IpBased)]
        if len({config.collection_id for config in configs}) > 1:
            yield Clash("collections-differ")
        yield from twice("LocationName", [config.name for config in configs])
        for clash in twice("block", [str(block) for c in configs for block in c.blocks]):
            yield clash._replace(places=())  # which are counted otherwise


@dataclass(frozen=True)
class AzAffinity(Policy):
    """The member for the smallest location that holds the resolver: its zone, …, everybody's.

    Who asks decides, not the client subnet. Nobody applies: no answer, which is NODATA. How many
    members there may be is documented nowhere [design].
    """

    name: ClassVar[str] = "AZ-affinity"
    element: ClassVar[str] = "AZAffinity"
    by_peer: ClassVar[bool] = True
    LocationType: str = _element(", ".join(LEVELS), default="")
    LocationId: str = _element("such as use1-az1, or global", default="")

    def rank(self, spot: Spot) -> int | None:
        """0 an Availability Zone, 1 a zone group, 2 a Region, 3 a partition, 4 everybody."""
        mine = self.LocationId == location_at(spot.peer, self.LocationType)
        return [*LEVELS].index(self.LocationType) if mine else None

    def says(self, spot: Spot) -> str:  # noqa: ARG002
        """The location."""
        return "Global" if self.LocationId == GLOBAL else f"{self.LocationType} {self.LocationId}"

    def problems(self) -> Iterator[str]:
        """A type of location, and the id of one of it."""
        yield from location_problems(self.LocationType, self.LocationId)

    @classmethod
    def group_problems(cls, members: Sequence[tuple[Policy, Member]]) -> Iterator[Clash]:
        """Each location once [design]."""
        yield from super().group_problems(members)
        yield from twice("LocationId", [getattr(policy, "LocationId", "") for policy, _ in members])


POLICIES: tuple[type[Policy], ...] = (
    Simple,
    Weighted,
    Latency,
    Failover,
    Geolocation,
    Multivalue,
    Geoproximity,
    IpBased,
    AzAffinity,
)
"""Those there are. Whoever reads this reads it when asked, so that a test may have one more."""


def covers(block: IPv4Network | IPv6Network, network: IPv4Network | IPv6Network) -> bool:
    """Whether `network` lies within `block`, and is of its family."""
    return block.version == network.version and network.subnet_of(block)  # type: ignore[arg-type]


def _two_letters(code: str) -> bool:
    return len(code) == 2 and code.isascii() and code.isalpha() and code.isupper()
