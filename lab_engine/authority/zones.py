"""Several zones served together: each name belongs to the one whose origin is nearest above it."""

from collections.abc import Iterable, Iterator
from typing import Self

from dns.name import Name
from dns.rdatatype import RdataType

from lab_engine.authority.records import Labels, folded
from lab_engine.authority.zone import Zone
from lab_engine.errors import LabError


class Zones:
    """Zones by their origins, in the order given. They never change; a change makes others.

    Attributes:
        by_client: whether some answers depend on where the client is.
        by_peer: whether some depend on where a question comes from, whomever it is for.
    """

    def __init__(self, zones: Iterable[Zone] = ()) -> None:
        self._by_origin: dict[Labels, Zone] = {}
        for zone in zones:
            self._by_origin.setdefault(folded(zone.origin), zone)
        self.by_client = any(zone.by_client for zone in self)
        self.by_peer = any(zone.by_peer for zone in self)

    @classmethod
    def of(cls, *zones: Zone) -> Self:
        """These zones; of two with the same origin the first."""
        return cls(zones)

    def __iter__(self) -> Iterator[Zone]:
        return iter(self._by_origin.values())

    def __len__(self) -> int:
        return len(self._by_origin)

    def __repr__(self) -> str:
        return f"<Zones {' '.join(str(zone.origin) for zone in self)}>"

    @property
    def first(self) -> Zone:
        """The zone that was given first. Raises LabError where there is none."""
        for zone in self:
            return zone
        raise LabError("these zones", "are none at all", "Serve at least one.")

    def holding(self, name: Name, rdtype: RdataType | None = None) -> Zone | None:
        """The zone with the longest origin that `name` is at or below; None where there is none.

        With the type DS, which says how a zone is signed and stands above the cut, the zone whose
        origin `name` is counts only where none above it is here (RFC 4035 section 3.1.4.1).
        """
        labels = folded(name)
        at_apex = None
        for depth in range(len(labels)):
            zone = self._by_origin.get(labels[depth:])
            if zone is not None and (depth or rdtype is not RdataType.DS):
                return zone
            at_apex = at_apex or zone
        return at_apex

    def with_(self, zone: Zone) -> "Zones":
        """The same with this zone in the place of the one with its origin, or else at the end."""
        return Zones({**self._by_origin, folded(zone.origin): zone}.values())

    def with_first(self, zone: Zone) -> "Zones":
        """The same with this zone in the place of the first, whatever that one's origin is."""
        return Zones((zone, *list(self)[1:]))
