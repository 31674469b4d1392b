"""The authority as the resolvers of one run see it: what it serves now, and what it is asked.

For the event engine. An epoch says what holds; until the next one the plans of answers are
remembered, and only the dice differ from answer to answer.
"""

from collections import defaultdict
from dataclasses import dataclass
from math import inf
from random import Random
from typing import NamedTuple

from lab_engine.authority.plan import Plan
from lab_engine.authority.records import Client, Question, Reply
from lab_engine.authority.server import Authority
from lab_engine.caches.recursives import Limits
from lab_engine.simulation.asking import ASKER, MESSAGE_IDS
from lab_engine.simulation.events.trace import Journal
from lab_engine.simulation.scenario import Scenario


@dataclass(frozen=True)
class Dated(Reply):
    """A reply that remembers when the authority gave it, through every cache that holds it.

    And for whom: a cache may hand it to others, but then the authority would have told them the
    same.
    """

    made: float = -inf
    client: Client = ASKER


class Asker(NamedTuple):
    """A resolver as its upstream sees it.

    Attributes:
        name: for the journal.
        limits: what it does to TTLs.
        peer: the address it asks from.
    """

    name: str
    limits: Limits
    peer: Client


class Upstream:
    """Answers resolvers, and counts.

    Attributes:
        dated: whether replies are to remember their time.
        queries: answered since that was set to 0.
        firsts: how often each server stood first in an answer, since that was set.
    """

    def __init__(self, scenario: Scenario, rng: Random, journal: Journal, *, dated: bool) -> None:
        self.dated = dated
        self.queries = 0
        self.firsts: dict[str, int] = defaultdict(int)
        self._rng = rng
        self._journal = journal
        self._authority = Authority(scenario.zone, rng, scenario.order)
        self._plans: dict[tuple[Question, Client], Plan] = {}
        self.set(scenario)

    def set(self, scenario: Scenario) -> None:
        """From now on this holds."""
        self._reachable = scenario.reachable
        self._authority.zone = scenario.zone
        self._authority.state = scenario.state
        self._plans.clear()

    def answer(
        self, asker: Asker, question: Question, now: float, client: Client | None = None
    ) -> Reply | None:
        """What a resolver is told, for a client if it names one; None where nobody answers."""
        if not self._reachable:
            self._journal.note(now, "query", asker.name, "no answer")
            return None
        key = question, client.by(asker.peer) if client else asker.peer
        tree = self._plans.get(key)
        if tree is None:
            tree = self._plans[key] = self._authority.plan(*key)
        reply = self._authority.drawn(tree, self._rng.randrange(MESSAGE_IDS))
        self.queries += 1
        if reply.addresses:
            self.firsts[reply.addresses[0]] += 1
        if self._journal.on:
            held = " ".join(reply.addresses)
            self._journal.note(now, "query", asker.name, held)
            kept = asker.limits.applied(reply).ttl
            self._journal.note(now, "fill", asker.name, f"{held} for {kept} s")
        return _dated(reply, now, key[1]) if self.dated else reply


def _dated(reply: Reply, now: float, client: Client) -> Dated:
    return Dated(
        reply.rcode,
        reply.answer,
        reply.authority,
        reply.additional,
        reply.authoritative,
        reply.sample,
        reply.scope,
        made=now,
        client=client,
    )
