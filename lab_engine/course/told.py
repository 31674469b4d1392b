"""What a card is to say, from what was said before: pure functions of a question and the records.

Nothing is kept but what was said and what came of it; sentences are derived anew each time. So an
answer and a result may come in either order: during Run All a kernel hears of a commitment only
after the result.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any, Final, Literal

from lab_engine.errors import LabError
from lab_engine.views.kit.picture import Ghost

from .answers import Record
from .questions import AnyQuestion, Choice, Interval, Number, Said, Seen, Verdict

MISSED = (
    "The cell below was run before you had committed to anything. "
    "To answer all the same, run this cell again."
)

POINTS: Final = 3  # of a question with hints; each of them costs one, and so does a wrong try


def current(records: Iterable[Record], key: str) -> list[Record]:
    """What concerns one key, since the last reset."""
    found: list[Record] = []
    for record in records:
        if record.kind == "reset":
            found = []
        elif record.key == key:
            found.append(record)
    return found


def said(question: AnyQuestion, records: Sequence[Record]) -> Said | None:
    """The first commitment that answers the question as it stands today."""
    return next(iter(_read(question, records, "said")), None)


def seen(question: AnyQuestion, records: Sequence[Record]) -> Seen | None:
    """The last result."""
    values = [record.value for record in records if record.kind == "seen"]
    try:
        return question.seen(*values[-1]) if values else None
    except (LabError, TypeError):
        return None


def prediction(question: AnyQuestion, records: Sequence[Record]) -> dict[str, Any]:
    """The state of a prediction's card."""
    mine, result = said(question, records), seen(question, records)
    state = {"said": mine, "locked": mine is not None or result is not None}
    if mine is None and result is None:
        return {**state, "lines": []}
    if result is None:
        return {**state, "lines": [noted(question, mine)]}
    state["was"] = _option(question, result) if isinstance(question, Choice) else result.value
    if mine is None:
        shown = result.value if isinstance(question, Choice) else question.says(result.value)
        clause = question.result(str(shown))
        return {**state, "lines": [f"{_sentence(clause)} {MISSED}", question.why]}
    return {**state, **_verdict(question.compare(mine, result))}


def quiz(question: AnyQuestion, records: Sequence[Record]) -> dict[str, Any]:
    """The state of a quiz's card, in which one may try until it is right."""
    tries, hints = _read(question, records, "tried"), hinted(question, records)
    if not tries:
        return {"said": None, "locked": False, "tries": 0, "lines": hints}
    right = question.seen(None, None)
    verdicts = [question.compare(each, right) for each in tries]
    done = next((index for index, each in enumerate(verdicts) if each.right), None)
    count = len(tries) if done is None else done + 1
    mine, verdict = tries[count - 1], verdicts[count - 1]
    state = {"said": mine, "locked": verdict.right, "tries": count, "right": verdict.right}
    if verdict.right:
        once = _after(question, count, _hints_before(records, count))
        lines = [f"{_sentence(question.says(mine))} Right, {once}.", question.why]
        return {**state, "was": right.value, "lines": lines}
    # Neither the right answer nor its reason: there is another try.
    hint = question.wrong[str(mine)] if isinstance(question, Choice) else _side(verdict)
    lines = [f"{question.says(mine)}: not so. {hint}", "Try again.", *hints]
    return {**state, "lines": lines}


def hinted(question: AnyQuestion, records: Sequence[Record]) -> list[str]:
    """The hints that were taken."""
    return list(question.hints[: sum(each.kind == "hinted" for each in records)])


def _hints_before(records: Sequence[Record], tries: int) -> int:
    """Hints that were taken before so many tries were made: later ones cost nothing."""
    made = hints = 0
    for record in records:
        if made == tries:
            break
        made += record.kind == "tried"
        hints += record.kind == "hinted"
    return hints


def _after(question: AnyQuestion, tries: int, hints: int) -> str:
    once = "at the first try" if tries == 1 else f"after {tries} tries"
    if not question.hints:
        return once
    helped = f" and {hints} hint{'s' * (hints > 1)}" if hints else ""
    points = max(0, POINTS - (tries - 1) - hints)
    return f"{once}{helped}: {points} of {POINTS} points"


def ghosts(
    question: Number | Interval, records: Sequence[Record], axis: Literal["x", "y"] = "y"
) -> tuple[Ghost, ...]:
    """What was committed to, and what came of it, as markers for a picture's own axis."""
    mine, result = said(question, records), seen(question, records)
    found = []
    if mine is not None:
        found.append(_ghost(mine, f"you said {question.says(mine)}", said=True))
    if result is not None:
        found.append(_ghost(result.value, f"it was {question.says(result.value)}", said=False))
    return tuple(replace(ghost, axis=axis) for ghost in found)


def _ghost(value: Said, label: str, *, said: bool) -> Ghost:
    low, high = value if isinstance(value, tuple) else (value, None)
    return Ghost(float(low), label, to=high, said=said)


def _option(question: Choice, result: Seen) -> str:
    """The option that a result stands for."""
    return str(result.value) if result.value in question.wrong else question.right


def noted(question: AnyQuestion, mine: Said | None) -> str:
    """What is said to a commitment as long as there is no result."""
    return f"You said {question.says(mine)}. Now run the cell below." if mine is not None else ""


def _verdict(verdict: Verdict) -> dict[str, Any]:
    return {"right": verdict.right, "lines": list(verdict.sentences)}


def _side(verdict: Verdict) -> str:
    """The misconception, if it has a name, but not the comparison, which holds the right answer."""
    return " ".join(verdict.sentences[1:-1]) or "Look again."


def _read(question: AnyQuestion, records: Iterable[Record], kind: str) -> list[Said]:
    """What the records say in terms of the question; what no longer fits it is passed over."""
    found = []
    for record in records:
        if record.kind == kind:
            try:
                found.append(question.read(record.value))
            except LabError:
                continue
    return found


def _sentence(clause: str) -> str:
    return f"{clause[:1].upper()}{clause[1:]}."
