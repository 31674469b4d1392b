"""What Route 53 has no operation for, and a notebook or a test does: another zone, a health.

Both are requests like the others, so that a state file has them. Their names begin with `lab:`, and
no request from outside can have such a name.
"""

from collections.abc import Iterator
from dataclasses import replace
from types import MappingProxyType

from lab_engine.authority.elements import nearest
from lab_engine.authority.health import CALCULATED
from lab_engine.authority.zone import Zone
from lab_engine.control import snapshot
from lab_engine.control.account import (
    Account,
    HostedZone,
    Moment,
    Params,
    Response,
    collections_of,
    loaded,
)
from lab_engine.errors import LabError

REPLACE_ZONE = "lab:ReplaceZone"
SET_HEALTH = "lab:SetHealth"


def replace_zone(
    account: Account,
    params: Params,
    moment: Moment,  # noqa: ARG001  (it makes no id)
) -> tuple[Account, Response]:
    """The zone of `Zone`, as a snapshot has it."""
    return with_zone(account, snapshot.zone_of(params["Zone"])), {}


def set_health(
    account: Account,
    params: Params,
    moment: Moment,  # noqa: ARG001
) -> tuple[Account, Response]:
    """The healths of `Said`, by id."""
    said = MappingProxyType({**account.said, **params["Said"]})
    return (account if said == account.said else replace(account, said=said)), {}


def with_zone(account: Account, zone: Zone) -> Account:
    """The account with a zone in the place of the one with its name, or else of the first."""
    for each in collections_of(zone):
        if each.id not in account.collections:
            account = account.with_collection(each)
    before = [*account.hosted_zones.values()]
    made = loaded(zone, taken={each.id for each in before[1:]})
    place = next((each for each in before if each.name == zone.origin), None)
    if place is not None:
        most = max(made.max_record_sets, place.max_record_sets)
        return account.with_hosted_zone(replace(place, zone=zone, max_record_sets=most))
    return replace(account, hosted_zones=_by_id([made, *before[1:]]))


def _by_id(hosted_zones: list[HostedZone]) -> MappingProxyType[str, HostedZone]:
    return MappingProxyType({each.id: each for each in hosted_zones})


def known_checks(account: Account) -> frozenset[str]:
    """The ids of all health checks: of the account's, and of those that record sets name."""
    return account.health_checks.ids.union(*(zone.check_ids for zone in account.zones))


def check_settable(account: Account, check_id: str, healthy: bool) -> None:  # noqa: FBT001
    """Raise LabError for a check whose health cannot be said, or for what is no health."""
    if not isinstance(healthy, bool):
        raise LabError(healthy, "is not a health", "Give True or False.")
    check_known(account, check_id)
    check = account.checks.get(check_id)
    if check is None:
        return
    if check.check.type == CALCULATED:
        raise LabError(check_id, "is calculated from other checks", "Set those it counts.")
    if check.check.disabled:
        rule = "is disabled: it has the same health whatever is said"
        raise LabError(check_id, rule, "Enable it first.")


def check_known(account: Account, check_id: str) -> None:
    """Raise LabError for what is the id of no health check."""
    known = known_checks(account)
    if not isinstance(check_id, str) or check_id not in known:
        remedy = nearest(str(check_id), sorted(known)) if known else "Give a record set one."
        raise LabError(check_id, "is the id of no health check here", remedy)


def differences(account: Account, unhealthy: frozenset[str], now: frozenset[str]) -> Iterator[str]:
    """The checks of which `unhealthy` says something else than what they are now."""
    for check_id in unhealthy ^ now:
        check = account.checks.get(check_id)
        if check is None or check.check.type != CALCULATED:
            yield check_id
