"""Who plays in a drill: the name that is asked for, its record sets, their checks and back ends.

Made of a zone, or of an account with health checks of its own. The zone's addresses stay what they
are; where each really is, the world says. Not here: time.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from dns.name import Name
from dns.rdatatype import RdataType

from lab_engine.authority.groups import target_group
from lab_engine.authority.health import CALCULATED, HealthCheck
from lab_engine.authority.policies import Failover
from lab_engine.authority.records import Question, as_type
from lab_engine.authority.recordset import RecordSet
from lab_engine.authority.zone import Zone
from lab_engine.control.account import Account, Check
from lab_engine.errors import LabError
from lab_engine.live.settings import HEALTH, OFFERED, Settings
from lab_engine.simulation.names import asked, has, no_such_name

WEB = 80  # the port at which clients ask, as they would in the world
MOST = 32  # back ends: each is a server of its own
ASKING = ("HTTP", "HTTP_STR_MATCH", "TCP")


class Watched(NamedTuple):
    """A health check that asks an endpoint.

    Attributes:
        id: of the check.
        endpoint: the address or the name that it asks, and not a record's.
        port: that it asks; only 80 is served.
        type: one of `ASKING`.
        path: what it asks for; empty for TCP.
        search: what the page must have; empty for nothing.
    """

    id: str
    endpoint: str
    port: int
    type: str
    path: str
    search: str

    @property
    def place(self) -> str:
        """As the address table names it."""
        return (
            f"[{self.endpoint}]:{self.port}"
            if ":" in self.endpoint
            else f"{self.endpoint}:{self.port}"
        )


@dataclass(frozen=True)
class Stage:
    """What a drill is about.

    Attributes:
        account: what is served, with the drill's TTL, and checks with its threshold.
        origin: of the zone that is asked for, as text.
        question: what clients ask for.
        watched: the checks that ask an endpoint.
        addresses: of all back ends: those that answers hold, then those that only checks ask.
        names: what a back end may be called, each with the addresses that are meant.
    """

    account: Account
    origin: str
    question: Question
    watched: tuple[Watched, ...]
    addresses: tuple[str, ...]
    names: Mapping[str, tuple[str, ...]]

    def called(self, name: str) -> tuple[str, ...]:
        """The addresses that a name means. Raises LabError, which tells the names there are."""
        found = self.names.get(name.lower()) if isinstance(name, str) else None
        if found is None:
            raise LabError(
                name, "is no back end of this drill", f"Choose of {', '.join(self.names)}."
            )
        return found

    def checks_of(self, address: str) -> tuple[Watched, ...]:
        """The checks that ask a back end."""
        return tuple(each for each in self.watched if each.endpoint == address)


def stage(given: Zone | Account, name: str, kind: str, how: Settings) -> Stage:
    """Set the stage.

    Args:
        given: what is served.
        name: that clients ask for; empty for the first that a health check has a say in.
        kind: A or AAAA.
        how: the drill's clocks.

    Raises:
        LabError: there is no such name, or no health check has a say in it; a check that no lab
            server can be asked by.
    """
    if not isinstance(given, Zone | Account):
        raise LabError(given, "is no zone", 'Make one: Zone.from_file("shop.zone").')
    account = given if isinstance(given, Account) else Account.of(given)
    rdtype = as_type(kind)
    zone, question = _asked(account, name, rdtype)
    sets = tuple(_reached(zone, question.name, rdtype))
    ids = dict.fromkeys(each.health_check_id for each in sets if each.health_check_id)
    if not ids:
        rule = "is led by no health check: whoever fails, its answers stay"
        raise LabError(str(question.name), rule, "Give a record set of it a health_check_id.")
    shorter = [each.with_ttl(how.ttl) for each in sets if each.records is not None]
    known = account.checks.values() or filter(None, (_usual(each, sets) for each in ids))
    checks = {each.check.id: _hurried(each, how) for each in known}
    served = _served(account, zone, zone.replaced(*shorter), checks)
    watched = tuple(filter(None, map(_watched, checks.values())))
    addresses = tuple(dict.fromkeys([*_values(sets), *(each.endpoint for each in watched)]))
    if not addresses or len(addresses) > MOST:
        rule = f"has {len(addresses)} back ends"
        raise LabError(str(question.name), rule, f"Drill a name with 1 to {MOST}.")
    return Stage(
        served, str(zone.origin), question, watched, addresses, _names(zone, sets, addresses)
    )


def _asked(account: Account, name: str, kind: RdataType) -> tuple[Zone, Question]:
    zones = account.zones
    if not zones:
        raise LabError("The account", "has no zone", "Create one first.")
    if not name:
        found = (
            (zone, Question(each.name, kind))
            for zone in zones
            for each in zone
            if each.type is kind and any(m.health_check_id for m in _reached(zone, each.name, kind))
        )
        first = next(found, None)
        if first is None:
            origin = ", ".join(str(zone.origin) for zone in zones)
            rule = "has no health check: whoever fails, its answers stay"
            raise LabError(origin, rule, "Give a failover pair in it a health_check_id.")
        return first
    for zone in zones:
        meant = asked(zone, name)
        if zone.contains(meant) and has(zone, meant):
            return zone, Question(meant, kind)
    raise no_such_name(name, kind, zones)


def _reached(zone: Zone, name: Name, kind: RdataType) -> Iterator[RecordSet]:
    """The record sets that an answer may come from: behind aliases and CNAMEs within the zone."""
    waiting, known = [name], set[Name]()
    while waiting:
        each = waiting.pop(0)
        node = zone.node(each) if zone.contains(each) else None
        if node is None or each in known:
            continue
        known.add(each)
        for member in node.get(RdataType.CNAME, ()):
            records: Iterable[Any] = member.records.values if member.records else ()
            waiting += [record.target for record in records]
        for member in node.get(kind, ()):
            yield member
            if member.alias is not None:
                waiting += [target.name for target in target_group(member, zone)]


def _values(sets: Iterable[RecordSet]) -> Iterator[str]:
    return (text for each in sets for text in each.texts)


def _usual(check_id: str, sets: Iterable[RecordSet]) -> Check | None:
    """What a check of a zone that says no more of it asks: the address of its record set."""
    asked_by = (each for each in sets if each.health_check_id == check_id)
    address = next(_values(asked_by), None)
    if address is None:
        return None
    config = {"Type": "HTTP", "IPAddress": address, "Port": WEB, "ResourcePath": HEALTH}
    return Check(HealthCheck(check_id), config)


def _hurried(check: Check, how: Settings) -> Check:
    """With the drill's threshold; its interval is the prober's pace of the shortest there is."""
    if check.check.type == CALCULATED:
        return check
    made = replace(check.check, request_interval=OFFERED[0], failure_threshold=how.threshold)
    return replace(check, check=made)


def _watched(check: Check) -> Watched | None:
    kind, config = check.check.type, check.config
    if check.check.disabled or kind not in (*ASKING, "HTTPS", "HTTPS_STR_MATCH"):
        return None
    if kind not in ASKING:
        rule = f"is of type {kind}, and the back ends of a drill speak no TLS"
        raise LabError(check.check.id, rule, "Let it be HTTP for the drill.")
    endpoint = config.get("IPAddress") or config.get("FullyQualifiedDomainName", "").rstrip(".")
    search = config.get("SearchString", "") if kind == "HTTP_STR_MATCH" else ""
    path = "" if kind == "TCP" else config.get("ResourcePath", "/")
    return Watched(check.check.id, endpoint, config.get("Port") or WEB, kind, path, search)


def _served(account: Account, zone: Zone, drilled: Zone, checks: Mapping[str, Check]) -> Account:
    hosted = {
        name: replace(each, zone=drilled) if each.zone is zone else each
        for name, each in account.hosted_zones.items()
    }
    return replace(account, hosted_zones=hosted, checks=dict(checks))


def _names(
    zone: Zone, sets: Iterable[RecordSet], addresses: Iterable[str]
) -> dict[str, tuple[str, ...]]:
    """Roles and set identifiers first, then owners, then addresses; the first to claim one wins."""
    found: dict[str, tuple[str, ...]] = {}
    for each in sets:
        role = each.policy.Failover if isinstance(each.policy, Failover) else ""
        for name in filter(None, (role, each.set_identifier)):
            found.setdefault(name.lower(), _behind(each, zone))
    for each in sets:
        if not each.set_identifier and each.records is not None:
            found.setdefault(str(each.name.relativize(zone.origin)).lower(), each.texts)
    return {**found, **{address: (address,) for address in addresses}}


def _behind(member: RecordSet, zone: Zone) -> tuple[str, ...]:
    """Its addresses; an alias has those of its target."""
    if member.alias is None:
        return member.texts
    return tuple(dict.fromkeys(_values(_reached(zone, member.alias.name, member.type))))
