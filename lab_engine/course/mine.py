"""my/: the learner's own copies of the course's notebooks, which no update ever overwrites.

The course's files are tracked, and a notebook changes when it is run; so learners work on copies.
A copied notebook says in its metadata what it was copied from: the hash of that file, and of its
cells. When the course has another version, a copy whose cells are as they were is replaced; one
that was edited is kept beside the new one as `NAME-yours.ipynb`. Other files (pictures, data) have
their hashes in `my/.copied.json`. Each file is replaced in one step, so that a run which is broken
off leaves every file whole, old or new, and the next run goes on from there.
"""

import hashlib
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

from lab_engine.authority.elements import nearest
from lab_engine.errors import LabError

from .answers import SUFFIX, Answers, unused

# The course's folders, and where in my/ they are copied to.
FOLDERS: Final = {"lessons": ".", "labs": "labs"}
# How a notebook there names one of the other folder, and how its copy does.
LED: Final = {"lessons": (b"](../labs/", b"](labs/"), "labs": (b"](../lessons/", b"](../")}
# What is for instructors.
NOT_COPIED: Final = {"labs": ("solutions", "README.md")}
# By which a folder is known to be the course's, whoever else calls one of theirs `lessons`.
FIRST: Final = Path("lessons/00_start_here.ipynb")
LIST: Final = ".copied.json"
STAMP: Final = "lab_engine"


def command(
    action: str, names: Sequence[str], folder: str | None, say: Callable[[str], None]
) -> int:
    """What the command line does: `update`, or `reset` of the lessons named. Returns 0.

    Args:
        action: one of the two.
        names: of notebooks, for a reset; none of them for all.
        folder: of the course; None for the one that `nearest_course` finds.
        say: is told what was done.

    Raises:
        LabError: as `update` and `reset`.
    """
    course = Path(folder) if folder else nearest_course(Path.cwd())
    my = course / "my"
    if action == "reset":
        reset(course, my, names, say)
    elif names:
        raise LabError(
            names[0], "is not updated by itself", "Leave it out: all are brought up to date."
        )
    else:
        update(course, my, say)
    say(f"The lessons to work on are in {_told(my)}.")
    return 0


def nearest_course(here: Path) -> Path:
    """The course that somebody means who names no folder.

    That is the one they are in, at whatever depth, as in `my/labs`; or the one below, as in a home
    into which a hub has pulled it; or else the checkout that this package is part of.

    Args:
        here: where they are; absolute.
    """
    places = (*(here, *here.parents), here / "course")
    checkout = Path(__file__).parents[2]
    return next((each for each in places if (each / FIRST).is_file()), checkout)


def _told(folder: Path) -> str:
    """A folder as it is typed from here, or in full where that would lead up and down again."""
    whole, here = folder.absolute(), Path.cwd()
    return str(whole.relative_to(here) if here in whole.parents else whole)


def update(course: Path, my: Path, say: Callable[[str], None]) -> None:
    """Bring the copies up to date with the course.

    Args:
        course: the folder that holds `lessons`.
        my: where the copies are, or are to be.
        say: is told what was done, a line for each file that was there before.

    Raises:
        LabError: there are no lessons, or a file cannot be written.
    """
    _each(course, my, say, again=lambda _source: False)


def reset(course: Path, my: Path, names: Sequence[str], say: Callable[[str], None]) -> None:
    """Begin anew: fresh copies, and fresh files of answers. What was edited or said is kept aside.

    Args:
        course: the folder that holds `lessons`.
        my: where the copies are.
        names: of the notebooks, such as `01_round_robin`; none of them for all.
        say: is told what was done, a line for each file that was there before.

    Raises:
        LabError: as `update`, or the course has no such notebook; then nothing has been done.
    """
    known = [source.stem for source, _ in _files(course, my) if source.suffix == ".ipynb"]
    for name in names:
        if name not in known:
            raise LabError(name, "is no notebook of the course", nearest(name, known))
    chosen = names or known
    _each(course, my, say, again=lambda source: source.stem in chosen)
    for path in sorted(my.rglob(f"*{SUFFIX}")):
        lesson = path.name.removesuffix(SUFFIX)
        if lesson in chosen:
            aside = _set_aside(path)
            say(f"{path.name}: begun anew; yours is {aside.name}")
            # What a browser still keeps is over, too.
            Answers(path, lesson).add("", "reset", None)


