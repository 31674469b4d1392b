"""How long clients are led to the dead after a death, and who takes how much of that time.

Not here: how an engine finds it out (`events.blackouts`, `population.outages`).
"""

import math
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from lab_engine.simulation.quantiles import places, weighted_quantiles


class Parts(NamedTuple):
    """The seconds of an outage by who takes them; they follow each other, and sum to all of it.

    Attributes:
        detection: until the health checkers have found out, or somebody changed the answers by
            hand; all of it where neither ever was.
        publication: from then on until the authority answers otherwise.
        cache: from then on until the TTL that the client was told has run down.
        client: what it keeps beyond that, in a cache of its own time or an open connection.
    """

    detection: float = 0.0
    publication: float = 0.0
    cache: float = 0.0
    client: float = 0.0

    @property
    def total(self) -> float:
        """Seconds of all."""
        return math.fsum(self)


class Outage(NamedTuple):
    """How long clients were led to the dead after servers died: for each death, and each client.

    From the death until the last answer is over that leads the client only to addresses which have
    been dead ever since: to all of its answer that it would try, to the first that connects it
    where others are dead, to the first at all where it tries no other. So a second death counts
    those, too, whose server died before it. An answer is over when the cache drops or replaces it
    that keeps it: the client's own, or without one the cache that it asks. One that nobody keeps is
    over with its request. And it leads to the dead no longer when one of those addresses is back.
    An open connection that hangs, or brings errors, counts to the last request that failed on it.
    Answers without an address are no part.

    Attributes:
        at: when the servers died, seconds since the watch began.
        lasted: (seconds, weight) for every client, or several that share what leads them: 0 s where
            that was never to the dead. The weight is their requests a second; in the order of
            seconds. Where they are very many, neighbours are joined.
        open: the weight of those for whom the end of the watch came first: they are the last of
            `lasted`, with the seconds that were seen.
        noticed: seconds from the death until checkers, or whoever changes the answers, knew of it;
            endless where nobody did.
        published: seconds from the death until no answer held what died.
        overdue: for each of `lasted`, the last of its seconds: those that are beyond a TTL. Empty
            where none are.
    """

    at: float
    lasted: tuple[tuple[float, float], ...]
    open: float = 0.0
    noticed: float = math.inf
    published: float = math.inf
    overdue: tuple[float, ...] = ()

    @property
    def open_share(self) -> float:
        """The part of the weight for which it was not over, 0 to 1; NaN for none."""
        return self.open / self._weight if self._weight else math.nan

    @property
    def _weight(self) -> float:
        return math.fsum(weight for _, weight in self.lasted)

    def quantiles(self, *levels: float) -> tuple[float, ...]:
        """Seconds within which these parts of the requests were led right again; NaN for none.

        Of those for whom it is open, it is what was seen.
        """
        return weighted_quantiles(self.lasted, levels)

    @property
    def mean(self) -> float:
        """Seconds, by the requests that each client makes; NaN for none."""
        if not self._weight:
            return math.nan
        return math.fsum(seconds * weight for seconds, weight in self.lasted) / self._weight

    @property
    def parts(self) -> tuple[Parts, ...]:
        """Those of each of `lasted`."""
        overdue = self.overdue or (0.0,) * len(self.lasted)
        return tuple(
            self._parts(seconds, late)
            for (seconds, _), late in zip(self.lasted, overdue, strict=True)
        )

    def _parts(self, seconds: float, late: float) -> Parts:
        detection = min(seconds, self.noticed)
        publication = min(seconds, self.published) - detection
        rest = seconds - detection - publication
        client = min(late, rest)
        return Parts(detection, publication, rest - client, client)

    def mean_parts(self) -> Parts:
        """The mean of each part, by requests; NaN for none."""
        return split(pooled([self]))

    def parts_at(self, level: float) -> Parts:
        """Those of the client at a quantile, 0 to 1: `parts_at(0.99)`, and 1 for the worst."""
        return split(pooled([self]), level)


def outage(
    at: float,
    found: list[tuple[float, float, float]],
    still: float,
    known: tuple[float, float],
) -> Outage:
    """The outage of a death.

    Args:
        at: when.
        found: seconds of each client, how many of them are beyond a TTL, and its weight.
        still: the weight of those for whom it is not over.
        known: seconds until it was noticed, and until that was published.
    """
    ordered = sorted(found)
    late = tuple(each for _, each, _ in ordered)
    lasted = tuple((seconds, weight) for seconds, _, weight in ordered)
    return Outage(at, lasted, still, *known, late if any(late) else ())


def pooled(outages: Iterable[Outage]) -> tuple[tuple[Parts, float], ...]:
    """The parts of every client of several deaths with its weight, in the order of their sums."""
    every = (
        (parts, weight)
        for each in outages
        for parts, (_, weight) in zip(each.parts, each.lasted, strict=True)
        if weight > 0
    )
    return tuple(sorted(every, key=lambda one: one[0].total))


def split(pool: Sequence[tuple[Parts, float]], level: float | None = None) -> Parts:
    """The parts of the client at a quantile of a pool, 0 to 1; None for the mean of each part."""
    if not pool:
        return Parts(*(math.nan,) * 4)
    if level is None:
        whole = math.fsum(weight for _, weight in pool)
        sums = zip(*([part * weight for part in parts] for parts, weight in pool), strict=True)
        return Parts(*(math.fsum(each) / whole for each in sums))
    (place,) = places((weight for _, weight in pool), [level])
    return pool[place][0]
