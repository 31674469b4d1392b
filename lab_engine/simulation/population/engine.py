"""The population engine: no event per request, exact in distribution inside its domain.

Requests of each client are Poisson. A cache is then a renewal process: a request fills it, it
holds the answer for the TTL, waits an exponential gap, is filled again. All caches are stepped
together, each at most once a step; the requests between fills are drawn from the times held
(`tally`). Caches of resolvers are in `held`, those of clients in `layers`; what can be stored and
where it leads is in `book`, and what cannot be done in `domain`.
"""

import math
from dataclasses import replace
from itertools import pairwise
from random import Random

import numpy as np

from lab_engine.caches.recursives import RecursiveProfile
from lab_engine.errors import ScenarioError
from lab_engine.simulation.epochs import Epoch, epochs
from lab_engine.simulation.holders import Seat, Watched, watched
from lab_engine.simulation.outcome import Level, Outcome
from lab_engine.simulation.population.answers import check_addresses
from lab_engine.simulation.population.book import Book
from lab_engine.simulation.population.held import Held
from lab_engine.simulation.population.kinds import kind_of, kinds
from lab_engine.simulation.population.layers import Layers, People
from lab_engine.simulation.population.outages import Deaths
from lab_engine.simulation.population.pools import (
    Crowds,
    Pool,
    block_of,
    blocks,
    network_of,
    told,
)
from lab_engine.simulation.population.stop import Progress, Stop, stopping
from lab_engine.simulation.population.sums import Sums
from lab_engine.simulation.population.tally import Bins, Floats, Ints
from lab_engine.simulation.population.watched import Watch
from lab_engine.simulation.probes import failing
from lab_engine.simulation.scenario import Scenario
from lab_engine.simulation.start import CYCLES, SPREAD, memory
from lab_engine.simulation.strata import mean_rate, strata

MAX_FILLS = 2 * 10**9  # a minute or so
MAX_BYTES = 2 * 10**9
BEGINNING = (
    "some caches have times of their own, so resolvers begin with all behind them before the "
    "watch: what is left of that in their rates is 0.2 % at most"
)
CACHE_BYTES, CLIENT_BYTES, COUNT_BYTES = 100, 300, 40  # of a cache, a client with one, a cell
DEATH_BYTES = 70  # of each of these, for each death


def run(
    scenario: Scenario,
    *,
    max_bytes: int = MAX_BYTES,
    progress: Progress | None = None,
    partial: bool = False,
    holdings: int = 0,
) -> Outcome:
    """One run of a scenario that `domain.reasons` says nothing against.

    With `partial`, Ctrl-C ends it between two steps, and what was counted by then is the outcome,
    which says so: all caches up to `ended` where they are stepped together, else some of them for
    the whole watch, as its notes say.

    Args:
        scenario: what happens.
        max_bytes: refuse what would take more memory than this.
        progress: told now and then how far it is.
        partial: whether a part is wanted.
        holdings: for how many of the largest caches it is told who held what.

    Raises:
        ScenarioError: more than 2 x 10^9 fills or more than that memory are to be expected.
    """
    _check_size(scenario, max_bytes)
    rng = np.random.default_rng(scenario.seed)
    with stopping(progress, partial=partial) as stop:
        found = epochs(scenario, Random(scenario.seed))
        return _Run(scenario, found, rng, stop).outcome(watched(scenario, holdings))


def _check_size(scenario: Scenario, max_bytes: int) -> None:
    remember = any(kind.remembers for kind in kinds(scenario))
    caches = (
        scenario.resolvers.count
        if not scenario.resolvers.volumes
        else len(scenario.resolvers.volumes)
    )
    clients = scenario.clients.count
    expected = caches * CACHE_BYTES + remember * clients * CLIENT_BYTES
    expected += scenario.bins * COUNT_BYTES * len(scenario.steps) * 4
    deaths = sum(bool(after - before) for (_, before), (_, after) in pairwise(failing(scenario)))
    expected += deaths * (caches + remember * clients) * DEATH_BYTES
    if expected > max_bytes:
        raise ScenarioError(
            f"{expected / 1e9:.3g} GB of memory",
            f"are more than the {max_bytes / 1e9:.3g} GB that the population engine may take",
            "Take fewer caches, clients, bins or changes.",
        )


