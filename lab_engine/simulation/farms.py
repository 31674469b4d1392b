"""A farm: a few servers of one name, and the same requests led to them in three worlds.

By DNS alone, by a balancer at L4, and by one at L7. A farm is what a panel moves: small enough that
each request can be told, where it waited and for how long. `worlds` compares larger ones by their
counts. Not here: places, paths, several balancers.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final, NamedTuple

from lab_engine.authority.policies import Weighted
from lab_engine.authority.records import RRset
from lab_engine.authority.recordset import RecordSet
from lab_engine.authority.zone import Zone
from lab_engine.simulation.balancer import Algorithm, Balancer, OsiLayer
from lab_engine.simulation.events.trace import MAX_EVENTS
from lab_engine.simulation.knobs import Knobs
from lab_engine.simulation.outcome import Event, Outcome
from lab_engine.simulation.parts import WEEK, Backend, Checkers, Clients, Resolvers, ScheduledChange
from lab_engine.simulation.profiles import own
from lab_engine.simulation.run import run
from lab_engine.simulation.scenario import Scenario
from lab_engine.simulation.values import choice, fix, must, number, whole

NAMES: Final = ("DNS", "L4", "L7")
MOST_SERVERS = 8
MOST_REQUESTS = 3_000  # a trace holds 10,000 things that happened, and a request is three of them
CACHES = 200  # whose holdings are kept


@dataclass(frozen=True)
class Farm(Knobs):
    """Four servers, say, and who asks them.

    Attributes:
        load: what all requests ask of all servers, as a part of what they can do.
        one: whether an answer holds one address, drawn anew each time, or all of them.
        ttl: seconds.
        resolvers: how many, of Zipf's sizes.
        clients: how many, alike.
        keep_alive: seconds for which an unused connection is kept; 0 opens one for each request.
        age: seconds that a connection lives at most; 0 for no limit.
        algorithm: of the balancers.
        dies: the second at which the first server dies; 0 for never.
        checked: whether Route 53's health checks look at the servers: every 30 s, three times. With
            `one` only, since a record set of several addresses has one check for all.
        servers: how many.
        capacity: requests a second that each of them serves, in times that are exponential.
        queue: requests that may wait at each of them; more are refused.
        duration: seconds.
        seed: of the dice.
    """

    load: float = 0.8
    one: bool = True
    ttl: int = 30
    resolvers: int = 20
    clients: int = 100
    keep_alive: float = 0.0
    age: float = 0.0
    algorithm: Algorithm = Algorithm.ROUND_ROBIN
    dies: float = 0.0
    checked: bool = False
    servers: int = 4
    capacity: float = 10.0
    queue: int = 200
    duration: float = 60.0
    seed: int = 1

    def __post_init__(self) -> None:
        number("load", self.load, 0.01, 2)
        for name in ("one", "checked"):
            switch = getattr(self, name)
            must(isinstance(switch, bool), name, switch, "is no switch", "Take True or False.")
        fit, rule = self.one or not self.checked, "needs an address an answer"
        must(fit, "checked", self.checked, rule, "Take one=True, or no checks.")
        whole("ttl", self.ttl, 0, WEEK)
        whole("resolvers", self.resolvers, 1, 10_000)
        whole("clients", self.clients, 1, 10_000)
        for name in ("keep_alive", "age"):
            number(name, getattr(self, name), 0, WEEK)
        fix(self, "algorithm", choice("algorithm", self.algorithm, Algorithm))
        whole("servers", self.servers, 2, MOST_SERVERS)
        number("capacity", self.capacity, 0.1, 1000)
        whole("queue", self.queue, 0, 10**7)
        number("duration", self.duration, 1, WEEK)
        number("dies", self.dies, 0, WEEK)
        must(self.dies < self.duration, "dies", self.dies, "is not in the watch", "Take less.")
        whole("seed", self.seed, 0, 2**31)

    @property
    def rate(self) -> float:
        """Requests a second of all clients together."""
        return self.load * self.servers * self.capacity

    @property
    def addresses(self) -> tuple[str, ...]:
        """Of the servers, in their order."""
        return tuple(f"192.0.2.{1 + server}" for server in range(self.servers))

    @property
    def zone(self) -> Zone:
        """What the authority serves: a record set for each server, or one for all."""
        if not self.one:
            return Zone.of("shop.example", [RRset.of("www", "A", [*self.addresses], self.ttl)])
        return Zone.of("shop.example", [self.member(each) for each in self.addresses])

    def member(self, address: str) -> RecordSet:
        """The record set of one server, all of the same weight."""
        check = f"check-{address}" if self.checked else ""
        how = {"set_identifier": address, "health_check_id": check}
        return RecordSet.of("www", "A", address, self.ttl, policy=Weighted(1), **how)

    def world(self, name: str) -> Scenario:
        """The scenario of one world: `DNS`, `L4` or `L7`. Raises LabError for any other."""
        must(name in NAMES, "world", name, "is none of the three", "Take DNS, L4 or L7.")
        keeps = {"like": "none", "idle": self.keep_alive}
        death = ScheduledChange(self.dies, "down", list(self.addresses[:1]))
        kept = self.keep_alive
        balancer = Balancer(algorithm=self.algorithm, keep_alive=kept, hop_ms=0.0)
        return Scenario(
            self.zone,
            "www",
            clients=Clients(self.clients, self.rate / self.clients, (("keeps", 1.0),)),
            resolvers=Resolvers(self.resolvers),
            profiles=own({"keeps": keeps | ({"age": self.age} if self.age else {})}),
            backends=tuple(Backend(each, "", self.capacity, self.queue) for each in self.addresses),
            checkers=Checkers() if self.checked else None,
            balancer=None if name == "DNS" else replace(balancer, layer=OsiLayer(name)),
            schedule=(death,) if self.dies else (),
            duration=self.duration,
            bin=1.0,
            window=min(60.0, self.duration),
            seed=self.seed,
        )

    def run(self) -> "Lanes":
        """The three worlds, request by request.

        Raises:
            ScenarioError: more requests than a trace can hold.
        """
        due = self.rate * self.duration
        remedy = f"Watch {MOST_REQUESTS / self.rate:.0f} s at most, or lower the load."
        must(due <= MOST_REQUESTS, "requests", round(due), "are too many to follow", remedy)
        scenarios = {name: self.world(name) for name in NAMES}
        ran = {
            name: run(each, "events", trace=True, holdings=CACHES, served=True)
            for name, each in scenarios.items()
        }
        longest = max(len(each.trace) for each in ran.values())
        must(longest < MAX_EVENTS, "requests", round(due), "are too many to follow", remedy)
        return Lanes(self, tuple(Lane(name, outcome) for name, outcome in ran.items()))


class Visit(NamedTuple):
    """A request and the server that took it in.

    Attributes:
        at: when it came, seconds; before 0 for those that wait when the watch begins.
        server: its position among the addresses; -1 where nobody took it.
        done: when it was served; `at` where nobody took it.
        lost: whether its server died before, at `done`.
    """

    at: float
    server: int
    done: float
    lost: bool = False


@dataclass(frozen=True, repr=False)
class Lane:
    """One world: what was counted, and every request.

    Attributes:
        name: `DNS`, `L4` or `L7`.
        outcome: of the run, with its trace and holdings.
    """

    name: str
    outcome: Outcome

    @property
    def latency_ms(self) -> tuple[float, ...]:
        """p50, p95 and p99 of what a served request took."""
        return self.outcome.latency_ms(0.5, 0.95, 0.99)

    @property
    def failed(self) -> int:
        """Requests that nobody took, or that were lost with their server."""
        return sum(self.outcome.failed) + sum(self.outcome.service.lost)

    def visits(self) -> Iterator[Visit]:
        """Every request, in the order of time."""
        places = {address: place for place, address in enumerate(self.outcome.addresses)}
        deaths = {address: at for at, dead in reversed(self.outcome.downs) for address in dead}
        for event in self.outcome.trace:
            if event.kind in ("fail", "refuse"):
                yield Visit(event.time, -1, event.time)
            elif event.kind == "serve":
                yield _visit(event, places, deaths)


def _visit(event: Event, places: dict[str, int], deaths: dict[str, float]) -> Visit:
    address, _, until, _ = event.detail.split()
    done = max(event.time, float(until))  # which is told to a millisecond
    death = deaths.get(address, float("inf"))
    return Visit(event.time, places[address], min(done, death), death < done)


@dataclass(frozen=True, repr=False)
class Lanes:
    """The three worlds of a farm.

    Attributes:
        farm: whose.
        each: DNS, L4 and L7.
    """

    farm: Farm
    each: tuple[Lane, ...]

    def lane(self, name: str) -> Lane:
        """The world of this name. Raises LabError for any other."""
        must(name in NAMES, "world", name, "is none of the three", "Take DNS, L4 or L7.")
        return self.each[NAMES.index(name)]
