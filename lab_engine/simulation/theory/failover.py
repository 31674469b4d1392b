"""Failover: how long clients lose requests after a server dies, and find it after it is back.

A delay is D + P + R: health checkers notice, the answer changes, and copies of the old one run
out. For clients that keep to TTLs, and ask again only then.
"""

import math
from dataclasses import dataclass
from functools import lru_cache

from lab_engine.authority.health import CHECKERS, MORE_THAN_PERCENT
from lab_engine.authority.records import MAX_TTL
from lab_engine.simulation.outages import Parts
from lab_engine.simulation.theory.ranges import not_negative, seconds, whole, within

MOST_CHECKERS = 1000
HALVINGS = 60
NO_REST = 1e-8  # of an interval; less than the difference of two integrals can show


def unkept_outage(rate: float, left: float) -> float:
    """The mean outage where nobody keeps answers and nothing helps: L - (1 - e^(-λL)) / λ.

    With a TTL of 0 each request is led anew, and the outage of a client ends with its last one: in
    the L seconds that are left, or not at all where it has none. For Poisson requests.

    Args:
        rate: λ of one client.
        left: L, seconds from the death to the end of the watch or the return, up to 2^31 - 1.

    >>> round(unkept_outage(0.1, 60), 3), unkept_outage(0, 60)
    (50.025, 0.0)
    """
    not_negative(rate=rate)
    seconds(left=left)
    if math.isinf(rate):
        return left
    return left + math.expm1(-rate * left) / rate if rate else 0.0


@dataclass(frozen=True)
class Failover:
    """What decides how long a failover takes; defaults are those of a Route 53 health check.

    Checkers are not synchronised, and each waits for its interval after a response. That all begin
    by the same clock, or that clients try another address of the answer, is not in this.

    Attributes:
        interval: I, seconds from a response to the next request of a checker; above 0.
        threshold: k, results in a row that change its mind, 1 to 10.
        ttl: T, seconds.
        timeout: τ, seconds until a failed check is known; 0 where the connection is refused.
        publication: P, seconds from the verdict to the first new answer. Not documented, so none
            is assumed.
        checkers: m, 1 to 1000. They say unhealthy when at most 18 % of them say healthy.
        held: H, the chance that a cache holds a copy then: 1 for a busy one, or `hit_ratio`.
    """

    interval: float = 30.0
    threshold: int = 3
    ttl: float = 60.0
    timeout: float = 0.0
    publication: float = 0.0
    checkers: int = CHECKERS
    held: float = 1.0

    def __post_init__(self) -> None:
        within(0.001, MAX_TTL, interval=self.interval)
        whole(1, 10, threshold=self.threshold)
        seconds(ttl=self.ttl, timeout=self.timeout, publication=self.publication)
        whole(1, MOST_CHECKERS, checkers=self.checkers)
        within(0, 1, held=self.held)

    @property
    def outage(self) -> "Delay":
        """From the server's death until a client that knew it asks another.

        D is φ + (k - 1)·I + k·τ, where φ is when the last checker that is needed first asks: of
        16, the 14th.

        >>> round(Failover(30, 3, ttl=60).outage.mean, 1)
        114.7
        >>> one = Failover(30, 3, ttl=60, checkers=1).outage
        >>> one.mean, round(one.sd, 1), round(one.quantile(0.95), 1)
        (105.0, 19.4, 136.6)
        """
        return self._delay(self.checkers - self._may_differ, self.threshold * self.timeout)

    @property
    def mean_parts(self) -> Parts:
        """The mean of the outage by who takes it: D, P and H·T/2; such clients keep nothing longer.

        >>> [round(part, 1) for part in Failover(30, 3, ttl=60, publication=5.0).mean_parts]
        [84.7, 5.0, 30.0, 0.0]
        """
        cache = self.held * self.ttl / 2
        return Parts(self.outage.mean - self.publication - cache, self.publication, cache)

    @property
    def recovery(self) -> "Delay":
        """From the server's return until a client that knew its stand-in asks it again.

        As for the outage, but checks pass at once, and few checkers are needed: of 16, the 3rd.
        Holds where checks were refused before; of those that wait for a time-out, some pass as the
        server returns, so it is sooner.

        >>> round(Failover(30, 3, ttl=0).recovery.mean, 1)
        65.3
        """
        return self._delay(self._may_differ + 1, 0.0)

    def tripped_by(self, lasts: float) -> float:
        """The chance that a server which is back after so many seconds is taken for dead: 0 to 1.

        A probe that waits as the server returns passes, so of L seconds only probes in the first
        L - τ fail. A checker sees k in a row where its first is early enough: with chance
        q = (L - τ - (k - 1)(I + τ)) / I, between 0 and 1. It is taken for dead where n of m do, of
        16 the 14th: a binomial tail, as none has seen it back before the last of them spoke.

        Args:
            lasts: L, the seconds of a pause, a restart or a break of the network.

        >>> Failover(10, 1, timeout=2).tripped_by(12), Failover(10, 2, timeout=2).tripped_by(12)
        (1.0, 0.0)
        >>> round(Failover(30, 1, timeout=2).tripped_by(25), 3)
        0.242
        """
        seconds(lasts=lasts)
        late = self.timeout + (self.threshold - 1) * (self.interval + self.timeout)
        seen = min(1.0, max(0.0, (lasts - late) / self.interval))
        m, needed = self.checkers, self.checkers - self._may_differ
        return math.fsum(
            math.comb(m, n) * seen**n * (1 - seen) ** (m - n) for n in range(needed, m + 1)
        )

    @property
    def _may_differ(self) -> int:
        """How many checkers may say healthy and be overruled."""
        return MORE_THAN_PERCENT * self.checkers // 100

    def _delay(self, needed: int, waiting: float) -> "Delay":
        fixed = (self.threshold - 1) * self.interval + waiting + self.publication
        return Delay(fixed, self.interval, needed, self.checkers, self.ttl, self.held)


