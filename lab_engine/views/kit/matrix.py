"""The matrix: what each of several ways out makes of each of several questions, cell by cell.

A cell has a state, in a word and a symbol, and a note. It may be asked several times: the playhead
goes from question to question, and with it goes what happened on the way of the column that is
chosen: its packets in a strip, and the drawer of its cache. Not here: asking anybody.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from lab_engine.errors import LabError

from .drawer import Drawer
from .picture import Drawn, Ghost
from .strip import Strip

SYMBOLS: Final = {"right": "✓", "redirected": "↷", "empty": "∅", "no": "✗", "": ""}


@dataclass(frozen=True)
class Cell:
    """What one question came to, from one step on.

    Attributes:
        row, column: where it stands.
        step: the question after which it is so; 1 for the first.
        state: a key of `SYMBOLS`; empty for a plain value.
        note: a few letters more, or the value itself.
        words: all of it, such as the packet as dig prints it.
    """

    row: str
    column: str
    step: int
    state: str
    note: str = ""
    words: str = ""

    def __str__(self) -> str:
        return " ".join(filter(None, (SYMBOLS[self.state], self.state, self.note)))


@dataclass(frozen=True, repr=False)
class Matrix(Drawn):
    """Cells of rows and columns, step by step.

    Attributes:
        title: what stands above it.
        rows, columns: their names, in order.
        cells: in the order of steps.
        asked: the row that each step is about.
        said: what happened at each step.
        chosen: the column whose packets and cache are shown.
        sentence: what a reader who cannot see it should know.
        strip: its packets, with a slot of width 1 for each step; None for none.
        drawer: its cache, before the first step and after each; None for none.
        hint: a second, fainter line under the title.
    """

    title: str
    rows: tuple[str, ...]
    columns: tuple[str, ...]
    cells: tuple[Cell, ...]
    asked: tuple[str, ...]
    said: tuple[str, ...]
    chosen: str
    sentence: str
    strip: Strip | None = None
    drawer: Drawer | None = None
    hint: str = ""

    kind = "matrix"

    def __post_init__(self) -> None:
        for cell in self.cells:
            for name, known in ((cell.row, self.rows), (cell.column, self.columns)):
                if name not in known:
                    raise LabError(name, "is none of this matrix", f"Use {', '.join(known)}.")
            if not 0 < cell.step <= len(self.said):
                remedy = f"Count from 1 to {len(self.said)}."
                raise LabError(cell.step, "is no step of this matrix", remedy)
        if self.drawer and len(self.drawer.looks) != len(self.said) + 1:
            rule = f"are the looks of a drawer for {len(self.said)} steps"
            raise LabError(len(self.drawer.looks), rule, "Look before the first, and after each.")

    def at(self, row: str, column: str, step: int | None = None) -> Cell | None:
        """A cell after a step, the last one without a step; None before it was asked for."""
        most = len(self.said) if step is None else step
        found = [each for each in self.cells if (each.row, each.column) == (row, column)]
        return next((each for each in reversed(found) if each.step <= most), None)

    def still(self) -> dict[str, Any]:
        """Everything but what the cache held when, in words of JSON."""
        return {
            "title": self.title,
            "hint": self.hint,
            "rows": self.rows,
            "columns": self.columns,
            "chosen": self.columns.index(self.chosen),
            "symbols": SYMBOLS,
            "asked": [self.rows.index(row) for row in self.asked],
            "said": self.said,
            "cells": [
                [
                    self.rows.index(cell.row),
                    self.columns.index(cell.column),
                    cell.step,
                    cell.state,
                    cell.note,
                    cell.words,
                ]
                for cell in self.cells
            ],
            "strip": self.strip and self.strip.still(),
            "drawer": self.drawer and self.drawer.still(),
        }

    def frames(self) -> bytes:
        """Those of the drawer."""
        return self.drawer.frames() if self.drawer else b""

    def marked(self, ghosts: Sequence[Ghost]) -> "Matrix":  # noqa: ARG002  (it has no axis)
        """The same picture."""
        return self

    def svg(self) -> str:
        """The cells at the end."""
        from .matrixtwin import matrix_svg  # noqa: PLC0415  (the drawing knows the picture)

        return matrix_svg(self)
