"""What a lesson puts on the page: question cards, goals, and the box that keeps the answers.

Widgets only: they carry what a learner does to the kernel and what is to be said back to the page.
What that is, `lesson.py` decides. A kernel that is running other cells hears of a learner's answer
late, so the page notes it at once and waits for the kernel to say the rest (card.js).
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import traitlets
from IPython.display import DisplayHandle

from lab_engine.views.hearing import HEAR, HearingWidget

from .questions import AnyQuestion, Axis, Choice
from .twin import copy, show

_HERE: Final = Path(__file__).parent
_PAGE: Final = ("card.js", "table.js")  # one module, since a widget's code is one file
GO_ON: Final = "Run this cell (Shift+Enter) to {}."


class Card(HearingWidget):
    """One thing on the page, and its still copy.

    Attributes:
        spec: what never changes.
        state: what is to be shown; `lines` are the sentences said so far.
    """

    _esm = "".join((_HERE / name).read_text(encoding="utf-8") for name in _PAGE) + HEAR
    _css = _HERE / "card.css"

    _kind = traitlets.Unicode().tag(sync=True)
    spec = traitlets.Dict().tag(sync=True)
    state = traitlets.Dict().tag(sync=True)

    def __init__(self, kind: str, spec: Mapping[str, Any], state: Mapping[str, Any]) -> None:
        self._shown: DisplayHandle | None = None
        self._copied = ""
        super().__init__(_kind=kind, spec=dict(spec), state=dict(state))
        self.observe(self._follow, names="state")

    def words(self) -> list[str]:
        """What the still copy says: what kind of card it is, what it asks, and what is said."""
        lines = self.state.get("lines") or [GO_ON.format("go on")]
        return [self.spec["label"], self.spec["ask"], *lines]

    def __repr__(self) -> str:
        return "\n".join(self.words())

    def _ipython_display_(self) -> None:
        self._copied = repr(self)
        self._shown = show(self, self.words())

    def _follow(self, _change: object) -> None:
        if self._shown is not None and repr(self) != self._copied:
            self._copied = repr(self)
            self._shown.update(copy(self.words()), raw=True)


class QuestionCard(Card):
    """A question, with what can be answered and what was.

    Attributes:
        committed: from the page: `{"value": …, "at": milliseconds}`.
    """

    committed = traitlets.Dict().tag(sync=True)

    def __init__(
        self, question: AnyQuestion, label: str, spec: Mapping[str, Any], state: Mapping[str, Any]
    ) -> None:
        about = {"label": label, "ask": question.ask, "key": question.key, **spec}
        if not isinstance(question, Choice):
            about |= {"axis": axis_spec(question.axis), "shape": type(question).__name__.lower()}
        super().__init__("question", about, state)

    def words(self) -> list[str]:
        """The question, its options or its axis, and what has been said so far."""
        label, ask, *lines = super().words()
        # A lesson is stored as run without a learner: its copies must not hold what came of it.
        if self.state["said"] is None:
            lines = [GO_ON.format("answer")]
        if axis := self.spec.get("axis"):
            answers = f"On an axis from {axis['ends'][0]} to {axis['ends'][1]}."
        else:
            answers = "\n".join(map(self._option, self.spec["options"]))
        return [label, ask, answers, *lines]

    def _option(self, option: str) -> str:
        return f"({'x' if option == self.state['said'] else ' '}) {option}"


class TableCard(Card):
    """Several choices among the same options: a row for each, answered and closed by itself.

    Attributes:
        committed: from the page: by the key of a row, `{"value": …, "at": milliseconds}`.
        rows: each row as a card of its own, by its key, with a `state` that can be set.
    """

    committed = traitlets.Dict().tag(sync=True)

    def __init__(
        self, label: str, ask: str, rows: Sequence[Choice], specs: Sequence[Mapping[str, Any]]
    ) -> None:
        self.rows = {each.key: Row(self, each.key) for each in rows}
        listed = [
            {"key": each.key, "ask": each.ask, **spec}
            for each, spec in zip(rows, specs, strict=True)
        ]
        states: dict[str, Any] = {
            each.key: {"said": None, "locked": False, "lines": []} for each in rows
        }
        about = {"label": label, "ask": ask, "options": list(specs[0]["options"]), "rows": listed}
        super().__init__("table", about, {"rows": states})

    def words(self) -> list[str]:
        """The rows, each with what was said of it."""
        rows = self.state["rows"]
        lines = [
            f"{row['ask']}: {rows[row['key']]['said'] or ' / '.join(self.spec['options'])}"
            for row in self.spec["rows"]
        ]
        return [self.spec["label"], self.spec["ask"], "\n".join(lines), GO_ON.format("answer")]


class Row:
    """A row of a table, which can be told its state as a card can.

    Attributes:
        table: where it stands.
        key: of its question.
    """

    def __init__(self, table: TableCard, key: str) -> None:
        self.table, self.key = table, key

    @property
    def state(self) -> dict[str, Any]:
        """What is to be shown in it."""
        found: dict[str, Any] = self.table.state["rows"][self.key]
        return found

    @state.setter
    def state(self, state: Mapping[str, Any]) -> None:
        self.table.state = {"rows": {**self.table.state["rows"], self.key: dict(state)}}

    def __repr__(self) -> str:
        return repr(self.table)

    def _ipython_display_(self) -> None:
        self.table._ipython_display_()


class GoalCard(Card):
    """Something to bring about, which ticks itself."""

    def __init__(self, ask: str, state: Mapping[str, Any]) -> None:
        super().__init__("goal", {"label": "Goal", "ask": ask}, state)


class KeeperCard(Card):
    """Downloads all answers of a lesson, or restores them from a file.

    Attributes:
        content: what is downloaded.
        restored: from the page: the text of the file chosen, `{"value": …, "at": milliseconds}`.
    """

    content = traitlets.Unicode().tag(sync=True)
    restored = traitlets.Dict().tag(sync=True)

    def __init__(self, filename: str, content: str) -> None:
        ask = "They are kept in a file beside this notebook, and can be downloaded and restored."
        super().__init__("keeper", {"label": "Your answers", "ask": ask, "file": filename}, {})
        self.content = content
        self.on_msg(self._answer)

    def _answer(self, _widget: object, asked: object, _buffers: object) -> None:
        """Answer a page, which has been heard by then in all that it said before it asked."""
        if asked == {"ask": "content"}:
            self.send({"content": self.content})


class Cards:
    """Several cards below each other."""

    def __init__(self, cards: "Sequence[Card | Row]") -> None:
        self.cards = tuple(cards)

    def __repr__(self) -> str:
        return "\n\n".join(map(repr, self.cards))

    def _ipython_display_(self) -> None:
        for card in self.cards:
            card._ipython_display_()


def axis_spec(axis: Axis) -> dict[str, Any]:
    """An axis for the page."""
    ends = [axis.says(axis.low), axis.says(axis.high)]
    return {
        "low": axis.low,
        "high": axis.high,
        "unit": axis.unit,
        "log": axis.log,
        "step": axis.step,
        "ends": ends,
    }
