"""The decision: from a question to its plan, and from the plan to one reply.

Goals: every answer an authority owes by RFC 1034, 2308, 4592, 6604, 7871 and 8482, as values.
Not here: bytes, EDNS, truncation (`wire.messages`), recursion, zone transfer, DNSSEC.
"""

from dataclasses import replace
from random import Random

from dns.name import Name
from dns.rcode import Rcode
from dns.rdataclass import IN
from dns.rdatatype import RdataType

from lab_engine.authority.groups import Walk, plan_group
from lab_engine.authority.lookup import Delegated, find
from lab_engine.authority.order import Order, Ordering
from lab_engine.authority.plan import Plan, draw, replies
from lab_engine.authority.records import Client, Question, Reply, RRset, folded
from lab_engine.authority.recordset import Group
from lab_engine.authority.spot import Spot
from lab_engine.authority.state import State
from lab_engine.authority.tree import Node
from lab_engine.authority.zone import Forgiving, Zone
from lab_engine.authority.zones import Zones

MAX_CNAMES = 8  # in one answer; [design], a resolver asks on from the last
Chain = tuple[RRset, ...]
"""The CNAMEs that led here."""


class Authority:
    """Answers for one zone, or for several.

    Attributes:
        zones: what is served; assign others to change it between two answers.
        state: health, endpoints and places; assign another likewise.
        ordering: how values are ordered within answers, with its counters.
    """

    def __init__(
        self,
        zones: Zone | Zones,
        rng: Random,
        order: Order | str = Order.SHUFFLE,
        state: State | None = None,
    ) -> None:
        self.zones = zones if isinstance(zones, Zones) else Zones.of(zones)
        self.state = state or State()
        self.ordering = Ordering(order, rng)
        self._rng = rng

    @property
    def zone(self) -> Zone:
        """The first of the zones; assign another to put it there. Raises LabError for none."""
        return self.zones.first

    @zone.setter
    def zone(self, zone: Zone) -> None:
        self.zones = self.zones.with_first(zone)

    def plan(self, question: Question, client: Client) -> Plan:
        """The tree of replies to `question` for `client`."""
        return plan(self.zones, question, client, self.state)

    def respond(self, question: Question, client: Client, message_id: int = 0) -> Reply:
        """One reply: drawn from the plan, its values in order."""
        return self.drawn(self.plan(question, client), message_id)

    def drawn(self, planned: Plan, message_id: int = 0) -> Reply:
        """One reply of a plan, its values in order."""
        reply = draw(planned, self._rng)
        answer = tuple(self._arranged(rrset, message_id) for rrset in reply.answer)
        return replace(reply, answer=answer, scope=planned.scope)

    def _arranged(self, rrset: RRset, message_id: int) -> RRset:
        key = (rrset.name, rrset.type)
        return replace(rrset, values=self.ordering.arrange(rrset.values, key, message_id))


def plan(
    zones: Zone | Zones, question: Question, client: Client, state: State | None = None
) -> Plan:
    """The tree of replies to `question`, asked for `client`, from `zones`, as things stand."""
    served = zones if isinstance(zones, Zones) else Zones.of(zones)
    zone = served.holding(question.name, question.type)
    if question.rdclass is not IN or zone is None:
        refusal = Reply(Rcode.REFUSED, authoritative=False)
        where = served.first.origin if len(served) == 1 else "any zone here"
        return Plan("refused", f"{question.name} is not in {where}", reply=refusal)
    now = state or State()
    spot = Spot.of(client, now.atlas)
    planned = _follow(zone, question, spot, now, ())
    if planned.scope and not any(share.reply.answer for share in replies(planned)):
        return replace(planned, scope=0)  # a negative answer is for all (RFC 7871 section 7.4)
    return planned


