"""`python -m lab_engine grade`: what it is told, and what is left in a folder."""

import argparse
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from lab_engine.errors import LabError

from . import exam as exams
from . import feedback, tables
from .catalogue import LABS, Entry
from .exam import PRACTICE, Exam
from .grader import Done, Grader, Progress
from .marking import findings, lines
from .records import Record, Records, opened, slug, write
from .submissions import found

REPORTS: Final = "reports"


def arguments(command: argparse.ArgumentParser) -> None:
    """Declare what `grade` is told."""
    command.add_argument(
        "submissions", nargs="+", metavar="SUBMISSIONS", help="files, folders, zips"
    )
    command.add_argument("--out", required=True, metavar="DIR", help="where results are kept")
    command.add_argument("--seeds", metavar="FILE", help="the exam; without it, a practice one")
    command.add_argument("--jobs", type=int, default=os.cpu_count() or 1, metavar="N")
    command.add_argument("--lab", help="what all submissions are of; default: each says so itself")
    command.add_argument("--labs", metavar="DIR", default=str(LABS), help="the learners' notebooks")
    command.add_argument("--regrade", action="store_true", help="judge the kept answers again")
    command.add_argument("--check", metavar="GOAL", help="with --regrade: only this one")


def grade(
    options: argparse.Namespace,
    labs: dict[str, Entry],
    progress: Progress | None,
    say: Callable[[str], None],
) -> int:
    """Grade what the options name. Returns 0, or 1 if something is to be graded again.

    Args:
        options: as `arguments` declares them.
        labs: that there are.
        progress: is told how far it is.
        say: is told what there is to know.

    Raises:
        LabError: one of the options cannot be followed; nothing is graded then.
    """
    if options.jobs < 1:
        raise LabError(f"--jobs {options.jobs}", "grades nothing", "Give 1 or more.")
    if options.check and not options.regrade:
        raise LabError("--check", "is for --regrade", "Add --regrade, or leave it out.")
    if options.lab and options.lab not in labs:
        raise LabError(options.lab, "is no lab here", f"Choose of {', '.join(labs)}.")
    paths, out = [Path(each) for each in options.submissions], Path(options.out)
    exam = _exam(options.seeds, paths)
    _apart(out, paths)
    submissions = found(paths, list(labs))
    if not submissions:
        raise LabError(str(paths[0]), "holds no notebooks", "Name what was handed in.")
    away = [str(path.resolve()) for path in (*paths, out)]
    away += [str(Path(options.seeds).resolve())] if options.seeds else []
    with opened(out) as records:
        grader = Grader(labs, exam, records, away, options.lab or "")
        if options.regrade:
            done = grader.regrade(submissions, options.check or "", progress)
        else:
            done = grader.grade(submissions, options.jobs, progress)
        rows = _reported(done, exam, records)
    for caution in _cautions(done, exam):
        say(caution)
    say(f"{len(rows)} graded; the marks are in {out / 'grades.csv'}.")
    return int(any(record["again"] for record, _ in rows))


def _exam(seeds: str | None, paths: Sequence[Path]) -> Exam:
    if seeds is None:
        return PRACTICE
    path = Path(seeds)
    for each in paths:
        if path.resolve().is_relative_to(each.resolve()):
            rule = "lies among the submissions"
            raise LabError(seeds, rule, "Keep it where learners never are.")
    return exams.load(path)


def _apart(out: Path, paths: Sequence[Path]) -> None:
    for each in paths:
        if out.resolve().is_relative_to(each.resolve()):
            raise LabError(
                str(out), "lies among the submissions", "Name another folder with --out."
            )


def _cautions(done: Done, exam: Exam) -> list[str]:
    said = list(done.cautions)
    if exam.public:
        said.append("Practice: everybody can draw the hidden worlds. Name an exam with --seeds.")
    elif exam.weak:
        said.append(
            "The seed is short enough to be guessed. `openssl rand -hex 16` makes a good one."
        )
    again = [record["student"] for record in done.records if record["again"]]
    if again:
        said.append(
            f"To be graded again, since something other than they failed: {', '.join(again)}."
        )
    return said


def _reported(done: Done, exam: Exam, records: Records) -> list[tables.Row]:
    """Write everything that is made of the records, and return its rows."""
    rows = [(record, _feedback(record, done, exam)) for record in done.records]
    for record, told in rows:
        folder = records.out / REPORTS / slug(record["student"])
        name = record["lab"] or "not-graded"
        write(folder / f"{name}.md", feedback.markdown(told))
        write(folder / f"{name}.html", feedback.html(told))
    write(records.out / "grades.csv", tables.grades(rows))
    write(records.out / "canvas.csv", tables.canvas(rows))
    write(records.out / "junit.xml", tables.junit(rows))
    write(records.out / "summary.md", tables.summary(rows, _cautions(done, exam)))
    labs = sorted({record["lab"] for record in done.records if record["lab"]})
    for lab in labs or [""]:
        theirs = [row for row in rows if row[0]["lab"] in (lab, "")]
        name = "moodle.csv" if len(labs) < 2 else f"moodle-{lab}.csv"
        write(records.out / name, tables.moodle(theirs))
    return rows


def _feedback(record: Record, done: Done, exam: Exam) -> feedback.Feedback:
    described = done.labs.get(record["lab"])
    if described is None or record["found"] is None:
        title = described.title if described else record["file"]
        return feedback.of(record, (), title, exam.title)
    paper, judged = exam.paper(record["lab"]), record["found"]
    parts = (findings(judged["visible"]), findings(judged["hidden"]))
    return feedback.of(record, lines(described.goals, paper, *parts), described.title, exam.title)
