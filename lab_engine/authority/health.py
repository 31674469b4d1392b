"""Health as a function of history: what checkers saw, what they say, what the check then is.

A checker asks an endpoint again and again; as many results in a row as the threshold says change
its mind, either way. A check is healthy while more than 18 % of its checkers say so: it fails
slowly and recovers fast. Not here: when probes are sent, and what a probe counts as passed.

Source: the Route 53 Developer Guide, "How Amazon Route 53 determines whether a health check is
healthy" and "Values that you specify when you create or update health checks". What they leave
open is marked [design].
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from graphlib import CycleError, TopologicalSorter
from types import MappingProxyType
from typing import Self

from lab_engine.errors import LabError

CHECKER_REGIONS = (
    "us-east-1",
    "us-west-1",
    "us-west-2",
    "eu-west-1",
    "ap-southeast-1",
    "ap-southeast-2",
    "ap-northeast-1",
    "sa-east-1",
)
CHECKERS = 16  # [design] two a region; the guide gives no number
MORE_THAN_PERCENT = 18
MAX_CHILDREN = 255
CALCULATED = "CALCULATED"
TYPES = (
    "HTTP",
    "HTTPS",
    "HTTP_STR_MATCH",
    "HTTPS_STR_MATCH",
    "TCP",
    CALCULATED,
    "CLOUDWATCH_METRIC",
    "RECOVERY_CONTROL",
)


@dataclass(frozen=True)
class HealthCheck:
    """One health check, as Route 53 has them.

    Attributes:
        id: what record sets name it by, 1 to 64 characters.
        type: one of `TYPES`.
        request_interval: seconds from an endpoint's response to the next request, 10 or 30.
        failure_threshold: results in a row that change a checker's mind, 1 to 10.
        inverted: healthy counts as unhealthy, and the other way round.
        disabled: counts as healthy whatever is seen; with `inverted`, as unhealthy.
        regions: where the checkers are, at least 3 of `CHECKER_REGIONS`.
        children: ids of the checks that a calculated one counts, up to 255.
        health_threshold: how many of them must be healthy; 0 is always met.
    """

    id: str
    type: str = "HTTP"
    request_interval: int = 30
    failure_threshold: int = 3
    inverted: bool = False
    disabled: bool = False
    regions: tuple[str, ...] = CHECKER_REGIONS
    children: tuple[str, ...] = ()
    health_threshold: int = 0

    def __post_init__(self) -> None:
        for value, rule, remedy in self.problems():
            raise LabError(f"{self.id or 'a health check'}: {value}", rule, remedy)

    def problems(self) -> Iterator[tuple[str, str, str]]:
        """What is wrong with it: the value, the rule and the remedy of each mistake."""
        if not 1 <= len(self.id) <= 64:
            yield "Id", f"has {len(self.id)} characters", "Give it 1 to 64."
        if self.type not in TYPES:
            yield f"Type {self.type!r}", "is no type of check", f"Choose one of {', '.join(TYPES)}."
        if self.request_interval not in (10, 30):
            yield f"RequestInterval {self.request_interval}", "is not offered", "Choose 10 or 30."
        if not 1 <= self.failure_threshold <= 10:
            yield f"FailureThreshold {self.failure_threshold}", "is out of range", "Use 1 to 10."
        if len(set(self.regions)) < 3 or not set(self.regions) <= set(CHECKER_REGIONS):
            remedy = f"Name at least 3 of {', '.join(CHECKER_REGIONS)}."
            yield (
                f"Regions {', '.join(self.regions)}",
                "are not enough places to check from",
                remedy,
            )
        yield from self._calculated_problems()

    def _calculated_problems(self) -> Iterator[tuple[str, str, str]]:
        if self.children and self.type != CALCULATED:
            yield "ChildHealthChecks", f"stands in a check of type {self.type}", "Leave it out."
        if len(self.children) > MAX_CHILDREN:
            yield "ChildHealthChecks", f"has more than {MAX_CHILDREN}", "Use several levels."
        if not 0 <= self.health_threshold <= 256:
            yield f"HealthThreshold {self.health_threshold}", "is out of range", "Use 0 to 256."


@dataclass(frozen=True, slots=True)
class Checker:
    """One checker's mind.

    Attributes:
        healthy: what it says; a new one says healthy until it has seen enough.
        against: results in a row that said otherwise.
    """

    healthy: bool = True
    against: int = 0

    def after(self, passed: bool, threshold: int) -> "Checker":  # noqa: FBT001
        """The same checker, one result later."""
        if passed is self.healthy:
            return replace(self, against=0)
        if self.against + 1 < threshold:
            return replace(self, against=self.against + 1)
        return Checker(passed)


def verdict(results: Iterable[bool], threshold: int) -> bool:
    """What one checker says after these results, the oldest first."""
    checker = Checker()
    for passed in results:
        checker = checker.after(passed, threshold)
    return checker.healthy


def aggregate(verdicts: Sequence[bool]) -> bool:
    """Whether strictly more than 18 % of the checkers say healthy; without any, healthy."""
    return not verdicts or 100 * sum(verdicts) > MORE_THAN_PERCENT * len(verdicts)


def status(check: HealthCheck, verdicts: Sequence[bool] = ()) -> bool:
    """Whether a check that asks an endpoint is healthy, by what its checkers say.

    [design] What is inverted is the aggregate, so an inverted check is unhealthy until enough is
    known, as the guide has it, and recovers only when 82 % of the checkers see a failure.
    """
    return (check.disabled or aggregate(verdicts)) is not check.inverted


@dataclass(frozen=True)
class HealthChecks:
    """Health checks that may count each other, but not in a circle. Make them with `of`.

    Attributes:
        checks: by id, each behind those it counts.
    """

    checks: Mapping[str, HealthCheck] = field(default_factory=lambda: MappingProxyType({}))

    @classmethod
    def of(cls, *checks: HealthCheck) -> Self:
        """Several checks. Raises LabError for an id given twice, or for a circle."""
        by_id: dict[str, HealthCheck] = {}
        for check in checks:
            if check.id in by_id:
                raise LabError(check.id, "is the id of two health checks", "Give each its own.")
            by_id[check.id] = check
        return cls(MappingProxyType(_children_first(by_id)))

    @property
    def ids(self) -> frozenset[str]:
        """Of all checks, and of the children that are not here."""
        return frozenset(self.checks).union(*(check.children for check in self.checks.values()))

    def statuses(self, said: Mapping[str, bool] | None = None) -> Mapping[str, bool]:
        """Whether each check is healthy.

        Args:
            said: of single checks, by their checkers (`status`) or by hand; it also overrules what
                a calculated one would be. Nothing is known of the others yet.
        """
        known = dict(said or {})
        for check in self.checks.values():
            if check.id not in known:
                known[check.id] = status(check, _counted(check, known))
        return known

    def unhealthy(self, said: Mapping[str, bool] | None = None) -> frozenset[str]:
        """The ids of the checks that fail: what a `State` holds."""
        return frozenset(each for each, healthy in self.statuses(said).items() if not healthy)


def _counted(check: HealthCheck, known: Mapping[str, bool]) -> tuple[bool, ...]:
    """A calculated check's own verdict; none of the others, of whom nothing is known.

    [design] A deleted child counts as healthy; the guide calls it unpredictable.
    """
    if check.type != CALCULATED:
        return ()
    return (sum(known.get(child, True) for child in check.children) >= check.health_threshold,)


def _children_first(checks: Mapping[str, HealthCheck]) -> dict[str, HealthCheck]:
    """The checks in an order in which each stands behind those it counts."""
    counted = {check.id: check.children for check in checks.values()}
    try:
        order = [*TopologicalSorter(counted).static_order()]
    except CycleError as wrong:
        circle = " -> ".join(wrong.args[1])
        rule = "is a circle of checks that count each other"
        raise LabError(circle, rule, "Leave one of them out.") from wrong
    return {each: checks[each] for each in order if each in checks}
