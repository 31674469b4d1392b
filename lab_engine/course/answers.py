"""The learner's answers to one lesson: a file of JSON lines beside the notebook, only appended to.

A line is one thing that was said or came about, so several kernels can write to one file, and a
crash costs the line being written at most. Each reader goes by the same rules:

- a last line without its end is torn: it is dropped, and said; who writes next puts an empty line
  after it, by which later readers know that it was;
- any other line that is no record makes the file broken: it is kept aside, said, and a fresh one
  is begun with what could be read;
- of several commitments to one prediction the first stands.
"""

import json
import os
import threading
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, NamedTuple

from lab_engine.authority.files import file_bytes
from lab_engine.errors import LabError

MAX_BYTES = 10_000_000  # of the answers to a lesson: ten thousand times as many as there are

SUFFIX: Final = "-answers.jsonl"
LONGEST: Final = 2_000_000  # characters; a lesson's answers are a few thousand


class Record(NamedTuple):
    """One line.

    Attributes:
        key: of the question or the goal.
        kind: `said` (a prediction), `seen` (what came of it), `tried` (a quiz), `reached` (a goal),
            `hinted` (a hint was taken), `reset` (all before it is over; it has no key).
        value: in JSON's terms.
        at: when, as ISO 8601 has it, in UTC.
    """

    key: str
    kind: str
    value: Any
    at: str


KINDS: Final = ("said", "seen", "tried", "reached", "hinted", "reset")


class Answers:
    """The file, and what stands in it.

    Args:
        path: of the file; it need not exist.
        lesson: whose answers these are.
        now: the clock.
        say: is told of what was wrong with the file, a sentence each.
    """

    def __init__(
        self,
        path: Path,
        lesson: str,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        say: Callable[[str], None] = print,
    ) -> None:
        self.path = path
        self._lesson, self._now, self._say = lesson, now, say
        self._written: list[Record] = []
        self._unwritten: list[Record] = []
        self._told: set[str] = set()
        # A page's messages may come on a thread of their own while a cell runs.
        self._busy = threading.RLock()
        self.refresh()

    @property
    def records(self) -> tuple[Record, ...]:
        """Everything in the file, in its order, and what could not be written to it."""
        return (*self._written, *self._unwritten)

    def refresh(self) -> None:
        """Read the file again: another kernel may have written to it."""
        with self._busy:
            self._refresh()

    def _refresh(self) -> None:
        try:
            data = file_bytes(self.path, MAX_BYTES) if self.path.exists() else b""
        except LabError as refused:
            self._once(f"{self.path.name} {refused.rule}.")
            return
        found, torn, broken = _read(data, self._lesson)
        if torn:
            self._once(f"{self.path.name}: the last answer was not written whole; it is dropped.")
        if broken:
            self._set_aside(found)
        self._written = found
        self._unwritten = [each for each in self._unwritten if each not in found]

    def add(self, key: str, kind: str, value: Any) -> str:
        """Append one record; returns what to tell the learner if it could not be written."""
        record = Record(key, kind, value, self._now().isoformat(timespec="milliseconds"))
        return self._take([record])

    def text(self) -> str:
        """Everything since the last reset, as a file to download."""
        resets = [index for index, each in enumerate(self.records) if each.kind == "reset"]
        return _lines(self._lesson, self.records[resets[-1] + 1 if resets else 0 :])

    def merge(self, text: str) -> int:
        """Take in what was downloaded before; returns how many records were new.

        Raises:
            LabError: the text is not such a file, or one of another lesson. Nothing is changed.
        """
        found, torn, broken = _read(text[:LONGEST].encode(), self._lesson)
        remedy = f"Choose the file {self._lesson}{SUFFIX} that you downloaded."
        if other := _other(text, self._lesson):
            rule = f"belongs to lesson {other}, and this is {self._lesson}"
            raise LabError("This file", rule, remedy)
        if torn or broken or not found:
            rule = "is not a file of answers" if text.strip() else "holds no answers"
            raise LabError("This file", rule, remedy)
        self.refresh()
        new = [each for each in found if each.kind != "reset" and each not in self.records]
        if failed := self._take(new):
            self._once(failed)
        return len(new)

    def _take(self, new: Iterable[Record]) -> str:
        """Append these, and what could not be written before; returns what to tell the learner."""
        with self._busy:
            self._refresh()
            self._unwritten += new
            return self._write()

    def _write(self) -> str:
        try:
            _append(self.path, _lines(self._lesson, self._unwritten).encode())
        except OSError as refused:
            return (
                f"This answer could not be written to {self.path.name} ({refused.strerror}). "
                "Download your answers at the foot of the lesson before you leave."
            )
        self._written += self._unwritten
        self._unwritten = []
        return ""

    def _set_aside(self, found: Sequence[Record]) -> None:
        aside = unused(self.path.with_name(f"{self.path.stem}-broken.jsonl"))
        try:
            self.path.replace(aside)
            _append(self.path, _lines(self._lesson, found).encode())
        except OSError as refused:
            self._once(f"{self.path.name} is broken, and no fresh one begun ({refused.strerror}).")
            return
        self._say(
            f"{self.path.name} could not be read whole. It is kept as {aside.name}; "
            f"a fresh file begins with the {len(found)} answers that could be read."
        )

    def _once(self, sentence: str) -> None:
        if sentence not in self._told:
            self._told.add(sentence)
            self._say(sentence)


