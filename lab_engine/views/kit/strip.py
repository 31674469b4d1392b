"""The sequence strip: what each part of a system did and knew, in lanes over one axis of time.

It reads like a sequence diagram laid on its side: bars are states, dots are happenings, arrows are
packets on their way from lane to lane, and a moment is a line across with a verdict. Whatever has
`words`, such as a packet as dig prints it, shows them under the pointer or the focus.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Literal

from lab_engine.errors import LabError
from lab_engine.views.theme import seconds, sign

from .picture import Drawn, Ghost

TONES: Final = ("good", "bad", "dead", "plain")
"""Looks that are no server: well, failing, gone, and neither."""
Shape = Literal["point", "ring", "cross", "tick"]
_STEPS: Final = tuple(base * 10**power for power in range(-3, 6) for base in (1, 2, 5))
_MOST_TICKS: Final = 9


@dataclass(frozen=True)
class Lane:
    """One row of the strip, or several thin ones: `Lane("checkers", rows=16)`."""

    name: str
    rows: int = 1


@dataclass(frozen=True)
class Bar:
    """A state of a lane from `start` to `end`; `look` is a server's address or one of `TONES`."""

    lane: str
    start: float
    end: float
    look: str = "plain"
    label: str = ""
    words: str = ""
    row: int | None = None
    """A thin bar in one row of its lane; None for one as high as the lane's bars are."""

    @property
    def span(self) -> tuple[float, float]:
        """From when to when."""
        return self.start, self.end


@dataclass(frozen=True)
class Dot:
    """Something that happened in a lane: a point, a ring, a cross or a tick."""

    lane: str
    at: float
    look: str = "plain"
    shape: Shape = "point"
    label: str = ""
    words: str = ""
    row: int = 0

    @property
    def span(self) -> tuple[float, float]:
        """When, twice."""
        return self.at, self.at


@dataclass(frozen=True)
class Arrow:
    """Something that left one lane at a time and reached another at a later one."""

    lane: str
    to: str
    start: float
    end: float
    look: str = "plain"
    label: str = ""
    words: str = ""

    @property
    def span(self) -> tuple[float, float]:
        """From when to when."""
        return self.start, self.end


@dataclass(frozen=True)
class Moment:
    """A time that matters: a dashed line across the lanes from `lane` to `to`, with a verdict."""

    lane: str
    to: str
    at: float
    label: str
    words: str = ""
    look: str = "plain"

    @property
    def span(self) -> tuple[float, float]:
        """When, twice."""
        return self.at, self.at


Mark = Bar | Dot | Arrow | Moment


@dataclass(frozen=True)
class Lamps:
    """The rows of a lane as lamps below the strip: what each of them is at the playhead.

    Attributes:
        lane: one with several rows, of which each has bars.
        look: which lamps are counted.
        says: the count in words, such as `{} of 16 say unhealthy`.
    """

    lane: str
    look: str
    says: str


