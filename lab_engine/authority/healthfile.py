"""Health from files: `aws route53 list-health-checks`, or who is healthy, as an object of booleans.

The AWS CLI has no one output for the status of many checks, so that is the least form that can be:
`{"hc-1": false, "hc-2": true}`. A check that is not named has not been heard of, and is new.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from lab_engine.authority.elements import Element, parsed
from lab_engine.authority.forms import Anything, Form, Structure, request
from lab_engine.authority.health import CALCULATED, CHECKER_REGIONS, HealthCheck, HealthChecks
from lab_engine.errors import LabError, ZoneError, ZoneProblemsError

VERSION = "HealthCheckVersion"
CHECK = (
    "Id",
    "CallerReference",
    "LinkedService",
    "HealthCheckConfig",
    VERSION,
    "CloudWatchAlarmConfiguration",
)
PAGING = ("Marker", "MaxItems", "IsTruncated", "NextMarker", "NextToken")


@dataclass(frozen=True)
class Heard:
    """What is known of health checks.

    Attributes:
        checks: the checks themselves.
        said: whether single ones are healthy.
    """

    checks: HealthChecks = field(default_factory=HealthChecks)
    said: Mapping[str, bool] = field(default_factory=dict)

    @property
    def ids(self) -> frozenset[str]:
        """Every id that was named."""
        return self.checks.ids | self.said.keys()

    @property
    def unhealthy(self) -> frozenset[str]:
        """Those that fail."""
        return self.checks.unhealthy(self.said)

    def also(self, other: "Heard") -> "Heard":
        """Both; where they differ, what the other says. Raises LabError for an id given twice."""
        both = (*self.checks.checks.values(), *other.checks.checks.values())
        return Heard(HealthChecks.of(*both), {**self.said, **other.said})


def read(given: str | Mapping[str, Any], source: str = "") -> Heard:
    """What a JSON text or object says of health.

    Raises:
        ZoneError: everything that is wrong with it.
    """
    problems: list[ZoneError] = []
    top = Element(parsed(given, source or "the file"), source, problems, ": ")
    heard = _listed(top) if "HealthChecks" in top else Heard(said={n: top.flag(n) for n in top})
    if problems:
        raise ZoneProblemsError(problems)
    return heard


def _listed(top: Element) -> Heard:
    top.only("HealthChecks", *PAGING)
    if "NextToken" in top or top.flag("IsTruncated", False):
        top.wrong("says that more checks follow", "List them all.", "HealthChecks")
    made = [check(each) for each in top.elements("HealthChecks")]
    try:
        return Heard(HealthChecks.of(*(each for each in made if each is not None)))
    except LabError as wrong:
        top.wrong(f"{wrong.value} {wrong.rule}", wrong.remedy, "HealthChecks")
        return Heard()


def entry_form() -> Structure:
    """The form of one entry of the list."""
    made, changed = request("CreateHealthCheck").fields, request("UpdateHealthCheck").fields
    known: dict[str, Form] = {name: made.get(name, Anything()) for name in CHECK}
    known["Id"], known[VERSION] = changed["HealthCheckId"], changed[VERSION]
    return Structure("HealthCheck", known)


def check(element: Element) -> HealthCheck | None:
    """The check of one entry of the list; None where a mistake was noted."""
    before, element = len(element.problems), element.of(entry_form())
    element.only()
    name, config = element.text("Id"), element.inner("HealthCheckConfig")
    config.only()
    given = {
        "type": config.text("Type"),
        "request_interval": config.number("RequestInterval", 30),
        "failure_threshold": config.number("FailureThreshold", 3),
        "inverted": config.flag("Inverted", False),
        "disabled": config.flag("Disabled", False),
        "regions": _texts(config, "Regions") or CHECKER_REGIONS,
        "children": _texts(config, "ChildHealthChecks"),
        "health_threshold": config.number("HealthThreshold", 0),
    }
    if given["type"] == CALCULATED and "HealthThreshold" not in config:
        config.wrong("is missing", "Say how many children must be healthy.", "HealthThreshold")
    if len(element.problems) > before:
        return None
    try:
        return HealthCheck(name, **given)  # type: ignore[arg-type]
    except LabError as wrong:
        config.wrong(f"{wrong.value} {wrong.rule}", wrong.remedy)
        return None


def _texts(element: Element, name: str) -> tuple[str, ...]:
    found = element.items(name) if name in element else []
    if all(isinstance(each, str) for each in found):
        return tuple(found)
    element.wrong("has another form", "Give it as a list of texts.", name)
    return ()
