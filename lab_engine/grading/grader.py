"""Grading: every submission is taken in, run apart, judged, and written down, whatever is in it."""

import contextlib
import hashlib
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import asdict, dataclass, field, replace
from itertools import groupby
from pathlib import Path
from queue import SimpleQueue
from typing import Any, Final

from lab_engine.errors import LabError
from lab_engine.labs.credit import nothing

from . import taking
from .catalogue import Entry, Sheet, sheet
from .exam import Exam, agree
from .judging import Described, Judge, judges
from .marking import mixed
from .records import Record, Records, hashed
from .running import Calls, Collected, Runner, cage
from .runtime import made, version
from .submissions import Submission
from .taking import Book, Ungradable

Progress = Callable[[float, float], None]
UNTROUBLED: Final = {"reason": "", "defect": "", "again": False}
BLAME: Final = "It could not be graded, by no fault of its own. Ask your instructor."


@dataclass(frozen=True)
class Work:
    """One submission that is to be graded: whose, and of which lab.

    Args:
        submission: the notebook.
        lab: its name, or nothing if nobody can tell.
        notes: what is said of how it was chosen.
    """

    submission: Submission
    lab: str
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Done:
    """What grading came to.

    Args:
        records: one for each student and lab, in order.
        labs: what each lab asks for.
        cautions: for the instructor.
    """

    records: tuple[Record, ...]
    labs: Mapping[str, Described]
    cautions: tuple[str, ...] = ()


