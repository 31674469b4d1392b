"""What other systems do with the same wishes: flattened CNAMEs, ALIAS records, weighted lists.

For comparison, beside Route 53's own policies: pure functions, none of them served by `Authority`.
A flattener looks its target up itself, so the target's authority decides for the *flattener's*
address and the user's is never seen. A weighted list becomes a plan like any other.

Sources: Cloudflare's "CNAME flattening"; the manuals and sources of PowerDNS 4.7 (`dnsproxy.cc`)
and gdnsd 3.8 (`weighted.c`), both held against the real servers by the witnesses, and of PowerDNS's
Lua records; NS1's "ALIAS records" and "Shuffle filters"; Cloudflare's "Steering policies". What
they leave open is marked [design].

Not here: proxied records, gdnsd's groups of addresses, NS1's other filters.
"""

import math
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import permutations, product

from dns.name import Name
from dns.rcode import Rcode
from dns.rdata import Rdata
from dns.rdatatype import RdataType

from lab_engine.authority.plan import Plan
from lab_engine.authority.records import Client, Reply, RRset
from lab_engine.errors import LabError

Resolve = Callable[[Name, RdataType, Client], Reply]
"""What a resolver says to a name and a type when this client asks: the flattener, not the user."""

ADDRESSES = (RdataType.A, RdataType.AAAA)
MAX_OUTCOMES = 5_000
"""Replies in one plan: 12 optional members for gdnsd's `multi`, the first 4 of 9 for NS1."""
GDNSD_MAX_WEIGHT = 2**20 - 1
GDNSD_MAX_ITEMS = 64


@dataclass(frozen=True)
class Pointer:
    """A name that is to answer with another name's addresses.

    Attributes:
        name: the owner; at an apex no CNAME may stand there, hence all this.
        target: whose addresses, anywhere.
        ttl: seconds, of the CNAME or ALIAS record itself.
        soa: of the owner's zone, with the TTL of its negative answers.
    """

    name: Name
    target: Name
    ttl: int
    soa: RRset

    def nodata(self) -> Reply:
        """The answer with nothing in it (RFC 2308 section 2.2)."""
        lifetime = Reply(authority=(self.soa,)).ttl or 0
        return Reply(authority=(replace(self.soa, ttl=lifetime),))


def cloudflare(
    pointer: Pointer,
    rdtype: RdataType,
    resolve: Resolve,
    client: Client,
    *,
    every_cname: bool = False,
) -> Reply:
    """Cloudflare's flattening of a CNAME that is not proxied.

    It happens at the apex, where the target lies in the same zone, and for `every_cname` where that
    is switched on. The TTL is the lesser of the CNAME's and the external answer's. A target that
    has no addresses gives NODATA; [design] one that cannot be resolved, SERVFAIL.
    """
    origin = pointer.soa.name
    if not (every_cname or pointer.name == origin or pointer.target.is_subdomain(origin)):
        return Reply(answer=(_cname(pointer),))
    said = _resolved(pointer, rdtype, resolve, client)
    if said is None or said.rcode is Rcode.NXDOMAIN:
        return pointer.nodata()
    if said.rcode:
        return Reply(Rcode.SERVFAIL)
    return _flat(pointer, rdtype, said, min(pointer.ttl, said.ttl or 0)) or pointer.nodata()


def powerdns_alias(pointer: Pointer, rdtype: RdataType, resolve: Resolve, client: Client) -> Reply:
    """PowerDNS's ALIAS, with `expand-alias` and a `resolver`.

    The TTL is the one the resolver gives the addresses: neither the ALIAS's own nor those of the
    CNAMEs between count. Whatever cannot be resolved is SERVFAIL, NXDOMAIN included. A target that
    has no addresses gives an answer with nothing at all in it, so that no cache may keep it.
    """
    said = _resolved(pointer, rdtype, resolve, client)
    if said is None:
        return pointer.nodata()
    if said.rcode:
        return Reply(Rcode.SERVFAIL)
    return _flat(pointer, rdtype, said, None) or Reply()


