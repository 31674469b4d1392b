"""What is known of a health check's health: what its checkers saw, or why nobody looks."""

from collections.abc import Iterable
from datetime import datetime

from lab_engine.authority.health import CALCULATED
from lab_engine.control import asked
from lab_engine.control.account import Check, Params, Response
from lab_engine.control.serving import Serving

CHECKER_RANGES = ("203.0.113.0/24",)  # RFC 5737: nobody's
CHECKER = "203.0.113.1"


def get_health_check_status(service: Serving, params: Params) -> Response:
    """GetHealthCheckStatus: what each checker last saw; none has looked right after the making."""
    check = _probed(service, params["HealthCheckId"])
    if service.observer.reason(check.check.id):
        return _observations([_by_nobody(service, check, _unprobed(service, check))])
    seen = service.observer.observations(check.check.id)
    return _observations(_observation(e.region, e.address, e.at, e.status) for e in seen)


def get_health_check_last_failure_reason(service: Serving, params: Params) -> Response:
    """GetHealthCheckLastFailureReason: of each checker that ever saw one."""
    check = _probed(service, params["HealthCheckId"])
    if service.observer.reason(check.check.id):
        return _observations([_by_nobody(service, check, _unprobed(service, check))])
    seen = service.observer.observations(check.check.id)
    return _observations(_observation(e.region, e.address, *e.failure) for e in seen if e.failure)


def get_checker_ip_ranges(service: Serving, params: Params) -> Response:  # noqa: ARG001
    """GetCheckerIpRanges: where checkers are said to be. In truth they are on this machine."""
    return {"CheckerIpRanges": [*CHECKER_RANGES]}


def _probed(service: Serving, given: str) -> Check:
    """The check of that id, unless others make up its health: the guide has nobody ask for that."""
    check = asked.health_check(service.account, given)
    if check.check.type != CALCULATED:
        return check
    passing = sum(map(service.is_healthy, check.check.children))
    # unverified: Route 53's words
    text = f"Invalid parameter : {given} is a calculated health check, whose status is not given."
    raise asked.invalid(
        text,
        f"Ask for the checks that it counts: {passing} of {len(check.check.children)} are healthy, "
        f"{check.check.health_threshold} are needed.",
    )


def _unprobed(service: Serving, check: Check) -> str:
    """Why nobody looks, and what the health is then, in Route 53's form."""
    name = check.check.id
    healthy = service.is_healthy(name)
    word, is_ = ("Success", "healthy") if healthy else ("Failure", "unhealthy")
    what = f"It counts as {is_} until it is set by hand."
    if check.check.disabled:
        what = f"It counts as {is_}."
    elif name in service.account.said:
        what = f"It was set by hand: {is_}."
    return f"{word}: not probed by the lab. {service.observer.reason(name)} {what}"


def _by_nobody(service: Serving, check: Check, status: str) -> Response:
    return _observation(check.check.regions[0], CHECKER, service.now(), status)


def _observations(found: Iterable[Response]) -> Response:
    return {"HealthCheckObservations": [*found]}


def _observation(region: str, address: str, at: datetime, status: str) -> Response:
    report = {"Status": status, "CheckedTime": at}
    return {"Region": region, "IPAddress": address, "StatusReport": report}
