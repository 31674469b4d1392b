"""Asking a broken or a mended apex, type by type, through a real cache: who gets what, and why.

Every answer is octets that a client read. A cell is `right` where a type leads where it should: the
web's to the CDN, the zone's own to the zone's own records; `redirected` where a CNAME led it away;
`empty` where there is nothing.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from random import Random
from typing import Final, Literal

from lab_engine.authority.records import Client, Question
from lab_engine.live.apex import APEX, CDN, EDGES, PLACES, WAYS, Apex, Way
from lab_engine.live.clock import Clock
from lab_engine.live.forwarder import Forwarder, forward
from lab_engine.simulation.redirects import redirected_part
from lab_engine.wire.exchange import Exchange
from lab_engine.wire.log import LogEntry
from lab_engine.wire.transport import InProcess

State = Literal["right", "redirected", "empty"]
Asks = Callable[[str, str], Exchange]
"""Asks for a name and a type."""
Looking = Callable[[Forwarder], Asks]
"""Stands before a cache, and asks it for others."""
HOME: Final = EDGES["Tokyo"]
"""Where the user is, and the user's cache."""
CLIENTS: Final = ("browser", "curl", "mail server")


@dataclass(frozen=True)
class Step:
    """One question and what came of it.

    Attributes:
        kind: the type asked for.
        at: seconds since the first question.
        exchange: as the client saw it.
        state: `right`, `redirected` or `empty`.
        note: where an address is, or where else it went.
        upstream: what the authority was asked for it.
    """

    kind: str
    at: float
    exchange: Exchange
    state: State
    note: str
    upstream: tuple[LogEntry, ...]


@dataclass(frozen=True)
class Told:
    """What one way out told everybody.

    Attributes:
        way: its name.
        steps: the questions, in the order in which they were asked.
        clients: for each kind of client whether it gets there, and where.
    """

    way: str
    steps: tuple[Step, ...]
    clients: Mapping[str, tuple[bool, str]]

    def last(self, kind: str) -> Step:
        """What was said last of a type."""
        return next(step for step in reversed(self.steps) if step.kind == kind)

    @property
    def ttl(self) -> int | None:
        """Seconds for which the address was given at first; None without one."""
        first = next(step for step in self.steps if step.kind == "A")
        return first.exchange.ttl if first.exchange.values else None


def _unseen(cache: Forwarder) -> Asks:
    return cache.ask


class Asker:
    """Somebody in Tokyo who asks one way out, through a cache nearby or not.

    Attributes:
        clock: of the cache.
        asks: the cache, or the authority itself.
        steps: the questions so far.
    """

    def __init__(self, way: Way, *, through: bool = True, looking: Looking = _unseen) -> None:
        self.way, self.clock = way, Clock()
        self.steps: list[Step] = []
        self.asks: Asks = self._directly
        if through:
            egress, clock = HOME.somebody, self.clock
            cache = forward(way, egress=egress, seed=1, clock=clock, transport=InProcess)
            self.asks = looking(cache)

    def ask(self, kind: str) -> Step:
        """Ask the apex for a type, and judge the answer."""
        before = len(self.way.log)
        got = self.asks(APEX, kind)
        state, note = judged(kind, got)
        step = Step(kind, self.clock.now, got, state, note, tuple(self.way.log[before:]))
        self.steps.append(step)
        return step

    def clients(self) -> Mapping[str, tuple[bool, str]]:
        """Who gets where, by what was said last of each type."""
        told = {step.kind: step for step in self.steps}
        web, mail = told["A"], told["MX"]
        reached, own = web.state == "right", web.note == "own server"
        browser = (reached, "by redirect" if own else web.note)
        if not reached and f"0 {CDN}." in told["HTTPS"].exchange.values:
            # RFC 9460 section 3: it looks up the target's addresses
            state, note = judged("A", self.asks(CDN, "A"))
            browser = (state == "right", note)
        curl = (reached and not own, "needs -L" if own else web.note)
        post = (mail.state == "right", mail.note)
        return dict(zip(CLIENTS, (browser, curl, post), strict=True))

    def _directly(self, name: str, kind: str) -> Exchange:
        return self.way.ask(name, kind, subnet=HOME.network)


def judged(kind: str, got: Exchange) -> tuple[State, str]:
    """The state of a cell, and a word on it.

    Args:
        kind: the type that was asked for at the apex.
        got: the answer.
    """
    values = got.values
    led = any(rrset.rdtype.name == "CNAME" for rrset in got.response.answer)
    if kind in ("A", "AAAA") and values:
        return "right", PLACES.get(values[0], values[0])
    if kind in ("A", "AAAA", "HTTPS") and (values or led):
        return "right", "CDN" if values else "a CNAME"
    if led:
        return "redirected", "CDN"
    return ("right", "own") if values else ("empty", "" if got.rcode == "NOERROR" else got.rcode)


def asked(scenario: Apex, way: str = "", looking: Looking = _unseen) -> Told:
    """One way out, asked for every type in turn.

    Args:
        scenario: how it is asked.
        way: one of `WAYS`; without one, that of the scenario.
        looking: stands before the cache, where one is asked.
    """
    server = scenario.start(way or scenario.way)
    asker = Asker(server, through=scenario.through, looking=looking)
    for kind in scenario.order:
        asker.ask(kind)
    if scenario.again:
        asker.clock.wait(scenario.again)
        for kind in scenario.order:
            asker.ask(kind)
    return Told(server.name, tuple(asker.steps), asker.clients())


def all_asked(scenario: Apex, chosen: Told | None = None) -> tuple[Told, ...]:
    """Every way that is compared, asked likewise; what is known already of one is not asked again.

    That holds from call to call, too: what a move does not reach stays as it was.
    """
    known = {} if chosen is None else {chosen.way: chosen}
    return tuple(known.get(way) or _asked_once(scenario.met_by(way), way) for way in scenario.ways)


@lru_cache(8 * len(WAYS))
def _asked_once(scenario: Apex, way: str) -> Told:
    return asked(scenario, way)


def redirected_share(
    rates: Mapping[str, float],
    seconds: float,
    *,
    kind: str = "MX",
    scenario: Apex | None = None,
    seed: int = 1,
) -> float:
    """The part of the questions for one type that a cache redirects, simulated.

    Args:
        rates: questions a second for each type, at random times.
        seconds: for how long.
        kind: the type that is counted.
        scenario: the way out and its TTLs; a CNAME whose server answers the exact type first.
        seed: of the dice.

    Raises:
        LabError: a rate that is none, or no question for the type.
    """
    chosen = scenario or Apex()
    way, home = chosen.start(chosen.way), Client.at(HOME.somebody)
    questions = {Question.of(APEX, each): rate for each, rate in rates.items()}
    counted = Question.of(APEX, kind)
    return redirected_part(
        lambda question: way.reply(question, home), questions, counted, seconds, Random(seed)
    )
