"""A small table, as text and as a notebook shows it. It knows nothing of what stands in it."""

from collections.abc import Iterable, Sequence
from html import escape
from typing import NamedTuple


class Column(NamedTuple):
    """A column: its heading, and how many letters wide it is in text; the first is on the left."""

    heading: str
    width: int


class Table(NamedTuple):
    """Some rows, and sentences below them.

    Attributes:
        columns: from the left.
        rows: cells as they are shown; a row may be shorter than the columns are.
        notes: a line each.
    """

    columns: Sequence[Column]
    rows: Sequence[Sequence[str]]
    notes: Sequence[str] = ()

    def __str__(self) -> str:
        heading = [column.heading for column in self.columns]
        return "\n".join([*map(self._line, (heading, *self.rows)), *self.notes])

    def _line(self, cells: Sequence[str]) -> str:
        first, *others = zip(self.columns, cells, strict=False)
        right = "".join(f"{cell:>{column.width}}" for column, cell in others)
        return f"{first[1]:<{first[0].width}}{right}"

    def html(self) -> str:
        """The same for a notebook: numbers on the right, sentences below."""
        head = _row("th", [column.heading for column in self.columns], len(self.columns))
        body = "".join(_row("td", row, len(self.columns)) for row in self.rows)
        notes = "".join(f"<div>{escape(note)}</div>" for note in self.notes)
        return f"<table><thead>{head}</thead><tbody>{body}</tbody></table>{notes}"


class Shown:
    """What shows its table by itself: printed, at the end of a cell, and in a notebook."""

    __slots__ = ()

    @property
    def table(self) -> Table:
        """The table."""
        raise NotImplementedError

    def __str__(self) -> str:
        return str(self.table)

    def __repr__(self) -> str:
        return str(self.table)

    def _repr_html_(self) -> str:
        return self.table.html()


def _row(kind: str, cells: Iterable[str], width: int) -> str:
    shown = [*cells]
    shown += [""] * (width - len(shown))
    aligned = zip(shown, ["left", *["right"] * (width - 1)], strict=True)
    inner = (f'<{kind} style="text-align:{side}">{escape(cell)}</{kind}>' for cell, side in aligned)
    return f"<tr>{''.join(inner)}</tr>"
