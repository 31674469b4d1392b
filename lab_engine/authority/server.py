"""The decision: from a question to its plan, and from the plan to one reply.

Goals: every answer an authority owes by RFC 1034, 2308, 4592, 6604 and 8482, as values.
Not here: bytes, EDNS, truncation (`wire.messages`), recursion, zone transfer, DNSSEC.
"""

from dataclasses import replace
from functools import partial
from random import Random

from dns.name import Name
from dns.rcode import Rcode
from dns.rdataclass import IN
from dns.rdatatype import RdataType

from lab_engine.authority.lookup import Delegated, find
from lab_engine.authority.order import Order, Ordering
from lab_engine.authority.plan import Plan, draw
from lab_engine.authority.policies import Simple
from lab_engine.authority.records import Client, Question, Reply, RRset
from lab_engine.authority.zone import Node, Zone


class Authority:
    """Answers for one zone.

    Attributes:
        zone: what is served; assign another to change it between two answers.
        ordering: how values are ordered within answers, with its counters.
    """

    def __init__(self, zone: Zone, rng: Random, order: Order | str = Order.SHUFFLE) -> None:
        self.zone = zone
        self.ordering = Ordering(order, rng)
        self._rng = rng

    def plan(self, question: Question, client: Client) -> Plan:
        """The tree of replies to `question` for `client`."""
        return plan(self.zone, question, client)

    def respond(self, question: Question, client: Client, message_id: int = 0) -> Reply:
        """One reply: drawn from the plan, its values in order."""
        reply = draw(self.plan(question, client), self._rng)
        return replace(
            reply, answer=tuple(self._arranged(rrset, message_id) for rrset in reply.answer)
        )

    def _arranged(self, rrset: RRset, message_id: int) -> RRset:
        key = (rrset.name, rrset.type)
        return replace(rrset, values=self.ordering.arrange(rrset.values, key, message_id))


def plan(zone: Zone, question: Question, client: Client) -> Plan:
    """The tree of replies to `question`, asked for `client`, from `zone`."""
    if question.rdclass is not IN or not zone.contains(question.name):
        refusal = Reply(Rcode.REFUSED, authoritative=False)
        return Plan("refused", f"{question.name} is not in {zone.origin}", reply=refusal)
    return _follow(zone, question, client, ())


def _follow(zone: Zone, question: Question, client: Client, chain: tuple[RRset, ...]) -> Plan:
    """The plan for one name, behind the CNAMEs that led to it."""
    name = question.name
    found = find(zone, name, question.type)
    if found is None:
        reply = _negative(zone, chain, Rcode.NXDOMAIN)
        return Plan("NXDOMAIN", f"{name} does not exist", reply=reply)
    if isinstance(found, Delegated):
        reply = _referral(zone, chain, found.servers)
        return Plan("referral", f"{found.servers.name} is delegated", reply=reply)
    rrset = _choose(found.node, question.type)
    if rrset is not None:
        behind = partial(_answer, chain)
        return Simple().plan(rrset.with_name(name), client, behind)
    alias = found.node.get(RdataType.CNAME)
    if alias is not None:
        return _chase(zone, question, client, (*chain, alias.with_name(name)))
    kind = RdataType.to_text(question.type)
    return Plan("NODATA", f"{name} has no {kind}", reply=_negative(zone, chain, Rcode.NOERROR))


def _choose(node: Node, rdtype: RdataType) -> RRset | None:
    """The RRset asked for. ANY gets one, the first: RFC 8482 section 4.1."""
    if rdtype is RdataType.ANY:
        return next(iter(node.values()), None)
    return node.get(rdtype)


def _chase(zone: Zone, question: Question, client: Client, chain: tuple[RRset, ...]) -> Plan:
    """Follow the last CNAME of `chain` while it stays in the zone and does not come back."""
    target = _target(chain[-1])
    seen = {link.name for link in chain}
    if target in seen or not zone.contains(target):
        why = "leads back" if target in seen else "leads out of the zone"
        return Plan("CNAME", f"{target} {why}", reply=Reply(answer=chain))
    onward = _follow(zone, replace(question, name=target), client, chain)
    return Plan("CNAME", f"to {target}", branches=(onward,))


def _target(rrset: RRset) -> Name:
    target: Name = getattr(rrset.values[0], "target")  # noqa: B009  (dnspython types it as Rdata)
    return target


def _answer(chain: tuple[RRset, ...], rrset: RRset) -> Reply:
    return Reply(answer=(*chain, rrset))


def _negative(zone: Zone, chain: tuple[RRset, ...], rcode: Rcode) -> Reply:
    """NXDOMAIN or NODATA, with the SOA that says how long to believe it (RFC 2308 section 3)."""
    lifetime = Reply(authority=(zone.soa,)).ttl or 0
    return Reply(rcode, answer=chain, authority=(replace(zone.soa, ttl=lifetime),))


def _referral(zone: Zone, chain: tuple[RRset, ...], servers: RRset) -> Reply:
    """NS below a cut, with the addresses the zone knows for them; not authoritative."""
    glue = [
        rrset
        for server in servers.values
        for rrset in (zone.node(getattr(server, "target")) or {}).values()  # noqa: B009
        if rrset.type in (RdataType.A, RdataType.AAAA)
    ]
    return Reply(
        answer=chain, authority=(servers,), additional=tuple(glue), authoritative=bool(chain)
    )
