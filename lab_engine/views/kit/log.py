"""The questions a server got, as a table: what stands in `server.log`, read again when asked.

Nothing watches the log by itself. A button reads it again; where somebody presses Follow, the page
asks once a second for as long as the table is on screen, and gets an answer when there is news.
"""

from collections.abc import Sequence
from html import escape
from typing import Any, Final

import traitlets

from lab_engine.views.display import Displayed, html_twin
from lab_engine.views.theme import number
from lab_engine.views.widget import PageWidget
from lab_engine.wire.log import LogEntry

LAST: Final = 12
_COLUMNS: Final = ("number", "question", "answered")

Row = tuple[int, str, str, str, str]
"""Number, time of day, who asked, the question, what was answered."""


def rows(log: Sequence[LogEntry], last: int = LAST) -> list[Row]:
    """The last entries, newest first."""
    first = max(0, len(log) - last)
    found = [_row(first + index + 1, entry) for index, entry in enumerate(log[first:])]
    return found[::-1]


def _row(place: int, entry: LogEntry) -> Row:
    _, _, answered = str(entry).partition(" -> ")
    who = f"{entry.peer.address} {entry.peer.transport}"
    return place, f"{entry.at:%H:%M:%S}", who, str(entry.question), answered


class LiveLog(PageWidget):
    """The table on a page."""

    _rows = traitlets.List().tag(sync=True)
    _count = traitlets.Int().tag(sync=True)

    def __init__(self, log: Sequence[LogEntry], last: int = LAST) -> None:
        self._log, self._last = log, last
        super().__init__("log")
        self.read()

    def read(self) -> None:
        """Show the log as it is now."""
        if self._count != len(self._log) or not self._log:
            with self.hold_sync():
                self._rows = rows(self._log, self._last)
                self._count = len(self._log)

    def _answer(self, widget: object, content: object, buffers: object) -> None:
        if isinstance(content, dict) and content.get("read") is True:
            self.read()
        else:
            super()._answer(widget, content, buffers)

    def __repr__(self) -> str:
        return f"The log: {_many(self._log)}."


class Asked(Displayed):
    """What a server was asked: `asked(server.log)` as the last line of a cell."""

    def __init__(self, log: Sequence[LogEntry], last: int) -> None:
        self._log, self._last = log, last

    @property
    def widget(self) -> LiveLog:
        """A new table that can be read again."""
        return LiveLog(self._log, self._last)

    def twin(self) -> str:
        """The table as it is now, without the times and ports that no two runs share."""
        return html_twin(_table(rows(self._log, self._last)))

    def __repr__(self) -> str:
        return f"The server was asked {_many(self._log)}."


def asked(log: Sequence[LogEntry], last: int = LAST) -> Asked:
    """The last questions of a server's log, newest first, in a table that can be read again."""
    return Asked(log, last)


def _many(log: Sequence[LogEntry]) -> str:
    return f"{number(len(log))} question{'' if len(log) == 1 else 's'}"


def _table(lines: Sequence[Row]) -> str:
    head = "".join(f'<th scope="col">{name}</th>' for name in _COLUMNS)
    body = "".join(
        f"<tr>{''.join(map(_cell, (n, what, got)))}</tr>" for n, _, _, what, got in lines
    )
    caption = "<caption>What the server was asked, newest first</caption>"
    return f"<table>{caption}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _cell(value: Any) -> str:
    return f"<td>{escape(str(value))}</td>"
