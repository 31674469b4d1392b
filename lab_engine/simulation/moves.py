"""A move: a TTL is lowered, a record moves to another server, the TTL is restored.

The TTLs between the first change and the move are the cheapest ones (`theory.plan_migration`); when
the first change is made is the learner's to say. Not here: health, weights, places.
"""

import math
from dataclasses import dataclass, replace
from functools import cached_property

from lab_engine.authority.records import RRset
from lab_engine.authority.zone import Zone
from lab_engine.caches.crowds import zipf_shares
from lab_engine.simulation.knobs import Knobs
from lab_engine.simulation.outcome import Outcome
from lab_engine.simulation.parts import Clients, Resolvers, ScheduledChange
from lab_engine.simulation.profiles import own
from lab_engine.simulation.run import run
from lab_engine.simulation.scenario import Scenario
from lab_engine.simulation.theory import Staircase, TtlChange, plan_migration, staircase_fills
from lab_engine.simulation.values import must, number, whole

DAY = 86_400
PUBLICATION = 60
BEFORE, AFTER = 60, 900  # seconds watched ahead of the first change, and after the restore
OLD, NEW = "192.0.2.1", "192.0.2.9"
TILES = 200  # caches whose holdings are kept
RATE = 10.0  # requests a second of all clients together
PROFILES = {
    "for-ever": {"like": "fixed", "lifetime": math.inf},
    "serves-stale": {"like": "ideal", "serve_stale": DAY},
}


@dataclass(frozen=True)
class Move(Knobs):
    """How one record is moved.

    Attributes:
        old_ttl: its TTL until the first change, seconds.
        low_ttl: its TTL at the move; below `old_ttl`.
        lead: how long before the move the first change is made, seconds.
        steps: changes before the move at most, 1 to 8.
        hold: seconds from the move to the restore of the TTL.
        budget: questions to the authority from the first change to the restore.
        caches: how many, of Zipf's sizes.
        deaf: the part of the clients that never ask again.
        silent: seconds from the move in which nobody reaches the authority.
        serve_stale: whether caches then answer with copies that have ended (RFC 8767).
        seed: of the dice.
    """

    old_ttl: int = 14_400
    low_ttl: int = 60
    lead: int = 14_460
    steps: int = 3
    hold: int = 600
    budget: int = 1000
    caches: int = 50
    deaf: float = 0.0
    silent: int = 0
    serve_stale: bool = False
    seed: int = 1

    def __post_init__(self) -> None:
        for name, most in (("old_ttl", DAY), ("lead", 2 * DAY), ("hold", DAY), ("silent", 3600)):
            whole(name, getattr(self, name), int(name in ("old_ttl", "hold")), most)
        whole("low_ttl", self.low_ttl, 1, DAY)
        rule = f"is not below the old TTL, {self.old_ttl} s"
        must(self.low_ttl < self.old_ttl, "low_ttl", self.low_ttl, rule, "Take a lower one.")
        whole("steps", self.steps, 1, 8)
        whole("budget", self.budget, 0, 10**7)
        whole("caches", self.caches, 1, 1000)
        number("deaf", self.deaf, 0, 1)
        switch = isinstance(self.serve_stale, bool)
        must(switch, "serve_stale", self.serve_stale, "is no switch", "Take True or False.")
        whole("seed", self.seed, 0, 2**31)

    @property
    def move_at(self) -> int:
        """The second of the watch at which the record changes."""
        return BEFORE + self.lead

    @cached_property
    def plan(self) -> Staircase:
        """The cheapest ladder for what this lead leaves time for, its first change at the lead."""
        due = max(0, self.lead - PUBLICATION)
        plan = plan_migration(
            self.old_ttl,
            self.move_at,
            low_ttl=self.low_ttl,
            steps=self.steps,
            publication=min(PUBLICATION, self.lead),
            hold=self.hold,
            tolerated=max(0.0, 1 - due / self.old_ttl),
        )
        first = TtlChange(self.move_at - self.lead, plan.steps[0].ttl)
        return replace(plan, steps=(first, *plan.steps[1:]))

    @property
    def planned(self) -> float:
        """Questions of busy caches from the first change to the restore, by the closed form."""
        begin = self.plan.steps[0].at
        stages = [(step.at - begin, step.ttl) for step in self.plan.steps]
        until = self.plan.restore.at - begin
        rates = [RATE * share for share in zipf_shares(self.caches, 1.0)]
        return math.fsum(staircase_fills(self.old_ttl, stages, until, rate) for rate in rates)

    @property
    def scenario(self) -> Scenario:
        """What the engines run: watched from a minute before the first change."""
        plan = self.plan
        ttls = [ScheduledChange(step.at, "zone.www.ttl", step.ttl) for step in plan.steps]
        moved = ScheduledChange(self.move_at, "zone", _www(NEW, plan.steps[-1].ttl))
        restore = ScheduledChange(plan.restore.at, "zone.www.ttl", plan.old_ttl)
        silence = [
            ScheduledChange(at, "reachable", reachable)
            for at, reachable in ((self.move_at, False), (self.move_at + self.silent, True))
            if self.silent
        ]
        end = max(plan.restore.at, self.move_at + max(self.silent, self.low_ttl)) + AFTER
        keeps = (("none", 1 - self.deaf), ("for-ever", self.deaf))
        resolvers = (("serves-stale" if self.serve_stale else "ideal", 1.0),)
        return Scenario(
            _www(OLD, self.old_ttl),
            "www",
            clients=Clients(1000, RATE / 1000, tuple(each for each in keeps if each[1])),
            resolvers=Resolvers(self.caches, 1.0, resolvers),
            profiles=own(PROFILES),
            schedule=(*ttls, moved, *silence, restore),
            duration=60 * math.ceil(end / 60),
            bin=60,
            window=60,
            seed=self.seed,
        )

    def run(self) -> "Moved":
        """What comes of it, with what each of its largest caches held."""
        return Moved(self, self.scenario, run(self.scenario, holdings=TILES))


@dataclass(frozen=True)
class Moved:
    """What came of a move.

    Attributes:
        move: the move.
        scenario: what was run.
        outcome: of it.
    """

    move: Move
    scenario: Scenario
    outcome: Outcome

    @property
    def asked(self) -> int:
        """Questions to the authority from the first change to the restore."""
        begin, end = self.move.plan.steps[0].at // 60, math.ceil(self.move.plan.restore.at / 60)
        return sum(self.outcome.queries[begin:end])

    def stale(self, after: float) -> float:
        """The part of the requests that go to the old server so long after the move, in a minute.

        Raises:
            LabError: the watch ends before that minute does.
        """
        times = sorted({change.at for change in self.scenario.schedule})
        minute = math.ceil((self.move.move_at + after) / 60)
        seen = self.outcome.stale_fraction(times.index(self.move.move_at))
        within = after >= 0 and minute < len(seen)
        must(within, "after", after, "is not within the watch", "Look at an earlier minute.")
        return seen[minute]


def _www(address: str, ttl: int) -> Zone:
    return Zone.of("shop.example", [RRset.of("www", "A", address, ttl)])
