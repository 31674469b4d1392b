"""Part bars: how long an outage lasts, and who takes how much of it.

A bar for the mean, for the client that 99 of 100 are better off than, and for the worst, each from
the death to the return, in the order in which the parts follow each other; or the means of several
worlds beside each other. Nothing moves.
"""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from lab_engine.errors import LabError
from lab_engine.simulation.outages import Outage, Parts, pooled, split
from lab_engine.views.theme import seconds

from .picture import Drawn, Ghost
from .strip import round_ticks
from .svg import element, picture

ROWS: Final = (("mean", None), ("p99", 0.99), ("worst", 1.0))
SAYS: Final = {
    "detection": "until checkers know",
    "publication": "until the answer changes",
    "cache": "until the TTL has run down",
    "client": "kept beyond the TTL",
}
_STEPS: Final = tuple(base * 10**power for power in range(6) for base in (1, 1.5, 2, 3, 5, 7.5))
WIDE: Final = 760  # pixels; with fewer than these the key says no more than names
_LEFT, _RIGHT, _TOP = 62, 78, 72
_BAR, _ROW, _LINE = 28, 42, 17
_THINNEST = 0.5  # pixels of what is drawn
_LEAST = 0.05  # seconds of what is said
_CHARACTER = 7.0  # pixels of width, about


@dataclass(frozen=True, repr=False)
class PartBars(Drawn):
    """The split of an outage.

    Attributes:
        title: what stands above it.
        rows: what each bar is called, and its parts in seconds.
        end: of the axis, which begins at 0; seconds.
        sla: seconds that were promised, as a line across the bars; None for none.
        width: of the drawing, pixels.
    """

    title: str
    rows: tuple[tuple[str, Parts], ...]
    end: float
    sla: float | None = None
    width: int = WIDE
    ghosts: tuple[Ghost, ...] = ()

    kind = "drawn"
    hint = ""

    @property
    def sentence(self) -> str:
        """What it shows, in words."""
        said = "; ".join(f"{name} {_said(parts)}" for name, parts in self.rows)
        return f"Outage by its parts: {said}.{self._kept()}"

    def _kept(self) -> str:
        if self.sla is None:
            return ""
        over = [name for name, parts in self.rows if parts.total > self.sla]
        verdict = f"broken: {', '.join(over)}" if over else "kept by all"
        return f" The promise of {seconds(self.sla)} is {verdict}."

    def still(self) -> dict[str, Any]:
        """What stands around it, and the drawing."""
        return {"title": self.title, "hint": self.hint, "svg": self._drawn(head=0)}

    def frames(self) -> bytes:
        """None."""
        return b""

    def marked(self, ghosts: Sequence[Ghost]) -> "PartBars":
        """The same picture with these values on its axis of seconds."""
        return replace(self, ghosts=tuple(ghosts))

    def svg(self) -> str:
        """The bars under their title."""
        return self._drawn(head=26)

    # --- drawing ----------------------------------------------------------------------------------

    def _drawn(self, head: int) -> str:
        top = head + (_TOP if self.width >= WIDE else _TOP - 20)
        bottom = top + _ROW * len(self.rows)
        parts = [element("text", self.title, x=8, y=20, class_="b", font_size=15)] if head else []
        parts += [*_key(head + 16, self.width), *self._axis(top - 8, bottom)]
        bars = [(name, each, top + _ROW * row) for row, (name, each) in enumerate(self.rows)]
        parts += [area for _, each, at in bars for area in self._areas(each, at)]
        if self.sla is not None:
            parts += self._line(self.sla, f"promised {seconds(self.sla)}", top - 8, bottom)
        parts += [text for name, each, at in bars for text in self._texts(name, each, at)]
        for row, ghost in enumerate(self.ghosts):
            parts += self._ghost(ghost, bottom + 34 + _LINE * row)
        height = bottom + 28 + (_LINE * len(self.ghosts) + 8 if self.ghosts else 0)
        return picture(self.width, height, parts, len(Parts._fields))

    def _x(self, value: float) -> float:
        return self._left + min(1.0, value / self.end) * (self.width - self._left - _RIGHT)

    @property
    def _left(self) -> float:
        """Where the axis begins: right of the longest name."""
        return max(_LEFT, 16 + _CHARACTER * max(len(name) for name, _ in self.rows))

    def _axis(self, top: float, bottom: float) -> Iterator[str]:
        for at, words in round_ticks(0, self.end):
            x = self._x(at)
            yield element("line", x1=x, y1=top, x2=x, y2=bottom, class_="g")
            yield element("text", words, x=x, y=bottom + 16, class_="f", text_anchor="middle")

    def _spans(self, parts: Parts) -> Iterator[tuple[int, float, float, float]]:
        """Of each part that can be seen: its number, its ends, and its seconds."""
        begun = 0.0
        for index, part in enumerate(parts):
            left, right = self._x(begun), self._x(begun + part)
            begun += part
            if right - left >= _THINNEST:
                yield index, left, right, part

    def _areas(self, parts: Parts, top: float) -> Iterator[str]:
        for index, left, right, _ in self._spans(parts):
            width = right - left
            yield element("rect", x=left, y=top, width=width, height=_BAR, class_=f"s{index}")

    def _texts(self, name: str, parts: Parts, top: float) -> Iterator[str]:
        yield element("text", name, x=self._left - 8, y=top + 19, class_="b", text_anchor="end")
        for index, left, right, part in self._spans(parts):
            says = _short(part)
            if right - left > _CHARACTER * len(says) + 6:
                look = {"class_": f"l i{index}", "text_anchor": "middle"}
                yield element("text", says, x=(left + right) / 2, y=top + 19, **look)
        total = parts.total
        yield element("text", _short(total), x=self._x(total) + 6, y=top + 19, class_="b h")

    def _line(self, at: float, words: str, top: float, bottom: float) -> Iterator[str]:
        x = self._x(at)
        anchor = "end" if x > self.width / 2 else "start"
        yield element("line", x1=x, y1=top, x2=x, y2=bottom, class_="k")
        beside = x - 5 if anchor == "end" else x + 5
        yield element("text", words, x=beside, y=top - 2, class_="b h", text_anchor=anchor)

    def _ghost(self, ghost: Ghost, y: float) -> Iterator[str]:
        low, high = (self._x(end) for end in (min(ghost.value, _to(ghost)), _to(ghost)))
        yield element("line", x1=low, y1=y, x2=max(high, low), y2=y, class_="c")
        yield element("circle", cx=low, cy=y, r=5, class_="d" if ghost.said else "t")
        anchor, beside = ("end", low - 10) if low > self.width / 2 else ("start", high + 10)
        yield element("text", ghost.label, x=beside, y=y + 4, text_anchor=anchor)