def _check_fills(scenario: Scenario, book: Book, caches: int) -> None:
    every, asked = kinds(scenario), scenario.clients.count * mean_rate(scenario)
    own = [kind.application for kind in every if kind.application]
    held = min([*own, float(book.life.min())])
    fills = caches * (1 + scenario.duration / (held + caches / asked))
    if any(kind.asks_each_time for kind in every):
        fills += asked * scenario.duration
    expected = fills if held or any(kind.remembers for kind in every) or book.life.any() else 0
    if expected > MAX_FILLS:
        raise ScenarioError(
            f"{expected:.3g} fills of caches",
            f"are more than the {MAX_FILLS:,} that the population engine takes on",
            "Take a longer TTL, a shorter duration or fewer caches.",
        )


class _Run:
    """One run: who is where, what they are told, and the counts."""

    def __init__(
        self, scenario: Scenario, found: tuple[Epoch, ...], rng: np.random.Generator, stop: Stop
    ) -> None:
        self._scenario, self._epochs, self._stop = scenario, found, stop
        self._kinds = kinds(scenario)
        self._strata = strata(scenario)
        known = scenario.known_profiles
        self._profiles = [known.recursive(each.profile) for each in self._strata]
        self._blocks = [
            blocks(stratum.place, profile, found)
            for stratum, profile in zip(self._strata, self._profiles, strict=True)
        ]
        self._pools: list[Pool] = []
        self._pool_of = [self._pools_of(index) for index in range(len(self._strata))]
        hasty = not all(kind.tries_next for kind in self._kinds)
        self._book = Book(self._pools, found, rng, hasty=hasty)
        check_addresses(scenario, self._book.servers)
        times = tuple(epoch.start for epoch in found[1:])
        self._bins = Bins(scenario.bins, scenario.bin, times)
        self._deaths = Deaths(
            self._book,
            found,
            self._bins.end,
            mean_rate(scenario),
            0.0 if scenario.checkers is None else scenario.checkers.publication,
        )
        self._sums = Sums(scenario, found, self._book, self._bins)
        self._notes: tuple[str, ...] = ()

    def _pools_of(self, index: int) -> list[int]:
        """The pool of each block of a stratum; blocks that are told the same share one."""
        place = self._strata[index].position
        found = []
        for block in self._blocks[index]:
            pool = Pool(place, self._profiles[index], told(block))
            if pool not in self._pools:
                self._pools.append(pool)
            found.append(self._pools.index(pool))
        return found

    def outcome(self, watching: tuple[Watched, ...]) -> Outcome:
        """Step all caches, and sum."""
        own = any(kind.application or kind.floor or kind.by_luck for kind in self._kinds)
        remember = any(kind.remembers for kind in self._kinds)
        stop, layered = self._stop, own or (remember and bool(self._book.ttl.any()))
        caches = self._numbers(watching, layered=layered) if self._book.life.any() else ()
        watch = Watch(self._book, caches, self._bins.end)
        (self._run_layers if layered else self._run_held)(watch)
        found = self._sums.outcome(self._deaths, stop.at, self._notes, partial=stop.asked)
        if not watching:
            return found
        holders = tuple(each.holder for each in watching)
        holdings = watch.holdings(watching, found.downs, found.ended)
        return replace(found, holders=holders, holdings=holdings)

    def _numbers(self, watching: tuple[Watched, ...], *, layered: bool) -> list[int]:
        """The numbers of these caches in the order in which all are stepped."""
        found, first = dict[Seat, int](), 0
        for index, stratum in enumerate(self._strata if watching else ()):
            spread, keys = self._profiles[index].fragments, self._keys(index, layered=layered)
            networks = [network_of(stratum.place, block) for block in self._blocks[index]]
            begin, end = stratum.resolvers[0], stratum.resolvers[-1]
            for each in watching:
                seat = each.seat
                if begin <= seat.resolver <= end:
                    key = (seat.resolver - begin) * len(networks) + networks.index(seat.network)
                    place = int(np.flatnonzero(keys == key)[0])
                    found[seat] = first + place * spread + seat.fragment
            first += len(keys) * spread
        return [found[each.seat] for each in watching]

    def _keys(self, index: int, *, layered: bool) -> Ints:
        """Resolver and block of each crowd of a stratum, as one number, in their order."""
        width = len(self._blocks[index])
        if width == 1:
            return np.arange(len(self._strata[index].heads))
        resolver, block = self._members(index)
        keys = np.unique(resolver * width + block)
        if layered:
            return keys
        of_block = np.array(self._pool_of[index])[keys % width]
        return keys[np.argsort(of_block, kind="stable")]

    # --- clients that remember nothing -----------------------------------------------------------

    def _run_held(self, watch: Watch) -> None:
        crowds = [self._crowds(index) for index in range(len(self._strata))]
        parts = [part for each in crowds for part in each]
        rate, caches = mean_rate(self._scenario), sum(int(each.spread.sum()) for _, each in parts)
        _check_fills(self._scenario, self._book, caches)
        held = Held(self._book, self._bins, self._deaths, watch, stop=self._stop, caches=caches)
        if self._book.in_turn and len(self._book.pools) > 1:
            pools = np.concatenate([np.full(each.spread.sum(), pool) for pool, each in parts])
            everybody = zip(*(each for _, each in parts), strict=True)
            heads, spread = (np.concatenate(each) for each in everybody)
            held.add(Crowds(heads, spread), rate, pools)
        else:
            for pool, each in parts:
                if not self._stop.asked:
                    held.add(each, rate, pool)
        self._note_stop(held.steps, caches)
        requests = self._sums.add_copies(held.taken, held.passed_on)
        self._sums.queries += held.asked
        renewed = np.bincount(self._book.audience, held.renewed, len(requests)).astype(int)
        self._look_up(requests, renewed)
        if any(kind.os for kind in self._kinds):  # which have had nothing to keep
            asked = int(self._book.rng.binomial(requests, self._shares_with_os()).sum())
            self._sums.os = _level(asked, asked)

    def _shares_with_os(self) -> Floats:
        """The part of each audience's clients that have a system cache."""
        every, having = np.zeros((2, len(self._book.audiences)))
        has = np.array([kind.os for kind in self._kinds])
        for index, stratum in enumerate(self._strata):
            _, block = self._members(index)
            audience = self._book.audience[np.array(self._pool_of[index])[block]]
            kind = kind_of(np.arange(len(block)), stratum.mix, self._scenario)
            every += np.bincount(audience, minlength=len(every))
            having += np.bincount(audience, has[kind], len(every))
        return having / np.maximum(every, 1)

    def _note_stop(self, stepped: int, caches: int) -> None:
        if self._stop.asked and math.isnan(self._stop.at):
            note = f"broken off: these are {stepped:,} of {caches:,} caches, for the whole watch"
            self._notes += (note,)

    def _look_up(self, asked: Ints, renewed: Ints) -> None:
        """Questions to resolvers by audience, and misses there. `renewed` is by audience."""
        book = self._book
        audiences = book.audience[book.pool]
        filled = np.bincount(audiences, self._sums.queries.sum(axis=1), len(asked))
        for audience, (count, misses) in enumerate(zip(asked, filled - renewed, strict=True)):
            self._sums.add_look_ups(audience, int(count), int(misses))

    def _crowds(self, index: int) -> list[tuple[int, Crowds]]:
        """The clients of a stratum by pool, where they keep nothing."""
        heads, profile = np.array(self._strata[index].heads, np.int64), self._profiles[index]
        if len(self._blocks[index]) == 1:
            return [(self._pool_of[index][0], _crowds(heads, profile))]
        resolver, block = self._members(index)
        width = len(self._blocks[index])
        counts = np.bincount(resolver * width + block, minlength=len(heads) * width)
        counts = counts.reshape(-1, width)
        of_block = np.array(self._pool_of[index])
        return [
            (pool, _crowds(some[some > 0], profile))
            for pool in np.unique(of_block).tolist()
            for some in [counts[:, of_block == pool].ravel()]
            if some.any()
        ]

    def _members(self, index: int) -> tuple[Ints, Ints]:
        """The resolver and the block of each client of a stratum."""
        heads = np.array(self._strata[index].heads, np.int64)
        resolver = np.repeat(np.arange(len(heads)), heads)
        place = self._strata[index].place
        return resolver, block_of(np.arange(len(resolver)), place, self._blocks[index])

    # --- clients that do -------------------------------------------------------------------------

    def _run_layers(self, watch: Watch) -> None:
        people = self._people()
        book, scenario = self._book, self._scenario
        _check_fills(scenario, book, len(people.home) + int((people.crowd > 0).sum()))
        layers = Layers(book, people, self._kinds, self._bins, self._deaths, watch)
        early = self._early(people)
        self._notes += () if early is None else (BEGINNING,)
        layers.run(mean_rate(scenario), early, self._stop)
        held = layers.held.taken() + book.rng.poisson(layers.held.passed_on())
        tries_next = [kind.tries_next for kind in self._kinds]
        requests = self._sums.add_ways(held, len(self._kinds), tries_next)
        crowds = self._sums.add_copies(layers.crowd.taken(), layers.crowd.passed_on())
        self._sums.queries += layers.filled.taken()
        asks = layers.asks.reshape(requests.shape)
        self._look_up(crowds[: len(asks)] + asks.sum(axis=1), layers.renewed)
        self._levels(
            requests.sum(axis=0),
            layers.answers.reshape(requests.shape).sum(axis=0),
            asks.sum(axis=0),
        )

    def _early(self, people: People) -> Floats | None:
        """When each cache begins with all behind it; None where no time is needed for that.

        In whole seconds, as some clocks have them. All of one resolver begin together.
        """
        book = self._book
        alone = (people.spread == 1).all() and not book.renew.any()
        if alone and all(kind.ends_with_copy(float(book.longest.max())) for kind in self._kinds):
            return None
        found = [memory(self._scenario, float(ttl)) for ttl in book.longest]
        throws = book.rng.standard_normal(int(people.resolver[-1]) + 1)[people.resolver]
        spans = np.array([each.cycle for each in found])[people.pool]
        own = np.array([each.own for each in found])[people.pool]
        before = own + spans * np.clip(CYCLES + SPREAD * throws, 0, 2 * CYCLES)
        begins: Floats = -np.ceil(before)
        return begins

    def _levels(self, requests: Ints, answers: Ints, asks: Ints) -> None:
        """Look-ups and misses in the clients' own caches, from counts of each kind."""
        own = np.array([kind.application > 0 for kind in self._kinds])
        system = np.array([kind.os for kind in self._kinds])
        asked = np.where(own, answers, requests)
        if own.any():
            self._sums.application = _level(int(requests[own].sum()), int(answers[own].sum()))
        if system.any():
            self._sums.os = _level(int(asked[system].sum()), int(asks[system].sum()))

    def _people(self) -> People:
        """All clients and their caches; those that keep nothing in common have one each."""
        found = [self._people_of(index) for index in range(len(self._strata))]
        if not self._book.life.any():
            return _each_alone(found)
        return _together(found)

    def _people_of(self, index: int) -> People:
        resolver, block = self._members(index)
        fragments, width = self._profiles[index].fragments, len(self._blocks[index])
        member_kind = kind_of(np.arange(len(resolver)), self._strata[index].mix, self._scenario)
        key, home = np.unique(resolver * width + block, return_inverse=True)
        pool = np.array(self._pool_of[index])[key % width]
        alone = np.array([kind.remembers for kind in self._kinds])[member_kind]
        crowd = np.bincount(home[~alone], minlength=len(key)) / fragments
        own = np.flatnonzero(alone)
        own = own[np.argsort(home[own], kind="stable")]
        return People(
            np.repeat(pool, fragments),
            np.repeat(crowd, fragments),
            home[own] * fragments,
            member_kind[own],
            np.repeat(np.full(len(key), fragments), fragments),
            np.repeat(np.arange(len(key)), fragments),
        )


