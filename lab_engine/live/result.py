"""What a drill came to: each outage by its parts beside what was foretold, and all as an `Outcome`.

Each part has a witness of its own: the checkers' verdict, the authority's answers, the TTL of the
copy that led the client, and its requests. Nobody adds one up from the others but the test.
"""

import math
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from lab_engine.errors import LabError
from lab_engine.live.foretold import Foretold, foretold
from lab_engine.live.record import Changed, Copy, Record, Request
from lab_engine.live.settings import Settings
from lab_engine.live.stage import Stage
from lab_engine.simulation.outages import Outage, Parts
from lab_engine.simulation.outcome import Holder, Holding, Level, Levels, Outcome
from lab_engine.simulation.tables import Column, Shown, Table

BIN = 0.5  # seconds
HEAD = (
    Column("seconds", 14),
    Column("measured", 10),
    Column("foretold: mean", 16),
    Column("least", 8),
    Column("most", 8),
)


def checked(given: object) -> "Result":
    """What pictures are made of. Raises LabError where it is anything but a result."""
    if isinstance(given, Result):
        return given
    raise LabError(type(given).__name__, "is no result of a drill", "Give d.result().")


class Measured(NamedTuple):
    """The outage that followed a failure.

    Attributes:
        event: who failed, how and when.
        seconds: from then until the client was well served again, by its requests; 0 where none
            was lost. Of an outage that goes on, what was seen of it.
        over: whether it was seen to end.
        parts: by who takes them, each by its own witness.
        noticed: seconds until enough checkers had changed their minds; endless where they did not.
        published: seconds until no answer led there.
    """

    event: Changed
    seconds: float
    over: bool
    parts: Parts
    noticed: float
    published: float

    @property
    def outage(self) -> Outage:
        """As simulations have it."""
        still = 0.0 if self.over else 1.0
        late = (self.parts.client,)
        known = (self.noticed, self.published)
        return Outage(self.event.at, ((self.seconds, 1.0),), still, *known, late)