@dataclass(frozen=True, repr=False)
class Strip(Drawn):
    """A picture of lanes over time.

    Attributes:
        title: what stands above it.
        lanes: from top to bottom.
        marks: in any order.
        end: of the axis; it begins at `start`.
        sentence: what a reader who cannot see it should know.
        servers: addresses whose letters and colours are used as looks; the first is A.
        hint: a second, fainter line under the title.
        ticks: (where, what) of the axis; without any, seconds in round steps.
        lamps: of which lanes the rows stand below, as they are at the playhead.
        begin: where the playhead stands at first, and what comes later is faint; None for the end,
            before which what comes later is hidden.
    """

    title: str
    lanes: tuple[Lane, ...]
    marks: tuple[Mark, ...]
    end: float
    sentence: str
    start: float = 0.0
    servers: tuple[str, ...] = ()
    hint: str = ""
    ticks: tuple[tuple[float, str], ...] = ()
    lamps: tuple[Lamps, ...] = ()
    begin: float | None = None
    ghosts: tuple[Ghost, ...] = ()

    kind = "strip"

    def __post_init__(self) -> None:
        rows = {lane.name: lane.rows for lane in self.lanes}
        if not self.start < self.end:
            raise LabError(self.end, "is no end of a strip", f"Give one above {self.start:g}.")
        for each in self.lamps:
            if rows.get(each.lane, 1) < 2:
                raise LabError(each.lane, "has no rows to be lamps", "Name a lane that has some.")
        for mark in self.marks:
            for lane in (mark.lane, mark.to) if isinstance(mark, Arrow | Moment) else (mark.lane,):
                if lane not in rows:
                    remedy = f"Choose of {', '.join(rows)}."
                    raise LabError(lane, "is no lane of this strip", remedy)
            row = 0 if isinstance(mark, Arrow | Moment) else mark.row or 0
            if not 0 <= row < rows[mark.lane]:
                remedy = f"Count rows from 0 to {rows[mark.lane] - 1}."
                raise LabError(row, f"is no row of the lane {mark.lane}", remedy)
            if mark.look not in (*TONES, *self.servers):
                remedy = f"Choose of {', '.join((*self.servers, *TONES))}."
                raise LabError(mark.look, "is neither a server of this strip nor a tone", remedy)

    @property
    def axis(self) -> tuple[tuple[float, str], ...]:
        """Where the ticks are, and what they say."""
        return self.ticks or tuple(round_ticks(self.start, self.end))

    @property
    def times(self) -> tuple[float, ...]:
        """When something happens: the stops of the playhead, the end of the axis being the last."""
        every = {time for mark in self.marks for time in mark.span}
        return tuple(sorted({t for t in every if self.start <= t < self.end} | {self.end}))

    def lit(self, lamps: Lamps, time: float) -> list[str]:
        """The look of each lamp at a time; empty where its row has no bar then."""
        looks = [""] * next(lane.rows for lane in self.lanes if lane.name == lamps.lane)
        at = min(time, self.end - (self.end - self.start) * 1e-9)
        for mark in self.marks:
            if isinstance(mark, Bar) and mark.lane == lamps.lane and mark.start <= at < mark.end:
                looks[mark.row or 0] = mark.look
        return looks

    def still(self) -> dict[str, Any]:
        """All of it, in words of JSON; marks in the order of time, as the keyboard visits them."""
        lanes = [lane.name for lane in self.lanes]
        marks = sorted(self.marks, key=lambda mark: (mark.span, lanes.index(mark.lane)))
        return {
            "title": self.title,
            "hint": self.hint,
            "lanes": [[lane.name, lane.rows] for lane in self.lanes],
            "servers": [_server(self.servers, index) for index in range(len(self.servers))],
            "span": [self.start, self.end],
            "ticks": [list(tick) for tick in self.axis],
            "times": [round(time, 6) for time in self.times],
            "marks": [_plain(mark) for mark in marks],
            "ghosts": [ghost.still() for ghost in self.ghosts],
            "lamps": [vars(each) for each in self.lamps],
            "begin": None if self.begin is None else round(self.begin, 6),
            # Round steps of seconds are told as such by the playhead; other axes by their ticks.
            "seconds": not self.ticks,
        }

    def frames(self) -> bytes:
        """None: the playhead uncovers what is drawn."""
        return b""

    def marked(self, ghosts: Sequence[Ghost]) -> "Strip":
        """The same picture with these values on its axis of time."""
        return replace(self, ghosts=tuple(ghosts))

    def svg(self) -> str:
        """The whole of it."""
        from .striptwin import strip_svg  # noqa: PLC0415  (the drawing knows the picture)

        return strip_svg(self)


def _server(servers: Sequence[str], index: int) -> dict[str, str]:
    letter, colour, ink, pattern = sign(index)
    look = {"letter": letter, "colour": colour, "ink": ink, "pattern": pattern}
    return {"name": servers[index], **look}


def _plain(mark: Mark) -> dict[str, Any]:
    """A mark without what it does not say."""
    named = {"kind": type(mark).__name__.lower(), **vars(mark)}
    named["span"] = [round(time, 6) for time in mark.span]
    for name in ("start", "end", "at"):
        named.pop(name, None)
    return {name: value for name, value in named.items() if value not in ("", None)}


def round_ticks(start: float, end: float) -> Iterable[tuple[float, str]]:
    """Where round steps of seconds lie between two, and what they say; nine at the most."""
    step = next(step for step in _STEPS if (end - start) / step <= _MOST_TICKS)
    first = -int(-start // step)
    for index in range(first, int(end / step + 1e-9) + 1):
        yield index * step, seconds(round(index * step, 6))
