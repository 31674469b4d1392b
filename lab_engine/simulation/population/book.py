"""All copies of a run as rows of arrays: what each brings, how long it is kept, where it leads.

A row is one copy that one pool of caches may take in one epoch. It keeps its TTL and its order in
later epochs; who is down counts at the time of a request. numpy only.
"""

import numpy as np

from lab_engine.simulation.epochs import Epoch
from lab_engine.simulation.population.answers import Case, Fills, brought, shares, takes_turns
from lab_engine.simulation.population.cases import Cases, Rng
from lab_engine.simulation.population.copies import Addresses, Column, Copy
from lab_engine.simulation.population.pools import Pool, audience
from lab_engine.simulation.population.tally import Floats, Ints


class Book:
    """The rows, the dice that choose among them, and where they lead.

    Attributes:
        servers: every address of any copy.
        audiences: of the pools, each once.
        audience: of each pool, its place among them.
        hasty: whether some clients try no second address.
        starts: of the epochs, seconds.
        in_turn: whether the order of fills in time matters.
        pool, origin: of each row: the pool that may take it, and in which epoch.
        ttl: of each row, as clients are told; seconds.
        life: of each row on its resolver's clock, seconds; 0 is not kept.
        renew: seconds before its end in which a request renews it.
        hold: seconds in which none does.
        longest: for which a cache of each pool keeps a copy at first; seconds.
        chance: of each row, at a fill in its epoch.
        whole: whether that clock has whole seconds.
        empty: whether it has no address.
        first: the server in front of it, by its index; as many as there are for none.
        ways: how likely it leads each way, of shape (rows, ways).
        lead: the server each way leads to in each column, (ways, columns); as `first`.
    """

    def __init__(
        self, pools: list[Pool], epochs: tuple[Epoch, ...], rng: Rng, *, hasty: bool = False
    ) -> None:
        self.pools, self.rng, self.hasty = pools, rng, hasty
        changes = tuple(at for at, epoch in enumerate(epochs) if epoch.change)
        each = [audience(pool, changes) for pool in pools]
        self.audiences = list(dict.fromkeys(each))
        self.audience = np.array([self.audiences.index(one) for one in each])
        self.starts = np.array([epoch.start for epoch in epochs])
        self.servers: Addresses = tuple(
            dict.fromkeys(
                address
                for at in range(len(epochs))
                for pool in pools
                for _, reply in pool.told[at]
                for address in reply.addresses
            )
        )
        columns = [Column.of(epoch.scenario) for epoch in epochs]
        distinct = list(dict.fromkeys(columns))
        manners = (True, False) if hasty else (True,)
        self._columns = tuple(
            column._replace(tries_next=manner) for manner in manners for column in distinct
        )
        self._distinct = len(distinct)
        self._of_epoch = [distinct.index(column) for column in columns]
        self.in_turn = all(
            takes_turns(pool.told[at], epoch.scenario)
            for pool in pools
            for at, epoch in enumerate(epochs)
        )
        self._write(epochs)

    def _write(self, epochs: tuple[Epoch, ...]) -> None:
        found: list[tuple[int, int, Copy]] = []
        self._offset = np.zeros((len(self.pools), len(epochs)), np.int64)
        self._cases: list[list[Cases]] = [[] for _ in self.pools]
        for at, epoch in enumerate(epochs):
            for index, pool in enumerate(self.pools):
                kept = brought(pool.told[at], epoch.scenario, pool.profile, self._columns)
                self._offset[index, at] = len(found)
                found += [(index, at, copy) for copy in kept]
                self._cases[index].append(self._drawn(kept, self._of_epoch[at]))
        rows = [copy for *_, copy in found]
        self.pool = np.array([index for index, *_ in found])
        self.origin = np.array([at for _, at, _ in found])
        profiles = [self.pools[index].profile for index, *_ in found]
        pairs = list(zip(profiles, rows, strict=True))
        self.ttl = np.array([copy.ttl for copy in rows], float)
        self.life = np.array([profile.lifetime(copy.ttl) for profile, copy in pairs], float)
        renewals = [profile.renewal(copy.ttl) if copy.ttl else 0.0 for profile, copy in pairs]
        self.renew = np.minimum(np.array(renewals, float), self.life)
        self.hold = self.life - self.renew
        self.whole = np.array([profile.whole_seconds for profile in profiles])
        number = {address: index for index, address in enumerate((*self.servers, ""))}
        self.first = np.array([number[copy.first] for copy in rows])
        self.empty = self.first == len(self.servers)
        self.chance = np.array([copy.probability for copy in rows])
        self.longest = np.array(
            [self.life[self.rows(pool, 0)].max() for pool in range(len(self.pools))]
        )
        self._ways(rows, number)

    def _drawn(self, kept: list[Copy], column: int) -> Cases:
        cases = tuple(
            Case(copy.probability, copy.first, shares(copy, column, self.servers)) for copy in kept
        )
        return Cases(Fills(self.servers, kept[0].ttl, cases, self.in_turn), self.rng)

    def _ways(self, rows: list[Copy], number: dict[str, int]) -> None:
        every = {lead for copy in rows for _, lead in copy.leads}
        leads = sorted(every, key=lambda lead: [number[address] for address in lead])
        index = {lead: at for at, lead in enumerate(leads)}
        self.lead = np.array([[number[address] for address in lead] for lead in leads])
        self.ways = np.zeros((len(rows), len(leads)))
        for row, copy in enumerate(rows):
            for chance, lead in copy.leads:
                self.ways[row, index[lead]] += chance
        self._edges = np.cumsum(self.ways, axis=1)[:, :-1]
        self._edges[self._edges > 1 - 1e-12] = 1.0
        self._only = self.ways.argmax(axis=1)
        self._certain = bool(np.isin(self.ways, (0.0, 1.0)).all())
        self._alike = bool((self.ways == self.ways[0]).all())

    def __len__(self) -> int:
        return len(self.origin)

    @property
    def even(self) -> bool:
        """Whether all copies are held for one time on a continuous clock, and for all one way."""
        alike = np.ptp(self.life) == 0 and not self.whole.any() and not self.renew.any()
        return bool(alike) and len(self.pools) == 1 and len(self.starts) == 1

    # --- reading ---------------------------------------------------------------------------------

    def column(self, epoch: int, *, tries_next: bool = True) -> int:
        """The column of `lead` that holds in an epoch for such clients."""
        return self._of_epoch[epoch] + (0 if tries_next else self._distinct)

    def shares(self, epoch: int, *, tries_next: bool = True) -> Floats:
        """Where such clients of each row go in an epoch; last, what part of them fails."""
        column = self.column(epoch, tries_next=tries_next)
        reached = np.eye(len(self.servers) + 1)[self.lead[:, column]]
        found: Floats = self.ways @ reached
        return found

    def epochs(self, at: Floats) -> Ints:
        """The epoch of each time; what is before 0 is in the first."""
        found: Ints = np.searchsorted(self.starts[1:], at, "right")
        return found

    def rows(self, pool: int, epoch: int) -> slice:
        """Those that a pool may take in an epoch."""
        begin = int(self._offset[pool, epoch])
        return slice(begin, begin + len(self._cases[pool][epoch]))

    def expires(self, at: Floats, row: Ints) -> Floats:
        """Until when copies of these rows, taken then, are kept."""
        life: Floats = self.life[row]
        ticks = self.whole[row] & (life > 0)
        return np.where(ticks, np.floor(at), at) + life if ticks.any() else at + life

    def told_until(self, at: Floats, row: Ints) -> Floats:
        """The same as clients are told: without a clock's grace."""
        found: Floats = np.where(self.whole[row], np.floor(at), at) + self.ttl[row]
        return found

    # --- dice ------------------------------------------------------------------------------------

    def draw(self, at: Floats, pool: int | Ints) -> Ints:
        """The row of each fill at these times, of caches in that pool."""
        if len(self) == len(self._cases[0][0]):
            return self._cases[0][0].draw(at)
        if self.in_turn:
            return self._turns(at, pool)
        if isinstance(pool, np.ndarray):
            return self._of_pools(at, pool)
        if len(self.starts) == 1:
            return self._offset[pool, 0] + self._cases[pool][0].draw(at)  # type: ignore[no-any-return]
        epochs = self.epochs(at)
        rows = np.empty(len(at), np.int64)
        for epoch in range(epochs.min(initial=len(self.starts)), epochs.max(initial=-1) + 1):
            chosen = np.flatnonzero(epochs == epoch)
            rows[chosen] = self._offset[pool, epoch] + self._cases[pool][epoch].draw(at[chosen])
        return rows

    def _of_pools(self, at: Floats, pool: Ints) -> Ints:
        rows = np.empty(len(at), np.int64)
        for each in range(len(self.pools)):
            chosen = np.flatnonzero(pool == each)
            rows[chosen] = self.draw(at[chosen], each)
        return rows

    def _turns(self, at: Floats, pool: int | Ints) -> Ints:
        """One counter for all, from epoch to epoch."""
        epochs = self.epochs(at)
        counts = np.array([len(cases) for cases in self._cases[0]])
        turns = self._cases[0][0].turns(at)
        found: Ints = self._offset[pool, epochs] + turns % counts[epochs]
        return found

    def split(self, asked: Ints, pool: int, epochs: Ints) -> Ints:
        """So many fills of a pool in each cell, by row: shape (cells,) -> (rows, cells)."""
        found = np.zeros((len(self), len(asked)), np.int64)
        for epoch in np.unique(epochs).tolist():
            cells = np.flatnonzero(epochs == epoch)
            parts = self._cases[pool][epoch].split(asked[cells])
            found[self.rows(pool, epoch), cells[0] : cells[-1] + 1] = parts
        return found

    def led(self, row: Ints) -> Ints:
        """The way that one answer from each of these copies leads."""
        if self._certain:
            return np.take(self._only, row)
        throws = self.rng.random(len(row))
        found = np.zeros(len(row), np.int64)
        for edge in self._edges.T:
            found += throws >= (edge[0] if self._alike else edge[row])
        return found
