"""The event engine: every request happens, one after the other, on a simulated clock.

It asks the real `Authority` through real `Resolver` and `ClientCache` objects, so it shows what
they do and can leave a trace of it. An arrival is a simpy event; what it sets off takes no time
and is a plain call. Up to some 10^4 clients at interactive speed; more is for `population`.

Servers with a capacity refuse what they cannot queue, and health checks may see that: this is the
engine with feedback. A request that is refused has failed; nobody tries again for it, unless it is
a balancer that stands before the servers.
"""

import math
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Collection, Generator
from math import log
from random import Random

import simpy

from lab_engine.caches.clients import first_alive
from lab_engine.caches.recursives import Limits
from lab_engine.errors import ScenarioError
from lab_engine.simulation.asking import reached
from lab_engine.simulation.balancing import targets
from lab_engine.simulation.epochs import downs
from lab_engine.simulation.events.arrivals import gaps
from lab_engine.simulation.events.balanced import Balanced
from lab_engine.simulation.events.behind import watch_largest
from lab_engine.simulation.events.blackouts import Blackouts
from lab_engine.simulation.events.counting import Bin, Lookups, counted, plain_lookups
from lab_engine.simulation.events.members import Member
from lab_engine.simulation.events.proxies import Proxy
from lab_engine.simulation.events.serving import Direct, Ledger, Served
from lab_engine.simulation.events.stacks import Crowd, Stacks
from lab_engine.simulation.events.stations import stations
from lab_engine.simulation.events.trace import Journal
from lab_engine.simulation.events.upstream import Asker, Dated, Upstream
from lab_engine.simulation.events.waking import mean_begin, wake
from lab_engine.simulation.events.watched import Watch
from lab_engine.simulation.events.world import World, epochs_of
from lab_engine.simulation.holders import RESOLVERS, watched
from lab_engine.simulation.outages import Outage
from lab_engine.simulation.outcome import NEAR, Outcome
from lab_engine.simulation.parts import Arrivals
from lab_engine.simulation.scenario import Scenario
from lab_engine.simulation.service import UNSERVED
from lab_engine.simulation.strata import mean_rate, share_resolvers

MAX_REQUESTS, MAX_CLIENTS = 20_000_000, 200_000  # about a minute
MAX_BYTES = 2 * 2**30
CLIENT_BYTES, COUNT_BYTES = 4_000, 100  # of a client with all it has; of one count of one bin
Progress = Callable[[float, float], object]
"""Called after each bin with the seconds that are done, and with all of them."""


def run(  # noqa: PLR0913  (as `simulation.run`)
    scenario: Scenario,
    *,
    trace: bool = False,
    progress: Progress | None = None,
    partial: bool = False,
    holdings: int = 0,
    holders: str = RESOLVERS,
    served: bool = False,
) -> Outcome:
    """One run; with `trace`, the first 10,000 things that happened.

    Where a KeyboardInterrupt breaks it off and `partial` is set, what was counted by then is the
    outcome, which says so. With `holdings`, it is told who held what of so many of the largest
    caches: those of resolvers, of clients, or of the layer that `holders` names. With `served` it
    tells of the service also where nothing limits it.

    Raises:
        ScenarioError: more than 20 million requests are to be expected, 200,000 clients, or 2 GiB.
    """
    watching = watched(scenario, holdings)  # says what is wrong with their number, too
    watch = Watch(scenario.question, holders, scenario.connecting) if watching else None
    if watch is not None and holders == RESOLVERS:
        watch.begin(watching)
    found = _Run(scenario, watch, holdings, trace=trace, served=served).outcome(
        progress, partial=partial
    )
    if watch is None:
        return found
    # a balancer answers at every address that a copy holds, whoever is dead behind it
    return watch.told_in(found, ((0.0, ()),) if scenario.balancer else found.downs)