def ns1_alias(pointer: Pointer, rdtype: RdataType, resolve: Resolve, client: Client) -> Reply:
    """NS1's ALIAS: made for the apex, beside other types, with a target anywhere.

    [design] Its TTL and its failures are not documented; here the TTL is the lesser of the ALIAS's
    and the answer's, what does not exist gives NODATA, and what cannot be resolved SERVFAIL.
    """
    return cloudflare(pointer, rdtype, resolve, client, every_cname=True)


def _resolved(
    pointer: Pointer, rdtype: RdataType, resolve: Resolve, client: Client
) -> Reply | None:
    """What the resolver says of the target; None where only addresses would be looked up."""
    return resolve(pointer.target, rdtype, client) if rdtype in ADDRESSES else None


def _flat(pointer: Pointer, rdtype: RdataType, said: Reply, ttl: int | None) -> Reply | None:
    """The addresses that were found, under the pointer's name; None where there are none."""
    found = next((rrset for rrset in said.answer if rrset.type is rdtype), None)
    if found is None:
        return None
    lifetime = found.ttl if ttl is None else ttl
    return Reply(answer=(replace(found, name=pointer.name, ttl=lifetime),))


def _cname(pointer: Pointer) -> RRset:
    return RRset.of(pointer.name, "CNAME", pointer.target.to_text(), pointer.ttl)


def gdnsd_weighted(
    records: RRset,
    weights: Sequence[int],
    down: Collection[str] = (),
    *,
    multi: bool = False,
    up_thresh: float = 0.5,
) -> Plan:
    """gdnsd's `weighted` list of addresses, one weight for each value of `records`.

    A member that is down has the dynamic weight 0. One member is answered, as likely as its part
    of the sum; or with `multi` each by itself, as likely as its part of the *greatest* weight,
    which is always in. Where the dynamic sum falls below ceil(up_thresh * configured sum) all
    count as up, and `healthy` is False for whatever stands above.

    Raises:
        LabError: weights that gdnsd refuses, or too many optional members for one plan.
    """
    _check_gdnsd(records, weights, up_thresh)
    alive = [0 if text in down else w for text, w in zip(records.texts, weights, strict=True)]
    healthy = sum(alive) >= math.ceil(up_thresh * sum(weights))
    dynamic = dict(zip(records.values, alive if healthy else weights, strict=True))
    branches = _subsets(records, dynamic) if multi else _singles(records, dynamic)
    dead = (Plan(value.to_text(), "down", 0.0) for value in dynamic if not dynamic[value])
    why = "weighted, multi" if multi else "weighted"
    if not healthy:
        why += f"; less than {up_thresh:g} of the weight is up, so everybody is"
    return Plan(str(records.name), why, branches=(*branches, *dead), healthy=healthy)


def _singles(records: RRset, dynamic: Mapping[Rdata, float]) -> Iterator[Plan]:
    total = sum(dynamic.values())
    for value, weight in dynamic.items():
        if weight:
            yield _branch(records, (value,), weight / total, f"weight {weight:g} of {total:g}")


def _subsets(records: RRset, dynamic: Mapping[Rdata, int]) -> Iterator[Plan]:
    """A branch for each set of members that may come together."""
    greatest = max(dynamic.values())
    odds = {value: weight / greatest for value, weight in dynamic.items()}
    optional = [value for value in odds if 0 < odds[value] < 1]
    _check_count(2 ** len(optional), "Take fewer members below the greatest weight.")
    for taken in product((True, False), repeat=len(optional)):
        left = {value for value, yes in zip(optional, taken, strict=True) if not yes}
        together = tuple(value for value in odds if odds[value] and value not in left)
        probability = math.prod(1 - odds[v] if v in left else odds[v] for v in optional)
        yield _branch(records, together, probability, "each by its part of the greatest weight")


def cloudflare_pools(records: RRset, weights: Sequence[float]) -> Plan:
    """Cloudflare's load balancing by random steering: one member, as likely as its part of the sum.

    Weights lie from 0 to 1. [design] What it does where all are 0 is not documented, and refused;
    its steering by hash, which keeps a client to one member, is not here.

    Raises:
        LabError: a weight outside 0 to 1, or none above 0.
    """
    _check_lengths(records, weights)
    bad = next((weight for weight in weights if not 0 <= weight <= 1), None)
    if bad is not None or not any(weights):
        value = list(weights) if bad is None else bad
        raise LabError(value, "is no weight of Cloudflare's", "Give 0 to 1, and one above 0.")
    return _drawn(records, weights, "random steering")


