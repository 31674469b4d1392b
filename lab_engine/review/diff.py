"""What changes for whom between two zones: shares of answers, TTLs, names that come and go.

For each name and type in either zone both are asked on behalf of every place of the atlas, of
everywhere else, of every block of IP-based routing and every location of AZ affinity. So is what
changes without a record of its own: behind a CNAME or a DNAME, and where a name begins to hide a
wildcard, or ceases to, if only as one that stands above others. `*.NAME` then stands for all names
below. Where one zone has nothing to answer and so has the other, NXDOMAIN and NODATA are the same.

The part of the answers that changes is the total variation distance of the two distributions: half
the sum of what each outcome gains or loses. An outcome is the rcode with the set of values; TTLs
are compared by themselves, order is not.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from ipaddress import ip_network
from typing import Any, NamedTuple

import dns.rcode
from dns.name import Name
from dns.rdatatype import RdataType

from lab_engine.authority.availability import inside
from lab_engine.authority.geo import NOWHERE, Atlas, Network, Place
from lab_engine.authority.plan import replies
from lab_engine.authority.policies import AzAffinity, IpBased, Policy
from lab_engine.authority.records import Client, Question, Reply
from lab_engine.authority.server import plan
from lab_engine.authority.state import State
from lab_engine.authority.zone import Zone
from lab_engine.errors import LabError
from lab_engine.review.explain import percent
from lab_engine.review.touched import keys

EVERYWHERE = "everywhere"
ELSEWHERE = "everywhere else"
ANYBODY = ip_network("0.0.0.0/0")


class Answered(NamedTuple):
    """What is answered, whatever its order and TTL."""

    rcode: str
    values: tuple[str, ...]
    sample: int | None = None

    def __str__(self) -> str:
        if not self.values:
            return "NODATA" if self.rcode == "NOERROR" else self.rcode
        drawn = "" if self.sample is None else f"{self.sample} of "
        return drawn + " ".join(self.values)


class Asker(NamedTuple):
    """On whose behalf both zones are asked, and what is known around them then."""

    network: Network
    state: State


class Told(NamedTuple):
    """What one zone tells one client: outcomes with probabilities, and the TTLs they come with."""

    shares: tuple[tuple[Answered, float], ...]
    ttls: tuple[int, ...]

    @property
    def is_nothing(self) -> bool:
        """Whether no answer has a value."""
        return not any(outcome.values for outcome, _ in self.shares)


@dataclass(frozen=True)
class Difference:
    """What changes at one name and type, for those to whom the same happens.

    Attributes:
        name: the owner.
        type: as text.
        change: `changes`, or `appears` or `disappears` where one zone has no such record set.
        who: places and blocks, or `everywhere` alone.
        before: what the first zone tells them.
        after: what the second does.
        share: the part of the answers that changes, 0 to 1.
    """

    name: str
    type: str
    change: str
    who: tuple[str, ...]
    before: Told
    after: Told
    share: float

    def __str__(self) -> str:
        head = f"{self.name} {self.type} {self.change} for {', '.join(self.who)}"
        lines = [f"{head}: {percent(self.share)} of the answers"]
        before, after = dict(self.before.shares), dict(self.after.shares)
        for outcome in {**before, **after}:
            was, now = before.get(outcome, 0.0), after.get(outcome, 0.0)
            lines.append(f"  {percent(was):>7} -> {percent(now):>7}  {outcome}")
        if self.before.ttls != self.after.ttls:
            lines.append(f"  TTL {_seconds(self.before.ttls)} -> {_seconds(self.after.ttls)}")
        return "\n".join(lines)

    def as_dict(self) -> dict[str, Any]:
        """Plain data, for JSON."""
        return {
            "name": self.name,
            "type": self.type,
            "change": self.change,
            "who": list(self.who),
            "share": self.share,
            "before": _told_dict(self.before),
            "after": _told_dict(self.after),
        }


def diff(before: Zone, after: Zone, state: State | None = None) -> tuple[Difference, ...]:
    """Every difference, in the order of names and types; none where the zones answer alike.

    Args:
        before: the zone as it is.
        after: the zone as it would be.
        state: health, endpoints and places for both.

    Raises:
        LabError: the zones have different origins.
    """
    if before.origin != after.origin:
        raise LabError(
            f"{before.origin} and {after.origin}",
            "are not the same zone",
            "Compare two states of one zone, or name the origin of both.",
        )
    who = _askers(state or State(), before, after)
    return tuple(
        found
        for name, kind in keys(before, after)
        for found in _compared(name, kind, before, after, who)
    )


def _compared(
    name: Name,
    kind: RdataType,
    before: Zone,
    after: Zone,
    who: Mapping[str, Asker],
) -> Iterator[Difference]:
    """The differences at one name and type, a line for those to whom the same happens."""
    question = Question(name, kind)
    alike: dict[tuple[Told, Told], list[str]] = {}
    for label, asker in who.items():
        pair = _told(before, question, asker), _told(after, question, asker)
        alike.setdefault(pair, []).append(label)
    change = _change(question, before, after)
    held = any(kind in (zone.node(name) or {}) for zone in (before, after))
    for (was, now), labels in alike.items():
        nothing = not held and was.is_nothing and now.is_nothing
        if (was != now and not nothing) or change != "changes":
            whom = (EVERYWHERE,) if len(alike) == 1 else tuple(labels)
            text = RdataType.to_text(kind)
            yield Difference(str(name), text, change, whom, was, now, distance(was, now))


def distance(before: Told, after: Told) -> float:
    """The total variation distance of two distributions: 0 the same, 1 nothing in common."""
    was, now = dict(before.shares), dict(after.shares)
    return sum(abs(was.get(each, 0.0) - now.get(each, 0.0)) for each in {**was, **now}) / 2


def _told(zone: Zone, question: Question, asker: Asker) -> Told:
    shares: dict[Answered, float] = {}
    ttls = set()
    for share in replies(plan(zone, question, Client(asker.network), asker.state)):
        outcome = _answered(share.reply)
        shares[outcome] = shares.get(outcome, 0.0) + share.probability
        if share.reply.ttl is not None:
            ttls.add(share.reply.ttl)
    # Rounded so that sums in another order are still the same.
    told = [(outcome, round(shares[outcome], 12)) for outcome in sorted(shares, key=str)]
    return Told(tuple(told), tuple(sorted(ttls)))


def _answered(reply: Reply) -> Answered:
    referral = (each for each in reply.authority if each.type is RdataType.NS)
    values = sorted({text for rrset in (*reply.answer, *referral) for text in rrset.texts})
    return Answered(dns.rcode.to_text(reply.rcode), tuple(values), reply.sample)


def _askers(state: State, *zones: Zone) -> Mapping[str, Asker]:
    """One for each place, for everywhere else, and for what else the zones route by."""
    policies = dict.fromkeys(each.policy for zone in zones for each in zone)
    if not any(each.by_place or each.by_network or each.by_peer for each in policies):
        return {EVERYWHERE: Asker(ANYBODY, state)}
    places = state.atlas.samples()
    found: dict[str, Asker] = {}
    for place, network in places.items():
        if place != NOWHERE:
            found[_label(place, found)] = Asker(network, state)
    found |= {str(block): Asker(block, state) for block in _blocks(policies)}
    found |= _located(policies, state)
    return {**found, ELSEWHERE: Asker(places[NOWHERE], state)} if NOWHERE in places else found


def _blocks(policies: Iterable[Policy]) -> list[Network]:
    """Those of IP-based routing."""
    based = (each.CidrRoutingConfig for each in policies if isinstance(each, IpBased))
    blocks = {block for each in based for block in each.blocks}
    return sorted(blocks, key=lambda block: (block.version, str(block)))


def _located(policies: Iterable[Policy], state: State) -> Mapping[str, Asker]:
    """Who asks from each location of AZ affinity: no atlas need know a network there."""
    known = {place.availability_zone for place in state.atlas.samples()}
    located = (each for each in policies if isinstance(each, AzAffinity))
    places = inside((each.LocationType, each.LocationId) for each in located)
    return {
        name: Asker(ANYBODY, replace(state, atlas=Atlas({ANYBODY: place}, state.atlas.rtt_ms)))
        for name, place in places.items()
        if name not in known
    }


def _label(place: Place, taken: Collection[str]) -> str:
    """The place's codes; of several alike (a file of cities has them) with the coordinates."""
    if str(place) not in taken or place.point is None:
        return str(place)
    return f"{place} at {place.point.latitude:g}, {place.point.longitude:g}"


def _change(question: Question, before: Zone, after: Zone) -> str:
    was, now = (question.type in (zone.node(question.name) or {}) for zone in (before, after))
    if was == now:
        return "changes"
    return "appears" if now else "disappears"


def _seconds(ttls: tuple[int, ...]) -> str:
    return f"{', '.join(map(str, ttls))} s" if ttls else "none"


def _told_dict(told: Told) -> dict[str, Any]:
    shares = [
        {"probability": share, "rcode": each.rcode, "values": [*each.values], "sample": each.sample}
        for each, share in told.shares
    ]
    return {"replies": shares, "ttls": list(told.ttls)}