class _Run:
    """One run: the clock, the arrivals, and what is counted by bin."""

    def __init__(
        self, scenario: Scenario, watch: Watch | None, holdings: int, *, trace: bool, served: bool
    ) -> None:
        self._scenario = scenario
        self._rng = rng = Random(scenario.seed)
        self._journal = Journal(on=trace)
        # dice of their own: with and without a balancer the same requests come at the same times
        self._stations = stations(scenario.backends, Random(f"servers {scenario.seed}"))
        live = scenario.checkers is not None and bool(self._stations)
        found = epochs_of(scenario, rng, live=live)
        scenarios = [epoch.scenario for epoch in found]
        limited = [server.address for server in scenario.backends] if live else []
        balanced = scenario.balancer is not None
        answered = dict.fromkeys([*reached(scenarios), *limited])
        self._servers = tuple(answered | dict.fromkeys(targets(scenarios) if balanced else ()))
        self._answered = len(answered)
        self._epochs = found
        _check_size(scenario, -mean_begin(scenarios[0]), len(self._servers))
        self._upstream = Upstream(scenarios[0], rng, self._journal, dated=bool(scenario.schedule))
        self._ledger = Ledger(self._stations)
        self._balanced = (
            Balanced(found, self._stations, self._ledger, Random(f"balancer {scenario.seed}"))
            if balanced
            else None
        )
        self._serving = self._balanced or Direct(self._ledger)
        self._served = served or balanced or bool(self._stations)
        one_by_one = len(found) > 1 or self._served or not _alike(scenario)
        one_by_one |= bool(scenario.connecting.intersection(scenario.down))
        self._stacks = Stacks(
            scenario,
            self._upstream.answer,
            rng,
            self._journal,
            one_by_one=one_by_one,
            down=lambda: self._unreachable,
            watch=watch,
        )
        if watch is not None and watch.holders != RESOLVERS:
            watch_largest(watch, scenario, self._stacks.crowds, holdings)
        entering = self._balanced.enter if self._balanced else None
        self._world = World(
            scenario, found, self._upstream, self._stations, self._journal, entering
        )
        self._bin = Bin(len(scenario.places), len(self._world.times))
        self._lookups: Lookups = defaultdict(int)
        self._waits: Lookups = defaultdict(int)
        self._bins: list[Bin] = []
        self._cuts = [(scenario.bins, 0)] * len(self._world.times)
        self._env = self._warm_up()

    def outcome(self, progress: Progress | None, *, partial: bool) -> Outcome:
        """Run, and count."""
        broken_off = False
        try:
            self._go(progress)
        except KeyboardInterrupt:
            if not partial:
                raise
            broken_off = True
            self._close_bin()
        ended = max(0.0, self._env.now)
        return counted(
            self._scenario,
            self._servers,
            self._bins[: self._scenario.bins],
            answers=self._upstream.firsts,
            levels=self._stacks.levels(),
            lookups=self._lookups or plain_lookups(self._scenario, self._stacks),
            cuts=tuple(self._cuts),
            verdicts=tuple(self._world.verdicts),
            down=self._epochs[0].scenario.down,
            waits=tuple(sorted(self._waits.items())),
            minds=tuple(each for each in self._world.minds if each.at < ended),
            downs=downs(self._epochs, ended),
            outages=self._outages(ended),
            trace=tuple(self._journal.events),
            partial=broken_off,
            ended=ended,
            service=self._ledger.told(self._lost()) if self._served else UNSERVED,
        )

    def _outages(self, ended: float) -> tuple[Outage, ...]:
        checkers, world = self._scenario.checkers, self._world
        publication = 0.0 if checkers is None else checkers.publication
        return world.blackouts.found(ended, world.history, publication)

    @property
    def _unreachable(self) -> Collection[str]:
        """The addresses at which clients find nobody: a balancer answers at all of them."""
        return () if self._balanced else self._world.unreachable

    def _lost(self) -> tuple[int, ...]:
        bins = [each.lost for each in self._bins[: self._scenario.bins]]
        return (*bins, *(0,) * (self._scenario.bins - len(bins)))

    def _go(self, progress: Progress | None) -> None:
        env, scenario = self._env, self._scenario
        heard = progress or (lambda _done, _total: None)
        total = scenario.bins * scenario.bin
        self._begin()
        while env.now < 0:  # which may take as long as the watch: somebody waits for a sign
            env.run(until=min(0.0, env.now + scenario.bin))
            heard(0.0, total)
        self._forget()
        for index in range(1, scenario.bins + 1):
            env.run(until=index * scenario.bin)
            self._close_bin()
            heard(env.now, total)

    def _warm_up(self) -> simpy.Environment:
        """Bring all caches to their beginning; the clock stands at that of the first."""
        scenario = self._world.now
        others = Asker("", Limits(), scenario.places[0].peer)
        for _ in range(self._rng.randrange(self._answered)):  # others have asked, too
            self._upstream.answer(others, scenario.question, -math.inf)
        wake(self._stacks, scenario, self._rng)
        return simpy.Environment(min(crowd.begin for crowd in self._stacks.crowds))

    def _begin(self) -> None:
        """Let all that asks begin."""
        env = self._env
        for crowd in self._stacks.crowds:
            self._start(crowd)
        for asking, begin in self._stacks.polling():
            env.process(self._polling(asking, begin))
        self._world.begin(env, self._rng, self._cut)
        if self._balanced:
            self._balanced.begin(env)
        rates = ((member, each.rate) for each in self._stacks.crowds for member in each.members)
        self._world.blackouts = Blackouts(rates, self._scenario.connecting)

    def _forget(self) -> None:
        """From now on, count: what was before belongs to the warm-up."""
        self._bin.clear()
        self._lookups.clear()
        self._waits.clear()
        self._upstream.queries = 0
        self._upstream.firsts.clear()
        self._stacks.forget_counts()
        self._ledger.clear()

    def _close_bin(self) -> None:
        self._bins.append(self._bin.closed(self._upstream.queries, self._ledger.lost()))
        self._upstream.queries = 0

    def _cut(self) -> None:
        """A change: what is counted of this bin came before it.

        One at the edge of two bins cuts neither, though the clock may be a moment early.
        """
        change = self._world.changed - 1
        bins = self._world.times[change] / self._scenario.bin
        edge = round(bins)
        at_edge = abs(bins - edge) < NEAR
        self._cuts[change] = (edge, 0) if at_edge else (len(self._bins), self._bin.total)

    # --- arrivals ---------------------------------------------------------------------------------

    def _start(self, crowd: Crowd) -> None:
        env = self._env
        if not self._stacks.one_by_one:
            env.process(self._asking(crowd))
        elif self._scenario.clients.arrivals is Arrivals.POISSON:
            env.process(self._of_any(crowd))
        else:
            for member in crowd.members:
                env.process(self._of_one(crowd, member))

    def _asking(self, crowd: Crowd) -> Generator[simpy.Event]:
        """The requests of a crowd: a Poisson process, and each is made by any of its clients."""
        env = self._env
        yield env.timeout(crowd.begin - env.now)
        timeout, random = env.timeout, self._rng.random
        asks, down, heads = crowd.asks, self._scenario.down, len(crowd.asks)
        counts = self._bin.requests[crowd.place]
        mean_gap = 1 / (crowd.heads * crowd.rate)
        while True:
            yield timeout(-log(1 - random()) * mean_gap)
            now = env.now
            ask = asks[int(random() * heads)] if heads > 1 else asks[0]
            counts[first_alive(ask(now).addresses, down)] += 1

    def _of_any(self, crowd: Crowd) -> Generator[simpy.Event]:
        """The same for clients of many kinds."""
        mean_gap = 1 / (crowd.heads * crowd.rate)
        yield self._env.timeout(crowd.begin - self._env.now)
        timeout, random, request = self._env.timeout, self._rng.random, self._request
        place, members, heads = crowd.place, crowd.members, crowd.heads
        while True:
            yield timeout(-log(1 - random()) * mean_gap)
            request(place, members[int(random() * heads)])

    def _of_one(self, crowd: Crowd, member: Member) -> Generator[simpy.Event]:
        """The requests of one client, where they do not come at random."""
        yield self._env.timeout(crowd.begin - self._env.now)
        for gap in gaps(self._scenario.clients.arrivals, crowd.rate, self._rng):
            yield self._env.timeout(gap)
            self._request(crowd.place, member)

    def _polling(self, asking: Member | Proxy, begin: float) -> Generator[simpy.Event]:
        """The questions that are asked without a request."""
        yield self._env.timeout(begin - self._env.now + self._rng.random() * asking.polls)
        while True:
            asking.poll(self._env.now)
            if self._world.blackouts.watching:
                self._world.blackouts.polled(self._env.now, asking)
            yield self._env.timeout(asking.polls)

    def _request(self, place: int, member: Member) -> None:
        """One client wants a server."""
        now, world, journal = self._env.now, self._world, self._journal
        if now < 0 and member.sleeps:
            return
        if journal.on:
            journal.note(now, "request", member.name, "")
        if self._balanced:
            reached, lost = member.request(now, ()), 0.0
        else:
            reached = member.request(now, world.unreachable, world.failing)
            lost = world.waited(member, reached) if world.delays and reached else 0.0
        served = self._serving.serve(now, member, reached, member.waited_ms + 1000 * lost)
        lost += served.lost
        if reached is not None and served.server is None and not served.open:
            member.refused(now)
        self._bin.refused += served.refused
        if journal.on:
            self._note(now, member.name, served)
        self._bin.requests[place][served.server] += 1
        if lost and served.server:
            self._waits[lost] += 1
        self._lookups[member.waited_ms] += 1
        if world.changed:
            self._count_stale(member)
        if world.blackouts.watching:
            self._note_outage(now, member, served)

    def _note_outage(self, now: float, member: Member, served: Served) -> None:
        """Something has died: who was led where."""
        if member.told:
            self._world.blackouts.led(now, member)
        elif served.server is None:
            self._world.blackouts.stuck(now, member)

    def _note(self, now: float, who: str, served: Served) -> None:
        """How a request ended, and how long its server will have it."""
        if served.server is None:
            self._journal.refused(now, who, served.said, full=served.refused)
            return
        self._journal.reached(now, who, served.server)
        if served.server in self._stations:
            done = self._stations[served.server].until
            self._journal.serving(now, who, served.server, done)

    def _count_stale(self, member: Member) -> None:
        """For each change since the answer that leads this client was made, if it matters to it."""
        reply = member.reply
        if isinstance(reply, Dated):
            world, stale = self._world, self._bin.stale
            for change in range(bisect_right(world.times, reply.made), world.changed):
                stale[change] += world.altered(change, reply.client)