@dataclass(frozen=True)
class Grader:
    """Grades submissions of some labs on the terms of an exam.

    Args:
        entries: the labs that there are.
        exam: its terms.
        records: where results are kept.
        out_of_sight: files and folders that no submission must find.
        all_of: the lab that all submissions are of, if that is known.
    """

    entries: Mapping[str, Entry]
    exam: Exam
    records: Records
    out_of_sight: Sequence[str] = ()
    all_of: str = ""
    _sheets: dict[str, Sheet] = field(default_factory=dict)
    _described: dict[str, Described] = field(default_factory=dict)
    _broken: dict[str, str] = field(default_factory=dict)

    def grade(
        self, submissions: Sequence[Submission], jobs: int = 1, progress: Progress | None = None
    ) -> Done:
        """Grade all of them, so many at once; what is graded already is left as it is.

        Args:
            submissions: in any order.
            jobs: how many are run at once.
            progress: is told how many are done, of how many.

        Raises:
            LabError: the exam speaks of what is not there, or nothing can be run here.
        """
        with judges(jobs, self._folders()) as every, _runtime() as runtime:
            works = self._chosen(submissions)
            self._describe(every[0], {work.lab for work in works if work.lab})
            runner = Runner(
                runtime, cage(runtime, self.exam.limits), self.exam.limits, self.out_of_sight
            )
            free: SimpleQueue[tuple[int, Judge]] = SimpleQueue()
            for each in enumerate(every):
                free.put(each)

            def one(work: Work) -> Record:
                slot, judge = free.get()
                try:
                    return self._safely(work, runner, judge, slot)
                finally:
                    free.put((slot, judge))

            with ThreadPoolExecutor(jobs) as pool:
                waiting = [pool.submit(one, work) for work in works]
                try:
                    for done, _ in enumerate(as_completed(waiting), 1):
                        if progress is not None:
                            progress(done, len(works))
                except BaseException:
                    pool.shutdown(cancel_futures=True)
                    raise
            found = tuple(each.result() for each in waiting)
        return Done(found, self._described, runner.cage.lacks)

    def regrade(
        self, submissions: Sequence[Submission], check: str = "", progress: Progress | None = None
    ) -> Done:
        """Judge again what was given before; nothing that learners wrote is run.

        Args:
            submissions: in any order.
            check: the goal that is looked at again; all of them without.
            progress: as above.

        Raises:
            LabError: no lab has such a goal, or answers are missing that this exam asks for.
        """
        with judges(1, self._folders()) as (judge,):
            works = self._chosen(submissions)
            self._describe(judge, {work.lab for work in works if work.lab})
            goals = {goal.key for lab in self._described.values() for goal in lab.goals}
            if check and check not in goals:
                remedy = f"Choose of {', '.join(sorted(goals))}."
                raise LabError(check, "is no goal of these labs", remedy)
            found = []
            for done, work in enumerate(works, 1):
                found.append(self._again(work, judge, check))
                if progress is not None:
                    progress(done, len(works))
        return Done(tuple(found), self._described)

    # What there is

    def _folders(self) -> frozenset[Path]:
        return frozenset(each.folder for each in self.entries.values() if each.folder)

    def _describe(self, judge: Judge, labs: set[str]) -> None:
        asked = labs | (self.exam.labs.keys() & self.entries.keys())
        for name in sorted(asked):
            try:
                described = judge.describe(self.entries[name], self.exam)
                self._sheets[name] = sheet(self.entries[name])
                for answer in described.answers:
                    self._sheets[name].handed_out(answer.cell)
                self._described[name] = described
            except LabError as broken:  # the other labs are graded all the same
                self._broken[name] = str(broken)
        keys = {name: [goal.key for goal in each.goals] for name, each in self._described.items()}
        papers = {name: paper for name, paper in self.exam.labs.items() if name not in self._broken}
        agree(replace(self.exam, labs=papers), {name: keys.get(name, []) for name in self.entries})

    def _chosen(self, submissions: Sequence[Submission]) -> list[Work]:
        """One notebook for each student and lab; a student of whom there is none has a row, too."""
        named = [(each.student, self._lab(each), each) for each in submissions]
        named.sort(key=lambda each: (each[0], each[1], each[2].place))
        chosen: list[Work] = []
        for student, every in groupby(named, key=lambda each: each[0]):
            theirs = list(every)
            labs = {lab for _, lab, _ in theirs if lab}
            for lab, group in groupby(theirs, key=lambda each: each[1]):
                if lab or not labs:
                    chosen.append(_one_of([each for _, _, each in group], lab, student))
        return chosen

    def _lab(self, submission: Submission) -> str:
        if self.all_of:
            return self.all_of
        book: Book | None = None
        with contextlib.suppress(Ungradable):
            book = taking.read(submission.data())
        return taking.lab_of(book, submission.file, list(self.entries)) or ""

    # One submission

    def _safely(self, work: Work, runner: Runner, judge: Judge, slot: int) -> Record:
        """The record of one submission, whatever happens."""
        try:
            return self._graded(work, runner, judge, slot)
        except Exception as wrong:  # noqa: BLE001 - the others are to be graded all the same
            defect = f"The grader could not go on: {type(wrong).__name__}: {wrong}"
            return self._kept(_begun(work, ""), **_defective(defect))

    def _graded(self, work: Work, runner: Runner, judge: Judge, slot: int) -> Record:
        record = _begun(work, "")
        if work.lab in self._broken:
            return self._kept(record, **_defective(self._broken[work.lab]))
        try:
            data = work.submission.data()
            record["submission"] = hashlib.sha256(data).hexdigest()
            taken = self._taken(data, work.lab)
        except Ungradable as wrong:
            return self._kept(record, reason=str(wrong))
        record["warnings"] += taken.warnings
        keys = self._keys(record, taken.answers)
        before = _known(self.records.read(work.submission.student, work.lab), keys)
        if before is not None:
            record |= before
        elif taken.untouched:
            rule = "are as they were handed out"
            words = str(LabError("The answers", rule, "Solve the lab, save, and hand it in."))
            return self._kept(record | keys, reason=words)
        else:
            wanted = self._described[work.lab].wanted
            filled = self._sheets[work.lab].filled
            given = runner.run(lambda path: filled(taken.answers, path), wanted, slot)
            record |= _answered(given)
            self._kept(record | {"run": keys["run"]})
        if record["answers"] is None or record["found"] is not None or record["reason"]:
            return self._kept(record | keys)
        return self._judged(record | keys, judge)

    def _taken(self, data: bytes, lab: str) -> taking.Taken:
        book = taking.read(data)
        if not lab:
            remedy = "Hand in the lab's own copy, under its own name."
            raise Ungradable("The notebook", "does not say which lab it is of", remedy)
        answers = {each.cell: each.name for each in self._described[lab].answers}
        return taking.taken(book, self._sheets[lab], answers)

    def _judged(self, record: Record, judge: Judge) -> Record:
        described = self._described[record["lab"]]
        given = record["answers"]
        problems = [each["problem"] for each in given["values"].values() if "problem" in each]
        if problems:
            keys = [goal.key for goal in described.goals]
            found = [asdict(each) for each in nothing(keys, problems[0])]
            wanted = described.wanted
            return self._kept(
                record,
                found={
                    "visible": [found] * len(wanted.visible),
                    "hidden": [found] * len(wanted.hidden),
                },
            )
        values = {name: each["value"] for name, each in given["values"].items()}
        visible, hidden = (
            [values | each for each in given[part]] for part in ("visible", "hidden")
        )
        judged = judge.judge(self.entries[record["lab"]], self.exam, visible, hidden)
        if "broken" in judged:
            return self._kept(record, **_defective(f"A check failed: {judged['broken']}"))
        if "problem" in judged:
            return self._kept(record, reason=judged["problem"])
        return self._kept(record, found=dict(judged))

    def _again(self, work: Work, judge: Judge, check: str) -> Record:
        before = self.records.read(work.submission.student, work.lab)
        if before is None:
            remedy = "Grade without --regrade first."
            raise LabError(work.submission.place, "was not graded before", remedy)
        lacks_it = check and work.lab and check not in self._keys_of(work.lab)
        if before["answers"] is None or lacks_it:
            return before
        record = {**before, "answers": self._covered(before)}
        after = self._judged({**record, **UNTROUBLED}, judge)
        found = after["found"]
        if check and before["found"] and found:
            parts = ("visible", "hidden")
            found = {part: mixed(before["found"][part], found[part], check) for part in parts}
        # Whoever asks for more worlds again finds all that was given.
        return self._kept(after, found=found, answers=before["answers"])

    def _keys_of(self, lab: str) -> list[str]:
        return [goal.key for goal in self._described[lab].goals]

    def _covered(self, record: Record) -> dict[str, Any]:
        """The answers of a record for the worlds of this exam.

        Raises:
            LabError: in one of them nothing was called.
        """
        wanted = self._described[record["lab"]].wanted
        covered = dict(record["answers"])
        for part, calls in (("visible", wanted.visible), ("hidden", wanted.hidden)):
            asked = _hashes(calls)
            if not any(any(world.values()) for world in calls):
                covered[part] = [{name: [] for name in world} for world in calls]
            elif record["asked"][part][: len(asked)] == asked:
                covered[part] = covered[part][: len(asked)]
            else:
                rule = "was not asked for what this exam asks for"
                raise LabError(record["place"], rule, "Grade without --regrade.")
        return covered

    # What is written down

    def _keys(self, record: Record, answers: Mapping[str, str]) -> dict[str, str]:
        """What the answers and the findings of a submission depend on, as hashes."""
        lab = record["lab"]
        wanted, entry = self._described[lab].wanted, self.entries[lab]
        run = hashed(answers, self._sheets[lab].cells, asdict(wanted), version(judges=False))
        module = (
            [path.read_text() for path in sorted(entry.folder.glob("*.py"))] if entry.folder else []
        )
        which = [self.exam.seed, self.exam.paper(lab).hidden, module]
        return {"run": run, "judged": hashed(run, which, version(judges=True))}

    def _kept(self, record: Record, **more: Any) -> Record:
        record = record | more
        described = self._described.get(record["lab"])
        if described is not None:
            parts = {"visible": described.wanted.visible, "hidden": described.wanted.hidden}
            record.setdefault("asked", {part: _hashes(calls) for part, calls in parts.items()})
        if record != self.records.read(record["student"], record["lab"]):
            self.records.write(record)
        return record


