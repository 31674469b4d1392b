"""A lesson's questions and goals, and the learner's answers to them.

Everything that is asked stands in the lesson's data file (datafile.py); everything that was said
in the file of answers beside the notebook (answers.py). A `Lesson` puts the two together on cards
(card.py), and can be made anew at any time: it holds nothing that those files do not.
"""

import hashlib
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from lab_engine.errors import LabError
from lab_engine.views.kit.picture import Ghost

from . import told
from .answers import SUFFIX, Answers, Record, notebook_folder
from .card import Cards, GoalCard, KeeperCard, QuestionCard, Row, TableCard
from .datafile import Sheet, load
from .goals import Goal, Watched
from .questions import AnyQuestion, Choice, Said

State = Callable[[AnyQuestion, Sequence[Record]], dict[str, Any]]


class Lesson:
    """The questions of one lesson.

    Args:
        name: such as `01_round_robin`.
        sheet: what it asks; that of its data file, unless it is given.
        folder: where the answers are kept; that of the notebook, unless it is named.
        say: is told of what was wrong with the file of answers, and how a prediction did.

    Raises:
        LabError: there is no such lesson, or its data file has a mistake.
    """

    def __init__(
        self,
        name: str,
        sheet: Sheet | None = None,
        *,
        folder: Path | None = None,
        say: Callable[[str], None] = print,
    ) -> None:
        self.name = name
        self._say = say
        self._sheet = load(name) if sheet is None else sheet
        self._folder = notebook_folder() if folder is None else folder
        self._answers = Answers(self._folder / f"{name}{SUFFIX}", name, say=say)
        self._seen: dict[str, Record] = {}
        self._cards: dict[str, tuple[AnyQuestion, State, QuestionCard | Row]] = {}
        self._goals: dict[str, GoalCard] = {}
        self._keeper = KeeperCard(f"{name}{SUFFIX}", self._answers.text())
        self._keeper.observe(self._restored, names="restored")

    def ask(self, key: str) -> QuestionCard | Row:
        """Ask for a prediction, to be committed to before the next cell is run.

        Raises:
            LabError: the lesson has no such prediction.
        """
        question = self._sheet.pick(key, self._sheet.predict, "prediction")
        if self.said(key) is None:
            self._seen.pop(key, None)  # who asks again may answer, though the result was there
        return self._card(key, question, "Predict", told.prediction)

    def table(self, *keys: str, title: str) -> TableCard:
        """Ask for several predictions in one table: a row for each, with the same options for all.

        Each is revealed by itself, as those of `ask` are.

        Args:
            keys: of the predictions, all of them choices, in the order of the rows.
            title: what the table asks.

        Raises:
            LabError: the lesson has no such prediction, or they have not the same options.
        """
        found = [self._sheet.pick(key, self._sheet.predict, "prediction") for key in keys]
        rows = [each for each in found if isinstance(each, Choice)]
        options = {tuple(sorted(each.options(self.name))) for each in rows}
        if not rows or len(rows) < len(found) or len(options) > 1:
            rule = "are no rows of one table"
            raise LabError(", ".join(keys), rule, "Give choices that have the same options.")
        for each in rows:
            if self.said(each.key) is None:
                self._seen.pop(each.key, None)
        order = rows[0].options(self.name)
        specs = [
            {"slot": self._slot(each.key), "since": self._since(), "options": order}
            for each in rows
        ]
        card = TableCard("Predict", title, rows, specs)
        card.observe(self._committed_rows, names="committed")
        for each in rows:
            self._cards[each.key] = each, told.prediction, card.rows[each.key]
            self._show(each.key)
        return card

    def reveal(self, key: str, value: Any = None, *, within: float | None = None) -> None:
        """Say what came of a prediction: its card then compares, and is closed.

        Args:
            key: of the prediction.
            value: what the cell has found: a number, (low, high), or for a choice anything that
                can be shown. Without it, the right answer of the data file.
            within: how far from a number an answer still counts as right, in its unit.

        Raises:
            LabError: no such prediction, or the value does not answer it.
        """
        question = self._sheet.pick(key, self._sheet.predict, "prediction")
        if value is None and not isinstance(question, Choice) and question.right is None:
            remedy = f"Write lesson.reveal({key!r}, value) with what the cell has found."
            raise LabError(key, "has no right answer in its file", remedy)
        seen = question.seen(value, within)
        missing = key not in self._cards
        # With nobody's prediction to compare with, a result is not worth a line of the file.
        if self.said(key) is None:
            self._seen[key] = Record(key, "seen", list(seen), "")
        else:
            self._answers.add(key, "seen", list(seen))
        self._show(key)
        if missing:
            # The cell with the question has not been run, or not since the lesson was made.
            self._card(key, question, "Predict", told.prediction)._ipython_display_()
        elif self.said(key) is not None:
            # The card may be out of sight by now: its first line stands where one looks, too.
            line: str = self._cards[key][2].state["lines"][0]
            self._say(line.replace("`", ""))  # a plain line has no type for code

    def said(self, key: str) -> Said | None:
        """What the learner has committed to: for the marker in a figure. None if nothing yet.

        Raises:
            LabError: the lesson has no such prediction.
        """
        question = self._sheet.pick(key, self._sheet.predict, "prediction")
        return told.said(question, self._records(key))

    def ghosts(self, key: str, axis: Literal["x", "y"] = "y") -> tuple[Ghost, ...]:
        """What was committed to and what came of it, as markers for the picture's own axis.

        Args:
            key: of the prediction.
            axis: of a figure, the one that it is about.

        Raises:
            LabError: the lesson has no such prediction, or its answer is no number.
        """
        question = self._sheet.pick(key, self._sheet.predict, "prediction")
        if isinstance(question, Choice):
            raise LabError(key, "is a choice, and no axis has its options", "Ask for a number.")
        return told.ghosts(question, self._records(key), axis)

    def quiz(self, *keys: str) -> Cards:
        """The lesson's quiz, or the questions of it that are named. One may try again.

        Raises:
            LabError: no such question.
        """
        chosen = keys or tuple(self._sheet.quiz)
        found = [self._sheet.pick(key, self._sheet.quiz, "quiz question") for key in chosen]
        labels = [f"Quiz, {number} of {len(found)}" for number in range(1, len(found) + 1)]
        pairs = zip(found, labels, strict=True)
        return Cards([self._card(each.key, each, label, told.quiz) for each, label in pairs])

    def recall(self) -> Cards:
        """The questions of former lessons that this one opens with.

        Raises:
            LabError: its data file names none.
        """
        if not self._sheet.recall:
            rule = "recalls nothing of a former lesson"
            raise LabError(self.name, rule, 'Add recall = ["LESSON.KEY"] to its data file.')
        return Cards([self._recalled(name) for name in self._sheet.recall])

    def hint(self, key: str) -> None:
        """Show the next hint to a question of the quiz, on its card. Each costs a point.

        Raises:
            LabError: no such question, or it has no hints.
        """
        question = self._sheet.pick(key, self._sheet.quiz, "quiz question")
        if not question.hints:
            raise LabError(key, "has no hints", "Look once more.")
        self._answers.refresh()
        records = self._records(key)
        if told.quiz(question, records)["locked"]:
            self._say("You have it already.")
            return
        taken = told.hinted(question, records)
        if len(taken) == len(question.hints):
            self._say(f"There is no further hint. The last one: {taken[-1]}")
            return
        self._answers.add(key, "hinted", None)
        self._say(f"Hint {len(taken) + 1} of {len(question.hints)}: {question.hints[len(taken)]}")
        self._show(key)

    def goal(self, key: str, panel: Watched) -> GoalCard:
        """A goal that ticks itself when the panel's outcome says so.

        Raises:
            LabError: the lesson has no such goal, or this panel can never reach it.
        """
        goal = self._sheet.pick(key, self._sheet.goals, "goal")
        if not hasattr(panel, "on_outcome"):
            raise LabError(panel, "has no outcome to watch", "Give the panel of the cell above.")
        standing = goal.standing(panel.scenario, panel.outcome)
        if key not in self._goals:
            self._goals[key] = GoalCard(goal.ask, self._reached(goal, standing.now))
        panel.on_outcome(lambda *outcome: self._watch(goal, *outcome))
        return self._goals[key]

    def keep(self) -> KeeperCard:
        """The box that downloads and restores the answers."""
        return self._keeper

    def _recalled(self, name: str) -> QuestionCard | Row:
        lesson, _, key = name.partition(".")
        question = load(lesson).question(key)
        number = lesson.partition("_")[0]
        return self._card(name, question, f"From lesson {number}", told.quiz)

    def _card(
        self, key: str, question: AnyQuestion, label: str, state: State
    ) -> QuestionCard | Row:
        """The card of a question: one for each, however often it is asked for."""
        self._answers.refresh()
        if key not in self._cards:
            spec = {"slot": self._slot(key), "since": self._since(), "quiz": state is told.quiz}
            if isinstance(question, Choice):
                spec["options"] = question.options(self.name)
            card = QuestionCard(question, label, spec, state(question, self._records(key)))
            card.observe(lambda change: self._committed(key, change["new"]), names="committed")
            self._cards[key] = question, state, card
        self._show(key)
        return self._cards[key][2]

    def _records(self, key: str) -> list[Record]:
        found = told.current(self._answers.records, key)
        return [*found, *filter(None, [self._seen.get(key)])]

    def _committed(self, key: str, committed: Mapping[str, Any]) -> None:
        question, state, _ = self._cards[key]
        note = ""
        try:
            value = question.read(committed.get("value"))
        except LabError as refused:
            note = str(refused)
        else:
            kind = "tried" if state is told.quiz else "said"
            self._answers.refresh()
            before = state(question, self._records(key))
            if before["said"] is None or (kind == "tried" and not before["locked"]):
                note = self._answers.add(key, kind, value)
                if kind == "said" and key in self._seen:
                    self._answers.add(key, "seen", self._seen.pop(key).value)
        self._show(key, heard=committed.get("at"), note=note)

    def _committed_rows(self, change: Mapping[str, Any]) -> None:
        """Those rows of a table that were not committed before."""
        for key, committed in change["new"].items():
            if committed != change["old"].get(key) and key in self._cards:
                self._committed(key, committed)

    def _show(self, key: str, **more: Any) -> None:
        if key not in self._cards:
            return
        question, state, card = self._cards[key]
        card.state = {**state(question, self._records(key)), **more}
        self._keeper.content = self._answers.text()

    def _watch(self, goal: Goal, scenario: Any, outcome: Any, moves: int) -> None:
        """Tick, the first time that a learner's move brings it about; until then say how it is."""
        card = self._goals[goal.key]
        if card.state["reached"]:
            return
        try:
            reached, now = goal.standing(scenario, outcome)
        except LabError:
            return  # such as a coarse picture, too short to see it in
        note = self._answers.add(goal.key, "reached", moves) if reached and moves else ""
        card.state = {**self._reached(goal, now), "note": note}
        self._keeper.content = self._answers.text()

    def _reached(self, goal: Goal, now: str = "") -> dict[str, Any]:
        records = self._records(goal.key)
        moves = next((each.value for each in records if each.kind == "reached"), None)
        if moves is None:
            return {"reached": False, "lines": [f"Now: {now}."] if now else []}
        with_moves = f"Reached with {moves} move{'' if moves == 1 else 's'}."
        return {"reached": True, "lines": [with_moves, goal.why]}

    def _restored(self, change: Mapping[str, Any]) -> None:
        if not change["new"]:
            return
        try:
            count = self._answers.merge(change["new"]["value"])
        except LabError as refused:
            line = str(refused)
        else:
            line = f"Answers restored: {count}."
            for key in self._cards:
                self._show(key)
            for key, card in self._goals.items():
                card.state = self._reached(self._sheet.goals[key])
        self._keeper.restored = {}
        self._keeper.content = self._answers.text()
        self._keeper.state = {"lines": [line], "heard": change["new"]["at"]}

    def _slot(self, key: str) -> str:
        """What the page keeps an answer under: one learner's, of one copy of the lesson."""
        # A session at Binder has a user of its own each time, who is nobody.
        environment = os.environ
        who = "" if "BINDER_LAUNCH_HOST" in environment else environment.get("JUPYTERHUB_USER", "")
        text = "\n".join((who, str(self._folder), self.name, key))
        return f"lab-{hashlib.sha256(text.encode()).hexdigest()[:16]}"

    def _since(self) -> str:
        """When the answers were last reset: what the page kept before that is over."""
        resets = [record.at for record in self._answers.records if record.kind == "reset"]
        return resets[-1] if resets else ""
