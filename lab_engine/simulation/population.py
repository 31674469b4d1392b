"""The population engine: no event per request, exact in distribution inside its domain.

Requests of each client are Poisson. A cache is then a renewal process: a request fills it, it
holds the answer for the TTL, waits an exponential gap, is filled again. All caches are stepped
together, each at most once a step; the requests between fills are drawn from the times held
(`tally`). Caches of clients are in `layers`; what cannot be done is in `answers.reasons`.
"""

from collections.abc import Iterator

import numpy as np

from lab_engine.caches.crowds import head_counts, zipf_shares
from lab_engine.errors import ScenarioError
from lab_engine.simulation import layers
from lab_engine.simulation.answers import Fills, fills
from lab_engine.simulation.cases import Cases, Rng
from lab_engine.simulation.outcome import Level, Levels, Outcome
from lab_engine.simulation.scenario import Scenario
from lab_engine.simulation.tally import Bins, Counts, Floats, Ints, RenewalTally

Step = tuple[Floats, Floats]
BLOCK = 20_000  # caches stepped together: they fit the processor's own caches
BATCH = BLOCK // 2  # fills counted together: smaller steps are gathered first


MAX_FILLS = 2 * 10**9  # a minute or so


def run(scenario: Scenario) -> Outcome:
    """One run of a scenario that `answers.reasons` says nothing against.

    Raises:
        ScenarioError: more than 2 x 10^9 fills are to be expected.
    """
    rng = np.random.default_rng(scenario.seed)
    found = fills(scenario)
    _check_size(scenario, found.ttl)
    cases = Cases(found, rng)
    bins = Bins(scenario.bins, scenario.bin)
    counts = _counts(scenario, found.ttl, cases, bins, rng)
    return _outcome(scenario, found, counts)


def _check_size(scenario: Scenario, ttl: int) -> None:
    clients = scenario.clients
    caches = clients.count if clients.remember else scenario.resolvers.count
    gap = caches / (clients.count * clients.rate)
    held = clients.application_cache or ttl
    expected = caches * (1 + scenario.duration / (held + gap)) if held else 0
    if expected > MAX_FILLS:
        raise ScenarioError(
            f"{expected:.3g} fills of caches",
            f"are more than the {MAX_FILLS:,} that the population engine takes on",
            "Take a longer TTL, a shorter duration or fewer caches.",
        )


def _counts(scenario: Scenario, ttl: int, cases: Cases, bins: Bins, rng: Rng) -> Counts:
    clients = scenario.clients
    if clients.application_cache or (clients.os_cache and ttl):
        return layers.run(clients, ttl, _heads(scenario), cases, bins)
    if ttl:
        return _cached(_heads(scenario) * clients.rate, ttl, cases, bins, rng)
    asked = cases.split(rng.poisson(clients.count * clients.rate * bins.width, bins.count))
    requests = cases.requests(asked)  # TTL 0: each is a question to the authority
    return Counts(requests, asked, os=int(requests.sum()) if clients.os_cache else None)


def _heads(scenario: Scenario) -> Ints:
    """Clients behind each resolver that has any."""
    shares = zipf_shares(scenario.resolvers.count, scenario.resolvers.skew)
    heads = np.array(head_counts(scenario.clients.count, shares), np.int64)
    return heads[heads > 0]


def _cached(rates: Floats, ttl: int, cases: Cases, bins: Bins, rng: Rng) -> Counts:
    """Resolvers with these request rates, before clients that remember nothing."""
    tally = RenewalTally(len(cases), bins, ttl)
    size = len(rates) if cases.in_turn else BLOCK
    for start in range(0, len(rates), size):
        block = rates[start : start + size]
        fills = _in_step if cases.in_turn or len(block) > BLOCK // 2 else _ahead
        for at, rate in _batches(fills(block, ttl, bins.end, rng)):
            tally.add(at, rate, cases.draw(at))
    passed_on = rng.poisson(cases.shares.T @ tally.passed_on())
    return Counts(cases.requests(tally.taken()) + passed_on, tally.taken())


def _in_step(rates: Floats, ttl: int, end: float, rng: Rng) -> Iterator[Step]:
    """Times and request rates of fills, at most one of each cache in a step, in steps of time."""
    due = _first_fills(rates, ttl, rng)
    while (first := due.min()) < end:
        filled = np.flatnonzero(due < min(first + ttl, end))
        at, rate = due[filled], rates[filled]
        yield at, rate
        due[filled] = at + ttl + rng.standard_exponential(len(at)) / rate


def _ahead(rates: Floats, ttl: int, end: float, rng: Rng) -> Iterator[Step]:
    """The same for fewer caches, whose order in time does not matter: many fills of each."""
    due, enough = _first_fills(rates, ttl, rng), int(end / ttl) + 2
    while (going := due < end).any():
        due, rates = due[going], rates[going]
        gaps = rng.standard_exponential((len(due), min(enough, BLOCK // len(due))))
        gaps /= rates[:, None]
        later = due[:, None] + np.cumsum(ttl + gaps, axis=1)
        at = np.hstack([due[:, None], later[:, :-1]])
        yield at[at < end], np.broadcast_to(rates[:, None], at.shape)[at < end]
        due = later[:, -1]


def _first_fills(rates: Floats, ttl: int, rng: Rng) -> Floats:
    """As in the long run: a copy is there with probability H, its age uniform; or a gap is."""
    present = rng.random(len(rates)) < rates * ttl / (1 + rates * ttl)
    return np.where(
        present, -ttl * rng.random(len(rates)), rng.standard_exponential(len(rates)) / rates
    )


def _batches(steps: Iterator[Step]) -> Iterator[Step]:
    """The same fills, still in the order of steps, in fewer pieces: counting has a fixed cost."""
    gathered: list[Step] = []
    waiting = 0
    for step in steps:
        gathered.append(step)
        waiting += len(step[0])
        if waiting >= BATCH:
            yield _joined(gathered)
            gathered, waiting = [], 0
    if gathered:
        yield _joined(gathered)


def _joined(steps: list[Step]) -> Step:
    if len(steps) == 1:
        return steps[0]
    at, rate = (np.concatenate(column) for column in zip(*steps, strict=True))
    return at, rate


def _outcome(scenario: Scenario, found: Fills, counts: Counts) -> Outcome:
    total, queries = int(counts.requests.sum()), int(counts.fills.sum())
    reached_os = total if counts.application is None else counts.application
    reached_resolver = reached_os if counts.os is None else counts.os
    firsts = dict.fromkeys(found.servers, 0)
    for case, count in zip(found.cases, counts.fills.sum(axis=1).tolist(), strict=True):
        if case.first:
            firsts[case.first] += count
    return Outcome(
        servers=found.servers,
        down=scenario.down,
        bin=scenario.bin,
        window=scenario.window,
        requests=tuple(map(tuple, counts.requests[:-1].tolist())),
        failed=tuple(counts.requests[-1].tolist()),
        answers=tuple(firsts.values()),
        queries=tuple(counts.fills.sum(axis=0).tolist()),
        levels=Levels(
            application=_level(total, counts.application),
            os=_level(reached_os, counts.os),
            resolver=Level(reached_resolver - queries, queries),
        ),
        engine="population",
        seed=scenario.seed,
    )


def _level(asked: int, misses: int | None) -> Level:
    return Level() if misses is None else Level(asked - misses, misses)
