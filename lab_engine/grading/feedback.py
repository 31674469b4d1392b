"""What a student is told: the mark, and for each goal what was measured, wanted, and taught where.

Of hidden worlds only which goal, and how far from it in words: no number that was measured there,
and nothing that the answers said there. The same content as Markdown and as HTML.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Final

from lab_engine.labs.lab import Finding

from .marking import Line, total
from .records import Record

STYLE: Final = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:48rem;margin:2rem auto;padding:0 1rem}"
    "body{color-scheme:light dark}table{border-collapse:collapse;width:100%}"
    "th,td{border-bottom:1px solid #8888;padding:.3rem .5rem;text-align:left;vertical-align:top}"
    ".mark{font-size:1.5rem}"
)


FAR: Final = (
    (0.75, "nearly"),
    (0.4, "about half-way"),
    (0.01, "far from it"),
    (0.0, "missed altogether"),
)


@dataclass(frozen=True)
class Feedback:
    """What one student is told about one lab.

    Args:
        exam: its title.
        lab: its title.
        student: whose it is.
        lines: of its goals; none if it could not be graded.
        reason: why not, then.
        notes: what was unusual about the submission.
    """

    exam: str
    lab: str
    student: str
    lines: tuple[Line, ...]
    reason: str
    notes: tuple[str, ...]

    @property
    def mark(self) -> float:
        """From 0 to 100."""
        return total(self.lines)

    @property
    def passed(self) -> str:
        """How many checks are passed, said of both kinds."""
        visible = sum(line.credits[0] >= 1 for line in self.lines)
        hidden = sum(line.credits[1] >= 1 for line in self.lines)
        of = len(self.lines)
        return f"Visible checks {visible} of {of} passed; hidden checks {hidden} of {of}."


def of(record: Record, lines: Sequence[Line], lab: str, exam: str) -> Feedback:
    """The feedback on what a record says.

    Args:
        record: of the submission.
        lines: of its goals.
        lab: its title.
        exam: its title.
    """
    cells = tuple(f"The cell {cell} raised: {words}" for cell, words in record["cells"])
    notes = (*record["warnings"], *cells)
    return Feedback(exam, lab, record["student"], tuple(lines), record["reason"], notes)


def in_words(found: Sequence[Finding]) -> str:
    """How far hidden worlds were from a goal, without a number that was measured."""
    met = sum(each.credit >= 1 for each in found)
    if met == len(found):
        return f"reached in all {met} hidden worlds"
    short = [each.credit for each in found if each.credit < 1]
    mean = sum(short) / len(short)
    far = next(words for least, words in FAR if mean >= least)
    if met == 0:
        return f"reached in none of {len(found)} hidden worlds: {far}"
    return f"reached in {met} of {len(found)} hidden worlds, {far} in the others"


def told(line: Line) -> list[str]:
    """What is said of one goal, a sentence each."""
    said = [_measured(each) for each in line.visible]
    if line.hidden:
        said.append(f"Hidden: {in_words(line.hidden)}.")
    # Each hint once, and only where a visible world falls short.
    said += dict.fromkeys(each.turn for each in line.visible if each.credit < 1 and each.turn)
    if min(line.credits) < 1:
        said.append(f"Taught in {line.goal.taught}.")
    return said


def _measured(found: Finding) -> str:
    verdict = "reached" if found.credit >= 1 else f"worth {found.credit:.0%}"
    return f"Measured: {found.measured}. Wanted: {found.wanted}. That is {verdict}."


def _headline(line: Line) -> str:
    return f"{line.goal.title}: {line.earned:.1f} of {line.goal.points:.1f}"


def markdown(feedback: Feedback) -> str:
    """As Markdown."""
    whose = ", ".join(filter(None, (feedback.student, feedback.exam)))
    parts = [f"# {_plain(feedback.lab)}: {feedback.mark:g} of 100", _plain(whose)]
    if feedback.reason:
        parts.append(f"**Not graded, so 0 points.** {_plain(feedback.reason)}")
    elif feedback.lines:
        parts.append(feedback.passed)
    for line in feedback.lines:
        parts += [f"## {_plain(_headline(line))}", _bullets(told(line))]
    if feedback.notes:
        parts += ["## Noticed", _bullets(feedback.notes)]
    return "\n\n".join(parts) + "\n"


def _bullets(lines: Sequence[str]) -> str:
    return "\n".join(f"- {_plain(each)}" for each in lines)


def _plain(text: str) -> str:
    """A text that means nothing to Markdown."""
    one_line = " ".join(text.split())
    return "".join(f"\\{each}" if each in "\\`*_[]<>#|!" else each for each in one_line)


def html(feedback: Feedback) -> str:
    """As a page of its own."""
    whose = ", ".join(filter(None, (feedback.student, feedback.exam)))
    parts = [f"<h1>{escape(feedback.lab)}</h1><p>{escape(whose)}</p>"]
    parts.append(f'<p class="mark">{feedback.mark:g} of 100</p>')
    if feedback.reason:
        words = escape(feedback.reason)
        parts.append(f"<p><strong>Not graded, so 0 points.</strong> {words}</p>")
    elif feedback.lines:
        parts.append(f"<p>{feedback.passed}</p>")
    parts += [f"<h2>{escape(_headline(line))}</h2>{_list(told(line))}" for line in feedback.lines]
    if feedback.notes:
        parts.append(f"<h2>Noticed</h2>{_list(feedback.notes)}")
    title = f"{escape(feedback.lab)}: {feedback.mark:g} of 100"
    return (
        '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width">'
        f"<title>{title}</title><style>{STYLE}</style></head><body><main>"
        f"{''.join(parts)}</main></body></html>\n"
    )


def _list(lines: Sequence[str]) -> str:
    return f"<ul>{''.join(f'<li>{escape(each)}</li>' for each in lines)}</ul>"
