"""What a drill's clocks are set to: the checks, the TTL, and the clients.

Route 53 looks every 10 or 30 s. A drill that is to end within a minute looks more often, which is
this lab's own doing: `fast=False` holds it to the API's rule.
"""

from dataclasses import dataclass
from typing import Any

from lab_engine.authority.health import CHECKERS
from lab_engine.authority.records import MAX_TTL
from lab_engine.errors import LabError
from lab_engine.simulation.values import number, whole

HEALTH = "/health"  # what checks ask for, unless they say otherwise
FASTEST = 0.2  # seconds between the probes of one checker: sixteen of them are a thread's work
OFFERED = (10, 30)  # seconds, by Route 53
MAX_RATE = 50.0


@dataclass(frozen=True)
class Settings:
    """The clocks of a drill.

    Attributes:
        interval: seconds from a response to the next request of a checker, 0.2 to 30.
        threshold: results in a row that change a checker's mind, 1 to 10.
        ttl: seconds of all answers of the name, 1 or more.
        rate: requests a second, 1 to 50: one in each tenth of a second at 10, at a random moment
            of it, so that no two clocks tick together.
        patience: seconds after which a client gives up a connection, and again an answer.
        publication: seconds from what checkers say until the authority knows.
        checkers: of each check.
    """

    interval: float = 2.0
    threshold: int = 2
    ttl: int = 5
    rate: float = 10.0
    patience: float = 1.0
    publication: float = 0.0
    checkers: int = CHECKERS

    def __post_init__(self) -> None:
        number("interval", self.interval, FASTEST, 30)
        _threshold(self.threshold)
        whole("ttl", self.ttl, 1, MAX_TTL)
        number("rate", self.rate, 1, MAX_RATE)
        number("patience", self.patience, 0.1, 30)
        number("publication", self.publication, 0, 60)
        whole("checkers", self.checkers, 1, 100)

    @property
    def gap(self) -> float:
        """Seconds from one request to the next, on average."""
        return 1 / self.rate


def settings(*, fast: bool, **given: Any) -> Settings:
    """Checked settings.

    Raises:
        LabError: a value that is out of its range, or, if it is not to be fast, one that Route 53
            does not offer.
    """
    made = Settings(**given)
    if not fast and made.interval not in OFFERED:
        remedy = "Choose 10 or 30, or let the lab be faster: fast=True."
        raise LabError(f"RequestInterval {made.interval:g}", "is not offered", remedy)
    return made


def _threshold(value: object) -> None:
    """In the words of Route 53's rule, since it is the same."""
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= 10:
        raise LabError(f"FailureThreshold {value}", "is out of range", "Use 1 to 10.")
