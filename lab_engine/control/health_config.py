"""The configuration of a health check: what may stand in it, and what stands there if nothing does.

Its form is known to be right by now (`forms`); here its elements are judged together. Words that
are not marked are those that users of Route 53 report.

Source: the API reference, HealthCheckConfig.
"""

from collections.abc import Iterator, Mapping
from copy import deepcopy
from ipaddress import ip_address
from typing import Any, NamedTuple

from lab_engine.authority import healthfile
from lab_engine.authority.elements import Element, parsed
from lab_engine.authority.health import CALCULATED
from lab_engine.control.account import Account, Check, Params
from lab_engine.control.refusal import Fault, Refusal
from lab_engine.control.schema import faults
from lab_engine.control.values import name_fault
from lab_engine.errors import LabError, ZoneError, ZoneProblemsError


class Kind(NamedTuple):
    """What the types of a kind have in common.

    Attributes:
        name: of the kind.
        needs: elements that must be there.
        bars: elements that must not.
    """

    name: str
    needs: tuple[str, ...]
    bars: tuple[str, ...]


_ENDPOINT = ("IPAddress", "FullyQualifiedDomainName", "Port", "ResourcePath", "SearchString")
_ALARM = ("AlarmIdentifier", "InsufficientDataHealthStatus")
_CHILDREN = ("HealthThreshold", "ChildHealthChecks")
_ROUTING = ("RoutingControlArn",)
_BASIC = (*_ALARM, *_CHILDREN, *_ROUTING)
_HTTP = Kind("Basic", (), ("SearchString", *_BASIC))
_STR_MATCH = Kind("Basic", ("SearchString",), _BASIC)
KINDS: Mapping[str, Kind] = {
    "HTTP": _HTTP,
    "HTTPS": _HTTP,
    "HTTP_STR_MATCH": _STR_MATCH,
    "HTTPS_STR_MATCH": _STR_MATCH,
    "TCP": Kind("Basic", ("Port",), ("ResourcePath", "SearchString", *_BASIC)),
    CALCULATED: Kind("Calculated", ("HealthThreshold",), (*_ENDPOINT, *_ALARM, *_ROUTING)),
    "CLOUDWATCH_METRIC": Kind(
        "CloudWatch", ("AlarmIdentifier",), (*_ENDPOINT, *_CHILDREN, *_ROUTING)
    ),
    "RECOVERY_CONTROL": Kind("Recovery control", _ROUTING, (*_ENDPOINT, *_ALARM, *_CHILDREN)),
}
_WORDS = {
    "AlarmIdentifier": "an metric region",
    "InsufficientDataHealthStatus": "an insufficient data health state",
    "HealthThreshold": "a health threshold",
    # unverified: those from here on
    "IPAddress": "an IP address",
    "FullyQualifiedDomainName": "a fully qualified domain name",
    "Port": "a port",
    "ResourcePath": "a resource path",
    "SearchString": "a search string",
    "ChildHealthChecks": "child health checks",
    "RoutingControlArn": "a routing control",
}
_KEPT = ("CallerReference", "HealthCheckConfig", "HealthCheckVersion")
_DEFAULTS = {"Inverted": False, "Disabled": False}
_BASIC_DEFAULTS = {"RequestInterval": 30, "FailureThreshold": 3, "MeasureLatency": False}


def judged(check_id: str, config: Params, account: Account) -> Check:
    """A check from its configuration.

    Raises:
        Refusal: everything that is wrong with it.
    """
    found = [*_faults(config, account)]
    if found:
        raise Refusal("InvalidInput", found)
    problems: list[ZoneError] = []
    check = made(check_id, config, problems)
    if check is None:
        raise Refusal("InvalidInput", [_told(problem, check_id) for problem in problems])
    return check


def made(check_id: str, config: Params, problems: list[ZoneError]) -> Check | None:
    """The same without the rules of requests; notes what is wrong."""
    entry = {"Id": check_id, "HealthCheckConfig": config}
    check = healthfile.check(Element(entry, "", problems))
    return None if check is None else Check(check, completed(config))