def _follow(zone: Zone, question: Question, spot: Spot, state: State, chain: Chain) -> Plan:
    """The plan for one name, behind the CNAMEs that led to it."""
    name = question.name
    found = find(zone.tree, folded(name), question.type)
    if found is None:
        reply = _negative(zone, chain, Rcode.NXDOMAIN)
        return Plan("NXDOMAIN", f"{name} does not exist", reply=reply)
    if isinstance(found, Delegated):
        reply = _referral(zone, chain, found.servers)
        return Plan("referral", f"{name} is delegated", reply=reply)

    def nodata(why: str) -> Plan:
        return Plan("NODATA", why, reply=_negative(zone, chain, Rcode.NOERROR))

    walk = Walk(zone, spot, state, nodata)
    group = _choose(found.node, question.type, zone.forgiving)
    if group is None:
        return nodata(f"{name} has no {RdataType.to_text(question.type)}")
    if group[0].type is RdataType.CNAME and question.type not in (RdataType.CNAME, RdataType.ANY):
        return _through_cname(group, question, walk, chain)
    return plan_group(group, name, walk, lambda rrset: _leaf(chain, rrset))


def _choose(node: Node, rdtype: RdataType, forgiving: Forgiving | None) -> Group | None:
    """The group asked for, or the CNAME in its place. ANY gets one: RFC 8482 section 4.1."""
    cname = node.get(RdataType.CNAME)
    if cname is not None and forgiving is Forgiving.RFC_1034:
        return cname
    if rdtype is RdataType.ANY:
        return next(iter(node.values()), None)
    return node.get(rdtype) or cname


def _through_cname(group: Group, question: Question, walk: Walk, chain: Chain) -> Plan:
    """Each CNAME the group may answer, and behind it what its target answers."""
    bare = plan_group(group, question.name, walk, lambda cname: _leaf(chain, cname))

    def onward(cname: RRset) -> Plan:
        here = (*chain, cname)
        target: Name = cname.values[0].target  # type: ignore[attr-defined]
        if bare.scope:
            # RFC 7871 section 7.2.1: what lies behind a tailored CNAME has another scope
            return Plan("CNAME", f"to {target}, tailored", reply=Reply(answer=here))
        return _chase(target, question, walk, here)

    return plan_group(group, question.name, walk, onward)


def _chase(target: Name, question: Question, walk: Walk, chain: Chain) -> Plan:
    """Follow a CNAME while it stays in the zone and does not come back."""
    if target in {link.name for link in chain}:
        return Plan("CNAME", f"to {target}, which leads back", reply=Reply(answer=chain))
    if len(chain) >= MAX_CNAMES:
        why = f"to {target}, after {MAX_CNAMES} others"
        return Plan("CNAME", why, reply=Reply(answer=chain))
    if not walk.zone.contains(target):
        return Plan("CNAME", f"to {target}, out of the zone", reply=Reply(answer=chain))
    behind = _follow(walk.zone, replace(question, name=target), walk.spot, walk.state, chain)
    if behind.scope:
        return Plan("CNAME", f"to {target}, which is tailored", reply=Reply(answer=chain))
    return Plan("CNAME", f"to {target}", branches=(behind,))


def _leaf(chain: Chain, rrset: RRset) -> Plan:
    count = len(rrset.values)
    what = "its only value" if count == 1 else f"all {count} values"
    return Plan("answer", f"{what}, TTL {rrset.ttl} s", reply=Reply(answer=(*chain, rrset)))


def _negative(zone: Zone, chain: Chain, rcode: Rcode) -> Reply:
    """NXDOMAIN or NODATA, with the SOA that says how long to believe it (RFC 2308 section 3)."""
    lifetime = Reply(authority=(zone.soa,)).ttl or 0
    return Reply(rcode, answer=chain, authority=(replace(zone.soa, ttl=lifetime),))


def _referral(zone: Zone, chain: Chain, servers: Group) -> Reply:
    """NS below a cut, with the addresses the zone knows for them; not authoritative."""
    rrsets = tuple(member.records for member in servers if member.records is not None)
    glue = [
        member.records
        for rrset in rrsets
        for server in rrset.values
        for group in (zone.node(server.target) or {}).values()  # type: ignore[attr-defined]
        for member in group
        if member.type in (RdataType.A, RdataType.AAAA) and member.records is not None
    ]
    return Reply(answer=chain, authority=rrsets, additional=tuple(glue), authoritative=bool(chain))