def _each(
    course: Path, my: Path, say: Callable[[str], None], again: Callable[[Path], bool]
) -> None:
    listed = _listed(my)
    try:
        for source, target in _files(course, my):
            name = target.relative_to(my).as_posix()
            original = source.read_bytes()
            book = source.suffix == ".ipynb"
            data = _stamped(original, source.relative_to(course)) if book else original
            done = _renew(target, data, listed.get(name), again=again(source))
            listed[name] = _hash(data)
            if done:
                say(f"{name}: {done}")
        _write(my / LIST, json.dumps(listed, indent=1, sort_keys=True).encode())
    except OSError as refused:
        rule = f"cannot be written: {refused.strerror}"
        raise LabError(
            str(refused.filename), rule, "Mend that and repeat the command."
        ) from refused


def _files(course: Path, my: Path) -> list[tuple[Path, Path]]:
    """Every file of the course that is copied, and where to."""
    if not (course / "lessons").is_dir():
        remedy = "Get the course's repository, go to its folder, or name it with --folder."
        raise LabError(str(course / "lessons"), "is not there: a wheel has no lessons", remedy)
    found = []
    for folder, place in FOLDERS.items():
        for source in sorted((course / folder).rglob("*")):
            inner = source.relative_to(course / folder)
            hidden = any(part.startswith((".", "__")) for part in inner.parts)
            hidden = hidden or inner.parts[0] in NOT_COPIED.get(folder, ())
            if source.is_file() and not hidden and not source.name.endswith(".jsonl"):
                found.append((source, my / place / inner))
    return found


def _renew(target: Path, data: bytes, listed: str | None, *, again: bool) -> str:
    """Put `data` there unless it is there already; returns what is worth telling."""
    if not target.exists():
        _write(target, data)
        return ""
    before = target.read_bytes()
    book = target.suffix == ".ipynb"
    version = _version if book else _hash
    if version(before) == version(data) and not again:
        return ""
    touched = _cells(before) != _stamp(before).get("cells") if book else _hash(before) != listed
    kept = f"; yours is {_set_aside(target).name}" if touched else ""
    _write(target, data)
    return f"a new copy{kept}"


def _set_aside(path: Path) -> Path:
    aside = unused(path.with_name(f"{path.stem}-yours{path.suffix}"))
    path.rename(aside)
    return aside


def _write(path: Path, data: bytes) -> None:
    """Replace a file in one step."""
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_name(f".{path.name}.new")
    new.write_bytes(data)
    new.replace(path)


def _stamped(original: bytes, name: Path) -> bytes:
    """A notebook with a note in its metadata of what it was copied from."""
    copy = original.replace(*LED[name.parts[0]])
    book = json.loads(copy)
    stamp = {"from": name.as_posix(), "hash": _hash(original), "cells": _cells(copy)}
    book["metadata"] = {**book.get("metadata", {}), STAMP: stamp}
    return (json.dumps(book, indent=1, ensure_ascii=False) + "\n").encode()


def _version(data: bytes) -> str:
    """The hash of the course's file that a notebook is a copy of."""
    return str(_stamp(data).get("hash"))


def _stamp(data: bytes) -> dict[str, Any]:
    """The note in a copy's metadata; empty if somebody else's notebook is there, or a torn one."""
    try:
        stamp = json.loads(data)["metadata"][STAMP]
    except (ValueError, LookupError, TypeError):
        return {}
    return stamp if isinstance(stamp, dict) else {}


def _cells(data: bytes) -> str:
    """A hash of what was written in the cells, whatever came of running them."""
    try:
        cells = json.loads(data)["cells"]
        written = [[cell["cell_type"], "".join(cell["source"])] for cell in cells]
    except (ValueError, LookupError, TypeError, RecursionError):
        return ""
    return _hash(json.dumps(written).encode())


def _listed(my: Path) -> dict[str, str]:
    """The hashes of what was copied."""
    try:
        found = json.loads((my / LIST).read_bytes())
    except (OSError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _hash(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
