"""The decision: from a question to its plan, and from the plan to one reply.

Goals: every answer an authority owes by RFC 1034, 2308, 4592, 6604, 6672, 7871 and 8482, as values.
Not here: bytes, EDNS, truncation (`wire.messages`), recursion, zone transfer, DNSSEC.
"""

from collections.abc import Callable
from dataclasses import replace
from random import Random
from typing import NamedTuple

from dns.name import Name
from dns.rcode import Rcode
from dns.rdataclass import IN
from dns.rdatatype import RdataType

from lab_engine.authority.groups import Walk, plan_group
from lab_engine.authority.lookup import Delegated, Renamed, find, renamed
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
LAST_DATA = 127  # RFC 6895 section 3.1; from 128 on types are of messages and questions, to 255
NO_QUESTIONS = frozenset({RdataType.OPT, *map(RdataType.make, range(128, 251))})
TRANSFERS = (RdataType.AXFR, RdataType.IXFR)
OBSOLETE = (RdataType.MAILA, RdataType.MAILB)  # RFC 1035 section 3.2.3
Chain = tuple[RRset, ...]
"""The CNAMEs that led here, each behind the DNAME that it was made of."""


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
    if question.type > LAST_DATA or question.type is RdataType.OPT:
        refused = _no_data(served, question)
        if refused is not None:
            return refused
    zone = served.holding(question.name, question.type)
    if question.rdclass is not IN or zone is None:
        where = served.first.origin if len(served) == 1 else "any zone here"
        return _refused(Rcode.REFUSED, f"{question.name} is not in {where}")
    now = state or State()
    spot = Spot.of(client, now.atlas)
    planned = _follow(zone, question, _Asked(served, spot, now), ())
    if planned.scope and not any(share.reply.answer for share in replies(planned)):
        return replace(planned, scope=0)  # a negative answer is for all (RFC 7871 section 7.4)
    return planned


def _refused(rcode: Rcode, why: str) -> Plan:
    what = rcode.name if rcode is not Rcode.REFUSED else "refused"
    return Plan(what, why, reply=Reply(rcode, authoritative=False))


def _no_data(served: Zones, question: Question) -> Plan | None:
    """What BIND answers to a type that no zone can hold; None for one that some can, or for ANY."""
    if question.type in NO_QUESTIONS:
        return _refused(Rcode.FORMERR, f"{_kind(question)} is no type that can be asked for")
    if question.type in OBSOLETE:
        return _refused(Rcode.NOTIMP, f"{_kind(question)} is obsolete")
    if question.type not in TRANSFERS:
        return None
    zone = served.holding(question.name)
    if zone is None or zone.origin != question.name:  # RFC 5936 section 2.2.1
        return _refused(Rcode.NOTAUTH, f"{question.name} is no zone here")
    return _refused(Rcode.REFUSED, "zones are not transferred from here")


def _kind(question: Question) -> str:
    return RdataType.to_text(question.type)


class _Asked(NamedTuple):
    """What stays the same on all the way that an answer goes."""

    zones: Zones
    spot: Spot
    state: State


def _follow(zone: Zone, question: Question, asked: _Asked, chain: Chain) -> Plan:
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

    walk = Walk(zone, asked.spot, asked.state, nodata)
    if isinstance(found, Renamed):
        step = _Step(question, walk, asked, chain)
        return _through(found.group, found.owner, step, _by_dname)
    group = _choose(found.node, question.type, zone.forgiving)
    if group is None:
        return nodata(f"{name} has no {_kind(question)}")
    if group[0].type is RdataType.CNAME and question.type not in (RdataType.CNAME, RdataType.ANY):
        return _through(group, name, _Step(question, walk, asked, chain), _by_cname)
    return plan_group(group, name, walk, lambda rrset: _leaf(chain, rrset))


def _choose(node: Node, rdtype: RdataType, forgiving: Forgiving | None) -> Group | None:
    """The group asked for, or the CNAME in its place. ANY gets one: RFC 8482 section 4.1."""
    cname = node.get(RdataType.CNAME)
    if cname is not None and forgiving is Forgiving.RFC_1034:
        return cname
    if rdtype is RdataType.ANY:
        return next(iter(node.values()), None)
    return node.get(rdtype) or cname


class _Step(NamedTuple):
    """Where an answer has come to."""

    question: Question
    walk: Walk
    asked: _Asked
    chain: Chain


Leads = Callable[[RRset, Question], tuple[Chain, Name | None]]
"""What an RRset that leads on puts into an answer, and to which name; None for one too long."""


def _by_cname(cname: RRset, _: Question) -> tuple[Chain, Name | None]:
    return (cname,), cname.values[0].target  # type: ignore[attr-defined]


def _by_dname(dname: RRset, question: Question) -> tuple[Chain, Name | None]:
    """With the CNAME that is made of it, with its TTL (RFC 6672 section 3.1)."""
    target = renamed(question.name, dname.name, dname.values[0].target)  # type: ignore[attr-defined]
    if target is None:
        return (dname,), None
    text = target.to_text()
    return (dname, RRset.of(question.name, RdataType.CNAME, text, dname.ttl)), target


def _through(group: Group, owner: Name, step: _Step, leads: Leads) -> Plan:
    """Each CNAME or DNAME the group may answer, and behind it what its target answers."""
    walk, question, chain = step.walk, step.question, step.chain
    bare = plan_group(group, owner, walk, lambda rrset: _leaf(chain, rrset))

    def onward(rrset: RRset) -> Plan:
        links, target = leads(rrset, question)
        here = (*chain, *(link for link in links if link not in chain))
        if target is None:
            why = f"what {rrset.values[0].to_text()} makes of {question.name} is no name"
            return Plan("YXDOMAIN", why, reply=Reply(Rcode.YXDOMAIN, answer=here))
        if question.type in (RdataType.CNAME, RdataType.ANY):
            return Plan("CNAME", f"to {target}", reply=Reply(answer=here))
        if bare.scope:
            # RFC 7871 section 7.2.1: what lies behind a tailored CNAME has another scope
            return Plan("CNAME", f"to {target}, tailored", reply=Reply(answer=here))
        return _chase(target, step._replace(chain=here))

    return plan_group(group, owner, walk, onward)


def _chase(target: Name, step: _Step) -> Plan:
    """Follow a CNAME while it stays in zones that are served here and does not come back."""
    chain, asked = step.chain, step.question
    question = Question(target, asked.type, asked.rdclass)
    links = [link.name for link in chain if link.type is RdataType.CNAME]

    def ends(why: str) -> Plan:
        return Plan("CNAME", f"to {target}, {why}", reply=Reply(answer=chain))

    if target in links:
        return ends("which leads back")
    if len(links) >= MAX_CNAMES:
        return ends(f"after {MAX_CNAMES} others")
    zone = step.asked.zones.holding(target, question.type)
    if zone is None:
        return ends("out of the zone")
    behind = _follow(zone, question, step.asked, chain)
    if behind.scope:
        return ends("which is tailored")
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