def _one_of(every: Sequence[Submission], lab: str, student: str) -> Work:
    """The notebook that counts of those that a student gave for one lab."""
    own = [each for each in every if each.file == f"{lab}.ipynb"]
    taken = (own or every)[-1]
    others = [each.place for each in every if each is not taken]
    note = f"Of {len(every)} notebooks of {student or 'somebody'}, {taken.file} was graded."
    return Work(taken, lab, (note,) if others else ())


def _begun(work: Work, submission: str) -> Record:
    whose = work.submission
    return {
        "student": whose.student,
        "id": whose.id,
        "file": whose.file,
        "place": whose.place,
        "lab": work.lab,
        "submission": submission,
        "warnings": list(work.notes),
        "reason": "",
        "defect": "",
        "again": False,
        "cells": [],
        "answers": None,
        "found": None,
    }


def _known(before: Record | None, keys: Mapping[str, str]) -> Record | None:
    """What an earlier record says that still holds; None if the submission is to be run."""
    if before is None or before.get("run") != keys["run"]:
        return None
    if before["answers"] is None:
        return None if before["again"] else {key: before[key] for key in ("cells", "reason")}
    judged = before.get("judged") == keys["judged"] and not before["again"]
    kept = ("answers", "cells", "reason", "found") if judged else ("answers", "cells")
    return {key: before[key] for key in kept}


def _defective(words: str) -> Record:
    """What a record says when something other than the submission failed.

    What failed is for the instructor: it may tell of hidden worlds.
    """
    return {"reason": BLAME, "defect": words, "again": True}


def _answered(given: Collected) -> Record:
    """What a record says of what was collected."""
    cells = [[cell, words] for cell, words in given.cells if cell != "export"]
    if not given.problem:
        parts = {"values": given.values, "visible": given.visible, "hidden": given.hidden}
        return {"answers": parts, "cells": cells}
    first = next((f" In {cell}: {words}." for cell, words in cells), "")
    reason = f"There are no answers: {given.problem}{first}"
    return {"reason": reason, "cells": cells, "again": given.again}


def _hashes(calls: Calls) -> list[str]:
    return [hashed(world) for world in calls]


@contextlib.contextmanager
def _runtime() -> Iterator[Any]:
    with tempfile.TemporaryDirectory(prefix="lab-runtime-") as name:
        Path(name).chmod(0o755)
        yield made(Path(name))