def _alike(scenario: Scenario) -> bool:
    """Whether it is enough to know how each client asks: no more than hits and misses differ."""
    tells = any(profile.ecs for profile in scenario.recursives)
    chains = [*scenario.chains.values()]
    plainly = all(each.only_remembers and not each.grace for chain in chains for each in chain)
    poisson = scenario.clients.arrivals is Arrivals.POISSON
    apart = not (tells or scenario.layers or share_resolvers(scenario))
    return len(chains) == 1 and plainly and poisson and apart


def _check_size(scenario: Scenario, warm_up: float, servers: int) -> None:
    """Refuse what would take too long or too much memory, before it begins."""
    clients = scenario.clients
    each = mean_rate(scenario) + max(
        1 / c[0].lifetime if c[0].polls and c[0].lifetime else 0.0 for c in scenario.chains.values()
    )
    early = clients.count * each * warm_up
    expected = clients.count * each * scenario.duration + early
    counts = scenario.bins * (len(scenario.places) * (servers + 1) + len(scenario.schedule) + 1)
    size = clients.count * CLIENT_BYTES + counts * COUNT_BYTES
    if expected <= MAX_REQUESTS and clients.count <= MAX_CLIENTS and size <= MAX_BYTES:
        return
    remedy = "Take fewer clients, a lower rate or a shorter duration, or the population engine."
    if early > expected / 2:
        remedy = (
            f"Take shorter TTLs and lifetimes: {warm_up:,.0f} s before the watch caches begin to "
            "settle. Or take fewer clients, a lower rate, or the population engine."
        )
    raise ScenarioError(
        f"{clients.count:,} clients with {expected:.3g} requests, {early:.3g} of them before the "
        f"watch, in {size / 1e6:,.0f} MB",
        f"are more than the event engine takes on: {MAX_CLIENTS:,} with {MAX_REQUESTS:,} "
        f"in {MAX_BYTES / 1e6:,.0f} MB",
        remedy,
    )
