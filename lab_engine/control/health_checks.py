"""Health checks: made, listed, updated, deleted. What they see is the part of `health_status`."""

from copy import deepcopy
from dataclasses import replace

from lab_engine.authority.forms import structure
from lab_engine.control import asked
from lab_engine.control.account import Account, Check, Moment, Params, Response, minus
from lab_engine.control.health_config import completed, judged
from lab_engine.control.hosted_zones import URL
from lab_engine.control.limits import MAX_HEALTH_CHECKS, check_room
from lab_engine.control.refusal import refused
from lab_engine.control.serving import Serving
from lab_engine.errors import LabError

PAGE = 1_000


def create_health_check(
    account: Account, params: Params, moment: Moment
) -> tuple[Account, Response]:
    """CreateHealthCheck; the same request again gives what it gave the first time."""
    reference, config = params["CallerReference"], params["HealthCheckConfig"]
    before = _of_reference(account, reference)
    if before is not None and before.config == completed(config):
        return account, _created(before)
    if before is not None or reference in account.references:
        text = (
            "A different health check has already been created with the specified caller reference."
        )
        remedy = "Give a caller reference that is new, such as the time."
        raise refused("HealthCheckAlreadyExists", text, remedy, 409)
    check_room("TooManyHealthChecks", "health checks", len(account.checks), MAX_HEALTH_CHECKS)
    check = replace(judged(moment.uuid(), config, account), caller_reference=reference)
    return _without_circles(account.with_check(check)), _created(check)


def update_health_check(
    account: Account,
    params: Params,
    moment: Moment,  # noqa: ARG001  (it makes no id)
) -> tuple[Account, Response]:
    """UpdateHealthCheck: what is given is changed, what is to be reset has its default again."""
    before = asked.health_check(account, params["HealthCheckId"])
    if params.get("HealthCheckVersion", before.version) != before.version:
        # unverified: Route 53's words
        text = (
            "The value of HealthCheckVersion in the request doesn't match the value of "
            f"HealthCheckVersion in the health check, {before.version}."
        )
        remedy = "Somebody else changed it meanwhile: get it again, and decide anew."
        raise refused("HealthCheckVersionMismatch", text, remedy, 409)
    reset = params.get("ResetElements", ())
    kept = {name: value for name, value in before.config.items() if name not in reset}
    changed = structure("HealthCheckConfig").fields
    given = {name: params[name] for name in changed if name in params}
    check = replace(
        judged(before.check.id, {**kept, **given}, account),
        caller_reference=before.caller_reference,
        version=before.version + 1,
    )
    return _without_circles(account.with_check(check)), {"HealthCheck": _shown(check)}


def delete_health_check(
    account: Account,
    params: Params,
    moment: Moment,  # noqa: ARG001
) -> tuple[Account, Response]:
    """DeleteHealthCheck, also of one that record sets name: it counts as healthy from then on.

    [design] That a check may not go while another counts it is what users report; the guide only
    says that record sets do not hold it.
    """
    check = asked.health_check(account, params["HealthCheckId"])
    name = check.check.id
    parents = [each.check.id for each in account.checks.values() if name in each.check.children]
    if parents:
        # unverified: Route 53's words
        text = f"Health check {name} is in use by {', '.join(parents)}."
        raise refused("HealthCheckInUse", text, "Take it from the check that counts it first.")
    after = replace(
        account,
        checks=minus(account.checks, name),
        said=minus(account.said, name),
        tags=minus(account.tags, ("healthcheck", name)),
        references=account.references | {check.caller_reference},
    )
    return after, {}


def get_health_check(service: Serving, params: Params) -> Response:
    """GetHealthCheck."""
    return {"HealthCheck": _shown(asked.health_check(service.account, params["HealthCheckId"]))}


def get_health_check_count(service: Serving, params: Params) -> Response:  # noqa: ARG001
    """GetHealthCheckCount."""
    return {"HealthCheckCount": len(service.account.checks)}


def list_health_checks(service: Serving, params: Params) -> Response:
    """ListHealthChecks: in the order of their making."""
    found = [*service.account.checks.values()]
    size, marker = asked.size(params, PAGE), params.get("Marker", "")
    start = asked.position(marker, "Marker", [*service.account.checks])
    onward = found[start + size :]
    return {
        "HealthChecks": [_shown(each) for each in found[start : start + size]],
        "Marker": marker,
        "IsTruncated": bool(onward),
        **({"NextMarker": onward[0].check.id} if onward else {}),
        "MaxItems": str(size),
    }


def _of_reference(account: Account, reference: str) -> Check | None:
    return next((e for e in account.checks.values() if e.caller_reference == reference), None)


def _without_circles(account: Account) -> Account:
    """The account, unless its checks count each other in a circle."""
    try:
        account.health_checks  # noqa: B018  (it raises)
    except LabError as wrong:
        # unverified: Route 53's words
        text = f"Invalid parameter : {wrong.value} {wrong.rule}."
        raise asked.invalid(text, wrong.remedy) from wrong
    return account


def _created(check: Check) -> Response:
    return {"HealthCheck": _shown(check), "Location": f"{URL}/healthcheck/{check.check.id}"}


def _shown(check: Check) -> Response:
    return {
        "Id": check.check.id,
        "CallerReference": check.caller_reference or f"lab:{check.check.id}"[:64],
        "HealthCheckConfig": deepcopy(dict(check.config)),
        "HealthCheckVersion": check.version,
    }