def _to(ghost: Ghost) -> float:
    return ghost.value if ghost.to is None else ghost.to


def _key(y: float, width: int) -> Iterator[str]:
    """What each part is, two on a line; where there is no room for that, names alone on one."""
    across, below, told = (330, 20, 2) if width >= WIDE else (108, 0, len(SAYS))
    for index, (name, says) in enumerate(SAYS.items()):
        x, line = _LEFT + (index % told) * across, y + below * (index // told)
        yield element("rect", x=x, y=line - 11, width=14, height=14, class_=f"s{index}")
        yield element("text", name, x=x + 20, y=line, class_="b")
        if width >= WIDE:
            yield element("text", says, x=x + 26 + 7.4 * len(name), y=line, class_="f")


def _short(value: float) -> str:
    return f"{value:.1f} s" if value < 99.95 else f"{value:.0f} s"


def _said(parts: Parts) -> str:
    each = ", ".join(
        f"{name} {_short(part)}" for name, part in parts._asdict().items() if part > 0.05
    )
    return f"{_short(parts.total)} ({each})" if each else _short(0)


Outages = Outage | Iterable[Outage]
"""Of one run, or of several."""


def part_bars(
    outages: Outages | Mapping[str, Outages],
    *,
    title: str = "How long, and whose seconds",
    sla: float | None = None,
    end: float | None = None,
    width: int = WIDE,
) -> PartBars:
    """The part bars of one outage, or of those of many runs together; or the means of several.

    Args:
        outages: as an `Outcome` has them. In one run all clients share one detection, so that only
            many runs tell what the worst may be. Where they have names, a bar for each: its mean.
        title: what stands above it.
        sla: seconds that were promised.
        end: of the axis, seconds, so that several pictures have one; a round one, without.
        width: of the drawing, pixels.

    Raises:
        LabError: nobody was led to the dead, or an axis that ends at 0.
    """
    if isinstance(outages, Mapping):
        rows = tuple((name, split(_pool(each))) for name, each in outages.items())
    else:
        every = _pool(outages)
        rows = tuple((name, split(every, level)) for name, level in ROWS)
    longest = max((parts.total for _, parts in rows), default=0.0)
    axis = round_end(max(longest, sla or 0.0)) if end is None else end
    if not 0 < axis < math.inf:
        raise LabError(axis, "is no end of an axis of seconds", "Give one above 0.")
    return PartBars(title, rows, axis, sla, width)


def _pool(outages: Outages) -> tuple[tuple[Parts, float], ...]:
    every = pooled([outages] if isinstance(outages, Outage) else outages)
    if not every:
        raise LabError("No outage", "makes no bars", "Let a server die, with clients to notice it.")
    return every


def round_end(longest: float) -> float:
    """The end of an axis that shows so many seconds."""
    return next((step for step in _STEPS if step >= longest * 1.02), longest)