def _crowds(heads: Ints, profile: RecursiveProfile) -> Crowds:
    return Crowds(heads, np.full(len(heads), profile.fragments, np.int64))


def _together(found: list[People]) -> People:
    starts = np.cumsum([0, *(len(each.pool) for each in found)])
    resolvers = np.cumsum([0, *(each.resolver.max(initial=-1) + 1 for each in found)])
    return People(
        np.concatenate([each.pool for each in found]),
        np.concatenate([each.crowd for each in found]),
        np.concatenate([each.home + start for each, start in zip(found, starts, strict=False)]),
        np.concatenate([each.kind for each in found]),
        np.concatenate([each.spread for each in found]),
        np.concatenate([each.resolver + n for each, n in zip(found, resolvers, strict=False)]),
    )


def _each_alone(found: list[People]) -> People:
    """A resolver that keeps nothing binds nobody together, and all its caches are as one."""
    return _together([_one_by_one(each) for each in found])


def _one_by_one(people: People) -> People:
    spread = int(people.spread[0])
    pool, heads = people.pool[::spread], people.crowd[::spread] * spread
    count = len(people.home) + int((heads > 0).sum())
    return People(
        np.concatenate([people.pool[people.home], pool[heads > 0]]),
        np.concatenate([np.zeros(len(people.home)), heads[heads > 0]]),
        np.arange(len(people.home)),
        people.kind,
        np.ones(count, np.int64),
        np.arange(count),
    )


def _level(asked: int, misses: int) -> Level:
    return Level(asked - misses, misses)