@dataclass(frozen=True, repr=False)
class Result(Shown):
    """All of a drill up to now; by itself it shows its table.

    Attributes:
        stage: who played.
        how: the drill's clocks.
        record: what happened.
        ended: seconds since it began.
        live: whether with sockets, or in virtual time.
        seed: of the dice.
    """

    stage: Stage
    how: Settings
    record: Record
    ended: float
    live: bool
    seed: int

    @cached_property
    def measured(self) -> tuple[Measured, ...]:
        """One for each failure, in the order of time."""
        return tuple(self._measured(each) for each in self._failures)

    @cached_property
    def foretold(self) -> tuple[Foretold, ...]:
        """What was to be expected of each."""
        return tuple(self._foretold(each) for each in self._failures)

    @property
    def _failures(self) -> list[Changed]:
        return [each for each in self.record.changed if each.failure]

    @property
    def outages(self) -> tuple[Outage, ...]:
        """The same as simulations have them; `part_bars` draws them."""
        return tuple(each.outage for each in self.measured)

    # --- one outage ---------------------------------------------------------------------------

    def _measured(self, event: Changed) -> Measured:
        until = self._until(event)
        lost = [
            each
            for each in self.record.asked()
            if event.at <= each.at < until and not each.good and event.address in each.tried
        ]
        healed = self._healed(event)
        noticed = self._noticed(event, healed)
        published = self._published(event, noticed, healed)
        if not lost:
            return Measured(event, 0.0, True, Parts(), noticed, published)
        back = self._back(lost[-1])
        seconds = (self.ended if back is None else back.at) - event.at
        parts = self._parts(event, seconds, noticed, published)
        return Measured(event, seconds, back is not None, parts, noticed, published)

    def _until(self, event: Changed) -> float:
        """When the next back end fails, of which losses are from then on."""
        later = (each.at for each in self.record.changed if each.at > event.at and each.failure)
        return min(later, default=math.inf)

    def _healed(self, event: Changed) -> float:
        """When it is well again: what fails otherwise meanwhile may be noticed for both."""
        again = (
            each.at
            for each in self.record.changed
            if each.at > event.at and each.address == event.address and not each.failure
        )
        return min(again, default=math.inf)

    def _noticed(self, event: Changed, healed: float) -> float:
        checks = {each.id for each in self.stage.checks_of(event.address)}
        found = (
            each.at - event.at
            for each in self.record.noticed
            if each.check in checks and not each.healthy and event.at <= each.at < healed
        )
        return min(found, default=math.inf)

    def _published(self, event: Changed, noticed: float, healed: float) -> float:
        """When the authority's answers no longer held it: it was asked each time they changed."""
        found = (
            each.at - event.at
            for each in [*self.record.answered]
            if event.at + noticed <= each.at < healed and event.address not in each.addresses
        )
        return min(found, default=math.inf)

    def _back(self, last: Request) -> Request | None:
        """The first request that was served after the last one lost."""
        return next((each for each in self.record.asked() if each.good and each.at > last.at), None)

    def _parts(self, event: Changed, seconds: float, noticed: float, published: float) -> Parts:
        if noticed >= seconds:
            return Parts(seconds)
        publication = min(published, seconds) - noticed
        known = noticed + publication
        led = [
            each.end - event.at
            for each in self.record.copies()
            if event.address in each.addresses and each.start - event.at < seconds
        ]
        run_out = min(seconds, max([known, *led]))
        return Parts(noticed, publication, run_out - known, seconds - run_out)

    def _foretold(self, event: Changed) -> Foretold:
        unhealthy: dict[str, bool] = {}
        for each in self.record.published:
            if each.at < event.at:
                unhealthy[each.check] = not each.healthy
        failing = [check for check, bad in unhealthy.items() if bad]
        dead = self.record.dead(event.at)
        return foretold(self.stage, self.how, event, failing, dead)

    # --- all of it ----------------------------------------------------------------------------

    @cached_property
    def outcome(self) -> Outcome:
        """The drill as a run: the strip and other pictures take it as they take a simulation's."""
        bins = max(1, math.ceil(self.ended / BIN))
        copies, requests = self.record.copies(), self.record.asked()
        served = Counter((each.server, _bin(each.at, bins)) for each in requests)
        firsts = Counter(each.addresses[0] for each in copies)
        queries = Counter(_bin(each.start, bins) for each in copies)
        return Outcome(
            addresses=self.stage.addresses,
            down=(),
            bin=BIN,
            window=BIN * bins,
            requests=tuple(
                tuple(served[address, each] for each in range(bins))
                for address in self.stage.addresses
            ),
            failed=tuple(served["", each] for each in range(bins)),
            answers=tuple(firsts[address] for address in self.stage.addresses),
            queries=tuple(queries[each] for each in range(bins)),
            levels=Levels(Level(), Level(), Level(len(requests) - len(copies), len(copies))),
            engine="live drill" if self.live else "virtual drill",
            seed=self.seed,
            verdicts=tuple(self.record.published),
            minds=tuple(self.record.minds),
            downs=tuple(self._downs()),
            outages=self.outages,
            ended=self.ended,
            holders=(Holder("cache", "", 1.0),),
            holdings=tuple(_holding(each) for each in copies),
        )

    def _downs(self) -> Iterator[tuple[float, tuple[str, ...]]]:
        yield 0.0, ()
        for each in self.record.changed:
            dead = self.record.dead(each.at)
            yield each.at, tuple(one for one in self.stage.addresses if one in dead)

    @property
    def table(self) -> Table:
        """Each outage, its parts, and what was foretold."""
        both = [*zip(self.measured, self.foretold, strict=True)]
        rows = [row for each, law in both for row in _rows(each, law)]
        notes = [note for each, law in both for note in _notes(each, law)]
        return Table(HEAD, rows, notes or ["Nobody has failed yet."])


def _bin(at: float, bins: int) -> int:
    return min(bins - 1, int(at / BIN))


def _holding(copy: Copy) -> Holding:
    part = 1 / len(copy.addresses)
    return Holding(0, copy.start, copy.end, tuple((each, part) for each in copy.addresses))


def _rows(each: Measured, law: Foretold) -> Iterator[tuple[str, ...]]:
    yield ("outage", _s(each.seconds), _s(law.mean), _s(law.least), _s(law.most))
    for name, part in each.parts._asdict().items():
        yield (name, _s(part), _s(getattr(law.parts, name)))


def _notes(each: Measured, law: Foretold) -> Iterator[str]:
    event = each.event
    how = f"{event.address} was {event.failure} from {event.at:.1f} s on."
    yield how if each.over else f"{how} Its outage is not over."
    if law.why:
        yield f"Nothing is foretold: {law.why}"


def _s(seconds: float) -> str:
    if math.isnan(seconds):
        return "-"
    return "endless" if math.isinf(seconds) else f"{seconds:.1f}"
