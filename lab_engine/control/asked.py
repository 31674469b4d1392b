"""What the parameters of a request mean: ids, names, and which page of a list is asked for.

Their form is known to be right by now (`forms`). Each of these raises a Refusal where it is not
enough.
"""

from collections.abc import Mapping, Sequence
from typing import TypeVar

from dns.name import Name

from lab_engine.authority.apitext import name_of
from lab_engine.control.account import Account, Check, Collection, HostedZone, Params
from lab_engine.control.pasted import bare, plain_id
from lab_engine.control.refusal import Refusal, refused
from lab_engine.control.values import name_fault

T = TypeVar("T")


def invalid(text: str, help: str) -> Refusal:  # noqa: A002
    """InvalidInput for one reason."""
    return refused("InvalidInput", text, help)


def hosted_zone(account: Account, given: str) -> HostedZone:
    """The hosted zone of that id."""
    wanted = plain_id(given)
    text = f"No hosted zone found with ID: {wanted}"
    return _found(account.hosted_zones, wanted, "NoSuchHostedZone", text)


def health_check(account: Account, given: str, name: str = "HealthCheckId") -> Check:
    """The health check of that id, which stands in the parameter of that name."""
    # unverified: Route 53's words
    text = f"A health check with id {given} does not exist."
    return _found(account.checks, given, "NoSuchHealthCheck", text, bare(name, given))


def collection(account: Account, given: str) -> Collection:
    """The CIDR collection of that id."""
    # unverified: Route 53's words
    text = f"The CIDR collection {given} doesn't exist."
    return _found(account.collections, given, "NoSuchCidrCollectionException", text)


def domain_name(given: str, code: str = "InvalidInput") -> Name:
    """A domain name in lower case, its octal escapes understood."""
    wrong = name_fault(given)
    if wrong is not None:
        raise Refusal(code, [wrong])
    return name_of(given).canonicalize()


def size(params: Params, most: int, name: str = "MaxItems") -> int:
    """How many items of a list are asked for; more than there are to a page is a page."""
    given = params.get(name, str(most))
    if given.isascii() and given.isdigit() and len(given) < 10 and int(given) > 0:
        return min(int(given), most)
    # unverified: Route 53's words
    text = f"Invalid request: {name} '{given}' is not a number from 1 to {most}"
    raise invalid(text, f"Give {name} as a whole number from 1 to {most}.")


def position(token: str, name: str, tokens: Sequence[str]) -> int:
    """Where in a list a page begins: at its token, or at the beginning without one."""
    if not token:
        return 0
    if token in tokens:
        return tokens.index(token)
    # unverified: Route 53's words
    text = f"Invalid request: {name} '{token}' is not valid"
    raise invalid(text, f"Give {name} as the page before gave it, or leave it out.")


def _found(there: Mapping[str, T], wanted: str, code: str, text: str, advice: str = "") -> T:
    if wanted in there:
        return there[wanted]
    few = ", ".join([*there][:5])
    usual = f"Give an id that there is, such as {few}." if few else "There is none yet."
    raise refused(code, text, advice or usual)