@dataclass(frozen=True)
class Delay:
    """The exact law of a constant, an order statistic of uniform phases, and a copy's rest.

    The phase is the n-th smallest of m uniform ones, so a Beta variable; the rest is uniform up to
    the TTL where a copy is held, else 0.

    Attributes:
        fixed: seconds that it takes in any case.
        interval: seconds up to which each phase is uniform.
        needed: n.
        checkers: m.
        ttl: seconds.
        held: the chance of a copy.
    """

    fixed: float
    interval: float
    needed: int
    checkers: int
    ttl: float
    held: float

    @property
    def shortest(self) -> float:
        """The least that it can take, in seconds."""
        return self.fixed

    @property
    def longest(self) -> float:
        """The most that it can take, in seconds."""
        return self.fixed + self.interval + (self.ttl if self.held else 0.0)

    @property
    def mean(self) -> float:
        """Seconds: the constant, I·n/(m + 1), and H·T/2."""
        phase = self.needed / (self.checkers + 1)
        return self.fixed + self.interval * phase + self.held * self.ttl / 2

    @property
    def sd(self) -> float:
        """The standard deviation in seconds."""
        phase = self.needed / (self.checkers + 1)
        beta = phase * (1 - phase) / (self.checkers + 2)
        rest = self.held / 3 - self.held**2 / 4
        return math.sqrt(self.interval**2 * beta + self.ttl**2 * rest)

    def cdf(self, after: float) -> float:
        """The chance that it is over after so many seconds.

        >>> Failover(30, 3, ttl=60, checkers=1).outage.cdf(105)
        0.5
        """
        within(-math.inf, math.inf, after=after)
        return self._cdf(after)

    def _cdf(self, after: float) -> float:
        """The same of what is known to be a number."""
        if after <= self.shortest:
            return 0.0
        if after >= self.longest:
            return 1.0
        phase, rest = (after - self.fixed) / self.interval, self.ttl / self.interval
        if rest < NO_REST:
            return self._at_once(phase)
        later = (self._phase_integral(phase) - self._phase_integral(phase - rest)) / rest
        at_once = self._at_once(phase) if self.held < 1 else 0.0
        return min(1.0, max(0.0, self.held * later + (1 - self.held) * at_once))

    def quantile(self, chance: float) -> float:
        """The seconds after which it is over with this chance, by bisection of `cdf`.

        >>> [round(Failover(10, 3, ttl=60).outage.quantile(chance), 1) for chance in (0.5, 0.95)]
        [58.2, 85.2]
        """
        within(0, 1, chance=chance)
        if chance in {0, 1}:
            return self.longest if chance else self.shortest
        low, high = self.shortest, self.longest
        for _ in range(HALVINGS):
            middle = (low + high) / 2
            if middle in {low, high}:  # neighbours: no number lies between them
                break
            low, high = (low, middle) if self._cdf(middle) >= chance else (middle, high)
        return high

    def _at_once(self, phase: float) -> float:
        """The phase's cdf: where no copy is held."""
        return self._phase_cdf(self.needed, self.checkers, phase)

    def _phase_integral(self, phase: float) -> float:
        """The phase's cdf, integrated from 0: x·F(x; n, m) - n/(m + 1)·F(x; n + 1, m + 1)."""
        n, m = self.needed, self.checkers
        part = n / (m + 1) * self._phase_cdf(n + 1, m + 1, phase)
        return phase * self._at_once(phase) - part

    @staticmethod
    def _phase_cdf(needed: int, among: int, phase: float) -> float:
        """The chance that the n-th smallest of m uniform numbers is at most this."""
        if not 0 < phase < 1:
            return float(phase >= 1)
        late = 1 - phase
        return math.fsum(
            [ways * phase**below * late**above for ways, below, above in _at_least(needed, among)]
        )


@lru_cache(64)
def _at_least(needed: int, among: int) -> tuple[tuple[int, int, int], ...]:
    """In how many ways n or more of m may be chosen: ways, how many are, and how many are not."""
    numbers = range(needed, among + 1)
    return tuple((math.comb(among, below), below, among - below) for below in numbers)