def notebook_folder() -> Path:
    """Where the notebook of this kernel lies; the working folder where nobody says."""
    # Jupyter's servers set it; a cell may have changed the working folder since.
    named = Path(os.environ.get("JPY_SESSION_NAME", ""))
    return named.parent if named.is_absolute() and named.parent.is_dir() else Path.cwd()


def kept(path: Path, lesson: str) -> list[Record]:
    """What can be read of a lesson's answers; the file is left as it is, even if it is broken."""
    try:
        return _read(file_bytes(path, MAX_BYTES), lesson)[0]
    except LabError:
        return []


def unused(path: Path) -> Path:
    """This path or, if it is taken, the first free one of `name-2`, `name-3` and so on."""
    found, number = path, 1
    while found.exists():
        number += 1
        found = path.with_name(f"{path.stem}-{number}{path.suffix}")
    return found


def _read(data: bytes, lesson: str) -> tuple[list[Record], bool, bool]:
    """The records, whether the last line is torn, and whether another line is broken."""
    lines = data.decode("utf-8", errors="replace").split("\n")
    found = [_record(line, lesson) for line in lines]
    torn = bool(lines[-1]) and found[-1] is None
    # An empty line follows where a torn one was mended.
    pairs = zip(lines[:-1], lines[1:], found[:-1], strict=True)
    broken = any(line and following and record is None for line, following, record in pairs)
    return [record for record in found if record], torn, broken


def _record(line: str, lesson: str) -> Record | None:
    try:
        found = json.loads(line)
        record = Record(found["key"], found["kind"], found["value"], found["at"])
    except (ValueError, LookupError, TypeError, RecursionError):
        return None
    texts = isinstance(record.key, str) and isinstance(record.at, str)
    return record if texts and record.kind in KINDS and found.get("lesson") == lesson else None


def _other(text: str, lesson: str) -> str:
    """The other lesson that a file names in its first line, if it names one."""
    try:
        found = json.loads(text.split("\n", 1)[0]).get("lesson")
    except (ValueError, AttributeError, RecursionError):
        return ""
    return str(found) if found and found != lesson else ""


def _lines(lesson: str, records: Iterable[Record]) -> str:
    told = [{"lesson": lesson, **record._asdict()} for record in records]
    return "".join(json.dumps(each, ensure_ascii=False) + "\n" for each in told)


def _append(path: Path, data: bytes) -> None:
    """All of it or, if the disk is full, a torn line; never in the middle of somebody else's."""
    if not data:
        return
    handle = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | getattr(os, "O_BINARY", 0), 0o644)
    try:
        size = os.fstat(handle).st_size
        if size:
            os.lseek(handle, size - 1, os.SEEK_SET)
            if os.read(handle, 1) != b"\n":
                data = b"\n\n" + data
        if os.write(handle, data) < len(data):
            raise OSError(0, "the disk is full")
    finally:
        os.close(handle)
