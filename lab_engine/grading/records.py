"""What is written down of each submission, at once and in one step: the grader's memory.

A record says what was run and how it was judged, each by a hash; so a grader that was killed goes
on where it was, and nothing is done twice as long as nothing has changed.
"""

import contextlib
import fcntl
import hashlib
import json
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from lab_engine.errors import LabError

RECORDS: Final = "records"
Record = dict[str, Any]


def hashed(*parts: Any) -> str:
    """A hash of plain data."""
    text = json.dumps(parts, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def slug(text: str) -> str:
    """A name for files that is like a text, and like no other text's."""
    plain = re.sub(r"[^A-Za-z0-9.-]+", "-", text).strip("-.")[:60] or "nobody"
    return plain if plain == text else f"{plain}-{hashed(text)[:8]}"


def write(path: Path, text: str) -> None:
    """Replace a file in one step; what no text may hold is written as an escape."""
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_name(f".{path.name}.new")
    with new.open("w", encoding="utf-8", errors="backslashreplace", newline="") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)


@dataclass(frozen=True)
class Records:
    """The records of one folder of results.

    Args:
        out: that folder.
    """

    out: Path

    def path(self, student: str, lab: str) -> Path:
        """Where the record of a student's lab is."""
        return self.out / RECORDS / slug(lab or "unknown") / f"{slug(student)}.json"

    def read(self, student: str, lab: str) -> Record | None:
        """A record, or None if there is none to be used."""
        try:
            found = json.loads(self.path(student, lab).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        return found if isinstance(found, dict) else None

    def write(self, record: Record) -> None:
        """Keep a record."""
        text = json.dumps(record, indent=1, sort_keys=True)
        write(self.path(record["student"], record["lab"]), text + "\n")


@contextlib.contextmanager
def opened(out: Path) -> Iterator[Records]:
    """The records of a folder that is made if need be, for one grader at a time.

    Raises:
        LabError: it cannot be written to, or another grader is at work there.
    """
    try:
        out.mkdir(parents=True, exist_ok=True)
        out.chmod(0o700)  # other learners' answers are in it
        lock = (out / ".lock").open("w")
    except OSError as refused:
        rule = f"cannot be written to: {refused.strerror}"
        raise LabError(str(out), rule, "Name another folder with --out.") from None
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            rule = "is in use by another grader"
            raise LabError(str(out), rule, "Wait for it, or name another folder.") from None
        yield Records(out)