def loaded(given: str | Mapping[str, Any], source: str = "") -> tuple[Check, ...]:
    """The checks of a file: what `aws route53 list-health-checks` prints.

    Raises ZoneError for all that is wrong with it. They keep their ids.
    """
    top = parsed(given, source or "the file")
    checks = healthfile.read(top, source).checks.checks
    entries = {entry["Id"]: _entry(entry) for entry in top.get("HealthChecks", ())}
    problems = [
        ZoneError(f"{source or 'the file'}: {name}", fault.text.rstrip("."), fault.help)
        for name, entry in entries.items()
        for fault in _entry_faults(entry)
    ]
    if problems:
        raise ZoneProblemsError(problems)
    return tuple(
        Check(
            checks[name],
            completed(entry["HealthCheckConfig"]),
            entry.get("CallerReference", ""),
            entry.get("HealthCheckVersion", 1),
        )
        for name, entry in entries.items()
    )


def _entry(given: Params) -> dict[str, Any]:
    """What is kept of an entry of a file; an empty list there says nothing."""
    entry = {name: given[name] for name in _KEPT if name in given}
    config = {name: value for name, value in entry["HealthCheckConfig"].items() if value != []}
    return {**entry, "HealthCheckConfig": config}


def _entry_faults(entry: Params) -> Iterator[Fault]:
    """What is wrong with the form of an entry; then, what is wrong with its address."""
    found = [*faults(entry, healthfile.entry_form(), "HealthCheck")]
    yield from found or _address_faults(entry["HealthCheckConfig"])


def completed(config: Params) -> Params:
    """The configuration as Route 53 gives it back."""
    kind: str = config["Type"]
    defaults: dict[str, Any] = dict(_DEFAULTS)
    if KINDS[kind].name == "Basic":
        defaults |= {**_BASIC_DEFAULTS, "EnableSNI": kind.startswith("HTTPS")}
    if kind.startswith("HTTP"):
        defaults["Port"] = 443 if kind.startswith("HTTPS") else 80
    return {**defaults, **deepcopy(dict(config))}


def _faults(config: Params, account: Account) -> Iterator[Fault]:
    kind = KINDS[config["Type"]]
    for name in kind.needs:
        if config.get(name, "") == "":
            yield _specified(kind, "must have", name)
    for name in kind.bars:
        if name in config:
            yield _specified(kind, "must not have", name)
    if kind.name == "Basic":
        yield from _endpoint_faults(config)
    if config.get("EndpointType") == "PRIVATE" or "HealthCheckSourceId" in config:
        # unverified: Route 53's words
        source = config.get("HealthCheckSourceId", "")
        text = f"Invalid parameter : Health check source {source} doesn't exist.".replace("  ", " ")
        yield Fault(text, "Leave out HealthCheckSourceId and PRIVATE: the lab has no sources.")
    for child in config.get("ChildHealthChecks", ()):
        if child not in account.checks:
            # unverified: Route 53's words
            text = f"Invalid parameter : Health check {child} doesn't exist."
            yield Fault(text, "Create the children first.")


def _told(problem: LabError, check_id: str) -> Fault:
    """A mistake without the id, which a check that is refused never had."""
    what, rule = str(problem.value).rpartition(": ")[2], problem.rule
    if rule.startswith(f"{check_id}: "):
        what, rule = "", rule.removeprefix(f"{check_id}: ")
    # unverified: Route 53's words
    return Fault(f"Invalid parameter : {f'{what} {rule}'.strip()}.", problem.remedy)


def _specified(kind: Kind, verb: str, name: str) -> Fault:
    text = f"Invalid parameter : {kind.name} health checks {verb} {_WORDS[name]} specified."
    return Fault(text, f"{'Leave out' if 'not' in verb else 'Give'} {name}.")


def _endpoint_faults(config: Params) -> Iterator[Fault]:
    """An endpoint has an address or a name. In the lab, the address may be a private one."""
    name = config.get("FullyQualifiedDomainName", "")
    # unverified: all of these words
    if "IPAddress" not in config and not name:
        text = "Invalid parameter : Either an IP address or a domain name must be specified."
        yield Fault(text, "Give IPAddress or FullyQualifiedDomainName.")
    yield from _address_faults(config)
    wrong = name_fault(name) if name else None
    if wrong is not None:
        yield Fault(f"Invalid parameter : {wrong.text}", wrong.help)


def _address_faults(config: Params) -> Iterator[Fault]:
    if "IPAddress" in config and not _is_address(config["IPAddress"]):
        # unverified: Route 53's words
        text = f"Invalid parameter : {config['IPAddress']} is not a valid IP address."
        yield Fault(text, "Write one such as 192.0.2.44.")


def _is_address(text: str) -> bool:
    """Whether it is one; a zone of IPv6 (RFC 4007) says nothing to another machine."""
    try:
        return bool(ip_address(text)) and "%" not in text
    except ValueError:
        return False
