"""Questions in a lesson, and the learner's answers to them.

A `Lesson` asks for predictions, which are never marked, and for recall, which is. It keeps the
answers until the kernel ends; `keep` shows a button that downloads them and one that restores
them, since a session in the cloud dies after minutes of idling.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import anywidget
import traitlets

from lab_engine.errors import LabError

_HERE: Final = Path(__file__).parent
MAX_FILE: Final = 100_000  # characters; a lesson's answers are a few hundred


class _Card(anywidget.AnyWidget):
    _esm = _HERE / "card.js"
    _css = _HERE / "card.css"


class QuestionCard(_Card):
    """One question with its options, of which one can be chosen."""

    _kind = traitlets.Unicode("question").tag(sync=True)
    question = traitlets.Unicode().tag(sync=True)
    options = traitlets.List().tag(sync=True)
    verb = traitlets.Unicode().tag(sync=True)
    chosen = traitlets.Unicode().tag(sync=True)
    feedback = traitlets.Unicode().tag(sync=True)

    def __repr__(self) -> str:
        return "\n".join((self.question, *(f"  ( ) {option}" for option in self.options)))


class KeeperCard(_Card):
    """Downloads all answers of a lesson, or restores them from a file."""

    _kind = traitlets.Unicode("keeper").tag(sync=True)
    filename = traitlets.Unicode().tag(sync=True)
    content = traitlets.Unicode().tag(sync=True)
    restored = traitlets.Unicode().tag(sync=True)
    feedback = traitlets.Unicode().tag(sync=True)

    def __repr__(self) -> str:
        return "Download my answers. Restore my answers from a file."


class Lesson:
    """The questions of one lesson.

    Attributes:
        number: such as `01`.
        answers: what was chosen, by the question's key.
    """

    def __init__(self, number: str) -> None:
        self.number = number
        self.answers: dict[str, str] = {}
        self._questions: dict[str, QuestionCard] = {}
        self._feedback: dict[str, Mapping[str, str]] = {}
        self._keeper = KeeperCard(filename=f"lesson-{number}-answers.json", content=self._content())
        self._keeper.observe(self._restored, names="restored")

    def predict(self, key: str, question: str, options: Sequence[str]) -> QuestionCard:
        """Ask for a prediction, to be committed to before the next cell is run."""
        noted = "Noted: {}. Now run the next cell."
        return self._ask(key, question, options, "Commit", {o: noted.format(o) for o in options})

    def quiz(
        self, key: str, question: str, options: Sequence[str], right: str, why: str
    ) -> QuestionCard:
        """Ask for what was learnt, and say whether it is right, and why.

        Raises:
            LabError: the right answer is none of the options.
        """
        if right not in options:
            raise LabError(right, "is none of the options", "Add it, word for word.")
        feedback = dict.fromkeys(options, f"Not quite. {why}")
        feedback[right] = f"Right. {why}"
        return self._ask(key, question, options, "Check", feedback)

    def keep(self) -> KeeperCard:
        """The box that downloads and restores the answers."""
        return self._keeper

    def restore(self, text: str) -> int:
        """Take answers back from what `keep` downloaded; returns how many.

        Raises:
            LabError: the text is not such a file, or one of another lesson. Nothing is changed.
        """
        answers = _read(text, self.number)
        self.answers.update(answers)
        for key, question in self._questions.items():
            if answers.get(key) in question.options:
                question.chosen = answers[key]
        self._keeper.content = self._content()
        return len(answers)

    def _ask(
        self, key: str, text: str, options: Sequence[str], verb: str, feedback: Mapping[str, str]
    ) -> QuestionCard:
        question = QuestionCard(question=text, options=list(options), verb=verb)
        self._questions[key], self._feedback[key] = question, feedback
        question.observe(lambda change: self._chosen(key, change["new"]), names="chosen")
        if self.answers.get(key) in options:
            question.chosen = self.answers[key]
        return question

    def _chosen(self, key: str, option: str) -> None:
        if option not in self._feedback[key]:
            return
        self.answers[key] = option
        self._questions[key].feedback = self._feedback[key][option]
        self._keeper.content = self._content()

    def _restored(self, change: Mapping[str, Any]) -> None:
        if not change["new"]:
            return
        try:
            count = self.restore(change["new"])
        except LabError as refused:
            self._keeper.feedback = str(refused)
        else:
            self._keeper.feedback = f"Answers restored: {count}."
        self._keeper.restored = ""

    def _content(self) -> str:
        return json.dumps({"lesson": self.number, "answers": self.answers}, indent=1)


def _read(text: str, number: str) -> dict[str, str]:
    remedy = f"Choose the file lesson-{number}-answers.json that you downloaded."
    try:
        found = json.loads(text[:MAX_FILE])
    except json.JSONDecodeError as wrong:
        raise LabError("This file", f"is not a file of answers: {wrong}", remedy) from wrong
    found = found if isinstance(found, dict) else {}
    answers = found.get("answers")
    if not isinstance(answers, dict) or not all(isinstance(a, str) for a in answers.values()):
        raise LabError("This file", "is not a file of answers", remedy)
    if found.get("lesson") != number:
        raise LabError(
            "This file", f"belongs to lesson {found.get('lesson')}, this is {number}", remedy
        )
    return answers