def powerdns_pick(records: RRset, weights: Sequence[int]) -> Plan:
    """`pickwrandom` of PowerDNS's Lua records: one member, as likely as its part of the sum.

    Where the sum is 0 the record fails, and the answer is SERVFAIL.

    Raises:
        LabError: a negative weight.
    """
    _check_lengths(records, weights)
    bad = next((weight for weight in weights if weight < 0), None)
    if bad is not None:
        raise LabError(bad, "is not a weight", "Give 0 or more.")
    if not any(weights):
        return Plan(str(records.name), "the sum is 0", reply=Reply(Rcode.SERVFAIL))
    return _drawn(records, weights, "pickwrandom")


def _drawn(records: RRset, weights: Sequence[float], why: str) -> Plan:
    branches = _singles(records, dict(zip(records.values, weights, strict=True)))
    return Plan(str(records.name), why, branches=tuple(branches))


def ns1_shuffle(records: RRset, weights: Sequence[float], first_n: int | None = 1) -> Plan:
    """NS1's `weighted_shuffle`, and `select_first_n` after it; None keeps the tail of the list.

    Each place in the list is drawn among those that are left, by weight. The order is part of the
    reply: serve it with `Order.FIXED`. [design] Weight 0 stands behind every other, and several of
    them share their places equally.

    Raises:
        LabError: a negative weight, a `first_n` below 1, or too many orders for one plan.
    """
    _check_lengths(records, weights)
    count = len(weights) if first_n is None else min(first_n, len(weights))
    if count < 1:
        raise LabError(first_n, "selects nothing", "Select 1 or more.")
    bad = next((weight for weight in weights if not 0 <= weight < math.inf), None)
    if bad is not None:
        raise LabError(bad, "is not a weight", "Give 0 or more.")
    _check_count(
        math.perm(len(weights), count), "Select fewer with first_n, or give fewer members."
    )
    orders = permutations(range(len(weights)), count)
    branches = tuple(_ordered(records, weights, order) for order in orders)
    return Plan(str(records.name), f"weighted shuffle, the first {count}", branches=branches)


def _ordered(records: RRset, weights: Sequence[float], order: Sequence[int]) -> Plan:
    values = tuple(records.values[index] for index in order)
    return _branch(records, values, math.prod(_places(weights, order)), "in this order")


def _places(weights: Sequence[float], order: Sequence[int]) -> Iterator[float]:
    """The probability of each place, given those before it."""
    left = list(range(len(weights)))
    for index in order:
        total = sum(weights[each] for each in left)
        yield weights[index] / total if total else 1 / len(left)
        left.remove(index)


def _branch(records: RRset, values: tuple[Rdata, ...], probability: float, why: str) -> Plan:
    what = " + ".join(value.to_text() for value in values)
    reply = Reply(answer=(replace(records, values=values),))
    return Plan(what, why, probability, reply)


def _check_gdnsd(records: RRset, weights: Sequence[int], up_thresh: float) -> None:
    _check_lengths(records, weights)
    if len(weights) > GDNSD_MAX_ITEMS:
        raise LabError(len(weights), f"is more than {GDNSD_MAX_ITEMS} members", "Give fewer.")
    bad = next((weight for weight in weights if not 1 <= weight <= GDNSD_MAX_WEIGHT), None)
    if bad is not None:
        raise LabError(bad, "is not a weight of gdnsd", f"Give 1 to {GDNSD_MAX_WEIGHT}.")
    if not 0 < up_thresh <= 1:
        raise LabError(up_thresh, "is not an up_thresh", "Give more than 0, at most 1.")


def _check_lengths(records: RRset, weights: Sequence[float]) -> None:
    if len(weights) != len(records.values):
        rule = f"are {len(weights)} weights for {len(records.values)} values"
        raise LabError(list(weights), rule, "Give one weight for each value.")


def _check_count(count: int, remedy: str) -> None:
    if count > MAX_OUTCOMES:
        raise LabError(count, f"is more than the {MAX_OUTCOMES} outcomes of one plan", remedy)
