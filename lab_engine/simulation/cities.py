"""The lessons' ten cities as places of a scenario, and who asks for them.

Their parts of the requests are made up: Europe and Asia somewhat more than a third each.
"""

from collections.abc import Iterable
from dataclasses import replace
from ipaddress import ip_network
from typing import Final

from lab_engine.authority.geo import Network
from lab_engine.errors import LabError
from lab_engine.simulation.parts import Place

FIRM: Final = "the firm's resolver"
FIRM_EGRESS: Final = "198.19.0.53"
CITIES: Final = (
    Place("198.18.1.0/24", 0.12, name="Paris"),
    Place("198.18.2.0/24", 0.12, name="London"),
    Place("198.18.0.0/24", 0.12, name="Frankfurt"),
    Place("198.18.16.0/24", 0.06, name="Cape Town"),
    Place("198.18.32.0/24", 0.14, name="Tokyo"),
    Place("198.18.33.0/24", 0.14, name="Mumbai"),
    Place("198.19.0.0/24", 0.10, name="New York"),
    Place("198.19.1.0/24", 0.10, name="San Jose"),
    Place("198.19.16.0/24", 0.07, name="São Paulo"),
    Place("198.19.32.0/24", 0.03, name="Sydney"),
)


def cities(resolver: str = "own", of: Iterable[Place] = CITIES) -> tuple[Place, ...]:
    """The cities behind one kind of resolver.

    Args:
        resolver: `own`, each city has one of its own; `firm`, one in New York asks for all;
            `anycast`, the cities of a /20, a continent of the lessons, share the one near the
            first of them.
        of: other places than the lessons'.

    Raises:
        LabError: no such kind.
    """
    places = tuple(replace(each, resolver="", egress="") for each in of)
    match resolver:
        case "own":
            return places
        case "firm":
            return tuple(replace(each, resolver=FIRM, egress=FIRM_EGRESS) for each in places)
        case "anycast":
            first: dict[Network, str] = {}
            near = [first.setdefault(_block(each), each.label) for each in places]
            return tuple(
                replace(each, resolver=f"the one near {label}"[:40])
                for each, label in zip(places, near, strict=True)
            )
    remedy = "Choose of own, firm, anycast."
    raise LabError(resolver, "is no kind of resolver of the cities", remedy)


def _block(place: Place) -> Network:
    network = ip_network(place.network)
    return network.supernet(new_prefix=min(20, network.prefixlen))
