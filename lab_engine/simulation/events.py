"""The event engine: every request happens, one after the other, on a simulated clock.

It asks the real `Authority` through real `Resolver` and `ClientCache` objects, so it shows what
they do and can leave a trace of it. An arrival is a simpy event; what it sets off takes no time
and is a plain call. Up to some 10^4 clients at interactive speed; more is for `population`.
"""

from collections.abc import Generator
from math import log
from random import Random

import simpy

from lab_engine.authority.records import Question, Reply
from lab_engine.authority.server import Authority
from lab_engine.caches.clients import first_alive
from lab_engine.caches.resolver import Limits
from lab_engine.errors import ScenarioError
from lab_engine.simulation.answers import ASKER, MESSAGE_IDS, replies, servers
from lab_engine.simulation.outcome import Outcome
from lab_engine.simulation.scenario import Scenario
from lab_engine.simulation.stacks import Crowd, Stacks
from lab_engine.simulation.start import warm_up
from lab_engine.simulation.trace import Journal

QUERIES = "queries"  # a row beside those of the servers
MAX_REQUESTS, MAX_CLIENTS = 20_000_000, 200_000  # about a minute


def run(scenario: Scenario, *, trace: bool = False) -> Outcome:
    """One run; with `trace`, the first 10,000 things that happened.

    Raises:
        ScenarioError: more than 20 million requests are to be expected, or 200,000 clients.
    """
    _check_size(scenario)
    return _Run(scenario, trace=trace).outcome()


class _Run:
    """One run: the authority, the arrivals, and what is counted by bin."""

    def __init__(self, scenario: Scenario, *, trace: bool) -> None:
        self._servers = servers(replies(scenario))
        self._scenario = scenario
        self._rng = Random(scenario.seed)
        self._authority = Authority(scenario.zone, self._rng, scenario.order)
        self._journal = Journal(on=trace)
        ttl = _longest_ttl(scenario)
        self._stacks = Stacks(scenario, ttl, self._upstream, self._rng, self._journal)
        self._counts: dict[str | None, int] = {}
        self._bins: list[dict[str | None, int]] = []
        self._firsts: dict[str, int] = {}
        self._go()

    def _go(self) -> None:
        env = simpy.Environment(self._stacks.begin)
        self._forget()
        for _ in range(self._rng.randrange(len(self._firsts))):
            self._upstream("", self._scenario.question, env.now - 1)  # others ask, too
        self._stacks.wake()
        for crowd in self._stacks.crowds:
            env.process(self._arrivals(env, crowd))
        if env.now < 0:
            env.run(until=0)
        self._forget()
        for index in range(1, self._scenario.bins + 1):
            env.run(until=index * self._scenario.bin)
            self._bins.append(dict(self._counts))
            self._counts.update(dict.fromkeys(self._counts, 0))

    def _forget(self) -> None:
        """From now on, count: what was before belongs to the warm-up."""
        self._counts.update(dict.fromkeys((*self._servers, None, QUERIES), 0))
        self._firsts = dict.fromkeys(self._servers, 0)
        self._stacks.forget_counts()

    def _arrivals(self, env: simpy.Environment, crowd: Crowd) -> Generator[simpy.Event]:
        """The requests of a crowd: a Poisson process, and each is made by any of its clients."""
        timeout, random, counts = env.timeout, self._rng.random, self._counts
        asks, down, heads = crowd.asks, self._scenario.down, len(crowd.asks)
        mean_gap = 1 / (crowd.heads * self._scenario.clients.rate)
        while True:
            yield timeout(-log(1 - random()) * mean_gap)
            now = env.now
            ask = asks[int(random() * heads)] if heads > 1 else asks[0]
            counts[first_alive(ask(now).addresses, down)] += 1

    def _upstream(self, asker: str, question: Question, now: float) -> Reply:
        """A resolver's question to the authority."""
        reply = self._authority.respond(question, ASKER, self._rng.randrange(MESSAGE_IDS))
        self._counts[QUERIES] += 1
        if reply.addresses:
            self._firsts[reply.addresses[0]] += 1
        if self._journal.on:
            held = " ".join(reply.addresses)
            self._journal.note(now, "query", asker, held)
            self._journal.note(now, "fill", asker, f"{held} for {Limits().applied(reply).ttl} s")
        return reply

    def outcome(self) -> Outcome:
        """What was counted."""
        scenario, everyone = self._scenario, self._servers
        return Outcome(
            servers=everyone,
            down=scenario.down,
            bin=scenario.bin,
            window=scenario.window,
            requests=tuple(self._row(server) for server in everyone),
            failed=self._row(None),
            answers=tuple(self._firsts[server] for server in everyone),
            queries=self._row(QUERIES),
            levels=self._stacks.levels(),
            engine="events",
            seed=scenario.seed,
            trace=tuple(self._journal.events),
        )

    def _row(self, what: str | None) -> tuple[int, ...]:
        return tuple(counts[what] for counts in self._bins)


def _longest_ttl(scenario: Scenario) -> int:
    return max(reply.ttl or 0 for _, reply in replies(scenario))


def _check_size(scenario: Scenario) -> None:
    clients = scenario.clients
    seconds = scenario.duration + warm_up(clients, _longest_ttl(scenario))
    expected = clients.count * clients.rate * seconds
    if expected > MAX_REQUESTS or clients.count > MAX_CLIENTS:
        raise ScenarioError(
            f"{clients.count:,} clients with {expected:.3g} requests",
            f"are more than the event engine takes on: {MAX_CLIENTS:,} with {MAX_REQUESTS:,}",
            "Take fewer clients, a lower rate or a shorter duration, or the population engine.",
        )
