"""What the event engine counts, bin by bin, and the outcome that is made of it."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from lab_engine.simulation.events.stacks import Stacks
from lab_engine.simulation.outcome import Outcome
from lab_engine.simulation.scenario import Scenario
from lab_engine.simulation.travel import trips

Requests = dict[str | None, int]
"""By server; None for those that failed."""
Lookups = dict[float, int]
"""How many requests waited so many milliseconds for DNS."""


class Bin:
    """The counts of one bin.

    Attributes:
        requests: of each place, by server.
        stale: for each change, those led by an answer from before it.
        refused: those that found a server full.
        queries: that the authority answered.
        lost: requests that were with a server when it died.
    """

    def __init__(self, places: int, changes: int) -> None:
        self.requests: list[Requests] = [defaultdict(int) for _ in range(places)]
        self.stale = [0] * changes
        self.refused = 0
        self.queries = 0
        self.lost = 0

    @property
    def total(self) -> int:
        """All requests."""
        return sum(count for counts in self.requests for count in counts.values())

    def clear(self) -> None:
        """Begin again; the dictionaries stay the same ones."""
        for counts in self.requests:
            counts.clear()
        self.stale[:] = [0] * len(self.stale)
        self.refused = 0

    def closed(self, queries: int, lost: int) -> "Bin":
        """A copy that stays, while this one begins again."""
        copy = Bin(0, 0)
        copy.requests = [dict(counts) for counts in self.requests]
        copy.stale, copy.refused, copy.queries = [*self.stale], self.refused, queries
        copy.lost = lost
        self.clear()
        return copy


def counted(
    scenario: Scenario,
    servers: tuple[str, ...],
    bins: Sequence[Bin],
    *,
    answers: Mapping[str, int],
    lookups: Lookups,
    **others: Any,
) -> Outcome:
    """The outcome of bins that are done; the others are empty.

    Args:
        scenario: what was run.
        servers: that were known beforehand; those that turned up later come last.
        bins: as far as it got.
        answers: how often each server stood first in an answer.
        lookups: how long requests waited.
        others: fields of the outcome, as they are.
    """
    found = dict.fromkeys(name for each in bins for counts in each.requests for name in counts)
    everyone = tuple(dict.fromkeys([*servers, *filter(None, found), *answers]))
    missing = (0,) * (scenario.bins - len(bins))

    def row(server: str | None) -> tuple[int, ...]:
        return tuple(sum(each.get(server, 0) for each in b.requests) for b in bins) + missing

    by_place = [
        {server: sum(b.requests[place].get(server, 0) for b in bins) for server in everyone}
        for place in range(len(scenario.places))
    ]
    changes = len(scenario.steps) - 1
    return Outcome(
        addresses=everyone,
        bin=scenario.bin,
        window=scenario.window,
        requests=tuple(row(server) for server in everyone),
        failed=row(None),
        answers=tuple(answers.get(server, 0) for server in everyone),
        queries=tuple(b.queries for b in bins) + missing,
        stale=tuple(tuple(b.stale[change] for b in bins) + missing for change in range(changes)),
        refused=tuple(b.refused for b in bins) + missing,
        lookups=tuple(sorted((ms, count) for ms, count in lookups.items() if count)),
        trips=trips(scenario, by_place),
        engine="events",
        seed=scenario.seed,
        **others,
    )


def plain_lookups(scenario: Scenario, stacks: Stacks) -> Lookups:
    """How long requests waited, read from hits and misses: where no more than these differ."""
    found: Lookups = defaultdict(int)
    for crowd in stacks.crowds:
        place, cache = scenario.places[crowd.place], crowd.resolver.cache
        found[0.0] += sum(own.hits for own in (*crowd.applications, *crowd.systems))
        found[place.resolver_ms] += cache.hits
        found[place.resolver_ms + place.authority_ms] += cache.misses
    return found
